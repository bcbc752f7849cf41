//! Golden facts of shell scripts: every file under `fixtures/facts/shell/` has its facts beside it as `NAME.facts`,
//! a line a fact. `BLESS=1 cargo test` rewrites them.

#![expect(clippy::disallowed_methods, reason = "tests read the goldens, and write them when asked")]

use std::fmt::Write as _;
use std::path::{Path, PathBuf};

use pydoctor::facts::{self, Alone, Fact, FactKind, FileFacts, Record, Value};
use pydoctor::policy::PackFiles;
use pydoctor::source::{Source, classify};
use pydoctor::tables::Tables;

/// Fields that say nothing new in a golden: they repeat the line, or hold what most facts have.
const LEFT_OUT: [&str; 8] = ["program", "path", "words", "options", "line", "text", "with", "statement"];

#[test]
fn facts_of_shell_scripts() {
    let files = PackFiles::builtin();
    let tables = Tables::parse(&|path| files.get(path)).expect("the built-in tables load");
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures/facts/shell");
    let mut wrong = Vec::new();
    let mut count = 0;
    for path in sources(&folder) {
        let bytes = std::fs::read(&path).expect("a fixture");
        let kind = classify(&path, &bytes);
        let source = Source::new(path.clone(), kind, bytes);
        let facts = facts::collect(&source, &tables, &Alone);
        let mut shown = String::new();
        show(&source, &facts, "", &mut shown);
        let golden = PathBuf::from(format!("{}.facts", path.display()));
        if std::env::var_os("BLESS").is_some() {
            std::fs::write(&golden, &shown).expect("the golden is written");
        } else if std::fs::read_to_string(&golden).ok().as_deref() != Some(&shown) {
            wrong.push(path.display().to_string());
        }
        count += 1;
    }
    assert!(count > 20, "only {count} fixtures were found");
    assert!(wrong.is_empty(), "facts differ from their goldens (BLESS=1 rewrites them): {wrong:#?}");
}

fn sources(folder: &Path) -> Vec<PathBuf> {
    let entries = std::fs::read_dir(folder).expect("the fixtures");
    let mut paths: Vec<PathBuf> = entries.filter_map(|entry| Some(entry.ok()?.path())).collect();
    paths.retain(|path| path.extension().is_some_and(|extension| extension != "facts"));
    paths.sort();
    paths
}

fn show(source: &Source, facts: &FileFacts, indent: &str, out: &mut String) {
    for fact in facts.facts.iter().filter(|fact| fact.kind != FactKind::File) {
        let at = |offset| source.lines.position(&source.text, offset);
        let (start, end) = (at(fact.span.start), at(fact.span.end));
        let _ = write!(out, "{indent}{}:{}-", start.line, start.column);
        if end.line != start.line {
            let _ = write!(out, "{}:", end.line);
        }
        let certain = if fact.certain { "" } else { "?" };
        let _ = write!(out, "{} {}{certain}", end.column, fact.kind.name());
        fields(&fact.fields, out);
        state(fact, out);
        out.push('\n');
    }
    for gap in &facts.gaps {
        let line = source.lines.line(gap.span.start);
        let _ = writeln!(out, "{indent}{line} not understood: {}", gap.reason);
    }
    for inner in &facts.embedded {
        let _ = writeln!(out, "{indent}script inside:");
        show(source, inner, &format!("{indent}    "), out);
    }
}

fn fields(record: &Record, out: &mut String) {
    for (name, value) in record.iter().filter(|(name, _)| !LEFT_OUT.contains(name)) {
        let shown = shown(value);
        // What almost every fact has.
        let usual = matches!((name, shown.as_str()), ("guard", "none") | ("verb", "load"));
        if !shown.is_empty() && !usual {
            let _ = write!(out, " {name}={shown}");
        }
    }
}

fn shown(value: &Value) -> String {
    match value {
        Value::Flag(true) => "yes".to_owned(),
        Value::Flag(false) => String::new(),
        Value::Number(number) => number.to_string(),
        Value::Text(text) => {
            let mark = if text.unresolved.is_empty() { "" } else { "~" };
            if text.text.is_empty() || text.text.contains([' ', '\n']) {
                format!("{mark}{:?}", text.text)
            } else {
                format!("{mark}{}", text.text)
            }
        }
        Value::List(items) if items.is_empty() => String::new(),
        Value::List(items) => format!("[{}]", items.iter().map(shown).collect::<Vec<_>>().join(", ")),
        Value::Record(record) if record.is_empty() => String::new(),
        Value::Record(record) => {
            let name = ["full", "name", "text", "entry"].iter().find_map(|key| record.get(key));
            match name {
                Some(Value::Text(text)) => format!("{}{}", text.text, if record.possible { "?" } else { "" }),
                _ => {
                    let inside = record.iter().map(|(name, value)| format!("{name}={}", shown(value)));
                    format!("{{{}}}", inside.collect::<Vec<_>>().join(" "))
                }
            }
        }
    }
}

/// What of the state is not as at the start.
fn state(fact: &Fact, out: &mut String) {
    let Some(state) = &fact.state else { return };
    let mut words = Vec::new();
    for (name, value) in state.iter() {
        let shown = shown(value);
        match name {
            "path" | "sourced" | "modules-known" | "set-u-line" => {}
            "conda-ready" if shown == "no" => {}
            "env" => {
                if let Value::Record(env) = value {
                    words.push(format!(
                        "env={}:{}{}",
                        env.text("kind"),
                        env.text("name"),
                        if env.possible { "?" } else { "" }
                    ));
                }
            }
            _ if shown.is_empty() => {}
            _ => words.push(format!("{name}={shown}")),
        }
    }
    if !words.is_empty() {
        let _ = write!(out, " | {}", words.join(" "));
    }
}
