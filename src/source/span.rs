//! Ranges of bytes.

use std::fmt;

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

/// A span or none, in eight bytes: a run keeps very many of them. A file of four gigabytes or more is not read.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct MaybeSpan {
    start: u32,
    /// Before `start` where there is no span.
    end: u32,
}

impl MaybeSpan {
    /// No span.
    pub const NONE: Self = Self { start: u32::MAX, end: 0 };

    /// The span.
    pub const fn get(self) -> Option<Span> {
        if self.end < self.start { None } else { Some(Span::new(self.start as usize, self.end as usize)) }
    }

    /// The span that `change` makes of it.
    #[must_use]
    pub fn map(self, change: impl FnOnce(Span) -> Span) -> Self {
        self.get().map(change).into()
    }

    /// This one, or the other where there is none.
    #[must_use]
    pub const fn or(self, other: Self) -> Self {
        if self.end < self.start { other } else { self }
    }
}

impl Default for MaybeSpan {
    fn default() -> Self {
        Self::NONE
    }
}

impl From<Span> for MaybeSpan {
    fn from(span: Span) -> Self {
        match (u32::try_from(span.start), u32::try_from(span.end)) {
            (Ok(start), Ok(end)) if start <= end => Self { start, end },
            _ => Self::NONE,
        }
    }
}

impl From<Option<Span>> for MaybeSpan {
    fn from(span: Option<Span>) -> Self {
        span.map_or(Self::NONE, Self::from)
    }
}

impl fmt::Debug for MaybeSpan {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.get().fmt(f)
    }
}
