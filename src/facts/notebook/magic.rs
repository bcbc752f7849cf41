//! What IPython adds to Python: `!` and `%` lines and `%%` cells, masked for the Python parser and cut out for
//! the shell.

use crate::facts::{Fact, FactKind, Record, Text};
use crate::source::Span;

/// How shell text of a notebook runs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Form {
    /// `!command`: in a shell of its own. `{name}` in it is a Python variable.
    Line,
    /// `%pip`, `%conda`: in the environment of the kernel.
    Magic,
    /// `%%bash`: a script of its own.
    Cell,
    /// `%%writefile job.sh`, `%%sbatch`: a script that is written to a file or handed to the scheduler.
    Script,
    /// `%env NAME=value`: a variable of the kernel; no shell sees the text.
    Variable,
}

/// A piece of a cell that is not Python.
#[derive(Debug)]
pub struct Piece {
    /// Where it stands in the cell's text.
    pub span: Span,
    /// How it runs.
    pub form: Form,
    /// The file it is written to.
    pub file: Option<String>,
}

impl Piece {
    /// A cell that is a script.
    pub fn whole(text: &str) -> Self {
        Self { span: Span::new(0, text.len()), form: Form::Cell, file: None }
    }
}

/// A cell with everything but Python masked.
#[derive(Debug)]
pub struct Masked {
    /// The Python, of the same length as the cell.
    pub python: String,
    /// The rest, as far as it is for a shell.
    pub pieces: Vec<Piece>,
}

/// Cell magics whose body is Python.
const PYTHON_CELLS: &[&str] =
    &["capture", "lprun", "memit", "mprun", "prun", "px", "scalene", "snakeviz", "time", "timeit", "wandb"];
/// Line magics that are commands.
const COMMANDS: &[&str] = &["cd", "conda", "mamba", "micromamba", "pip", "uv"];
/// Line magics followed by a command.
const SHELLS: &[&str] = &["sh", "sx", "system"];
/// Line magics followed by a Python statement.
const STATEMENTS: &[&str] = &["memit", "prun", "time", "timeit"];

/// Reads a cell.
pub fn read(text: &str) -> Masked {
    let mut masked = Masked { python: text.to_owned(), pieces: Vec::new() };
    let start = text.len() - text.trim_start().len();
    let mut at = 0;
    if text[start..].starts_with("%%") {
        at = line_end(text, start);
        if masked.cell_magic(text, Span::new(start, at)) {
            return masked;
        }
    }
    let mut state = State::default();
    while at < text.len() {
        let mut end = line_end(text, at);
        if state.is_free() {
            end = masked.line(text, at, end).unwrap_or(end);
        }
        // What is left of a masked line may open a bracket too: `%time f(`.
        state.read(&masked.python[at..end]);
        at = end;
    }
    masked
}

/// The variable that a `%env` line sets: `NAME=value` or `NAME value`.
pub fn variable(text: &str) -> Option<Fact> {
    let (name, value) = text.split_once(['=', ' '])?;
    let start = text.len() - text.trim_start().len();
    let name = name.trim();
    let value_start = text.len() - value.trim_start().len();
    let value = value.trim();
    if name.is_empty() || value.is_empty() {
        return None;
    }
    let fields = Record::new()
        .with("name", Text::at(name, Span::new(start, start + name.len())))
        .with("value", Text::at(value, Span::new(value_start, value_start + value.len())))
        .with("exported", true);
    Some(Fact::new(FactKind::Assignment, Span::new(start, value_start + value.len()), fields))
}

/// The byte after the line end of the line at `at`.
fn line_end(text: &str, at: usize) -> usize {
    text[at..].find('\n').map_or(text.len(), |newline| at + newline + 1)
}

impl Masked {
    /// A `%%` line. True when the rest of the cell is not Python.
    fn cell_magic(&mut self, text: &str, line: Span) -> bool {
        let words: Vec<&str> = text[line.start + 2..line.end].split_whitespace().collect();
        let name = words.first().copied().unwrap_or("");
        let argument = |index: usize| words.iter().skip(1).filter(|word| !word.starts_with('-')).nth(index).copied();
        let body = Span::new(line.end, text.len());
        let mut piece = |form, file: Option<&str>| {
            self.pieces.push(Piece { span: body, form, file: file.map(str::to_owned) });
        };
        match name {
            _ if PYTHON_CELLS.contains(&name) => {
                self.blank(line, false);
                return false;
            }
            "bash" | "sh" | "!" | "sx" | "system" | "cmd_bash" => piece(Form::Cell, None),
            "script" => {
                let program = argument(0).and_then(|program| program.rsplit('/').next());
                if matches!(program, Some("bash" | "sh")) {
                    piece(Form::Cell, None);
                }
            }
            "sbatch" => piece(Form::Script, None),
            "writefile" | "file" => {
                let file = argument(0);
                let shebang = text[body.start..].trim_start().starts_with("#!");
                let shell = |extension: &str| {
                    matches!(extension, "sh" | "bash" | "slurm" | "sbatch" | "pbs" | "lsf" | "sge" | "job")
                };
                let named = file.and_then(|file| file.rsplit_once('.')).is_some_and(|(_, end)| shell(end));
                if named || (shebang && text[body.start..].lines().next().is_some_and(|line| line.contains("sh"))) {
                    piece(Form::Script, file);
                }
            }
            _ => {}
        }
        self.blank(Span::new(line.start, text.len()), false);
        true
    }

    /// A logical line. Gives its end when it was masked.
    fn line(&mut self, text: &str, at: usize, end: usize) -> Option<usize> {
        let line = &text[at..end];
        let start = at + (line.len() - line.trim_start().len());
        let code = text[start..end].trim_end();
        let first = code.chars().next()?;
        match first {
            '!' => {
                let end = continued(text, end);
                let skip = if code.starts_with("!!") { 2 } else { 1 };
                self.shell(text, Span::new(start + skip, end), Form::Line);
                self.blank(Span::new(start, end), true);
                Some(end)
            }
            '%' => Some(self.magic(text, start, end)),
            '?' => {
                self.blank(Span::new(start, end), true);
                Some(end)
            }
            // Help: no Python ends so, but strings and comments do.
            _ if code.ends_with('?') && !code.contains(['\'', '"', '#']) => {
                self.blank(Span::new(start, end), true);
                Some(end)
            }
            _ => self.assigned(text, start, end),
        }
    }

    /// `files = !ls`, `result = %time f()`.
    fn assigned(&mut self, text: &str, start: usize, end: usize) -> Option<usize> {
        let line = &text[start..end];
        let (target, value) = line.split_once('=')?;
        if !target.chars().all(|c| c.is_alphanumeric() || "_., ".contains(c)) {
            return None;
        }
        let mark = start + target.len() + 1 + (value.len() - value.trim_start().len());
        match text.as_bytes()[..end].get(mark)? {
            b'!' => {
                let end = continued(text, end);
                self.shell(text, Span::new(mark + 1, end), Form::Line);
                self.blank(Span::new(mark, end), true);
                Some(end)
            }
            b'%' => {
                let end = continued(text, end);
                self.blank(Span::new(mark, end), true);
                Some(end)
            }
            _ => None,
        }
    }

    /// A `%` line. Gives its end.
    fn magic(&mut self, text: &str, start: usize, end: usize) -> usize {
        let code = text[start..end].trim_end();
        let name: &str = code[1..].split(|c: char| c.is_whitespace()).next().unwrap_or("");
        let argument = start + 1 + name.len();
        if STATEMENTS.contains(&name) {
            let rest = text[argument..end].trim_start();
            if !rest.starts_with('-') && !rest.is_empty() && name.len() >= 3 {
                // `%time x = f()` becomes `_ =   x = f()`, of the same length.
                let mark = format!("_ ={}", " ".repeat(argument - start - 3));
                self.python.replace_range(start..argument, &mark);
                return end;
            }
        }
        let end = continued(text, end);
        match name {
            _ if COMMANDS.contains(&name) => self.shell(text, Span::new(start + 1, end), Form::Magic),
            _ if SHELLS.contains(&name) => self.shell(text, Span::new(argument, end), Form::Line),
            "env" | "set_env" => self.shell(text, Span::new(argument, end), Form::Variable),
            _ => {}
        }
        self.blank(Span::new(start, end), true);
        end
    }

    fn shell(&mut self, text: &str, span: Span, form: Form) {
        let code = &text[span.start..span.end];
        let start = span.start + (code.len() - code.trim_start().len());
        let span = Span::new(start, span.start + code.trim_end().len());
        if !span.is_empty() {
            self.pieces.push(Piece { span, form, file: None });
        }
    }

    /// Blanks a span but for its line ends; with a name in front where Python wants a statement.
    fn blank(&mut self, span: Span, statement: bool) {
        let blanks: String =
            self.python[span.start..span.end].bytes().map(|byte| if byte == b'\n' { '\n' } else { ' ' }).collect();
        self.python.replace_range(span.start..span.end, &blanks);
        if statement && self.python.as_bytes().get(span.start) == Some(&b' ') {
            self.python.replace_range(span.start..=span.start, "_");
        }
    }
}

/// The end of a line that a backslash may carry on; `end` is the end of its first line.
fn continued(text: &str, end: usize) -> usize {
    let mut end = end;
    let carries_on = |line: &str| line.strip_suffix('\r').unwrap_or(line).ends_with('\\');
    while end < text.len() && text[..end].strip_suffix('\n').is_some_and(carries_on) {
        end = line_end(text, end);
    }
    end
}

/// Whether a line begins a statement: outside strings of three quotes, brackets and continued lines.
#[derive(Default)]
struct State {
    depth: usize,
    quote: Option<u8>,
    carried: bool,
}

impl State {
    fn is_free(&self) -> bool {
        self.depth == 0 && self.quote.is_none() && !self.carried
    }

    fn read(&mut self, line: &str) {
        let bytes = line.as_bytes();
        self.carried = false;
        let mut at = 0;
        while let Some(&byte) = bytes.get(at) {
            let triple = |quote: u8| bytes[at..].starts_with(&[quote; 3]);
            match (self.quote, byte) {
                (Some(_), b'\\') => at += 1,
                (Some(quote), _) if byte == quote && triple(quote) => {
                    self.quote = None;
                    at += 2;
                }
                (Some(_), _) => {}
                (None, b'#') => return,
                (None, b'\'' | b'"') if triple(byte) => {
                    self.quote = Some(byte);
                    at += 2;
                }
                (None, b'\'' | b'"') => at = string_end(bytes, at),
                (None, b'(' | b'[' | b'{') => self.depth += 1,
                (None, b')' | b']' | b'}') => self.depth = self.depth.saturating_sub(1),
                (None, b'\\') if line[at + 1..].trim_end_matches('\r').trim_end_matches('\n').is_empty() => {
                    self.carried = true;
                }
                _ => {}
            }
            at += 1;
        }
    }
}

/// The closing quote of a string on one line, or the last byte of the line.
fn string_end(bytes: &[u8], start: usize) -> usize {
    let mut at = start + 1;
    while let Some(&byte) = bytes.get(at) {
        match byte {
            b'\\' => at += 1,
            _ if byte == bytes[start] => return at,
            _ => {}
        }
        at += 1;
    }
    bytes.len()
}
