//! Where the command ran whose output a line is: in a job, on a login node, or on no cluster at all.

use std::sync::LazyLock;

use regex::Regex;

use crate::policy::symptom::{On, Ran};

use super::lines::known;
use super::pieces::Text;

/// How many lines around a scheduler's message count as a job's output.
const NEAR: usize = 40;

/// Tells it for each line. `jobs` says which documents are output of jobs.
pub(super) fn tell(texts: &mut [Text], jobs: &[bool]) {
    let said = said(texts);
    for (text, is_job) in texts.iter_mut().zip(jobs) {
        let mut ran = vec![if *is_job { Ran::Job } else { Ran::Unknown }; text.lines.len()];
        for position in 0..text.lines.len() {
            if text.lines[position].on == On::Log && JOB_OUTPUT.is_match(text.line(position)) {
                let from = position.saturating_sub(NEAR);
                let to = (position + NEAR).min(text.lines.len() - 1);
                (from..=to).filter(|at| text.lines[*at].on == On::Log).for_each(|at| ran[at] = Ran::Job);
            }
        }
        // What follows a prompt ran where the prompt says.
        for (at, host) in &text.hosts {
            let where_ = of_host(host);
            if where_ == Ran::Unknown {
                continue;
            }
            ran[*at] = where_;
            let output = (*at + 1..text.lines.len()).take_while(|at| text.lines[*at].on == On::Log);
            output.for_each(|at| ran[at] = where_);
        }
        for place in &mut ran {
            if *place == Ran::Unknown {
                *place = said;
            }
        }
        text.ran = ran;
    }
}

/// True where anything speaks of a cluster, be it by one word. Where what is pasted can hardly come from one, such words
/// mean something else: builds have jobs, too.
pub(super) fn names_cluster(texts: &[Text]) -> bool {
    let own = texts.iter().any(|text| OWN.is_match(&text.clean));
    texts.iter().any(|text| {
        CLUSTER.is_match(&text.clean)
            || (!own && HINTS.is_match(&text.clean))
            || text.hosts.iter().any(|(_, host)| of_host(host) != Ran::Unknown)
    })
}

/// True where anything speaks of a job.
pub(super) fn names_job(texts: &[Text]) -> bool {
    texts.iter().any(|text| SCHEDULED.is_match(&text.clean))
}

/// What people say: only when they speak of one of the two. Where nothing is said of a cluster, and what is pasted can
/// hardly come from one, it was the user's own computer.
fn said(texts: &[Text]) -> Ran {
    let (mut job, mut login) = (false, false);
    for text in texts {
        for position in 0..text.lines.len() {
            let line = &text.lines[position];
            if line.title || matches!(line.on, On::Prose | On::Command) {
                let line = text.line(position);
                job |= JOB.is_match(line);
                login |= LOGIN.is_match(line);
            }
        }
        job |= text.lines.iter().any(|line| line.on == On::Script) && text.clean.contains("\n#SBATCH ");
    }
    match (job, login) {
        (true, false) => Ran::Job,
        (false, true) => Ran::Login,
        (false, false)
            if texts.iter().any(|text| OWN.is_match(&text.clean))
                && !texts.iter().any(|text| CLUSTER.is_match(&text.clean)) =>
        {
            Ran::Own
        }
        _ => Ran::Unknown,
    }
}

/// What a host's name tells.
fn of_host(host: &str) -> Ran {
    let short = host.split('.').next().unwrap_or(host).to_ascii_lowercase();
    if LOGIN_HOST.is_match(&short) {
        Ran::Login
    } else if COMPUTE_HOST.is_match(&short) {
        Ran::Job
    } else {
        Ran::Unknown
    }
}

static JOB_OUTPUT: LazyLock<Regex> = LazyLock::new(|| {
    known(r"(?i)^\s*(?:srun|slurmstepd|slurmd)[:\[]|slurm_script|/job\d+/|JOB \d+ ON|PBS Job|^Job id: ?\d+")
});
static JOB: LazyLock<Regex> = LazyLock::new(|| {
    known(
        r"(?i)\b(?:sbatch|qsub|bsub|in (?:my|the|a|our) (?:batch )?jobs?|batch jobs?|job ?script|compute nodes?|interactive (?:session|allocation|job)|slurm-\d+)\b",
    )
});
static LOGIN: LazyLock<Regex> = LazyLock::new(|| known(r"(?i)\b(?:login|log-in|head|front-?end) ?nodes?\b|\blogin\d"));
static OWN: LazyLock<Regex> = LazyLock::new(|| {
    known(concat!(
        r"(?i)(?:^|[\s'\x22`(=])[a-z]:\\\w|is not recognized as (?:an internal or external command|the name of a cmdlet)",
        r"|\b(?:win-64|win_amd64|osx-(?:64|arm64)|msys2?|cygwin|homebrew|zsh: command not found)\b|\bmingw(?:32|64)|\bpacman -S",
        r"|\b(?:winerror \d+|virtualbox|thinkpad|node_modules|npm install|windows (?:xp|vista|7|8|10|11)|mac ?os(?: ?x)?|os ?x|mac ?book\w*|apple silicon|wsl ?[12]?|git bash)\b",
        r"|\b(?:powershell|anaconda prompt|on darwin|docker(?:-| )(?:run|build|compose|pull|image|container|daemon)\w*)\b",
        r"|\b(?:dockerfile|colab\w*|kaggle|manjaro|arch linux|archlinux|kali(?: linux)?|linux mint|pop!?_os|endeavouros|ubuntu desktop|raspberry ?pi|comfyui|minikube|codespaces?|github actions)\b|/Users/\w+/|root@[0-9a-f]{12}\b",
        r"|\bwindows subsystem for linux\b|\bdocker\b(?:[^:]|:[^/]|$)|\b(?:DESKTOP|LAPTOP)-[0-9A-Z]{7}\b|/private/var/folders/|/opt/homebrew/",
        r"|\b(?:travis(?:[ -]ci)?|circle ?ci|jenkins\w*|gitlab[ -](?:ci|runner)|appveyor|azure pipelines?|read ?the ?docs)\b|\.gitlab-ci\b",
        r"|(?m:^\W*(?:os|operating system|platform|system)\W+(?:windows|mac)\b)",
    ))
});
static CLUSTER: LazyLock<Regex> = LazyLock::new(|| {
    known(concat!(
        r"(?i)\b(?:slurm\w*|sbatch|srun|salloc|squeue|qsub|qstat|bsub|pbs|lsf|sge|hpc|clusters?|super ?computers?|lmod)\b",
        r"|\b(?:(?:compute|worker|login|log-in|head|front-?end|gpu) ?nodes?|modulefiles?|gpfs|lustre|scratch|scheduler)\b",
        r"|\bssh -\w*[LXYJ]|\b(?:via|over|through|using|by) ssh\b|\bssh(?:ing|ed)? (?:in)?to\b|\bremote (?:server|machine|host|node)|\bbatch (?:jobs?|scripts?)\b|\bmodule (?:load|avail|list|purge)\b|(?:^|[^/\w])(?:conda|python)/\d",
    ))
});
static HINTS: LazyLock<Regex> = LazyLock::new(|| {
    known(concat!(
        r"(?i)\b(?:pbs\w*|nodes|queues?|partitions?|sys ?admins?|support team|quota|jobs?|ssh|log-?in(?:\d+| ?(?:nodes?|hosts?|machines?|servers?|shells?))|on-?demand|portal)\b",
        r"|\bbatch (?:systems?|queues?|mode|files?|submission|process\w*)\b|\bnode(?:\d|[^\w\s./:-]|\.?\s+[a-z]|\.?\s*(?m:$))",
        r"|\bshared (?:server|machine|computer|work ?station)s?\b",
        r"|/(?:scratch|project|gpfs|lustre|pscratch|nobackup)\b",
    ))
});
static SCHEDULED: LazyLock<Regex> = LazyLock::new(|| {
    known(r"(?i)\bjobs?\b|\b(?:slurm\w*|sbatch|srun|salloc|qsub|bsub|pbs|sge|lsf|queues?|batch|submit\w*)\b")
});
static LOGIN_HOST: LazyLock<Regex> =
    LazyLock::new(|| known(r"login|^(?:head|front|uan|ln)-?\d|^ln\d|head(?:node)?\d*$|^(?:ui|hpc)\d*$"));
static COMPUTE_HOST: LazyLock<Regex> = LazyLock::new(|| {
    known(
        r"^(?:node|cn|gpu|nid|cpu|compute|comp|bnode|worker|wn|r\d+i?\d*n|x\d+c|c\d+-?)-?\d|-\d{3,}$|^[a-z]{1,6}\d{3,}$",
    )
});
