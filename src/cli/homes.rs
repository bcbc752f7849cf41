//! Whether a file lies where it is read at home: in the user's or in its owner's, or behind a link from there.

use std::collections::BTreeMap;
use std::fs;
use std::os::unix::fs::MetadataExt;
use std::path::{Component, Path, PathBuf};
use std::sync::{Arc, Mutex, OnceLock, PoisonError};

use crate::check::{self, Grounds, Homes, Surroundings};
use crate::facts::FileFacts;
use crate::policy::Policy;
use crate::source::{Kind, Role, Source, absolute};

use super::accounts;

/// Folders of a home whose files are read when a shell or conda starts.
const READ_AT_START: [&str; 10] =
    [".config", ".conda", ".mamba", ".bashrc.d", ".bash.d", ".bash", ".zshrc.d", ".zsh", ".profile.d", ".shell"];

/// Folders of a home whose programs are the user's own.
const PROGRAMS: [&str; 3] = ["bin", ".local", ".bin"];

/// The homes of this machine. What it costs to look is spent when somebody asks.
#[derive(Debug)]
pub(super) struct AtHome {
    cwd: PathBuf,
    machine: Surroundings,
    /// The sites that are known.
    known: Arc<Policy>,
    on_cluster: OnceLock<bool>,
    accounts: OnceLock<BTreeMap<u32, PathBuf>>,
    /// What the links in a home lead to, by the home.
    links: Mutex<BTreeMap<PathBuf, Arc<Vec<PathBuf>>>>,
}

impl AtHome {
    /// Paths are meant from `cwd`.
    pub(super) fn shared(cwd: &Path, machine: &Surroundings, known: &Arc<Policy>) -> Arc<dyn Homes> {
        Arc::new(Self {
            cwd: cwd.to_owned(),
            machine: machine.clone(),
            known: Arc::clone(known),
            on_cluster: OnceLock::new(),
            accounts: OnceLock::new(),
            links: Mutex::default(),
        })
    }

    /// The home of the account that a file belongs to.
    fn of_owner(&self, path: &Path) -> Option<&Path> {
        let owner = fs::metadata(path).ok()?.uid();
        let homes = self.accounts.get_or_init(|| {
            let with_home = accounts::all().into_iter().filter(|account| account.home.starts_with('/'));
            with_home.map(|account| (account.number, PathBuf::from(account.home))).collect()
        });
        homes.get(&owner).map(PathBuf::as_path)
    }

    /// What the links lead to that lie directly in a home, and have names of what is read from there.
    fn links_of(&self, home: &Path) -> Arc<Vec<PathBuf>> {
        let mut known = self.links.lock().unwrap_or_else(PoisonError::into_inner);
        let links = known.entry(home.to_owned()).or_insert_with(|| {
            let entries = fs::read_dir(home).into_iter().flatten().flatten();
            let is_link = |entry: &fs::DirEntry| entry.file_type().is_ok_and(|kind| kind.is_symlink());
            let is_read = |path: &PathBuf| {
                let name = path.file_name().and_then(|name| name.to_str()).unwrap_or_default();
                name.starts_with('.') && (READ_AT_START.contains(&name) || !path.is_dir())
            };
            let links = entries.filter(is_link).map(|entry| entry.path()).filter(is_read);
            Arc::new(links.filter_map(|link| fs::canonicalize(link).ok()).collect())
        });
        Arc::clone(links)
    }
}

impl Homes for AtHome {
    fn has(&self, source: &Source) -> bool {
        let folders: &[&str] = match source.kind {
            Kind::Shell { role: Role::Script, .. } | Kind::Python => &PROGRAMS,
            _ => &READ_AT_START,
        };
        let path = absolute(&self.cwd, &source.path);
        let real = fs::canonicalize(&path).unwrap_or_else(|_| path.clone());
        let homes = self.machine.home.as_deref().into_iter().chain(self.of_owner(&path));
        homes.filter(|home| home.parent().is_some()).any(|home| {
            let real_home = fs::canonicalize(home).unwrap_or_else(|_| home.to_owned());
            is_in_place(home, &path, folders)
                || is_in_place(&real_home, &real, folders)
                || self.links_of(home).iter().any(|link| real.starts_with(link))
        })
    }

    fn on_cluster(&self) -> bool {
        *self.on_cluster.get_or_init(|| {
            let nothing = Source::new(PathBuf::new(), Kind::Other, Vec::new());
            let choice = check::detect(&self.known, None, None, &nothing, &FileFacts::default(), &self.machine);
            choice.is_ok_and(|choice| matches!(choice.grounds, Grounds::Environment | Grounds::HostName))
        })
    }
}

/// True for a file directly in a home, or in one of its `folders`.
fn is_in_place(home: &Path, path: &Path, folders: &[&str]) -> bool {
    let Ok(below) = path.strip_prefix(home) else { return false };
    let mut parts = below.components();
    let first = match parts.next() {
        Some(Component::Normal(first)) => first,
        _ => return false,
    };
    parts.next().is_none() || folders.iter().any(|folder| first == *folder)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn places_in_a_home_are_told_from_folders_that_are_kept_there() {
        for (path, wanted) in [
            ("/home/ada/.bashrc", true),
            ("/home/ada/.conda/condarc", true),
            ("/home/ada/.config/fish/config.fish", true),
            ("/home/ada/dotfiles/.bashrc", false),
            ("/home/ada/.dotfiles/bashrc", false),
            ("/home/ada", false),
            ("/home/adam/.bashrc", false),
        ] {
            assert_eq!(is_in_place(Path::new("/home/ada"), Path::new(path), &READ_AT_START), wanted, "{path}");
        }
    }
}
