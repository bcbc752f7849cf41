//! `pydoctor facts FILE`: what can be matched in a file, as JSON, for people who write rules.

use std::io::{self, Read};
use std::path::Path;

use anyhow::{Context, bail};
use serde_json::{Map, Value as Json, json};

use crate::facts::{self, Alone, Fact, FileFacts, Record, Value};
use crate::report::encode;
use crate::source::{self, Source, Span};

use super::Status;
use super::args;
use super::engine::Engine;
use super::settings::Settings;
use super::snapshot::Snapshot;
use super::streams::Streams;

/// Runs `pydoctor facts`.
pub(super) fn run(args: &args::Facts, snapshot: &Snapshot, streams: &mut Streams) -> anyhow::Result<Status> {
    let settings = Settings::load(&args.policy, std::slice::from_ref(&args.file), &snapshot.cwd)?;
    let engine = Engine::new(&settings, snapshot)?;
    let source = read(args)?;
    let facts = facts::collect(&source, &engine.tables, &Alone);
    let document = document(&source, &facts);
    streams.print(|out| {
        encode::pretty(&document, out)?;
        writeln!(out)
    });
    Ok(Status::Clean)
}

fn read(args: &args::Facts) -> anyhow::Result<Source> {
    if args.file != Path::new("-") {
        return source::read(&args.file)
            .map_err(|problem| anyhow::anyhow!("{}: {}", problem.path.display(), problem.message));
    }
    let name = args.stdin_filename.as_deref().unwrap_or(&args.file);
    let mut bytes = Vec::new();
    io::stdin().lock().read_to_end(&mut bytes).context("standard input")?;
    let kind = source::classify_named(name, &bytes);
    if bytes.len() as u64 > source::size_limit(kind) {
        bail!("standard input: {}", source::too_large(source::size_limit(kind)));
    }
    Ok(Source::new(name.to_owned(), kind, bytes))
}

fn document(source: &Source, facts: &FileFacts) -> Json {
    let gaps = facts.gaps.iter().map(|gap| {
        let mut object = place(source, gap.span);
        object.insert("reason".to_owned(), json!(gap.reason));
        Json::Object(object)
    });
    json!({
        "version": 1,
        "path": source.path.to_string_lossy(),
        "kind": source.kind.name(),
        "file": record(&facts.file),
        "job": facts.job.as_ref().map(record),
        "facts": facts.facts.iter().map(|fact| one(source, fact)).collect::<Vec<_>>(),
        "not_understood": gaps.collect::<Vec<_>>(),
    })
}

fn one(source: &Source, fact: &Fact) -> Json {
    let mut object = Map::new();
    object.insert("kind".to_owned(), json!(fact.kind.name()));
    object.extend(place(source, fact.span));
    if !fact.certain {
        object.insert("certain".to_owned(), json!(false));
    }
    if let Some(cell) = fact.cell {
        object.insert("cell".to_owned(), json!(cell));
    }
    object.insert("fields".to_owned(), record(&fact.fields));
    if let Some(state) = &fact.state {
        object.insert("state".to_owned(), record(state));
    }
    Json::Object(object)
}

fn place(source: &Source, span: Span) -> Map<String, Json> {
    let start = source.lines.position(&source.text, span.start);
    let mut object = Map::new();
    object.insert("line".to_owned(), json!(start.line));
    object.insert("column".to_owned(), json!(start.column));
    object.insert("span".to_owned(), json!([span.start, span.end]));
    object
}

fn record(record: &Record) -> Json {
    let mut object = Map::new();
    for (name, field) in record.iter() {
        object.insert(name.to_owned(), value(field));
    }
    if record.possible {
        object.insert("(possible)".to_owned(), json!(true));
    }
    Json::Object(object)
}

/// Known text is a string; text with unknown parts names them.
fn value(field: &Value) -> Json {
    match field {
        Value::Flag(flag) => json!(flag),
        Value::Number(number) => json!(number),
        Value::Text(text) if text.is_known() => json!(text.text),
        Value::Text(text) => json!({ "text": text.text, "unresolved": text.unresolved }),
        Value::List(items) => items.iter().map(value).collect(),
        Value::Record(fields) => record(fields),
    }
}
