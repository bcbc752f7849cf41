//! The policy that holds for one site and one selection: which rules are on, how bad each is, what the site says
//! in its place, and an index by which a fact meets few rules.

use std::cmp::Reverse;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, OnceLock};

use foldhash::HashMap;

use crate::facts::FactKind;
use crate::tables::Clusters;

use super::config::Lapsed;
use super::error::{PolicyError, nearest};
use super::glob::Pattern;
use super::layers::{Lock, Word};
use super::pack::Policy;
use super::rule::{Clause, Lead, Other, Rule, TAGS, first_word_of_glob};
use super::severity::{Applicability, Severity};
use super::site::{PlaceRow, Site, Spoken, Stand, ValueData};
use super::sites::Sites;
use super::template::Templates;
use super::verify;

pub use super::rule::{first_word, indexed_field};

/// Which rules are wanted, and how bad they are, by configuration and command line.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Selection {
    /// Ids, tags or `ALL`: the only rules that are on, whatever the site says. `None`: those of the site.
    pub select: Option<Vec<String>>,
    /// Ids, tags or `ALL` that are off, unless `select` names a rule more closely.
    pub ignore: Vec<String>,
    /// Ids, tags or `ALL` that are off however closely `select` names a rule: a higher authority said so.
    pub off: Vec<String>,
    /// Severities by rule id; `None` for off.
    pub severities: BTreeMap<String, Option<Severity>>,
    /// How far fixes are trusted, by rule id.
    pub fixes: BTreeMap<String, Applicability>,
    /// `select` comes from the command line, and wins over a severity `off`.
    pub forced: bool,
    /// What is settled and not to be changed, by rule id.
    pub locks: BTreeMap<String, Lock>,
    /// A comment that silences must say why.
    pub require_reason: bool,
    /// Exceptions whose last day is over.
    pub lapsed: Vec<Lapsed>,
}

/// The policy for one site and selection.
#[derive(Debug)]
pub struct Effective {
    /// The site, completed.
    pub site: Arc<Site>,
    /// The rules that are on, by id.
    pub rules: Vec<ActiveRule>,
    /// The ids of all rules, on or off, in order.
    pub all_rules: Arc<[String]>,
    /// What is settled and not to be changed, by rule id.
    pub locks: BTreeMap<String, Lock>,
    /// A comment that silences must say why.
    pub require_reason: bool,
    /// The paths of the site.
    pub ranking: Ranking,
    /// All sites that are known, and what tells them from each other.
    pub sites: Arc<Sites>,
    /// What shows that a file is used on a cluster.
    pub clusters: Arc<Clusters>,
    index: Index,
}

/// The paths of a site's places in the order in which they count, and the variables that they begin with.
#[derive(Clone, Debug, Default)]
pub struct Ranking {
    /// The place, and which of its paths: the most special first.
    pub paths: Vec<(usize, usize)>,
    /// Names of variables.
    pub variables: BTreeSet<String>,
    /// Names of variables with wildcards.
    pub variable_globs: Vec<Pattern>,
}

impl Ranking {
    /// The paths of that site.
    pub fn of(site: &Site) -> Self {
        let paths = |(row, place): (usize, &Arc<PlaceRow>)| (0..place.paths.len()).map(move |path| (row, path));
        let mut paths: Vec<_> = site.places.iter().enumerate().flat_map(paths).collect();
        let path = |(row, path): &(usize, usize)| &site.places[*row].paths[*path];
        paths.sort_by_key(|at| (Reverse(path(at).weight), path(at).text.as_str()));
        let (globs, variables): (Vec<&str>, Vec<&str>) =
            paths.iter().filter_map(|at| path(at).variable()).partition(|name| name.contains('*'));
        let variables = variables.into_iter().map(str::to_owned).collect();
        let variable_globs = globs.into_iter().map(Pattern::new).collect();
        Self { paths, variables, variable_globs }
    }
}

/// A rule that is on.
#[derive(Debug)]
pub struct ActiveRule {
    /// The rule.
    pub rule: Arc<Rule>,
    /// How bad it is here.
    pub severity: Severity,
    /// What the site says of the fix; `Some(None)` for no fix.
    pub fix: Option<Option<Applicability>>,
    /// What the configuration says of how far the fix is trusted.
    pub trust: Option<Applicability>,
    /// An exception for it whose last day is over.
    pub ended: Option<Lapsed>,
    url: Option<String>,
    message: Words,
    help: Words,
    /// By clause, whether it asks for what the site does not say; told when it is first asked.
    out_of_question: OnceLock<Vec<bool>>,
}

/// What a site says in place of the rule's words, read when it is first needed.
#[derive(Debug)]
struct Words {
    text: Option<Spoken>,
    by_clause: OnceLock<Vec<Templates>>,
}

/// A clause of an active rule: the rule's position in [`Effective::rules`], and its own in the rule.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ClauseRef {
    /// Position of the rule.
    pub rule: usize,
    /// Position of the clause.
    pub clause: usize,
}

/// Clauses by the kind of fact, and by the first word of the field that most of them ask for.
#[derive(Debug, Default)]
struct Index([ClausesOfKind; FactKind::ALL.len()]);

#[derive(Debug, Default)]
struct ClausesOfKind {
    by_word: HashMap<String, Vec<ClauseRef>>,
    rest: Vec<ClauseRef>,
    /// Those of the rest that are in question at the site, once they were asked for.
    in_question: OnceLock<Vec<ClauseRef>>,
}

impl Selection {
    /// Checks that every name exists.
    pub fn check(&self, policy: &Policy) -> Result<(), PolicyError> {
        let ids = || policy.rules.iter().map(|rule| rule.id.as_str());
        let selectors = self.select.iter().flatten().chain(&self.ignore).chain(&self.off).map(String::as_str);
        let unknown = selectors
            .filter(|name| *name != "ALL" && !TAGS.contains(name))
            .chain(self.severities.keys().chain(self.fixes.keys()).map(String::as_str))
            .find(|name| policy.rule(name).is_none());
        match unknown {
            None => Ok(()),
            Some(name) => Err(PolicyError::UnknownRule {
                name: name.to_owned(),
                nearest: nearest(name, ids().chain(TAGS.iter().copied()).chain(["ALL"])),
            }),
        }
    }

    /// This selection with another of higher authority over it.
    #[must_use]
    pub fn under(&self, over: &Self) -> Self {
        let (ignore, off) = match over.select {
            // A new set begins: what was left out of the old one is named again if it is to stay out.
            Some(_) => (over.ignore.clone(), over.off.clone()),
            None => {
                (self.ignore.clone(), [&self.off, &over.ignore, &over.off].into_iter().flatten().cloned().collect())
            }
        };
        let mut severities = self.severities.clone();
        severities.extend(over.severities.iter().map(|(id, severity)| (id.clone(), *severity)));
        let mut fixes = self.fixes.clone();
        fixes.extend(over.fixes.iter().map(|(id, fix)| (id.clone(), *fix)));
        Self {
            select: over.select.clone().or_else(|| self.select.clone()),
            ignore,
            off,
            severities,
            fixes,
            forced: self.forced || over.forced,
            locks: self.locks.clone(),
            require_reason: self.require_reason || over.require_reason,
            lapsed: self.lapsed.iter().chain(&over.lapsed).cloned().collect(),
        }
    }

    /// How bad `rule` is at `site`; `None` when it is off.
    pub fn severity_at(&self, rule: &Rule, site: &Site) -> Option<Severity> {
        self.severity(rule, site.rules.get(&rule.id))
    }

    /// How bad `rule` is at a site with this `stand`; `None` when it is off.
    pub fn severity(&self, rule: &Rule, stand: Option<&Stand>) -> Option<Severity> {
        let stand = stand.and_then(|stand| stand.severity);
        let own = self.unlocked(rule, stand);
        let Some(lock) = self.locks.get(&rule.id) else { return own };
        let settled = lock.settled(rule, stand);
        // How bad it is may be said beside an exception that does not count.
        let said = || self.severities.get(&rule.id).copied().flatten();
        match (lock.spec.severity, lock.spec.enabled) {
            (true, _) => settled,
            (false, true) => settled.map(|severity| own.or_else(said).unwrap_or(severity)),
            (false, false) => own,
        }
    }

    /// What one word of this selection says of a rule, and nothing else.
    pub(super) fn only(&self, word: Word, rule: &Rule) -> Self {
        let nothing = Self::default();
        match word {
            Word::Severity => {
                let own = self.severities.get(&rule.id).map(|severity| (rule.id.clone(), *severity));
                Self { severities: own.into_iter().collect(), ..nothing }
            }
            Word::Off => Self { off: self.off.clone(), ..nothing },
            Word::Ignore => Self { ignore: self.ignore.clone(), ..nothing },
            Word::Select => Self { select: self.select.clone(), forced: self.forced, ..nothing },
        }
    }

    /// The exception for a rule whose last day was over first.
    pub fn ended(&self, rule: &Rule) -> Option<&Lapsed> {
        let named = |lapsed: &&Lapsed| specificity(std::slice::from_ref(&lapsed.name), rule).is_some();
        self.lapsed.iter().filter(named).min_by_key(|lapsed| lapsed.until)
    }

    /// By what this selection speaks of a rule, what decides first.
    pub fn words_on(&self, rule: &Rule) -> Vec<Word> {
        let names = |names: &[String]| specificity(names, rule).is_some();
        let words = [
            (Word::Off, names(&self.off)),
            (Word::Ignore, names(&self.ignore)),
            (Word::Severity, self.severities.contains_key(&rule.id)),
            (Word::Select, self.select.is_some()),
        ];
        words.into_iter().filter(|(_, said)| *said).map(|(word, _)| word).collect()
    }

    /// The same without what is locked, where a site says `stand` of how bad it is.
    pub(super) fn unlocked(&self, rule: &Rule, stand: Option<Option<Severity>>) -> Option<Severity> {
        let configured = self.severities.get(&rule.id).copied();
        let default = rule.enabled.then_some(rule.severity);
        if specificity(&self.off, rule).is_some() {
            return None;
        }
        let level = configured.or(stand).unwrap_or(default);
        let ignored = specificity(&self.ignore, rule);
        let Some(select) = &self.select else {
            return level.filter(|_| ignored.is_none());
        };
        let selected = specificity(select, rule)?;
        if ignored.is_some_and(|ignored| ignored >= selected) {
            return None;
        }
        match configured {
            Some(None) if !self.forced => None,
            _ => Some(level.unwrap_or(rule.severity)),
        }
    }
}

/// How closely `names` name a rule: 2 by id, 1 by tag, 0 as one of all.
fn specificity(names: &[String], rule: &Rule) -> Option<u8> {
    let of = |name: &String| match name.as_str() {
        id if id == rule.id => Some(2),
        "ALL" => Some(0),
        tag => rule.is_named(tag).then_some(1),
    };
    names.iter().filter_map(of).max()
}

impl Policy {
    /// The policy for one site and selection. Names in the selection that are unknown select nothing:
    /// [`Selection::check`] tells them.
    ///
    /// # Errors
    /// An unknown site, with the nearest name.
    pub fn effective(&self, site: &str, selection: &Selection) -> Result<Effective, PolicyError> {
        self.effective_of(site, selection, &|_| true)
    }

    /// The same with no other rules than those that are `wanted`.
    pub(super) fn effective_of(
        &self,
        site: &str,
        selection: &Selection,
        wanted: &dyn Fn(&Rule) -> bool,
    ) -> Result<Effective, PolicyError> {
        let site = Arc::clone(self.site(site)?);
        let mut rules = Vec::new();
        for rule in self.rules.iter().filter(|rule| wanted(rule)) {
            let stand = site.rules.get(&rule.id);
            if let Some(severity) = selection.severity(rule, stand) {
                let trust = selection.fixes.get(&rule.id).copied();
                let ended = selection.ended(rule).cloned();
                rules.push(ActiveRule { trust, ended, ..ActiveRule::new(rule, severity, stand, &site) });
            }
        }
        let index = Index::new(&rules, &site);
        let all_rules = self.rules.iter().map(|rule| rule.id.clone()).collect();
        let (locks, require_reason) = (selection.locks.clone(), selection.require_reason);
        let ranking = Ranking::of(&site);
        let (sites, clusters) = (Arc::clone(&self.sites), Arc::clone(&self.tables.clusters));
        Ok(Effective { site, rules, all_rules, locks, require_reason, ranking, sites, clusters, index })
    }
}

impl Effective {
    /// The clauses that may hold here of any fact of that kind, in the order of rules.
    pub fn general(&self, kind: FactKind) -> &[ClauseRef] {
        let ClausesOfKind { rest, in_question, .. } = &self.index.0[kind as usize];
        in_question.get_or_init(|| rest.iter().copied().filter(|at| !self.is_out_of_question(*at)).collect())
    }

    /// The clauses that may hold besides of a fact whose indexed field has that text, in the order of rules.
    pub fn named(&self, kind: FactKind, text: &str) -> &[ClauseRef] {
        let by_word = &self.index.0[kind as usize].by_word;
        let named = if by_word.is_empty() { None } else { by_word.get(first_word(text)) };
        named.map_or(&[], Vec::as_slice)
    }

    /// The first words of the indexed field of what may be `other` here; `None` when it can be anything.
    pub fn first_words(&self, other: &Other) -> Option<Vec<String>> {
        words_of(other.leads.as_ref()?, &self.site)
    }

    /// A clause with its rule.
    pub fn clause(&self, at: ClauseRef) -> Option<(&ActiveRule, &Clause)> {
        let rule = self.rules.get(at.rule)?;
        Some((rule, rule.rule.clauses.get(at.clause)?))
    }

    /// True for a clause that holds of nothing here, because the site says nothing of what it asks for.
    pub fn is_out_of_question(&self, at: ClauseRef) -> bool {
        let Some(active) = self.rules.get(at.rule) else { return false };
        let never = |clause: &Clause| {
            let mut tests = clause.matches.all.tests.iter();
            tests.any(|test| test.condition.is_out_of_question(&self.site))
        };
        let by_clause = active.out_of_question.get_or_init(|| active.rule.clauses.iter().map(never).collect());
        by_clause.get(at.clause).is_some_and(|out| *out)
    }

    /// The lock that keeps findings of a rule from being silenced.
    pub fn keeps_loud(&self, rule: &str) -> Option<&Lock> {
        self.locks.get(rule).filter(|lock| lock.spec.suppression)
    }

    /// The active rule of that id.
    pub fn active(&self, id: &str) -> Option<&ActiveRule> {
        self.rules.binary_search_by(|active| active.rule.id.as_str().cmp(id)).ok().map(|index| &self.rules[index])
    }
}

impl ActiveRule {
    fn new(rule: &Arc<Rule>, severity: Severity, stand: Option<&Stand>, site: &Site) -> Self {
        let url = stand.and_then(|stand| stand.link(site)).map(str::to_owned);
        Self {
            severity,
            fix: stand.and_then(|stand| stand.fix),
            trust: None,
            ended: None,
            url,
            message: Words::new(stand.and_then(|stand| stand.message.as_ref())),
            help: Words::new(stand.and_then(|stand| stand.help.as_ref())),
            out_of_question: OnceLock::new(),
            rule: Arc::clone(rule),
        }
    }

    /// Where the policy stands; may be empty.
    pub fn url(&self) -> &str {
        // A source in words is told by `explain`; a link must be one.
        let linked = self.rule.sources.iter().map(String::as_str).find(|source| source.starts_with("http"));
        self.url.as_deref().or(linked).unwrap_or_default()
    }

    /// What the site says in place of the messages, by clause.
    pub fn message(&self) -> Option<&[Templates]> {
        self.message.of(&self.rule)
    }

    /// What the site says in place of the helps, by clause.
    pub fn help(&self) -> Option<&[Templates]> {
        self.help.of(&self.rule)
    }
}

impl Words {
    fn new(text: Option<&Spoken>) -> Self {
        Self { text: text.cloned(), by_clause: OnceLock::new() }
    }

    fn of(&self, rule: &Rule) -> Option<&[Templates]> {
        let text = self.text.as_ref()?;
        Some(self.by_clause.get_or_init(|| verify::spoken(rule, text)))
    }
}

impl Index {
    fn new(rules: &[ActiveRule], site: &Site) -> Self {
        let mut index = Self::default();
        for (rule, active) in rules.iter().enumerate() {
            for (clause, spec) in active.rule.heads.iter().enumerate() {
                let at = ClauseRef { rule, clause };
                let of_kind = &mut index.0[spec.on as usize];
                match spec.leads.as_ref().and_then(|leads| words_of(leads, site)) {
                    Some(words) => {
                        for word in words {
                            of_kind.by_word.entry(word).or_default().push(at);
                        }
                    }
                    None => of_kind.rest.push(at),
                }
            }
        }
        for clauses in index.0.iter_mut().flat_map(|of_kind| of_kind.by_word.values_mut()) {
            clauses.dedup();
        }
        index
    }
}

/// The first words that the indexed field can begin with; `None` when it can be anything.
fn words_of(leads: &[Lead], site: &Site) -> Option<Vec<String>> {
    let mut words = Vec::new();
    for lead in leads {
        let name = match lead {
            Lead::Word(word) => {
                words.push(word.clone());
                continue;
            }
            Lead::Value(name) => name,
        };
        let mut add = |glob: &str| first_word_of_glob(glob).map(|word| words.push(word.to_owned()));
        match &site.values.get(name)?.data {
            ValueData::Text(text, _) => add(text)?,
            ValueData::List(items) => items.iter().try_for_each(|(text, _)| add(text))?,
            ValueData::Table(rows) => rows.iter().try_for_each(|(key, ..)| add(key))?,
            ValueData::Number(_) => return None,
        }
    }
    Some(words)
}
