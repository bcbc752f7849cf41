//! The time that parsing one file may take. The C parsers have no limit of their own and are slow on hostile input.

use std::ops::ControlFlow;
use std::time::Duration;

use rustix::time::{ClockId, clock_gettime};
use tree_sitter::{ParseOptions, Parser, Tree};

/// Processor time that a file may use. Time of this thread, so that a busy machine changes no result.
#[derive(Clone, Copy, Debug)]
pub struct Budget {
    end: Duration,
}

impl Budget {
    /// So much time from now on.
    pub fn of(time: Duration) -> Self {
        Self { end: now() + time }
    }

    /// True when it is used up.
    pub fn is_spent(&self) -> bool {
        now() >= self.end
    }
}

impl Default for Budget {
    /// A second: real files take milliseconds, the parsers read some 16 MB/s.
    fn default() -> Self {
        Self::of(Duration::from_secs(1))
    }
}

fn now() -> Duration {
    let time = clock_gettime(ClockId::ThreadCPUTime);
    let (seconds, nanoseconds) = (u64::try_from(time.tv_sec), u32::try_from(time.tv_nsec));
    Duration::new(seconds.unwrap_or(0), nanoseconds.unwrap_or(0))
}

/// Parses `text` within `budget`. `None` when the time is over, or when the parser has no language.
///
/// The parser looks at the clock about every hundred steps, but never inside one long token: guards on size,
/// nesting and NUL bytes must come before.
pub fn parse(parser: &mut Parser, text: impl AsRef<[u8]>, budget: &Budget) -> Option<Tree> {
    let mut watch = |_: &tree_sitter::ParseState| {
        if budget.is_spent() { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
    };
    let options = ParseOptions::new().progress_callback(&mut watch);
    let bytes: &[u8] = text.as_ref();
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
        assert!(parse(&mut parser, &long, &Budget::of(Duration::ZERO)).is_none());
        let tree = parse(&mut parser, "x = 1\n", &Budget::default()).unwrap();
        assert_eq!(tree.root_node().end_byte(), 6);
    }
}
