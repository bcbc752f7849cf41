//! Who binds which name where: the scopes of a Python text and what they bind.

use std::cell::{Cell, RefCell};
use std::collections::HashMap;

use super::origin::Worth;
use super::qualify::Qualified;
use crate::syntax::python::{Field, Id, Kind, Tree};

/// The names of a text.
pub struct Names<'t> {
    /// The whole text.
    pub text: &'t str,
    /// Its tree.
    pub tree: &'t Tree,
    pub(super) scopes: Vec<Scope<'t>>,
    /// Modules of which all names were imported.
    pub(super) stars: Vec<&'t str>,
    scope_of: Vec<u32>,
    /// Steps left: hostile files end the work, not the patience.
    fuel: Cell<u64>,
    /// What expressions were found to be worth; none yet for one that is being looked at.
    pub(super) worths: RefCell<HashMap<Id, Option<Worth>>>,
    /// What expressions were found to name; nothing yet for one that is being looked at.
    pub(super) qualified: RefCell<HashMap<Id, Option<Qualified>>>,
}

/// A module, class, function, lambda or comprehension.
pub struct Scope<'t> {
    /// The node that opens it.
    pub(super) node: Id,
    pub(super) parent: usize,
    /// The bindings of each name, by place.
    pub(super) names: HashMap<&'t str, Vec<Binding<'t>>>,
    /// The values that a function returns.
    pub(super) returns: Vec<Id>,
    /// The names under which it imports `os`.
    pub(super) os: Vec<&'t str>,
    /// Names declared `global` or `nonlocal`, with the scope they belong to.
    outer: HashMap<&'t str, usize>,
}

/// One way in which a name gets a value.
#[derive(Clone, Copy, Debug)]
pub struct Binding<'t> {
    /// What it gets.
    pub how: How<'t>,
    /// The statement or clause; placed in its scope before it binds.
    pub node: Id,
    /// It holds from this byte on.
    pub from: usize,
    /// Set by a function through `global` or `nonlocal`: nobody knows when.
    pub foreign: bool,
}

/// What a name gets.
#[derive(Clone, Copy, Debug)]
pub enum How<'t> {
    /// A module.
    Module(&'t str),
    /// A member of a module.
    Member(&'t str, &'t str),
    /// The value of an expression.
    Value(Id),
    /// A part of the value of an expression: `a, b = f()`.
    Part(Id),
    /// Its old value changed: `n //= 2`.
    Augmented(Id),
    /// What the caller gives, and the default.
    Parameter(Option<Id>),
    /// A function of this file.
    Function(Id),
    /// A class of this file.
    Class,
    /// Something else.
    Other,
}

/// Steps for one text: more than any real file needs, and below a second.
const FUEL: u64 = 5_000_000;

/// Longest dotted target (`self.pool.size`) that is remembered.
const MAX_DOTTED: usize = 80;

impl<'t> Names<'t> {
    /// Reads all bindings of a tree.
    pub fn new(text: &'t str, tree: &'t Tree) -> Self {
        let scope_of = vec![0; tree.len()];
        let (scopes, stars) = (Vec::new(), Vec::new());
        let fuel = Cell::new(FUEL);
        let (worths, qualified) = (RefCell::default(), RefCell::default());
        let mut names = Self { text, tree, scopes, stars, scope_of, fuel, worths, qualified };
        names.open(Tree::ROOT, 0);
        for id in tree.ids().skip(1) {
            names.place(id);
            names.bind(id);
        }
        for scope in &mut names.scopes {
            for bindings in scope.names.values_mut() {
                bindings.sort_by_key(|binding| binding.from);
            }
        }
        names
    }

    /// The text of a node.
    pub fn slice(&self, id: Id) -> &'t str {
        let span = self.tree.span(id);
        self.text.get(span.start..span.end).unwrap_or("")
    }

    /// Takes steps. False when there are none left.
    pub fn spend(&self, steps: usize) -> bool {
        let left = self.fuel.get().saturating_sub(steps as u64);
        self.fuel.set(left);
        left > 0
    }

    /// True when the steps are used up, and with them the answers.
    pub fn is_exhausted(&self) -> bool {
        self.fuel.get() == 0
    }

    /// The nodes around `id`, inmost first, as far as the steps last.
    pub fn ancestors(&self, id: Id) -> impl Iterator<Item = Id> {
        self.tree.ancestors(id).take_while(|_| self.spend(1))
    }

    /// The number of the scope in which a node is evaluated.
    pub fn scope_index(&self, id: Id) -> usize {
        self.scope_of.get(id.index()).map_or(0, |scope| *scope as usize)
    }

    /// The scope that `node` opens.
    pub fn scope_opened_by(&self, node: Id) -> Option<&Scope<'t>> {
        self.opened(node).map(|index| &self.scopes[index])
    }

    fn opened(&self, node: Id) -> Option<usize> {
        // Scopes are opened in source order.
        self.scopes.binary_search_by_key(&node, |scope| scope.node).ok()
    }

    fn open(&mut self, node: Id, parent: usize) {
        let (names, outer) = (HashMap::new(), HashMap::new());
        let (returns, os) = (Vec::new(), Vec::new());
        self.scopes.push(Scope { node, parent, names, returns, os, outer });
    }

    /// Finds the scope of a node from its parent's, and opens one where it begins.
    fn place(&mut self, id: Id) {
        let Some(parent) = self.tree.parent(id) else { return };
        let around = self.scope_index(parent);
        let (kind, above) = (self.tree.kind(id), self.tree.kind(parent));
        let field = self.tree.field(id);
        let inside = match above {
            Kind::Function | Kind::Lambda => matches!(field, Field::Body | Field::Parameters),
            Kind::Class => field == Field::Body,
            _ => above.is_comprehension(),
        };
        // Defaults and annotations of parameters belong to the scope around the function.
        let outside = matches!(field, Field::Value | Field::Type)
            && matches!(above, Kind::DefaultParameter | Kind::TypedDefaultParameter | Kind::TypedParameter);
        let scope = match inside.then(|| self.opened(parent)).flatten() {
            Some(index) => index,
            None if outside => self.scopes[around].parent,
            None => around,
        };
        self.scope_of[id.index()] = u32::try_from(scope).unwrap_or(0);
        if matches!(kind, Kind::Function | Kind::Lambda | Kind::Class) || kind.is_comprehension() {
            self.open(id, scope);
        }
    }

    fn bind(&mut self, id: Id) {
        let tree = self.tree;
        match tree.kind(id) {
            Kind::Import => self.bind_import(id),
            Kind::ImportFrom => self.bind_import_from(id),
            Kind::Assignment => self.bind_assignment(id),
            Kind::AugmentedAssignment => {
                if let Some(left) = tree.child(id, Field::Left) {
                    self.bind_target(left, How::Augmented(id), id, tree.span(id).end);
                }
            }
            Kind::NamedExpression => {
                if let (Some(name), Some(value)) = (tree.child(id, Field::Name), tree.child(id, Field::Value)) {
                    self.bind_target(name, How::Value(value), id, tree.span(id).end);
                }
            }
            Kind::For | Kind::ForIn => {
                if let Some(left) = tree.child(id, Field::Left) {
                    self.bind_target(left, How::Other, id, tree.span(left).end);
                }
            }
            Kind::AsPatternTarget => {
                if let Some(target) = tree.first(id) {
                    self.bind_target(target, How::Other, id, tree.span(id).end);
                }
            }
            Kind::Function | Kind::Class => self.bind_definition(id),
            Kind::Parameters | Kind::LambdaParameters => self.bind_parameters(id),
            Kind::Global | Kind::Nonlocal => self.declare_outer(id),
            Kind::Return => {
                let scope = self.scope_index(id);
                let value = tree.first(id).unwrap_or(id);
                self.scopes[scope].returns.push(value);
            }
            _ => {}
        }
    }

    fn bind_import(&mut self, id: Id) {
        for name in self.tree.children(id) {
            let bound = self.imported(name);
            let Some((module, alias)) = bound else { continue };
            match alias {
                Some(alias) => self.add(self.slice(alias), How::Module(module), id, self.tree.span(id).end),
                None => {
                    let top = module.split('.').next().unwrap_or(module);
                    self.add(top, How::Module(top), id, self.tree.span(id).end);
                }
            }
        }
    }

    fn bind_import_from(&mut self, id: Id) {
        let Some(module) = self.tree.child(id, Field::ModuleName).map(|module| self.slice(module)) else { return };
        if self.tree.child_of(id, Kind::Wildcard).is_some() {
            self.stars.push(module);
        }
        for name in self.tree.children(id).filter(|child| self.tree.field(*child) == Field::Name) {
            let Some((member, alias)) = self.imported(name) else { continue };
            let bound = alias.map_or(member, |alias| self.slice(alias));
            self.add(bound, How::Member(module, member), id, self.tree.span(id).end);
        }
    }

    /// The name that an item of an import asks for, and the node of its alias.
    pub(super) fn imported(&self, item: Id) -> Option<(&'t str, Option<Id>)> {
        match self.tree.kind(item) {
            Kind::DottedName => Some((self.slice(item), None)),
            Kind::AliasedImport => {
                let name = self.tree.child(item, Field::Name)?;
                Some((self.slice(name), self.tree.child(item, Field::Alias)))
            }
            _ => None,
        }
    }

    fn bind_assignment(&mut self, id: Id) {
        let tree = self.tree;
        let (Some(left), Some(mut value)) = (tree.child(id, Field::Left), tree.child(id, Field::Right)) else {
            return;
        };
        // `a = b = f()`: the value of both is the inmost.
        while tree.kind(value) == Kind::Assignment && self.spend(1) {
            let Some(right) = tree.child(value, Field::Right) else { return };
            value = right;
        }
        self.bind_target(left, How::Value(value), id, tree.span(id).end);
    }

    fn bind_target(&mut self, target: Id, how: How<'t>, node: Id, from: usize) {
        let tree = self.tree;
        match tree.kind(target) {
            Kind::Identifier => self.add(self.slice(target), how, node, from),
            Kind::Attribute => {
                let dotted = self.slice(target);
                if dotted.len() <= MAX_DOTTED && !dotted.contains(|c: char| c.is_whitespace() || "()[]".contains(c)) {
                    self.add(dotted, how, node, from);
                }
            }
            Kind::PatternList | Kind::TuplePattern | Kind::ListPattern | Kind::Tuple | Kind::List => {
                self.bind_several(target, how, node, from);
            }
            Kind::ListSplatPattern | Kind::Parenthesized => {
                if let Some(inner) = tree.first(target) {
                    let how = if tree.kind(target) == Kind::Parenthesized { how } else { How::Other };
                    // Parentheses are bounded by the guard before the parse.
                    self.bind_target(inner, how, node, from);
                }
            }
            _ => {}
        }
    }

    /// `a, b = 1, 2` in pairs; else each target gets a part.
    fn bind_several(&mut self, target: Id, how: How<'t>, node: Id, from: usize) {
        let tree = self.tree;
        let targets: Vec<Id> = tree.children(target).collect();
        let values: Vec<Id> = match how {
            How::Value(value) if matches!(tree.kind(value), Kind::Tuple | Kind::ExpressionList | Kind::List) => {
                tree.children(value).collect()
            }
            _ => Vec::new(),
        };
        let pairs = targets.len() == values.len()
            && !values.iter().any(|value| tree.kind(*value) == Kind::ListSplat)
            && !targets.iter().any(|target| tree.kind(*target) == Kind::ListSplatPattern);
        for (index, inner) in targets.into_iter().enumerate() {
            let how = match how {
                How::Value(_) if pairs => How::Value(values[index]),
                How::Value(value) | How::Part(value) => How::Part(value),
                _ => How::Other,
            };
            self.bind_target(inner, how, node, from);
        }
    }

    fn bind_definition(&mut self, id: Id) {
        let Some(name) = self.tree.child(id, Field::Name) else { return };
        let how = if self.tree.kind(id) == Kind::Function { How::Function(id) } else { How::Class };
        self.add_in(self.scope_index(id), self.slice(name), how, id, self.tree.span(id).start);
    }

    fn bind_parameters(&mut self, id: Id) {
        let tree = self.tree;
        for parameter in tree.children(id) {
            let (name, default) = match tree.kind(parameter) {
                Kind::Identifier => (Some(parameter), None),
                Kind::DefaultParameter | Kind::TypedDefaultParameter => {
                    (tree.child(parameter, Field::Name), tree.child(parameter, Field::Value))
                }
                Kind::TypedParameter | Kind::ListSplatPattern | Kind::DictionarySplatPattern => {
                    let inner = tree.first(parameter);
                    let splat = inner.filter(|inner| tree.kind(*inner) != Kind::Identifier);
                    (splat.and_then(|splat| tree.first(splat)).or(inner), None)
                }
                _ => (None, None),
            };
            if let Some(name) = name.filter(|name| tree.kind(*name) == Kind::Identifier) {
                self.add(self.slice(name), How::Parameter(default), id, 0);
            }
        }
    }

    fn declare_outer(&mut self, id: Id) {
        let scope = self.scope_index(id);
        for name in self.tree.children(id) {
            let name = self.slice(name);
            let outer = if self.tree.kind(id) == Kind::Global { Some(0) } else { self.binder_around(scope, name) };
            if let Some(outer) = outer.filter(|outer| *outer != scope) {
                self.scopes[scope].outer.insert(name, outer);
            }
        }
    }

    /// The next scope outwards that binds `name`.
    fn binder_around(&self, scope: usize, name: &str) -> Option<usize> {
        let mut index = scope;
        while index != 0 && self.spend(1) {
            index = self.scopes[index].parent;
            if self.scopes[index].names.contains_key(name) {
                return Some(index);
            }
        }
        None
    }

    fn add(&mut self, name: &'t str, how: How<'t>, node: Id, from: usize) {
        let mut scope = self.scope_index(node);
        if name.starts_with("self.") || name.starts_with("cls.") {
            // What a method sets belongs to its class.
            while self.tree.kind(self.scopes[scope].node) != Kind::Class && scope != 0 && self.spend(1) {
                scope = self.scopes[scope].parent;
            }
        } else if matches!(how, How::Value(_)) && self.tree.kind(node) == Kind::NamedExpression {
            // `:=` in a comprehension binds in the scope around it.
            while self.tree.kind(self.scopes[scope].node).is_comprehension() && self.spend(1) {
                scope = self.scopes[scope].parent;
            }
        }
        self.add_in(scope, name, how, node, from);
    }

    fn add_in(&mut self, scope: usize, name: &'t str, how: How<'t>, node: Id, from: usize) {
        if let Some(&outer) = self.scopes[scope].outer.get(name) {
            let binding = Binding { how, node, from, foreign: true };
            self.scopes[outer].names.entry(name).or_default().push(binding);
        }
        if matches!(how, How::Module("os")) && !self.scopes[scope].os.contains(&name) {
            self.scopes[scope].os.push(name);
        }
        let binding = Binding { how, node, from, foreign: false };
        self.scopes[scope].names.entry(name).or_default().push(binding);
    }
}
