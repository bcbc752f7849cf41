//! Workflow commands of GitHub Actions: each finding becomes an annotation of its lines. What is suppressed is left out.
//!
//! GitHub shows the first ten errors, ten warnings and ten notices of a step beside the code, the others in the log only.

use std::fmt::{self, Display, Formatter, Write as _};
use std::io::{self, Write};

use crate::check::Severity;

use super::closing;
use super::model::{Finding, NotUnderstood, Report};
use super::plain;
use super::text::for_terminal;

/// Writes the report. Errors are those of `out`.
pub(super) fn write(report: &Report, out: &mut dyn Write) -> io::Result<()> {
    report.visible().try_for_each(|finding| annotation(finding, out))?;
    report.not_understood.iter().try_for_each(|region| gap(region, out))?;
    for problem in &report.problems {
        writeln!(out, "::error title=pydoctor::{}", Data(problem))?;
    }
    // The last line is no command, and shows what was done at the end of the log.
    writeln!(out, "{}", closing::line(report))
}

fn annotation(finding: &Finding, out: &mut dyn Write) -> io::Result<()> {
    let command = match finding.severity {
        Severity::Error => "error",
        Severity::Warning => "warning",
        Severity::Hint => "notice",
    };
    let place = &finding.place;
    let path = plain::path(&place.path);
    write!(out, "::{command} file={}", Property(&path))?;
    if place.is_known() {
        let last = place.last_line();
        write!(out, ",line={},endLine={last}", place.start.line)?;
        // GitHub takes columns only where they are on one line.
        if last == place.start.line && place.end.line == last {
            write!(out, ",col={},endColumn={}", place.start.column, place.end.column)?;
        }
    }
    // The log shows the message only, so the place is said there once more.
    let mut text = format!("{}: {}", plain::at(place), finding.message);
    for detail in plain::details(finding) {
        text.push('\n');
        text.push_str(&detail);
    }
    writeln!(out, ",title={}::{}", Property(&format!("pydoctor: {}", finding.rule)), Data(&text))
}

fn gap(region: &NotUnderstood, out: &mut dyn Write) -> io::Result<()> {
    let path = plain::path(&region.path);
    let NotUnderstood { line, end_line, reason, .. } = region;
    writeln!(
        out,
        "::notice file={},line={line},endLine={end_line},title={}::{}",
        Property(&path),
        Property("pydoctor: not understood"),
        Data(&format!("{path}:{line}: not understood: {reason}"))
    )
}

/// The text of a command.
struct Data<'a>(&'a str);

/// A value before the text, where commas and colons have a meaning too.
struct Property<'a>(&'a str);

impl Display for Data<'_> {
    fn fmt(&self, out: &mut Formatter<'_>) -> fmt::Result {
        escape(self.0, false, out)
    }
}

impl Display for Property<'_> {
    fn fmt(&self, out: &mut Formatter<'_>) -> fmt::Result {
        escape(self.0, true, out)
    }
}

fn escape(text: &str, property: bool, out: &mut Formatter<'_>) -> fmt::Result {
    for character in for_terminal(text).chars() {
        match character {
            '%' => out.write_str("%25")?,
            '\r' => out.write_str("%0D")?,
            '\n' => out.write_str("%0A")?,
            ':' if property => out.write_str("%3A")?,
            ',' if property => out.write_str("%2C")?,
            other => out.write_char(other)?,
        }
    }
    Ok(())
}
