//! Reserved words: where they are reserved, what may follow them, and what the grammar is given for them.

use super::{Lexer, Nest, Position, TokenKind};
use crate::source::Span;
use crate::syntax::shell::ast::WordKind;
use crate::syntax::shell::scan::is_blank;

impl Lexer<'_> {
    /// zsh's `if [[ … ]] { … }`: the brace takes the part of `then` and `fi`.
    pub(super) fn brace_of_test(&mut self, span: Span) -> bool {
        let after_test = self.out.tokens.last().is_some_and(|token| {
            matches!(token.kind, TokenKind::Word { kind: WordKind::Test | WordKind::Arithmetic, .. })
        });
        let opens =
            self.zsh && after_test && self.position == Position::Words && &self.bytes[span.start..span.end] == b"{";
        if opens {
            self.nests.pop();
            self.nests.push(Nest::Brace);
            self.push(span, TokenKind::Keyword);
            self.at = span.end;
            self.position = Position::Command;
        }
        opens
    }

    /// Reserved words, where they are reserved.
    pub(super) fn keyword(&mut self, span: Span) -> bool {
        let word = &self.bytes[span.start..span.end];
        let next = match self.position {
            // zsh ends a brace anywhere.
            Position::Words if self.zsh && word == b"}" && self.nests.last() == Some(&Nest::Brace) => {
                Some(Position::Closed)
            }
            Position::Command => self.opening(word),
            Position::Closed => closing(word),
            Position::CaseIn if word == b"in" => Some(Position::Pattern),
            Position::Pattern if word == b"esac" => Some(Position::Closed),
            Position::ForIn => match word {
                b"in" => Some(Position::Words),
                b"do" | b"{" => {
                    self.separate_before(span.start);
                    Some(Position::Command)
                }
                _ => None,
            },
            _ => None,
        };
        let Some(next) = next else { return false };
        if self.position == Position::Closed {
            self.separate_before(span.start);
        }
        self.nest(span);
        self.rewrite(span);
        self.push(span, TokenKind::Keyword);
        self.at = self.resume.take().unwrap_or(span.end);
        if next == Position::Words && self.position == Position::ForIn && self.alone(span.end) {
            // `for x in; do`: the grammar wants no `in` without words.
            self.blank(span);
        }
        self.position = next;
        true
    }

    fn opening(&self, word: &[u8]) -> Option<Position> {
        match word {
            b"if" | b"while" | b"until" | b"!" | b"time" | b"coproc" | b"{" => Some(Position::Command),
            b"case" => Some(Position::CaseSubject),
            b"for" | b"select" => Some(Position::ForName),
            b"function" => Some(Position::FunctionName),
            _ => closing(word),
        }
    }

    fn nest(&mut self, span: Span) {
        match &self.bytes[span.start..span.end] {
            b"if" => self.nests.push(Nest::If),
            b"while" | b"until" | b"for" | b"select" => self.nests.push(Nest::Loop),
            b"case" => self.nests.push(Nest::Case),
            b"{" => self.nests.push(Nest::Brace),
            b"fi" => self.unnest(Nest::If),
            b"done" => self.unnest(Nest::Loop),
            b"esac" => self.unnest(Nest::Case),
            b"}" => self.unnest(Nest::Brace),
            _ => {}
        }
    }

    /// Closes a compound command, if it is the innermost.
    pub(super) fn unnest(&mut self, nest: Nest) {
        if self.nests.last() == Some(&nest) {
            self.nests.pop();
        }
    }

    /// What the grammar is given instead of words that it knows otherwise or not at all.
    fn rewrite(&mut self, span: Span) {
        let word = self.bytes[span.start..span.end].to_vec();
        match word.as_slice() {
            b"select" => {
                self.blank(span);
                let from = span.start - self.base;
                self.out.mask[from..from + 3].copy_from_slice(b"for");
            }
            b"!" => self.blank(span),
            b"time" => {
                self.blank(span);
                self.blank_word(span.end, |word, _| word == b"-p");
            }
            b"coproc" => {
                self.blank(span);
                // `coproc NAME { … }`: the name is no command.
                self.blank_word(span.end, |_, rest| rest.trim_ascii_start().starts_with(b"{"));
            }
            _ => {}
        }
    }

    /// Blanks the word after `at` when `test` holds of it and of what follows; the lexer goes on behind it.
    fn blank_word(&mut self, at: usize, test: impl Fn(&[u8], &[u8]) -> bool) {
        let start = at + self.bytes[at..].iter().take_while(|byte| is_blank(**byte)).count();
        let length = self.bytes[start..]
            .iter()
            .take_while(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'-'))
            .count();
        let end = start + length;
        if length > 0 && test(&self.bytes[start..end], &self.bytes[end..]) {
            self.blank(Span::new(start, end));
            self.resume = Some(end);
        }
    }
}

/// Words that end or divide a compound command, and what may follow them.
fn closing(word: &[u8]) -> Option<Position> {
    match word {
        b"then" | b"else" | b"elif" | b"do" => Some(Position::Command),
        b"fi" | b"done" | b"esac" | b"}" => Some(Position::Closed),
        _ => None,
    }
}
