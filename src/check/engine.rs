//! The way from facts to findings: which clauses meet which facts, what they then say, in which order.

use std::cell::Cell;
use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::Arc;

use crate::facts::{Fact, FactKind, FileFacts, Record, Text};
use crate::policy::effective::{ClauseRef, indexed_field};
use crate::policy::rule::{Other, When, Within};
use crate::policy::{ActiveRule, Clause, Day, Effective};
use crate::source::{Source, Span};

use super::eval::{Scene, Truth};
use super::finding::{Certainty, Finding};
use super::links::{Links, Siblings};
use super::lookup::{Judge, Subject, View};
use super::place::Places;
use super::suppress::Suppressions;

/// How many pairs of facts a file may cost: hostile files must end.
const PAIRS: u64 = 4_000_000;

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

/// All files that are checked together.
#[derive(Debug)]
pub struct Run<'a> {
    inputs: &'a [Analysed],
    settings: &'a Settings,
    links: Links,
    views: Vec<View<'a>>,
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
    pairs: Cell<u64>,
    /// By rule, which of its clauses were asked about the file, and which it cannot meet: a bit for each.
    asked: Vec<Cell<(u64, u64)>>,
}

impl<'a> Run<'a> {
    /// Links the files with each other.
    pub fn new(inputs: &'a [Analysed], settings: &'a Settings) -> Self {
        let links = Links::new(inputs, settings);
        let names = Siblings::new(inputs);
        let views = (0..inputs.len()).map(|index| view(inputs, index, &links, &names)).collect();
        Self { inputs, settings, links, views }
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
        let mut added = suppressions.facts(view.source, policy, today);
        added.extend(gaps(view.source, view.facts));
        if !added.is_empty() {
            let own = view.facts.facts.len();
            let mut by_kind: BTreeMap<FactKind, Vec<usize>> = BTreeMap::new();
            for (offset, fact) in added.iter().enumerate() {
                by_kind.entry(fact.kind).or_default().push(own + offset);
            }
            let second = View { added, by_kind, ..view.clone() };
            let mut more = self.pass(index, &second, input);
            suppressions.apply(view.source, &mut more, policy, today);
            findings.extend(super::findings::once_each(more, policy));
        }
        sort(&mut findings);
        findings
    }

    fn pass(&self, index: usize, view: &View<'_>, input: &Analysed) -> Vec<Finding> {
        let places = Places::new(&input.policy.site);
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

    fn view(&self, index: usize) -> Option<&View<'a>> {
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
        if self.left_out(at, clause, scene) {
            return;
        }
        let mut truth = scene.matches(&clause.matches);
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

    /// True for a clause that no fact of the file meets, whatever it is.
    fn left_out(&self, at: ClauseRef, clause: &Clause, scene: Scene<'r>) -> bool {
        let (Some(cell), true) = (self.asked.get(at.rule), at.clause < 64) else { return false };
        let (mut asked, mut out) = cell.get();
        let bit = 1 << at.clause;
        if asked & bit == 0 {
            asked |= bit;
            if scene.all_hold(clause.matches.all.of_file()) == Truth::No {
                out |= bit;
            }
            cell.set((asked, out));
        }
        out & bit != 0
    }

    /// Whether another fact exists; the first that surely does gives a label.
    pub fn exists(&self, scene: Scene<'r>, other: &Other, labels: Option<&mut Vec<(PathBuf, Span, String)>>) -> Truth {
        let mut best = (Truth::No, None);
        for (view, after, before) in self.fields_of_search(scene.about, other) {
            for position in view.by_kind.get(&other.fact).into_iter().flatten() {
                let Some(subject) = view.subject(*position) else { continue };
                if !in_window(subject, after, before) || same(subject, scene.about) {
                    continue;
                }
                if self.spent() {
                    return Truth::Unknown;
                }
                let there = Scene { subject, ..scene };
                let truth = there.matches(&other.matches).on_some_paths(!subject.fact.certain);
                if truth > best.0 {
                    best = (truth, Some(subject));
                }
                if truth == Truth::Yes {
                    break;
                }
            }
            if best.0 == Truth::Yes {
                break;
            }
        }
        if let (Some(labels), Some(subject), Some(label)) = (labels, best.1, &other.label) {
            let text = super::render::Voice { scene, matcher: &other.matches }.say(label).0;
            labels.push((subject.view.source.path.clone(), subject.fact.span, text));
        }
        best.0
    }

    /// The files in which another fact is looked for, each with the fact after or before which it must stand.
    fn fields_of_search(
        &self,
        about: Subject<'r>,
        other: &Other,
    ) -> Vec<(&'r View<'r>, Option<Edge<'r>>, Option<Edge<'r>>)> {
        let edge = |fact: &'r Fact, index| Edge { index, fact };
        let window = |fact: Option<(usize, &'r Fact)>| match (other.at, fact) {
            (When::Before, Some((index, fact))) => (None, Some(edge(fact, index))),
            (When::After, Some((index, fact))) => (Some(edge(fact, index)), None),
            _ => (None, None),
        };
        match other.within {
            Within::File => {
                let (after, before) = window(Some((about.index, about.fact)));
                vec![(about.view, after, before)]
            }
            Within::Linked => {
                let files = self.run.links.linked(self.index, about.index).into_iter();
                files.filter_map(|file| Some((self.run.view(file)?, None, None))).collect()
            }
            Within::Callers => {
                let callers = self.run.links.callers(self.index).into_iter();
                callers
                    .filter_map(|caller| {
                        let view: &'r View<'r> = self.run.view(caller.file)?;
                        let fact = caller.fact.and_then(|index| Some((index, view.fact(index)?)));
                        let (after, before) = window(fact);
                        Some((view, after, before))
                    })
                    .collect()
            }
            Within::Reach => self.run.views.iter().map(|view| (view, None, None)).collect(),
        }
    }

    /// Counts one pair of facts; true when there were too many.
    fn spent(&self) -> bool {
        self.pairs.set(self.pairs.get() + 1);
        self.pairs.get() > PAIRS
    }
}

/// A fact before or after which another must stand.
#[derive(Clone, Copy, Debug)]
struct Edge<'v> {
    index: usize,
    fact: &'v Fact,
}

fn same(a: Subject<'_>, b: Subject<'_>) -> bool {
    std::ptr::eq(a.fact, b.fact)
}

fn in_window(subject: Subject<'_>, after: Option<Edge<'_>>, before: Option<Edge<'_>>) -> bool {
    let order = |edge: Edge<'_>| {
        // Facts of execution have the order in which they run, those of lines the order of the file.
        if is_executed(subject.fact.kind) && is_executed(edge.fact.kind) {
            subject.index.cmp(&edge.index)
        } else {
            subject.fact.span.start.cmp(&edge.fact.span.start)
        }
    };
    after.is_none_or(|edge| order(edge).is_gt()) && before.is_none_or(|edge| order(edge).is_lt())
}

fn is_executed(kind: FactKind) -> bool {
    matches!(kind, FactKind::Command | FactKind::Assignment | FactKind::PathEntry | FactKind::Module)
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
