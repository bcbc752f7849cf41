//! Files as they are: finding them, telling what kind they are, their bytes, text and line numbers.

mod absolute;
mod discover;
mod kind;
mod lines;
mod mapped;
mod names;
pub mod path_text;
mod sniff;
mod visible;
mod walk;

use std::path::PathBuf;
use std::sync::Arc;

pub use absolute::absolute;
pub use discover::{
    Discovered, Found, Loaded, Problem, WalkOptions, discover, explain, load, read, read_bytes, reason, size_limit,
    too_large,
};
pub use kind::{Kind, Role, Scheduler, Shell, classify, classify_name, classify_named};
pub use lines::{LineIndex, Position};
pub use mapped::Mapped;
pub use sniff::SHELL_WORDS;
pub use visible::is_unsafe;

/// A half-open range of bytes in a file.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Span {
    /// First byte.
    pub start: usize,
    /// One past the last byte.
    pub end: usize,
}

impl Span {
    /// The bytes from `start` up to, not including, `end`.
    pub const fn new(start: usize, end: usize) -> Self {
        Self { start, end }
    }

    /// An empty span at `offset`.
    pub const fn at(offset: usize) -> Self {
        Self { start: offset, end: offset }
    }

    /// The number of bytes.
    pub const fn len(self) -> usize {
        self.end.saturating_sub(self.start)
    }

    /// True for a span of no bytes.
    pub const fn is_empty(self) -> bool {
        self.end <= self.start
    }

    /// True when `other` lies wholly inside.
    pub const fn contains(self, other: Self) -> bool {
        self.start <= other.start && other.end <= self.end
    }

    /// True when the two share a byte.
    pub const fn overlaps(self, other: Self) -> bool {
        self.start < other.end && other.start < self.end
    }

    /// The smallest span that holds both.
    pub fn to(self, other: Self) -> Self {
        Self { start: self.start.min(other.start), end: self.end.max(other.end) }
    }

    /// The same span, `by` bytes further on.
    pub const fn shifted(self, by: usize) -> Self {
        Self { start: self.start + by, end: self.end + by }
    }
}

/// One file, read once and never changed.
#[derive(Clone, Debug)]
pub struct Source {
    /// The path as the user wrote it or as the walk found it; what reports show.
    pub path: PathBuf,
    /// What the file is.
    pub kind: Kind,
    /// The bytes as they stand on disk: what fixes are applied to.
    pub bytes: Arc<[u8]>,
    /// The same as text, of equal length: every byte that is not UTF-8 is a `?`. What is parsed.
    pub text: Arc<str>,
    /// True when `text` differs from `bytes`.
    pub lossy: bool,
    /// Where lines begin.
    pub lines: Arc<LineIndex>,
}

impl Source {
    /// Takes the bytes of a file. Never fails: bytes that are not UTF-8 read as `?`, one for one.
    pub fn new(path: PathBuf, kind: Kind, bytes: Vec<u8>) -> Self {
        let (text, lossy) = match std::str::from_utf8(&bytes) {
            Ok(text) => (text.to_owned(), false),
            Err(_) => (decode_equal_length(&bytes), true),
        };
        let lines = LineIndex::new(&text);
        Self { path, kind, bytes: bytes.into(), text: text.into(), lossy, lines: Arc::new(lines) }
    }

    /// The text of a span, empty when the span does not fit.
    pub fn slice(&self, span: Span) -> &str {
        self.text.get(span.start..span.end).unwrap_or("")
    }
}

/// Decodes UTF-8, with one `?` for each byte that does not belong to it, so that offsets stay.
fn decode_equal_length(bytes: &[u8]) -> String {
    let mut text = String::with_capacity(bytes.len());
    for chunk in bytes.utf8_chunks() {
        text.push_str(chunk.valid());
        text.extend(std::iter::repeat_n('?', chunk.invalid().len()));
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_has_the_length_of_the_bytes() {
        for bytes in [&b"abc"[..], b"a\xe9b", b"\xff\xfe\xf0\x9f\x98", "ü\u{1F600}".as_bytes()] {
            let source = Source::new("x".into(), Kind::Other, bytes.to_vec());
            assert_eq!(source.text.len(), bytes.len(), "{bytes:?}");
        }
    }
}
