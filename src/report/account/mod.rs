//! The report on an account: what `pydoctor doctor` found, in the order in which a person reads it.

mod bundle;
mod fine;
mod html;
mod human;
mod json;
mod markdown;
mod page;
mod secret;

use std::io::{self, Write};
use std::path::PathBuf;

use crate::doctor::moves::{self, Places};
use crate::doctor::naming;
use crate::doctor::startup::Chain;
use crate::doctor::usage::Room;
use crate::facts::{Fact, FactKind, Record};
use crate::redact::Known;

use super::HumanOptions;
use super::model::{Report, SiteChoice};

/// A format of this report.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum AccountFormat {
    /// For a terminal.
    Human,
    /// One object, version 1.
    Json,
    /// A page or a ticket.
    Markdown,
    /// A page that needs nothing else.
    Html,
}

impl AccountFormat {
    /// All of them.
    pub const ALL: [Self; 4] = [Self::Human, Self::Json, Self::Markdown, Self::Html];

    /// The name that the command line uses.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Human => "human",
            Self::Json => "json",
            Self::Markdown => "markdown",
            Self::Html => "html",
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
    /// What is said of the site when it exists no more.
    pub retired: Option<String>,
    /// What each kind of shell reads.
    pub chains: Vec<Chain>,
    /// What was found out, in the order of the probes.
    pub facts: Vec<Fact>,
    /// The file system that holds the home, when it tells.
    pub room: Option<Room>,
    /// Where the site wants what may not stay at home.
    pub places: Places,
    /// Its folders in the site's other places, with how many names are in each.
    pub searched: Vec<(PathBuf, u64)>,
    /// The user's name.
    pub user: String,
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
            AccountFormat::Markdown => markdown::write(self, out),
            AccountFormat::Html => html::write(self, out),
        }
    }

    /// Writes it as JSON without secrets, names of users and hosts. Errors are those of `out`.
    pub fn bundle(&self, known: &Known, out: &mut dyn Write) -> io::Result<()> {
        bundle::write(self, known, out)
    }

    /// A command as whoever reads it can paste it.
    fn command(&self, command: &str) -> String {
        if self.live { command.to_owned() } else { naming::named(command, &self.home, &self.user) }
    }

    /// The commands that make room.
    fn moves(&self) -> Vec<String> {
        let facts = self.of(FactKind::Installation).chain(self.of(FactKind::Usage));
        moves::commands(facts, &self.places).iter().map(|line| self.command(line)).collect()
    }

    /// What the facts of a kind say.
    fn of(&self, kind: FactKind) -> impl Iterator<Item = &Record> {
        self.facts.iter().filter(move |fact| fact.kind == kind).map(|fact| &fact.fields)
    }
}
