//! Environment variables that Python sets: `os.environ["NAME"] = value`.

use thin_vec::thin_vec;

use super::File;
use crate::facts::{Fact, FactKind, FileFacts, Record, Text};
use crate::syntax::python::{Field, Id, Kind};

/// Adds a fact when an assignment sets a variable of the environment.
pub fn collect(file: &File<'_>, assignment: Id, out: &mut FileFacts) {
    let (names, tree) = (&file.names, file.names.tree);
    let sides = tree.child(assignment, Field::Left).zip(tree.child(assignment, Field::Right));
    let Some((target, value)) = sides.filter(|(target, _)| tree.kind(*target) == Kind::Subscript) else { return };
    let object = tree.child(target, Field::Value).and_then(|object| names.qualify(object));
    let Some(object) = object.filter(|object| object.name == "os.environ") else { return };
    let name = tree.child(target, Field::Subscript).and_then(|name| names.plain_string(name));
    let Some((name, place)) = name else { return };
    let mut fields = Record::new();
    fields.set("name", Text::at(name, place)).set("value", text_of(file, value)).set("exported", true);
    if names.ancestors(assignment).any(|id| tree.kind(id) == Kind::Function) {
        fields.set("context", vec!["function"]);
    }
    let mut fact = Fact::new(FactKind::Assignment, tree.span(assignment), fields);
    fact.certain = object.certain && !tree.is_broken(assignment);
    out.facts.push(fact);
}

/// A value as text: a literal's own, else something unknown.
fn text_of(file: &File<'_>, value: Id) -> Text {
    let (names, tree) = (&file.names, file.names.tree);
    let span = tree.span(value);
    match names.worth(value).literal {
        Some((text, place)) if span.contains(place) => Text::at(text, place),
        Some((text, place)) => Text { origin: place.into(), ..Text::at(text, span) },
        None => Text { unresolved: thin_vec!["(".into()], ..Text::at("$(…)", span) },
    }
}
