//! `pydoctor undo`: what `--fix` changed, and putting it back.

use std::collections::BTreeSet;
use std::fs;
use std::io::{self, Write};
use std::path::{Path, PathBuf};

use anyhow::bail;
use serde::Serialize;

use crate::fix::Recorder;
use crate::fix::journal::{Purpose, Recorded, Run, Store, name_beside};
use crate::fix::undo::{self, Restored, State};
use crate::report::for_terminal;

use super::Status;
use super::args::{self, ListFormat};
use super::snapshot::Snapshot;
use super::streams::{Streams, emit};

/// So many files of a run are listed for people.
const SHOWN: usize = 10;

/// A run with the journal that it lies in.
struct Kept<'s> {
    store: &'s Store,
    run: Run,
    files: Vec<Recorded>,
}

/// Runs `pydoctor undo`.
pub(super) fn run(args: &args::Undo, snapshot: &Snapshot, streams: &mut Streams) -> anyhow::Result<Status> {
    let stores = stores(args, snapshot);
    let runs = runs(&stores);
    let wanted = match (args.run, args.last, args.files.as_slice()) {
        (None, false, []) => {
            list(&runs, args, snapshot, streams)?;
            return Ok(Status::Clean);
        }
        (None, false, files) => newest_of_files(&runs, files)?,
        (Some(number), _, files) => of_run(&runs, files, &format!("run {number}"), |kept| kept.run.number == number)?,
        (None, true, files) => {
            let newest = runs.iter().position(Kept::is_to_undo);
            let Some(newest) = newest else { bail!("nothing is left to undo; `pydoctor undo` lists what was changed") };
            of_run(&runs[newest..=newest], files, "the last run", |_| true)?
        }
    };
    let mut recorder = Recorder::new(snapshot.journal(), Purpose::Undo, snapshot.now());
    let mut status = Status::Clean;
    for (kept, file) in wanted {
        let path = file.entry.path.display();
        let what = match file.entry.new_mode {
            Some(_) => format!("the permissions {:o} that it had", file.entry.mode),
            None => "what it was".to_owned(),
        };
        match undo::restore(kept.store, &kept.run, file, args.force, &mut recorder, args.as_owner) {
            Ok(Restored::Done) => say(streams, &format!("{path}: restored to {what} before run {}", kept.run.number)),
            Ok(Restored::Already) => say(streams, &format!("{path}: is as it was before run {}", kept.run.number)),
            Err(error) => {
                status = Status::Trouble;
                streams.complain(&format!("{path}: not restored: {error}"));
            }
        }
    }
    if let Some(run) = recorder.run() {
        say(streams, &format!("what was overwritten is kept: `pydoctor undo --run {run}` brings it back"));
    }
    Ok(status)
}

fn say(streams: &mut Streams, line: &str) {
    streams.print(|out| writeln!(out, "{}", for_terminal(line)));
}

/// The journals: at home, and those beside the files named, or in this folder.
fn stores(args: &args::Undo, snapshot: &Snapshot) -> Vec<Store> {
    let beside = name_beside(rustix::process::geteuid().as_raw());
    let mut folders = vec![snapshot.cwd.clone()];
    let folder_of = |file: &PathBuf| Some(real(&snapshot.cwd.join(file)).parent()?.to_owned());
    folders.extend(args.files.iter().filter_map(folder_of));
    let paths = folders.into_iter().map(|folder| folder.join(&beside));
    let mut seen = BTreeSet::new();
    let open = snapshot.journal().into_iter().chain(paths).filter_map(|path| Store::open(&path));
    open.filter(|store| seen.insert(store.path().to_owned())).collect()
}

/// All runs that changed something, the newest first.
fn runs(stores: &[Store]) -> Vec<Kept<'_>> {
    let of_store = |store| {
        let numbers = Store::numbers(store).into_iter();
        numbers.filter_map(move |number| Kept::new(store, store.run(number)?))
    };
    let mut runs: Vec<Kept<'_>> = stores.iter().flat_map(of_store).collect();
    runs.sort_by_key(|kept| std::cmp::Reverse((kept.run.started, kept.run.number)));
    runs
}

impl<'s> Kept<'s> {
    fn new(store: &'s Store, run: Run) -> Option<Self> {
        let files = run.files();
        (!files.is_empty()).then_some(Self { store, run, files })
    }

    /// What the run did to one file.
    fn of(&self, path: &Path) -> impl Iterator<Item = (&Self, &Recorded)> {
        self.files.iter().filter(move |file| file.entry.path == path).map(move |file| (self, file))
    }

    /// True for a run of `--fix` of which something was not restored yet.
    fn is_to_undo(&self) -> bool {
        self.run.purpose == Purpose::Fix && self.files.iter().any(|file| !file.restored)
    }
}

type Wanted<'k> = Vec<(&'k Kept<'k>, &'k Recorded)>;

/// Of each file the newest run whose text it holds, else the newest run that changed it.
fn newest_of_files<'k>(runs: &'k [Kept<'k>], files: &[PathBuf]) -> anyhow::Result<Wanted<'k>> {
    let mut wanted = Vec::new();
    for path in files {
        let real = real(path);
        let all = || runs.iter().flat_map(|kept| kept.files.iter().map(move |file| (kept, file)));
        let of_file = || all().filter(|(_, file)| file.entry.path == real);
        let fits = |kept: &Kept<'_>, file| matches!(undo::state(&kept.run, file), State::New | State::Half);
        let found = of_file().find(|(kept, file)| fits(kept, file)).or_else(|| of_file().next());
        match found {
            // A run may have changed its text and its permissions.
            Some((kept, _)) => wanted.extend(kept.of(&real)),
            None => bail!("{}: no run that is kept changed it; `pydoctor undo` lists them", path.display()),
        }
    }
    Ok(wanted)
}

/// The files of one run, or those of `files` in it.
fn of_run<'k>(
    runs: &'k [Kept<'k>],
    files: &[PathBuf],
    name: &str,
    is_it: impl Fn(&Kept<'_>) -> bool,
) -> anyhow::Result<Wanted<'k>> {
    let found: Vec<&Kept<'_>> = runs.iter().filter(|kept| is_it(kept)).collect();
    let kept = match found.as_slice() {
        [] => bail!("there is no {name}; `pydoctor undo` lists those that are kept"),
        [kept] => *kept,
        [_, other, ..] => {
            bail!(
                "{name} is in several journals, one of them in {}; name the files instead",
                other.store.path().display()
            )
        }
    };
    if files.is_empty() {
        // What was restored already may have been edited since.
        let all_restored = kept.files.iter().all(|file| file.restored);
        let wanted = kept.files.iter().filter(|file| all_restored || !file.restored);
        return Ok(wanted.map(|file| (kept, file)).collect());
    }
    let mut wanted = Vec::new();
    for path in files {
        let real = real(path);
        match kept.files.iter().any(|file| file.entry.path == real) {
            true => wanted.extend(kept.of(&real)),
            false => bail!("{}: {name} did not change it; `pydoctor undo` lists what it changed", path.display()),
        }
    }
    Ok(wanted)
}

/// The path without links, as journals know it; also of a file that is gone.
fn real(path: &Path) -> PathBuf {
    let whole = || std::path::absolute(path).unwrap_or_else(|_| path.to_owned());
    fs::canonicalize(path).unwrap_or_else(|_| match (whole().parent().map(fs::canonicalize), path.file_name()) {
        (Some(Ok(folder)), Some(name)) => folder.join(name),
        _ => whole(),
    })
}

fn list(runs: &[Kept<'_>], args: &args::Undo, snapshot: &Snapshot, streams: &mut Streams) -> anyhow::Result<()> {
    let now = snapshot.now();
    emit(&args.format, streams, |format, out| match format {
        ListFormat::Json => as_json(runs, out),
        ListFormat::Human => for_people(runs, now, out),
    })
}

fn for_people(runs: &[Kept<'_>], now: u64, out: &mut dyn Write) -> io::Result<()> {
    if runs.is_empty() {
        return writeln!(out, "nothing to undo: no file was changed by `pydoctor check --fix`");
    }
    for kept in runs {
        let what = match kept.run.purpose {
            Purpose::Fix => "",
            Purpose::Undo => ", by `undo --force`",
        };
        let count = kept.files.len();
        let files = if count == 1 { "1 file".to_owned() } else { format!("{count} files") };
        writeln!(out, "run {}, {}: {files}{what}", kept.run.number, age(now.saturating_sub(kept.run.started)))?;
        for file in kept.files.iter().take(SHOWN) {
            let rights = file.entry.new_mode.map(|new| format!("  (permissions {:o}, now {new:o})", file.entry.mode));
            let state = match undo::state(&kept.run, file) {
                State::New => "",
                State::Original => "  (as it was before)",
                State::Half => "  (half written)",
                State::Edited => "  (changed later)",
                State::Gone => "  (gone)",
                State::Unreadable => "  (cannot be read)",
            };
            let rights = rights.filter(|_| state.is_empty()).unwrap_or_default();
            writeln!(out, "  {}{rights}{state}", for_terminal(&file.entry.path.to_string_lossy()))?;
        }
        if count > SHOWN {
            writeln!(out, "  and {} more", count - SHOWN)?;
        }
    }
    writeln!(
        out,
        "`pydoctor undo FILE` restores a file, `pydoctor undo --run N` a run, `pydoctor undo --last` the last one"
    )
}

/// How long ago, in the largest unit that fits.
fn age(seconds: u64) -> String {
    let (number, unit) = match seconds {
        0..60 => return "just now".to_owned(),
        60..3600 => (seconds / 60, "minute"),
        3600..86400 => (seconds / 3600, "hour"),
        _ => (seconds / 86400, "day"),
    };
    format!("{number} {unit}{} ago", if number == 1 { "" } else { "s" })
}

#[derive(Serialize)]
struct Document {
    version: u32,
    runs: Vec<RunOf>,
}

#[derive(Serialize)]
struct RunOf {
    run: u64,
    started: u64,
    purpose: Purpose,
    journal: String,
    files: Vec<FileOf>,
}

#[derive(Serialize)]
struct FileOf {
    path: String,
    state: State,
    restored: bool,
    /// Permissions before the run, where these alone were changed.
    #[serde(skip_serializing_if = "Option::is_none")]
    permissions: Option<String>,
}

fn as_json(runs: &[Kept<'_>], out: &mut dyn Write) -> io::Result<()> {
    let file = |kept: &Kept<'_>, file: &Recorded| FileOf {
        path: file.entry.path.to_string_lossy().into_owned(),
        state: undo::state(&kept.run, file),
        restored: file.restored,
        permissions: file.entry.new_mode.map(|_| format!("{:o}", file.entry.mode)),
    };
    let runs = runs.iter().map(|kept| RunOf {
        run: kept.run.number,
        started: kept.run.started,
        purpose: kept.run.purpose,
        journal: kept.store.path().to_string_lossy().into_owned(),
        files: kept.files.iter().map(|recorded| file(kept, recorded)).collect(),
    });
    serde_json::to_writer(&mut *out, &Document { version: 1, runs: runs.collect() })?;
    writeln!(out)
}
