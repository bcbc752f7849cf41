//! What a condition tells: which branch is taken, as far as the text decides it.

use super::state::Guard;
use super::walk::Walker;
use crate::source::Shell;
use crate::syntax::shell::ast::{Command, Node, Simple, WordKind};

/// What is known of a condition.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// It holds.
    Always,
    /// It does not.
    Never,
    /// It holds in the case that the script is written for: a file that it uses is there, a command succeeds.
    Expected,
    /// It fails in that case.
    Unexpected,
    /// It holds in the shells of this kind, and in no others.
    Guard(Guard),
    /// It holds in shells of this kind only, and perhaps not in all of them.
    Within(Guard),
    /// It holds in all shells of this kind, and perhaps in others.
    Covers(Guard),
    /// Not known.
    Open,
}

impl Outcome {
    /// True when a branch behind it is no mere possibility.
    pub const fn certain(self) -> bool {
        matches!(self, Self::Always | Self::Expected | Self::Guard(_))
    }

    /// The shells to which a branch behind it is limited. Whether one for batch shells that asks for more besides runs
    /// in any is not known, so it counts as one in all shells.
    pub const fn guard(self) -> Option<Guard> {
        match self {
            Self::Within(Guard::Batch) => None,
            Self::Guard(guard) | Self::Within(guard) => Some(guard),
            _ => None,
        }
    }

    /// The outcome of the opposite.
    pub const fn negated(self) -> Self {
        match self {
            Self::Always => Self::Never,
            Self::Never => Self::Always,
            Self::Expected => Self::Unexpected,
            Self::Unexpected => Self::Expected,
            Self::Guard(guard) => match guard.negated() {
                Guard::None => Self::Open,
                guard => Self::Guard(guard),
            },
            Self::Within(guard) => match guard.negated() {
                Guard::None => Self::Open,
                guard => Self::Covers(guard),
            },
            Self::Covers(guard) => match guard.negated() {
                Guard::None => Self::Open,
                guard => Self::Within(guard),
            },
            Self::Open => Self::Open,
        }
    }

    /// Both hold.
    pub const fn and(self, other: Self) -> Self {
        match (self, other) {
            (Self::Never, _) | (_, Self::Never) => Self::Never,
            (Self::Always, outcome) | (outcome, Self::Always) => outcome,
            (Self::Expected, Self::Expected) => Self::Expected,
            (Self::Expected, outcome) | (outcome, Self::Expected) if !matches!(outcome, Self::Unexpected) => outcome,
            (Self::Guard(guard) | Self::Within(guard), _) | (_, Self::Guard(guard) | Self::Within(guard)) => {
                Self::Within(guard)
            }
            _ => Self::Open,
        }
    }

    /// One of them holds.
    pub const fn or(self, other: Self) -> Self {
        match (self, other) {
            (Self::Always, _) | (_, Self::Always) => Self::Always,
            (Self::Never, outcome) | (outcome, Self::Never) => outcome,
            (Self::Expected, _) => Self::Expected,
            (
                Self::Guard(Guard::Interactive) | Self::Within(Guard::Interactive),
                Self::Guard(Guard::Interactive) | Self::Within(Guard::Interactive),
            ) => Self::Within(Guard::Interactive),
            (Self::Guard(guard) | Self::Covers(guard), _) | (_, Self::Guard(guard) | Self::Covers(guard)) => {
                Self::Covers(guard)
            }
            _ => Self::Open,
        }
    }
}

/// What is known of the success of `command`, a `!` before it included.
pub fn condition(walker: &Walker<'_>, command: &Command) -> Outcome {
    let before = walker.frame.text.get(..command.span.start).unwrap_or("").trim_end_matches([' ', '\t']);
    let outcome = success(walker, command);
    let negated = before.ends_with('!') && !before.ends_with("$!");
    if negated { outcome.negated() } else { outcome }
}

fn success(walker: &Walker<'_>, command: &Command) -> Outcome {
    match &command.node {
        Node::Simple(simple) => simple_condition(walker, simple),
        Node::AndOr { first, rest } => {
            let mut outcome = condition(walker, first);
            for (and, command) in rest {
                let next = condition(walker, command);
                outcome = if *and { outcome.and(next) } else { outcome.or(next) };
            }
            outcome
        }
        Node::Group(body) | Node::Subshell(body) => body.last().map_or(Outcome::Open, |last| condition(walker, last)),
        Node::Pipeline(stages) => {
            // `echo $- | grep -q i`, `echo $PATH | grep -q X`.
            let first = stages.first().map_or("", |stage| walker.frame.slice(stage.span));
            if first.contains("$-") { Outcome::Guard(Guard::Interactive) } else { Outcome::Open }
        }
        _ => Outcome::Open,
    }
}

fn simple_condition(walker: &Walker<'_>, simple: &Simple) -> Outcome {
    let words = &simple.words[simple.assignments..];
    let Some(first) = words.first() else { return Outcome::Expected };
    if first.kind == WordKind::Test {
        let text = walker.frame.slice(first.span);
        if walker.frame.shell == Shell::Csh {
            return csh_test(text);
        }
        return test(text.trim_start_matches("[[").trim_end_matches("]]").trim());
    }
    if first.kind == WordKind::Arithmetic {
        let text = walker.frame.slice(first.span);
        return if text.contains("+prompt") { Outcome::Guard(Guard::Interactive) } else { Outcome::Open };
    }
    let program = walker.frame.slice(first.span);
    let rest: Vec<&str> = words[1..].iter().map(|word| walker.frame.slice(word.span)).collect();
    match program {
        "[" | "test" => {
            let rest = rest.strip_suffix(&["]"]).unwrap_or(&rest);
            test(&rest.join(" "))
        }
        "true" | ":" => Outcome::Always,
        "false" => Outcome::Never,
        "command" | "type" | "which" | "hash" => Outcome::Expected,
        "shopt" if rest.contains(&"login_shell") => Outcome::Guard(Guard::Login),
        "tty" => Outcome::Guard(Guard::Interactive),
        "grep" | "egrep" | "diff" | "cmp" | "pgrep" | "squeue" | "ps" | "let" | "expr" | "is-at-least" => Outcome::Open,
        _ => Outcome::Expected,
    }
}

/// True where the text has a variable of that name: `$SUDO_PS1` is another.
fn names_variable(text: &str, name: &str) -> bool {
    let in_name = |c: char| c.is_ascii_alphanumeric() || c == '_';
    text.match_indices(name)
        .any(|(at, _)| !text[..at].ends_with(in_name) && !text[at + name.len()..].starts_with(in_name))
}

/// The inside of `[ … ]` or `[[ … ]]`.
fn test(text: &str) -> Outcome {
    let text = text.trim();
    // `&&` binds closer.
    if let Some((left, right)) = split(text, "||") {
        return test(left).or(test(right));
    }
    if let Some((left, right)) = split(text, "&&") {
        return test(left).and(test(right));
    }
    if let Some(rest) = text.strip_prefix("! ") {
        return test(rest).negated();
    }
    if text.contains("$-") {
        let interactive = Outcome::Guard(Guard::Interactive);
        return if text.contains("!=") || text.starts_with("-z") { interactive.negated() } else { interactive };
    }
    if names_variable(text, "PS1") || text.contains("$prompt") {
        let interactive = Outcome::Guard(Guard::Interactive);
        let absent = text.starts_with("-z") || text.contains("= \"\"") || text.contains("== \"\"");
        return if absent { interactive.negated() } else { interactive };
    }
    let words: Vec<&str> = text.split_whitespace().collect();
    if let Some(outcome) = terminal(&words) {
        return outcome;
    }
    match words.as_slice() {
        ["-t", ..] | ["-o", "interactive"] => Outcome::Guard(Guard::Interactive),
        ["-o", "login"] => Outcome::Guard(Guard::Login),
        ["-f" | "-d" | "-e" | "-x" | "-r" | "-s" | "-h" | "-L" | "-w", _] | ["-a", _] => Outcome::Expected,
        ["-z", word] if on_path(word) => Outcome::Open,
        // `[ -z "$X_LOADED" ] && …`: a guard against a second run.
        ["-z", _] => Outcome::Open,
        [_, "!=" | "=~" | "==" | "=", ..] if on_path(words[0]) => {
            // `[[ ":$PATH:" != *":X:"* ]]`: the entry is not there yet.
            if words[1] == "!=" { Outcome::Expected } else { Outcome::Unexpected }
        }
        _ => Outcome::Open,
    }
}

/// The expression of csh's `if ( … )`.
fn csh_test(text: &str) -> Outcome {
    let inner = text.trim_start_matches('(').trim_end_matches(')').trim();
    let interactive = Outcome::Guard(Guard::Interactive);
    if inner.contains("?prompt") {
        return if inner.starts_with('!') || inner.contains("== 0") { interactive.negated() } else { interactive };
    }
    let first = inner.trim_start_matches('!').trim_start();
    let exists = ["-e ", "-f ", "-d ", "-r ", "-x "].iter().any(|test| first.starts_with(test));
    match (exists && !inner.contains("||"), inner.starts_with('!')) {
        (true, false) => Outcome::Expected,
        (true, true) => Outcome::Unexpected,
        _ => Outcome::Open,
    }
}

/// True for a text that asks on which machine the script runs.
pub fn names_host(text: &str) -> bool {
    if !text.contains(['$', '`']) {
        return false;
    }
    let text = text.to_ascii_lowercase();
    let words = ["host", "cluster", "machine", "uname -n", "domain", "$environment", "$site", "$system", "{system"];
    text.contains('$') && words.iter().any(|word| text.contains(word)) || text.contains("`hostname")
}

/// True for a word that asks for the kind of the terminal, which only a shell with a terminal has.
pub fn names_terminal(word: &str) -> bool {
    matches!(word.trim_matches('"'), "$TERM" | "${TERM}" | "$TERM_PROGRAM" | "${TERM_PROGRAM}")
}

/// True when the pattern or text stands for a real terminal.
pub fn is_terminal(pattern: &str) -> bool {
    !matches!(pattern.trim_matches(['"', '\'']), "" | "*" | "dumb" | "unknown" | "?*")
}

/// `[ -n "$SSH_TTY" ]`, `[ "$TERM" != dumb ]`, `[ "$TERM" = linux ]`: true in shells that have a terminal.
fn terminal(words: &[&str]) -> Option<Outcome> {
    let interactive = Outcome::Guard(Guard::Interactive);
    let own = |word: &str| matches!(word.trim_matches('"'), "$SSH_TTY" | "${SSH_TTY}" | "$TMUX" | "${TMUX}" | "$STY");
    match words {
        ["-n", word] | [word] if own(word) => Some(interactive),
        ["-z", word] if word.contains("SSH_TTY") => Some(interactive.negated()),
        [word, "!=", value] if names_terminal(word) && !is_terminal(value) => Some(interactive),
        [word, "=" | "==", value] if names_terminal(word) && !is_terminal(value) => Some(interactive.negated()),
        [word, "=" | "==" | "=~", _] if names_terminal(word) => Some(Outcome::Within(Guard::Interactive)),
        [word, "!=", _] if names_terminal(word) => Some(Outcome::Covers(Guard::Batch)),
        _ => None,
    }
}

fn on_path(word: &str) -> bool {
    word.contains("$PATH") || word.contains("${PATH")
}

fn split<'t>(text: &'t str, operator: &str) -> Option<(&'t str, &'t str)> {
    let (left, right) = text.split_once(operator)?;
    // An operator inside quotes is text.
    let balanced = left.matches('"').count().is_multiple_of(2) && left.matches('\'').count().is_multiple_of(2);
    balanced.then_some((left, right))
}
