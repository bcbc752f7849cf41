//! Where words, quotes, expansions and substitutions end, as bash decides it.

use crate::source::Span;

/// Nesting of quotes and substitutions beyond which a word is turned away.
const MAX_DEPTH: usize = 40;

/// A word that does not end.
#[derive(Debug)]
pub struct Fault {
    /// From where it is broken.
    pub span: Span,
    /// Why.
    pub reason: &'static str,
    /// Where reading goes on.
    pub resume: usize,
}

/// True for a blank or tab (and a carriage return, which editors show as none).
pub const fn is_blank(byte: u8) -> bool {
    matches!(byte, b' ' | b'\t' | b'\r')
}

/// True for a byte that means nothing but itself in a word: most of all bytes.
#[inline]
const fn is_ordinary(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || matches!(byte, b'/' | b'.' | b'-' | b'_' | b'=' | b',' | b':' | b'+' | b'%' | b'@')
}

/// Finds ends of things in a text; holds no state.
pub struct Scanner<'a> {
    bytes: &'a [u8],
    broken: Vec<usize>,
    zsh: bool,
    /// Quotes that closed on a later line, when they are asked for.
    long_quotes: std::cell::RefCell<Vec<usize>>,
}

type End = Result<usize, Fault>;

impl<'a> Scanner<'a> {
    /// Scans `bytes`; quotes at the places `broken` are read as plain characters.
    pub fn new(bytes: &'a [u8], broken: &[usize], zsh: bool) -> Self {
        Self { bytes, broken: broken.to_vec(), zsh, long_quotes: std::cell::RefCell::default() }
    }

    /// The end of the word that begins at `at`.
    pub fn word(&self, at: usize) -> End {
        self.word_at(at, 0)
    }

    /// The end of the expansion (`$…` or backquotes) that begins at `at`; `None` when it does not end.
    pub fn expansion(&self, at: usize, in_double: bool) -> Option<usize> {
        self.piece(at, in_double, 0).ok()
    }

    /// The end of a substitution whose commands begin at `start`: the place after its `)`.
    pub fn substitution_end(&self, start: usize) -> Option<usize> {
        self.substitution(start, 0).ok()
    }

    fn word_at(&self, start: usize, depth: usize) -> End {
        let mut at = start;
        while let Some(byte) = self.bytes.get(at).copied() {
            match byte {
                _ if is_ordinary(byte) && depth <= MAX_DEPTH => at += 1,
                b' ' | b'\t' | b'\n' | b';' | b'&' | b'|' | b')' => break,
                b'\r' if matches!(self.bytes.get(at + 1), None | Some(b'\n')) => break,
                b'<' | b'>' if self.bytes.get(at + 1) == Some(&b'(') => at = self.substitution(at + 2, depth)?,
                b'<' | b'>' => break,
                b'(' if self.parenthesis_belongs(start, at) => match self.balanced_at(at, b'(', b')', depth) {
                    Some(end) => at = end,
                    None => return Err(self.fault(at, "parenthesis without its end")),
                },
                b'(' => break,
                _ => at = self.piece(at, false, depth)?,
            }
        }
        Ok(at)
    }

    /// `a=(…)`, extended globs, and zsh's qualifiers belong to their word.
    fn parenthesis_belongs(&self, start: usize, at: usize) -> bool {
        if at == start {
            return false;
        }
        let word = &self.bytes[start..at];
        match word[word.len() - 1] {
            b'=' => super::lexer::is_assignment(word),
            b'?' | b'*' | b'+' | b'@' | b'!' => self.bytes.get(at + 1) != Some(&b')'),
            _ => self.zsh && self.bytes[at + 1..].iter().find(|byte| !is_blank(**byte)) != Some(&b')'),
        }
    }

    /// One quoted part, expansion or plain byte.
    fn piece(&self, at: usize, in_double: bool, depth: usize) -> End {
        if depth > MAX_DEPTH {
            return Err(self.fault(at, "quotes and substitutions nested deeper than 40 levels"));
        }
        match self.bytes[at] {
            b'\\' => Ok((at + 2).min(self.bytes.len())),
            b'\'' if !in_double && !self.is_broken(at) => self.single(at),
            b'"' if !self.is_broken(at) => self.double(at, depth),
            b'`' => self.backquote(at),
            b'$' => self.dollar(at, in_double, depth),
            _ => Ok(at + 1),
        }
    }

    fn is_broken(&self, at: usize) -> bool {
        self.broken.contains(&at)
    }

    fn single(&self, at: usize) -> End {
        match memchr::memchr(b'\'', &self.bytes[at + 1..]) {
            Some(length) => Ok(self.note_long(at, at + length + 2)),
            None => Err(self.fault(at, "single quote without its end")),
        }
    }

    fn note_long(&self, start: usize, end: usize) -> usize {
        if memchr::memchr(b'\n', &self.bytes[start..end]).is_some() {
            let mut long = self.long_quotes.borrow_mut();
            if long.len() < 64 && !long.contains(&start) {
                long.push(start);
            }
        }
        end
    }

    /// Quotes seen so far that closed on a later line.
    pub fn long_quotes(&self) -> Vec<usize> {
        self.long_quotes.borrow().clone()
    }

    fn double(&self, start: usize, depth: usize) -> End {
        let mut at = start + 1;
        while let Some(byte) = self.bytes.get(at).copied() {
            match byte {
                b'"' => return Ok(self.note_long(start, at + 1)),
                b'\\' | b'`' | b'$' => at = self.piece(at, true, depth + 1)?,
                _ => at += 1,
            }
        }
        Err(self.fault(start, "double quote without its end"))
    }

    fn backquote(&self, start: usize) -> End {
        let mut at = start + 1;
        while let Some(byte) = self.bytes.get(at).copied() {
            match byte {
                b'`' => return Ok(at + 1),
                b'\\' => at += 2,
                _ => at += 1,
            }
        }
        Err(self.fault(start, "backquote without its end"))
    }

    fn dollar(&self, at: usize, in_double: bool, depth: usize) -> End {
        match self.bytes.get(at + 1) {
            Some(b'(') if self.bytes.get(at + 2) == Some(&b'(') => match self.arithmetic_end(at + 3) {
                Some(end) => Ok(end),
                None => self.substitution(at + 2, depth),
            },
            Some(b'(') => self.substitution(at + 2, depth),
            Some(b'{') => self.braces(at + 2, in_double, depth),
            Some(b'[') => {
                self.balanced_at(at + 1, b'[', b']', depth).ok_or_else(|| self.fault(at, "arithmetic without its end"))
            }
            Some(b'\'') if !in_double => self.ansi(at),
            _ => Ok(at + 1),
        }
    }

    /// `$'…'`, in which `\'` does not end it.
    fn ansi(&self, start: usize) -> End {
        let mut at = start + 2;
        while let Some(byte) = self.bytes.get(at).copied() {
            match byte {
                b'\'' => return Ok(at + 1),
                b'\\' => at += 2,
                _ => at += 1,
            }
        }
        Err(self.fault(start, "quote without its end"))
    }

    /// `${…}`.
    fn braces(&self, start: usize, in_double: bool, depth: usize) -> End {
        let mut at = start;
        while let Some(byte) = self.bytes.get(at).copied() {
            match byte {
                b'}' => return Ok(at + 1),
                b'{' if depth < MAX_DEPTH && self.zsh => at = self.braces(at + 1, in_double, depth + 1)?,
                b'\n' if at > start && at - start > 4096 => break,
                _ => at = self.piece(at, in_double && byte != b'"', depth + 1)?,
            }
        }
        Err(self.fault(start - 2, "parameter expansion without its end"))
    }

    /// The end of a command substitution whose commands begin at `start`: the place after its `)`.
    fn substitution(&self, start: usize, depth: usize) -> End {
        if depth > MAX_DEPTH {
            return Err(self.fault(start, "quotes and substitutions nested deeper than 40 levels"));
        }
        let mut parens = 0_usize;
        let mut cases = 0_usize;
        let mut at = start;
        let mut heredocs: Vec<(String, bool)> = Vec::new();
        while let Some(byte) = self.bytes.get(at).copied() {
            match byte {
                b')' if parens > 0 => {
                    parens -= 1;
                    at += 1;
                }
                // A `)` right after the pattern of an open `case` ends the pattern.
                b')' if cases > 0 => at += 1,
                b')' => return Ok(at + 1),
                b'(' => {
                    parens += 1;
                    at += 1;
                }
                b'#' if at == start || matches!(self.bytes[at - 1], b' ' | b'\t' | b'\n' | b';' | b'(') => {
                    at = memchr::memchr(b'\n', &self.bytes[at..]).map_or(self.bytes.len(), |length| at + length);
                }
                b'<' if self.bytes[at..].starts_with(b"<<") && self.bytes.get(at + 2) != Some(&b'<') => {
                    let strip = self.bytes.get(at + 2) == Some(&b'-');
                    let mut from = at + 2 + usize::from(strip);
                    while self.bytes.get(from).is_some_and(|byte| is_blank(*byte)) {
                        from += 1;
                    }
                    let end = self.word_at(from, depth + 1)?;
                    let word = String::from_utf8_lossy(&self.bytes[from..end]);
                    heredocs.push((word.chars().filter(|c| !matches!(c, '\'' | '"' | '\\')).collect(), strip));
                    at = end.max(at + 2);
                }
                b'\n' => {
                    at += 1;
                    for (delimiter, strip) in heredocs.drain(..) {
                        at = self.after_heredoc(at, &delimiter, strip);
                    }
                }
                b' ' | b'\t' | b'\r' | b';' | b'&' | b'|' | b'<' | b'>' => at += 1,
                _ => {
                    let end = self.plain_word(at, depth + 1)?;
                    match &self.bytes[at..end] {
                        b"case" => cases += 1,
                        b"esac" => cases = cases.saturating_sub(1),
                        _ => {}
                    }
                    at = end;
                }
            }
        }
        Err(self.fault(start.saturating_sub(2), "command substitution without its end"))
    }

    /// Like a word, but a parenthesis always ends it.
    fn plain_word(&self, start: usize, depth: usize) -> End {
        let mut at = start;
        while let Some(byte) = self.bytes.get(at).copied() {
            match byte {
                b' ' | b'\t' | b'\n' | b';' | b'&' | b'|' | b')' | b'(' | b'<' | b'>' => break,
                _ => at = self.piece(at, false, depth)?,
            }
        }
        Ok(at.max(start + 1))
    }

    fn after_heredoc(&self, start: usize, delimiter: &str, strip: bool) -> usize {
        let mut line = start;
        while line < self.bytes.len() {
            let next = memchr::memchr(b'\n', &self.bytes[line..]).map_or(self.bytes.len(), |at| line + at + 1);
            let mut content = &self.bytes[line..next];
            while let [rest @ .., b'\n' | b'\r'] = content {
                content = rest;
            }
            while let (true, [b'\t', rest @ ..]) = (strip, content) {
                content = rest;
            }
            if content == delimiter.as_bytes() {
                return next;
            }
            line = next;
        }
        line
    }

    /// The end of `(( … ))` whose inside begins at `start`; `None` when it is two parentheses that do not close together.
    pub fn arithmetic_end(&self, start: usize) -> Option<usize> {
        // Arithmetic is short: the bound keeps hostile text linear.
        let limit = self.bytes.len().min(start + 4096);
        let mut depth = 0_usize;
        let mut at = start;
        while at < limit {
            match self.bytes[at] {
                b'(' => depth += 1,
                b')' if depth > 0 => depth -= 1,
                b')' => return (self.bytes.get(at + 1) == Some(&b')')).then_some(at + 2),
                b'\\' => at += 1,
                _ => {}
            }
            at += 1;
        }
        None
    }

    /// The end of `[[ … ]]` whose inside begins at `start`.
    pub fn test_end(&self, start: usize) -> Option<usize> {
        let limit = self.bytes.len().min(start + 65_536);
        let mut at = start;
        while at < limit {
            let byte = self.bytes[at];
            if byte == b']'
                && self.bytes.get(at + 1) == Some(&b']')
                && is_space(self.bytes[at - 1])
                && self
                    .bytes
                    .get(at + 2)
                    .is_none_or(|next| is_space(*next) || matches!(next, b';' | b'&' | b'|' | b')'))
            {
                return Some(at + 2);
            }
            at = match byte {
                b'\'' | b'"' | b'`' | b'$' | b'\\' => self.piece(at, false, 0).ok()?,
                _ => at + 1,
            };
        }
        None
    }

    /// The place after the bracket that closes the one at `at`.
    pub fn balanced(&self, at: usize, open: u8, close: u8) -> Option<usize> {
        self.balanced_at(at, open, close, 0)
    }

    fn balanced_at(&self, start: usize, open: u8, close: u8, depth: usize) -> Option<usize> {
        let mut level = 0_usize;
        let mut at = start;
        while let Some(byte) = self.bytes.get(at).copied() {
            if byte == open {
                level += 1;
                at += 1;
            } else if byte == close {
                level -= 1;
                at += 1;
                if level == 0 {
                    return Some(at);
                }
            } else if byte == b'#' && is_space(self.bytes[at - 1]) {
                at = memchr::memchr(b'\n', &self.bytes[at..]).map_or(self.bytes.len(), |length| at + length);
            } else {
                at = self.piece(at, false, depth + 1).ok()?;
            }
        }
        None
    }

    /// A fault at `at`; reading goes on at the end of its line.
    fn fault(&self, at: usize, reason: &'static str) -> Fault {
        let end = memchr::memchr(b'\n', &self.bytes[at..]).map_or(self.bytes.len(), |length| at + length);
        Fault { span: Span::new(at, end), reason, resume: end }
    }
}

const fn is_space(byte: u8) -> bool {
    matches!(byte, b' ' | b'\t' | b'\r' | b'\n')
}
