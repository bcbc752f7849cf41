//! The lines of a document: how deep each is quoted, its text as phrases are looked for in it, what it is.

use std::sync::LazyLock;

use regex::Regex;

use crate::policy::symptom::On;
use crate::source::Span;

use super::document::Document;

/// Lines that are read of one document.
const LINES: usize = 200_000;

/// A line of a document.
#[derive(Clone, Debug)]
pub(super) struct Line {
    /// Its number in the document, from 1.
    pub number: usize,
    /// Its content in the document's text: without quotation marks and line end.
    pub span: Span,
    /// How deep it is quoted.
    pub quote: usize,
    /// What it is.
    pub on: On,
    /// It says what the ticket is about.
    pub title: bool,
}

/// The lines of a document that hold text. What they are is found out by `pieces`.
pub(super) fn read(document: &Document) -> Vec<Line> {
    let mut lines = Vec::new();
    let mut quoted = 0;
    for number in 1..=document.lines.count().min(LINES) {
        if document.padding.binary_search(&number).is_ok() {
            continue;
        }
        let whole = document.lines.span(number);
        let text = slice(document, whole).trim_end_matches(['\n', '\r']);
        let (quote, skip) = quotation(text, quoted);
        quoted = quote;
        lines.push(Line {
            number,
            span: Span::new(whole.start + skip, whole.start + text.len()),
            quote,
            on: On::Prose,
            title: false,
        });
    }
    lines
}

/// The text of a span.
pub(super) fn slice(document: &Document, span: Span) -> &str {
    document.text.get(span.start..span.end).unwrap_or("")
}

/// How deep a line is quoted, and how many bytes its marks take. `>>> ` alone is Python's prompt.
fn quotation(line: &str, before: usize) -> (usize, usize) {
    if line.starts_with(">>> ") && before < 2 {
        return (0, 0);
    }
    let (mut depth, mut at) = (0, 0);
    loop {
        let rest = &line[at..];
        let blanks = rest.len() - rest.trim_start_matches(' ').len();
        match rest[blanks..].strip_prefix('>') {
            Some(after) if blanks <= 2 => {
                depth += 1;
                at = line.len() - after.len();
            }
            _ => break,
        }
    }
    if depth > 0 && line[at..].starts_with(' ') {
        at += 1;
    }
    (depth, at)
}

/// A line as phrases are looked for in it: without colours and other control characters, with plain quotation marks and
/// no bold words; of what a carriage return overwrote, the last.
pub(super) fn clean(line: &str) -> String {
    let line = ESCAPE.replace_all(line, "");
    let line = BOLD.replace_all(&line, "$before$word");
    let last = line.trim_end_matches('\r').rsplit('\r').find(|part| !part.trim().is_empty()).unwrap_or("");
    let plain = |c: char| match c {
        '\u{2018}' | '\u{2019}' | '\u{201a}' | '\u{2032}' | '\u{b4}' => '\'',
        '\u{201c}' | '\u{201d}' | '\u{201e}' | '\u{ab}' | '\u{bb}' => '"',
        '\u{a0}' | '\u{2007}' | '\u{202f}' | '\t' => ' ',
        '\u{2010}' | '\u{2011}' | '\u{2013}' | '\u{2212}' => '-',
        c => c,
    };
    last.chars().map(plain).filter(|c| !c.is_control()).collect()
}

static ESCAPE: LazyLock<Regex> =
    LazyLock::new(|| known(r"\x1b(?:\[[0-?]*[ -/]*[@-~]|\][^\x07\x1b]*(?:\x07|\x1b\\)?|[@-_])"));

/// Words between two pairs of asterisks, as Markdown has them bold; no operator of a program, nor a wildcard.
static BOLD: LazyLock<Regex> =
    LazyLock::new(|| known(r"(?<before>^|[^\w*])\*\*(?<word>[[:alpha:]](?:[^*/=(]*[[:alpha:].:!?])?)\*\*"));

/// An expression that a test has compiled.
pub(super) fn known(source: &str) -> Regex {
    match Regex::new(source) {
        Ok(regex) => regex,
        Err(_) => unreachable!("{source}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn quotations_and_prompts() {
        for (line, before, expected) in [
            ("> a", 0, (1, 2)),
            (">> a", 1, (2, 3)),
            ("> > a", 0, (2, 4)),
            (">a", 0, (1, 1)),
            (">>> import x", 0, (0, 0)),
            (">>> deep", 3, (3, 4)),
            ("a > b", 0, (0, 0)),
            (">", 1, (1, 1)),
        ] {
            assert_eq!(quotation(line, before), expected, "{line:?}");
        }
    }

    #[test]
    fn what_is_written_over_and_coloured_is_plain() {
        assert_eq!(clean("\u{1b}[31mError\u{1b}[0m: don\u{2019}t\u{7}"), "Error: don't");
        assert_eq!(clean("10%\r100% done\r"), "100% done");
        assert_eq!(clean("\u{1b}]0;title\u{7}x"), "x");
    }

    #[test]
    fn bold_words_are_plain_and_code_stays() {
        assert_eq!(clean("**all** cores, **in bold.** x"), "all cores, in bold. x");
        for line in ["a**b**c", "2 ** 3 ** 4", "f(**x, **y)", "**/lib/**", "** a **", "***"] {
            assert_eq!(clean(line), line);
        }
    }
}
