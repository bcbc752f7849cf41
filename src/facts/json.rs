//! Facts as JSON, for people who write rules and for golden files.

use serde_json::{Map, Value as Json, json};

use ecow::EcoString;

use super::{Fact, Record, Text, Value};
use crate::source::Span;

/// A fact: `kind`, `span`, `certain` when it is not, `cell`, `fields`, `state`.
pub fn fact(fact: &Fact) -> Json {
    let mut out = Map::new();
    out.insert("kind".into(), fact.kind.name().into());
    out.insert("span".into(), span(fact.span));
    if !fact.certain {
        out.insert("certain".into(), false.into());
    }
    if let Some(cell) = fact.cell {
        out.insert("cell".into(), cell.into());
    }
    out.insert("fields".into(), record(&fact.fields));
    if let Some(state) = fact.state.as_ref().filter(|state| !state.is_empty()) {
        out.insert("state".into(), record(state));
    }
    Json::Object(out)
}

/// A record, its fields in order; `@span` is its place, `@possible` marks one that holds on some paths only.
pub fn record(record: &Record) -> Json {
    let mut out = Map::new();
    if let Some(place) = record.span.get() {
        out.insert("@span".into(), span(place));
    }
    if record.possible {
        out.insert("@possible".into(), true.into());
    }
    for (name, field) in record.iter() {
        out.insert(name.to_owned(), value(field));
    }
    Json::Object(out)
}

/// A value. Text that stands nowhere is a string, other text an object.
pub fn value(value: &Value) -> Json {
    match value {
        Value::Flag(flag) => (*flag).into(),
        Value::Number(number) => (*number).into(),
        Value::Text(text) => self::text(text),
        Value::List(items) => Json::Array(items.iter().map(self::value).collect()),
        Value::Record(record) => self::record(record),
    }
}

fn text(text: &Text) -> Json {
    if text.span.get().is_none() && text.origin.get().is_none() && text.unresolved.is_empty() {
        return text.text.as_str().into();
    }
    let mut out = Map::new();
    out.insert("text".into(), text.text.as_str().into());
    if let Some(place) = text.span.get() {
        out.insert("span".into(), span(place));
    }
    if let Some(place) = text.origin.get() {
        out.insert("origin".into(), span(place));
    }
    if !text.unresolved.is_empty() {
        out.insert("unresolved".into(), json!(text.unresolved.iter().map(EcoString::as_str).collect::<Vec<_>>()));
    }
    Json::Object(out)
}

fn span(span: Span) -> Json {
    json!([span.start, span.end])
}
