//! What was found out of folders: many files lie in one.

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};

use foldhash::{HashMap, HashSet};

use crate::cli::folders::real;
use crate::policy::config::meant_by;
use crate::source::Walked;

/// Among so many entries of a folder misspelt configurations are looked for.
const MOST_ENTRIES: usize = 1_000;

/// Folders that were looked at.
#[derive(Debug, Default)]
pub(super) struct KnownFolders {
    /// Their real paths.
    real: Mutex<HashMap<PathBuf, PathBuf>>,
    /// The repositories that they lie in.
    repositories: Mutex<Repositories>,
}

#[derive(Debug, Default)]
struct Repositories {
    by_folder: HashMap<PathBuf, Option<PathBuf>>,
    /// Folders that were walked and are the root of none.
    no_roots: HashSet<PathBuf>,
}

impl KnownFolders {
    /// The real path of a folder.
    pub fn real(&self, folder: &Path) -> PathBuf {
        let mut known = self.real.lock().unwrap_or_else(PoisonError::into_inner);
        match known.get(folder) {
            Some(real) => real.clone(),
            None => known.entry(folder.to_owned()).or_insert_with(|| real(folder)).clone(),
        }
    }

    /// Takes over what a walk that began in `cwd` knows.
    pub fn know(&self, cwd: &Path, folders: Vec<Walked>) {
        let mut repositories = self.repositories.lock().unwrap_or_else(PoisonError::into_inner);
        let no_roots = folders.iter().filter(|folder| !folder.has_git).map(|folder| folder.real.clone());
        repositories.no_roots.extend(no_roots);
        let real = folders.into_iter().map(|folder| (cwd.join(folder.path), folder.real));
        self.real.lock().unwrap_or_else(PoisonError::into_inner).extend(real);
    }

    /// The repository that a folder lies in.
    pub fn repository(&self, folder: &Path) -> Option<PathBuf> {
        self.repositories.lock().unwrap_or_else(PoisonError::into_inner).of(folder)
    }
}

impl Repositories {
    /// The repository that a folder lies in; what is known of the folders above is not looked up again.
    fn of(&mut self, folder: &Path) -> Option<PathBuf> {
        if let Some(found) = self.by_folder.get(folder) {
            return found.clone();
        }
        let found = if !self.no_roots.contains(folder) && folder.join(".git").exists() {
            Some(folder.to_owned())
        } else {
            folder.parent().and_then(|parent| self.of(parent))
        };
        self.by_folder.insert(folder.to_owned(), found.clone());
        found
    }
}

/// Files in a folder whose name is nearly that of a configuration, with that name.
pub(super) fn misspelt_in(folder: &Path) -> Vec<(PathBuf, &'static str)> {
    let slip = |entry: fs::DirEntry| {
        let meant = meant_by(&entry.file_name().to_string_lossy())?;
        entry.path().is_file().then(|| (entry.path(), meant))
    };
    fs::read_dir(folder).into_iter().flatten().take(MOST_ENTRIES).flatten().filter_map(slip).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_walk_saw_is_not_looked_at_again() {
        let dir = tempfile::tempdir().unwrap();
        let top = real(dir.path());
        let folders = ["a/b/.git", "c/d/.git", ".git"].map(|folder| top.join(folder));
        folders.iter().for_each(|folder| fs::create_dir_all(folder).unwrap());
        let walked = |name: &str, has_git| Walked { path: PathBuf::from(name), real: top.join(name), has_git };
        let known = KnownFolders::default();
        known.know(&top, vec![walked("a", false), walked("a/b", true), walked("c/d", false)]);
        assert_eq!(known.repository(&top.join("a/b")), Some(top.join("a/b")));
        assert_eq!(known.repository(&top.join("a")), Some(top.clone()));
        // There was none when the walk came by.
        assert_eq!(known.repository(&top.join("c/d")), Some(top.clone()));
        assert_eq!(known.real(&top.join("a/b")), top.join("a/b"));
    }
}
