//! Changing files: plan edits, resolve conflicts, verify, show the difference, write.
//!
//! [`mend`] turns one file's findings into a new text without writing anything; [`diff`] shows the
//! difference; [`mod@write`] is the only place that changes a file, and keeps its original in the [`journal`], from
//! which [`undo`] restores it; [`mod@chmod`] changes who may use one.

mod apply;
mod attributes;
pub mod chmod;
pub mod diff;
mod folder;
pub mod journal;
mod plan;
mod real_syntax;
mod recorder;
mod rights;
mod rounds;
mod target;
pub mod undo;
pub mod unfinished;
mod verify;
pub mod write;

pub use real_syntax::RealSyntax;
pub use recorder::Recorder;
pub use rounds::{Applied, Checked, Dropped, MAX_ROUNDS, Mended, mend, preview};

use crate::check::Applicability;
use crate::source::Source;

/// Which fixes may be applied.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Allow {
    /// Those that keep the meaning.
    Safe,
    /// Also those that may change behaviour.
    Unsafe,
}

impl Allow {
    /// True when a fix of that kind may be applied.
    pub const fn permits(self, applicability: Applicability) -> bool {
        match applicability {
            Applicability::Safe => true,
            Applicability::Unsafe => matches!(self, Self::Unsafe),
            Applicability::Display => false,
        }
    }
}

/// A second opinion on a text: a real parser of its language.
pub trait Syntax: Sync {
    /// Whether the language's own parser accepts the text; `None` when it cannot be asked.
    fn accepts(&self, source: &Source) -> Option<bool>;
}
