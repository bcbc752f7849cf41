//! Statements that go into a shell function, to be called on demand.

use crate::facts::{Fact, Value};
use crate::policy::rule::Place;
use crate::policy::template::Template;
use crate::source::{Kind, Shell, Span};

use super::super::eval::{Scene, Truth};
use super::line::Line;
use super::{Change, Editor, is_statement, shell};

/// How many functions of one name a file can have, by numbers behind it.
const SAME_NAME: usize = 9;

impl Editor<'_> {
    /// Puts the lines of a place into a function; with `together`, a run of such statements into one of that name.
    pub(super) fn wrap(&self, place: &Place, function: &Template, together: Option<&Template>) -> Option<Vec<Change>> {
        let own = self.lines_of(place)?;
        shell::lines_alone(self.source, own)?;
        let in_csh = matches!(self.source.kind, Kind::Shell { shell: Shell::Csh, .. });
        // In a function it runs on demand already, and where that function is called.
        let on_demand = !self.fact.fields.text("function").is_empty();
        if in_csh || on_demand {
            return None;
        }
        let run = match together {
            Some(_) if is_statement(place) => self.run_around(own),
            _ => vec![own],
        };
        let name = match together.filter(|_| run.len() > 1) {
            Some(name) => self.free_name(&self.text(name)?)?,
            None => self.text(function)?,
        };
        if name.is_empty() || self.is_taken(&name) {
            return None;
        }
        let first = self.line(run.first()?.start)?;
        let last = shell::last_line(self.source, *run.last()?)?;
        let indent = first.indent(self.source).to_owned();
        let newline = self.newline();
        // A string or here document could go over several lines.
        let deeper = run
            .iter()
            .all(|statement| self.source.lines.line(statement.start) == self.source.lines.line(statement.end - 1));
        let opening = format!("{indent}{name}() {{{newline}{}", if deeper { "    " } else { "" });
        let mut changes = vec![(Span::at(first.outer.start), opening)];
        let lines = self.source.lines.line(first.outer.start) + 1..=self.source.lines.line(last.content.end);
        for number in lines.filter(|_| deeper) {
            let line = self.source.lines.span(number);
            if !self.source.slice(line).trim().is_empty() {
                changes.push((Span::at(line.start), "    ".to_owned()));
            }
        }
        changes.push((Span::at(last.content.end), format!("{newline}{indent}}}")));
        Some(changes)
    }

    /// The statements around `own` that the clause finds and the fix mends as well, with nothing but blank lines and
    /// comments between.
    fn run_around(&self, own: Span) -> Vec<Span> {
        let view = self.voice.scene.about.view;
        let indent = |span: Span| self.line(span.start).map(|line| line.indent(self.source).to_owned());
        let is_found = |(index, fact): &(usize, &Fact)| {
            fact.kind == self.fact.kind
                && view.subject(*index).is_some_and(|subject| {
                    let found = Scene::of(self.voice.scene.judge, subject).matches(self.voice.matcher);
                    found >= Truth::Maybe && (self.also)(subject)
                })
        };
        let facts = view.facts.facts.iter().enumerate().filter(is_found);
        let mut found: Vec<Span> = facts
            .filter(|(_, fact)| fact.is_all_of_statement())
            .filter_map(|(_, fact)| fact.fields.get("statement").and_then(Value::span))
            .filter(|span| shell::lines_alone(self.source, *span).is_some() && indent(*span) == indent(own))
            .collect();
        found.sort_unstable();
        found.dedup();
        let Some(at) = found.iter().position(|span| *span == own) else { return vec![own] };
        let beside = |a: Span, b: Span| {
            let between = self.line(a.end - 1).zip(self.line(b.start));
            between.is_some_and(|(a, b): (Line, Line)| {
                let lines = self.source.slice(Span::new(a.outer.end.min(b.outer.start), b.outer.start));
                lines.lines().all(shell::is_blank_or_comment)
            })
        };
        let above = (1..=at).rev().take_while(|index| beside(found[index - 1], found[*index])).count();
        let below = (at + 1..found.len()).take_while(|index| beside(found[index - 1], found[*index])).count();
        found[at - above..=at + below].to_vec()
    }

    /// The name, with a number behind it where the file has that function.
    fn free_name(&self, name: &str) -> Option<String> {
        let numbered = (2..=SAME_NAME).map(|number| format!("{name}-{number}"));
        std::iter::once(name.to_owned()).chain(numbered).find(|name| !self.is_taken(name))
    }

    fn is_taken(&self, name: &str) -> bool {
        self.source.text.contains(&format!("{name}()"))
    }
}
