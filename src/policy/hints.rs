//! What the files of a pack may say and most likely do not mean, as it can never be met: notes of `rules check`.

mod rules;
mod sites;

use super::condition::{Condition, Glob, Where};
use super::error::nearest;
use super::pack::Policy;
use super::rule::Matcher;
use super::site::ValueData;

pub use rules::of_rule;
pub use sites::of_site;

/// The field of a module that is its family.
const FAMILY: &str = "family";
/// Notes on the tables of all packs over those `below`: families that nobody asks for, words of commands that nothing is.
pub fn of_tables(policy: &Policy, below: &Policy) -> Vec<String> {
    let families = unknown_families(policy, below).into_iter().map(|(family, near)| {
        format!("the family `{family}` of modules is new, and no rule asks for it{}", did_you_mean(near))
    });
    let words = policy.tables.commands.undeclared().into_iter().map(|undeclared| {
        let near = nearest(&undeclared.word, undeclared.known.iter().map(String::as_str));
        format!(
            "`{}` of `{}` names `{}`, {}{}",
            undeclared.key,
            undeclared.run,
            undeclared.word,
            undeclared.why,
            did_you_mean(near)
        )
    });
    families.chain(words).collect()
}

fn did_you_mean(near: Option<String>) -> String {
    near.map_or_else(String::new, |near| format!("; did you mean `{near}`?"))
}

/// For each family that the tables of packs give to modules, that those `below` do not have and that no rule and no
/// value of a site names: the family, and the nearest one that is known.
fn unknown_families(policy: &Policy, below: &Policy) -> Vec<(String, Option<String>)> {
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
        Condition::OneOf(all) => all.iter().for_each(|inner| families_below(inner, named)),
        Condition::AllOf(all) => all.iter().for_each(|inner| families_below(inner, named)),
        Condition::Not(inner) | Condition::Any(inner) | Condition::Every(inner) | Condition::None(inner) => {
            families_below(inner, named);
        }
        _ => {}
    }
}

/// The plain texts that a condition compares with.
fn texts(condition: &Condition, named: &mut Vec<String>) {
    match condition {
        Condition::Glob(Glob::Fixed(pattern)) => named.extend(pattern.literal().map(str::to_owned)),
        Condition::OneOf(all) => all.iter().for_each(|inner| texts(inner, named)),
        Condition::AllOf(all) => all.iter().for_each(|inner| texts(inner, named)),
        Condition::Not(inner) => texts(inner, named),
        _ => {}
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_is_noted_of_what_is_built_in() {
        let policy = crate::policy::builtin().unwrap();
        let rules = policy
            .rules
            .iter()
            .flat_map(|rule| of_rule(rule, &policy).into_iter().map(|note| format!("{}: {note}", rule.id)));
        let sites = policy
            .sites
            .keys()
            .flat_map(|id| of_site(id, &policy).into_iter().map(move |note| format!("{id}: {note}")));
        let all: Vec<String> = rules.chain(sites).chain(of_tables(&policy, &policy)).collect();
        assert!(all.is_empty(), "{all:#?}");
    }
}
