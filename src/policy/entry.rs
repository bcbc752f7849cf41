//! Rules and sites as the policy holds them: what must be known of each is known, the rest is read when it is asked
//! for. A start then costs as much as the rules that meet its files, not as all rules.

use std::ops::Deref;
use std::sync::{Arc, LazyLock};

use crate::facts::FactKind;

use super::condition::{Condition, Glob};
use super::glob::Pattern;
use super::key;
use super::rule::{Clause, Rule};
use super::severity::{SEVERITIES, Severity};
use super::site::{Detect, Site};

/// Reads what is not known yet.
type Reader<T> = Box<dyn FnOnce() -> T + Send + Sync>;

/// A rule of the built-in pack as the build script found it: id, severity, enabled, tags, clauses.
pub(super) type RuleRow = (
    &'static str,
    &'static str,
    bool,
    &'static [&'static str],
    &'static [(&'static str, Option<&'static [&'static str]>)],
);

/// A site of the built-in pack as the build script found it: id, parent, hosts, environment, evidence.
pub(super) type SiteRow = (
    &'static str,
    Option<&'static str>,
    &'static [&'static str],
    &'static [(&'static str, &'static str)],
    &'static [&'static str],
);

/// A rule; the rule itself is read when it is first used.
#[derive(Debug)]
pub struct RuleEntry {
    /// What is known without reading it.
    pub head: RuleHead,
    rule: LazyLock<Rule, Reader<Rule>>,
}

/// What decides whether a rule is on, and which facts it can meet.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RuleHead {
    /// Its name.
    pub id: String,
    /// Its tags.
    pub tags: Vec<String>,
    /// How bad it is unless the site or the configuration says otherwise.
    pub severity: Severity,
    /// False for a rule that is off until a site or the configuration gives it a severity.
    pub enabled: bool,
    /// What its clauses ask for, in order.
    pub clauses: Vec<ClauseKey>,
}

/// What a clause asks for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ClauseKey {
    /// The kind of fact.
    pub on: FactKind,
    /// The first words that the indexed field of the fact can have, `$name` for a value of the site; `None` for any.
    pub words: Option<Vec<String>>,
}

/// A site; the site itself is read, and completed from its parents, when it is first used.
#[derive(Debug)]
pub struct SiteEntry {
    /// What is known without reading it.
    pub head: SiteHead,
    site: LazyLock<Site, Reader<Site>>,
}

/// How a site is recognised.
#[derive(Clone, Debug)]
pub struct SiteHead {
    /// Its id.
    pub id: String,
    /// The site that it completes.
    pub extends: Option<String>,
    /// How it is recognised.
    pub detect: Detect,
}

impl Deref for RuleEntry {
    type Target = Rule;

    fn deref(&self) -> &Rule {
        &self.rule
    }
}

impl Deref for SiteEntry {
    type Target = Site;

    fn deref(&self) -> &Site {
        &self.site
    }
}

impl RuleEntry {
    /// A rule that was read.
    pub(super) fn of(rule: Rule) -> Self {
        let head = RuleHead::of(&rule);
        Self { head, rule: LazyLock::new(Box::new(move || rule)) }
    }

    /// A rule of the built-in pack. `None` for a row that no schema knows, which a test would tell.
    pub(super) fn of_row(row: &RuleRow, read: Reader<Rule>) -> Option<Self> {
        let (id, severity, enabled, tags, clauses) = row;
        let severity = SEVERITIES.iter().find(|(name, _)| name == severity)?.1;
        let owned = |words: &[&str]| words.iter().map(|word| (*word).to_owned()).collect::<Vec<_>>();
        let clauses = clauses
            .iter()
            .map(|(kind, words)| Some(ClauseKey { on: FactKind::from_name(kind)?, words: words.map(owned) }))
            .collect::<Option<_>>()?;
        let head = RuleHead { id: (*id).to_owned(), tags: owned(tags), severity, enabled: *enabled, clauses };
        Some(Self { head, rule: LazyLock::new(read) })
    }
}

impl SiteEntry {
    /// A site that was read and completed.
    pub(super) fn of(site: Site) -> Self {
        let head = SiteHead { id: site.id.clone(), extends: site.extends.clone(), detect: site.detect.clone() };
        Self { head, site: LazyLock::new(Box::new(move || site)) }
    }

    /// A site of the built-in pack. `read` gives it as its file says.
    pub(super) fn of_row(row: &SiteRow, parent: Option<Arc<Self>>, read: Reader<Site>) -> Self {
        let (id, _, hosts, env, evidence) = row;
        let patterns = |globs: &[&str]| globs.iter().map(|glob| Pattern::new(glob)).collect();
        let detect = Detect {
            hosts: patterns(hosts),
            env: env.iter().map(|(name, glob)| ((*name).to_owned(), Pattern::new(glob))).collect(),
            evidence: patterns(evidence),
        };
        let extends = parent.as_ref().map(|parent| parent.head.id.clone());
        let complete = move || match parent {
            Some(parent) => read().completed(&parent),
            None => read(),
        };
        Self { head: SiteHead { id: (*id).to_owned(), extends, detect }, site: LazyLock::new(Box::new(complete)) }
    }
}

impl RuleHead {
    /// The head of a rule that was read.
    pub(super) fn of(rule: &Rule) -> Self {
        Self {
            id: rule.id.clone(),
            tags: rule.tags.clone(),
            severity: rule.severity,
            enabled: rule.enabled,
            clauses: rule.clauses.iter().map(|clause| ClauseKey { on: clause.on, words: words_of(clause) }).collect(),
        }
    }
}

/// The first words that the indexed field can have; `None` when it can be anything.
fn words_of(clause: &Clause) -> Option<Vec<String>> {
    let field = key::indexed_field(clause.on.name())?;
    let test = clause.matches.all.tests.iter().find(|test| *test.path.text == *field)?;
    let mut words = Vec::new();
    collect_words(&test.condition, &mut words)?;
    Some(words)
}

fn collect_words(condition: &Condition, words: &mut Vec<String>) -> Option<()> {
    match condition {
        Condition::Glob(Glob::Fixed(pattern)) => {
            words.push(first_word(pattern)?);
            Some(())
        }
        Condition::Value(name) => {
            words.push(format!("${name}"));
            Some(())
        }
        Condition::OneOf(all) => all.iter().try_for_each(|condition| collect_words(condition, words)),
        _ => None,
    }
}

/// The first word of every text that matches; `None` when it is not always the same.
pub(super) fn first_word(pattern: &Pattern) -> Option<String> {
    let prefix = pattern.prefix();
    let word = key::first_word(&prefix);
    let fixed = pattern.literal().is_some() || word.len() < prefix.len();
    fixed.then(|| word.to_owned())
}
