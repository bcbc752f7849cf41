//! The full name of a function: through aliases of imports, variables and contexts.

use super::known;
use super::scope::{Binding, How, Names};
use crate::syntax::python::{Field, Id, Kind};

/// A name with its modules.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Qualified {
    /// `multiprocessing.Pool`.
    pub name: String,
    /// False when the name means something else on other paths.
    pub certain: bool,
}

/// How many variables and attributes are followed.
const MAX_DEPTH: usize = 24;

impl<'t> Names<'t> {
    /// What an expression names, when that comes from an import.
    pub fn qualify(&self, expression: Id) -> Option<Qualified> {
        self.qualify_within(expression, MAX_DEPTH)
    }

    fn qualify_within(&self, expression: Id, depth: usize) -> Option<Qualified> {
        let depth = depth.checked_sub(1).filter(|_| self.spend(1))?;
        let tree = self.tree;
        match tree.kind(expression) {
            Kind::Identifier => self.qualify_name(expression, depth),
            Kind::Attribute => self.qualify_attribute(expression, depth),
            Kind::Parenthesized => self.qualify_within(tree.first(expression)?, depth),
            Kind::NamedExpression => self.qualify_within(tree.child(expression, Field::Value)?, depth),
            Kind::Call => self.qualify_result(expression, depth),
            _ => None,
        }
    }

    fn qualify_name(&self, identifier: Id, depth: usize) -> Option<Qualified> {
        let name = self.slice(identifier);
        match self.lookup(name, identifier) {
            Some(reaching) => self.qualify_bindings(&reaching.bindings, depth),
            None => {
                let module = self.stars.iter().rev().find(|module| known::star_gives(module, name));
                let full = match module {
                    Some(module) => format!("{module}.{name}"),
                    None if known::is_forgotten_module(name, &self.stars) => name.to_owned(),
                    None => return None,
                };
                Some(Qualified { name: known::canonical(full), certain: true })
            }
        }
    }

    /// What the first of several bindings names; certain when the others name the same or nothing callable.
    fn qualify_bindings(&self, bindings: &[Binding<'t>], depth: usize) -> Option<Qualified> {
        let mut result: Option<Qualified> = None;
        let mut others = false;
        for binding in bindings.iter().rev() {
            let found = match binding.how {
                How::Module(module) => Some(Qualified { name: known::canonical(module.to_owned()), certain: true }),
                How::Member(module, member) => {
                    let name = known::canonical(join(module, member));
                    Some(Qualified { name, certain: true })
                }
                // `joblib = None` after a failed import: never called.
                How::Value(value) if matches!(self.tree.kind(value), Kind::None | Kind::False) => continue,
                How::Value(value) => self.qualify_value(value, depth),
                _ => None,
            };
            match (&mut result, found) {
                (None, Some(found)) => result = Some(found),
                (Some(result), Some(found)) => {
                    result.certain &= found.certain && alike(&result.name, &found.name);
                }
                (_, None) => others = true,
            }
        }
        if others && let Some(result) = &mut result {
            result.certain = false;
        }
        result
    }

    /// The same as [`Self::qualify_within`], once for each value of a variable.
    fn qualify_value(&self, value: Id, depth: usize) -> Option<Qualified> {
        if let Some(known) = self.qualified.borrow().get(&value) {
            return known.clone();
        }
        self.qualified.borrow_mut().insert(value, None);
        let found = self.qualify_within(value, depth);
        self.qualified.borrow_mut().insert(value, found.clone());
        found
    }

    fn qualify_attribute(&self, attribute: Id, depth: usize) -> Option<Qualified> {
        let dotted = self.slice(attribute);
        if let Some(bindings) = self.attribute_bindings(attribute, dotted)
            && let Some(found) = self.qualify_bindings(&bindings, depth)
        {
            return Some(found);
        }
        let object = self.qualify_within(self.tree.child(attribute, Field::Object)?, depth)?;
        let name = self.slice(self.tree.child(attribute, Field::AttributeName)?);
        Some(Qualified { name: known::canonical(format!("{}.{name}", object.name)), ..object })
    }

    /// The bindings of an attribute that the file itself sets: `self.workers = 4`.
    pub(super) fn attribute_bindings(&self, attribute: Id, dotted: &str) -> Option<Vec<Binding<'t>>> {
        if dotted.starts_with("self.") || dotted.starts_with("cls.") {
            self.lookup_attribute(dotted, attribute)
        } else {
            self.lookup(dotted, attribute).map(|reaching| reaching.bindings)
        }
    }

    /// Calls whose result is as good as a module: `get_context("spawn")`, `import_module("multiprocessing")`.
    fn qualify_result(&self, call: Id, depth: usize) -> Option<Qualified> {
        let function = self.tree.child(call, Field::Function)?;
        let first = || {
            let argument = self.tree.first(self.tree.child(call, Field::Arguments)?)?;
            self.plain_string(argument).map(|(text, _)| text)
        };
        if self.tree.kind(function) == Kind::Identifier && self.slice(function) == "__import__" {
            let module = first().filter(|_| self.lookup("__import__", call).is_none())?;
            return Some(Qualified { name: known::canonical(module), certain: true });
        }
        let function = self.qualify_within(function, depth)?;
        if function.name == "importlib.import_module" {
            return Some(Qualified { name: known::canonical(first()?), ..function });
        }
        let module = function.name.strip_suffix(".get_context")?;
        Some(Qualified { name: module.to_owned(), ..function })
    }
}

/// `from MODULE import MEMBER` as one name; a relative module keeps its dots.
pub fn join(module: &str, member: &str) -> String {
    if module.ends_with('.') { format!("{module}{member}") } else { format!("{module}.{member}") }
}

/// True for names that stand for the same thing in two libraries: `multiprocess` takes the place of
/// `multiprocessing` where it is installed.
fn alike(one: &str, other: &str) -> bool {
    one == other
        || (known::starter(one).is_some() && known::starter(one) == known::starter(other))
        || (known::counts_all(one) && known::counts_all(other))
        || (is_process_module(one) && is_process_module(other))
}

fn is_process_module(name: &str) -> bool {
    matches!(name, "multiprocessing" | "torch.multiprocessing" | "multiprocess" | "billiard" | "concurrent.futures")
}
