//! What a rule may say and most likely does not mean: commands that no grammar gives.

use super::condition::{Condition, Glob, Where};
use super::error::nearest;
use super::path::Root;
use super::rule::{Matcher, Other, Rule};
use crate::facts::FactKind;
use crate::tables::commands::Commands;

/// The field of a command that is its program and sub-command.
const RUN: &str = "run";

/// For each command that a rule names and that the grammar does not give: what it names, and what is said of it.
pub fn unknown_commands(rule: &Rule, commands: &Commands) -> Vec<(String, String)> {
    let mut named = Vec::new();
    for clause in &rule.clauses {
        runs_of(&clause.matches, clause.on, &mut named);
        let others = clause.with.iter().chain(&clause.without);
        others.for_each(|Other { fact, matches, .. }| runs_of(matches, *fact, &mut named));
    }
    named.sort();
    named.dedup();
    named.into_iter().filter_map(|run| hint(&run, commands).map(|hint| (run, hint))).collect()
}

/// The plain texts that conditions on facts of a kind compare `run` with.
fn runs_of(matcher: &Matcher, kind: FactKind, named: &mut Vec<String>) {
    if !matches!(kind, FactKind::Command | FactKind::Dependency) {
        return;
    }
    let wheres = [&matcher.all].into_iter().chain(&matcher.either).chain(&matcher.unless);
    for test in wheres.flat_map(|Where { tests, .. }| tests) {
        let is_run = test.path.root == Root::Own && test.path.steps.len() == 1 && &*test.path.steps[0] == RUN;
        if is_run && test.path.derived.is_none() {
            texts(&test.condition, named);
        }
    }
}

fn texts(condition: &Condition, named: &mut Vec<String>) {
    match condition {
        Condition::Glob(Glob::Fixed(pattern)) => named.extend(pattern.literal().map(str::to_owned)),
        Condition::OneOf(all) | Condition::AllOf(all) => all.iter().for_each(|inner| texts(inner, named)),
        Condition::Not(inner) => texts(inner, named),
        _ => {}
    }
}

/// Why a command line is hardly ever read as `run`; `None` when it is.
fn hint(run: &str, commands: &Commands) -> Option<String> {
    let known = commands.runs();
    if known.iter().any(|known| known == run) {
        return None;
    }
    let program = run.split(' ').next().unwrap_or(run);
    let is_program = known.iter().any(|known| known.split(' ').next() == Some(program));
    let meant = match run.rsplit_once(' ').filter(|_| is_program) {
        // Only the sub-command can be misspelt.
        Some((before, last)) => {
            let words = known.iter().filter_map(|known| known.strip_prefix(before)?.strip_prefix(' '));
            nearest(last, words).map(|word| format!("{before} {word}"))
        }
        None => nearest(run, known.iter().map(String::as_str)),
    };
    let meant = meant.map(|near| format!("did you mean `{near}`?"));
    if !run.contains(' ') {
        // A program of which the grammar knows nothing is read by its name alone.
        return meant.filter(|_| commands.program(run).is_none());
    }
    let Some(grammar) = commands.program(program) else {
        let alone = format!("no `commands.toml` says that `{program}` has sub-commands, so its `run` is `{program}`");
        return Some(meant.unwrap_or(alone));
    };
    let canonical = grammar.run.as_deref().unwrap_or(&grammar.name);
    if canonical != program {
        return Some(meant.unwrap_or_else(|| format!("`{program}` is read as `{canonical}`")));
    }
    // Any word may be a sub-command, and any name a module.
    let open = grammar.subcommands || run.starts_with("python -m ");
    meant.or_else(|| (!open).then(|| format!("`{program}` has no sub-commands: its `run` is `{program}`")))
}
