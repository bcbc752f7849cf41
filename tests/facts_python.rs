//! Golden facts of Python files and notebooks: `fixtures/facts/{python,notebook}/CASE.{py,ipynb}` against `CASE.json`.
//! `BLESS=1 cargo test --test facts_python` writes the goldens anew.

#![expect(clippy::disallowed_methods, reason = "tests read the goldens, and write them when asked")]
#![expect(clippy::unwrap_used, reason = "a test ends at the first surprise")]

use std::fmt::Write as _;
use std::path::{Path, PathBuf};

use pydoctor::facts::schema::{self, Field, Type};
use pydoctor::facts::{Fact, FactKind, FileFacts, Record, Text, json, notebook, python};
use pydoctor::source::{LineIndex, Span};
use serde_json::Value as Json;

#[test]
fn python_facts() {
    run("fixtures/facts/python", "py", |text| {
        let mut out = FileFacts::default();
        python::collect(text, &mut out);
        out
    });
}

#[test]
fn notebook_facts() {
    run("fixtures/facts/notebook", "ipynb", |text| {
        let mut out = FileFacts::default();
        notebook::collect(text, &mut shell, &mut out);
        out
    });
}

/// An import and an argument written into a notebook leave it valid, with one line for each item.
#[test]
fn edits_in_notebooks() {
    let head = r#"{"cells": [{"cell_type": "code", "source": "#;
    let tail = r#"}], "metadata": {}, "nbformat": 4, "nbformat_minor": 5}"#;
    let listed = "[\n    \"from multiprocessing import Pool\\n\",\n    \"Pool(\\n\",\n    \")\"\n   ]";
    let cases = [
        (
            listed.to_owned(),
            Json::Array(
                ["import os\n", "from multiprocessing import Pool\n", "Pool(f(\"x\")\n", ")"].map(Json::from).to_vec(),
            ),
        ),
        (
            listed.replace('\n', "\r\n"),
            Json::Array(
                ["import os\n", "from multiprocessing import Pool\n", "Pool(f(\"x\")\n", ")"].map(Json::from).to_vec(),
            ),
        ),
        (
            r#""from multiprocessing import Pool\nPool(\n)""#.to_owned(),
            Json::from("import os\nfrom multiprocessing import Pool\nPool(f(\"x\")\n)"),
        ),
        (
            r#"["from multiprocessing import Pool\n", "Pool(\n", ")"]"#.to_owned(),
            Json::Array(
                ["import os\nfrom multiprocessing import Pool\n", "Pool(f(\"x\")\n", ")"].map(Json::from).to_vec(),
            ),
        ),
    ];
    for (source, wanted) in cases {
        let text = format!("{head}{source}{tail}");
        let mut out = FileFacts::default();
        notebook::collect(&text, &mut shell, &mut out);
        let call = out.facts.iter().find(|fact| fact.kind == FactKind::Call).unwrap();
        let place = |field: &str| call.fields.get(field).and_then(pydoctor::facts::Value::span).unwrap().start;
        let mut edited = text.clone();
        for (field, new) in [("arguments", "f(\"x\")"), ("import-place", "import os\n")] {
            edited.insert_str(place(field), &notebook::escape(&text, place(field), new));
        }
        let json: Json = serde_json::from_str(&edited).unwrap();
        assert_eq!(json["cells"][0]["source"], wanted, "{edited}");
    }
}

/// Deep and tangled texts end, without overflowing the stack.
#[test]
fn hostile_python() {
    let head = "from multiprocessing import Pool, cpu_count\nx0 = x1 = cpu_count()\n";
    let tangled: String = (2..2000).map(|n| format!("x{n} = x{} + x{}\nPool(x{n})\n", n - 1, n - 2)).collect();
    let functions: String = (1..2000).map(|n| format!("def f{n}(): return f{}() + f{}()\n", n - 1, n - 1)).collect();
    let cases = [
        format!("Pool(a{})\n", ".b".repeat(50_000)),
        format!("Pool({}1)\n", "1 + ".repeat(50_000)),
        format!("Pool({}1)\n", "not ".repeat(50_000)),
        format!("Pool({}1)\n", "a if b else ".repeat(20_000)),
        format!("x = {}1\nPool(x)\n", "a = ".repeat(50_000)),
        format!("x = {}\n", "lambda: ".repeat(20_000)),
        format!("if a:\n x = 1\n{}Pool(x)\n", "elif b:\n x = cpu_count()\n Pool(x)\n".repeat(5_000)),
        format!("x = 1\n{}", "x = x + 1\nPool(x)\n".repeat(5_000)),
        tangled,
        format!("{functions}Pool(f1999())\n"),
        "def f(:\n".repeat(20_000),
        "x = = 1\n".repeat(20_000),
    ];
    for case in cases {
        let mut out = FileFacts::default();
        python::collect(&format!("{head}{case}"), &mut out);
        assert!(!out.facts.is_empty() || !out.gaps.is_empty(), "{}", &case[..40]);
    }
}

/// Stands for the shell: a command for each line, with what was handed over.
fn shell(snippet: &notebook::Snippet<'_>) -> FileFacts {
    let mut out = FileFacts::default();
    let mut at = 0;
    for line in snippet.text.split_inclusive('\n') {
        let span = Span::new(at, at + line.trim_end().len());
        at += line.len();
        if !span.is_empty() {
            let fields = Record::new()
                .with("words", Text::at(line.trim_end(), span))
                .with("run", format!("{:?} {}", snippet.form, snippet.file.unwrap_or("")).trim());
            out.facts.push(Fact::new(FactKind::Command, span, fields));
        }
    }
    out
}

fn run(folder: &str, extension: &str, facts: impl Fn(&str) -> FileFacts) {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join(folder);
    let mut cases: Vec<PathBuf> = std::fs::read_dir(&root)
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .filter(|path| path.extension().is_some_and(|found| found == extension))
        .collect();
    cases.sort();
    assert!(!cases.is_empty(), "no cases in {folder}");
    let mut failures = Vec::new();
    for case in cases {
        let text = std::fs::read_to_string(&case).unwrap();
        let out = facts(&text);
        for fact in &out.facts {
            check_schema(fact, &case);
        }
        failures.extend(expectations(&text, &out).into_iter().map(|what| format!("{}:{what}", case.display())));
        let found = golden(&text, &out);
        let path = case.with_extension("json");
        if std::env::var_os("BLESS").is_some() {
            std::fs::write(&path, found).unwrap();
        } else if std::fs::read_to_string(&path).unwrap_or_default() != found {
            failures.push(format!("{}:\n{found}", case.display()));
        }
    }
    assert!(failures.is_empty(), "facts differ (BLESS=1 accepts them):\n{}", failures.join("\n"));
}

/// Holds the `# -> ORIGIN` comments of a case against the counts found on their lines.
fn expectations(text: &str, out: &FileFacts) -> Vec<String> {
    let lines = LineIndex::new(text);
    let mut wrong = Vec::new();
    for (number, line) in text.lines().enumerate().map(|(index, line)| (index + 1, line)) {
        let Some((_, wanted)) = line.split_once("# -> ") else { continue };
        // In a notebook the rest of the JSON follows.
        let wanted = wanted.split(['\\', '"']).next().unwrap_or("");
        let counts = out.facts.iter().filter(|fact| lines.line(fact.span.start) == number).filter_map(|fact| {
            let arguments = fact.fields.get("arg").and_then(record)?;
            let count = record(arguments.get("count")?)?;
            Some(format!("{}{}", count.text("origin"), if count.possible { "?" } else { "" }))
        });
        let mut counts: Vec<String> = counts.collect();
        counts.dedup();
        let expected = if wanted == "nothing" { Vec::new() } else { vec![wanted.to_owned()] };
        if counts != expected {
            wrong.push(format!("{number}: wanted {wanted}, found {counts:?}"));
        }
    }
    wrong
}

fn record(value: &pydoctor::facts::Value) -> Option<&Record> {
    match value {
        pydoctor::facts::Value::Record(record) => Some(record),
        _ => None,
    }
}

/// One line for each fact and gap; a text with its place as `TEXT @LINE:COLUMN-LINE:COLUMN`.
fn golden(text: &str, out: &FileFacts) -> String {
    let lines = LineIndex::new(text);
    let mut golden = String::from("[\n");
    let facts = out.facts.iter().map(json::fact);
    let gaps = out.gaps.iter().map(|gap| {
        let span = serde_json::json!([gap.span.start, gap.span.end]);
        serde_json::json!({"gap": gap.reason, "span": span})
    });
    let items: Vec<Json> = facts.chain(gaps).map(|fact| places(fact, text, &lines)).collect();
    for (index, item) in items.iter().enumerate() {
        let comma = if index + 1 < items.len() { "," } else { "" };
        writeln!(golden, "{item}{comma}").unwrap();
    }
    golden.push_str("]\n");
    golden
}

fn places(json: Json, text: &str, lines: &LineIndex) -> Json {
    let place = |at: u64| {
        let position = lines.position(text, usize::try_from(at).unwrap());
        format!("{}:{}", position.line, position.column)
    };
    match json {
        Json::Object(fields) => {
            let replaced = fields.into_iter().map(|(name, value)| {
                let span = matches!(name.as_str(), "span" | "@span" | "origin").then(|| value.as_array()).flatten();
                let value = match span.map(Vec::as_slice) {
                    Some([start, end]) if start.is_u64() => {
                        Json::String(format!("{}-{}", place(start.as_u64().unwrap()), place(end.as_u64().unwrap())))
                    }
                    _ => places(value, text, lines),
                };
                (name, value)
            });
            short(replaced.collect())
        }
        Json::Array(items) => Json::Array(items.into_iter().map(|item| places(item, text, lines)).collect()),
        other => other,
    }
}

/// A text and its place in one string.
fn short(fields: serde_json::Map<String, Json>) -> Json {
    let known = |name: &String| matches!(name.as_str(), "text" | "span" | "origin");
    if !fields.keys().all(known) || !fields.contains_key("text") {
        return Json::Object(fields);
    }
    let part = |name: &str, mark: &str| {
        fields.get(name).and_then(Json::as_str).map_or_else(String::new, |part| format!("{mark}{part}"))
    };
    Json::String(format!("{}{}{}", part("text", ""), part("span", " @"), part("origin", " <- ")))
}

/// Every field that a fact has stands in the schema, with its type.
fn check_schema(fact: &Fact, case: &Path) {
    use pydoctor::facts::{Record, Value};
    fn check_value(value: &Value, kind: &Type, path: &str) {
        match (value, kind) {
            (Value::Flag(_), Type::Flag) | (Value::Number(_), Type::Number) | (Value::Text(_), Type::Text) => {}
            (Value::Text(text), Type::Word) => assert!(text.span.get().is_none(), "{path} stands in the file"),
            (Value::Text(text), Type::Choice(words)) => {
                assert!(words.contains(&text.text.as_str()), "{path}: {text:?}")
            }
            (Value::List(items), Type::List(kind)) => items.iter().for_each(|item| check_value(item, kind, path)),
            (Value::Record(record), Type::Record(fields)) => check_record(record, fields, path),
            other => panic!("{path}: {other:?}"),
        }
    }
    fn check_record(record: &Record, fields: &[Field], path: &str) {
        for (name, value) in record.iter() {
            let field = fields.iter().find(|field| field.name == name || field.name == "*");
            let field = field.unwrap_or_else(|| panic!("{path}: no field {name}"));
            check_value(value, &field.kind, &format!("{path}.{name}"));
        }
    }
    check_record(&fact.fields, schema::fields(fact.kind), &format!("{}: {}", case.display(), fact.kind.name()));
}
