//! The documents whose wishes the policy carries, from `documents.toml`.

use serde::Deserialize;

/// A document of one centre.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Document {
    /// A handle for tables.
    pub short: String,
    /// Its title and whose it is.
    pub title: String,
    /// Where it is.
    pub address: String,
    /// How the sources that belong to it begin.
    pub also: Vec<String>,
    /// The sites it speaks for.
    pub sites: Vec<String>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Documents {
    document: Vec<Document>,
}

/// All documents.
pub fn all() -> Vec<Document> {
    let documents: Documents = toml::from_str(include_str!("documents.toml")).expect("documents.toml is well formed");
    documents.document
}

impl Document {
    /// True when `source` is this document, or another page of the same centre.
    pub fn is_source(&self, source: &str) -> bool {
        self.also.iter().any(|start| source.starts_with(start.as_str()))
    }
}
