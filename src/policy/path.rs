//! Field paths: the dotted words by which rules name the fields of a fact, checked against the schema.

use std::fmt;

use crate::facts::FactKind;
use crate::facts::schema::{self, Field, Type};

use super::document::{Document, Word, expectation};

/// What `.place` can say of a path.
pub const PLACES: &[&str] = &["home", "project", "scratch", "data", "software", "node-local", "elsewhere", "unknown"];

/// The fields of the site: `site.…`.
pub static SITE: &[Field] = &[
    Field { name: "id", kind: Type::Text, doc: "id of the site that judges" },
    Field {
        name: "scheduler",
        kind: Type::Choice(&["slurm", "pbs", "sge", "lsf"]),
        doc: "the scheduler that the site runs; absent when no site is known",
    },
    Field { name: "retired", kind: Type::Flag, doc: "the site no longer exists" },
    Field {
        name: "values",
        kind: Type::List(&Type::Text),
        doc: "names of the values that it sets: a condition on one that is not set should not stand alone",
    },
];

pub(super) static PLACE: Type = Type::Choice(PLACES);
pub(super) static TEXT: Type = Type::Text;
static NUMBER: Type = Type::Number;
pub(super) static FLAG: Type = Type::Flag;
pub(super) static TEXTS: Type = Type::List(&Type::Text);

/// A field of a fact, of the state, the job, the file or the site.
#[derive(Clone, Debug)]
pub struct FieldPath {
    /// Where the path begins.
    pub root: Root,
    /// The names to follow from there.
    pub steps: Box<[Box<str>]>,
    /// What is asked of the value found.
    pub derived: Option<Derived>,
    /// That is written as one word of a shell: `.name.word`.
    pub as_word: bool,
    /// The type of the result.
    pub kind: &'static Type,
    /// True when the path goes through a list: the result is then a list.
    pub mapped: bool,
    /// The path as written.
    pub text: Box<str>,
}

/// Where a path begins.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Root {
    /// The fact's own fields, or those of a record in a list.
    Own,
    /// The state before the fact.
    State,
    /// What the directives of the file ask for.
    Job,
    /// The file.
    File,
    /// The site.
    Site,
}

/// A property that is computed from a value.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Derived {
    /// The place that a path lies in.
    Place,
    /// The last component of a path.
    Name,
    /// A path without its last component.
    Parent,
    /// How many items a list has; 0 when it is absent.
    Count,
    /// The same text at the place of the literal that it comes from, when a variable carried it.
    Origin,
    /// Whether a variable carried the text here.
    Carried,
    /// Names of the variables that stay unresolved in a text.
    Unresolved,
    /// The text as one word of a shell.
    Word,
}

/// Whose fields a path may name.
#[derive(Clone, Copy, Debug)]
pub enum Scope {
    /// A fact: its own fields and all roots.
    Fact(FactKind),
    /// A record in a list: its fields only.
    Record(&'static [Field]),
    /// A text in a list: its properties only.
    Text,
}

impl fmt::Display for FieldPath {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

impl FieldPath {
    /// Reads the path `word`; a field that does not exist is a problem, with the nearest name.
    pub(super) fn parse(doc: &Document<'_>, word: &Word<'_>, scope: Scope) -> Option<Self> {
        Self::parse_beside(doc, word, scope, &[])
    }

    /// The same where some other words may stand too.
    pub(super) fn parse_beside(
        doc: &Document<'_>,
        word: &Word<'_>,
        scope: Scope,
        others: &[&'static str],
    ) -> Option<Self> {
        match Self::resolve(word.text, scope, others) {
            Ok(path) => Some(path),
            Err(wrong) => {
                doc.problem(doc.locate(word.span.clone(), &wrong.part), wrong.message, wrong.note);
                None
            }
        }
    }

    fn resolve(text: &str, scope: Scope, others: &[&'static str]) -> Result<Self, Wrong> {
        let parts: Vec<&str> = text.split('.').collect();
        let (root, skip, mut fields) = root_of(parts[0], scope);
        let mut kind: Option<&'static Type> = matches!(scope, Scope::Text).then_some(&TEXT);
        let mut steps = Vec::new();
        let mut mapped = false;
        for (index, part) in parts.iter().enumerate().skip(skip) {
            if let Some(Type::List(Type::Record(inner))) = kind
                && *part != "count"
            {
                (fields, kind, mapped) = (inner, None, true);
            } else if let Some(Type::Record(inner)) = kind {
                (fields, kind) = (inner, None);
            }
            if let Some(found) = kind {
                let (derived, result) = derived(part, found).ok_or_else(|| no_property(part, found))?;
                let as_word = matches!((&parts[index + 1..], result), (["word"], Type::Text | Type::Word));
                if let Some(next) = parts.get(index + 1)
                    && !as_word
                {
                    return Err(nothing_more(part, next, result));
                }
                return Ok(Self { as_word, ..Self::new(root, steps, Some(derived), result, mapped, text) });
            }
            let field = fields.iter().find(|field| field.name == *part);
            let field = field.or_else(|| fields.iter().find(|field| field.name == "*" && !part.is_empty()));
            kind = Some(&field.ok_or_else(|| no_field(&parts, fields, index, scope, others))?.kind);
            steps.push(Box::from(*part));
        }
        match kind {
            Some(kind) => Ok(Self::new(root, steps, None, kind, mapped, text)),
            None => Err(Wrong {
                part: text.to_owned(),
                message: format!("`{text}` is not a field: say which of its fields is meant"),
                note: expectation("", &fields.iter().map(|field| field.name).collect::<Vec<_>>()),
            }),
        }
    }

    /// True for a field of the whole file or of the site, which stands nowhere in the text.
    pub(super) fn is_of_whole(&self) -> bool {
        matches!(self.root, Root::File | Root::Site)
    }

    fn new(
        root: Root,
        steps: Vec<Box<str>>,
        derived: Option<Derived>,
        kind: &'static Type,
        mapped: bool,
        text: &str,
    ) -> Self {
        Self { root, steps: steps.into(), derived, as_word: false, kind, mapped, text: text.into() }
    }
}

/// A part of a path that does not exist.
struct Wrong {
    part: String,
    message: String,
    note: Option<String>,
}

/// The root that `first` names, how many parts it takes, and the fields below it.
fn root_of(first: &str, scope: Scope) -> (Root, usize, &'static [Field]) {
    match scope {
        Scope::Record(fields) => (Root::Own, 0, fields),
        Scope::Text => (Root::Own, 0, &[]),
        Scope::Fact(kind) => match first {
            "state" => (Root::State, 1, schema::STATE),
            "job" => (Root::Job, 1, schema::JOB),
            "file" => (Root::File, 1, schema::FILE),
            "site" => (Root::Site, 1, SITE),
            _ => (Root::Own, 0, schema::fields(kind)),
        },
    }
}

fn derived(part: &str, of: &'static Type) -> Option<(Derived, &'static Type)> {
    match (part, of) {
        ("place", Type::Text | Type::Word) => Some((Derived::Place, &PLACE)),
        ("name", Type::Text | Type::Word) => Some((Derived::Name, &TEXT)),
        ("parent", Type::Text | Type::Word) => Some((Derived::Parent, &TEXT)),
        ("origin", Type::Text | Type::Word) => Some((Derived::Origin, &TEXT)),
        ("carried", Type::Text | Type::Word) => Some((Derived::Carried, &FLAG)),
        ("unresolved", Type::Text | Type::Word) => Some((Derived::Unresolved, &TEXTS)),
        ("word", Type::Text | Type::Word) => Some((Derived::Word, &TEXT)),
        ("count", Type::List(_)) => Some((Derived::Count, &NUMBER)),
        _ => None,
    }
}

/// What can be asked of a value of that type.
pub(super) fn properties(of: &Type) -> &'static [&'static str] {
    match of {
        Type::Text | Type::Word => &["place", "name", "parent", "origin", "carried", "unresolved", "word"],
        Type::List(_) => &["count"],
        _ => &[],
    }
}

fn no_property(part: &str, of: &Type) -> Wrong {
    Wrong {
        part: part.to_owned(),
        message: format!("{} has no property `{part}`", describe(of)),
        note: expectation(part, properties(of)),
    }
}

/// A property of a property: there is but one.
fn nothing_more(property: &str, part: &str, of: &Type) -> Wrong {
    let may = if matches!(of, Type::Text | Type::Word) { "only `.word`" } else { "nothing" };
    Wrong {
        part: part.to_owned(),
        message: format!("`.{part}` cannot follow `.{property}`"),
        note: Some(format!("{may} can follow `.{property}`")),
    }
}

fn no_field(parts: &[&str], fields: &[Field], index: usize, scope: Scope, others: &[&'static str]) -> Wrong {
    let part = parts[index];
    let mut known: Vec<&str> = if index == 0 { others.to_vec() } else { Vec::new() };
    known.extend(fields.iter().map(|field| field.name));
    let whose = match scope {
        Scope::Fact(kind) if index == 0 => {
            known.extend(["state", "job", "file", "site"]);
            format!("a `{}` fact has", kind.name())
        }
        _ if index == 0 => "an item of the list has".to_owned(),
        _ => format!("`{}` has", parts[..index].join(".")),
    };
    Wrong {
        part: part.to_owned(),
        message: format!("unknown field `{part}`: {whose} none of that name"),
        note: expectation(part, &known),
    }
}

/// A type in words, for errors.
pub(super) fn describe(kind: &Type) -> String {
    match kind {
        Type::Flag => "a flag".to_owned(),
        Type::Number => "a number".to_owned(),
        Type::Text | Type::Word => "text".to_owned(),
        Type::Choice(words) => format!("one of {}", words.join(", ")),
        Type::List(_) => "a list".to_owned(),
        Type::Record(_) => "a record".to_owned(),
    }
}
