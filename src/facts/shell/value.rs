//! The value of words, as far as it is known: variables set before, defaults, cut prefixes and suffixes,
//! the home folder, and substitutions whose result is plain (`$(pwd)`, `$(whoami)`, `$(dirname X)`).

use std::borrow::Cow;
use std::sync::Arc;

use ecow::EcoString;
use thin_vec::thin_vec;

use super::frame::{Decoded, Frame};
use super::state::{State, unknown};
use crate::facts::Text;
use crate::source::{MaybeSpan, Shell, Span};
use crate::syntax::shell::word::{Operation, Part, parts, parts_of_body};
use crate::tables::glob;

/// Nesting of defaults in defaults.
const MAX_DEPTH: usize = 8;
/// Longest value that is followed: longer ones are unknown.
const MAX_LENGTH: usize = 16_384;

/// Resolves words of one frame in one state.
pub struct Resolver<'a> {
    /// The text with its place.
    pub frame: &'a Frame,
    /// The state.
    pub state: &'a State,
}

/// A word after expansion.
#[derive(Clone, Debug, PartialEq)]
pub struct Arg {
    /// Its value.
    pub text: Arc<Text>,
    /// The word in the frame's text.
    pub word: Span,
    /// It is written with quotes.
    pub quoted: bool,
    /// How many of its first bytes stand in the file as they are, without quotes or variables.
    pub plain: usize,
}

impl Resolver<'_> {
    /// Adds the words that a word expands to: one, or several for an array or an unquoted variable that holds blanks.
    pub fn expand(&self, word: Span, out: &mut Vec<Arg>) {
        let written = self.frame.slice(word);
        if is_plain(written) {
            let text = Text::at(written, self.frame.place(word)).into();
            return out.push(Arg { text, word, quoted: false, plain: word.len() });
        }
        let parts = parts(&self.frame.text, word);
        if let Some(items) = self.array(&parts) {
            let arg = |text: &Arc<Text>| self.arg(Text::clone(text), word, true, 0);
            return out.extend(items.iter().map(arg));
        }
        let quoted = matches!(self.frame.text.as_bytes().get(word.start), Some(b'"' | b'\''))
            || parts.iter().any(|part| matches!(part, Part::Literal { quoted: true, .. }));
        let text = self.join(&parts, 0, true);
        let splits = matches!(parts.as_slice(), [Part::Variable { .. }])
            && !quoted
            && self.frame.shell != Shell::Zsh
            && self.frame.text.as_bytes().get(word.start) == Some(&b'$')
            && !text.unresolved.iter().any(|name| name == "(")
            && text.text.contains([' ', '\t', '\n']);
        if splits {
            let unresolved = &text.unresolved;
            return out.extend(text.text.split_whitespace().map(|piece| {
                let known = |name: &&EcoString| piece.contains(name.as_str());
                let part = Text {
                    text: piece.into(),
                    unresolved: unresolved.iter().filter(known).cloned().collect(),
                    span: MaybeSpan::NONE,
                    origin: text.origin,
                };
                self.arg(part, word, quoted, 0)
            }));
        }
        let plain = match parts.first() {
            Some(Part::Literal { span, quoted: false, .. }) if span.start == word.start => span.len(),
            _ => 0,
        };
        out.push(self.arg(text, word, quoted, plain));
    }

    fn arg(&self, text: Text, word: Span, quoted: bool, plain: usize) -> Arg {
        Arg { text: self.placed(text, word).into(), word, quoted, plain }
    }

    /// The value of a word as one text.
    pub fn text(&self, word: Span) -> Text {
        let parts = parts(&self.frame.text, word);
        let text = self.join(&parts, 0, true);
        self.placed(text, word)
    }

    /// The value of text that is expanded as if between double quotes.
    pub fn body(&self, span: Span) -> Text {
        let parts = parts_of_body(&self.frame.text, span);
        let text = self.join(&parts, 0, false);
        self.placed(text, span)
    }

    /// The value of a word with the place of every byte, to be read as a script. `None` when a part is not known.
    pub fn decoded(&self, word: Span) -> Decoded {
        let mut decoded = Decoded::default();
        for part in parts(&self.frame.text, word) {
            match &part {
                Part::Literal { text, span, .. } => decoded.push(text, self.frame.place(*span)),
                Part::Variable { span, .. }
                | Part::Command { span, .. }
                | Part::Process { span, .. }
                | Part::Opaque { span } => {
                    // What is written stays: an inner script reads its own variables.
                    decoded.push(self.frame.slice(*span), self.frame.place(*span));
                }
            }
        }
        decoded
    }

    /// A here document whose `$` are expanded where it stands: `\$X` is the inner script's `$X`.
    pub fn decoded_body(&self, span: Span, quoted: bool) -> Decoded {
        let mut decoded = Decoded::default();
        if quoted {
            decoded.push(self.frame.slice(span), self.frame.place(span));
            return decoded;
        }
        for part in parts_of_body(&self.frame.text, span) {
            let place = match &part {
                Part::Literal { span, .. }
                | Part::Variable { span, .. }
                | Part::Command { span, .. }
                | Part::Process { span, .. }
                | Part::Opaque { span } => *span,
            };
            match &part {
                Part::Literal { text, .. } => decoded.push(text, self.frame.place(place)),
                _ => decoded.push(self.frame.slice(place), self.frame.place(place)),
            }
        }
        decoded
    }

    fn placed(&self, mut text: Text, word: Span) -> Text {
        // The argument of a function stands where the function is called.
        let written = self.frame.slice(word).trim_matches(['"', '{', '}', '$']);
        let argument = written.len() == 1 && written.as_bytes()[0].is_ascii_digit();
        text.span = text.origin.get().filter(|_| argument).or_else(|| Some(self.frame.place(word))).into();
        text
    }

    fn array(&self, parts: &[Part<'_>]) -> Option<&[Arc<Text>]> {
        let [Part::Variable { name, op: Operation::Other, span }] = parts else { return None };
        let written = self.frame.slice(*span);
        if !written.ends_with("[@]}") && !written.ends_with("[*]}") {
            return None;
        }
        self.state.variable(name)?.items.as_deref()
    }

    fn join(&self, parts: &[Part<'_>], depth: usize, tilde: bool) -> Text {
        let mut out = Text::default();
        for (index, part) in parts.iter().enumerate() {
            match part {
                Part::Literal { text, quoted, .. } => {
                    let text = if tilde && index == 0 && !quoted { home(text, &mut out) } else { text };
                    out.text.push_str(text);
                    if !quoted && tilde && text.contains(['*', '?', '[']) {
                        note(&mut out, "*");
                    }
                }
                Part::Variable { name, op, span } => self.variable(name, op, *span, depth, &mut out),
                Part::Command { body, span } => self.substitution(*body, *span, depth, &mut out),
                Part::Process { span, .. } | Part::Opaque { span } => {
                    out.text.push_str(self.frame.slice(*span));
                    note(&mut out, "(");
                }
            }
            if out.text.len() > MAX_LENGTH {
                return Text { text: "$(…)".into(), unresolved: thin_vec!["(".into()], ..Text::default() };
            }
        }
        out
    }

    fn variable(&self, name: &str, op: &Operation, span: Span, depth: usize, out: &mut Text) {
        let value = self.lookup(name, span);
        match op {
            Operation::Plain | Operation::Require => append(out, &value),
            Operation::Default(word) | Operation::Assign(word) if depth < MAX_DEPTH => {
                let set = self.state.variable(name).is_some() || ["HOME", "USER"].contains(&name);
                if set {
                    append(out, &value);
                } else {
                    // Not set here: the surroundings may set it, and else the default holds.
                    append(out, &self.word(*word, depth));
                }
            }
            Operation::Alternative(word) if depth < MAX_DEPTH => {
                if self.state.variable(name).is_some() {
                    append(out, &self.word(*word, depth));
                } else {
                    note(out, name);
                }
            }
            Operation::CutPrefix { pattern, longest } if value.is_known() => {
                let pattern = self.word(*pattern, depth);
                append(out, &value.saying(cut_prefix(&value.text, &pattern.text, *longest)));
            }
            Operation::CutSuffix { pattern, longest }
                if value.unresolved.iter().all(|n| n == "HOME" || n == "USER") =>
            {
                let pattern = self.word(*pattern, depth);
                append(out, &value.saying(cut_suffix(&value.text, &pattern.text, *longest)));
            }
            Operation::Replace { pattern, with, all } if value.is_known() => {
                let pattern = self.word(*pattern, depth);
                let with = self.word(*with, depth);
                if pattern.is_known() && !pattern.text.contains(['*', '?', '[']) && !pattern.text.is_empty() {
                    let text = if *all {
                        value.text.replace(&pattern.text, &with.text)
                    } else {
                        value.text.replacen(&pattern.text, &with.text, 1)
                    };
                    append(out, &value.saying(text));
                } else {
                    self.opaque(name, span, out);
                }
            }
            _ => self.opaque(name, span, out),
        }
    }

    fn opaque(&self, name: &str, span: Span, out: &mut Text) {
        out.text.push_str(self.frame.slice(span));
        note(out, if name.is_empty() { "(" } else { name });
    }

    /// A default or pattern inside an expansion.
    fn word(&self, word: Span, depth: usize) -> Text {
        let parts = parts(&self.frame.text, word);
        self.join(&parts, depth + 1, true)
    }

    fn lookup(&self, name: &str, span: Span) -> Cow<'_, Text> {
        if let Some(value) = self.known(name) {
            return Cow::Borrowed(value);
        }
        Cow::Owned(match name {
            "" => Text { unresolved: thin_vec![EcoString::new()], ..Text::plain(self.frame.slice(span)) },
            "LOGNAME" => unknown("USER"),
            _ => unknown(name),
        })
    }

    /// The value that the script gives a variable.
    fn known(&self, name: &str) -> Option<&Text> {
        let cwd = || self.state.cwd().filter(|_| name == "PWD");
        self.state.variable(name).map(|variable| &variable.value).or_else(cwd).map(AsRef::as_ref)
    }

    fn substitution(&self, body: Span, span: Span, depth: usize, out: &mut Text) {
        let inner = self.frame.slice(body).trim();
        let words: Vec<&str> = inner.split_whitespace().collect();
        match words.as_slice() {
            ["pwd"] | ["pwd", "-P" | "-L"] => append(out, &self.lookup("PWD", span)),
            ["whoami"] | ["id", "-un"] | ["id", "-u", "-n"] | ["logname"] => {
                append(out, &Text { unresolved: thin_vec!["USER".into()], ..Text::plain("$USER") });
            }
            ["hostname", ..] => {
                append(out, &Text { unresolved: thin_vec!["HOSTNAME".into()], ..Text::plain("$HOSTNAME") })
            }
            ["dirname" | "realpath" | "readlink" | "echo", ..] if depth < MAX_DEPTH && words.len() <= 3 => {
                self.path_tool(&words, body, span, depth, out);
            }
            _ => {
                out.text.push_str(self.frame.slice(span));
                note(out, "(");
            }
        }
    }

    /// `$(dirname X)` and the like, when X is one known word.
    fn path_tool(&self, words: &[&str], body: Span, span: Span, depth: usize, out: &mut Text) {
        let last = words[words.len() - 1];
        let flags = words[1..words.len() - 1].iter().all(|word| word.starts_with('-'));
        let at = self.frame.slice(body).rfind(last).unwrap_or(0) + body.start;
        let value = self.word(Span::new(at, at + last.len()), depth);
        if !flags || last.contains(['|', ';', '&', '>', '<', '(']) {
            out.text.push_str(self.frame.slice(span));
            note(out, "(");
            return;
        }
        let text = match words[0] {
            "dirname" => cut_suffix(&value.text, "/*", false),
            _ => value.text.to_string(),
        };
        append(out, &Text { text: text.into(), ..value });
    }
}

fn append(out: &mut Text, value: &Text) {
    if out.text.is_empty() {
        out.origin = value.origin.or(value.span);
    }
    out.text.push_str(&value.text);
    for name in &value.unresolved {
        note(out, name);
    }
}

fn note(out: &mut Text, name: &str) {
    if !out.unresolved.iter().any(|known| known == name) {
        out.unresolved.push(name.into());
    }
}

/// `~` and `~/x` are the home folder.
fn home<'t>(text: &'t str, out: &mut Text) -> &'t str {
    match text.strip_prefix('~') {
        Some(rest) if rest.is_empty() || rest.starts_with('/') => {
            out.text.push_str("$HOME");
            note(out, "HOME");
            rest
        }
        _ => text,
    }
}

fn cut_prefix(text: &str, pattern: &str, longest: bool) -> String {
    let mut ends = text.char_indices().map(|(at, _)| at).chain([text.len()]);
    let fits = |at: &usize| glob::matches(pattern, &text[..*at]);
    let end = if longest { ends.rfind(fits) } else { ends.find(fits) };
    text[end.unwrap_or(0)..].to_owned()
}

fn cut_suffix(text: &str, pattern: &str, longest: bool) -> String {
    let mut starts = text.char_indices().map(|(at, _)| at).chain([text.len()]);
    let fits = |at: &usize| glob::matches(pattern, &text[*at..]);
    let start = if longest { starts.find(fits) } else { starts.rfind(fits) };
    text[..start.unwrap_or(text.len())].to_owned()
}

/// True for a word that is what it says: most words of real scripts are, and need not be taken apart.
fn is_plain(written: &str) -> bool {
    written.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"_-./,:+@%".contains(&byte))
}
