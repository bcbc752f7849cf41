//! Reading the files that hold settings: each key with its value and the place of both.

use serde_json::value::RawValue;
use toml::Spanned;
use toml::de::{DeTable, DeValue};

use std::collections::{BTreeMap, BTreeSet};

use crate::source::Span;

/// Why a tool does not load a file, and where that is.
#[derive(Debug)]
pub(super) struct Fault {
    pub(super) reason: String,
    pub(super) span: Span,
}

/// What a file says; a fault where its tool refuses the whole of it.
pub(super) type Entries = Result<Vec<Entry>, Fault>;

/// A key with its value, and where they stand.
#[derive(Debug)]
pub(super) struct Entry {
    pub(super) name: String,
    pub(super) value: String,
    pub(super) span: Span,
}

/// The lines of a text, without their ends, and where each begins.
fn lines(text: &str) -> impl Iterator<Item = (usize, &str)> {
    let mut at = 0;
    text.split_inclusive('\n').map(move |line| {
        let start = at;
        at += line.len();
        (start, line.trim_end())
    })
}

/// `[section]` and `key = value`, as Python's `configparser` reads them (`RawConfigParser`, which is strict): lines that
/// are indented deeper go on with the value.
pub(super) fn ini(text: &str) -> Entries {
    let mut sections: BTreeSet<&str> = BTreeSet::new();
    let mut names: BTreeSet<String> = BTreeSet::new();
    let mut section: Option<&str> = None;
    let mut all: Vec<Entry> = Vec::new();
    // The indentation of the last line that was none of a value; a value can go on below a key alone.
    let (mut indent, mut open) = (0, false);
    for (start, line) in any_lines(text) {
        let value = line.trim();
        if value.is_empty() || value.starts_with(['#', ';']) {
            continue;
        }
        let span = Span::new(start, start + line.trim_end().len());
        let fault = |reason: String| Err(Fault { reason, span });
        let level = line.chars().take_while(|c| c.is_whitespace()).count();
        if open && level > indent {
            if let Some(entry) = all.last_mut() {
                let between = if entry.value.is_empty() { "" } else { " " };
                entry.value = format!("{}{between}{value}", entry.value);
            }
            continue;
        }
        indent = level;
        if let Some(name) = header(value) {
            if !sections.insert(name) && name != "DEFAULT" {
                return fault(format!("the section `[{name}]` stands here a second time"));
            }
            (section, open) = (Some(name), false);
            continue;
        }
        let Some(section) = section else { return fault("no section such as `[global]` stands before it".to_owned()) };
        let (key, value) = match value.split_once(['=', ':']) {
            Some((key, value)) if !key.trim().is_empty() => (key.trim().to_lowercase(), value.trim()),
            Some(_) => return fault("no name stands before `=`".to_owned()),
            None if value.starts_with('[') => return fault("`]` is missing".to_owned()),
            None => return fault("`=` is missing".to_owned()),
        };
        if !names.insert(format!("{section}.{key}")) {
            return fault(format!("`{key}` stands a second time in `[{section}]`"));
        }
        let name = key.strip_prefix("--").unwrap_or(&key).replace('_', "-");
        all.push(Entry { name: format!("{section}.{name}"), value: value.to_owned(), span });
        open = true;
    }
    Ok(all)
}

/// The name of a section; what follows the bracket does not matter.
fn header(line: &str) -> Option<&str> {
    let (name, _) = line.strip_prefix('[')?.rsplit_once(']')?;
    Some(name).filter(|name| !name.is_empty())
}

/// The lines of a text as Python reads them: a carriage return ends one, too.
fn any_lines(text: &str) -> impl Iterator<Item = (usize, &str)> {
    let mut at = 0;
    text.split_inclusive(['\n', '\r']).map(move |line| {
        let start = at;
        at += line.len();
        (start, line)
    })
}

/// Keys of TOML, with their tables.
pub(super) fn toml(text: &str) -> Entries {
    fn flat(table: &DeTable<'_>, before: &str, all: &mut Vec<Entry>) {
        for (key, value) in table {
            let name = format!("{before}{}", key.get_ref());
            let plain = match value.get_ref() {
                DeValue::Table(inner) => {
                    flat(inner, &format!("{name}."), all);
                    continue;
                }
                DeValue::String(text) => text.to_string(),
                DeValue::Boolean(flag) => flag.to_string(),
                DeValue::Integer(number) => number.as_str().to_owned(),
                _ => continue,
            };
            all.push(Entry { name, value: plain, span: Span::new(key.span().start, value.span().end) });
        }
    }
    let table = DeTable::parse(text).map_err(|error| {
        let span = error.span().map_or_else(Span::default, |span| Span::new(span.start, span.end));
        Fault { reason: error.message().to_owned(), span }
    })?;
    let mut all = Vec::new();
    flat(Spanned::get_ref(&table), "", &mut all);
    Ok(all)
}

/// Lines `c.ServerApp.ip = '0.0.0.0'` of a Jupyter configuration, which is Python.
pub(super) fn jupyter(text: &str) -> Entries {
    let entry = |(start, line): (usize, &str)| {
        let (name, value) = line.strip_prefix("c.")?.split_once('=')?;
        let name = name.trim();
        if name.contains(|c: char| !c.is_alphanumeric() && c != '.' && c != '_') {
            return None;
        }
        let value = value.trim();
        let value = value.strip_prefix(['u', 'r']).filter(|rest| rest.starts_with(['\'', '"'])).unwrap_or(value);
        let quote = value.chars().next().filter(|first| matches!(first, '\'' | '"'));
        let value = match quote.and_then(|quote| value[1..].split_once(quote)) {
            Some((inner, _)) => inner,
            None => value.split('#').next().unwrap_or_default().trim(),
        };
        let span = Span::new(start, start + line.len());
        Some(Entry { name: name.to_owned(), value: value.to_owned(), span })
    };
    Ok(lines(text).filter_map(entry).collect())
}

/// The same as JSON: `{"ServerApp": {"ip": "0.0.0.0"}}`. Nothing of a file with a fault, which Jupyter passes over.
pub(super) fn jupyter_json(text: &str) -> Entries {
    type Object<'a> = BTreeMap<String, &'a RawValue>;
    let Ok(classes) = serde_json::from_str::<Object<'_>>(text) else { return Ok(Vec::new()) };
    let mut all = Vec::new();
    for (class, traits) in classes {
        for (name, value) in serde_json::from_str::<Object<'_>>(traits.get()).into_iter().flatten() {
            let written = value.get();
            // A raw value is a part of the text that it was read from.
            let start = written.as_ptr().addr().saturating_sub(text.as_ptr().addr());
            let value = serde_json::from_str::<String>(written).unwrap_or_else(|_| written.to_owned());
            all.push(Entry { name: format!("{class}.{name}"), value, span: Span::new(start, start + written.len()) });
        }
    }
    all.sort_by_key(|entry| entry.span);
    Ok(all)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_value_has_its_place() {
        let show = |text: &str, all: Entries| -> Vec<String> {
            let line = |at: usize| text[..at].matches('\n').count() + 1;
            all.unwrap().iter().map(|each| format!("{} {}={}", line(each.span.start), each.name, each.value)).collect()
        };
        let text = "# c\n[global]\n\nuser = true\r\nfind_links: /a\n  /b\n;x = 1\n[install]\nno-deps=\n";
        assert_eq!(show(text, ini(text)), ["4 global.user=true", "5 global.find-links=/a /b", "9 install.no-deps="]);
        let text = "cache-dir = \"/x\"\n\n[pip]\nsystem = true\nextra = [1]\n";
        assert_eq!(show(text, toml(text)), ["1 cache-dir=/x", "4 pip.system=true"]);
        assert_eq!(toml("\ncache-dir = \n").unwrap_err().span.start, 13);
        let text = "c = get_config()\n#c.ServerApp.port = 1\nc.ServerApp.ip = u'*' # all\n";
        assert_eq!(show(text, jupyter(text)), ["3 ServerApp.ip=*"]);
        let text = "{\n \"ServerApp\": {\n  \"ip\": \"\\u002a\",\n  \"port\": 8888\n },\n \"A\": 1\n}\n";
        assert_eq!(show(text, jupyter_json(text)), ["3 ServerApp.ip=*", "4 ServerApp.port=8888"]);
        assert!(jupyter_json("{").unwrap().is_empty());
    }
}
