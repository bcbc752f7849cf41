//! What a directive line begins with, and the ways to get that wrong.

use crate::source::Scheduler;

/// The mark at the start of a line: its bytes there.
#[derive(Clone, Copy, Debug)]
pub(super) struct Sentinel {
    pub(super) start: usize,
    pub(super) end: usize,
    pub(super) disguise: Disguise,
}

/// Why the scheduler takes a mark for a comment.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Disguise {
    None,
    Space,
    Indent,
    Case,
}

impl Disguise {
    pub(super) const fn name(self) -> &'static str {
        match self {
            Self::None => "none",
            Self::Space => "space",
            Self::Indent => "indent",
            Self::Case => "case",
        }
    }
}

/// False when no line of `text` can have directives of `scheduler`; cheap.
pub(super) fn may_occur(scheduler: Scheduler, text: &str) -> bool {
    let sentinel = scheduler.sentinel();
    let is_mark = |at: usize| {
        let rest = text[at + 1..].trim_start_matches([' ', '\t']);
        rest.get(..sentinel.len() - 1).is_some_and(|word| word.eq_ignore_ascii_case(&sentinel[1..]))
    };
    memchr::memchr_iter(b'#', text.as_bytes()).any(is_mark)
}

/// The mark of `scheduler` at the start of `line`.
pub(super) fn find(scheduler: Scheduler, line: &str) -> Option<Sentinel> {
    let start = line.len() - line.trim_start_matches([' ', '\t']).len();
    let sentinel = scheduler.sentinel();
    let rest = line[start..].strip_prefix('#')?;
    let gap = rest.len() - rest.trim_start_matches([' ', '\t']).len();
    let word = rest.get(gap..gap + sentinel.len() - 1)?;
    let end = start + 1 + gap + sentinel.len() - 1;
    if !word.eq_ignore_ascii_case(&sentinel[1..]) || !plausible(scheduler, &line[end..]) {
        return None;
    }
    let exact = word == &sentinel[1..];
    let disguise = match (exact, gap, start) {
        (true, 0, 0) => Disguise::None,
        // PBS allows blanks before it; where LSF stands on that is not known.
        (true, 0, _) if matches!(scheduler, Scheduler::Pbs | Scheduler::Lsf) => Disguise::None,
        (true, 0, _) => Disguise::Indent,
        (true, ..) => Disguise::Space,
        (false, 0, _) => Disguise::Case,
        // `# sbatch -n 4 job.sh` tells how to submit.
        (false, ..) => return None,
    };
    if disguise != Disguise::None && !line[end..].starts_with([' ', '\t']) {
        return None;
    }
    Some(Sentinel { start: 0, end, disguise })
}

/// True when a Slurm line speaks of `hetjob` (once `packjob`), wherever it does.
pub(super) fn has_hetjob(line: &str) -> bool {
    let line = line.to_ascii_lowercase();
    line.contains("hetjob") || line.contains("packjob")
}

/// Grid Engine's mark is short: `#$VAR`, `#$(…)` and `#$ ls` are comments of other kinds. `#PBS_NUM=4` is a setting that
/// somebody turned off.
fn plausible(scheduler: Scheduler, rest: &str) -> bool {
    match scheduler {
        Scheduler::Sge => {
            let mut chars = rest.trim_start_matches([' ', '\t']).chars();
            chars.next() == Some('-') && chars.next().is_some_and(|c| c.is_ascii_alphabetic())
        }
        _ => !rest.starts_with(|c: char| c.is_ascii_alphanumeric() || c == '_'),
    }
}
