//! Diagnoses as Markdown, for ticket systems and chats. What people wrote never becomes markup.

use std::io::{self, Write};

use crate::report::markdown::{address, code, text};

use super::super::model::{Cause, Diagnosis};
use super::table::{self, NOTHING};

/// Writes one section for each ticket, below a table when there are several. Errors are those of `out`.
pub(super) fn write(diagnoses: &[Diagnosis], out: &mut dyn Write) -> io::Result<()> {
    if let [one] = diagnoses {
        return ticket(one, out);
    }
    writeln!(out, "| Cause | Tickets | Which |\n| --- | --- | --- |")?;
    for row in table::rows(diagnoses) {
        let names: Vec<String> = row.tickets.iter().map(|diagnosis| code(&diagnosis.ticket)).collect();
        writeln!(out, "| {} | {} | {} |", text(row.title), row.tickets.len(), names.join(", "))?;
    }
    diagnoses.iter().try_for_each(|diagnosis| {
        writeln!(out)?;
        ticket(diagnosis, out)
    })
}

fn ticket(diagnosis: &Diagnosis, out: &mut dyn Write) -> io::Result<()> {
    writeln!(out, "## {}\n", code(&diagnosis.ticket))?;
    writeln!(out, "Site: {} ({})", text(&diagnosis.site_name), text(&diagnosis.site.why))?;
    if diagnosis.causes.is_empty() {
        writeln!(out, "\n{NOTHING}")?;
    }
    for (number, each) in diagnosis.causes.iter().enumerate() {
        cause(number + 1, each, out)?;
    }
    findings(diagnosis, out)?;
    for diff in &diagnosis.diffs {
        writeln!(out, "\n### Change of the {}\n", text(&diff.what))?;
        block(&diff.text, "diff", out)?;
    }
    if !diagnosis.questions.is_empty() {
        writeln!(out, "\n### To ask\n")?;
        diagnosis.questions.iter().try_for_each(|question| writeln!(out, "- {}", text(question)))?;
    }
    diagnosis.left_out.iter().try_for_each(|what| writeln!(out, "\nNot read: {}", text(what)))
}

fn cause(number: usize, cause: &Cause, out: &mut dyn Write) -> io::Result<()> {
    writeln!(out, "\n### {number}. {} ({})\n", text(&cause.title), cause.confidence.name())?;
    if let Some(follows) = &cause.follows {
        writeln!(out, "Follows from {}.\n", code(follows))?;
    }
    writeln!(out, "{}\n", text(&cause.summary))?;
    let lines: Vec<String> = cause.evidence.iter().map(|each| format!("{:>5}  {}", each.line, each.text)).collect();
    block(&lines.join("\n"), "text", out)?;
    for contradiction in &cause.contradictions {
        writeln!(out, "\n**But:** {}", text(contradiction))?;
    }
    writeln!(out, "\n**Do:** {}", text(&cause.remedy))?;
    if !cause.commands.is_empty() {
        writeln!(out)?;
        block(&cause.commands, "sh", out)?;
    }
    if !cause.avoid.is_empty() {
        writeln!(out, "\n**To avoid it:** {}", text(&cause.avoid))?;
    }
    match address(&cause.url) {
        Some(url) => writeln!(out, "\n<{url}>"),
        None => Ok(()),
    }
}

fn findings(diagnosis: &Diagnosis, out: &mut dyn Write) -> io::Result<()> {
    if diagnosis.findings.is_empty() {
        return Ok(());
    }
    writeln!(out, "\n### Found in what was pasted\n\n| Line | | Rule | |\n| --- | --- | --- | --- |")?;
    for finding in &diagnosis.findings {
        let (line, severity) = (finding.place.start.line, finding.severity.name());
        writeln!(out, "| {line} | {severity} | {} | {} |", code(&finding.rule), text(&finding.message))?;
    }
    Ok(())
}

/// A block that nothing inside can end.
fn block(content: &str, language: &str, out: &mut dyn Write) -> io::Result<()> {
    let longest = content.split(|c| c != '`').map(str::len).max().unwrap_or(0);
    let fence = "`".repeat(longest.max(2) + 1);
    let content = crate::report::for_terminal(content);
    writeln!(out, "{fence}{language}\n{}\n{fence}", content.trim_end_matches('\n'))
}
