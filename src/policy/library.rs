//! Policies by the packs that lie over the built-in one. Each combination is read once.

use std::collections::HashMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};

use super::error::{PolicyError, Problem};
use super::pack::{PackFiles, Policy, name_of};

/// Policies that are made of packs in folders.
#[derive(Debug)]
pub struct Library {
    built_in: Arc<Policy>,
    read: Mutex<HashMap<Vec<PathBuf>, Found>>,
}

type Found = Result<Arc<Policy>, Arc<PolicyError>>;

impl Default for Library {
    fn default() -> Self {
        Self::over(Arc::new(Policy::built_in()))
    }
}

impl Library {
    /// Policies of packs over `lowest`, which stands for the built-in one.
    pub fn over(lowest: Arc<Policy>) -> Self {
        Self { built_in: lowest, read: Mutex::default() }
    }

    /// The built-in policy alone.
    pub fn built_in(&self) -> &Arc<Policy> {
        &self.built_in
    }

    /// The built-in policy with those rules of the packs in `folders` that are `wanted`, and nothing else of them.
    ///
    /// # Errors
    /// As [`Library::with`].
    pub fn with_rules(&self, folders: &[PathBuf], wanted: &dyn Fn(&str) -> bool) -> Result<Arc<Policy>, PolicyError> {
        let whole = load(folders)?;
        let mut rules: Vec<_> = whole.rules.iter().filter(|rule| wanted(&rule.id)).cloned().collect();
        rules.extend(self.built_in.rules.iter().filter(|rule| !wanted(&rule.id)).cloned());
        rules.sort_by(|a, b| a.id.cmp(&b.id));
        Ok(Arc::new(Policy { rules, ..Policy::built_in() }))
    }

    /// The built-in policy with packs that are still being written over it, and the blanks that they have.
    ///
    /// # Errors
    /// A pack that cannot be read, or is faulty otherwise.
    pub fn with_blanks(folders: &[PathBuf]) -> Result<(Policy, Vec<Problem>), PolicyError> {
        Policy::built_in().with_blanks(&read(folders)?)
    }

    /// The policy of the built-in pack with those in `folders` over it, each over those before it. A folder that is
    /// named again counts where it was named first.
    ///
    /// # Errors
    /// A pack that cannot be read or is faulty: then nothing is loaded.
    pub fn with(&self, folders: &[PathBuf]) -> Result<Arc<Policy>, Arc<PolicyError>> {
        let mut distinct: Vec<PathBuf> = Vec::with_capacity(folders.len());
        for folder in folders {
            let real = fs::canonicalize(folder).unwrap_or_else(|_| folder.clone());
            if !distinct.contains(&real) {
                distinct.push(real);
            }
        }
        if distinct.is_empty() {
            return Ok(Arc::clone(&self.built_in));
        }
        let mut read = self.read.lock().unwrap_or_else(PoisonError::into_inner);
        read.entry(distinct).or_insert_with_key(|folders| load(folders).map(Arc::new).map_err(Arc::new)).clone()
    }
}

/// The folders `below` with those in `added` over them. Where packs may be `replaced`, those below go that have the name
/// of one that is added.
pub fn joined(below: &[PathBuf], added: &[PathBuf], replaced: bool) -> Vec<PathBuf> {
    let names: Vec<String> = added.iter().filter(|_| replaced).filter_map(|folder| name_of(folder)).collect();
    let stays = |folder: &&PathBuf| names.is_empty() || name_of(folder).is_none_or(|name| !names.contains(&name));
    below.iter().filter(stays).chain(added).cloned().collect()
}

fn load(folders: &[PathBuf]) -> Result<Policy, PolicyError> {
    Policy::built_in().with(&read(folders)?)
}

fn read(folders: &[PathBuf]) -> Result<Vec<PackFiles>, PolicyError> {
    folders.iter().map(|folder| PackFiles::read(Path::new(folder))).collect()
}
