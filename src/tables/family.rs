//! What a module is (`python`, `anaconda`, `mpi`, …), by globs on its name.

use std::collections::BTreeSet;

use super::tsv::Tsv;
use super::{TableError, glob, required};

pub(super) const FILE: &str = "data/module-families.tsv";

/// The family table.
#[derive(Debug, Default)]
pub struct Families {
    rows: Vec<(String, String)>,
}

impl Families {
    /// Reads `data/module-families.tsv`.
    ///
    /// # Errors
    /// As [`super::Tables::parse`].
    pub fn parse<'a>(read: &dyn Fn(&str) -> Option<&'a str>) -> Result<Self, TableError> {
        required(read, FILE)?;
        let mut families = Self::default();
        families.add(read)?;
        Ok(families)
    }

    /// Adds the rows of a further pack, which decide before those that are there.
    ///
    /// # Errors
    /// As [`super::Tables::add`].
    pub fn add<'a>(&mut self, read: &dyn Fn(&str) -> Option<&'a str>) -> Result<(), TableError> {
        let Some(text) = read(FILE) else { return Ok(()) };
        let table = Tsv::parse(FILE, text, &["glob", "family"])?;
        let rows = table.rows().map(|row| (row.get("glob").to_lowercase(), row.get("family").to_owned()));
        self.rows = rows.chain(std::mem::take(&mut self.rows)).collect();
        Ok(())
    }

    /// All families, each once.
    pub fn names(&self) -> BTreeSet<&str> {
        self.rows.iter().map(|(_, family)| family.as_str()).collect()
    }

    /// The family of a module by its whole name (`python/3.11.9`); the first row that matches decides.
    pub fn of(&self, full: &str) -> Option<&str> {
        let full = full.to_lowercase();
        self.rows.iter().find(|(glob, _)| glob::matches(glob, &full)).map(|(_, family)| family.as_str())
    }
}
