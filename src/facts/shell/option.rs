//! Options of a command line: their spellings, their values, how many words they take.

use std::sync::Arc;

use super::value::Arg;
use crate::facts::{Record, Text};
use crate::source::Span;
use crate::tables::commands::{Options, Spellings, TakesValue};

/// An option as given.
#[derive(Clone, Debug)]
pub struct GivenOption {
    /// All its spellings that the grammar knows, or the one written.
    pub spellings: Spellings,
    /// As written, without value.
    pub written: Arc<Text>,
    /// Its value, the empty text for a flag.
    pub value: Arc<Text>,
    /// The word that holds the value, when it is a word of its own.
    pub value_word: Option<Arg>,
}

impl GivenOption {
    /// True when it has that spelling.
    pub fn is(&self, spelling: &str) -> bool {
        self.spellings.iter().any(|known| **known == *spelling)
    }
}

/// Options by all their spellings.
pub fn record_of(options: &[GivenOption]) -> Record {
    let mut record = Record::new();
    for option in options {
        let mut value = option.value.clone();
        if value.span.get().is_none() || (value.text.is_empty() && value.span != option.written.span) {
            Arc::make_mut(&mut value).span = option.written.span;
        }
        for spelling in &*option.spellings {
            record.set(spelling.clone(), value.clone());
        }
    }
    record
}

/// Reads the option at the front of `args`: what it gives (several for bundled letters) and how many words it takes.
pub fn option(args: &[Arg], options: &Options) -> (Vec<GivenOption>, usize) {
    let arg = &args[0];
    let word = arg.text.text.as_str();
    let flag = |name: &str, spellings: Spellings| GivenOption {
        spellings,
        written: if name == word { arg.text.clone() } else { arg.text.saying(name).into() },
        value: arg.text.saying("").into(),
        value_word: None,
    };
    if let Some((name, value)) = word.split_once('=')
        && (word.starts_with("--") || options.find(name).is_some())
    {
        let spellings = options.find(name).map_or_else(|| alone(name), |spec| Arc::clone(&spec.spellings));
        let value = glued(arg, name.len() + 1, value).into();
        let written = arg.text.saying(name).into();
        return (vec![GivenOption { spellings, written, value, value_word: None }], 1);
    }
    if let Some(spec) = options.find(word) {
        if let TakesValue::Yes(count) = spec.value
            && let Some(next) = args.get(1)
        {
            let given = GivenOption {
                spellings: Arc::clone(&spec.spellings),
                written: arg.text.clone(),
                value: next.text.clone(),
                value_word: Some(next.clone()),
            };
            return (vec![given], (1 + count).min(args.len()));
        }
        return (vec![flag(word, Arc::clone(&spec.spellings))], 1);
    }
    if word.starts_with("--") || !word.is_ascii() {
        return (vec![flag(word, alone(word))], 1);
    }
    bundled(args, options, word, &flag)
}

/// The only spelling of an option that no grammar knows.
fn alone(spelling: &str) -> Spellings {
    Arc::new([spelling.into()])
}

/// `-xvf FILE`, `-pPATH`.
fn bundled(
    args: &[Arg],
    options: &Options,
    word: &str,
    flag: &dyn Fn(&str, Spellings) -> GivenOption,
) -> (Vec<GivenOption>, usize) {
    let arg = &args[0];
    let mut given = Vec::new();
    for (at, letter) in word.char_indices().skip(1) {
        let name = format!("-{letter}");
        let Some(spec) = options.find(&name) else {
            if given.is_empty() {
                return (vec![flag(word, alone(word))], 1);
            }
            given.push(flag(&name, alone(&name)));
            continue;
        };
        let rest = &word[at + 1..];
        match spec.value {
            TakesValue::No => given.push(flag(&name, Arc::clone(&spec.spellings))),
            _ if !rest.is_empty() => {
                let value = glued(arg, at + 1, rest).into();
                let written = arg.text.saying(name).into();
                given.push(GivenOption { spellings: Arc::clone(&spec.spellings), written, value, value_word: None });
                return (given, 1);
            }
            TakesValue::Optional => given.push(flag(&name, Arc::clone(&spec.spellings))),
            TakesValue::Yes(count) => {
                let next = args.get(1);
                given.push(GivenOption {
                    spellings: Arc::clone(&spec.spellings),
                    written: arg.text.saying(name).into(),
                    value: next.map_or_else(Arc::default, |next| next.text.clone()),
                    value_word: next.cloned(),
                });
                return (given, (1 + count).min(args.len()));
            }
        }
    }
    (given, 1)
}

/// A value that is glued to its option: its place is the rest of the word when the option stands there as it is.
fn glued(arg: &Arg, offset: usize, value: &str) -> Text {
    let span = arg.text.span.map(|span| {
        let whole = span.len() == arg.word.len();
        if whole && offset <= arg.plain { Span::new(span.start + offset, span.end) } else { span }
    });
    Text { span, ..arg.text.saying(value) }
}
