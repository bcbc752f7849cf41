//! Reads shell text into tokens, and writes the copy that the grammar is given.
//!
//! tree-sitter-bash knows the compound commands well, and words, quotes, here documents and redirections
//! less well. So everything inside words is read here, as bash reads it, and the grammar gets a copy of equal
//! length in which each word is inert (`____`), and comments, redirections and here documents are blanks.
//! Byte positions stay, so that the tree's nodes and the tokens find each other again.

mod keyword;
mod redirect;
mod token;

pub use token::{Lexed, Token, TokenKind, Tokens};

use super::ast::WordKind;
use super::scan::{Fault, Scanner, is_blank};
use crate::source::Span;

/// Nesting of compound commands beyond which a text is turned away.
pub const MAX_NESTING: usize = 200;
/// Bars in one text beyond which it is turned away: the grammar's recovery is exponential there.
pub const MAX_BARS_IN_STATEMENT: usize = 500;

/// How long a token of usual scripts is with what stands around it; room is made for so many.
const BYTES_OF_A_TOKEN: usize = 5;

/// What editors on Windows put in front of UTF-8.
const BYTE_ORDER_MARK: &[u8] = b"\xef\xbb\xbf";

/// Lexes the bytes `region` of `text`. `broken` holds the places of quotes that are to be read as plain characters.
pub fn lex(text: &str, region: Span, broken: &[usize], zsh: bool) -> Lexed {
    let bytes = &text.as_bytes()[..region.end];
    let mut mask = bytes[region.start..].to_vec();
    for byte in &mut mask {
        if *byte == b'\r' || *byte == b'\t' {
            *byte = b' ';
        }
    }
    let mut lexer = Lexer {
        text,
        bytes,
        base: region.start,
        at: region.start,
        scanner: Scanner::new(bytes, broken, zsh),
        out: Lexed { mask, tokens: Tokens::with_room(region.len() / BYTES_OF_A_TOKEN), ..Lexed::default() },
        position: Position::Command,
        nests: Vec::new(),
        pending: Vec::new(),
        bars: 0,
        resume: None,
        zsh,
    };
    lexer.run();
    lexer.out.long_quotes = lexer.scanner.long_quotes();
    lexer.out
}

#[derive(Clone, Copy, PartialEq, Debug)]
enum Position {
    /// A command may begin.
    Command,
    /// Inside a command's words.
    Words,
    /// After `fi`, `done`, `esac`, `}`, `)`: only separators, closing words and redirections.
    Closed,
    /// After `case`: the word compared.
    CaseSubject,
    /// After that word: `in`.
    CaseIn,
    /// A pattern of a `case`, up to its `)`.
    Pattern,
    /// After `for` or `select`: the variable.
    ForName,
    /// After that: `in`, `do`, or a separator.
    ForIn,
    /// After `function`: its name.
    FunctionName,
}

#[derive(Clone, Copy, PartialEq, Debug)]
enum Nest {
    If,
    Loop,
    Case,
    Brace,
    Paren,
}

struct Lexer<'a> {
    text: &'a str,
    bytes: &'a [u8],
    base: usize,
    at: usize,
    scanner: Scanner<'a>,
    out: Lexed,
    position: Position,
    nests: Vec<Nest>,
    pending: Vec<Pending>,
    bars: usize,
    /// Where reading goes on after a keyword that took the word after it along.
    resume: Option<usize>,
    zsh: bool,
}

struct Pending {
    index: usize,
    delimiter: String,
    strip_tabs: bool,
}

impl Lexer<'_> {
    fn run(&mut self) {
        if self.base == 0 && self.bytes.starts_with(BYTE_ORDER_MARK) {
            self.blank(Span::new(0, BYTE_ORDER_MARK.len()));
            self.at = BYTE_ORDER_MARK.len();
        }
        while self.at < self.bytes.len() {
            let byte = self.bytes[self.at];
            match byte {
                b' ' | b'\t' | b'\r' => self.at += 1,
                b'\\' if self.newline_at(self.at + 1).is_some() => {
                    let end = self.newline_at(self.at + 1).unwrap_or(self.at + 1);
                    self.blank(Span::new(self.at, end));
                    self.at = end;
                }
                b'\n' => self.newline(),
                b'#' if self.starts_comment() => self.comment(),
                b'<' | b'>' if self.bytes.get(self.at + 1) != Some(&b'(') => self.redirect(self.at, None),
                b'&' if self.bytes.get(self.at + 1) == Some(&b'>') => self.redirect(self.at, None),
                b';' | b'&' | b'|' => self.operator(),
                b'(' if self.at_arithmetic() => self.arithmetic(),
                b'(' => self.open_paren(),
                b')' => self.close_paren(),
                _ => self.word(),
            }
            if self.nests.len() > MAX_NESTING {
                self.give_up("commands nested deeper than 200 levels");
            } else if self.bars > MAX_BARS_IN_STATEMENT {
                self.give_up("a pipeline of more than 500 commands");
            }
        }
    }

    fn give_up(&mut self, reason: &'static str) {
        let rest = Span::new(self.at, self.bytes.len());
        self.out.faults.push((rest, reason));
        self.blank(rest);
        self.at = self.bytes.len();
        self.nests.clear();
        self.bars = 0;
    }

    // ---- small pieces

    /// The place after a line end that begins at `at`.
    fn newline_at(&self, at: usize) -> Option<usize> {
        match self.bytes.get(at) {
            Some(b'\n') => Some(at + 1),
            Some(b'\r') if self.bytes.get(at + 1) == Some(&b'\n') => Some(at + 2),
            _ => None,
        }
    }

    fn starts_comment(&self) -> bool {
        self.at == self.base
            || self.bytes[..self.at] == *BYTE_ORDER_MARK
            || matches!(self.bytes[self.at - 1], b' ' | b'\t' | b'\n' | b'\r' | b';' | b'&' | b'|' | b'(' | b')')
    }

    fn fill(&mut self, span: Span, with: u8) {
        for byte in &mut self.out.mask[span.start - self.base..span.end - self.base] {
            *byte = with;
        }
    }

    fn blank(&mut self, span: Span) {
        self.fill(span, b' ');
    }

    fn inert(&mut self, span: Span) {
        self.fill(span, b'_');
    }

    fn push(&mut self, span: Span, kind: TokenKind) {
        self.out.tokens.push(Token { span, kind, depth: self.nests.len() });
    }

    fn slice(&self, span: Span) -> &str {
        self.text.get(span.start..span.end).unwrap_or("")
    }

    /// Puts a `;` on the blank before `at`, where the grammar wants one that bash does not.
    fn separate_before(&mut self, at: usize) {
        if at > self.base && self.out.mask[at - 1 - self.base] == b' ' {
            self.out.mask[at - 1 - self.base] = b';';
        }
    }

    fn fault(&mut self, fault: Fault) {
        self.out.faults.push((fault.span, fault.reason));
    }

    // ---- tokens

    fn newline(&mut self) {
        let span = Span::at(self.at);
        self.push(Span::new(span.start, span.start + 1), TokenKind::Newline);
        self.at += 1;
        self.bars = 0;
        self.position = match self.position {
            Position::Pattern | Position::CaseIn | Position::CaseSubject | Position::FunctionName => self.position,
            _ => Position::Command,
        };
        for pending in std::mem::take(&mut self.pending) {
            self.heredoc_body(&pending);
        }
    }

    fn comment(&mut self) {
        let end = memchr::memchr(b'\n', &self.bytes[self.at..]).map_or(self.bytes.len(), |at| self.at + at);
        let trimmed = end - usize::from(end > self.at && self.bytes[end - 1] == b'\r');
        self.out.comments.push(Span::new(self.at, trimmed));
        self.blank(Span::new(self.at, end));
        self.at = end;
    }

    fn operator(&mut self) {
        let rest = &self.bytes[self.at..];
        let length = [&b";;&"[..], b";;", b";&", b"&&", b"||", b"|&", b"&|", b"&!"]
            .iter()
            .find(|op| rest.starts_with(op))
            .map_or(1, |op| op.len());
        let span = Span::new(self.at, self.at + length);
        let text = &self.bytes[span.start..span.end];
        let ends_arm = matches!(text, b";;" | b";&" | b";;&");
        if matches!(text, b";;&" | b";&") {
            // The grammar wants `;;` here as much as anywhere.
            self.out.mask[span.start - self.base..span.start - self.base + 2].copy_from_slice(b";;");
            if length == 3 {
                self.blank(Span::new(span.end - 1, span.end));
            }
        } else if matches!(text, b"|&" | b"&|" | b"&!") {
            let kept = if text[0] == b'|' { b'|' } else { b'&' };
            self.out.mask[span.start - self.base] = kept;
            self.blank(Span::new(span.start + 1, span.end));
        }
        self.bars = if text[0] == b'|' && length == 1 { self.bars + 1 } else { 0 };
        self.push(span, TokenKind::Operator);
        self.at = span.end;
        let pattern = self.position == Position::Pattern || (ends_arm && self.nests.last() == Some(&Nest::Case));
        self.position = if pattern { Position::Pattern } else { Position::Command };
    }

    fn open_paren(&mut self) {
        let span = Span::new(self.at, self.at + 1);
        match self.position {
            // `(pattern)` of a case: the parenthesis is decoration.
            Position::Pattern => self.blank(span),
            Position::Command => {
                self.nests.push(Nest::Paren);
                self.push(span, TokenKind::Operator);
            }
            // Anywhere else bash has no parenthesis; zsh's glob qualifiers and `for x (a b)` do.
            _ => {
                let end = self.scanner.balanced(self.at, b'(', b')').unwrap_or(self.at + 1);
                let span = Span::new(self.at, end);
                self.inert(span);
                self.push(span, TokenKind::Word { assignment: false, kind: WordKind::Plain });
                self.at = end;
                return;
            }
        }
        self.at += 1;
    }

    fn close_paren(&mut self) {
        let span = Span::new(self.at, self.at + 1);
        if self.position == Position::Pattern {
            self.position = Position::Command;
        } else {
            self.unnest(Nest::Paren);
            self.position = Position::Closed;
        }
        self.push(span, TokenKind::Operator);
        self.at += 1;
    }

    fn at_arithmetic(&self) -> bool {
        self.bytes.get(self.at + 1) == Some(&b'(')
            && matches!(self.position, Position::Command | Position::ForName)
            && self.scanner.arithmetic_end(self.at + 2).is_some()
    }

    fn arithmetic(&mut self) {
        let end = self.scanner.arithmetic_end(self.at + 2).unwrap_or(self.at + 2);
        let span = Span::new(self.at, end);
        self.inert(span);
        if self.position == Position::ForName {
            // `for ((…))` becomes `for _ in ___`.
            let from = span.start - self.base;
            self.out.mask[from..from + 4].copy_from_slice(b"_ in");
            if span.len() > 5 {
                self.out.mask[from + 4] = b' ';
            } else {
                self.out.mask[from..from + 4].copy_from_slice(b"_   ");
                self.out.mask[from + 4..end - self.base].fill(b' ');
            }
            self.at = end;
            self.position = Position::ForIn;
            return;
        }
        self.push(span, TokenKind::Word { assignment: false, kind: WordKind::Arithmetic });
        self.at = end;
        self.position = Position::Words;
    }

    // ---- words

    fn word(&mut self) {
        let start = self.at;
        if self.position == Position::Command && self.test_command() {
            return;
        }
        let end = match self.scanner.word(start) {
            Ok(end) => end.max(start + 1),
            Err(fault) => {
                let end = fault.resume.max(start + 1);
                self.fault(fault);
                end
            }
        };
        let span = Span::new(start, end);
        if self.descriptor(span) {
            return;
        }
        if self.keyword(span) || self.brace_of_test(span) {
            return;
        }
        self.inert(span);
        self.at = end;
        match self.position {
            Position::CaseSubject => {
                self.push(span, plain());
                self.position = Position::CaseIn;
            }
            Position::Pattern => self.push(span, plain()),
            Position::ForName => {
                self.push(span, plain());
                self.position = Position::ForIn;
            }
            Position::FunctionName => {
                self.push(span, plain());
                self.skip_empty_parens();
                self.position = Position::Command;
            }
            Position::Command => self.first_word(span),
            _ => self.push(span, plain()),
        }
    }

    /// The first word of a command: an assignment, a function's name, or the program.
    fn first_word(&mut self, span: Span) {
        if is_assignment(&self.bytes[span.start..span.end]) {
            self.push(span, TokenKind::Word { assignment: true, kind: WordKind::Plain });
            return;
        }
        self.push(span, plain());
        if self.skip_empty_parens() {
            self.position = Position::Command;
        } else {
            self.position = Position::Words;
        }
    }

    /// Reads `()` after a function's name; the mask keeps it.
    fn skip_empty_parens(&mut self) -> bool {
        let mut at = self.at;
        while self.bytes.get(at).is_some_and(|byte| is_blank(*byte)) {
            at += 1;
        }
        if self.bytes.get(at) != Some(&b'(') {
            return false;
        }
        let mut close = at + 1;
        while self.bytes.get(close).is_some_and(|byte| is_blank(*byte)) {
            close += 1;
        }
        if self.bytes.get(close) != Some(&b')') {
            return false;
        }
        self.push(Span::new(at, close + 1), TokenKind::Keyword);
        self.at = close + 1;
        true
    }

    /// `[[ … ]]`.
    fn test_command(&mut self) -> bool {
        let rest = &self.bytes[self.at..];
        if !rest.starts_with(b"[[") || !rest.get(2).is_none_or(|byte| is_blank(*byte) || *byte == b'\n') {
            return false;
        }
        let Some(end) = self.scanner.test_end(self.at + 2) else { return false };
        let span = Span::new(self.at, end);
        self.inert(span);
        self.push(span, TokenKind::Word { assignment: false, kind: WordKind::Test });
        self.at = end;
        self.position = Position::Words;
        true
    }
}

const fn plain() -> TokenKind {
    TokenKind::Word { assignment: false, kind: WordKind::Plain }
}

/// `NAME=`, `NAME+=`, `NAME[…]=` at the front.
pub fn is_assignment(word: &[u8]) -> bool {
    let name = word.iter().take_while(|byte| byte.is_ascii_alphanumeric() || **byte == b'_').count();
    if name == 0 || word[0].is_ascii_digit() {
        return false;
    }
    let rest = &word[name..];
    let rest = match rest.first() {
        Some(b'[') => match memchr::memchr(b']', rest) {
            Some(close) => &rest[close + 1..],
            None => return false,
        },
        _ => rest,
    };
    rest.starts_with(b"=") || rest.starts_with(b"+=")
}
