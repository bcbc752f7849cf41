//! What the fields of facts hold, by example: the files in `examples/` as `pydoctor facts -f json` has them.

use std::collections::BTreeMap;
use std::process::Command;

use pydoctor::facts::schema::{Field, Type};
use serde_json::Value as Json;

use crate::markdown::{code, fence};

/// The files, in the order in which they are looked through.
const FILES: [&str; 4] = ["job.sh", ".bashrc", "environment.yml", "analyse.py"];

/// A longer value is cut.
const MOST: usize = 60;

/// The facts of all files.
pub struct Examples {
    /// By kind, or `state`, `job`, `file`: where each stands, and its fields.
    records: BTreeMap<String, Vec<(String, Json)>>,
}

impl Examples {
    /// Asks the program.
    pub fn new() -> Self {
        let mut records: BTreeMap<String, Vec<(String, Json)>> = BTreeMap::new();
        let mut add = |what: &str, at: String, fields: &Json| {
            if !fields.is_null() {
                records.entry(what.to_owned()).or_default().push((at, fields.clone()));
            }
        };
        for file in FILES {
            let mut asked = Command::new(env!("CARGO_BIN_EXE_pydoctor"));
            asked
                .args(["facts", "--isolated", "-f", "json", file])
                .current_dir(crate::root().join("tests/docs/examples"));
            let said = asked.output().expect("the program runs");
            let told: Json = serde_json::from_slice(&said.stdout).expect("facts are JSON");
            add("file", file.to_owned(), &told["file"]);
            add("job", file.to_owned(), &told["job"]);
            for fact in told["facts"].as_array().expect("a list of facts") {
                let at = format!("{file}:{}", fact["line"]);
                add(fact["kind"].as_str().unwrap_or_default(), at.clone(), &fact["fields"]);
                add("state", at, &fact["state"]);
            }
        }
        Self { records }
    }

    /// What the field at `path`, from the outermost on, holds somewhere: best something that is not empty or false.
    pub fn of(&self, what: &str, path: &[&'static Field]) -> String {
        let found = self.records.get(what).into_iter().flatten();
        let values = found.flat_map(|(at, fields)| at_path(fields, path).into_iter().map(move |value| (at, value)));
        let values: Vec<(&String, (String, &Json))> = values.collect();
        let is_empty = |value: &Json| match value {
            Json::Bool(flag) => !flag,
            Json::Array(items) => items.is_empty(),
            Json::Object(text) => text.get("text").is_some_and(|text| text == ""),
            _ => false,
        };
        let best = values.iter().find(|(_, (_, value))| !is_empty(value)).or(values.first());
        let (Some((at, (name, value))), Some(field)) = (best, path.last()) else { return String::new() };
        let any_name = path.iter().any(|field| field.name == "*");
        let Some(text) = written(value, &field.kind).filter(|text| any_name || text != "\"\"") else {
            // What has a place alone is not shown as an empty text.
            return String::new();
        };
        let shown = if any_name { code(&format!("{name} = {text}")) } else { code(&text) };
        format!("{shown}, {at}")
    }
}

/// The files with numbered lines.
pub fn files() -> String {
    let mut text = String::new();
    for file in FILES {
        let lines = crate::read(&crate::root().join("tests/docs/examples").join(file));
        let numbered: Vec<String> =
            lines.lines().zip(1..).map(|(line, number)| format!("{number:>2}  {line}")).collect();
        text.push_str(&format!("`{file}`:\n\n{}\n", fence("text", &numbered.join("\n"))));
    }
    text
}

/// The values that a path leads to, through the items of lists and entries of any name, each with the path in full.
fn at_path<'j>(fields: &'j Json, path: &[&'static Field]) -> Vec<(String, &'j Json)> {
    let Some((field, rest)) = path.split_first() else { return vec![(String::new(), fields)] };
    match fields {
        Json::Array(items) => items.iter().flat_map(|item| at_path(item, path)).collect(),
        Json::Object(fields) => {
            let is_meant = |name: &str| if field.name == "*" { !name.starts_with('@') } else { name == field.name };
            let named = fields.iter().filter(|(name, _)| is_meant(name));
            let below =
                named.flat_map(|(name, value)| at_path(value, rest).into_iter().map(move |found| (name, found)));
            let joined = |(name, (below, value)): (&String, (String, &'j Json))| {
                (if below.is_empty() { name.clone() } else { format!("{name}.{below}") }, value)
            };
            below.map(joined).collect()
        }
        _ => Vec::new(),
    }
}

/// A value as a rule would write it; nothing for a record.
fn written(value: &Json, kind: &Type) -> Option<String> {
    let text = match (kind, value) {
        (Type::Record(_), _) => return None,
        (Type::List(inner), Json::Array(items)) => {
            let items: Option<Vec<String>> = items.iter().map(|item| written(item, inner)).collect();
            format!("[{}]", items?.join(", "))
        }
        (Type::Text | Type::Word, Json::Object(text)) => format!("\"{}\"", text.get("text")?.as_str()?),
        (_, Json::String(text)) => format!("\"{text}\""),
        (Type::Text | Type::Word | Type::List(_), _) => return None,
        (_, value) => value.to_string(),
    };
    let text = text.replace('\n', "↵");
    Some(match text.char_indices().nth(MOST) {
        Some((end, _)) => format!("{}…", &text[..end]),
        None => text,
    })
}
