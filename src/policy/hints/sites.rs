//! Notes on a site.

use std::sync::Arc;

use super::super::error::nearest;
use super::super::pack::Policy;
use super::super::site::{Site, ValueData};
use super::did_you_mean;
use crate::source::Scheduler;
use crate::tables::{Lookup, Tables};

/// What a site says that can never be met, or says nothing.
pub fn of_site(id: &str, policy: &Policy) -> Vec<String> {
    let (Ok(site), Some(head)) = (policy.site(id), policy.sites.head(id)) else { return Vec::new() };
    let mut notes = Vec::new();
    for host in head.detect.hosts.iter().map(ToString::to_string) {
        if host.chars().any(char::is_uppercase) {
            notes.push(format!("`hosts` has `{host}`, which fits no host: their names are read in lower case"));
        }
    }
    for sign in head.detect.evidence.iter().map(ToString::to_string) {
        if let Some(why) = no_directive(&sign, site, &policy.tables) {
            notes.push(format!("`evidence` has `{sign}`, which no file has: {why}"));
        }
        // Of sites on one line of descent the lowest is meant.
        let mut others = policy
            .sites
            .heads()
            .filter(|other| !policy.sites.descends(&other.id, id) && !policy.sites.descends(id, &other.id));
        let other = others.find(|other| other.detect.evidence.iter().any(|own| own.to_string() == sign));
        if let Some(other) = other {
            notes.push(format!("`evidence` has `{sign}`, which `{}` has too: it tells neither", other.id));
        }
    }
    let parent = site.extends.as_deref().and_then(|parent| policy.site(parent).ok());
    for (rule, url) in site.rules.iter().filter_map(|(rule, stand)| Some((rule, stand.url.as_deref()?))) {
        let inherited = parent.and_then(|parent| parent.rules.get(rule)).and_then(|stand| stand.url.as_deref());
        let is_link = url.is_empty() || ["https://", "http://", "$link."].iter().any(|start| url.starts_with(start));
        if !is_link && inherited != Some(url) {
            notes.push(format!(
                "the `url` of `{rule}` is `{url}`, which is no address, and is shown as the link of findings: put words into `help`"
            ));
        }
    }
    for (name, text) in own_texts(site, parent) {
        if let Some(word) = template_word(&text) {
            notes.push(format!(
                "{name} holds `{word}`, which stays as it is: only texts of rules and symptoms are filled"
            ));
        }
    }
    notes
}

/// Why a sign that looks like a directive is the text of none.
fn no_directive(sign: &str, site: &Site, tables: &Tables) -> Option<String> {
    let written = sign.strip_prefix('-')?;
    let scheduler = Scheduler::ALL.into_iter().find(|own| site.scheduler.as_deref() == Some(own.name()))?;
    let options = tables.schedulers.options(scheduler);
    let Some(long) = written.strip_prefix('-') else {
        let letter = options.short(written.chars().next()?)?;
        let value = written.get(1..)?.trim_start_matches([' ', '=']);
        return Some(format!("directives are known by their long names: `--{}={value}`", letter.canonical()));
    };
    let (name, value) = long.split_once('=').unwrap_or((long, ""));
    match options.lookup(name) {
        _ if name.contains(['*', '?', '[']) => None,
        Lookup::Exact(option) if option.canonical() == name && !value.is_empty() => None,
        Lookup::Exact(option) | Lookup::Prefix(option) => Some(format!("write `--{}=VALUE`", option.canonical())),
        _ => {
            let near = nearest(name, options.iter().map(|option| option.canonical()));
            Some(format!(
                "{} has no such option{}",
                scheduler.name(),
                did_you_mean(near.map(|near| format!("--{near}")))
            ))
        }
    }
}

/// The values and recipes that a site does not inherit, as texts.
fn own_texts(site: &Site, parent: Option<&Arc<Site>>) -> Vec<(String, String)> {
    let mut texts = Vec::new();
    for (name, value) in &site.values {
        if parent.and_then(|parent| parent.values.get(name)).is_some_and(|inherited| Arc::ptr_eq(inherited, value)) {
            continue;
        }
        let mut add = |text: &String| texts.push((format!("the value `{name}`"), text.clone()));
        match &value.data {
            ValueData::Text(text, _) => add(text),
            ValueData::Number(_) => {}
            ValueData::List(items) => items.iter().for_each(|(text, _)| add(text)),
            ValueData::Table(rows) => rows.iter().for_each(|(_, _, text)| add(text)),
        }
    }
    for (name, recipe) in &site.recipes {
        if !parent.and_then(|parent| parent.recipes.get(name)).is_some_and(|inherited| Arc::ptr_eq(inherited, recipe)) {
            texts.push((format!("the recipe `{name}`"), recipe.value.clone()));
        }
    }
    texts
}

/// A word of templates: `{$link.python}`.
fn template_word(text: &str) -> Option<&str> {
    let from = text.find("{$")?;
    let end = text[from..].find('}')? + from + 1;
    let is_name = text[from + 2..].starts_with(|first: char| first.is_ascii_lowercase());
    is_name.then(|| &text[from..end])
}
