//! Conditions on facts: their types, and reading them from TOML against the schema.

mod glob;

use super::alternatives::Alternatives;
use super::document::{Document, Item, Shape, Table, Word, expectation};
use super::expression::LazyRegex;
use super::needs::Needs;
use super::path::{Derived, FieldPath, Root, Scope, describe, properties};
use super::site::Site;
use super::template::{Context, Part, Template, UseKind};
use crate::facts::schema::Type;
pub use glob::{Glob, GlobPiece, complete};

/// Conditions that must all hold.
#[derive(Clone, Debug, Default)]
pub struct Where {
    /// The conditions, those that are told fastest first.
    pub tests: Vec<Test>,
    /// So many of them hold of all facts of a file, or of none: the first.
    of_file: usize,
    /// The fields without which they do not hold.
    pub needs: Needs,
}

/// A condition on one field.
#[derive(Clone, Debug)]
pub struct Test {
    /// The field.
    pub path: FieldPath,
    /// What must hold of it.
    pub condition: Condition,
}

/// What must hold of a value.
#[derive(Clone, Debug)]
pub enum Condition {
    /// The whole text matches.
    Glob(Glob),
    /// It matches a value of the site: a glob, one of a list, one of the keys of a table.
    Value(Box<str>),
    /// The flag is this.
    Flag(bool),
    /// The number is this.
    Number(i64),
    /// One of these holds.
    OneOf(Alternatives),
    /// All of these hold.
    AllOf(Vec<Condition>),
    /// This does not hold.
    Not(Box<Condition>),
    /// It holds of an item of the list.
    Any(Box<Condition>),
    /// The list has items, and it holds of each.
    Every(Box<Condition>),
    /// It holds of no item of the list, which may be absent.
    None(Box<Condition>),
    /// These hold of the fields of a record, or of the properties of a text.
    Fields(Where),
    /// There is a value.
    Present,
    /// There is none.
    Absent,
    /// The number or version compares so.
    Compare(Comparison, Operand),
    /// The number of items of the list; 0 when it is absent.
    Count(Box<Condition>),
    /// The regular expression is found in the text.
    Matches(LazyRegex),
}

/// How two numbers or versions compare.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Comparison {
    /// Less.
    Lt,
    /// Less or equal.
    Le,
    /// Greater.
    Gt,
    /// Greater or equal.
    Ge,
}

/// What a number or version is compared with.
#[derive(Clone, Debug)]
pub enum Operand {
    /// A number.
    Number(i64),
    /// A version, or a field or site value that holds one.
    Text(Template),
}

/// Operators that a table of conditions may hold.
const OPERATORS: &[&str] =
    &["not", "any", "all", "none", "absent", "present", "lt", "le", "gt", "ge", "count", "matches"];

impl Condition {
    /// True for a condition that does not hold of what is absent, false, or an empty list.
    pub fn needs_value(&self) -> bool {
        match self {
            Self::Glob(_)
            | Self::Value(_)
            | Self::Present
            | Self::Flag(true)
            | Self::Any(_)
            | Self::Every(_)
            | Self::Fields(_)
            | Self::Matches(_) => true,
            Self::OneOf(all) => all.iter().all(Self::needs_value),
            Self::AllOf(all) => all.iter().any(Self::needs_value),
            _ => false,
        }
    }

    /// True for a condition that does not hold of what is absent.
    pub(super) fn needs_something(&self) -> bool {
        match self {
            Self::Not(_) | Self::None(_) | Self::Absent | Self::Count(_) => false,
            Self::OneOf(all) => all.iter().all(Self::needs_something),
            Self::AllOf(all) => all.iter().any(Self::needs_something),
            _ => true,
        }
    }

    /// True for a condition that holds of nothing at a site, because the site says nothing of what it asks for.
    pub(super) fn is_out_of_question(&self, site: &Site) -> bool {
        match self {
            Self::Value(name) => !site.values.get(&**name).is_some_and(|value| value.data.is_set()),
            Self::OneOf(all) => all.iter().all(|condition| condition.is_out_of_question(site)),
            Self::AllOf(all) => all.iter().any(|condition| condition.is_out_of_question(site)),
            Self::Any(inner) | Self::Every(inner) => inner.is_out_of_question(site),
            _ => false,
        }
    }
}

impl Where {
    /// Reads a table of conditions on the fields of `scope`.
    pub(super) fn parse(context: Context<'_, '_>, table: &Table<'_, '_>, scope: Scope) -> Self {
        let mut tests = Vec::new();
        read_fields(context, table, scope, "", &mut tests, 0);
        Self::of(tests)
    }

    /// Takes the conditions of `other` as well.
    pub(super) fn and(&mut self, other: Self) {
        let mut tests = std::mem::take(&mut self.tests);
        tests.extend(other.tests);
        *self = Self::of(tests);
    }

    fn of(mut tests: Vec<Test>) -> Self {
        // All must hold, in whatever order: what is told fast goes first.
        tests.sort_by_key(Test::cost);
        let of_file = tests.partition_point(Test::is_of_file);
        let needs = Needs::of(&tests);
        Self { tests, of_file, needs }
    }

    /// The conditions that hold of all facts of a file, or of none.
    pub fn of_file(&self) -> &[Test] {
        &self.tests[..self.of_file]
    }

    /// The others.
    pub fn of_fact(&self) -> &[Test] {
        &self.tests[self.of_file..]
    }

    /// The conditions in which something of another fact is filled in.
    pub fn filled(&self) -> impl Iterator<Item = &Test> {
        self.tests.iter().filter(|test| !test.condition.is_fixed())
    }

    /// The conditions on the fact in which nothing of another fact is filled in.
    pub fn fixed_of_fact(&self) -> impl Iterator<Item = &Test> {
        self.of_fact().iter().filter(|test| test.condition.is_fixed())
    }
}

impl Test {
    /// True for a condition on the file, the job or the site that asks nothing of the fact.
    fn is_of_file(&self) -> bool {
        let root = matches!(self.path.root, Root::File | Root::Job | Root::Site);
        root && matches!(self.path.derived, None | Some(Derived::Count)) && self.condition.is_fixed()
    }

    /// How much it takes to tell, in steps. What takes the same is told in the order in which it is written.
    fn cost(&self) -> u8 {
        match &self.condition {
            _ if self.is_of_file() => 0,
            _ if self.path.derived.is_some() => 2,
            // Which of them most facts do not fulfil, whoever writes the rule knows.
            Condition::Flag(_)
            | Condition::Number(_)
            | Condition::Present
            | Condition::Absent
            | Condition::Glob(_)
            | Condition::OneOf(_) => 1,
            _ => 2,
        }
    }
}

impl Condition {
    /// True when no field of a fact is filled in.
    fn is_fixed(&self) -> bool {
        match self {
            Self::Glob(Glob::Filled(_)) | Self::Compare(_, Operand::Text(_)) => false,
            Self::OneOf(all) => all.iter().all(Self::is_fixed),
            Self::AllOf(all) => all.iter().all(Self::is_fixed),
            Self::Not(inner) | Self::Any(inner) | Self::Every(inner) | Self::None(inner) | Self::Count(inner) => {
                inner.is_fixed()
            }
            Self::Fields(table) => table.tests.iter().all(|test| test.condition.is_fixed()),
            _ => true,
        }
    }
}

/// Reads `field = condition` pairs; a table below a record or a root is more of them.
fn read_fields(
    context: Context<'_, '_>,
    table: &Table<'_, '_>,
    scope: Scope,
    prefix: &str,
    tests: &mut Vec<Test>,
    depth: usize,
) {
    for (key, item) in table.entries() {
        let name = format!("{prefix}{}", key.text);
        let is_root = matches!(scope, Scope::Fact(_)) && matches!(&*name, "state" | "job" | "file" | "site");
        if is_root && depth < 4 {
            if let Some(inner) = item.table() {
                read_fields(context, &inner, scope, &format!("{name}."), tests, depth + 1);
            }
            continue;
        }
        let Some(path) = FieldPath::parse(context.doc, &Word { text: &name, span: key.span.clone() }, scope) else {
            continue;
        };
        let nested = match (path.kind, item.shape()) {
            (Type::Record(_), Shape::Table) => {
                item.table().filter(|inner| inner.entries().iter().any(|(key, _)| !OPERATORS.contains(&key.text)))
            }
            (Type::Text | Type::Word, Shape::Table) => item.table().filter(|inner| asks_properties(inner, path.kind)),
            _ => None,
        };
        match nested {
            Some(inner) if depth < 8 => {
                read_fields(context, &inner, scope, &format!("{name}."), tests, depth + 1);
            }
            _ if path.mapped => through_list(context.doc, &key, &path),
            _ => {
                if let Some(condition) = read(context, &item, path.kind, depth) {
                    tests.push(Test { path, condition });
                }
            }
        }
    }
}

/// True for a table of properties of a value, `{ place = "home" }`.
fn asks_properties(table: &Table<'_, '_>, kind: &Type) -> bool {
    let known = properties(kind);
    let mut keys = table.entries().into_iter().map(|(key, _)| key.text);
    matches!(kind, Type::Text | Type::Word) && keys.any(|key| known.contains(&key))
}

fn through_list(doc: &Document<'_>, key: &Word<'_>, path: &FieldPath) {
    doc.problem(
        key.span.clone(),
        format!("`{path}` goes through a list"),
        Some("name the list and write `{ any = { … } }`, `{ all = { … } }` or `{ none = { … } }`".to_owned()),
    );
}

/// Reads a condition on a value of type `kind`.
fn read(context: Context<'_, '_>, item: &Item<'_, '_>, kind: &'static Type, depth: usize) -> Option<Condition> {
    if depth > 16 {
        item.wrong("conditions less deep");
        return None;
    }
    match item.shape() {
        Shape::List if !matches!(kind, Type::List(_)) => {
            let list = item.list()?;
            if list.is_empty() {
                item.wrong("at least one condition");
            }
            let all = list.iter().filter_map(|item| read(context, item, kind, depth + 1));
            Some(Condition::OneOf(Alternatives::new(all.collect())))
        }
        Shape::Table => read_operators(context, &item.table()?, kind, depth),
        _ => read_scalar(context, item, kind),
    }
}

fn read_scalar(context: Context<'_, '_>, item: &Item<'_, '_>, kind: &'static Type) -> Option<Condition> {
    match (kind, item.shape()) {
        (Type::List(_), _) => {
            item.wrong("{ any = … }, { all = … }, { none = … } or { count = … }, as the field is a list");
            None
        }
        (Type::Record(_), _) => {
            item.wrong("a table, as the field is a record");
            None
        }
        (Type::Flag, _) => item.flag().map(Condition::Flag),
        (Type::Number, Shape::Text(_)) | (Type::Text | Type::Word | Type::Choice(_), Shape::Text(_)) => {
            read_text(context, &item.string()?, kind)
        }
        (Type::Number, _) => item.integer().map(Condition::Number),
        (Type::Text | Type::Word | Type::Choice(_), _) => {
            item.wrong("a string");
            None
        }
    }
}

/// The name in `$lower-case-name`, which stands for a value of the site.
pub(super) fn site_value(text: &str) -> Option<&str> {
    let name = text.strip_prefix('$')?;
    let is_name = name.starts_with(|first: char| first.is_ascii_lowercase())
        && name
            .chars()
            .all(|character| character.is_ascii_lowercase() || character.is_ascii_digit() || character == '-');
    is_name.then_some(name)
}

fn read_text(context: Context<'_, '_>, word: &Word<'_>, kind: &'static Type) -> Option<Condition> {
    if let Some(name) = site_value(word.text) {
        context.uses(UseKind::Value, name, word.span.clone());
        return Some(Condition::Value(name.into()));
    }
    let glob = Glob::parse(context, word);
    if let (Type::Choice(words), Glob::Fixed(pattern)) = (kind, &glob)
        && !words.iter().any(|choice| pattern.is_match(choice))
    {
        context.doc.unknown(word, "word", words.iter().copied());
    }
    Some(Condition::Glob(glob))
}

/// Reads `{ not = …, any = … }`; all must hold.
fn read_operators(
    context: Context<'_, '_>,
    table: &Table<'_, '_>,
    kind: &'static Type,
    depth: usize,
) -> Option<Condition> {
    let is_record = matches!(kind, Type::Record(_));
    let is_fields = is_record && table.entries().iter().any(|(key, _)| !OPERATORS.contains(&key.text));
    if let Type::Record(fields) = kind
        && is_fields
    {
        return Some(Condition::Fields(Where::parse(context, table, Scope::Record(fields))));
    }
    if asks_properties(table, kind) {
        return Some(Condition::Fields(Where::parse(context, table, Scope::Text)));
    }
    let mut all = Vec::new();
    for (key, item) in table.entries() {
        all.extend(read_operator(context, &key, &item, kind, depth + 1));
    }
    if table.entries().is_empty() {
        context.doc.problem(table.span(), "an empty condition", expectation("", OPERATORS));
    }
    if all.len() == 1 { all.pop() } else { Some(Condition::AllOf(all)) }
}

fn read_operator(
    context: Context<'_, '_>,
    key: &Word<'_>,
    item: &Item<'_, '_>,
    kind: &'static Type,
    depth: usize,
) -> Option<Condition> {
    static NUMBER: Type = Type::Number;
    let misplaced = || {
        let message = format!("`{}` does not fit a field that is {}", key.text, describe(kind));
        context.doc.problem(key.span.clone(), message, None);
        None
    };
    let of_items = |wrap: fn(Box<Condition>) -> Condition| match kind {
        Type::List(inner) => read(context, item, inner, depth).map(|condition| wrap(Box::new(condition))),
        _ => misplaced(),
    };
    match key.text {
        "not" => read(context, item, kind, depth).map(|condition| Condition::Not(Box::new(condition))),
        "any" => of_items(Condition::Any),
        "all" => of_items(Condition::Every),
        "none" => of_items(Condition::None),
        "absent" => item.flag().map(|flag| if flag { Condition::Absent } else { Condition::Present }),
        "present" => item.flag().map(|flag| if flag { Condition::Present } else { Condition::Absent }),
        "count" if matches!(kind, Type::List(_)) => {
            read(context, item, &NUMBER, depth).map(|condition| Condition::Count(Box::new(condition)))
        }
        "lt" | "le" | "gt" | "ge" if matches!(kind, Type::Number | Type::Text | Type::Word) => {
            let comparison = match key.text {
                "lt" => Comparison::Lt,
                "le" => Comparison::Le,
                "gt" => Comparison::Gt,
                _ => Comparison::Ge,
            };
            read_operand(context, item).map(|operand| Condition::Compare(comparison, operand))
        }
        "matches" if matches!(kind, Type::Text | Type::Word) => read_regex(context, item),
        operator if OPERATORS.contains(&operator) => misplaced(),
        _ => {
            context.doc.unknown(key, "operator", OPERATORS.iter().chain(properties(kind)).copied());
            None
        }
    }
}

fn read_operand(context: Context<'_, '_>, item: &Item<'_, '_>) -> Option<Operand> {
    if let Some(number) = item.as_integer() {
        return Some(Operand::Number(number));
    }
    let Some(text) = item.as_str() else {
        item.wrong("a number or a version as a string");
        return None;
    };
    let word = Word { text, span: item.span() };
    let template = match text.strip_prefix('$') {
        Some(name) => {
            context.uses(UseKind::Value, name, item.span());
            Template { parts: [Part::Value(name.into())].into() }
        }
        None => Template::parse(context, &word),
    };
    Some(Operand::Text(template))
}

fn read_regex(context: Context<'_, '_>, item: &Item<'_, '_>) -> Option<Condition> {
    let word = item.string()?;
    let regex = LazyRegex::new(word.text);
    // Compiling takes time, so the built-in pack is checked by a test instead.
    if !context.trusted
        && let Some(fault) = regex.fault()
    {
        fault.tell(context.doc, &word);
    }
    Some(Condition::Matches(regex))
}
