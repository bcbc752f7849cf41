//! Facts of the files that say what to install and where: environment.yml, `.condarc`, requirements files.

mod conda_file;
mod condarc;
mod known;
mod requirements;

use crate::facts::{Fact, Gap};
use crate::source::{Kind, Source, Span};
use crate::syntax::yaml::{self, Document, Node};

/// Appends the `dependency`, `channel` and `key` facts of an environment, settings or requirements file; nothing
/// for files of other kinds. What cannot be understood is a [`Gap`].
pub fn collect(source: &Source, out: &mut Vec<Fact>, gaps: &mut Vec<Gap>) {
    match source.kind {
        Kind::Requirements => requirements::collect(source, out),
        Kind::Environment => {
            if let Some(document) = parse(source, gaps) {
                conda_file::collect(source, &document, out);
            }
        }
        Kind::Condarc => {
            if let Some(document) = parse(source, gaps) {
                condarc::collect(source, &document, out);
            }
        }
        _ => {}
    }
}

/// How many keys and items of lists of an environment or settings file hold nothing, `[]` and `""` apart.
pub fn empty_entries(source: &Source) -> usize {
    let parsed = matches!(source.kind, Kind::Environment | Kind::Condarc).then(|| yaml::parse(&source.text));
    parsed.and_then(Result::ok).and_then(|document| document.root).map_or(0, |root| empty_below(&root))
}

fn empty_below(node: &Node) -> usize {
    let entries = node.entries().iter().map(|entry| entry.value.as_ref());
    let values = entries.chain(node.items().iter().map(|item| item.value.as_ref()));
    values.map(|value| value.map_or(1, empty_below)).sum()
}

fn parse(source: &Source, gaps: &mut Vec<Gap>) -> Option<Document> {
    match yaml::parse(&source.text) {
        Ok(document) => {
            let broken = document.broken.iter().filter(|span| !span.is_empty());
            gaps.extend(broken.map(|span| Gap { span: *span, reason: "not understood as YAML".to_owned() }));
            Some(document)
        }
        Err(refusal) => {
            gaps.push(Gap { span: Span::new(0, source.text.len()), reason: refusal.to_string() });
            None
        }
    }
}
