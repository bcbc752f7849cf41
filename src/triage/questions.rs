//! What to ask where nothing known matches: what every ticket should tell, and this one does not.

use crate::policy::symptom::{On, Ran};
use crate::source::{Kind, Role};

use super::pieces::{Piece, Reading};

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
    if !reading.texts.iter().any(|text| text.clean.contains(TRACEBACK)) {
        questions.push("What is the whole error message, from its first line to its last?".to_owned());
    }
    if reading.job {
        match (reading.pieces.iter().any(is_job_script), reading.texts.iter().any(shows_output)) {
            (true, true) => {}
            (true, false) => questions.push("May we see the output file of the job (`slurm-JOBID.out`)?".to_owned()),
            (false, true) => questions.push("May we see the job script?".to_owned()),
            (false, false) => {
                questions
                    .push("May we see the job script, and the output file of the job (`slurm-JOBID.out`)?".to_owned());
            }
        }
    }
    if questions.is_empty() {
        questions.push("Did it work before, and what has changed since then?".to_owned());
    }
    questions
}

const TRACEBACK: &str = "Traceback (most recent call last)";

fn is_job_script(piece: &Piece) -> bool {
    matches!(piece.kind, Kind::Shell { role: Role::Job, .. })
}

/// True for a text with lines that a job printed.
fn shows_output(text: &super::pieces::Text) -> bool {
    text.lines.iter().zip(&text.ran).any(|(line, ran)| line.on == On::Log && *ran == Ran::Job)
}
