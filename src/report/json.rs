//! The JSON format, version 1: a contract. Keys are only ever added.

use std::io::{self, Write};
use std::path::Path;

use serde::Serialize;

use crate::check::{Applicability, Certainty, Severity, SilencedBy};

use super::encode::{self, Each};
use super::model::{self, Report, Why};
use super::statistics::{self, RuleCount};

/// The version of this format.
pub const VERSION: u32 = 1;

#[derive(Serialize)]
struct Document<'a> {
    version: u32,
    site: Option<&'a str>,
    findings: Each<'a, model::Finding, Finding<'a>>,
    not_understood: Each<'a, model::NotUnderstood, NotUnderstood<'a>>,
    summary: Summary,
    sites: Vec<Site<'a>>,
    statistics: Vec<Statistic<'a>>,
    not_checked: Vec<String>,
    problems: &'a [String],
    #[serde(skip_serializing_if = "Option::is_none")]
    fixes: Option<Vec<FixRun<'a>>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    undo: Option<Undo>,
    /// Only there when a baseline was used.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    baselines: Vec<BaselineUse<'a>>,
    /// Only there when something was said against a lock.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    not_obeyed: Vec<NotObeyed<'a>>,
    /// Only there when something was written that counts for nothing.
    #[serde(skip_serializing_if = "<[_]>::is_empty")]
    notes: &'a [String],
    /// Only there when something was to be silenced and a lock keeps it loud.
    #[serde(skip_serializing_if = "Option::is_none")]
    kept_loud: Option<usize>,
    /// Only there when the walk left something out.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    excluded: Vec<Excluded<'a>>,
}

#[derive(Serialize)]
struct Excluded<'a> {
    path: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    by: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    fixtures_of: Option<String>,
}

#[derive(Serialize)]
struct BaselineUse<'a> {
    path: String,
    hidden: usize,
    mended: Vec<MendedOf<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    written: Option<Written>,
}

#[derive(Serialize)]
struct MendedOf<'a> {
    path: &'a str,
    rule: &'a str,
    count: usize,
}

#[derive(Serialize)]
struct Written {
    added: usize,
    dropped: usize,
}

#[derive(Serialize)]
struct NotObeyed<'a> {
    origin: &'a str,
    said: &'a str,
    about: &'a str,
    kept: String,
    layer: &'a str,
    lock: &'a str,
    reason: &'a str,
}

/// A finding as every document of ours shows it.
#[derive(Serialize)]
pub struct Finding<'a> {
    rule: &'a str,
    severity: Severity,
    certainty: Certainty,
    message: &'a str,
    help: &'a str,
    url: &'a str,
    tags: &'a [String],
    site: &'a str,
    path: String,
    line: usize,
    column: usize,
    end_line: usize,
    end_column: usize,
    labels: Vec<Label<'a>>,
    fingerprint: &'a str,
    fix: Option<FixOf<'a>>,
    /// Only there when a fix is withheld.
    #[serde(skip_serializing_if = "str::is_empty")]
    no_fix: &'a str,
    cell: Option<usize>,
    suppressed: Option<&'a str>,
    /// Only there when it is hidden.
    #[serde(skip_serializing_if = "Option::is_none")]
    suppressed_by: Option<SilencedBy>,
}

#[derive(Serialize)]
struct Label<'a> {
    path: String,
    line: usize,
    column: usize,
    end_line: usize,
    end_column: usize,
    message: &'a str,
}

#[derive(Serialize)]
struct FixOf<'a> {
    title: &'a str,
    applicability: Applicability,
    edits: Vec<EditOf<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    chmod: Option<&'a str>,
}

#[derive(Serialize)]
struct EditOf<'a> {
    #[serde(skip_serializing_if = "Option::is_none")]
    path: Option<String>,
    start: usize,
    end: usize,
    text: &'a str,
}

/// A region that was not understood, as every document of ours shows it.
#[derive(Serialize)]
pub struct NotUnderstood<'a> {
    path: String,
    line: usize,
    end_line: usize,
    reason: &'a str,
}

#[derive(Serialize)]
pub(super) struct Site<'a> {
    id: &'a str,
    why: &'a str,
    files: usize,
}

#[derive(Serialize)]
struct Statistic<'a> {
    rule: &'a str,
    severity: Severity,
    findings: usize,
    fixable_safe: usize,
    fixable_unsafe: usize,
    suppressed: usize,
}

#[derive(Serialize)]
pub(super) struct Summary {
    files: usize,
    findings: usize,
    by_severity: BySeverity,
    fixable: usize,
    fixable_safe: usize,
    suppressed: usize,
    not_understood: usize,
}

#[derive(Serialize)]
struct BySeverity {
    error: usize,
    warning: usize,
    hint: usize,
}

#[derive(Serialize)]
pub(super) struct Undo {
    run: Option<u64>,
    beside: Vec<String>,
}

#[derive(Serialize)]
pub(super) struct FixRun<'a> {
    path: String,
    applied: Vec<AppliedFix<'a>>,
    dropped: Vec<DroppedFix<'a>>,
    not_written: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    note: Option<&'a str>,
}

#[derive(Serialize)]
struct AppliedFix<'a> {
    rule: &'a str,
    title: &'a str,
    applicability: Applicability,
    line: usize,
}

#[derive(Serialize)]
struct DroppedFix<'a> {
    rule: &'a str,
    title: &'a str,
    line: usize,
    reason: &'a str,
}

/// Writes the report as one object and a line feed. Errors are those of `out`.
pub(super) fn write(report: &Report, out: &mut dyn Write) -> io::Result<()> {
    let document = Document {
        version: VERSION,
        site: match report.sites.as_slice() {
            [(site, _)] => Some(&site.id),
            _ => None,
        },
        findings: Each(&report.findings, finding),
        not_understood: Each(&report.not_understood, not_understood),
        summary: summary(report),
        sites: sites(report),
        statistics: statistics::by_rule(report).iter().map(statistic).collect(),
        not_checked: report.not_checked.iter().map(|path| shown(path)).collect(),
        problems: &report.problems,
        fixes: report.fixes.as_ref().map(|fixes| fixes.files.iter().map(fix_run).collect()),
        undo: report.fixes.as_ref().and_then(undo),
        baselines: report.baselines.iter().map(baseline).collect(),
        not_obeyed: report.not_obeyed.iter().map(not_obeyed).collect(),
        notes: &report.notes,
        kept_loud: Some(report.kept_loud).filter(|count| *count > 0),
        excluded: report.excluded.iter().map(excluded).collect(),
    };
    encode::compact(&document, out)?;
    out.write_all(b"\n")
}

fn excluded(model::Excluded { path, why }: &model::Excluded) -> Excluded<'_> {
    let (by, fixtures_of) = match why {
        Why::By(by) => (Some(by.as_str()), None),
        Why::Fixtures(pack) => (None, Some(shown(pack))),
    };
    Excluded { path: shown(path), by, fixtures_of }
}

/// A finding for a document.
pub fn finding(finding: &model::Finding) -> Finding<'_> {
    let place = &finding.place;
    Finding {
        rule: &finding.rule,
        severity: finding.severity,
        certainty: finding.certainty,
        message: &finding.message,
        help: &finding.help,
        url: &finding.url,
        tags: &finding.tags,
        site: &finding.site,
        path: shown(&place.path),
        line: place.start.line,
        column: place.start.column,
        end_line: place.end.line,
        end_column: place.end.column,
        labels: finding.labels.iter().map(label).collect(),
        fingerprint: &finding.fingerprint,
        fix: finding.fix.as_ref().map(fix),
        no_fix: &finding.no_fix,
        cell: finding.cell,
        suppressed: finding.suppressed.as_deref(),
        suppressed_by: finding.suppressed.as_ref().map(|silenced| silenced.by),
    }
}

fn label(label: &model::Label) -> Label<'_> {
    let model::Place { path, start, end, .. } = &label.place;
    Label {
        path: shown(path),
        line: start.line,
        column: start.column,
        end_line: end.line,
        end_column: end.column,
        message: &label.message,
    }
}

fn fix(fix: &model::Fix) -> FixOf<'_> {
    let edits = fix.edits.iter().map(|edit| EditOf {
        path: edit.elsewhere.then(|| shown(&edit.place.path)),
        start: edit.place.span.start,
        end: edit.place.span.end,
        text: &edit.text,
    });
    let chmod = fix.chmod.map(|chmod| chmod.word);
    FixOf { title: &fix.title, applicability: fix.applicability, edits: edits.collect(), chmod }
}

/// A region that was not understood, for a document.
pub fn not_understood(region: &model::NotUnderstood) -> NotUnderstood<'_> {
    NotUnderstood { path: shown(&region.path), line: region.line, end_line: region.end_line, reason: &region.reason }
}

pub(super) fn sites(report: &Report) -> Vec<Site<'_>> {
    report.sites.iter().map(|(site, files)| Site { id: &site.id, why: &site.why, files: *files }).collect()
}

pub(super) fn summary(report: &Report) -> Summary {
    let summary = &report.summary;
    Summary {
        files: summary.files,
        findings: summary.findings,
        by_severity: BySeverity { error: summary.errors, warning: summary.warnings, hint: summary.hints },
        fixable: summary.fixable_safe + summary.fixable_unsafe,
        fixable_safe: summary.fixable_safe,
        suppressed: summary.suppressed,
        not_understood: report.not_understood.len(),
    }
}

fn statistic<'a>(count: &RuleCount<'a>) -> Statistic<'a> {
    Statistic {
        rule: count.rule,
        severity: count.severity,
        findings: count.findings,
        fixable_safe: count.fixable_safe,
        fixable_unsafe: count.fixable_unsafe,
        suppressed: count.suppressed,
    }
}

fn baseline(used: &model::BaselineUse) -> BaselineUse<'_> {
    let mended =
        used.mended.iter().map(|mended| MendedOf { path: &mended.path, rule: &mended.rule, count: mended.count });
    BaselineUse {
        path: shown(&used.file),
        hidden: used.hidden,
        mended: mended.collect(),
        written: used.written.map(|(added, dropped)| Written { added, dropped }),
    }
}

fn not_obeyed(said: &model::NotObeyed) -> NotObeyed<'_> {
    let model::NotObeyed { origin, said, about, kept, layer, lock, reason } = said;
    NotObeyed { origin, said, about: about.id(), kept: kept.to_string(), layer, lock, reason }
}

pub(super) fn fix_run(run: &model::FixRun) -> FixRun<'_> {
    let applied = run.applied.iter().map(|fix| AppliedFix {
        rule: &fix.rule,
        title: &fix.title,
        applicability: fix.applicability,
        line: fix.line,
    });
    let dropped = run.dropped.iter().map(|fix| DroppedFix {
        rule: &fix.rule,
        title: &fix.title,
        line: fix.line,
        reason: &fix.reason,
    });
    FixRun {
        path: shown(&run.path),
        applied: applied.collect(),
        dropped: dropped.collect(),
        not_written: run.not_written.as_deref(),
        note: run.note.as_deref(),
    }
}

/// Where the originals are; `None` when nothing was changed.
pub(super) fn undo(fixes: &model::Fixes) -> Option<Undo> {
    let beside: Vec<String> = fixes.beside.iter().map(|folder| shown(folder)).collect();
    (fixes.run.is_some() || !beside.is_empty()).then_some(Undo { run: fixes.run, beside })
}

/// JSON has no bytes: what is not UTF-8 in a path shows as U+FFFD.
pub(super) fn shown(path: &Path) -> String {
    path.to_string_lossy().into_owned()
}
