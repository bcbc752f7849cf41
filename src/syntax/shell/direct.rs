//! The shape of a text from its tokens alone. A script without faults, which most are, needs no grammar; whatever is
//! unusual in it leaves the whole text to the grammar.

use super::ast::{Command, Node, Redirect};
use super::lexer::{Lexed, Token, TokenKind};
use super::tree::{loop_words, redirects_from, simple_command};
use crate::source::Span;

/// Nesting beyond which a text is left to the grammar.
const MAX_DEPTH: usize = 50;

/// The commands of a text; `None` where the grammar must tell.
pub fn read(text: &str, lexed: &Lexed) -> Option<Vec<Command>> {
    if !lexed.faults.is_empty() {
        return None;
    }
    let mut reader = Reader { text, lexed, at: 0, depth: 0 };
    let body = reader.statements(&[])?;
    (reader.at == lexed.tokens.len()).then_some(body)
}

struct Reader<'a> {
    text: &'a str,
    lexed: &'a Lexed,
    at: usize,
    depth: usize,
}

/// A command, and the bytes that it has without its redirections.
struct Piece {
    command: Command,
    core: Span,
}

impl Reader<'_> {
    fn token(&self) -> Option<&Token> {
        self.lexed.tokens.get(self.at)
    }

    /// The text of the token at hand when it is of that kind.
    fn is(&self, kind: &TokenKind) -> Option<&str> {
        let token = self.token().filter(|token| token.kind == *kind)?;
        self.text.get(token.span.start..token.span.end)
    }

    fn keyword(&self) -> Option<&str> {
        self.is(&TokenKind::Keyword)
    }

    fn operator(&self) -> Option<&str> {
        self.is(&TokenKind::Operator)
    }

    fn skip_newlines(&mut self) {
        while self.is(&TokenKind::Newline).is_some() {
            self.at += 1;
        }
    }

    /// Takes the keyword `word`, which must be here.
    fn take(&mut self, word: &str) -> Option<Span> {
        (self.keyword() == Some(word)).then_some(())?;
        let span = self.token()?.span;
        self.at += 1;
        Some(span)
    }

    /// Statements up to a keyword of `closers`, a `)`, a `;;` or the end.
    fn statements(&mut self, closers: &[&str]) -> Option<Vec<Command>> {
        let mut body = Vec::new();
        loop {
            self.skip_newlines();
            if self.closes(closers) {
                return Some(body);
            }
            let mut command = self.and_or()?.command;
            let separator = self.operator();
            command.background = matches!(separator, Some("&" | "&|" | "&!"));
            let separated = matches!(separator, Some(";")) || command.background;
            body.push(command);
            if separated {
                self.at += 1;
            } else if self.is(&TokenKind::Newline).is_none() {
                return self.closes(closers).then_some(body);
            }
        }
    }

    fn closes(&self, closers: &[&str]) -> bool {
        self.token().is_none()
            || self.keyword().is_some_and(|word| closers.contains(&word))
            || matches!(self.operator(), Some(")" | ";;" | ";&" | ";;&"))
    }

    /// Statements of which there is at least one, as the grammar wants it.
    fn some(&mut self, closers: &[&str]) -> Option<Vec<Command>> {
        self.statements(closers).filter(|body| !body.is_empty())
    }

    fn and_or(&mut self) -> Option<Piece> {
        let first = self.pipeline()?;
        let mut core = first.core;
        let mut rest = Vec::new();
        while let Some(and) = self.operator().filter(|op| matches!(*op, "&&" | "||")).map(|op| op == "&&") {
            self.at += 1;
            self.skip_newlines();
            let next = self.pipeline()?;
            core = core.to(next.core);
            rest.push((and, next.command));
        }
        if rest.is_empty() {
            return Some(first);
        }
        Some(self.piece(core, Node::AndOr { first: Box::new(first.command), rest }))
    }

    fn pipeline(&mut self) -> Option<Piece> {
        let first = self.command()?;
        let mut core = first.core;
        if !matches!(self.operator(), Some("|" | "|&")) {
            return Some(first);
        }
        let mut stages = vec![first.command];
        while matches!(self.operator(), Some("|" | "|&")) {
            self.at += 1;
            self.skip_newlines();
            let next = self.command()?;
            core = core.to(next.core);
            stages.push(next.command);
        }
        Some(self.piece(core, Node::Pipeline(stages)))
    }

    /// A command that is not simple, with the redirections behind it.
    fn piece(&mut self, core: Span, node: Node) -> Piece {
        let redirects: Vec<Redirect> = redirects_from(self.lexed, core.end);
        let end = redirects.last().map_or(core.end, |redirect| redirect.span.end);
        while self.token().is_some_and(|token| token.span.start < end) {
            self.at += 1;
        }
        Piece { command: Command { span: Span::new(core.start, end), node, redirects, background: false }, core }
    }

    fn command(&mut self) -> Option<Piece> {
        let token = self.token()?;
        let start = token.span;
        match &token.kind {
            TokenKind::Word { .. } | TokenKind::Redirect { .. } => {
                let named = self.lexed.tokens.get(self.at + 1).filter(|next| next.kind == TokenKind::Keyword);
                return match named {
                    Some(parens) if self.text.as_bytes().get(parens.span.start) == Some(&b'(') => {
                        self.at += 2;
                        self.function(start, start)
                    }
                    _ => self.simple(),
                };
            }
            TokenKind::Operator if self.operator() == Some("(") => {}
            TokenKind::Keyword => {}
            TokenKind::Operator | TokenKind::Newline => return None,
        }
        let word = self.text.get(start.start..start.end)?;
        self.at += 1;
        if matches!(word, "!" | "time") {
            return self.command();
        }
        self.depth += 1;
        if self.depth > MAX_DEPTH {
            return None;
        }
        let (end, node) = match word {
            "{" => {
                let body = self.some(&["}"])?;
                (self.take("}")?, Node::Group(body))
            }
            "(" => {
                let body = self.some(&[])?;
                let end = self.token().filter(|_| self.operator() == Some(")"))?.span;
                self.at += 1;
                (end, Node::Subshell(body))
            }
            "if" => self.conditional()?,
            "while" | "until" => {
                let condition = self.some(&["do"])?;
                let (body, end) = self.repeated()?;
                (end, Node::Loop { variable: None, words: Vec::new(), condition, body })
            }
            "for" | "select" => self.over_words(start)?,
            "case" => self.case()?,
            "function" => {
                let name = self.token().filter(|token| matches!(token.kind, TokenKind::Word { .. }))?.span;
                self.at += 1;
                if self.keyword().is_some_and(|word| word.starts_with('(')) {
                    self.at += 1;
                }
                self.depth -= 1;
                return self.function(start, name);
            }
            _ => return None,
        };
        self.depth -= 1;
        Some(self.piece(start.to(end), node))
    }

    /// A simple command: the run of words and redirections.
    fn simple(&mut self) -> Option<Piece> {
        let tokens = &self.lexed.tokens[self.at..];
        let is_part = |token: &&Token| matches!(token.kind, TokenKind::Word { .. } | TokenKind::Redirect { .. });
        let count = tokens.iter().take_while(is_part).count();
        let words = tokens[..count].iter().filter(|token| matches!(token.kind, TokenKind::Word { .. }));
        // Redirections alone are for the grammar.
        let core = words.map(|token| token.span).reduce(Span::to)?;
        self.at += count;
        Some(Piece { command: simple_command(&tokens[..count], self.lexed), core })
    }

    fn function(&mut self, start: Span, name: Span) -> Option<Piece> {
        self.skip_newlines();
        let group = self.keyword() == Some("{");
        if !group && self.operator() != Some("(") {
            return None;
        }
        let body = self.command()?;
        let core = start.to(body.core);
        let body = match body.command.node {
            Node::Group(body) if group => body,
            _ => vec![body.command],
        };
        Some(self.piece(core, Node::Function { name, body }))
    }

    fn conditional(&mut self) -> Option<(Span, Node)> {
        let mut arms = Vec::new();
        loop {
            let tests = self.some(&["then"])?;
            self.take("then")?;
            arms.push((tests, self.some(&["elif", "else", "fi"])?));
            if self.take("elif").is_none() {
                break;
            }
        }
        let otherwise = match self.take("else") {
            Some(_) => Some(self.some(&["fi"])?),
            None => None,
        };
        Some((self.take("fi")?, Node::If { arms, otherwise }))
    }

    /// `do … done`.
    fn repeated(&mut self) -> Option<(Vec<Command>, Span)> {
        self.take("do")?;
        let body = self.some(&["done"])?;
        Some((body, self.take("done")?))
    }

    fn over_words(&mut self, keyword: Span) -> Option<(Span, Node)> {
        let (variable, words) = loop_words(self.text, self.lexed, keyword.start);
        self.at += usize::from(variable.is_some());
        if self.take("in").is_some() {
            self.at += words.len();
        } else if !words.is_empty() {
            // zsh's `for X (A B)`.
            return None;
        }
        if self.operator() == Some(";") {
            self.at += 1;
        }
        self.skip_newlines();
        let (body, end) = self.repeated()?;
        Some((end, Node::Loop { variable, words, condition: Vec::new(), body }))
    }

    fn case(&mut self) -> Option<(Span, Node)> {
        let subject = self.token().filter(|token| matches!(token.kind, TokenKind::Word { .. }))?.span;
        self.at += 1;
        self.skip_newlines();
        self.take("in")?;
        let mut arms = Vec::new();
        loop {
            self.skip_newlines();
            if let Some(end) = self.take("esac") {
                return (!arms.is_empty()).then_some((end, Node::Case { subject: Some(subject), arms }));
            }
            let mut patterns = Vec::new();
            loop {
                patterns.push(self.token().filter(|token| matches!(token.kind, TokenKind::Word { .. }))?.span);
                self.at += 1;
                match self.operator()? {
                    "|" => self.at += 1,
                    ")" => break,
                    _ => return None,
                }
            }
            self.at += 1;
            let body = self.statements(&["esac"])?;
            arms.push((patterns, body));
            match self.operator() {
                Some(";;" | ";&" | ";;&") => self.at += 1,
                _ if self.keyword() == Some("esac") => {}
                _ => return None,
            }
        }
    }
}
