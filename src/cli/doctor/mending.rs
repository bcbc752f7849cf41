//! `pydoctor doctor --fix`: what `check --fix` does, to the start-up files of an account, and taking from others the rights
//! to files that are nobody else's; what is not safe is asked about.

use std::sync::Arc;

use anyhow::bail;
use clap::Parser;

use crate::check::{Applicability, Finding};
use crate::doctor::OwnFiles;
use crate::doctor::home::Home;
use crate::fix::{Applied, Recorder, chmod};
use crate::report::{FileResult, FixRun};

use super::super::args::{Args, Check, Command, Doctor};
use super::super::ask::Questions;
use super::super::engine::Engine;
use super::super::mend::{Fixed, Mending, tell_unfinished};
use super::super::snapshot::Snapshot;
use super::super::streams::Streams;
use super::super::workers::Workers;
use super::by_path;

/// Mends the account's own files where that is safe; originals are kept, as ever.
pub(super) fn mend(
    args: &Doctor,
    engine: &Engine,
    home: &Home,
    own: &OwnFiles,
    (workers, snapshot, streams): (&Workers, &Snapshot, &mut Streams),
) -> anyhow::Result<Fixed> {
    let check = as_check(args, snapshot.answers)?;
    // Through a link out of the home nothing was read, so that nothing is written there.
    let sources = own.in_use().filter(|source| source.path.starts_with(&home.path));
    let session = engine.open(sources.cloned().map(Arc::new).collect(), workers)?;
    let runs = session.runs(workers);
    let results = session.results(&runs, workers);
    let half_written = tell_unfinished(&check, snapshot, streams);
    let safe_unasked = true;
    let job =
        Mending { args: &check, session: &session, runs: &runs, workers, engine, half_written, snapshot, safe_unasked };
    let mut recorder = job.recorder();
    let mut fixed = job.fix_recorded(results, &mut recorder, streams);
    let rights = engine.judge_facts(by_path(home, &own.rights(home)), &[])?;
    streams.progress.finish();
    let questions = snapshot.answers.then(|| Questions::new(engine, streams.palette));
    for result in &rights {
        for finding in wanted(result, questions.as_ref()) {
            take_rights(result, finding, &mut fixed, &mut recorder, (args.as_owner, &mut *streams));
        }
    }
    fixed.tell_kept(&recorder);
    Ok(fixed)
}

/// What is safe to mend, and what somebody says yes to.
fn wanted<'a>(result: &'a FileResult, questions: Option<&Questions<'_>>) -> Vec<&'a Finding> {
    let is_wanted = |finding: &&Finding| match finding.fix.as_ref().map(|fix| fix.applicability) {
        Some(Applicability::Safe) => true,
        Some(Applicability::Unsafe) => questions.is_some_and(|questions| questions.wants(&result.source, finding)),
        _ => false,
    };
    result.findings.iter().filter(is_wanted).collect()
}

/// Takes the rights that a fix takes, and notes what came of it.
fn take_rights(
    result: &FileResult,
    finding: &Finding,
    fixed: &mut Fixed,
    recorder: &mut Recorder,
    (as_owner, streams): (bool, &mut Streams),
) {
    let Some((fix, bits)) = finding.fix.as_ref().and_then(|fix| Some((fix, fix.chmod?.taken))) else { return };
    let path = &result.source.path;
    let (note, not_written) = match chmod::take(path, bits, recorder, as_owner) {
        Ok(changed) if changed.old == changed.new => return,
        Ok(chmod::Changed { old, new }) => (Some(format!("its permissions are {new:o}, and were {old:o}")), None),
        Err(error) => (None, Some(error.to_string())),
    };
    if let Some(why) = &not_written {
        fixed.failed = true;
        streams.complain(&format!("{}: permissions not changed: {why}", path.display()));
    }
    let (rule, title, applicability) = (finding.rule.clone(), fix.title.clone(), fix.applicability);
    let applied = vec![Applied { rule, title, applicability, line: 1 }];
    fixed.done.files.push(FixRun { path: path.clone(), applied, dropped: Vec::new(), not_written, note });
}

/// The same as it would be written for `check`; where nobody can be asked, what is safe alone.
fn as_check(args: &Doctor, answers: bool) -> anyhow::Result<Check> {
    let mut line = vec!["pydoctor", "check", "--fix"];
    line.extend(args.as_owner.then_some("--as-owner"));
    line.extend(answers.then_some(["--unsafe-fixes", "--interactive"]).into_iter().flatten());
    match Args::try_parse_from(line)?.command {
        Command::Check(check) => Ok(check),
        _ => bail!("`check` is another command"),
    }
}
