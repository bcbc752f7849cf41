//! Facts of the files that say what to install and where: environment.yml, `.condarc`, requirements files.

mod conda_file;
mod condarc;
mod known;
mod requirements;

use crate::facts::{Fact, Gap};
use crate::source::{Kind, Source, Span};
use crate::syntax::yaml::{self, Document};

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
