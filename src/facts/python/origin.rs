//! Where a value comes from: a literal, all processors, the affinity mask, the scheduler, the caller, settings.

use super::known;
use super::scope::{Binding, How, Names};
use crate::source::Span;
use crate::syntax::python::{Field, Id, Kind};

/// Where a value comes from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Origin {
    /// Written down, or bounded by something written down.
    Literal,
    /// The number of all processors of the machine.
    AllCpus,
    /// The processors that this process may use.
    Affinity,
    /// A variable that the scheduler, or the user from its answer, sets.
    Scheduler,
    /// The caller of the function or of the program.
    Parameter,
    /// A file of settings or a variable of the environment.
    Config,
    /// `None`.
    None,
    /// Anything else.
    Unknown,
}

impl Origin {
    /// The word of the schema.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Literal => "literal",
            Self::AllCpus => "all-cpus",
            Self::Affinity => "affinity",
            Self::Scheduler => "scheduler",
            Self::Parameter => "parameter",
            Self::Config => "config",
            Self::None => "none",
            Self::Unknown => "unknown",
        }
    }

    const fn is_granted(self) -> bool {
        matches!(self, Self::Affinity | Self::Scheduler)
    }

    const fn is_given(self) -> bool {
        matches!(self, Self::Parameter | Self::Config)
    }
}

/// A value as far as it can be followed.
#[derive(Clone, Debug)]
pub struct Worth {
    /// Where it comes from.
    pub origin: Origin,
    /// It is the number of all processors when the origin gives nothing.
    pub falls_back: bool,
    /// False when something unknown also bounds it.
    pub certain: bool,
    /// Something was taken off a count of processors: of few, none may be left.
    pub lessened: bool,
    /// The call that counts processors or reads the variable.
    pub source: Option<Id>,
    /// A literal's text, and where it stands.
    pub literal: Option<(String, Span)>,
}

/// How many variables and operators are followed.
const MAX_DEPTH: usize = 40;

impl Worth {
    pub(super) fn of(origin: Origin) -> Self {
        Self { origin, falls_back: false, certain: true, lessened: false, source: None, literal: None }
    }

    pub(super) fn unknown() -> Self {
        Self::of(Origin::Unknown)
    }

    pub(super) fn from_source(origin: Origin, source: Id) -> Self {
        Self { source: Some(source), ..Self::of(origin) }
    }

    /// Without the literal: something was computed from it.
    pub(super) fn changed(self) -> Self {
        Self { literal: None, ..self }
    }

    /// True for `None`, `0`, `False` and the empty string.
    fn is_falsy(&self) -> bool {
        self.origin == Origin::None
            || self.literal.as_ref().is_some_and(|(text, _)| matches!(text.as_str(), "0" | "False" | ""))
    }

    /// This, or `other` where this gives nothing: `a or b`, `environ.get("X", b)`.
    pub(super) fn or(self, other: Self) -> Self {
        match self.origin {
            Origin::None => other,
            Origin::Literal if self.is_falsy() => other,
            Origin::Literal => self,
            Origin::AllCpus if other.origin.is_granted() => other,
            Origin::AllCpus => Self { lessened: self.lessened && other.origin != Origin::Literal, ..self },
            _ if matches!(other.origin, Origin::AllCpus) || other.falls_back => {
                Self { falls_back: true, source: self.source.or(other.source), ..self }
            }
            Origin::Unknown if other.origin.is_granted() => other,
            _ => self,
        }
    }

    /// The value after two branches.
    pub(super) fn join(self, other: Self) -> Self {
        if self.origin == other.origin {
            let same = self.literal.as_ref().map(|(text, _)| text) == other.literal.as_ref().map(|(text, _)| text);
            return Self {
                falls_back: self.falls_back || other.falls_back,
                certain: self.certain && other.certain,
                lessened: self.lessened || other.lessened,
                source: self.source.or(other.source),
                literal: if same { self.literal } else { None },
                ..self
            };
        }
        let (first, second) = if rank(self.origin) <= rank(other.origin) { (self, other) } else { (other, self) };
        let falls_back =
            first.falls_back || second.falls_back || [first.origin, second.origin].contains(&Origin::AllCpus);
        if first.origin.is_granted() || (first.origin.is_given() && falls_back) {
            return Self { falls_back, source: first.source.or(second.source), ..first }.changed();
        }
        let source = if falls_back { first.source.or(second.source) } else { None };
        Self { falls_back, source, ..Self::unknown() }
    }
}

/// Which origin says most about a joined value.
const fn rank(origin: Origin) -> u8 {
    match origin {
        Origin::Scheduler => 0,
        Origin::Affinity => 1,
        Origin::Parameter => 2,
        Origin::Config => 3,
        Origin::AllCpus => 4,
        Origin::Literal => 5,
        Origin::None => 6,
        Origin::Unknown => 7,
    }
}

impl<'t> Names<'t> {
    /// Where the value of an expression comes from.
    pub fn worth(&self, expression: Id) -> Worth {
        self.worth_within(expression, MAX_DEPTH)
    }

    pub(super) fn worth_within(&self, expression: Id, depth: usize) -> Worth {
        let Some(depth) = depth.checked_sub(1).filter(|_| self.spend(1)) else { return Worth::unknown() };
        let tree = self.tree;
        let inner = |id: Option<Id>| id.map_or_else(Worth::unknown, |id| self.worth_within(id, depth));
        match tree.kind(expression) {
            Kind::Integer | Kind::Float | Kind::True | Kind::False => {
                let text = self.slice(expression).to_owned();
                Worth { literal: Some((text, tree.span(expression))), ..Worth::of(Origin::Literal) }
            }
            Kind::String | Kind::Concatenated => match self.plain_string(expression) {
                Some(literal) => Worth { literal: Some(literal), ..Worth::of(Origin::Literal) },
                None => Worth::unknown(),
            },
            Kind::None => Worth::of(Origin::None),
            Kind::Parenthesized | Kind::Await => inner(tree.first(expression)),
            Kind::NamedExpression => inner(tree.child(expression, Field::Value)),
            Kind::Identifier => self.worth_of_name(expression, depth),
            Kind::Attribute => self.worth_of_attribute(expression, depth),
            Kind::Subscript => self.worth_of_item(expression, depth),
            Kind::Call => self.worth_of_call(expression, depth),
            Kind::Unary => self.worth_of_sign(expression, inner(tree.child(expression, Field::Argument))),
            Kind::Binary => {
                let (left, right) = (tree.child(expression, Field::Left), tree.child(expression, Field::Right));
                let operator = tree.child(expression, Field::Operator).map_or("", |id| self.slice(id));
                computed(inner(left), operator, inner(right))
            }
            Kind::Boolean => {
                let (left, right) = (tree.child(expression, Field::Left), tree.child(expression, Field::Right));
                match tree.child(expression, Field::Operator).map(|id| self.slice(id)) {
                    Some("or") => inner(left).or(inner(right)),
                    _ => inner(right).join(Worth::unknown()),
                }
            }
            Kind::Conditional => {
                let mut parts = tree.children(expression);
                let yes = inner(parts.next());
                let no = inner(parts.nth(1));
                yes.join(no)
            }
            _ => Worth::unknown(),
        }
    }

    fn worth_of_name(&self, identifier: Id, depth: usize) -> Worth {
        let name = self.slice(identifier);
        match self.lookup(name, identifier) {
            Some(reaching) => self.worth_of_bindings(&reaching.bindings, depth),
            None if self.qualify(identifier).is_some() => self.worth_of_import(identifier),
            None => by_name(name),
        }
    }

    fn worth_of_import(&self, expression: Id) -> Worth {
        match self.qualify(expression).map(|qualified| qualified.name) {
            Some(name) if known::counts_affinity(&name) => Worth::from_source(Origin::Affinity, expression),
            Some(name) if known::is_command_line(&name) => Worth::of(Origin::Parameter),
            Some(name) if known::is_settings(&name) => Worth::of(Origin::Config),
            _ => Worth::unknown(),
        }
    }

    fn worth_of_bindings(&self, bindings: &[Binding<'t>], depth: usize) -> Worth {
        let all = bindings.iter().filter_map(|binding| self.worth_of_binding(binding, depth));
        all.reduce(Worth::join).unwrap_or_else(Worth::unknown)
    }

    /// What the value of a variable is worth, found out once. `None` while that is going on: the variable is set
    /// from itself in a loop, and its other values decide.
    pub(super) fn remembered(&self, key: Id, find: impl FnOnce() -> Worth) -> Option<Worth> {
        if let Some(known) = self.worths.borrow().get(&key) {
            return known.clone();
        }
        self.worths.borrow_mut().insert(key, None);
        let found = find();
        self.worths.borrow_mut().insert(key, Some(found.clone()));
        Some(found)
    }

    fn worth_of_binding(&self, binding: &Binding<'t>, depth: usize) -> Option<Worth> {
        let (key, inner) = match binding.how {
            How::Value(value) => (value, value),
            How::Part(value) => (value, value),
            How::Augmented(statement) => (statement, statement),
            How::Parameter(Some(default)) => (default, default),
            How::Function(definition) if self.is_property(definition) => {
                return Some(self.worth_of_function(definition, depth));
            }
            _ => return Some(self.worth_of_import_or_definition(binding)),
        };
        let worth = self.remembered(key, || match binding.how {
            How::Augmented(_) => self.worth_of_change(inner, depth),
            _ => self.worth_within(inner, depth),
        })?;
        Some(match binding.how {
            How::Part(_) if worth.origin.is_given() => worth.changed(),
            How::Part(_) => Worth::unknown(),
            How::Parameter(_) => {
                let falls_back = worth.origin == Origin::AllCpus;
                let source = worth.source.filter(|_| falls_back);
                Worth { falls_back, source, ..Worth::of(Origin::Parameter) }
            }
            _ => worth,
        })
    }

    fn is_property(&self, definition: Id) -> bool {
        let tree = self.tree;
        tree.parent(definition).filter(|above| tree.kind(*above) == Kind::Decorated).is_some_and(|above| {
            let mut decorators = tree.children(above).filter(|id| tree.kind(*id) == Kind::Decorator);
            decorators.any(|decorator| self.slice(decorator).ends_with("property"))
        })
    }

    /// `n //= 2`
    fn worth_of_change(&self, statement: Id, depth: usize) -> Worth {
        let tree = self.tree;
        let sides = tree.child(statement, Field::Left).zip(tree.child(statement, Field::Right));
        let Some((left, right)) = sides else { return Worth::unknown() };
        let operator = tree.child(statement, Field::Operator).map_or("", |id| self.slice(id));
        let (old, new) = (self.worth_within(left, depth), self.worth_within(right, depth));
        computed(old, operator.trim_end_matches('='), new)
    }

    fn worth_of_import_or_definition(&self, binding: &Binding<'t>) -> Worth {
        match binding.how {
            How::Parameter(_) => Worth::of(Origin::Parameter),
            How::Member(module, member) => {
                let name = known::canonical(super::qualify::join(module, member));
                if known::counts_affinity(&name) {
                    Worth::of(Origin::Affinity)
                } else if known::is_command_line(&name) {
                    Worth::of(Origin::Parameter)
                } else if known::is_settings(&name) {
                    Worth::of(Origin::Config)
                } else {
                    Worth::unknown()
                }
            }
            How::Module(name) if name.rsplit('.').next().is_some_and(known::is_settings_name) => {
                Worth::of(Origin::Config)
            }
            _ => Worth::unknown(),
        }
    }

    fn worth_of_attribute(&self, attribute: Id, depth: usize) -> Worth {
        let dotted = self.slice(attribute);
        let own = if dotted.starts_with("self.") || dotted.starts_with("cls.") {
            self.lookup_attribute(dotted, attribute).map(|bindings| (bindings, true))
        } else {
            self.lookup(dotted, attribute).map(|reaching| (reaching.bindings, reaching.settled))
        };
        let own = own.map(|(bindings, settled)| (self.worth_of_bindings(&bindings, depth), settled));
        if let Some((worth, true)) = own {
            return worth;
        }
        let base = self.worth_of_member(attribute, depth);
        match own {
            Some((worth, _)) => worth.join(base),
            None => base,
        }
    }

    /// An attribute, by what its object is.
    fn worth_of_member(&self, attribute: Id, depth: usize) -> Worth {
        if self.qualify(attribute).is_some() {
            return self.worth_of_import(attribute);
        }
        let Some(object) = self.tree.child(attribute, Field::Object) else { return Worth::unknown() };
        let name = match self.tree.kind(object) {
            Kind::Identifier => self.slice(object),
            // `self.args.workers`
            Kind::Attribute => self.tree.child(object, Field::AttributeName).map_or("", |id| self.slice(id)),
            _ => "",
        };
        match self.worth_within(object, depth) {
            base if base.origin.is_given() => base.changed(),
            base if base.origin == Origin::Unknown => by_name(name),
            _ => Worth::unknown(),
        }
    }

    /// `environ["SLURM_NTASKS"]`, `sys.argv[1]`, `config["workers"]`, `text.split()[0]`.
    fn worth_of_item(&self, subscript: Id, depth: usize) -> Worth {
        let tree = self.tree;
        let Some(object) = tree.child(subscript, Field::Value) else { return Worth::unknown() };
        if self.qualify(object).is_some_and(|object| object.name == "os.environ") {
            let variable = tree.child(subscript, Field::Subscript);
            return self.worth_of_variable(variable, subscript, depth);
        }
        match self.worth_within(object, depth) {
            base if base.origin.is_given() || base.origin.is_granted() => base.changed(),
            _ => Worth::unknown(),
        }
    }

    /// A variable of the environment, by its name.
    pub(super) fn worth_of_variable(&self, name: Option<Id>, source: Id, depth: usize) -> Worth {
        let name = name.and_then(|name| self.worth_within(name, depth).literal);
        match name {
            Some((name, _)) if known::is_scheduler_variable(&name) => Worth::from_source(Origin::Scheduler, source),
            _ => Worth::from_source(Origin::Config, source),
        }
    }

    fn worth_of_sign(&self, expression: Id, worth: Worth) -> Worth {
        let sign = self.tree.child(expression, Field::Operator).map_or("", |id| self.slice(id));
        match worth.origin {
            Origin::Literal if matches!(sign, "-" | "+") => {
                let span = self.tree.span(expression);
                let literal = worth.literal.map(|(text, _)| (format!("{}{text}", sign.replace('+', "")), span));
                Worth { literal, ..Worth::of(Origin::Literal) }
            }
            _ => Worth::unknown(),
        }
    }
}

/// What a bare name suggests where nothing in the file tells what it is.
pub(super) fn by_name(name: &str) -> Worth {
    if known::is_command_line_name(name) {
        Worth::of(Origin::Parameter)
    } else if known::is_settings_name(name) {
        Worth::of(Origin::Config)
    } else {
        Worth::unknown()
    }
}

/// A value computed from two.
fn computed(left: Worth, operator: &str, right: Worth) -> Worth {
    let (origins, certain) = ([left.origin, right.origin], left.certain && right.certain);
    let falls_back = left.falls_back || right.falls_back;
    let source = left.source.or(right.source);
    let any = |origin| origins.contains(&origin);
    let all_cpus = any(Origin::AllCpus);
    let origin = match origins {
        [Origin::Literal, Origin::Literal] => {
            let literal = fold(&left, operator, &right);
            return Worth { literal, ..Worth::of(Origin::Literal) };
        }
        // The processors of the machine divided among its tasks: not told here.
        _ if all_cpus && (any(Origin::Scheduler) || any(Origin::Affinity)) => Origin::Unknown,
        _ if all_cpus => Origin::AllCpus,
        _ if any(Origin::Scheduler) => Origin::Scheduler,
        _ if any(Origin::Affinity) => Origin::Affinity,
        _ if any(Origin::Parameter) => Origin::Parameter,
        _ if any(Origin::Config) => Origin::Config,
        _ => Origin::Unknown,
    };
    let plain = origins.iter().all(|origin| matches!(origin, Origin::AllCpus | Origin::Literal));
    let fraction = || [&left, &right].iter().any(|worth| is_fraction(worth));
    let takes_off = matches!(operator, "-" | "/" | "//" | ">>") || (operator == "*" && fraction());
    let lessened = left.lessened || right.lessened || (all_cpus && takes_off);
    Worth { origin, falls_back, certain: certain && (!all_cpus || plain), lessened, source, literal: None }
}

/// True for a number below one: `0.8`.
fn is_fraction(worth: &Worth) -> bool {
    worth.literal.as_ref().is_some_and(|(text, _)| text.starts_with(['.', '0']) && text.contains('.'))
}

/// Whole numbers computed.
fn fold(left: &Worth, operator: &str, right: &Worth) -> Option<(String, Span)> {
    let number = |worth: &Worth| worth.literal.as_ref()?.0.replace('_', "").parse::<i64>().ok();
    let (one, other) = (number(left)?, number(right)?);
    let value = match operator {
        "+" => one.checked_add(other),
        "-" => one.checked_sub(other),
        "*" => one.checked_mul(other),
        "//" => one.checked_div_euclid(other).filter(|_| other > 0),
        "**" => u32::try_from(other).ok().and_then(|power| one.checked_pow(power)),
        _ => None,
    }?;
    let span = left.literal.as_ref()?.1.to(right.literal.as_ref()?.1);
    Some((value.to_string(), span))
}

/// The smallest of several values: a known bound decides.
pub(super) fn smallest(worths: Vec<Worth>) -> Worth {
    let find = |wanted: fn(Origin) -> bool| worths.iter().find(|worth| wanted(worth.origin)).cloned();
    let all_cpus = find(|origin| origin == Origin::AllCpus);
    if let Some(bound) = find(|origin| origin == Origin::Literal) {
        return bound;
    }
    if let Some(granted) = find(Origin::is_granted) {
        return granted;
    }
    if let Some(given) = find(Origin::is_given) {
        return given.changed();
    }
    match all_cpus {
        Some(worth) => {
            let certain = worths.iter().all(|worth| worth.origin == Origin::AllCpus && worth.certain);
            Worth { certain, ..worth }
        }
        None => Worth::unknown(),
    }
}

/// The largest of several values: it is at least all processors when one of them is.
pub(super) fn largest(worths: Vec<Worth>) -> Worth {
    let order = [Origin::Scheduler, Origin::Affinity, Origin::AllCpus, Origin::Parameter, Origin::Config];
    let bounded = worths.iter().any(|worth| worth.origin == Origin::Literal);
    for origin in order {
        if let Some(worth) = worths.iter().find(|worth| worth.origin == origin) {
            return Worth { lessened: worth.lessened && !bounded, ..worth.clone().changed() };
        }
    }
    if worths.iter().all(|worth| worth.origin == Origin::Literal) && !worths.is_empty() {
        return Worth::of(Origin::Literal);
    }
    Worth::unknown()
}
