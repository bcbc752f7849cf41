//! The policy that holds for one site and one selection: which rules are on, how bad each is, what the site says
//! in its place, and an index by which a fact meets few rules.

use std::collections::{BTreeMap, HashMap};
use std::sync::{Arc, OnceLock};

use crate::facts::FactKind;

use super::entry::{RuleEntry, RuleHead, SiteEntry, first_word};
use super::error::{PolicyError, nearest};
use super::key;
use super::pack::Policy;
use super::rule::{Clause, Rule, TAGS};
use super::severity::{Applicability, Severity};
use super::site::{Site, Stand, ValueData};
use super::template::Templates;
use super::verify;

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
    /// `select` comes from the command line, and wins over a severity `off`.
    pub forced: bool,
}

/// The policy for one site and selection.
#[derive(Debug)]
pub struct Effective {
    /// The site, completed.
    pub site: Arc<SiteEntry>,
    /// The rules that are on, by id.
    pub rules: Vec<ActiveRule>,
    /// The ids of all rules, on or off, in order.
    pub all_rules: Arc<[String]>,
    index: Index,
}

/// A rule that is on.
#[derive(Debug)]
pub struct ActiveRule {
    /// The rule.
    pub rule: Arc<RuleEntry>,
    /// How bad it is here.
    pub severity: Severity,
    /// What the site says of the fix; `Some(None)` for no fix.
    pub fix: Option<Option<Applicability>>,
    site: Arc<SiteEntry>,
    spoken: OnceLock<Spoken>,
}

/// What a site says in place of a rule, by clause.
#[derive(Debug, Default)]
struct Spoken {
    message: Option<Vec<Templates>>,
    help: Option<Vec<Templates>>,
}

/// A clause of an active rule: positions in [`Effective::rules`] and [`Rule::clauses`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct ClauseRef {
    /// Position of the rule.
    pub rule: usize,
    /// Position of the clause.
    pub clause: usize,
}

/// Clauses by the kind of fact, and by the first word of the field that most of them ask for.
#[derive(Debug, Default)]
struct Index {
    by_word: HashMap<FactKind, HashMap<String, Vec<ClauseRef>>>,
    rest: HashMap<FactKind, Vec<ClauseRef>>,
}

impl Selection {
    /// Checks that every name exists.
    pub fn check(&self, policy: &Policy) -> Result<(), PolicyError> {
        let ids = || policy.rules.iter().map(|rule| rule.head.id.as_str());
        let selectors = self.select.iter().flatten().chain(&self.ignore).chain(&self.off).map(String::as_str);
        let unknown = selectors
            .filter(|name| *name != "ALL" && !TAGS.contains(name))
            .chain(self.severities.keys().map(String::as_str))
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
        Self {
            select: over.select.clone().or_else(|| self.select.clone()),
            ignore,
            off,
            severities,
            forced: self.forced || over.forced,
        }
    }

    /// How bad `rule` is at a site with this `stand`; `None` when it is off.
    pub fn severity(&self, rule: &Rule, stand: Option<&Stand>) -> Option<Severity> {
        self.level(&RuleHead::of(rule), stand)
    }

    fn level(&self, rule: &RuleHead, stand: Option<&Stand>) -> Option<Severity> {
        let configured = self.severities.get(&rule.id).copied();
        let default = rule.enabled.then_some(rule.severity);
        if specificity(&self.off, rule).is_some() {
            return None;
        }
        let level = configured.or_else(|| stand.and_then(|stand| stand.severity)).unwrap_or(default);
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
fn specificity(names: &[String], rule: &RuleHead) -> Option<u8> {
    let of = |name: &String| match name.as_str() {
        "ALL" => Some(0),
        id if id == rule.id => Some(2),
        tag if rule.tags.iter().any(|own| own == tag) => Some(1),
        _ => None,
    };
    names.iter().filter_map(of).max()
}

impl Policy {
    /// The policy for one site and selection. Unknown names are errors with the nearest.
    pub fn effective(&self, site: &str, selection: &Selection) -> Result<Effective, PolicyError> {
        selection.check(self)?;
        let site = Arc::clone(self.site(site)?);
        let mut rules = Vec::new();
        for rule in &self.rules {
            let stand = site.rules.get(&rule.head.id);
            if let Some(severity) = selection.level(&rule.head, stand) {
                let fix = stand.and_then(|stand| stand.fix);
                let (rule, site) = (Arc::clone(rule), Arc::clone(&site));
                rules.push(ActiveRule { rule, severity, fix, site, spoken: OnceLock::new() });
            }
        }
        let index = Index::new(&rules, &site);
        let all_rules = self.rules.iter().map(|rule| rule.head.id.clone()).collect();
        Ok(Effective { site, rules, all_rules, index })
    }
}

impl Effective {
    /// The clauses that may hold of a fact of that kind whose indexed field has that text, in the order of rules.
    pub fn clauses(&self, kind: FactKind, text: &str) -> impl Iterator<Item = ClauseRef> + use<> {
        let rest = self.index.rest.get(&kind).map_or(&[][..], Vec::as_slice);
        let word = key::first_word(text);
        let named = self.index.by_word.get(&kind).and_then(|words| words.get(word)).map_or(&[][..], Vec::as_slice);
        let mut all: Vec<ClauseRef> = rest.iter().chain(named).copied().collect();
        all.sort_unstable();
        all.into_iter()
    }

    /// A clause with its rule.
    pub fn clause(&self, at: ClauseRef) -> Option<(&ActiveRule, &Clause)> {
        let rule = self.rules.get(at.rule)?;
        Some((rule, rule.rule.clauses.get(at.clause)?))
    }

    /// The active rule of that id.
    pub fn active(&self, id: &str) -> Option<&ActiveRule> {
        self.rules.binary_search_by(|active| active.rule.head.id.as_str().cmp(id)).ok().map(|index| &self.rules[index])
    }
}

impl ActiveRule {
    /// Where the policy stands: the site's link, else the rule's first source; may be empty.
    pub fn url(&self) -> &str {
        let own = self.stand().and_then(|stand| stand.url.as_deref()).map(|url| match url.strip_prefix("$link.") {
            Some(link) => self.site.links.get(link).map_or("", String::as_str),
            None => url,
        });
        own.or_else(|| self.rule.sources.first().map(String::as_str)).unwrap_or_default()
    }

    /// What the site says in place of the message of a clause.
    pub fn message(&self, clause: usize) -> Option<&Templates> {
        self.spoken().message.as_ref()?.get(clause)
    }

    /// What the site says in place of the help of a clause.
    pub fn help(&self, clause: usize) -> Option<&Templates> {
        self.spoken().help.as_ref()?.get(clause)
    }

    fn stand(&self) -> Option<&Stand> {
        self.site.rules.get(&self.rule.head.id)
    }

    fn spoken(&self) -> &Spoken {
        self.spoken.get_or_init(|| {
            let Some(stand) = self.stand() else { return Spoken::default() };
            let read = |text: &super::site::Spoken| verify::spoken(&self.rule, text);
            Spoken { message: stand.message.as_ref().map(read), help: stand.help.as_ref().map(read) }
        })
    }
}

impl Index {
    fn new(rules: &[ActiveRule], site: &Site) -> Self {
        let mut index = Self::default();
        for (rule, active) in rules.iter().enumerate() {
            for (clause, wanted) in active.rule.head.clauses.iter().enumerate() {
                let at = ClauseRef { rule, clause };
                match wanted.words.as_deref().and_then(|words| with_values(words, site)) {
                    Some(words) => {
                        let by_word = index.by_word.entry(wanted.on).or_default();
                        for word in words {
                            by_word.entry(word).or_default().push(at);
                        }
                    }
                    None => index.rest.entry(wanted.on).or_default().push(at),
                }
            }
        }
        for clauses in index.by_word.values_mut().flat_map(HashMap::values_mut) {
            clauses.dedup();
        }
        index
    }
}

/// First words with those of the site's values in the place of their names; `None` when it can be any.
fn with_values(words: &[String], site: &Site) -> Option<Vec<String>> {
    let mut all = Vec::with_capacity(words.len());
    for word in words {
        let Some(name) = key::site_value(word) else {
            all.push(word.clone());
            continue;
        };
        match &site.values.get(name)?.data {
            ValueData::Text(_, pattern) => all.push(first_word(pattern)?),
            ValueData::List(items) => {
                for (_, pattern) in items {
                    all.push(first_word(pattern)?);
                }
            }
            ValueData::Table(rows) => {
                for (_, pattern, _) in rows {
                    all.push(first_word(pattern)?);
                }
            }
            ValueData::Number(_) => return None,
        }
    }
    Some(all)
}
