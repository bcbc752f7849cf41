//! Call facts: the full name of the function, and its arguments with their origin.

use std::collections::HashSet;

use super::known::{self, Count};
use super::origin::{Origin, Worth};
use super::qualify::Qualified;
use super::{File, place};
use crate::facts::{Fact, FactKind, FileFacts, Gap, Record, Text};
use crate::source::Span;
use crate::syntax::python::{Field, Id, Kind};

/// At most so many calls of one file become facts.
const MAX_CALLS: usize = 20_000;
/// At most so many arguments of one call are told.
const MAX_ARGUMENTS: usize = 48;

/// What is gathered over all calls of a file.
#[derive(Default)]
pub struct Calls {
    count: usize,
    /// Calls from which the count of a pool comes.
    sources: HashSet<Span>,
    /// Facts about calls that count processors: index, where.
    counters: Vec<(usize, Span)>,
    cut: Option<usize>,
}

impl Calls {
    /// Adds the fact of a call, when its function comes from an import or looks like a starter of processes.
    pub fn collect(&mut self, file: &File<'_>, call: Id, out: &mut FileFacts) {
        let (names, tree) = (&file.names, file.names.tree);
        let Some(function) = tree.child(call, Field::Function) else { return };
        let qualified = names.qualify(function);
        if qualified.is_none() && !looks_like_starter(file, function) {
            return;
        }
        if self.count >= MAX_CALLS {
            self.cut.get_or_insert(tree.span(call).start);
            return;
        }
        self.count += 1;
        let fact = self.fact(file, call, function, qualified, out.facts.len());
        out.facts.push(fact);
    }

    /// Adds the fact of an item that is set in an object of a module: `rcParams["backend"] = "Agg"` counts as a call
    /// with key and value.
    pub fn collect_item(&mut self, file: &File<'_>, assignment: Id, out: &mut FileFacts) {
        let (names, tree) = (&file.names, file.names.tree);
        let sides = tree.child(assignment, Field::Left).zip(tree.child(assignment, Field::Right));
        let Some((target, value)) = sides.filter(|(target, _)| tree.kind(*target) == Kind::Subscript) else { return };
        let Some(object) = tree.child(target, Field::Value) else { return };
        let Some((qualified, key)) = names.qualify(object).zip(tree.child(target, Field::Subscript)) else { return };
        // Variables of the environment are assignments.
        if qualified.name == "os.environ" || self.count >= MAX_CALLS {
            return;
        }
        self.count += 1;
        let mut arguments = Record::new();
        arguments.set("0", argument_record(file, key, &names.worth(key)));
        arguments.set("1", argument_record(file, value, &names.worth(value)));
        let place = tree.span(object);
        let mut fields = Record::new();
        fields
            .set("callee", Text::at(qualified.name.as_str(), place))
            .set("written", Text::at(names.slice(object), place));
        fields.set("arg", arguments);
        let mut fact = Fact::new(FactKind::Call, tree.span(assignment), fields);
        fact.certain = qualified.certain && !tree.is_broken(assignment);
        out.facts.push(fact);
    }

    /// Says of the calls that count processors what became of their number, and tells of a list cut short.
    pub fn finish(self, out: &mut FileFacts) {
        for (index, span) in self.counters {
            if self.sources.contains(&span)
                && let Some(fact) = out.facts.get_mut(index)
            {
                fact.fields.set("result-used", "pool");
            }
        }
        if let Some(start) = self.cut {
            out.gaps.push(Gap { span: Span::at(start), reason: format!("more than {MAX_CALLS} calls") });
        }
    }

    fn fact(&mut self, file: &File<'_>, call: Id, function: Id, qualified: Option<Qualified>, index: usize) -> Fact {
        let (names, tree) = (&file.names, file.names.tree);
        let (span, place_of) = (tree.span(call), tree.span(function));
        let mut fields = Record::new();
        let callee = qualified.as_ref().map(|qualified| qualified.name.as_str());
        fields.set_some("callee", callee.map(|callee| Text::at(callee, place_of)));
        fields.set("written", Text::at(names.slice(function), place_of));
        let (arguments, source) = self.arguments(file, call, callee);
        if !arguments.is_empty() {
            fields.set("arg", arguments);
        }
        fields.set("arguments", between_parentheses(file, call));
        let wants_os = callee.is_some_and(|callee| {
            known::starter(callee).is_some()
                || known::counts_all(callee)
                || known::counts_affinity(callee)
                || known::lists_affinity(callee)
        });
        if wants_os {
            let at = source.unwrap_or(call);
            let os = place::name_of_os(file, at);
            fields.set("imports-os", os.is_some()).set("os-name", os.unwrap_or("os"));
            // Where the name is bound to something else, an import would not reach the call.
            if os.is_some() || names.lookup("os", at).is_none() {
                fields.set("import-place", Text::at("", place::of_import(file, at)));
            }
        }
        let (inside, main_guard) = surroundings(file, call);
        fields.set("main-guard", main_guard);
        let counter = callee.is_some_and(|callee| known::counts_all(callee) || known::lists_affinity(callee));
        if counter {
            fields.set("result-used", use_of_result(file, call, &inside));
            self.counters.push((index, span));
        }
        if !inside.is_empty() {
            fields.set("inside", inside.into_iter().map(Text::plain).collect::<Vec<_>>());
        }
        let mut fact = Fact::new(FactKind::Call, span, fields);
        fact.certain = qualified.is_none_or(|qualified| qualified.certain) && !tree.is_broken(call);
        fact
    }

    /// The arguments by position and keyword; the number of processes under `count` too, and its source.
    fn arguments(&mut self, file: &File<'_>, call: Id, callee: Option<&str>) -> (Record, Option<Id>) {
        let (names, tree) = (&file.names, file.names.tree);
        let mut record = Record::new();
        let mut position = Some(0_usize);
        for argument in names.arguments(call).take(MAX_ARGUMENTS) {
            match tree.kind(argument) {
                Kind::KeywordArgument => {
                    let (name, value) = (tree.child(argument, Field::Name), tree.child(argument, Field::Value));
                    if let Some((name, value)) = name.zip(value) {
                        record.set(names.slice(name).to_owned(), argument_record(file, value, &names.worth(value)));
                    }
                }
                Kind::ListSplat => position = None,
                Kind::DictionarySplat => {}
                _ => {
                    if let Some(index) = &mut position {
                        record.set(index.to_string(), argument_record(file, argument, &names.worth(argument)));
                        *index += 1;
                    }
                }
            }
        }
        let Some(count) = callee.and_then(known::starter) else { return (record, None) };
        let Some((counted, source)) = count_of(file, call, count) else { return (record, None) };
        if let Some(source) = source.filter(|_| counted.text("origin") == Origin::AllCpus.name()) {
            self.sources.insert(tree.span(source));
        }
        record.set("count", counted);
        (record, source)
    }
}

/// The number of processes that a call starts, and where it comes from.
fn count_of(file: &File<'_>, call: Id, count: Count) -> Option<(Record, Option<Id>)> {
    let names = &file.names;
    let (value, worth) = match count {
        Count::Argument(position, keywords) => {
            let given = names
                .keyword(call, keywords)
                .or_else(|| position.and_then(|position| names.positional(call, position)));
            match given {
                Some(value) => (value, names.worth(value)),
                None => return Some((missing_count(file, call), None)),
            }
        }
        Count::Rounds => {
            let iterable = rounds_around(file, call)?;
            length_of(file, iterable)?
        }
        Count::Items(position, keyword) => {
            let items = names.positional(call, position).or_else(|| names.keyword(call, &[keyword]))?;
            length_of(file, items)?
        }
    };
    Some((argument_record(file, value, &worth), worth.source))
}

/// No count given: `missing`, unless `*args` or `**kwargs` may give it. Its text stands where one would go.
fn missing_count(file: &File<'_>, call: Id) -> Record {
    let (names, tree) = (&file.names, file.names.tree);
    let splat = |id: Id| matches!(tree.kind(id), Kind::ListSplat | Kind::DictionarySplat);
    let hidden = names.arguments(call).any(splat);
    let place = Span::at(between_parentheses(file, call).span.get().unwrap_or_default().start);
    let mut record = Record::new();
    record.span = place.into();
    record.set("origin", if hidden { "unknown" } else { "missing" }).set("text", Text::at("", place));
    record
}

/// What is gone through by the loop or comprehension around a call, in the same function.
fn rounds_around(file: &File<'_>, call: Id) -> Option<Id> {
    let tree = file.names.tree;
    let mut child = call;
    for parent in file.names.ancestors(call) {
        match tree.kind(parent) {
            Kind::Function | Kind::Lambda | Kind::Class => return None,
            Kind::For if tree.field(child) == Field::Body => return tree.child(parent, Field::Right),
            kind if kind.is_comprehension() && tree.kind(child) != Kind::ForIn => {
                let clause = tree.child_of(parent, Kind::ForIn)?;
                return tree.child(clause, Field::Right);
            }
            _ => {}
        }
        child = parent;
    }
    None
}

/// The expression that tells how many elements an iterable has, and its worth: `range(n)`, `[x for … in range(n)]`,
/// `[x] * n`, `[a, b]`, also through a variable.
fn length_of(file: &File<'_>, iterable: Id) -> Option<(Id, Worth)> {
    let (names, tree) = (&file.names, file.names.tree);
    let mut iterable = iterable;
    for _ in 0..8 {
        match tree.kind(iterable) {
            Kind::Call => {
                let function = tree.child(iterable, Field::Function).map_or("", |function| names.slice(function));
                match function {
                    "range" | "xrange" => {
                        let stop = names.positional(iterable, 1).or_else(|| names.positional(iterable, 0))?;
                        return Some((stop, names.worth(stop)));
                    }
                    "list" | "tuple" | "tqdm" | "enumerate" => iterable = names.positional(iterable, 0)?,
                    _ => return None,
                }
            }
            kind if kind.is_comprehension() => {
                let clauses = tree.children(iterable).filter(|id| tree.kind(*id) == Kind::ForIn);
                let [clause] = clauses.collect::<Vec<_>>()[..] else { return None };
                iterable = tree.child(clause, Field::Right)?;
            }
            Kind::Binary => {
                let (left, right) = (tree.child(iterable, Field::Left)?, tree.child(iterable, Field::Right)?);
                let factor = if tree.kind(left) == Kind::List { right } else { left };
                let operator = tree.child(iterable, Field::Operator).map(|operator| names.slice(operator));
                return (operator == Some("*")).then(|| (factor, names.worth(factor)));
            }
            Kind::List | Kind::Tuple => {
                let literal = Some((tree.children(iterable).count().to_string(), tree.span(iterable)));
                return Some((iterable, Worth { literal, ..Worth::of(Origin::Literal) }));
            }
            Kind::Identifier => {
                let reaching = names.lookup(names.slice(iterable), iterable)?;
                let [binding] = reaching.bindings[..] else { return None };
                let super::scope::How::Value(value) = binding.how else { return None };
                iterable = value;
            }
            _ => return None,
        }
    }
    None
}

/// One argument.
fn argument_record(file: &File<'_>, value: Id, worth: &Worth) -> Record {
    let (names, tree) = (&file.names, file.names.tree);
    let span = tree.span(value);
    let mut record = Record::new();
    record.span = span.into();
    record.possible = !worth.certain;
    record.set("origin", worth.origin.name());
    if let Some((literal, stands)) = &worth.literal {
        let here = span.contains(*stands);
        let text = if here {
            Text::at(literal.clone(), *stands)
        } else {
            Text { origin: (*stands).into(), ..Text::at(literal.clone(), span) }
        };
        record.set("value", text);
    }
    record.set("text", Text::at(names.slice(value), span));
    let source = worth.source.map(|source| Text::at(names.slice(source), tree.span(source)));
    record.set_some("source", source);
    if worth.falls_back {
        record.set("fallback", "all-cpus");
    }
    if worth.lessened {
        record.set("lessened", true);
    }
    record
}

/// The text between the parentheses of a call, without blanks at its ends and a last comma.
fn between_parentheses(file: &File<'_>, call: Id) -> Text {
    let (names, tree) = (&file.names, file.names.tree);
    let Some(list) = tree.child(call, Field::Arguments) else { return Text::at("", Span::at(tree.span(call).end)) };
    let mut ends = tree.children(list).map(|argument| tree.span(argument));
    let span = match ends.next() {
        _ if tree.kind(list) != Kind::ArgumentList => tree.span(list),
        Some(first) => ends.last().map_or(first, |last| first.to(last)),
        None => Span::at((tree.span(list).start + 1).min(tree.span(list).end)),
    };
    Text::at(names.text.get(span.start..span.end).unwrap_or(""), span)
}

/// The calls that `call` is an argument of, outermost first, and whether it runs only as a program.
fn surroundings(file: &File<'_>, call: Id) -> (Vec<String>, bool) {
    let (names, tree) = (&file.names, file.names.tree);
    let mut inside = Vec::new();
    let mut main_guard = false;
    let mut child = call;
    let mut same_statement = true;
    for parent in names.ancestors(call) {
        match tree.kind(parent) {
            Kind::Call if same_statement && tree.field(child) == Field::Arguments => {
                if let Some(function) = tree.child(parent, Field::Function) {
                    let name = names.qualify(function).map(|qualified| qualified.name);
                    inside.push(name.unwrap_or_else(|| names.slice(function).to_owned()));
                }
            }
            Kind::If if tree.field(child) == Field::Consequence => {
                let condition = tree.child(parent, Field::Condition).map_or("", |id| names.slice(id));
                main_guard |= condition.contains("__name__") && condition.contains("__main__");
            }
            kind if kind.is_statement() => same_statement = false,
            _ => {}
        }
        child = parent;
    }
    inside.reverse();
    (inside, main_guard)
}

/// How a number of processors is used: by a pool, only printed, or otherwise.
fn use_of_result(file: &File<'_>, call: Id, inside: &[String]) -> &'static str {
    let prints = |name: &String| {
        let last = name.rsplit('.').next().unwrap_or(name);
        name == "print" || matches!(last, "info" | "debug" | "warning" | "log" | "write" | "echo")
    };
    if inside.iter().any(prints) {
        return "print";
    }
    if let Some(name) = assigned_name(file, call) {
        let (names, tree) = (&file.names, file.names.tree);
        let scope = names.scope_index(call);
        let uses: Vec<Id> = tree
            .ids()
            .skip(call.index())
            .take(MAX_USES)
            .filter(|id| tree.kind(*id) == Kind::Identifier && names.slice(*id) == name)
            .filter(|id| names.scope_index(*id) == scope)
            .take(16)
            .collect();
        if !uses.is_empty() && uses.iter().all(|id| surroundings(file, *id).0.iter().any(prints)) {
            return "print";
        }
    }
    "other"
}

/// At most so many nodes are searched for uses of a name.
const MAX_USES: usize = 20_000;

/// The variable to which the value of an expression goes as it is.
fn assigned_name<'t>(file: &File<'t>, call: Id) -> Option<&'t str> {
    let tree = file.names.tree;
    let parent = tree.parent(call).filter(|parent| tree.kind(*parent) == Kind::Assignment)?;
    let left = tree.child(parent, Field::Left).filter(|left| tree.kind(*left) == Kind::Identifier)?;
    Some(file.names.slice(left))
}

/// True for `Pool`, `x.Pool` and the like, whatever they are.
fn looks_like_starter(file: &File<'_>, function: Id) -> bool {
    let (names, tree) = (&file.names, file.names.tree);
    let last = match tree.kind(function) {
        Kind::Identifier => function,
        Kind::Attribute => match tree.child(function, Field::AttributeName) {
            Some(name) => name,
            None => return false,
        },
        _ => return false,
    };
    known::looks_like_starter(names.slice(last))
}
