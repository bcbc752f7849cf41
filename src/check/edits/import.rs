//! Imports that a fix needs, and those that it leaves without a use.

use crate::facts::{Fact, FactKind, Value};
use crate::source::{Kind, Span};

use super::{Change, Editor};

impl Editor<'_> {
    /// Imports `module`, unless the file does.
    pub(super) fn import(&self, module: &str) -> Option<Vec<Change>> {
        let known = self.fact.fields.flag("imports-os") && module == "os";
        let imported = self.imports().any(|fact| {
            fact.fields.text("module") == module
                && fact.fields.get("name").is_none()
                && fact.fields.get("as").is_none()
                && fact.fields.flag("top")
        });
        if known || imported {
            return Some(Vec::new());
        }
        let Some(Value::Text(place)) = self.fact.fields.get("import-place") else { return None };
        let line = self.line(place.span.get()?.start)?;
        Some(vec![line.insert_before(self.source, &format!("import {module}"))])
    }

    /// Takes away with the last use of a name its import from Python's own library, which nobody would look for. What
    /// others have may do more than give a name, and an import that is not one plain statement is left.
    pub(super) fn drop_imports(&self, changes: &mut Vec<Change>) {
        if self.fact.kind != FactKind::Call || !matches!(self.source.kind, Kind::Python) {
            return;
        }
        let gone: Vec<Span> = changes.iter().map(|(span, _)| *span).filter(|span| !span.is_empty()).collect();
        for import in self.imports().filter(|import| import.fields.flag("top") && import.fields.flag("standard")) {
            let name = import.fields.text("as");
            let used_by = |text: &str| words(text).any(|(_, word)| word == name);
            if !gone.iter().any(|span| used_by(self.source.slice(*span))) || changes.iter().any(|(_, new)| used_by(new))
            {
                continue;
            }
            let lives_on = words(&self.source.text).filter(|(_, word)| *word == name).any(|(at, _)| {
                !import.span.contains(Span::at(at)) && !gone.iter().any(|span| span.contains(Span::at(at)))
            });
            if lives_on {
                continue;
            }
            let beside: Vec<&Fact> = self.imports().filter(|other| other.span == import.span).collect();
            changes.extend(self.without_import(import, &beside).map(|span| (span, String::new())));
        }
    }

    fn imports(&self) -> impl Iterator<Item = &Fact> {
        self.voice.scene.about.view.facts.facts.iter().filter(|fact| fact.kind == FactKind::Import)
    }

    /// The bytes of one of the names that a statement imports, with its comma; of the whole line where it is alone.
    fn without_import(&self, import: &Fact, beside: &[&Fact]) -> Option<Span> {
        let line = self.line(import.span.start)?;
        // With a comment, or as a part of something, the statement is not for us to take apart.
        if line.content != import.span {
            return None;
        }
        let asked = |fact: &Fact| {
            let name = fact.fields.get("name").or_else(|| fact.fields.get("module")).and_then(|value| value.span())?;
            let end = fact.fields.get("as").and_then(|value| value.span()).map_or(name.end, |alias| alias.end);
            Some(Span::new(name.start, end.max(name.end)))
        };
        let at = beside.iter().position(|fact| std::ptr::eq(*fact, import))?;
        let span = asked(import)?;
        match (beside.get(at + 1), at.checked_sub(1)) {
            (Some(next), _) => Some(Span::new(span.start, asked(next)?.start)),
            (None, Some(before)) => Some(Span::new(asked(beside[before])?.end, span.end)),
            (None, None) => Some(line.outer),
        }
    }
}

/// The words of a program, with the byte where each begins.
fn words(text: &str) -> impl Iterator<Item = (usize, &str)> {
    let is_part = |c: char| c == '_' || c.is_alphanumeric();
    text.split(move |c: char| !is_part(c))
        .filter(|word| !word.is_empty())
        .map(move |word| (word.as_ptr().addr() - text.as_ptr().addr(), word))
}
