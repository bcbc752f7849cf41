//! The sides from which files are judged. One goes by all that holds for them. Another judges what is locked, by the
//! commands, modules and sites that are known where it is locked: packs of later layers may show more of it, and hide
//! nothing.

use std::collections::BTreeSet;
use std::sync::Arc;

use crate::check::{self, Analysed, Finding, Run};
use crate::facts::FileFacts;
use crate::fix::Checked;
use crate::policy::{Effective, Policy};
use crate::source::Source;

use super::panics;
use crate::cli::workers::{MANY, Workers};

/// Files as they are read and judged from one side.
pub(super) struct Side {
    /// The files, then the scripts that stand inside them.
    pub(super) inputs: Vec<Analysed>,
    /// For each file, by what it is judged.
    seats: Vec<Seat>,
    /// For each file, the positions of what is judged: itself and the scripts inside it.
    parts: Vec<Vec<usize>>,
}

/// By what one file is judged.
pub(super) struct Seat {
    /// What is known, the tables among it by which the file is read.
    pub(super) known: Arc<Policy>,
    /// The rules.
    pub(super) rules: Arc<Effective>,
    /// False for a file that is only there for others.
    pub(super) judges: bool,
}

/// One file as it is seen from a side.
pub(super) struct Sight<'s> {
    run: &'s Run<'s>,
    inputs: &'s [Analysed],
    parts: &'s [usize],
}

/// Another text of a file, beside the files that it is linked with.
pub(super) struct Trial<'r> {
    inputs: Vec<Analysed>,
    parts: Vec<usize>,
    /// The run of all files, and those of them that have their place here.
    run: &'r Run<'r>,
    here: BTreeSet<usize>,
}

/// What came of judging one file.
#[derive(Default)]
pub(super) struct Judged {
    /// From all sides.
    pub(super) checked: Checked,
    /// The locked rules that would find less if packs of later layers were heard.
    pub(super) defied: Vec<String>,
}

impl Side {
    /// The files with the links between them.
    pub(super) fn run<'s>(&'s self, settings: &'s check::Settings, workers: &Workers) -> Run<'s> {
        let link = |several| match several {
            true => Run::on_pool(&self.inputs, settings),
            false => Run::new(&self.inputs, settings),
        };
        if self.inputs.len() < MANY { link(false) } else { workers.install(link) }
    }

    /// Files with their facts.
    pub(super) fn new(sources: &[Arc<Source>], facts: Vec<FileFacts>, seats: Vec<Seat>) -> Self {
        let input = |((source, facts), seat): ((&Arc<Source>, FileFacts), &Seat)| Analysed {
            source: Source::clone(source),
            facts,
            policy: Arc::clone(&seat.rules),
            embedded: false,
        };
        let mut inputs: Vec<Analysed> = sources.iter().zip(facts).zip(&seats).map(input).collect();
        let mut parts = Vec::new();
        for (index, seat) in seats.iter().enumerate() {
            let own = inside(&mut inputs, index);
            parts.push(if seat.judges { own } else { Vec::new() });
        }
        Self { inputs, seats, parts }
    }

    /// True when the file at `index` is judged from here.
    pub(super) fn judges(&self, index: usize) -> bool {
        self.parts.get(index).is_some_and(|parts| !parts.is_empty())
    }

    /// By what the file at `index` is judged.
    pub(super) fn seat(&self, index: usize) -> &Seat {
        &self.seats[index]
    }

    /// The file at `index`; `run` is of this side.
    pub(super) fn sight<'s>(&'s self, run: &'s Run<'s>, index: usize) -> Sight<'s> {
        Sight { run, inputs: &self.inputs, parts: &self.parts[index] }
    }

    /// Another text of the file at `index`, with its facts.
    pub(super) fn trial<'r>(&self, run: &'r Run<'r>, index: usize, source: &Source, facts: FileFacts) -> Trial<'r> {
        self.trial_by(run, index, source, facts, Arc::clone(&self.inputs[index].policy))
    }

    /// The same, judged by other rules.
    pub(super) fn trial_by<'r>(
        &self,
        run: &'r Run<'r>,
        index: usize,
        source: &Source,
        facts: FileFacts,
        policy: Arc<Effective>,
    ) -> Trial<'r> {
        let related = run.related(index);
        let mut inputs: Vec<Analysed> = related.iter().map(|other| self.inputs[*other].clone()).collect();
        inputs.push(Analysed { source: source.clone(), facts, policy, embedded: false });
        let own = inputs.len() - 1;
        let parts = inside(&mut inputs, own);
        let here = related.into_iter().chain(self.parts[index].iter().copied()).collect();
        Trial { inputs, parts, run, here }
    }
}

impl Trial<'_> {
    /// The links between the files, with what else is in reach.
    pub(super) fn run<'t>(&'t self, settings: &'t check::Settings) -> Run<'t> {
        Run::new(&self.inputs, settings).within(self.run, self.here.clone())
    }

    /// The other text.
    pub(super) fn sight<'t>(&'t self, run: &'t Run<'t>) -> Sight<'t> {
        Sight { run, inputs: &self.inputs, parts: &self.parts }
    }
}

impl Sight<'_> {
    /// What is found from here; a panic is a gap.
    pub(super) fn check(&self) -> Checked {
        let mut checked = Checked::default();
        for part in self.parts.iter().copied() {
            let input = &self.inputs[part];
            checked.gaps.extend(input.facts.gaps.iter().cloned());
            match panics::catch(|| self.run.check(part)) {
                Ok(findings) => checked.findings.extend(findings),
                Err(panic) => checked.gaps.push(panics::gap(&input.source, &panic)),
            }
        }
        if self.parts.len() > 1 {
            check::sort(&mut checked.findings);
            // Each part sees all comments: one that silences something in another part is in use.
            let of_all = |finding: &Finding, all: &[Finding]| {
                let same = all.iter().filter(|other| is_same(other, finding));
                same.count() >= self.parts.len()
            };
            let all = checked.findings.clone();
            checked.findings.retain(|finding| !finding.is_about_comments() || of_all(finding, &all));
            checked.findings.dedup_by(|a, b| is_same(a, b));
        }
        checked
    }

    /// The words of the file that a finding is about.
    fn text(&self, finding: &Finding) -> &str {
        self.parts.first().map_or("", |part| self.inputs[*part].source.slice(finding.span))
    }

    fn judges(&self, rule: &str) -> bool {
        self.parts.first().is_some_and(|part| self.inputs[*part].policy.active(rule).is_some())
    }
}

/// Judges a file: all rules from its `own` side, and what is locked also from the sides `apart`, which count more.
pub(super) fn judge(own: &Sight<'_>, apart: &[Sight<'_>]) -> Judged {
    let mut judged = Judged { checked: own.check(), defied: Vec::new() };
    for sight in apart.iter().filter(|sight| !sight.parts.is_empty()) {
        let Checked { findings, gaps } = sight.check();
        let (about_comments, findings): (Vec<_>, Vec<_>) = findings.into_iter().partition(Finding::is_about_comments);
        let all = std::mem::take(&mut judged.checked.findings);
        // A comment is of no use when it is of none from any side that has the rule that it names.
        let stands = |finding: &Finding| {
            let of_here = finding.is_about_comments() && sight.judges(sight.text(finding));
            !of_here || about_comments.iter().any(|other| is_same(other, finding))
        };
        let (locked, others): (Vec<_>, Vec<_>) =
            all.into_iter().partition(|finding| !finding.is_about_comments() && sight.judges(&finding.rule));
        let missed = findings.iter().filter(|finding| !locked.iter().any(|other| is_same(other, finding)));
        judged.defied.extend(missed.map(|finding| finding.rule.clone()));
        let more: Vec<_> =
            locked.into_iter().filter(|finding| !findings.iter().any(|other| is_same(other, finding))).collect();
        let others = others.into_iter().filter(stands);
        judged.checked.findings = others.chain(findings).chain(more).collect();
        let new: Vec<_> = gaps.into_iter().filter(|gap| !judged.checked.gaps.contains(gap)).collect();
        judged.checked.gaps.extend(new);
        check::sort(&mut judged.checked.findings);
    }
    judged
}

/// True for one thing that a rule says of a place, found twice.
pub(super) fn is_same(a: &Finding, b: &Finding) -> bool {
    a.rule == b.rule && a.span == b.span
}

/// Takes the scripts out of the file at `index` that stand in its here documents, each to be judged by itself; gives
/// the positions of the file and of the scripts.
fn inside(inputs: &mut Vec<Analysed>, index: usize) -> Vec<usize> {
    let mut parts = vec![index];
    let Some(input) = inputs.get_mut(index) else { return parts };
    let mut waiting = std::mem::take(&mut input.facts.embedded);
    let (source, policy) = (input.source.clone(), Arc::clone(&input.policy));
    while let Some(mut facts) = waiting.pop() {
        waiting.append(&mut facts.embedded);
        parts.push(inputs.len());
        inputs.push(Analysed { source: source.clone(), facts, policy: Arc::clone(&policy), embedded: true });
    }
    parts
}
