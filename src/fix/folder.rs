//! A folder held by its handle: what is done to a name in it stays in that folder, and no link is followed.

use std::ffi::{OsStr, OsString};
use std::fs::{File, Metadata};
use std::io::{self, Read};
use std::os::fd::OwnedFd;
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::MetadataExt;
use std::path::{Component, Path, PathBuf};

use rustix::fs::{AtFlags, CWD, Mode, OFlags, RenameFlags};
use rustix::io::Errno;

/// Device and inode: what tells one file from another.
pub(super) type Identity = (u64, u64);

/// A folder, however its path may be changed meanwhile.
#[derive(Debug)]
pub(super) struct Folder {
    handle: OwnedFd,
    /// Where it was when it was opened.
    pub(super) path: PathBuf,
}

impl Folder {
    /// Opens the folder with that absolute path. A symbolic link in the path is an error: resolve it first.
    pub(super) fn open(path: &Path) -> io::Result<Self> {
        let mut handle =
            rustix::fs::openat(CWD, "/", OFlags::PATH | OFlags::DIRECTORY | OFlags::CLOEXEC, Mode::empty())?;
        let parts: Vec<&OsStr> = path.components().filter_map(normal).collect();
        let step = OFlags::PATH | OFlags::DIRECTORY | OFlags::NOFOLLOW | OFlags::CLOEXEC;
        for part in &parts {
            handle = rustix::fs::openat(&handle, *part, step, Mode::empty())?;
        }
        // A folder that may be written but not listed has to do without being forced to disk.
        let list = OFlags::RDONLY | OFlags::DIRECTORY | OFlags::CLOEXEC;
        let handle = rustix::fs::openat(&handle, ".", list, Mode::empty()).unwrap_or(handle);
        Ok(Self { handle, path: path.to_owned() })
    }

    /// Opens a folder in this one.
    pub(super) fn folder(&self, name: impl AsRef<OsStr>) -> io::Result<Self> {
        let flags = OFlags::RDONLY | OFlags::DIRECTORY | OFlags::NOFOLLOW | OFlags::CLOEXEC;
        let handle = rustix::fs::openat(&self.handle, name.as_ref(), flags, Mode::empty())?;
        Ok(Self { handle, path: self.path.join(name.as_ref()) })
    }

    /// Makes a folder for its owner alone in this one. An error when the name is taken.
    pub(super) fn make(&self, name: impl AsRef<OsStr>) -> io::Result<Self> {
        rustix::fs::mkdirat(&self.handle, name.as_ref(), Mode::RWXU)?;
        self.folder(name)
    }

    /// Opens a file for reading. A FIFO or device is opened without waiting or effect.
    pub(super) fn file(&self, name: impl AsRef<OsStr>) -> io::Result<File> {
        self.open_file(name.as_ref(), OFlags::RDONLY)
    }

    /// Opens a file for writing over what it holds.
    pub(super) fn writable(&self, name: impl AsRef<OsStr>) -> io::Result<File> {
        self.open_file(name.as_ref(), OFlags::RDWR)
    }

    fn open_file(&self, name: &OsStr, access: OFlags) -> io::Result<File> {
        let flags = access | OFlags::NOFOLLOW | OFlags::NONBLOCK | OFlags::NOCTTY | OFlags::CLOEXEC;
        Ok(File::from(rustix::fs::openat(&self.handle, name, flags, Mode::empty())?))
    }

    /// Makes a file for its owner alone. An error when the name is taken, by whatever.
    pub(super) fn create(&self, name: impl AsRef<OsStr>) -> io::Result<File> {
        let flags = OFlags::RDWR | OFlags::CREATE | OFlags::EXCL | OFlags::NOFOLLOW | OFlags::CLOEXEC;
        Ok(File::from(rustix::fs::openat(&self.handle, name.as_ref(), flags, Mode::RUSR | Mode::WUSR)?))
    }

    /// The whole content of a file of at most `limit` bytes.
    pub(super) fn read(&self, name: impl AsRef<OsStr>, limit: u64) -> io::Result<Vec<u8>> {
        let file = self.file(name)?;
        let meta = file.metadata()?;
        if !meta.is_file() || meta.len() > limit {
            return Err(io::Error::other("no regular file, or too large"));
        }
        let mut bytes = Vec::new();
        file.take(limit).read_to_end(&mut bytes)?;
        Ok(bytes)
    }

    /// Which file has that name now; a link counts as itself.
    pub(super) fn identity(&self, name: impl AsRef<OsStr>) -> io::Result<Identity> {
        let stat = rustix::fs::statat(&self.handle, name.as_ref(), AtFlags::SYMLINK_NOFOLLOW)?;
        // The types of these fields differ between systems.
        #[allow(clippy::useless_conversion, clippy::unnecessary_cast)]
        Ok((stat.st_dev as u64, stat.st_ino as u64))
    }

    /// Renames a file in this folder over whatever has the new name.
    pub(super) fn rename(&self, from: impl AsRef<OsStr>, to: impl AsRef<OsStr>) -> io::Result<()> {
        Ok(rustix::fs::renameat(&self.handle, from.as_ref(), &self.handle, to.as_ref())?)
    }

    /// Renames a file in this folder to a name that is free.
    pub(super) fn rename_new(&self, from: &OsStr, to: &OsStr) -> io::Result<()> {
        match rustix::fs::renameat_with(&self.handle, from, &self.handle, to, RenameFlags::NOREPLACE) {
            Err(Errno::INVAL | Errno::NOSYS | Errno::NOTSUP) if self.identity(to).is_err() => self.rename(from, to),
            renamed => Ok(renamed?),
        }
    }

    /// Lets two files in this folder change their names. `false` when the file system cannot.
    pub(super) fn exchange(&self, one: &OsStr, other: &OsStr) -> io::Result<bool> {
        match rustix::fs::renameat_with(&self.handle, one, &self.handle, other, RenameFlags::EXCHANGE) {
            Ok(()) => Ok(true),
            Err(Errno::INVAL | Errno::NOSYS | Errno::NOTSUP) => Ok(false),
            Err(error) => Err(error.into()),
        }
    }

    /// Removes a file.
    pub(super) fn remove(&self, name: impl AsRef<OsStr>) -> io::Result<()> {
        Ok(rustix::fs::unlinkat(&self.handle, name.as_ref(), AtFlags::empty())?)
    }

    /// Removes an empty folder.
    pub(super) fn remove_folder(&self, name: impl AsRef<OsStr>) -> io::Result<()> {
        Ok(rustix::fs::unlinkat(&self.handle, name.as_ref(), AtFlags::REMOVEDIR)?)
    }

    /// Forces the names in this folder to disk.
    pub(super) fn sync(&self) -> io::Result<()> {
        Ok(rustix::fs::fsync(&self.handle)?)
    }

    /// The names in it.
    pub(super) fn names(&self) -> io::Result<Vec<OsString>> {
        let mut names = Vec::new();
        for entry in rustix::fs::Dir::read_from(&self.handle)? {
            let name = OsStr::from_bytes(entry?.file_name().to_bytes()).to_owned();
            if name != "." && name != ".." {
                names.push(name);
            }
        }
        Ok(names)
    }

    /// Owner and permissions of the folder.
    pub(super) fn metadata(&self) -> io::Result<Metadata> {
        File::from(self.handle.try_clone()?).metadata()
    }
}

/// Which file this is.
pub(super) fn identity(meta: &Metadata) -> Identity {
    (meta.dev(), meta.ino())
}

fn normal(part: Component<'_>) -> Option<&OsStr> {
    match part {
        Component::Normal(name) => Some(name),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::os::unix::fs::symlink;

    #[test]
    fn no_link_is_followed() {
        let dir = tempfile::tempdir().unwrap();
        let real = dir.path().canonicalize().unwrap();
        std::fs::create_dir(real.join("a")).unwrap();
        std::fs::write(real.join("a/f"), "x").unwrap();
        symlink("a", real.join("link")).unwrap();
        symlink("f", real.join("a/g")).unwrap();
        assert!(Folder::open(&real.join("link")).is_err());
        let folder = Folder::open(&real.join("a")).unwrap();
        assert_eq!(folder.read("f", 10).unwrap(), b"x");
        assert!(folder.file("g").is_err() && folder.create("g").is_err());
        assert!(folder.read("f", 0).is_err());
    }
}
