//! One line for each finding, in the form that editors and terminals make links of: `file:line:column: …`.

use std::io::{self, Write};

use crate::check::{Applicability, Certainty};

use super::closing;
use super::human::HumanOptions;
use super::links::{Links, linked};
use super::model::{Finding, Report};
use super::text::for_terminal;

/// Writes the report. Errors are those of `out`.
pub(super) fn write(report: &Report, options: &HumanOptions, out: &mut dyn Write) -> io::Result<()> {
    report.visible().filter(|_| !options.statistics).try_for_each(|finding| line(report, finding, options, out))?;
    closing::write(report, options, out)
}

/// Writes one finding on one line.
pub(super) fn line(report: &Report, finding: &Finding, options: &HumanOptions, out: &mut dyn Write) -> io::Result<()> {
    let (style, strong) = (options.palette.of(finding.severity), options.palette.strong);
    let path = finding.place.path.to_string_lossy();
    let links = Links::new(report, options);
    let file = links.map(|links| links.file(&finding.place.path));
    write!(out, "{strong}{}{strong:#}", linked(&for_terminal(&path), file.as_deref()))?;
    if finding.place.is_known() {
        write!(out, ":{}:{}", finding.place.start.line, finding.place.start.column)?;
    }
    let rule = linked(&finding.rule, links.map(|_| finding.url.as_str()));
    write!(out, ": {style}{}[{}]{style:#}: {}", finding.severity.name(), rule, one_line(&finding.message))?;
    let mut notes = notes(finding);
    if report.sites.len() > 1 {
        notes.push(format!("for {}", finding.site));
    }
    if !notes.is_empty() {
        write!(out, " ({})", notes.join(", "))?;
    }
    writeln!(out)
}

/// What else is worth a word or two.
pub(super) fn notes(finding: &Finding) -> Vec<String> {
    let mut notes = Vec::new();
    notes.extend(finding.cell.map(|cell| format!("cell {cell}")));
    if finding.certainty == Certainty::Possible {
        notes.push("possible".to_owned());
    }
    match finding.fix.as_ref().map(|fix| fix.applicability) {
        Some(Applicability::Safe) => notes.push("fixable".to_owned()),
        Some(Applicability::Unsafe) => notes.push("unsafe fix".to_owned()),
        Some(Applicability::Display) => notes.push("fix by hand".to_owned()),
        None => {}
    }
    notes
}

/// A text that is safe to show and has no line ends.
pub(super) fn one_line(text: &str) -> String {
    for_terminal(text).trim().replace(['\n', '\t'], " ")
}
