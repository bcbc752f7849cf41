//! Comments with a meaning to tools: the lines that `conda init` turned into comments. And what people remark on a
//! statement, which a change of it should leave true.
//!
//! Source: `_COMMENTED_OUT` of conda/core/initialize.py.

use super::frame::Frame;
use crate::facts::FileFacts;
use crate::facts::{Fact, FactKind, Record, Text};
use crate::source::{Scheduler, Span};

/// What conda writes behind a line that it turns into a comment.
const SUFFIX: &str = "# commented out by conda initialize";

/// Most lines above a statement that its remark is looked for in.
const MAX_LINES: usize = 5;

/// How far around a statement its remark is looked for, in bytes.
const MAX_WINDOW: usize = 500;

/// The comment on the last line of a statement, the comments on the lines right above it, and those that head its
/// paragraph. Directives are none.
pub fn remark(text: &str, statement: Span) -> Option<String> {
    let bytes = text.as_bytes();
    let lossy = |line: &[u8]| String::from_utf8_lossy(line).trim().to_owned();
    let behind = &bytes[statement.end.min(bytes.len())..(statement.end + MAX_WINDOW).min(bytes.len())];
    let behind = &behind[..memchr::memchr(b'\n', behind).unwrap_or(behind.len())];
    let mark = behind.iter().find(|byte| !b" \t;&)".contains(byte));
    let mut found = Vec::new();
    if mark == Some(&b'#') {
        found.push(lossy(behind).trim_start_matches([' ', '\t', ';', '&', ')']).to_owned());
    }
    let mut above = bytes.get(statement.start.saturating_sub(MAX_WINDOW)..statement.start)?;
    // What stands before it on its own line is no comment.
    let is_first = |own: &[u8]| own.trim_ascii().is_empty();
    let mut end = memchr::memrchr(b'\n', above).filter(|end| is_first(&above[end + 1..]));
    for _ in 0..MAX_LINES {
        let Some(line) = end.map(|end| &above[..end]) else { break };
        end = memchr::memrchr(b'\n', line);
        let own = &line[end.map_or(0, |end| end + 1)..];
        if own.trim_ascii().is_empty() {
            break;
        }
        if is_remark(own) {
            found.push(lossy(own));
        }
        above = line;
    }
    (!found.is_empty()).then(|| found.join("\n"))
}

/// True for a line that is a comment for people.
fn is_remark(line: &[u8]) -> bool {
    let line = line.trim_ascii_start();
    let is_directive = || Scheduler::ALL.iter().any(|scheduler| line.starts_with(scheduler.sentinel().as_bytes()));
    line.starts_with(b"#") && !line.starts_with(b"#!") && !is_directive()
}

/// Adds a fact for every line that conda turned into a comment.
pub fn collect(frame: &Frame, out: &mut FileFacts) {
    if memchr::memmem::find(frame.text.as_bytes(), SUFFIX.as_bytes()).is_none() {
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
