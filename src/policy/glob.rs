//! Globs on text that may have unknown parts: `*`, `?`, `[a-z]`, `\` before a character that is meant literally.
//! `/` is not special. Matching never backtracks further than one star, or simulates all states at once, so its
//! cost is at most pattern × text.

use std::borrow::Cow;
use std::fmt;
use std::ops::Range;
use std::sync::Arc;

/// In so many bytes at most a text is looked for by its first one.
const SHORT: usize = 64;

/// A compiled glob; cheap to copy.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Pattern(Compiled);

#[derive(Clone, Debug, PartialEq, Eq)]
enum Compiled {
    /// Text without wildcards: most patterns.
    Literal(Arc<str>),
    /// Anything else.
    Glob(Arc<Glob>),
}

/// The steps of a pattern with wildcards.
#[derive(Debug, PartialEq, Eq)]
struct Glob {
    tokens: Box<[Token]>,
    /// Its longest run of plain bytes, which every text that it matches holds: most texts are told by that.
    run: Box<[u8]>,
}

/// One step of a pattern.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Token {
    /// One byte.
    Byte(u8),
    /// One character.
    Any,
    /// Any run of characters, also none.
    Run,
    /// One character in these ranges, or not in them.
    Class(bool, Box<[(char, char)]>),
}

/// A part of a text that is not known as it stands: a variable, a command substitution.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Hole {
    /// Its bytes in the text.
    pub range: Range<usize>,
    /// True for a part that is not known but is known to be itself and nothing else (`$HOME`).
    pub opaque: bool,
}

/// Whether a pattern matches a text that may have holes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Match {
    /// Whatever stands in the holes, it does not match.
    No,
    /// What stands in the holes decides.
    Unknown,
    /// It matches whatever stands in the holes.
    Yes,
}

impl Pattern {
    /// Compiles a glob. An unclosed `[` is a literal one.
    pub fn new(glob: &str) -> Self {
        if !glob.contains(['*', '?', '[', '\\']) {
            return Self::exactly(glob);
        }
        Self::from_tokens(tokens(glob))
    }

    /// A pattern that matches `text` only.
    pub fn exactly(text: &str) -> Self {
        Self(Compiled::Literal(text.into()))
    }

    pub(crate) fn from_tokens(tokens: Vec<Token>) -> Self {
        let bytes: Option<Vec<u8>> = tokens.iter().map(Token::byte).collect();
        match bytes.and_then(|bytes| String::from_utf8(bytes).ok()) {
            Some(literal) => Self(Compiled::Literal(literal.into())),
            None => Self(Compiled::Glob(Arc::new(Glob::new(tokens)))),
        }
    }

    pub(crate) fn tokens(&self) -> Cow<'_, [Token]> {
        match &self.0 {
            Compiled::Literal(text) => text.bytes().map(Token::Byte).collect(),
            Compiled::Glob(glob) => Cow::Borrowed(&glob.tokens),
        }
    }

    /// The text, when the pattern has no wildcard.
    pub fn literal(&self) -> Option<&str> {
        match &self.0 {
            Compiled::Literal(text) => Some(text),
            Compiled::Glob(_) => None,
        }
    }

    /// Plain bytes that every text holds that the pattern matches as it is written; empty when there are none.
    pub fn needle(&self) -> &[u8] {
        match &self.0 {
            Compiled::Literal(text) => text.as_bytes(),
            Compiled::Glob(glob) => &glob.run,
        }
    }

    /// The bytes with which each text begins and ends that the pattern matches, where they are known.
    pub(super) fn ends(&self) -> (Option<u8>, Option<u8>) {
        match &self.0 {
            Compiled::Literal(text) => (text.as_bytes().first().copied(), text.as_bytes().last().copied()),
            Compiled::Glob(glob) => {
                let byte = |token: Option<&Token>| token.and_then(Token::byte);
                (byte(glob.tokens.first()), byte(glob.tokens.last()))
            }
        }
    }

    /// The text before the first wildcard.
    pub fn prefix(&self) -> Cow<'_, str> {
        match &self.0 {
            Compiled::Literal(text) => Cow::Borrowed(text),
            Compiled::Glob(glob) => {
                let bytes: Vec<u8> = glob.tokens.iter().map_while(Token::byte).collect();
                Cow::Owned(String::from_utf8_lossy(&bytes).into_owned())
            }
        }
    }

    /// True when the pattern matches the whole of `text`, which is taken as it stands.
    pub fn is_match(&self, text: &str) -> bool {
        match &self.0 {
            Compiled::Literal(literal) => **literal == *text,
            Compiled::Glob(glob) => {
                let known = text.as_bytes();
                self.may_begin(known) && self.may_end(known) && glob.may_match(text) && matches(&glob.tokens, text)
            }
        }
    }

    /// Whether the pattern matches the whole of `text` with its `holes`, which are in order.
    pub fn test(&self, text: &str, holes: &[Hole]) -> Match {
        self.told(text, holes, true)
    }

    /// True when it matches whatever stands in the holes: told faster than whether it may.
    pub fn is_sure(&self, text: &str, holes: &[Hole]) -> bool {
        self.told(text, holes, false) == Match::Yes
    }

    fn told(&self, text: &str, holes: &[Hole], guesses: bool) -> Match {
        if holes.is_empty() {
            return if self.is_match(text) { Match::Yes } else { Match::No };
        }
        let (first, last) = (holes[0].range.start, holes[holes.len() - 1].range.end);
        let known = text.as_bytes();
        if !self.may_begin(&known[..first.min(known.len())]) || !self.may_end(known.get(last..).unwrap_or_default()) {
            return Match::No;
        }
        let guessable = guesses && holes.iter().any(|hole| !hole.opaque);
        // What is not guessed is matched as it is spelt.
        let spelt = match &self.0 {
            Compiled::Literal(literal) if **literal == *text => return Match::Yes,
            Compiled::Literal(_) => false,
            Compiled::Glob(glob) => glob.may_match(text),
        };
        if !spelt && !guessable {
            return Match::No;
        }
        let tokens = self.tokens();
        let states = States { tokens: &tokens };
        if spelt && states.simulate(text, holes, false) {
            Match::Yes
        } else if guessable && states.simulate(text, holes, true) {
            Match::Unknown
        } else {
            Match::No
        }
    }

    /// False when no text that begins with `known` can match: most pairs end here.
    fn may_begin(&self, known: &[u8]) -> bool {
        match &self.0 {
            Compiled::Literal(text) => text.bytes().zip(known).all(|(own, byte)| own == *byte),
            Compiled::Glob(glob) => {
                glob.tokens.iter().map_while(Token::byte).zip(known).all(|(own, byte)| own == *byte)
            }
        }
    }

    /// False when no text that ends with `known` can match.
    fn may_end(&self, known: &[u8]) -> bool {
        let known = known.iter().rev();
        match &self.0 {
            Compiled::Literal(text) => text.bytes().rev().zip(known).all(|(own, byte)| own == *byte),
            Compiled::Glob(glob) => {
                glob.tokens.iter().rev().map_while(Token::byte).zip(known).all(|(own, byte)| own == *byte)
            }
        }
    }
}

/// A text that is meant as it stands, with a backslash before what would be a wildcard.
fn escaped(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    for character in text.chars() {
        if matches!(character, '*' | '?' | '[' | '\\') {
            escaped.push('\\');
        }
        escaped.push(character);
    }
    escaped
}

impl fmt::Display for Pattern {
    /// The glob, as one could have written it.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Compiled::Glob(glob) = &self.0 else { return f.write_str(&escaped(self.literal().unwrap_or_default())) };
        for part in glob.tokens.chunk_by(|a, b| a.byte().is_some() && b.byte().is_some()) {
            match &part[0] {
                Token::Byte(_) => {
                    let bytes: Vec<u8> = part.iter().filter_map(Token::byte).collect();
                    f.write_str(&escaped(&String::from_utf8_lossy(&bytes)))?;
                }
                Token::Any => f.write_str("?")?,
                Token::Run => f.write_str("*")?,
                Token::Class(negated, ranges) => {
                    f.write_str(if *negated { "[!" } else { "[" })?;
                    for (low, high) in ranges {
                        if low == high { write!(f, "{low}")? } else { write!(f, "{low}-{high}")? }
                    }
                    f.write_str("]")?;
                }
            }
        }
        Ok(())
    }
}

impl Glob {
    fn new(tokens: Vec<Token>) -> Self {
        let runs = tokens.chunk_by(|a, b| a.byte().is_some() && b.byte().is_some());
        let longest = runs.map(|run| run.iter().filter_map(Token::byte).collect::<Vec<u8>>()).max_by_key(Vec::len);
        Self { tokens: tokens.into(), run: longest.unwrap_or_default().into() }
    }

    fn may_match(&self, text: &str) -> bool {
        let text = text.as_bytes();
        let Some((first, rest)) = self.run.split_first() else { return true };
        if text.len() > SHORT {
            return memchr::memmem::find(text, &self.run).is_some();
        }
        memchr::memchr_iter(*first, text).any(|at| text[at + 1..].starts_with(rest))
    }
}

/// The states of a pattern: how many of its tokens are matched.
#[derive(Clone, Copy)]
struct States<'t> {
    tokens: &'t [Token],
}

impl States<'_> {
    /// Follows all states at once. With `guess`, a hole that is not opaque may stand for anything; without, only
    /// a star, or a variable spelt out in the pattern, takes it.
    fn simulate(&self, text: &str, holes: &[Hole], guess: bool) -> bool {
        let last = self.tokens.len();
        let mut states = vec![false; last + 1];
        states[0] = true;
        self.skip_runs(&mut states);
        let mut next = vec![false; last + 1];
        let mut at = 0;
        let mut holes = holes.iter().peekable();
        while at < text.len() {
            next.fill(false);
            if let Some(hole) = holes.next_if(|hole| hole.range.start <= at && hole.range.end > at) {
                let name = text.get(hole.range.clone()).unwrap_or("");
                let anything = guess && !hole.opaque;
                if anything && self.tokens.last() == Some(&Token::Run) {
                    // The hole may stand for all before the last star, which takes the rest.
                    return true;
                }
                self.take_hole(&states, &mut next, name, anything);
                at = hole.range.end;
            } else {
                let Some(character) = text.get(at..).and_then(|rest| rest.chars().next()) else { break };
                self.take(&states, &mut next, character);
                at += character.len_utf8();
            }
            self.skip_runs(&mut next);
            std::mem::swap(&mut states, &mut next);
            if !states.contains(&true) {
                return false;
            }
        }
        states[last]
    }

    fn take(&self, states: &[bool], next: &mut [bool], character: char) {
        let mut buffer = [0; 4];
        let bytes = character.encode_utf8(&mut buffer).as_bytes();
        for (state, token) in self.tokens.iter().enumerate().filter(|(state, _)| states[*state]) {
            match token {
                Token::Run => next[state] = true,
                Token::Any => next[state + 1] = true,
                Token::Class(..) if token.takes(character) => next[state + 1] = true,
                Token::Byte(_) if self.continues(state, bytes) => next[state + bytes.len()] = true,
                Token::Class(..) | Token::Byte(_) => {}
            }
        }
    }

    fn take_hole(&self, states: &[bool], next: &mut [bool], name: &str, guess: bool) {
        if guess {
            let first = states.iter().position(|state| *state).unwrap_or(next.len());
            next[first..].fill(true);
            return;
        }
        // Where the pattern spells a variable, its name is matched as text.
        let mut spelt = vec![false; states.len()];
        for (state, token) in self.tokens.iter().enumerate().filter(|(state, _)| states[*state]) {
            next[state] |= *token == Token::Run;
            if self.continues(state, name.as_bytes()) {
                next[state + name.len()] = true;
            }
            spelt[state] = *token == Token::Byte(b'$');
        }
        for character in name.chars() {
            if !spelt.contains(&true) {
                return;
            }
            let mut after = vec![false; states.len()];
            self.take(&spelt, &mut after, character);
            self.skip_runs(&mut after);
            spelt = after;
        }
        next.iter_mut().zip(spelt).for_each(|(next, spelt)| *next |= spelt);
    }

    /// True when the tokens from `state` on are exactly `bytes`.
    fn continues(&self, state: usize, bytes: &[u8]) -> bool {
        self.tokens.get(state..state + bytes.len()).is_some_and(|tokens| {
            tokens.iter().zip(bytes).all(|(token, byte)| matches!(token, Token::Byte(own) if own == byte))
        })
    }

    /// A run may be empty: the state after it is reached with it.
    fn skip_runs(&self, states: &mut [bool]) {
        for (state, token) in self.tokens.iter().enumerate() {
            if states[state] && *token == Token::Run {
                states[state + 1] = true;
            }
        }
    }
}

impl Token {
    fn byte(&self) -> Option<u8> {
        if let Self::Byte(byte) = self { Some(*byte) } else { None }
    }

    fn takes(&self, character: char) -> bool {
        match self {
            Self::Class(negated, ranges) => {
                ranges.iter().any(|(low, high)| (*low..=*high).contains(&character)) != *negated
            }
            Self::Any | Self::Run => true,
            Self::Byte(byte) => u32::from(*byte) == u32::from(character),
        }
    }
}

/// Reads a glob into tokens.
pub(crate) fn tokens(glob: &str) -> Vec<Token> {
    let mut tokens = Vec::with_capacity(glob.len());
    let mut rest = glob;
    while let Some(character) = rest.chars().next() {
        let mut length = character.len_utf8();
        match character {
            '*' => {
                if tokens.last() != Some(&Token::Run) {
                    tokens.push(Token::Run);
                }
            }
            '?' => tokens.push(Token::Any),
            '\\' => {
                let escaped = rest[1..].chars().next().unwrap_or('\\');
                push_literal(&mut tokens, escaped);
                length = (1 + escaped.len_utf8()).min(rest.len());
            }
            '[' => match class(rest) {
                Some((token, taken)) => {
                    tokens.push(token);
                    length = taken;
                }
                None => push_literal(&mut tokens, '['),
            },
            _ => push_literal(&mut tokens, character),
        }
        rest = &rest[length..];
    }
    tokens
}

/// Where a `[` stands that begins no class of characters, as nothing closes it.
pub(crate) fn unclosed(glob: &str) -> Option<usize> {
    let mut at = 0;
    while let Some(character) = glob[at..].chars().next() {
        let rest = &glob[at..];
        at += match character {
            '[' => match class(rest) {
                Some((_, length)) => length,
                None => return Some(at),
            },
            '\\' => 1 + rest[1..].chars().next().map_or(0, char::len_utf8),
            _ => character.len_utf8(),
        };
    }
    None
}

/// Adds one character that stands for itself.
pub(crate) fn push_literal(tokens: &mut Vec<Token>, character: char) {
    let mut buffer = [0; 4];
    tokens.extend(character.encode_utf8(&mut buffer).bytes().map(Token::Byte));
}

/// Reads `[…]` at the start of `text`: the class and its length in bytes.
fn class(text: &str) -> Option<(Token, usize)> {
    let mut chars = text.char_indices().skip(1).peekable();
    let negated = chars.next_if(|(_, character)| matches!(character, '!' | '^')).is_some();
    let mut ranges = Vec::new();
    while let Some((at, low)) = chars.next() {
        if low == ']' && !ranges.is_empty() {
            return Some((Token::Class(negated, ranges.into()), at + 1));
        }
        let mut ahead = chars.clone();
        match (ahead.next(), ahead.next()) {
            (Some((_, '-')), Some((_, high))) if high != ']' => {
                ranges.push((low, high));
                chars = ahead;
            }
            _ => ranges.push((low, low)),
        }
    }
    None
}

/// Matches known text, going back to the last star only.
fn matches(tokens: &[Token], text: &str) -> bool {
    let bytes = text.as_bytes();
    let (mut token, mut at) = (0, 0);
    let mut retry: Option<(usize, usize)> = None;
    loop {
        match tokens.get(token) {
            Some(Token::Run) => {
                token += 1;
                retry = Some((token, at));
                continue;
            }
            None if at == bytes.len() => return true,
            Some(Token::Byte(byte)) if bytes.get(at) == Some(byte) => {
                (token, at) = (token + 1, at + 1);
                continue;
            }
            Some(wild @ (Token::Any | Token::Class(..))) => {
                if let Some(character) = text.get(at..).and_then(|rest| rest.chars().next())
                    && wild.takes(character)
                {
                    (token, at) = (token + 1, at + character.len_utf8());
                    continue;
                }
            }
            _ => {}
        }
        match retry {
            Some((after, from)) if from < bytes.len() => {
                // The star takes one more character, not a part of one.
                let step = text.get(from..).and_then(|rest| rest.chars().next()).map_or(1, char::len_utf8);
                retry = Some((after, from + step));
                (token, at) = (after, from + step);
            }
            _ => return false,
        }
    }
}

#[cfg(test)]
mod tests;
