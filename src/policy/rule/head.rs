//! Which facts can concern a rule, as far as that can be told without reading its conditions.

use crate::facts::FactKind;

use super::super::condition::site_value;
use super::super::document::{Item, Shape, Table};

/// Which facts can concern a clause.
#[derive(Clone, Debug)]
pub(in super::super) struct ClauseHead {
    /// The kind of fact.
    pub on: FactKind,
    /// What the field by which such facts are indexed begins with; `None` when that can be anything.
    pub leads: Option<Vec<Lead>>,
}

/// What an indexed field begins with.
#[derive(Clone, Debug)]
pub(in super::super) enum Lead {
    /// This first word.
    Word(String),
    /// That of a value of the site.
    Value(String),
}

impl ClauseHead {
    /// Reads what of a clause can be told without reading its conditions. Says nothing of faults: reading the clause does.
    pub(in super::super) fn read(table: &Table<'_, '_>) -> Option<Self> {
        let on = FactKind::from_name(table.get("on")?.as_str()?)?;
        Some(Self { on, leads: leads_of(table, on) })
    }
}

/// What the indexed field of facts of a kind begins with, by the conditions of `table`; `None` when that can be anything.
pub(super) fn leads_of(table: &Table<'_, '_>, kind: FactKind) -> Option<Vec<Lead>> {
    let item = table.get("where")?.quiet_table()?.get(indexed_field(kind)?)?;
    let mut leads = Vec::new();
    read_leads(&item, &mut leads, 0)?;
    Some(leads)
}

fn read_leads(item: &Item<'_, '_>, leads: &mut Vec<Lead>, depth: usize) -> Option<()> {
    match item.shape() {
        Shape::Text(text) => {
            leads.push(match site_value(text) {
                Some(name) => Lead::Value(name.to_owned()),
                None => Lead::Word(first_word_of_glob(text)?.to_owned()),
            });
            Some(())
        }
        Shape::List if depth < 16 => item.list()?.iter().try_for_each(|item| read_leads(item, leads, depth + 1)),
        _ => None,
    }
}

/// The field by whose first word facts of a kind are sorted.
pub fn indexed_field(kind: FactKind) -> Option<&'static str> {
    match kind {
        FactKind::Command => Some("run"),
        FactKind::Call => Some("callee"),
        FactKind::Assignment | FactKind::Key | FactKind::Variable => Some("name"),
        FactKind::Directive => Some("known"),
        FactKind::Shebang => Some("problem"),
        _ => None,
    }
}

/// What stands before the first blank or dot.
pub fn first_word(text: &str) -> &str {
    text.split([' ', '.']).next().unwrap_or(text)
}

/// The first word of all texts that a glob matches, when it tells. A field to fill in counts as a wildcard.
pub(in super::super) fn first_word_of_glob(glob: &str) -> Option<&str> {
    let prefix = glob.split(['*', '?', '[', '\\', '{', '}']).next().unwrap_or(glob);
    let word = first_word(prefix);
    // A word that ends where a wildcard begins may go on.
    (word.len() < prefix.len() || prefix.len() == glob.len()).then_some(word)
}
