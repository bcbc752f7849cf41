//! The walk: lists, branches, functions, nested scripts, in execution order.

use std::cell::{OnceCell, RefCell};
use std::sync::Arc;

use foldhash::{HashMap, HashMapExt, HashSet, HashSetExt};

use super::branch::{Outcome, condition};
use super::comments;
use super::frame::Frame;
use super::functions::Function;
use super::state::{Ready, State};
use super::value::Resolver;
use ecow::EcoString;

use crate::facts::interest::{Found, Interest};
use crate::facts::{Fact, FactKind, Record, Text};
use crate::facts::{FileFacts, Gap, Reach, shebang};
use crate::source::{Role, Shell, Source, Span};
use crate::syntax::shell::ast::{Command, Node, Redirect, Script as Parsed, Simple};
use crate::syntax::shell::parse;
use crate::tables::Tables;

/// Nesting of scripts in scripts, calls in calls and files in files.
pub(super) const MAX_DEPTH: usize = 12;
/// Commands walked in one file, repeated calls included; real files stay below a few thousand.
const MAX_STEPS: usize = 200_000;

/// Longest text of a statement that its facts carry, in bytes.
const MAX_STATEMENT: usize = 4096;
/// Changes of the state that are followed: a real file has some hundred.
const MAX_CHANGES: usize = 3000;

/// A script to walk.
#[derive(Clone, Copy)]
pub struct Script<'a> {
    /// The file that holds it.
    pub source: &'a Source,
    /// Command grammars and other tables.
    pub tables: &'a Tables,
    /// Other files.
    pub reach: &'a dyn Reach,
    /// Which commands are asked about.
    pub interest: &'a Interest,
    /// What the script is for.
    pub role: Role,
    /// Its language.
    pub shell: Shell,
    /// It runs in a login shell.
    pub login: bool,
}

/// Walks a parsed text and adds its facts.
pub fn walk(script: Script<'_>, frame: Frame, parsed: &Parsed, out: &mut FileFacts) {
    let region = Span::new(0, frame.text.len());
    let mut walker = Walker::new(script, frame, out);
    if script.login {
        walker.state.read_startup();
        walker.state.make_ready(Ready::Maybe);
    }
    if shebang::has_flag(&script.source.text, 'u', "--nounset") {
        walker.state.set_u(Some(1));
    }
    if shebang::has_flag(&script.source.text, 'e', "--errexit") {
        walker.state.set_e(true);
    }
    // A marker counts where it is a comment; where the text is broken, nobody can tell.
    let understood = parsed.gaps.is_empty().then_some(parsed);
    walker.blocks = super::blocks::collect(&walker.frame, region, understood, walker.out);
    super::comments::collect(&walker.frame, walker.out);
    // A job that asks for an image runs in it as a whole.
    let commands = &walker.script.tables.commands;
    let in_image = |fact: &Fact| {
        fact.kind == FactKind::Directive
            && fact.fields.flag("effective")
            && commands.names_image(fact.fields.text("option"))
    };
    if walker.out.facts.iter().any(in_image) {
        walker.context.push("container");
    }
    walker.list(&parsed.body, true);
    walker.uncalled_functions();
    let places = std::mem::take(&mut walker.block_places);
    super::effect::finish_blocks(&mut out.facts, &places, &script.source.lines);
}

/// The walker: where it is, and what it has found.
pub(super) struct Walker<'a> {
    pub script: Script<'a>,
    pub frame: Frame,
    pub state: State,
    pub out: &'a mut FileFacts,
    /// What the place stands in, outermost first.
    pub context: Vec<&'static str>,
    /// False in a branch that could not be decided.
    pub certain: bool,
    /// The statement that holds the place.
    pub statement: Statement,
    /// Functions defined so far.
    pub functions: HashMap<String, Function>,
    /// Aliases defined so far, with their text.
    pub aliases: HashMap<String, Text>,
    /// Files that the script downloads an installer to, with the installer's own name.
    pub downloads: HashMap<String, String>,
    /// What holds where the function that is walked has returned; see [`Walker::returns`].
    pub returned: Option<State>,
    /// What ended last was the script, not a function.
    pub exited: bool,
    /// Folders into which the script installs conda, whatever their names.
    pub installed: Vec<String>,
    /// Functions that are being walked, innermost last.
    pub calls: Vec<String>,
    /// The alias whose text is being walked.
    pub alias: Option<String>,
    /// Regions between marker comments.
    pub blocks: Vec<Span>,
    /// For each of them, once walked: what it stands in, and whether it is all that its body holds.
    pub block_places: HashMap<Span, (Vec<&'static str>, bool)>,
    /// The simple command at hand, which may be part of a list, sets one variable and does nothing else.
    pub sets_alone: bool,
    /// The words in the file that concern anybody, once they were asked for.
    pub found: OnceCell<Found>,
    /// The last statement that facts were given for.
    said: RefCell<Option<Said>>,
    /// Command that feeds this one, and the one it feeds.
    pub pipe: (Option<EcoString>, Option<EcoString>),
    /// The file that the last command of the pipeline writes.
    pub pipe_output: Option<Arc<Text>>,
    /// In the body of a loop that is walked for each of its words.
    pub in_rounds: bool,
    emitted: HashSet<(FactKind, Span, usize)>,
    /// Nesting of frames, held below [`MAX_DEPTH`].
    pub depth: usize,
    steps: usize,
    /// A limit was reached, and said.
    exhausted: bool,
}

/// A statement: what `delete = "statement"` removes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Statement {
    /// Its bytes, in the frame.
    pub span: Span,
    /// It is no list or pipeline of several commands.
    pub whole: bool,
    /// It is a list whose last command stands behind tests alone: `[ -d X ] && …`.
    pub tested: bool,
    /// It is the only one of the body of a compound command.
    pub sole: bool,
    /// First line of the run of set-up commands, line upon line, that it stands in; `None` when it is none.
    pub paragraph: Option<usize>,
}

/// A statement with its fields.
struct Said {
    text: Arc<str>,
    place: Span,
    statement: Statement,
    record: Arc<Record>,
}

impl<'a> Walker<'a> {
    fn new(script: Script<'a>, frame: Frame, out: &'a mut FileFacts) -> Self {
        Self {
            script,
            frame,
            state: State::default(),
            out,
            context: Vec::new(),
            certain: true,
            statement: Statement::default(),
            functions: HashMap::new(),
            aliases: HashMap::new(),
            downloads: HashMap::new(),
            installed: Vec::new(),
            returned: None,
            exited: false,
            calls: Vec::new(),
            alias: None,
            blocks: Vec::new(),
            block_places: HashMap::new(),
            sets_alone: false,
            found: OnceCell::new(),
            said: RefCell::default(),
            pipe: (None, None),
            pipe_output: None,
            in_rounds: false,
            emitted: HashSet::new(),
            depth: 0,
            steps: 0,
            exhausted: false,
        }
    }

    /// The values of words here.
    pub fn resolver(&self) -> Resolver<'_> {
        Resolver { frame: &self.frame, state: &self.state }
    }

    /// True the first time that a fact of this kind is given for the place.
    pub fn first_time(&mut self, kind: FactKind, span: Span, discriminator: usize) -> bool {
        !self.frame.silent && self.emitted.insert((kind, span, discriminator))
    }

    /// The line (from 1) of a place in the file.
    pub fn line(&self, span: Span) -> usize {
        self.script.source.lines.line(span.start)
    }

    /// Notes what the blocks stand in that this list holds.
    fn note_blocks(&mut self, body: &[Command], top: bool) {
        for block in self.blocks.clone() {
            let inside = |command: &Command| block.contains(self.frame.place(command.span));
            if body.iter().any(inside) && !self.block_places.contains_key(&block) {
                let sole = !top && body.iter().all(inside);
                self.block_places.insert(block, (self.context.clone(), sole));
            }
        }
    }

    /// Walks commands one after the other.
    pub fn list(&mut self, body: &[Command], top: bool) {
        if !self.blocks.is_empty() && !self.frame.silent {
            self.note_blocks(body, top);
        }
        let only_one = body.len() == 1 && !top;
        let mut paragraph = None;
        for command in body {
            let certain = self.certain;
            if self.state.ended {
                // What stands behind `exit` or `return` runs only if that was not reached.
                self.certain = false;
            }
            let whole = matches!(command.node, Node::Simple(_) | Node::Function { .. });
            let start = self.paragraph(command, &mut paragraph);
            let tested = self.is_behind_tests(command);
            self.statement = Statement { span: command.span, whole, tested, sole: only_one, paragraph: start };
            self.command(command);
            self.certain = certain;
        }
    }

    /// The first line of the run of set-up commands that goes on with `command`, when it is one; `run` holds the first
    /// and the last line of it so far.
    fn paragraph(&self, command: &Command, run: &mut Option<(usize, usize)>) -> Option<usize> {
        let before = run.take();
        if !matches!(&command.node, Node::Simple(simple) if self.sets_up(simple)) {
            return None;
        }
        let place = self.frame.place(command.span);
        let lines = &self.script.source.lines;
        let (first, last) = (lines.line(place.start), lines.line(place.end.saturating_sub(1).max(place.start)));
        let start = match before {
            Some((start, end)) if (end..=end + 1).contains(&first) => start,
            _ => first,
        };
        *run = Some((start, last));
        Some(start)
    }

    /// True for a command that loads modules, activates an environment or sets variables, as its words say.
    fn sets_up(&self, simple: &Simple) -> bool {
        let words = simple.words.get(simple.assignments..).unwrap_or_default();
        let mut words = words.iter().map(|word| self.frame.slice(word.span));
        let (first, second) = (words.next(), words.next().unwrap_or(""));
        match first {
            None | Some("export") => true,
            Some("source" | ".") => second.trim_matches(['"', '\'']).ends_with("activate"),
            Some("conda" | "mamba" | "micromamba") => second == "activate",
            Some("module") => matches!(second, "load" | "add"),
            Some("ml") => {
                !second.starts_with('-') && !matches!(second, "use" | "unload" | "purge" | "swap" | "restore")
            }
            Some(_) => false,
        }
    }

    /// Walks one command.
    pub fn command(&mut self, command: &Command) {
        self.steps += 1;
        let limit = if self.steps > MAX_STEPS {
            Some("more than 200,000 commands to follow")
        } else if self.state.changes() > MAX_CHANGES {
            Some("more than 3,000 changes of modules, paths and environments to follow")
        } else {
            None
        };
        if let Some(reason) = limit {
            if !std::mem::replace(&mut self.exhausted, true) {
                let span = self.frame.place(command.span);
                let rest = Span::new(span.start, self.script.source.text.len().max(span.end));
                self.out.gaps.push(Gap { span: rest, reason: reason.to_owned() });
            }
            return;
        }
        if command.background {
            let before = self.state.clone();
            self.within("background", |walker| walker.node(command));
            self.state = before;
        } else {
            self.node(command);
        }
    }

    fn node(&mut self, command: &Command) {
        let outer = self.pipe_output.clone();
        if let Some(output) = self.written(&command.redirects) {
            self.pipe_output = Some(output);
        }
        match &command.node {
            Node::Simple(simple) => self.simple(simple, command.span),
            Node::Pipeline(stages) => self.pipeline(stages),
            Node::AndOr { first, rest } => self.and_or(first, rest),
            Node::Group(body) => self.nested_list(body),
            Node::Subshell(body) => {
                let before = self.state.clone();
                self.within("subshell", |walker| walker.nested_list(body));
                self.state = before;
            }
            Node::If { arms, otherwise } => self.conditional(arms, otherwise.as_deref()),
            Node::Loop { variable, words, condition, body } => self.repetition(*variable, words, condition, body),
            Node::Case { subject, arms } => self.case(*subject, arms),
            Node::Function { name, body } => self.define(*name, body),
            Node::Unclear(body) => self.unclear(body),
        }
        self.pipe_output = outer;
        self.compound_redirects(&command.redirects);
    }

    /// A list inside a compound command, with the statement restored after it.
    pub fn nested_list(&mut self, body: &[Command]) {
        let statement = self.statement;
        self.list(body, false);
        self.statement = statement;
    }

    /// Walks with one more context.
    pub fn within(&mut self, context: &'static str, walk: impl FnOnce(&mut Self)) {
        self.context.push(context);
        walk(self);
        self.context.pop();
    }

    fn unclear(&mut self, body: &[Command]) {
        let certain = std::mem::replace(&mut self.certain, false);
        let before = self.state.clone();
        self.within("condition", |walker| walker.nested_list(body));
        let after = std::mem::take(&mut self.state);
        self.state = before.join(after);
        self.certain = certain;
    }

    fn pipeline(&mut self, stages: &[Command]) {
        let before = self.state.clone();
        self.statement.whole = false;
        let statement = self.statement;
        let names: Vec<Option<EcoString>> = stages.iter().map(|stage| self.name_of(stage)).collect();
        let output = stages.last().and_then(|stage| self.output_of(stage));
        for (index, stage) in stages.iter().enumerate() {
            let from = index.checked_sub(1).and_then(|at| names[at].clone());
            let to = names.get(index + 1).cloned().flatten();
            let outer = std::mem::replace(&mut self.pipe, (from, to));
            let last = index + 1 == stages.len();
            let outer_output = self.pipe_output.clone();
            if !last {
                self.pipe_output.clone_from(&output);
            }
            self.statement = statement;
            self.within("pipeline", |walker| walker.command(stage));
            self.pipe = outer;
            self.pipe_output = outer_output;
            // Each stage is a process of its own.
            self.state = before.clone();
        }
    }

    fn and_or(&mut self, first: &Command, rest: &[(bool, Command)]) {
        self.statement.whole = false;
        let statement = self.statement;
        let mut outcome = condition(self, first);
        self.command(first);
        let certain = self.certain;
        for (and, command) in rest {
            self.statement = statement;
            let before = self.state.clone();
            let taken = if *and { outcome } else { outcome.negated() };
            let next = condition(self, command);
            self.certain = certain && taken.certain();
            if let Some(guard) = taken.guard() {
                self.state.guard = guard;
            }
            if taken.certain() {
                self.command(command);
            } else {
                self.within("condition", |walker| walker.command(command));
            }
            let after = std::mem::take(&mut self.state);
            let guard = before.guard;
            self.state = self.after_branch(before, after, taken);
            self.state.guard = self.state.guard.within(guard);
            outcome = if *and { outcome.and(next) } else { outcome.or(next) };
        }
        self.certain = certain;
    }

    /// The state after a branch that is taken when `taken`.
    fn after_branch(&self, mut before: State, after: State, taken: Outcome) -> State {
        match taken {
            Outcome::Always | Outcome::Expected if !after.ended => after,
            Outcome::Never => before,
            Outcome::Always => after,
            _ => {
                if let Some(guard) = taken.negated().guard().filter(|_| after.ended) {
                    before.guard = guard;
                }
                before.join(after)
            }
        }
    }

    /// Walks in another text.
    pub fn in_frame(&mut self, frame: Frame, walk: impl FnOnce(&mut Self)) {
        if self.depth >= MAX_DEPTH {
            return;
        }
        self.depth += 1;
        let outer = std::mem::replace(&mut self.frame, frame);
        let statement = self.statement;
        walk(self);
        self.statement = statement;
        self.frame = outer;
        self.depth -= 1;
    }

    /// Walks a script that stands in another text, in this state. `whole` when the text must be a script as it
    /// is, and not, like an alias, the beginning of one.
    pub fn script_in(&mut self, frame: Frame, whole: bool) {
        let text = Arc::clone(&frame.text);
        let parsed = parse(&text, Span::new(0, text.len()), frame.shell);
        if whole && !frame.silent {
            for (span, reason) in &parsed.gaps {
                self.out.gaps.push(Gap { span: frame.place(*span), reason: (*reason).to_owned() });
            }
        }
        self.in_frame(frame, |walker| walker.list(&parsed.body, true));
    }

    /// Walks a part of this text as a script: the inside of a substitution.
    pub fn part(&mut self, span: Span) {
        if self.depth >= MAX_DEPTH {
            return;
        }
        let text = Arc::clone(&self.frame.text);
        let parsed = parse(&text, span, self.frame.shell);
        self.depth += 1;
        let statement = self.statement;
        self.list(&parsed.body, true);
        self.statement = statement;
        self.depth -= 1;
    }

    fn compound_redirects(&mut self, redirects: &[Redirect]) {
        for redirect in redirects {
            self.nested_scripts(redirect.target);
        }
    }

    /// Fields of the statement, for facts; made once for all of its facts.
    pub fn statement_record(&self) -> Arc<Record> {
        let span = self.frame.place(self.statement.span);
        let (text, statement) = (&self.frame.text, self.statement);
        if let Some(said) = &*self.said.borrow()
            && Arc::ptr_eq(&said.text, text)
            && (said.place, said.statement) == (span, statement)
        {
            return Arc::clone(&said.record);
        }
        let record = Arc::new(self.describe_statement(span));
        let said = Said { text: Arc::clone(text), place: span, statement, record: Arc::clone(&record) };
        *self.said.borrow_mut() = Some(said);
        record
    }

    fn describe_statement(&self, span: Span) -> Record {
        // Facts of one long list would each carry all of it.
        let text = self.frame.slice(self.statement.span);
        let text = if text.len() > MAX_STATEMENT { "" } else { text };
        let mut record = Record::at(span)
            .with_room(5)
            .with("text", Text::at(text, span))
            .with("whole", self.statement.whole)
            .with("sole", self.statement.sole)
            .with("paragraph", self.statement.paragraph.unwrap_or_else(|| self.line(span)) as i64);
        record.set_some("remark", comments::remark(&self.frame.text, self.statement.span));
        record
    }
}
