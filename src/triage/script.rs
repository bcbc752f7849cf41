//! Where a script that stands in somebody's text begins and ends, and what the text calls it.

use std::sync::LazyLock;

use regex::Regex;

use crate::source::Scheduler;

use super::lines::known;
use super::prompt;
use super::recognise::{is_boundary, is_header, is_log, is_prose, is_shell};

/// True for a line that begins a script without any mark around it: a shebang, whole or broken, or a directive.
pub(super) fn begins(line: &str) -> bool {
    let line = line.trim_end();
    if SHEBANG.is_match(line) {
        return true;
    }
    let directive = |scheduler: Scheduler| {
        line.strip_prefix(scheduler.sentinel()).is_some_and(|rest| match scheduler {
            Scheduler::Sge => rest.trim_start().starts_with('-'),
            _ => rest.starts_with([' ', '\t']),
        })
    };
    Scheduler::ALL.into_iter().any(directive)
}

/// True for a script whose shebang has blanks in front, which the line below it has not: they are the user's.
pub(super) fn begins_shifted(line: &str, next: &str) -> bool {
    line.starts_with(' ') && line.trim_start().starts_with("#!") && begins(line.trim_start()) && begins(next)
}

/// True for a line that begins what `conda init` wrote into a start-up file, or somebody's start-up file.
pub(super) fn begins_startup(line: &str) -> bool {
    STARTUP.is_match(line)
}

/// True for a line at which a script in the text is over. `before` is the line above it.
pub(super) fn ends(line: &str, before: &str) -> bool {
    let bare = line.trim();
    if bare.is_empty() || bare.starts_with('#') {
        return false;
    }
    if is_fence(line) || is_boundary(line) || is_header(line) || prompt::read(line).is_some_and(|found| !found.python) {
        return true;
    }
    if is_shell(line) || line.starts_with([' ', '\t']) {
        return false;
    }
    let alone = before.trim().is_empty();
    is_log(line) || (alone && (is_prose(line) || APART.is_match(line))) || is_certain_prose(line)
}

/// A greeting or a whole sentence, even straight below a command.
fn is_certain_prose(line: &str) -> bool {
    let line = line.trim();
    is_prose(line) && line.ends_with(['.', '!', '?', ':', ',']) && !line.contains(['$', '=', '|', ';', '{'])
}

/// The delimiter of a here document that a line begins.
pub(super) fn heredoc(line: &str) -> Option<String> {
    let found = HEREDOC.captures(line)?;
    Some(found["word"].to_owned())
}

/// True for a line of backquotes or tildes around a block.
pub(super) fn is_fence(line: &str) -> bool {
    let line = line.trim_start_matches(' ');
    line.starts_with("```") || line.starts_with("~~~")
}

/// The file that a line of prose names last, when it can be what stands below.
pub(super) fn file_named(line: &str) -> Option<String> {
    let found = FILE.captures_iter(line).last()?;
    Some(found["name"].to_owned())
}

/// The file that a command prints.
pub(super) fn printed_by(command: &str) -> Option<&str> {
    let mut words = command.split_whitespace();
    let program = words.next()?;
    if !matches!(program, "cat" | "less" | "more" | "head" | "tail" | "bat" | "vi" | "vim" | "nano") {
        return None;
    }
    let file = words.rfind(|word| !word.starts_with('-') && word.parse::<u32>().is_err())?;
    (!command.contains(['|', '>', ';'])).then_some(file)
}

static SHEBANG: LazyLock<Regex> = LazyLock::new(|| known(r"^#? ?!\s?/(?:usr/)?(?:bin|local)/(?:env |local/bin/)?\w"));
static STARTUP: LazyLock<Regex> = LazyLock::new(|| {
    known(
        r"^\s*# >>> (?:conda|mamba|micromamba|juliaup) init|^# \.(?:bashrc|bash_profile|zshrc)\s*$|^# ~/\.(?:bashrc|bash_profile|zshrc|profile)",
    )
});
/// What stands below a blank line and is no command: a line of somebody's signature, or the first of an environment file.
static APART: LazyLock<Regex> = LazyLock::new(|| {
    known(concat!(
        r"^(?:(?i:tel|phone|fax|mobile?|bel|office|room|raum|zimmer|iban|orcid|e-?mail|dr|prof|department|institute?|university|universit.t|faculty)\b[ .:/]",
        r"|[A-Z][a-z]+[\w .-]{0,28}: \S|(?:name|channels|dependencies):(?: \S|$)",
        r"|[A-Z][a-z]+(?:-[A-Z][a-z]+)?(?: [A-Z]\.| (?:van|von|de|der|den|da|di))* [A-Z][a-z]+(?:-[A-Z][a-z]+)?$)",
    ))
});
static HEREDOC: LazyLock<Regex> = LazyLock::new(|| known(r#"<<-?\s*\\?["']?(?P<word>[A-Za-z_]\w*)["']?"#));
static FILE: LazyLock<Regex> = LazyLock::new(|| {
    known(
        r"(?:^|[\s`'\x22(/:])(?P<name>\.(?:bashrc|bash_profile|bash_login|bash_aliases|profile|zshrc|zprofile|cshrc|tcshrc|condarc)|[A-Za-z0-9][\w.+-]*\.(?:sh|bash|sbatch|slurm|slrm|pbs|job|sub|cmd|qsub|csh|py|yml|yaml|ipynb|out|err|log)|requirements[\w-]*\.txt)(?:$|[\s`'\x22),:;.?])",
    )
});

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn scripts_begin_and_end() {
        for line in
            ["#!/bin/bash", "!/bin/bash", "#SBATCH -n 1", "#$ -cwd", "#PBS -l nodes=1", "#!/usr/bin/env python3"]
        {
            assert!(begins(line), "{line}");
        }
        assert!(!begins("# SBATCH is what I use") && !begins("#$$ costs"));
        for (line, before) in [
            ("Can you tell me what is wrong?", ""),
            ("Thanks,", "srun x"),
            ("sbatch: error: x", "srun x"),
            ("```", "srun x"),
            ("Grace Hopper", ""),
            ("Tel: 555 0100", ""),
            ("Room 3.14, ext. 4711", ""),
            ("IBAN XX00", ""),
            ("channels:", ""),
            ("[ada@login1 ~]$ sbatch x", ""),
        ] {
            assert!(ends(line, before), "{line}");
        }
        for line in [
            "",
            "try:",
            "Rscript fit.R",
            "X: int = 3",
            "# a comment in words here",
            "srun python x.py",
            "    indented",
            "X=1",
            "python train.py data out",
        ] {
            assert!(!ends(line, ""), "{line}");
        }
    }

    #[test]
    fn blanks_in_front_of_a_shebang_are_the_users_where_the_next_line_has_none() {
        assert!(begins_shifted(" #!/bin/bash", "#SBATCH -n 1"));
        for (line, next) in
            [("    #!/bin/bash", "    #SBATCH -n 1"), ("#!/bin/bash", "#SBATCH -n 1"), (" # a", "#SBATCH -n 1")]
        {
            assert!(!begins_shifted(line, next), "{line:?}");
        }
    }

    #[test]
    fn files_are_named_by_text_and_commands() {
        assert_eq!(file_named("My .bashrc says:").as_deref(), Some(".bashrc"));
        assert_eq!(file_named("I run `job.sh`, which starts train.py.").as_deref(), Some("train.py"));
        assert_eq!(file_named("nothing here e.g. that"), None);
        assert_eq!(printed_by("cat -n ~/job.sh"), Some("~/job.sh"));
        assert_eq!(printed_by("cat a | grep b"), None);
    }
}
