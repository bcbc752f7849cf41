//! Restoring what a run changed, from the journal.

use std::fs;
use std::io;
use std::os::unix::fs::MetadataExt as _;
use std::path::Path;

use super::chmod;
use super::journal::{Recorded, Run, Store, hash};
use super::recorder::Recorder;
use super::unfinished::remove_temporary;
use super::write::{self, Error};

/// Larger than any file that is checked, in bytes.
const LIMIT: u64 = 64 << 20;

/// How a file stands to what the journal knows of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, serde::Serialize)]
#[serde(rename_all = "lowercase")]
pub enum State {
    /// It holds the new text.
    New,
    /// It holds the original.
    Original,
    /// It was written in place, and is half the one and half the other.
    Half,
    /// Somebody changed it later.
    Edited,
    /// It is not there.
    Gone,
    /// It cannot be read.
    Unreadable,
}

/// What became of a file.
#[derive(Debug)]
pub enum Restored {
    /// The original is back.
    Done,
    /// It was there already.
    Already,
}

/// Why a file was not restored.
#[derive(Debug, thiserror::Error)]
pub enum Refusal {
    /// A later edit would be lost.
    #[error("it was changed after that run; --force overwrites that (and keeps it for another undo)")]
    Edited,
    /// There is nothing to write over.
    #[error("it is gone; --force makes it again")]
    Gone,
    /// Its permissions alone are known.
    #[error("it is gone, and only its permissions were changed")]
    NoText,
    /// The journal does not give the original.
    #[error("its original cannot be read: {0}")]
    NoOriginal(io::Error),
    /// Writing failed.
    #[error(transparent)]
    Write(#[from] Error),
}

/// How the file stands now.
pub fn state(run: &Run, file: &Recorded) -> State {
    if let Some(new) = file.entry.new_mode {
        return permissions(file, new);
    }
    let current = match read(&file.entry.path) {
        Ok(current) => current,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return State::Gone,
        Err(_) => return State::Unreadable,
    };
    let now = hash(&current);
    if now == file.entry.new {
        State::New
    } else if now == file.entry.old {
        State::Original
    } else if file.entry.in_place && is_half(run, file, &current) {
        State::Half
    } else {
        State::Edited
    }
}

/// Puts the original back. What would be lost by that is a refusal; with `force` it is kept by `recorder`.
pub fn restore(
    store: &Store,
    run: &Run,
    file: &Recorded,
    force: bool,
    recorder: &mut Recorder,
    as_owner: bool,
) -> Result<Restored, Refusal> {
    let state = state(run, file);
    if file.entry.new_mode.is_some() {
        return give_back(store, run, file, (state, force), recorder, as_owner);
    }
    let original = run.original(file).map_err(Refusal::NoOriginal)?;
    let path = &file.entry.path;
    match state {
        State::Original => {}
        State::Edited if !force => return Err(Refusal::Edited),
        State::Gone if !force => return Err(Refusal::Gone),
        State::Gone => write::make(path, &original, file.entry.mode)?,
        State::New | State::Half | State::Edited | State::Unreadable => {
            let current = read(path).map_err(Error::Refused)?;
            // What the journal knows already needs no keeping, and no room.
            let keep = (state == State::Edited).then_some(recorder);
            let _mark = file.entry.in_place.then(|| store.mark(run.number, file.number));
            write::replace(path, &current, &original, keep, as_owner)?;
        }
    }
    remove_temporary(file);
    store.forget(run.number, file.number);
    run.mark_restored(file);
    Ok(if state == State::Original { Restored::Already } else { Restored::Done })
}

/// The same for a file whose permissions alone were changed.
fn give_back(
    store: &Store,
    run: &Run,
    file: &Recorded,
    (state, force): (State, bool),
    recorder: &mut Recorder,
    as_owner: bool,
) -> Result<Restored, Refusal> {
    let keep = match state {
        State::Original => None,
        State::Gone => return Err(Refusal::NoText),
        State::Edited if !force => return Err(Refusal::Edited),
        State::Edited => Some(recorder),
        State::New | State::Half | State::Unreadable => None,
    };
    if state != State::Original {
        chmod::give(&file.entry.path, file.entry.mode, keep, as_owner)?;
    }
    store.forget(run.number, file.number);
    run.mark_restored(file);
    Ok(if state == State::Original { Restored::Already } else { Restored::Done })
}

/// How the permissions of a file stand to those that it had, and got.
fn permissions(file: &Recorded, new: u32) -> State {
    match fs::symlink_metadata(&file.entry.path).map(|meta| meta.mode() & 0o7777) {
        Ok(now) if now == new => State::New,
        Ok(now) if now == file.entry.mode => State::Original,
        Ok(_) => State::Edited,
        Err(error) if error.kind() == io::ErrorKind::NotFound => State::Gone,
        Err(_) => State::Unreadable,
    }
}

fn read(path: &Path) -> io::Result<Vec<u8>> {
    let meta = fs::symlink_metadata(path)?;
    if !meta.is_file() || meta.len() > LIMIT {
        return Err(io::Error::other("no regular file, or too large"));
    }
    fs::read(path)
}

/// True when every byte is that of the old or of the new text: what a write that was cut off leaves.
fn is_half(run: &Run, file: &Recorded, current: &[u8]) -> bool {
    let (Ok(old), Ok(new)) = (run.original(file), run.new_text(file)) else { return false };
    let lengths = old.len().min(new.len())..=old.len().max(new.len());
    lengths.contains(&current.len())
        && current.iter().enumerate().all(|(at, byte)| old.get(at) == Some(byte) || new.get(at) == Some(byte))
}
