//! Replacing a file's content so that it is the old or the new text, whole, at every moment.
//!
//! The new text goes to a temporary file in the same folder, is forced to disk, and takes the old one's
//! place by a rename. Whatever that would lose (another owner, other hard links) is a reason not to write.

use std::fs::{self, File, Metadata};
use std::io::{self, Read, Write};
use std::os::unix::fs::{MetadataExt, PermissionsExt, fchown};
use std::path::{Path, PathBuf};

use rustix::fs::XattrFlags;

/// Why a file was left as it was, in plain words.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// Its content is not what the fixes were made for.
    #[error("it changed since it was read; run the command again")]
    Changed,
    /// It is no longer there.
    #[error("it is gone")]
    Gone,
    /// Replacing it would cut it off from its other names.
    #[error("it has {0} hard links, which a replacement would separate; edit it by hand")]
    HardLinks(u64),
    /// Replacing it would change its owner.
    #[error("it belongs to another user; ask its owner to run pydoctor")]
    NotOwned,
    /// Nobody may write it.
    #[error("it is read-only; `chmod u+w` it first if it may be changed")]
    ReadOnly,
    /// Its group, access control list or extended attributes cannot be kept.
    #[error("its {what} cannot be kept: {error}")]
    Attributes {
        /// What cannot be kept.
        what: &'static str,
        /// Why.
        error: io::Error,
    },
    /// The folder or the disk refused.
    #[error("{}", explain(.0))]
    Refused(#[from] io::Error),
}

/// Replaces the content of `path`, which was `old` when the fixes were made, by `new`. A symbolic link stays
/// one: the file it leads to is replaced. On any error the file is untouched.
pub fn replace(path: &Path, old: &[u8], new: &[u8]) -> Result<(), Error> {
    let target = fs::canonicalize(path).map_err(gone)?;
    let before = unchanged(&target, old)?;
    refuse_loss(&before)?;
    let folder = target.parent().map_or_else(|| PathBuf::from("/"), Path::to_owned);
    let mut temporary = tempfile::Builder::new().prefix(".pydoctor-").tempfile_in(&folder)?;
    temporary.write_all(new)?;
    keep_attributes(&target, &before, temporary.as_file())?;
    temporary.as_file().sync_all()?;
    // Somebody may have saved it in an editor meanwhile.
    let after = unchanged(&target, old)?;
    if (after.dev(), after.ino()) != (before.dev(), before.ino()) {
        return Err(Error::Changed);
    }
    temporary.persist(&target).map_err(|error| error.error)?;
    // The rename itself is on disk when the folder is. Some file systems cannot sync a folder; the new text
    // is whole all the same.
    let _ = File::open(&folder).and_then(|folder| folder.sync_all());
    Ok(())
}

/// The file's metadata, when it holds `old`.
fn unchanged(path: &Path, old: &[u8]) -> Result<Metadata, Error> {
    let file = File::open(path).map_err(gone)?;
    let meta = file.metadata()?;
    if !meta.is_file() || meta.len() != old.len() as u64 {
        return Err(Error::Changed);
    }
    let mut content = Vec::with_capacity(old.len() + 1);
    file.take(old.len() as u64 + 1).read_to_end(&mut content)?;
    if content == old { Ok(meta) } else { Err(Error::Changed) }
}

fn refuse_loss(meta: &Metadata) -> Result<(), Error> {
    if meta.nlink() > 1 {
        return Err(Error::HardLinks(meta.nlink()));
    }
    if meta.uid() != rustix::process::geteuid().as_raw() {
        return Err(Error::NotOwned);
    }
    if meta.mode() & 0o222 == 0 {
        return Err(Error::ReadOnly);
    }
    Ok(())
}

/// Gives the new file the group, mode, access control list and extended attributes of the old one.
fn keep_attributes(target: &Path, meta: &Metadata, file: &File) -> Result<(), Error> {
    let lost = |what| move |error: io::Error| Error::Attributes { what, error };
    if file.metadata()?.gid() != meta.gid() {
        fchown(file, None, Some(meta.gid())).map_err(lost("group"))?;
    }
    // After the group: changing that clears the set-id bits.
    file.set_permissions(fs::Permissions::from_mode(meta.mode() & 0o7777))?;
    copy_xattrs(target, file).map_err(lost("access control list or extended attributes"))
}

/// Copies extended attributes; access control lists are among them. Those that only the system may set
/// (`security.`, `trusted.`) are its own business.
fn copy_xattrs(from: &Path, to: &File) -> io::Result<()> {
    let mut names = vec![0_u8; 64 * 1024];
    let length = match rustix::fs::listxattr(from, &mut names[..]) {
        Ok(length) => length,
        // A file system without extended attributes.
        Err(rustix::io::Errno::NOTSUP) => return Ok(()),
        Err(error) => return Err(error.into()),
    };
    let mut value = vec![0_u8; 64 * 1024];
    for name in names[..length].split(|byte| *byte == 0).filter(|name| !name.is_empty()) {
        if name.starts_with(b"security.") || name.starts_with(b"trusted.") {
            continue;
        }
        let length = rustix::fs::getxattr(from, name, &mut value[..])?;
        rustix::fs::fsetxattr(to, name, &value[..length], XattrFlags::empty())?;
    }
    Ok(())
}

fn gone(error: io::Error) -> Error {
    if error.kind() == io::ErrorKind::NotFound { Error::Gone } else { Error::Refused(error) }
}

/// What the system's refusal means, and what to do.
fn explain(error: &io::Error) -> String {
    match error.kind() {
        io::ErrorKind::PermissionDenied => "its folder does not let you write; ask the folder's owner".to_owned(),
        io::ErrorKind::StorageFull => "the disk is full; make room and run the command again".to_owned(),
        io::ErrorKind::QuotaExceeded => "your disk quota is used up; make room and run the command again".to_owned(),
        io::ErrorKind::ReadOnlyFilesystem => "the file system is mounted read-only".to_owned(),
        _ => format!("the system refused: {error}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::os::unix::fs::symlink;

    fn file(text: &str) -> (tempfile::TempDir, PathBuf) {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join(".bashrc");
        fs::write(&path, text).unwrap();
        (dir, path)
    }

    #[test]
    fn mode_and_link_stay() {
        let (dir, path) = file("old");
        fs::set_permissions(&path, fs::Permissions::from_mode(0o640)).unwrap();
        let link = dir.path().join("link");
        symlink(".bashrc", &link).unwrap();
        replace(&link, b"old", b"new").unwrap();
        assert_eq!(fs::read(&path).unwrap(), b"new");
        assert!(fs::symlink_metadata(&link).unwrap().is_symlink());
        assert_eq!(fs::metadata(&path).unwrap().mode() & 0o7777, 0o640);
        assert_eq!(fs::read_dir(dir.path()).unwrap().count(), 2);
    }

    #[test]
    fn a_file_that_changed_or_would_lose_something_is_left_alone() {
        let (dir, path) = file("other");
        assert!(matches!(replace(&path, b"old", b"new"), Err(Error::Changed)));
        assert!(matches!(replace(&dir.path().join("none"), b"", b"new"), Err(Error::Gone)));
        fs::hard_link(&path, dir.path().join("second")).unwrap();
        assert!(matches!(replace(&path, b"other", b"new"), Err(Error::HardLinks(2))));
        fs::remove_file(dir.path().join("second")).unwrap();
        fs::set_permissions(&path, fs::Permissions::from_mode(0o444)).unwrap();
        assert!(matches!(replace(&path, b"other", b"new"), Err(Error::ReadOnly)));
        assert_eq!(fs::read(&path).unwrap(), b"other");
    }
}
