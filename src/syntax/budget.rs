//! The time that one parse may take. The C parsers have no limit of their own and are slow on hostile input.

use std::ops::ControlFlow;
use std::time::{Duration, Instant};

use tree_sitter::{ParseOptions, Parser, Tree};

/// The longest that one file may be parsed. Real files take milliseconds: the parsers read some 16 MB/s.
pub const BUDGET: Duration = Duration::from_millis(1500);

/// Parses the bytes of `text` within `budget`. `None` when the time is over, or when the parser has no language.
///
/// The parser looks at the clock about every hundred steps, but never inside one long token: guards on size,
/// nesting and NUL bytes must come before.
pub fn parse(parser: &mut Parser, text: impl AsRef<[u8]>, budget: Duration) -> Option<Tree> {
    let end = Instant::now() + budget;
    let mut watch = |_: &tree_sitter::ParseState| {
        if Instant::now() < end { ControlFlow::Continue(()) } else { ControlFlow::Break(()) }
    };
    let options = ParseOptions::new().progress_callback(&mut watch);
    let bytes = text.as_ref();
    let tree = parser.parse_with_options(&mut |at, _| bytes.get(at..).unwrap_or(&[]), None, Some(options));
    if tree.is_none() {
        // Else the next parse would go on where this one stopped.
        parser.reset();
    }
    tree
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parser() -> Parser {
        let mut parser = Parser::new();
        parser.set_language(&tree_sitter_python::LANGUAGE.into()).unwrap();
        parser
    }

    #[test]
    fn a_parse_without_time_ends_and_the_parser_can_be_used_again() {
        let mut parser = parser();
        let long = "a = [b, (c + d) * e]\n".repeat(20_000);
        assert!(parse(&mut parser, &long, Duration::ZERO).is_none());
        let tree = parse(&mut parser, "x = 1\n", BUDGET).unwrap();
        assert_eq!(tree.root_node().end_byte(), 6);
    }
}
