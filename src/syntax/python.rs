//! Python: the guarded parse, and its tree copied into a flat array in source order.
//!
//! The copy gives cheap parents, survives the parser's own tree, and can hold several texts one after another
//! (the cells of a notebook). The grammar's node names stand here and nowhere else.

mod flat;
mod guard;
mod kinds;

pub use flat::{Id, Tree};
pub use kinds::{Field, Kind};

use super::budget::{self, Budget};
use crate::source::Span;

/// Largest text that is parsed, in bytes. Python files that people write are a hundred times smaller.
pub const MAX_BYTES: usize = 4 << 20;

/// A region that was not understood.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Region {
    /// The bytes.
    pub span: Span,
    /// Why, for people.
    pub reason: &'static str,
}

impl Tree {
    /// Parses `text`, whose first byte is byte `offset` of the whole, within `budget`, and appends it to the tree.
    /// What was not understood comes back, in source order, in offsets of the whole.
    pub fn parse(&mut self, text: &str, offset: usize, budget: &Budget) -> Vec<Region> {
        let whole = Span::new(offset, offset + text.len());
        let length = match guard::check(text) {
            Ok(length) => length,
            Err(reason) => return vec![Region { span: whole, reason }],
        };
        let mut parser = tree_sitter::Parser::new();
        if parser.set_language(&tree_sitter_python::LANGUAGE.into()).is_err() {
            return vec![Region { span: whole, reason: "the Python parser does not load" }];
        }
        let Some(tree) = budget::parse(&mut parser, &text[..length], budget) else {
            return vec![Region { span: whole, reason: "parsing took too long" }];
        };
        let mut regions = self.append(&tree, text, offset);
        if length < text.len() {
            let span = Span::new(offset + length, offset + text.len());
            regions.retain(|region| !span.overlaps(region.span));
            regions.push(Region { span, reason: "a string that is never closed" });
        }
        regions
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn reasons(text: &str) -> Vec<&'static str> {
        let mut tree = Tree::default();
        tree.parse(text, 0, &Budget::default()).into_iter().map(|region| region.reason).collect()
    }

    #[test]
    fn guards_turn_away_what_the_parser_cannot_carry() {
        assert_eq!(reasons("import os\nx = f(1)\n"), Vec::<&str>::new());
        assert_eq!(reasons("a\0b"), ["NUL bytes: no text"]);
        let deep: String = (0..600).map(|level| format!("{}if x:\n", " ".repeat(level))).collect();
        assert_eq!(reasons(&deep), ["nested too deeply"]);
        assert_eq!(reasons(&"(".repeat(1000)), ["nested too deeply"]);
        assert_eq!(reasons(&"#".repeat(MAX_BYTES + 1)), ["larger than 4 MB"]);
        assert_eq!(reasons("x = '''\n(((\n"), ["a string that is never closed"]);
    }

    #[test]
    fn indentation_hidden_in_strings_and_continued_lines_still_counts() {
        // A string's line at column 0 must not hide the nesting around it.
        let mut text = String::new();
        for level in 0..600 {
            text.push_str(&format!("{0}if x:\n{0} y = '''\n'''\n", " ".repeat(level)));
        }
        assert_eq!(reasons(&text), ["nested too deeply"]);
        let continued: String =
            (0..600).map(|level| format!("{}if x:\n", " \\\n".repeat(level))).collect::<Vec<_>>().concat();
        assert_eq!(reasons(&continued), ["nested too deeply"]);
    }

    #[test]
    fn statements_around_a_broken_line_are_kept() {
        let text = "import os\ndef f(:\n    pass\nimport sys\n";
        let mut tree = Tree::default();
        let regions = tree.parse(text, 0, &Budget::default());
        assert!(!regions.is_empty());
        let imports = tree.ids().filter(|id| tree.kind(*id) == Kind::Import).count();
        assert_eq!(imports, 2);
        for region in regions {
            assert!(!text[region.span.start..region.span.end].contains("import"), "{region:?}");
        }
    }
}
