//! The words of which one must stand in a text for it to concern anybody, all looked for at once.

use aho_corasick::automaton::Automaton;
use aho_corasick::dfa::DFA;
use aho_corasick::nfa::contiguous::NFA;
use aho_corasick::{Anchored, BuildError, MatchError};
use foldhash::{HashMap, HashMapExt};

use crate::source::Span;

/// Of what a word is asked, a bit each.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(in crate::facts) struct Of(u8);

impl Of {
    /// Commands.
    pub const COMMAND: Self = Self(1);
    /// Raw text of commands: also what may tell of a site.
    pub const RAW: Self = Self(2);
    /// Assignments.
    pub const ASSIGNMENT: Self = Self(4);
    /// Files, in which it then matters what stands beside.
    pub const FILE: Self = Self(8);

    const fn and(self, other: Self) -> Self {
        Self(self.0 | other.0)
    }

    const fn without(self, other: Self) -> Self {
        Self(self.0 & !other.0)
    }

    const fn meets(self, other: Self) -> bool {
        self.0 & other.0 != 0
    }
}

/// Words with what they are asked of. Upper and lower case are the same, but for what is asked of files.
#[derive(Debug)]
pub(super) struct Words {
    search: Search,
    /// What each of its patterns tells.
    told: Vec<Told>,
    /// Of what each text has a word, since the empty one is among them.
    always: Of,
}

/// How the search is kept.
#[derive(Debug)]
enum Search {
    /// As a table of all states: fast, and long to make.
    Table(DFA),
    /// In less room.
    Small(NFA),
}

/// What a word tells where it stands.
#[derive(Debug, Default)]
struct Told {
    of: Of,
    /// As it must be written to be asked of a file.
    exactly: Vec<String>,
    /// The signs that it is the plain part of.
    signs: Vec<usize>,
}

/// The words in a text that was looked through once.
#[derive(Debug, Default)]
pub(in crate::facts) struct Found {
    /// By their ends: where each begins and ends, and of what it is asked.
    words: Vec<(u32, u32, Of)>,
    of: Of,
}

impl Words {
    /// Makes the search. `signs` are the plain parts of signs, in their order. A `table` is faster, and takes longer to
    /// make.
    ///
    /// # Errors
    /// Too many words.
    pub fn new<'w>(
        words: impl Iterator<Item = (&'w str, Of)>,
        signs: &[&'w str],
        table: bool,
    ) -> Result<Self, BuildError> {
        let mut patterns: Vec<String> = Vec::new();
        let mut told: Vec<Told> = Vec::new();
        let mut known: HashMap<String, usize> = HashMap::new();
        let mut always = Of::default();
        let all = words.map(|(word, of)| (word, of, None));
        let signs = signs.iter().enumerate().map(|(sign, word)| (*word, Of::RAW, Some(sign)));
        for (word, of, sign) in all.chain(signs) {
            if word.is_empty() {
                always = always.and(of);
            }
            let at = *known.entry(word.to_ascii_lowercase()).or_insert_with_key(|lower| {
                patterns.push(lower.clone());
                told.push(Told::default());
                told.len() - 1
            });
            let told = &mut told[at];
            told.of = told.of.and(of);
            told.signs.extend(sign);
            if of == Of::FILE {
                told.exactly.push(word.to_owned());
            }
        }
        let search = if table {
            Search::Table(DFA::builder().ascii_case_insensitive(true).build(patterns)?)
        } else {
            Search::Small(NFA::builder().ascii_case_insensitive(true).build(patterns)?)
        };
        Ok(Self { search, told, always })
    }

    /// True when a word that is asked of this stands in `text`.
    pub fn any(&self, text: &str, of: Of) -> bool {
        if self.always.meets(of) {
            return true;
        }
        let mut found = false;
        self.each(text, &mut |_, told| {
            found = told.meets(of);
            !found
        });
        found
    }

    /// The signs whose plain part stands in `text`; one may come twice.
    pub fn signs(&self, text: &str) -> Vec<usize> {
        let mut signs = Vec::new();
        self.each_told(text, &mut |_, told| {
            signs.extend(&told.signs);
            true
        });
        signs
    }

    /// Looks through a whole text.
    pub fn find(&self, text: &str) -> Found {
        let offset = |at: usize| u32::try_from(at).unwrap_or(u32::MAX);
        let mut found = Found { words: Vec::new(), of: self.always };
        self.each(text, &mut |span, of| {
            found.of = found.of.and(of);
            found.words.push((offset(span.start), offset(span.end), of));
            true
        });
        found
    }

    /// Calls `hear` with the words in `text`, by their ends, and of what each is asked as it is written there, for as
    /// long as it wants more.
    fn each(&self, text: &str, hear: &mut dyn FnMut(Span, Of) -> bool) {
        self.each_told(text, &mut |span, told| {
            let written = || text.get(span.start..span.end).unwrap_or("");
            let as_asked = !told.of.meets(Of::FILE) || told.exactly.iter().any(|word| word == written());
            hear(span, if as_asked { told.of } else { told.of.without(Of::FILE) })
        });
    }

    fn each_told(&self, text: &str, hear: &mut dyn FnMut(Span, &Told) -> bool) {
        // A search that is not anchored is always there.
        let _: Result<(), MatchError> = match &self.search {
            Search::Table(table) => each_match(table, text, &mut |span, at| hear(span, &self.told[at])),
            Search::Small(small) => each_match(small, text, &mut |span, at| hear(span, &self.told[at])),
        };
    }
}

/// Calls `hear` with all matches, overlapping ones too, by their ends, each with its pattern.
fn each_match(
    search: &impl Automaton,
    text: &str,
    hear: &mut dyn FnMut(Span, usize) -> bool,
) -> Result<(), MatchError> {
    let mut state = search.start_state(Anchored::No)?;
    let bytes = text.as_bytes();
    let mut at = 0;
    loop {
        if search.is_special(state) && search.is_match(state) {
            for number in 0..search.match_len(state) {
                let pattern = search.match_pattern(state, number);
                let span = Span::new(at - search.pattern_len(pattern), at);
                if !hear(span, pattern.as_usize()) {
                    return Ok(());
                }
            }
        }
        let Some(byte) = bytes.get(at) else { return Ok(()) };
        state = search.next_state(Anchored::No, state, *byte);
        at += 1;
    }
}

impl Found {
    /// True when a word that is asked of this stands in the text.
    pub fn any(&self, of: Of) -> bool {
        self.of.meets(of)
    }

    /// True when one stands in this part of the text.
    pub fn any_in(&self, part: Span, of: Of) -> bool {
        let (start, end) = (part.start, part.end);
        let from = self.words.partition_point(|(_, end, _)| (*end as usize) <= start);
        let inside = self.words[from..].iter().take_while(|(_, last, _)| *last as usize <= end);
        self.of.meets(of) && inside.filter(|(first, ..)| *first as usize >= start).any(|(.., told)| told.meets(of))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_are_found_in_the_part_that_is_asked_of() {
        let asked = [("conda", Of::COMMAND), ("conda", Of::FILE), ("anaconda3", Of::ASSIGNMENT), ("pip", Of::COMMAND)];
        for table in [false, true] {
            let words = Words::new(asked.into_iter(), &["/fred/", "conda", "/fred/"], table).unwrap();
            let text = "pip x; CONDA y; z=/fred/a/Anaconda3";
            let found = words.find(text);
            for (part, of, expected) in [
                ("pip x", Of::COMMAND, true),
                ("pip x", Of::RAW, false),
                ("ip x; CONDA", Of::COMMAND, true),
                ("ip x; COND", Of::COMMAND, false),
                ("CONDA y", Of::RAW, true),
                ("CONDA y", Of::ASSIGNMENT, false),
                ("/fred/a", Of::RAW, true),
                ("/fred/a/Anaconda", Of::COMMAND, true),
                ("/fred/a/Anaconda", Of::ASSIGNMENT, false),
                ("/fred/a/Anaconda3", Of::ASSIGNMENT, true),
            ] {
                let start = text.find(part).unwrap();
                let span = Span::new(start, start + part.len());
                assert_eq!((found.any_in(span, of), words.any(part, of)), (expected, expected), "{part}");
            }
            assert!(found.any(Of::FILE) && !words.find("pip").any(Of::FILE) && !words.find("").any(Of::COMMAND));
            assert_eq!(words.signs("/Fred/x"), [0, 2]);
            assert!(!words.find("CONDA").any(Of::FILE) && !words.any("Conda", Of::FILE));
        }
        let with_empty = Words::new([("", Of::RAW)].into_iter(), &[], true).unwrap();
        assert!(with_empty.any("", Of::RAW) && with_empty.find("x").any(Of::RAW) && !with_empty.any("x", Of::COMMAND));
    }
}
