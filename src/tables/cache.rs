//! Caches and downloads that tools keep in home directories.

use super::tsv::Tsv;
use super::{TableError, required};

pub(super) const FILE: &str = "data/caches.tsv";
const COLUMNS: [&str; 6] = ["path", "name", "title", "variable", "clean", "remake"];

/// The table of caches.
#[derive(Debug, Default)]
pub struct Caches {
    rows: Vec<Cache>,
}

/// One kind of cache.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Cache {
    /// Where it lies, below the home.
    pub path: String,
    /// Its name for rules; several places may share one.
    pub name: String,
    /// What it is, for people.
    pub title: String,
    /// The variable that moves it elsewhere.
    pub variable: Option<String>,
    /// The command that empties it.
    pub clean: Option<String>,
    /// Its tool makes it again by itself.
    pub remade: bool,
}

impl Caches {
    /// Reads `data/caches.tsv`.
    ///
    /// # Errors
    /// As [`super::Tables::parse`].
    pub fn parse<'a>(read: &dyn Fn(&str) -> Option<&'a str>) -> Result<Self, TableError> {
        Ok(Self { rows: rows(required(read, FILE)?)? })
    }

    /// Adds what a further pack says; a path that is there already is replaced.
    pub(super) fn add<'a>(&mut self, read: &dyn Fn(&str) -> Option<&'a str>) -> Result<(), TableError> {
        for row in read(FILE).map(rows).transpose()?.unwrap_or_default() {
            self.rows.retain(|old| old.path != row.path);
            self.rows.push(row);
        }
        Ok(())
    }

    /// The cache that lies at `path`, below the home.
    pub fn at(&self, path: &str) -> Option<&Cache> {
        self.rows.iter().find(|row| row.path == path)
    }

    /// The first cache of that name.
    pub fn named(&self, name: &str) -> Option<&Cache> {
        self.rows.iter().find(|row| row.name == name)
    }
}

fn rows(text: &str) -> Result<Vec<Cache>, TableError> {
    let table = Tsv::parse(FILE, text, &COLUMNS)?;
    let read = |row: super::tsv::Row<'_, '_>| {
        let remade = match row.get("remake") {
            "yes" => true,
            "no" => false,
            _ => return Err(row.error("remake is yes or no")),
        };
        let owned = |column| row.some(column).map(str::to_owned);
        Ok(Cache {
            path: row.get("path").to_owned(),
            name: row.get("name").to_owned(),
            title: row.get("title").to_owned(),
            variable: owned("variable"),
            clean: owned("clean"),
            remade,
        })
    };
    table.rows().map(read).collect()
}
