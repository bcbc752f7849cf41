//! Fixtures of rules, sites and symptoms: `rules/RULE/CASE/` and `sites/SITE/CASE/` hold files under their real names (or,
//! in `account.toml`, facts about an account), `symptoms/SYMPTOM/CASE/` tickets, and `case.toml` says what they show. Beside
//! them stand the goldens: `findings.json` with all findings, and under `fixed/` what all fixes make of the files; of tickets
//! `causes.json`. One harness for `pydoctor rules test` and for the project's own tests.

mod account;
pub(super) mod files;
mod tickets;
mod unfixed;
mod unshown;

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::{fmt, fs, io};

use serde_json::{Value as Json, json};

use crate::check::{By, Certainty, Run};
use crate::fix::{Allow, diff};
use crate::policy::case::{Case, CaseKind as Kind};
use crate::policy::{CommandLine, Policy, ROOT, Selection, nearest};
use crate::report::{FileResult, Finding, Report};
use crate::source::{self, Loaded, WalkOptions};

use self::files::{below, copy, delete, folders, name};
use super::engine::{Engine, Session};
use super::snapshot::Snapshot;
use super::workers::Workers;

/// What says what a case shows.
const CASE: &str = "case.toml";
/// All findings of a case.
const FINDINGS: &str = "findings.json";
/// The files that fixes change, after that.
const FIXED: &str = "fixed";

/// Fixtures to run.
#[derive(Clone, Debug)]
pub struct Suite {
    /// The rules, sites and symptoms that judge.
    pub policy: Arc<Policy>,
    /// The folder with `rules/`, `sites/` and `symptoms/`.
    pub folder: PathBuf,
    /// Ids of the rules that must be shown: a bad case, near misses, and a case for a fix.
    pub rules: Vec<String>,
    /// Ids of the symptoms that must be shown: a bad case and near misses.
    pub symptoms: Vec<String>,
    /// Rules that judge a case of a rule without a site: ids, tags or `ALL`.
    pub select: Vec<String>,
    /// Write the goldens instead of comparing with them.
    pub bless: bool,
}

/// What a run of fixtures came to.
#[derive(Clone, Debug, Default)]
pub struct Outcome {
    /// How many cases there are.
    pub cases: usize,
    /// What is not as it should be, by case.
    pub wrong: Vec<(String, Wrong)>,
    /// Goldens that were written.
    pub written: Vec<PathBuf>,
    /// Goldens that were deleted, each with the reason.
    pub deleted: Vec<(PathBuf, String)>,
    /// By case or rule: fixes that did not stand beside ones that do, clauses that no case meets and fixes that none
    /// offers: nothing wrong, yet seldom meant.
    pub notes: Vec<(String, String)>,
}

/// Something that is not as it should be. Reads as what it is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Wrong {
    what: String,
    /// Goldens alone are other than they were: they are right when what is found is.
    pub of_golden: bool,
}

impl Wrong {
    pub(super) fn of_case(what: impl Into<String>) -> Self {
        Self { what: what.into(), of_golden: false }
    }

    fn of_golden(what: impl Into<String>) -> Self {
        Self { what: what.into(), of_golden: true }
    }
}

impl fmt::Display for Wrong {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.what)
    }
}

/// What a case is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Subject {
    Rule,
    Site,
    Symptom,
}

/// One folder with what is to be done with it.
#[derive(Debug)]
struct Job {
    subject: Subject,
    /// Id of the rule or site.
    id: String,
    folder: PathBuf,
}

/// What one case gave.
#[derive(Debug, Default)]
struct CaseResult {
    kind: Option<Kind>,
    /// A fix of the rule changed a file.
    fixed: bool,
    /// A fix of the rule was offered.
    offered: bool,
    /// Why findings of the rule were not mended.
    unfixed: Vec<unfixed::Reason>,
    /// What of the rule its findings come from, each with the line.
    seen: Vec<(By, String)>,
    /// Fixes of the rule that were tried and did not stand.
    dropped: Vec<unfixed::Reason>,
    /// Files in which the goldens show a fix that is not made any more.
    lost_in: BTreeSet<String>,
    wrong: Vec<Wrong>,
    written: Vec<PathBuf>,
    deleted: Vec<(PathBuf, String)>,
}

impl Suite {
    /// The folders with cases of rules, sites and symptoms.
    pub(super) const FOLDERS: [&str; 3] = ["rules", "sites", "symptoms"];

    /// Runs all cases.
    ///
    /// # Errors
    /// A folder that cannot be read, a scratch folder that cannot be made.
    pub fn run(&self) -> io::Result<Outcome> {
        let (mut jobs, mut misplaced) = (Vec::new(), Vec::new());
        for subject in [Subject::Rule, Subject::Site, Subject::Symptom] {
            let below = format!("{}s", subject.noun());
            for folder in folders(&self.folder.join(&below))? {
                let id = name(&folder);
                if folder.join(CASE).is_file() {
                    let what = format!(
                        "`{CASE}` lies beside the cases: put it and its files into a folder `{below}/{id}/NAME`"
                    );
                    misplaced.push((format!("{below}/{id}"), Wrong::of_case(what)));
                }
                jobs.extend(folders(&folder)?.into_iter().map(|folder| Job { subject, id: id.clone(), folder }));
            }
        }
        let snapshot =
            Snapshot { cores: std::thread::available_parallelism().map_or(1, usize::from), ..Snapshot::default() };
        let workers = Workers::new(None, &snapshot);
        let results = workers.map(&jobs, |job| {
            self.case(job).unwrap_or_else(|error| CaseResult {
                wrong: vec![Wrong::of_case(format!("{error:#}"))],
                ..CaseResult::default()
            })
        });
        let mut outcome = Outcome { cases: jobs.len(), ..Outcome::default() };
        for (job, result) in jobs.iter().zip(&results) {
            outcome.wrong.extend(result.wrong.iter().map(|wrong| (job.shown(), wrong.clone())));
            outcome.written.extend(result.written.iter().cloned());
            outcome.deleted.extend(result.deleted.iter().cloned());
        }
        let shows_one = |id: &str| jobs.iter().zip(&results).any(|(job, result)| job.id == id && result.fixed);
        for (job, result) in jobs.iter().zip(&results).filter(|(job, _)| shows_one(&job.id)) {
            outcome.notes.extend(result.dropped.iter().map(|reason| (job.shown(), reason.line.clone())));
        }
        outcome.wrong.extend(misplaced);
        outcome.wrong.extend(self.incomplete(&jobs, &results));
        outcome.notes.extend(self.unshown(&jobs, &results, &outcome.wrong));
        // What a golden lacks may come of what else is wrong.
        outcome.wrong.sort_by_key(|(case, wrong)| (case.clone(), wrong.of_golden, wrong.what.clone()));
        Ok(outcome)
    }

    /// What a case is about must exist; the nearest name where it does not.
    fn check_subject(&self, job: &Job) -> anyhow::Result<()> {
        let near = match job.subject {
            Subject::Rule if self.policy.rule(&job.id).is_some() => return Ok(()),
            Subject::Site if self.policy.sites.contains_key(&job.id) => return Ok(()),
            Subject::Symptom if self.policy.symptoms.contains(&job.id) => return Ok(()),
            Subject::Rule => nearest(&job.id, self.policy.rules.iter().map(|rule| rule.id.as_str())),
            Subject::Site => nearest(&job.id, self.policy.sites.keys().map(String::as_str)),
            Subject::Symptom => nearest(&job.id, self.policy.symptoms.ids()),
        };
        let near = near.map(|near| format!("; did you mean `{near}`?")).unwrap_or_default();
        anyhow::bail!("the {} `{}` does not exist{near}", job.subject.noun(), job.id)
    }

    fn case(&self, job: &Job) -> anyhow::Result<CaseResult> {
        self.check_subject(job)?;
        let case = read_case(&job.folder, &self.policy)?;
        let scratch = tempfile::tempdir()?;
        // Links in the name of the scratch folder would make two names of each file.
        let scratch_folder = fs::canonicalize(scratch.path())?;
        let files = copy(&job.folder, &scratch_folder)?;
        let engine = self.engine(job, &case, &scratch_folder)?;
        let workers = Workers::new(Some(1), &Snapshot::default());
        if job.subject == Subject::Symptom {
            return self.tickets(job, &case, &files, &engine, &workers);
        }
        if let Some(facts) = account::facts(&job.folder)? {
            let mut outcome = CaseResult { kind: Some(case.kind), ..CaseResult::default() };
            let results = engine.judge_facts(facts, &[])?;
            self.findings(job, &case, &results, &scratch_folder, &mut outcome)?;
            // There are no files: what a fix would do is all that can be shown.
            let mut found = results.iter().flat_map(|result| &result.findings);
            outcome.fixed = found.any(|finding| finding.rule == job.id && finding.fix.is_some());
            outcome.unfixed = unfixed::reasons(&job.id, &results, &[], &scratch_folder);
            self.tell_lost_fix(&mut outcome);
            return Ok(outcome);
        }
        let session = open(&engine, &scratch_folder, &workers)?;
        let runs = session.runs(&workers);
        let results = session.results(&runs, &workers);
        let mut outcome = CaseResult { kind: Some(case.kind), ..CaseResult::default() };
        if results.is_empty() {
            let what = "no file of the case is of a kind that is checked: give it the name that it has in real life";
            outcome.wrong.push(Wrong::of_case(what));
        }
        self.findings(job, &case, &results, &scratch_folder, &mut outcome)?;
        self.strangers(job, &files, &mut outcome)?;
        self.fixes(job, &files, &scratch_folder, (&session, &runs, &results, &workers), &mut outcome)?;
        Ok(outcome)
    }

    /// The engine for a case: the folder is the home too, so that `~` leads into it, and nothing else is known.
    fn engine(&self, job: &Job, case: &Case, scratch: &Path) -> anyhow::Result<Engine> {
        let home = scratch.to_string_lossy().into_owned();
        let snapshot = Snapshot {
            env: BTreeMap::from([("HOME".to_owned(), home)]),
            cwd: scratch.to_owned(),
            cores: 1,
            ..Snapshot::default()
        };
        let mut line = CommandLine { site: case.site.clone(), ..CommandLine::default() };
        if job.subject == Subject::Rule && case.site.is_none() {
            line.site = Some(ROOT.to_owned());
            line.selection = Selection { select: Some(self.select.clone()), forced: true, ..Selection::default() };
        }
        let mut engine = Engine::of_policy(&self.policy, line, case.machine.as_deref(), &snapshot)?;
        engine.is_at_home = true;
        Ok(engine)
    }

    /// Compares the findings with the kind of the case and with its golden.
    fn findings(
        &self,
        job: &Job,
        case: &Case,
        results: &[FileResult],
        scratch: &Path,
        outcome: &mut CaseResult,
    ) -> anyhow::Result<()> {
        let report = Report::new(results.to_vec());
        let own = |finding: &&Finding| {
            finding.suppressed.is_none() && (job.subject == Subject::Site || finding.rule == job.id)
        };
        let found = report.findings.iter().filter(own).count();
        outcome.seen = unshown::seen(&job.id, results, scratch);
        match (job.subject, case.kind) {
            (Subject::Rule, Kind::Bad) if found == 0 => {
                let why = self.why_nothing(job, case).map(|why| format!(": {why}")).unwrap_or_default();
                outcome.wrong.push(Wrong::of_case(format!("the rule finds nothing{why}")));
            }
            (Subject::Rule, Kind::Ok) if found > 0 => outcome.wrong.push(Wrong::of_case("a near miss is flagged")),
            (Subject::Site, Kind::Bad) if found == 0 => outcome.wrong.push(Wrong::of_case("nothing is found")),
            (Subject::Site, Kind::Ok) if found > 0 => outcome.wrong.push(Wrong::of_case("something is found")),
            _ => {}
        }
        for result in results.iter().filter(|result| job.subject == Subject::Site && result.site.id != job.id) {
            let file = result.source.path.strip_prefix(scratch).unwrap_or(&result.source.path).display();
            let what = format!("{file}: judged by `{}`: {}", result.site.id, result.site.why);
            outcome.wrong.push(Wrong::of_case(what));
        }
        let items: Vec<String> =
            report.findings.iter().map(|finding| format!("  {}", compact(finding, scratch))).collect();
        let text = if items.is_empty() { "[]\n".to_owned() } else { format!("[\n{}\n]\n", items.join(",\n")) };
        let before = fs::read(job.folder.join(FINDINGS)).unwrap_or_default();
        let now = fixes_in(&job.id, text.as_bytes());
        let lost = fixes_in(&job.id, &before).into_iter().filter(|(file, count)| now.get(file).unwrap_or(&0) < count);
        outcome.lost_in = lost.map(|(file, _)| file).collect();
        self.compare(&job.folder, Path::new(FINDINGS), text.as_bytes(), outcome)?;
        Ok(())
    }

    /// Why a rule can find nothing at the site of a case.
    fn why_nothing(&self, job: &Job, case: &Case) -> Option<String> {
        let (rule, id) = (self.policy.rule(&job.id)?, case.site.as_deref().unwrap_or(ROOT));
        let site = self.policy.site(id).ok()?;
        if case.site.is_some() && Selection::default().severity_at(rule, site).is_none() {
            return Some(format!("it is off at `{id}`, whose file gives it no severity"));
        }
        let unmet = rule.unmet_at(site).iter().map(|name| format!("`{name}`")).collect::<Vec<_>>().join(", ");
        let where_set = if case.site.is_some() { "" } else { "; name a site that does: `site = \"ID\"`" };
        (!unmet.is_empty()).then(|| format!("it asks for {unmet}, which `{id}` does not set{where_set}"))
    }

    /// Says why a fix that the goldens show is not made any more.
    fn tell_lost_fix(&self, outcome: &mut CaseResult) {
        let told = outcome.unfixed.iter().filter(|reason| outcome.lost_in.contains(&reason.file));
        let lines: Vec<&str> = told.map(|reason| reason.line.as_str()).collect();
        if !self.bless && !lines.is_empty() {
            let what = format!("its fix is not made any more:\n{}", lines.join("\n"));
            outcome.wrong.push(Wrong::of_golden(what));
        }
    }

    /// Goldens of files that the case does not have.
    fn strangers(&self, job: &Job, files: &[PathBuf], outcome: &mut CaseResult) -> io::Result<()> {
        for golden in below(&job.folder.join(FIXED))?.into_iter().filter(|golden| !files.contains(golden)) {
            let path = job.folder.join(FIXED).join(&golden);
            if self.writes(outcome) {
                delete(&path, &job.folder)?;
                outcome.deleted.push((path, "the case has no file of that name".to_owned()));
            } else {
                let what = format!("{FIXED}/{} is of no file of the case; delete it", golden.display());
                outcome.wrong.push(Wrong::of_golden(what));
            }
        }
        Ok(())
    }

    /// True when goldens are written: not over good ones, when the case does not show what it says.
    fn writes(&self, outcome: &CaseResult) -> bool {
        self.bless && outcome.wrong.is_empty()
    }

    /// Compares what the fixes make of the files with the goldens.
    fn fixes(
        &self,
        job: &Job,
        files: &[PathBuf],
        scratch: &Path,
        (session, runs, results, workers): (&Session<'_>, &[Run<'_>], &[FileResult], &Workers),
        outcome: &mut CaseResult,
    ) -> anyhow::Result<()> {
        let mended = session.mend(runs, results, Allow::Unsafe, workers);
        outcome.offered = results
            .iter()
            .flat_map(|result| &result.findings)
            .any(|finding| finding.rule == job.id && finding.fix.is_some());
        outcome.unfixed = unfixed::reasons(&job.id, results, &mended, scratch);
        outcome.dropped = unfixed::dropped(&job.id, &mended, scratch);
        for file in files {
            let whole = scratch.join(file);
            let changed = results
                .iter()
                .zip(&mended)
                .find(|(result, mended)| result.source.path == whole && result.source.bytes != mended.source.bytes);
            let golden = Path::new(FIXED).join(file);
            if let Some((_, mended)) = changed {
                outcome.fixed |= outcome.offered;
                self.compare(&job.folder, &golden, &mended.source.bytes, outcome)?;
            } else if job.folder.join(&golden).exists() {
                let file = file.display().to_string();
                if self.writes(outcome) {
                    delete(&job.folder.join(&golden), &job.folder)?;
                    let own = outcome.unfixed.iter().filter(|reason| reason.file == file);
                    let reasons: String = own.map(|reason| format!("\n{}", reason.line)).collect();
                    outcome.deleted.push((job.folder.join(&golden), format!("no fix changes that file{reasons}")));
                } else {
                    outcome.wrong.push(Wrong::of_golden(format!("{file} is not fixed any more")));
                }
                outcome.lost_in.insert(file);
            }
        }
        self.tell_lost_fix(outcome);
        Ok(())
    }

    fn compare(&self, folder: &Path, golden: &Path, text: &[u8], outcome: &mut CaseResult) -> io::Result<()> {
        let path = folder.join(golden);
        let expected = match fs::read(&path) {
            Ok(expected) => expected,
            Err(error) if error.kind() == io::ErrorKind::NotFound => Vec::new(),
            Err(error) => return Err(error),
        };
        if expected == text {
            return Ok(());
        }
        if self.writes(outcome) {
            if let Some(folder) = path.parent() {
                fs::create_dir_all(folder)?;
            }
            fs::write(&path, text)?;
            outcome.written.push(path);
        } else if path.exists() {
            let difference = diff::unified(golden, &expected, text);
            outcome.wrong.push(Wrong::of_golden(String::from_utf8_lossy(&difference).trim_end()));
        } else {
            let text = String::from_utf8_lossy(text);
            let what = format!("there is no {} yet; it would say\n{}", golden.display(), text.trim_end());
            outcome.wrong.push(Wrong::of_golden(what));
        }
        Ok(())
    }
}

impl Subject {
    const fn noun(self) -> &'static str {
        match self {
            Self::Rule => "rule",
            Self::Site => "site",
            Self::Symptom => "symptom",
        }
    }
}

impl Job {
    fn shown(&self) -> String {
        format!("{}s/{}/{}", self.subject.noun(), self.id, name(&self.folder))
    }
}

/// How many findings of `rule` a golden shows with a fix, by file.
fn fixes_in(rule: &str, golden: &[u8]) -> BTreeMap<String, usize> {
    let findings: Vec<Json> = serde_json::from_slice(golden).unwrap_or_default();
    let mut count = BTreeMap::new();
    for finding in findings.iter().filter(|finding| finding["rule"] == rule && finding["fix"].is_string()) {
        let file = finding["at"].as_str().and_then(|at| at.rsplit_once(' ')).map_or("", |(file, _)| file);
        *count.entry(file.to_owned()).or_default() += 1;
    }
    count
}

/// What a case says of itself.
#[expect(clippy::disallowed_methods, reason = "a fixture's manifest is the author's own file")]
fn read_case(folder: &Path, policy: &Policy) -> anyhow::Result<Case> {
    let text = fs::read_to_string(folder.join(CASE)).map_err(|error| match error.kind() {
        io::ErrorKind::NotFound => {
            anyhow::anyhow!("there is no `{CASE}`, which says what the case shows: `kind` and `note`")
        }
        _ => anyhow::anyhow!("{CASE}: {error}"),
    })?;
    Ok(Case::parse(CASE, &text, policy)?)
}

/// Reads the files of a case, as a walk finds them.
fn open<'e>(engine: &'e Engine, folder: &Path, workers: &Workers) -> anyhow::Result<Session<'e>> {
    let found = source::discover(&[folder.to_owned()], &WalkOptions { exclude: None });
    let mut sources = Vec::new();
    for file in &found.files {
        match source::load(file) {
            Loaded::Source { source, .. } => sources.push(Arc::new(source)),
            Loaded::NotChecked => {}
            Loaded::TooLarge { source, .. } => anyhow::bail!("{}: too large", source.path.display()),
            Loaded::Problem(problem) => anyhow::bail!("{}: {}", problem.path.display(), problem.message),
        }
    }
    engine.open(sources, workers)
}

/// What a golden says of a finding.
fn compact(finding: &Finding, scratch: &Path) -> Json {
    let place = &finding.place;
    let path = place.path.strip_prefix(scratch).unwrap_or(&place.path).display();
    let (start, end) = (place.start, place.end);
    let said = |text: &str| text.replace(&format!("{}/", scratch.display()), "");
    let mut out = json!({
        "rule": finding.rule,
        "at": format!("{path} {}:{}-{}:{}", start.line, start.column, end.line, end.column),
        "severity": finding.severity,
        "message": said(&finding.message),
    });
    if finding.certainty != Certainty::Certain {
        out["certainty"] = json!(finding.certainty);
    }
    if let Some(fix) = &finding.fix {
        out["fix"] = json!(format!("{}: {}", fix.applicability.name(), said(&fix.title)));
    }
    if let Some(reason) = &finding.suppressed {
        out["suppressed"] = json!(reason.reason);
    }
    out
}
