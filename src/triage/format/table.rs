//! Several tickets by their first cause.

use std::cmp::Reverse;
use std::collections::BTreeMap;

use super::super::model::Diagnosis;

/// What stands for tickets in which nothing known was found.
pub(super) const NOTHING: &str = "nothing known matches";

/// The tickets with one cause.
pub(super) struct Row<'d> {
    /// The cause's id, or [`NOTHING`].
    pub cause: &'d str,
    /// In a few words.
    pub title: &'d str,
    /// The tickets, in the order in which they came.
    pub tickets: Vec<&'d Diagnosis>,
}

/// The causes, the most frequent first, and last the tickets without one.
pub(super) fn rows(diagnoses: &[Diagnosis]) -> Vec<Row<'_>> {
    let mut by_cause: BTreeMap<&str, Row<'_>> = BTreeMap::new();
    for diagnosis in diagnoses {
        let (cause, title) = match diagnosis.causes.first() {
            Some(cause) => (cause.id.as_str(), cause.title.as_str()),
            None => (NOTHING, NOTHING),
        };
        let row = || Row { cause, title, tickets: Vec::new() };
        by_cause.entry(cause).or_insert_with(row).tickets.push(diagnosis);
    }
    let mut rows: Vec<Row<'_>> = by_cause.into_values().collect();
    rows.sort_by_key(|row| (row.cause == NOTHING, Reverse(row.tickets.len()), row.cause));
    rows
}
