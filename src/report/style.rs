//! Colours, and the writer through which codespan-reporting gets them.

use std::io::{self, Write};

use anstyle::{AnsiColor, Style};
use codespan_reporting::diagnostic::{LabelStyle, Severity};
use codespan_reporting::term::WriteStyle;

use crate::check;

use super::links::linked;

/// The styles of everything that is shown. All empty without colour.
#[derive(Clone, Copy, Debug, Default)]
pub struct Palette {
    /// Errors.
    pub error: Style,
    /// Warnings.
    pub warning: Style,
    /// Hints.
    pub hint: Style,
    /// Messages and file names.
    pub strong: Style,
    /// Frames, line numbers.
    pub faint: Style,
    /// Lines added.
    pub added: Style,
    /// Lines removed.
    pub removed: Style,
}

impl Palette {
    /// No colour at all.
    pub const PLAIN: Self = Self {
        error: Style::new(),
        warning: Style::new(),
        hint: Style::new(),
        strong: Style::new(),
        faint: Style::new(),
        added: Style::new(),
        removed: Style::new(),
    };

    /// The sixteen colours that every terminal has and its user may have chosen.
    pub const COLOUR: Self = Self {
        error: AnsiColor::Red.on_default().bold(),
        warning: AnsiColor::Yellow.on_default().bold(),
        hint: AnsiColor::Cyan.on_default().bold(),
        strong: Style::new().bold(),
        faint: AnsiColor::Blue.on_default(),
        added: AnsiColor::Green.on_default(),
        removed: AnsiColor::Red.on_default(),
    };

    /// The style of a severity of ours.
    pub(super) const fn of(&self, severity: check::Severity) -> Style {
        match severity {
            check::Severity::Error => self.error,
            check::Severity::Warning => self.warning,
            check::Severity::Hint => self.hint,
        }
    }

    const fn severity(&self, severity: Severity) -> Style {
        match severity {
            Severity::Bug | Severity::Error => self.error,
            Severity::Warning => self.warning,
            Severity::Note | Severity::Help => self.hint,
        }
    }
}

/// Writes what codespan-reporting renders, in our colours.
pub(super) struct Styled<'a> {
    out: &'a mut dyn Write,
    palette: &'a Palette,
    current: Style,
    /// The next text is the name of the severity «note», which we call «hint».
    hint_follows: bool,
    /// Blanks that are written only when something follows them on their line.
    blanks: usize,
    /// Words that become links where they are written as one piece, once each, with their addresses.
    links: Vec<(String, String)>,
}

impl<'a> Styled<'a> {
    pub(super) fn new(out: &'a mut dyn Write, palette: &'a Palette) -> Self {
        Self { out, palette, current: Style::new(), hint_follows: false, blanks: 0, links: Vec::new() }
    }

    /// Makes a link of the rule's id, or of a file's name, where it is written first.
    pub(super) fn link(&mut self, word: &str, address: String) {
        if !self.links.iter().any(|(known, _)| known == word) {
            self.links.push((word.to_owned(), address));
        }
    }

    fn set(&mut self, style: Style) -> io::Result<()> {
        self.reset()?;
        self.current = style;
        write!(self.out, "{style}")
    }
}

impl Write for Styled<'_> {
    fn write(&mut self, text: &[u8]) -> io::Result<usize> {
        let shown = match text {
            b"note" if std::mem::take(&mut self.hint_follows) => b"hint",
            text => text,
        };
        // Renderers write a code and a file's name as pieces of their own.
        if let Some(index) = self.links.iter().position(|(word, _)| word.as_bytes() == shown) {
            let (word, address) = self.links.swap_remove(index);
            write!(self.out, "{:1$}{2}", "", std::mem::take(&mut self.blanks), linked(&word, Some(&address)))?;
            return Ok(text.len());
        }
        for line in shown.split_inclusive(|byte| *byte == b'\n') {
            let content = line.trim_ascii_end();
            if !content.is_empty() {
                write!(self.out, "{:1$}", "", std::mem::take(&mut self.blanks))?;
                self.out.write_all(content)?;
            }
            if line.ends_with(b"\n") {
                self.blanks = 0;
                self.out.write_all(b"\n")?;
            } else {
                self.blanks += line.len() - content.len();
            }
        }
        Ok(text.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        self.out.flush()
    }
}

impl WriteStyle for Styled<'_> {
    fn set_header(&mut self, severity: Severity) -> io::Result<()> {
        self.set(self.palette.severity(severity))?;
        self.hint_follows = severity == Severity::Note;
        Ok(())
    }

    fn set_header_message(&mut self) -> io::Result<()> {
        self.set(self.palette.strong)
    }

    fn set_line_number(&mut self) -> io::Result<()> {
        self.set(self.palette.faint)
    }

    fn set_note_bullet(&mut self) -> io::Result<()> {
        self.set(self.palette.faint)
    }

    fn set_source_border(&mut self) -> io::Result<()> {
        self.set(self.palette.faint)
    }

    fn set_label(&mut self, severity: Severity, label_style: LabelStyle) -> io::Result<()> {
        self.set(match label_style {
            LabelStyle::Primary => self.palette.severity(severity),
            LabelStyle::Secondary => self.palette.faint,
        })
    }

    fn reset(&mut self) -> io::Result<()> {
        let style = std::mem::take(&mut self.current);
        write!(self.out, "{style:#}")
    }
}
