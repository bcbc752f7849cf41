//! Why a fix is not offered: the condition that does not hold, and what it met.

use std::any::TypeId;
use std::fmt::Display;
use std::sync::{Arc, Mutex, PoisonError};

use foldhash::HashMap;

use crate::facts::Value;
use crate::policy::condition::{Test, Where};
use crate::policy::fix::FixSpec;
use crate::policy::rule::Other;
use crate::policy::wording::quoted;

use super::engine::Bench;
use super::eval::{Scene, Truth};
use super::lookup::Subject;

/// So many characters of a value are shown.
const MOST_OF_VALUE: usize = 60;

/// So many items of a list are shown.
const MOST_ITEMS: usize = 4;

/// What conditions say, each written once: many findings meet the same. By their addresses, since they stay where they
/// are for as long as a run lasts, and what they are, since the first part of a thing has its address.
#[derive(Debug, Default)]
pub(super) struct Wordings(Mutex<HashMap<(usize, TypeId), Arc<str>>>);

impl Wordings {
    fn of<T: Display + 'static>(&self, told: &T) -> Arc<str> {
        let key = (std::ptr::from_ref(told).addr(), TypeId::of::<T>());
        let mut known = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        Arc::clone(known.entry(key).or_insert_with(|| told.to_string().into()))
    }
}

/// Why what a fix asks for does not hold; `None` where it holds, at least on some paths.
pub(super) fn reason(bench: &Bench<'_>, scene: Scene<'_>, spec: &FixSpec) -> Option<String> {
    let (matcher, said) = (&spec.when.only_if, &bench.run.wordings);
    if let Some(test) = failing(scene, &matcher.all) {
        return Some(format!("its `where` wants `{}`; {}", said.of(test), met(scene, test)));
    }
    if !matcher.either.is_empty() && !matcher.either.iter().any(|table| scene.holds(table) > Truth::Unknown) {
        let each = matcher.either.iter().filter_map(|table| failing(scene, table));
        let each: Vec<String> = each.map(|test| format!("`{}` ({})", said.of(test), met(scene, test))).collect();
        return Some(format!("its `either` wants {}", each.join(" or ")));
    }
    let excludes = |table: &&Where| !matches!(scene.holds(table), Truth::No | Truth::Maybe);
    if let Some(table) = matcher.unless.iter().find(excludes) {
        // What may hold is the test that is not known.
        let tests = table.tests.iter();
        let told =
            tests.max_by_key(|test| (scene.fulfils(test) == Truth::Unknown, !test.path.text.starts_with("file.")));
        return told.map(|test| format!("its `unless` excludes `{}`; {}", said.of(table), met(scene, test)));
    }
    spec.when
        .with
        .iter()
        .find_map(|other| lacking(bench, scene, other))
        .or_else(|| spec.when.without.iter().find_map(|other| hindering(bench, scene, other)))
}

/// True where one of the conditions holds that a fix excludes, beside those on the file as a whole.
pub(super) fn is_excluded(scene: Scene<'_>, spec: &FixSpec) -> bool {
    let is_of_file = |table: &Where| table.tests.iter().all(|test| test.path.text.starts_with("file."));
    spec.when.only_if.unless.iter().any(|table| !is_of_file(table) && scene.holds(table) >= Truth::Maybe)
}

/// True where the other facts are there for certain that a fix asks for, and those that it excludes are not.
pub(super) fn others_are_right(bench: &Bench<'_>, scene: Scene<'_>, spec: &FixSpec) -> bool {
    spec.when.with.iter().all(|other| bench.exists(scene, other, None) == Truth::Yes)
        && spec.when.without.iter().all(|other| bench.exists(scene, other, None) == Truth::No)
}

/// The first test of a table that does not hold.
fn failing<'t>(scene: Scene<'_>, table: &'t Where) -> Option<&'t Test> {
    table.tests.iter().find(|test| scene.fulfils(test) <= Truth::Unknown)
}

/// What a test met: `` `version` is absent here ``.
fn met(scene: Scene<'_>, test: &Test) -> String {
    let value = scene.judge.lookup(&test.path, scene.subject).value;
    let open = if scene.fulfils(test) == Truth::Unknown { ", so that it cannot be known" } else { "" };
    format!("`{}` is {} here{open}", test.path, value.map_or_else(|| "absent".to_owned(), |value| shown(&value)))
}

/// A value as a condition would write it.
fn shown(value: &Value) -> String {
    match value {
        Value::Text(text) => {
            let text = &text.text;
            match text.char_indices().nth(MOST_OF_VALUE) {
                Some((end, _)) => quoted(&format!("{}…", &text[..end])),
                None => quoted(text),
            }
        }
        Value::List(items) => {
            let mut all: Vec<String> = items.iter().take(MOST_ITEMS).map(shown).collect();
            all.extend((items.len() > MOST_ITEMS).then(|| "…".to_owned()));
            format!("[{}]", all.join(", "))
        }
        Value::Record(_) => match value.to_string() {
            name if name.is_empty() => "there".to_owned(),
            name => quoted(&name),
        },
        Value::Flag(_) | Value::Number(_) => value.to_string(),
    }
}

fn lacking(bench: &Bench<'_>, scene: Scene<'_>, other: &Other) -> Option<String> {
    let (truth, subject) = bench.witness(scene, other);
    let there = match subject {
        _ if truth == Truth::Yes => return None,
        Some(subject) => format!("the one {} is not there for certain", at(scene, subject)),
        None => "there is none".to_owned(),
    };
    Some(format!("its `with` wants a {}; {there}", bench.run.wordings.of(other)))
}

fn hindering(bench: &Bench<'_>, scene: Scene<'_>, other: &Other) -> Option<String> {
    let (truth, subject) = bench.witness(scene, other);
    let there = match subject {
        _ if truth == Truth::No => return None,
        Some(subject) if truth == Truth::Yes => format!("there is one {}", at(scene, subject)),
        Some(subject) => format!("there may be one {}", at(scene, subject)),
        None => "there may be one, of too many to look at".to_owned(),
    };
    Some(format!("its `without` excludes a {}; {there}", bench.run.wordings.of(other)))
}

/// Where another fact stands, seen from the one that is judged.
fn at(scene: Scene<'_>, subject: Subject<'_>) -> String {
    let source = subject.view.source;
    let line = source.lines.line(subject.fact.span.start);
    let same = source.path == scene.about.view.source.path;
    if same { format!("on line {line}") } else { format!("in {}:{line}", source.path.display()) }
}
