//! Edits that know how shell statements share lines: lists, bodies, comments, continuation lines.

use super::super::comments;
use super::Change;
use super::line::Line;
use crate::facts::{Fact, Value};
use crate::source::{Kind, Source, Span};

/// True when nothing of meaning follows on the line.
pub(super) fn is_blank_or_comment(text: &str) -> bool {
    let text = text.trim_start();
    text.is_empty() || text.starts_with('#')
}

/// Deletes a statement: its lines when it stands alone on them, else itself with one separator. The only
/// statement of a body leaves `:`. `None` for a part of an `&&`, `||` or `|` list.
pub(super) fn delete_statement(source: &Source, fact: &Fact, span: Span) -> Option<Vec<Change>> {
    if !fact.is_all_of_statement() || span.is_empty() {
        return None;
    }
    if matches!(fact.fields.get("statement"), Some(Value::Record(statement)) if statement.flag("sole")) {
        return Some(vec![(span, ":".to_owned())]);
    }
    let first = Line::at(source, span.start)?;
    let last = Line::at(source, span.end - 1)?;
    let before = source.slice(Span::new(first.content.start, span.start));
    let after = source.slice(Span::new(span.end.min(last.content.end), last.content.end));
    let left = before.trim_end();
    let right = after.trim_start();
    if left.is_empty() && right.is_empty() {
        let start = with_installer_mark(source, first.outer.start);
        return Some(vec![(Span::new(start, last.outer.end), String::new())]);
    }
    if left.is_empty() && right.starts_with('#') {
        // The comment moves to the statement's place.
        return Some(vec![(Span::new(span.start, last.content.end - right.len()), String::new())]);
    }
    if let Some(rest) = right.strip_prefix(';').filter(|rest| !rest.starts_with(';')) {
        if left.is_empty() && rest.trim().is_empty() {
            return Some(vec![(Span::new(first.outer.start, last.outer.end), String::new())]);
        }
        return Some(vec![(Span::new(span.start, last.content.end - rest.trim_start().len()), String::new())]);
    }
    if left.ends_with(';') && !left.ends_with(";;") {
        let start = first.content.start + left.len() - 1;
        let start = start - (left.len() - 1 - left[..left.len() - 1].trim_end().len());
        return Some(vec![(Span::new(start, span.end), String::new())]);
    }
    None
}

/// Where lines begin with the comment right above them that an installer wrote: without them it says what is not so.
pub(super) fn with_installer_mark(source: &Source, start: usize) -> usize {
    let above = source.lines.whole_lines(Span::at(start.saturating_sub(1)));
    let is_mark = start > 0 && comments::is_installer_mark(source.slice(above));
    if is_mark { above.start } else { start }
}

/// Deletes the lines of the only item of a YAML list: the key above gets an empty list. In one line (`[a]`) the brackets
/// are there already. `None` where the key does not stand right above.
pub(super) fn delete_only_item(source: &Source, item: Span) -> Option<Vec<Change>> {
    let mut changes = vec![(item, String::new())];
    if !source.slice(item).trim_start().starts_with('-') {
        return Some(changes);
    }
    let mut number = source.lines.line(item.start);
    while number > 1 {
        number -= 1;
        let line = source.lines.span(number);
        let text = source.slice(line);
        if is_blank_or_comment(text) {
            continue;
        }
        let key = text.split(" #").next().unwrap_or(text).trim_end();
        changes.insert(0, (Span::at(line.start + key.len()), " []".to_owned()));
        return key.ends_with(':').then_some(changes);
    }
    None
}

/// A word with the blanks before it, when they would be left over; anything else as it is.
pub(super) fn with_blank(source: &Source, span: Span) -> Span {
    let before = source.slice(Span::new(0, span.start));
    let line_start = before.rfind('\n').map_or(0, |at| at + 1);
    let blanks = before.len() - before.trim_end_matches([' ', '\t']).len();
    let next = source.text.get(span.end..).and_then(|rest| rest.chars().next());
    let ends_word = next.is_none_or(|next| next.is_whitespace() || matches!(next, ';' | ')' | '|' | '&'));
    let at_line_start = span.start - blanks <= line_start;
    let after = source.text.get(span.end..).unwrap_or("");
    let gap = after.len() - after.trim_start_matches([' ', '\t']).len();
    let whole_lines = source.slice(span).ends_with('\n');
    if at_line_start && !whole_lines && gap > 0 && !after[gap..].starts_with(['\n', '\r', '#']) {
        // The first word of a line: the next one takes its place.
        return Span::new(span.start, span.end + gap);
    }
    if blanks == 0 || at_line_start || !ends_word || whole_lines {
        return span;
    }
    Span::new(span.start - blanks, span.end)
}

/// True for the value of a letter that stands in one word with others (`-yn NAME`): it cannot be cut out alone.
pub(super) fn is_bundled(source: &Source, span: Span) -> bool {
    let before = source.text.get(..span.start).unwrap_or("").trim_end_matches([' ', '\t']);
    let word = before.rsplit(char::is_whitespace).next().unwrap_or("");
    let letters = word.strip_prefix('-').unwrap_or("");
    letters.len() > 1 && letters.chars().all(|c| c.is_ascii_alphabetic())
}

/// The whole option that has the value `span`: `--prefix X`, `--prefix=X`, `-pX`; a flag is itself.
pub(super) fn option_span(source: &Source, span: Span) -> Span {
    let text = &source.text;
    let word_start = |end: usize| {
        let before = text.get(..end).unwrap_or("");
        before.rfind(|c: char| c.is_whitespace()).map_or(0, |at| at + 1)
    };
    let own = word_start(span.start);
    if text.get(own..span.end).is_some_and(|word| word.starts_with('-')) {
        return with_blank(source, Span::new(own, span.end));
    }
    let gap = text.get(..own).unwrap_or("").trim_end_matches([' ', '\t', '\\', '\n', '\r']).len();
    let option = word_start(gap);
    if text.get(option..gap).is_some_and(|word| word.starts_with('-')) {
        return with_blank(source, Span::new(option, span.end));
    }
    with_blank(source, span)
}

/// The byte behind the sub-command words of a command, where an option can stand.
pub(super) fn option_place(source: &Source, fact: &Fact) -> Option<usize> {
    let start = ["path", "program", "words"].into_iter().find_map(|field| fact.fields.get(field)?.span());
    let start = start.unwrap_or(fact.span).start;
    let end = fact.fields.get("words").and_then(Value::span).unwrap_or(fact.span).to(fact.span).end;
    let text = source.text.get(start..end.max(start))?;
    let run = fact.fields.text("run");
    let last = run.rsplit(' ').next().unwrap_or("");
    let mut first_end = None;
    let mut at = 0;
    while let Some(word) = next_word(text, at) {
        first_end.get_or_insert(word.end);
        if run.contains(' ') && word.start > 0 && text.get(word.start..word.end) == Some(last) {
            return Some(start + word.end);
        }
        at = word.end;
    }
    // `python -m jupyterlab` is known under the name of the command that it is: behind the module, not behind Python.
    let module = fact.fields.get("module").and_then(Value::span).filter(|module| module.end <= end);
    module.map(|module| module.end).or_else(|| first_end.map(|end| start + end))
}

/// The next shell word from `at` on; quotes keep blanks together. Nothing past the end of the command.
fn next_word(text: &str, at: usize) -> Option<Span> {
    let rest = text.get(at..)?;
    let blanks = rest.len() - rest.trim_start_matches([' ', '\t', '\\', '\n', '\r']).len();
    let start = at + blanks;
    let mut quote: Option<char> = None;
    let mut end = start;
    for (offset, character) in text.get(start..)?.char_indices() {
        match quote {
            Some(open) if character == open => quote = None,
            Some(_) => {}
            None if character == '"' || character == '\'' => quote = Some(character),
            None if character.is_whitespace() || matches!(character, ';' | '|' | '&' | '<' | '>') => break,
            None => {}
        }
        end = start + offset + character.len_utf8();
    }
    (end > start).then_some(Span::new(start, end))
}

/// The first line of the statement around `offset`: above continuation lines.
pub(super) fn first_line(source: &Source, offset: usize) -> Option<Line> {
    let mut number = source.lines.line(offset);
    while number > 1 && continues(source, number - 1) {
        number -= 1;
    }
    if number == source.lines.line(offset) {
        Line::at(source, offset)
    } else {
        Line::at(source, source.lines.start(number))
    }
}

/// The last line of the statement around `span`: below continuation lines.
pub(super) fn last_line(source: &Source, span: Span) -> Option<Line> {
    let last = if span.is_empty() { span.start } else { span.end - 1 };
    let mut number = source.lines.line(last);
    let own = number;
    while number < source.lines.count() && continues(source, number) {
        number += 1;
    }
    if number == own { Line::at(source, last) } else { Line::at(source, source.lines.start(number)) }
}

/// True when line `number` ends with a backslash.
fn continues(source: &Source, number: usize) -> bool {
    let line = source.slice(source.lines.span(number)).trim_end_matches(['\n', '\r']);
    let slashes = |line: &str| line.len() - line.trim_end_matches('\\').len();
    if matches!(source.kind, Kind::Notebook) {
        // A line of code is the text of a JSON string, in which each backslash stands twice.
        let code = line.trim_end_matches(',').strip_suffix('"').and_then(|line| line.strip_suffix("\\n"));
        return code.is_some_and(|code| slashes(code) % 4 == 2);
    }
    slashes(line) % 2 == 1
}

/// A statement in front of another on the same line.
pub(super) fn insert_inline_before(before: &str, span: Span, text: &str) -> Option<Vec<Change>> {
    let before = before.trim_end();
    let opens = [";", "{", "(", "then", "do", "else"].iter().any(|opener| before.ends_with(opener));
    (opens && !text.contains('\n')).then(|| vec![(Span::at(span.start), format!("{text}; "))])
}

/// A statement behind another on the same line, which ends at the byte `at`.
pub(super) fn insert_inline_after(after: &str, at: usize, text: &str) -> Option<Vec<Change>> {
    let ends = (after.starts_with(';') && !after.starts_with(";;")) || after.starts_with(['}', ')']);
    (ends && !text.contains('\n')).then(|| vec![(Span::at(at), format!("; {text}"))])
}

/// What follows the further words of a command: an operator, a closing bracket, a comment, or nothing.
pub(super) fn behind_command(text: &str) -> &str {
    let mut quote: Option<char> = None;
    let mut last = ' ';
    for (at, character) in text.char_indices() {
        let rest = &text[at..];
        match quote {
            Some(open) if character == open => quote = None,
            Some(_) => {}
            None => match character {
                '"' | '\'' => quote = Some(character),
                ';' | '|' | ')' => return rest,
                '#' | '}' if last.is_whitespace() => return rest,
                // `2>&1` and `&>file` are redirections.
                '&' if !matches!(last, '>' | '<') && !rest.starts_with("&>") => return rest,
                _ => {}
            },
        }
        last = character;
    }
    ""
}

/// The whole lines of `span` when nothing else but a comment stands on them.
pub(super) fn lines_alone(source: &Source, span: Span) -> Option<Span> {
    let first = Line::at(source, span.start)?;
    let last = last_line(source, span)?;
    let before = source.slice(Span::new(first.content.start, span.start.max(first.content.start)));
    let end = span.end.min(last.content.end);
    let after = source.slice(Span::new(end.max(last.content.start), last.content.end));
    let alone = before.trim().is_empty() && is_blank_or_comment(behind_command(after));
    alone.then(|| Span::new(first.outer.start, last.outer.end))
}

/// The byte where the first line begins that is neither empty nor a comment.
pub(super) fn first_command(source: &Source) -> usize {
    let lines = (1..=source.lines.count()).map(|number| source.lines.span(number));
    lines
        .into_iter()
        .find(|line| !is_blank_or_comment(source.slice(*line)))
        .map_or(source.text.len(), |line| line.start)
}
