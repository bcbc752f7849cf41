//! Comments with a meaning to tools: the lines that `conda init` turned into comments.
//!
//! Source: `_COMMENTED_OUT` of conda/core/initialize.py.

use super::frame::Frame;
use crate::facts::FileFacts;
use crate::facts::model::{Fact, FactKind, Record, Text};
use crate::source::Span;

/// What conda writes behind a line that it turns into a comment.
const SUFFIX: &str = "# commented out by conda initialize";

/// Adds a fact for every line that conda turned into a comment.
pub fn collect(frame: &Frame, out: &mut FileFacts) {
    if !frame.text.contains(SUFFIX) {
        return;
    }
    let mut at = 0;
    for line in frame.text.split_inclusive('\n') {
        let start = at;
        at += line.len();
        let body = line.trim_end_matches(['\n', '\r']);
        let lead = body.len() - body.trim_start().len();
        let Some((code, _)) = body.split_once(SUFFIX) else { continue };
        let Some(code) = code.trim_start().strip_prefix('#') else { continue };
        let code = code.trim();
        let place = frame.place(Span::new(start + lead, start + body.len()));
        let offset = body.find(code).unwrap_or(lead);
        let code_place = frame.place(Span::new(start + offset, start + offset + code.len()));
        let lower = code.to_ascii_lowercase();
        let about = ["conda", "mamba", "miniforge"].iter().any(|word| lower.contains(word));
        let fields = Record::at(place)
            .with("text", Text::at(body.trim(), place))
            .with("tool", "conda")
            .with("code", Text::at(code, code_place))
            .with("about-conda", about)
            .with("whole", Text::at(body, frame.place(Span::new(start, at))));
        out.facts.push(Fact::new(FactKind::Comment, place, fields));
    }
}
