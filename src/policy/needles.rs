//! Many patterns at once: what a text must hold for one of them to match. One search tells of most texts that none
//! does.

use std::sync::OnceLock;

use aho_corasick::AhoCorasick;

use super::glob::Pattern;

/// Fewer patterns than this are tried one by one.
const WORTH_IT: usize = 4;

/// The longest plain part of each pattern of a list, made ready when it is first asked for.
#[derive(Clone, Debug, Default)]
pub struct Needles(OnceLock<Option<AhoCorasick>>);

impl Needles {
    /// False when none of `patterns`, always the same ones, matches `text` as it is written.
    pub fn may_match<'p>(&self, patterns: impl Iterator<Item = &'p Pattern>, text: &str) -> bool {
        let search = self.0.get_or_init(|| {
            let needles: Vec<&[u8]> = patterns.map(Pattern::needle).collect();
            let useful = needles.len() >= WORTH_IT && needles.iter().all(|needle| !needle.is_empty());
            useful.then(|| AhoCorasick::new(needles).ok()).flatten()
        });
        search.as_ref().is_none_or(|search| search.is_match(text))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_matches_is_never_ruled_out() {
        let patterns = ["*PI_NAME*", "/path/to/*", "exact", "a?[bc]d*", "x*yz"].map(Pattern::new);
        let needles = Needles::default();
        for (text, expected) in [
            ("/project/PI_NAME/x", true),
            ("/path/to/", true),
            ("/path/to", false),
            ("exact", true),
            ("inexact", true),
            ("abcdef", true),
            ("xy", false),
            ("", false),
        ] {
            let found = needles.may_match(patterns.iter(), text);
            assert_eq!(found, expected, "{text}");
            assert!(found || !patterns.iter().any(|pattern| pattern.is_match(text)), "{text}");
        }
        assert!(Needles::default().may_match([&Pattern::new("*"); 5].into_iter(), "anything"));
        assert!(Needles::default().may_match([&Pattern::new("one")].into_iter(), "another"));
    }
}
