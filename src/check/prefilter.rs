//! Which Python files need no tree: those in which no word stands that a rule asks for.
//!
//! A rule asks for calls, imports or variables of the environment by name, and a name that a file never spells it
//! cannot use. So the words come from the conditions of the rules themselves. Files that a script runs are read whole
//! all the same, because the script's rules ask about them. In what is left out nothing can be found, valid or not, so
//! that a fault in its syntax is not told; directives, the first line, comments for pydoctor and signs of a site need no
//! tree and count as ever.

use std::collections::{BTreeSet, HashSet};

use aho_corasick::AhoCorasick;

use crate::facts::{FactKind, FileFacts, python};
use crate::policy::condition::{Condition, Glob, Where};
use crate::policy::path::Root;
use crate::policy::rule::{Matcher, Within};
use crate::policy::{Clause, Policy};
use crate::source::{Kind, Source};
use crate::syntax::python::can_carry;

/// Fewer files than this are parsed before the words are found: hearing all rules costs some milliseconds.
const WORTH_IT: usize = 16;

/// The facts of a Python file that need its tree.
const BY_TREE: [FactKind; 3] = [FactKind::Call, FactKind::Import, FactKind::Assignment];

/// The words of all rules.
#[derive(Debug)]
pub struct Prefilter<'p> {
    policies: Vec<&'p Policy>,
    words: AhoCorasick,
}

/// When a prefilter is used, for Python files and for the commands of shell files.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Prefiltering {
    /// Where there are enough files.
    #[default]
    WhenWorthIt,
    /// Always.
    Always,
    /// Never: everything is parsed and told.
    Never,
}

impl Prefiltering {
    /// True when so many Python files are looked through before they are parsed.
    pub fn pays_for(self, files: usize) -> bool {
        match self {
            Self::WhenWorthIt => files >= WORTH_IT,
            Self::Always => true,
            Self::Never => false,
        }
    }
}

impl<'p> Prefilter<'p> {
    /// The prefilter for files that these policies judge; `None` where all must be parsed.
    pub fn new(policies: impl Iterator<Item = &'p Policy>) -> Option<Self> {
        let policies = distinct(policies);
        let mut words = BTreeSet::new();
        for clause in policies.iter().flat_map(|policy| &policy.rules).flat_map(|rule| &rule.clauses) {
            add_clause(clause, &mut words)?;
        }
        Some(Self { policies, words: AhoCorasick::new(words).ok()? })
    }

    /// True for a file that a rule may have something to say about, or that would be turned away.
    pub fn concerns(&self, source: &Source) -> bool {
        let text = source.text.as_bytes();
        let is_part = |byte: Option<&u8>| byte.is_some_and(|byte| byte.is_ascii_alphanumeric() || *byte == b'_');
        let alone = |start: usize, end: usize| {
            !is_part(start.checked_sub(1).and_then(|at| text.get(at))) && !is_part(text.get(end))
        };
        source.kind != Kind::Python
            || self.words.find_overlapping_iter(text).any(|found| alone(found.start(), found.end()))
            || self.policies.iter().any(|policy| policy.sites.may_tell(&source.text))
            || !can_carry(&source.text)
    }
}

/// Each policy once: the files of a run mostly share one.
pub fn distinct<'p>(policies: impl Iterator<Item = &'p Policy>) -> Vec<&'p Policy> {
    let mut all: Vec<&Policy> = Vec::new();
    for policy in policies {
        if !all.iter().any(|known| std::ptr::eq(*known, policy)) {
            all.push(policy);
        }
    }
    all
}

/// The names of files that scripts run or read: what is among them is asked about by the script's rules.
pub fn run_by_scripts<'f>(facts: impl Iterator<Item = &'f FileFacts>) -> HashSet<&'f str> {
    let mut names = HashSet::new();
    let mut waiting: Vec<&FileFacts> = facts.collect();
    while let Some(facts) = waiting.pop() {
        names.extend(facts.links.iter().map(|link| link.target.file_name()));
        waiting.extend(&facts.embedded);
    }
    names
}

/// Adds the words without which the clause finds nothing in a Python file; `None` when there are none.
fn add_clause(clause: &Clause, words: &mut BTreeSet<String>) -> Option<()> {
    let by_tree = BY_TREE.contains(&clause.on);
    if by_tree {
        words.extend(words_of(clause.on, &clause.matches)?);
    }
    // A fact that another one is judged with: in another file, or in one whose own fact needs no tree.
    let risks = clause.fixes.iter().flat_map(|fix| fix.when.others());
    for other in clause.with.iter().chain(&clause.without).chain(risks) {
        let asked = match other.within {
            Within::Reach => true,
            Within::File => !by_tree,
            // These are links from and to scripts, whose files are read whole.
            Within::Linked | Within::Callers | Within::Session => false,
        };
        if asked && BY_TREE.contains(&other.fact) {
            words.extend(words_of(other.fact, &other.matches)?);
        }
    }
    Some(())
}

fn words_of(kind: FactKind, matcher: &Matcher) -> Option<Vec<String>> {
    if kind == FactKind::Assignment {
        return Some(vec![python::ENVIRONMENT.to_owned()]);
    }
    of_table(kind, &matcher.all).or_else(|| {
        let each: Option<Vec<Vec<String>>> = matcher.either.iter().map(|table| of_table(kind, table)).collect();
        each.filter(|tables| !tables.is_empty()).map(|tables| tables.concat())
    })
}

/// The words of the first condition that tells any.
fn of_table(kind: FactKind, table: &Where) -> Option<Vec<String>> {
    let own = table.tests.iter().filter(|test| test.path.root == Root::Own);
    own.into_iter().find_map(|test| {
        let steps: Vec<&str> = test.path.steps.iter().map(AsRef::as_ref).collect();
        match (kind, steps.as_slice()) {
            (FactKind::Call, ["callee"]) | (FactKind::Import, ["module"]) if test.path.derived.is_none() => {
                of_condition(&test.condition)
            }
            (FactKind::Call, ["arg", "count", ..]) if test.condition.needs_value() => {
                Some(python::starters().map(str::to_owned).collect())
            }
            _ => None,
        }
    })
}

fn of_condition(condition: &Condition) -> Option<Vec<String>> {
    match condition {
        Condition::Glob(Glob::Fixed(pattern)) => of_name(&pattern.to_string()),
        Condition::OneOf(all) => Some(all.iter().map(of_condition).collect::<Option<Vec<_>>>()?.concat()),
        Condition::AllOf(all) => all.iter().find_map(of_condition),
        _ => None,
    }
}

/// Words of which one stands in every text that uses a dotted name: its last part, else its first.
fn of_name(name: &str) -> Option<Vec<String>> {
    let is_plain =
        |part: &&str| !part.is_empty() && part.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_');
    let parts: Vec<&str> = name.split('.').collect();
    if let Some(last) = parts.last().copied().filter(is_plain) {
        return Some(vec![last.to_owned()]);
    }
    let first = parts.first().copied().filter(is_plain)?;
    Some(python::spellings(first).map(str::to_owned).collect())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::policy;

    #[test]
    fn files_without_a_word_of_a_rule_are_left_out() {
        let policy = policy::builtin().unwrap();
        let file = |text: &str| Source::new("a.py".into(), Kind::Python, text.into());
        let prefilter = Prefilter::new([&policy, &policy].into_iter()).expect("every rule names what it asks for");
        assert!(prefilter.concerns(&Source::new("a.sh".into(), crate::source::classify("a.sh".as_ref(), b""), vec![])));
        for (text, expected) in [
            ("import numpy as np\nx = np.zeros(3)\n", false),
            ("class Pooling: pass\nSpool = 1\nmy_Pool = 2\n", false),
            ("from multiprocessing import Pool as P\nP(3)\n", true),
            ("import multiprocessing as mp\nmp.Pool()\n", true),
            ("import os\nos.environ['A'] = 'b'\n", true),
            ("from joblib import *\nParallel(n_jobs=-1)\n", true),
            ("from mpi4py import MPI\n", true),
            ("import sklearn.svm\n", true),
            ("x = '/project2/lab/data'\n", true),
            ("def f(:\n", false),
            ("x\0 = 1\n", true),
        ] {
            assert_eq!(prefilter.concerns(&file(text)), expected, "{text}");
        }
    }
}
