//! The JSON Schemas for editors, against a validator that knows nothing of us: all that is built in is valid, what the
//! reader refuses is not, and every field that the reader knows is there. The goldens in `docs/schema/` are what
//! `pydoctor rules schema` prints; `BLESS=1 cargo test` rewrites them.

#![expect(clippy::disallowed_methods, reason = "tests read the repository's own files and write goldens when asked")]

mod oracle;

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use serde_json::{Map, Value as Json, json};

use pydoctor::facts::FactKind;
use pydoctor::facts::schema::{self as facts, Field, Type};
use pydoctor::policy::path::SITE;
use pydoctor::policy::schema::{FileKind, schema};
use pydoctor::policy::{PackFiles, Policy};

#[test]
fn schemas_are_as_their_goldens() {
    for kind in FileKind::ALL {
        let text = serde_json::to_string_pretty(&schema(kind)).expect("a schema is JSON") + "\n";
        let golden = root().join(format!("docs/schema/{}.json", kind.name()));
        if std::env::var_os("BLESS").is_some() {
            fs::create_dir_all(golden.parent().expect("a folder")).expect("the folder is made");
            fs::write(&golden, text).expect("the golden is written");
        } else {
            let same = fs::read_to_string(&golden).ok().as_deref() == Some(&text);
            assert!(same, "{} is not what `pydoctor rules schema` prints (BLESS=1 rewrites it)", golden.display());
        }
    }
}

#[test]
fn all_that_is_built_in_is_valid() {
    let mut checks = Vec::new();
    for (kind, files) in [
        (FileKind::Rule, toml_files("rules/lint")),
        (FileKind::Site, toml_files("rules/sites")),
        (FileKind::Symptom, toml_files("rules/symptoms")),
        (FileKind::Pack, vec![root().join("rules/pack.toml")]),
        (FileKind::Commands, vec![root().join("rules/commands.toml")]),
        (FileKind::Case, cases()),
    ] {
        let mut tried = BTreeSet::new();
        for file in files {
            let document = read(&fs::read_to_string(&file).expect("a file of the pack"));
            // No table takes a key that nobody knows, unless its keys are names. One table of a shape will do.
            for table in tables(&document) {
                let shape: Vec<&str> = table.split('/').filter(|part| part.parse::<usize>().is_err()).collect();
                // Conditions of a fix that all clauses share are on facts of several kinds.
                if table.starts_with("/fix/") && !table.starts_with("/fix/edits") || !tried.insert(shape.join("/")) {
                    continue;
                }
                let mut faulty = document.clone();
                let inside = faulty.pointer_mut(&table).and_then(Json::as_object_mut).expect("a table");
                inside.insert("zz-unknown".to_owned(), json!({ "zz": [{}] }));
                let about = format!("{}: an unknown key in {table:?}", file.display());
                checks.push(Check { kind, document: faulty, about, refused: Some(Vec::new()) });
            }
            checks.push(Check { kind, document, about: file.display().to_string(), refused: None });
        }
    }
    assert!(checks.len() > 150, "only {} documents were found", checks.len());
    validate(&checks);
}

#[test]
fn configuration_is_valid_where_it_is_read() {
    let kind = FileKind::Config;
    let mut checks = Vec::new();
    for file in toml_files("tests/cmd") {
        let text = fs::read_to_string(&file).expect("a case");
        let case: toml::Table = toml::from_str(&text).unwrap_or_else(|error| panic!("{}: {error}", file.display()));
        let config = case.get("files").and_then(|files| files.get("pydoctor.toml")).and_then(toml::Value::as_str);
        // A case that ends with 2 is one of faults.
        let is_toml = |text: &&str| toml::from_str::<toml::Table>(text).is_ok();
        let faulty = case.get("exit").and_then(toml::Value::as_integer) == Some(2);
        if let Some(config) = config.filter(is_toml).filter(|_| !faulty) {
            checks.push(Check { kind, document: read(config), about: file.display().to_string(), refused: None });
        }
    }
    assert!(checks.len() > 5, "only {} configurations were found", checks.len());
    for faulty in ["siet = \"x\"", "fail-on = \"warn\"", "[rules.x]\nseverity = 3", "[[pack]]\nname = \"x\""] {
        checks.push(Check { kind, document: read(faulty), about: faulty.to_owned(), refused: Some(Vec::new()) });
    }
    validate(&checks);
}

#[test]
fn every_field_that_the_reader_knows_is_in_the_schema() {
    let mut checks = Vec::new();
    let mut count = 0;
    for fact in FactKind::ALL {
        let mut paths = Vec::new();
        push(facts::fields(fact), "", &mut paths);
        for (root, fields) in [("state", facts::STATE), ("job", facts::JOB), ("file", facts::FILE), ("site", SITE)] {
            push(fields, &format!("{root}."), &mut paths);
        }
        let wheres: Vec<String> = paths.iter().map(|(path, sample)| format!("{path:?} = {sample}")).collect();
        let all = rule(fact, &wheres.join(", "));
        assert_eq!(reads(&all), None, "{}", fact.name());
        let about = format!("all fields of {}", fact.name());
        checks.push(Check { kind: FileKind::Rule, document: read(&all), about, refused: None });
        // The same with a letter too many: the reader refuses each, and so does the schema.
        let misspelt: Vec<(String, &str)> = paths
            .iter()
            .filter(|(path, _)| !path.ends_with(".any-name"))
            .map(|(path, sample)| (format!("{path}x"), *sample))
            .collect();
        for (path, sample) in &misspelt {
            let rule = rule(fact, &format!("{path:?} = {sample}"));
            assert!(reads(&rule).is_some(), "{}: {path} is read", fact.name());
        }
        let wheres: Vec<String> = misspelt.iter().map(|(path, sample)| format!("{path:?} = {sample}")).collect();
        let document = read(&rule(fact, &wheres.join(", ")));
        count += misspelt.len();
        let about = format!("misspelt fields of {}", fact.name());
        let refused = Some(misspelt.into_iter().map(|(path, _)| format!("'{path}'")).collect());
        checks.push(Check { kind: FileKind::Rule, document, about, refused });
    }
    assert!(count > 1000, "only {count} paths were tried");
    validate(&checks);
}

/// What the cases of built-in rules say of themselves.
fn cases() -> Vec<PathBuf> {
    let folders = |folder: PathBuf| {
        let entries = fs::read_dir(folder).expect("a folder").map(|entry| entry.expect("an entry").path());
        entries.filter(|path| path.is_dir()).collect::<Vec<_>>()
    };
    let of_rules = folders(root().join("fixtures/rules"));
    of_rules.into_iter().flat_map(folders).map(|case| case.join("case.toml")).collect()
}

/// A document, and whether the schema must refuse it.
struct Check {
    kind: FileKind,
    document: Json,
    about: String,
    /// What the validator's errors must name.
    refused: Option<Vec<String>>,
}

/// Asks `jsonschema` of Python for all documents at once.
fn validate(checks: &[Check]) {
    const SCRIPT: &str = "
import json, sys
from jsonschema import Draft7Validator
job = json.load(open(sys.argv[1]))
validators = {}
for kind, schema in job['schemas'].items():
    Draft7Validator.check_schema(schema)
    validators[kind] = Draft7Validator(schema)
def told(error):
    inner = ' '.join(told(other) for other in error.context or [])
    return f'{error.json_path}: {error.message} {inner}'
print(json.dumps([[told(e) for e in validators[kind].iter_errors(document)] for kind, document in job['documents']]))
";
    let Some(python) = oracle::python() else { return };
    let schemas: Map<String, Json> =
        FileKind::ALL.map(|kind| (kind.name().to_owned(), schema(kind))).into_iter().collect();
    let documents: Vec<Json> = checks.iter().map(|check| json!([check.kind.name(), check.document])).collect();
    let mut job = tempfile::NamedTempFile::new().expect("a scratch file");
    serde_json::to_writer(&mut job, &json!({ "schemas": schemas, "documents": documents })).expect("it is written");
    let output = Command::new(python).args(["-c", SCRIPT]).arg(job.path()).output().expect("Python starts");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let told: Vec<Vec<String>> = serde_json::from_slice(&output.stdout).expect("a list for each document");
    assert_eq!(told.len(), checks.len());
    for (check, errors) in checks.iter().zip(&told) {
        match &check.refused {
            None => assert!(errors.is_empty(), "{}: {errors:#?}", check.about),
            Some(names) => {
                assert!(!errors.is_empty(), "{}: valid", check.about);
                let missed: Vec<_> =
                    names.iter().filter(|name| !errors.iter().any(|error| error.contains(*name))).collect();
                assert!(missed.is_empty(), "{}: valid: {missed:?}", check.about);
            }
        }
    }
}

/// All paths that begin with these fields, with a condition that fits.
fn push(fields: &'static [Field], prefix: &str, paths: &mut Vec<(String, &'static str)>) {
    for field in fields {
        let name = if field.name == "*" { "any-name" } else { field.name };
        let path = format!("{prefix}{name}");
        let sample = match &field.kind {
            Type::Flag => "true",
            Type::Number => "{ ge = 1 }",
            Type::Text | Type::Word => "[\"x\", { not = \"y*\" }]",
            Type::Choice(_) => "{ not = \"*x*y*z*\" }",
            Type::List(_) => "{ count = 1 }",
            Type::Record(inner) => {
                push(inner, &format!("{path}."), paths);
                "{ present = true }"
            }
        };
        let sample = if matches!(field.kind, Type::Choice(_)) { "\"*\"" } else { sample };
        if matches!(field.kind, Type::Text | Type::Word) {
            paths.push((format!("{path}.place"), "\"home\""));
            paths.push((format!("{path}.name"), "\"x\""));
        }
        paths.push((path, sample));
    }
}

fn rule(kind: FactKind, conditions: &str) -> String {
    format!(
        "id = \"r\"\ntitle = \"t\"\ntags = [\"job\"]\nseverity = \"hint\"\nwhy = \"w\"\nmessage = \"m\"\n\
         [[clause]]\non = \"{}\"\nwhere = {{ {conditions} }}\n",
        kind.name()
    )
}

/// What the reader says against a rule.
fn reads(rule: &str) -> Option<String> {
    let files = [
        ("pack.toml", "name = \"x\"\nversion = \"1\"\n"),
        ("sites/common.toml", "id = \"common\"\nname = \"x\"\n"),
        ("lint/r.toml", rule),
    ];
    Policy::load(&[PackFiles::in_memory("p", &files)]).err().map(|error| error.to_string())
}

/// Pointers to all tables whose keys are not names.
fn tables(document: &Json) -> Vec<String> {
    let mut found = Vec::new();
    let mut waiting = vec![(String::new(), document)];
    while let Some((pointer, value)) = waiting.pop() {
        match value {
            Json::Object(object) => {
                let last = pointer.rsplit('/').next().unwrap_or_default();
                let names = ["values", "recipes", "links", "rules", "symptoms", "fill", "env", "value"].contains(&last);
                // The value of a site may be a table of any names, and so may what a text of options holds.
                if !names {
                    found.push(pointer.clone());
                }
                waiting.extend(
                    object.iter().map(|(key, value)| {
                        (format!("{pointer}/{}", key.replace('~', "~0").replace('/', "~1")), value)
                    }),
                );
            }
            Json::Array(items) => {
                waiting.extend(items.iter().enumerate().map(|(index, value)| (format!("{pointer}/{index}"), value)));
            }
            _ => {}
        }
    }
    found
}

/// TOML as a validator sees it: days are text.
fn read(text: &str) -> Json {
    let table: toml::Table = toml::from_str(text).unwrap_or_else(|error| panic!("{error}\n{text}"));
    json_of(&toml::Value::Table(table))
}

fn json_of(value: &toml::Value) -> Json {
    match value {
        toml::Value::String(text) => json!(text),
        toml::Value::Integer(number) => json!(number),
        toml::Value::Float(number) => json!(number),
        toml::Value::Boolean(flag) => json!(flag),
        toml::Value::Datetime(day) => json!(day.to_string()),
        toml::Value::Array(items) => items.iter().map(json_of).collect(),
        toml::Value::Table(table) => {
            table.iter().map(|(key, value)| (key.clone(), json_of(value))).collect::<Map<_, _>>().into()
        }
    }
}

fn toml_files(folder: &str) -> Vec<PathBuf> {
    let entries = fs::read_dir(root().join(folder)).expect("a folder");
    let mut files: Vec<PathBuf> = entries.map(|entry| entry.expect("an entry").path()).collect();
    files.retain(|path| path.extension().is_some_and(|extension| extension == "toml"));
    files.sort();
    files
}

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}
