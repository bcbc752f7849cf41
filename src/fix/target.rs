//! The file behind a path: which one it is, whether it may be written and with whose rights, held by handle.

use std::collections::VecDeque;
use std::ffi::{OsStr, OsString};
use std::fs::{self, File, Metadata};
use std::io;
use std::os::unix::fs::{FileExt, MetadataExt};
use std::path::{Component, Path, PathBuf};

use super::folder::{Folder, Identity, identity};
use super::rights::Rights;
use super::write::Error;

/// So many links are followed, as the system does.
const MAX_LINKS: usize = 40;

/// An open file in its open folder.
#[derive(Debug)]
pub(super) struct Target {
    /// Its path without links.
    pub(super) path: PathBuf,
    pub(super) folder: Folder,
    pub(super) name: OsString,
    pub(super) file: File,
    pub(super) meta: Metadata,
    pub(super) rights: Rights,
}

impl Target {
    /// Opens the file that `path` leads to. `as_owner`: root may write what belongs to others, with their rights.
    pub(super) fn open(path: &Path, as_owner: bool) -> Result<Self, Error> {
        let target = Self::open_any(path, as_owner)?;
        if target.meta.is_file() { Ok(target) } else { Err(Error::Changed) }
    }

    /// The same for a folder as well.
    pub(super) fn open_any(path: &Path, as_owner: bool) -> Result<Self, Error> {
        let (real, links) = resolve(path).map_err(gone)?;
        let owner = fs::symlink_metadata(&real).map_err(gone)?;
        let rights = rights(&real, &owner, &links, as_owner)?;
        let target = rights.run(|| Self::open_real(&real, rights))??;
        // Somebody may have put another file there meanwhile.
        if target.meta.uid() == owner.uid() { Ok(target) } else { Err(Error::Changed) }
    }

    fn open_real(real: &Path, rights: Rights) -> Result<Self, Error> {
        let (Some(parent), Some(name)) = (real.parent(), real.file_name()) else { return Err(Error::Changed) };
        let folder = Folder::open(parent).map_err(gone)?;
        let file = folder.file(name).map_err(gone)?;
        let meta = file.metadata()?;
        if !meta.is_file() && !meta.is_dir() {
            return Err(Error::Changed);
        }
        Ok(Self { path: real.to_owned(), folder, name: name.to_owned(), file, meta, rights })
    }

    /// True when the file still holds `text`, whatever its name is now.
    pub(super) fn holds(&self, text: &[u8]) -> io::Result<bool> {
        if self.file.metadata()?.len() != text.len() as u64 {
            return Ok(false);
        }
        let mut content = vec![0; text.len() + 1];
        let mut length = 0;
        while length < content.len() {
            match self.file.read_at(&mut content[length..], length as u64) {
                Ok(0) => break,
                Ok(count) => length += count,
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) => return Err(error),
            }
        }
        Ok(content[..length] == *text)
    }

    /// True when the name in the folder still leads to this file.
    pub(super) fn is_there(&self) -> bool {
        self.folder.identity(&self.name).is_ok_and(|now| now == self.identity())
    }

    pub(super) fn identity(&self) -> Identity {
        identity(&self.meta)
    }
}

fn gone(error: io::Error) -> Error {
    if error.kind() == io::ErrorKind::NotFound { Error::Gone } else { Error::Refused(error) }
}

/// A symbolic link on the way to a file.
struct Link {
    /// The folder in which it stands, without links.
    folder: PathBuf,
    owner: u32,
}

/// The path without links, and the links that were on it.
fn resolve(path: &Path) -> io::Result<(PathBuf, Vec<Link>)> {
    let path = std::path::absolute(path)?;
    let mut left: VecDeque<OsString> = path.components().filter_map(step).map(OsStr::to_owned).collect();
    let mut real = PathBuf::from("/");
    let mut links = Vec::new();
    while let Some(name) = left.pop_front() {
        if name == ".." {
            real.pop();
            continue;
        }
        let next = real.join(&name);
        let meta = fs::symlink_metadata(&next)?;
        if !meta.is_symlink() {
            real = next;
            continue;
        }
        links.push(Link { folder: real.clone(), owner: meta.uid() });
        if links.len() > MAX_LINKS {
            return Err(rustix::io::Errno::LOOP.into());
        }
        let to = fs::read_link(&next)?;
        if to.is_absolute() {
            real = PathBuf::from("/");
        }
        for part in to.components().rev().filter_map(step) {
            left.push_front(part.to_owned());
        }
    }
    Ok((real, links))
}

fn step(part: Component<'_>) -> Option<&OsStr> {
    match part {
        Component::Normal(name) => Some(name),
        Component::ParentDir => Some(OsStr::new("..")),
        _ => None,
    }
}

/// With whose rights the file may be written, if at all.
fn rights(real: &Path, meta: &Metadata, links: &[Link], as_owner: bool) -> Result<Rights, Error> {
    let (me, owner) = (rustix::process::geteuid().as_raw(), meta.uid());
    if me != 0 {
        return if owner == me { Ok(Rights::Own) } else { Err(Error::NotOwned) };
    }
    // Root is careful: users can make links and files where root will look.
    if let Some(link) = links.iter().find(|link| link.owner != 0 && !may_follow(link, owner, real)) {
        return Err(Error::LinkOut(link.owner));
    }
    if owner != 0 {
        return if as_owner {
            Ok(Rights::Owner { user: owner, group: meta.gid() })
        } else {
            Err(Error::AsOwner(owner))
        };
    }
    let keeper = fs::symlink_metadata(real.parent().unwrap_or(real))?.uid();
    if keeper == 0 { Ok(Rights::Own) } else { Err(Error::ForeignFolder(keeper)) }
}

/// A user's link leads to a file of that user, below the topmost of the user's folders around the link.
fn may_follow(link: &Link, owner: u32, real: &Path) -> bool {
    let above: Vec<&Path> = link.folder.ancestors().collect();
    let is_theirs = |folder: &&&Path| fs::symlink_metadata(folder).is_ok_and(|meta| meta.uid() == link.owner);
    let tree = above.iter().rev().find(is_theirs);
    link.owner == owner && tree.is_some_and(|tree| real.starts_with(tree))
}
