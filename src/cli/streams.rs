//! Standard output and standard error. A reader that went away is silent; any other failure is trouble.

use std::fs::File;
use std::io::{self, BufWriter, Write};

use anyhow::{Context, bail};

use crate::report::{Palette, for_terminal};

use super::args::{Color, Output};
use super::progress::Progress;
use super::snapshot::Snapshot;

/// So many bytes are held back before they are written: as many as a pipe takes.
const HELD: usize = 64 << 10;

/// Where results and complaints go.
pub(super) struct Streams {
    out: BufWriter<io::Stdout>,
    failure: Option<io::Error>,
    /// Colours for standard output.
    pub(super) palette: Palette,
    /// The terminal shows ASCII only.
    pub(super) ascii: bool,
    /// Standard output is a terminal: what is not safe to show there must not be.
    pub(super) terminal: bool,
    /// Hyperlinks, and the host that the files are on.
    pub(super) links: Option<String>,
    /// How far the work is.
    pub(super) progress: Progress,
}

impl Streams {
    /// The process's own streams.
    pub(super) fn new(color: Color, snapshot: &Snapshot) -> Self {
        let colour = match color {
            Color::Always => true,
            Color::Never => false,
            Color::Auto => {
                let dumb = snapshot.var("TERM") == Some("dumb");
                snapshot.terminal && !dumb && snapshot.var("NO_COLOR").is_none()
            }
        };
        Self {
            out: BufWriter::with_capacity(HELD, io::stdout()),
            failure: None,
            palette: if colour { Palette::COLOUR } else { Palette::PLAIN },
            ascii: snapshot.terminal && !snapshot.utf8(),
            terminal: snapshot.terminal,
            links: (colour && snapshot.hyperlinks).then(|| snapshot.host.clone()),
            progress: Progress::default(),
        }
    }

    /// Writes to standard output. After a failure nothing more is written.
    pub(super) fn print(&mut self, write: impl FnOnce(&mut dyn Write) -> io::Result<()>) {
        self.progress.finish();
        if self.failure.is_none() {
            self.failure = write(&mut self.out).err();
        }
    }

    /// Writes a line to standard error: «pydoctor: what; what to do».
    pub(super) fn complain(&mut self, message: &str) {
        self.progress.hide();
        last_words(message);
    }

    /// Writes a line to standard error as it is.
    pub(super) fn remark(&mut self, line: &str) {
        self.progress.hide();
        // There is nobody left to tell that standard error is gone.
        let _ = writeln!(io::stderr(), "{}", for_terminal(line));
    }

    /// Writes what is held back. False when standard output failed for another reason than a reader that
    /// went away.
    pub(super) fn finish(mut self) -> bool {
        self.progress.finish();
        let error = self.failure.take().or_else(|| self.out.flush().err());
        // What could not be written must not be tried again when the buffer is dropped.
        let _ = self.out.into_parts();
        match error {
            None => true,
            Some(error) if error.kind() == io::ErrorKind::BrokenPipe => true,
            Some(error) => {
                last_words(&format!("standard output: {error}"));
                false
            }
        }
    }
}

/// Refuses formats that would go to one place.
pub(super) fn apart<F>(outputs: &[Output<F>]) -> anyhow::Result<()> {
    for (index, output) in outputs.iter().enumerate() {
        if outputs[..index].iter().all(|other| other.file != output.file) {
            continue;
        }
        match &output.file {
            Some(file) => bail!("two formats cannot both go to {}; give each a file of its own", file.display()),
            None => bail!("two formats cannot both go to standard output; give one a file: -f NAME=FILE"),
        }
    }
    Ok(())
}

/// Writes something in the format and to the place that the user chose. Errors name the file.
pub(super) fn emit<F: Copy>(
    output: &Output<F>,
    streams: &mut Streams,
    write: impl FnOnce(F, &mut dyn Write) -> io::Result<()>,
) -> anyhow::Result<()> {
    let Some(file) = &output.file else {
        streams.print(|out| write(output.format, out));
        return Ok(());
    };
    let to_file = || {
        let mut out = BufWriter::with_capacity(HELD, File::create(file)?);
        write(output.format, &mut out)?;
        out.flush()
    };
    to_file().with_context(|| format!("{}: cannot be written", file.display()))
}

/// A line on standard error when there are no streams yet, or no more.
pub(super) fn last_words(message: &str) {
    let _ = writeln!(io::stderr(), "pydoctor: {}", for_terminal(message.trim_end()));
}
