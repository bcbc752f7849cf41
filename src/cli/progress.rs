//! What takes more than a second says how far it is: on a terminal, on standard error, on one line that goes away.

use std::io::{self, Write};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread;
use std::time::Duration;

/// So long nothing is said.
const PATIENCE: Duration = Duration::from_secs(1);

/// So often the line is written anew.
const PERIOD: Duration = Duration::from_millis(100);

/// The start of the line, erased.
const ERASE: &[u8] = b"\r\x1b[K";

/// Counts of what is being done; all copies are of one line.
#[derive(Clone, Debug, Default)]
pub(super) struct Progress {
    shared: Arc<Shared>,
}

#[derive(Debug, Default)]
struct Shared {
    done: AtomicUsize,
    /// 0 when it is not known.
    total: AtomicUsize,
    line: Mutex<Line>,
}

#[derive(Debug, Default)]
struct Line {
    what: &'static str,
    shown: bool,
    running: bool,
}

impl Progress {
    /// Begins to tell. Without it nothing is ever shown.
    pub(super) fn start(&self) {
        self.line(|line| line.running = true);
        let progress = self.clone();
        // Where no thread can be had, nothing is told.
        let _ = thread::Builder::new().name("progress".to_owned()).spawn(move || {
            thread::sleep(PATIENCE);
            while progress.show() {
                thread::sleep(PERIOD);
            }
        });
    }

    /// The next part of the work, in a word or two; of how many pieces it is, is not known.
    pub(super) fn begin(&self, what: &'static str) {
        self.expect(0);
        self.line(|line| line.what = what);
    }

    /// Of how many pieces it is; 0 when that is not known.
    pub(super) fn expect(&self, total: usize) {
        self.shared.done.store(0, Ordering::Relaxed);
        self.shared.total.store(total, Ordering::Relaxed);
    }

    /// Notes that one more piece is done.
    pub(super) fn step(&self) {
        self.shared.done.fetch_add(1, Ordering::Relaxed);
    }

    /// Notes that so many more pieces are done.
    pub(super) fn add(&self, pieces: usize) {
        self.shared.done.fetch_add(pieces, Ordering::Relaxed);
    }

    /// Takes the line away, since something else is written to the terminal now.
    pub(super) fn hide(&self) {
        self.line(|line| {
            if std::mem::take(&mut line.shown) {
                // There is nobody left to tell that standard error is gone.
                let _ = io::stderr().write_all(ERASE);
            }
        });
    }

    /// Takes the line away for good.
    pub(super) fn finish(&self) {
        self.line(|line| line.running = false);
        self.hide();
    }

    /// Writes the line; false when there is nothing more to tell.
    fn show(&self) -> bool {
        self.line(|line| {
            if !line.running {
                return false;
            }
            let done = self.shared.done.load(Ordering::Relaxed);
            let text = match self.shared.total.load(Ordering::Relaxed) {
                _ if line.what.is_empty() => return true,
                0 if done == 0 => format!("pydoctor: {}", line.what),
                0 => format!("pydoctor: {}: {done}", line.what),
                total => format!("pydoctor: {}: {done} of {total}", line.what),
            };
            line.shown = true;
            io::stderr().write_all(&[ERASE, text.as_bytes()].concat()).is_ok()
        })
    }

    fn line<T>(&self, change: impl FnOnce(&mut Line) -> T) -> T {
        change(&mut self.shared.line.lock().unwrap_or_else(PoisonError::into_inner))
    }
}
