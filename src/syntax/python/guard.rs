//! What is checked before the parse: the C grammar aborts the process on deep nesting, and no one can catch that.

/// Deepest nesting of blocks, and of brackets. The grammar keeps two bytes for each block and one for each open
/// string in a buffer of 1024 bytes, and aborts beyond it (tree-sitter-python issue 350).
const MAX_DEPTH: usize = 200;

/// How many of the first bytes of `text` can be parsed, or why none can.
pub fn check(text: &str) -> Result<usize, &'static str> {
    if text.len() > super::MAX_BYTES {
        return Err("larger than 4 MB");
    }
    if memchr::memchr(0, text.as_bytes()).is_some() {
        return Err("NUL bytes: no text");
    }
    if indentations(text.as_bytes()) > MAX_DEPTH {
        return Err("nested too deeply");
    }
    let mut scan = Scan { bytes: text.as_bytes(), at: 0 };
    scan.run()
}

/// The number of different indentations. The grammar's stack of open blocks grows strictly, so it can never
/// hold more than that, whatever stands in strings or brackets.
fn indentations(bytes: &[u8]) -> usize {
    let mut seen = std::collections::HashSet::new();
    let mut at = 0;
    while at < bytes.len() {
        // As the grammar's scanner counts: 16 bits, a tab is eight, a form feed begins anew, and a continued
        // empty line adds to the next.
        let mut width: u16 = 0;
        loop {
            match bytes.get(at) {
                Some(b' ') => width = width.wrapping_add(1),
                Some(b'\t') => width = width.wrapping_add(8),
                Some(b'\r' | 0x0c) => width = 0,
                Some(b'\\') => {
                    let after = if bytes.get(at + 1) == Some(&b'\r') { at + 2 } else { at + 1 };
                    if bytes.get(after) != Some(&b'\n') {
                        break;
                    }
                    at = after;
                }
                _ => break,
            }
            at += 1;
        }
        seen.insert(width);
        at = memchr::memchr(b'\n', &bytes[at..]).map_or(bytes.len(), |end| at + end + 1);
    }
    seen.len()
}

/// A rough lexer that knows strings, comments and brackets.
struct Scan<'t> {
    bytes: &'t [u8],
    at: usize,
}

impl Scan<'_> {
    /// Counts brackets; ends before the line of a string with three quotes that is never closed, on which the
    /// parser would spend seconds.
    fn run(&mut self) -> Result<usize, &'static str> {
        let mut depth = 0_usize;
        while let Some(&byte) = self.bytes.get(self.at) {
            match byte {
                b'(' | b'[' | b'{' => {
                    depth += 1;
                    if depth > MAX_DEPTH {
                        return Err("nested too deeply");
                    }
                }
                b')' | b']' | b'}' => depth = depth.saturating_sub(1),
                b'#' => self.at = self.line_end(),
                b'\'' | b'"' => {
                    let start = self.at;
                    if !self.string(byte) {
                        return Ok(memchr::memrchr(b'\n', &self.bytes[..start]).map_or(0, |before| before + 1));
                    }
                    continue;
                }
                _ => {}
            }
            self.at += 1;
        }
        Ok(self.bytes.len())
    }

    fn line_end(&self) -> usize {
        memchr::memchr(b'\n', &self.bytes[self.at..]).map_or(self.bytes.len(), |end| self.at + end)
    }

    /// Steps over a string. False when it has three quotes and no end.
    fn string(&mut self, quote: u8) -> bool {
        let triple = self.bytes[self.at..].starts_with(&[quote; 3]);
        self.at += if triple { 3 } else { 1 };
        while let Some(&byte) = self.bytes.get(self.at) {
            match byte {
                b'\\' => self.at += 1,
                b'\n' if !triple => return true,
                _ if byte == quote && !triple => {
                    self.at += 1;
                    return true;
                }
                _ if byte == quote && self.bytes[self.at..].starts_with(&[quote; 3]) => {
                    self.at += 3;
                    return true;
                }
                _ => {}
            }
            self.at += 1;
        }
        self.at = self.bytes.len();
        !triple
    }
}
