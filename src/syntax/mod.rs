//! Parsers, one thin file per language: trees with guards before the parse and a time budget in it.

pub mod budget;
pub mod python;
pub mod shell;
pub mod yaml;
