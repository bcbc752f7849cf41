//! Reading the files that hold settings: each key with its value and the place of both.

use serde_json::value::RawValue;
use toml::Spanned;
use toml::de::{DeTable, DeValue};

use std::collections::BTreeMap;

use crate::source::Span;

/// A key with its value, and where they stand.
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

/// `[section]` and `key = value`, as Python's `configparser` reads them.
pub(super) fn ini(text: &str) -> Vec<Entry> {
    let mut section = "";
    let mut all = Vec::new();
    for (start, line) in lines(text) {
        if let Some(name) = line.strip_prefix('[').and_then(|rest| rest.strip_suffix(']')) {
            section = name.trim();
        } else if let Some((name, value)) = line.split_once(['=', ':'])
            && !line.starts_with([' ', '\t', '#', ';'])
        {
            let name = name.trim().to_lowercase().replace('_', "-");
            let span = Span::new(start, start + line.len());
            all.push(Entry { name: format!("{section}.{name}"), value: value.trim().to_owned(), span });
        }
    }
    all
}

/// Keys of TOML, with their tables. Nothing of a file with a fault, which the tool refuses too.
pub(super) fn toml(text: &str) -> Vec<Entry> {
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
    let mut all = Vec::new();
    if let Ok(table) = DeTable::parse(text) {
        flat(Spanned::get_ref(&table), "", &mut all);
    }
    all
}

/// Lines `c.ServerApp.ip = '0.0.0.0'` of a Jupyter configuration, which is Python.
pub(super) fn jupyter(text: &str) -> Vec<Entry> {
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
    lines(text).filter_map(entry).collect()
}

/// The same as JSON: `{"ServerApp": {"ip": "0.0.0.0"}}`.
pub(super) fn jupyter_json(text: &str) -> Vec<Entry> {
    type Object<'a> = BTreeMap<String, &'a RawValue>;
    let Ok(classes) = serde_json::from_str::<Object<'_>>(text) else { return Vec::new() };
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
    all
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_value_has_its_place() {
        let show = |text: &str, all: Vec<Entry>| -> Vec<String> {
            let line = |at: usize| text[..at].matches('\n').count() + 1;
            all.iter().map(|each| format!("{} {}={}", line(each.span.start), each.name, each.value)).collect()
        };
        let text = "# c\n[global]\n\nuser = true\r\nfind_links: /a\n  /b\n;x = 1\n[install]\nno-deps=\n";
        assert_eq!(show(text, ini(text)), ["4 global.user=true", "5 global.find-links=/a", "9 install.no-deps="]);
        let text = "cache-dir = \"/x\"\n\n[pip]\nsystem = true\nextra = [1]\n";
        assert_eq!(show(text, toml(text)), ["1 cache-dir=/x", "4 pip.system=true"]);
        assert!(toml("cache-dir = \n").is_empty());
        let text = "c = get_config()\n#c.ServerApp.port = 1\nc.ServerApp.ip = u'*' # all\n";
        assert_eq!(show(text, jupyter(text)), ["3 ServerApp.ip=*"]);
        let text = "{\n \"ServerApp\": {\n  \"ip\": \"\\u002a\",\n  \"port\": 8888\n },\n \"A\": 1\n}\n";
        assert_eq!(show(text, jupyter_json(text)), ["3 ServerApp.ip=*", "4 ServerApp.port=8888"]);
        assert!(jupyter_json("{").is_empty());
    }
}
