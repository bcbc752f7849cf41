//! What a module is (`python`, `anaconda`, `mpi`, …), by globs on its name.

use super::tsv::Tsv;
use super::{TableError, glob, required};

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
        let file = "data/module-families.tsv";
        let table = Tsv::parse(file, required(read, file)?, &["glob", "family"])?;
        let rows = table.rows().map(|row| (row.get("glob").to_lowercase(), row.get("family").to_owned())).collect();
        Ok(Self { rows })
    }

    /// The family of a module by its whole name (`python/3.11.9`); the first row that matches decides.
    pub fn of(&self, full: &str) -> Option<&str> {
        let full = full.to_lowercase();
        self.rows.iter().find(|(glob, _)| glob::matches(glob, &full)).map(|(_, family)| family.as_str())
    }
}
