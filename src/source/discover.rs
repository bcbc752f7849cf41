//! Finding files: named ones, folders walked, standard input.

use super::Source;
use std::path::{Path, PathBuf};

/// How to walk.
#[derive(Clone, Debug, Default)]
pub struct WalkOptions {}

/// What a walk found.
#[derive(Clone, Debug, Default)]
pub struct Discovered {
    /// The files.
    pub files: Vec<PathBuf>,
    /// What could not be read.
    pub problems: Vec<Problem>,
}

/// A path that could not be read.
#[derive(Clone, Debug)]
pub struct Problem {
    /// The path.
    pub path: PathBuf,
    /// Why.
    pub message: String,
}

/// Finds files.
pub fn discover(_paths: &[PathBuf], _options: &WalkOptions) -> Discovered {
    Discovered::default()
}

/// Reads one file.
pub fn read(path: &Path) -> Result<Source, Problem> {
    Err(Problem { path: path.to_owned(), message: String::new() })
}
