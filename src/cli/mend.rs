//! `--fix` and `--diff`: new texts, shown or written, and where the originals are kept.

use std::path::Path;
use std::sync::Arc;

use crate::check::Run;
use crate::fix::journal::Purpose;
use crate::fix::{self, Allow, Mended, Recorder};
use crate::report::{FileResult, FixRun, Fixes, human};

use super::args;
use super::check::reads_stdin;
use super::engine::Session;
use super::snapshot::Snapshot;
use super::streams::Streams;
use super::workers::Workers;

/// Mends what was checked.
pub(super) struct Mending<'a> {
    pub(super) args: &'a args::Check,
    pub(super) session: &'a Session<'a>,
    pub(super) run: &'a Run<'a>,
    pub(super) workers: &'a Workers,
    pub(super) snapshot: &'a Snapshot,
}

/// What came of `--fix`.
pub(super) struct Fixed {
    /// The files as they are now.
    pub(super) left: Vec<FileResult>,
    /// What was done.
    pub(super) done: Fixes,
    /// A file could not be written.
    pub(super) failed: bool,
}

impl Mending<'_> {
    /// Shows what would change; true when something would.
    pub(super) fn diff(&self, results: &[FileResult], streams: &mut Streams) -> bool {
        let mended = self.mend(results);
        let mut changed = false;
        for (result, mended) in results.iter().zip(&mended) {
            let (old, new) = (&result.source.bytes, &mended.source.bytes);
            if old != new {
                changed = true;
                show_diff(&result.source.path, old, new, streams);
            }
            for dropped in &mended.dropped {
                let path = result.source.path.display();
                let (line, rule, reason) = (dropped.line, &dropped.rule, &dropped.reason);
                streams.remark(&format!("{path}:{line}: fix of {rule} not applied: {reason}"));
            }
        }
        changed
    }

    /// Mends and writes.
    pub(super) fn fix(&self, results: Vec<FileResult>, streams: &mut Streams) -> Fixed {
        let mended = self.mend(&results);
        let mut recorder = Recorder::new(self.snapshot.journal(), Purpose::Fix, self.snapshot.now());
        let mut fixed = Fixed { left: Vec::new(), done: Fixes::default(), failed: false };
        for (result, mended) in results.into_iter().zip(mended) {
            fixed.take(self, result, mended, &mut recorder, streams);
        }
        fixed.done.run = recorder.run();
        if let Some((folders, reason)) = recorder.beside() {
            fixed.done.beside = folders.into_iter().map(Path::to_owned).collect();
            fixed.done.why_beside = Some(reason.to_owned());
        }
        fixed
    }

    /// The new texts; nothing is written.
    fn mend(&self, results: &[FileResult]) -> Vec<Mended> {
        if let Some(reason) = self.args.reason.as_deref().filter(|_| self.args.add_ignores) {
            return self.session.silence(self.run, results, reason.trim(), self.workers);
        }
        let allow = if self.args.unsafe_fixes { Allow::Unsafe } else { Allow::Safe };
        self.session.mend(self.run, results, allow, self.workers)
    }

    /// True for the text that came from standard input, under whatever name.
    fn is_from_stdin(&self, path: &Path) -> bool {
        let name = self.args.stdin_filename.as_deref().unwrap_or_else(|| Path::new("-"));
        reads_stdin(self.args) && path == name
    }
}

impl Fixed {
    /// Writes one file, if it changed, and notes what came of it.
    fn take(
        &mut self,
        job: &Mending<'_>,
        mut result: FileResult,
        mended: Mended,
        recorder: &mut Recorder,
        streams: &mut Streams,
    ) {
        let (mut not_written, mut note) = (None, None);
        if job.is_from_stdin(&result.source.path) {
            streams.print(|out| out.write_all(&mended.source.bytes));
        } else if mended.source.bytes != result.source.bytes {
            let (path, old, new) = (&result.source.path, &result.source.bytes, &mended.source.bytes);
            match fix::write::replace(path, old, new, Some(recorder), job.args.as_owner) {
                Ok(written) => note = written.note,
                Err(error) => not_written = Some(error.to_string()),
            }
        }
        if !mended.applied.is_empty() || !mended.dropped.is_empty() {
            self.done.files.push(FixRun {
                path: result.source.path.clone(),
                applied: mended.applied,
                dropped: mended.dropped,
                not_written: not_written.clone(),
                note,
            });
        }
        match not_written {
            Some(reason) => {
                self.failed = true;
                streams.complain(&format!("{}: not written: {reason}", result.source.path.display()));
            }
            None => {
                result.findings = mended.checked.findings;
                result.gaps = mended.checked.gaps;
                result.source = Arc::new(mended.source);
            }
        }
        self.left.push(result);
    }
}

fn show_diff(path: &Path, old: &[u8], new: &[u8], streams: &mut Streams) {
    let (palette, terminal) = (streams.palette, streams.terminal);
    streams.print(|out| {
        if terminal { human::diff(path, old, new, &palette, out) } else { fix::diff::write(out, path, old, new) }
    });
}
