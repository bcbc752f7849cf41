//! Arguments, exit codes, wiring; one file per subcommand.

mod accounts;
mod args;
mod ask;
mod check;
mod completions;
mod config;
mod doctor;
mod engine;
mod examples;
mod explain;
mod facts;
pub mod fixtures;
mod folders;
mod homes;
mod man;
mod mend;
mod panics;
mod progress;
mod reach;
mod rules;
mod settings;
mod sites;
mod snapshot;
mod streams;
mod symptoms;
mod triage;
mod undo;
mod workers;

use std::process::ExitCode;

use clap::Parser;

use args::{Args, Command, ConfigCommand, RulesCommand, SitesCommand, SymptomsCommand};
use snapshot::Snapshot;
use streams::Streams;

/// What a run came to. The greater one wins: trouble beats findings.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Status {
    /// Nothing to report.
    Clean,
    /// Findings at or above the threshold; with `--diff`, something would change.
    Found,
    /// Something could not be done: a file that cannot be read, a faulty configuration.
    Trouble,
}

impl Status {
    /// The exit status of the process.
    const fn code(self) -> u8 {
        match self {
            Self::Clean => 0,
            Self::Found => 1,
            Self::Trouble => 2,
        }
    }
}

impl From<Status> for ExitCode {
    fn from(status: Status) -> Self {
        Self::from(status.code())
    }
}

/// Runs the command line of this process: `pydoctor …`.
pub fn main() -> ExitCode {
    panics::install();
    let args = match Args::try_parse() {
        Ok(args) => args,
        Err(error) => return usage(&error),
    };
    let outcome = panics::catch(|| {
        let snapshot = Snapshot::take();
        let mut streams = Streams::new(args.color, &snapshot);
        let status = match run(&args, &snapshot, &mut streams) {
            Ok(status) => status,
            Err(error) => {
                streams.complain(&format!("{error:#}"));
                Status::Trouble
            }
        };
        if streams.finish() { status } else { status.max(Status::Trouble) }
    });
    match outcome {
        Ok(status) => status.into(),
        Err(panic) => {
            streams::last_words(&format!("internal error: {panic}; please report it"));
            Status::Trouble.into()
        }
    }
}

/// Errors in the arguments go to standard error with status 2; `--help` and `--version` to standard output.
fn usage(error: &clap::Error) -> ExitCode {
    // A closed pipe is no reason to complain.
    let _ = error.print();
    if error.use_stderr() { Status::Trouble.into() } else { Status::Clean.into() }
}

fn run(args: &Args, snapshot: &Snapshot, streams: &mut Streams) -> anyhow::Result<Status> {
    match &args.command {
        Command::Check(check) => check::run(check, snapshot, streams),
        Command::Undo(undo) => undo::run(undo, snapshot, streams),
        Command::Explain(explain) => explain::run(explain, snapshot, streams),
        Command::Rules { command } => match command {
            RulesCommand::List(list) => rules::list(list, snapshot, streams),
            RulesCommand::New(new) => rules::new::rule(new, snapshot, streams),
            RulesCommand::Check(packs) => rules::check::run(packs, snapshot, streams),
            RulesCommand::Test(test) => rules::test::run(test, snapshot, streams),
            RulesCommand::Schema(schema) => Ok(rules::schema::run(schema, streams)),
        },
        Command::Sites { command: SitesCommand::List(list) } => sites::list(list, snapshot, streams),
        Command::Sites { command: SitesCommand::Show(show) } => sites::show::run(show, snapshot, streams),
        Command::Sites { command: SitesCommand::Detect(detect) } => sites::detect::run(detect, snapshot, streams),
        Command::Sites { command: SitesCommand::Diff(diff) } => sites::diff::run(diff, snapshot, streams),
        Command::Sites { command: SitesCommand::New(new) } => rules::new::site(new, snapshot, streams),
        Command::Symptoms { command: SymptomsCommand::List(list) } => symptoms::list(list, snapshot, streams),
        Command::Symptoms { command: SymptomsCommand::New(new) } => rules::new::symptom(new, snapshot, streams),
        Command::Config { command: ConfigCommand::Show(show) } => config::show(show, snapshot, streams),
        Command::Doctor(doctor) => doctor::run(doctor, snapshot, streams),
        Command::Triage(triage) => triage::run(triage, snapshot, streams),
        Command::Facts(facts) => facts::run(facts, snapshot, streams),
        Command::Completions { shell } => completions::run(*shell, streams),
        Command::Man { folder } => man::run(folder),
    }
}
