//! Files whose writing an earlier run did not end: it was killed, or the machine went down.

use std::path::{Path, PathBuf};

use super::folder::Folder;
use super::journal::{Recorded, Run, Store, WRITING};
use super::rights::Rights;
use super::undo::{State, state};

/// A file that is perhaps half the old and half the new text.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Unfinished {
    /// The file.
    pub path: PathBuf,
    /// The run that was writing it.
    pub run: u64,
    /// True when somebody changed it since.
    pub edited: bool,
}

/// What runs left behind that are over. Costs one look into a folder when there is nothing.
pub fn unfinished(journal: &Path) -> Vec<Unfinished> {
    let Some(store) = store(journal) else { return Vec::new() };
    let left = left(&store);
    left.iter().filter_map(|(run, file)| damage(run, file)).collect()
}

/// The same, and takes away what is left of files that are whole: temporary files and marks.
pub fn tidy(journal: &Path) -> Vec<Unfinished> {
    let Some(store) = store(journal) else { return Vec::new() };
    let mut found = Vec::new();
    for (run, file) in left(&store) {
        match damage(&run, &file) {
            Some(damage) => found.push(damage),
            None => {
                remove_temporary(&file);
                store.forget(run.number, file.number);
            }
        }
    }
    found
}

fn store(journal: &Path) -> Option<Store> {
    let something = std::fs::read_dir(journal.join(WRITING)).is_ok_and(|mut marks| marks.next().is_some());
    if something { Store::open(journal) } else { None }
}

fn left(store: &Store) -> Vec<(Run, Recorded)> {
    let of_mark = |(run, file)| {
        let run = store.run(run)?;
        let file = run.file(file)?;
        Some((run, file))
    };
    store.unfinished().into_iter().filter_map(of_mark).collect()
}

/// Only a file that was written in place can be neither the one nor the other text.
fn damage(run: &Run, file: &Recorded) -> Option<Unfinished> {
    let edited = match state(run, file) {
        State::Half => false,
        State::Edited => file.entry.in_place.then_some(true)?,
        State::New | State::Original | State::Gone | State::Unreadable => return None,
    };
    Some(Unfinished { path: file.entry.path.clone(), run: run.number, edited })
}

/// Removes the temporary file of a file that was being written.
pub(super) fn remove_temporary(file: &Recorded) {
    let entry = &file.entry;
    let Some(folder) = entry.path.parent().filter(|_| !entry.temporary.is_empty()) else { return };
    let me = rustix::process::geteuid();
    let rights = match me.is_root() && entry.owner != 0 {
        true => Rights::Owner { user: entry.owner, group: entry.group },
        false => Rights::Own,
    };
    // Its name is random, and nobody else's: what cannot be removed is no harm.
    let _ = rights.run(|| Folder::open(folder).and_then(|folder| folder.remove(&entry.temporary)));
}
