//! The one way into an account's home, or into another folder of the account: every look goes through here, and none
//! leaves it.
//!
//! Paths are walked part by part on open folders. A symbolic link that stays inside is followed, one that leads out
//! is only told: as the system's administrator one must not be led to other people's files. Nothing is written, and
//! nothing but folders and regular files is opened.

use std::collections::{BTreeSet, VecDeque};
use std::ffi::{OsStr, OsString};
use std::fs::{self, File};
use std::io::{self, Read};
use std::os::fd::{AsFd, AsRawFd, OwnedFd};
use std::os::unix::ffi::{OsStrExt, OsStringExt};
use std::os::unix::fs::MetadataExt as _;
use std::path::{Component, Path, PathBuf};

use rustix::fs::{
    AtFlags, Dir, FileType, Mode, OFlags, Stat, fstat, fstatvfs, lgetxattr, open, openat, readlinkat, statat,
};

use crate::source::path_text;

use super::usage::Room;

/// The bits of a folder's mode by which group and others pass through it.
const PASS: u32 = 0o011;

/// So many links are followed on the way to one file.
const MAX_LINKS: usize = 40;

/// Extended attributes that are longer are not read, in bytes.
const MAX_ATTRIBUTE: usize = 4096;

/// A home directory, held open.
#[derive(Debug)]
pub struct Home {
    /// Its path, without links.
    pub path: PathBuf,
    /// Its path as it was named: links and scripts may use either.
    named: PathBuf,
    /// What stands for it in facts.
    shown: String,
    folder: OwnedFd,
    /// Who besides its owner gets to it: the bits of `x` that all folders above it have.
    way: u32,
}

/// What a path leads to.
#[derive(Debug)]
pub enum Reached {
    /// Something inside: its parent, its name there, its path below the home, and what it is.
    Inside(Inside),
    /// A link leads out of the home, to this path.
    Outside(PathBuf),
    /// Nothing is there; the path that is missing, when a link led to it.
    Missing(Option<PathBuf>),
}

/// Something inside a home.
#[derive(Debug)]
pub struct Inside {
    /// Where it really lies, below the home.
    pub path: PathBuf,
    /// What it is.
    pub stat: Stat,
    parent: OwnedFd,
    /// Who besides the owner gets there.
    way: u32,
}

/// Who besides its owner may write to, or read, something.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum OpenTo {
    /// The owner alone.
    Nobody,
    /// Users or groups that an access control list names.
    Named,
    /// The group.
    Group,
    /// Everybody.
    Others,
}

impl OpenTo {
    /// The name that facts use.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Nobody => "nobody",
            Self::Named => "named",
            Self::Group => "group",
            Self::Others => "others",
        }
    }
}

impl Home {
    /// Opens a home. Errors: it is missing or no folder.
    pub fn open(path: &Path) -> io::Result<Self> {
        Self::named(path, Some("$HOME"))
    }

    /// Opens another folder of the account, which facts name by its path. Errors as for the home.
    pub fn open_elsewhere(path: &Path) -> io::Result<Self> {
        Self::named(path, None)
    }

    fn named(named: &Path, shown: Option<&str>) -> io::Result<Self> {
        let path = std::fs::canonicalize(named)?;
        let folder = open(&path, folder_flags() & !OFlags::NOFOLLOW, Mode::empty())?;
        let shown = shown.map_or_else(|| path_text::text(&path), str::to_owned);
        let above = path.ancestors().skip(1).filter_map(|above| fs::metadata(above).ok());
        let way = above.fold(PASS, |way, meta| way & meta.mode());
        Ok(Self { path, named: named.to_owned(), shown, folder, way })
    }

    /// The path that facts use for something below: `$HOME/.bashrc`.
    pub fn shown(&self, below: &Path) -> String {
        if below.as_os_str().is_empty() {
            self.shown.clone()
        } else {
            format!("{}/{}", self.shown, path_text::text(below))
        }
    }

    /// What the home itself is. Errors are the system's.
    pub fn stat(&self) -> io::Result<Stat> {
        Ok(fstat(&self.folder)?)
    }

    /// True when it belongs to whoever runs the program.
    pub fn is_mine(&self) -> bool {
        self.stat().is_ok_and(|own| own.st_uid == rustix::process::getuid().as_raw())
    }

    /// What the file system that holds it tells of itself; many tell a user's quota. `None` where it does not.
    pub fn room(&self) -> Option<Room> {
        let told = fstatvfs(&self.folder).ok()?;
        let bytes = |blocks: u64| blocks.saturating_mul(told.f_frsize);
        let room = Room {
            bytes: bytes(told.f_blocks),
            free_bytes: bytes(told.f_bavail),
            files: told.f_files,
            free_files: told.f_favail,
        };
        Some(room).filter(|room| room.bytes > 0)
    }

    /// Follows `path`, which is meant from the home unless it is absolute. Errors: a folder on the way that may not be
    /// entered, or too many links.
    pub fn reach(&self, path: &Path) -> io::Result<Reached> {
        self.go(path, &mut BTreeSet::new())
    }

    /// The folders below the home in which the names of `path`, and of the links on the way, are looked up: whoever may
    /// write there decides what it leads to.
    pub fn passed(&self, path: &Path) -> BTreeSet<PathBuf> {
        let mut passed = BTreeSet::new();
        // As far as one comes.
        let _ = self.go(path, &mut passed);
        passed.remove(Path::new(""));
        passed
    }

    fn go(&self, path: &Path, passed: &mut BTreeSet<PathBuf>) -> io::Result<Reached> {
        let mut todo = match self.below(path) {
            Some(below) => parts(&below),
            None => return Ok(Reached::Outside(path.to_owned())),
        };
        let mut folders: Vec<(OwnedFd, OsString, u32)> = Vec::new();
        let own = self.stat()?.st_mode;
        let through =
            |folders: &[(OwnedFd, OsString, u32)]| folders.iter().fold(self.way & own, |way, (.., mode)| way & mode);
        let mut links = 0;
        while let Some(part) = todo.pop_front() {
            if part == OsStr::new("..") {
                if folders.pop().is_none() {
                    return Ok(Reached::Outside(self.path.join("..").join(todo.iter().collect::<PathBuf>())));
                }
                continue;
            }
            let here = folders.last().map_or(&self.folder, |(folder, ..)| folder);
            let so_far = || folders.iter().map(|(_, name, _)| name).collect::<PathBuf>();
            passed.insert(so_far());
            let stat = match statat(here, &part, AtFlags::SYMLINK_NOFOLLOW) {
                Ok(stat) => stat,
                Err(rustix::io::Errno::NOENT | rustix::io::Errno::NOTDIR) => {
                    let missing = self.path.join(so_far()).join(&part);
                    return Ok(Reached::Missing((links > 0).then_some(missing)));
                }
                Err(error) => return Err(error.into()),
            };
            if FileType::from_raw_mode(stat.st_mode) == FileType::Symlink {
                links += 1;
                if links > MAX_LINKS {
                    return Err(rustix::io::Errno::LOOP.into());
                }
                let target = PathBuf::from(OsString::from_vec(readlinkat(here, &part, Vec::new())?.into_bytes()));
                if target.is_absolute() {
                    let Some(below) = self.below(&target) else { return Ok(Reached::Outside(target)) };
                    folders.clear();
                    todo = parts(&below).into_iter().chain(todo).collect();
                } else {
                    todo = parts(&target).into_iter().chain(todo).collect();
                }
                continue;
            }
            if todo.is_empty() {
                let path = so_far().join(&part);
                let way = through(&folders);
                return Ok(Reached::Inside(Inside { path, stat, parent: here.try_clone()?, way }));
            }
            if FileType::from_raw_mode(stat.st_mode) != FileType::Directory {
                return Ok(Reached::Missing(None));
            }
            let folder = openat(here, &part, folder_flags(), Mode::empty())?;
            folders.push((folder, part, stat.st_mode));
        }
        // The home itself, or a folder that `..` led back to.
        let path: PathBuf = folders.iter().map(|(_, name, _)| name).collect();
        let folder = folders.last().map_or(&self.folder, |(folder, ..)| folder);
        let way = folders.split_last().map_or(self.way, |(_, above)| through(above));
        Ok(Reached::Inside(Inside { path, stat: fstat(folder)?, parent: folder.try_clone()?, way }))
    }

    /// The content of a regular file inside, at most `limit` bytes of it. `None` for everything else.
    pub fn read(&self, path: &Path, limit: u64) -> Option<Vec<u8>> {
        let mut content = Vec::new();
        self.file(path)?.take(limit).read_to_end(&mut content).ok()?;
        Some(content)
    }

    /// A regular file inside, opened for reading. `None` for everything else.
    pub fn file(&self, path: &Path) -> Option<File> {
        let Reached::Inside(inside) = self.reach(path).ok()? else { return None };
        if FileType::from_raw_mode(inside.stat.st_mode) != FileType::RegularFile {
            return None;
        }
        // NONBLOCK: what was a file a moment ago may be a FIFO now.
        let flags = OFlags::RDONLY | OFlags::NOFOLLOW | OFlags::NONBLOCK | OFlags::NOCTTY | OFlags::CLOEXEC;
        let file = File::from(openat(&inside.parent, inside.path.file_name()?, flags, Mode::empty()).ok()?);
        file.metadata().ok()?.is_file().then_some(file)
    }

    /// The same for a path that may also be absolute and outside, where files are read as they are; with the path of
    /// the file.
    pub fn read_anywhere(&self, path: &Path, limit: u64) -> Option<(PathBuf, Vec<u8>)> {
        if let Some(below) = self.below(path) {
            return Some((self.path.join(&below), self.read(&below, limit)?));
        }
        let mut content = Vec::new();
        self.file_anywhere(path)?.take(limit).read_to_end(&mut content).ok()?;
        Some((path.to_owned(), content))
    }

    /// A regular file at such a path, opened for reading.
    pub fn file_anywhere(&self, path: &Path) -> Option<File> {
        match self.below(path) {
            Some(below) => self.file(&below),
            // What is no file could keep whoever opens it waiting.
            None => fs::metadata(path).ok().filter(fs::Metadata::is_file).and_then(|_| File::open(path).ok()),
        }
    }

    /// True for a file of the account's.
    pub fn is_own(&self, path: &Path) -> bool {
        let same = |meta: fs::Metadata| self.stat().is_ok_and(|own| own.st_uid == meta.uid());
        self.below(path).is_some() || fs::metadata(path).is_ok_and(same)
    }

    /// The text of a small file inside; what is not UTF-8 is replaced.
    pub fn text(&self, path: &Path, limit: u64) -> Option<String> {
        Some(String::from_utf8_lossy(&self.read(path, limit)?).into_owned())
    }

    /// The names in a folder inside, in order. Empty for everything else.
    pub fn names(&self, path: &Path) -> Vec<OsString> {
        let list = || -> Option<Vec<OsString>> {
            let Reached::Inside(inside) = self.reach(path).ok()? else { return None };
            let folder = match inside.path.file_name() {
                Some(name) => openat(&inside.parent, name, folder_flags(), Mode::empty()).ok()?,
                None => self.folder.try_clone().ok()?,
            };
            let names = Dir::read_from(folder.as_fd()).ok()?.filter_map(Result::ok);
            let name = |entry: rustix::fs::DirEntry| OsStr::from_bytes(entry.file_name().to_bytes()).to_owned();
            Some(names.map(name).filter(|name| name != "." && name != "..").collect())
        };
        let mut names = list().unwrap_or_default();
        names.sort();
        names
    }

    /// Where a symbolic link points, as it is written. `None` for everything else.
    pub fn link(&self, path: &Path) -> Option<PathBuf> {
        let parent = path.parent().unwrap_or(Path::new(""));
        let Reached::Inside(inside) = self.reach(parent).ok()? else { return None };
        let folder = match inside.path.file_name() {
            Some(name) => openat(&inside.parent, name, folder_flags(), Mode::empty()).ok()?,
            None => self.folder.try_clone().ok()?,
        };
        let target = readlinkat(&folder, path.file_name()?, Vec::new()).ok()?;
        Some(PathBuf::from(OsString::from_vec(target.into_bytes())))
    }

    /// The path below the home; `None` for one outside.
    pub fn below(&self, path: &Path) -> Option<PathBuf> {
        if !path.is_absolute() {
            return Some(path.to_owned());
        }
        let below = path.strip_prefix(&self.path).ok();
        // A relative name of the home itself says nothing of absolute paths.
        let named = || path.strip_prefix(&self.named).ok().filter(|_| self.named.is_absolute());
        below.or_else(named).map(Path::to_owned)
    }
}

impl Inside {
    /// True for a folder.
    pub fn is_folder(&self) -> bool {
        FileType::from_raw_mode(self.stat.st_mode) == FileType::Directory
    }

    /// Who besides the owner may write, and gets there.
    pub fn writable_by(&self) -> OpenTo {
        self.open_to(0o020, 0o002)
    }

    /// Who besides the owner may read, and gets there.
    pub fn readable_by(&self) -> OpenTo {
        self.open_to(0o040, 0o004)
    }

    /// True when anybody besides the owner gets there.
    pub fn is_passed_to(&self) -> bool {
        self.way != 0
    }

    /// An extended attribute of it; `None` where there is none, and where the system does not tell.
    pub fn attribute(&self, name: &str) -> Option<Vec<u8>> {
        // The folder is held open: nothing can lead elsewhere meanwhile.
        let folder = PathBuf::from(format!("/proc/self/fd/{}", self.parent.as_raw_fd()));
        let path = self.path.file_name().map_or_else(|| folder.join("."), |own| folder.join(own));
        let mut value = vec![0_u8; MAX_ATTRIBUTE];
        let length = lgetxattr(&path, name, value.as_mut_slice()).ok()?;
        value.truncate(length);
        Some(value)
    }

    fn open_to(&self, group: u32, others: u32) -> OpenTo {
        let (mode, way) = (self.stat.st_mode, self.way);
        match (mode & others != 0 && way & 0o001 != 0, mode & group != 0 && way & 0o010 != 0) {
            (true, _) => OpenTo::Others,
            (false, true) => OpenTo::Group,
            (false, false) => OpenTo::Nobody,
        }
    }
}

fn folder_flags() -> OFlags {
    OFlags::RDONLY | OFlags::DIRECTORY | OFlags::NOFOLLOW | OFlags::CLOEXEC
}

fn parts(path: &Path) -> VecDeque<OsString> {
    let named = |part| match part {
        Component::Normal(name) => Some(name.to_owned()),
        Component::ParentDir => Some(OsString::from("..")),
        _ => None,
    };
    path.components().filter_map(named).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::fs::Permissions;
    use std::os::unix::fs::{PermissionsExt as _, symlink};

    #[test]
    fn links_inside_are_followed_and_those_out_are_told() {
        let dir = tempfile::tempdir().unwrap();
        let root = fs::canonicalize(dir.path()).unwrap();
        let home = root.join("ada");
        fs::create_dir_all(home.join("dotfiles/sub")).unwrap();
        fs::write(home.join("dotfiles/rc"), "text").unwrap();
        fs::write(root.join("other"), "secret").unwrap();
        symlink("dotfiles/sub/../rc", home.join(".bashrc")).unwrap();
        symlink(home.join("dotfiles/rc"), home.join(".profile")).unwrap();
        symlink("../other", home.join("out")).unwrap();
        symlink(root.join("other"), home.join("far")).unwrap();
        symlink("loop", home.join("loop")).unwrap();
        symlink("gone", home.join("dangling")).unwrap();
        symlink(&home, root.join("alias")).unwrap();
        symlink(root.join("alias/dotfiles/rc"), home.join(".by-alias")).unwrap();
        assert_eq!(Home::open(&home).unwrap().text(Path::new(".by-alias"), 100), None);
        let home = Home::open(&root.join("alias")).unwrap();
        for name in [".by-alias", ".bashrc", ".profile", "dotfiles/rc"] {
            assert_eq!(home.text(Path::new(name), 100).as_deref(), Some("text"), "{name}");
        }
        let passed = |path: &str| home.passed(Path::new(path)).into_iter().collect::<Vec<_>>();
        assert_eq!(passed(".bashrc"), [PathBuf::from("dotfiles")]);
        assert_eq!(passed("dotfiles/gone"), [PathBuf::from("dotfiles")]);
        assert_eq!(passed("far"), [] as [PathBuf; 0]);
        for name in ["out", "far", "../other", "dotfiles/../../other", "loop", "dangling", "dotfiles"] {
            assert_eq!(home.text(Path::new(name), 100), None, "{name}");
        }
        assert!(matches!(home.reach(Path::new("far")).unwrap(), Reached::Outside(path) if path.ends_with("other")));
        assert!(matches!(home.reach(Path::new("dangling")).unwrap(), Reached::Missing(Some(_))));
        assert!(home.reach(Path::new("loop")).is_err());
        assert_eq!(home.link(Path::new("out")), Some(PathBuf::from("../other")));
        assert_eq!(home.names(Path::new("dotfiles")), ["rc", "sub"]);
    }

    #[test]
    fn a_file_is_open_to_those_who_get_there() {
        let dir = tempfile::tempdir().unwrap();
        let home = fs::canonicalize(dir.path()).unwrap().join("ada");
        fs::create_dir_all(home.join("dotfiles")).unwrap();
        fs::write(home.join("dotfiles/rc"), "").unwrap();
        symlink("dotfiles/rc", home.join(".bashrc")).unwrap();
        let set = |path: &Path, mode: u32| fs::set_permissions(path, Permissions::from_mode(mode)).unwrap();
        set(&home.join("dotfiles/rc"), 0o666);
        for (above, own, inner, file, folder) in [
            (0o755, 0o777, 0o755, OpenTo::Others, OpenTo::Others),
            (0o755, 0o755, 0o750, OpenTo::Group, OpenTo::Nobody),
            (0o755, 0o750, 0o755, OpenTo::Group, OpenTo::Nobody),
            (0o755, 0o700, 0o777, OpenTo::Nobody, OpenTo::Nobody),
            (0o750, 0o777, 0o755, OpenTo::Group, OpenTo::Group),
            (0o700, 0o777, 0o755, OpenTo::Nobody, OpenTo::Nobody),
        ] {
            set(dir.path(), above);
            set(&home, own);
            set(&home.join("dotfiles"), inner);
            let opened = Home::open(&home).unwrap();
            let open_to = |path: &str| match opened.reach(Path::new(path)).unwrap() {
                Reached::Inside(inside) => inside.writable_by(),
                other => panic!("{other:?}"),
            };
            assert_eq!((open_to(".bashrc"), open_to("")), (file, folder), "{above:o} {own:o} {inner:o}");
        }
    }
}
