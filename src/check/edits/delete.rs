//! Taking something out of a file with all that belongs to it, so that nothing half is left.

use crate::facts::{Fact, FactKind, Value};
use crate::policy::path::FieldPath;
use crate::policy::rule::Place;
use crate::source::{Kind, Span};

use super::{Change, Editor, shell};

impl Editor<'_> {
    /// The changes that take out the fact or a field of it.
    pub(super) fn delete(&self, place: &Place) -> Option<Vec<Change>> {
        match place {
            Place::Fact => self.delete_fact(),
            Place::Field(path) => self.delete_field(path, self.span(place)?),
        }
    }

    /// The fact as a whole: of what a list, a command or a line holds, the list item, command or line, where nothing else
    /// stands in it.
    fn delete_fact(&self) -> Option<Vec<Change>> {
        let fields = &self.fact.fields;
        if let Some(item) = fields.get("item").and_then(Value::span) {
            return self.delete_item(item);
        }
        let span = self.span(&Place::Fact)?;
        if let Some(command) = self.own_command() {
            return self.delete_command(command);
        }
        match self.fact.kind {
            FactKind::Command => None,
            FactKind::PathEntry => self.cut(fields.get("removable")?.span()?),
            FactKind::Channel => self.delete_option(span),
            FactKind::Directive => {
                let line = self.line(span.start)?.content;
                let before = self.source.slice(Span::new(line.start, span.start));
                let is_all = before.trim() == fields.text("sentinel") && span.end >= line.end;
                self.cut(if is_all { line } else { span })
            }
            _ => self.cut(span),
        }
    }

    /// The fact whose command does no more than this fact says: itself, or the command around a package.
    fn own_command(&self) -> Option<&Fact> {
        let is_own = match self.fact.kind {
            FactKind::Command => true,
            // Left over would be a bare `export`, which prints all variables, or the half of a list.
            FactKind::Assignment => self.is_command_of_its_own(self.fact.span),
            FactKind::Module => !self.is_one_of_several(),
            FactKind::PathEntry => self.fact.fields.flag("alone") || self.is_all_that_is_set(),
            FactKind::Dependency => return self.command_around().filter(|command| packages(command) == 1),
            _ => false,
        };
        is_own.then_some(self.fact)
    }

    /// The statement that the fact is all of: `Some(None)` where it is a part of one, `None` where it is of a kind that
    /// stands in no statement.
    #[allow(clippy::option_option)]
    pub(super) fn own_statement(&self) -> Option<Option<Span>> {
        let is_in_one = matches!(
            self.fact.kind,
            FactKind::Command | FactKind::Assignment | FactKind::Module | FactKind::PathEntry | FactKind::Dependency
        );
        self.fact.fields.get("statement").filter(|_| is_in_one).map(|_| {
            let command = self.own_command().filter(|command| command.is_all_of_statement())?;
            command.fields.get("statement")?.span()
        })
    }

    /// True for an entry of a search path without which nothing would be left of its statement.
    fn is_all_that_is_set(&self) -> bool {
        let place = |field| self.fact.fields.get(field).and_then(Value::span);
        place("removable").is_some_and(|removable| place("statement") == Some(removable))
    }

    fn delete_field(&self, path: &FieldPath, span: Span) -> Option<Vec<Change>> {
        let fields = &self.fact.fields;
        match path.steps.last().map(AsRef::as_ref) {
            Some("item") if path.steps.len() == 1 => self.delete_item(span),
            Some("statement") => self.delete_statement(self.fact, span),
            Some("removable") if self.is_all_that_is_set() => self.delete_command(self.fact),
            _ if fields.flag("sole") && self.source.slice(span).ends_with('\n') => {
                // All that a body holds: an empty one would be no script.
                let text = self.source.slice(span);
                let indent: String = text.chars().take_while(|c| matches!(c, ' ' | '\t')).collect();
                Some(vec![(span, format!("{indent}:\n"))])
            }
            _ if path.steps.len() == 2 && &*path.steps[0] == "option" => self.delete_option(span),
            _ => self.cut(span),
        }
    }

    fn delete_item(&self, item: Span) -> Option<Vec<Change>> {
        match self.fact.fields.flag("only") {
            true => shell::delete_only_item(self.source, item),
            false => self.cut(item),
        }
    }

    /// The statement that a command is, or nothing where it is a part of one.
    fn delete_command(&self, command: &Fact) -> Option<Vec<Change>> {
        let statement = command.fields.get("statement").filter(|_| command.is_all_of_statement())?.span()?;
        self.delete_statement(command, statement)
    }

    fn delete_statement(&self, fact: &Fact, statement: Span) -> Option<Vec<Change>> {
        if matches!(self.source.kind, Kind::Notebook) {
            // `!` or `%` before a command goes with it; what is indented is the body of something.
            let line = self.line(statement.start)?;
            let before = self.source.slice(Span::new(line.content.start, statement.start));
            if matches!(before, "!" | "%") && statement.end >= line.content.end {
                return Some(vec![(line.outer, String::new())]);
            }
        }
        shell::delete_statement(self.source, fact, statement)
    }

    /// The whole option that has this value; nothing where no option stands before it.
    fn delete_option(&self, value: Span) -> Option<Vec<Change>> {
        let option = shell::option_span(self.source, value);
        let is_option = self.source.slice(option).trim_start().starts_with('-');
        (is_option && !shell::is_bundled(self.source, value)).then(|| vec![(option, String::new())])
    }

    /// A part of a line with the blank that it would leave, or the lines on which nothing else stands.
    fn cut(&self, span: Span) -> Option<Vec<Change>> {
        let alone = || {
            let first = self.line(span.start)?;
            let last = self.line(span.end.saturating_sub(1).max(span.start))?;
            let before = self.source.text.get(first.content.start..span.start)?;
            let after = self.source.text.get(span.end.min(last.content.end)..last.content.end)?;
            let is_blank = before.trim().is_empty() && after.trim().is_empty() && !span.is_empty();
            let start = || shell::with_installer_mark(self.source, first.outer.start);
            is_blank.then(|| Span::new(start(), last.outer.end))
        };
        Some(vec![(alone().unwrap_or_else(|| shell::with_blank(self.source, span)), String::new())])
    }

    /// True for an assignment that is all that its command does, or the command itself, as in csh.
    fn is_command_of_its_own(&self, span: Span) -> bool {
        let fields = &self.fact.fields;
        let is_word = || self.source.slice(span).starts_with(fields.text("name"));
        fields.get("for-command").is_none() && (fields.flag("alone") || !is_word())
    }

    /// True for one of several modules of a command that does the same to each.
    fn is_one_of_several(&self) -> bool {
        let several = matches!(self.fact.fields.get("with"), Some(Value::List(with)) if with.len() > 1);
        several && matches!(self.fact.fields.text("verb"), "load" | "unload")
    }

    /// The command in which the fact stands.
    fn command_around(&self) -> Option<&Fact> {
        let facts = self.voice.scene.about.view.facts.facts.iter();
        let mut commands = facts.filter(|fact| fact.kind == FactKind::Command && fact.fields.get("packages").is_some());
        commands.find(|command| command.span.contains(self.fact.span))
    }
}

fn packages(command: &Fact) -> usize {
    match command.fields.get("packages") {
        Some(Value::List(packages)) => packages.len(),
        _ => 0,
    }
}
