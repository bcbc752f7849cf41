//! pip's requirements files: one requirement or option a line, joined over a backslash at its end.

use thin_vec::ThinVec;

use super::known;
use crate::facts::matchspec::{self, Manager};
use crate::facts::{Fact, FactKind, Record, Text, Value};
use crate::source::{Source, Span};

/// Options of one letter by their long names.
const LETTERS: &[(&str, &str)] = &[
    ("-r", "--requirement"),
    ("-c", "--constraint"),
    ("-e", "--editable"),
    ("-i", "--index-url"),
    ("-f", "--find-links"),
];

/// An option line.
#[derive(Debug)]
pub(super) struct OptionLine<'a> {
    name: &'a str,
    value: Option<(usize, &'a str)>,
}

pub(super) fn collect(source: &Source, out: &mut Vec<Fact>) {
    let mut at = 0;
    while let Some(rest) = source.text.get(at..).filter(|rest| !rest.is_empty()) {
        let end = logical_end(rest);
        let line = Span::new(at, at + end);
        at += end;
        requirement_line(source, line, out);
    }
}

/// An option as requirements files and `pip:` lists hold them: `-r other.txt`, `--index-url=URL`.
pub(super) fn option(text: &str) -> Option<OptionLine<'_>> {
    let text = text.trim_end();
    if !text.starts_with('-') || text.len() < 2 {
        return None;
    }
    let length = text.find([' ', '\t', '=']).unwrap_or(text.len());
    let (written, rest) = text.split_at(length);
    // `-rother.txt` is glued.
    let (written, rest) = match LETTERS.iter().find(|(letter, _)| written.starts_with(letter) && written.len() > 2) {
        Some((letter, _)) => (&text[..letter.len()], &text[letter.len()..]),
        None => (written, rest),
    };
    let name = LETTERS.iter().find(|(letter, _)| *letter == written).map_or(written, |(_, long)| long);
    let value = rest.trim_start_matches(['=', ' ', '\t']);
    let from = text.len() - value.len();
    Some(OptionLine { name, value: (!value.is_empty()).then_some((from, value)) })
}

impl OptionLine<'_> {
    /// Appends its fact: a `key` named by the option, or for `-e` a dependency. `span` is where its text stands.
    pub(super) fn write(&self, span: Span, source: &Source, item: Text, out: &mut Vec<Fact>) {
        let value = self.value.map(|(from, value)| {
            let at = Span::new(span.start + from, span.start + from + value.len());
            known::expanded(value, at)
        });
        if self.name == "--editable" {
            let mut spec = self.value.and_then(|(_, value)| matchspec::pip(value)).unwrap_or_default();
            spec.direct = true;
            // The name in `-e git+…#egg=NAME` stands nowhere that could be replaced.
            spec.name_at = (0, 0);
            let mut fields = Record::new();
            spec.write(&mut fields, known::literal(source.slice(span), span), Manager::Pip, "file");
            out.push(dependency(span, fields, item));
            return;
        }
        let mut fields = Record::new();
        fields.set("name", self.name);
        fields.set_some("value", value);
        fields.set("item", item);
        fields.set("line", i64::try_from(source.lines.line(span.start)).unwrap_or(i64::MAX));
        out.push(Fact::new(FactKind::Key, span, fields));
    }
}

fn requirement_line(source: &Source, line: Span, out: &mut Vec<Fact>) {
    let raw = source.slice(line);
    let bare = raw.trim_start_matches('\u{feff}').trim_start();
    let start = line.start + raw.len() - bare.len();
    let text = without_comment(bare);
    let text = text.trim_end_matches([' ', '\t', '\r', '\n', '\\']);
    let item = || Text::at(raw, line);
    if let Some(option) = option(text) {
        option.write(Span::new(start, start + text.len()), source, item(), out);
        return;
    }
    // `--hash=…` and other options of one requirement come after it.
    let end = [" -", "\t-", "\\\n", "\\\r\n"].iter().filter_map(|mark| text.find(mark)).min().unwrap_or(text.len());
    let text = text[..end].trim_end();
    let Some(spec) = matchspec::pip(text) else {
        return;
    };
    let span = Span::new(start, start + text.len());
    let mut fields = Record::new();
    spec.write(&mut fields, known::literal(text, span), Manager::Pip, "file");
    out.push(dependency(span, fields, item()));
}

fn dependency(span: Span, mut fields: Record, item: Text) -> Fact {
    fields.set("item", item);
    fields.set("context", Value::List(ThinVec::new()));
    fields.set("guard", "none");
    Fact::new(FactKind::Dependency, span, fields)
}

/// The length of the first line with those that backslashes join to it.
fn logical_end(rest: &str) -> usize {
    let end_from = |from: usize| rest[from..].find('\n').map_or(rest.len(), |length| from + length + 1);
    let mut end = end_from(0);
    while end < rest.len() && rest[..end].trim_end_matches(['\n', '\r']).ends_with('\\') {
        end = end_from(end);
    }
    end
}

/// A comment begins a line, or follows a blank.
fn without_comment(line: &str) -> &str {
    if line.starts_with('#') {
        return "";
    }
    let at = line.match_indices('#').find(|(at, _)| line[..*at].ends_with([' ', '\t']));
    at.map_or(line, |(at, _)| &line[..at])
}
