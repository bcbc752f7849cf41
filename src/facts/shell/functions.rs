//! Functions of a script: walked where they are called, and once on demand when nothing calls them.

use std::sync::Arc;

use super::frame::Frame;
use super::state::State;
use super::value::Arg;
use super::walk::{MAX_DEPTH, Walker};
use crate::facts::Text;
use crate::source::Span;
use crate::syntax::shell::ast::Command;

/// Calls of one function that are followed: what a later one does, an earlier one has shown.
const MAX_CALLS: usize = 40;

/// A function of the script.
#[derive(Clone)]
pub(super) struct Function {
    body: Arc<Vec<Command>>,
    frame: Frame,
    calls: usize,
}

impl Walker<'_> {
    /// Notes a function.
    pub fn define(&mut self, name: Span, body: &[Command]) {
        let name = self.frame.slice(name).to_owned();
        let function = Function { body: Arc::new(body.to_vec()), frame: self.frame.clone(), calls: 0 };
        self.functions.insert(name, function);
    }

    /// Calls a function of the script; `false` when there is none of that name.
    pub fn call(&mut self, name: &str, args: &[Arg]) -> bool {
        let Some(function) = self.functions.get_mut(name) else { return false };
        if self.depth >= MAX_DEPTH || self.calls.iter().any(|known| known == name) {
            return true;
        }
        function.calls += 1;
        if function.calls > MAX_CALLS {
            return true;
        }
        let function = function.clone();
        let outer: Vec<(String, Option<Arc<Text>>)> = (1..10)
            .map(|number| number.to_string())
            .map(|name| (name.clone(), self.state.variable(&name).map(|v| v.value.clone())))
            .collect();
        for (name, _) in &outer {
            self.state.unset_variable(name);
        }
        for (index, arg) in args.iter().take(9).enumerate() {
            self.set_plain(&(index + 1).to_string(), arg.text.clone());
        }
        self.calls.push(name.to_owned());
        let outside = self.returned.take();
        self.in_frame(function.frame, |walker| walker.nested_list(&function.body));
        self.calls.pop();
        // Where its last lines give up, the script goes on as one of its branches returned.
        let returned = std::mem::replace(&mut self.returned, outside);
        if let Some(returned) = returned.filter(|_| self.state.ended && self.exited) {
            self.state = returned;
        }
        // `return` ends the function, not the script.
        self.state.ended = false;
        for (name, value) in outer {
            match value {
                Some(value) => self.set_plain(&name, value),
                None => self.state.unset_variable(&name),
            }
        }
        true
    }

    /// Ends the script.
    pub fn exits(&mut self) {
        self.state.ended = true;
        self.exited = true;
    }

    /// Ends the function, and keeps what holds there for the one who called it.
    pub fn returns(&mut self) {
        if !self.calls.is_empty() {
            self.returned = Some(match self.returned.take() {
                Some(before) => before.join(self.state.clone()),
                None => self.state.clone(),
            });
        }
        self.state.ended = true;
        self.exited = false;
    }

    /// Functions that nothing calls are there on demand.
    pub fn uncalled_functions(&mut self) {
        let mut waiting: Vec<(String, Function)> = self
            .functions
            .iter()
            .filter(|(_, function)| function.calls == 0)
            .map(|(n, f)| (n.clone(), f.clone()))
            .collect();
        waiting.sort_by_key(|(_, function)| function.body.first().map_or(0, |command| command.span.start));
        for (name, function) in waiting {
            let before = self.state.clone();
            self.state = State::default();
            self.calls.push(name);
            self.in_frame(function.frame, |walker| {
                walker.within("function", |walker| walker.nested_list(&function.body));
            });
            self.calls.pop();
            self.state = before;
        }
    }
}
