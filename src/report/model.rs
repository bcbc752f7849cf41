//! The finished report: everything that a format may show, with lines and columns worked out.

use std::collections::BTreeMap;
use std::fmt;
use std::ops::Range;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use foldhash::{HashMap, HashMapExt};
use rayon::prelude::*;

use crate::check::{self, Applicability, Certainty, Severity};
use crate::facts::Gap;
use crate::fix::{Applied, Dropped};
use crate::policy::{About, Kept, Rule};
use crate::source::{LineIndex, Position, Source, Span};

use super::places::Places;

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
    /// From this severity on its findings count for exit status 1.
    pub fail_on: Severity,
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
    /// What was written are comments that silence findings.
    pub silences: bool,
    /// The run in the undo journal.
    pub run: Option<u64>,
    /// Folders in which originals are kept, because the journal could not be written.
    pub beside: Vec<PathBuf>,
    /// Why it could not.
    pub why_beside: Option<String>,
}

/// What came of a baseline.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct BaselineUse {
    /// The file.
    pub file: PathBuf,
    /// How many findings it hides.
    pub hidden: usize,
    /// What it knows and is no more.
    pub mended: Vec<Mended>,
    /// It was written: how many findings are new in it, and how many are out of it.
    pub written: Option<(usize, usize)>,
}

/// Known findings that are no more.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Mended {
    /// The file, from the root of the project.
    pub path: String,
    /// Id of the rule.
    pub rule: String,
    /// How many of them.
    pub count: usize,
}

/// Something that was said against a lock of the machine's policy, and was not obeyed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NotObeyed {
    /// Where it was said: a file with its line, or an option.
    pub origin: String,
    /// What was said: `ignore`, `site=ID`.
    pub said: String,
    /// The rule or site that stays as it is; what was said is obeyed for all else.
    pub about: About,
    /// How it stays.
    pub kept: Kept,
    /// The layer that locks it.
    pub layer: &'static str,
    /// The file and the line that lock it.
    pub lock: String,
    /// Why, in the words of those who locked it; may be empty.
    pub reason: String,
}

impl fmt::Display for NotObeyed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { origin, said, about, kept, layer, lock, reason } = self;
        let place = if said.starts_with(origin) { String::new() } else { format!("{origin}: ") };
        let reason = if reason.is_empty() { String::new() } else { format!(": {reason}") };
        let by = format!("the lock in {lock} (layer {layer}) keeps");
        match about {
            About::Rule(rule) => write!(f, "{place}`{said}` is not obeyed for {rule}: {by} it {kept}{reason}"),
            About::Site(site) => write!(f, "{place}`{said}` is not obeyed: {by} {site} {kept}{reason}"),
        }
    }
}

/// A file or folder that the walk left out.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Excluded {
    /// The file or folder.
    pub path: PathBuf,
    /// Why.
    pub why: Why,
}

/// Why something was left out.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Why {
    /// A configuration excludes it: its file and line.
    By(String),
    /// It is the fixtures of a pack that is loaded: its folder.
    Fixtures(PathBuf),
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
    /// What came of the baselines.
    pub baselines: Vec<BaselineUse>,
    /// What was said against locks.
    pub not_obeyed: Vec<NotObeyed>,
    /// What was written and counts for nothing, a sentence each.
    pub notes: Vec<String>,
    /// How many findings were to be silenced and are not, as a lock keeps them loud.
    pub kept_loud: usize,
    /// What the walk left out.
    pub excluded: Vec<Excluded>,
    /// What `--fix` did; `None` when it was not asked for.
    pub fixes: Option<Fixes>,
    /// Counts.
    pub summary: Summary,
    /// The files checked, in order.
    pub files: Vec<CheckedFile>,
    /// What is known of the rules that found something, by id; a rule may be missing.
    pub rules: BTreeMap<String, RuleInfo>,
    /// What could not be done: files that cannot be read, faulty configurations.
    pub problems: Vec<String>,
    /// The exit status that the run comes to.
    pub exit_code: u8,
    /// The folder that relative paths are meant from, absolute.
    pub folder: PathBuf,
    /// The files' texts, for excerpts.
    pub(super) texts: Vec<FileText>,
}

/// One file that was checked, and what of the report speaks of it.
#[derive(Clone, Debug)]
pub struct CheckedFile {
    /// The file as reports name it.
    pub path: Arc<Path>,
    /// Id of the site that judged it.
    pub site: String,
    /// Its part of [`Report::findings`].
    pub findings: Range<usize>,
    /// Its part of [`Report::not_understood`].
    pub not_understood: Range<usize>,
}

/// What a format may say of a rule.
#[derive(Clone, Debug)]
pub struct RuleInfo {
    /// What is wrong, short.
    pub title: String,
    /// Why that matters.
    pub why: String,
    /// How bad, before sites and configuration.
    pub severity: Severity,
    /// Its tags.
    pub tags: Vec<String>,
    /// Who asks for it: addresses, or plain words.
    pub sources: Vec<String>,
}

impl RuleInfo {
    /// What a rule says of itself.
    pub fn of(rule: &Rule) -> Self {
        Self {
            title: rule.title.clone(),
            why: rule.why.clone(),
            severity: rule.severity,
            tags: rule.tags.clone(),
            sources: rule.sources.clone(),
        }
    }
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
    /// Findings that a comment or a baseline hides.
    pub suppressed: usize,
    /// Those of them that a baseline hides.
    pub baselined: usize,
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
    pub fix: Option<Fix>,
    /// Why no fix is offered, or why one is only shown, where the rule has a fix; else empty.
    pub no_fix: String,
    /// Number of the notebook cell, from 1.
    pub cell: Option<usize>,
    /// What hides it, and why.
    pub suppressed: Option<check::Silenced>,
    /// It counts for exit status 1.
    pub fails: bool,
    /// How many findings before it have the same fingerprint.
    pub repeats: usize,
}

/// How to mend a finding.
#[derive(Clone, Debug)]
pub struct Fix {
    /// What it does, as an order.
    pub title: String,
    /// How far it can be trusted.
    pub applicability: Applicability,
    /// The changes, all or none.
    pub edits: Vec<Edit>,
    /// The rights to the file that are taken, when that is what it does.
    pub chmod: Option<check::Chmod>,
}

/// One change of bytes.
#[derive(Clone, Debug)]
pub struct Edit {
    /// It is in another file than the finding.
    pub elsewhere: bool,
    /// What to replace; empty to insert.
    pub place: Place,
    /// The new text.
    pub text: String,
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
    pub path: Arc<Path>,
    /// Index of its text; `None` when the file is not among those checked, and its lines are not known.
    pub(super) text: Option<usize>,
    /// Bytes.
    pub span: Span,
    /// Its first character.
    pub start: Position,
    /// Just behind its last character.
    pub end: Position,
    /// Column of `start` in UTF-16 code units, from 1.
    pub start_utf16: usize,
    /// Column of `end` in UTF-16 code units, from 1.
    pub end_utf16: usize,
}

/// A region that was not understood.
#[derive(Clone, Debug)]
pub struct NotUnderstood {
    /// The file.
    pub path: Arc<Path>,
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
        let places = Places::new(&files);
        // On a pool by all its threads.
        let put: Vec<Put> = match rayon::current_thread_index() {
            Some(_) => files.into_par_iter().with_max_len(check::AT_ONCE).map(|file| Put::new(&places, file)).collect(),
            None => files.into_iter().map(|file| Put::new(&places, file)).collect(),
        };
        let mut sites: BTreeMap<String, (SiteChoice, usize)> = BTreeMap::new();
        let count = put.iter().map(|file| file.findings.len()).sum();
        report.findings.reserve_exact(count);
        let mut fingerprints: HashMap<&str, usize> = HashMap::with_capacity(count);
        let findings = put.iter().flat_map(|file| &file.findings);
        let repeats = findings.map(|finding| {
            let seen = fingerprints.entry(&finding.fingerprint).or_default();
            *seen += 1;
            *seen - 1
        });
        let repeats: Vec<usize> = repeats.collect();
        for mut file in put {
            let from = (report.findings.len(), report.not_understood.len());
            report.summary.files += 1;
            report.findings.append(&mut file.findings);
            for (finding, repeats) in report.findings[from.0..].iter_mut().zip(&repeats[from.0..]) {
                report.summary.count(finding);
                finding.repeats = *repeats;
            }
            report.not_understood.extend(file.not_understood);
            report.files.push(CheckedFile {
                path: file.path,
                site: file.site.id.clone(),
                findings: from.0..report.findings.len(),
                not_understood: from.1..report.not_understood.len(),
            });
            match sites.get_mut(&file.site.id) {
                Some((_, files)) => *files += 1,
                None => drop(sites.insert(file.site.id.clone(), (file.site, 1))),
            }
        }
        report.sites = sites.into_values().collect();
        report.texts = places.texts;
        report
    }

    /// The findings that no comment hides.
    pub fn visible(&self) -> impl Iterator<Item = &Finding> {
        self.findings.iter().filter(|finding| finding.suppressed.is_none())
    }

    /// The files with their findings, suppressed ones among them, and what of them was not understood.
    pub fn by_file(&self) -> impl Iterator<Item = (&CheckedFile, &[Finding], &[NotUnderstood])> {
        self.files.iter().map(|file| {
            let findings = self.findings.get(file.findings.clone()).unwrap_or_default();
            (file, findings, self.not_understood.get(file.not_understood.clone()).unwrap_or_default())
        })
    }

    /// True when a finding counts for exit status 1.
    pub fn fails(&self) -> bool {
        self.findings.iter().any(|finding| finding.fails)
    }
}

/// What one file puts into a report.
struct Put {
    path: Arc<Path>,
    site: SiteChoice,
    findings: Vec<Finding>,
    not_understood: Vec<NotUnderstood>,
}

impl Put {
    fn new(places: &Places, file: FileResult) -> Self {
        let FileResult { source, site, mut findings, mut gaps, fail_on } = file;
        let path: Arc<Path> = source.path.as_path().into();
        findings.sort_by(|a, b| (a.span, &a.rule, &a.message).cmp(&(b.span, &b.rule, &b.message)));
        gaps.sort_by(|a, b| (a.span, &a.reason).cmp(&(b.span, &b.reason)));
        let mut placing = places.placing();
        let finding = |finding: check::Finding| {
            let fails = finding.suppressed.is_none() && finding.severity >= fail_on;
            Finding { fails, ..placing.finding(finding) }
        };
        let findings = findings.into_iter().map(finding).collect();
        let not_understood = gaps.into_iter().map(|gap| not_understood(&source, &path, gap)).collect();
        Self { path, site, findings, not_understood }
    }
}

impl Place {
    /// True when its lines and columns are known: its file is among those checked.
    pub const fn is_known(&self) -> bool {
        self.text.is_some()
    }

    /// The last line that it touches: a place of whole lines ends at the start of the next one.
    pub const fn last_line(&self) -> usize {
        if self.end.column == 1 && self.end.line > self.start.line { self.end.line - 1 } else { self.end.line }
    }
}

impl Summary {
    fn count(&mut self, finding: &Finding) {
        if let Some(silenced) = &finding.suppressed {
            self.suppressed += 1;
            self.baselined += usize::from(silenced.by == check::SilencedBy::Baseline);
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

fn not_understood(source: &Source, path: &Arc<Path>, gap: Gap) -> NotUnderstood {
    let last = if gap.span.is_empty() { gap.span.start } else { gap.span.end - 1 };
    let (line, end_line) = (source.lines.line(gap.span.start), source.lines.line(last));
    NotUnderstood { path: Arc::clone(path), line, end_line, reason: gap.reason }
}
