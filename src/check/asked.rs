//! What rules ask of shell commands: by which names and words a command can concern one of them.
//!
//! A rule is heard out condition by condition: one that no command without its name, its word or a grammar can fulfil
//! is enough. A rule that has none is about every command, and then all are collected.

use crate::facts::interest::{BY_GRAMMAR, Questions, TOLD_WHOLE};
use crate::facts::{FactKind, Interest};
use crate::policy::condition::{Condition, Glob, Test, Where};
use crate::policy::glob::Pattern;
use crate::policy::path::{Derived, Root};
use crate::policy::rule::{Matcher, Other};
use crate::policy::site::ValueData;
use crate::policy::{Clause, Policy};
use crate::source::Role;

use super::prefilter::distinct;

/// Fields that hold words of the command as they are written.
const WRITTEN: &[&str] = &["words", "args", "options"];
/// Words shorter than this stand everywhere.
const SHORTEST: usize = 3;
/// The roles of shell files.
const ROLES: [Role; 3] = [Role::Startup, Role::Job, Role::Script];

/// The commands that these policies can have something to say about, or that tell of a site.
pub fn interest<'p>(policies: impl Iterator<Item = &'p Policy>) -> Interest {
    let all = distinct(policies);
    let mut questions = Questions::default();
    for policy in &all {
        let mut listener = Listener { policy, questions: &mut questions };
        let heard = policy.rules.iter().flat_map(|rule| &rule.clauses).all(|clause| listener.clause(clause));
        let told = heard && policy.sites.heads().flat_map(|site| &site.detect.evidence).all(|sign| listener.word(sign));
        if !told {
            return Interest::in_everything();
        }
    }
    Interest::new(questions, all.iter().map(|policy| &policy.tables.commands))
}

struct Listener<'l> {
    policy: &'l Policy,
    questions: &'l mut Questions,
}

/// How a condition rules a command out, the cheapest first.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Means {
    /// By a field that only a grammar gives.
    Grammar,
    /// By the name of the program.
    Name,
    /// By a word.
    Word,
}

impl Listener<'_> {
    /// Notes what the clause asks of commands; `false` when it may be about any.
    fn clause(&mut self, clause: &Clause) -> bool {
        let risks = clause.fixes.iter().flat_map(|fix| fix.unsafe_if_with.iter().chain(&fix.without));
        let others: Vec<&Other> = clause.with.iter().chain(&clause.without).chain(risks).collect();
        (clause.on != FactKind::Command || self.matcher(&clause.matches, true))
            && others.into_iter().all(|other| other.fact != FactKind::Command || self.matcher(&other.matches, false))
    }

    /// `own` for the fact that the clause is about: what may hold of it, for all that is known, is not found.
    fn matcher(&mut self, matcher: &Matcher, own: bool) -> bool {
        self.table(&matcher.all, own)
            || (!matcher.either.is_empty() && matcher.either.iter().all(|table| self.table(table, own)))
    }

    fn table(&mut self, table: &Where, own: bool) -> bool {
        if let Some(roles) = printing(table) {
            self.questions.prints.extend(roles);
            return true;
        }
        let means = [Means::Grammar, Means::Name, Means::Word];
        let means = &means[..if own { 3 } else { 2 }];
        means.iter().any(|means| table.tests.iter().any(|test| self.test(test, *means)))
    }

    fn test(&mut self, test: &Test, means: Means) -> bool {
        let Some(field) = test.path.steps.first().filter(|_| test.path.root == Root::Own) else { return false };
        let is_path = &**field == "path";
        match (means, test.path.derived) {
            (Means::Grammar, Some(Derived::Count)) => false,
            // A name without any `$` or wildcard has nothing that is not known.
            (Means::Grammar, Some(Derived::Unresolved)) if is_path => test.condition.needs_value(),
            (Means::Grammar, None) if &**field == "context" => self.patterns(&test.condition).is_some_and(|all| {
                all.iter().all(|pattern| pattern.literal().is_some_and(|name| TOLD_WHOLE.contains(&name)))
            }),
            (Means::Grammar, _) => BY_GRAMMAR.contains(&&**field) && test.condition.needs_value(),
            (Means::Name, None) if is_path || matches!(&**field, "run" | "program") => {
                self.patterns(&test.condition).is_some_and(|all| all.iter().all(|pattern| self.name(pattern)))
            }
            (Means::Word, None) if WRITTEN.contains(&&**field) => {
                self.patterns(&test.condition).is_some_and(|all| all.iter().all(|pattern| self.word(pattern)))
            }
            (Means::Word, _) if &**field == "option" && test.condition.needs_value() => {
                let spelling = test.path.steps.get(1).filter(|spelling| spelling.len() > SHORTEST);
                self.questions.words.extend(spelling.map(ToString::to_string));
                spelling.is_some()
            }
            _ => false,
        }
    }

    /// Notes the name of a program, or what it must hold.
    fn name(&mut self, pattern: &Pattern) -> bool {
        match pattern.literal() {
            Some(run) => {
                let name = run.split(' ').next().unwrap_or("");
                self.questions.names.insert(name.rsplit('/').next().unwrap_or(name).to_owned());
                true
            }
            // `pip install *` is about pip.
            None => match pattern.prefix().split_once(' ') {
                Some((program, _)) => {
                    self.questions.names.insert(program.to_owned());
                    true
                }
                None => self.word(pattern),
            },
        }
    }

    /// Notes the word that a text must hold for the pattern to match.
    fn word(&mut self, pattern: &Pattern) -> bool {
        let needle = String::from_utf8_lossy(pattern.needle()).into_owned();
        let Some(word) = as_written(&needle).filter(|word| word.len() >= SHORTEST) else { return false };
        self.questions.words.insert(word.to_owned());
        true
    }

    /// The patterns of which one must match; `None` when the condition holds of other texts too.
    fn patterns(&self, condition: &Condition) -> Option<Vec<Pattern>> {
        match condition {
            Condition::Glob(Glob::Fixed(pattern)) => Some(vec![pattern.clone()]),
            Condition::Value(name) => Some(self.values(name)),
            Condition::OneOf(all) => {
                Some(all.iter().map(|condition| self.patterns(condition)).collect::<Option<Vec<_>>>()?.concat())
            }
            Condition::AllOf(all) => all.iter().find_map(|condition| self.patterns(condition)),
            Condition::Any(inner) | Condition::Every(inner) => self.patterns(inner),
            _ => None,
        }
    }

    /// What the value is at any site.
    fn values(&self, name: &str) -> Vec<Pattern> {
        let sites = self.policy.sites.heads().filter_map(|head| self.policy.site(&head.id).ok());
        let values = sites.filter_map(|site| site.values.get(name).map(|value| value.data.clone()));
        values
            .flat_map(|data| match data {
                ValueData::Text(text, _) if text.is_empty() => Vec::new(),
                ValueData::Text(_, pattern) => vec![pattern],
                ValueData::Number(number) => vec![Pattern::exactly(&number.to_string())],
                ValueData::List(items) => items.into_iter().map(|(_, pattern)| pattern).collect(),
                ValueData::Table(rows) => rows.into_iter().map(|(_, pattern, _)| pattern).collect(),
            })
            .collect()
    }
}

/// The longest part of a text that stands in every spelling of it: a variable may be written `$NAME` or `${NAME}`,
/// home in three ways, and words may be any distance apart.
fn as_written(text: &str) -> Option<&str> {
    let is_name = |c: char| c.is_ascii_alphanumeric() || c == '_';
    let mut parts = Vec::new();
    for (index, part) in text.split('$').enumerate() {
        let end = if index == 0 { 0 } else { part.find(|c| !is_name(c)).unwrap_or(part.len()) };
        let (name, rest) = part.split_at(end);
        parts.extend(Some(name).filter(|name| *name != "HOME"));
        parts.extend(rest.split(|c: char| c.is_whitespace() || matches!(c, '\'' | '"' | '{' | '}')));
    }
    parts.into_iter().max_by_key(|part| part.len())
}

/// The roles of files in which a table asks whether a program prints; `None` when it does not ask.
fn printing(table: &Where) -> Option<Vec<Role>> {
    let asks = |test: &Test| test.path.root == Root::Own && test.path.steps.iter().map(AsRef::as_ref).eq(["prints"]);
    table.tests.iter().find(|test| asks(test) && matches!(test.condition, Condition::Flag(true)))?;
    let of_role = |test: &&Test| test.path.root == Root::File && test.path.steps.iter().map(AsRef::as_ref).eq(["role"]);
    let named = table.tests.iter().find(of_role).and_then(|test| match &test.condition {
        Condition::Glob(Glob::Fixed(pattern)) => ROLES.into_iter().find(|role| pattern.literal() == Some(role.name())),
        _ => None,
    });
    Some(named.map_or_else(|| ROLES.to_vec(), |role| vec![role]))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::policy;

    #[test]
    fn every_built_in_rule_names_what_it_asks_of_commands() {
        let policy = policy::builtin().unwrap();
        let mut questions = Questions::default();
        let mut listener = Listener { policy: &policy, questions: &mut questions };
        let mut greedy = Vec::new();
        for rule in &policy.rules {
            for (index, clause) in rule.clauses.iter().enumerate() {
                if !listener.clause(clause) {
                    greedy.push(format!("{} (clause {})", rule.id, index + 1));
                }
            }
        }
        assert!(greedy.is_empty(), "about every command, which makes all checks slow: {greedy:?}");
    }
}
