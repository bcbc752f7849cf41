//! The command line as it is written.

mod output;

use std::path::PathBuf;

use clap::{ArgAction, Parser, Subcommand};
use clap_complete::Shell;

use crate::policy::schema::FileKind;
use crate::report::{AccountFormat, Format};
use crate::triage::Format as TriageFormat;

pub(super) use self::output::{Color, ListFormat, Named, Output, Prefilter, Threshold};

/// Finds what breaks, slows or endangers jobs and logins on a supercomputer.
#[derive(Debug, Parser)]
#[command(name = "pydoctor", version, max_term_width = 100, arg_required_else_help = true, after_help = EXAMPLES)]
pub(super) struct Args {
    #[command(subcommand)]
    pub(super) command: Command,

    /// Colour: auto, always or never; NO_COLOR is obeyed
    #[arg(
        long,
        global = true,
        value_enum,
        default_value_t = Color::Auto,
        value_name = "WHEN",
        hide_possible_values = true,
        help_heading = "Output"
    )]
    pub(super) color: Color,
}

const EXAMPLES: &str = "\
Examples:
  pydoctor check ~/.bashrc train.sbatch    check two files
  pydoctor check                           check everything below this folder
  pydoctor check --diff .                  show what --fix would change
  pydoctor check --fix .                   apply the fixes that are safe
  pydoctor undo --last                     take the last fixes back
  pydoctor explain conda-init-block        why a rule is there, and what to do
  pydoctor check -f json=report.json .     write findings for a program to read

Exit status: 0 nothing found, 1 something found, 2 something could not be done.";

const CHECK_EXAMPLES: &str = "\
Examples:
  pydoctor check ~/.bashrc train.sbatch environment.yml
  pydoctor check --site midway3 --select conda,env .
  pydoctor check --diff --unsafe-fixes ~/.bashrc
  pydoctor check --stdin-filename job.sbatch - < job.sbatch";

const COMPLETIONS_EXAMPLES: &str = "\
Examples:
  pydoctor completions bash > ~/.local/share/bash-completion/completions/pydoctor
  pydoctor completions zsh > ~/.zfunc/_pydoctor    (a folder of $fpath)
  pydoctor completions fish > ~/.config/fish/completions/pydoctor.fish";

#[derive(Debug, Subcommand)]
pub(super) enum Command {
    /// Check start-up files, job scripts, environment files, Python and notebooks
    Check(Check),
    /// List what --fix changed, and put it back
    Undo(Undo),
    /// Explain a rule: what it flags, why, who asks for it, how it is mended
    Explain(Explain),
    /// The rules: list them, write them, test them
    Rules {
        #[command(subcommand)]
        command: RulesCommand,
    },
    /// The sites: which are known, what is known of them, how to write one
    Sites {
        #[command(subcommand)]
        command: SitesCommand,
    },
    /// The symptoms of tickets: which are known, how to write one
    Symptoms {
        #[command(subcommand)]
        command: SymptomsCommand,
    },
    /// What is configured
    Config {
        #[command(subcommand)]
        command: ConfigCommand,
    },
    /// Examine an account: start-up files, installations, environments, space
    Doctor(Doctor),
    /// Diagnose tickets: mails, logs, pasted scripts, archives of attachments; draft an answer
    Triage(Triage),
    /// Show what pydoctor understands of a file, for people who write rules
    Facts(Facts),
    /// Write what a shell needs to complete commands, options, rules, sites and formats
    #[command(after_help = COMPLETIONS_EXAMPLES)]
    Completions {
        /// The shell
        shell: Shell,
    },
    /// Write manual pages into a folder
    Man {
        /// The folder, made when it is missing
        #[arg(value_name = "DIR")]
        folder: PathBuf,
    },
}

#[derive(Debug, Subcommand)]
pub(super) enum RulesCommand {
    /// List the rules with their severity
    List(Listing),
    /// Write the skeleton of a rule, with fixtures, into a pack
    New(New),
    /// Say what is wrong with a pack
    Check(Packs),
    /// Run the fixtures of a pack
    Test(TestPacks),
    /// Print a JSON Schema, for editors that complete and check while you write
    Schema(Schema),
}

#[derive(Debug, Subcommand)]
pub(super) enum SitesCommand {
    /// List the sites
    List(Listing),
    /// Show a site: how it is recognised, its places, quotas and values, who says so, where it differs
    Show(Show),
    /// Tell which site would judge files, and by what evidence
    Detect(Detect),
    /// Write the skeleton of a site, with fixtures, into a pack
    New(New),
    /// Show where two sites judge differently, or one site at two layers
    Diff(Diff),
}

#[derive(Debug, Subcommand)]
pub(super) enum SymptomsCommand {
    /// List the symptoms
    List(Listing),
    /// Write the skeleton of a symptom, with tickets, into a pack
    New(New),
}

#[derive(Debug, Subcommand)]
pub(super) enum ConfigCommand {
    /// Show what holds for a file or folder, and where each value comes from
    Show(ConfigShow),
}

#[derive(Debug, clap::Args)]
pub(super) struct ConfigShow {
    /// The file or folder; none means this folder
    #[arg(value_name = "PATH")]
    pub(super) path: Option<PathBuf>,
    /// Also the rules of which no layer speaks
    #[arg(short, long)]
    pub(super) all: bool,
    #[command(flatten)]
    pub(super) policy: PolicyOptions,
    /// Output format: human or json
    #[arg(short, long, value_name = "NAME[=FILE]", default_value = "human", help_heading = "Output")]
    pub(super) format: Output<ListFormat>,
}

/// Options that say which policy applies.
#[derive(Clone, Debug, Default, clap::Args)]
pub(super) struct PolicyOptions {
    /// Judge by the policy of this site, whatever the host or the configuration says
    #[arg(long, value_name = "ID", help_heading = "Policy")]
    pub(super) site: Option<String>,
    /// Read this configuration instead of looking for pydoctor.toml
    #[arg(long, value_name = "FILE", conflicts_with = "isolated", help_heading = "Policy")]
    pub(super) config: Option<PathBuf>,
    /// Read no configuration at all; what the policy of this machine locks stays locked
    #[arg(long, help_heading = "Policy")]
    pub(super) isolated: bool,
}

#[derive(Debug, clap::Args)]
#[command(after_help = CHECK_EXAMPLES)]
pub(super) struct Check {
    /// Files and folders; `-` is standard input; none means this folder
    #[arg(value_name = "PATH")]
    pub(super) paths: Vec<PathBuf>,
    /// The name that tells what standard input is
    #[arg(long, value_name = "NAME")]
    pub(super) stdin_filename: Option<PathBuf>,

    #[command(flatten)]
    pub(super) policy: PolicyOptions,
    /// Only these rules or tags, even if they are off; ALL for all rules
    #[arg(long, value_name = "RULES", value_delimiter = ',', help_heading = "Policy")]
    pub(super) select: Vec<String>,
    /// Not these rules or tags
    #[arg(long, value_name = "RULES", value_delimiter = ',', help_heading = "Policy")]
    pub(super) ignore: Vec<String>,

    /// Do not report the findings that this file knows
    #[arg(long, value_name = "FILE", help_heading = "Policy")]
    pub(super) baseline: Option<PathBuf>,
    /// Write what is found now into the baseline
    #[arg(long, conflicts_with_all = ["fix", "diff"], help_heading = "Policy")]
    pub(super) write_baseline: bool,

    /// Write a comment that silences it for everything that is found; with --diff show what would be written
    #[arg(long, requires = "reason", conflicts_with_all = ["fix", "write_baseline"], help_heading = "Policy")]
    pub(super) add_ignores: bool,
    /// Why, for the comments of --add-ignores
    #[arg(long, value_name = "TEXT", requires = "add_ignores", value_parser = one_line, help_heading = "Policy")]
    pub(super) reason: Option<String>,

    /// Exit with 1 from this severity on: error, warning (default) or hint
    #[arg(long, value_enum, hide_possible_values = true, value_name = "SEVERITY", help_heading = "Exit status")]
    pub(super) fail_on: Option<Threshold>,
    /// Exit with 0 whatever is found; trouble is still 2
    #[arg(long, help_heading = "Exit status")]
    pub(super) exit_zero: bool,

    /// Show what --fix would change, and write nothing, with --fix neither
    #[arg(long, help_heading = "Fixes")]
    pub(super) diff: bool,
    /// Apply safe fixes, which keep the meaning or take out only what the policy forbids, and report what is left
    #[arg(long, help_heading = "Fixes")]
    pub(super) fix: bool,
    /// With --fix or --diff: also fixes that may change behaviour
    #[arg(long, help_heading = "Fixes")]
    pub(super) unsafe_fixes: bool,
    /// With --fix: ask about each fix on the terminal
    #[arg(long, requires = "fix", conflicts_with = "diff", help_heading = "Fixes")]
    pub(super) interactive: bool,
    /// With --fix, as root: write files of other users too, with their rights
    #[arg(long, requires = "fix", help_heading = "Fixes")]
    pub(super) as_owner: bool,

    /// Output format, repeatable: human, concise, grouped, json, jsonl, sarif, github, gitlab, junit, checkstyle,
    /// markdown; to a file with NAME=FILE
    #[arg(short, long, value_name = "NAME[=FILE]", help_heading = "Output")]
    pub(super) format: Vec<Output<Format>>,
    /// Count findings by rule instead of showing them
    #[arg(long, help_heading = "Output")]
    pub(super) statistics: bool,
    /// Findings only, no closing line
    #[arg(short, long, conflicts_with = "verbose", help_heading = "Output")]
    pub(super) quiet: bool,
    /// Also what was not understood or is suppressed, why a fix is not offered, and why which site judged
    #[arg(short, long, action = ArgAction::SetTrue, help_heading = "Output")]
    pub(super) verbose: bool,
    /// Threads; by default one per core that this process may use, at most 8
    #[arg(short, long, value_name = "N", help_heading = "Output")]
    pub(super) jobs: Option<usize>,
    /// For tests: leave out Python files that no rule speaks of when there are many (auto), always or never
    #[arg(long, hide = true, value_enum, default_value = "auto", hide_default_value = true)]
    pub(super) prefilter: Prefilter,
}

#[derive(Debug, clap::Args)]
#[command(after_help = UNDO_EXAMPLES)]
pub(super) struct Undo {
    /// Restore these files; without --run or --last, to before the newest run that changed each
    #[arg(value_name = "FILE")]
    pub(super) files: Vec<PathBuf>,
    /// Restore what this run changed, or of that only the files named
    #[arg(long, value_name = "N", conflicts_with = "last")]
    pub(super) run: Option<u64>,
    /// Restore what the newest run changed that is not undone yet
    #[arg(long)]
    pub(super) last: bool,
    /// Overwrite later edits, and make again what was removed
    #[arg(long)]
    pub(super) force: bool,
    /// As root: write files of other users too, with their rights
    #[arg(long)]
    pub(super) as_owner: bool,
    /// Format of the list: human or json
    #[arg(short, long, value_name = "NAME[=FILE]", default_value = "human", help_heading = "Output")]
    pub(super) format: Output<ListFormat>,
}

const UNDO_EXAMPLES: &str = "\
Examples:
  pydoctor undo                    list the runs that changed files; the last 20 are kept
  pydoctor undo ~/.bashrc          restore one file
  pydoctor undo --last             restore all that the last run changed
  pydoctor undo --run 3 job.sh     of run 3, restore one file";

#[derive(Debug, clap::Args)]
pub(super) struct Explain {
    /// The rule's id
    pub(super) rule: String,
    #[command(flatten)]
    pub(super) policy: PolicyOptions,
}

#[derive(Debug, clap::Args)]
pub(super) struct Listing {
    #[command(flatten)]
    pub(super) policy: PolicyOptions,
    /// Output format: human or json
    #[arg(short, long, value_name = "NAME[=FILE]", default_value = "human", help_heading = "Output")]
    pub(super) format: Output<ListFormat>,
}

#[derive(Debug, clap::Args)]
pub(super) struct New {
    /// Its id: lower case words joined by `-`, with a word of your own to tell it from those built in
    pub(super) id: String,
    /// The folder of the pack, which is made when it is not there
    #[arg(value_name = "DIR", default_value = ".")]
    pub(super) folder: PathBuf,
}

#[derive(Debug, clap::Args)]
pub(super) struct Packs {
    /// Folders of packs, each read over those before it
    #[arg(value_name = "DIR", default_value = ".")]
    pub(super) folders: Vec<PathBuf>,
}

#[derive(Debug, clap::Args)]
pub(super) struct Schema {
    /// Of which files: rule, site, symptom, pack, commands, config or case
    #[arg(value_name = "FILES", default_value = "rule", value_parser = file_kind)]
    pub(super) kind: FileKind,
}

fn file_kind(text: &str) -> Result<FileKind, String> {
    FileKind::ALL.into_iter().find(|kind| kind.name() == text).ok_or_else(|| {
        let names = FileKind::ALL.map(FileKind::name);
        format!("there are {}", names.join(", "))
    })
}

#[derive(Debug, clap::Args)]
pub(super) struct TestPacks {
    #[command(flatten)]
    pub(super) packs: Packs,
    /// Write what is found and fixed as what is expected; read it before you keep it
    #[arg(long)]
    pub(super) bless: bool,
}

#[derive(Debug, clap::Args)]
pub(super) struct Show {
    /// The site's id
    #[arg(value_name = "ID", id = "shown-site")]
    pub(super) id: String,
    #[command(flatten)]
    pub(super) policy: PolicyOptions,
    /// Output format: human or json
    #[arg(short, long, value_name = "NAME[=FILE]", default_value = "human", help_heading = "Output")]
    pub(super) format: Output<ListFormat>,
}

#[derive(Debug, clap::Args)]
#[command(after_help = DIFF_EXAMPLES)]
pub(super) struct Diff {
    /// A site; SITE@LAYER or SITE@PACK for what it is up to that layer (built-in, system and so on) or pack
    #[arg(value_name = "A")]
    pub(super) before: String,
    /// The other
    #[arg(value_name = "B")]
    pub(super) after: String,
    #[command(flatten)]
    pub(super) policy: PolicyOptions,
    /// Output format: human or json
    #[arg(short, long, value_name = "NAME[=FILE]", default_value = "human", help_heading = "Output")]
    pub(super) format: Output<ListFormat>,
}

const DIFF_EXAMPLES: &str = "\
Examples:
  pydoctor sites diff NORTH SOUTH                 two sites
  pydoctor sites diff midway3@built-in midway3    what packs and configuration change here";

#[derive(Debug, clap::Args)]
pub(super) struct Detect {
    /// Files and folders; none means where you are, whatever lies there
    #[arg(value_name = "PATH")]
    pub(super) paths: Vec<PathBuf>,
    #[command(flatten)]
    pub(super) policy: PolicyOptions,
    /// Output format: human or json
    #[arg(short, long, value_name = "NAME[=FILE]", default_value = "human", help_heading = "Output")]
    pub(super) format: Output<ListFormat>,
}

const DOCTOR_EXAMPLES: &str = "\
Examples:
  pydoctor doctor                            examine your own account; nothing is changed
  pydoctor doctor --fix                      also mend start-up files where that is safe
  pydoctor doctor --home /home/ada           what can be seen of another account
  pydoctor doctor -f html=account.html       write a page
  pydoctor doctor --bundle ticket.json       write the report without names, for a ticket";

#[derive(Debug, clap::Args)]
#[command(after_help = DOCTOR_EXAMPLES)]
pub(super) struct Doctor {
    /// Somebody else's home; nothing of the environment is looked at then
    #[arg(long, value_name = "DIR")]
    pub(super) home: Option<PathBuf>,
    #[command(flatten)]
    pub(super) policy: PolicyOptions,
    /// Apply safe fixes to start-up files and conda's files; on a terminal, ask about the others. A safe fix keeps the
    /// meaning, or takes out only what the policy forbids: where that is conda's block, there is no `conda` in new shells
    /// until you load the site's module. `pydoctor undo --last` puts everything back
    #[arg(long, help_heading = "Fixes")]
    pub(super) fix: bool,
    /// With --fix, as root: write files of other users too, with their rights
    #[arg(long, requires = "fix", help_heading = "Fixes")]
    pub(super) as_owner: bool,
    /// Also write the report without names, addresses and secrets, to attach to a ticket, into a new file that only you
    /// can read
    #[arg(long, value_name = "FILE", help_heading = "Output")]
    pub(super) bundle: Option<PathBuf>,
    /// Output format, repeatable: human, json, markdown or html; to a file with NAME=FILE
    #[arg(short, long, value_name = "NAME[=FILE]", help_heading = "Output")]
    pub(super) format: Vec<Output<AccountFormat>>,
    /// Threads; by default one per core that this process may use, at most 8
    #[arg(short, long, value_name = "N", help_heading = "Output")]
    pub(super) jobs: Option<usize>,
}

#[derive(Debug, clap::Args)]
pub(super) struct Facts {
    /// The file; `-` is standard input
    pub(super) file: PathBuf,
    /// The name that tells what standard input is
    #[arg(long, value_name = "NAME")]
    pub(super) stdin_filename: Option<PathBuf>,
    #[command(flatten)]
    pub(super) policy: PolicyOptions,
    /// Output format: human, with the fields that tell most, or json, with all
    #[arg(short, long, value_name = "NAME[=FILE]", default_value = "human", help_heading = "Output")]
    pub(super) format: Output<ListFormat>,
}

/// Text for a comment: one line, and something on it.
fn one_line(text: &str) -> Result<String, String> {
    match text.trim() {
        "" => Err("say why".to_owned()),
        text if text.chars().any(char::is_control) => Err("a comment is one line".to_owned()),
        text => Ok(text.to_owned()),
    }
}

const TRIAGE_EXAMPLES: &str = "\
Examples:
  pydoctor triage ticket.eml                  what is wrong, by which lines, what to do
  pydoctor triage --site midway3 - < ticket   from standard input
  pydoctor triage -f reply ticket.eml         a draft of the answer
  pydoctor triage queue/*.eml                 several tickets: a table by cause";

#[derive(Debug, clap::Args)]
#[command(after_help = TRIAGE_EXAMPLES)]
pub(super) struct Triage {
    /// Tickets, a file each: text, mail, log, archive; `-` or none is standard input
    #[arg(value_name = "FILE")]
    pub(super) files: Vec<PathBuf>,
    #[command(flatten)]
    pub(super) policy: PolicyOptions,
    /// Output format, repeatable: human, json, jsonl, markdown, html, reply; to a file with NAME=FILE
    #[arg(short, long, value_name = "NAME[=FILE]", help_heading = "Output")]
    pub(super) format: Vec<Output<TriageFormat>>,
    /// Leave secrets and personal data in the output as they are
    #[arg(long, help_heading = "Output")]
    pub(super) no_redact: bool,
    /// Of several tickets also each by itself
    #[arg(short, long, help_heading = "Output")]
    pub(super) verbose: bool,
}

#[cfg(test)]
mod tests {
    use super::*;
    use clap::CommandFactory;

    #[test]
    fn the_definition_is_consistent() {
        Args::command().debug_assert();
    }
}
