//! `pydoctor completions SHELL`: what a shell needs to complete commands, options, rules, sites and formats.

use clap::builder::PossibleValuesParser;
use clap::{Arg, Command, CommandFactory};
use clap_complete::Shell;

use crate::policy::rule::TAGS;
use crate::policy::{self, Policy};
use crate::report::Format;

use super::Status;
use super::args::{Args, ListFormat, Named};
use super::streams::Streams;

/// Runs `pydoctor completions`.
pub(super) fn run(shell: Shell, streams: &mut Streams) -> anyhow::Result<Status> {
    let policy = policy::builtin()?;
    let mut command = with_values(Args::command(), &policy);
    let mut script = Vec::new();
    clap_complete::generate(shell, &mut command, "pydoctor", &mut script);
    streams.print(|out| out.write_all(&script));
    Ok(Status::Clean)
}

/// The command with the values that its options may have. The parser itself is not given them, since packs may
/// bring more, and since reading all rules costs time.
fn with_values(command: Command, policy: &Policy) -> Command {
    let all_formats = command.get_name() == "check";
    let command = command.mut_args(|arg| {
        let id = arg.get_id().as_str().to_owned();
        let rules = || policy.rules.iter().map(|rule| rule.id.clone());
        match id.as_str() {
            "select" | "ignore" => {
                let others = TAGS.iter().copied().chain(["ALL"]).map(str::to_owned);
                values(arg, rules().chain(others).collect())
            }
            "rule" => values(arg, rules().collect()),
            "site" | "shown-site" => values(arg, policy.sites.keys().cloned().collect()),
            "format" if all_formats => values(arg, names::<Format>()),
            "format" => values(arg, names::<ListFormat>()),
            _ => arg,
        }
    });
    command.mut_subcommands(|inner| with_values(inner, policy))
}

fn values(arg: Arg, values: Vec<String>) -> Arg {
    // The parser wants texts that live as long as the process, which ends when they are written.
    let values: Vec<&'static str> = values.into_iter().map(|value| &*value.leak()).collect();
    arg.value_parser(PossibleValuesParser::new(values))
}

fn names<F: Named>() -> Vec<String> {
    F::names().into_iter().map(|(name, _)| name.to_owned()).collect()
}
