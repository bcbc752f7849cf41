//! The way from facts to findings: which clauses meet which facts, what they then say, in which order.

use std::cell::Cell;
use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use std::sync::{Arc, OnceLock};

use foldhash::HashMap;

use crate::facts::{Fact, FactKind, FileFacts, Record, Text};
use crate::policy::effective::{ClauseRef, indexed_field};
use crate::policy::needs::Needs;
use crate::policy::{ActiveRule, Clause, Day, Effective};
use crate::source::{Source, Span, absolute};

use super::eval::{Scene, Truth};
use super::finding::{Certainty, Finding};
use super::links::{Links, Siblings};
use super::lookup::{Judge, Subject, View};
use super::machine::{ByFolder, Homes};
use super::pace::Pace;
use super::place::Places;
use super::search::Candidates;
use super::suppress::Suppressions;
use super::together::all_or_none;
use super::withheld::Wordings;

/// One file with its facts and the policy that judges it.
#[derive(Clone, Debug)]
pub struct Analysed {
    /// The file.
    pub source: Source,
    /// Its facts.
    pub facts: FileFacts,
    /// The policy of its site and selection.
    pub policy: Arc<Effective>,
    /// It is a script in a here document of the file, not the file.
    pub embedded: bool,
}

/// What a run knows of its surroundings. All paths are absolute.
#[derive(Clone, Debug, Default)]
pub struct Settings {
    /// The folder from which relative paths of files are meant.
    pub cwd: PathBuf,
    /// The folder from which fingerprints count.
    pub project_root: PathBuf,
    /// What `$HOME` is in the files, when it is known.
    pub home: Option<PathBuf>,
    /// Files by the path that they have in fingerprints, where it is not the one from `project_root`.
    pub names: BTreeMap<PathBuf, PathBuf>,
    /// Exceptions count up to their last day.
    pub today: Day,
    /// Findings tell of each fix that is passed over why, also where another is offered.
    pub passed: bool,
    /// The site was named for the run, which says nothing of the files.
    pub site_given: bool,
    /// The homes of this machine; `None` where all that is checked is of the account.
    pub homes: Option<Arc<dyn Homes>>,
}

impl Settings {
    /// One folder is all that is known.
    pub fn within(folder: PathBuf, today: Day) -> Self {
        Self { cwd: folder.clone(), project_root: folder, today, ..Self::default() }
    }

    /// The path of a file in fingerprints.
    pub fn name_of(&self, path: &Path) -> PathBuf {
        if let Some(name) = self.names.get(path) {
            return name.clone();
        }
        let whole = absolute(&self.cwd, path);
        whole.strip_prefix(&self.project_root).map_or_else(|_| path.to_owned(), Path::to_owned)
    }
}

/// All files that are checked together.
#[derive(Debug)]
pub struct Run<'a> {
    inputs: &'a [Analysed],
    pub(super) settings: &'a Settings,
    pub(super) links: Links,
    pub(super) views: Vec<View<'a>>,
    /// The facts of all files that may be what a rule looks for anywhere.
    pub(super) candidates: Candidates,
    /// What conditions of fixes that are withheld say.
    pub(super) wordings: Wordings,
    pub(super) beyond: Option<Beyond<'a>>,
    pub(super) by_folder: ByFolder,
}

/// The run that a smaller one is taken out of: its other files are in reach as well.
#[derive(Clone, Debug)]
pub(super) struct Beyond<'a> {
    pub run: &'a Run<'a>,
    /// Its files that the smaller one has.
    pub but: BTreeSet<usize>,
}

/// Checks all files one after the other: findings by path, place and rule.
pub fn check_files(inputs: &[Analysed], settings: &Settings) -> Vec<Finding> {
    let run = Run::new(inputs, settings);
    let mut findings: Vec<Finding> = (0..inputs.len()).flat_map(|index| run.check(index)).collect();
    sort(&mut findings);
    findings
}

/// Sorts findings by path, place and rule.
pub fn sort(findings: &mut [Finding]) {
    findings.sort_by(|a, b| {
        let key = |finding: &Finding| (finding.span.start, finding.span.end);
        a.path.cmp(&b.path).then_with(|| key(a).cmp(&key(b))).then_with(|| a.rule.cmp(&b.rule))
    });
}

/// A clause that holds of a fact.
#[derive(Clone, Debug)]
pub(super) struct Hit<'v> {
    pub active: &'v ActiveRule,
    pub clause: &'v Clause,
    pub at: ClauseRef,
    pub subject: Subject<'v>,
    pub certainty: Certainty,
    /// Labels on other facts: the file, the place, the text.
    pub others: Vec<(PathBuf, Span, String)>,
}

/// Judging one file.
pub(super) struct Bench<'r> {
    pub run: &'r Run<'r>,
    pub index: usize,
    pub judge: Judge<'r>,
    pub pairs: Cell<u64>,
}

impl<'a> Run<'a> {
    /// Links the files with each other.
    pub fn new(inputs: &'a [Analysed], settings: &'a Settings) -> Self {
        Self::linked(inputs, settings, Pace::Single)
    }

    /// The same on the threads of the pool that this is called on.
    pub fn on_pool(inputs: &'a [Analysed], settings: &'a Settings) -> Self {
        Self::linked(inputs, settings, Pace::OnPool)
    }

    fn linked(inputs: &'a [Analysed], settings: &'a Settings, pace: Pace) -> Self {
        let links = Links::new(inputs, settings, pace);
        let names = Siblings::new(inputs);
        let views = pace.each(inputs.len(), |index| view(inputs, index, &links, &names));
        Self {
            inputs,
            settings,
            links,
            views,
            candidates: Candidates::default(),
            wordings: Wordings::default(),
            beyond: None,
            by_folder: ByFolder::new(),
        }
    }

    /// The same with what else is in reach in `run`, of which this one has the files `but`.
    #[must_use]
    pub fn within(self, run: &'a Run<'a>, but: BTreeSet<usize>) -> Self {
        Self { beyond: Some(Beyond { run, but }), ..self }
    }

    /// The files whose facts count for a file: those that it runs or reads, and those that do so with it, at any
    /// distance.
    pub fn related(&self, index: usize) -> Vec<usize> {
        self.links.related(index)
    }

    /// The findings of one file, by place and rule. Files can be checked in parallel.
    pub fn check(&self, index: usize) -> Vec<Finding> {
        let Some(input) = self.inputs.get(index) else { return Vec::new() };
        let view = &self.views[index];
        let mut suppressions = Suppressions::read(view.source);
        let mut findings = self.pass(index, view, input);
        let (policy, today) = (&*input.policy, self.settings.today);
        suppressions.apply(view.source, &mut findings, policy, today);
        all_or_none(&mut findings, view.source);
        findings = super::findings::once_each(findings, policy);

        // What the engine itself noticed is judged in a second pass.
        loop {
            let mut added = suppressions.facts(view.source, policy, today);
            added.extend(gaps(view.source, view.facts));
            if added.is_empty() {
                break;
            }
            let own = view.facts.facts.len();
            let mut by_kind: BTreeMap<FactKind, Vec<usize>> = BTreeMap::new();
            for (offset, fact) in added.iter().enumerate() {
                by_kind.entry(fact.kind).or_default().push(own + offset);
            }
            let second = View { added, by_kind, ..view.clone() };
            let mut more = self.pass(index, &second, input);
            // A comment about another comment has its use only now, and is judged again by that: each round one more.
            let used = suppressions.used();
            suppressions.apply(view.source, &mut more, policy, today);
            if suppressions.used() == used {
                findings.extend(super::findings::once_each(more, policy));
                break;
            }
        }
        sort(&mut findings);
        findings
    }

    fn pass(&self, index: usize, view: &View<'_>, input: &Analysed) -> Vec<Finding> {
        let places = Places::of(&input.policy);
        let judge = Judge { policy: &input.policy, places: &places };
        let bench = Bench { run: self, index, judge, pairs: Cell::new(0) };
        let mut hits = Vec::new();
        for (kind, positions) in &view.by_kind {
            let Some(first) = positions.first().and_then(|position| view.subject(*position)) else { continue };
            let in_question = input.policy.general(*kind);
            let mut general = Vec::with_capacity(in_question.len());
            general.extend(in_question.iter().filter_map(|at| bench.ask(*at, first)));
            let mut clauses = Clauses { general, named: HashMap::default() };
            for subject in positions.iter().filter_map(|position| view.subject(*position)) {
                bench.judge_fact(subject, &mut clauses, &mut hits);
            }
        }
        super::findings::from_hits(&bench, hits, self.settings)
    }

    /// The file of that index as it is judged.
    pub(super) fn view(&self, index: usize) -> Option<&View<'a>> {
        self.views.get(index)
    }
}

impl<'r> Bench<'r> {
    /// `clauses` are those on facts of its kind.
    fn judge_fact(&self, subject: Subject<'r>, clauses: &mut Clauses<'r>, hits: &mut Vec<Hit<'r>>) {
        let from = hits.len();
        let (own, state) = subject.marks();
        // Most clauses need a field that is not there.
        let may_hold = |asked: &Asked<'_>| {
            let may = asked.needs.are_among(own, state);
            debug_assert_eq!(may, Scene::of(self.judge, subject).may_hold(&asked.clause.matches.all));
            may
        };
        for asked in clauses.general.iter().filter(|asked| may_hold(asked)) {
            self.judge_clause(asked, subject, hits);
        }
        let kind = subject.fact.kind;
        let word = indexed_field(kind).map_or("", |field| subject.fact.fields.text(field));
        for at in self.judge.policy.named(kind, word) {
            let ask = || if self.judge.policy.is_out_of_question(*at) { None } else { self.ask(*at, subject) };
            if let Some(asked) = clauses.named.entry(*at).or_insert_with(ask)
                && may_hold(asked)
            {
                self.judge_clause(asked, subject, hits);
            }
        }
        // Of two clauses of a rule the first counts.
        hits[from..].sort_by_key(|hit| hit.at);
    }

    /// A clause, where what it asks of the file alone can be so. `subject` is any fact of the file.
    fn ask(&self, at: ClauseRef, subject: Subject<'r>) -> Option<Asked<'r>> {
        let (active, clause) = self.judge.policy.clause(at)?;
        let of_file = Scene::of(self.judge, subject).all_hold(clause.matches.all.of_file());
        let (needs, is_met) = (clause.matches.all.needs, of_file == Truth::Yes);
        (of_file != Truth::No).then_some(Asked { at, needs, active, clause, is_met })
    }

    fn judge_clause(&self, asked: &Asked<'r>, subject: Subject<'r>, hits: &mut Vec<Hit<'r>>) {
        let Asked { at, active, clause, is_met, .. } = *asked;
        let all = &clause.matches.all;
        let scene = Scene::of(self.judge, subject);
        // What is not known gives no finding.
        let all = scene.all_known_to_hold(if is_met { all.of_fact() } else { &all.tests });
        if all <= Truth::Unknown {
            return;
        }
        let mut truth = scene.matches_besides(all, &clause.matches);
        let mut others = Vec::new();
        for other in &clause.with {
            if truth <= Truth::Unknown {
                return;
            }
            truth = truth.min(self.exists(scene, other, Some(&mut others)));
        }
        for other in &clause.without {
            if truth <= Truth::Unknown {
                return;
            }
            truth = truth.min(!self.exists(scene, other, None));
        }
        let certainty = match truth.on_some_paths(clause.possible || !subject.fact.certain) {
            Truth::Yes => Certainty::Certain,
            Truth::Maybe => Certainty::Possible,
            Truth::No | Truth::Unknown => return,
        };
        hits.push(Hit { active, clause, at, subject, certainty, others });
    }
}

/// The clauses on facts of a kind that may hold in a file.
struct Clauses<'v> {
    /// Of any fact.
    general: Vec<Asked<'v>>,
    /// Of facts with certain words, once they were asked for; `None` for those that no fact of the file fulfils.
    named: HashMap<ClauseRef, Option<Asked<'v>>>,
}

/// A clause that may hold of facts of a file.
#[derive(Clone, Copy, Debug)]
struct Asked<'v> {
    at: ClauseRef,
    /// The fields that a fact must have.
    needs: Needs,
    active: &'v ActiveRule,
    clause: &'v Clause,
    /// What it asks of the file alone is so.
    is_met: bool,
}

/// A file as the engine sees it in the first pass.
fn view<'a>(inputs: &'a [Analysed], index: usize, links: &Links, names: &Siblings) -> View<'a> {
    let input = &inputs[index];
    let mut by_kind: BTreeMap<FactKind, Vec<usize>> = BTreeMap::new();
    for (position, fact) in input.facts.facts.iter().enumerate() {
        by_kind.entry(fact.kind).or_default().push(position);
    }
    let mut added = Vec::new();
    if !by_kind.contains_key(&FactKind::File) {
        let first = input.source.lines.span(1);
        let length = input.source.slice(first).trim_end().len();
        added.push(Fact::new(FactKind::File, Span::new(0, length), Record::new()));
        by_kind.entry(FactKind::File).or_default().push(input.facts.facts.len());
    }
    View {
        source: &input.source,
        facts: &input.facts,
        policy: &input.policy,
        file: links.file_record(inputs, index),
        added,
        overlays: links.overlays(inputs, index, &by_kind, names),
        by_kind,
        kept: OnceLock::new(),
        used: OnceLock::new(),
        used_elsewhere: OnceLock::new(),
    }
}

/// One fact for each region that was not understood.
fn gaps(source: &Source, facts: &FileFacts) -> Vec<Fact> {
    let all = source.lines.count().max(1);
    let fact = |gap: &crate::facts::Gap| {
        let lines = source.lines.line(gap.span.end.saturating_sub(1).max(gap.span.start))
            - source.lines.line(gap.span.start)
            + 1;
        let number = |number: usize| i64::try_from(number).unwrap_or(i64::MAX);
        let fields = Record::new()
            .with("reason", Text::at(gap.reason.clone(), gap.span))
            .with("lines", number(lines))
            .with("share", number(lines * 100 / all));
        Fact::new(FactKind::ParseGap, gap.span, fields)
    };
    facts.gaps.iter().map(fact).collect()
}

#[cfg(test)]
mod tests;
