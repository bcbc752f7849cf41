//! `pydoctor facts FILE`: what can be matched in a file, for people who write rules: in lines, or all of it as JSON.

mod lines;

use std::io::{self, Read};
use std::path::Path;

use anyhow::{Context, bail};
use serde_json::{Map, Value as Json, json};

use crate::facts::json::record;
use crate::facts::{self, Alone, Fact, FileFacts};
use crate::policy::CommandLine;
use crate::report::encode;
use crate::source::{self, Source, Span};

use super::Status;
use super::args::{self, ListFormat};
use super::engine::Engine;
use super::snapshot::Snapshot;
use super::streams::{Streams, emit};

/// Runs `pydoctor facts`.
pub(super) fn run(args: &args::Facts, snapshot: &Snapshot, streams: &mut Streams) -> anyhow::Result<Status> {
    let engine = Engine::new(&args.policy, CommandLine::default(), snapshot)?;
    let source = read(args)?;
    let facts = facts::collect(&source, &engine.settings.of_file(&source.path)?.policy.tables, &Alone);
    emit(&args.format, streams, |format, out| match format {
        ListFormat::Human => lines::write(&source, &facts, out),
        ListFormat::Json => {
            encode::pretty(&document(&source, &facts), out)?;
            writeln!(out)
        }
    })?;
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

/// Everything that a file gives, with the scripts that stand inside it.
fn document(source: &Source, facts: &FileFacts) -> Json {
    let mut document = script(source, facts);
    document.insert("version".to_owned(), json!(1));
    document.insert("path".to_owned(), json!(source.path.to_string_lossy()));
    document.insert("kind".to_owned(), json!(source.kind.name()));
    // What names the document comes first.
    let order = ["version", "path", "kind", "file", "job", "facts", "not_understood", "embedded"];
    order.iter().filter_map(|key| Some(((*key).to_owned(), document.remove(*key)?))).collect::<Map<_, _>>().into()
}

fn script(source: &Source, facts: &FileFacts) -> Map<String, Json> {
    let gaps = facts.gaps.iter().map(|gap| {
        let mut object = place(source, gap.span);
        object.insert("reason".to_owned(), json!(gap.reason));
        Json::Object(object)
    });
    let embedded = facts.embedded.iter().map(|inner| Json::Object(script(source, inner)));
    let mut object = Map::new();
    object.insert("file".to_owned(), record(&facts.file));
    object.insert("job".to_owned(), facts.job.as_ref().map_or(Json::Null, record));
    object.insert("facts".to_owned(), facts.facts.iter().map(|fact| one(source, fact)).collect());
    object.insert("not_understood".to_owned(), gaps.collect());
    object.insert("embedded".to_owned(), embedded.collect());
    object
}

/// A fact with its line and column, and its fields.
fn one(source: &Source, fact: &Fact) -> Json {
    let mut object = place(source, fact.span);
    if let Json::Object(fields) = facts::json::fact(fact) {
        object.extend(fields);
    }
    Json::Object(object)
}

fn place(source: &Source, span: Span) -> Map<String, Json> {
    let start = source.lines.position(&source.text, span.start);
    let mut object = Map::new();
    object.insert("line".to_owned(), json!(start.line));
    object.insert("column".to_owned(), json!(start.column));
    object
}
