//! What is wrong with a policy or a configuration, shown with the place, a caret and the nearest name.

use std::fmt::Write as _;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// Why policy or configuration cannot be used. All of them are the fault of the pack or configuration, or of
/// the name that was asked for, never of a checked file.
#[derive(Debug, thiserror::Error)]
pub enum PolicyError {
    /// Files that break the format, with every problem found.
    #[error("{}", render(.0))]
    Invalid(Vec<Problem>),
    /// A file or folder that cannot be read.
    #[error("cannot read `{}`: {}", path.display(), crate::source::reason(path, cause))]
    Unreadable {
        /// What was to be read.
        path: PathBuf,
        /// What the system says. Not called `source`: it is told already.
        cause: io::Error,
    },
    /// A pack that holds nothing.
    #[error(
        "the pack `{0}` holds no rule, no site and no symptom: a pack needs at least one file `lint/<rule>.toml`, `sites/<site>.toml` or `symptoms/<symptom>.toml`"
    )]
    Empty(String),
    /// A pack that a configuration names.
    #[error("{error}\n\nthe pack is named in {place}")]
    Pack {
        /// What is wrong with it.
        error: Arc<PolicyError>,
        /// File, line and column that name it.
        place: String,
    },
    /// A pack of a user or a project that changes what is locked.
    #[error(
        "{}: {} changes `{about}`, which {} locks{}; leave that out of the pack",
        by.display(), changed_by(.change), super::guard::place(.lock),
        if .reason.is_empty() { String::new() } else { format!(": {reason}") }
    )]
    Locked {
        /// The configuration that brings the pack.
        by: PathBuf,
        /// Where the pack changes what is locked; `None` where packs were left out.
        change: Option<Box<Change>>,
        /// The rule or site.
        about: String,
        /// The file and the line that lock it.
        lock: (PathBuf, usize),
        /// Why; may be empty.
        reason: String,
    },
    /// A name that does not exist where packs are left out.
    #[error(
        "{0}; --isolated leaves out what $PYDOCTOR_POLICY_PATH, your own configuration and that of the project bring"
    )]
    LeftOut(Box<PolicyError>),
    /// A rule, tag or `ALL` that was asked for and does not exist.
    #[error("there is no rule or tag `{name}`{}", did_you_mean(.nearest.as_deref(), "rules"))]
    UnknownRule {
        /// What was asked for.
        name: String,
        /// The nearest name that exists.
        nearest: Option<String>,
    },
    /// A site that was asked for and does not exist.
    #[error("there is no site `{name}`{}", did_you_mean(.nearest.as_deref(), "sites"))]
    UnknownSite {
        /// What was asked for.
        name: String,
        /// The nearest name that exists.
        nearest: Option<String>,
    },
}

/// What a pack changes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Change {
    /// The name of the pack.
    pub pack: String,
    /// The file in it.
    pub file: PathBuf,
    /// The line, from 1.
    pub line: usize,
}

/// One problem at one place of a policy or configuration file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Problem {
    /// The file, as it was named.
    pub file: String,
    /// Line, from 1.
    pub line: usize,
    /// Column in characters, from 1.
    pub column: usize,
    /// What is wrong.
    pub message: String,
    /// What was expected, or the nearest name.
    pub note: Option<String>,
    /// The line, and how many characters of it are wrong.
    snippet: (String, usize),
}

impl PolicyError {
    /// The same with files below `folder` named from there on, as somebody in that folder would write them.
    #[must_use]
    pub fn seen_from(self, folder: &Path) -> Self {
        let shorter = |path: &Path| path.strip_prefix(folder).unwrap_or(path).to_owned();
        match self {
            Self::Pack { error, place } => Self::Pack {
                error: Arc::new(error.copied().seen_from(folder)),
                place: shorter(Path::new(&place)).display().to_string(),
            },
            Self::Invalid(problems) => {
                let shown = |problem: Problem| Problem {
                    file: shorter(Path::new(&problem.file)).display().to_string(),
                    ..problem
                };
                Self::Invalid(problems.into_iter().map(shown).collect())
            }
            Self::Unreadable { path, cause } => Self::Unreadable { path: shorter(&path), cause },
            Self::Empty(pack) => Self::Empty(shorter(Path::new(&pack)).display().to_string()),
            Self::Locked { by, change, about, lock, reason } => {
                let change = change.map(|change| Box::new(Change { file: shorter(&change.file), ..*change }));
                Self::Locked { by: shorter(&by), change, about, lock: (shorter(&lock.0), lock.1), reason }
            }
            other => other,
        }
    }

    /// The file that is at fault, the first of several.
    pub fn file(&self) -> Option<&Path> {
        match self {
            Self::Invalid(problems) => problems.first().map(|problem| Path::new(&problem.file)),
            Self::Unreadable { path, .. } => Some(path),
            Self::Empty(pack) => Some(Path::new(pack)),
            Self::Pack { error, .. } => error.file(),
            Self::Locked { by, .. } => Some(by),
            Self::LeftOut(_) | Self::UnknownRule { .. } | Self::UnknownSite { .. } => None,
        }
    }

    /// The same again; what the system says is kept as text.
    #[must_use]
    pub fn copied(&self) -> Self {
        match self {
            Self::Invalid(problems) => Self::Invalid(problems.clone()),
            Self::Unreadable { path, cause } => {
                let cause = match cause.raw_os_error() {
                    Some(code) => io::Error::from_raw_os_error(code),
                    None => io::Error::new(cause.kind(), cause.to_string()),
                };
                Self::Unreadable { path: path.clone(), cause }
            }
            Self::Empty(pack) => Self::Empty(pack.clone()),
            Self::Pack { error, place } => Self::Pack { error: Arc::clone(error), place: place.clone() },
            Self::Locked { by, change, about, lock, reason } => Self::Locked {
                by: by.clone(),
                change: change.clone(),
                about: about.clone(),
                lock: lock.clone(),
                reason: reason.clone(),
            },
            Self::LeftOut(error) => Self::LeftOut(Box::new(error.copied())),
            Self::UnknownRule { name, nearest } => Self::UnknownRule { name: name.clone(), nearest: nearest.clone() },
            Self::UnknownSite { name, nearest } => Self::UnknownSite { name: name.clone(), nearest: nearest.clone() },
        }
    }
}

impl Problem {
    /// A problem at the bytes `span` of `text`, the content of `file`.
    pub fn new(file: &str, text: &str, span: std::ops::Range<usize>, message: String, note: Option<String>) -> Self {
        let start = floor_char_boundary(text, span.start);
        let end = floor_char_boundary(text, span.end.max(start));
        let line_start = text[..start].rfind('\n').map_or(0, |at| at + 1);
        let line_end = text[start..].find('\n').map_or(text.len(), |at| start + at);
        let width = text[start..end.min(line_end).max(start)].chars().count().max(1);
        Self {
            file: file.to_owned(),
            line: text[..line_start].bytes().filter(|byte| *byte == b'\n').count() + 1,
            column: text[line_start..start].chars().count() + 1,
            message,
            note,
            snippet: (text[line_start..line_end].trim_end().replace('\t', " "), width),
        }
    }

    /// The problem as people read it: message, place, line, caret, note.
    pub fn render(&self) -> String {
        let number = self.line.to_string();
        let blank = " ".repeat(number.len());
        let caret = " ".repeat(self.column - 1) + &"^".repeat(self.snippet.1);
        let mut out = String::new();
        let _ = writeln!(out, "error: {}", self.message);
        if self.snippet.0.is_empty() && (self.line, self.column) == (1, 1) {
            // The file is empty, not there, or a folder.
            let _ = writeln!(out, " --> {}", self.file);
            if let Some(note) = &self.note {
                let _ = writeln!(out, "  = {note}");
            }
            return out;
        }
        let _ = writeln!(out, "{blank}--> {}:{}:{}", self.file, self.line, self.column);
        let _ = writeln!(out, "{blank} |");
        let _ = writeln!(out, "{number} | {}", self.snippet.0);
        let _ = writeln!(out, "{blank} | {caret}");
        if let Some(note) = &self.note {
            let _ = writeln!(out, "{blank} = {note}");
        }
        out
    }
}

/// The bytes of a file as text. Errors: they are no UTF-8, with the line.
pub(super) fn text(bytes: Vec<u8>) -> io::Result<String> {
    String::from_utf8(bytes).map_err(|error| {
        let good = &error.as_bytes()[..error.utf8_error().valid_up_to()];
        let line = good.iter().filter(|byte| **byte == b'\n').count() + 1;
        io::Error::other(format!("line {line} is no UTF-8 text; save the file as UTF-8"))
    })
}

/// Shows several problems, each once, in the order of the files.
fn render(problems: &[Problem]) -> String {
    let mut shown: Vec<&Problem> = Vec::new();
    for problem in problems {
        if !shown.contains(&problem) {
            shown.push(problem);
        }
    }
    let mut out = shown.iter().map(|problem| problem.render()).collect::<Vec<_>>().join("\n");
    if shown.len() > 1 {
        let _ = write!(out, "\n{} problems, nothing was loaded", shown.len());
    }
    out.trim_end().to_owned()
}

/// The candidate nearest to `name`, when one is near enough to be meant.
pub fn nearest<'a>(name: &str, candidates: impl IntoIterator<Item = &'a str>) -> Option<String> {
    let limit = (name.chars().count() / 3).max(1);
    let candidates: Vec<&str> = candidates.into_iter().collect();
    let near = candidates
        .iter()
        .map(|candidate| (strsim::damerau_levenshtein(name, candidate), *candidate))
        .filter(|(distance, _)| *distance <= limit)
        .min();
    // The beginning of a name is meant for it too.
    let begun = || {
        let longer = candidates.iter().filter(|candidate| name.len() > 3 && candidate.starts_with(name));
        longer.min_by_key(|candidate| candidate.len()).copied()
    };
    near.map(|(_, candidate)| candidate).or_else(begun).map(str::to_owned)
}

/// The nearest name, or where all names are listed.
fn did_you_mean(nearest: Option<&str>, what: &str) -> String {
    match nearest {
        Some(name) => format!(", did you mean `{name}`?"),
        None => format!("; `pydoctor {what} list` shows them"),
    }
}

/// What changes something that is locked.
fn changed_by(change: &Option<Box<Change>>) -> String {
    match change.as_deref() {
        Some(Change { pack, file, line }) => format!("its pack `{pack}` ({}:{line})", file.display()),
        None => "the choice of packs".to_owned(),
    }
}

fn floor_char_boundary(text: &str, at: usize) -> usize {
    let mut at = at.min(text.len());
    while !text.is_char_boundary(at) {
        at -= 1;
    }
    at
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_no_text_is_told_with_its_line() {
        assert_eq!(text(b"a\nb\n".to_vec()).ok().as_deref(), Some("a\nb\n"));
        let error = text(b"a\n\xffb\n".to_vec()).unwrap_err().to_string();
        assert_eq!(error, "line 2 is no UTF-8 text; save the file as UTF-8");
    }
}
