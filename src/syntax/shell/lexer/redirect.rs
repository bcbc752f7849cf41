//! Redirections and here documents, which the grammar does not get to see.

use super::{Lexer, Pending, Position, TokenKind};
use crate::source::Span;
use crate::syntax::shell::ast::{Heredoc, RedirectOp};
use crate::syntax::shell::scan::is_blank;

/// Here documents on one line beyond which they are not followed.
const MAX_HEREDOCS: usize = 200;
const TOO_MANY: &str = "more than 200 here documents on a line";

impl Lexer<'_> {
    /// Reads a redirection that begins at `start`; the place is at its operator.
    pub(super) fn redirect(&mut self, start: usize, fd: Option<u32>) {
        let rest = &self.bytes[self.at..];
        let (length, op) = [
            (&b"&>>"[..], RedirectOp::Write),
            (b"<<<", RedirectOp::Herestring),
            (b"<<-", RedirectOp::Heredoc),
            (b"&>", RedirectOp::Write),
            (b"<<", RedirectOp::Heredoc),
            (b"<&", RedirectOp::Duplicate),
            (b">&", RedirectOp::Duplicate),
            (b"<>", RedirectOp::Write),
            (b">>", RedirectOp::Write),
            (b">|", RedirectOp::Write),
            (b">!", RedirectOp::Write),
            (b"<", RedirectOp::Read),
            (b">", RedirectOp::Write),
        ]
        .iter()
        .find(|(text, _)| rest.starts_with(text))
        .map_or((1, RedirectOp::Write), |(text, op)| (text.len(), *op));
        let strip_tabs = rest.starts_with(b"<<-");
        let mut target_start = self.at + length;
        while self.bytes.get(target_start).is_some_and(|byte| is_blank(*byte)) {
            target_start += 1;
        }
        let target_end = match self.scanner.word(target_start) {
            Ok(end) => end,
            Err(fault) => {
                let end = fault.resume;
                self.fault(fault);
                end
            }
        };
        let target = Span::new(target_start, target_end);
        let span = Span::new(start, target_end.max(self.at + length));
        let heredoc = (op == RedirectOp::Heredoc).then(|| {
            let (delimiter, quoted) = unquote_delimiter(self.slice(target));
            self.out.heredocs.push(Heredoc { body: Span::at(span.end), quoted, strip_tabs });
            let index = self.out.heredocs.len() - 1;
            if self.pending.len() < MAX_HEREDOCS {
                self.pending.push(Pending { index, delimiter, strip_tabs });
            } else if !self.out.faults.iter().any(|(_, reason)| *reason == TOO_MANY) {
                self.out.faults.push((span, TOO_MANY));
            }
            index
        });
        if self.position == Position::Command && fd.is_none() && start == self.at && self.alone(span.end) {
            // A redirection that is the whole command: the grammar needs a word to stand on.
            self.blank(span);
            self.out.mask[span.start - self.base] = b'_';
        } else {
            self.blank(span);
        }
        self.push(span, TokenKind::Redirect { op, fd, target, heredoc });
        self.at = span.end;
    }

    /// True when nothing but blanks stands between `at` and the end of the command.
    pub(super) fn alone(&self, at: usize) -> bool {
        let rest = self.bytes[at..].iter().find(|byte| !is_blank(**byte));
        matches!(rest, None | Some(b'\n' | b';' | b'&' | b'|' | b')' | b'#'))
    }

    /// `3>file`, `{fd}>file`: the word is the redirection's descriptor.
    pub(super) fn descriptor(&mut self, span: Span) -> bool {
        if !matches!(self.bytes.get(span.end), Some(b'<' | b'>')) || self.bytes.get(span.end + 1) == Some(&b'(') {
            return false;
        }
        let word = &self.bytes[span.start..span.end];
        let number = word.iter().all(u8::is_ascii_digit) && word.len() <= 4;
        let named = word.len() > 2 && word[0] == b'{' && word[word.len() - 1] == b'}';
        if !number && !named {
            return false;
        }
        let fd = self.slice(span).parse().ok();
        self.at = span.end;
        self.redirect(span.start, Some(fd.unwrap_or(u32::MAX)));
        true
    }

    /// Reads the body of a here document, to its delimiter or the end.
    pub(super) fn heredoc_body(&mut self, pending: &Pending) {
        let start = self.at;
        let mut line = start;
        let mut body_end = self.bytes.len();
        let mut end = self.bytes.len();
        while line < self.bytes.len() {
            let next = memchr::memchr(b'\n', &self.bytes[line..]).map_or(self.bytes.len(), |at| line + at + 1);
            let mut content = &self.bytes[line..next];
            while let [rest @ .., b'\n' | b'\r'] = content {
                content = rest;
            }
            while let (true, [b'\t', rest @ ..]) = (pending.strip_tabs, content) {
                content = rest;
            }
            if content == pending.delimiter.as_bytes() {
                (body_end, end) = (line, next);
                break;
            }
            line = next;
        }
        if body_end == end && end == self.bytes.len() && start < end {
            self.out.faults.push((Span::new(start, end), "here document without its end"));
        }
        self.out.heredocs[pending.index].body = Span::new(start, body_end);
        // The body is blanks, its line ends too: to the grammar it is not there.
        let keep_last = usize::from(end > start && self.bytes[end - 1] == b'\n');
        self.blank(Span::new(start, end - keep_last));
        self.at = end;
    }
}

/// The delimiter of a here document as its last line must read, and whether it was quoted.
fn unquote_delimiter(word: &str) -> (String, bool) {
    let quoted = word.contains(['\'', '"', '\\']);
    (word.chars().filter(|letter| !matches!(letter, '\'' | '"' | '\\')).collect(), quoted)
}
