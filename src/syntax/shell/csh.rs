//! csh and tcsh: a reader of lines for what policies need. Words, lists and redirections are read as in other
//! shells; `if`, `else`, `endif`, `foreach`, `while`, `switch` give the shape.

use super::ast::{Command, Node, Script, Simple, Word, WordKind};
use super::lexer::{TokenKind, lex};
use super::tree::simple_command;
use crate::source::Span;

/// Nesting of blocks beyond which lines are read flat.
const MAX_NESTING: usize = 100;

/// Parses csh text.
pub fn parse(text: &str, region: Span) -> Script {
    let mut reader = Reader { text, script: Script::default(), open: Vec::new(), body: Vec::new() };
    let mut at = region.start;
    while at < region.end {
        let end = logical_line(text, at, region.end);
        reader.line(Span::new(at, end));
        at = end;
    }
    while !reader.open.is_empty() {
        reader.close(region.end);
    }
    reader.script.body = reader.body;
    reader.script
}

/// The end of a line with its continuations.
fn logical_line(text: &str, start: usize, limit: usize) -> usize {
    let bytes = &text.as_bytes()[..limit];
    let mut at = start;
    loop {
        let Some(length) = memchr::memchr(b'\n', &bytes[at..]) else { return limit };
        at += length + 1;
        let before = text[start..at - 1].trim_end_matches('\r');
        if !before.ends_with('\\') || before.trim_start().starts_with('#') {
            return at;
        }
    }
}

struct Reader<'a> {
    text: &'a str,
    script: Script,
    open: Vec<Open>,
    body: Vec<Command>,
}

/// A block whose end has not come yet.
struct Open {
    start: usize,
    kind: Kind,
    /// The commands before the block, on its level.
    outer: Vec<Command>,
    arms: Vec<(Vec<Command>, Vec<Command>)>,
    condition: Vec<Command>,
    otherwise: bool,
    words: Vec<Span>,
    variable: Option<Span>,
}

#[derive(Clone, Copy, PartialEq)]
enum Kind {
    If,
    Loop,
    Switch,
}

impl Reader<'_> {
    fn slice(&self, span: Span) -> &str {
        self.text.get(span.start..span.end).unwrap_or("")
    }

    fn line(&mut self, line: Span) {
        let Some(code) = self.code(line) else { return };
        let text = self.slice(code);
        let word = text.split(|c: char| c.is_whitespace() || c == '(' || c == ';').next().unwrap_or("").to_owned();
        let rest = Span::new(code.start + word.len(), code.end);
        match word.as_str() {
            "if" => self.branch(code, rest),
            "else" => self.another(code, rest),
            "endif" => self.end_of(Kind::If, code.end),
            "foreach" | "while" => self.repetition(code, rest, word == "foreach"),
            "end" => self.end_of(Kind::Loop, code.end),
            "switch" => self.opened(code.start, Kind::Switch, Vec::new()),
            "case" | "default:" | "default" => self.arm(),
            "breaksw" => {}
            "endsw" => self.end_of(Kind::Switch, code.end),
            _ => {
                let commands = self.commands(code);
                self.body.extend(commands);
            }
        }
    }

    /// The line without blanks and comment; `None` when nothing is left.
    fn code(&mut self, line: Span) -> Option<Span> {
        let text = self.slice(line);
        let lead = text.len() - text.trim_start().len();
        let start = line.start + lead;
        if text.trim_start().starts_with('#') {
            let end = start + text.trim().len();
            self.script.comments.push(Span::new(start, end));
            return None;
        }
        let span = Span::new(start, start + text.trim().len());
        (!span.is_empty()).then_some(span)
    }

    /// The parenthesised expression at the front of `rest`, and what follows it.
    fn expression(&self, rest: Span) -> Option<(Span, Span)> {
        let text = self.slice(rest);
        let open = rest.start + text.find('(')?;
        let mut depth = 0_usize;
        let mut quote: Option<u8> = None;
        for (at, byte) in self.text.as_bytes()[..rest.end].iter().enumerate().skip(open) {
            match (quote, byte) {
                (Some(mark), _) if mark == *byte => quote = None,
                (Some(_), _) => {}
                (None, b'\'' | b'"') => quote = Some(*byte),
                (None, b'(') => depth += 1,
                (None, b')') => {
                    depth = depth.saturating_sub(1);
                    if depth == 0 {
                        return Some((Span::new(open, at + 1), Span::new(at + 1, rest.end)));
                    }
                }
                _ => {}
            }
        }
        None
    }

    fn test(span: Span) -> Vec<Command> {
        let word = Word { span, kind: WordKind::Test };
        let node = Node::Simple(Simple { words: vec![word], ..Simple::default() });
        vec![Command { span, node, redirects: Vec::new(), background: false }]
    }

    fn branch(&mut self, code: Span, rest: Span) {
        let Some((test, rest)) = self.expression(rest) else {
            self.script.gaps.push((code, "an `if` without its condition"));
            return;
        };
        let after = self.slice(rest).trim();
        if after == "then" || after.starts_with("then ") || after.starts_with("then#") {
            return self.opened(code.start, Kind::If, Self::test(test));
        }
        let commands = self.trimmed_commands(rest);
        let node = Node::If { arms: vec![(Self::test(test), commands)], otherwise: None };
        self.body.push(Command { span: code, node, redirects: Vec::new(), background: false });
    }

    fn another(&mut self, code: Span, rest: Span) {
        let text = self.slice(rest).trim_start();
        let is_if = text.starts_with("if");
        let test = if is_if { self.expression(rest).map(|(test, _)| test) } else { None };
        let body = std::mem::take(&mut self.body);
        let Some(open) = self.open.last_mut().filter(|open| open.kind == Kind::If) else {
            self.body = body;
            self.script.gaps.push((code, "an `else` without its `if`"));
            return;
        };
        let condition = std::mem::replace(&mut open.condition, test.map(Self::test).unwrap_or_default());
        open.arms.push((condition, body));
        open.otherwise = !is_if;
    }

    fn arm(&mut self) {
        let body = std::mem::take(&mut self.body);
        match self.open.last_mut().filter(|open| open.kind == Kind::Switch) {
            Some(open) => open.arms.push((Vec::new(), body)),
            None => self.body = body,
        }
    }

    fn repetition(&mut self, code: Span, rest: Span, each: bool) {
        let found = self.expression(rest);
        let test = found.map(|(test, _)| test);
        self.opened(code.start, Kind::Loop, test.filter(|_| !each).map(Self::test).unwrap_or_default());
        if let (true, Some(list)) = (each, test) {
            let name =
                self.slice(rest).trim_start().split(|c: char| c.is_whitespace() || c == '(').next().unwrap_or("").len();
            let lead = self.slice(rest).len() - self.slice(rest).trim_start().len();
            let variable = Span::new(rest.start + lead, rest.start + lead + name);
            let words = super::words(self.text, Span::new(list.start + 1, list.end - 1));
            if let Some(open) = self.open.last_mut() {
                open.words = words;
                open.variable = Some(variable);
            }
        }
    }

    fn opened(&mut self, start: usize, kind: Kind, condition: Vec<Command>) {
        if self.open.len() >= MAX_NESTING {
            self.body.extend(condition);
            return;
        }
        let outer = std::mem::take(&mut self.body);
        self.open.push(Open {
            start,
            kind,
            outer,
            arms: Vec::new(),
            condition,
            otherwise: false,
            words: Vec::new(),
            variable: None,
        });
    }

    fn end_of(&mut self, kind: Kind, end: usize) {
        if self.open.iter().any(|open| open.kind == kind) {
            // Blocks inside that were never closed end here too.
            while self.open.last().is_some_and(|open| open.kind != kind) {
                self.close(end);
            }
            self.close(end);
        }
    }

    fn close(&mut self, end: usize) {
        let Some(mut open) = self.open.pop() else { return };
        let body = std::mem::replace(&mut self.body, open.outer);
        let node = match open.kind {
            Kind::If if open.otherwise => Node::If { arms: open.arms, otherwise: Some(body) },
            Kind::If => {
                open.arms.push((open.condition, body));
                Node::If { arms: open.arms, otherwise: None }
            }
            Kind::Loop => Node::Loop { variable: open.variable, words: open.words, condition: open.condition, body },
            Kind::Switch => {
                open.arms.push((Vec::new(), body));
                let arms = open.arms.into_iter().map(|(_, body)| (Vec::new(), body)).collect();
                Node::Case { subject: None, arms }
            }
        };
        let span = Span::new(open.start, end);
        self.body.push(Command { span, node, redirects: Vec::new(), background: false });
    }

    fn trimmed_commands(&mut self, span: Span) -> Vec<Command> {
        let text = self.slice(span);
        let lead = text.len() - text.trim_start().len();
        self.commands(Span::new(span.start + lead, span.start + lead + text.trim().len()))
    }

    /// The simple commands of a line.
    fn commands(&mut self, span: Span) -> Vec<Command> {
        let lexed = lex(self.text, span, &[], false);
        self.script.comments.extend(&lexed.comments);
        for (fault, reason) in &lexed.faults {
            self.script.gaps.push((*fault, reason));
        }
        let mut commands = Vec::new();
        let mut piped = false;
        for run in lexed.tokens.split(|token| matches!(token.kind, TokenKind::Operator | TokenKind::Newline)) {
            let Some(last) = run.last() else { continue };
            let command = simple_command(run, &lexed);
            let after = self.text.as_bytes().get(last.span.end..).unwrap_or_default();
            let pipes = after.iter().find(|byte| !byte.is_ascii_whitespace()) == Some(&b'|');
            if piped && let Some(Command { node: Node::Pipeline(stages), span, .. }) = commands.last_mut() {
                *span = span.to(command.span);
                stages.push(command);
            } else if pipes {
                let span = command.span;
                commands.push(Command {
                    span,
                    node: Node::Pipeline(vec![command]),
                    redirects: Vec::new(),
                    background: false,
                });
            } else {
                commands.push(command);
            }
            piped = pipes;
        }
        commands
    }
}
