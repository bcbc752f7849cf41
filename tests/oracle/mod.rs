//! Real programs that tests ask: shells, tracers, schedulers, readers of our formats.

#![allow(dead_code, clippy::print_stderr, reason = "each test asks some of them, and says what it cannot")]

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

/// True when `program` can be started. Where `CI` is set a missing one fails the test, so that nothing is skipped there;
/// elsewhere it says what is not tested.
pub fn have(program: &str) -> bool {
    let started = Command::new(program).arg("--version").stdin(Stdio::null()).output().is_ok();
    if !started {
        missing(&format!("{program} is not installed"));
    }
    started
}

/// The Python that has the packages of `requirements.txt`. Where `CI` is set it is made when it is missing or old;
/// elsewhere nothing is installed by itself, and it says what is not tested.
pub fn python() -> Option<PathBuf> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    if in_ci() {
        let made = Command::new(root.join("tests/oracle/venv")).stdin(Stdio::null()).output();
        let made = made.expect("tests/oracle/venv is started");
        assert!(made.status.success(), "tests/oracle/venv: {}", String::from_utf8_lossy(&made.stderr));
    }
    let wanted = std::fs::read(root.join("tests/oracle/requirements.txt")).ok();
    let have = std::fs::read(root.join("target/oracles/requirements.txt")).ok();
    if have.is_none() || have != wanted {
        missing("the Python packages are not installed (tests/oracle/venv does)");
        return None;
    }
    Some(root.join("target/oracles/bin/python"))
}

fn missing(what: &str) {
    assert!(!in_ci(), "{what}: .ci/run installs what the tests need");
    eprintln!("not tested: {what}");
}

fn in_ci() -> bool {
    std::env::var_os("CI").is_some()
}

/// Shell lines that make `module` of Environment Modules known.
pub fn environment_modules() -> Option<String> {
    let init = Path::new("/usr/share/modules/init/bash");
    if !init.exists() {
        missing("Environment Modules are not installed");
        return None;
    }
    Some(format!(". {}", init.display()))
}

/// Shell lines that make `module` of Lmod known, from `target/lmod`, where `tests/oracle/lmod` unpacks it: its package
/// cannot be installed beside Environment Modules.
pub fn lmod() -> Option<String> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("target/lmod/usr/share/lmod/lmod");
    if !root.join("libexec/lmod").exists() {
        missing("Lmod is not unpacked (tests/oracle/lmod does)");
        return None;
    }
    Some(format!("export LMOD_CMD={0}/libexec/lmod\nmodule() {{ eval \"$($LMOD_CMD bash \"$@\")\"; }}", root.display()))
}
