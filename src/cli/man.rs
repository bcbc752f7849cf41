//! `pydoctor man DIR`: a manual page for the command and for each of its subcommands.

use std::fs;
use std::path::Path;

use anyhow::Context;
use clap::CommandFactory;

use super::Status;
use super::args::Args;

/// Runs `pydoctor man`. Errors name the folder.
pub(super) fn run(folder: &Path) -> anyhow::Result<Status> {
    let write = || {
        fs::create_dir_all(folder)?;
        clap_mangen::generate_to(Args::command(), folder)
    };
    write().with_context(|| format!("{}: manual pages cannot be written", folder.display()))?;
    Ok(Status::Clean)
}
