//! What was found out of folders: many files lie in one.

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};

use foldhash::HashMap;

use crate::cli::folders::real;
use crate::policy::config::meant_by;

/// Among so many entries of a folder misspelt configurations are looked for.
const MOST_ENTRIES: usize = 1_000;

/// Folders that were looked at.
#[derive(Debug, Default)]
pub(super) struct KnownFolders {
    /// Their real paths.
    real: Mutex<HashMap<PathBuf, PathBuf>>,
    /// The repositories that they lie in.
    repositories: Mutex<HashMap<PathBuf, Option<PathBuf>>>,
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

    /// Takes over real paths of folders that somebody else found.
    pub fn know(&self, folders: impl Iterator<Item = (PathBuf, PathBuf)>) {
        self.real.lock().unwrap_or_else(PoisonError::into_inner).extend(folders);
    }

    /// The repository that a folder lies in.
    pub fn repository(&self, folder: &Path) -> Option<PathBuf> {
        repository(folder, &mut self.repositories.lock().unwrap_or_else(PoisonError::into_inner))
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

/// The repository that a folder lies in; what is known of the folders above is not looked up again.
fn repository(folder: &Path, known: &mut HashMap<PathBuf, Option<PathBuf>>) -> Option<PathBuf> {
    if let Some(found) = known.get(folder) {
        return found.clone();
    }
    let found = if folder.join(".git").exists() {
        Some(folder.to_owned())
    } else {
        folder.parent().and_then(|parent| repository(parent, known))
    };
    known.insert(folder.to_owned(), found.clone());
    found
}
