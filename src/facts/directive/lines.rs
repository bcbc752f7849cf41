//! The lines of a script as schedulers see them, and the line at which they stop reading.

use super::Script;
use super::sentinel;
use crate::source::Scheduler;

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

/// The lines of `script` that belong to it.
pub(super) fn of<'a>(script: &'a Script<'a>, scheduler: Scheduler) -> impl Iterator<Item = Line<'a>> {
    let mut at = 0;
    let mut skip = script.skip;
    std::iter::from_fn(move || {
        loop {
            let rest = script.text.get(at..).filter(|rest| !rest.is_empty())?;
            let start = script.base + at;
            let end = logical_end(rest, scheduler);
            let text = rest[..end].strip_suffix('\n').unwrap_or(&rest[..end]);
            at += end;
            while skip.first().is_some_and(|span| span.end <= start) {
                skip = &skip[1..];
            }
            if skip.first().is_some_and(|span| span.start <= start && start < span.end) {
                continue;
            }
            let text = text.strip_suffix('\r').unwrap_or(text);
            return Some(Line { number: script.lines.line(start), start, text });
        }
    })
}

/// The length of the first line of `rest` with its end; a PBS directive goes on after a backslash.
fn logical_end(rest: &str, scheduler: Scheduler) -> usize {
    let end_from = |from: usize| rest[from..].find('\n').map_or(rest.len(), |length| from + length + 1);
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
        if self.ended_by.is_some() || self.scheduler == Scheduler::Sge {
            self.second_shebang |= self.ended_by.is_some() && line.text.starts_with("#!/");
            return;
        }
        let text = line.text.trim_start_matches('\u{feff}').trim();
        let label = self.scheduler == Scheduler::Pbs && text.starts_with(':');
        // A first line without its `#` is a fault of its own; what follows is read as it was meant.
        let shebang = first && text.starts_with('!');
        let filled_in = text.len() > 2 && text.starts_with('@') && text.ends_with('@') && !text.contains(' ');
        let filled_in = filled_in || (self.expanded && text.starts_with('$'));
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
