//! The report on an account: what `pydoctor doctor` found, in the order in which a person reads it.

mod human;
mod json;

use std::io::{self, Write};
use std::path::PathBuf;

use crate::doctor::startup::Chain;
use crate::facts::{Fact, FactKind, Record};

use super::HumanOptions;
use super::model::{Report, SiteChoice};

/// A format of this report.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum AccountFormat {
    /// For a terminal.
    Human,
    /// One object, version 1.
    Json,
}

impl AccountFormat {
    /// All of them.
    pub const ALL: [Self; 2] = [Self::Human, Self::Json];

    /// The name that the command line uses.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Human => "human",
            Self::Json => "json",
        }
    }
}

/// A finished report on an account.
#[derive(Debug)]
pub struct AccountReport {
    /// The home.
    pub home: PathBuf,
    /// The environment of a running shell was looked at too: it is one's own account.
    pub live: bool,
    /// The site that judged.
    pub site: SiteChoice,
    /// What each kind of shell reads.
    pub chains: Vec<Chain>,
    /// What was found out, in the order of the probes.
    pub facts: Vec<Fact>,
    /// What could not be looked at, in plain words.
    pub not_looked_at: Vec<String>,
    /// Counting was stopped: sizes are too small.
    pub stopped: bool,
    /// What is wrong.
    pub report: Report,
}

impl AccountReport {
    /// Writes it. Errors are those of `out`.
    pub fn write(&self, format: AccountFormat, options: &HumanOptions, out: &mut dyn Write) -> io::Result<()> {
        match format {
            AccountFormat::Human => human::write(self, options, out),
            AccountFormat::Json => json::write(self, out),
        }
    }

    /// What the facts of a kind say.
    fn of(&self, kind: FactKind) -> impl Iterator<Item = &Record> {
        self.facts.iter().filter(move |fact| fact.kind == kind).map(|fact| &fact.fields)
    }
}
