//! What a fact is: a thing that a file says or does, with its place, its fields and the state at that point.
//!
//! Fields are values in a tree that rules address by dotted paths (`option.--prefix.place`); which fields a
//! kind of fact has stands in [`super::schema`], and rules are checked against that when they load.

use std::fmt;
use std::sync::Arc;

use super::name::{Name, is, mark};
use crate::source::Span;

/// One thing that a file says or does.
#[derive(Clone, Debug)]
pub struct Fact {
    /// What kind of thing.
    pub kind: FactKind,
    /// The bytes it stands on; where a finding points unless the rule says otherwise.
    pub span: Span,
    /// False when it depends on a branch that could not be decided.
    pub certain: bool,
    /// Its own fields.
    pub fields: Record,
    /// The state of the shell before it, for shell facts.
    pub state: Option<Arc<Record>>,
    /// Number of the notebook cell (from 1) that holds it.
    pub cell: Option<usize>,
}

/// The kinds of facts.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum FactKind {
    /// A simple command, after looking through wrappers.
    Command,
    /// A variable that is set.
    Assignment,
    /// A directory put on a search path.
    PathEntry,
    /// A region between marker comments, or a known body without its markers.
    Block,
    /// The first line's interpreter, or what should be one.
    Shebang,
    /// One option of a scheduler directive.
    Directive,
    /// One module of a `module` command.
    Module,
    /// One package asked for, in a file or on a command line.
    Dependency,
    /// One channel asked for.
    Channel,
    /// A key of an environment file, `.condarc` or other settings file.
    Key,
    /// A Python import.
    Import,
    /// A Python call.
    Call,
    /// A comment with a meaning to tools (conda's «commented out by», pydoctor's own).
    Comment,
    /// A word that names a variable of the scheduler.
    Variable,
    /// The file itself, once.
    File,
    /// Second pass: a suppression of pydoctor.
    Suppression,
    /// Second pass: a region that was not understood.
    ParseGap,
    /// Account: a conda installation or an environment.
    Installation,
    /// Account: how much lies somewhere.
    Usage,
    /// Account: a start-up file, and who reads it.
    InitFile,
    /// Account: what a program name leads to.
    SearchPath,
    /// Account: a setting of a tool.
    Setting,
}

impl FactKind {
    /// All kinds, in the order of the reference.
    pub const ALL: [Self; 22] = [
        Self::Command,
        Self::Assignment,
        Self::PathEntry,
        Self::Block,
        Self::Shebang,
        Self::Directive,
        Self::Module,
        Self::Dependency,
        Self::Channel,
        Self::Key,
        Self::Import,
        Self::Call,
        Self::Comment,
        Self::Variable,
        Self::File,
        Self::Suppression,
        Self::ParseGap,
        Self::Installation,
        Self::Usage,
        Self::InitFile,
        Self::SearchPath,
        Self::Setting,
    ];

    /// The name that rules use.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Command => "command",
            Self::Assignment => "assignment",
            Self::PathEntry => "path-entry",
            Self::Block => "block",
            Self::Shebang => "shebang",
            Self::Directive => "directive",
            Self::Module => "module",
            Self::Dependency => "dependency",
            Self::Channel => "channel",
            Self::Key => "key",
            Self::Import => "import",
            Self::Call => "call",
            Self::Comment => "comment",
            Self::Variable => "variable",
            Self::File => "file",
            Self::Suppression => "suppression",
            Self::ParseGap => "parse-gap",
            Self::Installation => "installation",
            Self::Usage => "usage",
            Self::InitFile => "init-file",
            Self::SearchPath => "search-path",
            Self::Setting => "setting",
        }
    }

    /// The kind of that name.
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.name() == name)
    }
}

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
    List(Vec<Value>),
    /// Named values; cheap to copy.
    Record(Arc<Record>),
}

/// Text as far as it is known. Variables that could not be resolved stay in it as `$NAME`, command
/// substitutions as `$(…)`; `~` and `${HOME}` are written `$HOME`.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Text {
    /// The text.
    pub text: String,
    /// Names of the variables that stay unresolved in it, without `$`; `(` for a command substitution,
    /// `*` for a glob or brace expansion.
    pub unresolved: Vec<String>,
    /// Where it stands in the file.
    pub span: Option<Span>,
    /// Where the literal that it comes from stands, when a variable carried it here.
    pub origin: Option<Span>,
}

/// Named values, in the order in which they were given.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Record {
    /// Where it stands in the file.
    pub span: Option<Span>,
    /// True when it holds on some paths only (a module loaded in one branch).
    pub possible: bool,
    fields: Vec<(Name, Value)>,
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
        Self { span: Some(span), ..Self::default() }
    }

    /// The same with room for so many fields.
    #[must_use]
    pub fn with_room(mut self, fields: usize) -> Self {
        self.fields.reserve_exact(fields);
        self
    }

    /// The same at another place.
    #[must_use]
    pub fn placed(mut self, span: Option<Span>) -> Self {
        self.span = span;
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
    pub fn with(mut self, name: impl Into<Name>, value: impl Into<Value>) -> Self {
        self.add(name, value);
        self
    }

    /// Adds a field that is not there yet.
    pub fn add(&mut self, name: impl Into<Name>, value: impl Into<Value>) -> &mut Self {
        let name = name.into();
        debug_assert!(self.get(&name).is_none(), "`{}` is there already", &*name);
        self.push(name, value.into());
        self
    }

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
    pub fn at(text: impl Into<String>, span: Span) -> Self {
        Self { text: text.into(), span: Some(span), ..Self::default() }
    }

    /// Text that stands nowhere.
    pub fn plain(text: impl Into<String>) -> Self {
        Self { text: text.into(), ..Self::default() }
    }

    /// Another text in the same place, with the same parts unknown.
    #[must_use]
    pub fn saying(&self, text: impl Into<String>) -> Self {
        Self { text: text.into(), unresolved: self.unresolved.clone(), span: self.span, origin: self.origin }
    }

    /// True when every part is known.
    pub fn is_known(&self) -> bool {
        self.unresolved.is_empty()
    }

    /// The last component of a path.
    pub fn file_name(&self) -> &str {
        self.text.trim_end_matches('/').rsplit('/').next().unwrap_or("")
    }
}

impl Value {
    /// Where the value stands in the file.
    pub fn span(&self) -> Option<Span> {
        match self {
            Self::Flag(_) | Self::Number(_) => None,
            Self::Text(text) => text.span,
            Self::List(items) => items.iter().filter_map(Self::span).reduce(Span::to),
            Self::Record(record) => record.span,
        }
    }

    /// Applies `change` to every span inside.
    pub fn map_spans(&mut self, change: &mut dyn FnMut(Span) -> Span) {
        match self {
            Self::Flag(_) | Self::Number(_) => {}
            Self::Text(text) => {
                let text = Arc::make_mut(text);
                text.span = text.span.map(&mut *change);
                text.origin = text.origin.map(&mut *change);
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

impl Fact {
    /// False for a part of an `&&`, `||` or `|` list; true for what is no statement.
    pub fn is_whole_statement(&self) -> bool {
        match self.fields.get("statement") {
            Some(Value::Record(statement)) => statement.flag("whole"),
            _ => true,
        }
    }

    /// A certain fact without state.
    pub fn new(kind: FactKind, span: Span, fields: Record) -> Self {
        Self { kind, span, certain: true, fields, state: None, cell: None }
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
