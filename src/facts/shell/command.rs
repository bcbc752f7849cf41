//! What a simple command is, by the command grammar: program and sub-command, options, positional words,
//! and what it was looked through.

use std::sync::Arc;

use ecow::EcoString;

use super::option::{GivenOption, option, record_of};
use super::value::Arg;
use crate::facts::interest::base_name;
use crate::facts::{Record, Text};
use crate::source::Span;
use crate::tables::commands::{Commands, Options};

/// A command line, understood.
#[derive(Clone, Debug)]
pub struct Line {
    /// Canonical program and sub-command.
    pub run: EcoString,
    /// The program as written, without folders.
    pub program: Arc<Text>,
    /// The program as written.
    pub path: Arc<Text>,
    /// Options in order.
    pub options: Vec<GivenOption>,
    /// Positional words.
    pub args: Vec<Arg>,
    /// Names of positional words, by the grammar.
    pub named: Vec<(String, Vec<Arg>)>,
    /// Python module given with `-m`.
    pub module: Option<Arc<Text>>,
    /// Names of the wrappers, outermost first.
    pub wrappers: Vec<String>,
    /// The parallel launcher among them.
    pub launcher: Option<Text>,
    /// Options given to it.
    pub launcher_options: Vec<GivenOption>,
    /// Contexts that the wrappers put it in.
    pub contexts: Vec<String>,
    /// Variables set for this command.
    pub vars: Vec<(String, Text)>,
    /// Words of wrappers that set such variables: `env A=b`.
    pub assigned: Vec<Span>,
    /// Variables removed for this command.
    pub unset: Vec<Arc<Text>>,
    /// The environment that a wrapper runs it in.
    pub wrapper_env: Option<Arc<Text>>,
    /// Words to be read as a script: joined by a wrapper such as `ssh host`, or given to `-c`.
    pub scripts: Vec<Vec<Arg>>,
    /// All words that are the command's own.
    pub words: Span,
    /// Words of program and sub-command.
    pub head: Span,
}

impl Line {
    /// Nothing but the first word: it takes no memory of its own.
    fn of(first: &Arg) -> Self {
        Self {
            run: EcoString::new(),
            program: Arc::clone(&first.text),
            path: Arc::clone(&first.text),
            options: Vec::new(),
            args: Vec::new(),
            named: Vec::new(),
            module: None,
            wrappers: Vec::new(),
            launcher: None,
            launcher_options: Vec::new(),
            contexts: Vec::new(),
            vars: Vec::new(),
            assigned: Vec::new(),
            unset: Vec::new(),
            wrapper_env: None,
            scripts: Vec::new(),
            words: Span::default(),
            head: Span::default(),
        }
    }

    /// The last value of an option.
    pub fn option(&self, spelling: &str) -> Option<&GivenOption> {
        self.options.iter().rev().find(|option| option.is(spelling))
    }

    /// All values of an option.
    pub fn all_options<'l>(&'l self, spelling: &'l str) -> impl Iterator<Item = &'l GivenOption> {
        self.options.iter().filter(move |option| option.is(spelling))
    }

    /// The positional words of a name.
    pub fn named(&self, name: &str) -> &[Arg] {
        self.named.iter().find(|(known, _)| known == name).map_or(&[], |(_, args)| args.as_slice())
    }

    /// What fills a field of the fact, by the grammar: an option's value or a positional word.
    pub fn field(&self, name: &str, commands: &Commands) -> Option<Arc<Text>> {
        let grammar = commands.command(&self.run)?;
        let (_, from) = grammar.fields.iter().find(|(known, _)| *known == name)?;
        from.iter().find_map(|source| {
            if let Some(literal) = source.strip_prefix('=') {
                // What the program takes when nothing is given.
                Some(Arc::new(Text { span: self.words.into(), ..Text::plain(literal) }))
            } else if source.starts_with('-') {
                self.option(source).map(|option| option.value.clone()).filter(|value| !value.text.is_empty())
            } else {
                self.named(source).first().map(|arg| arg.text.clone())
            }
        })
    }

    /// What its words come to.
    pub fn texts(&self) -> impl Iterator<Item = &Text> {
        let values = self.options.iter().chain(&self.launcher_options).map(|option| &option.value);
        [&self.path].into_iter().chain(self.args.iter().map(|arg| &arg.text)).chain(values).map(AsRef::as_ref)
    }

    /// The options as a record, each under all its spellings.
    pub fn option_record(&self) -> Record {
        record_of(&self.options)
    }

    /// The variables that are set for it, as a record; of two values the last one holds.
    pub fn vars_record(&self) -> Record {
        let mut vars = Record::new();
        for (name, value) in &self.vars {
            vars.set(name.clone(), value.clone());
        }
        vars
    }
}

/// Reads a command line. `None` when there is no word.
pub fn read(args: &[Arg], commands: &Commands, place: &dyn Fn(Span) -> Span) -> Option<Line> {
    let mut line = Line::of(args.first()?);
    let mut rest = args;
    // A wrapper runs a command that may be a wrapper: a dozen is more than any real script has.
    for _ in 0..12 {
        let first = rest.first()?;
        let name = base_name(&first.text.text);
        let Some((run, taken)) = wrapper_name(rest, name, commands) else { break };
        let Some(after) = look_through(&mut line, rest, taken, &run, commands) else { break };
        rest = after;
        if rest.is_empty() {
            break;
        }
    }
    let rest = if rest.is_empty() { args } else { rest };
    let first = rest.first()?;
    line.path = first.text.clone();
    line.program = match base_name(&first.text.text) {
        name if name.len() == first.text.text.len() => first.text.clone(),
        name => first.text.saying(name).into(),
    };
    read_program(&mut line, rest, commands);
    let first = rest.first()?.word;
    let last = rest.last()?.word;
    line.words = place(first.to(last));
    line.head = place(first).to(place(line.head));
    Some(line)
}

/// The canonical name of a wrapper at the front, with the words that name it.
fn wrapper_name(args: &[Arg], name: &str, commands: &Commands) -> Option<(String, usize)> {
    let program = commands.program(name);
    let canonical = program.map_or(name, |program| program.name.as_str());
    if program.is_some_and(|program| program.subcommands) || commands.wrapper(canonical).is_none() {
        if !commands.has_wrappers(canonical) {
            return None;
        }
        // The sub-command may stand after options of the program.
        let sub = args.iter().enumerate().skip(1).take(8).find(|(_, arg)| !arg.text.text.starts_with('-'))?;
        let run = format!("{canonical} {}", sub.1.text.text);
        return commands.wrapper(&run).is_some().then_some((run, sub.0 + 1));
    }
    Some((canonical.to_owned(), 1))
}

/// Reads a wrapper's own words and returns the command's; `None` when no command follows.
fn look_through<'a>(
    line: &mut Line,
    args: &'a [Arg],
    taken: usize,
    run: &str,
    commands: &Commands,
) -> Option<&'a [Arg]> {
    let wrapper = commands.wrapper(run)?;
    let mut at = taken;
    let mut skip = wrapper.skip;
    let mut scripts = Vec::new();
    let mut unset = Vec::new();
    let (mut vars, mut assigned) = (Vec::new(), Vec::new());
    let mut own_options = Vec::new();
    let mut env = None;
    while let Some(arg) = args.get(at) {
        let word = arg.text.text.as_str();
        if word == "--" {
            at += 1;
            break;
        }
        if word.starts_with('-') && word.len() > 1 {
            let (given, used) = option(&args[at..], &wrapper.options);
            for option in given {
                if wrapper.queries.iter().any(|s| option.is(s)) {
                    return None;
                }
                if wrapper.strings.iter().any(|s| option.is(s)) {
                    scripts.extend(option.value_word.clone().map(|word| vec![word]));
                }
                if option.is("--unset") {
                    unset.push(option.value.clone());
                }
                if wrapper.images.iter().any(|s| option.is(s)) {
                    line.contexts.push("container".to_owned());
                }
                if wrapper.env.as_ref().is_some_and(|name| option.is(name)) {
                    env = Some(option.value.clone());
                }
                own_options.push(option);
            }
            at += used;
            continue;
        }
        if wrapper.assignments && crate::syntax::shell::is_assignment(word.as_bytes()) {
            let (name, value) = word.split_once('=').unwrap_or((word, ""));
            vars.push((name.to_owned(), arg.text.saying(value)));
            assigned.push(arg.word);
            at += 1;
            continue;
        }
        if skip == 0 {
            break;
        }
        skip -= 1;
        at += 1;
    }
    if args.len() <= at && scripts.is_empty() {
        return None;
    }
    line.wrappers.push(run.to_owned());
    line.scripts.extend(scripts);
    line.unset.extend(unset);
    line.vars.extend(vars);
    line.assigned.extend(assigned);
    line.wrapper_env = env.or(line.wrapper_env.take());
    line.contexts.extend(wrapper.context.clone());
    if wrapper.launcher && line.launcher.is_none() {
        line.launcher = args.first().map(|arg| arg.text.saying(base_name(&arg.text.text)));
        line.launcher_options = own_options;
    }
    if wrapper.joins {
        line.scripts.push(args[at..].to_vec());
        return None;
    }
    args.get(at..)
}

/// Program, sub-command, options and positional words.
fn read_program(line: &mut Line, args: &[Arg], commands: &Commands) {
    let name = line.program.text.clone();
    let mut run = name.as_str().to_owned();
    let mut at = 1;
    if let Some(program) = commands.program(&name) {
        run = program.run.clone().unwrap_or_else(|| program.name.clone());
        if program.subcommands {
            (run, at) = sub_commands(line, run, args, &program.options, commands);
        }
    }
    if matches!(run.as_str(), "." | "source") {
        run = "source".into();
        if args.get(1).is_some_and(|arg| arg.text.text == "activate" || arg.text.text == "deactivate") {
            run = format!("source {}", args[1].text.text);
            at = 2;
        }
    }
    line.head = args[..at.min(args.len())].iter().map(|arg| arg.word).reduce(Span::to).unwrap_or_default();
    line.run = run.into();
    read_words(line, args, at, commands);
}

/// Follows sub-commands as deep as the grammar knows them.
fn sub_commands(
    line: &mut Line,
    program: String,
    args: &[Arg],
    options: &Options,
    commands: &Commands,
) -> (String, usize) {
    let mut run = program;
    let mut at = 1;
    let mut taken = 1;
    while let Some(arg) = args.get(at) {
        let word = arg.text.text.as_str();
        if word.starts_with('-') && word.len() > 1 && word != "--" {
            let known = commands.command(&run).map_or(options, |command| &command.options);
            let (given, used) = option(&args[at..], known);
            line.options.extend(given);
            at += used;
            taken = at;
            continue;
        }
        let plain = !word.is_empty() && !word.contains(['/', '=', '$', '*', '<', '>', ' ']);
        let first = !run.contains(' ');
        let deeper = format!("{run} {word}");
        if !plain
            || !(first
                || commands.command(&deeper).is_some()
                || commands.wrapper(&deeper).is_some()
                || commands.goes_on(&deeper))
        {
            break;
        }
        run = deeper;
        at += 1;
        taken = at;
        if !commands.goes_on(&run) {
            break;
        }
    }
    (run, taken)
}

fn read_words(line: &mut Line, args: &[Arg], start: usize, commands: &Commands) {
    let empty = Options::default();
    let mut at = start;
    let mut only_words = false;
    line.args.reserve(args.len().saturating_sub(start));
    let grammar = commands.command(&line.run);
    while let Some(arg) = args.get(at) {
        let word = arg.text.text.as_str();
        let stops = grammar.is_some_and(|grammar| grammar.stops) && !line.args.is_empty();
        if word == "--" && !only_words && !stops {
            only_words = true;
            at += 1;
            continue;
        }
        if only_words || stops || !word.starts_with('-') || word.len() == 1 {
            line.args.push(arg.clone());
            at += 1;
            continue;
        }
        let (given, used) = option(&args[at..], grammar.map_or(&empty, |grammar| &grammar.options));
        let module = given.iter().find(|option| line.run == "python" && option.is("-m")).cloned();
        let code = given.iter().any(|option| matches!(line.run.as_str(), "python" | "bash") && option.is("-c"));
        line.options.extend(given);
        at += used;
        if let Some(module) = module {
            return read_module(line, &module, args, at, commands);
        }
        if code {
            // What follows are the script's own words.
            line.args.extend(args[at.min(args.len())..].iter().cloned());
            if line.run == "bash"
                && let Some(word) = line.option("-c").and_then(|option| option.value_word.clone())
            {
                line.scripts.push(vec![word]);
            }
            return;
        }
    }
    name_words(line, commands);
}

/// `python -m NAME`: a program of its own, or a sub-command of Python.
fn read_module(line: &mut Line, module: &GivenOption, args: &[Arg], at: usize, commands: &Commands) {
    line.module = Some(module.value.clone());
    let name = module.value.text.clone();
    if let Some(word) = &module.value_word {
        line.head = line.head.to(word.word);
    }
    match commands.module_program(&name).and_then(|program| commands.program(program)) {
        Some(program) => {
            let start = program.run.clone().unwrap_or_else(|| program.name.clone());
            let mut from = at;
            let mut run = start;
            if program.subcommands {
                // The first word plays the program's part.
                let shifted = &args[at.saturating_sub(1).min(args.len())..];
                let (deeper, taken) = sub_commands(line, run, shifted, &program.options, commands);
                run = deeper;
                from = at + taken - 1;
                if taken > 1 && from > 0 && from <= args.len() {
                    line.head = line.head.to(args[from - 1].word);
                }
            }
            line.run = run.into();
            read_words(line, args, from, commands);
        }
        None => {
            let run = format!("python -m {name}");
            if commands.command(&run).is_some() {
                line.run = run.into();
                read_words(line, args, at, commands);
            } else {
                line.run = run.into();
                line.args.extend(args[at.min(args.len())..].iter().cloned());
            }
        }
    }
}

fn name_words(line: &mut Line, commands: &Commands) {
    let Some(grammar) = commands.command(&line.run) else { return };
    let mut words = line.args.iter();
    for name in &grammar.args {
        if let Some(name) = name.strip_suffix("...") {
            line.named.push((name.to_owned(), words.by_ref().cloned().collect()));
        } else if let Some(word) = words.next() {
            line.named.push((name.clone(), vec![word.clone()]));
        }
    }
}
