//! Search paths: which directories an assignment puts on them, and where each stands.

use super::value::Resolver;
use super::walk::Walker;
use crate::facts::{FactKind, Record, Text};
use crate::source::Span;

/// Variables that hold a list of directories.
fn is_search_path(name: &str) -> bool {
    name == "PATH" || name == "path" || (name.ends_with("PATH") && name.len() > 4) || name == "fpath"
}

/// The name of the search path that a variable stands for (zsh ties `path` to `PATH`).
fn canonical(name: &str) -> &str {
    if name == "path" { "PATH" } else { name }
}

/// An entry with its places.
struct Entry {
    text: Text,
    position: &'static str,
    /// What goes with it, where something is left besides.
    removable: Option<Span>,
    /// True when nothing would be left of the value.
    sole: bool,
}

impl Walker<'_> {
    /// The entries of `PATH=a:b:$PATH`.
    pub fn path_assignment(&mut self, name: &str, value: Span, appends: bool) {
        if !is_search_path(name) {
            return;
        }
        let entries = {
            let resolver = self.resolver();
            split(&resolver, value, name, appends)
        };
        let alone = self.sets_alone && entries.len() == 1;
        for entry in entries {
            self.path_entry(canonical(name), entry, alone);
        }
    }

    /// The entries of zsh's `path=(a $path)` and csh's `set path = (a $path)`.
    pub fn path_array(&mut self, name: &str, words: &[Span], appends: bool) {
        if !is_search_path(name) {
            return;
        }
        let own =
            |text: &str| text.trim_matches(['"', '\'']) == format!("${name}") || text.contains(&format!("{name}[@]"));
        let self_at = words.iter().position(|word| own(self.frame.slice(*word)));
        for (index, word) in words.iter().enumerate() {
            if Some(index) == self_at {
                continue;
            }
            let position = match self_at {
                Some(at) if index < at => "front",
                Some(_) => "back",
                None if appends => "back",
                None => "only",
            };
            let text = self.resolver().text(*word);
            // The blank before a word goes with it, of the first that behind it: so no two fixes together leave nothing.
            let is_blank = |span: Span| self.frame.slice(span).trim().is_empty();
            let gap = words.get(1).map(|next| Span::new(word.end, next.start)).filter(|_| index == 0);
            let removable = match gap.filter(|gap| is_blank(*gap)) {
                Some(gap) => Span::new(word.start, gap.end),
                None => {
                    let before = self.frame.text.as_bytes().get(word.start.wrapping_sub(1));
                    Span::new(word.start - usize::from(before.is_some_and(u8::is_ascii_whitespace)), word.end)
                }
            };
            let alone = self.sets_alone && words.len() == 2 - usize::from(appends);
            let entry = Entry { text, position, removable: Some(removable), sole: words.len() == 1 };
            self.path_entry(canonical(name), entry, alone);
        }
    }

    /// `alone` where the command does nothing but put this entry on the path.
    fn path_entry(&mut self, variable: &str, entry: Entry, alone: bool) {
        // Tests are there for what comes behind them, and go with it.
        let is_all = self.statement.whole || self.statement.tested;
        // An argument of a function: the entry stands where the function is called.
        let removable = entry.removable.unwrap_or_default();
        let passed = self.frame.slice(removable).trim_matches(':').starts_with(['$']) && !self.calls.is_empty();
        let passed = entry.text.origin.get().filter(|_| passed);
        let Some(place) = passed.or(entry.text.span.get()) else { return };
        let (kind, root) = self.conda_folder(&entry.text);
        if variable == "PATH" && kind == "root" {
            self.state.put_conda_on_path();
        }
        let held = Record::at(place)
            .with("variable", variable)
            .with("entry", entry.text.clone())
            .with("position", entry.position)
            .with("conda", kind)
            .with("line", self.line(place) as i64);
        if self.first_time(FactKind::PathEntry, place, variable.len()) {
            let mut record = Record::at(place)
                .with("variable", variable)
                .with("entry", entry.text.clone())
                .with("position", entry.position)
                .with("conda", kind);
            record.add_some("conda-root", root);
            record.add("alone", alone && is_all && entry.position != "only");
            let removable = match entry.sole {
                true => Some(self.statement.span).filter(|_| self.statement.whole && self.sets_alone),
                // In the middle of a list `export PATH=$PATH` would be left.
                false => entry.removable.filter(|_| is_all || !alone),
            };
            if let Some(removable) = removable.filter(|_| passed.is_none()) {
                record.add("removable", Text::at(self.frame.slice(removable), self.frame.place(removable)));
            }
            self.surroundings(&mut record);
            self.push(FactKind::PathEntry, place, record);
        }
        self.state.add_path(held);
    }

    /// What a directory on a search path is to conda, and the installation it belongs to.
    pub fn conda_folder(&self, entry: &Text) -> (&'static str, Option<Text>) {
        let path = entry.text.trim_end_matches('/');
        let (kind, rest) = match path {
            _ if path.ends_with("/condabin") => ("condabin", &path[..path.len() - 9]),
            _ if path.ends_with("/bin") => ("root", &path[..path.len() - 4]),
            _ => return ("none", None),
        };
        let root_of = |text: &str| Some(Text { text: text.into(), ..entry.clone() });
        if self.installed.iter().any(|folder| folder == rest) {
            return (kind, root_of(rest));
        }
        let name = rest.rsplit('/').next().unwrap_or("");
        if let Some((root, _)) = rest.rsplit_once("/envs/") {
            let above = root.rsplit('/').next().unwrap_or("");
            if self.script.tables.commands.is_conda_root(above) {
                return ("env", root_of(root));
            }
        }
        if self.script.tables.commands.is_conda_root(name) {
            return (kind, root_of(rest));
        }
        // `…/anaconda/2023.09/bin`: the version below the distribution's name.
        let version = name.starts_with(|c: char| c.is_ascii_digit());
        let above = rest.trim_end_matches(name).trim_end_matches('/').rsplit('/').next().unwrap_or("");
        if version && self.script.tables.commands.is_conda_root(above) {
            return (kind, root_of(rest));
        }
        ("none", None)
    }
}

/// Splits a value at its colons, outside of expansions, and tells which entry stands where.
fn split(resolver: &Resolver<'_>, value: Span, name: &str, appends: bool) -> Vec<Entry> {
    let text = &resolver.frame.text;
    let mut inside = value;
    let bytes = text.as_bytes();
    if inside.len() >= 2 && matches!(bytes[inside.start], b'"' | b'\'') && bytes[inside.end - 1] == bytes[inside.start]
    {
        inside = Span::new(inside.start + 1, inside.end - 1);
    }
    let pieces: Vec<Span> = colons(text, inside).into_iter().map(|piece| without_continuation(bytes, piece)).collect();
    let own = |span: &Span| {
        let piece = resolver.frame.slice(*span).trim_matches(['"', '\'']);
        piece == format!("${name}")
            || piece == format!("${{{name}}}")
            || piece.starts_with(&format!("${{{name}:"))
            || piece.starts_with(&format!("${{{name}+"))
    };
    let self_at = pieces.iter().position(own);
    let mut entries = Vec::new();
    for (index, piece) in pieces.iter().enumerate() {
        if Some(index) == self_at || piece.is_empty() {
            continue;
        }
        let position = match self_at {
            Some(at) if index < at => "front",
            Some(_) => "back",
            None if appends => "back",
            None => "only",
        };
        let quotes = |byte: &u8| matches!(byte, b'"' | b'\'');
        let mut span = *piece;
        while span.len() > 1 && bytes.get(span.start).is_some_and(quotes) {
            span.start += 1;
        }
        while span.len() > 1 && bytes.get(span.end - 1).is_some_and(quotes) {
            span.end -= 1;
        }
        let entry = if resolver.frame.slice(span).starts_with('~') { resolver.text(span) } else { resolver.body(span) };
        // The colon after the entry goes with it, or the one before the last; quotes around it alone do too.
        let own = if is_balanced(resolver.frame.slice(*piece)) { *piece } else { span };
        let is_last = pieces[index + 1..].iter().all(|piece| piece.is_empty());
        let removable = match pieces.get(index + 1) {
            Some(next) if !is_last || index == 0 => Span::new(own.start, next.start.max(own.end)),
            _ if index > 0 => Span::new(pieces[index - 1].end, own.end),
            _ => own,
        };
        let removable = Some(removable).filter(|span| is_balanced(resolver.frame.slice(*span)));
        let sole = pieces.iter().enumerate().all(|(other, piece)| other == index || piece.is_empty());
        entries.push(Entry { text: entry, position, removable, sole });
    }
    entries
}

/// True for text that neither opens nor ends a quoted part.
fn is_balanced(text: &str) -> bool {
    ['"', '\''].iter().all(|quote| text.matches(*quote).count() % 2 == 0)
}

/// A value may go on over several lines: the piece without the line's end before it.
fn without_continuation(bytes: &[u8], mut piece: Span) -> Span {
    while piece.len() > 1 && bytes[piece.start] == b'\\' && matches!(bytes[piece.start + 1], b'\n' | b'\r') {
        piece.start += 2;
        while !piece.is_empty() && matches!(bytes[piece.start], b' ' | b'\t' | b'\n') {
            piece.start += 1;
        }
    }
    piece
}

/// The pieces between colons that are not inside an expansion.
fn colons(text: &str, span: Span) -> Vec<Span> {
    let bytes = text.as_bytes();
    let mut pieces = Vec::new();
    let mut depth = 0_usize;
    let mut start = span.start;
    for (at, byte) in bytes.iter().enumerate().take(span.end).skip(span.start) {
        match byte {
            b'{' | b'(' => depth += 1,
            b'}' | b')' => depth = depth.saturating_sub(1),
            b':' if depth == 0 => {
                pieces.push(Span::new(start, at));
                start = at + 1;
            }
            _ => {}
        }
    }
    pieces.push(Span::new(start, span.end));
    pieces
}
