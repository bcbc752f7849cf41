//! pydoctor: a policy-as-code linter and shell start-up doctor for Python on supercomputers.
//!
//! Rust computes facts, TOML states policy. The modules stand in the order in which data flows, and each
//! may use only those above it: `source` finds and reads files, `syntax` parses them, `tree` holds the TOML that
//! was read when the program was built, `tables` the
//! data about commands, schedulers and toolchains, `facts` says what a file does, `policy` holds rules and sites,
//! `check` matches facts with policy, `fix` writes, `report` shows, `cli` wires it all.

pub mod check;
pub mod cli;
pub mod doctor;
pub mod facts;
pub mod fix;
pub mod policy;
pub mod redact;
pub mod report;
pub mod source;
pub mod syntax;
pub mod tables;
pub mod tree;
pub mod triage;
