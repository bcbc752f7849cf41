//! The pieces of a ticket that can be checked: scripts, commands in order, environment files, Python.

use std::ops::Range;
use std::path::PathBuf;

use crate::policy::symptom::{On, Ran};
use crate::source::{Kind, Mapped, Source, Span};

use super::blocks;
use super::document::{Document, Ticket};
use super::lines::{self, Line};
use super::ran;
use super::recognise;
use super::title;

/// What commands at prompts are called.
pub(super) const TYPED: &str = "commands";

/// A piece of a ticket.
#[derive(Clone, Debug)]
pub struct Piece {
    /// The file in which it is checked; distinct within the ticket.
    pub path: PathBuf,
    /// What it is.
    pub kind: Kind,
    /// Its text, with the places in its document.
    pub text: Mapped,
    /// The number of its document.
    pub document: usize,
    /// What people call it: `job script`, `commands`.
    pub what: &'static str,
    /// Its text stands in the document as it is, so that edits of it are edits of the document.
    pub verbatim: bool,
    /// The name that the ticket gives it.
    pub name: Option<String>,
}

/// A ticket with what was found in it.
#[derive(Clone, Debug)]
pub struct Reading<'t> {
    /// The ticket.
    pub ticket: &'t Ticket,
    /// Its pieces, in the order of documents and lines.
    pub pieces: Vec<Piece>,
    pub(super) texts: Vec<Text>,
    /// Where its titles stand.
    pub(super) titles: Vec<Part>,
    /// Something in it speaks of a cluster.
    pub(super) cluster: bool,
    /// Something in it speaks of a job.
    pub(super) job: bool,
}

/// Bytes of the text of a document.
pub(super) type Part = (usize, Range<usize>);

/// A document's lines, and its text as phrases are looked for in it.
#[derive(Clone, Debug)]
pub(super) struct Text {
    pub lines: Vec<Line>,
    /// Where each ran that printed the line, as far as its surroundings tell.
    pub ran: Vec<Ran>,
    /// Cleaned lines, joined.
    pub clean: String,
    /// Where each line begins in `clean`.
    pub starts: Vec<usize>,
    /// Hosts in prompts, with the line's position.
    pub hosts: Vec<(usize, String)>,
}

impl Piece {
    /// The piece as a file to check.
    pub fn source(&self) -> Source {
        Source::new(self.path.clone(), self.kind, self.text.text.clone().into_bytes())
    }

    /// True for a file of the user's, which may be mended; false for commands that were typed.
    pub fn is_file(&self) -> bool {
        self.what != TYPED
    }

    /// Where a span of the piece stands in the document.
    pub fn in_document(&self, span: Span) -> Span {
        self.text.in_file(span)
    }
}

impl Text {
    /// The position of the line that holds a byte of `clean`.
    pub fn line_at(&self, byte: usize) -> usize {
        self.starts.partition_point(|start| *start <= byte).saturating_sub(1)
    }

    /// The bytes of `clean` from so many lines before a line up to so many behind another.
    pub fn window(&self, first: usize, last: usize, lines: usize) -> Range<usize> {
        let start = |line: usize| self.starts.get(line).copied();
        let to = start(last.saturating_add(lines + 1)).unwrap_or(self.clean.len());
        start(first.saturating_sub(lines)).unwrap_or(0)..to
    }

    /// A cleaned line.
    pub fn line(&self, position: usize) -> &str {
        let start = self.starts.get(position).copied().unwrap_or(self.clean.len());
        let end = self.starts.get(position + 1).map_or(self.clean.len(), |next| next - 1);
        self.clean.get(start..end).unwrap_or("")
    }
}

/// Finds the pieces of a ticket, and what each line is.
pub fn analyse(ticket: &Ticket) -> Reading<'_> {
    let mut pieces = Vec::new();
    let mut texts = Vec::new();
    for (number, document) in ticket.documents.iter().enumerate() {
        let mut lines = lines::read(document);
        let mut hosts = Vec::new();
        if document.kind == Kind::Other {
            let found = blocks::find(document, &mut lines);
            hosts = found.hosts;
            pieces.extend(found.pieces.into_iter().map(|piece| Piece { document: number, ..piece }));
            title::mark(document, &mut lines);
        } else {
            lines.iter_mut().for_each(|line| line.on = On::Script);
            pieces.push(whole(document, number));
        }
        let mut clean = String::new();
        let mut starts = Vec::with_capacity(lines.len());
        let texts_of_lines = lines.iter().map(|line| lines::clean(lines::slice(document, line.span)));
        let mut before: Option<(&Line, bool)> = None;
        for (line, text) in lines.iter().zip(texts_of_lines) {
            // A sentence that was broken to fit a width is one.
            if before.is_some_and(|(last, open)| open && recognise::goes_on(&text) && is_next(last, line)) {
                clean.pop();
                clean.push(' ');
            }
            starts.push(clean.len());
            clean.push_str(&text);
            clean.push('\n');
            before = Some((line, recognise::is_broken(&text)));
        }
        texts.push(Text { lines, ran: Vec::new(), clean, starts, hosts });
    }
    name_python(&mut pieces);
    distinct(&mut pieces);
    let jobs: Vec<bool> = ticket.documents.iter().map(Document::is_job_log).collect();
    ran::tell(&mut texts, &jobs);
    let any_job = jobs.contains(&true);
    let (cluster, job) = (any_job || ran::names_cluster(&texts), any_job || ran::names_job(&texts));
    let titles = titles(&texts);
    Reading { ticket, pieces, texts, titles, cluster, job }
}

/// True for two lines in somebody's own words, one below the other.
fn is_next(line: &Line, next: &Line) -> bool {
    let own = |line: &Line| line.on == On::Prose && !line.title;
    own(line) && own(next) && line.quote == next.quote && line.number + 1 == next.number
}

/// Where the titles of a ticket stand.
fn titles(texts: &[Text]) -> Vec<Part> {
    let of = |(document, text): (usize, &Text)| {
        let titles: Vec<usize> = (0..text.lines.len()).filter(|line| text.lines[*line].title).collect();
        titles.into_iter().map(|line| (document, text.window(line, line, 0))).collect::<Vec<Part>>()
    };
    texts.iter().enumerate().flat_map(of).collect()
}

fn whole(document: &Document, number: usize) -> Piece {
    let mut text = Mapped::default();
    text.push(&document.text, Span::new(0, document.text.len()));
    let path = PathBuf::from(document.name.clone().unwrap_or_default());
    let name = document.name.clone();
    Piece { path, kind: document.kind, text, document: number, what: "file", verbatim: true, name }
}

/// One nameless Python text and one Python file that a script runs are most likely the same.
fn name_python(pieces: &mut [Piece]) {
    let nameless = |piece: &Piece| piece.kind == Kind::Python && piece.name.is_none();
    if pieces.iter().filter(|piece| nameless(piece)).count() != 1 {
        return;
    }
    let shell = pieces.iter().filter(|piece| matches!(piece.kind, Kind::Shell { .. }));
    let words = shell.flat_map(|piece| piece.text.text.split(|c: char| c.is_whitespace() || "\"'`;".contains(c)));
    let mut runs: Vec<String> =
        words.filter(|word| word.len() > 3 && word.ends_with(".py")).map(str::to_owned).collect();
    runs.sort();
    runs.dedup();
    if let [run] = runs.as_slice()
        && !run.contains(['$', '*'])
        && let Some(piece) = pieces.iter_mut().find(|piece| nameless(piece))
    {
        piece.name = Some(run.clone());
        piece.path = PathBuf::from(run.trim_start_matches("./"));
    }
}

/// Gives each piece a path of its own.
fn distinct(pieces: &mut [Piece]) {
    let mut seen: Vec<PathBuf> = Vec::new();
    for piece in pieces {
        if piece.path.as_os_str().is_empty() {
            piece.path = PathBuf::from(piece.what.replace(' ', "-"));
        }
        let mut number = 1;
        let wanted = piece.path.clone();
        while seen.contains(&piece.path) {
            number += 1;
            piece.path = PathBuf::from(format!("{number}")).join(&wanted);
        }
        seen.push(piece.path.clone());
    }
}
