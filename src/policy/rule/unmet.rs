//! Which values a rule asks for and a site does not set, so that the rule finds nothing there.

use super::super::condition::{Condition, Glob, Test, Where};
use super::super::path::Root;
use super::super::site::Site;
use super::{Clause, Rule};

impl Rule {
    /// The values without which no clause of the rule can hold at the site, in order; none where one clause can.
    pub fn unmet_at(&self, site: &Site) -> Vec<String> {
        let mut unmet = Vec::new();
        for clause in &self.clauses {
            let of_clause = unmet_of(clause, site);
            if of_clause.is_empty() {
                return Vec::new();
            }
            unmet.extend(of_clause);
        }
        unmet.sort_unstable();
        unmet.dedup();
        unmet
    }
}

/// The values without which a clause cannot hold at the site.
pub(in super::super) fn unmet_of(clause: &Clause, site: &Site) -> Vec<String> {
    let beside = clause.with.iter().map(|other| &other.matches.all);
    [&clause.matches.all].into_iter().chain(beside).flat_map(|table| of_table(table, site)).collect()
}

fn of_table(table: &Where, site: &Site) -> Vec<String> {
    table.tests.iter().flat_map(|test| of_test(test, site)).collect()
}

fn of_test(test: &Test, site: &Site) -> Vec<String> {
    let of_set =
        matches!(test.path.root, Root::Site) && test.path.steps.first().is_some_and(|step| &**step == "values");
    match &test.condition {
        // `"site.values" = { any = "NAME" }`: it is set.
        Condition::Any(inner) if of_set => {
            let Condition::Glob(Glob::Fixed(name)) = &**inner else { return Vec::new() };
            let is_set = site.values.iter().any(|(other, value)| value.data.is_set() && name.is_match(other));
            if is_set { Vec::new() } else { vec![name.to_string()] }
        }
        condition => of_condition(condition, site),
    }
}

/// What is missing for a condition that would hold with it and cannot without.
fn of_condition(condition: &Condition, site: &Site) -> Vec<String> {
    match condition {
        Condition::Value(name) => {
            let is_set = site.values.get(&**name).is_some_and(|value| value.data.is_set());
            if is_set { Vec::new() } else { vec![name.to_string()] }
        }
        Condition::Any(inner) | Condition::Every(inner) => of_condition(inner, site),
        Condition::AllOf(all) => all.iter().flat_map(|one| of_condition(one, site)).collect(),
        Condition::OneOf(all) => {
            let each: Vec<Vec<String>> = all.iter().map(|one| of_condition(one, site)).collect();
            if each.iter().any(Vec::is_empty) { Vec::new() } else { each.concat() }
        }
        Condition::Fields(table) => of_table(table, site),
        _ => Vec::new(),
    }
}
