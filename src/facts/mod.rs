//! What a file says and does, as facts that rules can ask about.

mod collect;
pub mod directive;
pub mod environment;
pub mod file;
pub mod interest;
pub mod json;
pub mod matchspec;
pub mod model;
pub mod module_name;
mod name;
pub mod notebook;
pub mod placeholder;
pub mod python;
pub mod resources;
pub mod schema;
pub mod shebang;
pub mod shell;
pub mod value;

pub use collect::{collect, collect_asked, without_tree};
pub use interest::Interest;
pub use model::{Fact, FactKind};
pub use name::{Name, mark};
pub use value::{Record, Text, Value};

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, OnceLock};

use crate::source::{Source, Span};

/// Everything that one file gives.
#[derive(Clone, Debug, Default)]
pub struct FileFacts {
    /// The facts: line-based ones first, then the others in execution order.
    pub facts: Vec<Fact>,
    /// The fields of the file (`file.…`).
    pub file: Record,
    /// What its directives ask for (`job.…`).
    pub job: Option<Record>,
    /// Regions that were not understood.
    pub gaps: Vec<Gap>,
    /// Other files that facts of this one run or read.
    pub links: Vec<Link>,
    /// Texts that may tell the site, of commands and assignments that have no fact because nobody asks about them.
    pub signs: BTreeSet<String>,
    /// Of which sites there are signs, each with one, by the sites that were asked about first: their address.
    pub told: OnceLock<(usize, BTreeMap<String, String>)>,
    /// Scripts that stand in here documents and are written or submitted, each with facts of its own.
    pub embedded: Vec<FileFacts>,
    /// Of such a script: does the shell that writes it fill in its variables first? `None` for a file.
    pub filled_in: Option<bool>,
}

/// A region that was not understood, with the reason in plain words.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Gap {
    /// The bytes.
    pub span: Span,
    /// Why, for people: «unbalanced quote», «file larger than 4 MB».
    pub reason: String,
}

/// A fact that runs or reads another file.
#[derive(Clone, Debug)]
pub struct Link {
    /// Index of the fact in [`FileFacts::facts`].
    pub fact: usize,
    /// What it does with the file.
    pub how: LinkKind,
    /// The file's path as the script names it, resolved as far as known.
    pub target: Arc<Text>,
    /// The working directory at that point, when it is known and not the start's.
    pub cwd: Option<String>,
}

/// What a fact does with another file.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum LinkKind {
    /// Runs it: `python train.py`, `bash setup.sh`, `sbatch job.sh`.
    Runs,
    /// Sources it: `. ~/.bashrc`.
    Sources,
    /// Makes an environment from it: `conda env create -f environment.yml`, `pip install -r`.
    CreatesFrom,
    /// Activates or runs the environment at that path.
    Activates,
}

/// Gives the content of other files that a script sources, if they are in reach.
pub trait Reach: Sync {
    /// The file of that path, seen from the folder of `from`. `None` when it is not in reach.
    fn file(&self, from: &Source, path: &str, cwd: Option<&str>) -> Option<std::sync::Arc<Source>>;
}

/// Reach of nothing: no other file is opened.
#[derive(Clone, Copy, Debug, Default)]
pub struct Alone;

impl Reach for Alone {
    fn file(&self, _from: &Source, _path: &str, _cwd: Option<&str>) -> Option<std::sync::Arc<Source>> {
        None
    }
}
