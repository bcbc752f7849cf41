//! What can be checked only when all files of all packs are read: names that one file uses and another declares.

use std::cell::RefCell;
use std::collections::{BTreeMap, BTreeSet};
use std::ops::Range;
use std::sync::Arc;

use super::document::{Document, Word, expectation};
use super::error::{PolicyError, Problem};
use super::pack::{Draft, PackFiles, Policy};
use super::rule::Rule;
use super::site::{ROOT, Site, Spoken, ValueData};
use super::sites::Sites;
use super::template::{Context, Template, Templates, Use, UseKind};

/// Checks `draft` across its files and completes the sites.
pub(super) fn check(draft: Draft, packs: &[PackFiles]) -> Result<Policy, PolicyError> {
    let mut check = Check { packs, problems: Vec::new() };
    let sites = check.complete_sites(&draft.sites);
    check.values(&draft.sites, &sites);
    for rule in draft.rules.values() {
        check.uses(&rule.origin, &rule.uses, &draft.sites);
    }
    for site in draft.sites.values() {
        check.stands(site, &draft, &sites);
    }
    if !check.problems.is_empty() {
        return Err(PolicyError::Invalid(check.problems));
    }
    let rules = draft.rules.into_values().map(Arc::new).collect();
    Ok(Policy { packs: draft.packs, rules, sites: Sites::new(sites) })
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

struct Check<'p> {
    packs: &'p [PackFiles],
    problems: Vec<Problem>,
}

impl Check<'_> {
    fn problem(&mut self, file: &str, span: Range<usize>, message: String, note: Option<String>) {
        let text =
            self.packs.iter().rev().find_map(|pack| pack.get(file.strip_prefix(&pack.origin)?.strip_prefix('/')?));
        let problem = Problem::new(file, text.unwrap_or(""), span, message, note);
        if !self.problems.contains(&problem) {
            self.problems.push(problem);
        }
    }

    /// Completes every site from its parents; the root must exist and no site may extend itself.
    fn complete_sites(&mut self, sites: &BTreeMap<String, Site>) -> BTreeMap<String, Site> {
        let mut done = BTreeMap::new();
        if !sites.contains_key(ROOT) {
            let message = format!("there is no `sites/{ROOT}.toml`, which every site extends");
            let file = self.packs.last().map(|pack| format!("{}/sites/{ROOT}.toml", pack.origin)).unwrap_or_default();
            self.problem(&file, 0..0, message, None);
            return done;
        }
        for site in sites.values() {
            let mut chain = vec![site];
            while let Some(parent) = chain[chain.len() - 1].extends.as_deref() {
                let child = chain[chain.len() - 1];
                let Some(parent) = sites.get(parent) else {
                    let known: Vec<&str> = sites.keys().map(String::as_str).collect();
                    let note = expectation(parent, &known);
                    self.problem(&child.origin, child.spans.extends.clone(), format!("unknown site `{parent}`"), note);
                    break;
                };
                if chain.iter().any(|site| site.id == parent.id) {
                    let message = format!("`{}` extends itself", site.id);
                    self.problem(&child.origin, child.spans.extends.clone(), message, None);
                    break;
                }
                chain.push(parent);
            }
            let Some((top, rest)) = chain.split_last() else { continue };
            let whole = rest.iter().rev().fold((*top).clone(), |parent, child| child.completed(&parent));
            done.insert(site.id.clone(), whole);
        }
        done
    }

    /// The root declares every value; others give them in the same type.
    fn values(&mut self, sites: &BTreeMap<String, Site>, completed: &BTreeMap<String, Site>) {
        let Some(root) = sites.get(ROOT) else { return };
        let known: Vec<&str> = root.values.keys().map(String::as_str).collect();
        for site in sites.values() {
            for (name, value) in &site.values {
                let span = site.spans.values.get(name).cloned().unwrap_or_default();
                match root.values.get(name) {
                    None => {
                        let message = format!("unknown value `{name}`: `sites/{ROOT}.toml` does not declare it");
                        self.problem(&site.origin, span, message, expectation(name, &known));
                    }
                    Some(declared) if declared.data.kind() != value.data.kind() => {
                        let expected = declared.data.kind();
                        let message = format!("`{name}` is {} here and {expected} elsewhere", value.data.kind());
                        self.problem(&site.origin, span, message, None);
                    }
                    Some(_) => {}
                }
            }
            if let Some(successor) = site.retired.as_ref().and_then(|retired| retired.successor.as_deref())
                && !completed.contains_key(successor)
            {
                let known: Vec<&str> = completed.keys().map(String::as_str).collect();
                let note = expectation(successor, &known);
                self.problem(&site.origin, 0..0, format!("unknown site `{successor}` as successor"), note);
            }
        }
    }

    /// Every value is declared by the root; every recipe and link exists at some site.
    fn uses(&mut self, file: &str, uses: &[Use], sites: &BTreeMap<String, Site>) {
        for used in uses {
            let (what, known): (&str, BTreeSet<&str>) = match used.kind {
                UseKind::Value | UseKind::Table => {
                    ("value", sites.get(ROOT).iter().flat_map(|root| root.values.keys().map(String::as_str)).collect())
                }
                UseKind::Recipe => {
                    ("recipe", sites.values().flat_map(|site| site.recipes.keys().map(String::as_str)).collect())
                }
                UseKind::Link => {
                    ("link", sites.values().flat_map(|site| site.links.keys().map(String::as_str)).collect())
                }
            };
            if !known.contains(used.name.as_str()) {
                let known: Vec<&str> = known.into_iter().collect();
                let note = expectation(&used.name, &known)
                    .or_else(|| Some(format!("values are declared in `sites/{ROOT}.toml`")));
                self.problem(file, used.span.clone(), format!("unknown {what} `${}` of a site", used.name), note);
            } else if used.kind == UseKind::Table
                && let Some(value) = sites.get(ROOT).and_then(|root| root.values.get(&used.name))
                && !matches!(value.data, ValueData::Table(_))
            {
                let message = format!("`${}` is {}, not a table", used.name, value.data.kind());
                self.problem(file, used.span.clone(), message, None);
            }
        }
    }

    /// What a site says of rules: they exist, and the templates fit their facts.
    fn stands(&mut self, site: &Site, draft: &Draft, completed: &BTreeMap<String, Site>) {
        for (id, stand) in &site.rules {
            let span = site.spans.rules.get(id).cloned().unwrap_or_default();
            let Some(rule) = draft.rules.get(id) else {
                let known: Vec<&str> = draft.rules.keys().map(String::as_str).collect();
                self.problem(&site.origin, span, format!("unknown rule `{id}`"), expectation(id, &known));
                continue;
            };
            for text in [&stand.message, &stand.help].into_iter().flatten() {
                self.spoken(site, rule, text, &draft.sites);
            }
            if let Some(link) = stand.url.as_deref().and_then(|url| url.strip_prefix("$link."))
                && let Some(whole) = completed.get(&site.id)
                && !whole.links.contains_key(link)
            {
                let known: Vec<&str> = whole.links.keys().map(String::as_str).collect();
                self.problem(&site.origin, span, format!("unknown link `{link}`"), expectation(link, &known));
            }
        }
    }

    fn spoken(&mut self, site: &Site, rule: &Rule, spoken: &Spoken, sites: &BTreeMap<String, Site>) {
        let packs = self.packs;
        let text = packs
            .iter()
            .rev()
            .find_map(|pack| pack.get(site.origin.strip_prefix(&pack.origin)?.strip_prefix('/')?))
            .unwrap_or("");
        let doc = Document::about(&site.origin, text);
        let uses = RefCell::default();
        for clause in &rule.clauses {
            let context = Context { doc: &doc, kind: clause.on, uses: &uses, trusted: true };
            Template::parse(context, &Word { text: &spoken.text, span: spoken.span.clone() });
        }
        self.problems.extend(doc.into_problems());
        self.uses(&site.origin, &uses.into_inner(), sites);
    }
}
