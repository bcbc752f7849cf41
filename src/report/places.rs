//! Lines and columns for the spans of findings, their labels and fixes.

use std::ffi::OsString;
use std::path::Path;
use std::sync::Arc;

use foldhash::HashMap;

use crate::check;
use crate::source::{Position, Span};

use super::model::{Edit, FileResult, FileText, Finding, Fix, Label, Place};

/// The files of a report, in which spans have places.
pub(super) struct Places {
    pub(super) texts: Vec<FileText>,
    by_path: HashMap<OsString, (usize, Arc<Path>)>,
}

/// Turns the spans of one file's findings into places.
pub(super) struct Placing<'p> {
    places: &'p Places,
    /// For each text that was asked for, the point found last: on a very long line columns are counted on from there.
    cursors: HashMap<usize, (usize, Point)>,
}

/// A place between two characters.
#[derive(Clone, Copy)]
struct Point {
    position: Position,
    utf16: usize,
}

impl Point {
    const fn line(line: usize) -> Self {
        Self { position: Position { line, column: 1 }, utf16: 1 }
    }

    /// The point behind `text`, which stands on one line.
    fn after(self, text: &str) -> Self {
        let characters = text.chars().count();
        let units = if characters == text.len() { characters } else { text.chars().map(char::len_utf16).sum() };
        let Position { line, column } = self.position;
        Self { position: Position { line, column: column + characters }, utf16: self.utf16 + units }
    }
}

impl Places {
    /// The files of a report, in its order.
    pub(super) fn new(files: &[FileResult]) -> Self {
        let text = |file: &FileResult| FileText { text: file.source.text.clone(), lines: file.source.lines.clone() };
        let named = |(index, file): (usize, &FileResult)| {
            let path = file.source.path.as_path();
            (path.as_os_str().to_owned(), (index, path.into()))
        };
        Self { texts: files.iter().map(text).collect(), by_path: files.iter().enumerate().map(named).collect() }
    }

    /// For the findings of one file.
    pub(super) fn placing(&self) -> Placing<'_> {
        Placing { places: self, cursors: HashMap::default() }
    }
}

impl Placing<'_> {
    /// A finding as the report has it.
    pub(super) fn finding(&mut self, finding: check::Finding) -> Finding {
        let place = self.place(&finding.path, finding.span);
        let label = |label: check::Label| Label { place: self.place(&label.path, label.span), message: label.message };
        let labels = finding.labels.into_iter().map(label).collect();
        Finding {
            labels,
            rule: finding.rule,
            severity: finding.severity,
            certainty: finding.certainty,
            message: finding.message,
            help: finding.help,
            url: finding.url,
            tags: finding.tags,
            site: finding.site,
            fingerprint: finding.fingerprint,
            fix: finding.fix.map(|fix| self.fix(&place, fix)),
            no_fix: finding.no_fix,
            cell: finding.cell,
            suppressed: finding.suppressed,
            place,
            fails: false,
            repeats: 0,
        }
    }

    fn fix(&mut self, own: &Place, fix: check::Fix) -> Fix {
        let edit = |edit: check::Edit| Edit {
            elsewhere: edit.path.is_some(),
            place: self.place(edit.path.as_deref().unwrap_or(&own.path), edit.span),
            text: edit.text,
        };
        let edits = fix.edits.into_iter().map(edit).collect();
        Fix { title: fix.title, applicability: fix.applicability, edits, chmod: fix.chmod }
    }

    fn place(&mut self, path: &Path, span: Span) -> Place {
        let Some((text, path)) = self.places.by_path.get(path.as_os_str()).cloned() else {
            let (start, end) = (Point::line(1).position, Point::line(1).position);
            return Place { path: path.into(), text: None, span, start, end, start_utf16: 1, end_utf16: 1 };
        };
        let (start, end) = (self.point(text, span.start), self.point(text, span.end));
        let (start_utf16, end_utf16) = (start.utf16, end.utf16);
        Place { path, text: Some(text), span, start: start.position, end: end.position, start_utf16, end_utf16 }
    }

    fn point(&mut self, index: usize, offset: usize) -> Point {
        let FileText { text, lines } = &self.places.texts[index];
        let mut offset = offset.min(text.len());
        while !text.is_char_boundary(offset) {
            offset -= 1;
        }
        let line = lines.line(offset);
        let (from, known) = match self.cursors.get(&index) {
            Some(&(from, known)) if from <= offset && known.position.line == line => (from, known),
            _ => (lines.start(line), Point::line(line)),
        };
        let point = known.after(&text[from..offset]);
        self.cursors.insert(index, (offset, point));
        point
    }
}
