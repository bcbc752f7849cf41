//! What the lexer gives: tokens, and the copy for the grammar.

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

/// The result of lexing one region.
#[derive(Debug, Default)]
pub struct Lexed {
    /// The copy for the grammar: as long as the region.
    pub mask: Vec<u8>,
    /// The tokens in order.
    pub tokens: Vec<Token>,
    /// The comments.
    pub comments: Vec<Span>,
    /// The here documents.
    pub heredocs: Vec<Heredoc>,
    /// What went wrong, and where.
    pub faults: Vec<(Span, &'static str)>,
    /// Places of quotes that closed on a later line: the suspects when a later quote does not end.
    pub long_quotes: Vec<usize>,
}
