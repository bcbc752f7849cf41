//! Strict reading of TOML: every key must be asked for, every value has its type and its place, and all problems
//! of a file are gathered.

mod item;

use std::cell::RefCell;
use std::ops::Range;

use toml::Spanned;
use toml::de::{DeString, DeTable, DeValue};

use super::describe::{Described, Key, Keys, Kind};
use super::error::{Problem, nearest};
use super::glob;
use crate::tree::Node;

/// How a blank begins that a skeleton leaves to its author: `<FILL IN: what is wrong>`.
const BLANK: &str = "<FILL IN";

/// One file that is being read, and what is wrong with it so far.
pub(super) struct Document<'a> {
    file: &'a str,
    text: &'a str,
    problems: RefCell<Vec<Problem>>,
    /// What a skeleton left to its author and nobody filled in.
    blanks: Vec<Problem>,
    /// The days on which something was looked at.
    days: RefCell<Vec<(String, Range<usize>)>>,
    /// The text is no TOML: what could be read of it says nothing about what was meant.
    broken: bool,
}

/// What was read of a file, and the blanks that it still has.
pub(super) struct Filled<T> {
    pub value: T,
    pub blanks: Vec<Problem>,
}

/// A table of a document. Its keys are those that the reader asks for; [`Table::finish`] reports the others.
pub(super) struct Table<'d, 'a> {
    doc: &'d Document<'a>,
    entries: Entries<'d, 'a>,
    span: Range<usize>,
    described: Described,
    asked: RefCell<Vec<&'static str>>,
}

/// Where the entries of a table are: in a text just read, or in the program.
#[derive(Clone, Copy)]
enum Entries<'d, 'a> {
    Read(&'d DeTable<'a>),
    Built(&'static [(&'static str, Node)]),
}

/// Where a value is.
#[derive(Clone, Copy)]
enum Raw<'d, 'a> {
    Read(&'d Spanned<DeValue<'a>>),
    Built(&'static Node),
}

/// What a value is.
#[derive(Clone, Copy, Debug)]
pub(super) enum Shape<'d> {
    Text(&'d str),
    Integer,
    Float,
    Flag(bool),
    Date,
    List,
    Table,
}

/// A value of a document.
#[derive(Clone, Copy)]
pub(super) struct Item<'d, 'a> {
    pub doc: &'d Document<'a>,
    raw: Raw<'d, 'a>,
    /// What the description says that it is.
    kind: Option<&'static Kind>,
    /// The key whose value it is, or an item of it, as described.
    key: Option<&'static Key>,
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
        let doc = Self { broken: !errors.is_empty(), ..Self::about(file, text) };
        for error in errors {
            let problem =
                Problem::new(file, text, error.span().unwrap_or(0..0), format!("TOML: {}", error.message()), None);
            let mut problems = doc.problems.borrow_mut();
            // What follows a mistake in the same line comes of it, and so does most of what follows several.
            if problems.len() < 3 && problems.iter().all(|known| known.line != problem.line) {
                problems.push(problem);
            }
        }
        (doc, tree)
    }

    /// The same of a file that may come from a skeleton; every blank in it that nobody filled in is noted.
    pub fn parse_filled(file: &'a str, text: &'a str) -> (Self, Spanned<DeTable<'a>>) {
        let (doc, tree) = Self::parse(file, text);
        let blanks = doc.blanks(&tree);
        (Self { blanks, ..doc }, tree)
    }

    fn blanks(&self, tree: &Spanned<DeTable<'a>>) -> Vec<Problem> {
        if self.broken {
            return Vec::new();
        }
        let mut waiting: Vec<&Spanned<DeValue<'a>>> = tree.get_ref().values().collect();
        let mut found: Vec<(usize, &str)> = Vec::new();
        while let Some(value) = waiting.pop() {
            match value.get_ref() {
                DeValue::String(_) => {
                    let span = value.span();
                    let text = self.text.get(span.clone()).unwrap_or_default();
                    found.extend(text.match_indices(BLANK).map(|(at, _)| {
                        let rest = &text[at..];
                        (span.start + at, rest.split_inclusive('>').next().unwrap_or(rest))
                    }));
                }
                DeValue::Array(items) => waiting.extend(items.iter()),
                DeValue::Table(table) => waiting.extend(table.values()),
                _ => {}
            }
        }
        found.sort_unstable();
        let problem = |(at, blank): (usize, &str)| {
            let message = "a blank is not filled in".to_owned();
            Problem::new(self.file, self.text, at..at + blank.len(), message, None)
        };
        found.into_iter().map(problem).collect()
    }

    /// A document whose text was read before; only its problems are gathered.
    pub fn about(file: &'a str, text: &'a str) -> Self {
        Self { file, text, problems: RefCell::default(), blanks: Vec::new(), days: RefCell::default(), broken: false }
    }

    /// The root table of `tree`, which holds what `keys` describe.
    pub fn root<'d>(&'d self, tree: &'d Spanned<DeTable<'a>>, keys: &'static Keys) -> Table<'d, 'a> {
        Table {
            doc: self,
            entries: Entries::Read(tree.get_ref()),
            span: 0..0,
            described: Described::Keys(keys),
            asked: RefCell::default(),
        }
    }

    /// The root table of a file that is not ours, in which a table may be.
    pub fn foreign<'d>(&'d self, tree: &'d Spanned<DeTable<'a>>) -> Table<'d, 'a> {
        Table {
            doc: self,
            entries: Entries::Read(tree.get_ref()),
            span: 0..0,
            described: Described::Free,
            asked: RefCell::default(),
        }
    }

    /// The root table of a file that the build script read. It has no places.
    pub fn built(&self, tree: &'static Node, keys: &'static Keys) -> Table<'_, 'a> {
        let entries = if let Node::Table(entries) = tree { entries } else { &[][..] };
        Table {
            doc: self,
            entries: Entries::Built(entries),
            span: 0..0,
            described: Described::Keys(keys),
            asked: RefCell::default(),
        }
    }

    /// Notes a problem.
    pub fn problem(&self, span: Range<usize>, message: impl Into<String>, note: Option<String>) {
        if self.broken {
            return;
        }
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

    /// The same of a name that packs may bring.
    pub fn unknown_here<'k>(&self, word: &Word<'_>, what: &str, known: impl IntoIterator<Item = &'k str>) {
        let near = nearest(word.text, known).map(|near| format!("did you mean `{near}`?"));
        let note = near.unwrap_or_else(|| {
            "what a pack brings is known only where `[[pack]]` or a layer loads the pack".to_owned()
        });
        self.problem(word.span.clone(), format!("unknown {what} `{}`", word.text), Some(note));
    }

    /// Notes what is wrong with a glob.
    pub fn check_glob(&self, word: &Word<'_>) {
        if let Some(at) = glob::unclosed(word.text).filter(|_| !self.text.is_empty()) {
            let span = self.locate(word.span.clone(), &word.text[at..]);
            let note = "write `\\\\[` in quotes for a bracket that is meant".to_owned();
            self.problem(span, "`[` begins a class of characters that nothing closes", Some(note));
        }
    }

    /// The place of `needle` inside `span`, or `span` when it is not there as written.
    pub fn locate(&self, span: Range<usize>, needle: &str) -> Range<usize> {
        match self.text.get(span.clone()).and_then(|text| text.find(needle)) {
            Some(at) => span.start + at..span.start + at + needle.len(),
            None => span,
        }
    }

    /// File, line and column of `span`, as people write them.
    pub fn place(&self, span: Range<usize>) -> String {
        let problem = Problem::new(self.file, self.text, span, String::new(), None);
        format!("{}:{}:{}", problem.file, problem.line, problem.column)
    }

    /// The line of the byte at `at`, from 1.
    pub fn line(&self, at: usize) -> usize {
        self.text.bytes().take(at).filter(|byte| *byte == b'\n').count() + 1
    }

    /// The days that tables read by [`Table::verified`] give, with their places.
    pub fn days(&self) -> Vec<(String, Range<usize>)> {
        self.days.borrow().clone()
    }

    /// Everything wrong with the document but its blanks.
    pub fn into_problems(self) -> Vec<Problem> {
        self.problems.into_inner()
    }

    /// True of a text that is no TOML, of which anything may be missing.
    pub fn is_broken(&self) -> bool {
        self.broken
    }

    /// What was read of the document with its blanks. Errors: everything wrong with it, the blanks among that.
    pub fn read<T>(self, value: T) -> Result<Filled<T>, Vec<Problem>> {
        let problems = self.problems.into_inner();
        match problems.is_empty() {
            true => Ok(Filled { value, blanks: self.blanks }),
            false => Err(self.blanks.into_iter().chain(problems).collect()),
        }
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

    /// What is known of the table.
    pub fn described(&self) -> Described {
        self.described
    }

    /// The same, known to hold these keys.
    pub fn with_keys(self, keys: &'static Keys) -> Self {
        Self { described: Described::Keys(keys), ..self }
    }

    /// The value of a key that this table may have.
    pub fn get(&self, key: &'static str) -> Option<Item<'d, 'a>> {
        self.asked.borrow_mut().push(key);
        let (kind, described) = match self.described {
            Described::Keys(keys) => {
                let described = keys.get(key);
                debug_assert!(described.is_some(), "the description of `{}` lacks `{key}`", keys.name);
                (described.map(|key| &key.kind), described)
            }
            Described::Names(kind) => (Some(kind), None),
            Described::Free => (None, None),
        };
        self.entries.get(key).map(|raw| Item { doc: self.doc, raw, kind, key: described })
    }

    /// True when the key is given; does not ask for it.
    pub fn has(&self, key: &str) -> bool {
        self.entries.get(key).is_some()
    }

    /// The value of a key that this table must have.
    pub fn need(&self, key: &'static str) -> Option<Item<'d, 'a>> {
        let item = self.get(key);
        if item.is_none() {
            let described = if let Described::Keys(keys) = self.described { keys.get(key) } else { None };
            self.doc.problem(self.span(), format!("`{key}` is missing"), described.map(Key::in_words));
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

    /// The day of `verified`, on which something was last looked at.
    pub fn verified(&self) -> Option<String> {
        let item = self.get("verified")?;
        let day = item.date()?;
        self.doc.days.borrow_mut().push((day.clone(), item.span()));
        Some(day)
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
        let kind = match self.described {
            Described::Names(kind) => Some(kind),
            _ => None,
        };
        let item = |raw| Item { doc: self.doc, raw, kind, key: None };
        match self.entries {
            Entries::Read(table) => {
                let entry = |(key, value): (&'d Spanned<_>, _)| {
                    (Word { text: DeString::as_ref(key.get_ref()), span: key.span() }, item(Raw::Read(value)))
                };
                let mut entries: Vec<_> = table.iter().map(entry).collect();
                entries.sort_by_key(|(key, _)| key.span.start);
                entries
            }
            Entries::Built(entries) => {
                entries.iter().map(|(key, value)| (Word { text: key, span: 0..0 }, item(Raw::Built(value)))).collect()
            }
        }
    }

    /// Reports every key that nobody asked for.
    pub fn finish(self) {
        let mut asked = self.asked.borrow_mut();
        asked.sort_unstable();
        asked.dedup();
        if let Described::Keys(keys) = self.described {
            let unread = keys.keys.iter().find(|key| !asked.contains(&key.name));
            debug_assert!(
                unread.is_none(),
                "`{}` describes `{}`, which nobody reads",
                keys.name,
                unread.map_or("", |key| key.name)
            );
        }
        if matches!(self.entries, Entries::Built(_)) {
            return;
        }
        for (key, _) in self.entries() {
            if !asked.contains(&key.text) {
                self.doc.unknown(&key, "key", asked.iter().copied());
            }
        }
    }
}

impl<'d, 'a> Entries<'d, 'a> {
    fn get(self, key: &str) -> Option<Raw<'d, 'a>> {
        match self {
            Self::Read(table) => table.get(key).map(Raw::Read),
            Self::Built(entries) => entries.iter().find(|(name, _)| *name == key).map(|(_, node)| Raw::Built(node)),
        }
    }
}
