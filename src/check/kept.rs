//! Lines that a comment asks to leave as they are, or where they stand: no fix gets round such a comment.

use std::sync::LazyLock;

use aho_corasick::AhoCorasick;
use regex::Regex;

use crate::source::{Kind, Source, Span};

use super::comments::is_directive;
use super::finding::Edit;

/// An order to leave something alone: what it forbids, and what it is about.
static LEAVE: LazyLock<Option<Regex>> = LazyLock::new(|| {
    let orders = r"(?i)\b(?:(?:do\s+not|don['’]?t|never)\s+(?:ever\s+)?(?<verb>edit|modify|change|alter|touch|remove|delete)\b|nicht\s+(?:ändern|verändern|bearbeiten|anfassen)|ne\s+pas\s+(?:modifier|toucher|changer)|no\s+(?:modificar|tocar|cambiar|editar)|non\s+modificare|não\s+(?:alterar|modificar|mexer)|[勿不]要?[修更]?改)(?<object>.*)";
    Regex::new(orders).ok()
});

/// An order to leave something where it stands.
static PLACE: LazyLock<Option<Regex>> = LazyLock::new(|| {
    let orders = r"(?ix)
        \b(?:do\s+not|don['’]?t|never)\s+(?:ever\s+)?(?:move|re-?order|rearrange|relocate|swap)\b
        | \b(?:must|has\s+to|have\s+to|needs?\s+to)\s+(?:\w+\s+)?(?:stay|remain|be|come|stand|go|appear)\s+(?:\w+\s+)?
          (?:here|first|last|above|below|before|after|on\s+(?:the\s+)?(?:top|first|last)|at\s+the\s+(?:very\s+)?(?:top|end|bottom|beginning|start)|in\s+(?:this|that)\s+(?:order|place|position))\b
        | \bkeep\s+(?:this|these|the|them|in|at|on)\b.*\b(?:order|place|position|lines?|here|above|below|top|bottom|first|last)\b
        | \border\s+(?:(?:here|of\s+\S+)\s+)?(?:matters|is\s+important|important)\b";
    Regex::new(orders).ok()
});

/// A number of a line that something is bound to.
static NUMBER: LazyLock<Option<Regex>> = LazyLock::new(|| {
    Regex::new(r"(?i)\b(?:must|has to|have to|needs? to|keep|stays?|remain|expect(?:s|ed)?)\b.*(?:\blines?\s*(?:no\.?|number|#)?\s*\d+|\b\d+(?:st|nd|rd|th)\s+line\b)")
        .ok()
});

/// Of these words one stands in each order; `not` behind `do`.
static GATE: LazyLock<Option<AhoCorasick>> = LazyLock::new(|| {
    let words = [
        "not",
        "don",
        "never",
        "nicht",
        "pas",
        "modificar",
        "tocar",
        "cambiar",
        "editar",
        "alterar",
        "mexer",
        "改",
        "must",
        "has",
        "have",
        "need",
        "keep",
        "stay",
        "remain",
        "expect",
        "order",
    ];
    AhoCorasick::builder().ascii_case_insensitive(true).build(words).ok()
});

/// All that lies above or below.
static ALL: LazyLock<Option<Regex>> =
    LazyLock::new(|| Regex::new(r"(?i)\b(?:any|all|every)\b|\b(?:any|every)thing\b|\bthis\b|\bhere\b|\bpoint\b").ok());

/// Some lines that lie beside.
static LINES: LazyLock<Option<Regex>> =
    LazyLock::new(|| Regex::new(r"(?i)\blines?\b|\b(?:next|following)\b|\bblock\b|\bsection\b|\bpart\b").ok());

/// Words in front of an order that is none of somebody else.
const BEFORE_ORDERS: [&str; 12] =
    ["please", "pls", "and", "but", "so", "also", "or", "you", "bitte", "favor", "per", "thus"];

/// What a comment asks to keep.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Keeps {
    /// The text.
    Text,
    /// The place among other lines.
    Place,
    /// The number of the line.
    Number,
}

/// A comment that asks to leave lines alone.
#[derive(Clone, Copy, Debug)]
pub(super) struct Kept {
    /// Line of the comment.
    line: usize,
    keeps: Keeps,
    /// The lines that it is about.
    lines: Span,
}

/// The comments of a file that ask to leave lines alone.
pub(super) fn in_file(source: &Source) -> Vec<Kept> {
    let mut found = Vec::new();
    let mut in_head = true;
    // Behind the last line with a comment.
    let mut next = 0;
    for at in memchr::memchr_iter(b'#', source.text.as_bytes()) {
        if at < next {
            continue;
        }
        let number = source.lines.line(at);
        let line = source.lines.span(number);
        let text = source.slice(line);
        in_head &= source.slice(Span::new(next, line.start)).trim().is_empty();
        next = line.end;
        let comment = comment(source, text);
        in_head &= comment.is_some_and(|(_, is_alone)| is_alone) || text.trim().is_empty();
        let Some((words, is_alone)) = comment else { continue };
        let Some((keeps, reach)) = asked(words, in_head) else { continue };
        let lines = match reach {
            Reach::File => Span::new(0, source.text.len()),
            Reach::Above => Span::new(0, line.end),
            Reach::Below => Span::new(line.start, source.text.len()),
            // The line below.
            Reach::Beside if is_alone && keeps == Keeps::Number => line.to(source.lines.span(number + 1)),
            Reach::Beside if is_alone => Span::new(line.start, end_of_paragraph(source, number)),
            Reach::Beside => line,
        };
        found.push(Kept { line: number, keeps, lines });
    }
    found
}

/// The line of a comment that the changes would get round.
pub(super) fn asked_on(source: &Source, kept: &[Kept], edits: &[Edit]) -> Option<usize> {
    if kept.is_empty() {
        return None;
    }
    let own: Vec<&Edit> = edits.iter().filter(|edit| edit.path.is_none() && source.slice(edit.span) != "\r").collect();
    let moves = || {
        let text = |edit: &Edit| source.slice(edit.span).trim().to_owned();
        let goes = |edit: &&&Edit| edit.text.is_empty() && !edit.span.is_empty();
        own.iter()
            .filter(goes)
            .any(|cut| own.iter().any(|other| other.span.is_empty() && other.text.trim() == text(cut)))
    };
    let touches = |lines: Span, edit: Span| match edit.is_empty() {
        // What goes right above the comment leaves its lines as they are.
        true => {
            (edit.start > lines.start || lines.start == 0) && (edit.start < lines.end || lines.end == source.text.len())
        }
        false => edit.overlaps(lines),
    };
    let gets_round = |kept: &&Kept| match kept.keeps {
        Keeps::Text => own.iter().any(|edit| touches(kept.lines, edit.span)),
        Keeps::Place => {
            let start = own.iter().map(|edit| edit.span.start).min();
            let end = own.iter().map(|edit| edit.span.end).max();
            let hull = start.zip(end).map(|(start, end)| Span::new(start, end));
            hull.is_some_and(|hull| touches(kept.lines, hull)) && moves()
        }
        Keeps::Number => {
            let breaks = |text: &str| i64::try_from(memchr::memchr_iter(b'\n', text.as_bytes()).count()).unwrap_or(0);
            let above = own.iter().filter(|edit| edit.span.start < kept.lines.end);
            above.map(|edit| breaks(&edit.text) - breaks(source.slice(edit.span))).sum::<i64>() != 0
        }
    };
    kept.iter().find(gets_round).map(|kept| kept.line)
}

/// How far an order reaches.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Reach {
    File,
    Above,
    Below,
    Beside,
}

/// True where a word stands without which a comment asks for nothing. Most comments have none, and the expressions take
/// long to make.
fn may_ask(words: &str) -> bool {
    GATE.as_ref().is_none_or(|gate| {
        gate.find_iter(words).any(|word| {
            let before = || words[..word.start()].trim_end().as_bytes();
            let is_do = |before: &[u8]| before.len() >= 2 && before[before.len() - 2..].eq_ignore_ascii_case(b"do");
            word.pattern().as_usize() > 0 || is_do(before())
        })
    })
}

/// What a comment asks for, if anything.
fn asked(words: &str, in_head: bool) -> Option<(Keeps, Reach)> {
    if !may_ask(words) {
        return None;
    }
    if NUMBER.as_ref()?.is_match(words) {
        return Some((Keeps::Number, Reach::Beside));
    }
    if PLACE.as_ref()?.find(words).is_some_and(|order| is_order(words, order.start(), order.as_str())) {
        return Some((Keeps::Place, Reach::Beside));
    }
    let order = LEAVE.as_ref()?.captures(words)?;
    let whole = order.get(0)?;
    let object = order.name("object").map_or("", |object| object.as_str());
    let takes_away = order.name("verb").is_some_and(|verb| matches!(verb.as_str().as_bytes()[0] | 0x20, b'r' | b'd'));
    if !is_order(words, whole.start(), whole.as_str()) || (takes_away && !is_about_lines(object)) {
        return None;
    }
    let object = object.to_lowercase();
    let speaks_of = |words: &[&str]| object.split(|c: char| !c.is_alphanumeric()).any(|word| words.contains(&word));
    let is_all = ALL.as_ref()?.is_match(&object) || !LINES.as_ref()?.is_match(&object);
    let reach = match () {
        () if is_all && speaks_of(&["above", "before", "preceding"]) => Reach::Above,
        () if is_all && speaks_of(&["below", "beyond", "past", "after", "under", "following"]) => Reach::Below,
        () if in_head && (speaks_of(&["file", "script"]) || says_file(words)) => Reach::File,
        () => Reach::Beside,
    };
    Some((Keeps::Text, reach))
}

/// True where the rest of a comment makes all of a file its subject: `generated by make_jobs.py, do not edit`.
fn says_file(words: &str) -> bool {
    let words = words.to_lowercase();
    ["generated", "managed by", "this file", "this script"].iter().any(|word| words.contains(word))
}

/// True for an order: it begins a sentence, or is shouted. «The weights don't change» is none.
fn is_order(words: &str, start: usize, order: &str) -> bool {
    let first: String = order.chars().take_while(|c| c.is_alphabetic()).collect();
    if !["do", "don", "dont", "never"].contains(&first.to_lowercase().as_str()) {
        return true;
    }
    let before = words[..start].trim_end();
    let last = before.rsplit(|c: char| !c.is_alphanumeric()).next().unwrap_or("").to_lowercase();
    last.is_empty() || BEFORE_ORDERS.contains(&last.as_str()) || first.chars().all(char::is_uppercase)
}

/// True where what shall not be taken away is a part of the file, and not a result or a folder.
fn is_about_lines(object: &str) -> bool {
    let object = object.trim_start();
    let first = object.split(|c: char| c.is_whitespace() || ".,;:!)".contains(c)).next().unwrap_or("").to_lowercase();
    let about = ["", "or", "this", "these", "it", "line", "lines", "block", "unless", "here", "anything"];
    about.contains(&first.as_str()) || LINES.as_ref().is_some_and(|lines| lines.is_match(object))
}

/// The words of the comment on a line, and whether it has the line to itself.
fn comment<'s>(source: &Source, line: &'s str) -> Option<(&'s str, bool)> {
    let text = line.trim();
    let is_notebook = source.kind == Kind::Notebook;
    let text = if is_notebook { text.trim_start_matches('"').trim_end_matches(['"', ',']) } else { text };
    let text = if is_notebook { text.trim_end_matches("\\n") } else { text };
    let at = text.find('#')?;
    let is_alone = at == 0 && !is_for_machines(text);
    let behind = || text.match_indices('#').find(|(at, _)| *at > 0 && text[..*at].ends_with([' ', '\t']));
    let start = if is_alone { 0 } else { behind()?.0 };
    Some((text[start..].trim_matches(|c: char| !c.is_alphanumeric() && c != '('), is_alone))
}

/// True for a line that looks like a comment and is a directive or a shebang.
fn is_for_machines(text: &str) -> bool {
    is_directive(text) && text.strip_prefix("#!").is_none_or(|program| program.trim_start().starts_with('/'))
}

/// The end of the lines right below a comment that it speaks of: down to a gap, or to the next comment.
fn end_of_paragraph(source: &Source, comment: usize) -> usize {
    let mut end = source.lines.span(comment).end;
    let mut has_code = false;
    for number in comment + 1..=source.lines.count() {
        let line = source.lines.span(number);
        let text = source.slice(line).trim();
        let is_comment = text.starts_with('#') && !is_for_machines(text);
        if text.is_empty() || is_comment && has_code {
            break;
        }
        has_code |= !is_comment;
        end = line.end;
    }
    end
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::source::{Role, Shell};

    #[test]
    fn orders_are_told_from_what_people_tell() {
        for (words, wanted) in [
            ("DO NOT EDIT ANY LINE ABOVE", Some((Keeps::Text, Reach::Above))),
            ("!!! DO NOT EDIT BELOW THIS LINE !!!", Some((Keeps::Text, Reach::Below))),
            ("please don't modify anything past this point", Some((Keeps::Text, Reach::Below))),
            ("do not change the lines below", Some((Keeps::Text, Reach::Beside))),
            ("This file is generated. Do not edit.", Some((Keeps::Text, Reach::File))),
            ("generated by make_jobs, DO NOT EDIT", Some((Keeps::Text, Reach::File))),
            ("do not change", Some((Keeps::Text, Reach::Beside))),
            ("number of tasks (do not change):", Some((Keeps::Text, Reach::Beside))),
            ("Don't remove this line!", Some((Keeps::Text, Reach::Beside))),
            ("Diese Zeile nicht ändern", Some((Keeps::Text, Reach::Beside))),
            ("must stay on line 4", Some((Keeps::Number, Reach::Beside))),
            ("the name MUST remain on the 4th line for the script", Some((Keeps::Number, Reach::Beside))),
            ("do not move", Some((Keeps::Place, Reach::Beside))),
            ("Order of modules matters", Some((Keeps::Place, Reach::Beside))),
            ("this has to come first", Some((Keeps::Place, Reach::Beside))),
            ("the weights don't change", None),
            ("if you do not change the seed, runs are alike", Some((Keeps::Text, Reach::Beside))),
            ("do not delete the results of the last run", None),
            ("jobs do not move between nodes", None),
            ("the node must be on line", None),
        ] {
            assert_eq!(asked(words, true), wanted, "{words}");
        }
    }

    #[test]
    fn an_edit_gets_round_what_it_touches_and_nothing_else() {
        let text = "AA\n\n# do not change\nBB\nCC\n\nDD # do not touch\nEE\n";
        let source = Source::new("f".into(), Kind::Shell { shell: Shell::Bash, role: Role::Script }, text.into());
        let kept = in_file(&source);
        let line_of = |cut: &str, new: &str| {
            let at = text.find(cut).unwrap_or_default();
            let edit = Edit { path: None, span: Span::new(at, at + cut.len()), text: new.to_owned() };
            asked_on(&source, &kept, &[edit])
        };
        assert_eq!(line_of("AA\n", ""), None);
        assert_eq!(line_of("BB", "x"), Some(3));
        assert_eq!(line_of("CC", "x"), Some(3));
        assert_eq!(line_of("DD", "x"), Some(7));
        assert_eq!(line_of("EE\n", ""), None);
    }
}
