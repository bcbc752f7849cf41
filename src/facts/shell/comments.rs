//! Comments with a meaning to tools: the lines that `conda init` turned into comments. And what people remark on a
//! statement, which a change of it should leave true.
//!
//! Source: `_COMMENTED_OUT` of conda/core/initialize.py.

use super::frame::Frame;
use crate::facts::FileFacts;
use crate::facts::model::{Fact, FactKind, Record, Text};
use crate::source::Span;

/// What conda writes behind a line that it turns into a comment.
const SUFFIX: &str = "# commented out by conda initialize";

/// Most lines above a statement that its remark is looked for in.
const MAX_LINES: usize = 5;

/// How far around a statement its remark is looked for, in bytes.
const MAX_WINDOW: usize = 500;

/// The comment on the last line of a statement, or the comments on the lines right above it. Directives are none.
pub fn remark(text: &str, statement: Span) -> Option<String> {
    let bytes = text.as_bytes();
    let behind = &bytes[statement.end.min(bytes.len())..(statement.end + MAX_WINDOW).min(bytes.len())];
    let behind = behind.split(|byte| *byte == b'\n').next().unwrap_or_default();
    let behind = String::from_utf8_lossy(behind);
    let behind = behind.trim_start_matches([' ', '\t', ';', '&', ')']);
    let mut found: Vec<String> = behind.starts_with('#').then(|| behind.trim_end().to_owned()).into_iter().collect();
    let from = statement.start.saturating_sub(MAX_WINDOW);
    let above = String::from_utf8_lossy(bytes.get(from..statement.start)?);
    let mut lines = above.rsplit('\n');
    // What stands before it on its own line is no comment.
    if lines.next().is_some_and(|own| own.trim().is_empty()) {
        let is_remark = |line: &&str| {
            let line = line.trim_start();
            line.starts_with('#') && !["#!", "#SBATCH", "#PBS", "#BSUB", "#$"].iter().any(|mark| line.starts_with(mark))
        };
        found.extend(lines.take(MAX_LINES).take_while(is_remark).map(|line| line.trim().to_owned()));
    }
    (!found.is_empty()).then(|| found.join("\n"))
}

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
