//! A ticket and the documents that it consists of: the mail itself, its attachments, a log.

use std::path::Path;
use std::sync::Arc;

use crate::source::{Kind, LineIndex, classify_named};

/// One ticket.
#[derive(Clone, Debug, Default)]
pub struct Ticket {
    /// The path or name under which it came.
    pub name: String,
    /// Its texts, the mail itself first.
    pub documents: Vec<Document>,
    /// What was left out, and why.
    pub left_out: Vec<String>,
}

/// One text of a ticket.
#[derive(Clone, Debug)]
pub struct Document {
    /// How reports name it: the ticket's name, and what it is called inside the ticket.
    pub path: String,
    /// Its own name, when it has one.
    pub name: Option<String>,
    /// What the name and the content tell that it is; [`Kind::Other`] for text in which pieces are looked for.
    pub kind: Kind,
    /// The text, decoded, with `\n` or `\r\n` at line ends.
    pub text: Arc<str>,
    /// Its lines.
    pub lines: LineIndex,
    /// Lines (from 1) that only keep the numbers of the lines below right; they are no text.
    pub padding: Vec<usize>,
}

impl Document {
    /// A document of that text. `named` documents are asked what they are; a mail's body is text.
    pub fn new(path: String, name: Option<String>, text: String) -> Self {
        let kind = name.as_deref().map_or(Kind::Other, |name| kind_of(name, &text));
        let lines = LineIndex::new(&text);
        Self { path, name, kind, text: text.into(), lines, padding: Vec::new() }
    }

    /// True for the output of a job, by its name.
    pub fn is_job_log(&self) -> bool {
        let Some(name) = self.name.as_deref().map(str::to_ascii_lowercase) else { return false };
        let numbered = |mark: &str| {
            name.rsplit_once(mark).is_some_and(|(_, id)| !id.is_empty() && id.bytes().all(|byte| byte.is_ascii_digit()))
        };
        let output = name.ends_with(".out") || name.ends_with(".err");
        (output && name.bytes().any(|byte| byte.is_ascii_digit())) || numbered(".o") || numbered(".e")
    }

    /// True for what a program wrote, by its name.
    pub fn is_log(&self) -> bool {
        let end = self.name.as_deref().and_then(|name| Path::new(name).extension()?.to_str());
        self.is_job_log() || end.is_some_and(|end| matches!(end.to_ascii_lowercase().as_str(), "log" | "out" | "err"))
    }
}

/// What a file of that name and content is. A text or log file is searched for pieces, whatever it begins with.
fn kind_of(name: &str, text: &str) -> Kind {
    let path = Path::new(name);
    let end = path.extension().and_then(|end| end.to_str()).map(str::to_ascii_lowercase);
    match end.as_deref() {
        Some("txt" | "text" | "log" | "out" | "err" | "md" | "markdown" | "eml" | "rst") => {
            let requirements = classify_named(path, text.as_bytes());
            if requirements == Kind::Requirements { requirements } else { Kind::Other }
        }
        // Without a name that says so, prose may begin like a command.
        None if !name.starts_with('.') && !text.starts_with("#!") => Kind::Other,
        _ => classify_named(path, text.as_bytes()),
    }
}
