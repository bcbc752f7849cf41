//! The rule and site file format: load, validate, explain errors with their place, merge, index.

pub mod alternatives;
pub mod baseline;
pub mod case;
pub mod condition;
pub mod config;
pub mod day;
mod describe;
mod document;
pub mod effective;
pub mod error;
pub mod expression;
pub mod fix;
pub mod glob;
pub mod guard;
pub mod hints;
pub mod layers;
pub mod library;
mod needles;
pub mod needs;
pub mod pack;
pub mod path;
mod phrase;
mod reply;
pub mod rule;
mod saying;
pub mod schema;
pub mod severity;
pub mod site;
pub mod sites;
pub mod symptom;
pub mod template;
mod verify;
pub mod wording;

use std::path::Path;

pub use config::{Config, FileConfig};
pub use day::Day;
pub use effective::{ActiveRule, Effective, Selection};
pub use error::{PolicyError, Problem, nearest};
pub use layers::{About, CommandLine, Defied, Kept, Layers, Level, Lock, Meant, Origin, Told};
pub use library::Library;
pub use pack::{PackFiles, PackInfo, Policy};
pub use phrase::Phrase;
pub use reply::{REPLY_NAMES, Replies, Reply};
pub use rule::{Clause, Rule};
pub use saying::Saying;
pub use severity::{Applicability, Severity};
pub use site::{ROOT, Site};
pub use sites::{SiteHead, Sites};
pub use symptom::{Symptom, Symptoms};

/// The policy that is built into the program. It is read as far as it is needed; never an error, since a test has
/// read all of it.
pub fn builtin() -> Result<Policy, PolicyError> {
    Ok(Policy::built_in())
}

/// The policy of the pack in the folder `path` alone.
pub fn load_dir(path: &Path) -> Result<Policy, PolicyError> {
    Policy::load(&[PackFiles::read(path)?])
}

#[cfg(test)]
mod tests;
