//! The difference between two texts as a unified diff that `patch` takes, on bytes.

use std::io::Write;
use std::path::Path;

use similar::{Algorithm, DiffOp, DiffTag, capture_diff_slices, group_diff_ops};

/// Lines of context around a change.
const CONTEXT: usize = 3;

/// A line of a diff.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Line<'a> {
    /// `--- path`, `+++ path` or `@@ … @@`, without line end.
    Header(&'a str),
    /// In both texts, with its line end if it has one.
    Same(&'a [u8]),
    /// In the old text only.
    Removed(&'a [u8]),
    /// In the new text only.
    Added(&'a [u8]),
    /// What stands after a line without line end.
    NoNewline,
}

/// What diff writes after a last line without line end.
pub const NO_NEWLINE: &str = "\\ No newline at end of file";

/// Hands each line of the difference to `show`, in order; none when the texts are equal.
pub fn lines(path: &Path, old: &[u8], new: &[u8], show: &mut dyn FnMut(Line<'_>)) {
    let (old_lines, new_lines) = (split(old), split(new));
    let ops = capture_diff_slices(Algorithm::Myers, &old_lines, &new_lines);
    let mut first = true;
    for group in group_diff_ops(ops, CONTEXT) {
        if std::mem::take(&mut first) {
            show(Line::Header(&format!("--- {}", path.display())));
            show(Line::Header(&format!("+++ {}", path.display())));
        }
        show(Line::Header(&hunk_header(&group)));
        for op in group {
            let (tag, old_range, new_range) = op.as_tag_tuple();
            if tag == DiffTag::Equal {
                old_lines[old_range].iter().for_each(|line| show_line(Line::Same(line), line, show));
                continue;
            }
            old_lines[old_range].iter().for_each(|line| show_line(Line::Removed(line), line, show));
            new_lines[new_range].iter().for_each(|line| show_line(Line::Added(line), line, show));
        }
    }
}

/// The difference as bytes: exactly what `patch` needs.
pub fn unified(path: &Path, old: &[u8], new: &[u8]) -> Vec<u8> {
    let mut text = Vec::new();
    lines(path, old, new, &mut |line| {
        let (mark, content) = match line {
            Line::Header(header) => ("", header.as_bytes()),
            Line::Same(line) => (" ", line),
            Line::Removed(line) => ("-", line),
            Line::Added(line) => ("+", line),
            Line::NoNewline => ("", NO_NEWLINE.as_bytes()),
        };
        text.extend_from_slice(mark.as_bytes());
        text.extend_from_slice(content);
        if !content.ends_with(b"\n") {
            text.push(b'\n');
        }
    });
    text
}

fn show_line(line: Line<'_>, content: &[u8], show: &mut dyn FnMut(Line<'_>)) {
    show(line);
    if !content.ends_with(b"\n") {
        show(Line::NoNewline);
    }
}

/// The lines with their ends.
fn split(text: &[u8]) -> Vec<&[u8]> {
    text.split_inclusive(|byte| *byte == b'\n').collect()
}

/// `@@ -start,count +start,count @@`; a range without lines starts on the line before it.
fn hunk_header(group: &[DiffOp]) -> String {
    let (Some(first), Some(last)) = (group.first(), group.last()) else { return String::new() };
    let old = range(first.old_range().start, last.old_range().end);
    let new = range(first.new_range().start, last.new_range().end);
    format!("@@ -{old} +{new} @@")
}

fn range(start: usize, end: usize) -> String {
    match end - start {
        0 => format!("{start},0"),
        1 => (start + 1).to_string(),
        count => format!("{},{count}", start + 1),
    }
}

/// Writes the difference as bytes. Errors are those of `out`.
pub fn write(out: &mut dyn Write, path: &Path, old: &[u8], new: &[u8]) -> std::io::Result<()> {
    out.write_all(&unified(path, old, new))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn diff(old: &str, new: &str) -> String {
        String::from_utf8(unified(Path::new("f"), old.as_bytes(), new.as_bytes())).unwrap()
    }

    #[test]
    fn equal_texts_have_no_difference() {
        assert_eq!(diff("a\n", "a\n"), "");
    }

    #[test]
    fn three_lines_of_context_stand_around_a_change() {
        let old = "1\n2\n3\n4\n5\n6\n7\n8\n9\n";
        assert_eq!(
            diff(old, &old.replace("5\n", "five\n")),
            "--- f\n+++ f\n@@ -2,7 +2,7 @@\n 2\n 3\n 4\n-5\n+five\n 6\n 7\n 8\n"
        );
    }

    #[test]
    fn line_ends_and_a_missing_last_one_are_kept() {
        assert_eq!(
            diff("a\r\nb", "a\nb\n"),
            "--- f\n+++ f\n@@ -1,2 +1,2 @@\n-a\r\n-b\n\\ No newline at end of file\n+a\n+b\n"
        );
        assert_eq!(diff("a\nb", "b"), "--- f\n+++ f\n@@ -1,2 +1 @@\n-a\n b\n\\ No newline at end of file\n");
        assert_eq!(diff("a\n", ""), "--- f\n+++ f\n@@ -1 +0,0 @@\n-a\n");
    }

    #[test]
    fn bytes_that_are_not_utf_8_are_kept() {
        let text = unified(Path::new("f"), b"\xe9\nx\n", b"\xe9\ny\n");
        assert_eq!(text, b"--- f\n+++ f\n@@ -1,2 +1,2 @@\n \xe9\n-x\n+y\n");
    }
}
