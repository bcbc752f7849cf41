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
        self.search(patterns).is_none_or(|search| search.is_match(text))
    }

    /// The positions of those of `patterns`, always the same ones, that may match `text`, in order.
    pub fn which_may_match<'p, I>(&self, patterns: impl Fn() -> I, text: &str) -> Vec<usize>
    where
        I: Iterator<Item = &'p Pattern>,
    {
        let Some(search) = self.search(patterns()) else { return (0..patterns().count()).collect() };
        let mut which: Vec<usize> =
            search.find_overlapping_iter(text).map(|found| found.pattern().as_usize()).collect();
        which.sort_unstable();
        which.dedup();
        which
    }

    fn search<'p>(&self, patterns: impl Iterator<Item = &'p Pattern>) -> Option<&AhoCorasick> {
        let search = self.0.get_or_init(|| {
            let needles: Vec<&[u8]> = patterns.map(Pattern::needle).collect();
            let useful = needles.len() >= WORTH_IT && needles.iter().all(|needle| !needle.is_empty());
            // Most texts are shorter than what a look for rare bytes takes.
            let search = || AhoCorasick::builder().prefilter(false).build(needles).ok();
            useful.then(search).flatten()
        });
        search.as_ref()
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
            let which = needles.which_may_match(|| patterns.iter(), text);
            assert_eq!(found, !which.is_empty(), "{text}");
            assert!((0..patterns.len()).all(|at| which.contains(&at) || !patterns[at].is_match(text)), "{text}");
            assert!(found || !patterns.iter().any(|pattern| pattern.is_match(text)), "{text}");
        }
        assert!(Needles::default().may_match([&Pattern::new("*"); 5].into_iter(), "anything"));
        assert!(Needles::default().may_match([&Pattern::new("one")].into_iter(), "another"));
        assert_eq!(Needles::default().which_may_match(|| patterns[..1].iter(), "another"), [0]);
    }
}
