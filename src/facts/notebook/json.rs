//! A small JSON reader that knows where everything stands: the code cells of a notebook of format 3 or 4.

use crate::source::{Mapped, Span};

/// What is read of a notebook.
#[derive(Debug, Default)]
pub struct Notebook {
    /// Its code cells in order.
    pub cells: Vec<Cell>,
    /// The language of its kernel, in lower case; empty when not told.
    pub language: String,
    /// Where the JSON broke off.
    pub broken: Option<usize>,
}

/// A code cell.
#[derive(Debug, Default)]
pub struct Cell {
    /// Its number among all cells, from 1.
    pub number: usize,
    /// Its language, which format 3 tells for each cell.
    pub language: Option<String>,
    /// Its text.
    pub source: Mapped,
}

/// Reads a notebook. What stands before a break in the JSON is kept.
pub fn read(text: &str) -> Notebook {
    let mut notebook = Notebook::default();
    let mut reader = Reader { text, at: 0 };
    let mut number = 0;
    let outcome = reader.object(&mut |reader, key| match key {
        "cells" => reader.cells(&mut notebook.cells, &mut number),
        "worksheets" => reader.array(&mut |reader| {
            reader.object(&mut |reader, key| match key {
                "cells" => reader.cells(&mut notebook.cells, &mut number),
                _ => reader.skip(),
            })
        }),
        "metadata" => reader.object(&mut |reader, key| match key {
            "kernelspec" | "language_info" => reader.language(key, &mut notebook.language),
            _ => reader.skip(),
        }),
        _ => reader.skip(),
    });
    if outcome.is_err() {
        notebook.broken = Some(reader.at.min(text.len()));
    }
    notebook
}

/// The JSON is not valid at the reader's place.
struct Broken;

type Outcome<T> = Result<T, Broken>;

struct Reader<'t> {
    text: &'t str,
    at: usize,
}

impl Reader<'_> {
    fn peek(&mut self) -> Option<u8> {
        let bytes = self.text.as_bytes();
        while matches!(bytes.get(self.at), Some(b' ' | b'\t' | b'\n' | b'\r')) {
            self.at += 1;
        }
        if self.at == 0 && self.text.starts_with('\u{feff}') {
            self.at = 3;
            return self.peek();
        }
        bytes.get(self.at).copied()
    }

    fn expect(&mut self, byte: u8) -> Outcome<()> {
        if self.peek() != Some(byte) {
            return Err(Broken);
        }
        self.at += 1;
        Ok(())
    }

    /// Reads an object; `member` must read each value. Other values are skipped.
    fn object(&mut self, member: &mut dyn FnMut(&mut Self, &str) -> Outcome<()>) -> Outcome<()> {
        if self.peek() != Some(b'{') {
            return self.skip();
        }
        self.at += 1;
        while self.peek() != Some(b'}') {
            let mut key = Mapped::default();
            self.string(&mut key)?;
            self.expect(b':')?;
            member(self, &key.text)?;
            if self.peek() != Some(b'}') {
                self.expect(b',')?;
            }
        }
        self.expect(b'}')
    }

    /// Reads an array; `item` must read each value. Other values are skipped.
    fn array(&mut self, item: &mut dyn FnMut(&mut Self) -> Outcome<()>) -> Outcome<()> {
        if self.peek() != Some(b'[') {
            return self.skip();
        }
        self.at += 1;
        while self.peek() != Some(b']') {
            item(self)?;
            if self.peek() != Some(b']') {
                self.expect(b',')?;
            }
        }
        self.expect(b']')
    }

    fn cells(&mut self, cells: &mut Vec<Cell>, number: &mut usize) -> Outcome<()> {
        self.array(&mut |reader| {
            *number += 1;
            let mut cell = Cell { number: *number, ..Cell::default() };
            let mut code = false;
            let outcome = reader.object(&mut |reader, key| match key {
                "cell_type" => {
                    let mut kind = Mapped::default();
                    reader.lines(&mut kind)?;
                    code = kind.text == "code";
                    Ok(())
                }
                "source" | "input" => reader.lines(&mut cell.source),
                "language" => {
                    let mut language = Mapped::default();
                    reader.lines(&mut language)?;
                    cell.language = Some(language.text.to_lowercase());
                    Ok(())
                }
                _ => reader.skip(),
            });
            if code && !cell.source.text.is_empty() {
                cells.push(cell);
            }
            outcome
        })
    }

    /// `language` of `kernelspec`, `name` of `language_info`: the latter decides.
    fn language(&mut self, object: &str, language: &mut String) -> Outcome<()> {
        let wanted = if object == "kernelspec" { "language" } else { "name" };
        self.object(&mut |reader, key| {
            if key != wanted {
                return reader.skip();
            }
            let mut value = Mapped::default();
            reader.lines(&mut value)?;
            if object == "language_info" || language.is_empty() {
                *language = value.text.to_lowercase();
            }
            Ok(())
        })
    }

    /// A string, or a list of strings that are its lines.
    fn lines(&mut self, out: &mut Mapped) -> Outcome<()> {
        match self.peek() {
            Some(b'"') => self.string(out),
            Some(b'[') => {
                self.array(&mut |reader| if reader.peek() == Some(b'"') { reader.string(out) } else { reader.skip() })
            }
            _ => self.skip(),
        }
    }

    /// Reads a string and decodes it.
    fn string(&mut self, out: &mut Mapped) -> Outcome<()> {
        self.expect(b'"')?;
        loop {
            let rest = &self.text.as_bytes()[self.at..];
            let Some(run) = memchr::memchr2(b'"', b'\\', rest) else {
                self.at = self.text.len();
                return Err(Broken);
            };
            if run > 0 {
                let span = Span::new(self.at, self.at + run);
                out.push(&self.text[span.start..span.end], span);
                self.at = span.end;
            }
            if rest[run] == b'"' {
                self.at += 1;
                return Ok(());
            }
            let start = self.at;
            let c = self.escaped()?;
            out.push(c.encode_utf8(&mut [0; 4]), Span::new(start, self.at));
        }
    }

    /// Reads one escape.
    fn escaped(&mut self) -> Outcome<char> {
        let kind = self.text.as_bytes().get(self.at + 1).copied().ok_or(Broken)?;
        self.at += 2;
        Ok(match kind {
            b'n' => '\n',
            b't' => '\t',
            b'r' => '\r',
            b'b' => '\u{8}',
            b'f' => '\u{c}',
            b'"' | b'\\' | b'/' => char::from(kind),
            b'u' => {
                let first = self.four_digits()?;
                let surrogate = (0xd800..0xdc00).contains(&first) && self.text[self.at..].starts_with("\\u");
                if !surrogate {
                    return Ok(char::from_u32(first).unwrap_or(char::REPLACEMENT_CHARACTER));
                }
                let back = self.at;
                self.at += 2;
                let second = self.four_digits()?;
                if !(0xdc00..0xe000).contains(&second) {
                    self.at = back;
                    return Ok(char::REPLACEMENT_CHARACTER);
                }
                let code = 0x10000 + ((first - 0xd800) << 10) + (second - 0xdc00);
                char::from_u32(code).unwrap_or(char::REPLACEMENT_CHARACTER)
            }
            _ => {
                self.at -= 2;
                return Err(Broken);
            }
        })
    }

    fn four_digits(&mut self) -> Outcome<u32> {
        let digits = self.text.get(self.at..self.at + 4).ok_or(Broken)?;
        let value = u32::from_str_radix(digits, 16).map_err(|_| Broken)?;
        self.at += 4;
        Ok(value)
    }

    /// Steps over a value, however deep, without recursion.
    fn skip(&mut self) -> Outcome<()> {
        let bytes = self.text.as_bytes();
        let mut depth = 0_usize;
        loop {
            match self.peek().ok_or(Broken)? {
                b'"' => self.skip_string()?,
                b'{' | b'[' => {
                    depth += 1;
                    self.at += 1;
                }
                b'}' | b']' => {
                    depth = depth.checked_sub(1).ok_or(Broken)?;
                    self.at += 1;
                }
                b',' | b':' if depth > 0 => self.at += 1,
                byte if byte.is_ascii_alphanumeric() || byte == b'-' => {
                    let word = |byte: &u8| byte.is_ascii_alphanumeric() || matches!(byte, b'+' | b'-' | b'.');
                    self.at += bytes[self.at..].iter().take_while(|byte| word(byte)).count();
                }
                _ => return Err(Broken),
            }
            if depth == 0 {
                return Ok(());
            }
        }
    }

    fn skip_string(&mut self) -> Outcome<()> {
        self.at += 1;
        loop {
            let rest = &self.text.as_bytes()[self.at.min(self.text.len())..];
            let Some(run) = memchr::memchr2(b'"', b'\\', rest) else {
                self.at = self.text.len();
                return Err(Broken);
            };
            self.at += run;
            if rest[run] == b'"' {
                self.at += 1;
                return Ok(());
            }
            self.at += 2;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn strings_decode_as_everywhere_and_every_character_finds_its_way_back() {
        let source = "\u{feff} {\"cells\": [{\"metadata\": {\"a\": [1e5, -2.5, null, {}]}, \"cell_type\": \"code\", \"source\":\
            [\"a\\n\", \"\\u00fc\\ud83d\\ude00ü😀\\t\\\"\\\\\\/\", \"\\ud83dx\", \"\"]}]}";
        let notebook = read(source);
        assert!(notebook.broken.is_none());
        let cell = &notebook.cells[0].source;
        assert_eq!(cell.text, "a\nü😀ü😀\t\"\\/\u{fffd}x");
        for (at, c) in cell.text.char_indices() {
            let place = cell.in_file(Span::new(at, at + c.len_utf8()));
            let written = &source[place.start..place.end];
            let lone = c == '\u{fffd}';
            let decoded: String =
                if lone { c.into() } else { serde_json::from_str(&format!("\"{written}\"")).unwrap() };
            assert_eq!(decoded, c.to_string(), "{written}");
        }
        let end = cell.text.len();
        assert_eq!(&source[cell.in_file(Span::at(end)).start - 1..][..2], "x\"");
    }

    #[test]
    fn what_stands_before_a_break_is_kept() {
        let source = r#"{"cells": [{"cell_type": "code", "source": "x"}, {"cell_type": "code", "source": "y"#;
        let notebook = read(source);
        assert_eq!(notebook.broken, Some(source.len()));
        assert_eq!(notebook.cells.iter().map(|cell| cell.source.text.as_str()).collect::<Vec<_>>(), ["x"]);
        assert_eq!(read(&"[".repeat(1 << 20)).broken, Some(1 << 20));
    }
}
