//! Checkstyle's XML, which many review tools read. It knows no fixes and no suppressed findings, so help stands in the
//! message and what is suppressed is left out.

use std::io::{self, Write};

use crate::check::Severity;

use super::model::{Finding, Report};
use super::plain;
use super::xml::Escaped;

/// Writes the report. Errors are those of `out`.
pub(super) fn write(report: &Report, out: &mut dyn Write) -> io::Result<()> {
    writeln!(out, "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<checkstyle version=\"4.3\">")?;
    for (file, findings, gaps) in report.by_file() {
        let visible = || findings.iter().filter(|finding| finding.suppressed.is_none());
        if visible().next().is_none() && gaps.is_empty() {
            continue;
        }
        writeln!(out, "  <file name=\"{}\">", Escaped(&plain::path(&file.path)))?;
        visible().try_for_each(|finding| error(finding, out))?;
        for gap in gaps {
            let message = format!("not understood: {}", gap.reason);
            writeln!(
                out,
                "    <error line=\"{}\" severity=\"info\" message=\"{}\" source=\"pydoctor.not-understood\"/>",
                gap.line,
                Escaped(&message)
            )?;
        }
        writeln!(out, "  </file>")?;
    }
    writeln!(out, "</checkstyle>")
}

fn error(finding: &Finding, out: &mut dyn Write) -> io::Result<()> {
    let severity = match finding.severity {
        Severity::Error => "error",
        Severity::Warning => "warning",
        Severity::Hint => "info",
    };
    let start = finding.place.start;
    writeln!(
        out,
        "    <error line=\"{}\" column=\"{}\" severity=\"{severity}\" message=\"{}\" source=\"pydoctor.{}\"/>",
        start.line,
        start.column,
        Escaped(&plain::message_with_help(finding)),
        Escaped(&finding.rule)
    )
}
