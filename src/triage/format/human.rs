//! Diagnoses for people at a terminal: the causes with their lines, what to do, what to ask; of several tickets a table.

use std::io::{self, Write};

use anstyle::Style;

use crate::check::Severity;
use crate::report::{for_terminal, wrapped};

use super::super::model::{Cause, Confidence, Diagnosis};
use super::table::{self, NOTHING};
use super::{Options, count};

/// Text is wrapped at this many characters.
const WIDTH: usize = 96;

/// Writes the diagnosis of one ticket, or a table of several. Errors are those of `out`.
pub(super) fn write(diagnoses: &[Diagnosis], options: &Options, out: &mut dyn Write) -> io::Result<()> {
    match diagnoses {
        [one] => ticket(one, options, out),
        several => {
            if options.verbose {
                for diagnosis in several {
                    ticket(diagnosis, options, out)?;
                    writeln!(out)?;
                }
            }
            overview(several, options, out)
        }
    }
}

fn ticket(diagnosis: &Diagnosis, options: &Options, out: &mut dyn Write) -> io::Result<()> {
    let strong = options.palette.strong;
    let name = for_terminal(&diagnosis.ticket);
    writeln!(out, "{strong}{name}{strong:#}: {} ({})", diagnosis.site_name, for_terminal(&diagnosis.site.why))?;
    if diagnosis.causes.is_empty() {
        writeln!(out, "\n{NOTHING}")?;
    }
    for (number, each) in diagnosis.causes.iter().enumerate() {
        cause(number + 1, each, options, out)?;
    }
    findings(diagnosis, options, out)?;
    if !diagnosis.questions.is_empty() {
        writeln!(out, "\nTo ask:")?;
        diagnosis.questions.iter().try_for_each(|question| indented(question, "  - ", "    ", out))?;
    }
    for what in &diagnosis.left_out {
        writeln!(out, "\nnot read: {}", for_terminal(what))?;
    }
    Ok(())
}

fn cause(number: usize, cause: &Cause, options: &Options, out: &mut dyn Write) -> io::Result<()> {
    let (strong, faint) = (options.palette.strong, options.palette.faint);
    let style = style_of(cause.confidence, options);
    let confidence = cause.confidence.name();
    writeln!(out, "\n{number}. {strong}{}{strong:#} ({style}{confidence}{style:#}) [{}]", cause.title, cause.id)?;
    if let Some(follows) = &cause.follows {
        writeln!(out, "   follows from {follows}")?;
    }
    indented(&cause.summary, "   ", "   ", out)?;
    writeln!(out)?;
    for evidence in &cause.evidence {
        let place = format!("{}:{}", for_terminal(&evidence.path), evidence.line);
        writeln!(out, "   {faint}{place}:{faint:#} {}", for_terminal(&evidence.text))?;
    }
    if cause.more > 0 {
        writeln!(out, "   and {}", count(cause.more, "more line"))?;
    }
    if !cause.rules.is_empty() {
        writeln!(out, "   found in what was pasted: {}", cause.rules.join(", "))?;
    }
    for contradiction in &cause.contradictions {
        indented(&format!("but: {contradiction}"), "   ", "        ", out)?;
    }
    writeln!(out)?;
    indented(&format!("do: {}", cause.remedy), "   ", "       ", out)?;
    for line in cause.commands.lines() {
        writeln!(out, "{}", format!("         {}", for_terminal(line)).trim_end())?;
    }
    if !cause.avoid.is_empty() {
        indented(&format!("to avoid it: {}", cause.avoid), "   ", "       ", out)?;
    }
    if !cause.url.is_empty() {
        writeln!(out, "   see {}", for_terminal(&cause.url))?;
    }
    Ok(())
}

fn findings(diagnosis: &Diagnosis, options: &Options, out: &mut dyn Write) -> io::Result<()> {
    if diagnosis.findings.is_empty() {
        return Ok(());
    }
    let faint = options.palette.faint;
    writeln!(out, "\nFound in what was pasted ({}):", for_terminal(&diagnosis.pieces.join("; ")))?;
    for (finding, line) in diagnosis.findings.iter().zip(&diagnosis.finding_lines) {
        let style = match finding.severity {
            Severity::Error => options.palette.error,
            Severity::Warning => options.palette.warning,
            Severity::Hint => options.palette.hint,
        };
        let path = finding.place.path.to_string_lossy();
        let place = format!("{}:{}", for_terminal(&path), finding.place.start.line);
        let severity = finding.severity.name();
        writeln!(out, "   {faint}{place}:{faint:#} {}", for_terminal(line.trim()))?;
        let message = format!("{}: {}", finding.rule, for_terminal(&finding.message));
        write!(out, "      {style}{severity}{style:#} ")?;
        indented(&message, "", "      ", out)?;
    }
    Ok(())
}

/// Text wrapped, with something in front of its first line and of the others.
fn indented(text: &str, first: &str, rest: &str, out: &mut dyn Write) -> io::Result<()> {
    let text = wrapped(&for_terminal(text), WIDTH - rest.len());
    for (number, line) in text.lines().enumerate() {
        writeln!(out, "{}", format!("{}{line}", if number == 0 { first } else { rest }).trim_end())?;
    }
    Ok(())
}

fn style_of(confidence: Confidence, options: &Options) -> Style {
    match confidence {
        Confidence::Confirmed => options.palette.added,
        Confidence::Likely => options.palette.warning,
        Confidence::Possible => options.palette.hint,
    }
}

/// The first causes of several tickets, the most frequent first.
fn overview(diagnoses: &[Diagnosis], options: &Options, out: &mut dyn Write) -> io::Result<()> {
    let rows = table::rows(diagnoses);
    let width = rows.iter().map(|row| row.cause.len()).max().unwrap_or(0);
    let strong = options.palette.strong;
    writeln!(out, "{strong}{:>7}  {:width$}  ticket (confidence, site){strong:#}", "tickets", "cause")?;
    for row in &rows {
        for (number, diagnosis) in row.tickets.iter().enumerate() {
            let (shown, cause) =
                if number == 0 { (row.tickets.len().to_string(), row.cause) } else { Default::default() };
            let confidence = diagnosis.causes.first().map_or("", |cause| cause.confidence.name());
            let details: Vec<&str> =
                [confidence, diagnosis.site.id.as_str()].into_iter().filter(|text| !text.is_empty()).collect();
            let name = for_terminal(&diagnosis.ticket);
            writeln!(out, "{shown:>7}  {cause:width$}  {name} ({})", details.join(", "))?;
        }
    }
    Ok(())
}
