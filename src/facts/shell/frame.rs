//! The text that is being walked, and where its bytes lie in the file: the file itself, a decoded here
//! document or string inside it, or another file that it sources.

use std::sync::Arc;

use crate::source::{Shell, Span};

/// A text with its place.
#[derive(Clone, Debug)]
pub struct Frame {
    /// The text.
    pub text: Arc<str>,
    /// Where its bytes lie in the file that is checked.
    pub place: Place,
    /// Its language.
    pub shell: Shell,
    /// No facts are given: it is another file, which is checked by itself.
    pub silent: bool,
}

/// Where the bytes of a text lie.
#[derive(Clone, Debug)]
pub enum Place {
    /// The text is the file.
    Same,
    /// Byte `i` lies at `map[i]`; the map has one entry more than the text has bytes.
    Mapped(Arc<[usize]>),
    /// All of it stands for these bytes.
    Whole(Span),
}

impl Frame {
    /// The place in the file of a span of the text.
    pub fn place(&self, span: Span) -> Span {
        match &self.place {
            Place::Same => span,
            Place::Whole(whole) => *whole,
            Place::Mapped(map) => {
                let at = |offset: usize| map.get(offset).or(map.last()).copied().unwrap_or(0);
                if span.is_empty() {
                    return Span::at(at(span.start));
                }
                // The end is one past the last byte, so that what follows a gap is not taken in.
                let last = at(span.end - 1);
                Span::new(at(span.start), (last + 1).max(at(span.start)))
            }
        }
    }

    /// The text of a span.
    pub fn slice(&self, span: Span) -> &str {
        self.text.get(span.start..span.end).unwrap_or("")
    }
}

/// Text put together from pieces, with the place of every byte.
#[derive(Debug, Default)]
pub struct Decoded {
    /// The text.
    pub text: String,
    map: Vec<usize>,
}

impl Decoded {
    /// Adds text that stands byte for byte from `start` on, or as a whole at `span`.
    pub fn push(&mut self, text: &str, span: Span) {
        let exact = span.len() == text.len();
        self.map.extend((0..text.len()).map(|at| if exact { span.start + at } else { span.start }));
        self.text.push_str(text);
    }

    /// Adds another text after this one.
    pub fn append(&mut self, mut other: Self) {
        self.text.push_str(&other.text);
        self.map.append(&mut other.map);
    }

    /// The same without the tabs at the beginning of its lines.
    #[must_use]
    pub fn without_tabs(self) -> Self {
        let mut out = Self::default();
        let mut begins = true;
        for (at, c) in self.text.char_indices() {
            if !(begins && c == '\t') {
                out.text.push(c);
                out.map.extend_from_slice(&self.map[at..at + c.len_utf8()]);
                begins = c == '\n';
            }
        }
        out
    }

    /// What stands after the first `mark`; nothing when there is none.
    #[must_use]
    pub fn after(mut self, mark: char) -> Self {
        let at = self.text.find(mark).map_or(self.text.len(), |at| at + mark.len_utf8());
        self.text.drain(..at);
        self.map.drain(..at.min(self.map.len()));
        self
    }

    /// The frame of this text. `end` is where it ends in the file.
    pub fn into_frame(mut self, end: usize, shell: Shell, silent: bool) -> Frame {
        self.map.push(end);
        Frame { text: self.text.into(), place: Place::Mapped(self.map.into()), shell, silent }
    }
}
