//! Takes words apart: literal text, variables, substitutions.

use std::borrow::Cow;

use super::scan::Scanner;
use crate::source::Span;

/// A part of a word.
#[derive(Clone, Debug, PartialEq)]
pub enum Part<'t> {
    /// Text, quotes and escapes resolved.
    Literal {
        /// The text.
        text: Cow<'t, str>,
        /// Where it stands, quotes not included.
        span: Span,
        /// It was quoted: no glob, no tilde, no splitting.
        quoted: bool,
    },
    /// `$NAME`, `${NAME…}`.
    Variable {
        /// The name; `1`, `@`, `#`, … for special ones.
        name: &'t str,
        /// What is done with the value.
        op: Operation,
        /// Where it stands, `$` and braces included.
        span: Span,
    },
    /// `$(…)` or backquotes.
    Command {
        /// The commands.
        body: Span,
        /// Where it stands.
        span: Span,
    },
    /// `<(…)`, `>(…)`.
    Process {
        /// The commands.
        body: Span,
        /// Where it stands.
        span: Span,
    },
    /// `$((…))`, or anything else whose value is not followed.
    Opaque {
        /// Where it stands.
        span: Span,
    },
}

/// What `${NAME…}` does with the value. The span is that of the word that follows the operator.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Operation {
    /// Nothing.
    Plain,
    /// `:-`, `-`: the word when unset.
    Default(Span),
    /// `:=`, `=`: the same, and sets it.
    Assign(Span),
    /// `:+`, `+`: the word when set.
    Alternative(Span),
    /// `:?`, `?`.
    Require,
    /// `#`, `##`: cut a prefix.
    CutPrefix {
        /// The pattern.
        pattern: Span,
        /// The longest match.
        longest: bool,
    },
    /// `%`, `%%`: cut a suffix.
    CutSuffix {
        /// The pattern.
        pattern: Span,
        /// The longest match.
        longest: bool,
    },
    /// `/a/b`, `//a/b`.
    Replace {
        /// The pattern.
        pattern: Span,
        /// The replacement.
        with: Span,
        /// Every match.
        all: bool,
    },
    /// `${#NAME}`, `${NAME:1:2}`, `${!NAME}`, `${NAME^^}`, `${NAME[1]}`: not followed.
    Other,
}

/// The parts of the word `span` of `text`.
pub fn parts(text: &str, span: Span) -> Vec<Part<'_>> {
    let mut reader = Reader { text, bytes: &text.as_bytes()[..span.end], at: span.start, out: Vec::new() };
    reader.unquoted();
    reader.out
}

/// The parts of text that is expanded as if between double quotes: the body of a here document.
pub fn parts_of_body(text: &str, span: Span) -> Vec<Part<'_>> {
    let mut reader = Reader { text, bytes: &text.as_bytes()[..span.end], at: span.start, out: Vec::new() };
    reader.double(false);
    reader.out
}

struct Reader<'a> {
    text: &'a str,
    bytes: &'a [u8],
    at: usize,
    out: Vec<Part<'a>>,
}

impl<'a> Reader<'a> {
    fn unquoted(&mut self) {
        while let Some(byte) = self.bytes.get(self.at).copied() {
            match byte {
                b'\\' => self.escape(),
                b'\'' => self.single(),
                b'"' => {
                    self.at += 1;
                    self.double(true);
                }
                b'$' | b'`' => self.expansion(false),
                b'<' | b'>' if self.bytes.get(self.at + 1) == Some(&b'(') => self.process(),
                _ => {
                    let end = self.run(|byte| !matches!(byte, b'\\' | b'\'' | b'"' | b'$' | b'`' | b'<' | b'>'));
                    self.literal(Span::new(self.at, end), false);
                    self.at = end;
                }
            }
        }
    }

    /// The end of the run of bytes that satisfy `test`; at least one byte, never inside a character.
    fn run(&self, test: impl Fn(u8) -> bool) -> usize {
        let rest = &self.bytes[self.at + 1..];
        self.at + 1 + rest.iter().position(|byte| !test(*byte)).unwrap_or(rest.len())
    }

    fn literal(&mut self, span: Span, quoted: bool) {
        if let Some(text) = self.text.get(span.start..span.end) {
            self.push_literal(text.into(), span, quoted);
        }
    }

    fn push_literal(&mut self, text: Cow<'a, str>, span: Span, quoted: bool) {
        if let Some(Part::Literal { text: before, span: place, quoted: was }) = self.out.last_mut()
            && *was == quoted
            && place.end == span.start
            // Escapes stay apart: only where text and place are as long can each byte be found again.
            && place.len() == before.len()
            && span.len() == text.len()
        {
            before.to_mut().push_str(&text);
            place.end = span.end;
            return;
        }
        self.out.push(Part::Literal { text, span, quoted });
    }

    fn escape(&mut self) {
        let start = self.at;
        let length = self.text.get(start + 1..).and_then(|rest| rest.chars().next()).map_or(0, char::len_utf8);
        let end = (start + 1 + length).min(self.bytes.len());
        let text = self.text.get(start + 1..end).unwrap_or("");
        if text != "\n" {
            self.push_literal(text.into(), Span::new(start, end), true);
        }
        self.at = end.max(start + 1);
    }

    fn single(&mut self) {
        let start = self.at + 1;
        let end = memchr::memchr(b'\'', &self.bytes[start..]).map_or(self.bytes.len(), |length| start + length);
        self.literal(Span::new(start, end), true);
        self.at = (end + 1).min(self.bytes.len());
    }

    /// The inside of double quotes; `closes` when a `"` ends it.
    fn double(&mut self, closes: bool) {
        let empty_at = self.at;
        let before = self.out.len();
        while let Some(byte) = self.bytes.get(self.at).copied() {
            match byte {
                b'"' if closes => {
                    self.at += 1;
                    break;
                }
                b'\\' => match self.bytes.get(self.at + 1) {
                    Some(b'$' | b'`' | b'"' | b'\\' | b'\n') => self.escape(),
                    _ => {
                        self.literal(Span::new(self.at, self.at + 1), true);
                        self.at += 1;
                    }
                },
                b'$' | b'`' => self.expansion(true),
                _ => {
                    let end = self.run(|byte| !matches!(byte, b'\\' | b'$' | b'`') && (!closes || byte != b'"'));
                    self.literal(Span::new(self.at, end), true);
                    self.at = end;
                }
            }
        }
        if self.out.len() == before {
            self.out.push(Part::Literal { text: "".into(), span: Span::at(empty_at), quoted: true });
        }
    }

    fn expansion(&mut self, in_double: bool) {
        let start = self.at;
        let scanner = Scanner::new(self.bytes, &[], false);
        let end = scanner.expansion(start, in_double).unwrap_or(start + 1).min(self.bytes.len());
        self.at = end;
        let span = Span::new(start, end);
        let inner = &self.bytes[start..end];
        if inner.starts_with(b"$((") && inner.ends_with(b"))") && scanner.arithmetic_end(start + 3) == Some(end) {
            self.out.push(Part::Opaque { span });
        } else if inner.starts_with(b"$(") {
            self.out.push(Part::Command { body: Span::new(start + 2, (end - 1).max(start + 2)), span });
        } else if inner.starts_with(b"`") {
            self.out.push(Part::Command { body: Span::new(start + 1, (end - 1).max(start + 1)), span });
        } else if inner.starts_with(b"${") {
            self.braces(span);
        } else if inner.starts_with(b"$'") {
            self.ansi(span);
        } else if inner.starts_with(b"$[") {
            self.out.push(Part::Opaque { span });
        } else if inner == b"$" && !in_double && self.bytes.get(end) == Some(&b'"') {
            // `$"…"`: a translated string.
            self.at = end + 1;
            self.double(true);
        } else {
            self.name(start, in_double);
        }
    }

    /// `$NAME`, `$1`, `$@`; a lone `$` is itself.
    fn name(&mut self, start: usize, quoted: bool) {
        let from = start + 1;
        let end = match self.bytes.get(from) {
            Some(byte) if byte.is_ascii_alphabetic() || *byte == b'_' => {
                let rest = &self.bytes[from..];
                from + rest.iter().position(|b| !b.is_ascii_alphanumeric() && *b != b'_').unwrap_or(rest.len())
            }
            Some(byte) if byte.is_ascii_digit() || matches!(byte, b'@' | b'*' | b'#' | b'?' | b'-' | b'$' | b'!') => {
                from + 1
            }
            _ => {
                self.literal(Span::new(start, from), quoted);
                self.at = from;
                return;
            }
        };
        let name = &self.text[from..end];
        self.at = end;
        self.out.push(Part::Variable { name, op: Operation::Plain, span: Span::new(start, end) });
    }

    fn ansi(&mut self, span: Span) {
        let inside = Span::new(span.start + 2, span.end.saturating_sub(1).max(span.start + 2));
        let text = self.text.get(inside.start..inside.end).unwrap_or("");
        let mut out = String::new();
        let mut letters = text.chars();
        while let Some(letter) = letters.next() {
            if letter != '\\' {
                out.push(letter);
                continue;
            }
            match letters.next() {
                Some('n') => out.push('\n'),
                Some('t') => out.push('\t'),
                Some(other) => out.push(other),
                None => {}
            }
        }
        self.push_literal(out.into(), inside, true);
    }

    fn process(&mut self) {
        let start = self.at;
        let scanner = Scanner::new(self.bytes, &[], false);
        let end = scanner.substitution_end(start + 2).unwrap_or(self.bytes.len());
        self.at = end;
        let body = Span::new(start + 2, (end - 1).max(start + 2));
        self.out.push(Part::Process { body, span: Span::new(start, end) });
    }

    fn braces(&mut self, span: Span) {
        let inside = Span::new(span.start + 2, span.end.saturating_sub(1).max(span.start + 2));
        let bytes = &self.bytes[inside.start..inside.end];
        let length = match bytes.first() {
            Some(byte) if byte.is_ascii_alphabetic() || *byte == b'_' => {
                bytes.iter().position(|b| !b.is_ascii_alphanumeric() && *b != b'_').unwrap_or(bytes.len())
            }
            Some(byte) if byte.is_ascii_digit() => {
                bytes.iter().position(|b| !b.is_ascii_digit()).unwrap_or(bytes.len())
            }
            Some(b'@' | b'*') => 1,
            _ => {
                let op = Operation::Other;
                self.out.push(Part::Variable { name: "", op, span });
                return;
            }
        };
        let name = &self.text[inside.start..inside.start + length];
        let rest = Span::new(inside.start + length, inside.end);
        let op = self.operation(rest);
        self.out.push(Part::Variable { name, op, span });
    }

    fn operation(&self, rest: Span) -> Operation {
        let bytes = &self.bytes[rest.start..rest.end];
        let after = |count: usize| Span::new(rest.start + count, rest.end);
        match bytes {
            [] => Operation::Plain,
            [b':', b'-', ..] => Operation::Default(after(2)),
            [b':', b'=', ..] => Operation::Assign(after(2)),
            [b':', b'+', ..] => Operation::Alternative(after(2)),
            [b':', b'?', ..] | [b'?', ..] => Operation::Require,
            [b'-', ..] => Operation::Default(after(1)),
            [b'=', ..] => Operation::Assign(after(1)),
            [b'+', ..] => Operation::Alternative(after(1)),
            [b'#', b'#', ..] => Operation::CutPrefix { pattern: after(2), longest: true },
            [b'#', ..] => Operation::CutPrefix { pattern: after(1), longest: false },
            [b'%', b'%', ..] => Operation::CutSuffix { pattern: after(2), longest: true },
            [b'%', ..] => Operation::CutSuffix { pattern: after(1), longest: false },
            [b'/', all @ ..] => {
                let all = all.first() == Some(&b'/');
                let pattern = after(1 + usize::from(all));
                let body = &self.bytes[pattern.start..pattern.end];
                let slash = memchr::memchr(b'/', body).map_or(pattern.end, |at| pattern.start + at);
                let with = Span::new((slash + 1).min(pattern.end), pattern.end);
                Operation::Replace { pattern: Span::new(pattern.start, slash), with, all }
            }
            _ => Operation::Other,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shown(word: &str) -> String {
        let parts = parts(word, Span::new(0, word.len()));
        parts
            .iter()
            .map(|part| match part {
                Part::Literal { text, quoted, .. } => format!("{}[{text}]", if *quoted { "q" } else { "" }),
                Part::Variable { name, op: Operation::Plain, .. } => format!("${name}"),
                Part::Variable { name, op, .. } => {
                    format!("${name}~{}", format!("{op:?}").split([' ', '(']).next().unwrap_or(""))
                }
                Part::Command { body, .. } => format!("cmd({})", &word[body.start..body.end]),
                Part::Process { body, .. } => format!("proc({})", &word[body.start..body.end]),
                Part::Opaque { .. } => "opaque".to_owned(),
            })
            .collect::<Vec<_>>()
            .join(" ")
    }

    #[test]
    fn words_come_apart_as_bash_reads_them() {
        for (word, expected) in [
            ("abc", "[abc]"),
            ("$HOME/x", "$HOME [/x]"),
            ("\"$HOME/mini conda\"", "$HOME q[/mini conda]"),
            ("'a $b'", "q[a $b]"),
            ("a\\ b", "[a] q[ ] [b]"),
            ("${X:-/tmp}", "$X~Default"),
            ("${X%/*}y", "$X~CutSuffix [y]"),
            ("$(echo \"a)\" b)", "cmd(echo \"a)\" b)"),
            ("`date`", "cmd(date)"),
            ("$((1+2))", "opaque"),
            ("<(sort x)", "proc(sort x)"),
            ("s/x$//", "[s/x$//]"),
            ("$'a\\'b'", "q[a'b]"),
            ("\"\"", "q[]"),
            ("pre\"mid $x\"post", "[pre] q[mid ] $x [post]"),
        ] {
            assert_eq!(shown(word), expected, "{word}");
        }
    }
}
