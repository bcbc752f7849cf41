//! What a site says, piece by piece, in words and as JSON, and where it differs from its parent.

use serde_json::{Map, Value as Json, json};

use crate::policy::site::{Provenance, Quota, Retired, Stand, ValueData};
use crate::policy::{Rule, Selection, Severity, Site};

/// Something that a site says, with who says so.
pub(super) struct Entry<'p> {
    pub(super) name: &'p str,
    pub(super) text: String,
    pub(super) json: Json,
    /// The site that says it.
    pub(super) from: &'p str,
    pub(super) source: &'p Provenance,
}

/// Where a site differs from its parent on a rule.
pub(super) struct Difference<'p> {
    pub(super) rule: &'p str,
    pub(super) here: Option<Severity>,
    pub(super) parent: Option<Severity>,
    /// The words that are its own: what they are, and the words.
    pub(super) words: Vec<(&'static str, &'p str)>,
}

impl Entry<'_> {
    /// True when another site says the same thing by the same authority.
    pub(super) fn is_as(&self, other: &Self) -> bool {
        let source = |entry: &Self| (entry.source.source.clone(), entry.source.verified.clone());
        self.name == other.name && self.json == other.json && source(self) == source(other)
    }
}

pub(super) fn places(site: &Site) -> Vec<Entry<'_>> {
    let entries = site.places.iter().map(|row| {
        let paths: Vec<&str> = row.paths.iter().map(|path| path.text.as_str()).collect();
        let json = json!({ "place": row.place, "paths": paths });
        Entry { name: &row.place, text: paths.join(", "), json, from: &site.id, source: &row.source }
    });
    entries.collect()
}

pub(super) fn quotas(site: &Site) -> Vec<Entry<'_>> {
    let entries = site.quotas.iter().map(|quota| {
        let Quota { place, bytes, files, source } = quota;
        let limits = bytes.iter().cloned().chain(files.map(|files| format!("{files} files")));
        let text = limits.collect::<Vec<_>>().join(", ");
        let json = json!({ "place": place, "bytes": bytes, "files": files });
        Entry { name: place, text, json, from: &site.id, source }
    });
    entries.collect()
}

pub(super) fn values(site: &Site) -> Vec<Entry<'_>> {
    let entries = site.values.iter().map(|(name, value)| {
        let (text, data) = shown(&value.data);
        let json = json!({ "name": name, "value": data });
        Entry { name, text, json, from: &site.id, source: &value.source }
    });
    entries.collect()
}

pub(super) fn recipes(site: &Site) -> Vec<Entry<'_>> {
    let entries = site.recipes.iter().map(|(name, recipe)| {
        let json = json!({ "name": name, "text": recipe.value });
        Entry { name, text: recipe.value.trim_end().to_owned(), json, from: &site.id, source: &recipe.source }
    });
    entries.collect()
}

/// A value for people, empty when it says «none», and for programs.
fn shown(data: &ValueData) -> (String, Json) {
    match data {
        ValueData::Text(text, _) => (text.clone(), json!(text)),
        ValueData::Number(-1) => (String::new(), json!(-1)),
        ValueData::Number(number) => (number.to_string(), json!(number)),
        ValueData::List(items) => {
            let items: Vec<&str> = items.iter().map(|(text, _)| text.as_str()).collect();
            (items.join(", "), json!(items))
        }
        ValueData::Table(rows) => {
            let text: Vec<String> = rows.iter().map(|(key, _, value)| format!("{key} = {value}")).collect();
            let object: Map<String, Json> = rows.iter().map(|(key, _, value)| (key.clone(), json!(value))).collect();
            (text.join(", "), object.into())
        }
    }
}

pub(super) fn retired(retired: &Retired) -> String {
    let since = retired.since.as_ref().map(|since| format!(" since {since}")).unwrap_or_default();
    let successor = retired.successor.as_ref().map(|site| format!(", now {site}")).unwrap_or_default();
    format!("retired{since}{successor}")
}

/// What a site says otherwise than its parent; without a parent, otherwise than the rule.
pub(super) fn difference<'p>(rule: &'p Rule, site: &'p Site, parent: Option<&'p Site>) -> Option<Difference<'p>> {
    let own = site.rules.get(&rule.id)?;
    let theirs = parent.and_then(|parent| parent.rules.get(&rule.id));
    let all = |stand: &'p Stand, site: &'p Site| {
        let fix = stand.fix.map(|fix| fix.map_or("none", |fix| fix.name()));
        [
            ("message", stand.message.as_ref().map(|spoken| spoken.text.as_str())),
            ("help", stand.help.as_ref().map(|spoken| spoken.text.as_str())),
            ("url", stand.link(site)),
            ("fix", fix),
            ("reason", stand.reason.as_deref()),
        ]
    };
    let before = parent.and_then(|parent| Some(all(theirs?, parent)));
    let changed = all(own, site).into_iter().enumerate().filter_map(|(at, (what, words))| {
        let same = before.is_some_and(|before| before[at].1 == words);
        Some((what, words.filter(|_| !same)?))
    });
    let words: Vec<(&'static str, &str)> = changed.collect();
    let severity = |stand: Option<&Stand>| Selection::default().severity(rule, stand);
    let (here, parent) = (severity(Some(own)), severity(theirs));
    (here != parent || !words.is_empty()).then(|| Difference { rule: &rule.id, here, parent, words })
}

pub(super) fn level(severity: Option<Severity>) -> &'static str {
    severity.map_or("off", Severity::name)
}
