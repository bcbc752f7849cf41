//! Text put together from pieces of a file (strings of JSON, quoted lines of a mail), with the way back to its bytes.

use super::Span;

/// Text with the place of every character.
#[derive(Clone, Debug, Default)]
pub struct Mapped {
    /// The text.
    pub text: String,
    runs: Vec<Run>,
}

/// A stretch of text that stands in the file as it is, or one escaped character.
#[derive(Clone, Copy, Debug)]
struct Run {
    text: Span,
    file: Span,
}

impl Mapped {
    /// Adds `text`, which stands at `file`: byte for byte when the lengths agree, as one whole else.
    pub fn push(&mut self, text: &str, file: Span) {
        let start = self.text.len();
        self.text.push_str(text);
        let end = self.text.len();
        if let Some(last) = self.runs.last_mut()
            && last.text.len() == last.file.len()
            && text.len() == file.len()
            && (last.text.end, last.file.end) == (start, file.start)
        {
            last.text.end = end;
            last.file.end = file.end;
            return;
        }
        self.runs.push(Run { text: Span::new(start, end), file });
    }

    /// Adds a line end and another text with its places, written as `text` of the same length. Gives its span.
    pub fn append(&mut self, text: &str, other: &Self) -> Span {
        if !self.text.is_empty() {
            self.text.push('\n');
        }
        let base = self.text.len();
        self.text.push_str(text);
        self.runs.extend(other.runs.iter().map(|run| Run { text: run.text.shifted(base), file: run.file }));
        Span::new(base, self.text.len())
    }

    /// Where a span of the text stands in the file.
    pub fn in_file(&self, span: Span) -> Span {
        let start = self.start(span.start);
        if span.is_empty() {
            return Span::at(start);
        }
        Span::new(start, self.end(span.end).max(start))
    }

    /// The place of the character that begins at `at`; past the last one at the end of the text.
    fn start(&self, at: usize) -> usize {
        let index = self.runs.partition_point(|run| run.text.start <= at);
        let Some(run) = index.checked_sub(1).and_then(|index| self.runs.get(index)) else {
            return self.runs.first().map_or(0, |run| run.file.start);
        };
        if at >= run.text.end {
            run.file.end
        } else if run.text.len() == run.file.len() {
            run.file.start + (at - run.text.start)
        } else {
            run.file.start
        }
    }

    /// The end of the character before `at`.
    fn end(&self, at: usize) -> usize {
        let index = self.runs.partition_point(|run| run.text.start < at);
        let Some(run) = index.checked_sub(1).and_then(|index| self.runs.get(index)) else { return 0 };
        if run.text.len() == run.file.len() {
            run.file.start + (at.min(run.text.end) - run.text.start)
        } else {
            run.file.end
        }
    }
}
