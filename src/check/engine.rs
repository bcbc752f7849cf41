//! The way from facts to findings: which clauses meet which facts, what they then say, in which order.

use std::cell::Cell;
use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use rayon::prelude::*;

use crate::facts::{Fact, FactKind, FileFacts, Record, Text};
use crate::policy::effective::{ClauseRef, indexed_field};
use crate::policy::{ActiveRule, Clause, Day, Effective};
use crate::source::{Source, Span, absolute};

use super::eval::{Scene, Truth};
use super::finding::{Certainty, Finding};
use super::links::{Links, Siblings};
use super::lookup::{Judge, Subject, View};
use super::place::Places;
use super::search::Candidates;
use super::suppress::Suppressions;

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
}

impl Settings {
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
    settings: &'a Settings,
    pub(super) links: Links,
    pub(super) views: Vec<View<'a>>,
    /// The facts of all files that may be what a rule looks for anywhere.
    pub(super) candidates: Candidates,
    pub(super) beyond: Option<Beyond<'a>>,
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
    pub position: usize,
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
    /// By rule, what its clauses ask of the file alone.
    asked: Vec<Cell<Asked>>,
}

impl<'a> Run<'a> {
    /// Links the files with each other.
    pub fn new(inputs: &'a [Analysed], settings: &'a Settings) -> Self {
        Self::with_views(inputs, settings, |view| (0..inputs.len()).map(view).collect())
    }

    /// The same on the threads of the pool that this is called on.
    pub fn on_pool(inputs: &'a [Analysed], settings: &'a Settings) -> Self {
        Self::with_views(inputs, settings, |view| (0..inputs.len()).into_par_iter().map(view).collect())
    }

    fn with_views(
        inputs: &'a [Analysed],
        settings: &'a Settings,
        make: impl FnOnce(&(dyn Fn(usize) -> View<'a> + Sync)) -> Vec<View<'a>>,
    ) -> Self {
        let links = Links::new(inputs, settings);
        let names = Siblings::new(inputs);
        let views = make(&|index| view(inputs, index, &links, &names));
        Self { inputs, settings, links, views, candidates: Candidates::default(), beyond: None }
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
        let asked = vec![Cell::default(); input.policy.rules.len()];
        let bench = Bench { run: self, index, judge, pairs: Cell::new(0), asked };
        let mut hits = Vec::new();
        for position in view.by_kind.values().flatten() {
            if let Some(subject) = view.subject(*position) {
                bench.judge_fact(subject, &mut hits);
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
    fn judge_fact(&self, subject: Subject<'r>, hits: &mut Vec<Hit<'r>>) {
        let kind = subject.fact.kind;
        let word = indexed_field(kind).map_or("", |field| subject.fact.fields.text(field));
        for at in self.judge.policy.clauses(kind, word) {
            self.judge_clause(at, subject, hits);
        }
    }

    fn judge_clause(&self, at: ClauseRef, subject: Subject<'r>, hits: &mut Vec<Hit<'r>>) {
        let Some((active, clause)) = self.judge.policy.clause(at) else { return };
        let scene = Scene::of(self.judge, subject);
        let of_file = self.of_file(at, clause, scene);
        if of_file == Truth::No {
            return;
        }
        let all = &clause.matches.all;
        let all = if of_file == Truth::Yes { scene.all_hold(all.of_fact()) } else { scene.holds(all) };
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
        hits.push(Hit { active, clause, position: at.rule, subject, certainty, others });
    }

    /// Whether a clause can hold of a fact of the file: `Yes` when all that it asks of the file does.
    fn of_file(&self, at: ClauseRef, clause: &Clause, scene: Scene<'r>) -> Truth {
        let all = &clause.matches.all;
        let ask = || {
            if self.judge.policy.is_out_of_question(at) { Truth::No } else { scene.all_hold(all.of_file()) }
        };
        let (Some(cell), true) = (self.asked.get(at.rule), at.clause < 64) else { return ask() };
        let mut asked = cell.get();
        let bit = 1 << at.clause;
        if asked.known & bit == 0 {
            asked.known |= bit;
            match ask() {
                Truth::No => asked.out |= bit,
                Truth::Yes => asked.met |= bit,
                Truth::Unknown | Truth::Maybe => {}
            }
            cell.set(asked);
        }
        match (asked.out & bit != 0, asked.met & bit != 0) {
            (true, _) => Truth::No,
            (_, true) => Truth::Yes,
            _ => Truth::Unknown,
        }
    }
}

/// What the clauses of a rule ask of the file alone, a bit for each.
#[derive(Clone, Copy, Debug, Default)]
struct Asked {
    /// Those that were asked.
    known: u64,
    /// Those of which it is not so.
    out: u64,
    /// Those of which it is.
    met: u64,
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
        file: links.file_record(inputs, index),
        added,
        overlays: links.overlays(inputs, index, names),
        by_kind,
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
