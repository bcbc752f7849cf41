//! Templates: text with `{field.path}`, `{$site-value}`, `{$table[field.path]}`, `{$recipe.name}` and
//! `{$link.name}`, checked when they are read.

use std::cell::RefCell;
use std::fmt;
use std::ops::Range;

use super::document::{Document, Item, Shape, Word};
use super::path::{FieldPath, Scope};
use super::site::Site;
use crate::facts::FactKind;

/// Text with places to fill.
#[derive(Clone, Debug, Default)]
pub struct Template {
    /// Its parts in order.
    pub parts: Box<[Part]>,
}

/// Several ways to say a thing: the first in which no site value or field is missing is used, else the last.
#[derive(Clone, Debug, Default)]
pub struct Templates(pub Box<[Template]>);

/// A part of a template.
#[derive(Clone, Debug)]
pub enum Part {
    /// As it stands.
    Text(Box<str>),
    /// The text of a field.
    Field(FieldPath),
    /// A value of the site.
    Value(Box<str>),
    /// The entry of a site's table whose key matches the text of a field.
    Entry(Box<str>, FieldPath),
    /// A recipe of the site.
    Recipe(Box<str>),
    /// A link of the site.
    Link(Box<str>),
}

impl fmt::Display for Part {
    /// As a rule writes it; text as it stands.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Text(text) => f.write_str(text),
            Self::Field(path) => write!(f, "{{{path}}}"),
            Self::Value(name) => write!(f, "{{${name}}}"),
            Self::Entry(table, path) => write!(f, "{{${table}[{path}]}}"),
            Self::Recipe(name) => write!(f, "{{$recipe.{name}}}"),
            Self::Link(name) => write!(f, "{{$link.{name}}}"),
        }
    }
}

/// What kind of site name a rule uses.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum UseKind {
    /// A value in a condition.
    Value,
    /// A value as text.
    Text,
    /// A table of texts.
    Table,
    /// A recipe.
    Recipe,
    /// A link.
    Link,
}

/// A site name that a rule uses, to be checked when all sites are known.
#[derive(Clone, Debug)]
pub(super) struct Use {
    pub kind: UseKind,
    pub name: String,
    pub span: Range<usize>,
}

/// Where a template or condition is read: the document, the kind of fact, and the site names met so far.
#[derive(Clone, Copy)]
pub(super) struct Context<'c, 'a> {
    pub doc: &'c Document<'a>,
    pub kind: FactKind,
    pub uses: &'c RefCell<Vec<Use>>,
    /// The built-in pack: what a test has checked is not checked again at every start.
    pub trusted: bool,
}

impl Context<'_, '_> {
    /// The same for facts of another kind.
    pub fn with_kind(self, kind: FactKind) -> Self {
        Self { kind, ..self }
    }

    /// Notes that a site name is used.
    pub fn uses(&self, kind: UseKind, name: &str, span: Range<usize>) {
        if !self.trusted {
            self.uses.borrow_mut().push(Use { kind, name: name.to_owned(), span });
        }
    }
}

/// A stretch of a template: text with its doubled braces undone, or what stands between `{` and `}`.
pub(super) enum Chunk<'t> {
    Text(String),
    Name(&'t str),
}

/// The stretches of a template in order; what is wrong in it goes to the document's problems.
pub(super) fn chunks<'t>(doc: &Document<'_>, word: &Word<'t>) -> Vec<Chunk<'t>> {
    let mut chunks = Vec::new();
    let mut text = String::new();
    let mut rest = word.text;
    while let Some(at) = rest.find(['{', '}']) {
        text.push_str(&rest[..at]);
        let brace = &rest[at..=at];
        rest = &rest[at + 1..];
        if let Some(after) = rest.strip_prefix(brace) {
            text.push_str(brace);
            rest = after;
        } else if let Some(end) = rest.find('}').filter(|_| brace == "{") {
            if !text.is_empty() {
                chunks.push(Chunk::Text(std::mem::take(&mut text)));
            }
            chunks.push(Chunk::Name(&rest[..end]));
            rest = &rest[end + 1..];
        } else {
            let note = format!("write `{brace}{brace}` for a brace that is meant");
            doc.problem(word.span.clone(), format!("`{brace}` without its partner"), Some(note));
        }
    }
    text.push_str(rest);
    if !text.is_empty() {
        chunks.push(Chunk::Text(text));
    }
    chunks
}

impl Templates {
    /// One template, or a list of them.
    pub(super) fn parse(context: Context<'_, '_>, item: &Item<'_, '_>) -> Option<Self> {
        let words = match item.shape() {
            Shape::List => item.strings(),
            _ => vec![item.string()?],
        };
        if words.is_empty() {
            item.wrong("at least one text");
        }
        Some(Self(words.iter().map(|word| Template::parse(context, word)).collect()))
    }

    /// True when there is nothing to say.
    pub fn is_empty(&self) -> bool {
        self.0.iter().all(|template| template.parts.is_empty())
    }
}

impl Template {
    /// Reads a template; what is wrong in it goes to the document's problems.
    pub(super) fn parse(context: Context<'_, '_>, word: &Word<'_>) -> Self {
        let part = |chunk: Chunk<'_>| match chunk {
            Chunk::Text(text) => Some(Part::Text(text.into())),
            Chunk::Name(inner) => Part::parse(context, word, inner),
        };
        let parts: Vec<Part> = chunks(context.doc, word).into_iter().filter_map(part).collect();
        Self { parts: parts.into() }
    }

    /// The template with what a site says in its place; fields stay as they were written.
    pub fn at_site(&self, site: &Site) -> String {
        let part = |part: &Part| match part {
            Part::Value(name) => site.value_text(name).unwrap_or_else(|| part.source()),
            Part::Link(name) => site.links.get(&**name).cloned().unwrap_or_else(|| part.source()),
            other => other.source(),
        };
        self.parts.iter().map(part).collect()
    }

    /// The template as it was written, for the reference.
    pub fn source(&self) -> String {
        self.parts.iter().map(Part::source).collect()
    }
}

impl Part {
    /// Reads what stands between `{` and `}`.
    pub(super) fn parse(context: Context<'_, '_>, word: &Word<'_>, inner: &str) -> Option<Self> {
        let span = context.doc.locate(word.span.clone(), &format!("{{{inner}}}"));
        let field = |name: &str| {
            let word = Word { text: name, span: span.clone() };
            FieldPath::parse(context.doc, &word, Scope::Fact(context.kind))
        };
        let Some(name) = inner.strip_prefix('$') else {
            // What is of a site is easily written without its mark.
            if inner.ends_with(']') || inner.starts_with("link.") || inner.starts_with("recipe.") {
                let note = format!("write `{{${inner}}}` for what is of the site");
                context.doc.problem(span, format!("`{inner}` is no field"), Some(note));
                return None;
            }
            return field(inner).map(Part::Field);
        };
        if let Some(recipe) = name.strip_prefix("recipe.") {
            context.uses(UseKind::Recipe, recipe, span);
            Some(Part::Recipe(recipe.into()))
        } else if let Some(link) = name.strip_prefix("link.") {
            context.uses(UseKind::Link, link, span);
            Some(Part::Link(link.into()))
        } else if let Some((table, key)) = name.strip_suffix(']').and_then(|name| name.split_once('[')) {
            let key = field(key)?;
            context.uses(UseKind::Table, table, span);
            Some(Part::Entry(table.into(), key))
        } else {
            context.uses(UseKind::Text, name, span);
            Some(Part::Value(name.into()))
        }
    }

    /// The name of what the part takes from a site, where that site has none.
    pub fn missing_at(&self, site: &Site) -> Option<&str> {
        let (name, is_there): (&str, bool) = match self {
            Self::Text(_) | Self::Field(_) => return None,
            Self::Value(name) => (name, site.value_text(name).is_some()),
            Self::Entry(name, _) => (name, site.values.get(&**name).is_some_and(|value| value.data.is_set())),
            Self::Recipe(name) => (name, site.recipes.contains_key(&**name)),
            Self::Link(name) => (name, site.links.contains_key(&**name)),
        };
        (!is_there).then_some(name)
    }

    fn source(&self) -> String {
        match self {
            Self::Text(text) => text.replace('{', "{{").replace('}', "}}"),
            Self::Field(path) => format!("{{{path}}}"),
            Self::Value(name) => format!("{{${name}}}"),
            Self::Entry(table, path) => format!("{{${table}[{path}]}}"),
            Self::Recipe(name) => format!("{{$recipe.{name}}}"),
            Self::Link(name) => format!("{{$link.{name}}}"),
        }
    }
}
