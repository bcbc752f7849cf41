//! Prompts: a command as somebody typed it, and what the prompt tells of where.

use std::sync::LazyLock;

use regex::Regex;

use super::lines::known;
use super::recognise::{is_prose, is_shell};

/// A line that begins with a prompt.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Prompt<'l> {
    /// The environment in front of it, if it names one.
    pub env: Option<&'l str>,
    /// The host in it, if it names one.
    pub host: Option<&'l str>,
    /// What was typed.
    pub command: &'l str,
    /// Python's prompt, not a shell's.
    pub python: bool,
}

/// The prompt at the beginning of a line.
pub(super) fn read(line: &str) -> Option<Prompt<'_>> {
    let line = line.trim_end();
    let shell = |found: regex::Captures<'_>| {
        let part = |name| found.name(name).map(|part| part.range());
        (part("env"), part("host"), part("command"))
    };
    for (pattern, is_sure) in [(&*BRACKETS, true), (&*COLON, true), (&*BARE, false)] {
        let Some((env, host, command)) = pattern.captures(line).map(shell) else { continue };
        let command = command.map_or("", |range| &line[range]).trim();
        // A bare `$` may stand in prose, in a table or in front of a price.
        let shown = || command.contains('<') && command.contains('>') && !command.contains(" > ");
        if !is_sure && (shown() || command.is_empty() || is_prose(command) || !looks_typed(command)) {
            continue;
        }
        let text = |range: Option<std::ops::Range<usize>>| range.map(|range| &line[range]);
        return Some(Prompt {
            env: text(env),
            host: text(host).filter(|host| !host.is_empty()),
            command,
            python: false,
        });
    }
    let command = line
        .strip_prefix(">>> ")
        .or_else(|| line.strip_prefix("... "))
        .or_else(|| PYTHON.find(line).map(|found| &line[found.end()..]))?;
    Some(Prompt { env: None, host: None, command, python: true })
}

fn looks_typed(command: &str) -> bool {
    let first = command.split_whitespace().next().unwrap_or("");
    is_shell(command) || first.starts_with(|c: char| c.is_ascii_lowercase() || "./~\"'".contains(c))
}

static BRACKETS: LazyLock<Regex> = LazyLock::new(|| {
    known(
        r"^\s{0,3}(?:\((?P<env>[^()]{1,80})\)\s*)*\[(?:[\w.-]+@)?(?P<host>[\w.-]+)(?:[ :][^\]]{0,120})?\]\s?[$%#>]\s?(?P<command>.*)$",
    )
});
static COLON: LazyLock<Regex> = LazyLock::new(|| {
    known(
        r"^\s{0,3}(?:\((?P<env>[^()]{1,80})\)\s*)*[\w.-]+@(?P<host>[\w.-]+)(?::\S{0,120}?|\s+\S{1,60}|\s?)\s?[$%#>](?:\s+(?P<command>.*)|\s*)$",
    )
});
static BARE: LazyLock<Regex> = LazyLock::new(|| {
    known(
        r"^\s{0,3}(?:\((?P<env>[^()]{1,80})\)\s*)*(?:(?P<host>[a-z][\w.-]{1,40}?)(?::\S{0,80})?)?\s?[$%](?:\s+)(?P<command>.*)$",
    )
});
static PYTHON: LazyLock<Regex> = LazyLock::new(|| known(r"^(?:In \[\d+\]: | {3,8}\.\.\.: )"));

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn prompts_of_all_kinds() {
        for (line, env, host, command) in [
            ("[ada@midway3-login1 ~]$ conda activate x", None, Some("midway3-login1"), "conda activate x"),
            ("(base) [ada@cn012 run]$ ls", Some("base"), Some("cn012"), "ls"),
            ("ada@login02:~/work> squeue", None, Some("login02"), "squeue"),
            ("ada@uan01:/scratch/x$ ", None, Some("uan01"), ""),
            ("(venv) ada@host ~ % pip list", Some("venv"), Some("host"), "pip list"),
            ("$ module load x", None, None, "module load x"),
            ("nersc$ python -c 'x'", None, Some("nersc"), "python -c 'x'"),
            ("bash-4.2$ ls", None, Some("bash-4.2"), "ls"),
            ("(myenv) $ pip install x", Some("myenv"), None, "pip install x"),
        ] {
            let found = read(line).unwrap_or_else(|| panic!("{line}"));
            assert_eq!((found.env, found.host, found.command), (env, host, command), "{line}");
        }
        for line in
            ["it costs 20 $ a month", "$ 20", "100 % done", "a@b.org wrote", "[1] see below", "95% of the quota"]
        {
            assert_eq!(read(line), None, "{line}");
        }
        assert!(read(">>> import x").unwrap().python && read("In [3]: x = 1").unwrap().python);
    }
}
