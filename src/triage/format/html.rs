//! Diagnoses as one self-contained page: no script, nothing loaded, everything that people wrote escaped.

use std::io::{self, Write};

use crate::report::markdown::address;
use crate::report::xml::Escaped;

use super::super::model::{Cause, Diagnosis};
use super::table::{self, NOTHING};
use super::{capital, count, sentence};

const STYLE: &str = include_str!("style.css");

/// Writes a page. Errors are those of `out`.
pub(super) fn write(diagnoses: &[Diagnosis], out: &mut dyn Write) -> io::Result<()> {
    let title = match diagnoses {
        [one] => format!("Triage of {}", one.ticket),
        several => format!("Triage of {}", count(several.len(), "ticket")),
    };
    // The policy forbids everything but the style below: a second lock behind the escaping.
    write!(
        out,
        "<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n\
         <meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; style-src 'unsafe-inline'\">\n\
         <meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n<title>{}</title>\n\
         <style>\n{STYLE}</style>\n</head>\n<body>\n<a class=\"skip\" href=\"#main\">To the diagnosis</a>\n\
         <header><h1>{}</h1></header>\n<main id=\"main\">\n",
        line(&title),
        line(&title)
    )?;
    if diagnoses.len() > 1 {
        overview(diagnoses, out)?;
    }
    for (number, diagnosis) in diagnoses.iter().enumerate() {
        ticket(number, diagnosis, diagnoses.len() > 1, out)?;
    }
    writeln!(out, "</main>\n</body>\n</html>")
}

fn overview(diagnoses: &[Diagnosis], out: &mut dyn Write) -> io::Result<()> {
    writeln!(out, "<table>\n<thead><tr><th>Cause</th><th>Tickets</th><th>Which</th></tr></thead>\n<tbody>")?;
    for row in table::rows(diagnoses) {
        let link = |diagnosis: &&Diagnosis| {
            let number = diagnoses.iter().position(|other| std::ptr::eq(other, *diagnosis)).unwrap_or_default();
            format!("<a href=\"#ticket-{number}\">{}</a>", line(&diagnosis.ticket))
        };
        let links: Vec<String> = row.tickets.iter().map(link).collect();
        writeln!(
            out,
            "<tr><td>{}</td><td>{}</td><td>{}</td></tr>",
            words(&capital(row.title)),
            row.tickets.len(),
            links.join(", ")
        )?;
    }
    writeln!(out, "</tbody>\n</table>")
}

fn ticket(number: usize, diagnosis: &Diagnosis, titled: bool, out: &mut dyn Write) -> io::Result<()> {
    writeln!(out, "<article id=\"ticket-{number}\">")?;
    if titled {
        writeln!(out, "<h2>{}</h2>", line(&diagnosis.ticket))?;
    }
    let (site, why) = (line(&diagnosis.site_name), words(&diagnosis.site.why));
    writeln!(out, "<p class=\"faint\">Site: {site} ({why})</p>")?;
    if diagnosis.causes.is_empty() {
        writeln!(out, "<p><strong>{NOTHING}</strong></p>")?;
    }
    diagnosis.causes.iter().try_for_each(|each| cause(each, &diagnosis.ticket, out))?;
    if !diagnosis.questions.is_empty() {
        writeln!(out, "<h2>To ask</h2>\n<ul>")?;
        diagnosis.questions.iter().try_for_each(|question| writeln!(out, "<li>{}</li>", words(question)))?;
        writeln!(out, "</ul>")?;
    }
    findings(diagnosis, out)?;
    for diff in &diagnosis.diffs {
        writeln!(out, "<details open><summary>Change of the {}</summary>\n<pre>", line(&diff.what))?;
        diff.text.lines().try_for_each(|each| diff_line(each, out))?;
        writeln!(out, "</pre></details>")?;
    }
    for what in &diagnosis.left_out {
        writeln!(out, "<p class=\"faint\">Not read: {}</p>", line(what))?;
    }
    writeln!(out, "</article>")
}

fn cause(cause: &Cause, ticket: &str, out: &mut dyn Write) -> io::Result<()> {
    let confidence = cause.confidence.name();
    writeln!(out, "<section class=\"cause\">\n<h3>{}</h3>", words(&capital(&cause.title)))?;
    writeln!(out, "<p><span class=\"badge {confidence}\">{confidence}</span> <code>{}</code></p>", line(&cause.id))?;
    if let Some(follows) = &cause.follows {
        writeln!(out, "<p class=\"faint\">Follows from <code>{}</code>.</p>", line(follows))?;
    }
    writeln!(out, "<p>{}</p>\n<pre>", words(&cause.summary))?;
    for evidence in &cause.evidence {
        let place = line(&place(&evidence.path, evidence.line, ticket));
        writeln!(out, "<span class=\"n\">{place}</span>  {}", line(&evidence.text))?;
    }
    writeln!(out, "</pre>\n<dl>")?;
    for contradiction in &cause.contradictions {
        writeln!(out, "<dt>But</dt><dd>{}</dd>", words(&sentence(contradiction)))?;
    }
    writeln!(out, "<dt>Do</dt><dd>{}</dd>", words(&sentence(&cause.remedy)))?;
    if !cause.commands.is_empty() {
        writeln!(out, "<dd><pre>{}</pre></dd>", block(&cause.commands))?;
    }
    if !cause.avoid.is_empty() {
        writeln!(out, "<dt>To avoid it</dt><dd>{}</dd>", words(&sentence(&cause.avoid)))?;
    }
    if let Some(url) = address(&cause.url) {
        let url = line(&url);
        writeln!(out, "<dt>Documented at</dt><dd><a href=\"{url}\" rel=\"noreferrer\">{url}</a></dd>")?;
    }
    writeln!(out, "</dl>\n</section>")
}

fn findings(diagnosis: &Diagnosis, out: &mut dyn Write) -> io::Result<()> {
    if diagnosis.findings.is_empty() {
        return Ok(());
    }
    let pieces = line(&diagnosis.pieces.join("; "));
    writeln!(out, "<details open><summary>Found in what was pasted</summary>\n<p class=\"faint\">{pieces}</p>")?;
    writeln!(out, "<table>\n<thead><tr><th>Line</th><th>Severity</th><th>What</th></tr></thead>\n<tbody>")?;
    for (finding, text) in diagnosis.findings.iter().zip(&diagnosis.finding_lines) {
        let (number, severity) = (finding.place.start.line, finding.severity.name());
        let (rule, message, help) =
            (line(&finding.rule), words(&sentence(&finding.message)), words(&sentence(&finding.help)));
        writeln!(
            out,
            "<tr><td>{number}</td><td class=\"{severity}\">{severity}</td><td><code>{}</code><br>{message}<br>\
             <span class=\"faint\">{help} ({rule})</span></td></tr>",
            line(text.trim())
        )?;
    }
    writeln!(out, "</tbody>\n</table></details>")
}

fn diff_line(text: &str, out: &mut dyn Write) -> io::Result<()> {
    match text.bytes().next() {
        Some(b'+') => writeln!(out, "<span class=\"add\">{}</span>", line(text)),
        Some(b'-') => writeln!(out, "<span class=\"del\">{}</span>", line(text)),
        _ => writeln!(out, "{}", line(text)),
    }
}

/// Where a line stands; the ticket's own name, which is the heading, is left out.
fn place(path: &str, line: usize, ticket: &str) -> String {
    match path.strip_prefix(ticket).unwrap_or(path).trim_start_matches('/') {
        "" => format!("line {line}"),
        document => format!("{document}, line {line}"),
    }
}

/// One line of anybody's text.
fn line(text: &str) -> String {
    Escaped(&text.replace(['\n', '\r'], " ")).to_string()
}

/// Several lines.
fn block(text: &str) -> String {
    text.lines().map(line).collect::<Vec<_>>().join("\n")
}

/// A sentence in which what stands between backquotes is code.
fn words(text: &str) -> String {
    let parts: Vec<&str> = text.split('`').collect();
    if parts.len().is_multiple_of(2) {
        return line(text);
    }
    let part = |(index, part): (usize, &&str)| match index % 2 {
        0 => line(part),
        _ => format!("<code>{}</code>", line(part)),
    };
    parts.iter().enumerate().map(part).collect()
}
