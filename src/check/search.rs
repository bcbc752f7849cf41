//! Looking for another fact: in the file, in those linked with it, in those that run it, or anywhere.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, OnceLock, PoisonError};

use foldhash::HashMap;
use memchr::memmem::Finder;

use crate::facts::{Fact, FactKind, Value};
use crate::policy::Effective;
use crate::policy::condition::Test;
use crate::policy::effective::{first_word, indexed_field};
use crate::policy::rule::{Other, When, Within};
use crate::source::Span;

use super::edits::is_used;
use super::engine::{Bench, Run};
use super::eval::{Scene, Truth};
use super::lookup::{Judge, Subject, View};

/// How many pairs of facts a file may cost: hostile files must end.
const PAIRS: u64 = 4_000_000;

/// For what a rule looks for anywhere, the facts that fulfil what does not depend on who asks. Without it each finding
/// would go through the facts of all files.
#[derive(Debug, Default)]
pub(super) struct Candidates {
    told: Mutex<HashMap<Asked, Sought>>,
    /// By kind, the facts by the first word of their indexed field, once they were asked for.
    by_word: [OnceLock<HashMap<String, Vec<Position>>>; FactKind::ALL.len()],
}

/// What is looked for once, by whoever asks first.
type Sought = Arc<OnceLock<Arc<[Position]>>>;

/// What is looked for and by which policy, by their addresses: both stay where they are for as long as a run lasts.
type Asked = (usize, usize);

/// A fact by the index of its file and its own.
type Position = (usize, usize);

impl Candidates {
    /// What may be `other` for a policy, in the order of files.
    fn of(&self, run: &Run<'_>, judge: Judge<'_>, other: &Other) -> Arc<[Position]> {
        let key = (std::ptr::from_ref(other).addr(), std::ptr::from_ref::<Effective>(judge.policy).addr());
        let found = Arc::clone(self.told.lock().unwrap_or_else(PoisonError::into_inner).entry(key).or_default());
        Arc::clone(found.get_or_init(|| self.among(run, judge, other)))
    }

    /// The same, looked for.
    fn among(&self, run: &Run<'_>, judge: Judge<'_>, other: &Other) -> Arc<[Position]> {
        let all = &other.matches.all;
        let fixed: Vec<&Test> = all.fixed_of_fact().collect();
        let scene = |(file, position): &Position| Some(Scene::of(judge, run.view(*file)?.subject(*position)?));
        let in_question = |facts: &&[Position]| {
            facts.first().and_then(scene).is_some_and(|scene| scene.all_hold(all.of_file()) > Truth::No)
        };
        let may_be = |position: &&Position| {
            scene(position)
                .is_some_and(|scene| scene.may_hold(all) && scene.all_hold(fixed.iter().copied()) > Truth::No)
        };
        let facts = match judge.policy.first_words(other) {
            Some(words) => self.beginning_with(words, run, other.fact),
            None => of_kind(run, other.fact).collect(),
        };
        facts.chunk_by(|a, b| a.0 == b.0).filter(in_question).flatten().filter(may_be).copied().collect()
    }

    /// The facts whose indexed field begins with one of these words, and those in which it is not known, in the order of
    /// files.
    fn beginning_with(&self, words: Vec<String>, run: &Run<'_>, kind: FactKind) -> Vec<Position> {
        let by_word = self.by_word[kind as usize].get_or_init(|| by_first_word(run, kind));
        let words: BTreeSet<String> = words.into_iter().chain([String::new()]).collect();
        let mut found: Vec<Position> = words.iter().filter_map(|word| by_word.get(word)).flatten().copied().collect();
        found.sort_unstable();
        found
    }
}

/// All facts of a kind, in the order of files.
fn of_kind(run: &Run<'_>, kind: FactKind) -> impl Iterator<Item = Position> {
    run.views.iter().enumerate().flat_map(move |(file, view)| {
        view.by_kind.get(&kind).into_iter().flatten().map(move |position| (file, *position))
    })
}

/// The facts of a kind by the first word of their indexed field; those in which it is not known by an empty one.
fn by_first_word(run: &Run<'_>, kind: FactKind) -> HashMap<String, Vec<Position>> {
    let mut by_word: HashMap<String, Vec<Position>> = HashMap::default();
    for (file, position) in of_kind(run, kind) {
        let fact = run.view(file).and_then(|view| view.fact(position));
        let field = fact.zip(indexed_field(kind)).and_then(|(fact, field)| fact.fields.get(field));
        let word = match field {
            Some(Value::Text(text)) if text.is_known() => first_word(&text.text),
            _ => "",
        };
        match by_word.get_mut(word) {
            Some(facts) => facts.push((file, position)),
            None => drop(by_word.insert(word.to_owned(), vec![(file, position)])),
        }
    }
    by_word
}

impl<'r> Bench<'r> {
    /// Another file in reach that uses one of these names.
    pub fn other_user(&self, names: &[String], own: &Path) -> Option<&Path> {
        // Most fixes rename nothing: then no file is looked through.
        if names.is_empty() {
            return None;
        }
        let beyond = self.run.beyond.iter().flat_map(|beyond| {
            let others = beyond.run.views.iter().enumerate();
            others.filter(|(index, _)| !beyond.but.contains(index)).map(|(_, view)| view)
        });
        let all = self.run.views.iter().chain(beyond).map(|view| view.source);
        let mut others = all.filter(|source| source.path != own);
        let names: Vec<Finder<'_>> = names.iter().map(Finder::new).collect();
        let user = others.find(|source| names.iter().any(|name| is_used(&source.text, name)))?;
        Some(&user.path)
    }

    /// Whether another fact exists; the first that surely does gives a label.
    pub fn exists(&self, scene: Scene<'r>, other: &Other, labels: Option<&mut Vec<(PathBuf, Span, String)>>) -> Truth {
        let (truth, subject) = self.witness(scene, other);
        if let (Some(labels), Some(subject), Some(label)) = (labels, subject, &other.label) {
            let text = super::render::Voice { scene, matcher: &other.matches }.say(label).0;
            labels.push((subject.view.source.path.clone(), subject.fact.span, text));
        }
        truth
    }

    /// Whether another fact exists, and the first of which most is certain.
    pub fn witness(&self, scene: Scene<'r>, other: &Other) -> (Truth, Option<Subject<'r>>) {
        let mut best = (Truth::No, None);
        // What is looked for anywhere is filtered by the others already.
        let filled: Option<Vec<&Test>> = (other.within == Within::Reach).then(|| other.matches.all.filled().collect());
        self.each_in_question(scene.about, other, &mut |subject| {
            if same(subject, scene.about) {
                return false;
            }
            if self.spent() {
                best = (Truth::Unknown, None);
                return true;
            }
            let there = scene.with_subject(subject);
            if filled.as_ref().is_some_and(|tests| there.all_hold(tests.iter().copied()) == Truth::No) {
                return false;
            }
            let truth = there.matches(&other.matches).on_some_paths(!subject.fact.certain);
            if truth > best.0 {
                best = (truth, Some(subject));
            }
            truth == Truth::Yes
        });
        best
    }

    /// Calls `ask` with each fact that may be the other one, until it has heard enough.
    fn each_in_question(&self, about: Subject<'r>, other: &Other, ask: &mut dyn FnMut(Subject<'r>) -> bool) {
        let edge = |index: usize, fact: &'r Fact| Edge { index, fact };
        let window = |fact: Option<Edge<'r>>| match other.at {
            When::Before => (None, fact),
            When::After => (fact, None),
            When::Anywhere => (None, None),
        };
        let mut ask_in = |view: &'r View<'r>, window: (Option<Edge<'r>>, Option<Edge<'r>>)| {
            let subjects = view.by_kind.get(&other.fact).into_iter().flatten();
            let mut subjects = subjects.filter_map(|position| view.subject(*position));
            subjects.any(|subject| in_window(subject, window) && ask(subject))
        };
        let run = self.run;
        match other.within {
            Within::File => {
                ask_in(about.view, window(Some(edge(about.index, about.fact))));
            }
            Within::Linked => {
                let mut files = run.links.linked(self.index, about.index).into_iter();
                files.any(|file| run.view(file).is_some_and(|view| ask_in(view, (None, None))));
            }
            Within::Callers => {
                let mut callers = run.links.callers(self.index).into_iter();
                callers.any(|caller| {
                    run.view(caller.file).is_some_and(|view| {
                        let fact = caller.fact.and_then(|index| Some(edge(index, view.fact(index)?)));
                        ask_in(view, window(fact))
                    })
                });
            }
            Within::Session => {
                let mut files = run.links.session(self.index).into_iter();
                files.any(|file| run.view(file).is_some_and(|view| ask_in(view, (None, None))));
            }
            Within::Reach => {
                let subject = |run: &'r Run<'r>, (file, position): &Position| run.view(*file)?.subject(*position);
                let candidates = run.candidates.of(run, self.judge, other);
                let enough = candidates.iter().filter_map(|position| subject(run, position)).any(&mut *ask);
                if let Some(beyond) = run.beyond.as_ref().filter(|_| !enough) {
                    let candidates = beyond.run.candidates.of(beyond.run, self.judge, other);
                    let others = candidates.iter().filter(|(file, _)| !beyond.but.contains(file));
                    others.filter_map(|position| subject(beyond.run, position)).any(ask);
                }
            }
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

/// True for a fact after the first and before the second.
fn in_window(subject: Subject<'_>, (after, before): (Option<Edge<'_>>, Option<Edge<'_>>)) -> bool {
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
