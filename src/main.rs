//! The `pydoctor` command.

fn main() {}
