//! A finding in plain sentences, for formats that have one field for all of it.

use std::path::Path;

use crate::check::{Applicability, Certainty};

use super::model::{Finding, Place};

/// A path as formats of other tools expect it: without a leading `./`. What is not UTF-8 shows as U+FFFD.
pub(super) fn path(path: &Path) -> String {
    let text = path.to_string_lossy();
    text.strip_prefix("./").unwrap_or(&text).to_owned()
}

/// Where something is: with line and column when they are known.
pub(super) fn at(place: &Place) -> String {
    let path = path(&place.path);
    if place.is_known() { format!("{path}:{}:{}", place.start.line, place.start.column) } else { path }
}

/// The message, what to do, and what a fix does.
pub(super) fn message_with_help(finding: &Finding) -> String {
    let mut text = finding.message.clone();
    if !finding.help.trim().is_empty() {
        text.push_str(&format!("\nhelp: {}", finding.help.trim()));
    }
    if let Some(fix) = fix(finding) {
        text.push_str(&format!("\n{fix}"));
    }
    text
}

/// Everything that is said below the message, a line for each thing.
pub(super) fn details(finding: &Finding) -> Vec<String> {
    let mut lines = Vec::new();
    lines.extend(finding.cell.map(|cell| format!("in cell {cell}")));
    lines.extend(finding.labels.iter().map(|label| format!("{}: {}", at(&label.place), label.message)));
    lines.extend(advice(finding));
    lines.extend(fix(finding));
    lines.push(format!("judged for {}", finding.site));
    lines
}

/// How sure it is, what to do, and who says so.
pub(super) fn advice(finding: &Finding) -> Vec<String> {
    let mut lines = Vec::new();
    if finding.certainty == Certainty::Possible {
        lines.push("possible: it depends on what cannot be known from the files".to_owned());
    }
    if !finding.help.trim().is_empty() {
        lines.push(format!("help: {}", finding.help.trim()));
    }
    if !finding.url.is_empty() {
        lines.push(format!("see {}", finding.url));
    }
    lines
}

/// Why no fix is offered, or why it is only shown or unsafe here; `None` where nothing is withheld.
pub(super) fn no_fix(finding: &Finding) -> Option<String> {
    let how = match finding.fix.as_ref().map(|fix| fix.applicability) {
        None => "no fix is offered",
        Some(Applicability::Display) => "the fix is only shown",
        Some(Applicability::Unsafe | Applicability::Safe) => "the fix is unsafe here",
    };
    (!finding.no_fix.is_empty()).then(|| format!("{how}: {}", finding.no_fix))
}

/// What can be done by a fix, and how far it can be trusted.
pub(super) fn fix(finding: &Finding) -> Option<String> {
    let fix = finding.fix.as_ref()?;
    Some(match fix.applicability {
        Applicability::Safe => format!("fix available (safe): {}", fix.title),
        Applicability::Unsafe => format!("fix available (unsafe): {}", fix.title),
        Applicability::Display => format!("fix to make by hand: {}", fix.title),
    })
}
