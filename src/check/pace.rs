//! How the files of a run are gone through: one after the other, or several at once.

use rayon::prelude::*;

/// So many things at most are done by one thread before others may take what is left: files differ, and nobody should
/// wait for the last ones.
pub const AT_ONCE: usize = 4;

/// How files are gone through.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Pace {
    /// One after the other.
    Single,
    /// On all threads of the pool that this is called on.
    OnPool,
}

impl Pace {
    /// What `work` gives for each of the first `count` numbers, in their order.
    pub fn each<T: Send>(self, count: usize, work: impl Fn(usize) -> T + Sync + Send) -> Vec<T> {
        match self {
            Self::Single => (0..count).map(work).collect(),
            Self::OnPool => (0..count).into_par_iter().with_max_len(AT_ONCE).map(work).collect(),
        }
    }
}
