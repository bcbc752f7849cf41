//! What people and programs get to see: one finished, neutral report, and one file per output format.

pub mod account;
mod checkstyle;
pub mod closing;
mod concise;
pub mod encode;
mod excerpt;
mod github;
mod gitlab;
mod grouped;
pub mod human;
pub mod json;
mod jsonl;
mod junit;
mod links;
pub mod markdown;
pub mod model;
mod places;
mod plain;
mod sarif;
mod statistics;
mod style;
mod text;
mod uri;
pub mod xml;

use std::io::{self, Write};

pub use account::{AccountFormat, AccountReport};
pub use human::HumanOptions;
pub use model::{
    BaselineUse, Excluded, FileResult, Finding, FixRun, Fixes, Mended, NotObeyed, Report, RuleInfo, SiteChoice, Why,
};
pub use style::Palette;
pub use text::{bytes_for_terminal, for_terminal, wrapped};

/// An output format.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Format {
    /// For people, with the source lines.
    Human,
    /// For people and editors, one line for each finding.
    Concise,
    /// For people, by file.
    Grouped,
    /// One object, version 1.
    Json,
    /// One object a line.
    Jsonl,
    /// SARIF 2.1.0: code scanning, editors.
    Sarif,
    /// Annotations of GitHub.
    Github,
    /// Code quality of GitLab.
    Gitlab,
    /// Test results.
    Junit,
    /// Checkstyle's XML.
    Checkstyle,
    /// A page or comment; GitHub's job summary.
    Markdown,
}

impl Format {
    /// All of them.
    pub const ALL: [Self; 11] = [
        Self::Human,
        Self::Concise,
        Self::Grouped,
        Self::Json,
        Self::Jsonl,
        Self::Sarif,
        Self::Github,
        Self::Gitlab,
        Self::Junit,
        Self::Checkstyle,
        Self::Markdown,
    ];

    /// The name that the command line uses.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Human => "human",
            Self::Concise => "concise",
            Self::Grouped => "grouped",
            Self::Json => "json",
            Self::Jsonl => "jsonl",
            Self::Sarif => "sarif",
            Self::Github => "github",
            Self::Gitlab => "gitlab",
            Self::Junit => "junit",
            Self::Checkstyle => "checkstyle",
            Self::Markdown => "markdown",
        }
    }

    /// Writes `report` in this format. Errors are those of `out`.
    pub fn write(self, report: &Report, options: &HumanOptions, out: &mut dyn Write) -> io::Result<()> {
        match self {
            Self::Human => human::write(report, options, out),
            Self::Concise => concise::write(report, options, out),
            Self::Grouped => grouped::write(report, options, out),
            Self::Json => json::write(report, out),
            Self::Jsonl => jsonl::write(report, out),
            Self::Sarif => sarif::write(report, out),
            Self::Github => github::write(report, out),
            Self::Gitlab => gitlab::write(report, out),
            Self::Junit => junit::write(report, out),
            Self::Checkstyle => checkstyle::write(report, out),
            Self::Markdown => markdown::write(report, out),
        }
    }
}
