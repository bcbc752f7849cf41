//! One option of a directive as its scheduler reads it, and the option that a misspelt one was meant to be.

use super::words::Word;
use crate::facts::placeholder::is_placeholder;
use crate::tables::{BatchOption, OptionTable, Takes};

/// The longest word that is compared with the names of options, which have at most 20 bytes.
const MAX_NAME: usize = 40;

/// A part of a line: its text and its bytes there.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Piece {
    pub(super) text: String,
    pub(super) start: usize,
    pub(super) end: usize,
}

/// An option with its value.
#[derive(Clone, Debug)]
pub(super) struct Parsed {
    pub(super) option: Piece,
    pub(super) value: Option<Piece>,
    pub(super) verdict: Verdict,
    /// Why the scheduler refuses it although it knows it.
    pub(super) fault: Option<&'static str>,
    /// What the scheduler reads in its place: `-e xclusive`.
    pub(super) taken_for: Option<String>,
}

/// What the scheduler makes of an option.
#[derive(Clone, Debug)]
pub(super) enum Verdict {
    /// It knows it under this name.
    Known { name: String },
    /// It completes it to `completed`, which is option `name`; `misleading` is what it looks like.
    Prefix { name: String, completed: String, misleading: Option<String> },
    /// It does not know it.
    Unknown(Option<Nearest>),
    /// No option at all.
    Stray(Option<Nearest>),
    /// A template's mark.
    Placeholder,
}

/// The option that was probably meant.
#[derive(Clone, Debug)]
pub(super) struct Nearest {
    /// With its dashes.
    pub(super) option: String,
    /// Edits to it.
    pub(super) distance: usize,
    /// No other is as near, and it takes a value as the one written does.
    pub(super) sole: bool,
}

impl From<&Word> for Piece {
    fn from(word: &Word) -> Self {
        Self { text: word.text.clone(), start: word.start, end: word.end }
    }
}

impl Parsed {
    pub(super) const fn new(option: Piece, value: Option<Piece>, verdict: Verdict) -> Self {
        Self { option, value, verdict, fault: None, taken_for: None }
    }

    /// The same, with what is wrong about its value when `takes` says what it needs. A value that begins with `=`
    /// stood behind one.
    #[must_use]
    pub(super) fn checked(mut self, takes: Takes) -> Self {
        self.fault = match (takes, &self.value) {
            (Takes::Yes | Takes::Two, None) => Some("no-value"),
            (Takes::No, Some(_)) => Some("value-not-taken"),
            _ => None,
        };
        self
    }

    /// The bytes of option and value together.
    pub(super) fn extent(&self) -> (usize, usize) {
        (self.option.start, self.value.as_ref().map_or(self.option.end, |value| value.end))
    }

    /// True when the scheduler reads it as an option.
    pub(super) const fn accepted(&self) -> bool {
        matches!(self.verdict, Verdict::Known { .. } | Verdict::Prefix { .. })
    }
}

/// Takes the words from `at` that are no options as one; returns it and the index after them.
pub(super) fn stray(words: &[Word], at: usize, is_option: impl Fn(&str) -> bool) -> (Parsed, usize) {
    let count = words[at..].iter().skip(1).take_while(|word| !is_option(&word.text)).count() + 1;
    let taken = &words[at..at + count];
    let text = taken.iter().map(|word| word.text.as_str()).collect::<Vec<_>>().join(" ");
    let verdict = if is_placeholder(&text) || taken.iter().any(|word| is_placeholder(&word.text)) {
        Verdict::Placeholder
    } else {
        Verdict::Stray(None)
    };
    let end = taken.last().map_or(words[at].end, |word| word.end);
    (Parsed::new(Piece { text, start: words[at].start, end }, None, verdict), at + count)
}

/// The option of `table` whose name is nearest to `name`; `dashes` go before it.
pub(super) fn nearest(table: &OptionTable, name: &str, has_value: bool, dashes: &str) -> Option<Nearest> {
    if name.len() > MAX_NAME {
        return None;
    }
    let name = name.to_lowercase();
    let mut scored: Vec<(usize, &BatchOption)> = table
        .iter()
        .filter(|option| option.alias.is_none() && option.name.len() > 1 && !(has_value && option.takes == Takes::No))
        .map(|option| (strsim::damerau_levenshtein(&name, &option.name), option))
        .filter(|(distance, option)| near(&name, option, *distance))
        .collect();
    let rank = |(distance, option): &(usize, &BatchOption)| distance.saturating_sub(kinship(&name, &option.name));
    scored.sort_by_key(rank);
    let best = *scored.first()?;
    let (distance, option) = best;
    let alone = scored.iter().filter(|other| rank(other) == rank(&best)).count() == 1;
    let fits = has_value || matches!(option.takes, Takes::No | Takes::Optional);
    Some(Nearest { option: format!("{dashes}{}", option.name), distance, sole: alone && fits })
}

/// A word may differ in one letter of three, a short one in one; `memory` begins with `mem`.
fn near(name: &str, option: &BatchOption, distance: usize) -> bool {
    let limit = if name.len() <= 4 { 1 } else { (name.len() / 3).max(2) } + kinship(name, &option.name) / 2;
    let longer = option.name.len() >= 3 && name.starts_with(&option.name) && !option.name.contains('-');
    distance <= limit || longer
}

/// Edits forgiven to names of several words that begin with the same one: `mem-per-task` is about memory.
fn kinship(one: &str, other: &str) -> usize {
    match (one.split_once('-'), other.split_once('-')) {
        (Some((first, _)), Some((second, _))) if first == second => 2,
        _ => 0,
    }
}
