//! Blocks that conda, mamba and micromamba manage in start-up files: by their marker comments, and by their
//! body when the markers are gone. Read by line, so that no syntax error hides one.
//!
//! Sources: the texts that `conda init` (conda/core/initialize.py, 4.4 to 26.7) and `mamba shell init`
//! (libmamba shell_init.cpp, 1.x and 2.x) write.

use std::sync::{Arc, LazyLock};

use memchr::memmem::Finder;
use thin_vec::{ThinVec, thin_vec};

use super::frame::{Frame, Place};
use crate::facts::FileFacts;
use crate::facts::{Fact, FactKind, Record, Text};
use crate::source::{MaybeSpan, Shell, Source, Span};
use crate::syntax::shell::ast::Script;
use crate::tables::glob;

/// Lines that the tools write, as globs on the line without its indentation; a `?` stands where a bracket does.
const KNOWN_LINES: [&str; 56] = [
    "",
    "__conda_setup=\"$(*)\"",
    "__conda_setup=`*`",
    "if ? $? -eq 0 ?; then",
    "if test $? -eq 0; then",
    "*eval \"$__conda_setup\"",
    "*eval \"$(*conda*hook*)\"",
    "else",
    "if ? -f *conda.sh* ?; then",
    "if ? -f *mamba.sh* ?; then",
    "if ? -f *conda.exe* ?; then",
    "if ? -f *bin/conda* ?; then",
    ". *conda.sh*",
    "source *conda.sh*",
    ". *mamba.sh*",
    "export PATH=*",
    "\\export PATH=*",
    "PATH=*",
    "fi",
    "unset __conda_setup",
    "unset __mamba_setup",
    "CONDA_CHANGEPS1=false conda activate base",
    "export MAMBA_EXE=*",
    "export MAMBA_ROOT_PREFIX=*",
    "MAMBA_EXE=*",
    "MAMBA_ROOT_PREFIX=*",
    "__mamba_setup=\"$(*)\"",
    "*eval \"$__mamba_setup\"",
    "alias *=\"$MAMBA_EXE\"*",
    "alias *=*micromamba*",
    "*micromamba shell hook*",
    "*mamba shell hook*",
    "if ( -f *conda* ) then",
    "if ( -d *conda* ) then",
    "source *conda.csh*",
    "setenv PATH *",
    "endif",
    "setenv MAMBA_EXE *",
    "setenv MAMBA_ROOT_PREFIX *",
    "source *mamba.csh*",
    "if ? -d *condabin* ?; then",
    "export CONDA_EXE=*",
    "*conda activate base",
    "*eval \"$(*mamba*hook*)\"",
    // fish
    "if test -f *conda*",
    "if test -d *condabin*",
    "eval *conda *hook* | source",
    ". *conda.fish*",
    "source *conda.fish*",
    ". *mamba.fish*",
    "source *mamba.fish*",
    "set -x PATH *conda*",
    "set -gx MAMBA_EXE *",
    "set -gx MAMBA_ROOT_PREFIX *",
    "$MAMBA_EXE shell hook * | source",
    "end",
];

/// Of these one stands in each file with a block.
static WORDS: LazyLock<[Finder<'static>; 6]> = LazyLock::new(|| {
    ["initialize >>>", "conda init >>>", "initialize <<<", "__conda_setup", "__mamba_setup", "conda initialize"]
        .map(Finder::new)
});

/// A marker line, with the name that start and end of one block share.
#[derive(Clone, Copy)]
enum Marker<'t> {
    Start(&'t str),
    End(&'t str),
}

struct Line<'t> {
    span: Span,
    text: &'t str,
}

/// Adds a fact for every block of the frame's region; returns their bytes in the file.
///
/// `script` is the text as parsed, when it was understood: what stands in strings is no block, and markers in here
/// documents are none.
pub fn collect(frame: &Frame, region: Span, script: Option<&Script>, out: &mut FileFacts) -> Vec<Span> {
    let text = frame.slice(region);
    if WORDS.iter().all(|word| word.find(text.as_bytes()).is_none()) {
        return Vec::new();
    }
    let lines = lines(text, region.start);
    let heredocs = heredoc_lines(&lines);
    let mut blocks = Vec::new();
    let mut at = 0;
    while at < lines.len() {
        let is_text = script.is_some_and(|script| {
            if marker(lines[at].text).is_some() {
                !is_comment(&lines[at], &script.comments)
            } else {
                in_word(&lines[at], &script.long_words)
            }
        });
        let found = if heredocs[at] || is_text { None } else { block_at(&lines, at) };
        match found {
            Some(block) => {
                at = block.last + 1;
                let index = blocks.len() + 1;
                let fact = fact(frame, &lines, &block, index);
                blocks.push(fact.span);
                out.facts.push(fact);
            }
            None => at += 1,
        }
    }
    blocks
}

/// The bytes of the blocks in a whole file, which was parsed to this.
pub fn block_spans(source: &Source, shell: Shell, script: &Script) -> Vec<Span> {
    let text = Arc::clone(&source.text);
    let frame = Frame { text, place: Place::Same, shell, silent: false };
    collect(&frame, Span::new(0, source.text.len()), Some(script), &mut FileFacts::default())
}

fn lines(text: &str, base: usize) -> Vec<Line<'_>> {
    let mut at = base;
    text.split_inclusive('\n')
        .map(|line| {
            let span = Span::new(at, at + line.len());
            at += line.len();
            Line { span, text: line.trim_end_matches(['\n', '\r']) }
        })
        .collect()
}

/// True when the line is a comment of the text.
fn is_comment(line: &Line<'_>, comments: &[Span]) -> bool {
    let start = line.span.start + line.text.len() - line.text.trim_start().len();
    comments.binary_search_by_key(&start, |comment| comment.start).is_ok()
}

/// True when the line begins within one of these words.
fn in_word(line: &Line<'_>, words: &[Span]) -> bool {
    let before = words.partition_point(|word| word.start <= line.span.start);
    before > 0 && line.span.start < words[before - 1].end
}

/// Which lines lie in here documents, by a search for delimiters that needs no parser.
fn heredoc_lines(lines: &[Line<'_>]) -> Vec<bool> {
    let mut inside: Option<String> = None;
    lines
        .iter()
        .map(|line| {
            if let Some(delimiter) = &inside {
                if line.text.trim() == delimiter {
                    inside = None;
                }
                return true;
            }
            if let Some((before, after)) = line.text.split_once("<<")
                && !after.starts_with('<')
                && !before.trim_start().starts_with('#')
            {
                let word: String = after
                    .trim_start_matches('-')
                    .trim_start()
                    .trim_start_matches(['"', '\'', '\\'])
                    .chars()
                    .take_while(|c| c.is_alphanumeric() || *c == '_')
                    .collect();
                // Only a delimiter that comes back ends the search for one.
                if !word.is_empty()
                    && lines.iter().any(|other| other.span.start > line.span.start && other.text.trim() == word)
                {
                    inside = Some(word);
                }
            }
            false
        })
        .collect()
}

struct Block {
    first: usize,
    last: usize,
    end: &'static str,
    legacy: bool,
    bare: bool,
}

/// The name that the markers of an editor's fold share.
const REGION: &str = "region";

/// The marker that a line is, and whether it begins where the tools themselves look for one.
fn marker(line: &str) -> Option<(Marker<'static>, bool)> {
    const NAMES: [&str; 5] =
        ["conda initialize", "mamba initialize", "micromamba initialize", "conda init", "mamba init"];
    let trimmed = line.trim();
    if trimmed == "#region conda initialize" || trimmed == "#region mamba initialize" {
        return Some((Marker::Start(REGION), line.starts_with('#')));
    }
    if trimmed == "#endregion" {
        return Some((Marker::End(REGION), true));
    }
    // Editors and people add blanks; conda itself would no longer know such a line.
    let words = trimmed.split_whitespace().collect::<Vec<_>>().join(" ");
    let inner = words.strip_prefix("# ")?;
    let column0 = line.starts_with("# >>> ") || line.starts_with("# <<< ");
    let start = inner.strip_prefix(">>> ").and_then(|rest| rest.strip_suffix(" >>>"));
    let end = inner.strip_prefix("<<< ").and_then(|rest| rest.strip_suffix(" <<<"));
    let name = NAMES.into_iter().find(|name| start.or(end) == Some(*name))?;
    Some((if start.is_some() { Marker::Start(name) } else { Marker::End(name) }, column0))
}

fn block_at(lines: &[Line<'_>], first: usize) -> Option<Block> {
    match marker(lines[first].text) {
        Some((Marker::Start(name), _)) => Some(marked(lines, first, name)),
        Some((Marker::End(_), _)) => None,
        None => bare(lines, first),
    }
}

fn marked(lines: &[Line<'_>], first: usize, name: &str) -> Block {
    let legacy = name.ends_with(" init");
    let block = |last, end| Block { first, last, end, legacy, bare: false };
    // Another block's marker is never part of this one.
    let next = (first + 1..lines.len()).find_map(|at| Some((at, marker(lines[at].text)?.0)));
    match next {
        Some((at, Marker::End(ends))) if ends == name => block(at, "marker"),
        // The end marker is gone: the block ends where the tool's own last line stands.
        _ => match own_end(lines, first + 1) {
            Some(last) => block(last, "recognised"),
            None => block(first, "lost"),
        },
    }
}

/// The tool's own last line in a body that begins at `from`, which no other marker interrupts.
fn own_end(lines: &[Line<'_>], from: usize) -> Option<usize> {
    let body = lines[from..].iter().take_while(|line| is_known(line.text) && marker(line.text).is_none());
    let closes = |line: &Line<'_>| {
        ["unset __conda_setup", "unset __mamba_setup"].iter().any(|last| line.text.trim().starts_with(last))
    };
    let last = from + body.clone().position(closes)?;
    // Installations with mamba had conda read its functions behind that.
    let behind: Vec<(usize, &str)> = (last + 1..from + body.count())
        .map(|at| (at, lines[at].text.trim()))
        .filter(|(_, text)| !text.is_empty())
        .take(3)
        .collect();
    match behind.as_slice() {
        [(_, opens), (_, reads), (at, "fi")]
            if opens.starts_with("if ") && opens.contains("/mamba.sh") && reads.contains("/mamba.sh") =>
        {
            Some(*at)
        }
        _ => Some(last),
    }
}

/// A body without its start marker.
fn bare(lines: &[Line<'_>], first: usize) -> Option<Block> {
    let text = lines[first].text.trim();
    let opens = (text.starts_with("__conda_setup=") && text.contains("hook")) || text.starts_with("__mamba_setup=");
    if !opens {
        return None;
    }
    let mut start = first;
    while start > 0 {
        let above = lines[start - 1].text.trim();
        let belongs = above.starts_with("export MAMBA_EXE=")
            || above.starts_with("export MAMBA_ROOT_PREFIX=")
            || above.starts_with("# !! Contents within this block");
        if !belongs {
            break;
        }
        start -= 1;
    }
    let mut last = own_end(lines, first)?;
    if let Some((Marker::End(_), _)) = lines.get(last + 1).and_then(|line| marker(line.text)) {
        last += 1;
    }
    Some(Block { first: start, last, end: "recognised", legacy: false, bare: true })
}

/// True for a line that a version of the tools writes.
fn is_known(line: &str) -> bool {
    let line = line.trim().trim_end_matches(';');
    line.starts_with('#') || KNOWN_LINES.iter().any(|known| glob::matches(known, line)) || {
        let code = line.split("  #").next().unwrap_or(line).trim_end();
        KNOWN_LINES.iter().any(|known| glob::matches(known, code))
    }
}

fn fact(frame: &Frame, lines: &[Line<'_>], block: &Block, index: usize) -> Fact {
    let inner_end = if block.end == "marker" { block.last } else { block.last + 1 };
    let inner_start = if block.bare { block.first } else { block.first + 1 };
    let body: Vec<&Line<'_>> = lines[inner_start.min(inner_end)..inner_end].iter().collect();
    let code: Vec<&str> =
        body.iter().map(|line| line.text.trim()).filter(|line| !line.is_empty() && !line.starts_with('#')).collect();
    let comments =
        body.iter().filter(|line| line.text.trim().starts_with('#') && !line.text.contains("!! Contents")).count();
    let place = Span::new(lines[block.first].span.start, lines[block.last].span.start + lines[block.last].text.len());
    let whole_text = body.iter().map(|line| line.text).collect::<Vec<_>>().join("\n");
    let indented = marker(lines[block.first].text).is_some_and(|(_, column0)| !column0);
    let span = frame.place(place);
    let mut record = Record::at(span);
    let tool = if whole_text.contains("micromamba") {
        "micromamba"
    } else if lines[block.first].text.contains("mamba") || whole_text.contains("__mamba_setup") {
        "mamba"
    } else {
        "conda"
    };
    record.set("tool", tool);
    record.set("form", form(&code, &whole_text, block));
    record.set("intact", block.end == "marker" && !indented && !block.legacy && !block.bare);
    record.set("end", block.end);
    record.set("edited", body.iter().any(|line| !is_known(line.text)));
    record.set("mamba", tool == "conda" && whole_text.contains("etc/profile.d/mamba.sh"));
    record.set("indented", indented);
    record.set("commented-out", code.is_empty() && comments > 0);
    record.set("index", index as i64);
    record.set("shell", shell(&code));
    record.set_some("prefix", prefix(frame, &body));
    record.set("whole", Text::at("", frame.place(whole(lines, block))));
    Fact::new(FactKind::Block, span, record)
}

fn form(code: &[&str], text: &str, block: &Block) -> &'static str {
    if block.bare {
        "bare"
    } else if code.is_empty() {
        "empty"
    } else if text.contains("conda.exe") {
        "windows"
    } else if block.legacy || text.contains("CONDA_REPORT_ERRORS") {
        "legacy"
    } else if text.contains("setenv ") || text.contains("conda.csh") || text.contains("mamba.csh") {
        "csh"
    } else if text.contains("hook") {
        "hook"
    } else if text.contains("/condabin") {
        "condabin"
    } else if text.contains("profile.d/") {
        "profile"
    } else {
        "hook"
    }
}

fn shell(code: &[&str]) -> &'static str {
    let csh = code.iter().any(|line| line.starts_with("setenv ") || line.ends_with(") then"));
    let sh = code
        .iter()
        .any(|line| line.starts_with("export ") || line.starts_with("__conda_setup=") || line.starts_with("fi"));
    if code.contains(&"end") || code.iter().any(|line| line.starts_with("set -gx ") || line.ends_with("| source")) {
        return "fish";
    }
    match (csh, sh) {
        (true, true) => "mixed",
        (true, false) => "csh",
        _ => "sh",
    }
}

/// The installation that the body points to.
fn prefix(frame: &Frame, body: &[&Line<'_>]) -> Option<Text> {
    const TAILS: [&str; 7] =
        ["/bin/conda", "/condabin", "/etc/profile.d/conda", "/Scripts/conda", "/bin:", "/bin/micromamba", "/bin/mamba"];
    for line in body {
        let text = line.text.trim();
        let root = ["export MAMBA_ROOT_PREFIX=", "setenv MAMBA_ROOT_PREFIX ", "set -gx MAMBA_ROOT_PREFIX "];
        if let Some(rest) = root.iter().find_map(|written| text.strip_prefix(written)) {
            let value = rest.trim_matches([';', '"', '\'']);
            return Some(placed(frame, line, value));
        }
    }
    for line in body {
        for tail in TAILS {
            let Some(end) = line.text.find(tail) else { continue };
            let head = &line.text[..end];
            let start = head.rfind(['"', '\'', ' ', '(', '=', '`']).map_or(0, |at| at + 1);
            if start < end {
                return Some(placed(frame, line, &head[start..]));
            }
        }
    }
    None
}

fn placed(frame: &Frame, line: &Line<'_>, value: &str) -> Text {
    let offset = line.text.find(value).unwrap_or(0);
    let start = line.span.start + offset;
    let span = frame.place(Span::new(start, start + value.len()));
    let text = match value.strip_prefix('~') {
        Some(rest) => format!("$HOME{rest}"),
        None => value.replace("${HOME}", "$HOME"),
    };
    let unresolved = if text.starts_with("$HOME") {
        thin_vec!["HOME".into()]
    } else if let Some(name) = text.strip_prefix('$') {
        thin_vec![name.trim_start_matches('{').chars().take_while(|c| c.is_alphanumeric() || *c == '_').collect()]
    } else {
        ThinVec::new()
    };
    Text { text: text.into(), unresolved, span: span.into(), origin: MaybeSpan::NONE }
}

/// The block with its line end and the one blank line that it leaves: the tools put one before it.
fn whole(lines: &[Line<'_>], block: &Block) -> Span {
    let blank = |at: Option<usize>| at.and_then(|at| lines.get(at)).is_some_and(|line| line.text.trim().is_empty());
    let before = block.first.checked_sub(1);
    let mut span = Span::new(lines[block.first].span.start, lines[block.last].span.end);
    let ends_file = block.last + 1 >= lines.len();
    if blank(before) && (ends_file || blank(Some(block.last + 1))) {
        if let Some(line) = before.and_then(|at| lines.get(at)) {
            span.start = line.span.start;
        }
    } else if before.is_none() && blank(Some(block.last + 1)) {
        span.end = lines[block.last + 1].span.end;
    }
    span
}
