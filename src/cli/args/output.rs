//! What options of several commands hold: colours, severities, formats and where they go.

use std::path::PathBuf;
use std::str::FromStr;

use clap::ValueEnum;

use crate::check::{Prefiltering, Severity};
use crate::report::{AccountFormat, Format};
use crate::triage::Format as TriageFormat;

/// When to use colour.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(in crate::cli) enum Color {
    /// On a terminal, unless NO_COLOR is set
    Auto,
    /// Always
    Always,
    /// Never
    Never,
}

/// A severity as the command line spells it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(in crate::cli) enum Threshold {
    Error,
    Warning,
    Hint,
}

/// When files are looked through for words before they are parsed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(in crate::cli) enum Prefilter {
    Auto,
    Always,
    Never,
}

impl From<Prefilter> for Prefiltering {
    fn from(prefilter: Prefilter) -> Self {
        match prefilter {
            Prefilter::Auto => Self::WhenWorthIt,
            Prefilter::Always => Self::Always,
            Prefilter::Never => Self::Never,
        }
    }
}

impl From<Threshold> for Severity {
    fn from(threshold: Threshold) -> Self {
        match threshold {
            Threshold::Error => Self::Error,
            Threshold::Warning => Self::Warning,
            Threshold::Hint => Self::Hint,
        }
    }
}

/// A format and where it goes; standard output without a file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(in crate::cli) struct Output<F> {
    pub(in crate::cli) format: F,
    pub(in crate::cli) file: Option<PathBuf>,
}

/// A format of lists and pages.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::cli) enum ListFormat {
    /// For people.
    Human,
    /// One object, version 1.
    Json,
}

/// What can be named in front of `=FILE`.
pub(in crate::cli) trait Named: Copy + 'static {
    /// Names with what they mean.
    fn names() -> Vec<(&'static str, Self)>;
}

impl Named for Format {
    fn names() -> Vec<(&'static str, Self)> {
        Self::ALL.map(|format| (format.name(), format)).to_vec()
    }
}

impl Named for AccountFormat {
    fn names() -> Vec<(&'static str, Self)> {
        Self::ALL.map(|format| (format.name(), format)).to_vec()
    }
}

impl Named for TriageFormat {
    fn names() -> Vec<(&'static str, Self)> {
        Self::ALL.map(|format| (format.name(), format)).to_vec()
    }
}

impl Named for ListFormat {
    fn names() -> Vec<(&'static str, Self)> {
        vec![("human", Self::Human), ("json", Self::Json)]
    }
}

impl<F: Named> FromStr for Output<F> {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let (name, file) = match text.split_once('=') {
            Some((name, file)) => (name, Some(file)),
            None => (text, None),
        };
        let all = F::names();
        let Some((_, format)) = all.iter().find(|(known, _)| *known == name) else {
            let names: Vec<&str> = all.iter().map(|(known, _)| *known).collect();
            return Err(format!("no such format; there are {}", names.join(", ")));
        };
        if file == Some("") {
            return Err("a file name is missing behind `=`".to_owned());
        }
        Ok(Self { format: *format, file: file.map(PathBuf::from) })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn formats_go_to_files() {
        let output: Output<Format> = "json=a=b.json".parse().unwrap();
        assert_eq!(output, Output { format: Format::Json, file: Some("a=b.json".into()) });
        assert!("xml".parse::<Output<Format>>().is_err() && "json=".parse::<Output<Format>>().is_err());
        assert!("sarif".parse::<Output<ListFormat>>().is_err());
    }
}
