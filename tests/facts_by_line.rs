//! Goldens of the facts that need no shell walk: directives, job requests, environment files, requirements.
//!
//! Every file under `fixtures/facts/{directive,environment,condarc,requirements}/` has its facts beside it as
//! `<file>.json`. `BLESS=1 cargo test` rewrites them.

#![expect(clippy::disallowed_methods, reason = "tests read the goldens, and write them when asked")]
#![expect(clippy::unwrap_used, reason = "a test ends at the first surprise")]

use std::path::{Path, PathBuf};

use pydoctor::facts::schema::{self, Field, Type};
use pydoctor::facts::{Fact, Gap, Record, Value, directive, environment, file, resources, shebang};
use pydoctor::source::{Kind, Role, Shell, Source, Span};
use pydoctor::tables::Tables;
use serde_json::{Map, Value as Json, json};

#[test]
fn facts_are_as_blessed() {
    let tables = tables();
    let mut wrong = Vec::new();
    let mut count = 0;
    for folder in ["directive", "environment", "condarc", "requirements"] {
        let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures/facts").join(folder);
        let mut paths: Vec<PathBuf> = std::fs::read_dir(&root).unwrap().map(|entry| entry.unwrap().path()).collect();
        paths.sort();
        for path in paths.into_iter().filter(|path| path.extension().is_none_or(|end| end != "json")) {
            count += 1;
            let found = facts_of(&tables, folder, &path);
            let golden = PathBuf::from(format!("{}.json", path.display()));
            let text = format!("{}\n", serde_json::to_string_pretty(&found).unwrap());
            if std::env::var_os("BLESS").is_some() {
                std::fs::write(&golden, &text).unwrap();
            } else if std::fs::read_to_string(&golden).unwrap_or_default() != text {
                wrong.push(path.display().to_string());
            }
        }
    }
    assert!(count > 0, "no fixtures");
    assert!(wrong.is_empty(), "facts changed (see them with BLESS=1 and git diff): {wrong:#?}");
}

fn tables() -> Tables {
    Tables::parse(&|name: &str| {
        let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("rules").join(name);
        Some(&*std::fs::read_to_string(path).ok()?.leak())
    })
    .unwrap()
}

fn facts_of(tables: &Tables, folder: &str, path: &Path) -> Json {
    let kind = match folder {
        "directive" => Kind::Shell { shell: Shell::Bash, role: Role::Job },
        "environment" => Kind::Environment,
        "condarc" => Kind::Condarc,
        _ => Kind::Requirements,
    };
    let name = PathBuf::from(path.file_name().unwrap());
    let source = Source::new(name, kind, std::fs::read(path).unwrap());
    let mut facts = Vec::new();
    let mut gaps = Vec::new();
    let mut json = Map::new();
    if folder == "directive" {
        let skip = heredocs(&source.text);
        let script = directive::Script::file(&source.text, &source.lines, &skip);
        directive::collect(&tables.schedulers, &script, &mut facts);
        for body in &skip {
            let text = source.slice(*body);
            let inner = directive::Script {
                text,
                base: body.start,
                skip: &[],
                context: &["heredoc"],
                expanded: true,
                ..script
            };
            directive::collect(&tables.schedulers, &inner, &mut facts);
        }
        shebang::collect(&script, directive::scheduler_of(&facts).is_some(), &mut facts);
        let scheduler = directive::scheduler_of(&facts);
        json.insert("file".into(), record(&source, &file::file_record(&source, scheduler), schema::FILE));
        if let Some(job) = resources::job_record(&facts) {
            json.insert("job".into(), record(&source, &job, schema::JOB));
        }
    } else {
        environment::collect(&source, &mut facts, &mut gaps);
    }
    json.insert("facts".into(), facts.iter().map(|found| fact(&source, found)).collect());
    if !gaps.is_empty() {
        let gap = |gap: &Gap| json!({ "at": place(&source, gap.span), "reason": gap.reason });
        json.insert("gaps".into(), gaps.iter().map(gap).collect());
    }
    Json::Object(json)
}

fn fact(source: &Source, fact: &Fact) -> Json {
    let mut json = Map::new();
    json.insert("kind".into(), fact.kind.name().into());
    json.insert("at".into(), place(source, fact.span).into());
    if !fact.certain {
        json.insert("possible".into(), true.into());
    }
    if let Json::Object(fields) = record(source, &fact.fields, schema::fields(fact.kind)) {
        json.extend(fields);
    }
    Json::Object(json)
}

/// The fields as JSON, each held against the schema.
fn record(source: &Source, record: &Record, fields: &[Field]) -> Json {
    let entries = record.iter().map(|(name, value)| {
        let field = fields.iter().find(|field| field.name == name || field.name == "*");
        let field = field.unwrap_or_else(|| panic!("the schema has no field `{name}`"));
        (name.to_owned(), self::value(source, value, &field.kind, name))
    });
    Json::Object(entries.collect())
}

fn value(source: &Source, value: &Value, kind: &Type, name: &str) -> Json {
    match (value, kind) {
        (Value::Flag(flag), Type::Flag) => (*flag).into(),
        (Value::Number(number), Type::Number) => (*number).into(),
        (Value::Text(text), Type::Choice(words)) => {
            assert!(words.contains(&text.text.as_str()), "`{name}` may not be `{}`", text.text);
            text.text.as_str().into()
        }
        (Value::Text(text), Type::Text | Type::Word) => {
            assert!(matches!(kind, Type::Text) || text.span.get().is_none(), "`{name}` stands in the file");
            let mut shown = text.text.to_string();
            if !text.unresolved.is_empty() {
                shown = format!("{shown} (unresolved: {})", text.unresolved.join(" "));
            }
            match text.span.get() {
                Some(span) if source.slice(span) == text.text => shown.into(),
                Some(span) => json!([shown, place(source, span), source.slice(span)]),
                None => json!([shown]),
            }
        }
        (Value::List(items), Type::List(kind)) => {
            items.iter().map(|item| self::value(source, item, kind, name)).collect()
        }
        (Value::Record(record), Type::Record(fields)) => self::record(source, record, fields),
        _ => panic!("`{name}` has not the type that the schema says"),
    }
}

/// `3:1-12` within a line, `3:1-5:4` over several.
fn place(source: &Source, span: Span) -> String {
    let (from, to) = (source.lines.position(&source.text, span.start), source.lines.position(&source.text, span.end));
    if from.line == to.line {
        format!("{}:{}-{}", from.line, from.column, to.column)
    } else {
        format!("{}:{}-{}:{}", from.line, from.column, to.line, to.column)
    }
}

/// Bodies of plain here documents: enough for these fixtures.
fn heredocs(text: &str) -> Vec<Span> {
    let mut bodies = Vec::new();
    let mut open: Option<(usize, String)> = None;
    let mut start = 0;
    for line in text.split_inclusive('\n') {
        let end = start + line.len();
        match &open {
            Some((from, word)) if line.trim() == word => {
                bodies.push(Span::new(*from, start));
                open = None;
            }
            None if !line.starts_with('#') => {
                let word = line.split("<<").nth(1).filter(|_| !line.contains("<<<"));
                let word = word.map(|word| word.trim_start_matches('-').trim().split([' ', '>']).next().unwrap_or(""));
                let word = word.map(|word| word.trim_matches(['\'', '"']).to_owned()).filter(|word| !word.is_empty());
                open = word.map(|word| (end, word));
            }
            _ => {}
        }
        start = end;
    }
    bodies
}

/// Pieces that the collectors look for, to be put together in every order.
const PIECES: &[&str] = &[
    "#SBATCH ",
    "#PBS -l",
    "#$ -",
    "#BSUB -R ",
    "# SBATCH --mem=1",
    "hetjob",
    "--mem",
    "-n4",
    "=",
    " ",
    "\t",
    "\n",
    "\r\n",
    "\\",
    "\\\n",
    "\"",
    "'",
    "{{",
    "}}",
    "{%",
    "%}",
    "<",
    ">",
    "[",
    "]",
    "$HOME",
    "${",
    "$(",
    "~/",
    "é",
    "–",
    "\u{feff}",
    "#!/bin/bash",
    "!/bin/sh",
    "#",
    "- ",
    "pip:",
    "dependencies:\n",
    "channels:\n  - ",
    "  ",
    ": ",
    "::",
    "==1.2",
    "=*=mpi*",
    ";",
    "@",
    "|",
    ",",
    "select=2:ncpus=4+1",
    "nodes=",
    "---\n",
    "? ",
    "&a ",
    "*a",
    "-r x",
    "-e .",
    "\0",
    "1",
    "a",
    "é:",
];

proptest::proptest! {
    #![proptest_config(proptest::prelude::ProptestConfig { cases: 400, ..Default::default() })]

    /// Nothing panics on any text, and every place lies in it, on the borders of characters.
    #[test]
    fn any_text_gives_facts_that_stand_in_it(picks in proptest::collection::vec(0..PIECES.len(), 0..60)) {
        let text: String = picks.into_iter().map(|pick| PIECES[pick]).collect();
        let tables = tables();
        for kind in [Kind::Environment, Kind::Condarc, Kind::Requirements, Kind::Shell { shell: Shell::Bash, role: Role::Job }] {
            let source = Source::new("x".into(), kind, text.clone().into_bytes());
            let mut facts = Vec::new();
            environment::collect(&source, &mut facts, &mut Vec::new());
            let script = directive::Script::file(&source.text, &source.lines, &[]);
            directive::collect(&tables.schedulers, &script, &mut facts);
            shebang::collect(&script, true, &mut facts);
            let mut records: Vec<Record> = facts.iter().map(|fact| fact.fields.clone()).collect();
            records.extend(resources::job_record(&facts));
            records.push(file::file_record(&source, directive::scheduler_of(&facts)));
            let inside = |span: Span| source.text.get(span.start..span.end).is_some();
            proptest::prop_assert!(facts.iter().all(|fact| inside(fact.span)));
            for record in &mut records {
                let mut all = true;
                record.map_spans(&mut |span| { all &= inside(span); span });
                proptest::prop_assert!(all, "{record:?}");
            }
        }
    }
}
