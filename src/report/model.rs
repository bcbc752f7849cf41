//! The finished report: everything that a format may show, with lines and columns worked out.

use std::collections::{BTreeMap, HashMap};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use crate::check::{self, Applicability, Certainty, Severity};
use crate::facts::Gap;
use crate::fix::{Applied, Dropped};
use crate::source::{LineIndex, Position, Source, Span};

/// What the checks gave for one file.
#[derive(Clone, Debug)]
pub struct FileResult {
    /// The file.
    pub source: Arc<Source>,
    /// The site that judged it.
    pub site: SiteChoice,
    /// What was found.
    pub findings: Vec<check::Finding>,
    /// What was not understood.
    pub gaps: Vec<Gap>,
}

/// Which site judged a file, and why that one.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct SiteChoice {
    /// The site's id.
    pub id: String,
    /// Where that comes from, in plain words: «pydoctor.toml», «host name».
    pub why: String,
}

/// What was done to one file by `--fix`.
#[derive(Clone, Debug)]
pub struct FixRun {
    /// The file.
    pub path: PathBuf,
    /// Fixes applied.
    pub applied: Vec<Applied>,
    /// Fixes that would have done harm or nothing.
    pub dropped: Vec<Dropped>,
    /// Why the file was not written although fixes were applied to its text.
    pub not_written: Option<String>,
    /// How it was written, where that is worth a word.
    pub note: Option<String>,
}

/// What `--fix` did.
#[derive(Clone, Debug, Default)]
pub struct Fixes {
    /// The files that had fixes.
    pub files: Vec<FixRun>,
    /// The run in the undo journal.
    pub run: Option<u64>,
    /// Folders in which originals are kept, because the journal could not be written.
    pub beside: Vec<PathBuf>,
    /// Why it could not.
    pub why_beside: Option<String>,
}

/// A finished report.
#[derive(Clone, Debug, Default)]
pub struct Report {
    /// The sites that judged, each with the reason of its first file and the number of files.
    pub sites: Vec<(SiteChoice, usize)>,
    /// Findings in the order of files and places, suppressed ones among them.
    pub findings: Vec<Finding>,
    /// Regions that were not understood, in the same order.
    pub not_understood: Vec<NotUnderstood>,
    /// Files that are no kind that is checked, although the user named them.
    pub not_checked: Vec<PathBuf>,
    /// The configuration files that were read.
    pub configurations: Vec<PathBuf>,
    /// What `--fix` did; `None` when it was not asked for.
    pub fixes: Option<Fixes>,
    /// Counts.
    pub summary: Summary,
    /// The files' texts, for excerpts.
    pub(super) texts: Vec<FileText>,
}

/// Counts over the whole report. Suppressed findings count only where it says so.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Summary {
    /// Files checked.
    pub files: usize,
    /// Findings.
    pub findings: usize,
    /// Errors.
    pub errors: usize,
    /// Warnings.
    pub warnings: usize,
    /// Hints.
    pub hints: usize,
    /// Findings with a safe fix.
    pub fixable_safe: usize,
    /// Findings with an unsafe fix.
    pub fixable_unsafe: usize,
    /// Findings that a comment hides.
    pub suppressed: usize,
}

/// One finding.
#[derive(Clone, Debug)]
pub struct Finding {
    /// Id of the rule.
    pub rule: String,
    /// How bad.
    pub severity: Severity,
    /// Whether it holds on every path.
    pub certainty: Certainty,
    /// What is wrong.
    pub message: String,
    /// What to do; may be empty.
    pub help: String,
    /// Where the policy stands; may be empty.
    pub url: String,
    /// Tags of the rule.
    pub tags: Vec<String>,
    /// Id of the site that judged.
    pub site: String,
    /// Where.
    pub place: Place,
    /// Other places that explain it.
    pub labels: Vec<Label>,
    /// Hash that survives edits elsewhere in the file.
    pub fingerprint: String,
    /// How to mend it.
    pub fix: Option<check::Fix>,
    /// Number of the notebook cell, from 1.
    pub cell: Option<usize>,
    /// Reason of the suppression that hides it.
    pub suppressed: Option<String>,
}

/// Another place that explains a finding.
#[derive(Clone, Debug)]
pub struct Label {
    /// Where.
    pub place: Place,
    /// What it has to do with the finding.
    pub message: String,
}

/// A place in a file.
#[derive(Clone, Debug)]
pub struct Place {
    /// The file as reports name it.
    pub path: PathBuf,
    /// Index of its text; `None` when the file is not among those checked.
    pub(super) text: Option<usize>,
    /// Bytes.
    pub span: Span,
    /// Its first character.
    pub start: Position,
    /// Just behind its last character.
    pub end: Position,
}

/// A region that was not understood.
#[derive(Clone, Debug)]
pub struct NotUnderstood {
    /// The file.
    pub path: PathBuf,
    /// First line, from 1.
    pub line: usize,
    /// Last line.
    pub end_line: usize,
    /// Why.
    pub reason: String,
}

/// The text of a file, for excerpts.
#[derive(Clone, Debug)]
pub(super) struct FileText {
    pub(super) text: Arc<str>,
    pub(super) lines: Arc<LineIndex>,
}

impl Report {
    /// Puts a report together. Findings are ordered by file as given, then by place and rule.
    pub fn new(files: Vec<FileResult>) -> Self {
        let mut report = Self::default();
        let mut places = Places::new(&files);
        let mut sites: BTreeMap<String, (SiteChoice, usize)> = BTreeMap::new();
        for file in files {
            sites.entry(file.site.id.clone()).or_insert((file.site, 0)).1 += 1;
            report.summary.files += 1;
            let mut findings = file.findings;
            findings.sort_by(|a, b| (a.span, &a.rule, &a.message).cmp(&(b.span, &b.rule, &b.message)));
            for finding in findings {
                report.summary.count(&finding);
                report.findings.push(places.finding(finding));
            }
            let mut gaps = file.gaps;
            gaps.sort_by(|a, b| (a.span, &a.reason).cmp(&(b.span, &b.reason)));
            report.not_understood.extend(gaps.into_iter().map(|gap| not_understood(&file.source, gap)));
        }
        report.sites = sites.into_values().collect();
        report.texts = places.texts;
        report
    }

    /// The findings that no comment hides.
    pub fn visible(&self) -> impl Iterator<Item = &Finding> {
        self.findings.iter().filter(|finding| finding.suppressed.is_none())
    }
}

impl Summary {
    fn count(&mut self, finding: &check::Finding) {
        if finding.suppressed.is_some() {
            self.suppressed += 1;
            return;
        }
        self.findings += 1;
        match finding.severity {
            Severity::Error => self.errors += 1,
            Severity::Warning => self.warnings += 1,
            Severity::Hint => self.hints += 1,
        }
        match finding.fix.as_ref().map(|fix| fix.applicability) {
            Some(Applicability::Safe) => self.fixable_safe += 1,
            Some(Applicability::Unsafe) => self.fixable_unsafe += 1,
            Some(Applicability::Display) | None => {}
        }
    }
}

fn not_understood(source: &Source, gap: Gap) -> NotUnderstood {
    let last = if gap.span.is_empty() { gap.span.start } else { gap.span.end - 1 };
    let (line, end_line) = (source.lines.line(gap.span.start), source.lines.line(last));
    NotUnderstood { path: source.path.clone(), line, end_line, reason: gap.reason }
}

/// Turns spans into places.
struct Places {
    texts: Vec<FileText>,
    by_path: HashMap<PathBuf, usize>,
    /// For each text, the position found last: on a very long line columns are counted on from there.
    cursors: Vec<(usize, Position)>,
}

impl Places {
    fn new(files: &[FileResult]) -> Self {
        let text = |file: &FileResult| FileText { text: file.source.text.clone(), lines: file.source.lines.clone() };
        let by_path = files.iter().enumerate().map(|(index, file)| (file.source.path.clone(), index)).collect();
        let start = (0, Position { line: 1, column: 1 });
        Self { texts: files.iter().map(text).collect(), by_path, cursors: vec![start; files.len()] }
    }

    fn finding(&mut self, finding: check::Finding) -> Finding {
        let labels = finding
            .labels
            .into_iter()
            .map(|label| Label { place: self.place(&label.path, label.span), message: label.message });
        let labels = labels.collect();
        Finding {
            place: self.place(&finding.path, finding.span),
            labels,
            rule: finding.rule,
            severity: finding.severity,
            certainty: finding.certainty,
            message: finding.message,
            help: finding.help,
            url: finding.url,
            tags: finding.tags,
            site: finding.site,
            fingerprint: finding.fingerprint,
            fix: finding.fix,
            cell: finding.cell,
            suppressed: finding.suppressed,
        }
    }

    fn place(&mut self, path: &Path, span: Span) -> Place {
        let text = self.by_path.get(path).copied();
        let (start, end) = match text {
            Some(index) => (self.position(index, span.start), self.position(index, span.end)),
            None => (Position { line: 1, column: 1 }, Position { line: 1, column: 1 }),
        };
        Place { path: path.to_owned(), text, span, start, end }
    }

    fn position(&mut self, index: usize, offset: usize) -> Position {
        let FileText { text, lines } = &self.texts[index];
        let (from, position) = self.cursors[index];
        let line = lines.line(offset.min(text.len()));
        let found = match text.get(from..offset) {
            Some(between) if line == position.line => {
                Position { line, column: position.column + between.chars().count() }
            }
            _ => lines.position(text, offset),
        };
        if text.is_char_boundary(offset) {
            self.cursors[index] = (offset, found);
        }
        found
    }
}
