//! Facts for people: one line each, with the fields that tell something, as a rule would name them.

use std::io::{self, Write};

use crate::facts::{Fact, FactKind, FileFacts, Record, Text, Value};
use crate::report::for_terminal;
use crate::source::Source;

/// What every fact of its kind has, or what says the same again: words as they stand, numbers of lines, the statement.
const PLAIN: [&str; 10] =
    ["words", "text", "statement", "line", "index", "options", "sentinel", "whole", "item", "set-u-line"];

/// What names a record, the first that it has.
const NAMES: [&str; 5] = ["full", "entry", "name", "path", "text"];

/// Longer texts and lists are cut.
const LONGEST: usize = 60;
const MOST: usize = 6;

/// Writes all that a file gives. Errors are those of `out`.
pub(super) fn write(source: &Source, facts: &FileFacts, out: &mut dyn Write) -> io::Result<()> {
    line(out, 0, &format!("{}: {}", source.path.display(), source.kind.name()))?;
    script(source, facts, out)?;
    writeln!(out, "\n-f json has every field; docs/rules-reference.md says what they mean.")
}

fn script(source: &Source, facts: &FileFacts, out: &mut dyn Write) -> io::Result<()> {
    line(out, 0, &format!("file: {}", fields(&facts.file, "").join(", ")))?;
    if let Some(job) = &facts.job {
        line(out, 0, &format!("job: {}", fields(job, "").join(", ")))?;
    }
    writeln!(out)?;
    let mut state: Vec<String> = Vec::new();
    // The file itself stands above.
    for fact in facts.facts.iter().filter(|fact| fact.kind != FactKind::File) {
        let now = fact.state.as_deref().map(|state| fields(state, "state.")).unwrap_or_default();
        if fact.state.is_some() && now != state {
            let changed: Vec<&str> = now.iter().filter(|field| !state.contains(field)).map(String::as_str).collect();
            let gone = gone(&state, &now);
            let told = [("", changed.join(", ")), ("no longer: ", gone.join(", "))];
            let told: Vec<String> =
                told.iter().filter(|(_, what)| !what.is_empty()).map(|(how, what)| format!("{how}{what}")).collect();
            if !told.is_empty() {
                line(out, 9, &format!("from here on: {}", told.join("; ")))?;
            }
            state = now;
        }
        one(source, fact, out)?;
    }
    for gap in &facts.gaps {
        let at = source.lines.line(gap.span.start);
        line(out, 0, &format!("{at:>5}    not understood: {}", gap.reason))?;
    }
    for inner in &facts.embedded {
        writeln!(out, "\na script inside it:")?;
        script(source, inner, out)?;
    }
    Ok(())
}

/// What of a state is not there any more: a part of which nothing is left as a whole (`state.env`), else the field.
fn gone<'a>(before: &'a [String], now: &[String]) -> Vec<&'a str> {
    fn name(field: &str) -> &str {
        field.split(" = ").next().unwrap_or(field)
    }
    fn part(field: &str) -> &str {
        let end = name(field).match_indices('.').nth(1).map_or(name(field).len(), |(at, _)| at);
        &field[..end]
    }
    let lost = before.iter().filter(|old| !now.iter().any(|new| name(new) == name(old)));
    let mut gone: Vec<&str> =
        lost.map(|old| if now.iter().any(|new| part(new) == part(old)) { name(old) } else { part(old) }).collect();
    gone.dedup();
    gone
}

fn one(source: &Source, fact: &Fact, out: &mut dyn Write) -> io::Result<()> {
    let at = source.lines.line(fact.span.start);
    let doubt = if fact.certain { ' ' } else { '?' };
    let own = fields(&fact.fields, "").join(", ");
    line(out, 0, &format!("{at:>5} {doubt}  {:12} {own}", fact.kind.name()))
}

fn line(out: &mut dyn Write, indent: usize, text: &str) -> io::Result<()> {
    writeln!(out, "{:indent$}{}", "", for_terminal(text.trim_end()))
}

/// The fields that tell something: `option.--prefix = "/scratch/env"`.
fn fields(record: &Record, prefix: &str) -> Vec<String> {
    let mut found: Vec<String> = Vec::new();
    let told: Vec<(&str, &Value)> = record.iter().filter(|(name, _)| !PLAIN.contains(name)).collect();
    for (name, value) in &told {
        let path = format!("{prefix}{name}");
        // An option stands under all its spellings: the longest is the one to write.
        let longer = |(other, same): &(&str, &Value)| same == value && other.len() > name.len() && is_option(other);
        if is_option(name) && told.iter().any(longer) {
            continue;
        }
        // The program is told by `run`, unless it was written otherwise.
        let before = match *name {
            "program" => record.text("run").split(' ').next(),
            "path" => Some(record.text("program")),
            _ => None,
        };
        if before.is_some_and(|before| Some(before) == text_of(value)) {
            continue;
        }
        match value {
            Value::Record(inner) => found.extend(fields(inner, &format!("{path}."))),
            Value::List(items) if items.iter().any(|item| matches!(item, Value::Record(_))) => {
                found.extend(names(items, &path));
            }
            // Flags, and options without a value: that they are there is all there is to say.
            value if text_of(value) == Some("") => found.extend(is_option(name).then_some(path)),
            Value::Flag(flag) => found.extend(flag.then_some(path)),
            value => found.extend(shown(value).map(|shown| format!("{path} = {shown}"))),
        }
    }
    found
}

fn is_option(name: &str) -> bool {
    name.starts_with('-')
}

fn text_of(value: &Value) -> Option<&str> {
    if let Value::Text(text) = value { Some(&text.text) } else { None }
}

/// A list of records by what names them: `state.modules.full = ["python/3.11"]`.
fn names(items: &[Value], path: &str) -> Option<String> {
    let records = || items.iter().filter_map(|item| if let Value::Record(record) = item { Some(record) } else { None });
    let name = NAMES.into_iter().find(|name| records().any(|record| record.get(name).is_some()))?;
    // What holds on some paths only has the mark of a fact that is not certain.
    let doubt = |record: &Record| if record.possible { "?" } else { "" };
    let named = records().filter_map(|record| Some(format!("{}{}", shown(record.get(name)?)?, doubt(record))));
    let mut texts: Vec<String> = named.take(MOST).collect();
    if items.len() > MOST {
        texts.push("…".to_owned());
    }
    (!texts.is_empty()).then(|| format!("{path}.{name} = [{}]", texts.join(", ")))
}

/// A value as a condition would write it; `None` for one that says nothing.
fn shown(value: &Value) -> Option<String> {
    match value {
        Value::Flag(flag) => flag.then(|| "true".to_owned()),
        Value::Number(number) => Some(number.to_string()),
        Value::Text(text) => Some(quoted(text)).filter(|_| text.text != "none"),
        Value::List(items) => {
            let mut texts: Vec<String> = items.iter().filter_map(shown).take(MOST).collect();
            if items.len() > MOST {
                texts.push("…".to_owned());
            }
            (!texts.is_empty()).then(|| format!("[{}]", texts.join(", ")))
        }
        Value::Record(record) => Some(format!("{{ {} }}", fields(record, "").join(", "))),
    }
}

fn quoted(text: &Text) -> String {
    let mut short: String = text.text.chars().take(LONGEST).collect();
    if short.len() < text.text.len() {
        short.push('…');
    }
    format!("\"{}\"", short.replace('\n', "⏎"))
}
