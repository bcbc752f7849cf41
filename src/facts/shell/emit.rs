//! From a simple command to its facts.

use std::sync::Arc;

use super::command::{self, Line};
use super::frame::Place;
use super::modules::discriminator;
use super::option;
use super::value::Arg;
use super::walk::Walker;
use ecow::EcoString;

use crate::facts::interest::{self, Around, Found, Of, Surroundings};
use crate::facts::{Fact, FactKind, Record, Text, Value};
use crate::source::{Role, Span};
use crate::syntax::shell::ast::{Command, Node, Redirect, RedirectOp, Simple, Word, WordKind};
use crate::syntax::shell::is_assignment;
use crate::tables::Schedulers;
use crate::tables::commands::Command as Grammar;

impl Walker<'_> {
    /// Facts and effects of a simple command.
    pub fn simple(&mut self, simple: &Simple, span: Span) {
        let is_unasked = self.is_unasked_by_name(simple, span);
        if is_unasked && self.says_all(self.frame.slice(span)) {
            return;
        }
        let first = self.out.facts.len();
        for word in &simple.words {
            self.nested_scripts(word.span);
        }
        let is_test = self.is_test(simple);
        if is_test {
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
        self.sets_alone = self.does_no_more_than_set(simple);
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
        // A test gives no fact and changes nothing.
        if is_test && assignments.is_empty() && !self.functions.contains_key(self.frame.slice(words[0].span)) {
            return;
        }
        let args = self.expand(words.iter().map(|word| word.span));
        if is_unasked && self.nothing_is_asked(&args, &simple.redirects) {
            return;
        }
        let place = |span: Span| self.frame.place(span);
        let Some(mut line) = command::read(&args, &self.script.tables.commands, &place) else { return };
        for word in assignments {
            let text = self.frame.slice(word.span);
            let name = text.split(['=', '+', '[']).next().unwrap_or("").to_owned();
            let value = Span::new(word.span.start + text.find('=').map_or(0, |at| at + 1), word.span.end);
            line.vars.push((name, self.resolver().text(value)));
            self.assign(word.span, false, Some(&line.run));
        }
        for word in line.assigned.clone() {
            self.assign(word, false, Some(&line.run));
        }
        self.understood(&line, &args, simple, span);
    }

    /// True when nothing but one assignment stands in a command, with `export`, `declare` or the like and its options.
    fn does_no_more_than_set(&self, simple: &Simple) -> bool {
        let word = |word: &Word| self.frame.slice(word.span);
        let sets = |written: &str| is_assignment(written.as_bytes());
        let mut operands = simple.words.iter().skip(1).map(word).filter(|word| !word.starts_with(['-', '+']));
        match simple.words.iter().filter(|one| sets(word(one))).count() {
            // `export NAME`: what was set before.
            0 if simple.words.first().is_some_and(|first| word(first) == "export") => operands.count() == 1,
            0 => true,
            1 if simple.assignments > 0 => simple.words.len() == 1,
            1 => operands.all(sets),
            _ => false,
        }
    }

    /// True for a command that changes nothing, about which nobody asks by its name or what is written in it.
    fn is_unasked_by_name(&self, simple: &Simple, span: Span) -> bool {
        let interest = self.script.interest;
        let Some(head) = simple.words.first().filter(|_| !interest.is_in_everything()) else { return false };
        let name = self.frame.slice(head.span);
        !interest.in_name(name, self.place(&|around| self.is_so(around)))
            && !self.is_told_whole()
            && simple.assignments == 0
            && self.alias.is_none()
            && !self.functions.contains_key(name)
            && !self.aliases.contains_key(name)
            && simple.words.iter().all(|word| word.kind == WordKind::Plain)
            && simple.redirects.iter().all(|redirect| redirect.heredoc.is_none())
            && !self.has_word(span, Of::RAW)
    }

    /// True for the text of a command that says all of what its words become, but for variables that concern nobody.
    fn says_all(&self, text: &str) -> bool {
        interest::is_plainly_written(text) && interest::variables(text).all(|name| !self.tells(name))
    }

    /// True where what words become, and what output goes to, concerns nobody and tells of no site.
    fn nothing_is_asked(&self, args: &[Arg], redirects: &[Redirect]) -> bool {
        let output = self.written(redirects);
        let mut texts = args.iter().map(|arg| &arg.text).chain(&output);
        texts.all(|text| !self.script.interest.in_text(&text.text, Of::RAW))
    }

    /// True for a command whose fact nobody asks about, whatever it changes.
    fn is_unasked(&self, line: &Line) -> bool {
        let (interest, commands) = (self.script.interest, &self.script.tables.commands);
        let program = line.run.split(' ').next().unwrap_or("");
        !interest.is_in_everything()
            && !self.is_told_whole()
            && self.alias.is_none()
            && !interest.in_wrappers(&line.wrappers)
            && (line.launcher.is_none() || !self.is_so(Around::Asked))
            && line.vars.is_empty()
            && line.unset.is_empty()
            && line.path.is_known()
            && commands.command(&line.run).is_none_or(Grammar::is_bare)
            && ![program, &line.program.text]
                .iter()
                .any(|name| interest.in_program(name, self.place(&|around| self.is_so(around))))
            && !self.aliases.contains_key(line.path.text.as_str())
            && !self.words().any_in(line.words, Of::COMMAND)
            // What is written without quotes and variables is what it says.
            && (interest::is_literal(self.script.source.slice(line.words))
                || !line.texts().any(|text| interest.in_text(&text.text, Of::COMMAND)))
    }

    /// What is known of a command that stands here before it is read.
    fn place<'a>(&'a self, is_so: &'a dyn Fn(Around) -> bool) -> Surroundings<'a> {
        Surroundings { commands: &self.script.tables.commands, roles: self.roles(), is_so }
    }

    /// True where that is so around the place.
    fn is_so(&self, around: Around) -> bool {
        // Directives come first.
        let mut directives = self.out.facts.iter().take_while(|fact| fact.kind == FactKind::Directive);
        self.script.interest.is_in_everything()
            || match around {
                Around::Asked => self.words().any(Of::FILE),
                Around::Unread => directives.any(|directive| !directive.fields.flag("effective")),
                Around::Shown => !self.context.contains(&"substitution"),
            }
    }

    /// The words in the file that concern anybody.
    fn words(&self) -> &Found {
        self.found.get_or_init(|| self.script.interest.find(&self.script.source.text))
    }

    /// True when a word in a part of the text at hand concerns somebody who asks of this.
    pub fn has_word(&self, part: Span, of: Of) -> bool {
        match self.frame.place {
            Place::Same if !self.script.interest.is_in_everything() => self.words().any_in(part, of),
            _ => self.script.interest.in_text(self.frame.slice(part), of),
        }
    }

    /// Remembers which of the texts tell of a site, where no fact holds them.
    pub fn note_signs<'t>(&mut self, texts: impl Iterator<Item = &'t Text>) {
        if self.frame.silent {
            return;
        }
        for text in texts.filter(|text| self.script.interest.is_sign(&text.text)) {
            self.out.signs.insert(text.text.to_string());
        }
    }

    /// True inside of what a wrapper runs.
    fn is_told_whole(&self) -> bool {
        self.context.iter().any(|context| interest::TOLD_WHOLE.contains(context))
    }

    /// The role of the file, and that of the script in it.
    fn roles(&self) -> [Role; 2] {
        let script = self.script.role;
        [self.script.source.kind.role().unwrap_or(script), script]
    }

    /// True when the value of a variable may concern somebody.
    fn tells(&self, name: &str) -> bool {
        let in_raw = |text: &str| self.script.interest.in_text(text, Of::RAW);
        if Schedulers::claims(name).is_some() || (name.is_empty() && !self.calls.is_empty()) {
            return true;
        }
        let known = self.state.variable(name);
        known.is_some_and(|variable| {
            let items = variable.items.iter().flatten();
            in_raw(&variable.value.text) || items.into_iter().any(|item| in_raw(&item.text))
        }) || (name == "PWD" && self.state.cwd().is_some_and(|cwd| in_raw(&cwd.text)))
    }

    /// True for `[ … ]`, `[[ … ]]` and `test …`.
    fn is_test(&self, simple: &Simple) -> bool {
        let words = simple.words.get(simple.assignments..).unwrap_or_default();
        words.iter().any(|word| word.kind == WordKind::Test)
            || words.first().is_some_and(|word| matches!(self.frame.slice(word.span), "[" | "[[" | "test"))
    }

    /// True for a list of which all but the last command are tests that must hold.
    pub fn is_behind_tests(&self, command: &Command) -> bool {
        let Node::AndOr { first, rest } = &command.node else { return false };
        let is_test = |command: &Command| matches!(&command.node, Node::Simple(simple) if self.is_test(simple));
        let Some((_, between)) = rest.split_last() else { return false };
        is_test(first) && rest.iter().all(|(and, _)| *and) && between.iter().all(|(_, command)| is_test(command))
    }

    /// The command's name as pipelines show it.
    pub fn name_of(&self, command: &Command) -> Option<EcoString> {
        let Node::Simple(simple) = &command.node else { return None };
        let words = simple.words.get(simple.assignments..)?;
        let args = self.expand(words.iter().filter(|word| word.kind == WordKind::Plain).map(|word| word.span));
        command::read(&args, &self.script.tables.commands, &|span| span).map(|line| line.run)
    }

    /// The arguments that words become.
    pub fn expand(&self, words: impl Iterator<Item = Span>) -> Vec<Arg> {
        let resolver = self.resolver();
        let mut args = Vec::with_capacity(words.size_hint().1.unwrap_or(0));
        words.for_each(|word| resolver.expand(word, &mut args));
        args
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
            self.enter_environment("unknown", Arc::default(), "unknown");
        }
        // A wrapper that runs words as a script (`ssh host …`) is itself here; the script is elsewhere.
        let own = line.wrappers.last().is_some_and(|last| *last == line.run);
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
        let position = if own { None } else { self.command_fact(&line, simple, span) };
        self.packages(&line);
        self.context.truncate(depth);
        if line.wrapper_env.is_some() || line.contexts.iter().any(|context| context == "environment") {
            self.state.set_env(before.clone());
        }
        self.effect(&line, args);
        if let Some(fact) = position.and_then(|position| self.out.facts.get_mut(position))
            && let Some(env) = activated(&line, before.as_ref(), self.state.env())
        {
            fact.fields.set("activates", Record::clone(env));
        }
    }

    /// The fact of a command, and its position among the facts where it gets one.
    fn command_fact(&mut self, line: &Line, simple: &Simple, span: Span) -> Option<usize> {
        if line.run.is_empty() || line.run == "[" || line.run == "test" {
            return None;
        }
        let to_fill = self.left_to_fill(&simple.redirects);
        if to_fill.is_empty() && self.is_unasked(line) {
            self.note_signs(line.texts());
            let output = if simple.redirects.is_empty() { None } else { self.written(&simple.redirects) };
            self.note_signs(output.iter().map(AsRef::as_ref));
            return None;
        }
        // Only where the grammar knows what the words mean does it matter which of them the caller gave.
        let known = self.script.tables.commands.command(&line.run).is_some();
        let place = known.then(|| self.passed(simple)).flatten().unwrap_or(line.words);
        let round = if self.in_rounds { discriminator(&texts(line)) } else { 0 };
        if !self.first_time(FactKind::Command, place, line.words.start.wrapping_add(round)) {
            return None;
        }
        let commands = &self.script.tables.commands;
        let mut record = Record::at(place)
            .with_room(19)
            .with("run", Text { text: line.run.clone(), span: line.head.into(), ..Text::default() })
            .with("program", line.program.clone())
            .with("path", line.path.clone())
            .with("words", Text::at(self.script.source.slice(place), place))
            .with("option", line.option_record())
            .with("options", line.options.iter().map(|option| option.written.clone()).collect::<Vec<_>>())
            .with("args", line.args.iter().map(|arg| arg.text.clone()).collect::<Vec<_>>());
        for field in ["destination", "env", "script", "code"] {
            record.add_some(field, line.field(field, commands));
        }
        if record.get("env").is_none() {
            record.add_some("env", line.named("env").first().or(self.env_of_script(line)).map(|arg| arg.text.clone()));
        }
        record.add_some("module", line.module.clone());
        record.add_some("launcher", line.launcher.clone());
        if !line.launcher_options.is_empty() {
            record.add("launcher-option", option::record_of(&line.launcher_options));
        }
        record.add("wrappers", line.wrappers.iter().map(|name| Text::plain(name.clone())).collect::<Vec<_>>());
        record.add("vars", line.vars_record());
        record.add("unset", line.unset.clone());
        record.add_some("piped-from", self.pipe.0.clone());
        record.add_some("piped-to", self.pipe.1.clone());
        if !to_fill.is_empty() {
            record.add("placeholders", to_fill);
        }
        self.streams(line, simple, &mut record);
        self.surroundings(&mut record);
        record.add_some("alias", self.alias.clone());
        if self.alias.is_none() {
            let name = &line.path.text;
            record.add_some(
                "from-alias",
                self.aliases.get(name.as_str()).map(|_| Text::at(name.clone(), line.path.span.get().unwrap_or(span))),
            );
        }
        record.add("shadowed", self.functions.contains_key(line.path.text.as_str()));
        record.add_some("installer", self.installer_record(line));
        record.add_some("conda-root", self.named_conda_root(line));
        if line.packages_of(commands) {
            record.add("packages", self.package_records(line));
        }
        let position = self.out.facts.len();
        self.link(line, position);
        self.push(FactKind::Command, place, record);
        Some(position)
    }

    /// Where the argument stands that a function hands on to this command: the call is what the user wrote.
    fn passed(&self, simple: &Simple) -> Option<Span> {
        self.calls.last()?;
        simple.words.iter().find_map(|word| {
            let written = self.frame.slice(word.span).trim_matches(['"', '{', '}', '$']);
            let positional = written.len() == 1 && written.as_bytes()[0].is_ascii_digit();
            positional.then(|| self.resolver().text(word.span).origin.get()).flatten()
        })
    }

    /// What the command reads and writes.
    fn streams(&self, line: &Line, simple: &Simple, record: &mut Record) {
        let output = self.written(&simple.redirects);
        record.add_some("output", output.clone());
        record.add_some("pipe-output", self.pipe_output.clone());
        record.add("reads-heredoc", simple.redirects.iter().any(|redirect| redirect.heredoc.is_some()));
        let elsewhere = output.is_some()
            || self.pipe_output.is_some()
            || simple
                .redirects
                .iter()
                .any(|redirect| redirect.op == RedirectOp::Duplicate && self.frame.slice(redirect.target) == "2")
            || self.pipe.1.is_some()
            || self.context.contains(&"substitution");
        let reads_files =
            line.run == "cat" && line.args.is_empty() && !simple.redirects.iter().any(|r| r.heredoc.is_some());
        let prints = self.script.tables.commands.prints(&line.run);
        record.add("prints", prints && !elsewhere && !reads_files);
    }

    /// Words like `<ENV_NAME>`, which the shell reads as two redirections.
    fn left_to_fill(&self, redirects: &[Redirect]) -> Vec<Text> {
        let opens = |redirect: &&Redirect| redirect.op == RedirectOp::Read && redirect.fd.is_none();
        let word = |redirect: &Redirect| {
            let (start, end) = (redirect.span.start, redirect.target.end);
            let inner = self.frame.slice(redirect.target);
            let is_word = inner.starts_with(|c: char| c.is_ascii_alphabetic())
                && inner.chars().all(|c| c.is_ascii_alphanumeric() || matches!(c, '_' | '-'));
            let closes = self.frame.text.as_bytes().get(end) == Some(&b'>') && start + 1 == redirect.target.start;
            let span = Span::new(start, end + 1);
            (is_word && closes).then(|| Text::at(self.frame.slice(span), self.frame.place(span)))
        };
        redirects.iter().filter(opens).filter_map(word).collect()
    }

    /// The file that redirections send the output to.
    pub fn written(&self, redirects: &[Redirect]) -> Option<Arc<Text>> {
        let writes = |redirect: &&Redirect| redirect.op == RedirectOp::Write && redirect.fd.is_none_or(|fd| fd == 1);
        let redirect = redirects.iter().rev().find(writes)?;
        Some(self.resolver().text(redirect.target).into())
    }

    /// The same of a command, simple or not.
    pub fn output_of(&self, command: &Command) -> Option<Arc<Text>> {
        match &command.node {
            Node::Simple(simple) => self.written(&simple.redirects).or_else(|| self.teed(simple)),
            _ => self.written(&command.redirects),
        }
    }

    /// `tee FILE` at the end of a pipeline writes it as well.
    fn teed(&self, simple: &Simple) -> Option<Arc<Text>> {
        let words = simple.words.get(simple.assignments..)?;
        if words.first().is_none_or(|word| self.frame.slice(word.span) != "tee") {
            return None;
        }
        let args = self.expand(words.iter().map(|word| word.span));
        let line = command::read(&args, &self.script.tables.commands, &|span| span)?;
        line.named("files").first().map(|arg| arg.text.clone())
    }

    /// `source ROOT/bin/activate NAME`.
    fn env_of_script<'l>(&self, line: &'l Line) -> Option<&'l Arg> {
        let script = line.named("script").first()?;
        (line.run == "source" && script.text.file_name() == "activate").then(|| line.args.get(1)).flatten()
    }

    /// Fields that every shell fact has.
    pub fn surroundings(&self, record: &mut Record) {
        let mut context: Vec<Value> = self.context.iter().map(|name| Value::word(name)).collect();
        if self.alias.is_some() {
            context.push(Value::from("alias"));
        }
        if let Some(place) = record.span.get()
            && self.blocks.iter().any(|block| block.contains(place))
        {
            context.push(Value::from("block"));
        }
        record.add("context", Value::List(context.into()));
        record.add("guard", Value::word(self.state.guard.name()));
        record.add("statement", self.statement_record());
        record.add_some("function", self.calls.last().cloned());
    }

    /// Adds a fact with the state as it is.
    pub fn push(&mut self, kind: FactKind, span: Span, fields: Record) {
        let state = Some(self.state.record());
        self.out.facts.push(Fact { kind, span, certain: self.certain, fields, state, cell: None });
    }
}

/// What its words come to in this round of a loop.
fn texts(line: &Line) -> String {
    let words = line.args.iter().map(|arg| arg.text.text.as_str());
    words.chain(line.options.iter().map(|option| option.value.text.as_str())).collect::<Vec<_>>().join(" ")
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

/// The environment that a command makes the active one, where it names it.
fn activated<'e>(line: &Line, before: Option<&Arc<Record>>, now: Option<&'e Arc<Record>>) -> Option<&'e Arc<Record>> {
    let may = matches!(line.run.as_str(), "source" | "source activate" | "conda activate");
    let is_new = |env: &&Arc<Record>| before.is_none_or(|before| !Arc::ptr_eq(before, env));
    now.filter(|_| may).filter(is_new).filter(|env| env.text("by") != "unknown")
}
