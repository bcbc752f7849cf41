//! What a file has beside its text: group, mode, access control list, extended attributes.

use std::collections::BTreeMap;
use std::fs::{self, File};
use std::io;
use std::os::unix::fs::{MetadataExt, PermissionsExt, fchown};

use rustix::fs::XattrFlags;
use rustix::io::Errno;

use super::target::Target;
use super::write::{Error, GROUP};

/// Attributes of these kinds belong to the file system or the kernel, not to the file: layout, checksums.
const OF_THE_SYSTEM: [&[u8]; 4] = [b"trusted.", b"lustre.", b"security.ima", b"security.evm"];

/// The largest list of names and the largest value that Linux has, in bytes.
const XATTR_LIMIT: usize = 64 * 1024;

/// Gives the new file what the target has.
pub(super) fn keep_attributes(target: &Target, file: &File) -> Result<(), Error> {
    let lost = |what| move |error: io::Error| Error::Attributes { what, error };
    let meta = &target.meta;
    if file.metadata()?.gid() != meta.gid() {
        fchown(file, None, Some(meta.gid())).map_err(lost(GROUP))?;
    }
    copy_xattrs(&target.file, file).map_err(lost("access control list or extended attributes"))?;
    // Last: changing group or list changes the mode.
    file.set_permissions(fs::Permissions::from_mode(meta.mode() & 0o7777)).map_err(lost("mode"))?;
    Ok(())
}

/// Makes the extended attributes equal; access control lists are among them. A new file may have got some from its
/// folder.
fn copy_xattrs(from: &File, to: &File) -> io::Result<()> {
    let (wanted, given) = (xattrs(from)?, xattrs(to)?);
    for (name, value) in &wanted {
        if given.get(name) != Some(value) {
            match rustix::fs::fsetxattr(to, name.as_slice(), value, XattrFlags::empty()) {
                // Labels are the system's to give; it gave the new file its own.
                Err(_) if name.starts_with(b"security.") => {}
                set => set?,
            }
        }
    }
    for name in given.keys().filter(|name| !wanted.contains_key(*name) && !name.starts_with(b"security.")) {
        rustix::fs::fremovexattr(to, name.as_slice())?;
    }
    Ok(())
}

fn xattrs(file: &File) -> io::Result<BTreeMap<Vec<u8>, Vec<u8>>> {
    let mut names = vec![0_u8; XATTR_LIMIT];
    let length = match rustix::fs::flistxattr(file, &mut names[..]) {
        Ok(length) => length,
        // A file system without extended attributes.
        Err(Errno::NOTSUP) => return Ok(BTreeMap::new()),
        Err(error) => return Err(error.into()),
    };
    let mut found = BTreeMap::new();
    let mut value = vec![0_u8; XATTR_LIMIT];
    for name in names[..length].split(|byte| *byte == 0).filter(|name| !name.is_empty()) {
        if OF_THE_SYSTEM.iter().any(|prefix| name.starts_with(prefix)) {
            continue;
        }
        let length = rustix::fs::fgetxattr(file, name, &mut value[..])?;
        found.insert(name.to_owned(), value[..length].to_owned());
    }
    Ok(found)
}
