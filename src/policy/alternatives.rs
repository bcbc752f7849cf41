//! Conditions of which one must hold, and what tells of most texts that none does.

use std::ops::Deref;

use super::condition::{Condition, Glob};

/// Conditions of which one must hold.
#[derive(Clone, Debug)]
pub struct Alternatives {
    all: Vec<Condition>,
    /// The ends of the texts that fulfil one of them, where they are known.
    ends: Option<Box<Ends>>,
}

/// A text that fulfils one of several conditions begins with one of these bytes, or ends with one of those.
#[derive(Clone, Copy, Debug, Default)]
struct Ends {
    first: Bytes,
    last: Bytes,
}

/// A set of bytes.
#[derive(Clone, Copy, Debug, Default)]
struct Bytes([u64; 4]);

impl Alternatives {
    /// One of these.
    pub(super) fn new(all: Vec<Condition>) -> Self {
        let ends = all.iter().try_fold(Ends::default(), Ends::and).map(Box::new);
        Self { all, ends }
    }

    /// False when none of them holds of a text that is known.
    #[inline]
    pub fn may_hold_of(&self, text: &str) -> bool {
        self.ends.as_ref().is_none_or(|ends| ends.fit(text.as_bytes()))
    }
}

impl Deref for Alternatives {
    type Target = [Condition];

    fn deref(&self) -> &[Condition] {
        &self.all
    }
}

impl Ends {
    /// With those of one more condition; `None` when it may hold of any text.
    fn and(mut self, condition: &Condition) -> Option<Self> {
        let Condition::Glob(Glob::Fixed(pattern)) = condition else { return None };
        match pattern.ends() {
            (Some(first), _) => self.first.add(first),
            (None, Some(last)) => self.last.add(last),
            (None, None) => return None,
        }
        Some(self)
    }

    fn fit(&self, text: &[u8]) -> bool {
        let (Some(first), Some(last)) = (text.first(), text.last()) else { return false };
        self.first.holds(*first) || self.last.holds(*last)
    }
}

impl Bytes {
    fn add(&mut self, byte: u8) {
        self.0[usize::from(byte >> 6)] |= 1 << (byte & 63);
    }

    fn holds(&self, byte: u8) -> bool {
        self.0[usize::from(byte >> 6)] & (1 << (byte & 63)) != 0
    }
}

#[cfg(test)]
mod tests {
    use super::super::glob::Pattern;
    use super::*;

    #[test]
    fn what_holds_is_never_ruled_out() {
        let globs = ["pip", "python*", "\u{e9}t\u{e9}", "[pq]ip", "*.py", "?", "\\*", ""];
        let texts = ["pip", "python3", "\u{e9}t\u{e9}", "qip", "a.py", "x", "*", "", "\u{ff}"];
        let of = |glob: &str| Condition::Glob(Glob::Fixed(Pattern::new(glob)));
        for (one, other) in globs.iter().flat_map(|one| globs.iter().map(move |other| (*one, *other))) {
            let alternatives = Alternatives::new(vec![of(one), of(other)]);
            for text in texts {
                let holds = [one, other].iter().any(|glob| Pattern::new(glob).is_match(text));
                assert!(!holds || alternatives.may_hold_of(text), "{one} {other}: {text}");
            }
        }
        let two = Alternatives::new(vec![of("pip"), of("python*")]);
        assert!(!two.may_hold_of("conda") && !two.may_hold_of("") && two.may_hold_of("p"));
        let two = Alternatives::new(vec![of("*/activate"), of("bin/activate")]);
        assert!(!two.may_hold_of("conda") && two.may_hold_of("x/activate") && two.may_hold_of("bin/activate"));
        assert!(Alternatives::new(vec![of("pip"), Condition::Present]).may_hold_of("conda"));
    }
}
