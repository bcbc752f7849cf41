//! The lines of a script as schedulers see them, and the line at which they stop reading.

use super::Script;
use super::sentinel;
use crate::source::{Scheduler, Span};

/// A line, or for PBS several that backslashes join.
#[derive(Clone, Copy, Debug)]
pub(super) struct Line<'a> {
    /// Its number in the file.
    pub(super) number: usize,
    /// The byte of the file at which it begins.
    pub(super) start: usize,
    /// Its text without the line end.
    pub(super) text: &'a str,
}

/// How far a scheduler reads.
#[derive(Clone, Copy, Debug)]
pub(super) struct Reading {
    scheduler: Scheduler,
    /// A shell fills in variables of the text before the scheduler sees it.
    expanded: bool,
    first: bool,
    ended_by: Option<usize>,
    second_shebang: bool,
}

/// The lines of a script that belong to it.
#[derive(Clone, Debug)]
pub(super) struct Lines<'a> {
    script: &'a Script<'a>,
    scheduler: Scheduler,
    /// The byte of the text at which the next line begins.
    at: usize,
    /// Its number in the file.
    number: usize,
    /// Texts of others that end behind it.
    skip: &'a [Span],
}

impl<'a> Lines<'a> {
    pub(super) fn of(script: &'a Script<'a>, scheduler: Scheduler) -> Self {
        Self { script, scheduler, at: 0, number: script.lines.line(script.base), skip: script.skip }
    }

    /// Leaves out lines without any `#`.
    pub(super) fn pass_uncommented(&mut self) {
        let rest = self.script.text.as_bytes().get(self.at..).unwrap_or_default();
        let mark = memchr::memchr(b'#', rest).unwrap_or(rest.len());
        let line = memchr::memrchr(b'\n', &rest[..mark]).map_or(0, |end| end + 1);
        self.pass(line);
    }

    /// Goes on by so many bytes.
    fn pass(&mut self, length: usize) {
        let passed = &self.script.text.as_bytes()[self.at..self.at + length];
        self.number += memchr::memchr_iter(b'\n', passed).count();
        self.at += length;
    }
}

impl<'a> Iterator for Lines<'a> {
    type Item = Line<'a>;

    fn next(&mut self) -> Option<Line<'a>> {
        loop {
            let rest = self.script.text.get(self.at..).filter(|rest| !rest.is_empty())?;
            let (start, number) = (self.script.base + self.at, self.number);
            let end = logical_end(rest, self.scheduler);
            let text = rest[..end].strip_suffix('\n').unwrap_or(&rest[..end]);
            self.pass(end);
            while self.skip.first().is_some_and(|span| span.end <= start) {
                self.skip = &self.skip[1..];
            }
            if self.skip.first().is_some_and(|span| span.start <= start && start < span.end) {
                continue;
            }
            let text = text.strip_suffix('\r').unwrap_or(text);
            return Some(Line { number, start, text });
        }
    }
}

/// The length of the first line of `rest` with its end; a PBS directive goes on after a backslash.
fn logical_end(rest: &str, scheduler: Scheduler) -> usize {
    let end_from =
        |from: usize| memchr::memchr(b'\n', &rest.as_bytes()[from..]).map_or(rest.len(), |length| from + length + 1);
    let mut end = end_from(0);
    if scheduler == Scheduler::Pbs && rest.trim_start_matches([' ', '\t']).starts_with("#PBS") {
        while end < rest.len() && rest[..end].trim_end_matches(['\n', '\r']).ends_with('\\') {
            end = end_from(end);
        }
    }
    end
}

impl Reading {
    pub(super) const fn new(scheduler: Scheduler, expanded: bool) -> Self {
        Self { scheduler, expanded, first: true, ended_by: None, second_shebang: false }
    }

    /// The line of the command at which the scheduler stopped.
    pub(super) const fn ended_by(&self) -> Option<usize> {
        self.ended_by
    }

    /// True when a shebang came below the first command: another script begins there.
    pub(super) const fn second_shebang(&self) -> bool {
        self.second_shebang
    }

    /// Takes note of a line that is no directive.
    pub(super) fn pass(&mut self, line: &Line<'_>) {
        let first = std::mem::replace(&mut self.first, false);
        // These two read to the end of the script.
        if self.ended_by.is_some() || matches!(self.scheduler, Scheduler::Sge | Scheduler::Lsf) {
            self.second_shebang |= self.ended_by.is_some() && line.text.starts_with("#!/");
            return;
        }
        let text = line.text.trim_start_matches('\u{feff}').trim();
        let label = self.scheduler == Scheduler::Pbs && text.starts_with(':');
        // A first line without its `#` is a fault of its own; what follows is read as it was meant.
        let shebang = first && text.starts_with('!');
        let filled_in = text.len() > 2 && text.starts_with('@') && text.ends_with('@') && !text.contains(' ');
        let filled_in = filled_in || (self.expanded && text.starts_with('$')) || is_blank(text);
        let template = filled_in || ["{%", "{{", "{#", "<%"].iter().any(|mark| text.starts_with(mark));
        if !(text.is_empty() || text.starts_with('#') || label || shebang || template) {
            self.ended_by = Some(line.number);
        }
    }

    /// True for a Slurm directive that begins the next component of a heterogeneous job.
    pub(super) fn hetjob(&self, line: &Line<'_>) -> bool {
        self.scheduler == Scheduler::Slurm && sentinel::has_hetjob(line.text)
    }
}

/// True for a line that is one name in capitals, which a program that fills the script in puts something for.
fn is_blank(text: &str) -> bool {
    text.contains('_') && text.bytes().all(|byte| byte.is_ascii_uppercase() || byte.is_ascii_digit() || byte == b'_')
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::source::LineIndex;

    #[test]
    fn lines_keep_their_numbers_where_some_are_left_out() {
        let text = "#!/bin/bash\n#SBATCH -n 1\r\n\necho a\necho b\n\n  # c\necho d\n# e";
        let index = LineIndex::new(text);
        let script = Script::file(text, &index, &[]);
        let mut lines = Lines::of(&script, Scheduler::Slurm);
        let before: Vec<_> = lines.by_ref().take(4).map(|line| (line.number, line.start, line.text)).collect();
        assert_eq!(before, [(1, 0, "#!/bin/bash"), (2, 12, "#SBATCH -n 1"), (3, 26, ""), (4, 27, "echo a")]);
        lines.pass_uncommented();
        let next = lines.next().map(|line| (line.number, line.text));
        assert_eq!(next, Some((7, "  # c")));
        lines.pass_uncommented();
        assert_eq!(lines.next().map(|line| (line.number, line.text)), Some((9, "# e")));
        lines.pass_uncommented();
        assert!(lines.next().is_none());
    }
}
