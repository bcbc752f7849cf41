//! Facts of variables: assignments in every spelling, and the scheduler's variables by their names.

use std::sync::Arc;

use memchr::memmem;

use super::command::Line;
use super::state::{Variable, unknown};
use super::value::Arg;
use super::walk::Walker;
use crate::facts::Value;
use crate::facts::interest::Of;
use crate::facts::{FactKind, Record, Text};
use crate::source::{MaybeSpan, Shell, Span};
use crate::syntax::shell::word::Operation;
use crate::syntax::shell::{is_assignment, words};
use crate::tables::Schedulers;

impl Walker<'_> {
    /// `export A=b`, `declare -x A=b`, `local`, `readonly`, `typeset`, `unset`, `setenv`.
    pub fn declaration(&mut self, line: &Line, args: &[Arg]) -> bool {
        let exported = match line.run.as_str() {
            "export" => true,
            "declare" | "typeset" | "readonly" | "local" => {
                line.options.iter().any(|option| option.written.text.contains('x'))
            }
            "setenv" => {
                self.setenv(args);
                return true;
            }
            "set" if self.frame.shell == Shell::Csh => {
                self.csh_set(args);
                return true;
            }
            _ => return false,
        };
        for arg in args.iter().skip(1) {
            if is_assignment(self.frame.slice(arg.word).as_bytes()) {
                self.assign(arg.word, exported, None);
            } else if exported {
                self.export(arg);
            }
        }
        true
    }

    /// `export NAME`: what was set before is exported now.
    fn export(&mut self, arg: &Arg) {
        let name = &arg.text.text;
        let Some(variable) = self.state.variable(name).cloned() else { return };
        self.state.set_variable(name, Variable { exported: true, ..variable.clone() });
        let place = self.frame.place(arg.word);
        self.assignment_fact(name, variable.value, true, false, None, place);
    }

    fn setenv(&mut self, args: &[Arg]) {
        let Some(name) = args.get(1) else { return };
        let value = args.get(2).map_or_else(Arc::default, |arg| arg.text.clone());
        let word = args.get(2).map_or(name.word, |arg| arg.word);
        let name = name.text.text.clone();
        self.path_assignment(&name, word, false);
        let place = self.frame.place(args.first().map_or(word, |first| first.word.to(word)));
        self.assignment_fact(&name, value.clone(), true, false, None, place);
        self.set_plain(&name, value);
    }

    /// csh's `set NAME = value` and `set NAME = ( … )`.
    fn csh_set(&mut self, args: &[Arg]) {
        let (name, value) = match args {
            [_, name, equals, value, ..] if equals.text.text == "=" => (name.text.text.clone(), value.word),
            [_, word, rest @ ..] => {
                let written = self.frame.slice(word.word);
                let Some((name, tail)) = written.split_once('=') else { return };
                let value = match (tail.is_empty(), rest.first()) {
                    (true, Some(next)) => next.word,
                    _ => Span::new(word.word.start + name.len() + 1, word.word.end),
                };
                (name.into(), value)
            }
            _ => return,
        };
        let place = self.frame.place(args[0].word.to(value));
        if self.frame.slice(value).starts_with('(') {
            self.assign_array(&name, value, false, place);
            return;
        }
        let text = Arc::new(self.resolver().text(value));
        self.assignment_fact(&name, text.clone(), false, false, None, place);
        self.set_plain(&name, text);
    }

    /// `NAME=value` as a statement, or in front of a command.
    pub fn assign(&mut self, word: Span, exported: bool, command: Option<&str>) {
        let written = self.frame.slice(word);
        let is_name = |byte: &u8| byte.is_ascii_alphanumeric() || *byte == b'_';
        let length = written.bytes().position(|byte| !is_name(&byte)).unwrap_or(written.len());
        let name = written[..length].to_owned();
        let Some(equals) = memchr::memchr(b'=', written.as_bytes()) else { return };
        let appends = written[..equals].ends_with('+');
        let is_array = written[equals + 1..].starts_with('(');
        let value_span = Span::new(word.start + equals + 1, word.end);
        let place = self.frame.place(word);
        if is_array {
            self.assign_array(&name, value_span, appends, place);
            return;
        }
        let mut value = self.resolver().text(value_span);
        if appends {
            let old = self.state.variable(&name).map_or_else(|| unknown(&name).into(), |known| known.value.clone());
            value.text.insert_str(0, &old.text);
            value.unresolved.splice(0..0, old.unresolved.iter().cloned());
        }
        if command.is_none() {
            self.path_assignment(&name, value_span, appends);
        }
        self.literal_variable(&value, value_span);
        let value = Arc::new(value);
        let known = self.state.variable(&name).is_some_and(|variable| variable.exported);
        self.assignment_fact(&name, value.clone(), exported || known, appends, command, place);
        // A search path that goes on with itself stays a name: its entries are in the state.
        let extends_itself = value.unresolved.iter().any(|other| *other == name);
        if command.is_none() && !extends_itself {
            let variable = Variable { value, items: None, exported: exported || known };
            self.state.set_variable(&name, variable);
        }
    }

    /// `A=SLURM_CPUS_PER_TASK`: the name where its value was meant.
    fn literal_variable(&mut self, value: &Text, span: Span) {
        let Some(known) = self.script.tables.schedulers.variable(&value.text) else { return };
        // As the default of an expansion, or for `${!A}`, the name may be meant.
        if self.frame.slice(span).trim_matches(['"', '\'']) != value.text || self.frame.text.contains("${!") {
            return;
        }
        let place = self.frame.place(span);
        let scheduler = known.scheduler.name();
        let output = known.output;
        if !value.is_known() || value.origin.get().is_some() || !self.first_time(FactKind::Variable, place, 0) {
            return;
        }
        let mut record = Record::at(place)
            .with("name", Text::at(value.text.clone(), place))
            .with("scheduler", scheduler)
            .with("known", output)
            .with("literal", true);
        self.surroundings(&mut record);
        self.push(FactKind::Variable, place, record);
    }

    fn assign_array(&mut self, name: &str, value: Span, appends: bool, place: Span) {
        let inside = Span::new(value.start + 1, value.end.saturating_sub(1).max(value.start + 1));
        let text = Arc::clone(&self.frame.text);
        let words = words(&text, inside);
        let mut items: Vec<Arc<Text>> = self.expand(words.iter().copied()).into_iter().map(|arg| arg.text).collect();
        self.path_array(name, &words, appends);
        if appends && let Some(old) = self.state.variable(name).and_then(|variable| variable.items.clone()) {
            items.splice(0..0, old);
        }
        let joined = items.iter().map(|item| item.text.as_str()).collect::<Vec<_>>().join(" ");
        let unresolved = items.iter().flat_map(|item| item.unresolved.clone()).collect();
        let value =
            Text { text: joined.into(), unresolved, span: self.frame.place(value).into(), origin: MaybeSpan::NONE };
        let value = Arc::new(value);
        self.assignment_fact(name, value.clone(), false, appends, None, place);
        self.state.set_variable(name, Variable { value, items: Some(items), exported: false });
    }

    fn assignment_fact(
        &mut self,
        name: &str,
        value: Arc<Text>,
        exported: bool,
        appends: bool,
        command: Option<&str>,
        place: Span,
    ) {
        let interest = self.script.interest;
        if !interest.in_variable(name)
            && !interest.in_text(&value.text, Of::ASSIGNMENT)
            && !self.has_word(self.statement.span, Of::ASSIGNMENT)
        {
            self.note_signs([&*value].into_iter());
            return;
        }
        let round = if self.in_rounds { super::modules::discriminator(&value.text) } else { 0 };
        if !self.first_time(FactKind::Assignment, place, round) {
            return;
        }
        let mut record = Record::at(place)
            .with("name", Text { text: name.into(), span: place.into(), ..Text::default() })
            .with("value", value)
            .with("exported", exported)
            .with("appends", appends);
        record.add_some("for-command", command);
        let alone = command.is_none() && self.sets_alone;
        record.add("alone", alone);
        self.surroundings(&mut record);
        if self.statement.whole && !alone {
            let mut statement = Record::clone(&self.statement_record());
            statement.set("whole", false);
            record.set("statement", statement);
        }
        self.push(FactKind::Assignment, place, record);
    }

    /// Sets a variable to a text.
    pub fn set_plain(&mut self, name: &str, value: Arc<Text>) {
        let exported = self.state.variable(name).is_some_and(|variable| variable.exported);
        self.state.set_variable(name, Variable { value, items: None, exported });
    }

    /// Variables in arithmetic need no `$`.
    pub fn names_in_arithmetic(&mut self, span: Span) {
        let text = self.frame.slice(span).to_owned();
        let is_name = |c: char| c.is_ascii_alphanumeric() || c == '_';
        let mut at = 0;
        for word in text.split_inclusive(|c| !is_name(c)) {
            let name = word.trim_end_matches(|c| !is_name(c));
            let start = span.start + at;
            at += word.len();
            if !name.is_empty() {
                self.scheduler_variable(name, &Operation::Plain, Span::new(start, start + name.len()));
            }
        }
    }

    /// A variable that is the scheduler's by its name.
    pub fn scheduler_variable(&mut self, name: &str, op: &Operation, span: Span) {
        let schedulers = &self.script.tables.schedulers;
        let Some(scheduler) = Schedulers::claims(name) else { return };
        let place = self.frame.place(span);
        if !self.first_time(FactKind::Variable, place, 0) {
            return;
        }
        let known = schedulers.variable(name);
        // The name alone: `$` and braces belong to the use of it.
        let written = self.frame.slice(span);
        let at =
            ["${", "$"].iter().find(|before| written.strip_prefix(*before).is_some_and(|rest| rest.starts_with(name)));
        let at = at.map(|before| before.len()).or_else(|| memmem::find(written.as_bytes(), name.as_bytes()));
        let own = at.map_or(span, |at| Span::new(span.start + at, span.start + at + name.len()));
        let mut record = Record::at(place)
            .with_room(11)
            .with("name", Text::at(name, self.frame.place(own)))
            .with("scheduler", Value::word(scheduler.name()))
            .with("known", known.is_some_and(|variable| variable.output))
            .with("set-here", self.state.variable(name).is_some())
            .with("default", !matches!(op, Operation::Plain | Operation::Other))
            .with("literal", false)
            .with("labelled", self.is_labelled(name, own));
        if known.is_none()
            && let Some((nearest, sole)) = schedulers.nearest_variable(name, scheduler)
        {
            record.add("nearest", nearest);
            record.add("nearest-sole", sole);
        }
        record.add_some("needs", known.and_then(|variable| variable.needs.first().cloned()));
        if let Some(variable) = known.filter(|variable| !variable.needs.is_empty()) {
            record.add("needs-given", variable.needs.iter().any(|option| self.asks_for(option)));
        }
        self.surroundings(&mut record);
        self.push(FactKind::Variable, place, record);
    }

    /// True when the line of `span` has `name` besides, as a word without a `$`: what `echo "NAME = $NAME"` prints.
    fn is_labelled(&self, name: &str, span: Span) -> bool {
        let text = &*self.frame.text;
        let start = text[..span.start].rfind('\n').map_or(0, |end| end + 1);
        let end = text[span.end..].find('\n').map_or(text.len(), |length| span.end + length);
        let line = &text[start..end];
        let in_name = |c: char| c.is_ascii_alphanumeric() || c == '_';
        // Mostly it stands in its line once.
        if line.len() < 2 * name.len() {
            return false;
        }
        let found = memmem::find_iter(line.as_bytes(), name.as_bytes());
        found.filter(|at| start + at != span.start).any(|at| {
            let (before, behind) = (&line[..at], &line[at + name.len()..]);
            !before.ends_with(in_name) && !before.ends_with(['$', '{', '#', '!']) && !behind.starts_with(in_name)
        })
    }

    /// True when a directive of the file gives the option.
    fn asks_for(&self, option: &str) -> bool {
        let directives = self.out.facts.iter().filter(|fact| fact.kind == FactKind::Directive);
        directives.into_iter().any(|fact| fact.fields.text("name") == option)
    }
}
