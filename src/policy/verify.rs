//! What can be checked only when all files of all packs are read: names that one file uses and another declares.

use std::cell::RefCell;
use std::collections::{BTreeMap, BTreeSet};
use std::ops::Range;
use std::sync::Arc;

use super::document::{Document, Word, expectation};
use super::error::{Problem, nearest};
use super::pack::{Draft, PackFiles, Policy};
use super::rule::Rule;
use super::severity::Applicability;
use super::site::{ROOT, Site, Spoken, ValueData};
use super::sites::Sites;
use super::symptom::{Symptom, Symptoms};
use super::template::{Context, Part, Template, Templates, Use, UseKind};
use crate::facts::placeholder::to_fill;

/// Checks `draft` across its files and against the policy `below` it, and joins both. Errors: all problems.
pub(super) fn check(below: &Policy, draft: Draft, packs: &[PackFiles]) -> Result<Policy, Vec<Problem>> {
    let mut check = Check::of(&draft, packs);
    let whole = check.all(below, &draft);
    if !check.problems.is_empty() {
        return Err(check.problems);
    }
    let replies = below.replies.with(draft.replies);
    let rules = whole.rules.into_values().collect();
    let packs = below.packs.iter().cloned().chain(draft.packs).collect();
    Ok(Policy { packs, rules, sites: Arc::new(whole.sites), symptoms: whole.symptoms, replies, ..Policy::default() })
}

/// What is wrong across the files of a draft of which some are faulty by themselves, as far as it can be told.
pub(super) fn of_faulty(below: &Policy, draft: &Draft, packs: &[PackFiles]) -> Vec<Problem> {
    let mut check = Check::of(draft, packs);
    check.all(below, draft);
    // What is told of a text already is not told once more as what comes of it.
    let is_told = |problem: &Problem| {
        let place = |other: &Problem| {
            other.file == problem.file && (other.line, other.column) == (problem.line, problem.column)
        };
        (problem.line, problem.column) != (1, 1) && draft.problems.iter().any(place)
    };
    check.problems.into_iter().filter(|problem| !is_told(problem)).collect()
}

/// Reads what a site says in place of a rule's own text, for each clause of the rule.
pub(super) fn spoken(rule: &Rule, spoken: &Spoken) -> Vec<Templates> {
    let doc = Document::about("", "");
    let uses = RefCell::default();
    let word = Word { text: &spoken.text, span: 0..0 };
    let read = |clause: &super::rule::Clause| {
        let context = Context { doc: &doc, kind: clause.on, uses: &uses, trusted: true };
        Templates([Template::parse(context, &word)].into())
    };
    rule.clauses.iter().map(read).collect()
}

/// All rules, sites and symptoms, with what is being added.
#[derive(Default)]
struct Whole {
    sites: Sites,
    symptoms: Symptoms,
    rules: BTreeMap<String, Arc<Rule>>,
}

struct Check<'p> {
    packs: &'p [PackFiles],
    /// Ids of what exists and could not be read.
    unread: &'p BTreeSet<String>,
    /// Ids of sites of which nothing could be read.
    unread_sites: &'p BTreeSet<String>,
    /// Names of values that exist and could not be read.
    unread_values: BTreeSet<&'p str>,
    /// All recipes and links of sites are known.
    knows_links: bool,
    problems: Vec<Problem>,
}

impl<'p> Check<'p> {
    fn of(draft: &'p Draft, packs: &'p [PackFiles]) -> Self {
        let unread = |site: &'p Arc<Site>| {
            site.spans.values.keys().filter(|name| !site.values.contains_key(*name)).map(String::as_str)
        };
        Self {
            packs,
            unread: &draft.unread,
            unread_sites: &draft.unread_sites,
            unread_values: draft.sites.iter().flat_map(unread).collect(),
            knows_links: draft.unread_sites.is_empty(),
            problems: Vec::new(),
        }
    }

    /// Checks all that can be told: what hangs on something that could not be read is not.
    fn all(&mut self, below: &Policy, draft: &Draft) -> Whole {
        let before = self.problems.len();
        self.parents(&below.sites, &draft.sites);
        self.knows_links &= self.problems.len() == before;
        if self.packs(below, draft) {
            // Everything else would be there twice.
            return Whole::default();
        }
        let rules = self.rules(below, &draft.rules);
        let sites = below.sites.with(draft.sites.clone());
        let whole = Whole { sites, symptoms: below.symptoms.with(draft.symptoms.clone()), rules };
        for symptom in draft.symptoms.iter().chain(&draft.faulty_symptoms) {
            self.names_of(symptom, &whole);
        }
        for site in &draft.sites {
            self.names_in(site, &whole);
        }
        self.values(&draft.sites, &whole);
        for rule in &draft.rules {
            self.uses(&rule.origin, &rule.uses, &whole);
        }
        for (file, uses) in &draft.faulty {
            self.uses(file, uses, &whole);
        }
        for symptom in draft.symptoms.iter().chain(&draft.faulty_symptoms) {
            self.uses(&symptom.origin, &symptom.uses, &whole);
        }
        for site in &draft.sites {
            self.stands(site, &whole);
        }
        self.replies(draft, &whole.sites);
        whole
    }

    /// All declarations of values are known, but for the names of those that could not be read.
    fn knows_values(&self) -> bool {
        !self.unread_sites.contains(ROOT)
    }

    /// The text of a file of the packs.
    fn text(&self, file: &str) -> &'p str {
        let text = |pack: &'p PackFiles| pack.get(file.strip_prefix(&pack.origin)?.strip_prefix('/')?);
        self.packs.iter().rev().find_map(text).unwrap_or_default()
    }

    fn problem(&mut self, file: &str, span: Range<usize>, message: String, note: Option<String>) {
        let problem = Problem::new(file, self.text(file), span, message, note);
        if !self.problems.contains(&problem) {
            self.problems.push(problem);
        }
    }

    /// The root exists; every site has a name and a parent that exists, and none extends itself.
    fn parents(&mut self, below: &Sites, sites: &[Arc<Site>]) {
        let has_root = below.contains_key(ROOT) || self.unread_sites.contains(ROOT);
        if !has_root && !sites.iter().any(|site| site.id == ROOT) {
            let message = format!("there is no `sites/{ROOT}.toml`, which every site extends");
            let file = self.packs.last().map(|pack| format!("{}/sites/{ROOT}.toml", pack.origin)).unwrap_or_default();
            self.problem(&file, 0..0, message, None);
            return;
        }
        let mut parents: BTreeMap<&str, &str> =
            below.heads().filter_map(|head| Some((head.id.as_str(), head.extends.as_deref()?))).collect();
        for site in sites {
            let known = below.contains_key(&site.id) || parents.contains_key(site.id.as_str());
            if !known && site.name.is_empty() {
                self.problem(&site.origin, 0..0, "`name` is missing".to_owned(), None);
            }
            match &site.extends {
                Some(parent) => drop(parents.insert(&site.id, parent)),
                None if site.id != ROOT => drop(parents.entry(&site.id).or_insert(ROOT)),
                None => {}
            }
        }
        for site in sites.iter().filter(|site| site.extends.is_some()) {
            let mut chain = vec![site.id.as_str()];
            while let Some(parent) = parents.get(chain[chain.len() - 1]).copied() {
                let span = site.spans.extends.clone();
                if chain.contains(&parent) {
                    let path = chain.iter().chain([&parent]).copied().collect::<Vec<_>>().join("` → `");
                    let message = format!("`{}` extends itself", site.id);
                    self.problem(&site.origin, span, message, Some(format!("`{path}`")));
                    break;
                }
                let is_known = parent == ROOT || self.unread_sites.contains(parent) || parents.contains_key(parent);
                if !is_known {
                    // Each is told at the file that names it.
                    if chain.len() == 1 {
                        let known = parents.keys().copied().filter(|id| *id != site.id).chain([ROOT]);
                        let note = nearest(parent, known).map_or_else(
                            || "a site of another pack is known where that one is read too".to_owned(),
                            |near| format!("did you mean `{near}`?"),
                        );
                        self.problem(&site.origin, span, format!("unknown site `{parent}`"), Some(note));
                    }
                    break;
                }
                chain.push(parent);
            }
        }
    }

    /// No two packs have one name. True where two have.
    fn packs(&mut self, below: &Policy, draft: &Draft) -> bool {
        let before = self.problems.len();
        let mut seen: BTreeMap<&str, &str> =
            below.packs.iter().map(|pack| (pack.name.as_str(), pack.origin.as_str())).collect();
        for pack in draft.packs.iter().filter(|pack| !pack.name.is_empty()) {
            if let Some(other) = seen.insert(&pack.name, &pack.origin) {
                let message = format!("two packs are called `{}`: `{other}` and this one", pack.name);
                let note = Some("load one of them, or give them names of their own".to_owned());
                self.problem(&format!("{}/pack.toml", pack.origin), 0..0, message, note);
            }
        }
        self.problems.len() > before
    }

    /// The rules by id; one that is there already is replaced only by one that says so.
    fn rules(&mut self, below: &Policy, added: &[Arc<Rule>]) -> BTreeMap<String, Arc<Rule>> {
        let mut rules: BTreeMap<String, Arc<Rule>> =
            below.rules.iter().map(|rule| (rule.id.clone(), Arc::clone(rule))).collect();
        for rule in added {
            match (rules.insert(rule.id.clone(), Arc::clone(rule)), rule.replaces) {
                (Some(earlier), false) => {
                    let is_built_in = below.packs.len() <= 1 && below.rule(&rule.id).is_some();
                    let place = if is_built_in { "a built-in one" } else { earlier.origin.as_str() };
                    let message = format!("there is a rule `{}` already: {place}", rule.id);
                    let note = "give it another id, or say `replaces = true`".to_owned();
                    self.problem(&rule.origin, rule.id_span.clone(), message, Some(note));
                }
                (None, true) if !self.unread.contains(&rule.id) => {
                    let message = format!("there is no earlier rule `{}` to replace", rule.id);
                    let known: Vec<&str> = rules.keys().map(String::as_str).filter(|id| *id != rule.id).collect();
                    self.problem(&rule.origin, rule.id_span.clone(), message, expectation(&rule.id, &known));
                }
                _ => {}
            }
        }
        rules
    }

    /// The root declares every value; others give them in the same type.
    fn values(&mut self, sites: &[Arc<Site>], whole: &Whole) {
        let Some(root) = whole.sites.get(ROOT) else { return };
        let known: Vec<&str> = root.values.keys().map(String::as_str).collect();
        for site in sites {
            for (name, value) in &site.values {
                let span = site.spans.values.get(name).cloned().unwrap_or_default();
                match root.values.get(name) {
                    None if !self.knows_values() || self.unread_values.contains(name.as_str()) => {}
                    None => {
                        let message = format!("unknown value `{name}`: `sites/{ROOT}.toml` does not declare it");
                        self.problem(&site.origin, span, message, expectation(name, &known));
                    }
                    Some(declared) if declared.data.kind() != value.data.kind() => {
                        let expected = declared.data.kind();
                        let message = format!(
                            "`{name}` is {} here and {expected} in `sites/{ROOT}.toml`, which declares it",
                            value.data.kind()
                        );
                        let span = site.spans.data.get(name).cloned().unwrap_or(span);
                        self.problem(&site.origin, span, message, None);
                    }
                    Some(_) => {}
                }
            }
            if let Some(successor) = site.retired.as_ref().and_then(|retired| retired.successor.as_deref())
                && !whole.sites.contains_key(successor)
                && !self.unread_sites.contains(successor)
            {
                let known: Vec<&str> = whole.sites.keys().map(String::as_str).collect();
                let note = expectation(successor, &known);
                self.problem(&site.origin, 0..0, format!("unknown site `{successor}` as successor"), note);
            }
        }
    }

    /// Every value is declared by the root; every recipe and link exists at some site.
    fn uses(&mut self, file: &str, uses: &[Use], whole: &Whole) {
        let root = whole.sites.get(ROOT);
        for used in uses {
            let sites = whole.sites.values();
            let (what, known): (&str, BTreeSet<&str>) = match used.kind {
                UseKind::Value | UseKind::Text | UseKind::Table => {
                    ("value", root.iter().flat_map(|root| root.values.keys().map(String::as_str)).collect())
                }
                UseKind::Recipe => ("recipe", sites.flat_map(|site| site.recipes.keys().map(String::as_str)).collect()),
                UseKind::Link => ("link", sites.flat_map(|site| site.links.keys().map(String::as_str)).collect()),
            };
            let is_told = match used.kind {
                UseKind::Value | UseKind::Text | UseKind::Table => {
                    root.is_some() && self.knows_values() && !self.unread_values.contains(used.name.as_str())
                }
                UseKind::Recipe | UseKind::Link => self.knows_links,
            };
            if !known.contains(used.name.as_str()) && !is_told {
                continue;
            }
            if !known.contains(used.name.as_str()) {
                let known: Vec<&str> = known.into_iter().collect();
                let note = expectation(&used.name, &known)
                    .or_else(|| Some(format!("values are declared in `sites/{ROOT}.toml`")));
                let below = match used.kind {
                    UseKind::Recipe => "recipe.",
                    UseKind::Link => "link.",
                    UseKind::Value | UseKind::Text | UseKind::Table => "",
                };
                self.problem(
                    file,
                    used.span.clone(),
                    format!("unknown {what} `${below}{}` of a site", used.name),
                    note,
                );
            } else if let Some(value) = root.and_then(|root| root.values.get(&used.name)) {
                let (name, is_table) = (&used.name, matches!(value.data, ValueData::Table(_)));
                if used.kind == UseKind::Table && !is_table {
                    let message = format!("`${name}` is {}, not a table", value.data.kind());
                    self.problem(file, used.span.clone(), message, None);
                } else if used.kind == UseKind::Text && is_table {
                    let note = format!("a rule writes `{{${name}[FIELD]}}` for the entry of a field; a symptom cannot");
                    self.problem(file, used.span.clone(), format!("`${name}` is a table, not a text"), Some(note));
                }
            }
        }
    }

    /// The rules and symptoms of which a site says something exist.
    fn names_in(&mut self, site: &Site, whole: &Whole) {
        let unread = |id: &String| self.unread.contains(id);
        let rules = site.rules.keys().filter(|id| !whole.rules.contains_key(*id) && !unread(id));
        let known: Vec<&str> = whole.rules.keys().map(String::as_str).collect();
        let rules = rules.map(|id| ("rule", id, site.spans.rules.get(id), expectation(id, &known)));
        let symptoms = site.symptoms.stands.keys().filter(|id| !whole.symptoms.contains(id) && !unread(id));
        let known: Vec<&str> = whole.symptoms.ids().collect();
        let symptoms = symptoms.map(|id| ("symptom", id, site.spans.symptoms.get(id), expectation(id, &known)));
        for (what, id, span, note) in rules.chain(symptoms).collect::<Vec<_>>() {
            self.problem(&site.origin, span.cloned().unwrap_or_default(), format!("unknown {what} `{id}`"), note);
        }
    }

    /// What a site says of rules and symptoms: the templates fit their facts, and what they take from the site is there.
    fn stands(&mut self, site: &Site, whole: &Whole) {
        for (id, stand) in &site.rules {
            let Some(rule) = whole.rules.get(id) else { continue };
            self.trust(site, rule, whole);
            for text in [&stand.message, &stand.help].into_iter().flatten() {
                self.spoken(site, rule, text, whole);
            }
            if let Some(link) = stand.url.as_deref().and_then(|url| url.strip_prefix("$link."))
                && self.knows_links
                && let Some(complete) = whole.sites.get(&site.id)
                && !complete.links.contains_key(link)
            {
                let known: Vec<&str> = complete.links.keys().map(String::as_str).collect();
                let span = site.spans.urls.get(id).or(site.spans.rules.get(id)).cloned().unwrap_or_default();
                self.problem(&site.origin, span, format!("unknown link `$link.{link}`"), expectation(link, &known));
            }
        }
        for stand in site.symptoms.stands.values() {
            let uses: Vec<Use> = stand.uses().cloned().collect();
            self.uses(&site.origin, &uses, whole);
        }
    }

    /// The sites for which there are templates exist.
    fn replies(&mut self, draft: &Draft, sites: &Sites) {
        for (file, site) in draft.replies.iter().map(|(site, _)| (format!("replies/{site}.j2"), site)) {
            if !sites.contains_key(site) && !self.unread_sites.contains(site) {
                let known: Vec<&str> = sites.keys().map(String::as_str).collect();
                let origin = self.packs.last().map(|pack| pack.origin.clone()).unwrap_or_default();
                let message = format!("unknown site `{site}`");
                self.problem(&format!("{origin}/{file}"), 0..0, message, expectation(site, &known));
            }
        }
    }

    /// The rules and symptoms that a symptom names exist.
    fn names_of(&mut self, symptom: &Symptom, whole: &Whole) {
        for (name, span) in &symptom.named {
            if !whole.rules.contains_key(name) && !whole.symptoms.contains(name) && !self.unread.contains(name) {
                let known: Vec<&str> = whole.rules.keys().map(String::as_str).chain(whole.symptoms.ids()).collect();
                let message = format!("there is no rule or symptom `{name}`");
                self.problem(&symptom.origin, span.clone(), message, expectation(name, &known));
            }
        }
    }

    /// A site does not trust a fix that writes a word of its own values which only the user can fill in.
    fn trust(&mut self, site: &Site, rule: &Rule, whole: &Whole) {
        let (Some(stand), Some(complete)) = (site.rules.get(&rule.id), whole.sites.get(&site.id)) else { return };
        if !matches!(stand.fix, Some(Some(Applicability::Safe | Applicability::Unsafe))) {
            return;
        }
        let parts = rule.fixes().flat_map(|fix| fix.texts()).flat_map(|text| &text.parts);
        for part in parts {
            let Part::Value(name) = part else { continue };
            let Some(ValueData::Text(text, _)) = complete.values.get(&**name).map(|value| &value.data) else {
                continue;
            };
            if let Some(word) = to_fill(text) {
                let span = site.spans.rules.get(&rule.id).cloned().unwrap_or_default();
                let message =
                    format!("the fix of `{}` writes `${name}`, in which only the user can fill in `{word}`", rule.id);
                let note = "such a fix is shown, never applied: leave `fix` out".to_owned();
                self.problem(&site.origin, span, message, Some(note));
            }
        }
    }

    fn spoken(&mut self, site: &Site, rule: &Rule, spoken: &Spoken, whole: &Whole) {
        let doc = Document::about(&site.origin, self.text(&site.origin));
        let uses = RefCell::default();
        for clause in &rule.clauses {
            let context = Context { doc: &doc, kind: clause.on, uses: &uses, trusted: false };
            Template::parse(context, &Word { text: &spoken.text, span: spoken.span.clone() });
        }
        self.problems.extend(doc.into_problems());
        self.uses(&site.origin, &uses.into_inner(), whole);
    }
}
