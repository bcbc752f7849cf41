//! What a ticket is about, as its author says it: the subject of a mail, the title of a thread.

use std::sync::LazyLock;

use regex::Regex;

use crate::policy::symptom::On;
use crate::source::Kind;

use super::document::Document;
use super::lines::{Line, clean, known, slice};
use super::prompt;
use super::recognise::is_header;
use super::script::is_fence;

/// A first line that is longer is a paragraph.
const LENGTH: usize = 250;

/// Marks the titles among the lines of a document: a title is somebody's own words, and most often quotes a message.
pub(super) fn mark(document: &Document, lines: &mut [Line]) {
    if document.kind != Kind::Other || document.is_log() {
        return;
    }
    let text = |line: &Line| clean(slice(document, line.span));
    for line in lines.iter_mut().filter(|line| line.on != On::Script) {
        line.title = SUBJECT.is_match(&text(line));
    }
    let Some(first) = lines.iter().position(|line| !text(line).trim().is_empty()) else { return };
    let words = text(&lines[first]);
    let next = lines.get(first + 1).map(text).unwrap_or_default();
    let stands_alone = next.trim().is_empty() || UNDERLINE.is_match(&next);
    let said = !matches!(lines[first].on, On::Script | On::Command)
        && !is_fence(&words)
        && !is_header(&words)
        && prompt::read(&words).is_none()
        && !GREETING.is_match(&words);
    if said && words.len() <= LENGTH && (HEADING.is_match(&words) || (stands_alone && lines.len() > first + 1)) {
        lines[first].title = true;
    }
}

static SUBJECT: LazyLock<Regex> = LazyLock::new(|| known(r"^(?:Subject|Betreff|Objet|Asunto|Oggetto|Onderwerp): *\S"));
static HEADING: LazyLock<Regex> = LazyLock::new(|| known(r"^(?:#{1,3} +\S|(?i:title|topic|issue|question): *\S)"));
static UNDERLINE: LazyLock<Regex> = LazyLock::new(|| known(r"^\s*(?:={3,}|-{3,})\s*$"));
static GREETING: LazyLock<Regex> = LazyLock::new(|| {
    known(r"(?i)^\s*(?:hi|hello|hey|dear|hallo|liebe[rs]?|guten|bonjour|salut|good (?:morning|afternoon|day))\b")
});

#[cfg(test)]
mod tests {
    use super::*;

    fn titles(text: &str) -> Vec<usize> {
        let document = Document::new("t".to_owned(), Some("t.txt".to_owned()), text.to_owned());
        let mut lines = super::super::lines::read(&document);
        mark(&document, &mut lines);
        lines.iter().filter(|line| line.title).map(|line| line.number).collect()
    }

    #[test]
    fn titles_are_subjects_headings_and_lines_that_stand_alone() {
        assert_eq!(titles("From: a@b.org\nSubject: conda: command not found\n\nHello,\n"), [2]);
        assert_eq!(titles("\n# All ranks are 0\nI start it so.\n"), [2]);
        assert_eq!(titles("All ranks are 0\n\nI start it so.\n"), [1]);
        assert_eq!(titles("All ranks are 0\n===\nI start it so.\n"), [1]);
        for text in
            ["Hello,\n\nit fails.\n", "It fails.\nAnd so on.\n", "[a@login1 ~]$ ls\n\nx\n", "```\n\nx\n", "", "one\n"]
        {
            assert_eq!(titles(text), [0; 0], "{text:?}");
        }
    }
}
