//! What was written and counts for nothing: comments that name no site, configurations of another name.

use std::path::{Path, PathBuf};

use crate::check::SiteChoice;

use super::Session;
use crate::cli::settings::Settings;

impl Session<'_> {
    /// All of it, a line each.
    pub(in crate::cli) fn notes(&self) -> Vec<String> {
        self.slips.iter().cloned().chain(not_read(&self.engine.settings)).collect()
    }
}

/// What a comment of the file says that names no site.
pub(in crate::cli) fn of_site(path: &Path, site: &SiteChoice) -> Option<String> {
    let (line, wrong) = site.slip.as_ref()?;
    Some(format!("{}:{line}: this comment counts for nothing: {wrong}", path.display()))
}

/// What is not read and was meant to be, most likely.
pub(in crate::cli) fn not_read(settings: &Settings) -> impl Iterator<Item = String> {
    let told = |(file, meant): (PathBuf, &str)| format!("{}: is not read; did you mean `{meant}`?", file.display());
    settings.misspelt().into_iter().map(told)
}
