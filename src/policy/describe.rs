//! What tables of policy files may hold. Each has one description: files are read by it, the schema for editors and
//! the reference are made from it. A reader that asks for what is not described fails a test, and so does one that
//! leaves out what is.

pub(super) mod baseline;
pub(super) mod case;
pub(super) mod commands;
pub(super) mod config;
pub(super) mod pack;
pub(super) mod rule;
pub(super) mod site;
pub(super) mod symptom;

use super::document::Table;

/// The keys of a table.
#[derive(Debug)]
pub struct Keys {
    /// What such a table is called in the schema.
    pub name: &'static str,
    /// The keys, in the order in which they are usually written.
    pub keys: &'static [Key],
    /// Keys of which exactly one must be given; none of them when empty.
    pub one_of: &'static [&'static str],
}

/// A key that a table may have.
#[derive(Debug)]
pub struct Key {
    /// Its name.
    pub name: &'static str,
    /// It must be given.
    pub need: bool,
    /// What it holds.
    pub kind: Kind,
    /// What it says, in Markdown.
    pub doc: &'static str,
}

/// What a key holds.
#[derive(Debug)]
pub enum Kind {
    /// Any text.
    Text,
    /// A text with fields and values to fill in.
    Template,
    /// A field of the fact, or `self`.
    Field,
    /// A name of lower case words joined by `-`.
    Id,
    /// A whole number.
    Integer,
    /// Yes or no.
    Flag,
    /// A day.
    Date,
    /// One of these words.
    Word(fn() -> Vec<&'static str>),
    /// A list.
    List(&'static Kind),
    /// A table.
    Table(&'static Keys),
    /// A table whose keys are names.
    Map(&'static Kind),
    /// One of these.
    OneOf(&'static [Kind]),
    /// A table of one of these kinds: the one whose first key is given.
    Variants(&'static [&'static Keys]),
    /// Conditions on facts of the kind that the key beside it names; of any kind when that is empty.
    Where(&'static str),
}

/// What a value of a file is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Form {
    Text,
    Integer,
    Flag,
    Date,
    List,
    Table,
}

impl Key {
    /// What it says, with the words that it may hold in the place of `WORDS`.
    pub fn says(&self) -> String {
        let words = match &self.kind {
            Kind::Word(words) | Kind::List(Kind::Word(words)) => words(),
            _ => Vec::new(),
        };
        let words: Vec<String> = words.iter().map(|word| format!("`{word}`")).collect();
        self.doc.replace("WORDS", &words.join(", "))
    }

    /// The key and what it says, for whoever left it out or gave something else.
    pub(super) fn in_words(&self) -> String {
        format!("`{}`: {}", self.name, self.says())
    }
}

impl Keys {
    /// A table of any of these keys.
    pub(super) const fn of(name: &'static str, keys: &'static [Key]) -> Self {
        Self { name, keys, one_of: &[] }
    }

    /// The key of that name.
    pub fn get(&self, name: &str) -> Option<&Key> {
        self.keys.iter().find(|key| key.name == name)
    }
}

/// A key that must be given.
pub(super) const fn need(name: &'static str, kind: Kind, doc: &'static str) -> Key {
    Key { name, need: true, kind, doc }
}

/// A key that may be given.
pub(super) const fn may(name: &'static str, kind: Kind, doc: &'static str) -> Key {
    Key { name, need: false, kind, doc }
}

/// The names of a table of choices.
pub(super) fn names<T>(choices: &[(&'static str, T)]) -> Vec<&'static str> {
    choices.iter().map(|(name, _)| *name).collect()
}

impl Kind {
    /// True when a value of that form can be right.
    pub(super) fn takes(&self, form: Form) -> bool {
        match self {
            Self::Text | Self::Template | Self::Field | Self::Id | Self::Word(_) => form == Form::Text,
            Self::Integer => form == Form::Integer,
            Self::Flag => form == Form::Flag,
            Self::Date => form == Form::Date,
            Self::List(_) => form == Form::List,
            Self::Table(_) | Self::Map(_) | Self::Variants(_) | Self::Where(_) => form == Form::Table,
            Self::OneOf(kinds) => kinds.iter().any(|kind| kind.takes(form)),
        }
    }

    /// What the items of the list are, when this can be one.
    pub(super) fn item(&'static self) -> Option<&'static Self> {
        match self {
            Self::List(item) => Some(item),
            Self::OneOf(kinds) => kinds.iter().find_map(Self::item),
            _ => None,
        }
    }

    /// What the table holds, when this can be one.
    pub(super) fn table(&'static self) -> Option<Described> {
        match self {
            Self::Table(keys) => Some(Described::Keys(keys)),
            Self::Map(kind) => Some(Described::Names(kind)),
            Self::OneOf(kinds) => kinds.iter().find_map(Self::table),
            _ => None,
        }
    }
}

/// What is known of a table.
#[derive(Clone, Copy, Debug)]
pub(super) enum Described {
    /// Nothing: conditions, whose words are the fields of facts.
    Free,
    /// These keys.
    Keys(&'static Keys),
    /// Names, each with such a value.
    Names(&'static Kind),
}

/// Checks a table that some other reader takes in: unknown keys, keys that are missing, values of another form.
pub(super) fn check(table: Table<'_, '_>) {
    let Described::Keys(keys) = table.described() else { return };
    for key in keys.keys {
        let item = if key.need { table.need(key.name) } else { table.get(key.name) };
        let Some(item) = item else { continue };
        if let Some(list) = key.kind.item().is_some().then(|| item.list()).flatten() {
            for item in list {
                check_item(&item, key.name);
            }
        } else {
            check_item(&item, key.name);
        }
    }
    table.finish();
}

fn check_item(item: &super::document::Item<'_, '_>, key: &str) {
    let Some(kind) = item.kind() else { return };
    match kind {
        Kind::Text | Kind::Template | Kind::Field | Kind::Id => drop(item.string()),
        Kind::Word(words) => item.word(key, &words()),
        Kind::Integer => drop(item.integer()),
        Kind::Flag => drop(item.flag()),
        Kind::Table(_) => {
            if let Some(table) = item.table() {
                check(table);
            }
        }
        _ => {}
    }
}
