//! Strict reading of TOML: every key must be asked for, every value has its type and its place, and all problems
//! of a file are gathered.

use std::cell::RefCell;
use std::ops::Range;

use toml::Spanned;
use toml::de::{DeTable, DeValue};

use super::error::{Problem, nearest};

/// One file that is being read, and what is wrong with it so far.
pub(super) struct Document<'a> {
    file: &'a str,
    text: &'a str,
    problems: RefCell<Vec<Problem>>,
}

/// A table of a document. Its keys are those that the reader asks for; [`Table::finish`] reports the others.
pub(super) struct Table<'d, 'a> {
    doc: &'d Document<'a>,
    table: &'d DeTable<'a>,
    span: Range<usize>,
    asked: RefCell<Vec<&'static str>>,
}

/// A value of a document.
#[derive(Clone, Copy)]
pub(super) struct Item<'d, 'a> {
    pub doc: &'d Document<'a>,
    value: &'d Spanned<DeValue<'a>>,
}

/// Text with its place.
#[derive(Clone, Debug)]
pub(super) struct Word<'d> {
    pub text: &'d str,
    pub span: Range<usize>,
}

impl<'a> Document<'a> {
    /// A document with the syntax errors of its text; the tree holds what could be read.
    pub fn parse(file: &'a str, text: &'a str) -> (Self, Spanned<DeTable<'a>>) {
        let (tree, errors) = DeTable::parse_recoverable(text);
        let doc = Self { file, text, problems: RefCell::default() };
        for error in errors {
            doc.problem(error.span().unwrap_or(0..0), format!("TOML: {}", error.message()), None);
        }
        (doc, tree)
    }

    /// A document whose text was read before; only its problems are gathered.
    pub fn about(file: &'a str, text: &'a str) -> Self {
        Self { file, text, problems: RefCell::default() }
    }

    /// The root table of `tree`.
    pub fn root<'d>(&'d self, tree: &'d Spanned<DeTable<'a>>) -> Table<'d, 'a> {
        Table { doc: self, table: tree.get_ref(), span: 0..0, asked: RefCell::default() }
    }

    /// Notes a problem.
    pub fn problem(&self, span: Range<usize>, message: impl Into<String>, note: Option<String>) {
        let problem = Problem::new(self.file, self.text, span, message.into(), note);
        let mut problems = self.problems.borrow_mut();
        if !problems.contains(&problem) {
            problems.push(problem);
        }
    }

    /// Notes that `word` is none of `known`, naming the nearest.
    pub fn unknown<'k>(&self, word: &Word<'_>, what: &str, known: impl IntoIterator<Item = &'k str>) {
        let known: Vec<&str> = known.into_iter().collect();
        let note = expectation(word.text, &known);
        self.problem(word.span.clone(), format!("unknown {what} `{}`", word.text), note);
    }

    /// The place of `needle` inside `span`, or `span` when it is not there as written.
    pub fn locate(&self, span: Range<usize>, needle: &str) -> Range<usize> {
        match self.text.get(span.clone()).and_then(|text| text.find(needle)) {
            Some(at) => span.start + at..span.start + at + needle.len(),
            None => span,
        }
    }

    /// Everything wrong with the document.
    pub fn into_problems(self) -> Vec<Problem> {
        self.problems.into_inner()
    }
}

/// What to say beside an unknown name: the nearest one, else the choice when it is short.
pub(super) fn expectation(name: &str, known: &[&str]) -> Option<String> {
    match nearest(name, known.iter().copied()) {
        Some(near) => Some(format!("did you mean `{near}`?")),
        None if known.is_empty() || known.len() > 40 => None,
        None => Some(format!("expected one of: {}", known.join(", "))),
    }
}

impl<'d, 'a> Table<'d, 'a> {
    /// Where the table stands.
    pub fn span(&self) -> Range<usize> {
        self.span.clone()
    }

    /// Where errors go.
    pub fn doc(&self) -> &'d Document<'a> {
        self.doc
    }

    /// The value of a key that this table may have.
    pub fn get(&self, key: &'static str) -> Option<Item<'d, 'a>> {
        self.asked.borrow_mut().push(key);
        self.table.get(key).map(|value| Item { doc: self.doc, value })
    }

    /// True when the key is given; does not ask for it.
    pub fn has(&self, key: &str) -> bool {
        self.table.contains_key(key)
    }

    /// The value of a key that this table must have.
    pub fn need(&self, key: &'static str) -> Option<Item<'d, 'a>> {
        let item = self.get(key);
        if item.is_none() {
            self.doc.problem(self.span(), format!("`{key}` is missing"), None);
        }
        item
    }

    /// Text that the table may have.
    pub fn string(&self, key: &'static str) -> Option<Word<'d>> {
        self.get(key)?.string()
    }

    /// Text that the table must have.
    pub fn need_string(&self, key: &'static str) -> Option<Word<'d>> {
        let word = self.need(key)?.string()?;
        if word.text.trim().is_empty() {
            self.doc.problem(word.span.clone(), format!("`{key}` is empty"), None);
        }
        Some(word)
    }

    /// A list of texts; empty when not given.
    pub fn strings(&self, key: &'static str) -> Vec<Word<'d>> {
        self.get(key).map(|item| item.strings()).unwrap_or_default()
    }

    /// Yes or no.
    pub fn flag(&self, key: &'static str) -> Option<bool> {
        self.get(key)?.flag()
    }

    /// A list of tables (`[[key]]`); empty when not given.
    pub fn tables(&self, key: &'static str) -> Vec<Table<'d, 'a>> {
        let Some(item) = self.get(key) else { return Vec::new() };
        item.list().unwrap_or_default().into_iter().filter_map(|item| item.table()).collect()
    }

    /// A table.
    pub fn table(&self, key: &'static str) -> Option<Table<'d, 'a>> {
        self.get(key)?.table()
    }

    /// One of `choices`.
    pub fn choice<T: Copy>(&self, key: &'static str, choices: &[(&'static str, T)]) -> Option<T> {
        self.get(key)?.choice(key, choices)
    }

    /// All keys with their values, in the order of the file; for tables whose keys are names.
    pub fn entries(&self) -> Vec<(Word<'d>, Item<'d, 'a>)> {
        let mut entries: Vec<_> = self
            .table
            .iter()
            .map(|(key, value)| {
                (Word { text: key.get_ref().as_ref(), span: key.span() }, Item { doc: self.doc, value })
            })
            .collect();
        entries.sort_by_key(|(key, _)| key.span.start);
        entries
    }

    /// Reports every key that nobody asked for.
    pub fn finish(self) {
        let mut asked = self.asked.borrow_mut();
        asked.sort_unstable();
        asked.dedup();
        for (key, _) in self.entries() {
            if !asked.contains(&key.text) {
                self.doc.unknown(&key, "key", asked.iter().copied());
            }
        }
    }
}

impl<'d, 'a> Item<'d, 'a> {
    /// Where the value stands.
    pub fn span(&self) -> Range<usize> {
        self.value.span()
    }

    /// The value itself.
    pub fn value(&self) -> &'d DeValue<'a> {
        self.value.get_ref()
    }

    /// Notes that something else was expected.
    pub fn wrong(&self, expected: &str) {
        let found = match self.value() {
            DeValue::String(_) => "a string",
            DeValue::Integer(_) => "an integer",
            DeValue::Float(_) => "a float",
            DeValue::Boolean(_) => "true or false",
            DeValue::Datetime(_) => "a date",
            DeValue::Array(_) => "a list",
            DeValue::Table(_) => "a table",
        };
        self.doc.problem(self.span(), format!("expected {expected}, found {found}"), None);
    }

    /// Text, silently nothing else.
    pub fn as_str(&self) -> Option<&'d str> {
        match self.value() {
            DeValue::String(text) => Some(text.as_ref()),
            _ => None,
        }
    }

    /// A whole number, silently nothing else.
    pub fn as_integer(&self) -> Option<i64> {
        match self.value() {
            DeValue::Integer(number) => i64::from_str_radix(number.as_str(), number.radix()).ok(),
            _ => None,
        }
    }

    /// Text.
    pub fn string(&self) -> Option<Word<'d>> {
        match self.as_str() {
            Some(text) => Some(Word { text, span: self.span() }),
            None => {
                self.wrong("a string");
                None
            }
        }
    }

    /// Yes or no.
    pub fn flag(&self) -> Option<bool> {
        match self.value() {
            DeValue::Boolean(flag) => Some(*flag),
            _ => {
                self.wrong("true or false");
                None
            }
        }
    }

    /// A whole number.
    pub fn integer(&self) -> Option<i64> {
        let number = self.as_integer();
        if number.is_none() {
            self.wrong("an integer");
        }
        number
    }

    /// A date, as written.
    pub fn date(&self) -> Option<String> {
        match self.value() {
            DeValue::Datetime(date) => Some(date.to_string()),
            _ => {
                self.wrong("a date like 2026-02-12");
                None
            }
        }
    }

    /// A list.
    pub fn list(&self) -> Option<Vec<Self>> {
        match self.value() {
            DeValue::Array(items) => Some(items.iter().map(|value| Item { doc: self.doc, value }).collect()),
            _ => {
                self.wrong("a list");
                None
            }
        }
    }

    /// A list of texts.
    pub fn strings(&self) -> Vec<Word<'d>> {
        self.list().unwrap_or_default().into_iter().filter_map(|item| item.string()).collect()
    }

    /// A table, silently nothing else.
    pub fn quiet_table(&self) -> Option<Table<'d, 'a>> {
        matches!(self.value(), DeValue::Table(_)).then(|| self.table())?
    }

    /// A table.
    pub fn table(&self) -> Option<Table<'d, 'a>> {
        match self.value() {
            DeValue::Table(table) => Some(Table { doc: self.doc, table, span: self.span(), asked: RefCell::default() }),
            _ => {
                self.wrong("a table");
                None
            }
        }
    }

    /// One of `choices`.
    pub fn choice<T: Copy>(&self, what: &str, choices: &[(&'static str, T)]) -> Option<T> {
        let word = self.string()?;
        let found = choices.iter().find(|(name, _)| *name == word.text).map(|(_, value)| *value);
        if found.is_none() {
            self.doc.unknown(&word, what, choices.iter().map(|(name, _)| *name));
        }
        found
    }
}
