//! What a rule may say and most likely does not mean: commands that no grammar gives.

use super::condition::{Condition, Glob, Where};
use super::error::nearest;
use super::pack::Policy;
use super::path::Root;
use super::rule::{Matcher, Other, Rule};
use super::site::ValueData;
use crate::facts::FactKind;
use crate::tables::commands::Commands;

/// The field of a module that is its family.
const FAMILY: &str = "family";
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

/// For each family that the tables of packs give to modules, that those `below` do not have and that no rule and no
/// value of a site names: the family, and the nearest one that is known.
pub fn unknown_families(policy: &Policy, below: &Policy) -> Vec<(String, Option<String>)> {
    let known = below.tables.families.names();
    let new = policy.tables.families.names();
    let new: Vec<&str> = new.difference(&known).copied().collect();
    if new.is_empty() {
        return Vec::new();
    }
    let mut named = Vec::new();
    for clause in policy.rules.iter().flat_map(|rule| &rule.clauses) {
        families_of(&clause.matches, &mut named);
        clause.with.iter().chain(&clause.without).for_each(|other| families_of(&other.matches, &mut named));
    }
    for value in policy.sites.values().flat_map(|site| site.values.values()) {
        if let ValueData::List(items) = &value.data {
            named.extend(items.iter().map(|(text, _)| text.clone()));
        }
    }
    let unknown = new.into_iter().filter(|family| !named.iter().any(|name| name == family));
    unknown.map(|family| (family.to_owned(), nearest(family, known.iter().copied()))).collect()
}

/// The plain texts that conditions compare a family with.
fn families_of(matcher: &Matcher, named: &mut Vec<String>) {
    let wheres = [&matcher.all].into_iter().chain(&matcher.either).chain(&matcher.unless);
    wheres.for_each(|table| families_in(table, named));
}

fn families_in(Where { tests, .. }: &Where, named: &mut Vec<String>) {
    for test in tests {
        let is_family = test.path.steps.last().is_some_and(|step| &**step == FAMILY);
        if is_family {
            texts(&test.condition, named);
        }
        families_below(&test.condition, named);
    }
}

fn families_below(condition: &Condition, named: &mut Vec<String>) {
    match condition {
        Condition::Fields(table) => families_in(table, named),
        Condition::OneOf(all) | Condition::AllOf(all) => all.iter().for_each(|inner| families_below(inner, named)),
        Condition::Not(inner) | Condition::Any(inner) | Condition::Every(inner) | Condition::None(inner) => {
            families_below(inner, named);
        }
        _ => {}
    }
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
