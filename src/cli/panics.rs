//! A panic in one file must not stop the others: it is caught and told where that file is reported.

use std::cell::RefCell;
use std::panic::{AssertUnwindSafe, catch_unwind, set_hook};

use crate::facts::Gap;
use crate::source::{Source, Span};

thread_local! {
    /// What the panic on this thread said, with its place in our source.
    static LAST: RefCell<Option<String>> = const { RefCell::new(None) };
}

/// Panics say nothing by themselves from now on; [`catch`] tells.
pub(super) fn install() {
    set_hook(Box::new(|info| {
        let payload = info.payload();
        let said =
            payload.downcast_ref::<&str>().copied().or_else(|| payload.downcast_ref::<String>().map(String::as_str));
        let place = info.location().map(|place| format!(" ({}:{})", place.file(), place.line())).unwrap_or_default();
        LAST.set(Some(format!("{}{place}", said.unwrap_or("panic"))));
    }));
}

/// Runs `work`; a panic in it is an error with what it said.
pub(super) fn catch<T>(work: impl FnOnce() -> T) -> Result<T, String> {
    catch_unwind(AssertUnwindSafe(work)).map_err(|_| LAST.take().unwrap_or_else(|| "panic".to_owned()))
}

/// What is left of a file that made us panic.
pub(super) fn gap(source: &Source, panic: &str) -> Gap {
    let reason = format!("internal error: {panic}; please report it");
    Gap { span: Span::new(0, source.text.len()), reason }
}
