//! Where the result of a call comes from: counts of processors, the environment, settings, functions of the file.

use super::known;
use super::origin::{Origin, Worth, largest, smallest};
use super::scope::{How, Names};
use crate::source::Span;
use crate::syntax::python::{Field, Id, Kind};

/// Functions and methods whose result says as much as their argument or object.
const PASSING: &[&str] = &["int", "float", "round", "abs", "str"];
const PASSING_QUALIFIED: &[&str] =
    &["math.floor", "math.ceil", "math.trunc", "numpy.floor", "numpy.ceil", "numpy.int", "numpy.int32", "numpy.int64"];
const PASSING_METHODS: &[&str] = &["strip", "rstrip", "lstrip", "split", "rsplit", "partition", "lower", "replace"];
const GETTERS: &[&str] = &["get", "getint", "pop", "setdefault", "getfloat"];

impl Names<'_> {
    pub(super) fn worth_of_call(&self, call: Id, depth: usize) -> Worth {
        let tree = self.tree;
        let Some(function) = tree.child(call, Field::Function) else { return Worth::unknown() };
        if let Some(qualified) = self.qualify(function) {
            return self.worth_of_known(&qualified.name, call, depth);
        }
        match tree.kind(function) {
            Kind::Identifier => self.worth_of_local_call(function, call, depth),
            Kind::Attribute => self.worth_of_method(function, call, depth),
            _ => Worth::unknown(),
        }
    }

    fn worth_of_known(&self, name: &str, call: Id, depth: usize) -> Worth {
        let first = self.positional(call, 0);
        if known::counts_all(name) {
            return Worth::from_source(Origin::AllCpus, call);
        }
        if known::counts_affinity(name) || known::lists_affinity(name) {
            return Worth::from_source(Origin::Affinity, call);
        }
        match name {
            "os.sysconf" => match first.and_then(|first| self.plain_string(first)) {
                Some((key, _)) if key.starts_with("SC_NPROCESSORS") => Worth::from_source(Origin::AllCpus, call),
                _ => Worth::unknown(),
            },
            "os.getenv" | "os.environ.get" | "os.environ.pop" | "os.environ.setdefault" => {
                let default = self.positional(call, 1).or_else(|| self.keyword(call, &["default"]));
                let worth = self.worth_of_variable(first, call, depth);
                match default {
                    Some(default) => worth.or(self.worth_within(default, depth)),
                    None => worth,
                }
            }
            _ if PASSING_QUALIFIED.contains(&name) => self.worth_of_first(call, depth),
            _ if known::is_command_line(name) || name.ends_with(".parse_args") => Worth::of(Origin::Parameter),
            _ if known::is_settings(name) => Worth::of(Origin::Config),
            _ => Worth::unknown(),
        }
    }

    /// A function of the file, or one of Python's own.
    fn worth_of_local_call(&self, function: Id, call: Id, depth: usize) -> Worth {
        let name = self.slice(function);
        let Some(reaching) = self.lookup(name, function) else {
            return self.worth_of_builtin(name, call, depth);
        };
        let results = reaching.bindings.iter().map(|binding| match binding.how {
            How::Function(definition) => self.worth_of_function(definition, depth),
            _ => Worth::unknown(),
        });
        results.reduce(Worth::join).unwrap_or_else(Worth::unknown)
    }

    /// What a function of the file returns.
    pub(super) fn worth_of_function(&self, definition: Id, depth: usize) -> Worth {
        let Some(scope) = self.scope_opened_by(definition) else { return Worth::unknown() };
        let returns = scope.returns.iter().take(16).filter(|value| self.tree.kind(**value) != Kind::Return);
        let all = || returns.map(|value| self.worth_within(*value, depth)).reduce(Worth::join);
        let worth = self.remembered(definition, || all().unwrap_or_else(Worth::unknown).changed());
        worth.unwrap_or_else(Worth::unknown)
    }

    fn worth_of_builtin(&self, name: &str, call: Id, depth: usize) -> Worth {
        match name {
            _ if PASSING.contains(&name) => self.worth_of_first(call, depth),
            "len" => match self.worth_of_first(call, depth) {
                worth if worth.origin == Origin::Affinity => worth,
                _ => Worth::unknown(),
            },
            "min" | "max" => {
                let arguments: Vec<Id> = self.arguments(call).filter(|id| !self.is_named(*id)).collect();
                if arguments.len() < 2 {
                    return Worth::unknown();
                }
                let worths = arguments.iter().take(16).map(|argument| self.worth_within(*argument, depth)).collect();
                if name == "min" { smallest(worths) } else { largest(worths) }
            }
            "input" | "raw_input" => Worth::of(Origin::Parameter),
            _ => Worth::unknown(),
        }
    }

    fn worth_of_first(&self, call: Id, depth: usize) -> Worth {
        self.positional(call, 0).map_or_else(Worth::unknown, |first| self.worth_within(first, depth))
    }

    fn worth_of_method(&self, function: Id, call: Id, depth: usize) -> Worth {
        let tree = self.tree;
        let method = tree.child(function, Field::AttributeName).map_or("", |id| self.slice(id));
        let Some(object) = tree.child(function, Field::Object) else { return Worth::unknown() };
        match method {
            "parse_args" | "parse_known_args" | "parse_intermixed_args" => Worth::of(Origin::Parameter),
            "cpu_affinity" => Worth::from_source(Origin::Affinity, call),
            _ if self.is_self(object) => self.worth_of_own_method(method, function, depth),
            _ if PASSING_METHODS.contains(&method) => self.worth_within(object, depth).changed(),
            _ if GETTERS.contains(&method) => {
                let base = match self.worth_within(object, depth) {
                    base if base.origin == Origin::Unknown && tree.kind(object) == Kind::Identifier => {
                        super::origin::by_name(self.slice(object))
                    }
                    base => base,
                };
                if !matches!(base.origin, Origin::Parameter | Origin::Config) {
                    return Worth::unknown();
                }
                let default = self.positional(call, 1).or_else(|| self.keyword(call, &["default", "fallback"]));
                match default {
                    Some(default) => base.or(self.worth_within(default, depth)),
                    None => base,
                }
            }
            _ => Worth::unknown(),
        }
    }

    /// `self.workers()`: a method of the class around.
    fn worth_of_own_method(&self, method: &str, at: Id, depth: usize) -> Worth {
        let class = self.class_around(at);
        match class.and_then(|class| class.names.get(method)).map(Vec::as_slice) {
            Some([binding]) => match binding.how {
                How::Function(definition) => self.worth_of_function(definition, depth),
                _ => Worth::unknown(),
            },
            _ => Worth::unknown(),
        }
    }

    fn is_self(&self, object: Id) -> bool {
        self.tree.kind(object) == Kind::Identifier && matches!(self.slice(object), "self" | "cls")
    }

    /// The arguments of a call in order, named ones too.
    pub(super) fn arguments(&self, call: Id) -> impl Iterator<Item = Id> {
        let list = self.tree.child(call, Field::Arguments);
        // `sum(x for x in y)`: the comprehension is the list of arguments itself.
        let bare = list.filter(|list| self.tree.kind(*list) != Kind::ArgumentList);
        let listed = list.filter(|list| self.tree.kind(*list) == Kind::ArgumentList);
        bare.into_iter().chain(listed.into_iter().flat_map(|list| self.tree.children(list)))
    }

    /// True for `name=value`, `*args` and `**kwargs`.
    pub(super) fn is_named(&self, argument: Id) -> bool {
        matches!(self.tree.kind(argument), Kind::KeywordArgument | Kind::DictionarySplat | Kind::ListSplat)
    }

    /// The positional argument of that index, unless a `*args` comes before it.
    pub(super) fn positional(&self, call: Id, index: usize) -> Option<Id> {
        let is_splat = |id: &Id| self.tree.kind(*id) == Kind::ListSplat;
        self.arguments(call).take_while(|id| !is_splat(id)).filter(|id| !self.is_named(*id)).nth(index)
    }

    /// The value of the keyword argument that has one of these names.
    pub(super) fn keyword(&self, call: Id, names: &[&str]) -> Option<Id> {
        let named = self.arguments(call).find(|argument| {
            self.tree.kind(*argument) == Kind::KeywordArgument
                && self.tree.child(*argument, Field::Name).is_some_and(|name| names.contains(&self.slice(name)))
        })?;
        self.tree.child(named, Field::Value)
    }

    /// The text of a string without replacement fields, and the place between its quotes.
    pub(super) fn plain_string(&self, string: Id) -> Option<(String, Span)> {
        let tree = self.tree;
        if tree.kind(string) == Kind::Concatenated {
            let mut text = String::new();
            for part in tree.children(string) {
                text.push_str(&self.plain_string(part)?.0);
            }
            return Some((text, tree.span(string)));
        }
        if tree.kind(string) != Kind::String || tree.child_of(string, Kind::Interpolation).is_some() {
            return None;
        }
        let start = tree.child_of(string, Kind::StringStart)?;
        let end = tree.child_of(string, Kind::StringEnd)?;
        let span = Span::new(tree.span(start).end, tree.span(end).start);
        let text = self.text.get(span.start..span.end)?;
        let raw = self.slice(start).contains(['r', 'R']);
        let text = if raw || !text.contains('\\') { text.to_owned() } else { unescape(text) };
        Some((text, span))
    }
}

/// Resolves the escapes that matter in names; others stay as they are.
fn unescape(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut rest = text.chars();
    while let Some(c) = rest.next() {
        if c != '\\' {
            out.push(c);
            continue;
        }
        match rest.next() {
            Some('n') => out.push('\n'),
            Some('t') => out.push('\t'),
            Some('\n') | None => {}
            Some(quoted @ ('\\' | '\'' | '"')) => out.push(quoted),
            Some(other) => out.extend(['\\', other]),
        }
    }
    out
}
