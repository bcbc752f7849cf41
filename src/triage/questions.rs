//! What to ask where nothing known matches: what every ticket should tell, and this one does not.

use std::sync::LazyLock;

use regex::Regex;

use crate::policy::symptom::{On, Ran};
use crate::source::{Kind, Role};

use super::lines::known;
use super::pieces::{Piece, Reading, Text};

/// The questions; there is always one.
pub(super) fn of_any(reading: &Reading<'_>, cluster: bool) -> Vec<String> {
    let on = |kind: On| reading.texts.iter().any(|text| text.lines.iter().any(|line| line.on == kind));
    let hosts = reading.texts.iter().any(|text| !text.hosts.is_empty());
    let mut questions = Vec::new();
    let machine = if cluster { "which machine (login node or inside a job)" } else { "which machine" };
    match (on(On::Command), hosts) {
        (true, true) => {}
        (true, false) => questions.push(format!("On {machine} did you run it?")),
        (false, _) => questions.push(format!(
            "What exactly did you run, and on {machine}? The prompt and the command as you typed it are best."
        )),
    }
    if !reading.texts.iter().any(shows_message) {
        questions.push("What is the whole error message, from its first line to its last?".to_owned());
    }
    if reading.job {
        let output = output_file(reading);
        match (reading.pieces.iter().any(is_job_script), reading.texts.iter().any(shows_output)) {
            (true, true) => {}
            (true, false) => questions.push(format!("May we see {output}?")),
            (false, true) => questions.push("May we see the job script?".to_owned()),
            (false, false) => questions.push(format!("May we see the job script, and {output}?")),
        }
    }
    if questions.is_empty() {
        questions.push("Did it work before, and what has changed since then?".to_owned());
    }
    questions
}

const TRACEBACK: &str = "Traceback (most recent call last)";

/// So many lines that programs printed, one below the other, are a message with what stands around it.
const MESSAGE: usize = 2;

/// True where a message is shown with its surroundings: a traceback, or lines of output of which one tells an error.
fn shows_message(text: &Text) -> bool {
    let output = |at: usize| text.lines.get(at).is_some_and(|line| line.on == On::Log && !line.title);
    let whole = |at: usize| (at.saturating_sub(MESSAGE - 1)..=at).any(|from| (from..from + MESSAGE).all(output));
    text.clean.contains(TRACEBACK) || (0..text.lines.len()).any(|at| whole(at) && ERROR.is_match(text.line(at)))
}

/// How the file is called that a job's output goes to. Where another scheduler than Slurm, or another system than that of
/// clusters is named, Slurm's name for it says nothing.
fn output_file(reading: &Reading<'_>) -> &'static str {
    let named = |pattern: &Regex| reading.texts.iter().any(|text| pattern.is_match(&text.clean));
    if !named(&SLURM) && named(&OTHERS) {
        return "the file with the output of the job";
    }
    "the output file of the job (`slurm-JOBID.out`)"
}

static SLURM: LazyLock<Regex> = LazyLock::new(|| known(r"(?i)slurm|\b(?:sbatch|srun|salloc|squeue|sacct|scontrol)\b"));
static OTHERS: LazyLock<Regex> = LazyLock::new(|| {
    known(concat!(
        r"(?i)\b(?:pbs\w*|torque|qsub|qstat|qdel|sge|uge|(?:sun |univa |open )?grid ?engine|lsf|bsub|bjobs|htcondor|docker\w*)\b",
        r"|\bwindows\b|(?m:^)#(?:PBS|BSUB|\$) |\b[a-z]:\\\w",
    ))
});
static ERROR: LazyLock<Regex> = LazyLock::new(|| {
    known(r"(?i)error\b|\b(?:fatal|exception|traceback|aborted|segmentation fault|core dumped|killed)\b")
});

fn is_job_script(piece: &Piece) -> bool {
    matches!(piece.kind, Kind::Shell { role: Role::Job, .. })
}

/// True for a text with lines that a job printed.
fn shows_output(text: &Text) -> bool {
    text.lines.iter().zip(&text.ran).any(|(line, ran)| line.on == On::Log && *ran == Ran::Job)
}
