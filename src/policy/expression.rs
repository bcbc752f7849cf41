//! Regular expressions in rules: compiled when they are first needed, and what is wrong with them.

use std::ops::Range;
use std::sync::OnceLock;

use regex::Regex;

use super::document::{Document, Word};

/// A regular expression, compiled when it is first needed.
#[derive(Clone, Debug)]
pub struct LazyRegex {
    source: String,
    compiled: OnceLock<Option<Regex>>,
}

/// Why a text is no regular expression.
#[derive(Debug)]
pub(super) struct Fault {
    /// What is wrong, in the parser's words.
    why: String,
    /// Where, in the text; all of it when that is not known.
    at: Range<usize>,
}

impl LazyRegex {
    /// The expression of that text.
    pub(super) fn new(source: &str) -> Self {
        Self { source: source.to_owned(), compiled: OnceLock::new() }
    }

    /// Its text.
    pub(super) fn source(&self) -> &str {
        &self.source
    }

    /// The expression; `None` when it is not one.
    pub fn get(&self) -> Option<&Regex> {
        self.compiled.get_or_init(|| Regex::new(&self.source).ok()).as_ref()
    }

    /// What is wrong with it.
    pub(super) fn fault(&self) -> Option<Fault> {
        if self.get().is_some() {
            return None;
        }
        let whole = 0..self.source.len();
        let (why, at) = match regex_syntax::parse(&self.source) {
            Err(regex_syntax::Error::Parse(error)) => (error.kind().to_string(), range(error.span())),
            Err(regex_syntax::Error::Translate(error)) => (error.kind().to_string(), range(error.span())),
            _ => ("it takes too much memory".to_owned(), whole),
        };
        Some(Fault { why, at })
    }
}

impl Fault {
    /// Notes it as a problem of the text `word`, at its place when that can be found there.
    pub fn tell(&self, doc: &Document<'_>, word: &Word<'_>) {
        let span = match word.text.get(self.at.start..).filter(|rest| !rest.is_empty()) {
            Some(rest) => {
                let from = doc.locate(word.span.clone(), rest);
                let length = self.at.len().max(1);
                // Where the text is written with escapes, its places are not those of the file.
                if from == word.span { from } else { from.start..(from.start + length).min(from.end) }
            }
            // It ends too early: behind its last character stands the quote.
            None => word.span.end.saturating_sub(1)..word.span.end,
        };
        doc.problem(span, format!("not a regular expression: {}", self.why), None);
    }
}

fn range(span: &regex_syntax::ast::Span) -> Range<usize> {
    span.start.offset..span.end.offset
}
