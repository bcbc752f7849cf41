//! Matching facts with policy: findings with their fixes, suppressions, links between files.

pub mod finding;

pub use finding::{Applicability, Certainty, Edit, Finding, Fix, Label, Severity};
