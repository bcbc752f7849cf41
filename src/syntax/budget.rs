//! A time budget for parses.

use std::ops::ControlFlow;
use std::time::{Duration, Instant};

use tree_sitter::{ParseOptions, ParseState, Parser, Tree};

/// Longest time for one parse. A real file takes a few milliseconds.
const BUDGET: Duration = Duration::from_millis(1500);

/// Parses `bytes`; `None` when the budget is used up.
pub fn parse(parser: &mut Parser, bytes: &[u8]) -> Option<Tree> {
    let start = Instant::now();
    let mut progress = |_: &ParseState| {
        if start.elapsed() > BUDGET { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
    };
    let options = ParseOptions::new().progress_callback(&mut progress);
    let tree = parser.parse_with_options(&mut |at, _| bytes.get(at..).unwrap_or_default(), None, Some(options));
    if tree.is_none() {
        // Otherwise the next parse would go on where this one stopped.
        parser.reset();
    }
    tree
}
