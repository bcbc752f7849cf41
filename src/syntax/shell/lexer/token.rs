//! What the lexer gives: tokens, and the copy for the grammar.

use std::cell::Cell;
use std::mem;
use std::ops::{Deref, DerefMut};

use crate::source::Span;
use crate::syntax::shell::ast::{Heredoc, RedirectOp, WordKind};

/// A token: what stands where.
#[derive(Clone, Debug)]
pub struct Token {
    /// Its bytes.
    pub span: Span,
    /// What it is.
    pub kind: TokenKind,
    /// How many compound commands are open after it.
    pub depth: usize,
}

/// What a token is.
#[derive(Clone, Debug, PartialEq)]
pub enum TokenKind {
    /// A word; an assignment before a command when so marked.
    Word {
        /// `NAME=value` in front of a command.
        assignment: bool,
        /// Plain, `[[ … ]]` or `(( … ))`.
        kind: WordKind,
    },
    /// A reserved word or brace that the grammar is given as it is.
    Keyword,
    /// `;`, `&`, `&&`, `||`, `|`, `|&`, `;;`, `(`, `)`.
    Operator,
    /// A line end.
    Newline,
    /// A redirection, its target included.
    Redirect {
        /// What it does.
        op: RedirectOp,
        /// File descriptor in front.
        fd: Option<u32>,
        /// Its target.
        target: Span,
        /// Index into [`Lexed::heredocs`].
        heredoc: Option<usize>,
    },
}

/// The tokens of one text. Their room is used again by the next text of the thread: given back for each of many, it
/// would be cleared by the system for each of them.
#[derive(Debug, Default)]
pub struct Tokens(Vec<Token>);

thread_local! {
    static ROOM: Cell<Vec<Token>> = const { Cell::new(Vec::new()) };
}

/// The most tokens for which room is kept.
const MAX_KEPT: usize = 10_000;

impl Tokens {
    /// None yet, with room for so many.
    pub fn with_room(count: usize) -> Self {
        let mut tokens = ROOM.take();
        tokens.reserve(count);
        Self(tokens)
    }
}

impl Drop for Tokens {
    fn drop(&mut self) {
        if self.0.capacity() <= MAX_KEPT {
            self.0.clear();
            ROOM.set(mem::take(&mut self.0));
        }
    }
}

impl Deref for Tokens {
    type Target = Vec<Token>;

    fn deref(&self) -> &Vec<Token> {
        &self.0
    }
}

impl DerefMut for Tokens {
    fn deref_mut(&mut self) -> &mut Vec<Token> {
        &mut self.0
    }
}

/// The result of lexing one region.
#[derive(Debug, Default)]
pub struct Lexed {
    /// The copy for the grammar: as long as the region.
    pub mask: Vec<u8>,
    /// The tokens in order.
    pub tokens: Tokens,
    /// The comments.
    pub comments: Vec<Span>,
    /// The here documents.
    pub heredocs: Vec<Heredoc>,
    /// What went wrong, and where.
    pub faults: Vec<(Span, &'static str)>,
    /// Places of quotes that closed on a later line: the suspects when a later quote does not end.
    pub long_quotes: Vec<usize>,
}
