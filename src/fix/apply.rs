//! Edits on bytes.

use std::collections::HashSet;

use crate::check::Edit;

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

/// Where the byte `offset` of the old text lies in the new one; a byte inside an edit lies at its start.
pub(super) fn moved(offset: usize, edits: &[&Edit]) -> usize {
    let mut shifted = offset as i128;
    for edit in edits {
        let grown = edit.text.len() as i128 - edit.span.len() as i128;
        if edit.span.end <= offset {
            shifted += grown;
        } else if edit.span.start < offset {
            shifted -= (offset - edit.span.start) as i128;
        }
    }
    usize::try_from(shifted).unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::source::Span;

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
        assert_eq!(moved(3, &edits), 1);
        assert_eq!(moved(1, &edits), 0);
        assert_eq!(moved(5, &edits), 6);
    }
}
