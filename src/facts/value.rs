//! The values of fields: flags, numbers, texts, lists and records.
//!
//! A run keeps the facts of all its files, and most of what it keeps is small texts with a name. So they are kept small:
//! short texts stand in place, and a place takes eight bytes.

use std::cell::RefCell;
use std::fmt;
use std::sync::Arc;

use ecow::EcoString;
use foldhash::HashMap;
use thin_vec::ThinVec;

use super::name::{Name, is, mark};
use crate::source::{MaybeSpan, Span};

/// The value of a field.
#[derive(Clone, Debug, PartialEq)]
pub enum Value {
    /// Yes or no.
    Flag(bool),
    /// A whole number.
    Number(i64),
    /// Text, perhaps with parts that are not known; cheap to copy.
    Text(Arc<Text>),
    /// Several values.
    List(ThinVec<Value>),
    /// Named values; cheap to copy.
    Record(Arc<Record>),
}

/// Text as far as it is known. Variables that could not be resolved stay in it as `$NAME`, command
/// substitutions as `$(…)`; `~` and `${HOME}` are written `$HOME`.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Text {
    /// The text.
    pub text: EcoString,
    /// Names of the variables that stay unresolved in it, without `$`; `(` for a command substitution,
    /// `*` for a glob or brace expansion.
    pub unresolved: ThinVec<EcoString>,
    /// Where it stands in the file.
    pub span: MaybeSpan,
    /// Where the literal that it comes from stands, when a variable carried it here.
    pub origin: MaybeSpan,
}

/// Named values, in the order in which they were given.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Record {
    /// Where it stands in the file.
    pub span: MaybeSpan,
    /// True when it holds on some paths only (a module loaded in one branch).
    pub possible: bool,
    fields: ThinVec<(Name, Value)>,
    /// The marks of the names of all fields: most fields that are asked for are not there.
    marks: u64,
}

impl Record {
    /// An empty record.
    pub fn new() -> Self {
        Self::default()
    }

    /// An empty record that stands at `span`.
    pub fn at(span: Span) -> Self {
        Self { span: span.into(), ..Self::default() }
    }

    /// The same with room for so many fields.
    #[must_use]
    pub fn with_room(mut self, fields: usize) -> Self {
        self.fields.reserve_exact(fields);
        self
    }

    /// The same at another place.
    #[must_use]
    pub fn placed(mut self, span: impl Into<MaybeSpan>) -> Self {
        self.span = span.into();
        self
    }

    /// Sets a field, replacing an earlier value of that name.
    pub fn set(&mut self, name: impl Into<Name>, value: impl Into<Value>) -> &mut Self {
        let name = name.into();
        let value = value.into();
        match self.get_mut(&name) {
            Some(slot) => *slot = value,
            None => self.push(name, value),
        }
        self
    }

    /// The same with a field that is not there yet; for building in one expression.
    #[must_use]
    #[inline]
    pub fn with(mut self, name: impl Into<Name>, value: impl Into<Value>) -> Self {
        self.add(name, value);
        self
    }

    /// Adds a field that is not there yet.
    #[inline]
    pub fn add(&mut self, name: impl Into<Name>, value: impl Into<Value>) -> &mut Self {
        let name = name.into();
        debug_assert!(self.get(&name).is_none(), "`{}` is there already", &*name);
        self.push(name, value.into());
        self
    }

    #[inline]
    fn push(&mut self, name: Name, value: Value) {
        self.marks |= mark(&name);
        self.fields.push((name, value));
    }

    /// Adds a field that is not there yet when there is a value.
    pub fn add_some(&mut self, name: impl Into<Name>, value: Option<impl Into<Value>>) -> &mut Self {
        if let Some(value) = value {
            self.add(name, value);
        }
        self
    }

    /// Sets a field when there is a value.
    pub fn set_some(&mut self, name: impl Into<Name>, value: Option<impl Into<Value>>) -> &mut Self {
        if let Some(value) = value {
            self.set(name, value);
        }
        self
    }

    /// Takes a field away.
    pub fn remove(&mut self, name: &str) {
        self.fields.retain(|(other, _)| **other != *name);
        self.marks = self.fields.iter().fold(0, |marks, (name, _)| marks | mark(name));
    }

    /// The marks of the names of all fields.
    #[inline]
    pub fn marks(&self) -> u64 {
        self.marks
    }

    /// The field of that name.
    pub fn get(&self, name: &str) -> Option<&Value> {
        if self.marks & mark(name) == 0 {
            return None;
        }
        self.fields.iter().find(|(other, _)| is(other, name)).map(|(_, value)| value)
    }

    /// The field of that name, to change.
    pub fn get_mut(&mut self, name: &str) -> Option<&mut Value> {
        if self.marks & mark(name) == 0 {
            return None;
        }
        self.fields.iter_mut().find(|(other, _)| is(other, name)).map(|(_, value)| value)
    }

    /// The text of a text field, empty when there is none.
    pub fn text(&self, name: &str) -> &str {
        match self.get(name) {
            Some(Value::Text(text)) => &text.text,
            _ => "",
        }
    }

    /// True when the field is a flag that is set.
    pub fn flag(&self, name: &str) -> bool {
        matches!(self.get(name), Some(Value::Flag(true)))
    }

    /// True when the field is a list with that text in it.
    pub fn lists(&self, name: &str, text: &str) -> bool {
        let is_it = |item: &Value| matches!(item, Value::Text(own) if own.text == text);
        matches!(self.get(name), Some(Value::List(items)) if items.iter().any(is_it))
    }

    /// All fields in order.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &Value)> {
        self.fields.iter().map(|(name, value)| (&**name, value))
    }

    /// All values, to change.
    pub fn values_mut(&mut self) -> impl Iterator<Item = &mut Value> {
        self.fields.iter_mut().map(|(_, value)| value)
    }

    /// True without any field.
    pub fn is_empty(&self) -> bool {
        self.fields.is_empty()
    }
}

impl Text {
    /// Text that stands literally at `span`.
    pub fn at(text: impl Into<EcoString>, span: Span) -> Self {
        Self { text: text.into(), span: span.into(), ..Self::default() }
    }

    /// Text that stands nowhere.
    pub fn plain(text: impl Into<EcoString>) -> Self {
        Self { text: text.into(), ..Self::default() }
    }

    /// Another text in the same place, with the same parts unknown.
    #[must_use]
    pub fn saying(&self, text: impl Into<EcoString>) -> Self {
        Self { text: text.into(), unresolved: self.unresolved.clone(), span: self.span, origin: self.origin }
    }

    /// True when every part is known.
    pub fn is_known(&self) -> bool {
        self.unresolved.is_empty()
    }

    /// Where the literal that it comes from stands, when a variable carried it from there.
    pub fn carried_from(&self) -> Option<Span> {
        self.origin.get().filter(|_| self.origin != self.span)
    }

    /// The last component of a path.
    pub fn file_name(&self) -> &str {
        self.text.trim_end_matches('/').rsplit('/').next().unwrap_or("")
    }
}

thread_local! {
    /// The words of our own that facts say, each once: there are few, and facts say them again and again.
    static WORDS: RefCell<HashMap<&'static str, Arc<Text>>> = RefCell::default();
}

impl Value {
    /// A word of our own.
    pub fn word(word: &'static str) -> Self {
        let made = || Arc::new(Text::plain(word));
        Self::Text(WORDS.with_borrow_mut(|known| Arc::clone(known.entry(word).or_insert_with(made))))
    }

    /// Where the value stands in the file.
    pub fn span(&self) -> Option<Span> {
        match self {
            Self::Flag(_) | Self::Number(_) => None,
            Self::Text(text) => text.span.get(),
            Self::List(items) => items.iter().filter_map(Self::span).reduce(Span::to),
            Self::Record(record) => record.span.get(),
        }
    }

    /// Applies `change` to every span inside.
    pub fn map_spans(&mut self, change: &mut dyn FnMut(Span) -> Span) {
        match self {
            Self::Flag(_) | Self::Number(_) => {}
            Self::Text(text) => {
                let text = Arc::make_mut(text);
                text.span = text.span.map(&mut *change);
                text.origin = text.origin.map(change);
            }
            Self::List(items) => items.iter_mut().for_each(|item| item.map_spans(change)),
            Self::Record(record) => Arc::make_mut(record).map_spans(change),
        }
    }
}

impl Record {
    /// Applies `change` to every span inside.
    pub fn map_spans(&mut self, change: &mut dyn FnMut(Span) -> Span) {
        self.span = self.span.map(&mut *change);
        self.values_mut().for_each(|value| value.map_spans(change));
    }
}

impl From<bool> for Value {
    fn from(flag: bool) -> Self {
        Self::Flag(flag)
    }
}

impl From<i64> for Value {
    fn from(number: i64) -> Self {
        Self::Number(number)
    }
}

impl From<Text> for Value {
    fn from(text: Text) -> Self {
        Self::Text(Arc::new(text))
    }
}

impl From<Arc<Text>> for Value {
    fn from(text: Arc<Text>) -> Self {
        Self::Text(text)
    }
}

impl From<&str> for Value {
    fn from(text: &str) -> Self {
        Text::plain(text).into()
    }
}

impl From<String> for Value {
    fn from(text: String) -> Self {
        Text::plain(text).into()
    }
}

impl From<EcoString> for Value {
    fn from(text: EcoString) -> Self {
        Text::plain(text).into()
    }
}

impl From<ThinVec<Value>> for Value {
    fn from(items: ThinVec<Value>) -> Self {
        Self::List(items)
    }
}

impl From<Record> for Value {
    fn from(record: Record) -> Self {
        Self::Record(Arc::new(record))
    }
}

impl From<Arc<Record>> for Value {
    fn from(record: Arc<Record>) -> Self {
        Self::Record(record)
    }
}

impl<T: Into<Value>> From<Vec<T>> for Value {
    fn from(items: Vec<T>) -> Self {
        Self::List(items.into_iter().map(Into::into).collect())
    }
}

impl fmt::Display for Value {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Flag(flag) => write!(f, "{flag}"),
            Self::Number(number) => write!(f, "{number}"),
            Self::Text(text) => f.write_str(&text.text),
            Self::List(items) => {
                for (index, item) in items.iter().enumerate() {
                    if index > 0 {
                        f.write_str(", ")?;
                    }
                    write!(f, "{item}")?;
                }
                Ok(())
            }
            // A record shows as the field that names it.
            Self::Record(record) => match ["full", "name", "text", "path"].iter().find_map(|key| record.get(key)) {
                Some(value) => write!(f, "{value}"),
                None => Ok(()),
            },
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_are_small() {
        assert_eq!(size_of::<Value>(), 16);
        assert_eq!(size_of::<(Name, Value)>(), 32);
        assert!(size_of::<Text>() <= 40 && size_of::<Record>() <= 32);
    }

    #[test]
    fn a_text_has_a_place_or_none() {
        let mut text = Text::at("x", Span::new(3, 4));
        assert_eq!((text.span.get(), text.origin.get()), (Some(Span::new(3, 4)), None));
        text.span = MaybeSpan::NONE.or(Span::at(7).into());
        assert_eq!(text.span.get(), Some(Span::at(7)));
        assert_eq!(text.span.map(|span| span.shifted(2)).get(), Some(Span::at(9)));
        assert!(MaybeSpan::default().get().is_none() && MaybeSpan::from(Span::new(0, usize::MAX)).get().is_none());
    }
}
