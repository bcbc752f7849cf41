//! Going through the lines of a text: fences, indented code, prompts, scripts and files without any mark, output.

mod unmarked;

use std::path::{Path, PathBuf};

use crate::policy::symptom::On;
use crate::source::{Kind, Mapped, Role, Shell, Span, classify_named};

use super::document::Document;
use super::language::kind_of;
use super::lines::{Line, clean, slice};
use super::pieces::{Piece, TYPED};
use super::prompt::{self, Prompt};
use super::recognise::{is_boundary, is_header, is_log, is_prose};
use super::script::{begins, begins_shifted, begins_startup, ends, file_named, heredoc, is_fence, printed_by};

/// Pieces that are taken out of one document.
const PIECES: usize = 300;

/// Blocks inside each other.
const DEPTH: usize = 6;

/// So far up the text above a block is looked at for its name.
const ABOVE: usize = 12;

/// What was found in a document.
#[derive(Default)]
pub(super) struct Found {
    pub pieces: Vec<Piece>,
    /// Hosts in prompts, with the positions of their lines.
    pub hosts: Vec<(usize, String)>,
}

/// Finds the pieces of a document, and sets what each line is.
pub(super) fn find(document: &Document, lines: &mut [Line]) -> Found {
    let parts: Vec<Part> = lines.iter().enumerate().map(|(at, line)| Part { at, span: line.span }).collect();
    let quotes = lines.iter().map(|line| line.quote).collect();
    let mut finder =
        Finder { document, quotes, on: vec![None; lines.len()], depth: 0, no_environment: 0, found: Found::default() };
    let machine = document.is_log();
    finder.walk(&parts, if machine { Flow::Output } else { Flow::Text });
    for (line, on) in lines.iter_mut().zip(&finder.on) {
        line.on = on.unwrap_or(if machine { On::Log } else { On::Prose });
    }
    finder.found
}

/// A line inside the stretch that is looked at: without the indentation of a block.
#[derive(Clone, Copy, Debug)]
struct Part {
    at: usize,
    span: Span,
}

/// What a stretch of lines is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Flow {
    /// Somebody's text.
    Text,
    /// What programs printed, and what was typed between it.
    Output,
}

struct Finder<'d> {
    document: &'d Document,
    quotes: Vec<usize>,
    on: Vec<Option<On>>,
    depth: usize,
    /// No environment file begins above this line: it was looked at.
    no_environment: usize,
    found: Found,
}

impl<'d> Finder<'d> {
    fn text(&self, part: Part) -> &'d str {
        slice(self.document, part.span)
    }

    fn mark(&mut self, parts: &[Part], on: On) {
        parts.iter().for_each(|part| self.on[part.at] = Some(on));
    }

    fn walk(&mut self, parts: &[Part], flow: Flow) {
        if self.depth >= DEPTH {
            return self.mark(parts, On::Log);
        }
        self.depth += 1;
        let mut at = 0;
        while at < parts.len() {
            let line = self.text(parts[at]);
            let next = if is_fence(line) {
                self.fence(parts, at)
            } else if prompt::read(line).is_some() {
                // What is set off ends where the text goes on, and its margin is the text's.
                if flow == Flow::Text && self.is_indented(parts, at) {
                    self.indented(parts, at)
                } else {
                    self.session(parts, at)
                }
            } else if begins(line) || begins_shifted(line, parts.get(at + 1).map_or("", |next| self.text(*next))) {
                self.script(parts, at)
            } else if begins_startup(line) {
                self.startup(parts, at)
            } else if let Some(end) = self.environment(parts, at) {
                end
            } else if let Some(end) = self.python(parts, at, flow) {
                end
            } else if flow == Flow::Text && self.is_indented(parts, at) {
                self.indented(parts, at)
            } else if flow == Flow::Text && line.contains("Traceback (most recent call last)") {
                self.traceback(parts, at)
            } else {
                self.on[parts[at].at] = Some(match flow {
                    Flow::Output => On::Log,
                    Flow::Text if is_log(&clean(line)) => On::Log,
                    Flow::Text => On::Prose,
                });
                at + 1
            };
            at = next.max(at + 1);
        }
        self.depth -= 1;
    }

    /// A block between fences. Gives the position behind it.
    fn fence(&mut self, parts: &[Part], at: usize) -> usize {
        let opening = self.text(parts[at]).trim_start();
        let mark = opening.chars().next().unwrap_or('`');
        let length = opening.chars().take_while(|c| *c == mark).count();
        let word = opening[length..].trim();
        // Text behind the mark that closes on the same line is no fence.
        if word.contains(mark) {
            self.on[parts[at].at] = Some(On::Log);
            return at + 1;
        }
        let closes = |line: &str| {
            let line = line.trim();
            line.len() >= length && line.chars().all(|c| c == mark)
        };
        let end = (at + 1..parts.len()).find(|next| closes(self.text(parts[*next]))).unwrap_or(parts.len());
        let language = word.split(|c: char| !c.is_alphanumeric()).next().unwrap_or("").to_ascii_lowercase();
        let name = file_named(word).or_else(|| self.caption(parts, at));
        self.block(&parts[at + 1..end], &language, name);
        end + 1
    }

    /// Lines that are set off: one file, or output with commands in it.
    fn block(&mut self, parts: &[Part], language: &str, name: Option<String>) {
        let text: String = parts.iter().map(|part| format!("{}\n", self.text(*part))).collect();
        let is_output = matches!(language, "console" | "text" | "txt" | "log" | "output" | "none" | "diff" | "pytb")
            || parts.iter().any(|part| prompt::read(self.text(*part)).is_some())
            || self.is_mostly_output(parts);
        let kind = if is_output { Kind::Other } else { kind_of(language, name.as_deref(), &text) };
        match kind {
            Kind::Other => self.walk(parts, Flow::Output),
            kind => self.piece(parts, kind, name),
        }
    }

    fn is_mostly_output(&self, parts: &[Part]) -> bool {
        let lines: Vec<&str> =
            parts.iter().map(|part| self.text(*part)).filter(|line| !line.trim().is_empty()).collect();
        let logs = lines.iter().filter(|line| is_log(&clean(line))).count();
        let begins = lines.first().is_some_and(|line| begins(line));
        !begins && (logs * 3 >= lines.len() || lines.iter().any(|line| line.contains("Traceback (most recent")))
    }

    /// Indented lines below a blank one.
    fn is_indented(&self, parts: &[Part], at: usize) -> bool {
        let indented = |line: &str| line.starts_with("    ") || line.starts_with('\t');
        let line = self.text(parts[at]);
        let before = at.checked_sub(1).map_or("", |before| self.text(parts[before])).trim();
        indented(line) && !line.trim().is_empty() && (before.is_empty() || before.ends_with(':'))
    }

    fn indented(&mut self, parts: &[Part], at: usize) -> usize {
        let is_part = |line: &str| line.trim().is_empty() || line.starts_with("    ") || line.starts_with('\t');
        let mut end = (at..parts.len()).find(|next| !is_part(self.text(parts[*next]))).unwrap_or(parts.len());
        while end > at && self.text(parts[end - 1]).trim().is_empty() {
            end -= 1;
        }
        let inner = self.without_margin(&parts[at..end]);
        let name = self.caption(parts, at);
        self.block(&inner, "", name);
        end
    }

    /// The lines without the blanks that all of them begin with.
    fn without_margin(&self, parts: &[Part]) -> Vec<Part> {
        let indent = |line: &str| line.len() - line.trim_start_matches([' ', '\t']).len();
        let least = parts.iter().map(|part| self.text(*part)).filter(|line| !line.trim().is_empty());
        let least = least.map(indent).min().unwrap_or(0);
        let inner = |part: &Part| {
            let start = (part.span.start + least).min(part.span.end);
            Part { span: Span::new(start, part.span.end), ..*part }
        };
        parts.iter().map(inner).collect()
    }

    /// Commands at prompts with their output. Gives the position behind it.
    fn session(&mut self, parts: &[Part], at: usize) -> usize {
        let mut session = Session::default();
        let mut next = at;
        let mut printing: Option<(String, usize)> = None;
        while next < parts.len() {
            let line = self.text(parts[next]);
            if let Some(found) = prompt::read(line) {
                if let Some((file, from)) = printing.take() {
                    self.printed(&parts[from..next], &file);
                }
                printing = self.typed(&mut session, parts[next], line, &found, next);
                next += 1;
                continue;
            }
            let before = next.checked_sub(1).map_or("", |before| self.text(parts[before]));
            if printing.is_none() && (self.is_over(line, before) || begins(line)) {
                break;
            }
            if printing.is_some() && (is_fence(line) || is_boundary(line)) {
                break;
            }
            self.on[parts[next].at] = Some(On::Log);
            next += 1;
        }
        if let Some((file, from)) = printing.take() {
            self.printed(&parts[from..next], &file);
        }
        self.finish_session(session);
        next
    }

    /// Takes in what was typed; gives the file that it prints, and the position at which that begins.
    fn typed(
        &mut self,
        session: &mut Session,
        part: Part,
        line: &str,
        found: &Prompt<'_>,
        at: usize,
    ) -> Option<(String, usize)> {
        self.on[part.at] = Some(On::Command);
        let start = part.span.start + (found.command.as_ptr() as usize - line.as_ptr() as usize);
        let span = Span::new(start, start + found.command.len());
        if let Some(host) = found.host {
            self.found.hosts.push((part.at, host.to_owned()));
        }
        if found.python {
            session.python.push((part.at, span));
            return None;
        }
        session.shell.push((part.at, span, found.env.map(str::to_owned)));
        printed_by(found.command).map(|file| (file.to_owned(), at + 1))
    }

    /// True for a line below a command that is not its output.
    fn is_over(&self, line: &str, before: &str) -> bool {
        is_fence(line) || is_boundary(line) || is_header(line) || (before.trim().is_empty() && is_prose(&clean(line)))
    }

    /// What a command printed is a file.
    fn printed(&mut self, parts: &[Part], file: &str) {
        let name = file.rsplit('/').next().unwrap_or(file).to_owned();
        let parts = &self.without_margin(parts);
        let text: String = parts.iter().map(|part| format!("{}\n", self.text(*part))).collect();
        let missing = text.contains("No such file or directory") && text.lines().count() < 3;
        let last =
            |text: &str| Path::new(text).extension().is_some_and(|end| end == "out" || end == "err" || end == "log");
        if !missing && !last(&name) {
            let kind = classify_named(Path::new(&name), text.as_bytes());
            if kind != Kind::Other {
                return self.piece(parts, kind, Some(name));
            }
        }
        if !parts.is_empty() {
            self.walk(parts, Flow::Output);
        }
    }

    fn finish_session(&mut self, session: Session) {
        if !session.python.is_empty() {
            let mut text = Mapped::default();
            for (_, span) in &session.python {
                text.push(slice(self.document, *span), *span);
                push_line_end(&mut text, *span);
            }
            self.add(text, Kind::Python, None, TYPED, false);
        }
        if session.shell.is_empty() {
            return;
        }
        let mut text = Mapped::default();
        let mut active: Option<String> = None;
        for (number, (_, span, env)) in session.shell.iter().enumerate() {
            if number == 0 {
                // An interactive shell has read its start-up files.
                text.push("#!/bin/bash -l\n", Span::at(span.start));
            }
            if *env != active {
                if env.is_some() {
                    text.push("source \"$ACTIVE_BEFORE/bin/activate\"\n", Span::at(span.start));
                }
                active.clone_from(env);
            }
            text.push(slice(self.document, *span), *span);
            push_line_end(&mut text, *span);
        }
        self.add(text, Kind::Shell { shell: Shell::Bash, role: Role::Script }, None, TYPED, false);
    }

    /// A script without any mark around it. Gives the position behind it.
    fn script(&mut self, parts: &[Part], at: usize) -> usize {
        let quote = self.quotes[parts[at].at];
        let mut waiting: Option<String> = None;
        let mut end = at + 1;
        while end < parts.len() {
            let line = self.text(parts[end]);
            if self.quotes[parts[end].at] != quote {
                break;
            }
            if let Some(word) = &waiting {
                if line.trim() == word {
                    waiting = None;
                }
                end += 1;
                continue;
            }
            if ends(line, self.text(parts[end - 1])) {
                break;
            }
            waiting = if line.trim_start().starts_with('#') { None } else { heredoc(line) };
            end += 1;
        }
        let end = self.without_blank(parts, at, end);
        let text: String = parts[at..end].iter().map(|part| format!("{}\n", self.text(*part))).collect();
        // The name of a start-up file above a job script is about something else.
        let name = self.caption(parts, at).filter(|name| !name.starts_with('.'));
        let kind = match kind_of("", name.as_deref(), &text) {
            Kind::Other => Kind::Shell { shell: Shell::Bash, role: Role::Job },
            kind => kind,
        };
        self.piece(&parts[at..end], kind, name);
        end
    }

    /// A start-up file, or a part of one. Gives the position behind it.
    fn startup(&mut self, parts: &[Part], at: usize) -> usize {
        let mut end = at + 1;
        let mut inside = self.text(parts[at]).contains(">>>");
        while end < parts.len() {
            let line = self.text(parts[end]);
            if !inside && ends(line, self.text(parts[end - 1])) {
                break;
            }
            if is_fence(line) || is_boundary(line) {
                break;
            }
            inside = (inside || line.contains("# >>> ")) && !line.contains("# <<< ");
            end += 1;
        }
        let end = self.without_blank(parts, at, end);
        let name = self.caption(parts, at).filter(|name| name.starts_with('.')).unwrap_or_else(|| ".bashrc".to_owned());
        let kind = classify_named(Path::new(&name), b"");
        self.piece(&parts[at..end], kind, Some(name));
        end
    }

    /// A traceback: its frames are indented, and the line below them names the exception.
    fn traceback(&mut self, parts: &[Part], at: usize) -> usize {
        let mut end = at + 1;
        while end < parts.len() {
            let line = self.text(parts[end]);
            let frame = line.starts_with([' ', '\t']) || line.trim().is_empty();
            if !frame
                && (is_prose(&clean(line)) || is_fence(line) || begins(line) || is_boundary(line))
                && !is_log(&clean(line))
            {
                break;
            }
            end += 1;
            if !frame {
                break;
            }
        }
        self.mark(&parts[at..end], On::Log);
        end
    }

    fn without_blank(&self, parts: &[Part], at: usize, mut end: usize) -> usize {
        while end > at + 1 && self.text(parts[end - 1]).trim().is_empty() {
            end -= 1;
        }
        end
    }

    /// The file that the text above a block names.
    fn caption(&self, parts: &[Part], at: usize) -> Option<String> {
        let above = parts[..at].iter().rev().take(ABOVE).map(|part| self.text(*part));
        let above = above.filter(|line| !line.trim().is_empty());
        above.take(2).find_map(file_named)
    }

    fn piece(&mut self, parts: &[Part], kind: Kind, name: Option<String>) {
        self.mark(parts, On::Script);
        let mut text = Mapped::default();
        for part in parts {
            text.push(self.text(*part), part.span);
            push_line_end(&mut text, part.span);
        }
        let verbatim = parts.windows(2).all(|pair| {
            let between = self.document.text.get(pair[0].span.end..pair[1].span.start);
            between == Some("\n")
        });
        let what = match kind {
            Kind::Shell { role: Role::Job, .. } => "job script",
            Kind::Shell { role: Role::Startup, .. } => "start-up file",
            Kind::Shell { .. } => "script",
            Kind::Environment => "environment file",
            Kind::Condarc => "conda settings",
            Kind::Requirements => "requirements",
            Kind::Python => "Python script",
            Kind::Notebook => "notebook",
            Kind::Other => "text",
        };
        self.add(text, kind, name, what, verbatim);
    }

    fn add(&mut self, text: Mapped, kind: Kind, name: Option<String>, what: &'static str, verbatim: bool) {
        if self.found.pieces.len() < PIECES && !text.text.trim().is_empty() {
            let path = PathBuf::from(name.clone().unwrap_or_default());
            self.found.pieces.push(Piece { path, kind, text, document: 0, what, verbatim, name });
        }
    }
}

/// Commands of one stretch of prompts: position, place, and the environment that the prompt shows.
#[derive(Default)]
struct Session {
    shell: Vec<(usize, Span, Option<String>)>,
    python: Vec<(usize, Span)>,
}

/// The line end after a line of a document, which may have a carriage return in it.
fn push_line_end(text: &mut Mapped, line: Span) {
    text.push("\n", Span::new(line.end, line.end + 1));
}
