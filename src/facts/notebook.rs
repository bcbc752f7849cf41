//! Notebooks: the Python and shell in their cells, with places in the notebook file.
//!
//! Spans of facts are bytes of the JSON as it stands, so edits replace them without reformatting; the new text
//! must go through [`escape`].

mod json;
mod magic;

use std::collections::HashMap;
use std::sync::Arc;

use super::schema::{self, Type};
use super::{Fact, FileFacts, Gap, Link, Record, Value, python};
use crate::source::{self, Mapped, Span};
pub use magic::Form;
use magic::Piece;

/// Shell text in a notebook.
#[derive(Debug)]
pub struct Snippet<'a> {
    /// The text, decoded.
    pub text: &'a str,
    /// How it runs.
    pub form: Form,
    /// The file it is written to, for [`Form::Script`].
    pub file: Option<&'a str>,
    /// The number of its cell, from 1.
    pub cell: usize,
}

/// Largest notebook that is read, in bytes; pictures in its outputs count.
const MAX_BYTES: usize = 100 << 20;
/// At most so many pieces of shell text are handed on.
const MAX_PIECES: usize = 5000;

/// Adds the facts of a notebook. `shell` gives the facts of a piece of shell text, with spans in that text.
pub fn collect(source: &str, shell: &mut dyn FnMut(&Snippet<'_>) -> FileFacts, out: &mut FileFacts) {
    if source.len() > MAX_BYTES {
        let reason = "larger than 100 MB".to_owned();
        out.gaps.push(Gap { span: Span::new(0, source.len()), reason });
        return;
    }
    let notebook = json::read(source);
    let mut code = Mapped::default();
    let (mut parts, mut numbers, mut found) = (Vec::new(), Vec::new(), Found::default());
    for cell in notebook.cells {
        let language = cell.language.as_deref().unwrap_or(&notebook.language);
        let pieces = match language {
            "python" | "ipython" | "" => {
                let masked = magic::read(&cell.source.text);
                let span = code.append(&masked.python, &cell.source);
                parts.push(span);
                numbers.push(cell.number);
                masked.pieces
            }
            "bash" | "sh" => vec![Piece::whole(&cell.source.text)],
            _ => Vec::new(),
        };
        for piece in pieces {
            found.add_piece(&piece, &cell.source, cell.number, shell);
        }
    }
    found.add_python(&code, &parts, &numbers);
    if let Some(at) = notebook.broken {
        let reason = "not valid JSON".to_owned();
        found.gaps.push(Gap { span: Span::new(at, source.len()), reason });
    }
    found.finish(out);
}

/// `text` as it must be written at byte `place` of the notebook `source`, inside a string: escaped, and, where
/// each line of a cell is an item of a list on a line of its own, with a new item after each line end.
pub fn escape(source: &str, place: usize, text: &str) -> String {
    let separator = line_separator(source, place);
    let mut out = String::with_capacity(text.len() + 8);
    for c in text.chars() {
        match c {
            '"' => out.push_str("\\\""),
            '\\' => out.push_str("\\\\"),
            '\n' => {
                out.push_str("\\n");
                out.push_str(separator.as_deref().unwrap_or(""));
            }
            '\t' => out.push_str("\\t"),
            '\r' => out.push_str("\\r"),
            c if u32::from(c) < 0x20 => out.push_str(&format!("\\u{:04x}", u32::from(c))),
            c => out.push(c),
        }
    }
    out
}

/// What stands between two lines of the cell around `place`: `",⏎    "`; none when they share a string.
fn line_separator(source: &str, place: usize) -> Option<String> {
    let start = source.get(..place)?.rfind('\n').map_or(0, |newline| newline + 1);
    let rest = source.get(start..)?;
    let line = rest.split('\n').next().unwrap_or(rest);
    let item = line.trim();
    let alone = item.len() > 1 && item.starts_with('"') && (item.ends_with('"') || item.ends_with("\","));
    if !alone || !source[..start].trim_end().ends_with(['[', ',']) {
        return None;
    }
    let indent = &line[..line.len() - line.trim_start().len()];
    let newline = if line.ends_with('\r') { "\r\n" } else { "\n" };
    Some(format!("\",{newline}{indent}\""))
}

/// What the cells give, in any order.
#[derive(Default)]
struct Found {
    facts: Vec<Fact>,
    links: Vec<Link>,
    gaps: Vec<Gap>,
    pieces: usize,
}

impl Found {
    fn add_python(&mut self, code: &Mapped, parts: &[Span], numbers: &[usize]) {
        let mut facts = FileFacts::default();
        // What would be too much for a Python file is too much here: the size of a notebook is that of its pictures.
        let limit = source::size_limit(source::Kind::Python);
        if code.text.len() as u64 > limit {
            let reason = format!("the code of its cells: {}", source::too_large(limit));
            facts.gaps.push(Gap { span: Span::new(0, code.text.len()), reason });
        } else {
            python::collect_parts(&code.text, parts, &mut facts);
        }
        for fact in &mut facts.facts {
            let part = parts.partition_point(|part| part.end < fact.span.start);
            fact.cell = numbers.get(part).copied();
        }
        self.add(facts, &mut |span| code.in_file(span));
    }

    fn add_piece(
        &mut self,
        piece: &Piece,
        source: &Mapped,
        cell: usize,
        shell: &mut dyn FnMut(&Snippet<'_>) -> FileFacts,
    ) {
        let Some(text) = source.text.get(piece.span.start..piece.span.end) else { return };
        self.pieces += 1;
        if self.pieces > MAX_PIECES {
            if self.pieces == MAX_PIECES + 1 {
                let reason = format!("more than {MAX_PIECES} pieces of shell text");
                self.gaps.push(Gap { span: source.in_file(piece.span), reason });
            }
            return;
        }
        let mut facts = if piece.form == Form::Variable {
            let mut facts = FileFacts::default();
            facts.facts.extend(magic::variable(text));
            facts
        } else {
            shell(&Snippet { text, form: piece.form, file: piece.file.as_deref(), cell })
        };
        for fact in &mut facts.facts {
            fact.cell = Some(cell);
            stands_in_cell(fact);
        }
        self.add(facts, &mut |span| source.in_file(span.shifted(piece.span.start)));
    }

    /// Takes facts over, with their places in the file.
    fn add(&mut self, facts: FileFacts, map: &mut dyn FnMut(Span) -> Span) {
        let base = self.facts.len();
        // Facts share states: each is mapped once.
        let mut states: HashMap<*const Record, Arc<Record>> = HashMap::new();
        for mut fact in facts.facts {
            fact.span = map(fact.span);
            fact.fields.map_spans(map);
            if let Some(state) = &mut fact.state {
                let mapped = states.entry(Arc::as_ptr(state)).or_insert_with(|| {
                    let mut record = Record::clone(state);
                    record.map_spans(map);
                    Arc::new(record)
                });
                *state = Arc::clone(mapped);
            }
            self.facts.push(fact);
        }
        self.links.extend(facts.links.into_iter().map(|link| {
            let mut target = Value::from(link.target);
            target.map_spans(map);
            let target = if let Value::Text(text) = target { text } else { Arc::default() };
            Link { fact: base + link.fact, target, ..link }
        }));
        self.gaps.extend(facts.gaps.into_iter().map(|gap| Gap { span: map(gap.span), ..gap }));
    }

    /// Hands everything on in the order of the file.
    fn finish(self, out: &mut FileFacts) {
        let base = out.facts.len();
        let mut order: Vec<usize> = (0..self.facts.len()).collect();
        order.sort_by_key(|index| (self.facts[*index].cell, self.facts[*index].span.start));
        let mut place = vec![0; order.len()];
        for (new, old) in order.iter().enumerate() {
            place[*old] = base + new;
        }
        let mut facts: Vec<Option<Fact>> = self.facts.into_iter().map(Some).collect();
        out.facts.extend(order.into_iter().filter_map(|index| facts[index].take()));
        out.links.extend(self.links.into_iter().filter_map(|link| {
            let fact = *place.get(link.fact)?;
            Some(Link { fact, ..link })
        }));
        out.gaps.extend(self.gaps);
        out.gaps.sort_by_key(|gap| gap.span);
    }
}

/// Says in the fact's context that it stands in a cell.
fn stands_in_cell(fact: &mut Fact) {
    let has_context = |field: &schema::Field| field.name == "context" && matches!(field.kind, Type::List(_));
    if !schema::fields(fact.kind).iter().any(has_context) {
        return;
    }
    let cell = Value::from("cell");
    match fact.fields.get_mut("context") {
        Some(Value::List(items)) => items.insert(0, cell),
        _ => {
            fact.fields.set("context", Value::List(vec![cell].into()));
        }
    }
}
