//! What `--fix` and `undo` do to files: nothing is lost, whatever the files are, and whatever happens meanwhile.

#![expect(clippy::disallowed_methods, reason = "tests start the program and read what it wrote")]
#![expect(clippy::print_stderr, reason = "tests say how much they did, and what not")]
#![expect(clippy::unwrap_used, reason = "a test ends at the first surprise")]

#[path = "fix/account.rs"]
mod account;
#[path = "fix/faults.rs"]
mod faults;
#[path = "fix/interactive.rs"]
mod interactive;
#[path = "oracle/mod.rs"]
mod oracle;
#[path = "fix/places.rs"]
mod places;
#[path = "fix/properties.rs"]
mod properties;
