//! Edits on bytes.

use std::collections::HashSet;

use crate::check::Edit;
use crate::source::Span;

/// The edits without repetitions, in the same order.
pub(super) fn distinct<'a>(edits: impl Iterator<Item = &'a Edit>) -> Vec<&'a Edit> {
    let mut seen = HashSet::new();
    edits.filter(|edit| seen.insert((edit.span, &edit.text))).collect()
}

/// The text after `edits`, which must fit the text, be distinct and not overlap. Several insertions at one place
/// come in the order given.
pub(super) fn apply(bytes: &[u8], edits: &[&Edit]) -> Vec<u8> {
    let mut ordered = edits.to_vec();
    ordered.sort_by_key(|edit| (edit.span.start, edit.span.end));
    let mut text = Vec::with_capacity(bytes.len());
    let mut at = 0;
    for edit in ordered {
        text.extend_from_slice(bytes.get(at..edit.span.start).unwrap_or_default());
        text.extend_from_slice(edit.text.as_bytes());
        at = edit.span.end.max(at);
    }
    text.extend_from_slice(bytes.get(at..).unwrap_or_default());
    text
}

/// Where places of the old text lie in the new one.
pub(super) struct Moves {
    /// Old place and length of the new text, in order.
    edits: Vec<(Span, usize)>,
    /// How much the text has grown before each edit, and after the last.
    grown: Vec<isize>,
}

impl Moves {
    /// The moves that distinct `edits` make.
    pub(super) fn new(edits: &[&Edit]) -> Self {
        let mut edits: Vec<(Span, usize)> = edits.iter().map(|edit| (edit.span, edit.text.len())).collect();
        edits.sort_by_key(|(span, _)| *span);
        let mut grown = vec![0];
        let mut total = 0;
        for (span, length) in &edits {
            total += length.cast_signed() - span.len().cast_signed();
            grown.push(total);
        }
        Self { edits, grown }
    }

    /// Where the byte `offset` lies; one inside an edit lies at its start, one at an insertion behind it.
    pub(super) fn at(&self, offset: usize) -> usize {
        let before = self.edits.partition_point(|(span, _)| span.end <= offset);
        let start = match self.edits.get(before) {
            Some((span, _)) => offset.min(span.start),
            None => offset,
        };
        start.saturating_add_signed(self.grown.get(before).copied().unwrap_or(0))
    }

    /// Where the new texts lie, in order.
    pub(super) fn written(&self) -> Vec<Span> {
        let place = |((span, length), grown): (&(Span, usize), &isize)| {
            let start = span.start.saturating_add_signed(*grown);
            Span::new(start, start + length)
        };
        self.edits.iter().zip(&self.grown).map(place).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn edit(start: usize, end: usize, text: &str) -> Edit {
        Edit { path: None, span: Span::new(start, end), text: text.to_owned() }
    }

    #[test]
    fn edits_apply_in_any_order_and_equal_ones_once() {
        let edits = [edit(4, 5, "X"), edit(0, 1, ""), edit(2, 2, "++"), edit(4, 5, "X")];
        assert_eq!(apply(b"abcdef", &distinct(edits.iter())), b"b++cdXf");
        let two = [edit(1, 1, "1"), edit(1, 1, "2")];
        assert_eq!(apply(b"ab", &distinct(two.iter())), b"a12b");
    }

    #[test]
    fn offsets_move_with_the_text() {
        let edits = [edit(0, 2, ""), edit(4, 4, "new")];
        let edits: Vec<&Edit> = edits.iter().collect();
        assert_eq!(apply(b"abcdef", &edits), b"cdnewef");
        let moves = Moves::new(&edits);
        assert_eq!([3, 1, 4, 5].map(|offset| moves.at(offset)), [1, 0, 5, 6]);
        assert_eq!(moves.written(), [Span::new(0, 0), Span::new(2, 5)]);
    }
}
