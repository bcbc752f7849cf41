//! `pydoctor doctor --fix`: what `check --fix` does, to the start-up files of an account; what is not safe is asked about.

use std::sync::Arc;

use anyhow::bail;
use clap::Parser;

use crate::doctor::home::Home;
use crate::facts::FileFacts;
use crate::source::Source;

use super::super::args::{Args, Check, Command, Doctor};
use super::super::engine::Engine;
use super::super::mend::{Fixed, Mending, tell_unfinished};
use super::super::snapshot::Snapshot;
use super::super::streams::Streams;
use super::super::workers::Workers;

/// Mends the account's own files where that is safe; originals are kept, as ever.
pub(super) fn mend(
    args: &Doctor,
    engine: &Engine,
    home: &Home,
    own: Vec<(Source, FileFacts)>,
    (workers, snapshot, streams): (&Workers, &Snapshot, &mut Streams),
) -> anyhow::Result<Fixed> {
    let check = as_check(args, snapshot.answers)?;
    // Through a link out of the home nothing was read, so that nothing is written there.
    let sources = own.into_iter().map(|(source, _)| source).filter(|source| source.path.starts_with(&home.path));
    let session = engine.open(sources.map(Arc::new).collect(), workers)?;
    let runs = session.runs();
    let results = session.results(&runs, workers);
    let half_written = tell_unfinished(&check, snapshot, streams);
    let safe_unasked = true;
    let job =
        Mending { args: &check, session: &session, runs: &runs, workers, engine, half_written, snapshot, safe_unasked };
    Ok(job.fix(results, streams))
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
