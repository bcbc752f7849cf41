//! Which bindings of a name reach a place: order, branches, loops and scopes.

use std::collections::HashSet;

use super::scope::{Binding, How, Names, Scope};
use crate::syntax::python::{Field, Id, Kind};

/// A branch: the statement that branches, and the child that is one of its ways.
type Arm = (Id, Id);

/// At most so many bindings of one name are looked at.
const MAX_BINDINGS: usize = 64;

/// The bindings of a name that reach a place.
pub struct Reaching<'t> {
    /// The bindings, last one first.
    pub bindings: Vec<Binding<'t>>,
    /// One of them is passed on every way there.
    pub settled: bool,
}

impl<'t> Names<'t> {
    /// The bindings of `name` that reach `at`; `None` when no scope around binds it.
    pub fn lookup(&self, name: &str, at: Id) -> Option<Reaching<'t>> {
        let mut index = self.scope_index(at);
        let mut in_order = true;
        let mut inmost = true;
        loop {
            let scope = &self.scopes[index];
            let kind = self.tree.kind(scope.node);
            if (inmost || kind != Kind::Class)
                && let Some(bindings) = scope.names.get(name)
            {
                return Some(self.reaching(bindings, scope, in_order.then_some(at)));
            }
            // The body of a function runs later; that of a class or comprehension at once.
            in_order &= !matches!(kind, Kind::Function | Kind::Lambda);
            inmost &= kind.is_comprehension();
            if index == 0 || !self.spend(1) {
                return None;
            }
            index = scope.parent;
        }
    }

    /// All bindings of the attribute `self.NAME` in the class around `at`: by its methods and in its body.
    pub fn lookup_attribute(&self, dotted: &str, at: Id) -> Option<Vec<Binding<'t>>> {
        let class = self.class_around(at)?;
        let name = dotted.split_once('.').map_or(dotted, |(_, name)| name);
        let found = [dotted, name].into_iter().filter_map(|name| class.names.get(name)).flatten();
        let found: Vec<Binding<'t>> = found.take(MAX_BINDINGS).map(|binding| self.field(binding)).collect();
        (!found.is_empty()).then_some(found)
    }

    /// The scope of the class around a node.
    pub fn class_around(&self, at: Id) -> Option<&Scope<'t>> {
        let mut index = self.scope_index(at);
        while self.tree.kind(self.scopes[index].node) != Kind::Class {
            if index == 0 || !self.spend(1) {
                return None;
            }
            index = self.scopes[index].parent;
        }
        Some(&self.scopes[index])
    }

    /// What a name with a type in the body of a class gets is a default that the caller may replace.
    fn field(&self, binding: &Binding<'t>) -> Binding<'t> {
        let in_class = || self.tree.kind(self.scopes[self.scope_index(binding.node)].node) == Kind::Class;
        match binding.how {
            How::Value(value) if self.tree.child(binding.node, Field::Type).is_some() && in_class() => {
                Binding { how: How::Parameter(Some(value)), ..*binding }
            }
            _ => *binding,
        }
    }

    /// The bindings that reach `at`, or the end of the scope when nobody knows when `at` runs.
    fn reaching(&self, bindings: &[Binding<'t>], scope: &Scope<'t>, at: Option<Id>) -> Reaching<'t> {
        let (position, here) = match at {
            Some(at) => (self.tree.span(at).start, self.arms(at, scope.node)),
            None => (usize::MAX, Vec::new()),
        };
        let before = bindings.partition_point(|binding| binding.from <= position);
        let mut found: Vec<Binding<'t>> = Vec::new();
        let mut covered: HashSet<Arm> = HashSet::new();
        let mut settled = None;
        for binding in bindings[..before].iter().rev().take(MAX_BINDINGS) {
            if binding.foreign {
                found.push(*binding);
                continue;
            }
            let arms = self.arms(binding.node, scope.node);
            let shared = arms.iter().zip(&here).take_while(|(one, other)| one == other).count();
            let own = &arms[shared..];
            let excluded = matches!((own.first(), here.get(shared)), (Some(one), Some(other)) if one.0 == other.0);
            if excluded || own.iter().any(|arm| covered.contains(arm)) {
                continue;
            }
            if !own.iter().any(|arm| self.leaves(*arm)) {
                found.push(*binding);
            }
            if self.cover(own, &mut covered) {
                settled = Some(binding.node);
                break;
            }
        }
        if let Some(at) = at {
            found.extend(self.carried(&bindings[before..], scope, at, settled));
        }
        if found.is_empty() {
            // Bound only later, or on other ways: the best guess there is.
            found.extend(bindings.iter().rev().take(MAX_BINDINGS));
        }
        Reaching { bindings: found, settled: settled.is_some() }
    }

    /// Bindings further down in a loop around `at`: the next round sees them.
    fn carried(&self, after: &[Binding<'t>], scope: &Scope<'t>, at: Id, settled: Option<Id>) -> Vec<Binding<'t>> {
        if after.is_empty() {
            return Vec::new();
        }
        let outmost = self
            .ancestors(at)
            .take_while(|id| *id != scope.node)
            .filter(|id| matches!(self.tree.kind(*id), Kind::For | Kind::While))
            .filter(|id| settled.is_none_or(|node| !self.tree.span(*id).contains(self.tree.span(node))))
            .last();
        let Some(outmost) = outmost else { return Vec::new() };
        let body = self.tree.span(outmost);
        let inside = after.iter().take(MAX_BINDINGS).filter(|binding| body.contains(self.tree.span(binding.node)));
        inside.copied().collect()
    }

    /// Marks the inmost of `arms` as one that binds the name, and the statements around it all of whose ways do.
    /// True when nothing is left that goes around the binding.
    fn cover(&self, arms: &[Arm], covered: &mut HashSet<Arm>) -> bool {
        for arm in arms.iter().rev() {
            covered.insert(*arm);
            let Some(ways) = self.ways(arm.0) else { return false };
            if !ways.iter().all(|way| covered.contains(&(arm.0, *way)) || self.leaves((arm.0, *way))) {
                return false;
            }
        }
        true
    }

    /// The branches in which a node stands, outmost first, up to the node `top`.
    pub(super) fn arms(&self, id: Id, top: Id) -> Vec<Arm> {
        let mut arms = Vec::new();
        let mut child = id;
        let mut below = None;
        for parent in self.ancestors(id) {
            if child == top {
                break;
            }
            let field = self.tree.field(child);
            let arm = match self.tree.kind(parent) {
                Kind::If => match self.tree.kind(child) {
                    Kind::Else => true,
                    // The condition of an `elif` is no branch of it.
                    Kind::Elif => below.is_some_and(|below| self.tree.field(below) == Field::Consequence),
                    _ => field == Field::Consequence,
                },
                Kind::For | Kind::While => field == Field::Body,
                Kind::Try => field == Field::Body || matches!(self.tree.kind(child), Kind::Except | Kind::Else),
                Kind::Block => self.tree.kind(child) == Kind::Case,
                _ => false,
            };
            if arm {
                // The `else` of a `try` goes on where its body ended.
                let body = (self.tree.kind(parent) == Kind::Try && self.tree.kind(child) == Kind::Else)
                    .then(|| self.tree.child(parent, Field::Body))
                    .flatten();
                arms.push((parent, body.unwrap_or(child)));
            }
            below = Some(child);
            child = parent;
        }
        arms.reverse();
        arms
    }

    /// All ways through a statement, when one of them is always taken.
    fn ways(&self, statement: Id) -> Option<Vec<Id>> {
        let children = || self.tree.children(statement).take_while(|_| self.spend(1));
        match self.tree.kind(statement) {
            Kind::If => {
                let ways: Vec<Id> = children()
                    .filter(|id| matches!(self.tree.field(*id), Field::Consequence | Field::Alternative))
                    .collect();
                ways.last().filter(|last| self.tree.kind(**last) == Kind::Else)?;
                Some(ways)
            }
            Kind::Try => Some(
                children()
                    .filter(|id| self.tree.field(*id) == Field::Body || self.tree.kind(*id) == Kind::Except)
                    .collect(),
            ),
            _ => None,
        }
    }

    /// True when the way does not reach the end of its statement.
    fn leaves(&self, (_, way): Arm) -> bool {
        if !self.spend(1) {
            return false;
        }
        let block = match self.tree.kind(way) {
            Kind::Block => Some(way),
            _ => self.tree.children(way).filter(|id| self.tree.kind(*id) == Kind::Block).last(),
        };
        let Some(last) = block.and_then(|block| self.tree.last(block)) else { return false };
        match self.tree.kind(last) {
            Kind::Return | Kind::Raise | Kind::Continue | Kind::Break => true,
            Kind::ExpressionStatement => self.tree.first(last).is_some_and(|call| {
                self.tree.kind(call) == Kind::Call
                    && self.tree.child(call, Field::Function).is_some_and(|function| {
                        matches!(self.slice(function), "sys.exit" | "exit" | "quit" | "os._exit" | "os.abort")
                    })
            }),
            _ => false,
        }
    }
}
