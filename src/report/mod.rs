//! What people and programs get to see: one finished, neutral report, and one file per output format.

pub mod encode;
mod excerpt;
pub mod human;
mod json;
pub mod model;
mod style;
mod text;

use std::io::{self, Write};

pub use human::HumanOptions;
pub use model::{FileResult, FixRun, Fixes, Report, SiteChoice};
pub use style::Palette;
pub use text::{bytes_for_terminal, for_terminal};

/// An output format.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Format {
    /// For people, with the source lines.
    Human,
    /// One object, version 1.
    Json,
}

impl Format {
    /// All of them.
    pub const ALL: [Self; 2] = [Self::Human, Self::Json];

    /// The name that the command line uses.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Human => "human",
            Self::Json => "json",
        }
    }

    /// Writes `report` in this format. Errors are those of `out`.
    pub fn write(self, report: &Report, options: &HumanOptions, out: &mut dyn Write) -> io::Result<()> {
        match self {
            Self::Human => human::write(report, options, out),
            Self::Json => json::write(report, out),
        }
    }
}
