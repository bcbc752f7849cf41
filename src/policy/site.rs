//! Sites: places, values, recipes and their stand on each rule. One file `sites/<id>.toml` each.

mod read;

use std::collections::BTreeMap;
use std::ops::Range;
use std::sync::Arc;

use super::describe::site::SITE;
use super::document::{Document, Filled};
use super::error::Problem;
use super::glob::Pattern;
use super::needles::Needles;
use super::severity::{Applicability, Severity};
use super::symptom::SiteSymptoms;
use crate::tree::Node;

/// The site that every other extends in the end.
pub const ROOT: &str = "common";

pub(super) const SCHEDULERS: &[(&str, &str)] = &[("slurm", "slurm"), ("pbs", "pbs"), ("sge", "sge"), ("lsf", "lsf")];

/// A site, as its file says, or completed from the sites that it extends.
#[derive(Clone, Debug, Default)]
pub struct Site {
    /// Its id, which is the stem of its file.
    pub id: String,
    /// Its name for people.
    pub name: String,
    /// The site that it completes; in a file that does not say, the root is meant unless an earlier pack has the site.
    pub extends: Option<String>,
    /// The scheduler that it runs.
    pub scheduler: Option<String>,
    /// Set when it no longer exists.
    pub retired: Option<Retired>,
    /// How it is recognised; never inherited.
    pub detect: Detect,
    /// Where its paths lie.
    pub places: Vec<Arc<PlaceRow>>,
    /// How much may lie there.
    pub quotas: Vec<Quota>,
    /// Values that rules use.
    pub values: BTreeMap<String, Arc<SiteValue>>,
    /// Snippets.
    pub recipes: BTreeMap<String, Arc<Sourced<String>>>,
    /// Addresses.
    pub links: BTreeMap<String, String>,
    /// Its stand on rules.
    pub rules: BTreeMap<String, Stand>,
    /// Who says what has no place for a source of its own, by the key: `scheduler`, `detect`, `retired`, `links.NAME`,
    /// `rules.ID`, `symptoms.ID`.
    pub said_by: BTreeMap<String, Provenance>,
    /// What it says of tickets.
    pub symptoms: SiteSymptoms,
    /// The file that says so, for people.
    pub origin: String,
    /// Places of the keys that are checked when all packs are read.
    pub(super) spans: Spans,
}

/// Places in a site file of names that must exist elsewhere.
#[derive(Clone, Debug, Default)]
pub(super) struct Spans {
    pub extends: Range<usize>,
    pub values: BTreeMap<String, Range<usize>>,
    /// What values hold.
    pub data: BTreeMap<String, Range<usize>>,
    pub rules: BTreeMap<String, Range<usize>>,
    /// Links of stands on rules.
    pub urls: BTreeMap<String, Range<usize>>,
    pub symptoms: BTreeMap<String, Range<usize>>,
    /// The days on which something was looked at.
    pub verified: Vec<(String, Range<usize>)>,
}

/// The end of a system.
#[derive(Clone, Debug)]
pub struct Retired {
    /// Since when; absent when its documents do not say.
    pub since: Option<String>,
    /// The site that took its place.
    pub successor: Option<String>,
    /// Who says so.
    pub source: String,
}

/// How a site is recognised.
#[derive(Clone, Debug, Default)]
pub struct Detect {
    /// Host names.
    pub hosts: Vec<Pattern>,
    /// Environment variables and what they hold.
    pub env: Vec<(String, Pattern)>,
    /// Paths and module names in files.
    pub evidence: Vec<Pattern>,
    /// Words by which people call it, for tickets.
    pub words: Vec<Pattern>,
}

/// The paths of one place.
#[derive(Clone, Debug)]
pub struct PlaceRow {
    /// One of [`PLACES`](super::path::PLACES).
    pub place: String,
    /// The paths that begin it.
    pub paths: Vec<PathPattern>,
    /// Who says so, and when that was looked at.
    pub source: Provenance,
}

/// A glob for a folder: it matches the folder and everything below.
#[derive(Clone, Debug)]
pub struct PathPattern {
    /// As written.
    pub text: String,
    /// The folder itself.
    pub folder: Pattern,
    /// What lies below.
    pub below: Pattern,
    /// Length of the text before the first wildcard, then of all text: the longest wins.
    pub weight: (usize, usize),
}

/// How much may lie in a place.
#[derive(Clone, Debug)]
pub struct Quota {
    /// One of [`PLACES`](super::path::PLACES).
    pub place: String,
    /// Size as the site gives it: `30 GB`.
    pub bytes: Option<String>,
    /// Number of files.
    pub files: Option<i64>,
    /// Who says so.
    pub source: Provenance,
}

/// Who says a thing, and when that was looked at.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Provenance {
    /// An address, or a document.
    pub source: String,
    /// The day it was last checked.
    pub verified: Option<String>,
}

/// A value with its provenance.
#[derive(Clone, Debug, Default)]
pub struct Sourced<T> {
    /// The value.
    pub value: T,
    /// Who says so.
    pub source: Provenance,
}

/// A value that rules use under its name.
#[derive(Clone, Debug)]
pub struct SiteValue {
    /// What it holds.
    pub data: ValueData,
    /// Who says so.
    pub source: Provenance,
    needles: Needles,
}

/// What a site value holds. Texts are globs where a condition uses them.
#[derive(Clone, Debug)]
pub enum ValueData {
    /// One text; the empty one means «none here».
    Text(String, Pattern),
    /// A number.
    Number(i64),
    /// Several texts.
    List(Vec<(String, Pattern)>),
    /// Texts by glob.
    Table(Vec<(String, Pattern, String)>),
}

/// What a site says about a rule.
#[derive(Clone, Debug, Default)]
pub struct Stand {
    /// How bad it is there; `Some(None)` for off.
    pub severity: Option<Option<Severity>>,
    /// Another message, a template.
    pub message: Option<Spoken>,
    /// Another help, a template.
    pub help: Option<Spoken>,
    /// Another link: an address, or `$link.NAME`.
    pub url: Option<String>,
    /// How far the fix can be trusted; `Some(None)` for no fix.
    pub fix: Option<Option<Applicability>>,
    /// Why the site says so.
    pub reason: Option<String>,
}

impl Stand {
    /// The other link as an address.
    pub fn link<'s>(&'s self, site: &'s Site) -> Option<&'s str> {
        let url = self.url.as_deref()?;
        match url.strip_prefix("$link.") {
            Some(link) => Some(site.links.get(link).map_or("", String::as_str)),
            None => Some(url),
        }
    }
}

/// A template of a site, read against each clause of the rule when rules are known.
#[derive(Clone, Debug)]
pub struct Spoken {
    /// The text.
    pub text: String,
    pub(super) span: Range<usize>,
}

/// A site whose file is faulty.
pub(super) struct FaultySite {
    /// What is wrong with it.
    pub problems: Vec<Problem>,
    /// What could be read of it, for what is checked between files; `None` where the file is no TOML.
    pub site: Option<Box<Site>>,
}

impl Site {
    /// Reads the site file `sites/<id>.toml`.
    pub(super) fn parse(file: &str, id: &str, text: &str) -> Result<Filled<Self>, FaultySite> {
        let (doc, tree) = Document::parse_filled(file, text);
        let mut site = read::site(&doc, doc.root(&tree, &SITE), id);
        site.origin = file.to_owned();
        site.spans.verified = doc.days();
        let is_toml = !doc.is_broken();
        match doc.read(()) {
            Ok(Filled { blanks, .. }) => Ok(Filled { value: site, blanks }),
            Err(problems) => Err(FaultySite { problems, site: is_toml.then(|| Box::new(site)) }),
        }
    }

    /// A built-in site, as its file says.
    pub(super) fn built_in(id: &str, tree: &'static Node) -> Self {
        let doc = Document::about("", "");
        let site = read::site(&doc, doc.built(tree, &SITE), id);
        Self { origin: format!("rules/sites/{id}.toml"), ..site }
    }

    /// What of a built-in site must be known before it judges: the site that it extends, and how it is recognised.
    pub(super) fn built_in_head(tree: &'static Node) -> (Option<String>, Detect) {
        let doc = Document::about("", "");
        let table = doc.built(tree, &SITE);
        (
            table.string("extends").map(|word| word.text.to_owned()),
            table
                .table("detect")
                .map(|table| {
                    read::note_source(&table, String::new(), &mut BTreeMap::new());
                    read::detect(table)
                })
                .unwrap_or_default(),
        )
    }

    /// What a later pack says of a site that an earlier one has: what it does not mention stays.
    #[must_use]
    pub(super) fn over(&self, earlier: &Self) -> Self {
        let site = self.completed(earlier);
        let mut said_by = site.said_by.clone();
        for (key, source) in &earlier.said_by {
            said_by.entry(key.clone()).or_insert_with(|| source.clone());
        }
        Self {
            said_by,
            name: if self.name.is_empty() { earlier.name.clone() } else { self.name.clone() },
            extends: self.extends.clone().or_else(|| earlier.extends.clone()),
            retired: self.retired.clone().or_else(|| earlier.retired.clone()),
            detect: self.detect.over(&earlier.detect),
            ..site
        }
    }

    /// The site completed from its parent, which is complete already.
    #[must_use]
    pub(super) fn completed(&self, parent: &Self) -> Self {
        let mut site = self.clone();
        site.scheduler = site.scheduler.or_else(|| parent.scheduler.clone());
        let missing = |row: &&Arc<PlaceRow>| !self.places.iter().any(|own| own.place == row.place);
        site.places.extend(parent.places.iter().filter(missing).cloned());
        let missing = |row: &&Quota| !self.quotas.iter().any(|own| own.place == row.place);
        site.quotas.extend(parent.quotas.iter().filter(missing).cloned());
        inherit(&mut site.values, &parent.values);
        inherit(&mut site.recipes, &parent.recipes);
        inherit(&mut site.links, &parent.links);
        // How a site is recognised, and that it is no more, is never inherited.
        let said_by = parent.said_by.iter().filter(|(key, _)| !matches!(key.as_str(), "detect" | "retired"));
        for (key, source) in said_by {
            site.said_by.entry(key.clone()).or_insert_with(|| source.clone());
        }
        for (rule, stand) in &parent.rules {
            let merged = match site.rules.get(rule) {
                Some(own) => own.completed(stand),
                None => stand.clone(),
            };
            site.rules.insert(rule.clone(), merged);
        }
        site.symptoms = site.symptoms.completed(&parent.symptoms);
        site
    }

    /// A value as text, when the site has one.
    pub fn value_text(&self, name: &str) -> Option<String> {
        let data = &self.values.get(name).filter(|value| value.data.is_set())?.data;
        let text = match data {
            ValueData::Text(text, _) => text.clone(),
            ValueData::Number(number) => number.to_string(),
            ValueData::List(items) => items.iter().map(|(text, _)| text.as_str()).collect::<Vec<_>>().join(", "),
            ValueData::Table(_) => return None,
        };
        Some(text).filter(|text| !text.is_empty())
    }
}

impl Detect {
    /// Each list that is given replaces the earlier one.
    #[must_use]
    pub(super) fn over(&self, earlier: &Self) -> Self {
        fn given<T: Clone>(own: &[T], earlier: &[T]) -> Vec<T> {
            if own.is_empty() { earlier.to_vec() } else { own.to_vec() }
        }
        Self {
            hosts: given(&self.hosts, &earlier.hosts),
            env: given(&self.env, &earlier.env),
            evidence: given(&self.evidence, &earlier.evidence),
            words: given(&self.words, &earlier.words),
        }
    }
}

impl Stand {
    fn completed(&self, parent: &Self) -> Self {
        Self {
            severity: self.severity.or(parent.severity),
            message: self.message.as_ref().or(parent.message.as_ref()).cloned(),
            help: self.help.as_ref().or(parent.help.as_ref()).cloned(),
            url: self.url.as_ref().or(parent.url.as_ref()).cloned(),
            fix: self.fix.or(parent.fix),
            reason: self.reason.as_ref().or(parent.reason.as_ref()).cloned(),
        }
    }
}

impl SiteValue {
    /// False when no text of a list and no key of a table matches `text` as it is written.
    pub fn may_match(&self, text: &str) -> bool {
        match &self.data {
            ValueData::List(items) => self.needles.may_match(items.iter().map(|(_, pattern)| pattern), text),
            ValueData::Table(rows) => self.needles.may_match(rows.iter().map(|(_, pattern, _)| pattern), text),
            ValueData::Text(..) | ValueData::Number(_) => true,
        }
    }
}

impl ValueData {
    /// False for what stands for «none» or «not known».
    pub fn is_set(&self) -> bool {
        match self {
            Self::Text(text, _) => !text.is_empty(),
            Self::Number(number) => *number != -1,
            Self::List(items) => !items.is_empty(),
            Self::Table(rows) => !rows.is_empty(),
        }
    }

    /// The type in words.
    pub fn kind(&self) -> &'static str {
        match self {
            Self::Text(..) => "a string",
            Self::Number(_) => "a number",
            Self::List(_) => "a list",
            Self::Table(_) => "a table",
        }
    }
}

impl PathPattern {
    /// Reads a folder glob; a trailing `/` or `/*` means the same as none.
    pub fn new(text: &str) -> Self {
        let folder = Pattern::new(text.trim_end_matches('/'));
        let below = Pattern::new(&format!("{}/*", text.trim_end_matches('/')));
        let weight = (folder.prefix().len(), text.len());
        Self { text: text.to_owned(), folder, below, weight }
    }

    /// The variable with which it begins, as a glob without `$`: `VSC_DATA`, `PROJECT*`.
    pub fn variable(&self) -> Option<&str> {
        let name = self.text.strip_prefix('$')?;
        Some(name.split('/').next().unwrap_or(name))
    }
}

fn inherit<T: Clone>(own: &mut BTreeMap<String, T>, parent: &BTreeMap<String, T>) {
    for (key, value) in parent {
        own.entry(key.clone()).or_insert_with(|| value.clone());
    }
}
