//! Code Quality of GitLab: a list of issues in a merge request. What is suppressed is left out.

use std::io::{self, Write};
use std::path::Path;

use serde::ser::SerializeSeq as _;
use serde::{Serialize, Serializer};

use crate::check::Severity;

use super::encode;
use super::model::{Finding, NotUnderstood, Report};
use super::plain;

/// The name under which what was not understood is listed.
const NOT_UNDERSTOOD: &str = "not-understood";

#[derive(Serialize)]
struct Issue<'a> {
    #[serde(rename = "type")]
    kind: &'static str,
    check_name: &'a str,
    description: String,
    content: Content,
    categories: [&'static str; 1],
    severity: &'static str,
    fingerprint: String,
    location: Location,
}

#[derive(Serialize)]
struct Content {
    body: String,
}

#[derive(Serialize)]
struct Location {
    path: String,
    lines: Lines,
}

#[derive(Serialize)]
struct Lines {
    begin: usize,
    end: usize,
}

/// Writes the report as one list. Errors are those of `out`.
pub(super) fn write(report: &Report, out: &mut dyn Write) -> io::Result<()> {
    encode::compact(&Issues(report), out)?;
    out.write_all(b"\n")
}

/// The list, made while it is written.
struct Issues<'a>(&'a Report);

impl Serialize for Issues<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut list = serializer.serialize_seq(None)?;
        for finding in self.0.visible() {
            list.serialize_element(&issue(finding))?;
        }
        for (_, _, gaps) in self.0.by_file() {
            for (number, region) in gaps.iter().enumerate() {
                list.serialize_element(&gap(region, number))?;
            }
        }
        list.end()
    }
}

fn issue(finding: &Finding) -> Issue<'_> {
    Issue {
        kind: "issue",
        check_name: &finding.rule,
        // The widget shows this and the place, nothing else.
        description: format!("{} [{}]", finding.message, finding.rule),
        content: Content { body: plain::details(finding).join("\n") },
        categories: ["Bug Risk"],
        severity: match finding.severity {
            Severity::Error => "critical",
            Severity::Warning => "major",
            Severity::Hint => "minor",
        },
        fingerprint: unique(&finding.fingerprint, finding.repeats),
        location: location(&finding.place.path, finding.place.start.line, finding.place.last_line()),
    }
}

fn gap(region: &NotUnderstood, number: usize) -> Issue<'_> {
    let mut hasher = blake3::Hasher::new();
    for part in [NOT_UNDERSTOOD, &plain::path(&region.path), &region.reason] {
        hasher.update(part.as_bytes());
        hasher.update(&[0]);
    }
    let mut hash = hasher.finalize().to_hex().to_string();
    hash.truncate(16);
    Issue {
        kind: "issue",
        check_name: NOT_UNDERSTOOD,
        description: format!("not understood: {}", region.reason),
        content: Content { body: "what is not understood was not checked".to_owned() },
        categories: ["Clarity"],
        severity: "info",
        fingerprint: unique(&hash, number),
        location: location(&region.path, region.line, region.end_line),
    }
}

/// GitLab shows two issues of one fingerprint as one.
fn unique(fingerprint: &str, repeats: usize) -> String {
    if repeats == 0 { fingerprint.to_owned() } else { format!("{fingerprint}-{repeats}") }
}

fn location(path: &Path, begin: usize, end: usize) -> Location {
    Location { path: plain::path(path), lines: Lines { begin, end } }
}
