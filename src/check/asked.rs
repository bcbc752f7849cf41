//! What rules ask of shell commands and assignments: by which names and words one can concern a rule.
//!
//! A rule is heard out condition by condition: one that no command without its name, its word or a grammar can fulfil
//! is enough. A rule that has none is about every command, and then all are collected; the same for assignments.

use crate::facts::interest::{BY_GRAMMAR, MODULE_PROGRAMS, Questions, Roles, TOLD_WHOLE, WRAPPING};
use crate::facts::{FactKind, Interest};
use crate::policy::condition::{Condition, Glob, GlobPiece, Test, Where};
use crate::policy::glob::Pattern;
use crate::policy::path::{Derived, Root};
use crate::policy::rule::{Matcher, Within};
use crate::policy::site::{Site, ValueData};
use crate::policy::template::Part;
use crate::policy::{Clause, Policy};
use crate::source::Role;
use crate::tables::commands::Commands;

/// Fields that hold words of the command as they are written.
const WRITTEN: &[&str] = &["words", "args", "options", "launcher-option", "placeholders"];
/// Words shorter than this stand everywhere.
const SHORTEST: usize = 3;
/// The roles of shell files.
const ROLES: [Role; 3] = [Role::Startup, Role::Job, Role::Script];

/// The commands and assignments that these policies can have something to say about, and what tells of a site, in so
/// many scripts.
pub fn interest(all: &[&Policy], scripts: usize) -> Interest {
    let mut questions = Questions::default();
    let (mut every_assignment, mut every_wrapped) = (false, false);
    for policy in all {
        let mut listener = Listener::new(policy, &mut questions);
        if !listener.hears(FactKind::Command) {
            return Interest::in_everything();
        }
        every_assignment |= !listener.hears(FactKind::Assignment);
        every_wrapped |= !listener.hears_wrapped();
        questions.signs.extend(policy.sites.heads().flat_map(|site| &site.detect.evidence).map(ToString::to_string));
    }
    if every_assignment {
        questions.values.insert(String::new());
    }
    if every_wrapped {
        questions.wrappers.insert(String::new());
    }
    Interest::new(questions, all.iter().map(|policy| &policy.tables.commands), scripts)
}

struct Listener<'l> {
    policy: &'l Policy,
    /// Its sites, completed.
    sites: Vec<&'l Site>,
    questions: &'l mut Questions,
    /// The clause that is heard.
    clause: Option<&'l Clause>,
    /// What tells of the files in which it matters what is heard; `None` where it does in all.
    gate: Option<Gate>,
}

/// What is so in each file in which it matters what stands beside the fact that a clause is about.
#[derive(Clone)]
enum Gate {
    /// One of these texts stands in it.
    Texts(Vec<String>),
    /// A directive in it is not read.
    Unread,
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

impl<'l> Listener<'l> {
    fn new(policy: &'l Policy, questions: &'l mut Questions) -> Self {
        let sites = policy.sites.heads().filter_map(|head| policy.site(&head.id).ok()).map(AsRef::as_ref).collect();
        Self { policy, sites, questions, clause: None, gate: None }
    }

    /// Notes what all rules ask of facts of a kind; `false` when one may be about any.
    fn hears(&mut self, kind: FactKind) -> bool {
        let policy = self.policy;
        policy.rules.iter().flat_map(|rule| &rule.clauses).all(|clause| self.clause(clause, kind))
    }

    /// Notes what all rules ask of commands behind a wrapper; `false` when one may be about any.
    fn hears_wrapped(&mut self) -> bool {
        let policy = self.policy;
        policy.rules.iter().flat_map(|rule| &rule.clauses).all(|clause| self.wrapped_by(clause))
    }

    /// Notes what the clause asks of commands behind a wrapper; `false` when it may be about any.
    fn wrapped_by(&mut self, clause: &'l Clause) -> bool {
        self.clause = Some(clause);
        (clause.on != FactKind::Command || self.wrapped(&clause.matches, Roles::ALL, true))
            && self.others(clause, FactKind::Command, Self::wrapped)
    }

    /// Whether `hears` does of each other fact of that kind that the clause looks for.
    fn others(
        &mut self,
        clause: &'l Clause,
        kind: FactKind,
        hears: impl Fn(&mut Self, &'l Matcher, Roles, bool) -> bool,
    ) -> bool {
        let risks = clause.fixes.iter().flat_map(|fix| fix.when.others());
        let mut others = clause.with.iter().chain(&clause.without).chain(risks).filter(|other| other.fact == kind);
        let (own, gate) = (roles_of(&clause.matches.all), gate_of(clause, &self.policy.tables.commands));
        let all = others.all(|other| {
            let (roles, gate) = match other.within {
                Within::File => (own, gate.clone()),
                // It matters in files that run others.
                Within::Callers => (Roles::ALL, Some(Gate::Texts(Vec::new()))),
                Within::Linked | Within::Session | Within::Reach => (Roles::ALL, None),
            };
            self.gate = gate;
            hears(self, &other.matches, roles, false)
        });
        self.gate = None;
        all
    }

    /// Notes by which wrapper, name or word a command that no grammar knows can fulfil a matcher.
    fn wrapped(&mut self, matcher: &Matcher, roles: Roles, own: bool) -> bool {
        let roles = roles.common(roles_of(&matcher.all));
        let table = |table: &Where| {
            let roles = roles.common(roles_of(table));
            let grammar = |test: &&Test| {
                let field = test.path.steps.first().map_or("", AsRef::as_ref);
                !WRAPPING.contains(&field)
            };
            table.tests.iter().filter(grammar).any(|test| self.test(test, Means::Grammar, roles))
                || table.tests.iter().any(asks_what_prints)
                || table.tests.iter().any(|test| self.wrapper(test))
                || table.tests.iter().any(|test| self.test(test, Means::Name, roles))
                || (own && table.tests.iter().any(|test| self.test(test, Means::Word, roles)))
                || table.tests.iter().any(|test| self.launched(test))
        };
        one_way(matcher, table)
    }

    /// Notes what wrappers must hold.
    fn wrapper(&mut self, test: &Test) -> bool {
        let asked = needs(test, "wrappers");
        let Some(patterns) = self.patterns(&test.condition).filter(|_| asked) else { return false };
        self.questions.wrappers.extend(patterns.iter().map(needle));
        true
    }

    /// Notes in which files it matters that something is launched.
    fn launched(&mut self, test: &Test) -> bool {
        let asked = needs(test, "launcher");
        let Some(Gate::Texts(texts)) = self.gate.as_ref().filter(|_| asked) else { return false };
        self.questions.gate.extend(texts.iter().cloned());
        true
    }

    /// Notes what the clause asks of facts of a kind; `false` when it may be about any.
    fn clause(&mut self, clause: &'l Clause, kind: FactKind) -> bool {
        self.clause = Some(clause);
        (clause.on != kind || self.matcher(&clause.matches, kind, Roles::ALL, true))
            && self.others(clause, kind, |listener, matcher, roles, own| listener.matcher(matcher, kind, roles, own))
    }

    /// `roles` are those of the files that facts are asked for in. `own` for the fact that the clause is about: what may
    /// hold of it, for all that is known, is not found.
    fn matcher(&mut self, matcher: &Matcher, kind: FactKind, roles: Roles, own: bool) -> bool {
        let roles = roles.common(roles_of(&matcher.all));
        one_way(matcher, |table| match kind {
            FactKind::Assignment => self.assigned(table, own),
            _ => self.table(table, roles.common(roles_of(table)), own),
        })
    }

    /// Notes by which name or value an assignment can fulfil a table.
    fn assigned(&mut self, table: &Where, own: bool) -> bool {
        // What stands for an unknown part may be anything, but the name of a user or a home is none that is asked for.
        let known = |field: &str| {
            own || field != "value"
                || table.tests.iter().any(|test| {
                    of_own(test, "value")
                        && test.path.derived == Some(Derived::Unresolved)
                        && matches!(test.condition, Condition::None(_))
                })
        };
        let by_name = |test: &&Test| of_own(test, "name") && test.path.derived.is_none();
        let by_text = |test: &&Test| match test.path.steps.first().map(AsRef::as_ref) {
            Some("value") => {
                of_own(test, "value") && matches!(test.path.derived, None | Some(Derived::Name)) && known("value")
            }
            Some("statement") => {
                test.path.root == Root::Own && test.path.derived.is_none() && &*test.path.text == "statement.text"
            }
            _ => false,
        };
        table.tests.iter().filter(by_name).any(|test| self.variables(&test.condition))
            || table.tests.iter().filter(by_text).any(|test| self.values_of_variables(&test.condition))
    }

    /// Notes names of variables.
    fn variables(&mut self, condition: &Condition) -> bool {
        let Some(patterns) = self.patterns(condition) else { return false };
        let names: Option<Vec<&str>> = patterns.iter().map(Pattern::literal).collect();
        let Some(names) = names else { return false };
        self.questions.variables.extend(names.into_iter().map(str::to_owned));
        true
    }

    /// Notes what values of variables must hold.
    fn values_of_variables(&mut self, condition: &Condition) -> bool {
        let Some(patterns) = self.patterns(condition) else { return false };
        let needles: Vec<String> = patterns.iter().map(needle).collect();
        let any_hold = !needles.iter().any(String::is_empty);
        self.questions.values.extend(needles.into_iter().filter(|needle| !needle.is_empty()));
        any_hold
    }

    fn table(&mut self, table: &Where, roles: Roles, own: bool) -> bool {
        if table.tests.iter().any(asks_what_prints) {
            self.questions.prints = self.questions.prints.and(roles);
            return true;
        }
        let means = [Means::Grammar, Means::Name, Means::Word];
        let means = &means[..if own { 3 } else { 2 }];
        means.iter().any(|means| table.tests.iter().any(|test| self.test(test, *means, roles)))
    }

    fn test(&mut self, test: &Test, means: Means, roles: Roles) -> bool {
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
                self.patterns(&test.condition).is_some_and(|all| all.iter().all(|pattern| self.name(pattern, roles)))
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

    /// Notes the name of a program in files of these roles, or what it must hold.
    fn name(&mut self, pattern: &Pattern, roles: Roles) -> bool {
        let prefix = pattern.prefix();
        let name = match (pattern.literal(), prefix.split_once(' ')) {
            (Some(run), _) => {
                let name = run.split(' ').next().unwrap_or("");
                name.rsplit('/').next().unwrap_or(name)
            }
            // `pip install *` is about pip.
            (None, Some((program, _))) => program,
            (None, None) => return self.word(pattern),
        };
        let names = match &self.gate {
            None => &mut self.questions.names,
            Some(Gate::Texts(texts)) => {
                self.questions.gate.extend(texts.iter().cloned());
                &mut self.questions.beside
            }
            Some(Gate::Unread) => &mut self.questions.beside_unread,
        };
        let spoken = names.entry(name.to_owned()).or_default();
        *spoken = spoken.and(roles);
        true
    }

    /// Notes the word that a text must hold for the pattern to match.
    fn word(&mut self, pattern: &Pattern) -> bool {
        let needle = needle(pattern);
        let Some(word) = as_written(&needle).filter(|word| word.len() >= SHORTEST) else { return false };
        self.questions.words.insert(word.to_owned());
        true
    }

    /// The patterns of which one must match; `None` when the condition holds of other texts too.
    fn patterns(&self, condition: &Condition) -> Option<Vec<Pattern>> {
        match condition {
            Condition::Glob(Glob::Fixed(pattern)) => Some(vec![pattern.clone()]),
            Condition::Glob(Glob::Filled(pieces)) => self.as_in_clause(pieces),
            Condition::Value(name) => Some(self.values(name)),
            Condition::OneOf(all) => {
                Some(all.iter().map(|condition| self.patterns(condition)).collect::<Option<Vec<_>>>()?.concat())
            }
            Condition::AllOf(all) => all.iter().find_map(|condition| self.patterns(condition)),
            Condition::Any(inner) | Condition::Every(inner) => self.patterns(inner),
            _ => None,
        }
    }

    /// For a text that is to be that of a field of the fact which the clause is about: what the clause asks of it.
    fn as_in_clause(&self, pieces: &[GlobPiece]) -> Option<Vec<Pattern>> {
        let [GlobPiece::Part(Part::Field(field))] = pieces else { return None };
        let tests = self.clause?.matches.all.tests.iter();
        let mut same = tests
            .filter(|test| test.path.text == field.text && !matches!(test.condition, Condition::Glob(Glob::Filled(_))));
        same.find_map(|test| self.patterns(&test.condition))
    }

    /// What the value is at any site.
    fn values(&self, name: &str) -> Vec<Pattern> {
        let values = self.sites.iter().filter_map(|site| site.values.get(name));
        values
            .flat_map(|value| match &value.data {
                ValueData::Text(text, _) if text.is_empty() => Vec::new(),
                ValueData::Text(_, pattern) => vec![pattern.clone()],
                ValueData::Number(number) => vec![Pattern::exactly(&number.to_string())],
                ValueData::List(items) => items.iter().map(|(_, pattern)| pattern.clone()).collect(),
                ValueData::Table(rows) => rows.iter().map(|(_, pattern, _)| pattern.clone()).collect(),
            })
            .collect()
    }
}

/// What tells of the files in which a clause is about something; `None` where nothing does.
fn gate_of(clause: &Clause, commands: &Commands) -> Option<Gate> {
    let is_unread = |test: &Test| of_own(test, "effective") && matches!(test.condition, Condition::Flag(false));
    match (texts_with(clause, commands), clause.on) {
        (Some(texts), _) => Some(Gate::Texts(texts)),
        (None, FactKind::Module) => {
            let spellings = MODULE_PROGRAMS.iter().flat_map(|name| [*name].into_iter().chain(commands.spellings(name)));
            Some(Gate::Texts(spellings.map(str::to_owned).collect()))
        }
        (None, FactKind::Directive) => clause.matches.all.tests.iter().any(is_unread).then_some(Gate::Unread),
        (None, _) => None,
    }
}

/// Texts of which one stands in each file in which a clause is about something, as it is about commands of that name.
fn texts_with(clause: &Clause, commands: &Commands) -> Option<Vec<String>> {
    let beside =
        clause.with.iter().filter(|other| other.within == Within::File).map(|other| (other.fact, &other.matches));
    let mut facts = [(clause.on, &clause.matches)].into_iter().chain(beside).filter(|(on, _)| *on == FactKind::Command);
    facts.find_map(|(_, matcher)| {
        let run = matcher.all.tests.iter().find(|test| of_own(test, "run") && test.path.derived.is_none())?;
        let patterns = match &run.condition {
            Condition::OneOf(all) => all,
            condition => std::slice::from_ref(condition),
        };
        let mut texts = Vec::new();
        for condition in patterns {
            let Condition::Glob(Glob::Fixed(pattern)) = condition else { return None };
            let prefix = pattern.prefix();
            let name = prefix.split(' ').next().filter(|name| name.len() >= SHORTEST)?;
            texts.push(name.to_owned());
            texts.extend(commands.spellings(name).map(str::to_owned));
        }
        texts.iter().all(|text| text.len() >= SHORTEST).then_some(texts)
    })
}

/// Whether a matcher is ruled out for what `rules_out` says nothing of: by what must all hold, or by each alternative.
fn one_way(matcher: &Matcher, mut rules_out: impl FnMut(&Where) -> bool) -> bool {
    rules_out(&matcher.all) || (!matcher.either.is_empty() && matcher.either.iter().all(rules_out))
}

/// What a text must hold for the pattern to match.
fn needle(pattern: &Pattern) -> String {
    String::from_utf8_lossy(pattern.needle()).into_owned()
}

/// True for a condition that only a command with that field fulfils.
fn needs(test: &Test, field: &str) -> bool {
    of_own(test, field) && test.path.derived.is_none() && test.condition.needs_value()
}

/// True for a condition that only what prints fulfils.
fn asks_what_prints(test: &Test) -> bool {
    of_own(test, "prints") && matches!(test.condition, Condition::Flag(true))
}

/// True for a condition on a field of the fact itself.
fn of_own(test: &Test, field: &str) -> bool {
    test.path.root == Root::Own && test.path.steps.iter().map(AsRef::as_ref).eq([field])
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

/// The roles of the files that a table can be about.
fn roles_of(table: &Where) -> Roles {
    let of_role = |test: &&Test| test.path.root == Root::File && test.path.steps.iter().map(AsRef::as_ref).eq(["role"]);
    let roles = table.tests.iter().find(of_role).and_then(|test| named_roles(&test.condition));
    roles.unwrap_or(Roles::ALL)
}

fn named_roles(condition: &Condition) -> Option<Roles> {
    match condition {
        Condition::Glob(Glob::Fixed(pattern)) => {
            ROLES.into_iter().find(|role| pattern.literal() == Some(role.name())).map(Roles::from)
        }
        Condition::OneOf(all) => {
            all.iter().map(named_roles).try_fold(Roles::default(), |roles, more| Some(roles.and(more?)))
        }
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::policy;

    #[test]
    fn every_built_in_rule_names_what_it_asks_of_commands_and_assignments() {
        let policy = policy::builtin().unwrap();
        let mut questions = Questions::default();
        let mut listener = Listener::new(&policy, &mut questions);
        let mut greedy = Vec::new();
        for rule in &policy.rules {
            for (index, clause) in rule.clauses.iter().enumerate() {
                for kind in [FactKind::Command, FactKind::Assignment] {
                    if !listener.clause(clause, kind) {
                        greedy.push(format!("{} (clause {}): {}", rule.id, index + 1, kind.name()));
                    }
                }
                if !listener.wrapped_by(clause) {
                    greedy.push(format!("{} (clause {}): wrapped commands", rule.id, index + 1));
                }
            }
        }
        assert!(greedy.is_empty(), "about every one, which makes all checks slow: {greedy:?}");
    }
}
