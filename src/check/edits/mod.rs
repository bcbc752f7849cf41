//! From the edits that a rule declares to bytes of the file. Where an edit cannot be made with care, there is no fix.

mod delete;
mod import;
mod line;
mod shell;
mod uses;
mod why;
mod wrap;

use crate::facts::schema::Type;
use crate::facts::{Fact, FactKind, Text, Value};
use crate::policy::fix::{EditSpec, LinePlace, Side};
use crate::policy::path::FieldPath;
use crate::policy::rule::Place;
use crate::policy::template::Template;
use crate::source::{Kind, Source, Span};

use super::finding::Edit;
use super::lookup::Subject;
use super::render::Voice;
use line::Line;
pub(super) use uses::{is_used, renamed};

/// Turns declared edits into changes of one file, for one fact.
#[derive(Clone, Copy)]
pub(super) struct Editor<'a> {
    voice: Voice<'a>,
    source: &'a Source,
    fact: &'a Fact,
    /// True for another fact of the file to which the fix would be offered as well.
    also: &'a dyn Fn(Subject<'_>) -> bool,
}

/// A change: the bytes and what takes their place.
type Change = (Span, String);

/// The changes of a fix, all or none; `also` is true for another fact of the file to which it would be offered too. Errors:
/// why one of them cannot be made.
pub(super) fn edits(
    specs: &[EditSpec],
    voice: Voice<'_>,
    also: &dyn Fn(Subject<'_>) -> bool,
) -> Result<Vec<Edit>, String> {
    let about = voice.scene.about;
    let editor = Editor { voice, source: about.view.source, fact: about.fact, also };
    let mut changes = Vec::new();
    for (number, spec) in (1..).zip(specs) {
        changes.extend(editor.changes(spec).ok_or_else(|| editor.why_not(number, spec))?);
    }
    editor.drop_imports(&mut changes);
    changes.retain(|(span, text)| !span.is_empty() || !text.is_empty());
    let quoted = editor.stands_in_string();
    if changes.is_empty() {
        return Err("its edits change nothing here".to_owned());
    }
    if quoted && changes.iter().any(|(_, text)| text.contains(['\'', '"', '\n', '$', '`'])) {
        return Err("it stands in a string or an alias, which quotes, variables or lines in it could end".to_owned());
    }
    let filled_in = about.view.facts.filled_in == Some(true);
    if filled_in && changes.iter().any(|(_, text)| text.contains(['$', '`', '\\'])) {
        return Err("it stands in a here document, which fills in variables too early".to_owned());
    }
    let edits = changes.into_iter().map(|(span, text)| Edit { path: None, span, text }).collect();
    in_order(edits).ok_or_else(|| "its edits overlap each other here".to_owned())
}

/// Sorts edits; insertions at one place become one. `None` when two overlap, or one lies outside.
pub(super) fn in_order(mut edits: Vec<Edit>) -> Option<Vec<Edit>> {
    edits.sort_by_key(|edit| (edit.span.start, edit.span.end));
    let mut result: Vec<Edit> = Vec::with_capacity(edits.len());
    for edit in edits {
        match result.last_mut() {
            Some(last) if last.span == edit.span && edit.span.is_empty() => {
                if last.text != edit.text {
                    last.text.push_str(&edit.text);
                }
            }
            Some(last) if last.span == edit.span && last.text == edit.text => {}
            Some(last) if last.span.end > edit.span.start => return None,
            _ => result.push(edit),
        }
    }
    Some(result)
}

impl Editor<'_> {
    fn changes(&self, spec: &EditSpec) -> Option<Vec<Change>> {
        match spec {
            EditSpec::Delete(place) => self.delete(place),
            EditSpec::Replace(place, with) => self.replace(place, with),
            EditSpec::Insert(text, side) => {
                let at = match side {
                    Side::Before(place) => self.span(place)?.start,
                    Side::After(place) => self.span(place)?.end,
                };
                Some(vec![(Span::at(at), self.escaped(&self.text(text)?))])
            }
            EditSpec::InsertLine(text, at) => self.insert_line(&self.text(text)?, at),
            EditSpec::Everywhere(edit) => self.everywhere(edit),
            EditSpec::Uses(place, with) => self.uses(place, with),
            EditSpec::AddOption(text) => {
                let at = shell::option_place(self.source, self.fact)?;
                Some(vec![(Span::at(at), format!(" {}", self.escaped(self.text(text)?.trim())))])
            }
            EditSpec::Move(place, to) => self.move_lines(place, to),
            EditSpec::Wrap(place, function, together) => self.wrap(place, function, together.as_ref()),
            EditSpec::Import(module) => self.import(module),
            EditSpec::Uncomment(place) => Some(self.uncomment(self.span(place)?)),
            EditSpec::UnixLineEnds => Some(self.unix_line_ends()),
            EditSpec::Chmod(_) => None,
        }
    }

    /// A template in which nothing is missing; a list in it is words of a command.
    fn text(&self, template: &Template) -> Option<String> {
        let (text, missing) = self.voice.write(template);
        (!missing).then_some(text)
    }

    fn span(&self, place: &Place) -> Option<Span> {
        let span = match place {
            Place::Fact => self.fact.span,
            Place::Field(path) => self.voice.spans(path).first().copied()?,
        };
        let fits = self.source.text.get(span.start..span.end).is_some();
        fits.then_some(span)
    }

    fn line(&self, offset: usize) -> Option<Line> {
        Line::at(self.source, offset)
    }

    /// Text as it stands in the file: inside a notebook it is part of a JSON string.
    fn escaped(&self, text: &str) -> String {
        line::escaped(self.source, text)
    }

    fn is_shell(&self) -> bool {
        matches!(self.source.kind, Kind::Shell { .. }) || !matches!(self.fact.kind, FactKind::Import | FactKind::Call)
    }

    /// True for a fact in a quoted string (`bash -c '…'`, an alias): new text with quotes could end that.
    fn stands_in_string(&self) -> bool {
        ["string", "alias"].iter().any(|context| self.fact.fields.lists("context", context))
    }

    fn replace(&self, place: &Place, with: &Template) -> Option<Vec<Change>> {
        let text = self.text(with)?.trim_end_matches('\n').to_owned();
        if text.is_empty() {
            return None;
        }
        let mut span = self.span(place)?;
        if let Place::Field(path) = place
            && let Some(Value::Text(value)) = self.voice.value(path).as_deref()
            && let Some(origin) = carried_from(self.source, value)?
        {
            span = origin;
        } else if is_default(self.source.slice(span)) {
            // `${NAME:-default}`: who sets the variable is still heard.
            span = literal_part(self.source, span)?;
        }
        let old = self.source.slice(span);
        if let Place::Field(path) = place
            && let Some(Value::Text(value)) = self.voice.value(path).as_deref()
            && self.is_shell()
            && needs_its_quotes(old, &value.text)
        {
            return None;
        }
        let new = if matches!(place, Place::Field(path) if is_text(path)) { requoted(old, &text) } else { text };
        if new == old {
            return None;
        }
        let line = self.line(span.start)?;
        // A fact of whole lines begins with their indentation.
        let blanks =
            if matches!(place, Place::Fact) { old.len() - old.trim_start_matches([' ', '\t']).len() } else { 0 };
        let indent = &old[..blanks];
        Some(vec![(span, format!("{indent}{}", line.joined(self.source, &new)))])
    }

    fn insert_line(&self, text: &str, at: &LinePlace) -> Option<Vec<Change>> {
        let text = as_comment(text.trim_end_matches('\n'));
        if text.trim().is_empty() {
            return None;
        }
        match at {
            LinePlace::Top => {
                let at = self.top()?;
                Some(vec![(Span::at(at), format!("{}{}", text.replace('\n', self.newline()), self.newline()))])
            }
            LinePlace::FirstCommand => {
                let line = self.line(self.first_command()?)?;
                Some(vec![line.insert_before(self.source, &text)])
            }
            LinePlace::Beside(Side::Before(place)) => {
                let span = self.with_statement(self.span(place)?);
                if !self.is_among_statements(span.start)? {
                    return Some(vec![self.line(span.start)?.insert_before(self.source, &text)]);
                }
                let line = shell::first_line(self.source, span.start)?;
                let before = self.source.slice(Span::new(line.content.start, span.start));
                if !before.trim().is_empty() && line.content.contains(Span::at(span.start)) {
                    return shell::insert_inline_before(before, span, &text);
                }
                Some(vec![line.insert_before(self.source, &text)])
            }
            LinePlace::Beside(Side::After(place)) => {
                let span = self.span(place)?;
                let last = span.end.saturating_sub(1).max(span.start);
                if !self.is_among_statements(last)? {
                    return Some(vec![self.line(last)?.insert_after(self.source, &text)]);
                }
                let line = shell::last_line(self.source, span)?;
                let after = self.source.slice(Span::new(span.end.min(line.content.end), line.content.end));
                let after = shell::behind_command(after);
                if !shell::is_blank_or_comment(after) {
                    return shell::insert_inline_after(after, line.content.end - after.len(), &text);
                }
                Some(vec![line.insert_after(self.source, &text)])
            }
        }
    }

    /// True where other statements may stand on the line of a place: shell code. A comment (a directive among it) and
    /// what is no program have their line to themselves.
    fn is_among_statements(&self, at: usize) -> Option<bool> {
        let is_data = matches!(self.source.kind, Kind::Environment | Kind::Condarc | Kind::Requirements);
        let line = self.source.slice(self.line(at)?.content);
        Some(!is_data && self.is_shell() && !line.trim_start().starts_with('#'))
    }

    /// A place in a statement that does nothing besides, from the beginning of that statement on: a line goes before it,
    /// not into it. The statement may be that of another fact, as for what is active (`state.env`).
    fn with_statement(&self, span: Span) -> Span {
        let around = |fact| holds(fact, span).map(|statement| (fact, statement));
        let others = || self.voice.scene.about.view.facts.facts.iter().filter_map(around);
        let nearest = || others().min_by_key(|(fact, statement)| (statement.len(), !fact.is_all_of_statement()));
        match around(self.fact).or_else(nearest).filter(|(fact, _)| fact.is_all_of_statement()) {
            Some((_, statement)) => Span::new(statement.start, span.end),
            None => span,
        }
    }

    /// The byte of the first line that is neither empty nor a comment. A script in a here document has it elsewhere.
    fn first_command(&self) -> Option<usize> {
        let facts = self.voice.scene.about.view.facts;
        if facts.filled_in.is_some() {
            return None;
        }
        let command = shell::first_command(self.source);
        let directives = facts.facts.iter().filter(|fact| fact.kind == FactKind::Directive);
        let last = directives.map(|fact| fact.span.end).filter(|end| *end <= command).max();
        let below = |end: usize| self.source.lines.whole_lines(Span::at(end.saturating_sub(1))).end;
        let limit = last.map_or_else(|| self.top(), |end| Some(below(end)))?;
        Some(if last.is_some() { limit } else { self.with_comments(Span::at(command), limit).start })
    }

    /// The byte below shebang, leading comments that are directives, and the marks that begin a document.
    fn top(&self) -> Option<usize> {
        let directives = self.voice.scene.about.view.facts.facts.iter().filter(|fact| {
            fact.kind == FactKind::Directive && !matches!(fact.fields.get("effective"), Some(Value::Flag(false)))
        });
        let last = directives.map(|fact| fact.span.end).max();
        let text = &self.source.text;
        let mut at = last.map_or(0, |end| self.source.lines.whole_lines(Span::at(end.saturating_sub(1))).end);
        if at == 0 && self.voice.scene.about.view.facts.filled_in.is_some() {
            return None;
        }
        if at == 0 {
            let first = self.source.lines.span(1);
            let line = text.get(first.start..first.end).unwrap_or("");
            let is_head = line.starts_with("#!") || line.trim_end() == "---";
            at = if is_head && line.ends_with('\n') { first.end } else { 0 };
        }
        Some(at)
    }

    fn newline(&self) -> &'static str {
        line::newline(self.source)
    }

    fn move_lines(&self, place: &Place, to: &LinePlace) -> Option<Vec<Change>> {
        if matches!(self.source.kind, Kind::Notebook) {
            return None;
        }
        let lines = shell::lines_alone(self.source, self.lines_of(place)?)?;
        let target = match to {
            LinePlace::Top => self.top()?,
            LinePlace::FirstCommand => self.first_command()?,
            LinePlace::Beside(Side::Before(place)) => {
                shell::first_line(self.source, self.span(place)?.start)?.outer.start
            }
            LinePlace::Beside(Side::After(place)) => shell::last_line(self.source, self.span(place)?)?.outer.end,
        };
        let is_first = matches!(to, LinePlace::FirstCommand) && lines.start <= shell::first_command(self.source);
        if is_first || lines.start <= target && target <= lines.end {
            return None;
        }
        let lines = if matches!(to, LinePlace::FirstCommand) { self.with_comments(lines, target) } else { lines };
        let text = std::str::from_utf8(self.source.bytes.get(lines.start..lines.end)?).ok()?;
        let indent = |at: usize| self.line(at).map(|line| line.indent(self.source).to_owned());
        let beside = matches!(to, LinePlace::Beside(_));
        let neighbour = if matches!(to, LinePlace::Beside(Side::After(_))) { target.saturating_sub(1) } else { target };
        if beside && indent(neighbour) != indent(lines.start) {
            // Another level of nesting: the move could change what runs.
            return None;
        }
        let mut moved = text.to_owned();
        if !moved.ends_with('\n') {
            moved.push_str(self.newline());
        }
        if target == self.source.text.len() && !self.source.text.ends_with('\n') {
            moved = format!("{}{}", self.newline(), moved.trim_end());
        }
        let cut = if matches!(to, LinePlace::FirstCommand) { self.with_gap(lines) } else { lines };
        Some(vec![(cut, String::new()), (Span::at(target), moved)])
    }

    /// The place whose lines are meant: the statement where the fact is all of one. `None` for a part of one.
    fn lines_of(&self, place: &Place) -> Option<Span> {
        match (place, self.own_statement()) {
            (Place::Fact, Some(statement)) => statement,
            _ if is_statement(place) && !self.fact.is_all_of_statement() => None,
            _ => self.span(place),
        }
    }

    /// Lines with the blank one below them, where another above them would be left beside it. Directives right above them
    /// move as well.
    fn with_gap(&self, lines: Span) -> Span {
        let at = |offset: usize| self.source.lines.whole_lines(Span::at(offset));
        let text = |line: Span| self.source.slice(line).trim();
        let mut above = lines.start;
        while above > 0 && text(at(above - 1)).starts_with('#') {
            above = at(above - 1).start;
        }
        let below = at(lines.end);
        let gapes = lines.end < self.source.text.len() && text(below).is_empty();
        if gapes && above > 0 && text(at(above - 1)).is_empty() { Span::new(lines.start, below.end) } else { lines }
    }

    /// Lines with the comments right above them, which speak of them, but none above the byte `limit`.
    fn with_comments(&self, mut lines: Span, limit: usize) -> Span {
        let is_directive = |line: Span| {
            let facts = &self.voice.scene.about.view.facts.facts;
            facts.iter().any(|fact| fact.kind == FactKind::Directive && line.contains(fact.span))
        };
        while lines.start > limit {
            let above = self.source.lines.whole_lines(Span::at(lines.start - 1));
            let is_comment = self.source.slice(above).trim_start().starts_with('#');
            if above.start < limit || !is_comment || is_directive(above) {
                break;
            }
            lines.start = above.start;
        }
        lines
    }

    /// Takes the first `#` and the blank after it off each line of `span`.
    fn uncomment(&self, span: Span) -> Vec<Change> {
        let first = self.source.lines.line(span.start);
        let last = self.source.lines.line(span.end.saturating_sub(1).max(span.start));
        let mut changes = Vec::new();
        for number in first..=last {
            let line = self.source.lines.span(number);
            let text = self.source.slice(line);
            let Some(at) = text.find(|c: char| !c.is_whitespace()).filter(|at| text[*at..].starts_with('#')) else {
                continue;
            };
            let blank = usize::from(text[at + 1..].starts_with(' '));
            changes.push((Span::new(line.start + at, line.start + at + 1 + blank), String::new()));
        }
        changes
    }

    fn unix_line_ends(&self) -> Vec<Change> {
        let bytes = &self.source.bytes;
        memchr::memchr_iter(b'\r', bytes)
            .filter(|at| bytes.get(at + 1) == Some(&b'\n'))
            .map(|at| (Span::new(at, at + 1), String::new()))
            .collect()
    }
}

/// The statement of a fact where the place stands in it.
fn holds(fact: &Fact, place: Span) -> Option<Span> {
    fact.fields.get("statement")?.span().filter(|statement| statement.contains(place))
}

fn is_statement(place: &Place) -> bool {
    matches!(place, Place::Field(path) if path.steps.last().is_some_and(|step| &**step == "statement"))
}

fn is_text(path: &FieldPath) -> bool {
    matches!(path.kind, Type::Text | Type::Word | Type::Choice(_))
}

/// Where the literal stands that a variable carried to `value`: `Some(None)` when it stands in place itself,
/// `None` when it is only a part of what stands in place.
#[allow(clippy::option_option)]
fn carried_from(source: &Source, value: &Text) -> Option<Option<Span>> {
    let Some(origin) = value.carried_from() else {
        return Some(None);
    };
    let written = value.span.get().map(|span| source.slice(span)).unwrap_or_default();
    let bare = written.trim_matches(['"', '\'']);
    let name = bare.strip_prefix('$').map(|name| name.trim_start_matches('{').trim_end_matches('}'));
    let alone =
        name.is_some_and(|name| !name.is_empty() && name.chars().all(|c| c.is_ascii_alphanumeric() || c == '_'));
    let is_call = bare.is_empty() || !bare.contains('$');
    let part = literal_part(source, origin).filter(|part| ends_alike(source.slice(*part), &value.text));
    if alone || is_call { part.map(Some) } else { None }
}

/// The literal in what a variable was set to: the default of `${X:-default}`, else all of it. `None` when it holds
/// more than a literal.
/// True when a value ends as what is written where it comes from: nothing was put behind it on the way.
fn ends_alike(written: &str, value: &str) -> bool {
    let written = written.trim_matches(['"', '\'']);
    let last = |text: &str| text.rsplit(['/', '}']).next().unwrap_or(text).to_owned();
    last(written) == last(value) || written.ends_with('}') || last(written).contains('$')
}

/// True for a variable with a default and nothing else.
fn is_default(text: &str) -> bool {
    let text = text.trim_matches('"');
    text.starts_with("${") && text.ends_with('}') && text.contains(":-")
}

fn literal_part(source: &Source, origin: Span) -> Option<Span> {
    let text = source.slice(origin);
    let quote = usize::from(text.len() > 1 && text.starts_with('"') && text.ends_with('"'));
    let inner = text.get(quote..text.len() - quote)?;
    let expansion = inner.strip_prefix("${").and_then(|rest| rest.strip_suffix('}'));
    let default = expansion.and_then(|expansion| expansion.split_once(":-").or_else(|| expansion.split_once('-')));
    match default {
        Some((_, default)) if !default.contains("${") => {
            let end = origin.end - quote - 1;
            Some(Span::new(end - default.len(), end))
        }
        _ if text.contains(":-") || text.contains("$(") || text.contains('`') => None,
        _ => Some(origin),
    }
}

/// The quotes that stand around all of a word.
fn quotes_around(word: &str) -> Option<char> {
    ['"', '\''].into_iter().find(|quote| {
        let inner = word.strip_prefix(*quote).and_then(|rest| rest.strip_suffix(*quote));
        inner.is_some_and(|inner| !inner.contains(*quote))
    })
}

/// `new` in the quotes of `old`. Text with a variable never stands in single quotes.
fn requoted(old: &str, new: &str) -> String {
    match quotes_around(old).filter(|quote| !new.contains(*quote)) {
        Some('\'') if new.contains('$') && !new.contains('"') => format!("\"{new}\""),
        Some(quote) => format!("{quote}{new}{quote}"),
        None => new.to_owned(),
    }
}

/// True for a word that quotes or backslashes inside it hold together (`~/my\ env`): text made of its value would fall
/// apart. Quotes around all of it are put around the new text too.
fn needs_its_quotes(old: &str, value: &str) -> bool {
    let special = |c: char| c.is_whitespace() || ";&|<>()#'\"\\`*?[]!".contains(c);
    old.contains(['\'', '"', '\\']) && old != value && quotes_around(old).is_none() && value.contains(special)
}

/// Text that begins as a comment is one on every line.
fn as_comment(text: &str) -> String {
    if !text.starts_with("# ") {
        return text.to_owned();
    }
    let line = |line: &str| if line.starts_with('#') { line.to_owned() } else { format!("# {line}") };
    text.split('\n').map(line).collect::<Vec<_>>().join("\n")
}

#[cfg(test)]
mod tests;
