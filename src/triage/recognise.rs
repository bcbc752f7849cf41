//! Telling lines apart: what a program printed, what people write, what a shell would run.

use std::sync::LazyLock;

use regex::RegexSet;

use crate::source::SHELL_WORDS;

/// A line of a text that is broken to a width has at least so many bytes.
const BROKEN: usize = 50;

/// Words that begin lines of shell scripts, and hardly ever a sentence, beside those by which files are told.
const MORE_WORDS: [&str; 52] = [
    "pip3",
    "mpiexec",
    "salloc",
    "qsub",
    "echo",
    "cd",
    "mkdir",
    "cp",
    "mv",
    "rm",
    "ls",
    "pwd",
    "hostname",
    "date",
    "set",
    "ulimit",
    "if",
    "then",
    "else",
    "elif",
    "fi",
    "for",
    "do",
    "done",
    "while",
    "case",
    "esac",
    "exit",
    "cat",
    "singularity",
    "apptainer",
    "jupyter",
    "jupyter-lab",
    "jupyter-notebook",
    "nvidia-smi",
    "wget",
    "curl",
    "tar",
    "chmod",
    "ln",
    "bash",
    "sh",
    "time",
    "eval",
    "local",
    "return",
    "function",
    "git",
    "make",
    "uv",
    "poetry",
    "ssh",
];

/// True for a line that a program printed, by its look.
pub(super) fn is_log(line: &str) -> bool {
    LOG.is_match(line)
}

/// True for a line that a shell would run, by its look.
pub(super) fn is_shell(line: &str) -> bool {
    let line = line.trim();
    let first = line.split_whitespace().next().unwrap_or("");
    if first.starts_with('#') || first.starts_with("./") || first.starts_with('/') || line.ends_with('\\') {
        return true;
    }
    let assigns = first.split_once('=').is_some_and(|(name, _)| {
        !name.is_empty() && name.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_')
    });
    let second = line.split_whitespace().nth(1).unwrap_or("");
    let known = (SHELL_WORDS.contains(&first) || MORE_WORDS.contains(&first))
        && !matches!(second, "is" | "was" | "and" | "or" | "works" | "but" | "does");
    assigns || known || line.contains("&&") || line.contains("$(") || matches!(line, "}" | "{" | ")" | ";;")
}

/// True for a line in somebody's own words: a sentence or the beginning of one, a greeting, a signature.
pub(super) fn is_prose(line: &str) -> bool {
    let line = line.trim();
    if line.is_empty() || is_shell(line) || is_log(line) {
        return false;
    }
    if PROSE.is_match(line) {
        return true;
    }
    let words: Vec<&str> = line.split_whitespace().collect();
    let plain = |word: &&&str| {
        let word = word.trim_matches(|c: char| ".,;:!?()\"'*".contains(c));
        !word.is_empty() && word.chars().all(|c| c.is_alphabetic() || c == '\'' || c == '-')
    };
    words.len() >= 4
        && words.iter().filter(plain).count() * 4 >= words.len() * 3
        && !line.starts_with(['-', '*', '{', '['])
}

/// True for a line of a sentence that ends only because it would grow too long.
pub(super) fn is_broken(line: &str) -> bool {
    line.len() >= BROKEN && line.ends_with(|c: char| c.is_alphanumeric() || c == ',') && is_prose(line)
}

/// True for a line that can be the rest of a sentence.
pub(super) fn goes_on(line: &str) -> bool {
    line.starts_with(char::is_lowercase) && !is_shell(line) && !is_log(line)
}

/// True for the first line of a mail that is answered or forwarded, and for the mark before a signature.
pub(super) fn is_boundary(line: &str) -> bool {
    BOUNDARY.is_match(line.trim_end())
}

/// True for a header line of a mail inside the text.
pub(super) fn is_header(line: &str) -> bool {
    let names = ["From: ", "To: ", "Subject: ", "Date: ", "Cc: ", "Sent: ", "Von: ", "An: ", "Betreff: ", "Objet: "];
    names.iter().any(|name| line.starts_with(name))
}

fn set(sources: &[&str]) -> RegexSet {
    match RegexSet::new(sources) {
        Ok(set) => set,
        Err(_) => unreachable!("a test has compiled these"),
    }
}

static LOG: LazyLock<RegexSet> = LazyLock::new(|| {
    set(&[
        r"^\s*Traceback \(most recent call last\)",
        r#"^\s+File ".+", line \d+"#,
        r"^\s*(?:\w+\.)*\w*(?:Error|Exception|Warning|Interrupt|Exit)(?::|$)",
        r"^\s*(?:srun|sbatch|slurmstepd|salloc|scancel|squeue|qsub|qstat|mpirun|mpiexec|orterun|prterun|-?bash|sh|zsh|conda|pip|ssh|scp|tclsh|module|ImportError|display|jupyter|ERROR|WARNING|WARN|FATAL|CRITICAL|INFO|DEBUG|E|W|F|fatal|error|warning|Error|Warning)\s*:",
        r"^\s*\[?\d{4}-\d\d-\d\d[T ]\d\d:\d\d",
        r"^\s*\[?[A-Z][a-z]{2} +(?:[A-Z][a-z]{2} +)?\d{1,2} \d\d:\d\d:\d\d",
        r"^\s*`{0,3}\[[IWECD] \d",
        r"^\S*: line \d+: ",
        r"^\s*(?:/\S+|[\w.+-]+): .*(?:[Nn]o such file|not found|[Pp]ermission denied|quota exceeded|cannot open|[Cc]annot )",
        r"^\s*\[[\w.-]+:\d+\]",
        r"^\s*\^~*$",
        r"^\s*(?:Collecting|Downloading|Requirement already satisfied|Solving environment|Collecting package metadata|Building wheel|Using cached|Installing collected|Successfully|Preparing transaction|Verifying transaction|Executing transaction)\b",
        r"^\s*(?:MPI[RDI]+_\w+|PMPI_\w+|aborting job|Abort\()",
        r"(?:core dumped|Segmentation fault|[Cc]ommand not found)",
        r"^\s*(?:Filesystem|Disk quotas)\s+.*(?:Use|block|quota|IUse)",
        r"^\s*(?:JobI[dD]|JOBID|NODELIST|Submitted batch job)\b",
        r"^\s*\w+ \(most recent call last\)",
    ])
});

static PROSE: LazyLock<RegexSet> = LazyLock::new(|| {
    set(&[
        r"(?i)^(?:hi|hello|hey|dear|hallo|liebe[rs]?|guten (?:tag|morgen)|bonjour|good (?:morning|afternoon|day)|salut|thanks|thank you|many thanks|danke|merci|best|kind regards|regards|cheers|viele|mit freundlichen|cordialement|sincerely|sent from|beste?n? gr)\b",
        r"\b(?:I|I'm|I've|Ich|Je|J'ai|we|We|wir|nous)\b.*\s\w+",
        r"(?i)^(?:my|our|the) [a-z-]+(?: [a-z]+){0,3}(?: is| are| says?| looks?|:)",
        r"(?i)^(?:any (?:help|idea)|please|bitte|could you|can you|here(?:'s| is| are)|this is|what (?:am|is|should|can)|why|how|and (?:then|the)|but|then|when|after|if i)\b.*[\w?.:]$",
    ])
});

static BOUNDARY: LazyLock<RegexSet> = LazyLock::new(|| {
    set(&[
        r"^-- ?$",
        r"^_{10,}$",
        r"^-{2,}\s*(?:Original Message|Forwarded message|Urspr.ngliche Nachricht|Message d'origine)",
        r"^(?:On|Am|Le) .{6,}(?:wrote|schrieb.*|a .crit ?):$",
        r"^(?:On|Am|Le) .{6,}\d\d:\d\d",
    ])
});

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_are_told_apart() {
        for line in [
            "Hello,",
            "I tried to run my job but it fails.",
            "Thanks a lot for your help!",
            "This used to work until last week",
            "Guten Tag,",
            "Could you please have a look?",
        ] {
            assert!(is_prose(line) && !is_shell(line), "{line}");
        }
        for line in [
            "module load python/3.11",
            "X=1",
            "#SBATCH -n 1",
            "./run.sh",
            "fi",
            "srun python x.py",
            "export A=$(pwd)",
            "}",
        ] {
            assert!(is_shell(line) && !is_prose(line), "{line}");
        }
        for line in [
            "Traceback (most recent call last):",
            "  File \"x.py\", line 3, in <module>",
            "ModuleNotFoundError: No module named 'x'",
            "slurmstepd: error: x",
            "-bash: conda: command not found",
            "/var/spool/job1/slurm_script: line 12: activate: No such file or directory",
            "[I 2024-01-01 10:00:00.123 ServerApp] x",
            "Solving environment: failed",
        ] {
            assert!(is_log(line) && !is_prose(line), "{line}");
        }
        assert!(
            is_broken("I have just tried to load the module of Python, and then the") && goes_on("job began to run")
        );
        assert!(!is_broken("I tried it.") && !goes_on("module load python") && !goes_on("Then it ran."));
        assert!(is_boundary("On Mon, 3 Mar 2025 at 10:11, A B wrote:") && is_boundary("-- ") && !is_boundary("--- a"));
    }
}
