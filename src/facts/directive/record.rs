//! The fields of a directive fact, and what links one directive with earlier ones.

use std::cell::OnceCell;

use super::lines::{Line, Reading};
use super::option::{Nearest, Parsed, Piece, Verdict};
use super::sentinel::Sentinel;

use super::{Disguise, Script};
use crate::facts::placeholder::{is_placeholder, variable};
use crate::facts::{Fact, FactKind, Record, Text, Value};
use crate::source::{Scheduler, Span};
use crate::tables::OptionTable;

/// The most options that later ones are compared with; real scripts have a dozen.
const MAX_SEEN: usize = 256;

/// The most resources of one `-l` that are compared.
const MAX_RESOURCES: usize = 64;

/// What has been seen of one scheduler's directives so far.
pub(super) struct Assembly<'a> {
    scheduler: Scheduler,
    table: &'a OptionTable,
    script: &'a Script<'a>,
    index: i64,
    late: bool,
    /// The byte of the text behind its last line that is no comment; worked out where it is asked for.
    last_command: OnceCell<usize>,
    seen: Vec<Seen>,
}

/// An option given before in the same component.
struct Seen {
    name: String,
    written: String,
    value: String,
    filled_in: bool,
    line: usize,
    span: Span,
}

impl<'a> Assembly<'a> {
    pub(super) const fn new(scheduler: Scheduler, table: &'a OptionTable, script: &'a Script<'a>) -> Self {
        Self { scheduler, table, script, index: 0, late: false, last_command: OnceCell::new(), seen: Vec::new() }
    }

    /// Forgets the options of the component before: those of another do not repeat them.
    pub(super) fn next_component(&mut self) {
        self.seen.clear();
    }

    /// Appends the facts of a directive line.
    pub(super) fn line(
        &mut self,
        line: &Line<'_>,
        mark: &Sentinel,
        parsed: &[Parsed],
        reading: &Reading,
        out: &mut Vec<Fact>,
    ) {
        let ended_by = reading.ended_by();
        for option in parsed {
            self.index += 1;
            let mut fields = self.common(line, mark, option);
            fields.set("effective", ended_by.is_none());
            let first_late = ended_by.is_some() && !std::mem::replace(&mut self.late, ended_by.is_some());
            fields.set("first-late", first_late);
            fields.set_some("ended-by", ended_by.map(number));
            fields.set("disguised", Value::word(Disguise::None.name()));
            if reading.second_shebang() {
                fields.set("second-shebang", true);
            }
            if self.script.bodies.iter().any(|body| body.contains(Span::at(line.start))) {
                fields.set("nested", true);
            }
            if ended_by.is_some() && line.start - self.script.base >= self.last_command() {
                fields.set("below-all", true);
            }
            if ended_by.is_none() {
                self.relate(line, option, &mut fields);
            }
            fields.set("index", self.index);
            out.push(self.fact(line, option, fields));
        }
    }

    /// Appends the facts of a line that the scheduler takes for a comment.
    pub(super) fn disguised(&self, line: &Line<'_>, mark: &Sentinel, parsed: &[Parsed], out: &mut Vec<Fact>) {
        for option in parsed {
            let mut fields = self.common(line, mark, option);
            fields.set("effective", false);
            fields.set("first-late", false);
            fields.set("disguised", Value::word(mark.disguise.name()));
            out.push(self.fact(line, option, fields));
        }
    }

    fn last_command(&self) -> usize {
        *self.last_command.get_or_init(|| {
            let mut end = self.script.text.len();
            for line in self.script.text.split('\n').rev() {
                if !line.trim().is_empty() && !line.trim_start().starts_with('#') {
                    return end;
                }
                end = end.saturating_sub(line.len() + 1);
            }
            0
        })
    }

    fn fact(&self, line: &Line<'_>, option: &Parsed, mut fields: Record) -> Fact {
        fields.set("line", number(line.number));
        fields.set("context", Value::List(self.script.context.iter().map(|word| Value::word(word)).collect()));
        let (start, end) = option.extent();
        let mut fact = Fact::new(FactKind::Directive, Span::new(line.start + start, line.start + end), fields);
        // Only Slurm's option table was tried on the real thing.
        fact.certain = self.scheduler == Scheduler::Slurm || (option.accepted() && option.fault.is_none());
        fact
    }

    fn common(&self, line: &Line<'_>, mark: &Sentinel, option: &Parsed) -> Record {
        let mut fields = Record::new().with_room(15);
        fields.add("scheduler", Value::word(self.scheduler.name()));
        fields.add("text", Text::at(line.text, Span::new(line.start, line.start + line.text.len())));
        let sentinel = &line.text[mark.start..mark.end];
        fields.add("sentinel", Text::at(sentinel, Span::new(line.start + mark.start, line.start + mark.end)));
        fields.add("option", at(&option.option, line));
        let (name, known) = match &option.verdict {
            Verdict::Known { name } | Verdict::Prefix { name, .. } => (Some(name.as_str()), "yes"),
            Verdict::Unknown(_) => (None, "no"),
            Verdict::Stray(_) => (None, "stray"),
            Verdict::Placeholder => (None, "placeholder"),
        };
        fields.add_some("name", name);
        if let Some(value) = &option.value {
            fields.add("value", self.value(value, line));
        }
        fields.add("known", Value::word(known));
        if let Verdict::Unknown(Some(nearest)) | Verdict::Stray(Some(nearest)) = &option.verdict {
            set_nearest(&mut fields, nearest);
        }
        if let Verdict::Prefix { completed, misleading, .. } = &option.verdict {
            fields.add("abbreviates", completed.as_str());
            fields.add_some("misleading", misleading.as_deref());
        }
        if let Some(value) = &option.value {
            fields.add_some("literal-variable", self.literal_variable(name, value, line));
        }
        fields.add_some("taken-for", option.taken_for.as_deref());
        fields.add_some("fault", option.fault);
        let filled = option.value.as_ref().is_some_and(|value| is_placeholder(&value.text));
        fields.add("placeholder", filled || matches!(option.verdict, Verdict::Placeholder));
        fields
    }

    /// A value; what a shell fills in before stays unresolved.
    fn value(&self, value: &Piece, line: &Line<'_>) -> Text {
        let mut text = at(value, line);
        if self.script.expanded {
            let mut rest = value.text.as_str();
            while let Some((start, end)) = variable(rest) {
                let name = rest[start..end].trim_matches(['$', '{', '}']);
                text.unresolved.push(if name.starts_with('(') { "(".into() } else { name.into() });
                rest = &rest[end..];
            }
        }
        text
    }

    /// The variable in a value that nobody expands. PBS, Grid Engine and LSF expand some where they name files.
    fn literal_variable(&self, name: Option<&str>, value: &Piece, line: &Line<'_>) -> Option<Text> {
        let expands = match self.scheduler {
            Scheduler::Slurm => false,
            Scheduler::Pbs => matches!(name, Some("o" | "e" | "v" | "W" | "S" | "k")),
            Scheduler::Sge => matches!(name, Some("o" | "e" | "i" | "S" | "wd" | "v" | "ac")),
            Scheduler::Lsf => true,
        };
        if self.script.expanded || expands {
            return None;
        }
        let (start, end) = variable(&value.text)?;
        let written = &value.text[start..end];
        let raw = line.text.get(value.start..value.end)?;
        let from = line.start + value.start + raw.find(written)?;
        Some(Text::at(written, Span::new(from, from + written.len())))
    }

    /// Compares with the options given before, and takes this one down.
    fn relate(&mut self, line: &Line<'_>, parsed: &Parsed, fields: &mut Record) {
        let (Verdict::Known { name } | Verdict::Prefix { name, .. }) = &parsed.verdict else {
            return;
        };
        if name == "hetjob" {
            return;
        }
        let Some(option) = self.table.get(name) else {
            return;
        };
        let value = parsed.value.as_ref().map_or("", |value| value.text.as_str());
        let other_value =
            |seen: &&Seen| seen.filled_in && seen.name == *name && differs(option.merges, &seen.value, value);
        let filled_in = !is_placeholder(value);
        if filled_in {
            let repeated = self.seen.iter().rev().find(other_value);
            fields.set_some("repeats", repeated.map(|seen| number(seen.line)));
        }
        let excluded = self.seen.iter().rev().find(|seen| option.excludes.contains(&seen.name));
        fields.set_some("conflicts", excluded.map(|seen| Text::at(seen.written.as_str(), seen.span)));
        let (start, end) = parsed.extent();
        if self.seen.len() >= MAX_SEEN {
            return;
        }
        self.seen.push(Seen {
            name: name.clone(),
            written: parsed.option.text.clone(),
            value: value.to_owned(),
            filled_in,
            line: line.number,
            span: Span::new(line.start + start, line.start + end),
        });
    }
}

/// True when the second value of an option takes the place of another first. Of an option that merges
/// (`-l walltime=1 -l mem=2`) only the same resource given twice does.
fn differs(merges: bool, first: &str, second: &str) -> bool {
    if !merges {
        return first != second;
    }
    let resources = |value: &str| -> Vec<(String, String)> {
        let pairs = value.split(',').take(MAX_RESOURCES).filter_map(|part| part.split_once('='));
        pairs.map(|(key, value)| (key.trim().to_owned(), value.to_owned())).collect()
    };
    let before = resources(first);
    let plain = |key: &str| !key.contains(['[', ' ']);
    resources(second)
        .iter()
        .any(|(key, value)| plain(key) && before.iter().any(|(other, given)| other == key && given != value))
}

fn set_nearest(fields: &mut Record, nearest: &Nearest) {
    fields.set("nearest", nearest.option.as_str());
    fields.set("distance", number(nearest.distance));
    fields.set("nearest-sole", nearest.sole);
}

fn at(piece: &Piece, line: &Line<'_>) -> Text {
    Text::at(piece.text.as_str(), Span::new(line.start + piece.start, line.start + piece.end))
}

fn number(value: usize) -> i64 {
    i64::try_from(value).unwrap_or(i64::MAX)
}
