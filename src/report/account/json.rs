//! The report on an account as JSON, version 1: keys are only ever added. Findings are those of `check`.

use std::io::{self, Write};

use serde_json::{Map, Value as Json, json};

use crate::doctor::startup::Node;
use crate::facts::{FactKind, Record, Value};
use crate::report::{encode, json};

use super::{AccountReport, secret};

pub(super) fn write(account: &AccountReport, out: &mut dyn Write) -> io::Result<()> {
    encode::compact(&document(account), out)?;
    writeln!(out)
}

/// Changes every text of a document; the names of fields stay.
pub(super) fn each_text(value: &mut Json, change: &mut dyn FnMut(&mut String)) {
    match value {
        Json::String(text) => change(text),
        Json::Array(items) => items.iter_mut().for_each(|item| each_text(item, change)),
        Json::Object(fields) => fields.values_mut().for_each(|field| each_text(field, change)),
        Json::Null | Json::Bool(_) | Json::Number(_) => {}
    }
}

/// The whole report as one object, without what lets somebody in elsewhere.
pub(super) fn document(account: &AccountReport) -> Json {
    let mut document = whole(account);
    each_text(&mut document, &mut secret::mask);
    document
}

fn whole(account: &AccountReport) -> Json {
    let rows = |kind| account.of(kind).map(row).collect::<Vec<Json>>();
    let chains = account.chains.iter().map(|chain| {
        let files: Vec<Json> = chain.files.iter().map(node).collect();
        json!({"shell": chain.shell.name(), "mode": chain.mode.name(), "files": files})
    });
    let room = account.room.map(|room| {
        json!({
            "bytes": room.bytes,
            "free_bytes": room.free_bytes,
            "files": room.files,
            "free_files": room.free_files,
        })
    });
    let searched = account.searched.iter().map(|(path, names)| json!({"path": path.to_string_lossy(), "names": names}));
    json!({
        "version": 1,
        "home": account.home.to_string_lossy(),
        "live": account.live,
        "site": account.site.id,
        "site_why": account.site.why,
        "site_retired": account.retired,
        "startup": chains.collect::<Vec<Json>>(),
        "init_files": rows(FactKind::InitFile),
        "installations": rows(FactKind::Installation),
        "usage": rows(FactKind::Usage),
        "search_path": rows(FactKind::SearchPath),
        "settings": rows(FactKind::Setting),
        "file_system": room,
        "commands": account.moves(),
        "searched": searched.collect::<Vec<Json>>(),
        "stopped": account.stopped,
        "not_looked_at": account.not_looked_at,
        "findings": account.report.findings.iter().map(json::finding).collect::<Vec<_>>(),
    })
}

fn node(node: &Node) -> Json {
    let files: Vec<Json> = node.files.iter().map(self::node).collect();
    let mut shown = json!({"path": node.path, "state": node.state.name(), "line": node.line, "certain": node.certain});
    if let Some(target) = &node.target {
        shown["target"] = target.to_string_lossy().into();
    }
    if let Some(function) = &node.function {
        shown["function"] = function.as_str().into();
    }
    shown["files"] = files.into();
    shown
}

/// A record with plain values.
fn row(record: &Record) -> Json {
    let fields = record.iter().map(|(name, field)| (name.replace('-', "_"), value(field)));
    Json::Object(fields.collect::<Map<String, Json>>())
}

fn value(value: &Value) -> Json {
    match value {
        Value::Flag(flag) => (*flag).into(),
        Value::Number(number) => (*number).into(),
        Value::Text(text) => text.text.as_str().into(),
        Value::List(items) => items.iter().map(self::value).collect(),
        Value::Record(record) => row(record),
    }
}
