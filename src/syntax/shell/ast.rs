//! The shape of a shell script: lists, branches and simple commands, with words as byte ranges.
//!
//! Words are not expanded here: [`super::word`] takes them apart when their value is asked for.

use crate::source::Span;

/// A parsed script or a part of one.
#[derive(Clone, Debug, Default)]
pub struct Script {
    /// The commands in order.
    pub body: Vec<Command>,
    /// The comments, without their line ends.
    pub comments: Vec<Span>,
    /// The bodies of here documents.
    pub heredocs: Vec<Span>,
    /// Words of several lines, in order, each from its second byte on: lines that begin there are text.
    pub long_words: Vec<Span>,
    /// Regions that were not understood, with the reason.
    pub gaps: Vec<(Span, &'static str)>,
}

/// One command, simple or compound.
#[derive(Clone, Debug)]
pub struct Command {
    /// Its bytes, redirections included.
    pub span: Span,
    /// What it is.
    pub node: Node,
    /// Redirections of a compound command (a simple one has its own).
    pub redirects: Vec<Redirect>,
    /// Run in the background (`&`).
    pub background: bool,
}

/// What a command is.
#[derive(Clone, Debug)]
pub enum Node {
    /// Words, assignments and redirections.
    Simple(Simple),
    /// `a | b | c`.
    Pipeline(Vec<Command>),
    /// `a && b || c`: each after the first runs or not.
    AndOr {
        /// The first.
        first: Box<Command>,
        /// The others, each with `true` for `&&` and `false` for `||` before it.
        rest: Vec<(bool, Command)>,
    },
    /// `{ …; }`.
    Group(Vec<Command>),
    /// `( … )`.
    Subshell(Vec<Command>),
    /// `if … then … elif … else … fi`.
    If {
        /// Conditions with their bodies.
        arms: Vec<(Vec<Command>, Vec<Command>)>,
        /// The `else` body.
        otherwise: Option<Vec<Command>>,
    },
    /// `for`, `select`, `while`, `until`.
    Loop {
        /// The loop variable.
        variable: Option<Span>,
        /// The words that it takes.
        words: Vec<Span>,
        /// The condition of `while` and `until`.
        condition: Vec<Command>,
        /// What is repeated.
        body: Vec<Command>,
    },
    /// `case … in … esac`.
    Case {
        /// The word that is compared.
        subject: Option<Span>,
        /// Patterns with their bodies.
        arms: Vec<(Vec<Span>, Vec<Command>)>,
    },
    /// `name() { … }`.
    Function {
        /// The name.
        name: Span,
        /// The body.
        body: Vec<Command>,
    },
    /// Commands of a region whose structure is lost: each runs perhaps.
    Unclear(Vec<Command>),
}

/// A simple command.
#[derive(Clone, Debug, Default)]
pub struct Simple {
    /// All words, leading assignments included.
    pub words: Vec<Word>,
    /// How many of them are assignments before the command.
    pub assignments: usize,
    /// Its redirections.
    pub redirects: Vec<Redirect>,
}

/// A word of a command.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Word {
    /// Its bytes, quotes included.
    pub span: Span,
    /// What it is.
    pub kind: WordKind,
}

/// What a word is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum WordKind {
    /// A word to be expanded.
    Plain,
    /// `[[ … ]]` as a whole.
    Test,
    /// `(( … ))` as a whole.
    Arithmetic,
}

/// A redirection.
#[derive(Clone, Debug)]
pub struct Redirect {
    /// Operator and target.
    pub span: Span,
    /// What it does.
    pub op: RedirectOp,
    /// The file descriptor in front, when written.
    pub fd: Option<u32>,
    /// The word after the operator; the delimiter of a here document.
    pub target: Span,
    /// The here document.
    pub heredoc: Option<Heredoc>,
}

/// What a redirection does.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RedirectOp {
    /// `<`.
    Read,
    /// `>`, `>|`, `>>`, `&>`, `<>`.
    Write,
    /// `>&`, `<&`.
    Duplicate,
    /// `<<`, `<<-`.
    Heredoc,
    /// `<<<`.
    Herestring,
}

/// A here document.
#[derive(Clone, Copy, Debug)]
pub struct Heredoc {
    /// Its lines, without the one that ends it.
    pub body: Span,
    /// The delimiter is quoted: nothing in the body is expanded.
    pub quoted: bool,
    /// `<<-`: tabs at the beginning of its lines are taken away.
    pub strip_tabs: bool,
}
