//! Which fields a fact must have for conditions to hold of it: told by their marks, without a look at any value.

use super::condition::Test;
use super::path::{Derived, Root};
use crate::facts::mark;

/// The marks of fields that must be there: most conditions are on a field that a fact does not have.
#[derive(Clone, Copy, Debug, Default)]
pub struct Needs {
    /// In the fact.
    pub own: u64,
    /// In the state at the fact.
    pub state: u64,
}

impl Needs {
    /// True where all of them are among the marks of a fact's own fields and of its state's.
    #[inline]
    pub fn are_among(self, own: u64, state: u64) -> bool {
        self.own & !own == 0 && self.state & !state == 0
    }

    /// What these conditions need.
    pub(super) fn of(tests: &[Test]) -> Self {
        let mut needs = Self::default();
        for Test { path, condition } in tests {
            let marks = match path.root {
                Root::Own => &mut needs.own,
                Root::State => &mut needs.state,
                _ => continue,
            };
            // Nothing is counted as 0.
            if let Some(field) = path.steps.first().filter(|_| path.derived != Some(Derived::Count))
                && condition.needs_something()
            {
                *marks |= mark(field);
            }
        }
        needs
    }
}
