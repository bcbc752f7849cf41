//! Reads a region whose structure the grammar could not tell: simple commands one by one, with functions and
//! braces kept together, all else flat.

use std::ops::Range;

use super::ast::{Command, Node};
use super::lexer::{Lexed, Token, TokenKind};
use super::tree::simple_command;
use crate::source::Span;

/// The commands of a range of tokens. Commands inside branches and loops are in a [`Node::Unclear`].
pub fn read(text: &str, lexed: &Lexed, range: Range<usize>) -> Vec<Command> {
    let mut reader = Reader { text, lexed, at: range.start, end: range.end };
    reader.commands(0)
}

struct Reader<'a> {
    text: &'a str,
    lexed: &'a Lexed,
    at: usize,
    end: usize,
}

/// Nesting of functions in functions.
const MAX_DEPTH: usize = 40;

impl Reader<'_> {
    fn slice(&self, token: &Token) -> &str {
        self.text.get(token.span.start..token.span.end).unwrap_or("")
    }

    /// Reads up to the `}` that closes this level.
    fn commands(&mut self, depth: usize) -> Vec<Command> {
        let mut body = Vec::new();
        // Commands behind `if`, `case` and the like run or not.
        let mut branches = 0_usize;
        while self.at < self.end {
            let token = &self.lexed.tokens[self.at];
            let start = token.span.start;
            match &token.kind {
                TokenKind::Keyword => {
                    let word = self.slice(token).to_owned();
                    self.at += 1;
                    match word.as_str() {
                        "}" => return body,
                        "{" if depth < MAX_DEPTH => {
                            let inner = self.commands(depth + 1);
                            let node = if branches > 0 { Node::Unclear(inner) } else { Node::Group(inner) };
                            body.push(self.compound(start, node));
                        }
                        "function" => self.function(start, depth, &mut body),
                        "if" | "case" | "for" | "while" | "until" | "select" => branches += 1,
                        "fi" | "esac" | "done" => branches = branches.saturating_sub(1),
                        _ => {}
                    }
                }
                TokenKind::Word { .. } | TokenKind::Redirect { .. } => {
                    if self.names_function() {
                        self.function(start, depth, &mut body);
                        continue;
                    }
                    let command = self.simple();
                    if branches > 0 {
                        body.push(Command {
                            span: command.span,
                            node: Node::Unclear(vec![command]),
                            redirects: Vec::new(),
                            background: false,
                        });
                    } else {
                        body.push(command);
                    }
                }
                TokenKind::Operator | TokenKind::Newline => self.at += 1,
            }
        }
        body
    }

    fn simple(&mut self) -> Command {
        let from = self.at;
        while self.at < self.end
            && matches!(self.lexed.tokens[self.at].kind, TokenKind::Word { .. } | TokenKind::Redirect { .. })
        {
            self.at += 1;
        }
        simple_command(&self.lexed.tokens[from..self.at], self.lexed)
    }

    /// `name ()`.
    fn names_function(&self) -> bool {
        self.lexed.tokens.get(self.at + 1).is_some_and(|next| {
            self.at + 1 < self.end && next.kind == TokenKind::Keyword && self.slice(next).starts_with('(')
        })
    }

    fn function(&mut self, start: usize, depth: usize, body: &mut Vec<Command>) {
        let Some(name) = self.lexed.tokens.get(self.at).filter(|_| self.at < self.end).map(|token| token.span) else {
            return;
        };
        self.at += 1;
        while self.at < self.end {
            let token = &self.lexed.tokens[self.at];
            match token.kind {
                TokenKind::Newline => self.at += 1,
                TokenKind::Keyword if self.slice(token).starts_with('(') => self.at += 1,
                TokenKind::Keyword if self.slice(token) == "{" && depth < MAX_DEPTH => {
                    self.at += 1;
                    let inner = self.commands(depth + 1);
                    body.push(self.compound(start, Node::Function { name, body: inner }));
                    return;
                }
                _ => return,
            }
        }
    }

    fn compound(&self, start: usize, node: Node) -> Command {
        let end = self.lexed.tokens[self.at.saturating_sub(1)].span.end;
        Command { span: Span::new(start, end.max(start)), node, redirects: Vec::new(), background: false }
    }
}
