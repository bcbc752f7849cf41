//! Scheduler directives: the comment lines that ask a batch system for resources, read line by line as each
//! scheduler reads them, without any syntax tree.

mod lines;
mod option;
mod pbs;
mod record;
mod sentinel;
mod single_dash;
mod slurm;
mod words;

use crate::facts::{Fact, FactKind};
use crate::source::{LineIndex, Scheduler, Span};
use crate::tables::{OptionTable, Schedulers};
use lines::{Lines, Reading};
use option::{Parsed, Verdict};
use record::Assembly;
use sentinel::Disguise;

/// The most options of one line; each fact holds a copy of its line, and real lines have a dozen.
const MAX_OPTIONS: usize = 40;

/// A text that a scheduler could be handed: a file, or the body of a here document that writes one.
#[derive(Clone, Copy, Debug)]
pub struct Script<'a> {
    /// The text.
    pub text: &'a str,
    /// The byte of the file at which it begins.
    pub base: usize,
    /// The lines of the file.
    pub lines: &'a LineIndex,
    /// Bytes of the file that belong to other texts, in order: bodies of here documents, quoted text over
    /// several lines. Lines that begin there are passed over.
    pub skip: &'a [Span],
    /// Compound commands of the text, in order.
    pub bodies: &'a [Span],
    /// What the text stands in (`heredoc`), as in the field `context`.
    pub context: &'a [&'static str],
    /// True when a shell expands variables in it before any scheduler sees it.
    pub expanded: bool,
}

impl<'a> Script<'a> {
    /// A whole file.
    pub const fn file(text: &'a str, lines: &'a LineIndex, skip: &'a [Span]) -> Self {
        Self { text, base: 0, lines, skip, bodies: &[], context: &[], expanded: false }
    }
}

/// Appends one `directive` fact for each option of each directive, scheduler by scheduler in the order of
/// [`Scheduler::ALL`], each in the order of the text.
pub fn collect(schedulers: &Schedulers, script: &Script<'_>, out: &mut Vec<Fact>) {
    for scheduler in Scheduler::ALL {
        if sentinel::may_occur(scheduler, script.text) {
            read(scheduler, schedulers.options(scheduler), script, out);
        }
    }
}

/// The scheduler whose directives stand first among `facts`, those that it reads before those that it does not.
pub fn scheduler_of(facts: &[Fact]) -> Option<Scheduler> {
    let directives = || facts.iter().filter(|fact| fact.kind == FactKind::Directive && own(fact));
    let first = directives().filter(|fact| fact.fields.flag("effective")).min_by_key(|fact| fact.span.start);
    let first = first.or_else(|| {
        let real = directives().filter(|fact| fact.fields.text("disguised") == "none");
        real.min_by_key(|fact| fact.span.start)
    })?;
    Scheduler::ALL.into_iter().find(|scheduler| scheduler.name() == first.fields.text("scheduler"))
}

/// True for a directive of the file itself, not of a script that it writes.
pub(crate) fn own(fact: &Fact) -> bool {
    match fact.fields.get("context") {
        Some(crate::facts::Value::List(items)) => items.is_empty(),
        _ => true,
    }
}

/// False when no line of `text` can be a directive; cheap.
pub fn may_hold(text: &str) -> bool {
    Scheduler::ALL.into_iter().any(|scheduler| sentinel::may_occur(scheduler, text))
}

fn read(scheduler: Scheduler, table: &OptionTable, script: &Script<'_>, out: &mut Vec<Fact>) {
    let mut reading = Reading::new(scheduler, script.expanded);
    let mut assembly = Assembly::new(scheduler, table, script);
    let mut lines = Lines::of(script, scheduler);
    while let Some(line) = lines.next() {
        let Some(mark) = sentinel::find(scheduler, line.text) else {
            reading.pass(&line);
            if reading.ended_by().is_some() {
                lines.pass_uncommented();
            }
            continue;
        };
        if reading.hetjob(&line) {
            assembly.next_component();
        }
        let parsed = parse(scheduler, table, line.text, mark.end, script.expanded);
        if mark.disguise == Disguise::None {
            assembly.line(&line, &mark, &parsed, &reading, out);
        } else if reading.ended_by().is_none() && is_directive(&parsed) {
            assembly.disguised(&line, &mark, &parsed, out);
        }
    }
}

fn parse(scheduler: Scheduler, table: &OptionTable, line: &str, from: usize, expanded: bool) -> Vec<Parsed> {
    let mut options = match scheduler {
        Scheduler::Slurm => slurm::options(table, line, from, expanded),
        Scheduler::Pbs => pbs::options(table, line, from),
        Scheduler::Sge => single_dash::sge(table, line, from),
        Scheduler::Lsf => single_dash::lsf(table, line, from),
    };
    options.truncate(MAX_OPTIONS);
    options
}

/// True when a comment holds options and nothing else: prose that begins like a directive has stray words.
fn is_directive(parsed: &[Parsed]) -> bool {
    let acceptable = |option: &Parsed| option.accepted() || matches!(option.verdict, Verdict::Unknown(Some(_)));
    !parsed.is_empty() && parsed[0].accepted() && parsed.iter().all(acceptable)
}
