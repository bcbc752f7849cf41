//! What is said of a symptom: text with `{capture}`, `{$site-value}`, `{$recipe.name}` and `{$link.name}`.

use std::collections::BTreeMap;
use std::fmt;
use std::ops::Range;

use super::document::{Item, Shape, Word};
use super::site::Site;
use super::template::{Chunk, Use, UseKind, chunks};

/// Several ways to say a thing: the first in which nothing is missing is used. Empty for nothing to say.
#[derive(Clone, Debug, Default)]
pub struct Saying(Vec<Vec<Part>>);

#[derive(Clone, Debug)]
enum Part {
    Text(String),
    /// What a signature captured.
    Capture(String, Range<usize>),
    Site(Use),
}

/// As it is written; of several ways all.
impl fmt::Display for Saying {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let part = |part: &Part| match part {
            Part::Text(text) => text.clone(),
            Part::Capture(name, _) => format!("{{{name}}}"),
            Part::Site(used) => match used.kind {
                UseKind::Recipe => format!("{{$recipe.{}}}", used.name),
                UseKind::Link => format!("{{$link.{}}}", used.name),
                UseKind::Value | UseKind::Text | UseKind::Table => format!("{{${}}}", used.name),
            },
        };
        let ways: Vec<String> = self.0.iter().map(|way| way.iter().map(part).collect()).collect();
        f.write_str(&ways.join("; or: "))
    }
}

impl Saying {
    /// One text, or a list of them.
    pub(super) fn read(item: &Item<'_, '_>) -> Self {
        let words = match item.shape() {
            Shape::List => item.strings(),
            _ => item.string().into_iter().collect(),
        };
        Self(words.iter().map(|word| parts(item, word)).collect())
    }

    /// True when there is nothing to say.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// What is said at a site of these captures: the first way in which nothing is missing; else nothing.
    pub fn say(&self, site: &Site, captures: &BTreeMap<String, String>) -> Option<String> {
        let part = |part: &Part| match part {
            Part::Text(text) => Some(text.clone()),
            Part::Capture(name, _) => captures.get(name).cloned(),
            Part::Site(used) => match used.kind {
                UseKind::Recipe => site.recipes.get(&used.name).map(|recipe| recipe.value.clone()),
                UseKind::Link => site.links.get(&used.name).cloned(),
                UseKind::Value | UseKind::Text | UseKind::Table => site.value_text(&used.name),
            },
        };
        self.0.iter().find_map(|way| {
            let text = way.iter().map(part).collect::<Option<String>>()?;
            Some(filled(text.trim(), captures)).filter(|text| !text.is_empty())
        })
    }

    /// The site names that it uses.
    pub(super) fn uses(&self) -> impl Iterator<Item = &Use> {
        self.0.iter().flatten().filter_map(|part| if let Part::Site(used) = part { Some(used) } else { None })
    }

    /// The captures that it uses, with their places.
    pub(super) fn captures(&self) -> impl Iterator<Item = (&String, &Range<usize>)> {
        self.0.iter().flatten().filter_map(|part| match part {
            Part::Capture(name, span) => Some((name, span)),
            _ => None,
        })
    }
}

/// The text with captures in place of the words in capitals that they are named after, where they fit a command.
fn filled(text: &str, captures: &BTreeMap<String, String>) -> String {
    let is_word = |c: char| c.is_alphanumeric() || c == '_' || c == '-';
    let is_plain = |value: &str| value.chars().all(|c| c.is_alphanumeric() || "_./${}-+@~".contains(c));
    let mut text = text.to_owned();
    for (name, value) in captures {
        if !name.chars().all(|c| c.is_ascii_uppercase() || c == '_') || !is_plain(value) {
            continue;
        }
        let mut from = 0;
        while let Some(at) = text[from..].find(name.as_str()).map(|at| at + from) {
            let end = at + name.len();
            let alone = !text[..at].ends_with(is_word) && !text[end..].starts_with(is_word);
            if alone {
                text.replace_range(at..end, value);
            }
            from = if alone { at + value.len() } else { end };
        }
    }
    text
}

/// The parts of one text; what is wrong in it goes to the document's problems.
fn parts(item: &Item<'_, '_>, word: &Word<'_>) -> Vec<Part> {
    if word.text.starts_with("$link.") {
        // As a site writes it for its rules.
        return vec![part(word.text, word.span.clone())];
    }
    let part = |chunk: Chunk<'_>| match chunk {
        Chunk::Text(text) => Part::Text(text),
        Chunk::Name(inner) => {
            let span = item.doc.locate(word.span.clone(), &format!("{{{inner}}}"));
            if let Some((table, _)) = inner.split_once('[') {
                let note = "say it at each site, or in a rule".to_owned();
                item.doc.problem(span.clone(), format!("a symptom cannot look into a table, `{table}`"), Some(note));
            }
            part(inner, span)
        }
    };
    chunks(item.doc, word).into_iter().map(part).collect()
}

fn part(inner: &str, span: Range<usize>) -> Part {
    let Some(name) = inner.strip_prefix('$') else { return Part::Capture(inner.to_owned(), span) };
    let (kind, name) = match name.split_once('.') {
        Some(("recipe", name)) => (UseKind::Recipe, name),
        Some(("link", name)) => (UseKind::Link, name),
        _ => (UseKind::Text, name.split('[').next().unwrap_or(name)),
    };
    Part::Site(Use { kind, name: name.to_owned(), span })
}
