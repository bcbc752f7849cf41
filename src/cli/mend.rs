//! `--fix` and `--diff`: new texts, shown or written, and where the originals are kept.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use crate::check::{Finding, Run};
use crate::fix::journal::{Purpose, name_beside};
use crate::fix::unfinished::{self, Unfinished};
use crate::fix::{self, Allow, Dropped, Mended, RealSyntax, Recorder};
use crate::policy::Applicability;
use crate::report::{FileResult, FixRun, Fixes, human};
use crate::source::Source;

use super::args;
use super::ask::Questions;
use super::check::reads_stdin;
use super::engine::{Engine, Session};
use super::snapshot::Snapshot;
use super::streams::Streams;
use super::workers::Workers;

/// Mends what was checked.
pub(super) struct Mending<'a> {
    pub(super) args: &'a args::Check,
    pub(super) session: &'a Session<'a>,
    pub(super) runs: &'a [Run<'a>],
    pub(super) workers: &'a Workers,
    pub(super) engine: &'a Engine,
    /// Files that are not touched: what an earlier run left half written.
    pub(super) half_written: BTreeSet<PathBuf>,
    pub(super) snapshot: &'a Snapshot,
    /// With questions: what is safe is not asked about.
    pub(super) safe_unasked: bool,
}

/// What came of `--fix`.
pub(super) struct Fixed {
    /// The files as they are now.
    pub(super) left: Vec<FileResult>,
    /// What was done.
    pub(super) done: Fixes,
    /// A file could not be written.
    pub(super) failed: bool,
    /// Fixes of what is left that were tried and do not stand.
    pub(super) refused: Refused,
}

/// Fixes that were tried and do harm or nothing: what is offered and will not be done.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Refused {
    /// Safe ones.
    pub(super) safe: usize,
    /// Unsafe ones.
    pub(super) other: usize,
}

impl Refused {
    /// Adds those of one file, by the findings that offer them.
    fn count(&mut self, findings: &[Finding], dropped: &[Dropped]) {
        let mut dropped: Vec<&Dropped> = dropped.iter().collect();
        for finding in findings.iter().filter(|finding| finding.suppressed.is_none()) {
            let Some(fix) = &finding.fix else { continue };
            let at = dropped.iter().position(|one| one.rule == finding.rule && one.title == fix.title);
            let Some(at) = at else { continue };
            dropped.remove(at);
            match fix.applicability {
                Applicability::Safe => self.safe += 1,
                Applicability::Unsafe => self.other += 1,
                Applicability::Display => {}
            }
        }
    }
}

impl Mending<'_> {
    /// Shows what would change. Gives whether something would, and how many fixes would not stand.
    pub(super) fn diff(&self, results: &[FileResult], streams: &mut Streams) -> (bool, Refused) {
        let mended = self.mend(results);
        let (mut changed, mut refused) = (false, Refused::default());
        for (result, mended) in results.iter().zip(&mended) {
            let (old, new) = (&result.source.bytes, &mended.source.bytes);
            if old != new {
                changed = true;
                show_diff(&result.source.path, old, new, streams);
            }
            refused.count(&result.findings, &mended.dropped);
            for dropped in &mended.dropped {
                let path = result.source.path.display();
                let (line, rule, reason) = (dropped.line, &dropped.rule, &dropped.reason);
                streams.remark(&format!("{path}:{line}: fix of {rule} not applied: {reason}"));
            }
        }
        (changed, refused)
    }

    /// Mends and writes.
    pub(super) fn fix(&self, results: Vec<FileResult>, streams: &mut Streams) -> Fixed {
        let mut recorder = self.recorder();
        let mut fixed = self.fix_recorded(results, &mut recorder, streams);
        fixed.done.silences = self.args.add_ignores;
        fixed.tell_kept(&recorder);
        fixed
    }

    /// Where originals go.
    pub(super) fn recorder(&self) -> Recorder {
        Recorder::new(self.snapshot.journal(), Purpose::Fix, self.snapshot.now())
    }

    /// The same, as a part of a run.
    pub(super) fn fix_recorded(
        &self,
        results: Vec<FileResult>,
        recorder: &mut Recorder,
        streams: &mut Streams,
    ) -> Fixed {
        let mut fixed = Fixed { left: Vec::new(), done: Fixes::default(), failed: false, refused: Refused::default() };
        if self.args.interactive {
            // Nothing may write over the question while somebody thinks.
            streams.progress.finish();
            // One file after the other, so that what was answered stays when the rest is given up.
            let questions = Questions::new(self.engine, streams.palette);
            let syntax = RealSyntax::find();
            for (index, result) in results.into_iter().enumerate() {
                let taken = |finding: &Finding| {
                    let fix = finding.fix.as_ref().filter(|_| self.safe_unasked);
                    fix.is_some_and(|fix| fix.applicability == Applicability::Safe)
                };
                let wanted = |source: &Source, finding: &Finding| taken(finding) || questions.wants(source, finding);
                let mended = self.session.mend_one(self.runs, index, &result, self.allow(), &wanted, &syntax);
                fixed.take(self, result, mended, recorder, streams);
            }
        } else {
            let mended = self.mend(&results);
            for (result, mended) in results.into_iter().zip(mended) {
                fixed.take(self, result, mended, recorder, streams);
            }
        }
        fixed
    }

    fn allow(&self) -> Allow {
        if self.args.unsafe_fixes { Allow::Unsafe } else { Allow::Safe }
    }

    /// The new texts; nothing is written.
    fn mend(&self, results: &[FileResult]) -> Vec<Mended> {
        if let Some(reason) = self.args.reason.as_deref().filter(|_| self.args.add_ignores) {
            return self.session.silence(self.runs, results, reason.trim(), self.workers);
        }
        self.session.mend(self.runs, results, self.allow(), self.workers)
    }

    /// True for the text that came from standard input, under whatever name.
    fn is_from_stdin(&self, path: &Path) -> bool {
        let name = self.args.stdin_filename.as_deref().unwrap_or_else(|| Path::new("-"));
        reads_stdin(self.args) && path == name
    }
}

impl Fixed {
    /// Notes where originals were kept.
    pub(super) fn tell_kept(&mut self, recorder: &Recorder) {
        self.done.run = recorder.run();
        if let Some((folders, reason)) = recorder.beside() {
            self.done.beside = folders.into_iter().map(Path::to_owned).collect();
            self.done.why_beside = Some(reason.to_owned());
        }
    }

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
            if fs::canonicalize(path).is_ok_and(|path| job.half_written.contains(&path)) {
                not_written = Some("it is half written; restore it first".to_owned());
            } else {
                match fix::write::replace(path, old, new, Some(recorder), job.args.as_owner) {
                    Ok(written) => note = written.note,
                    Err(error) => not_written = Some(error.to_string()),
                }
            }
        }
        if not_written.is_none() {
            self.refused.count(&mended.checked.findings, &mended.dropped);
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

/// The journals in which a run before this one may have left something: at home, here, beside the files named.
fn journals(args: &args::Check, snapshot: &Snapshot) -> Vec<PathBuf> {
    let beside = name_beside(rustix::process::geteuid().as_raw());
    let folder = |path: &PathBuf| path.parent().map(Path::to_owned);
    let folders = std::iter::once(snapshot.cwd.clone()).chain(args.paths.iter().filter_map(folder));
    let mut all: Vec<PathBuf> = snapshot.journal().into_iter().collect();
    all.extend(folders.map(|folder| snapshot.cwd.join(folder).join(&beside)));
    all.dedup();
    all
}

/// Tells of files that an earlier run left half written; gives them. With --fix, what else it left is taken away.
pub(super) fn tell_unfinished(args: &args::Check, snapshot: &Snapshot, streams: &mut Streams) -> BTreeSet<PathBuf> {
    let mut half = BTreeSet::new();
    for journal in journals(args, snapshot) {
        let writes = (args.fix || args.add_ignores) && !args.diff;
        let found = if writes { unfinished::tidy(&journal) } else { unfinished::unfinished(&journal) };
        for Unfinished { path, run, edited } in found {
            let shown = path.display();
            let how = if edited { "and was changed since; look at it, or" } else { "and is half old, half new;" };
            let force = if edited { "--force " } else { "" };
            streams.complain(&format!(
                "{shown}: an earlier run was stopped while it wrote this file, {how} `pydoctor undo {force}--run {run} \
                 {shown}` restores it"
            ));
            half.insert(path);
        }
    }
    half
}

fn show_diff(path: &Path, old: &[u8], new: &[u8], streams: &mut Streams) {
    let (palette, terminal) = (streams.palette, streams.terminal);
    streams.print(|out| {
        if terminal { human::diff(path, old, new, &palette, out) } else { fix::diff::write(out, path, old, new) }
    });
}
