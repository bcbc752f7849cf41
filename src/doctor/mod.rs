//! The live account: what its files and folders say of it, as facts of the same kind as those of scripts.

pub mod survey;
