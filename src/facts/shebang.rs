//! The first line's interpreter, and what keeps a line from being one.

use crate::facts::directive::Script;
use crate::facts::{Fact, FactKind, Record, Text};
use crate::source::Span;

/// What stands where the interpreter should be named.
#[derive(Clone, Debug)]
struct Found<'a> {
    problem: &'static str,
    /// The line without its end, and its bytes in the text.
    line: &'a str,
    start: usize,
    /// What stands before it and should not.
    before: Option<Span>,
}

/// Appends the `shebang` fact of a script. `missing` asks for one also where the first line names no
/// interpreter and no later line was meant to: job scripts need it.
pub fn collect(script: &Script<'_>, missing: bool, out: &mut Vec<Fact>) {
    let Some(found) = find(script) else {
        if missing && !script.text.trim().is_empty() {
            let first = script.text.lines().next().unwrap_or("");
            let fields = Record::new().with("problem", "missing").with("line", line_number(script, 0));
            out.push(Fact::new(FactKind::Shebang, Span::new(0, first.len()).shifted(script.base), fields));
        }
        return;
    };
    let start = script.base + found.start;
    let span = Span::new(start, start + found.line.len());
    let mut fields = Record::new();
    fields.set("text", Text::at(found.line, span));
    let mark = found.line.find('/').unwrap_or(0);
    let command = &found.line[mark..];
    let length = command.find([' ', '\t']).unwrap_or(command.len());
    fields.set("program", Text::at(&command[..length], Span::new(start + mark, start + mark + length)));
    let args = command[length..].trim();
    if !args.is_empty() {
        let at = start + mark + length + (command[length..].len() - command[length..].trim_start().len());
        fields.set("args", Text::at(args, Span::new(at, at + args.len())));
    }
    fields.set("problem", found.problem);
    if let Some(before) = found.before {
        let text = script.text.get(before.start..before.end).unwrap_or("");
        fields.set("before", Text::at(text, before.shifted(script.base)));
    }
    fields.set("line", line_number(script, found.start));
    out.push(Fact::new(FactKind::Shebang, span, fields));
}

/// True when the interpreter on line 1 starts a login shell, which reads the start-up files.
pub fn is_login(text: &str) -> bool {
    has_flag(text, 'l', "--login")
}

/// True when line 1 gives the shell this option, by its letter or its long name.
pub fn has_flag(text: &str, letter: char, long: &str) -> bool {
    let Some(line) = text.lines().next().and_then(|line| line.trim_start_matches('\u{feff}').strip_prefix("#!")) else {
        return false;
    };
    let mut words = line.split_whitespace().skip_while(|word| word.ends_with("/env") || *word == "-S");
    let shell = words.next().and_then(|path| path.rsplit('/').next()).unwrap_or("");
    if !matches!(shell, "bash" | "sh" | "dash" | "zsh" | "ksh" | "tcsh" | "csh") {
        return false;
    }
    let letters = |word: &str| word.len() > 1 && word[1..].chars().all(|c| c.is_ascii_alphabetic());
    words.any(|word| {
        word == long || (word.starts_with('-') && !word.starts_with("--") && letters(word) && word.contains(letter))
    })
}

fn find<'a>(script: &Script<'a>) -> Option<Found<'a>> {
    let text = script.text;
    let bom = if text.starts_with('\u{feff}') { '\u{feff}'.len_utf8() } else { 0 };
    let first = text[bom..].lines().next().unwrap_or("");
    let found = |problem, line, start, before| Some(Found { problem, line, start, before });
    if first.starts_with("#!") {
        let before = (bom > 0).then(|| Span::new(0, bom));
        return found(if bom > 0 { "bom" } else { "none" }, first, bom, before);
    }
    let trimmed = first.trim_start();
    let indent = bom + first.len() - trimmed.len();
    if let Some(problem) = nearly(trimmed) {
        return found(problem, trimmed, indent, (indent > 0).then(|| Span::new(0, indent)));
    }
    later(script)
}

/// A first line that was meant as a shebang: `!/bin/bash`, `#/bin/bash`, `# !/bin/bash`.
fn nearly(line: &str) -> Option<&'static str> {
    let interpreter = |rest: &str| is_interpreter(rest.trim_start());
    if line.starts_with("#!") && interpreter(&line[2..]) {
        return Some("blank-before");
    }
    if line.strip_prefix('!').is_some_and(|rest| interpreter(rest.trim_start_matches('#'))) {
        return Some("no-hash");
    }
    let rest = line.strip_prefix('#')?;
    if rest.starts_with('/') && interpreter(rest) {
        return Some("no-bang");
    }
    let gap = rest.trim_start();
    (gap.len() < rest.len() && gap.strip_prefix('!').is_some_and(interpreter)).then_some("spaced")
}

/// A shebang further down, with only blank lines and comments above it.
fn later<'a>(script: &Script<'a>) -> Option<Found<'a>> {
    let mut start = 0;
    let mut blank = true;
    for line in script.text.split_inclusive('\n') {
        let here = start;
        start += line.len();
        let line = line.trim_end_matches(['\n', '\r']);
        let content = line.trim_start_matches('\u{feff}').trim_start();
        if content.strip_prefix("#!").is_some_and(|rest| is_interpreter(rest.trim_start())) {
            let skipped =
                script.skip.iter().any(|span| span.start <= script.base + here && script.base + here < span.end);
            let problem = if blank { "blank-before" } else { "not-first" };
            let indent = line.len() - content.len();
            // Blanks go, up to the mark itself; other lines stay, and are told whole.
            let before = Some(Span::new(0, if blank { here + indent } else { here }));
            return (!skipped).then_some(Found { problem, line: content, start: here + indent, before });
        }
        if !content.is_empty() && !content.starts_with('#') {
            return None;
        }
        blank = blank && content.is_empty();
    }
    None
}

/// An absolute path to a shell, Python or another language, perhaps by `env`.
fn is_interpreter(rest: &str) -> bool {
    let mut words = rest.split_whitespace();
    let Some(path) = words.next().filter(|path| path.starts_with('/')) else {
        return false;
    };
    let mut name = path.rsplit('/').next().unwrap_or("");
    if name == "env" {
        name = words.find(|word| !word.starts_with('-')).unwrap_or("");
    }
    let known =
        ["bash", "sh", "dash", "zsh", "ksh", "csh", "tcsh", "fish", "python", "perl", "Rscript", "julia", "ruby"];
    let base = name.trim_end_matches(|c: char| c.is_ascii_digit() || c == '.');
    known.contains(&base)
}

fn line_number(script: &Script<'_>, at: usize) -> i64 {
    i64::try_from(script.lines.line(script.base + at)).unwrap_or(i64::MAX)
}
