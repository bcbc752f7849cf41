//! What people and programs get to see of diagnoses: one file per format.

mod html;
mod human;
mod json;
mod markdown;
mod reply;
mod table;

use std::io::{self, Write};

use crate::report::Palette;

use super::model::Diagnosis;

/// A format of diagnoses.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Format {
    /// For people; of several tickets a table by cause.
    Human,
    /// One object, version 1.
    Json,
    /// One object for each ticket, a line each, for a ticket system.
    Jsonl,
    /// For ticket systems and chats.
    Markdown,
    /// One page that needs nothing else.
    Html,
    /// A draft of the answer to the user.
    Reply,
}

/// How to write.
#[derive(Clone, Debug, Default)]
pub struct Options {
    /// Colours.
    pub palette: Palette,
    /// Of several tickets also each by itself.
    pub verbose: bool,
}

impl Format {
    /// All of them.
    pub const ALL: [Self; 6] = [Self::Human, Self::Json, Self::Jsonl, Self::Markdown, Self::Html, Self::Reply];

    /// The name that the command line uses.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Human => "human",
            Self::Json => "json",
            Self::Jsonl => "jsonl",
            Self::Markdown => "markdown",
            Self::Html => "html",
            Self::Reply => "reply",
        }
    }

    /// Writes diagnoses in this format. Errors are those of `out`.
    pub fn write(self, diagnoses: &[Diagnosis], options: &Options, out: &mut dyn Write) -> io::Result<()> {
        match self {
            Self::Human => human::write(diagnoses, options, out),
            Self::Json => json::write(diagnoses, out),
            Self::Jsonl => json::write_lines(diagnoses, out),
            Self::Markdown => markdown::write(diagnoses, out),
            Self::Html => html::write(diagnoses, out),
            Self::Reply => reply::write(diagnoses, out),
        }
    }
}

/// `1 ticket`, `3 tickets`.
fn count(number: usize, name: &str) -> String {
    format!("{number} {name}{}", if number == 1 { "" } else { "s" })
}

/// With a capital at its beginning and a full stop at its end; nothing stays nothing.
fn sentence(text: &str) -> String {
    let text = capital(text);
    let end = if text.is_empty() || text.ends_with(['.', '!', '?', ':']) { "" } else { "." };
    format!("{text}{end}")
}

/// With a capital at its beginning.
fn capital(text: &str) -> String {
    let mut characters = text.trim().chars();
    characters.next().map_or_else(String::new, |first| format!("{}{}", first.to_uppercase(), characters.as_str()))
}
