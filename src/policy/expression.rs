//! Regular expressions in rules: compiled when they are first needed, and what is wrong with them.

use std::fmt;
use std::ops::Range;
use std::sync::{Arc, LazyLock, Mutex, OnceLock, PoisonError};

use foldhash::HashMap;
use regex_automata::meta::{Config, Regex};
use regex_automata::nfa::thompson::WhichCaptures;
use regex_syntax::hir::HirKind;

use super::document::{Document, Word};

/// An expression may take so much memory, in bytes: as in the `regex` crate.
const MOST_MEMORY: usize = 10 << 20;

/// The expressions compiled so far, by their text: many rules ask the same.
static COMPILED: LazyLock<Mutex<HashMap<String, Option<Expression>>>> = LazyLock::new(Mutex::default);

/// So many expressions for files are kept: what is filled in differs from file to file.
const MOST_FOR_FILES: usize = 200;

/// What an expression tells of so many texts is remembered, of texts of so many bytes at most.
const MOST_TOLD: usize = 1000;
const LONGEST_TOLD: usize = 200;

/// A regular expression, ready to be asked.
#[derive(Clone)]
pub enum Expression {
    /// One that is a plain text.
    Plain(Arc<str>),
    /// Any other.
    Regex(Arc<Remembering>),
}

/// An expression that remembers what it told: many files call the same things alike.
pub struct Remembering {
    regex: Regex,
    told: Mutex<HashMap<Box<str>, bool>>,
}

/// A regular expression, compiled when it is first needed.
#[derive(Clone)]
pub struct LazyRegex {
    source: String,
    compiled: OnceLock<Option<Expression>>,
}

/// Why a text is no regular expression.
#[derive(Debug)]
pub(super) struct Fault {
    /// What is wrong, in the parser's words.
    why: String,
    /// Where, in the text; all of it when that is not known.
    at: Range<usize>,
}

impl fmt::Debug for LazyRegex {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.source.fmt(f)
    }
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
    pub fn get(&self) -> Option<&Expression> {
        self.compiled.get_or_init(|| shared(&self.source)).as_ref()
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

/// The expression of that text.
fn shared(source: &str) -> Option<Expression> {
    let mut known = COMPILED.lock().unwrap_or_else(PoisonError::into_inner);
    known.entry(source.to_owned()).or_insert_with_key(|source| compiled(source)).clone()
}

/// The texts of fields are short, and most expressions are asked a few times in a run: what finds a match in a long text
/// fast takes longer to make than it saves.
fn compiled(source: &str) -> Option<Expression> {
    let hir = regex_syntax::parse(source).ok()?;
    if let HirKind::Literal(plain) = hir.kind()
        && let Ok(plain) = std::str::from_utf8(&plain.0)
    {
        return Some(Expression::Plain(plain.into()));
    }
    let regex = Regex::builder().configure(plainly_made().hybrid(false)).build_from_hir(&hir).ok()?;
    Some(Expression::Regex(Arc::new(Remembering { regex, told: Mutex::default() })))
}

/// An expression for texts of whole files, of which each is asked of few. Many files call the same things alike.
pub(super) fn for_files(source: String) -> Option<Arc<Regex>> {
    static KNOWN: LazyLock<Mutex<HashMap<String, Option<Arc<Regex>>>>> = LazyLock::new(Mutex::default);
    let mut known = KNOWN.lock().unwrap_or_else(PoisonError::into_inner);
    if known.len() > MOST_FOR_FILES {
        known.clear();
    }
    let made = |source: &String| Regex::builder().configure(plainly_made()).build(source).ok().map(Arc::new);
    known.entry(source).or_insert_with_key(made).clone()
}

/// Without what takes longest to make.
fn plainly_made() -> Config {
    let config = Config::new().dfa(false).onepass(false).auto_prefilter(false);
    config.which_captures(WhichCaptures::Implicit).nfa_size_limit(Some(MOST_MEMORY))
}

impl Expression {
    /// True when it matches somewhere in `text`.
    pub fn is_match(&self, text: &str) -> bool {
        match self {
            Self::Plain(plain) => memchr::memmem::find(text.as_bytes(), plain.as_bytes()).is_some(),
            Self::Regex(regex) => regex.is_match(text),
        }
    }
}

impl Remembering {
    fn is_match(&self, text: &str) -> bool {
        if text.len() > LONGEST_TOLD {
            return self.regex.is_match(text);
        }
        let known = || self.told.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(told) = known().get(text) {
            return *told;
        }
        let told = self.regex.is_match(text);
        let mut known = known();
        if known.len() < MOST_TOLD {
            known.insert(text.into(), told);
        }
        told
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
