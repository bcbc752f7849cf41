//! Threads: as many as asked for, one when the system refuses more.

use rayon::prelude::*;
use rayon::{ThreadPool, ThreadPoolBuilder};

use super::progress::Progress;
use super::snapshot::Snapshot;
use crate::check::AT_ONCE;

/// More threads than this gain nothing: file systems of clusters do not like it.
const MAX_DEFAULT: usize = 8;

/// Fewer files than this are done before threads have started.
const WORTH_IT: usize = 8;

/// Fewer files than this are linked before threads have started.
pub(super) const MANY: usize = 64;

/// Does the same to many things, on several threads when that pays.
pub(super) struct Workers {
    threads: usize,
    pool: std::sync::OnceLock<Option<ThreadPool>>,
    progress: Progress,
}

impl Workers {
    /// `jobs` threads, by default one per core.
    pub(super) fn new(jobs: Option<usize>, snapshot: &Snapshot) -> Self {
        let threads = jobs.unwrap_or_else(|| snapshot.cores.min(MAX_DEFAULT)).max(1);
        Self { threads, pool: std::sync::OnceLock::new(), progress: Progress::default() }
    }

    /// This thread and no other.
    #[cfg(test)]
    pub(super) fn alone() -> Self {
        Self { threads: 1, pool: std::sync::OnceLock::new(), progress: Progress::default() }
    }

    /// The same threads, which tell how far they are.
    pub(super) fn telling(self, progress: &Progress) -> Self {
        Self { progress: progress.clone(), ..self }
    }

    /// Says what is done next, in a word or two.
    pub(super) fn doing(&self, what: &'static str) -> &Self {
        self.progress.begin(what);
        self
    }

    /// Applies `work` to each item; results are in the order of the items.
    pub(super) fn map<T: Sync, R: Send>(&self, items: &[T], work: impl Fn(&T) -> R + Send + Sync) -> Vec<R> {
        self.progress.expect(items.len());
        let work = |item: &T| {
            let result = work(item);
            self.progress.step();
            result
        };
        if self.threads == 1 || items.len() < WORTH_IT {
            return items.iter().map(work).collect();
        }
        match self.pool() {
            Some(pool) => pool.install(|| items.par_iter().with_max_len(AT_ONCE).map(&work).collect()),
            None => items.iter().map(work).collect(),
        }
    }

    /// Does something that uses the threads of the pool itself; it is told whether there are any.
    pub(super) fn install<R: Send>(&self, work: impl FnOnce(bool) -> R + Send) -> R {
        match if self.threads > 1 { self.pool() } else { None } {
            Some(pool) => pool.install(|| work(true)),
            None => work(false),
        }
    }

    /// Does something beside all that follows, where there are threads for it; nobody waits for its end.
    pub(super) fn beside(&self, work: impl FnOnce() + Send + 'static) {
        if self.threads > 1
            && let Some(pool) = self.pool()
        {
            pool.spawn(work);
        }
    }

    /// A thread may be refused (`ulimit -u`): then everything is done on this one.
    fn pool(&self) -> Option<&ThreadPool> {
        let make = || {
            let threads = || ThreadPoolBuilder::new().num_threads(self.threads);
            // This thread would only wait for the others: it is one of them, unless it is so already in another pool.
            threads().use_current_thread().build().or_else(|_| threads().build()).ok()
        };
        self.pool.get_or_init(make).as_ref()
    }
}
