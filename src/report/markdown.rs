//! Markdown for the summary of a job, a comment or a page: a table of findings, then what was not understood.

use std::io::{self, Write};
use std::path::Path;

use crate::check::Applicability;

use super::closing::{self, count};
use super::model::{Finding, Place, Report};
use super::plain;
use super::text::for_terminal;

/// GitHub refuses a summary of more than 1 MiB, whole; from so many bytes on the rest is counted only.
const MOST: usize = 900_000;

/// Writes the report. Errors are those of `out`.
pub(super) fn write(report: &Report, out: &mut dyn Write) -> io::Result<()> {
    writeln!(out, "### pydoctor\n\n{}", text(&closing::line(report)))?;
    let mut written = 0;
    let mut left = 0;
    for finding in report.visible() {
        let row = row(finding);
        if written + row.len() > MOST {
            left += 1;
            continue;
        }
        if written == 0 {
            writeln!(out, "\n| | Where | What | Fix |\n|---|---|---|---|")?;
        }
        written += row.len();
        writeln!(out, "{row}")?;
    }
    if left > 0 {
        writeln!(out, "\nThere are {} more than have room here.", count(left, "finding"))?;
    }
    let suppressed = report.findings.iter().filter_map(|finding| {
        let reason = finding.suppressed.as_ref()?;
        let place = at(&finding.place);
        let reason = if reason.is_empty() { "no reason given" } else { reason };
        Some(format!("{place} `{}`: {}", finding.rule, text(reason)))
    });
    let gaps = report
        .not_understood
        .iter()
        .map(|region| format!("{} {}", lines(&region.path, region.line, region.end_line), text(&region.reason)));
    list("Could not be done", &mut report.problems.iter().map(|problem| text(problem)), out, &mut written)?;
    list("Not understood, so not checked", &mut gaps.into_iter(), out, &mut written)?;
    list("Suppressed", &mut suppressed.into_iter(), out, &mut written)
}

fn list(
    title: &str,
    items: &mut dyn Iterator<Item = String>,
    out: &mut dyn Write,
    written: &mut usize,
) -> io::Result<()> {
    let (mut number, mut left) = (0, 0);
    for item in items {
        if *written + item.len() > MOST {
            left += 1;
            continue;
        }
        if number == 0 {
            writeln!(out, "\n**{title}**\n")?;
        }
        number += 1;
        *written += item.len() + 3;
        writeln!(out, "- {item}")?;
    }
    if left > 0 {
        writeln!(out, "\n{title}: {left} more than have room here.")?;
    }
    Ok(())
}

fn row(finding: &Finding) -> String {
    let mut what = vec![text(&finding.message)];
    what.extend(finding.cell.map(|cell| format!("in cell {cell}")));
    for label in &finding.labels {
        what.push(format!("{}: {}", at(&label.place), text(&label.message)));
    }
    if finding.certainty == crate::check::Certainty::Possible {
        what.push("possible: it depends on what cannot be known from the files".to_owned());
    }
    if !finding.help.trim().is_empty() {
        what.push(text(finding.help.trim()));
    }
    let rule = match address(&finding.url) {
        Some(url) => format!("[{}]({url})", text(&finding.rule)),
        None => text(&finding.rule),
    };
    what.push(format!("{rule}, {}", text(&finding.site)));
    let fix = finding.fix.as_ref().map_or_else(String::new, |fix| {
        let class = match fix.applicability {
            Applicability::Safe => "safe",
            Applicability::Unsafe => "unsafe",
            Applicability::Display => "by hand",
        };
        format!("{class}: {}", text(&fix.title))
    });
    format!("| {} | {} | {} | {fix} |", finding.severity.name(), at(&finding.place), what.join("<br>"))
}

/// A place as code.
fn at(place: &Place) -> String {
    if place.is_known() {
        lines(&place.path, place.start.line, place.last_line())
    } else {
        code(&plain::path(&place.path))
    }
}

fn lines(path: &Path, line: usize, last: usize) -> String {
    let lines = if line == last { line.to_string() } else { format!("{line}-{last}") };
    code(&format!("{}:{lines}", plain::path(path)))
}

/// A text in one paragraph: what stands between backquotes is code, in the rest nothing has a meaning.
pub fn text(text: &str) -> String {
    let safe = for_terminal(text).replace(['\n', '\t'], " ");
    let parts: Vec<&str> = safe.split('`').collect();
    if parts.len().is_multiple_of(2) {
        return escaped(&safe);
    }
    let part = |(index, part): (usize, &&str)| if index % 2 == 0 { escaped(part) } else { code(part) };
    parts.iter().enumerate().map(part).collect()
}

/// Code in a table: a bar would end the cell even there.
pub fn code(text: &str) -> String {
    let text = for_terminal(text).replace(['\n', '\t'], " ");
    if text.is_empty() {
        return String::new();
    }
    if text.contains('`') {
        return format!("`` {} ``", text.replace("``", "` `").replace('|', "\\|"));
    }
    format!("`{}`", text.replace('|', "\\|"))
}

fn escaped(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for character in text.chars() {
        match character {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            // Nobody is called, and no issue is named.
            '@' => out.push_str("&#64;"),
            '\\' | '`' | '*' | '_' | '{' | '}' | '[' | ']' | '#' | '|' | '~' | '!' => {
                out.push('\\');
                out.push(character);
            }
            other => out.push(other),
        }
    }
    out
}

/// An address that may stand in a link.
pub fn address(url: &str) -> Option<String> {
    let good = |character: char| character.is_ascii_graphic() && !"()<>|\\`\"".contains(character);
    (url.starts_with("https://") || url.starts_with("http://")).then_some(url)?;
    url.chars().all(good).then(|| url.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_has_no_meaning_but_code() {
        assert_eq!(text("run `a|b` in <b>*it*</b> @all"), "run `a\\|b` in &lt;b&gt;\\*it\\*&lt;/b&gt; &#64;all");
        assert_eq!(text("odd ` one\u{1b}"), "odd \\` one?");
        assert_eq!(address("https://x/(a)"), None);
        assert_eq!(code("a`b"), "`` a`b ``");
    }
}
