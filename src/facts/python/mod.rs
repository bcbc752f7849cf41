//! Python: its imports, its calls with the origin of their arguments, and the environment variables it sets.

mod calls;
mod environment;
mod imports;
mod known;
mod origin;
mod place;
mod qualify;
mod reach;
mod result;
mod scope;

pub use known::{spellings, starters};

use std::cell::RefCell;
use std::collections::HashMap;

use super::{FileFacts, Gap};
use crate::source::Span;
use crate::syntax::budget::Budget;
use crate::syntax::python::{Id, Kind, Tree};
use scope::Names;

/// The word without which no text sets a variable of the environment.
pub const ENVIRONMENT: &str = "environ";

/// Adds the facts of a Python text: what it imports, calls, and sets in the environment, in source order.
pub fn collect(text: &str, out: &mut FileFacts) {
    collect_parts(text, &[Span::new(0, text.len())], out);
}

/// The same for a text of several parts that run one after another and share their names: the cells of a
/// notebook. Each part is parsed alone, so that a broken one leaves the others whole.
pub fn collect_parts(text: &str, parts: &[Span], out: &mut FileFacts) {
    let mut tree = Tree::default();
    let budget = Budget::default();
    for part in parts {
        let Some(code) = text.get(part.start..part.end) else { continue };
        if budget.is_spent() {
            let reason = "parsing took too long".to_owned();
            out.gaps.push(Gap { span: Span::new(part.start, text.len()), reason });
            break;
        }
        let regions = tree.parse(code, part.start, &budget);
        out.gaps.extend(regions.into_iter().map(|region| Gap { span: region.span, reason: region.reason.to_owned() }));
    }
    let file = File { names: Names::new(text, &tree), parts, places: RefCell::default() };
    let used = imports::Used::new(&file.names);
    let mut calls = calls::Calls::default();
    for id in tree.ids() {
        match tree.kind(id) {
            Kind::Import | Kind::ImportFrom | Kind::FutureImport => imports::collect(&file, &used, id, out),
            Kind::Call => calls.collect(&file, id, out),
            Kind::Assignment => {
                environment::collect(&file, id, out);
                calls.collect_item(&file, id, out);
            }
            // Statements of Python 2 alone.
            Kind::Print | Kind::Exec => {
                out.file.set("python-version", "2.7");
            }
            _ => {}
        }
    }
    calls.finish(out);
    if file.names.is_exhausted() {
        let reason = "names too tangled to follow to the end".to_owned();
        out.gaps.push(Gap { span: Span::new(0, text.len()), reason });
    }
}

/// A text with its names and parts.
struct File<'t> {
    names: Names<'t>,
    parts: &'t [Span],
    /// Where an import belongs, by the start of the part that asks.
    places: RefCell<HashMap<usize, Span>>,
}

impl File<'_> {
    /// The part in which a node stands.
    fn part(&self, id: Id) -> Span {
        let at = self.names.tree.span(id).start;
        let index = self.parts.partition_point(|part| part.end < at);
        self.parts.get(index).copied().unwrap_or_default()
    }
}
