//! `--fix --interactive`: shows each fix on the terminal and asks what to do with it.

use std::cell::{Cell, RefCell};
use std::collections::BTreeSet;
use std::io::{self, BufRead, Write};

use crate::check::Finding;
use crate::fix;
use crate::report::{Palette, for_terminal, human};
use crate::source::Source;

use super::engine::Engine;

/// What may be answered: a letter, a word, what it does.
const ANSWERS: [(&str, &str, Answer, &str); 5] = [
    ("y", "apply", Answer::Apply, "apply this fix"),
    ("n", "skip", Answer::Skip, "leave this place as it is"),
    ("e", "explain", Answer::Explain, "tell why the rule is there, then ask again"),
    ("a", "all", Answer::All, "apply this fix and all others of the same rule"),
    ("q", "quit", Answer::Quit, "leave this and all others; what was applied stays"),
];

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Answer {
    Apply,
    Skip,
    Explain,
    All,
    Quit,
}

/// Asks, and remembers answers that hold for more than one fix.
pub(super) struct Questions<'a> {
    engine: &'a Engine,
    palette: Palette,
    all_of: RefCell<BTreeSet<String>>,
    quit: Cell<bool>,
}

impl<'a> Questions<'a> {
    /// No question yet.
    pub(super) fn new(engine: &'a Engine, palette: Palette) -> Self {
        Self { engine, palette, all_of: RefCell::default(), quit: Cell::new(false) }
    }

    /// True when the fix of `finding` is to be applied.
    pub(super) fn wants(&self, source: &Source, finding: &Finding) -> bool {
        if self.quit.get() || self.all_of.borrow().contains(&finding.rule) {
            return !self.quit.get();
        }
        // Nobody answers any more when the terminal is gone.
        self.ask(source, finding).unwrap_or_else(|_| {
            self.quit.set(true);
            false
        })
    }

    fn ask(&self, source: &Source, finding: &Finding) -> io::Result<bool> {
        let mut terminal = io::stderr().lock();
        self.show(source, finding, &mut terminal)?;
        loop {
            write!(terminal, "apply this fix? [y]es, [n]o, [e]xplain, [a]ll of this rule, [q]uit: ")?;
            terminal.flush()?;
            let mut line = String::new();
            if io::stdin().lock().read_line(&mut line)? == 0 {
                writeln!(terminal)?;
                line.push('q');
            }
            let word = line.trim().to_ascii_lowercase();
            let meant = |(letter, name, ..): &&(&str, &str, Answer, &str)| {
                word == *letter
                    || word == *name
                    || (word == "yes" && *letter == "y")
                    || (word == "no" && *letter == "n")
            };
            match ANSWERS.iter().find(meant).map(|(_, _, answer, _)| *answer) {
                Some(Answer::Apply) => return Ok(true),
                Some(Answer::Skip) => return Ok(false),
                Some(Answer::Explain) => self.explain(source, &finding.rule, &mut terminal)?,
                Some(Answer::All) => {
                    self.all_of.borrow_mut().insert(finding.rule.clone());
                    return Ok(true);
                }
                Some(Answer::Quit) => {
                    self.quit.set(true);
                    return Ok(false);
                }
                None => {
                    for (letter, name, _, what) in ANSWERS {
                        writeln!(terminal, "  {letter}, {name:8} {what}")?;
                    }
                }
            }
        }
    }

    /// The finding in two lines, and what the fix changes.
    fn show(&self, source: &Source, finding: &Finding, out: &mut dyn Write) -> io::Result<()> {
        let Some(fix) = &finding.fix else { return Ok(()) };
        let path = source.path.to_string_lossy();
        let line = source.lines.line(finding.span.start);
        let class = fix.applicability.name();
        writeln!(out, "\n{}:{line}: {}: {}", for_terminal(&path), finding.rule, for_terminal(&finding.message))?;
        writeln!(out, "fix ({class}): {}", for_terminal(&fix.title))?;
        human::diff(&source.path, &source.bytes, &fix::preview(source, finding), &self.palette, out)
    }

    fn explain(&self, source: &Source, rule: &str, out: &mut dyn Write) -> io::Result<()> {
        let Ok(settings) = self.engine.settings_of(&source.path) else { return Ok(()) };
        let Some(rule) = settings.policy.rule(rule) else { return Ok(()) };
        writeln!(out, "\n{}: {}\n\n{}", rule.id, rule.title, rule.why.trim())?;
        rule.sources.iter().try_for_each(|source| writeln!(out, "see {}", for_terminal(source)))?;
        writeln!(out)
    }
}
