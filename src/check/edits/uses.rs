//! A change of a path or a name goes on to where the file uses it: an environment that is made elsewhere has to be
//! activated there too.

use memchr::memmem::Finder;

use crate::facts::{Fact, Value};
use crate::policy::fix::{EditSpec, Side};
use crate::policy::rule::Place;
use crate::policy::template::Template;
use crate::source::{Kind, Source, Span};
use crate::syntax::shell;

use super::{Change, Editor, Voice, requoted};

/// Fields of commands that hold a path, where others hold a name.
const PATHS: [&str; 3] = ["destination", "conda-root", "output"];

/// Words before the name of a folder.
const BEFORE_FOLDERS: [&str; 11] = ["cd", "pushd", "-d", "-e", "rm", "-r", "-rf", "-fr", "-f", "mkdir", "mv"];

impl Editor<'_> {
    /// A change of a path, made wherever the file writes that path. `None` when one of the places cannot be changed.
    pub(super) fn everywhere(&self, spec: &EditSpec) -> Option<Vec<Change>> {
        let changes = self.changes(spec)?;
        let [(own, text)] = changes.as_slice() else { return None };
        let (own, old, new) = match spec {
            EditSpec::Insert(_, Side::After(place)) => {
                let span = self.span(place)?;
                let inner = unquoted(self.source, span);
                let old = self.source.slice(inner);
                (inner, old, format!("{old}{text}"))
            }
            _ => (*own, self.source.slice(unquoted(self.source, *own)), text.trim_matches(['"', '\'']).to_owned()),
        };
        if old.ends_with('/') && matches!(spec, EditSpec::Insert(..)) {
            return None;
        }
        // Others write the same folder without the slash at its end.
        let old = old.trim_end_matches('/');
        if old.is_empty() || old.ends_with('.') || last_part(old).contains(['"', '\'', '\\']) {
            // `.` and `..` are other folders elsewhere; quotes inside a name can stand in other places there.
            return None;
        }
        let mut found = match spec {
            EditSpec::Insert(..) => vec![(own, new.clone())],
            _ => changes.clone(),
        };
        let comments = self.comments();
        for (spelling, new) in spellings(old, &new) {
            for (at, _) in self.source.text.match_indices(&spelling) {
                let span = Span::new(at, at + spelling.len());
                let known = found.iter().any(|(other, _)| other.overlaps(span));
                if known || !is_whole_path(&self.source.text, span) || comments.iter().any(|one| one.contains(span)) {
                    continue;
                }
                if in_single_quotes(self.source, at) && new.contains('$') {
                    return None;
                }
                found.push((span, new.clone()));
            }
        }
        let known = |span: Span| found.iter().chain(&changes).any(|(other, _)| other.overlaps(span));
        let in_comment = |span: Span| comments.iter().any(|one| one.contains(span));
        // The same environment by a way that is not seen through.
        let text = &self.source.text;
        let mut others = activations(text, old).chain(named(text, old)).chain(assigned(text, old));
        let missed = others.any(|span| !known(span) && !in_comment(span));
        (!missed).then_some(found)
    }

    /// Puts `with` in the place of a name where other commands of the file use that name. `None` when one takes a name
    /// and nothing else.
    pub(super) fn uses(&self, place: &Place, with: &Template) -> Option<Vec<Change>> {
        let Place::Field(path) = place else { return None };
        let (text, field) = (self.text(with)?, path.steps.last()?);
        if PATHS.contains(&&**field) {
            return self.uses_of_path(place, with);
        }
        let named = |fact: &Fact| match fact.fields.get(field) {
            Some(Value::Text(value)) => Some((value.text.clone(), value.span.get())),
            _ => None,
        };
        let (name, own) = named(self.fact)?;
        if self.source.slice(own?).contains('$') {
            // Who else uses the variable cannot be followed.
            return None;
        }
        let mut changes: Vec<Change> = Vec::new();
        for other in &self.voice.scene.about.view.facts.facts {
            let Some((value, Some(span))) = named(other).filter(|(value, _)| *value == name) else { continue };
            if other.kind != self.fact.kind || other.span == self.fact.span {
                continue;
            }
            let before = self.source.text.get(..span.start)?.trim_end();
            let is_option = before.rsplit(char::is_whitespace).next().is_some_and(|word| word.starts_with('-'));
            let old = self.source.slice(span);
            if is_option
                || old.contains('$')
                || super::needs_its_quotes(old, &value)
                || (Editor { fact: other, ..*self }).stands_in_string()
            {
                return None;
            }
            if !changes.iter().any(|(known, _)| *known == span) && !value.is_empty() {
                changes.push((span, self.escaped(&requoted(old, &text))));
            }
        }
        let comments = self.comments();
        let is_known = |span: Span| changes.iter().any(|(known, _)| known.contains(span)) || Some(span) == own;
        let is_missed = |span: Span| {
            let before = self.source.text.get(..span.start).unwrap_or("").trim_end_matches(['"', '\'']);
            let whole = is_whole_word(&self.source.text, span);
            whole && (before.ends_with('/') || before.trim_end().ends_with("activate"))
        };
        let mut places = self.source.text.match_indices(&*name).map(|(at, _)| Span::new(at, at + name.len()));
        let missed =
            places.any(|span| is_missed(span) && !is_known(span) && !comments.iter().any(|one| one.contains(span)));
        (!missed).then_some(changes)
    }

    /// The same for a path, which others write with more behind it.
    fn uses_of_path(&self, place: &Place, with: &Template) -> Option<Vec<Change>> {
        let own = self.span(place)?;
        let changes = self.everywhere(&EditSpec::Replace(place.clone(), with.clone()))?;
        let (at, others): (Vec<Change>, Vec<Change>) = changes.into_iter().partition(|(span, _)| own.contains(*span));
        // Where a variable brought the path here, who else uses that cannot be followed.
        (!at.is_empty()).then_some(others)
    }

    fn comments(&self) -> Vec<Span> {
        match self.source.kind {
            Kind::Shell { shell, .. } => {
                shell::parse(&self.source.text, Span::new(0, self.source.text.len()), shell).comments
            }
            _ => Vec::new(),
        }
    }
}

/// The names of folders and environments that a fix changes wherever its file uses them.
pub(in super::super) fn renamed(specs: &[EditSpec], voice: Voice<'_>) -> Vec<String> {
    let name = |place: &Place| {
        let Place::Field(path) = place else { return None };
        match voice.value(path).as_deref() {
            Some(Value::Text(value)) => Some(last_part(&value.text).to_owned()),
            _ => None,
        }
    };
    let named = specs.iter().filter_map(|spec| match spec {
        EditSpec::Uses(place, _) => name(place),
        EditSpec::Everywhere(edit) => match &**edit {
            EditSpec::Insert(_, Side::After(place)) | EditSpec::Replace(place, _) => name(place),
            _ => None,
        },
        _ => None,
    });
    named.filter(|name| !name.is_empty()).collect()
}

/// True when a text names a folder or an environment, outside of comments.
pub(in super::super) fn is_used(text: &str, name: &Finder<'_>) -> bool {
    name.find_iter(text.as_bytes()).any(|at| {
        let span = Span::new(at, at + name.needle().len());
        let before = text[..at].trim_end_matches(['"', '\'']);
        let named = before.ends_with('/')
            || text[span.end..].starts_with('/')
            || ["activate", "-n", "--name", "-p", "--prefix"].iter().any(|word| before.trim_end().ends_with(word));
        let line = text[..at].rsplit('\n').next().unwrap_or("");
        named && is_whole_word(text, span) && !line.trim_start().starts_with('#')
    })
}

/// The last part of a path.
fn last_part(path: &str) -> &str {
    path.trim_end_matches('/').rsplit('/').next().unwrap_or(path)
}

/// The span without the quotes around it.
fn unquoted(source: &Source, span: Span) -> Span {
    let text = source.slice(span);
    let quoted = text.len() > 1 && ['"', '\''].iter().any(|quote| text.starts_with(*quote) && text.ends_with(*quote));
    if quoted { Span::new(span.start + 1, span.end - 1) } else { span }
}

/// Where an activate script is named below a folder that is called as the last of `path` is.
fn activations<'t>(text: &'t str, path: &str) -> impl Iterator<Item = Span> + 't {
    let name = last_part(path);
    let script = format!("{name}/bin/activate");
    let part = |c: char| c.is_alphanumeric() || "_-.$".contains(c);
    let places = text.match_indices(&*script).map(|(at, _)| at).collect::<Vec<_>>();
    let whole = move |at: &usize| !text[..*at].chars().next_back().is_some_and(part);
    let length = name.len();
    places.into_iter().filter(whole).map(move |at| Span::new(at, at + length))
}

/// Where a variable is set to a path whose last part is that of `path`.
fn assigned<'t>(text: &'t str, path: &str) -> impl Iterator<Item = Span> + 't {
    let name = last_part(path).to_owned();
    let length = name.len();
    let plain = length > 0 && !name.contains(['$', '`']);
    let places = if plain { text.match_indices(&*name).map(|(at, _)| at).collect::<Vec<_>>() } else { Vec::new() };
    let sets = move |at: &usize| {
        let ends = text[at + length..].chars().next().is_none_or(|c| c.is_whitespace() || "\"';".contains(c));
        let word = text[..*at].rsplit(|c: char| c.is_whitespace() || c == ';').next().unwrap_or("");
        let value = word.split_once('=').filter(|(variable, _)| {
            !variable.is_empty() && variable.chars().all(|c| c.is_ascii_alphanumeric() || c == '_')
        });
        ends && value.is_some_and(|(_, before)| before.is_empty() || before.ends_with(['/', '"', '\'']))
    };
    places.into_iter().filter(sets).map(move |at| Span::new(at, at + length))
}

/// Where a folder that is called as `path` is, is entered, looked for, made or removed.
fn named<'t>(text: &'t str, path: &str) -> impl Iterator<Item = Span> + 't {
    let name = path.trim_start_matches("./").trim_end_matches('/').to_owned();
    let length = name.len();
    let places = text.match_indices(&*name).map(|(at, _)| Span::new(at, at + length)).collect::<Vec<_>>();
    let enters = move |span: &Span| {
        let before = text[..span.start].trim_end_matches(['"', '\'', '.', '/']);
        let command = before.trim_end_matches([' ', '\t']);
        let word = command.rsplit(|c: char| c.is_whitespace() || "(;&|{`".contains(c)).next().unwrap_or("");
        before.len() > command.len() && BEFORE_FOLDERS.contains(&word)
    };
    places.into_iter().filter(move |span| length > 0 && is_whole_word(text, *span) && enters(span))
}

/// The ways to write a path, each with what takes its place when that is to be `new`.
fn spellings(path: &str, new: &str) -> Vec<(String, String)> {
    const HERE: [&str; 4] = ["./", "$PWD/", "${PWD}/", "$(pwd)/"];
    let anchored = |path: &str| path.starts_with(['/', '$', '~']);
    if anchored(path) {
        return anchored_spellings(path).into_iter().map(|spelling| (spelling, new.to_owned())).collect();
    }
    let (bare, new) = (path.trim_start_matches("./"), new.trim_start_matches("./"));
    let with = |here: &str| if anchored(new) { new.to_owned() } else { format!("{here}{new}") };
    HERE.iter().chain(&[""]).map(|here| (format!("{here}{bare}"), with(here))).collect()
}

/// The ways to write a path that begins with the home directory or with a variable.
fn anchored_spellings(path: &str) -> Vec<String> {
    let homes = ["~", "$HOME", "${HOME}"];
    if let Some(rest) = homes.iter().find_map(|home| path.strip_prefix(home)).filter(|rest| rest.starts_with('/')) {
        return homes.iter().map(|home| format!("{home}{rest}")).collect();
    }
    let Some(rest) = path.strip_prefix('$') else { return vec![path.to_owned()] };
    let braced = rest.strip_prefix('{').and_then(|rest| rest.split_once('}'));
    let length = rest.find(|c: char| !c.is_ascii_alphanumeric() && c != '_').unwrap_or(rest.len());
    let (name, rest) = braced.unwrap_or_else(|| rest.split_at(length));
    if name.is_empty() || name.contains([':', '#', '%', '/']) {
        return vec![path.to_owned()];
    }
    vec![format!("${{{name}}}{rest}"), format!("${name}{rest}")]
}

/// True when the path at `span` is not a part of a longer name. A bare word is a path only where one goes on behind it.
fn is_whole_path(text: &str, span: Span) -> bool {
    let before = text.get(..span.start).and_then(|before| before.chars().next_back());
    let after = text.get(span.end..).and_then(|after| after.chars().next());
    let begins = before.is_none_or(|c| !(c.is_alphanumeric() || "_-./$~{}\\".contains(c)));
    let ends = after.is_none_or(|c| !(c.is_alphanumeric() || "_-.${*?[".contains(c)));
    let is_path = text.get(span.start..span.end).is_some_and(|path| path.contains(['/', '$', '~']));
    begins && ends && (is_path || after == Some('/'))
}

/// True when the name at `span` is not a part of a longer one.
fn is_whole_word(text: &str, span: Span) -> bool {
    let part = |c: char| c.is_alphanumeric() || "_-.".contains(c);
    let before = text.get(..span.start).and_then(|before| before.chars().next_back());
    let after = text.get(span.end..).and_then(|after| after.chars().next());
    !before.is_some_and(part) && !after.is_some_and(part)
}

/// True when the byte `at` stands in single quotes, as far as its line tells.
fn in_single_quotes(source: &Source, at: usize) -> bool {
    let line = source.lines.span(source.lines.line(at));
    let mut open: Option<char> = None;
    for character in source.slice(Span::new(line.start, at)).chars() {
        match open {
            Some(quote) if quote == character => open = None,
            None if matches!(character, '"' | '\'') => open = Some(character),
            _ => {}
        }
    }
    open == Some('\'')
}
