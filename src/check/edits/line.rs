//! A line of code where edits put lines beside it; in a notebook, a line inside a JSON string.

use super::super::comments::is_about_next;
use crate::source::{Kind, Source, Span};

/// A line of code.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Line {
    /// The code without line end; in a notebook, without quotes and commas.
    pub content: Span,
    /// What goes when the line goes.
    pub outer: Span,
    /// What stands between two lines.
    separator: String,
}

/// The line end of the file.
pub(super) fn newline(source: &Source) -> &'static str {
    let first = source.lines.span(1);
    if source.slice(first).ends_with("\r\n") { "\r\n" } else { "\n" }
}

/// Text as it stands in the file: inside a notebook it is part of a JSON string.
pub(super) fn escaped(source: &Source, text: &str) -> String {
    if !matches!(source.kind, Kind::Notebook) {
        return text.to_owned();
    }
    let quoted = serde_json::Value::String(text.to_owned()).to_string();
    quoted.get(1..quoted.len().saturating_sub(1)).unwrap_or_default().to_owned()
}

impl Line {
    /// The line that holds the byte `offset`.
    pub fn at(source: &Source, offset: usize) -> Option<Self> {
        let outer = source.lines.span(source.lines.line(offset));
        let text = source.text.get(outer.start..outer.end)?;
        if matches!(source.kind, Kind::Notebook) {
            return Self::in_notebook(source, outer, text, offset);
        }
        let end = outer.start + text.trim_end_matches(['\n', '\r']).len();
        Some(Self { content: Span::new(outer.start, end), outer, separator: newline(source).to_owned() })
    }

    /// The line of code around `offset` in the JSON line `text`.
    fn in_notebook(source: &Source, whole: Span, text: &str, offset: usize) -> Option<Self> {
        let bytes = text.as_bytes();
        let (mut start, mut at, mut inside) = (0, 0, false);
        let mut found: Option<(usize, usize, usize)> = None;
        while at < bytes.len() {
            let length = match bytes[at] {
                b'\\' if inside => 2,
                _ => 1,
            };
            let is_break = inside && bytes[at..].starts_with(b"\\n");
            if bytes[at] == b'"' || is_break {
                if inside && whole.start + at >= offset {
                    found = Some((start, at, if is_break { at + 2 } else { at }));
                    break;
                }
                inside = is_break || !inside;
                start = at + length;
            }
            at += length;
        }
        let (start, end, after) = found?;
        let shift = |at: usize| whole.start + at;
        let content = Span::new(shift(start), shift(end));
        let margin = &text[..text.len() - text.trim_start().len()];
        let is_item = text.trim_start().starts_with('"') && start == margin.len() + 1 && !text.contains("\":");
        let ends_item = matches!(text.get(after..).map(str::trim_end), Some("\"" | "\","));
        if is_item && ends_item {
            let separator = format!("\\n\",{}{margin}\"", newline(source));
            let outer = if text.trim_end().ends_with(',') { whole } else { content };
            return Some(Self { content, outer, separator });
        }
        Some(Self { content, outer: Span::new(content.start, shift(after)), separator: "\\n".to_owned() })
    }

    /// The blanks before the code; a line of nothing else tells no indentation.
    pub fn indent<'s>(&self, source: &'s Source) -> &'s str {
        let text = source.slice(self.content);
        if text.trim().is_empty() {
            return "";
        }
        &text[..text.len() - text.trim_start_matches([' ', '\t']).len()]
    }

    /// Lines in front of this one, indented as it is, and of comments that tell a tool about it.
    pub fn insert_before(&self, source: &Source, text: &str) -> (Span, String) {
        let text = format!("{}{}{}", self.indent(source), self.joined(source, text), self.separator);
        let mut start = self.content.start;
        let mut line = source.lines.line(start);
        while line > 1
            && !matches!(source.kind, Kind::Notebook)
            && is_about_next(source.slice(source.lines.span(line - 1)))
        {
            line -= 1;
            start = source.lines.span(line).start;
        }
        (Span::at(start), text)
    }

    /// Lines behind this one, indented as it is.
    pub fn insert_after(&self, source: &Source, text: &str) -> (Span, String) {
        let text = format!("{}{}{}", self.separator, self.indent(source), self.joined(source, text));
        (Span::at(self.content.end), text)
    }

    /// Text as it stands in the file, its further lines indented as this one.
    pub fn joined(&self, source: &Source, text: &str) -> String {
        let indent = self.indent(source);
        let lines: Vec<String> = text.split('\n').map(|line| escaped(source, line)).collect();
        let mut joined = String::new();
        for (index, line) in lines.iter().enumerate() {
            if index > 0 {
                joined.push_str(&self.separator);
                joined.push_str(if line.is_empty() { "" } else { indent });
            }
            joined.push_str(line);
        }
        joined
    }
}
