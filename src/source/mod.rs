//! Files as they are: finding them, telling what kind they are, their bytes, text and line numbers.

mod absolute;
mod discover;
mod kind;
mod lines;
mod mapped;
mod names;
pub mod path_text;
mod sniff;
mod span;
mod visible;
mod walk;

use std::path::PathBuf;
use std::sync::Arc;

pub use absolute::absolute;
pub use discover::{
    Discovered, Found, Loaded, Problem, WalkOptions, Walked, discover, explain, load, read, read_bytes, reason,
    size_limit, too_large,
};
pub use kind::{Kind, Role, Scheduler, Shell, classify, classify_name, classify_named};
pub use lines::{LineIndex, Position};
pub use mapped::Mapped;
pub use sniff::SHELL_WORDS;
pub use span::{MaybeSpan, Span};
pub use visible::is_unsafe;

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
    /// True when its path was seen to be a regular file, and no link to one.
    pub plain: bool,
}

impl Source {
    /// Takes the bytes of a file. Never fails: bytes that are not UTF-8 read as `?`, one for one.
    pub fn new(path: PathBuf, kind: Kind, bytes: Vec<u8>) -> Self {
        let (text, bytes): (Arc<str>, Arc<[u8]>) = match std::str::from_utf8(&bytes) {
            // Both are one piece of memory.
            Ok(text) => {
                let text = Arc::<str>::from(text);
                (Arc::clone(&text), text.into())
            }
            Err(_) => (decode_equal_length(&bytes).into(), bytes.into()),
        };
        let lossy = *bytes != *text.as_bytes();
        let lines = LineIndex::new(&text);
        Self { path, kind, bytes, text, lossy, lines: Arc::new(lines), plain: false }
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
