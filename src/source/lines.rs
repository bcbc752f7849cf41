//! Line and column numbers from byte offsets.

use super::Span;

/// A place for people: line and column, both from 1, the column in characters.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Position {
    /// Line, from 1.
    pub line: usize,
    /// Column in characters, from 1.
    pub column: usize,
}

/// Where the lines of a text begin. Lines end with `\n`; a `\r` before it belongs to the line.
#[derive(Clone, Debug)]
pub struct LineIndex {
    starts: Vec<usize>,
    length: usize,
}

impl LineIndex {
    /// Reads the line starts of `text`.
    pub fn new(text: &str) -> Self {
        let mut starts = vec![0];
        starts.extend(memchr::memchr_iter(b'\n', text.as_bytes()).map(|at| at + 1));
        Self { starts, length: text.len() }
    }

    /// The line, from 1, on which the byte `offset` lies.
    pub fn line(&self, offset: usize) -> usize {
        self.starts.partition_point(|start| *start <= offset).max(1)
    }

    /// The byte at which `line` (from 1) begins; the end of the text for a line past the last.
    pub fn start(&self, line: usize) -> usize {
        self.starts.get(line.saturating_sub(1)).copied().unwrap_or(self.length)
    }

    /// The bytes of `line` (from 1) with its line end.
    pub fn span(&self, line: usize) -> Span {
        Span::new(self.start(line), self.start(line + 1))
    }

    /// The whole lines that `span` touches, with their line ends.
    pub fn whole_lines(&self, span: Span) -> Span {
        let last = if span.is_empty() { span.start } else { span.end - 1 };
        Span::new(self.start(self.line(span.start)), self.start(self.line(last) + 1))
    }

    /// Line and column of the byte `offset` in `text` (the text this index was made from).
    pub fn position(&self, text: &str, offset: usize) -> Position {
        let mut offset = offset.min(text.len());
        while !text.is_char_boundary(offset) {
            offset -= 1;
        }
        let line = self.line(offset);
        let column = text[self.start(line)..offset].chars().count() + 1;
        Position { line, column }
    }

    /// How many lines there are; a final line end does not begin another.
    pub fn count(&self) -> usize {
        self.starts.len() - usize::from(self.starts.last() == Some(&self.length) && self.length > 0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_and_columns_count_from_one_and_in_characters() {
        let text = "aé\nbc\n";
        let index = LineIndex::new(text);
        assert_eq!(index.position(text, 0), Position { line: 1, column: 1 });
        assert_eq!(index.position(text, 3), Position { line: 1, column: 3 });
        assert_eq!(index.position(text, 4), Position { line: 2, column: 1 });
        assert_eq!(index.count(), 2);
        assert_eq!(index.span(2), Span::new(4, 7));
        assert_eq!(index.whole_lines(Span::new(1, 5)), Span::new(0, 7));
    }
}
