//! What becomes of a file that a shell should read.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use rustix::fs::FileType;
use rustix::io::Errno;

use crate::doctor::home::{Home, Reached};

use super::LIMIT;

/// What became of a file that should be read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum State {
    /// It is read.
    Read,
    /// It lies outside the home, and was not looked at.
    Outside,
    /// It is not there.
    Missing,
    /// It is a link to something that is not there.
    Dangling,
    /// It is read already: a loop.
    Loop,
    /// Its owner may not read it.
    Unreadable,
    /// It is so large that it was not looked at.
    TooLarge,
    /// It is a pipe, which keeps whoever reads it waiting.
    Fifo,
    /// It is a folder.
    Folder,
    /// It is a socket or a device.
    NoFile,
    /// It is a link that leads back to itself.
    LinkLoop,
    /// Its name is not known.
    Unknown,
}

impl State {
    /// The name that reports and facts use.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Read => "read",
            Self::Outside => "outside",
            Self::Missing => "missing",
            Self::Dangling => "dangling",
            Self::Loop => "loop",
            Self::Unreadable => "unreadable",
            Self::TooLarge => "too-large",
            Self::Fifo => "fifo",
            Self::Folder => "folder",
            Self::NoFile => "no-file",
            Self::LinkLoop => "link-loop",
            Self::Unknown => "unknown",
        }
    }

    /// What is at `path` below the home, as its owner's shells meet it; with what a link leads to, when that is outside
    /// the home or is not there.
    pub(super) fn of(home: &Home, path: &Path) -> (Self, Option<PathBuf>) {
        let inside = match home.reach(path) {
            Ok(Reached::Inside(inside)) => inside,
            Ok(Reached::Missing(None)) => return (Self::Missing, None),
            Ok(Reached::Missing(target)) => return (Self::Dangling, target),
            // Looked at, not entered: what may not be seen may well be there.
            Ok(Reached::Outside(target)) => {
                let gone = fs::metadata(&target).is_err_and(|error| error.kind() == io::ErrorKind::NotFound);
                return (if gone { Self::Dangling } else { Self::Outside }, Some(target));
            }
            Err(error) if Errno::from_io_error(&error) == Some(Errno::LOOP) => return (Self::LinkLoop, None),
            Err(_) => return (Self::Unreadable, None),
        };
        let state = match FileType::from_raw_mode(inside.stat.st_mode) {
            FileType::RegularFile if !readable(home, inside.stat.st_mode, inside.stat.st_uid) => Self::Unreadable,
            FileType::RegularFile if u64::try_from(inside.stat.st_size).is_ok_and(|size| size > LIMIT) => {
                Self::TooLarge
            }
            FileType::RegularFile => Self::Read,
            FileType::Fifo => Self::Fifo,
            FileType::Directory => Self::Folder,
            _ => Self::NoFile,
        };
        (state, None)
    }

    /// True when something is there, under a name that leads to it.
    pub(super) const fn is_there(self) -> bool {
        !matches!(self, Self::Missing | Self::Dangling)
    }

    /// True when a shell can open it.
    pub(super) const fn opens(self) -> bool {
        self.is_there() && !matches!(self, Self::Unreadable | Self::LinkLoop)
    }

    /// True for something in the home that a shell comes to.
    pub(super) const fn is_inside(self) -> bool {
        matches!(
            self,
            Self::Read
                | Self::Dangling
                | Self::Unreadable
                | Self::TooLarge
                | Self::Fifo
                | Self::Folder
                | Self::NoFile
                | Self::LinkLoop
        )
    }

    /// True for what no shell can read, or hangs at.
    pub(super) const fn is_broken(self) -> bool {
        self.is_inside() && !matches!(self, Self::Read | Self::TooLarge)
    }
}

/// Whether the home's owner may read a file of those permissions; root may read all.
fn readable(home: &Home, mode: u32, owner: u32) -> bool {
    let reader = home.stat().map_or(0, |own| own.st_uid);
    reader == 0 || mode & if reader == owner { 0o400 } else { 0o044 } != 0
}
