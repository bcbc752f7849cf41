//! Phrases: the words and regular expressions by which a symptom is recognised in somebody's text.

use std::fmt;
use std::sync::OnceLock;

use regex::{Captures, Regex};

use super::document::Item;

/// Between two parts of a phrase joined by `…` may stand so many characters.
const GAP: usize = 400;

/// Words, or a regular expression between slashes; letter case does not count. A blank stands for any white space,
/// line ends among it, since mail programs break lines; `…` for a short stretch of anything.
#[derive(Clone)]
pub struct Phrase {
    /// As written.
    pub text: String,
    compiled: OnceLock<Option<Regex>>,
}

impl fmt::Debug for Phrase {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.text.fmt(f)
    }
}

impl Phrase {
    /// A phrase, which need not be one: see [`Phrase::is_valid`].
    pub fn new(text: &str) -> Self {
        Self { text: text.to_owned(), compiled: OnceLock::new() }
    }

    /// Reads one item of a list; what is wrong goes to the document's problems.
    pub(super) fn read(item: &Item<'_, '_>) -> Option<Self> {
        let word = item.string()?;
        let phrase = Self::new(word.text);
        // Compiling takes time, so the built-in pack is checked by a test instead.
        if !item.is_built() && !phrase.is_valid() {
            item.doc.problem(
                word.span,
                "not a phrase",
                Some("words, or a regular expression between slashes".to_owned()),
            );
        }
        Some(phrase)
    }

    /// True for a phrase that can match something.
    pub fn is_valid(&self) -> bool {
        !self.text.trim().is_empty() && self.regex().is_some_and(|regex| !regex.is_match(""))
    }

    /// The first place at or after byte `from`.
    pub fn find_at<'t>(&self, text: &'t str, from: usize) -> Option<Captures<'t>> {
        self.regex()?.captures_at(text, from)
    }

    /// True when it stands anywhere in the text.
    pub fn is_in(&self, text: &str) -> bool {
        self.regex().is_some_and(|regex| regex.is_match(text))
    }

    /// The names of the parts that a match captures.
    pub fn capture_names(&self) -> Vec<String> {
        let names = |regex: &Regex| regex.capture_names().flatten().map(str::to_owned).collect();
        self.regex().map(names).unwrap_or_default()
    }

    fn regex(&self) -> Option<&Regex> {
        self.compiled.get_or_init(|| Regex::new(&self.source()).ok()).as_ref()
    }

    fn source(&self) -> String {
        if let Some(expression) = self.text.strip_prefix('/').and_then(|rest| rest.strip_suffix('/')) {
            return format!("(?im){expression}");
        }
        let part = |part: &str| part.split_whitespace().map(regex::escape).collect::<Vec<_>>().join(r"\s+");
        let parts: Vec<String> = self.text.split('…').map(part).collect();
        // A word begins and ends where it stands alone, so that `rank 1` is not found in `rank 10`.
        let edge = |at: Option<char>| if at.is_some_and(|c| c.is_alphanumeric() || c == '_') { r"\b" } else { "" };
        let words = self.text.trim();
        let (before, after) = (edge(words.chars().next()), edge(words.chars().last()));
        format!("(?im){before}{}{after}", parts.join(&format!(r"[\s\S]{{0,{GAP}}}?")))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_match_over_line_ends_and_in_any_case() {
        let phrase = Phrase::new("Disk quota exceeded");
        assert!(phrase.is_in("error: disk  quota\n exceeded: x") && !phrase.is_in("disk quota is exceeded"));
        assert!(Phrase::new("PMPI_Init … PMI2 init failed").is_in("in PMPI_Init: x\ny\nz PMI2 init failed: 1"));
        assert!(!Phrase::new("rank 1").is_in("rank 10") && Phrase::new("[Errno 122]").is_in("OSError: [Errno 122] x"));
    }

    #[test]
    fn expressions_capture() {
        let phrase = Phrase::new(r"/^(?:\S+ )?No module named '(?P<module>\w+)'/");
        let found = phrase.find_at("x\nError: No module named 'numpy'", 0).unwrap();
        assert_eq!(&found["module"], "numpy");
        assert_eq!(phrase.capture_names(), ["module"]);
    }

    #[test]
    fn what_matches_nothing_or_everything_is_no_phrase() {
        for text in ["", " ", "/(/", "/a*/", "//"] {
            assert!(!Phrase::new(text).is_valid(), "{text:?}");
        }
    }
}
