//! The live account: what its files and folders say of it, as facts of the same kind as those of scripts.
//!
//! Each probe is one file. A probe looks through [`home::Home`], which never leaves the account, and gives records that
//! the rules judge like any other fact. Nothing is written and nothing is run.

pub mod home;
pub mod installations;
pub mod size;
pub mod startup;
pub mod survey;
pub mod usage;
