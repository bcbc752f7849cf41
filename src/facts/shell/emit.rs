//! From a simple command to its facts.

use super::command::{self, Line};
use super::frame::Frame;
use super::state::State;
use super::value::Arg;
use super::walk::Walker;
use crate::facts::model::{Fact, FactKind, Record, Text, Value};
use crate::source::{Shell, Span};
use crate::syntax::shell::ast::{Command, Heredoc, Node, RedirectOp, Simple, Word, WordKind};
use crate::syntax::shell::is_assignment;
use crate::syntax::shell::word::{Operation, Part, parts, parts_of_body};
use crate::tables::Schedulers;

/// Programs that write what they are given, or something of their own, to the terminal.
const PRINTERS: [&str; 4] = ["echo", "printf", "cat", "print"];

impl Walker<'_> {
    /// Facts and effects of a simple command.
    pub fn simple(&mut self, simple: &Simple, span: Span) {
        let first = self.out.facts.len();
        for word in &simple.words {
            self.nested_scripts(word.span);
        }
        if self.is_test(simple) {
            for fact in self.out.facts[first..].iter_mut().filter(|fact| fact.kind == FactKind::Variable) {
                fact.fields.set("tested", true);
            }
        }
        for redirect in &simple.redirects {
            match redirect.heredoc {
                Some(heredoc) if !heredoc.quoted => self.nested_in_body(heredoc.body),
                Some(_) => {}
                None => self.nested_scripts(redirect.target),
            }
        }
        let sets = |word: &&Word| is_assignment(self.frame.slice(word.span).as_bytes());
        self.sets_one = simple.words.iter().filter(sets).count() <= 1 && self.statement.whole;
        let (assignments, words) = simple.words.split_at(simple.assignments);
        if words.is_empty() {
            for word in assignments {
                self.assign(word.span, false, None);
            }
            return;
        }
        if words.iter().any(|word| word.kind != WordKind::Plain) {
            for word in words.iter().filter(|word| word.kind == WordKind::Arithmetic) {
                self.names_in_arithmetic(word.span);
            }
            return;
        }
        let mut args = self.expand(words.iter().map(|word| word.span));
        args.extend(Vec::new());
        let place = |span: Span| self.frame.place(span);
        let Some(mut line) = command::read(&args, &self.script.tables.commands, &place) else { return };
        for word in assignments {
            let text = self.frame.slice(word.span);
            let name = text.split(['=', '+', '[']).next().unwrap_or("").to_owned();
            let value = Span::new(word.span.start + text.find('=').map_or(0, |at| at + 1), word.span.end);
            line.vars.push((name, self.resolver().text(value)));
            self.assign(word.span, false, Some(&line.run));
        }
        self.understood(&line, &args, simple, span);
    }

    /// True for `[ … ]`, `[[ … ]]` and `test …`.
    fn is_test(&self, simple: &Simple) -> bool {
        let words = simple.words.get(simple.assignments..).unwrap_or_default();
        words.iter().any(|word| word.kind == WordKind::Test)
            || words.first().is_some_and(|word| matches!(self.frame.slice(word.span), "[" | "[[" | "test"))
    }

    /// The command's name as pipelines show it.
    pub fn name_of(&self, command: &Command) -> Option<String> {
        let Node::Simple(simple) = &command.node else { return None };
        let words = simple.words.get(simple.assignments..)?;
        let args = self.expand(words.iter().filter(|word| word.kind == WordKind::Plain).map(|word| word.span));
        command::read(&args, &self.script.tables.commands, &|span| span).map(|line| line.run)
    }

    fn expand(&self, words: impl Iterator<Item = Span>) -> Vec<Arg> {
        let resolver = self.resolver();
        words.flat_map(|word| resolver.expand(word)).collect()
    }

    fn understood(&mut self, line: &Line, args: &[Arg], simple: &Simple, span: Span) {
        if self.declaration(line, args) {
            self.command_fact(line, simple, span);
            return;
        }
        let before = self.state.env().cloned();
        if let Some(env) = &line.wrapper_env {
            self.enter_environment("conda", env.clone(), "unknown");
        } else if line.contexts.iter().any(|context| context == "environment") {
            self.enter_environment("unknown", Text::plain(""), "unknown");
        }
        // A wrapper that runs words as a script (`ssh host …`) is itself here; the script is elsewhere.
        let own = line.wrappers.last() == Some(&line.run);
        if own {
            let mut alone = line.clone();
            alone.wrappers.pop();
            self.command_fact(&alone, simple, span);
        }
        let contexts: Vec<&'static str> = line.contexts.iter().map(|context| known_context(context)).collect();
        let depth = self.context.len();
        self.context.extend(contexts);
        let line = self.as_installer(line);
        self.scripts_of(&line, simple);
        if !own {
            self.command_fact(&line, simple, span);
        }
        self.packages(&line);
        self.context.truncate(depth);
        if line.wrapper_env.is_some() || line.contexts.iter().any(|context| context == "environment") {
            self.state.set_env(before);
        }
        self.effect(&line, args);
    }

    fn command_fact(&mut self, line: &Line, simple: &Simple, span: Span) {
        if line.run.is_empty() || line.run == "[" || line.run == "test" {
            return;
        }
        let place = self.passed(simple).unwrap_or(line.words);
        if !self.first_time(FactKind::Command, place, line.words.start) {
            return;
        }
        let commands = &self.script.tables.commands;
        let mut record = Record::at(place)
            .with("run", Text { text: line.run.clone(), span: Some(line.head), ..Text::default() })
            .with("program", line.program.clone())
            .with("path", line.path.clone())
            .with("words", Text::at(self.script.source.slice(place), place));
        record.set("option", line.option_record());
        record.set("options", line.options.iter().map(|option| option.written.clone()).collect::<Vec<_>>());
        record.set("args", line.args.iter().map(|arg| arg.text.clone()).collect::<Vec<_>>());
        for field in ["destination", "env", "script", "code"] {
            record.set_some(field, line.field(field, commands));
        }
        if record.get("env").is_none() {
            record.set_some("env", line.named("env").first().map(|arg| arg.text.clone()));
        }
        record.set_some("module", line.module.clone());
        record.set_some("launcher", line.launcher.clone());
        record.set("wrappers", line.wrappers.iter().map(|name| Text::plain(name.clone())).collect::<Vec<_>>());
        let mut vars = Record::new();
        for (name, value) in &line.vars {
            vars.set(name.clone(), value.clone());
        }
        record.set("vars", vars);
        record.set("unset", line.unset.clone());
        record.set_some("piped-from", self.pipe.0.clone());
        record.set_some("piped-to", self.pipe.1.clone());
        self.streams(line, simple, &mut record);
        self.surroundings(&mut record);
        record.set_some("alias", self.alias.clone());
        if self.alias.is_none() {
            let name = &line.path.text;
            record.set_some(
                "from-alias",
                self.aliases.get(name).map(|_| Text::at(name.clone(), line.path.span.unwrap_or(span))),
            );
        }
        record.set_some("installer", self.installer_record(line));
        record.set_some("conda-root", self.named_conda_root(line));
        if line.packages_of(commands) {
            record.set("packages", self.package_records(line));
        }
        self.link(line, self.out.facts.len());
        self.push(FactKind::Command, place, record);
    }

    /// Where the argument stands that a function hands on to this command: the call is what the user wrote.
    fn passed(&self, simple: &Simple) -> Option<Span> {
        self.calls.last()?;
        simple.words.iter().find_map(|word| {
            let written = self.frame.slice(word.span).trim_matches(['"', '{', '}', '$']);
            let positional = written.len() == 1 && written.as_bytes()[0].is_ascii_digit();
            positional.then(|| self.resolver().text(word.span).origin).flatten()
        })
    }

    /// What the command reads and writes.
    fn streams(&self, line: &Line, simple: &Simple, record: &mut Record) {
        let output = simple
            .redirects
            .iter()
            .rev()
            .find(|redirect| redirect.op == RedirectOp::Write && redirect.fd.is_none_or(|fd| fd == 1));
        record.set_some("output", output.map(|redirect| self.resolver().text(redirect.target)));
        record.set("reads-heredoc", simple.redirects.iter().any(|redirect| redirect.heredoc.is_some()));
        let elsewhere = output.is_some()
            || simple
                .redirects
                .iter()
                .any(|redirect| redirect.op == RedirectOp::Duplicate && self.frame.slice(redirect.target) == "2")
            || self.pipe.1.is_some()
            || self.context.contains(&"substitution");
        let reads_files =
            line.run == "cat" && line.args.is_empty() && !simple.redirects.iter().any(|r| r.heredoc.is_some());
        record.set("prints", PRINTERS.contains(&line.run.as_str()) && !elsewhere && !reads_files);
    }

    /// Fields that every shell fact has.
    pub fn surroundings(&self, record: &mut Record) {
        let mut context: Vec<Value> = self.context.iter().map(|name| Value::from(*name)).collect();
        if self.alias.is_some() {
            context.push(Value::from("alias"));
        }
        if let Some(place) = record.span
            && self.blocks.iter().any(|block| block.contains(place))
        {
            context.push(Value::from("block"));
        }
        record.set("context", Value::List(context));
        record.set("guard", self.state.guard.name());
        record.set("statement", self.statement_record());
        record.set_some("function", self.calls.last().cloned());
    }

    /// Adds a fact with the state as it is.
    pub fn push(&mut self, kind: FactKind, span: Span, fields: Record) {
        let state = Some(self.state.record());
        self.out.facts.push(Fact { kind, span, certain: self.certain, fields, state, cell: None });
    }

    // ---- scripts inside words and here documents

    /// Walks the substitutions of a word, which change nothing outside, and notes the scheduler's variables.
    pub fn nested_scripts(&mut self, word: Span) {
        let text = std::sync::Arc::clone(&self.frame.text);
        if !text.get(word.start..word.end).is_some_and(|text| text.contains(['`', '(', '$'])) {
            return;
        }
        self.nested_parts(parts(&text, word));
    }

    fn nested_in_body(&mut self, body: Span) {
        let text = std::sync::Arc::clone(&self.frame.text);
        self.nested_parts(parts_of_body(&text, body));
    }

    fn nested_parts(&mut self, parts: Vec<Part>) {
        for part in parts {
            if let Part::Variable { name, op, span } = &part {
                self.scheduler_variable(name, op, *span);
            }
            if let Part::Opaque { span } = part {
                self.names_in_arithmetic(span);
            }
            if let Part::Command { body, .. } | Part::Process { body, .. } = part {
                let before = self.state.clone();
                let pipe = std::mem::take(&mut self.pipe);
                self.within("substitution", |walker| walker.part(body));
                self.pipe = pipe;
                self.state = before;
            }
        }
    }

    /// Variables in arithmetic need no `$`.
    fn names_in_arithmetic(&mut self, span: Span) {
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
    fn scheduler_variable(&mut self, name: &str, op: &Operation, span: Span) {
        let schedulers = &self.script.tables.schedulers;
        let Some(scheduler) = Schedulers::claims(name) else { return };
        let place = self.frame.place(span);
        if !self.first_time(FactKind::Variable, place, 0) {
            return;
        }
        let known = schedulers.variable(name);
        let mut record = Record::at(place)
            .with("name", Text::at(name, place))
            .with("scheduler", scheduler.name())
            .with("known", known.is_some_and(|variable| variable.output))
            .with("set-here", self.state.variable(name).is_some())
            .with("default", !matches!(op, Operation::Plain | Operation::Other))
            .with("literal", false);
        if known.is_none() {
            record.set_some("nearest", schedulers.nearest_variable(name, scheduler));
        }
        record.set_some("needs", known.and_then(|variable| variable.needs.first().cloned()));
        if let Some(variable) = known.filter(|variable| !variable.needs.is_empty()) {
            record.set("needs-given", variable.needs.iter().any(|option| self.asks_for(option)));
        }
        self.surroundings(&mut record);
        self.push(FactKind::Variable, place, record);
    }

    /// True when a directive of the file gives the option.
    fn asks_for(&self, option: &str) -> bool {
        let directives = self.out.facts.iter().filter(|fact| fact.kind == FactKind::Directive);
        directives.into_iter().any(|fact| fact.fields.text("name") == option)
    }

    /// Scripts that the command runs: `bash -c '…'`, `ssh host '…'`, here documents.
    fn scripts_of(&mut self, line: &Line, simple: &Simple) {
        let remote = self.context.contains(&"remote");
        for words in &line.scripts {
            let Some(first) = words.first() else { continue };
            let mut decoded = self.resolver().decoded(first.word);
            for word in &words[1..] {
                let place = self.frame.place(word.word);
                decoded.push(" ", Span::at(place.start));
                let more = self.resolver().decoded(word.word);
                decoded.append(more);
            }
            let end = words.last().map_or(0, |word| self.frame.place(word.word).end);
            let frame = decoded.into_frame(end, self.frame.shell, self.frame.silent);
            self.inner_script(frame, remote, "string");
        }
        for redirect in &simple.redirects {
            if let Some(heredoc) = redirect.heredoc {
                self.heredoc(line, heredoc, simple);
            }
        }
    }

    /// Walks a script that is a process of its own.
    fn inner_script(&mut self, frame: Frame, remote: bool, context: &'static str) {
        let before = self.state.clone();
        let pipe = std::mem::take(&mut self.pipe);
        if remote {
            self.state = State::default();
        }
        self.within(context, |walker| walker.script_in(frame, true));
        self.pipe = pipe;
        self.state = before;
    }

    /// A here document by its reader: a shell runs it, Python runs it, `cat > job.sh` and `sbatch` make it a
    /// script of its own; anything else takes it as text.
    fn heredoc(&mut self, line: &Line, heredoc: Heredoc, simple: &Simple) {
        let decoded = self.resolver().decoded_body(heredoc.body, heredoc.quoted);
        let end = self.frame.place(heredoc.body).end;
        let reads_input =
            line.args.is_empty() || line.args.first().is_some_and(|arg| arg.text.text == "-" || arg.text.text == "-s");
        match line.run.as_str() {
            "bash" if line.option("-c").is_none() && (reads_input || line.option("-s").is_some()) => {
                let frame = decoded.into_frame(end, self.frame.shell, self.frame.silent);
                let remote = self.context.contains(&"remote");
                self.inner_script(frame, remote, "heredoc");
            }
            "ssh" => {
                let frame = decoded.into_frame(end, self.frame.shell, self.frame.silent);
                self.within("remote", |walker| walker.inner_script(frame, true, "heredoc"));
            }
            "python" if reads_input && !self.frame.silent => {
                let frame = decoded.into_frame(end, self.frame.shell, false);
                self.python_text(&frame);
            }
            "sbatch" | "qsub" | "bsub" if !self.frame.silent => {
                self.embedded(decoded.into_frame(end, self.frame.shell, false), !heredoc.quoted, true);
            }
            "cat" | "tee" | "echo" if !self.frame.silent => {
                let target = simple.redirects.iter().find(|redirect| redirect.op == RedirectOp::Write);
                let named = target
                    .map(|redirect| self.resolver().text(redirect.target))
                    .or_else(|| line.args.first().map(|a| a.text.clone()));
                let written = named.is_some() || matches!(self.pipe.1.as_deref(), Some("sbatch" | "qsub" | "bsub"));
                if written {
                    self.embedded(decoded.into_frame(end, self.frame.shell, false), !heredoc.quoted, false);
                }
            }
            _ => {}
        }
    }

    // ---- variables

    /// `export A=b`, `declare -x A=b`, `local`, `readonly`, `typeset`, `unset`, `setenv`.
    fn declaration(&mut self, line: &Line, args: &[Arg]) -> bool {
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
        let name = arg.text.text.clone();
        let Some(variable) = self.state.variable(&name).cloned() else { return };
        self.state.set_variable(&name, super::state::Variable { exported: true, ..variable.clone() });
        let place = self.frame.place(arg.word);
        self.assignment_fact(&name, variable.value, true, false, None, place);
    }

    fn setenv(&mut self, args: &[Arg]) {
        let Some(name) = args.get(1) else { return };
        let value = args.get(2).map_or_else(Text::default, |arg| arg.text.clone());
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
                (name.to_owned(), value)
            }
            _ => return,
        };
        let place = self.frame.place(args[0].word.to(value));
        if self.frame.slice(value).starts_with('(') {
            self.assign_array(&name, value, false, place);
            return;
        }
        let text = self.resolver().text(value);
        self.assignment_fact(&name, text.clone(), false, false, None, place);
        self.set_plain(&name, text);
    }

    /// `NAME=value` as a statement, or in front of a command.
    fn assign(&mut self, word: Span, exported: bool, command: Option<&str>) {
        let written = self.frame.slice(word).to_owned();
        let name: String = written.chars().take_while(|c| c.is_ascii_alphanumeric() || *c == '_').collect();
        let Some(equals) = written.find('=') else { return };
        let appends = written[..equals].ends_with('+');
        let value_span = Span::new(word.start + equals + 1, word.end);
        let place = self.frame.place(word);
        if written[equals + 1..].starts_with('(') {
            self.assign_array(&name, value_span, appends, place);
            return;
        }
        let mut value = self.resolver().text(value_span);
        if appends {
            let old =
                self.state.variable(&name).map(|v| v.value.clone()).unwrap_or_else(|| super::state::unknown(&name));
            let mut unresolved = old.unresolved;
            unresolved.extend(value.unresolved);
            value = Text { text: format!("{}{}", old.text, value.text), unresolved, ..value };
        }
        if command.is_none() {
            self.path_assignment(&name, value_span, appends);
        }
        self.literal_variable(&value, value_span);
        let known = self.state.variable(&name).is_some_and(|variable| variable.exported);
        self.assignment_fact(&name, value.clone(), exported || known, appends, command, place);
        // A search path that goes on with itself stays a name: its entries are in the state.
        let extends_itself = value.unresolved.contains(&name);
        if command.is_none() && !extends_itself {
            let variable = super::state::Variable { value, items: None, exported: exported || known };
            self.state.set_variable(&name, variable);
        }
    }

    /// `A=SLURM_CPUS_PER_TASK`: the name where its value was meant.
    fn literal_variable(&mut self, value: &Text, span: Span) {
        let Some(known) = self.script.tables.schedulers.variable(&value.text) else { return };
        let place = self.frame.place(span);
        let scheduler = known.scheduler.name();
        let output = known.output;
        if !value.is_known() || value.origin.is_some() || !self.first_time(FactKind::Variable, place, 0) {
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
        let text = std::sync::Arc::clone(&self.frame.text);
        let words = crate::syntax::shell::words(&text, inside);
        let mut items: Vec<Text> = self.expand(words.iter().copied()).into_iter().map(|arg| arg.text).collect();
        self.path_array(name, &words, appends);
        if appends && let Some(old) = self.state.variable(name).and_then(|variable| variable.items.clone()) {
            items.splice(0..0, old);
        }
        let joined = items.iter().map(|item| item.text.as_str()).collect::<Vec<_>>().join(" ");
        let unresolved = items.iter().flat_map(|item| item.unresolved.clone()).collect();
        let value = Text { text: joined, unresolved, span: Some(self.frame.place(value)), origin: None };
        self.assignment_fact(name, value.clone(), false, appends, None, place);
        self.state.set_variable(name, super::state::Variable { value, items: Some(items), exported: false });
    }

    fn assignment_fact(
        &mut self,
        name: &str,
        value: Text,
        exported: bool,
        appends: bool,
        command: Option<&str>,
        place: Span,
    ) {
        if !self.first_time(FactKind::Assignment, place, 0) {
            return;
        }
        let mut record = Record::at(place)
            .with("name", Text { text: name.to_owned(), span: Some(place), ..Text::default() })
            .with("value", value)
            .with("exported", exported)
            .with("appends", appends);
        record.set_some("for-command", command);
        self.surroundings(&mut record);
        self.push(FactKind::Assignment, place, record);
    }

    /// Sets a variable to a text.
    pub fn set_plain(&mut self, name: &str, value: Text) {
        let exported = self.state.variable(name).is_some_and(|variable| variable.exported);
        self.state.set_variable(name, super::state::Variable { value, items: None, exported });
    }
}

/// The contexts that wrappers put a command in.
fn known_context(name: &str) -> &'static str {
    match name {
        "container" => "container",
        "remote" => "remote",
        "environment" => "environment",
        _ => "string",
    }
}
