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

/// True when the parser can carry all of `text`, valid or not.
pub fn can_carry(text: &str) -> bool {
    guard::check(text).is_ok_and(|length| length == text.len())
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

/// The comments of a text, in order, with their `#`. None of a text that is turned away.
pub fn comments(text: &str) -> Vec<Span> {
    let mut found = Vec::new();
    visit(text, |node| {
        if Kind::of(node.kind_id()) == Kind::Comment {
            found.push(Span::new(node.start_byte(), node.end_byte()));
        }
    });
    found
}

/// The strings of more than one line, in order: what looks like a comment in them is none.
pub fn strings(text: &str) -> Vec<Span> {
    let mut found: Vec<Span> = Vec::new();
    visit(text, |node| {
        let span = Span::new(node.start_byte(), node.end_byte());
        let goes_on = node.start_position().row < node.end_position().row;
        // Strings in formatted strings lie in one that is known.
        if goes_on && Kind::of(node.kind_id()) == Kind::String && found.last().is_none_or(|last| last.end <= span.start)
        {
            found.push(span);
        }
    });
    found
}

/// True when statements of one body begin in one column, which the grammar does not ask for and Python does.
pub fn is_aligned(text: &str) -> bool {
    let mut aligned = true;
    let mut columns = std::collections::HashMap::new();
    visit(text, |node| {
        if !Kind::of(node.kind_id()).is_statement() {
            return;
        }
        let (place, body) = (node.start_position(), node.parent().map(|body| body.id()));
        let line_start = node.start_byte() - place.column;
        // A statement behind a `;` or `:` does not begin its line.
        let begins = text.get(line_start..node.start_byte()).is_some_and(|before| before.trim().is_empty());
        if begins {
            aligned &= *columns.entry(body).or_insert(place.column) == place.column;
        }
    });
    aligned
}

/// Shows every node, if the text can be parsed.
fn visit(text: &str, mut see: impl FnMut(tree_sitter::Node<'_>)) {
    let mut parser = tree_sitter::Parser::new();
    let ready = guard::check(text).is_ok() && parser.set_language(&tree_sitter_python::LANGUAGE.into()).is_ok();
    let tree = if ready { budget::parse(&mut parser, text, &Budget::default()) } else { None };
    let Some(tree) = tree else { return };
    let mut cursor = tree.walk();
    loop {
        see(cursor.node());
        if cursor.goto_first_child() {
            continue;
        }
        while !cursor.goto_next_sibling() {
            if !cursor.goto_parent() {
                return;
            }
        }
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
    fn python_wants_one_column_for_the_statements_of_a_body() {
        assert!(is_aligned("import os\nif x:\n    a()\n    b(); c()\nelse:\n  d()\nfor i in y: e()\n"));
        assert!(!is_aligned("import os\n   import sys\n"));
        assert!(!is_aligned("if x:\n    a()\n      b()\n"));
        assert_eq!(comments("x = '# no' # yes\n"), [Span::new(11, 16)]);
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
