//! Findings below the name of their file, one line each.

use std::io::{self, Write};

use super::closing;
use super::concise::{notes, one_line};
use super::human::HumanOptions;
use super::links::{Links, linked};
use super::model::{CheckedFile, Finding, Place, Report};
use super::plain;
use super::text::for_terminal;

/// Writes the report. Errors are those of `out`.
pub(super) fn write(report: &Report, options: &HumanOptions, out: &mut dyn Write) -> io::Result<()> {
    for (file, found, _) in report.by_file().filter(|_| !options.statistics) {
        let visible: Vec<&Finding> = found.iter().filter(|finding| finding.suppressed.is_none()).collect();
        if !visible.is_empty() {
            group(report, file, &visible, options, out)?;
        }
    }
    closing::write(report, options, out)
}

fn group(
    report: &Report,
    file: &CheckedFile,
    findings: &[&Finding],
    options: &HumanOptions,
    out: &mut dyn Write,
) -> io::Result<()> {
    let links = Links::new(report, options);
    let (strong, faint) = (options.palette.strong, options.palette.faint);
    let path = file.path.to_string_lossy();
    let name = linked(&for_terminal(&path), links.map(|links| links.file(&file.path)).as_deref());
    writeln!(out, "{strong}{name}{strong:#} {faint}({}){faint:#}", file.site)?;
    let place = |place: &Place| format!("{}:{}", place.start.line, place.start.column);
    let width = findings.iter().map(|finding| place(&finding.place).len()).max().unwrap_or(0);
    for finding in findings {
        let style = options.palette.of(finding.severity);
        let mut more = vec![linked(&finding.rule, links.map(|_| finding.url.as_str()))];
        more.extend(notes(finding));
        writeln!(
            out,
            "  {:>width$}  {style}{:7}{style:#}  {}  {faint}[{}]{faint:#}",
            place(&finding.place),
            finding.severity.name(),
            one_line(&finding.message),
            more.join(", ")
        )?;
        for label in &finding.labels {
            let own = label.place.is_known() && label.place.path == file.path;
            let at = if own { place(&label.place) } else { plain::at(&label.place) };
            writeln!(
                out,
                "  {:width$}  {:7}  {faint}{}: {}{faint:#}",
                "",
                "",
                one_line(&at),
                one_line(&label.message)
            )?;
        }
    }
    writeln!(out)
}
