//! The lines of a file that one finding needs, made safe to show and clipped around what is flagged.
//!
//! codespan-reporting prints what it is given, whole lines and raw; so it is given only this.

use std::collections::BTreeMap;
use std::ops::Range;

use codespan_reporting::files::{Error, Files, Location};

use crate::source::{LineIndex, Position, Span};

use super::text::for_terminal;

/// Lines longer than this many bytes are clipped.
const MAX_LINE: usize = 200;

/// So much of a clipped line stands before what is flagged.
const BEFORE: usize = 60;

/// Marks that a line goes on.
const CLIPPED: &str = "…";

/// How many lines are shown at the start of a flagged region of several lines; codespan's default.
pub(super) const START_LINES: usize = 3;

/// Excerpts of the files that one finding speaks of.
#[derive(Default)]
pub(super) struct Excerpts {
    files: Vec<Excerpt>,
}

/// Some lines of one file.
pub(super) struct Excerpt {
    name: String,
    /// Where the first flagged place of the file stands, for the head of the excerpt.
    origin: Position,
    text: String,
    /// Lines from 0, with their bytes in `text`.
    lines: BTreeMap<usize, Window>,
    /// Number of lines of the file.
    count: usize,
}

/// What of a line is shown.
#[derive(Clone, Debug)]
struct Window {
    /// Bytes in the excerpt's text, without line end.
    shown: Range<usize>,
    /// Bytes of the file.
    original: Range<usize>,
    /// Length of the mark before it.
    lead: usize,
}

impl Excerpts {
    /// Adds the lines of `text` that `spans` need, and gives the file's number and where the spans lie in
    /// the excerpt.
    pub(super) fn add(
        &mut self,
        name: &str,
        origin: Position,
        text: &str,
        lines: &LineIndex,
        spans: &[Span],
    ) -> (usize, Vec<Range<usize>>) {
        let mut wanted: BTreeMap<usize, Option<Span>> = BTreeMap::new();
        for span in spans {
            for line in needed(lines, *span) {
                let whole = lines.span(line + 1);
                let part = Span::new(span.start.max(whole.start), span.end.min(whole.end));
                let slot = wanted.entry(line).or_default();
                *slot = Some(slot.map_or(part, |other: Span| if part.start < other.start { part } else { other }));
            }
        }
        let mut excerpt = Excerpt {
            name: for_terminal(name).into_owned(),
            origin,
            text: String::new(),
            lines: BTreeMap::new(),
            count: 0,
        };
        excerpt.count = lines.count().max(wanted.keys().last().map_or(1, |last| last + 1));
        for (line, flagged) in wanted {
            excerpt.push(line, text, lines.span(line + 1), flagged.unwrap_or_default());
        }
        let ranges = spans.iter().map(|span| excerpt.translate(lines, *span)).collect();
        self.files.push(excerpt);
        (self.files.len() - 1, ranges)
    }
}

/// The lines, from 0, that codespan shows for a span.
fn needed(lines: &LineIndex, span: Span) -> Vec<usize> {
    let first = lines.line(span.start) - 1;
    let last = lines.line(span.end) - 1;
    let mut needed: Vec<usize> = (first..=last.min(first + START_LINES)).collect();
    needed.extend([last.saturating_sub(1).max(first), last]);
    needed.dedup();
    needed
}

/// The character boundary at or before a byte.
fn floor(text: &str, mut at: usize) -> usize {
    while !text.is_char_boundary(at) {
        at -= 1;
    }
    at
}

impl Excerpt {
    fn push(&mut self, line: usize, text: &str, whole: Span, flagged: Span) {
        let content = text.get(whole.start..whole.end).unwrap_or("");
        let content = content.strip_suffix('\n').unwrap_or(content);
        let content = content.strip_suffix('\r').unwrap_or(content);
        let (mut start, mut end) = (0, content.len());
        if content.len() > MAX_LINE {
            let from = flagged.start.saturating_sub(whole.start).saturating_sub(BEFORE);
            start = floor(content, from.min(content.len() - MAX_LINE));
            end = floor(content, start + MAX_LINE);
        }
        let at = self.text.len();
        let lead = if start > 0 { CLIPPED.len() } else { 0 };
        if start > 0 {
            self.text.push_str(CLIPPED);
        }
        self.text.push_str(&for_terminal(&content[start..end]));
        if end < content.len() {
            self.text.push_str(CLIPPED);
        }
        let window = Window { shown: at..self.text.len(), original: whole.start + start..whole.start + end, lead };
        self.text.push('\n');
        self.lines.insert(line, window);
    }

    /// Where a span of the file lies in the excerpt.
    fn translate(&self, lines: &LineIndex, span: Span) -> Range<usize> {
        let place = |offset: usize| {
            let window = self.lines.get(&(lines.line(offset) - 1))?;
            let offset = offset.clamp(window.original.start, window.original.end);
            Some(window.shown.start + window.lead + offset - window.original.start)
        };
        let start = place(span.start).unwrap_or(0);
        start..place(span.end).unwrap_or(start).max(start)
    }

    /// The line, from 0, of a byte of the excerpt.
    fn line_at(&self, byte: usize) -> usize {
        let before = self.lines.iter().take_while(|(_, window)| window.shown.start <= byte);
        before.last().map_or(0, |(line, _)| *line)
    }
}

impl<'a> Files<'a> for Excerpts {
    type FileId = usize;
    type Name = &'a str;
    type Source = &'a str;

    fn name(&'a self, id: usize) -> Result<&'a str, Error> {
        self.files.get(id).map(|file| file.name.as_str()).ok_or(Error::FileMissing)
    }

    fn source(&'a self, id: usize) -> Result<&'a str, Error> {
        self.files.get(id).map(|file| file.text.as_str()).ok_or(Error::FileMissing)
    }

    fn line_index(&'a self, id: usize, byte_index: usize) -> Result<usize, Error> {
        self.files.get(id).map(|file| file.line_at(byte_index)).ok_or(Error::FileMissing)
    }

    fn location(&'a self, id: usize, _byte_index: usize) -> Result<Location, Error> {
        let origin = self.files.get(id).ok_or(Error::FileMissing)?.origin;
        Ok(Location { line_number: origin.line, column_number: origin.column })
    }

    fn line_range(&'a self, id: usize, line_index: usize) -> Result<Range<usize>, Error> {
        let file = self.files.get(id).ok_or(Error::FileMissing)?;
        if line_index >= file.count {
            return Err(Error::LineTooLarge { given: line_index, max: file.count });
        }
        // Lines in the middle of a long region are asked for, but not shown.
        Ok(file.lines.get(&line_index).map_or(0..0, |window| window.shown.start..window.shown.end + 1))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn excerpt(text: &str, span: Span) -> (String, String) {
        let lines = LineIndex::new(text);
        let mut excerpts = Excerpts::default();
        let (id, ranges) = excerpts.add("f", Position { line: 1, column: 1 }, text, &lines, &[span]);
        let shown = excerpts.files[id].text.clone();
        let flagged = shown[ranges[0].clone()].to_owned();
        (shown, flagged)
    }

    #[test]
    fn long_lines_are_clipped_around_what_is_flagged() {
        let text = format!("{}\u{1b}FLAG{}", "é".repeat(5000), "x".repeat(5000));
        let (shown, flagged) = excerpt(&text, Span::new(10_001, 10_005));
        assert_eq!(flagged, "FLAG");
        assert!(shown.len() < 220 && shown.starts_with('…') && shown.ends_with("…\n") && shown.contains("?FLAG"));
        let (shown, flagged) = excerpt("short\r\n", Span::new(0, 5));
        assert_eq!((shown.as_str(), flagged.as_str()), ("short\n", "short"));
    }

    #[test]
    fn of_a_long_region_only_both_ends_are_kept() {
        let text: String = (0..100).map(|line| format!("{line}\n")).collect();
        let (shown, _) = excerpt(&text, Span::new(0, text.len() - 1));
        assert_eq!(shown, "0\n1\n2\n3\n98\n99\n");
    }
}
