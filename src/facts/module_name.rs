//! What the name of a module tells.

use super::model::{Record, Text};
use crate::tables::Tables;

/// The fields of a module by its name.
pub fn record(full: &Text, _loaded: &[Record], _tables: &Tables) -> Record {
    let (name, version) = full.text.rsplit_once('/').unwrap_or((&full.text, ""));
    let mut record = Record::new().with("full", full.clone()).with("name", name);
    if !version.is_empty() {
        record.set("version", version);
    }
    record
}
