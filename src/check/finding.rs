//! What a rule says about a place in a file.

use std::fmt;
use std::ops::Deref;
use std::path::PathBuf;

use ecow::EcoString;

pub use crate::policy::fix::Chmod;
use crate::policy::rule::ABOUT_COMMENTS;
pub use crate::policy::{Applicability, Severity};
use crate::source::Span;

/// One thing that a rule says about a place.
#[derive(Clone, Debug)]
pub struct Finding {
    /// Id of the rule.
    pub rule: String,
    /// How bad, after site and configuration, and after the step down of a possible finding.
    pub severity: Severity,
    /// Whether it holds on every path.
    pub certainty: Certainty,
    /// What is wrong, in plain words.
    pub message: String,
    /// What to do, in the site's terms; may be empty.
    pub help: String,
    /// Where the policy stands; may be empty.
    pub url: String,
    /// Tags of the rule.
    pub tags: Vec<String>,
    /// Id of the site that judged.
    pub site: String,
    /// The file.
    pub path: PathBuf,
    /// The place.
    pub span: Span,
    /// Other places that explain it.
    pub labels: Vec<Label>,
    /// Hash of rule, path and normalised text of the place: survives edits elsewhere in the file.
    pub fingerprint: String,
    /// How to mend it.
    pub fix: Option<Fix>,
    /// Why no fix is offered, or why one is only shown that its rule would have applied, or in whose stead others were meant to be; empty where neither is so.
    pub no_fix: String,
    /// What of the rule it comes from.
    pub by: By,
    /// Number of the notebook cell, from 1.
    pub cell: Option<usize>,
    /// What hides it, and why; the finding is then not counted.
    pub suppressed: Option<Silenced>,
}

impl Finding {
    /// True for what is said of the comments that silence findings.
    pub fn is_about_comments(&self) -> bool {
        self.tags.iter().any(|tag| tag == ABOUT_COMMENTS)
    }
}

/// Why a finding is hidden. Reads as the reason.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Silenced {
    /// What hides it.
    pub by: SilencedBy,
    /// Why, in the words of whoever hid it; may be empty.
    pub reason: String,
}

/// What of a rule a finding comes from.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct By {
    /// The clause, from 0.
    pub clause: usize,
    /// Which of the clause's fixes is offered, from 0.
    pub fix: Option<usize>,
    /// Why the ones before it are not.
    pub passed: Vec<String>,
    /// The thing that it is about: others of the rule about the same belong to it. Told where one of the next two holds.
    pub about: EcoString,
    /// Its fix is not offered, or only shown, for a reason that lies in what surrounds it.
    pub stays: bool,
    /// Its fix takes something away or puts something else there.
    pub changes: bool,
}

/// What hides a finding.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, serde::Serialize)]
#[serde(rename_all = "lowercase")]
pub enum SilencedBy {
    /// A comment in the file.
    Comment,
    /// The baseline.
    Baseline,
}

impl Deref for Silenced {
    type Target = str;

    fn deref(&self) -> &str {
        &self.reason
    }
}

impl fmt::Display for Silenced {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.reason)
    }
}

/// Whether a finding holds on every path through the file.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Certainty {
    /// On some paths, or if something not seen here is so.
    Possible,
    /// On all paths.
    Certain,
}

/// Another place that explains a finding.
#[derive(Clone, Debug)]
pub struct Label {
    /// The file.
    pub path: PathBuf,
    /// The place.
    pub span: Span,
    /// What it has to do with the finding.
    pub message: String,
}

/// How to mend a finding.
#[derive(Clone, Debug)]
pub struct Fix {
    /// What it does, as an order: «delete the block».
    pub title: String,
    /// How far it can be trusted.
    pub applicability: Applicability,
    /// The changes, all or none, on the bytes of the file as it was read.
    pub edits: Vec<Edit>,
    /// The rights to the file that are taken; there are no changes of bytes then.
    pub chmod: Option<Chmod>,
}

/// One change of bytes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Edit {
    /// The file, when it is not the finding's own.
    pub path: Option<PathBuf>,
    /// The bytes to replace; empty to insert.
    pub span: Span,
    /// The new text, in the file's own encoding and line ends.
    pub text: String,
}
