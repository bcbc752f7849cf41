//! `pydoctor triage`: read tickets, check what is in them, diagnose, answer.

use std::io::{self, Read};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use anyhow::Context;

use crate::check::{Applicability, Finding, Run, Severity};
use crate::fix::{self, Allow, Mended, RealSyntax};
use crate::policy::CommandLine;
use crate::redact::{Known, Redactor};
use crate::report::{FileResult, Palette};
use crate::source::{self, Source};
use crate::triage::{self, Diagnosis, Diff, Format, Options, Reading, Signs, Ticket};

use super::Status;
use super::args::{self, Output};
use super::engine::{Engine, Session};
use super::panics;
use super::snapshot::Snapshot;
use super::streams::{Streams, apart, emit};
use super::workers::Workers;

/// Runs `pydoctor triage`.
pub(super) fn run(args: &args::Triage, snapshot: &Snapshot, streams: &mut Streams) -> anyhow::Result<Status> {
    let outputs = outputs(args)?;
    let engine = Engine::new(&args.policy, CommandLine::default(), snapshot)?;
    let workers = Workers::new(None, snapshot);
    let mut status = Status::Clean;
    let mut told = Vec::new();
    for path in paths(args) {
        let bytes = match read(&path) {
            Ok(bytes) => bytes,
            Err(problem) => {
                streams.complain(&problem);
                status = Status::Trouble;
                continue;
            }
        };
        let name = path.to_string_lossy().into_owned();
        match panics::catch(|| {
            Case { engine: &engine, workers: &workers, redact: !args.no_redact }.diagnose(&name, &bytes)
        }) {
            Ok(diagnosis) => told.push(diagnosis?),
            Err(panic) => {
                streams.complain(&format!("{name}: internal error: {panic}; please report it"));
                status = Status::Trouble;
            }
        }
    }
    if told.is_empty() {
        return Ok(status);
    }
    for output in &outputs {
        write(output, &told, args, streams)?;
    }
    Ok(status)
}

fn paths(args: &args::Triage) -> Vec<PathBuf> {
    if args.files.is_empty() { vec![PathBuf::from("-")] } else { args.files.clone() }
}

/// Where the diagnoses go, checked before anything is done.
fn outputs(args: &args::Triage) -> anyhow::Result<Vec<Output<Format>>> {
    apart(&args.format)?;
    if args.format.is_empty() {
        return Ok(vec![Output { format: Format::Human, file: None }]);
    }
    Ok(args.format.clone())
}

/// Reads a ticket, or says why it cannot be read.
fn read(path: &Path) -> Result<Vec<u8>, String> {
    if path != Path::new("-") {
        let read = source::read_bytes(path, triage::SIZE_LIMIT);
        return read.map_err(|problem| format!("{}: {}", problem.path.display(), problem.message));
    }
    let mut bytes = Vec::new();
    let read = io::stdin().lock().take(triage::SIZE_LIMIT + 1).read_to_end(&mut bytes).context("standard input");
    read.map_err(|error| format!("{error:#}"))?;
    match bytes.len() as u64 > triage::SIZE_LIMIT {
        true => Err(format!("standard input: {}", source::too_large(triage::SIZE_LIMIT))),
        false => Ok(bytes),
    }
}

/// A diagnosis as it came, and without secrets and personal data.
pub(super) struct Told {
    pub(super) plain: Diagnosis,
    pub(super) masked: Diagnosis,
}

fn write(output: &Output<Format>, told: &[Told], args: &args::Triage, streams: &mut Streams) -> anyhow::Result<()> {
    let to_terminal = output.file.is_none() && streams.terminal && output.format == Format::Human;
    let plain = args.no_redact || to_terminal;
    let diagnoses: Vec<Diagnosis> =
        told.iter().map(|told| if plain { told.plain.clone() } else { told.masked.clone() }).collect();
    let palette = if output.file.is_none() { streams.palette } else { Palette::PLAIN };
    let options = Options { palette, verbose: args.verbose };
    emit(output, streams, |format, out| format.write(&diagnoses, &options, out))
}

/// What a ticket is diagnosed with.
pub(super) struct Case<'c> {
    pub(super) engine: &'c Engine,
    pub(super) workers: &'c Workers,
    /// What was captured of secrets and personal data is masked where it is said again.
    pub(super) redact: bool,
}

impl Case<'_> {
    pub(super) fn diagnose(&self, name: &str, bytes: &[u8]) -> anyhow::Result<Told> {
        let ticket = triage::read(name, bytes);
        let reading = triage::analyse(&ticket);
        let settings = self.engine.settings.here()?;
        self.engine.settings.check_line([&settings.policy])?;
        let policy = &settings.policy;
        let signs = Signs::read(policy, &reading);
        let (flag, configured) = match &settings.meant.site_lock {
            Some(lock) => (None, Some(lock.id.as_str())),
            None => (self.engine.settings.flag(), settings.meant.site.as_ref().map(|site| site.value.as_str())),
        };
        let site = triage::choose(policy, flag, configured, &signs, &self.engine.machine)?;

        let sources: Vec<Arc<Source>> = reading.pieces.iter().map(|piece| Arc::new(piece.source())).collect();
        let session = self.engine.open_texts(&sources, &site, self.workers)?;
        let runs = session.runs(self.workers);
        let mut results = session.results(&runs, self.workers);
        for result in &mut results {
            // That a piece is not understood says more about how it was found than about the ticket.
            result.findings.retain(|finding| !result.gaps.iter().any(|gap| gap.span == finding.span));
        }
        let checked = results.iter().map(|result| result.findings.clone()).collect();
        let redactor = redactor(&ticket);
        let said = self.redact.then_some(&redactor);
        let mut plain = triage::diagnose(policy, &site, &reading, &checked, said);
        plain.diffs = Mending { session: &session, runs: &runs, diagnosis: &plain }.diffs(&reading, results);
        let masked = plain.masked(&redactor);
        Ok(Told { plain, masked })
    }
}

/// Mending what a ticket's files have to do with its causes.
struct Mending<'m> {
    session: &'m Session<'m>,
    runs: &'m [Run<'m>],
    diagnosis: &'m Diagnosis,
}

impl Mending<'_> {
    /// The changes of the user's own files, not of commands that were typed.
    fn diffs(&self, reading: &Reading<'_>, results: Vec<FileResult>) -> Vec<Diff> {
        let pieces = reading.pieces.iter().zip(results).enumerate().filter(|(_, (piece, _))| piece.is_file());
        let changed = pieces.filter_map(|(index, (piece, result))| {
            let name = Path::new(piece.name.as_deref().unwrap_or(piece.what));
            let mended = self.mended(index, &result);
            let (old, new) = (&result.source.bytes, &mended.source.bytes);
            let rules = mended.applied.iter().map(|applied| applied.rule.clone()).collect();
            (old != new).then(|| triage::change(piece, reading, &fix::diff::unified(name, old, new), rules))
        });
        changed.collect()
    }

    /// The file with the fixes that are wanted. A panic leaves it as it is.
    fn mended(&self, index: usize, result: &FileResult) -> Mended {
        let wanted = |_: &Source, finding: &Finding| self.wants(finding);
        self.session.mend_one(self.runs, index, result, Allow::Unsafe, &wanted, &RealSyntax::find())
    }

    /// Only the fixes that have to do with a cause, and those that keep the meaning.
    fn wants(&self, finding: &Finding) -> bool {
        let safe = finding.fix.as_ref().is_some_and(|fix| fix.applicability == Applicability::Safe);
        self.diagnosis.rests_on(&finding.rule) || (safe && finding.severity > Severity::Hint)
    }
}

/// What must not be passed on of a ticket.
fn redactor(ticket: &Ticket) -> Redactor {
    let mut known = Known::default();
    ticket.documents.iter().for_each(|document| known.learn(&document.text));
    Redactor::new(&known)
}
