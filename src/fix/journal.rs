//! The undo journal: the original of each file, on disk before anything is replaced.
//!
//! A journal is a folder; each run that writes has a numbered folder in it: `run.json`, and for the file N of the
//! run `N.old.bin` (the original; not where its permissions alone were changed), `N.json` (which file, and how the new
//! text is known; written last), for a file written in place `N.new.bin`, and once it is restored `N.restored`.
//! `writing/RUN-N` exists while that file is being written, and is locked by the process that does it.

use std::ffi::{OsStr, OsString};
use std::fs::{self, File};
use std::io::{self, Write};
use std::os::unix::ffi::{OsStrExt, OsStringExt};
use std::os::unix::fs::{DirBuilderExt, MetadataExt};
use std::path::{Path, PathBuf};

use rustix::fs::FlockOperation;
use serde::{Deserialize, Serialize};

use super::folder::Folder;

/// So many runs are kept.
pub const KEPT_RUNS: usize = 20;

/// Larger than any file that is checked, in bytes.
const LIMIT: u64 = 64 << 20;

/// The format of the files.
const VERSION: u32 = 1;

/// Marks of files that are being written.
pub(super) const WRITING: &str = "writing";

/// What made a run.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Purpose {
    /// `check --fix`.
    Fix,
    /// `undo --force`, which overwrote something.
    Undo,
}

#[derive(Serialize, Deserialize)]
struct Head {
    version: u32,
    /// Seconds since 1970.
    started: u64,
    purpose: Purpose,
}

/// What is known of one file of a run.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Entry {
    /// The file, without links in its path.
    #[serde(with = "bytes_of_path")]
    pub path: PathBuf,
    /// Hash of the original.
    pub old: String,
    /// Hash of the new text.
    pub new: String,
    /// Permissions of the original.
    pub mode: u32,
    /// Permissions after the run, where these alone were changed: no text is kept then.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub new_mode: Option<u32>,
    /// Owner of the file.
    pub owner: u32,
    /// Its group.
    pub group: u32,
    /// Written in place, not replaced.
    pub in_place: bool,
    /// Name of the temporary file in its folder.
    #[serde(with = "bytes_of_name")]
    pub temporary: OsString,
}

/// One journal, opened.
#[derive(Debug)]
pub struct Store {
    folder: Folder,
}

/// One run in a journal.
#[derive(Debug)]
pub struct Run {
    /// Its number, from 1.
    pub number: u64,
    /// When it began, in seconds since 1970.
    pub started: u64,
    /// What made it.
    pub purpose: Purpose,
    folder: Folder,
}

/// A file of a run.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Recorded {
    /// Its number in the run, from 1.
    pub number: u64,
    /// What is known of it.
    pub entry: Entry,
    /// It was restored.
    pub restored: bool,
}

/// A run that is being written.
#[derive(Debug)]
pub(super) struct OpenRun {
    pub(super) run: Run,
    writing: Folder,
    files: u64,
}

/// The mark of a file that is being written; it holds a lock.
#[derive(Debug)]
pub(super) struct Mark {
    file: u64,
    name: String,
    _lock: File,
}

/// The name of a journal beside files: each user has one of their own.
pub fn name_beside(user: u32) -> String {
    format!(".pydoctor-undo-{user}")
}

/// The hash by which a text is known.
pub fn hash(bytes: &[u8]) -> String {
    blake3::hash(bytes).to_hex().to_string()
}

impl Store {
    /// Opens a journal that exists. `None` when there is none, or when somebody else could have written it.
    pub fn open(path: &Path) -> Option<Self> {
        let folder = Folder::open(&fs::canonicalize(path).ok()?).ok()?;
        is_ours(&folder).then_some(Self { folder })
    }

    /// Opens the journal of that absolute path, and makes it if need be.
    pub(super) fn make(path: &Path) -> io::Result<Self> {
        let is_roots = |folder: &Path| fs::metadata(folder).is_ok_and(|meta| meta.uid() == 0);
        let existing = path.ancestors().find(|folder| folder.exists());
        let mine = existing.is_some_and(is_roots);
        if rustix::process::geteuid().is_root() && !mine {
            // `sudo` that keeps HOME: what root makes there would be in its owner's way.
            return Err(io::Error::new(io::ErrorKind::PermissionDenied, "it is not root's"));
        }
        fs::DirBuilder::new().recursive(true).mode(0o700).create(path)?;
        // The names of new folders are on disk when those above are.
        for above in
            path.ancestors().skip(1).take_while(|above| existing.is_some_and(|existing| above.starts_with(existing)))
        {
            let _ = File::open(above).and_then(|above| above.sync_all());
        }
        let folder = Folder::open(&fs::canonicalize(path)?)?;
        if !is_ours(&folder) {
            return Err(io::Error::new(io::ErrorKind::PermissionDenied, "others may write there"));
        }
        Ok(Self { folder })
    }

    /// The journal beside files in `folder`, which is made if need be.
    pub(super) fn beside(folder: &Folder) -> io::Result<Self> {
        let name = name_beside(rustix::process::geteuid().as_raw());
        let folder = match folder.make(&name) {
            Err(error) if error.kind() == io::ErrorKind::AlreadyExists => folder.folder(&name)?,
            made => made?,
        };
        if !is_ours(&folder) {
            return Err(io::Error::new(io::ErrorKind::PermissionDenied, "others may write there"));
        }
        Ok(Self { folder })
    }

    /// Where it is.
    pub fn path(&self) -> &Path {
        &self.folder.path
    }

    /// The numbers of its runs, the newest last.
    pub fn numbers(&self) -> Vec<u64> {
        let names = self.folder.names().unwrap_or_default();
        let mut numbers: Vec<u64> = names.iter().filter_map(|name| name.to_str()?.parse().ok()).collect();
        numbers.sort_unstable();
        numbers
    }

    /// A run. `None` when it is not whole.
    pub fn run(&self, number: u64) -> Option<Run> {
        let folder = self.folder.folder(number.to_string()).ok()?;
        let head: Head = serde_json::from_slice(&folder.read("run.json", LIMIT).ok()?).ok()?;
        (head.version == VERSION).then_some(Run { number, started: head.started, purpose: head.purpose, folder })
    }

    /// Begins a run, and forgets those that are too old.
    pub(super) fn begin(&self, purpose: Purpose, started: u64) -> io::Result<OpenRun> {
        let writing = match self.folder.make(WRITING) {
            Err(error) if error.kind() == io::ErrorKind::AlreadyExists => self.folder.folder(WRITING)?,
            made => made?,
        };
        let mut number = self.numbers().last().copied().unwrap_or(0) + 1;
        let folder = loop {
            match self.folder.make(number.to_string()) {
                Err(error) if error.kind() == io::ErrorKind::AlreadyExists => number += 1,
                made => break made?,
            }
        };
        let head = Head { version: VERSION, started, purpose };
        let saved = save(&folder, "run.json", &serde_json::to_vec(&head)?).and_then(|()| self.folder.sync());
        if let Err(error) = saved {
            let _ = folder.remove("run.json");
            let _ = self.folder.remove_folder(number.to_string());
            return Err(error);
        }
        self.prune(&writing);
        Ok(OpenRun { run: Run { number, started, purpose, folder }, writing, files: 0 })
    }

    /// Removes the oldest runs, except those of which a file is perhaps half written.
    fn prune(&self, writing: &Folder) {
        let numbers = self.numbers();
        let marks = writing.names().unwrap_or_default();
        let old = &numbers[..numbers.len().saturating_sub(KEPT_RUNS)];
        for number in old {
            let prefix = format!("{number}-");
            if marks.iter().any(|mark| mark.as_bytes().starts_with(prefix.as_bytes())) {
                continue;
            }
            // What cannot be removed is tried again by the next run.
            let Ok(folder) = self.folder.folder(number.to_string()) else { continue };
            for name in folder.names().unwrap_or_default() {
                let _ = folder.remove(name);
            }
            let _ = self.folder.remove_folder(number.to_string());
        }
    }

    /// The files whose writing was begun and not ended, and which nobody is writing any more.
    pub fn unfinished(&self) -> Vec<(u64, u64)> {
        let Ok(writing) = self.folder.folder(WRITING) else { return Vec::new() };
        let mut found: Vec<(u64, u64)> = Vec::new();
        for name in writing.names().unwrap_or_default() {
            let numbers = name.to_str().and_then(|name| name.split_once('-'));
            let Some((Ok(run), Ok(file))) = numbers.map(|(run, file)| (run.parse(), file.parse())) else { continue };
            let is_left = writing.file(&name).is_ok_and(|mark| lock(&mark).is_ok());
            if is_left {
                found.push((run, file));
            }
        }
        found.sort_unstable();
        found
    }

    /// Marks a file that is written again in place.
    pub(super) fn mark(&self, run: u64, file: u64) -> Option<Mark> {
        Mark::new(&self.folder.folder(WRITING).ok()?, run, file).ok()
    }

    /// Takes the mark of an unfinished file away.
    pub fn forget(&self, run: u64, file: u64) {
        if let Ok(writing) = self.folder.folder(WRITING) {
            let _ = writing.remove(format!("{run}-{file}"));
        }
    }
}

impl Run {
    /// Its files, in the order in which they were written.
    pub fn files(&self) -> Vec<Recorded> {
        let names = self.folder.names().unwrap_or_default();
        let number = |name: &OsString| name.to_str()?.strip_suffix(".json")?.parse::<u64>().ok();
        let mut numbers: Vec<u64> = names.iter().filter_map(number).collect();
        numbers.sort_unstable();
        numbers.into_iter().filter_map(|number| self.file(number)).collect()
    }

    /// One file.
    pub fn file(&self, number: u64) -> Option<Recorded> {
        let entry = serde_json::from_slice(&self.folder.read(format!("{number}.json"), LIMIT).ok()?).ok()?;
        let restored = self.folder.identity(format!("{number}.restored")).is_ok();
        Some(Recorded { number, entry, restored })
    }

    /// The original of a file. Errors: it cannot be read, or is not what was kept.
    pub fn original(&self, file: &Recorded) -> io::Result<Vec<u8>> {
        let bytes = self.folder.read(format!("{}.old.bin", file.number), LIMIT)?;
        if hash(&bytes) == file.entry.old { Ok(bytes) } else { Err(io::Error::other("the journal is damaged")) }
    }

    /// The new text of a file that was written in place.
    pub fn new_text(&self, file: &Recorded) -> io::Result<Vec<u8>> {
        self.folder.read(format!("{}.new.bin", file.number), LIMIT)
    }

    /// Remembers that a file was restored.
    pub fn mark_restored(&self, file: &Recorded) {
        // Without the mark the next undo says that nothing is to be done.
        let _ = self.folder.create(format!("{}.restored", file.number));
    }
}

impl OpenRun {
    /// Keeps the original of one file: when this returns, it is on disk. The mark is to be given back.
    pub(super) fn keep(&mut self, entry: &Entry, old: &[u8], new: &[u8]) -> io::Result<Mark> {
        self.files += 1;
        self.write(self.files, entry, old, new).inspect_err(|_| self.forget(self.files))
    }

    fn write(&self, number: u64, entry: &Entry, old: &[u8], new: &[u8]) -> io::Result<Mark> {
        let folder = &self.run.folder;
        if entry.new_mode.is_none() {
            save(folder, &format!("{number}.old.bin"), old)?;
        }
        if entry.in_place {
            save(folder, &format!("{number}.new.bin"), new)?;
        }
        save(folder, "entry.bin", &serde_json::to_vec(entry)?)?;
        folder.rename("entry.bin", format!("{number}.json"))?;
        folder.sync()?;
        let mark = Mark::new(&self.writing, self.run.number, number)?;
        if entry.in_place {
            // Half a file is noticed by this mark.
            self.writing.sync()?;
        }
        Ok(mark)
    }

    fn forget(&self, number: u64) {
        for name in ["json", "old.bin", "new.bin"].map(|end| format!("{number}.{end}")) {
            let _ = self.run.folder.remove(name);
        }
        let _ = self.run.folder.remove("entry.bin");
    }

    /// The file is whole.
    pub(super) fn done(&self, mark: &Mark) {
        let _ = self.writing.remove(&mark.name);
    }

    /// The file was not written: forgets it.
    pub(super) fn discard(&self, mark: &Mark) {
        self.forget(mark.file);
        self.done(mark);
    }
}

impl Mark {
    fn new(writing: &Folder, run: u64, file: u64) -> io::Result<Self> {
        let name = format!("{run}-{file}");
        // A mark under its name is locked, or nobody writes the file any more.
        let unnamed = format!("new-{name}");
        let mark = writing.create(&unnamed)?;
        lock(&mark)?;
        writing.rename(&unnamed, &name)?;
        Ok(Self { file, name, _lock: mark })
    }
}

/// Writes a file that must not exist, and forces it to disk.
fn save(folder: &Folder, name: &str, bytes: &[u8]) -> io::Result<()> {
    let write = || {
        let mut file = folder.create(name)?;
        file.write_all(bytes)?;
        file.sync_all()
    };
    write().inspect_err(|_| {
        // Half of it is worth nothing, and the room is needed.
        let _ = folder.remove(name);
    })
}

/// Locks a mark. Where the file system has no locks, marks do without.
fn lock(mark: &File) -> io::Result<()> {
    match rustix::fs::flock(mark, FlockOperation::NonBlockingLockExclusive) {
        Err(rustix::io::Errno::WOULDBLOCK) => Err(io::ErrorKind::WouldBlock.into()),
        _ => Ok(()),
    }
}

/// True for a folder that only this user can have written.
fn is_ours(folder: &Folder) -> bool {
    let me = rustix::process::geteuid().as_raw();
    folder.metadata().is_ok_and(|meta| meta.uid() == me && meta.mode() & 0o022 == 0)
}

/// Paths are bytes: text where they are text.
#[derive(Serialize, Deserialize)]
#[serde(untagged)]
enum Bytes {
    Text(String),
    Other(Vec<u8>),
}

impl Bytes {
    fn of(name: &OsStr) -> Self {
        name.to_str().map_or_else(|| Self::Other(name.as_bytes().to_owned()), |text| Self::Text(text.to_owned()))
    }

    fn name(self) -> OsString {
        match self {
            Self::Text(text) => text.into(),
            Self::Other(bytes) => OsString::from_vec(bytes),
        }
    }
}

mod bytes_of_path {
    use super::*;
    pub(super) fn serialize<S: serde::Serializer>(path: &Path, out: S) -> Result<S::Ok, S::Error> {
        Bytes::of(path.as_os_str()).serialize(out)
    }
    pub(super) fn deserialize<'de, D: serde::Deserializer<'de>>(from: D) -> Result<PathBuf, D::Error> {
        Ok(Bytes::deserialize(from)?.name().into())
    }
}

mod bytes_of_name {
    use super::*;
    pub(super) fn serialize<S: serde::Serializer>(name: &OsStr, out: S) -> Result<S::Ok, S::Error> {
        Bytes::of(name).serialize(out)
    }
    pub(super) fn deserialize<'de, D: serde::Deserializer<'de>>(from: D) -> Result<OsString, D::Error> {
        Ok(Bytes::deserialize(from)?.name())
    }
}
