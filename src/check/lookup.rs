//! Finding the value of a field path: in a fact, its state, the job, the file or the site.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::sync::OnceLock;

use ecow::EcoString;

use crate::facts::{Fact, FactKind, FileFacts, Record, Text, Value};
use crate::policy::needs::Needs;
use crate::policy::path::{Derived, FieldPath, Root};
use crate::policy::{Effective, Site};
use crate::source::Source;
use crate::syntax::shell::quote::quoted;

use super::kept::Kept;
use super::machine::Use;
use super::place::Places;

/// One file as the engine sees it: its facts with what only the run as a whole knows.
#[derive(Clone, Debug)]
pub(super) struct View<'a> {
    /// The file.
    pub source: &'a Source,
    /// Its facts.
    pub facts: &'a FileFacts,
    /// The policy that judges it.
    pub policy: &'a Effective,
    /// Its `file.…` fields, with those that links give.
    pub file: Record,
    /// Facts that the engine adds: the file itself, gaps, suppressions.
    pub added: Vec<Fact>,
    /// Fields that links add to facts, by index.
    pub overlays: BTreeMap<usize, Record>,
    /// Indices of facts by kind, in order.
    pub by_kind: BTreeMap<FactKind, Vec<usize>>,
    /// Comments that ask to leave lines alone; read where a fix is offered.
    pub kept: OnceLock<Vec<Kept>>,
    /// Where it is used; told where a fix is offered.
    pub used: OnceLock<Use>,
    /// Why that is elsewhere.
    pub used_elsewhere: OnceLock<Option<String>>,
}

/// A fact in its file.
#[derive(Clone, Copy, Debug)]
pub(super) struct Subject<'a> {
    pub view: &'a View<'a>,
    pub index: usize,
    pub fact: &'a Fact,
}

/// What a path leads to.
#[derive(Clone, Debug)]
pub(super) struct Found<'a> {
    /// The value, `None` when it is absent.
    pub value: Option<Cow<'a, Value>>,
    /// It is there on some paths only.
    pub possible: bool,
}

/// Site and places by which everything in a file is judged.
#[derive(Clone, Copy, Debug)]
pub(super) struct Judge<'a> {
    pub policy: &'a Effective,
    pub places: &'a Places<'a>,
}

impl View<'_> {
    /// The fact of that index.
    pub fn fact(&self, index: usize) -> Option<&Fact> {
        let own = self.facts.facts.len();
        if index < own { self.facts.facts.get(index) } else { self.added.get(index - own) }
    }

    /// The fact of that index with its file.
    pub fn subject(&self, index: usize) -> Option<Subject<'_>> {
        Some(Subject { view: self, index, fact: self.fact(index)? })
    }
}

impl<'a> Subject<'a> {
    /// The working directory at the fact.
    pub fn cwd(&self) -> Option<&'a Text> {
        match self.fact.state.as_deref()?.get("cwd") {
            Some(Value::Text(text)) => Some(text),
            _ => None,
        }
    }
}

impl Subject<'_> {
    /// The marks of the fact's own fields, and of those of its state.
    #[inline]
    pub fn marks(&self) -> (u64, u64) {
        let own = match self.fact.kind {
            FactKind::File => &self.view.file,
            _ => &self.fact.fields,
        };
        // Links may give it any other.
        let is_linked = self.view.overlays.contains_key(&self.index);
        (if is_linked { u64::MAX } else { own.marks() }, self.fact.state.as_deref().map_or(0, Record::marks))
    }

    /// False when a field is not there that conditions need.
    #[inline]
    pub fn may_fulfil(&self, needs: Needs) -> bool {
        let (own, state) = self.marks();
        needs.are_among(own, state)
    }
}

impl<'a> Found<'a> {
    /// Nothing, on every path.
    pub const ABSENT: Self = Self { value: None, possible: false };

    fn some(value: Cow<'a, Value>, possible: bool) -> Self {
        let possible = possible || matches!(&*value, Value::Record(record) if record.possible);
        Self { value: Some(value), possible }
    }

    fn owned(value: impl Into<Value>) -> Self {
        Self::some(Cow::Owned(value.into()), false)
    }
}

impl<'a> Judge<'a> {
    /// The value at `path` for a fact.
    pub fn lookup(&self, path: &FieldPath, subject: Subject<'a>) -> Found<'a> {
        let record = match path.root {
            Root::Own if subject.fact.kind == FactKind::File => Some(&subject.view.file),
            Root::Own => {
                let overlay = subject.view.overlays.get(&subject.index);
                let has = |record: &&Record| path.steps.first().is_some_and(|step| record.get(step).is_some());
                Some(overlay.filter(has).unwrap_or(&subject.fact.fields))
            }
            Root::State => subject.fact.state.as_deref(),
            Root::Job => subject.view.facts.job.as_ref(),
            Root::File => Some(&subject.view.file),
            Root::Site => return self.site_field(path),
        };
        let Some(record) = record else { return self.derive(path, Found::ABSENT, subject) };
        // Most paths are the name of a field.
        if let ([step], None) = (&*path.steps, path.derived) {
            return record.get(step).map_or(Found::ABSENT, |value| Found::some(Cow::Borrowed(value), false));
        }
        self.derive(path, walk(record, &path.steps), subject)
    }

    /// The value at `path` in a record of a list; `subject` is the fact that holds it.
    pub fn lookup_in<'b>(&self, path: &FieldPath, record: &'b Record, subject: Subject<'_>) -> Found<'b> {
        self.derive(path, walk(record, &path.steps), subject)
    }

    /// Applies the property at the end of `path`.
    pub fn derive<'b>(&self, path: &FieldPath, found: Found<'b>, subject: Subject<'_>) -> Found<'b> {
        let Some(derived) = path.derived else { return found };
        let possible = found.possible;
        let derive = |text: &Text| match self.derive_text(derived, text, subject) {
            Value::Text(text) if path.as_word => self.derive_text(Derived::Word, &text, subject),
            value => value,
        };
        let value = match (derived, found.value.as_deref()) {
            (Derived::Count, None) => Value::Number(0),
            (Derived::Count, Some(Value::List(items))) => Value::Number(i64::try_from(items.len()).unwrap_or(i64::MAX)),
            (_, Some(Value::Text(text))) => derive(text),
            (_, Some(Value::List(items))) => {
                let texts =
                    items.iter().filter_map(|item| if let Value::Text(text) = item { Some(text) } else { None });
                Value::List(texts.map(|text| derive(text)).collect())
            }
            _ => return Found::ABSENT,
        };
        Found { value: Some(Cow::Owned(value)), possible }
    }

    fn derive_text(&self, derived: Derived, text: &Text, subject: Subject<'_>) -> Value {
        match derived {
            Derived::Place => self.places.place_value(text, subject.cwd()),
            Derived::Name => self.component(text, true).into(),
            Derived::Parent => self.component(text, false).into(),
            Derived::Origin => Text { span: text.origin.or(text.span), ..text.clone() }.into(),
            Derived::Carried => Value::Flag(text.carried_from().is_some()),
            Derived::Unresolved => Value::List(text.unresolved.iter().map(|name| Value::from(name.as_str())).collect()),
            Derived::Word => Text { text: word(text).into(), ..text.clone() }.into(),
            Derived::Count => Value::Number(1),
        }
    }

    /// The last component of a path, or what stands before it; a slash inside a substitution does not count.
    fn component(&self, text: &Text, last: bool) -> Text {
        let holes = self.places.holes(text);
        let whole = text.text.trim_end_matches('/');
        let inside = |at: usize| holes.iter().any(|hole| hole.range.contains(&at));
        let slash = whole.rmatch_indices('/').map(|(at, _)| at).find(|at| !inside(*at));
        let range = match (slash, last) {
            (Some(at), true) => at + 1..whole.len(),
            (Some(at), false) => 0..at.max(1),
            (None, true) => 0..whole.len(),
            (None, false) => 0..0,
        };
        let part = whole.get(range).unwrap_or("");
        let stays = |name: &&EcoString| match name.as_str() {
            "(" => part.contains("$("),
            "*" => part.contains(['*', '?', '{', '[']),
            name => part.contains(&format!("${name}")) || part.contains(&format!("${{{name}")),
        };
        let unresolved = text.unresolved.iter().filter(stays).cloned().collect();
        Text { text: part.into(), unresolved, span: text.span, origin: text.origin }
    }

    fn site_field(&self, path: &FieldPath) -> Found<'a> {
        let site: &Site = &self.policy.site;
        match path.steps.first().map(AsRef::as_ref) {
            Some("id") => Found::owned(site.id.clone()),
            Some("scheduler") => site.scheduler.clone().map_or(Found::ABSENT, Found::owned),
            Some("retired") => Found::owned(site.retired.is_some()),
            Some("values") => {
                let set = site.values.iter().filter(|(_, value)| value.data.is_set());
                Found::owned(set.map(|(name, _)| Value::from(name.clone())).collect::<Vec<_>>())
            }
            _ => Found::ABSENT,
        }
    }
}

/// A text as one word of a shell, in which variables stay variables.
fn word(text: &Text) -> String {
    let mut word = quoted(&text.text);
    for name in text.unresolved.iter().filter(|name| name.starts_with(|c: char| c.is_ascii_alphabetic() || c == '_')) {
        let (escaped, variable) = (format!("\\${name}"), format!("\"${name}\""));
        let unbraced = word.replace(&format!("\\$\\{{{name}\\}}"), &variable);
        let mut parts = unbraced.split(&escaped);
        word = parts.next().unwrap_or_default().to_owned();
        for rest in parts {
            let goes_on = rest.starts_with(|c: char| c.is_ascii_alphanumeric() || c == '_');
            word += if goes_on { &escaped } else { &variable };
            word += rest;
        }
    }
    word
}

/// Follows `steps` from `record`; through a list, to the values of all its records.
pub(super) fn walk<'a>(record: &'a Record, steps: &[Box<str>]) -> Found<'a> {
    let mut record = record;
    let mut possible = false;
    for (index, step) in steps.iter().enumerate() {
        let Some(value) = record.get(step) else { return Found::ABSENT };
        if index + 1 == steps.len() {
            return Found::some(Cow::Borrowed(value), possible);
        }
        match value {
            Value::Record(inner) => {
                record = inner;
                possible |= inner.possible;
            }
            Value::List(items) => {
                let values = map_items(items.iter(), &steps[index + 1..]);
                return Found::some(Cow::Owned(Value::List(values.into())), possible);
            }
            _ => return Found::ABSENT,
        }
    }
    Found::ABSENT
}

/// The values at `steps` in each record of a list.
pub(super) fn map_items<'a>(items: impl Iterator<Item = &'a Value>, steps: &[Box<str>]) -> Vec<Value> {
    let records = items.filter_map(|item| if let Value::Record(record) = item { Some(record) } else { None });
    records.filter_map(|record| walk(record, steps).value.map(Cow::into_owned)).collect()
}
