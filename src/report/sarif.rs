//! SARIF 2.1.0 for code scanning and editors. Columns count UTF-16 code units; addresses are relative to `SRCROOT`.

mod form;

use std::collections::BTreeMap;
use std::io::{self, Write};
use std::path::Path;

use serde::{Serialize, Serializer};

use crate::check::{Applicability, Severity, Silenced, SilencedBy};

use self::form::{
    ArtifactChange, ArtifactLocation, Configuration, Descriptor, Driver, Invocation, Location, Log, LogicalLocation,
    Notification, PhysicalLocation, Region, Replacement, ResultProperties, Rule, RuleProperties, Run, SarifFix,
    SarifResult, Suppression, Text, Tool,
};
use super::encode;
use super::model::{Edit, Finding, Fix, Label, NotUnderstood, Place, Report, RuleInfo};
use super::plain;
use super::uri;

const SCHEMA: &str = "https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json";
const ROOT: &str = "SRCROOT";
const NOT_UNDERSTOOD: &str = "not-understood";
const NOT_CHECKED: &str = "not-checked";
const PROBLEM: &str = "problem";

/// Writes the report as one log. Errors are those of `out`.
pub(super) fn write(report: &Report, out: &mut dyn Write) -> io::Result<()> {
    let indices = indices(report);
    let log = Log {
        schema: SCHEMA,
        version: "2.1.0",
        runs: [Run {
            tool: Tool { driver: driver(report, &indices) },
            invocations: [invocation(report)],
            original_uri_base_ids: root(report),
            column_kind: "utf16CodeUnits",
            results: Results { report, indices: &indices },
        }],
    };
    encode::compact(&log, out)?;
    out.write_all(b"\n")
}

/// The findings, each made while it is written.
struct Results<'a> {
    report: &'a Report,
    indices: &'a BTreeMap<&'a str, (usize, &'a Finding)>,
}

impl Serialize for Results<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_seq(self.report.findings.iter().map(|finding| {
            let index = self.indices.get(finding.rule.as_str()).map_or(0, |(index, _)| *index);
            result(self.report, finding, index)
        }))
    }
}

/// The rules that found something, with their positions and a first finding.
fn indices(report: &Report) -> BTreeMap<&str, (usize, &Finding)> {
    let mut indices = BTreeMap::new();
    for finding in &report.findings {
        indices.entry(finding.rule.as_str()).or_insert((0, finding));
    }
    for (index, slot) in indices.values_mut().enumerate() {
        slot.0 = index;
    }
    indices
}

fn driver<'a>(report: &'a Report, indices: &BTreeMap<&'a str, (usize, &'a Finding)>) -> Driver<'a> {
    let version = env!("CARGO_PKG_VERSION");
    let known = |id: &'static str, text: &'static str, level: &'static str| Rule {
        id,
        short_description: plain_text(text),
        full_description: None,
        help: None,
        help_uri: None,
        default_configuration: Configuration { level },
        properties: None,
    };
    Driver {
        name: "pydoctor",
        version,
        semantic_version: version,
        rules: indices.iter().map(|(id, (_, first))| rule(id, report.rules.get(*id), first)).collect(),
        notifications: vec![
            known(NOT_UNDERSTOOD, "a region that could not be read was not checked", "note"),
            known(NOT_CHECKED, "a file that was named is no kind that is checked", "note"),
            known(PROBLEM, "something could not be done", "error"),
        ],
    }
}

fn rule<'a>(id: &'a str, info: Option<&'a RuleInfo>, first: &'a Finding) -> Rule<'a> {
    let Some(info) = info else {
        return Rule {
            id,
            short_description: plain_text(&first.message),
            full_description: None,
            help: None,
            help_uri: address(&first.url),
            default_configuration: Configuration { level: level(first.severity) },
            properties: None,
        };
    };
    Rule {
        id,
        short_description: plain_text(&info.title),
        full_description: Some(plain_text(info.why.trim())),
        help: Some(help(info)),
        help_uri: address(&first.url).or_else(|| info.sources.iter().find_map(|source| address(source))),
        default_configuration: Configuration { level: level(info.severity) },
        properties: Some(RuleProperties { tags: &info.tags, sources: &info.sources }),
    }
}

/// Why, and who asks for it.
fn help(info: &RuleInfo) -> Text<'_> {
    let why = info.why.trim();
    let list =
        |start: &str| info.sources.iter().map(|source| format!("{start}{source}")).collect::<Vec<_>>().join("\n");
    if info.sources.is_empty() {
        return Text { text: why.into(), markdown: None };
    }
    Text {
        text: format!("{why}\n\nAsked for by:\n{}", list("  ")).into(),
        markdown: Some(format!("{why}\n\nAsked for by:\n\n{}", list("- "))),
    }
}

fn invocation(report: &Report) -> Invocation<'_> {
    let problems = report.problems.iter().map(|problem| notification(PROBLEM, "error", problem.as_str(), Vec::new()));
    let unchecked = report.not_checked.iter().map(|path| {
        let place = whole_file(report, path);
        notification(NOT_CHECKED, "note", "not a kind that pydoctor checks", vec![place])
    });
    let gaps = report.not_understood.iter().map(|region| gap(report, region));
    Invocation {
        execution_successful: report.problems.is_empty() && report.exit_code < 2,
        exit_code: report.exit_code,
        tool_execution_notifications: problems.chain(unchecked).chain(gaps).collect(),
    }
}

fn notification<'a>(
    id: &'static str,
    level: &'static str,
    text: &'a str,
    locations: Vec<Location>,
) -> Notification<'a> {
    Notification { descriptor: Descriptor { id }, level, message: plain_text(text), locations }
}

fn gap<'a>(report: &Report, region: &'a NotUnderstood) -> Notification<'a> {
    let mut place = whole_file(report, &region.path);
    let (start_line, end_line) = (region.line, region.end_line);
    place.physical_location.region = Some(Region {
        start_line,
        end_line,
        start_column: None,
        end_column: None,
        byte_offset: None,
        byte_length: None,
    });
    notification(NOT_UNDERSTOOD, "note", &region.reason, vec![place])
}

fn root(report: &Report) -> BTreeMap<&'static str, ArtifactLocation> {
    if !report.folder.is_absolute() {
        return BTreeMap::new();
    }
    let mut folder = uri::file("", &report.folder);
    if !folder.ends_with('/') {
        folder.push('/');
    }
    BTreeMap::from([(ROOT, ArtifactLocation { uri: folder, uri_base_id: None })])
}

fn result<'a>(report: &'a Report, finding: &'a Finding, rule_index: usize) -> SarifResult<'a> {
    // All results have suppressions, or none has: so the standard wants it.
    let suppressions = (report.summary.suppressed > 0).then(|| {
        let suppression = |silenced: &'a Silenced| {
            let kind = if silenced.by == SilencedBy::Comment { "inSource" } else { "external" };
            Suppression { kind, justification: &silenced.reason }
        };
        finding.suppressed.as_ref().map(suppression).into_iter().collect()
    });
    let mut place = location(report, &finding.place);
    place.logical_locations = finding.cell.map(cell).into_iter().collect();
    // What is to be made by hand must not be made by an editor.
    let fix = finding.fix.as_ref().filter(|fix| fix.applicability != Applicability::Display);
    SarifResult {
        rule_id: &finding.rule,
        rule_index,
        level: level(finding.severity),
        message: message(finding),
        locations: [place],
        related_locations: finding
            .labels
            .iter()
            .enumerate()
            .map(|(index, label)| related(report, label, index))
            .collect(),
        partial_fingerprints: BTreeMap::from([("pydoctor/v1", finding.fingerprint.as_str())]),
        fixes: fix.filter(|fix| !fix.edits.is_empty()).map(|fix| changes(report, fix)).into_iter().collect(),
        suppressions,
        properties: ResultProperties {
            site: &finding.site,
            certainty: finding.certainty,
            help: finding.help.trim(),
            url: &finding.url,
            cell: finding.cell,
            applicability: finding.fix.as_ref().map(|fix| fix.applicability),
        },
    }
}

/// Viewers show the first sentence in lists, and the rest below.
fn message(finding: &Finding) -> Text<'_> {
    let mut text = finding.message.clone();
    for detail in plain::advice(finding) {
        text.push('\n');
        text.push_str(&detail);
    }
    Text { text: text.into(), markdown: None }
}

fn cell(number: usize) -> LogicalLocation {
    let name = format!("cell {number}");
    LogicalLocation { fully_qualified_name: name.clone(), name, kind: "cell" }
}

fn related(report: &Report, label: &Label, index: usize) -> Location {
    let mut place = location(report, &label.place);
    place.id = Some(index + 1);
    place.message = Some(Text { text: label.message.clone().into(), markdown: None });
    place
}

fn changes<'a>(report: &Report, fix: &'a Fix) -> SarifFix<'a> {
    let mut by_file: BTreeMap<&Path, Vec<Replacement<'a>>> = BTreeMap::new();
    for edit in &fix.edits {
        by_file.entry(&edit.place.path).or_default().push(replacement(edit));
    }
    let description = match fix.applicability {
        Applicability::Unsafe => format!("{} (unsafe: it may change behaviour)", fix.title).into(),
        Applicability::Safe | Applicability::Display => fix.title.as_str().into(),
    };
    SarifFix {
        description: Text { text: description, markdown: None },
        artifact_changes: by_file
            .into_iter()
            .map(|(path, replacements)| ArtifactChange { artifact_location: artifact(report, path), replacements })
            .collect(),
    }
}

fn replacement(edit: &Edit) -> Replacement<'_> {
    Replacement { deleted_region: region(&edit.place), inserted_content: plain_text(&edit.text) }
}

fn location(report: &Report, place: &Place) -> Location {
    let mut location = whole_file(report, &place.path);
    location.physical_location.region = place.is_known().then(|| region(place));
    location
}

fn whole_file(report: &Report, path: &Path) -> Location {
    let physical_location = PhysicalLocation { artifact_location: artifact(report, path), region: None };
    Location { id: None, physical_location, logical_locations: Vec::new(), message: None }
}

fn region(place: &Place) -> Region {
    Region {
        start_line: place.start.line,
        start_column: Some(place.start_utf16),
        end_line: place.end.line,
        end_column: Some(place.end_utf16),
        byte_offset: Some(place.span.start),
        byte_length: Some(place.span.len()),
    }
}

fn artifact(report: &Report, path: &Path) -> ArtifactLocation {
    let uri::Address { uri, relative } = uri::address(path, &report.folder);
    ArtifactLocation { uri, uri_base_id: (relative && report.folder.is_absolute()).then_some(ROOT) }
}

const fn level(severity: Severity) -> &'static str {
    match severity {
        Severity::Error => "error",
        Severity::Warning => "warning",
        Severity::Hint => "note",
    }
}

fn address(url: &str) -> Option<&str> {
    (url.starts_with("https://") || url.starts_with("http://")).then_some(url)
}

fn plain_text(text: &str) -> Text<'_> {
    Text { text: text.into(), markdown: None }
}
