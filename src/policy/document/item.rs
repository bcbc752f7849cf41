//! Values of a document: each asked for as what it must be.

use std::cell::RefCell;
use std::ops::Range;

use toml::de::DeValue;

use super::super::describe::{Described, Form, Key, Kind};
use super::{Entries, Item, Raw, Shape, Table, Word};
use crate::tree::Node;

impl<'d, 'a> Item<'d, 'a> {
    /// What the description says that it is.
    pub fn kind(&self) -> Option<&'static Kind> {
        self.kind
    }

    /// The description allows what the reader asks for.
    fn asked_as(&self, form: Form) {
        debug_assert!(self.kind.is_none_or(|kind| kind.takes(form)), "described as {:?}, read as {form:?}", self.kind);
    }

    /// Where the value stands.
    pub fn span(&self) -> Range<usize> {
        match self.raw {
            Raw::Read(value) => value.span(),
            Raw::Built(_) => 0..0,
        }
    }

    /// True for a value of the built-in pack, which a test has checked.
    pub fn is_built(&self) -> bool {
        matches!(self.raw, Raw::Built(_))
    }

    /// What the value is.
    pub fn shape(&self) -> Shape<'d> {
        match self.raw {
            Raw::Read(value) => match value.get_ref() {
                DeValue::String(text) => Shape::Text(text.as_ref()),
                DeValue::Integer(_) => Shape::Integer,
                DeValue::Float(_) => Shape::Float,
                DeValue::Boolean(flag) => Shape::Flag(*flag),
                DeValue::Datetime(_) => Shape::Date,
                DeValue::Array(_) => Shape::List,
                DeValue::Table(_) => Shape::Table,
            },
            Raw::Built(node) => match node {
                Node::Text(text) => Shape::Text(text),
                Node::Integer(_) => Shape::Integer,
                Node::Flag(flag) => Shape::Flag(*flag),
                Node::Date(_) => Shape::Date,
                Node::List(_) => Shape::List,
                Node::Table(_) => Shape::Table,
            },
        }
    }

    /// Notes that something else was expected.
    pub fn wrong(&self, expected: &str) {
        let found = match self.shape() {
            Shape::Text(_) => "a string",
            Shape::Integer => "an integer",
            Shape::Float => "a float",
            Shape::Flag(_) => "true or false",
            Shape::Date => "a date",
            Shape::List => "a list",
            Shape::Table => "a table",
        };
        self.doc.problem(self.span(), format!("expected {expected}, found {found}"), self.key.map(Key::in_words));
    }

    /// Text, silently nothing else.
    pub fn as_str(&self) -> Option<&'d str> {
        if let Shape::Text(text) = self.shape() { Some(text) } else { None }
    }

    /// A whole number, silently nothing else.
    pub fn as_integer(&self) -> Option<i64> {
        match self.raw {
            Raw::Read(value) => match value.get_ref() {
                DeValue::Integer(number) => i64::from_str_radix(number.as_str(), number.radix()).ok(),
                _ => None,
            },
            Raw::Built(Node::Integer(number)) => Some(*number),
            Raw::Built(_) => None,
        }
    }

    /// Text.
    pub fn string(&self) -> Option<Word<'d>> {
        self.asked_as(Form::Text);
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
        self.asked_as(Form::Flag);
        match self.shape() {
            Shape::Flag(flag) => Some(flag),
            _ => {
                self.wrong("true or false");
                None
            }
        }
    }

    /// A whole number.
    pub fn integer(&self) -> Option<i64> {
        self.asked_as(Form::Integer);
        let number = self.as_integer();
        if number.is_none() {
            self.wrong("an integer");
        }
        number
    }

    /// A date, as written.
    pub fn date(&self) -> Option<String> {
        self.asked_as(Form::Date);
        let date = match self.raw {
            Raw::Read(value) => match value.get_ref() {
                DeValue::Datetime(date) => Some(date.to_string()),
                _ => None,
            },
            Raw::Built(Node::Date(date)) => Some((*date).to_owned()),
            Raw::Built(_) => None,
        };
        if date.is_none() {
            self.wrong("a date like 2026-02-12, without quotes");
        }
        date
    }

    /// A list.
    pub fn list(&self) -> Option<Vec<Self>> {
        self.asked_as(Form::List);
        let kind = self.kind.and_then(Kind::item);
        let item = |raw| Item { doc: self.doc, raw, kind, key: self.key };
        let items = match self.raw {
            Raw::Read(value) => match value.get_ref() {
                DeValue::Array(items) => Some(items.iter().map(|value| item(Raw::Read(value))).collect()),
                _ => None,
            },
            Raw::Built(Node::List(items)) => Some(items.iter().map(|node| item(Raw::Built(node))).collect()),
            Raw::Built(_) => None,
        };
        if items.is_none() {
            self.wrong("a list");
        }
        items
    }

    /// A list of texts.
    pub fn strings(&self) -> Vec<Word<'d>> {
        self.list().unwrap_or_default().into_iter().filter_map(|item| item.string()).collect()
    }

    /// A table, silently nothing else.
    pub fn quiet_table(&self) -> Option<Table<'d, 'a>> {
        matches!(self.shape(), Shape::Table).then(|| self.table())?
    }

    /// A table.
    pub fn table(&self) -> Option<Table<'d, 'a>> {
        self.asked_as(Form::Table);
        let entries = match self.raw {
            Raw::Read(value) => match value.get_ref() {
                DeValue::Table(table) => Some(Entries::Read(table)),
                _ => None,
            },
            Raw::Built(Node::Table(entries)) => Some(Entries::Built(entries)),
            Raw::Built(_) => None,
        };
        if entries.is_none() {
            self.wrong("a table");
        }
        let described = self.kind.and_then(Kind::table).unwrap_or(Described::Free);
        entries.map(|entries| Table { doc: self.doc, entries, span: self.span(), described, asked: RefCell::default() })
    }

    /// One of `words`.
    pub fn word(&self, what: &str, words: &[&'static str]) {
        if let Some(word) = self.string().filter(|word| !words.contains(&word.text)) {
            self.doc.unknown(&word, what, words.iter().copied());
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
