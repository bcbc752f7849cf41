//! Compound commands that choose or repeat: `if`, `case` and loops.

use std::sync::Arc;

use super::branch::{self, Outcome, condition};
use super::state::{Guard, State};
use super::walk::Walker;
use crate::facts::Text;
use crate::source::Span;
use crate::syntax::shell::ast::Command;

/// Words of a `for` for which its body is walked one by one.
const MAX_ROUNDS: usize = 8;

impl Walker<'_> {
    /// `if`: each arm from the same state, and the states after them joined.
    pub fn conditional(&mut self, arms: &[(Vec<Command>, Vec<Command>)], otherwise: Option<&[Command]>) {
        let (certain, guard) = (self.certain, self.state.guard);
        let mut ends: Option<State> = None;
        let mut decided = false;
        let single = arms.len() == 1 && otherwise.is_none();
        let mut by_host = false;
        for (tests, body) in arms {
            by_host |= tests.iter().any(|test| branch::names_host(self.frame.slice(test.span)));
            let outcome = tests.last().map_or(Outcome::Open, |test| condition(self, test));
            self.nested_list(tests);
            let before = self.state.clone();
            self.certain = certain && outcome.certain();
            if let Some(guard) = outcome.guard() {
                self.state.guard = guard;
            }
            self.arm(by_host, body);
            let after = std::mem::replace(&mut self.state, before);
            let takes_all =
                matches!(outcome, Outcome::Always) || (single && outcome == Outcome::Expected && !after.ended);
            if takes_all {
                decided = true;
            }
            if outcome != Outcome::Never {
                ends = Some(match ends {
                    Some(state) => state.join(after),
                    None => after,
                });
            }
            if let Some(guard) = outcome.negated().guard() {
                self.state.guard = guard;
            }
            self.certain = certain && matches!(outcome, Outcome::Guard(_) | Outcome::Never);
        }
        if let Some(body) = otherwise {
            self.arm(by_host, body);
        }
        self.certain = certain;
        if !decided {
            let rest = std::mem::take(&mut self.state);
            self.state = match ends {
                Some(state) => state.join(rest),
                None => rest,
            };
        } else if let Some(state) = ends {
            self.state = state;
        }
        self.state.guard = self.state.guard.within(guard);
    }

    /// One branch; `by_host` when the name of the machine decides about it.
    fn arm(&mut self, by_host: bool, body: &[Command]) {
        self.within("condition", |walker| match by_host {
            true => walker.within("host", |walker| walker.nested_list(body)),
            false => walker.nested_list(body),
        });
    }

    /// Loops: the body once, or for each of a few words that stand there.
    pub fn repetition(&mut self, variable: Option<Span>, words: &[Span], tests: &[Command], body: &[Command]) {
        let certain = self.certain;
        let mut rounds = Vec::new();
        for word in words {
            self.nested_scripts(*word);
        }
        if let Some(name) = variable.map(|span| self.frame.slice(span).to_owned()) {
            let values: Vec<Arc<Text>> = self.expand(words.iter().copied()).into_iter().map(|arg| arg.text).collect();
            // A few words that stand there: the body is walked for each. Else its variable stays a name.
            if values.len() <= MAX_ROUNDS && values.iter().all(|value| is_one_word(value)) {
                let mut values = values.into_iter();
                if let Some(first) = values.next() {
                    self.set_plain(&name, first);
                }
                rounds.extend(values.map(|value| (name.clone(), value)));
            } else {
                self.state.forget_variable(&name);
            }
            self.certain = certain && !words.is_empty();
        } else {
            self.nested_list(tests);
            self.certain = false;
        }
        let before = self.state.clone();
        // In later rounds the same words may come to other texts.
        let outer = self.in_rounds;
        self.in_rounds |= !rounds.is_empty();
        self.within("loop", |walker| walker.nested_list(body));
        for (name, value) in rounds {
            self.set_plain(&name, value);
            self.within("loop", |walker| walker.nested_list(body));
        }
        self.in_rounds = outer;
        if !self.certain {
            let after = std::mem::take(&mut self.state);
            self.state = before.join(after);
        }
        self.state.ended = false;
        self.certain = certain;
    }

    /// `case`: as `if`; what is asked of tells some branches.
    pub fn case(&mut self, subject: Option<Span>, arms: &[(Vec<Span>, Vec<Command>)]) {
        let certain = self.certain;
        if let Some(subject) = subject {
            self.nested_scripts(subject);
        }
        let written = subject.map_or("", |span| self.frame.slice(span)).to_owned();
        let about_flags = written.contains("$-");
        // `case ":$PATH:" in *:X:*) ;; *) PATH=X:$PATH;; esac`: the second arm is what the first run takes.
        let about_path = written.contains("PATH");
        // Only a shell with a terminal knows what kind it is.
        let about_terminal = branch::names_terminal(&written);
        let by_host = branch::names_host(&written);
        let before = self.state.clone();
        let mut ends: Option<State> = None;
        let mut complete = false;
        for (patterns, body) in arms {
            let any = patterns.iter().any(|pattern| self.frame.slice(*pattern) == "*");
            let interactive = about_flags && patterns.iter().any(|pattern| self.frame.slice(*pattern).contains('i'));
            self.state = before.clone();
            self.certain = certain && (about_flags || (about_path && any));
            if about_terminal && !any && patterns.iter().all(|pattern| branch::is_terminal(self.frame.slice(*pattern)))
            {
                self.state.guard = Guard::Interactive;
            }
            if about_flags {
                self.state.guard = if interactive { Guard::Interactive } else { Guard::Batch };
            }
            self.arm(by_host, body);
            complete |= any;
            let after = std::mem::take(&mut self.state);
            if about_path && any && !after.ended {
                ends = Some(after);
                break;
            }
            ends = Some(match ends {
                Some(state) => state.join(after),
                None => after,
            });
        }
        self.certain = certain;
        let guard = before.guard;
        self.state = match ends {
            Some(state) if complete => state,
            Some(state) => state.join(before),
            None => before,
        };
        self.state.guard = self.state.guard.within(guard);
    }
}

/// True for a text that is surely one word, even where it names the home or the user.
fn is_one_word(text: &Text) -> bool {
    text.unresolved.iter().all(|name| matches!(name.as_str(), "HOME" | "USER" | "LOGNAME"))
}
