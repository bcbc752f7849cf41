//! Tickets: reading them whatever their clothing, finding the pieces in them, and telling causes from symptoms.
//!
//! `intake` takes a file apart into documents; `lines` says what each line is, `title` what the ticket is about, `pieces`
//! finds scripts and commands among them; `site` tells where it happened; `matching` meets symptoms with lines, and `diagnose` ranks causes. The pieces
//! are checked by whoever calls, with the ordinary rules. One file writes each format. Tickets are untrusted: nothing of
//! them is run or opened, and everything is bounded.

mod archive;
mod blocks;
mod decode;
mod diagnose;
mod document;
mod format;
mod intake;
mod language;
mod lines;
mod mail;
mod matching;
mod model;
mod pieces;
mod prompt;
mod questions;
mod ran;
mod recognise;
mod script;
mod site;
mod title;

pub use diagnose::{Checked, change, diagnose};
pub use document::{Document, Ticket};
pub use format::{Format, Options};
pub use intake::{SIZE_LIMIT, read};
pub use model::{Cause, Confidence, Diagnosis, Diff, Evidence};
pub use pieces::{Piece, Reading, analyse};
pub use site::{Signs, choose};
