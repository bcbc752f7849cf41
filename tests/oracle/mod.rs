//! Real programs that tests ask: shells, tracers, schedulers, readers of our formats.

use std::process::{Command, Stdio};

/// True when `program` can be started. Where `CI` is set a missing one fails the test, so that nothing is skipped there;
/// elsewhere it says what is not tested.
pub fn have(program: &str) -> bool {
    let started = Command::new(program).arg("--version").stdin(Stdio::null()).output().is_ok();
    if !started {
        assert!(std::env::var_os("CI").is_none(), "{program} is missing: .ci/run installs what the tests need");
        eprintln!("not tested: {program} is not installed");
    }
    started
}
