//! Where the originals of a run go: the journal at home, else one beside the file.

use std::collections::BTreeMap;
use std::io;
use std::path::{Path, PathBuf};

use super::folder::Folder;
use super::journal::{Entry, Mark, OpenRun, Purpose, Store};
use super::rights::Rights;
use super::write::reason;

/// Keeps the originals of one run.
#[derive(Debug)]
pub struct Recorder {
    home: Option<PathBuf>,
    purpose: Purpose,
    started: u64,
    at_home: Option<OpenRun>,
    beside: BTreeMap<PathBuf, OpenRun>,
    /// Why an original is kept beside its file.
    refused: Option<String>,
}

/// An original that is kept, and the mark of its file.
#[derive(Debug)]
pub(super) struct Kept {
    mark: Mark,
    /// The folder of the file when it is kept beside it.
    beside: Option<PathBuf>,
    rights: Rights,
}

impl Recorder {
    /// Nothing is made before there is something to keep. `home` is the journal's absolute path; `started` counts
    /// seconds since 1970.
    pub fn new(home: Option<PathBuf>, purpose: Purpose, started: u64) -> Self {
        Self { home, purpose, started, at_home: None, beside: BTreeMap::new(), refused: None }
    }

    /// The number of the run in the journal at home, when something was kept there.
    pub fn run(&self) -> Option<u64> {
        self.at_home.as_ref().filter(|run| !run.run.files().is_empty()).map(|run| run.run.number)
    }

    /// The folders in which originals were kept beside the files, and why not at home.
    pub fn beside(&self) -> Option<(Vec<&Path>, &str)> {
        let reason = self.refused.as_deref()?;
        let used = self.beside.iter().filter(|(_, run)| !run.run.files().is_empty());
        let folders: Vec<&Path> = used.map(|(folder, _)| folder.as_path()).collect();
        (!folders.is_empty()).then_some((folders, reason))
    }

    /// Keeps the original of a file: when this returns, it is on disk. Errors say why neither place will do.
    pub(super) fn keep(&mut self, entry: &Entry, old: &[u8], new: &[u8], rights: Rights) -> Result<Kept, String> {
        let refused = match self.keep_at_home(entry, old, new) {
            Ok(mark) => return Ok(Kept { mark, beside: None, rights: Rights::Own }),
            Err(error) => reason(&error),
        };
        let folder = entry.path.parent().unwrap_or(Path::new("/")).to_owned();
        match self.keep_beside(&folder, entry, old, new, rights) {
            Ok(mark) => {
                self.refused = Some(refused);
                Ok(Kept { mark, beside: Some(folder), rights })
            }
            Err(error) => Err(format!("not at home ({refused}), not beside it ({})", reason(&error))),
        }
    }

    /// The file is whole: its mark goes.
    pub(super) fn done(&self, kept: &Kept) {
        self.of(kept, |run| run.done(&kept.mark));
    }

    /// The file was left as it was: nothing has to be kept.
    pub(super) fn discard(&mut self, kept: &Kept) {
        self.of(kept, |run| run.discard(&kept.mark));
    }

    fn of(&self, kept: &Kept, work: impl FnOnce(&OpenRun) + Send) {
        let run = match &kept.beside {
            Some(folder) => self.beside.get(folder),
            None => self.at_home.as_ref(),
        };
        if let Some(run) = run {
            // What stays is found by the next run, which sees that the file is whole.
            let _ = kept.rights.run(|| work(run));
        }
    }

    fn keep_at_home(&mut self, entry: &Entry, old: &[u8], new: &[u8]) -> io::Result<Mark> {
        let run = match self.at_home.take() {
            Some(run) => run,
            None => self.begin_at_home()?,
        };
        self.at_home.insert(run).keep(entry, old, new)
    }

    fn begin_at_home(&self) -> io::Result<OpenRun> {
        let nowhere = || io::Error::new(io::ErrorKind::NotFound, "neither XDG_STATE_HOME nor HOME is set");
        let home = self.home.as_deref().ok_or_else(nowhere)?;
        Store::make(home)?.begin(self.purpose, self.started)
    }

    fn keep_beside(
        &mut self,
        folder: &Path,
        entry: &Entry,
        old: &[u8],
        new: &[u8],
        rights: Rights,
    ) -> io::Result<Mark> {
        let (purpose, started) = (self.purpose, self.started);
        let beside = &mut self.beside;
        rights.run(move || {
            if !beside.contains_key(folder) {
                let store = Store::beside(&Folder::open(folder)?)?;
                beside.insert(folder.to_owned(), store.begin(purpose, started)?);
            }
            beside.get_mut(folder).ok_or(io::ErrorKind::NotFound)?.keep(entry, old, new)
        })?
    }
}
