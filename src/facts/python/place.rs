//! Where the file knows `os`, and where `import os` belongs when it does not.

use super::File;
use super::scope::How;
use crate::source::Span;
use crate::syntax::python::{Field, Id, Kind, Tree};

/// The name under which `os` is known at a node, when it is.
pub fn name_of_os<'t>(file: &File<'t>, at: Id) -> Option<&'t str> {
    let names = &file.names;
    let mut index = names.scope_index(at);
    loop {
        let scope = &names.scopes[index];
        let imports = scope.os.iter().filter(|name| {
            names.lookup(name, at).is_some_and(|reaching| {
                reaching.settled && reaching.bindings.iter().all(|binding| matches!(binding.how, How::Module("os")))
            })
        });
        if let Some(name) = imports.last() {
            return Some(name);
        }
        if index == 0 || !names.spend(1) {
            return None;
        }
        index = scope.parent;
    }
}

/// The place of a missing import, the start of a line: among the plain imports of the first block in
/// alphabetical order, else before the first import, else before the first statement.
pub fn of_import(file: &File<'_>, at: Id) -> Span {
    let own = file.part(at);
    if let Some(place) = file.places.borrow().get(&own.start) {
        return *place;
    }
    let place = find(file, own);
    file.places.borrow_mut().insert(own.start, place);
    place
}

/// The place for an import that the part `own` needs.
fn find(file: &File<'_>, own: Span) -> Span {
    let tree = file.names.tree;
    let part = import_part(file, own);
    let inside = |id: &Id| part.start <= tree.span(*id).start && tree.span(*id).start < part.end.max(part.start + 1);
    let statements: Vec<Id> = tree.children(Tree::ROOT).filter(inside).take(MAX_STATEMENTS).collect();
    let is_future = |id: Id| tree.kind(id) == Kind::FutureImport;
    let is_import = |id: &Id| matches!(tree.kind(*id), Kind::Import | Kind::ImportFrom);
    let last_future = statements.iter().rposition(|id| is_future(*id));
    let start = last_future.map_or_else(|| docstrings(file, &statements), |index| index + 1);
    let place = match statements.iter().skip(start).position(is_import) {
        Some(first) => in_block(file, &statements[start + first..]),
        None => match statements.get(start) {
            Some(first) => line_start(file.names.text, tree.span(*first).start, part),
            None => match start.checked_sub(1).and_then(|last| statements.get(last)) {
                Some(last) => after_line(file.names.text, tree.span(*last).end, part),
                None => part.start,
            },
        },
    };
    Span::at(past_header(file.names.text, place, part))
}

/// At most so many top-level statements are looked at.
const MAX_STATEMENTS: usize = 2000;

/// The part whose imports a new one joins: the first that imports, if that runs before `own`, else `own`.
fn import_part(file: &File<'_>, own: Span) -> Span {
    let tree = file.names.tree;
    let mut top = tree.children(Tree::ROOT).take(MAX_STATEMENTS);
    let first = top.find(|id| matches!(tree.kind(*id), Kind::Import | Kind::ImportFrom));
    match first.map(|first| file.part(first)) {
        Some(part) if part.start <= own.start => part,
        _ => own,
    }
}

/// How many of the first statements are the docstring: none or one.
fn docstrings(file: &File<'_>, statements: &[Id]) -> usize {
    let tree = file.names.tree;
    let is_string = |id: &&Id| {
        tree.kind(**id) == Kind::ExpressionStatement
            && tree.first(**id).is_some_and(|inner| matches!(tree.kind(inner), Kind::String | Kind::Concatenated))
    };
    statements.iter().take(1).filter(is_string).count()
}

/// The place in a block of imports that begins with `statements`.
fn in_block(file: &File<'_>, statements: &[Id]) -> usize {
    let (tree, text) = (file.names.tree, file.names.text);
    let mut place = None;
    let mut end = tree.span(statements[0]).start;
    for id in statements {
        let span = tree.span(*id);
        let adjacent = text.get(end..span.start).is_some_and(|gap| gap.trim().is_empty() && lines(gap) <= 1);
        if tree.kind(*id) != Kind::Import || !adjacent {
            break;
        }
        let module = tree.child(*id, Field::Name).map_or("", |name| file.names.slice(name));
        if module > "os" {
            place.get_or_insert(line_start(text, span.start, file.part(*id)));
            break;
        }
        place = None;
        end = span.end;
    }
    let first = statements[0];
    let part = file.part(first);
    place.unwrap_or_else(|| {
        if tree.kind(first) == Kind::Import {
            after_line(text, end, part)
        } else {
            line_start(text, tree.span(first).start, part)
        }
    })
}

fn lines(text: &str) -> usize {
    text.bytes().filter(|byte| *byte == b'\n').count()
}

/// The start of the line of `at`, when nothing but blanks comes before it there.
fn line_start(text: &str, at: usize, part: Span) -> usize {
    let before = text.get(part.start..at).unwrap_or("");
    let line = before.rfind('\n').map_or(part.start, |newline| part.start + newline + 1);
    if text.get(line..at).is_some_and(|blanks| blanks.trim().is_empty()) { line } else { at }
}

/// The start of the line after `at`, when nothing but a comment follows it there.
fn after_line(text: &str, at: usize, part: Span) -> usize {
    let after = text.get(at..part.end).unwrap_or("");
    let line = after.split_inclusive('\n').next().unwrap_or("");
    let rest = line.trim_start();
    if line.ends_with('\n') && (rest.is_empty() || rest.starts_with('#')) { at + line.len() } else { at }
}

/// Not before the shebang and the line that tells the encoding.
fn past_header(text: &str, place: usize, part: Span) -> usize {
    let mut at = part.start;
    for line in text.get(part.start..part.end).unwrap_or("").split_inclusive('\n').take(2) {
        let mark = line.trim_start_matches('\u{feff}').trim_start();
        if !(mark.starts_with("#!") || (mark.starts_with('#') && mark.contains("coding"))) {
            break;
        }
        at += line.len();
    }
    place.max(at)
}
