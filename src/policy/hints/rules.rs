//! Notes on a rule.

use super::super::condition::Test;
use super::super::error::nearest;
use super::super::pack::Policy;
use super::super::path::{FieldPath, Root};
use super::super::rule::unmet::unmet_of;
use super::super::rule::{Clause, Matcher, Rule};
use super::super::site::{ROOT, Site};
use super::super::template::{Template, Templates};
use super::{did_you_mean, texts};
use crate::facts::FactKind;
use crate::facts::schema::{Type, fields};
use crate::source::Scheduler;
use crate::tables::Tables;
use crate::tables::commands::Commands;

/// What of a rule can never be met.
pub fn of_rule(rule: &Rule, policy: &Policy) -> Vec<String> {
    let mut notes = Vec::new();
    let matchers = || rule.clauses.iter().flat_map(matchers);
    let mut named: Vec<String> = matchers().flat_map(|(kind, matcher)| runs_of(matcher, kind)).collect();
    named.sort();
    named.dedup();
    for run in named {
        if let Some(hint) = hint(&run, &policy.tables.commands) {
            notes.push(format!("asks for the command `{run}`, which is not read so: {hint}"));
        }
    }
    for (kind, matcher) in matchers() {
        for test in tests(matcher) {
            notes.extend(directive_name(kind, test, &policy.tables));
            notes.extend(option_name(kind, test, matcher, &policy.tables.commands));
            notes.extend(callee(kind, test));
        }
    }
    notes.extend(gaps(rule, policy));
    notes.dedup();
    notes
}

/// Texts that say next to nothing where no site sets what they take from it: the one that is shown then is empty, or ends
/// where the value would stand.
fn gaps(rule: &Rule, policy: &Policy) -> Vec<String> {
    let Some(root) = policy.sites.get(ROOT) else { return Vec::new() };
    let clauses = rule.clauses.iter().filter(|clause| unmet_of(clause, root).is_empty());
    let texts = clauses.flat_map(|clause| [("message", &clause.message), ("help", &clause.help)]);
    let mut notes: Vec<String> = texts.filter_map(|(key, texts)| gap(key, texts, root)).collect();
    notes.dedup();
    notes
}

fn gap(key: &str, texts: &Templates, root: &Site) -> Option<String> {
    let missing = |template: &Template| template.parts.iter().find_map(|part| part.missing_at(root).map(str::to_owned));
    let name = missing(texts.0.last()?)?;
    if texts.0.iter().any(|template| missing(template).is_none()) {
        return None;
    }
    let parts = texts.0.last()?.parts.iter().filter(|part| part.missing_at(root).is_none());
    let said: String = parts.map(ToString::to_string).collect();
    let said = said.trim_end_matches([' ', '`', '"', '.', ',', ')', '(']);
    let how = match said.chars().last() {
        None => "is empty",
        Some(':') => "ends in a colon",
        Some(_) => return None,
    };
    Some(format!(
        "has a `{key}` that {how} where `{name}` is not set, as at `{ROOT}`: make it a list that ends with a text that needs \
         nothing of a site"
    ))
}

/// The conditions of a clause, with the kind of fact that each group is about.
fn matchers(clause: &Clause) -> impl Iterator<Item = (FactKind, &Matcher)> {
    let others = clause.with.iter().chain(&clause.without).map(|other| (other.fact, &other.matches));
    std::iter::once((clause.on, &clause.matches)).chain(others)
}

fn tests(matcher: &Matcher) -> impl Iterator<Item = &Test> {
    let wheres = [&matcher.all].into_iter().chain(&matcher.either).chain(&matcher.unless);
    wheres.flat_map(|table| &table.tests)
}

/// True for a condition on that field of the fact itself.
fn is_on(path: &FieldPath, field: &str) -> bool {
    path.root == Root::Own && path.derived.is_none() && path.steps.len() == 1 && &*path.steps[0] == field
}

/// The plain texts that conditions on facts of a kind compare `run` with.
fn runs_of(matcher: &Matcher, kind: FactKind) -> Vec<String> {
    let mut named = Vec::new();
    if matches!(kind, FactKind::Command | FactKind::Dependency) {
        tests(matcher).filter(|test| is_on(&test.path, "run")).for_each(|test| texts(&test.condition, &mut named));
    }
    named
}

/// A directive by a name that none has.
fn directive_name(kind: FactKind, test: &Test, tables: &Tables) -> Option<String> {
    if kind != FactKind::Directive || !is_on(&test.path, "name") {
        return None;
    }
    let mut named = Vec::new();
    texts(&test.condition, &mut named);
    let all = Scheduler::ALL.map(|own| tables.schedulers.options(own));
    let known = || all.iter().flat_map(|table| table.iter()).map(|option| option.canonical());
    let name = named.into_iter().find(|name| !known().any(|known| known == name))?;
    let bare = name.trim_start_matches('-');
    let near = if known().any(|known| known == bare) { Some(bare.to_owned()) } else { nearest(bare, known()) };
    Some(format!("asks for the directive `{name}`, which no scheduler has by that `name`{}", did_you_mean(near)))
}

/// A function that no import gives, so that its calls are no facts.
fn callee(kind: FactKind, test: &Test) -> Option<String> {
    if kind != FactKind::Call || !is_on(&test.path, "callee") {
        return None;
    }
    let mut named = Vec::new();
    texts(&test.condition, &mut named);
    let bare = named.into_iter().find(|name| !name.contains(['.', '*', '?', '[', '{']))?;
    Some(format!("asks for calls of `{bare}`: a callee has its module, and only calls of what is imported are facts"))
}

/// An option by a word that is none, or that nearly is one of the command.
fn option_name(kind: FactKind, test: &Test, matcher: &Matcher, commands: &Commands) -> Option<String> {
    let [root, option, ..] = &*test.path.steps else { return None };
    let is_option =
        matches!(&**root, "option" | "launcher-option") && matches!(kind, FactKind::Command | FactKind::Dependency);
    if !is_option || test.path.root != Root::Own {
        return None;
    }
    if !option.starts_with(['-', '+']) {
        return Some(format!("asks for `{root}.{option}`: options have their dashes, `{root}.--{option}`"));
    }
    let runs = runs_of(matcher, kind);
    let known: Vec<_> = runs.iter().filter_map(|run| Some((run, commands.command(run)?))).collect();
    let (run, grammar) = known.first().filter(|_| &**root == "option" && known.len() == runs.len())?;
    if known.iter().any(|(_, grammar)| grammar.options.find(option).is_some()) {
        return None;
    }
    let near = nearest(option, grammar.options.spellings())?;
    Some(format!("asks for the option `{option}`, which `{run}` does not have; did you mean `{near}`?"))
}

/// The verbs of `module`.
fn verbs() -> &'static [&'static str] {
    let verb = fields(FactKind::Module).iter().find(|field| field.name == "verb");
    match verb.map(|field| &field.kind) {
        Some(Type::Choice(verbs)) => verbs,
        _ => &[],
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
            let verbs = if before == "module" { verbs() } else { &[] };
            if verbs.contains(&last) {
                return None;
            }
            nearest(last, words.chain(verbs.iter().copied())).map(|word| format!("{before} {word}"))
        }
        None => nearest(run, known.iter().map(String::as_str)),
    };
    let meant = meant.map(|near| format!("did you mean `{near}`?"));
    if !run.contains(' ') {
        // A program of which the grammar knows nothing is read by its name alone; a short one is near to many.
        return meant.filter(|_| run.len() > 3 && commands.program(run).is_none());
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
