//! JUnit's XML, which shows findings as tests: a suite for each file. A finding that counts for exit status 1 is a
//! failure; a milder one, a suppressed one and what was not understood are skipped; a file without any is a test passed.

use std::io::{self, Write};

use super::model::{CheckedFile, Finding, NotUnderstood, Report};
use super::plain;
use super::xml::Escaped;

/// Writes the report. Errors are those of `out`.
pub(super) fn write(report: &Report, out: &mut dyn Write) -> io::Result<()> {
    let mut whole = Counts { errors: report.problems.len(), tests: report.problems.len(), ..Counts::default() };
    for (_, findings, gaps) in report.by_file() {
        whole.add(&Counts::of(findings, gaps));
    }
    writeln!(out, "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<testsuites name=\"pydoctor\"{}>", whole.attributes())?;
    for (file, findings, gaps) in report.by_file() {
        suite(file, findings, gaps, out)?;
    }
    if !report.problems.is_empty() {
        let counts = Counts { errors: report.problems.len(), tests: report.problems.len(), ..Counts::default() };
        writeln!(out, "  <testsuite name=\"pydoctor\"{}>", counts.attributes())?;
        for problem in &report.problems {
            writeln!(out, "    <testcase classname=\"pydoctor\" name=\"could not be done\">")?;
            writeln!(out, "      <error message=\"{}\"/>\n    </testcase>", Escaped(problem))?;
        }
        writeln!(out, "  </testsuite>")?;
    }
    writeln!(out, "</testsuites>")
}

/// How many tests a suite has, and how they ended.
#[derive(Default)]
struct Counts {
    tests: usize,
    failures: usize,
    skipped: usize,
    errors: usize,
}

impl Counts {
    fn of(findings: &[Finding], gaps: &[NotUnderstood]) -> Self {
        let failures = findings.iter().filter(|finding| finding.fails).count();
        let tests = findings.len() + gaps.len();
        Self { tests: tests.max(1), failures, skipped: tests - failures, errors: 0 }
    }

    const fn add(&mut self, other: &Self) {
        self.tests += other.tests;
        self.failures += other.failures;
        self.skipped += other.skipped;
        self.errors += other.errors;
    }

    fn attributes(&self) -> String {
        let Self { tests, failures, skipped, errors } = self;
        format!(" tests=\"{tests}\" failures=\"{failures}\" errors=\"{errors}\" skipped=\"{skipped}\"")
    }
}

fn suite(file: &CheckedFile, findings: &[Finding], gaps: &[NotUnderstood], out: &mut dyn Write) -> io::Result<()> {
    let path = plain::path(&file.path);
    let path = Escaped(&path);
    let counts = Counts::of(findings, gaps);
    writeln!(out, "  <testsuite name=\"{path}\"{}>", counts.attributes())?;
    writeln!(out, "    <properties><property name=\"site\" value=\"{}\"/></properties>", Escaped(&file.site))?;
    if findings.is_empty() && gaps.is_empty() {
        writeln!(out, "    <testcase classname=\"{path}\" name=\"nothing found\" file=\"{path}\"/>")?;
    }
    for finding in findings {
        let (line, column) = (finding.place.start.line, finding.place.start.column);
        writeln!(
            out,
            "    <testcase classname=\"{path}\" name=\"{} at {line}:{column}\" file=\"{path}\" line=\"{line}\">",
            Escaped(&finding.rule)
        )?;
        outcome(finding, out)?;
        writeln!(out, "    </testcase>")?;
    }
    for region in gaps {
        let line = region.line;
        writeln!(
            out,
            "    <testcase classname=\"{path}\" name=\"not understood at {line}\" file=\"{path}\" line=\"{line}\">"
        )?;
        writeln!(out, "      <skipped message=\"not understood: {}\"/>", Escaped(&region.reason))?;
        writeln!(out, "    </testcase>")?;
    }
    writeln!(out, "  </testsuite>")
}

fn outcome(finding: &Finding, out: &mut dyn Write) -> io::Result<()> {
    let severity = finding.severity.name();
    if let Some(reason) = &finding.suppressed {
        let message = format!("suppressed: {reason}: {}", finding.message);
        return writeln!(out, "      <skipped type=\"suppressed\" message=\"{}\"/>", Escaped(&message));
    }
    let element = if finding.fails { "failure" } else { "skipped" };
    write!(out, "      <{element} type=\"{severity}\" message=\"{}\">", Escaped(&finding.message))?;
    write!(out, "{}", Escaped(&plain::at(&finding.place)))?;
    for detail in plain::details(finding) {
        write!(out, "\n{}", Escaped(&detail))?;
    }
    writeln!(out, "</{element}>")
}
