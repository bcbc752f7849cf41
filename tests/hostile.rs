//! Files made to break readers: each ends with an answer within two seconds of processor time and little memory.

#![expect(clippy::disallowed_methods, reason = "tests start the program")]

use std::path::Path;
use std::process::Command;

use serde_json::Value as Json;

/// Processor time of one run, in seconds. A build without optimisation takes some three times as long.
const SECONDS: u32 = if cfg!(debug_assertions) { 6 } else { 2 };
/// Address space of one run, in kilobytes.
const KILOBYTES: u32 = 2_000_000;
/// A size that no start-up file or job script has.
const LARGE: usize = 10_000_000;

#[test]
fn large_files() {
    let line = "conda activate base\n";
    turned_away("job.sh", &format!("#!/bin/bash\n{}", line.repeat(LARGE / line.len())));
    turned_away("train.py", &"import multiprocessing\n".repeat(LARGE / 23));
    turned_away("environment.yml", &format!("dependencies:\n{}", "  - numpy\n".repeat(LARGE / 10)));
    let cell = |source: &str| format!(r#"{{"cells": [{{"cell_type": "code", "source": ["{source}"]}}]}}"#);
    turned_away("analysis.ipynb", &cell(&"import os\\n".repeat(LARGE / 11)));
}

#[test]
fn one_long_line() {
    turned_away("job.sh", &format!("#!/bin/bash\necho {}", "x".repeat(LARGE)));
    turned_away("train.py", &format!("x = [{}]", "1, ".repeat(LARGE / 3)));
    turned_away("environment.yml", &format!("name: {}", "x".repeat(LARGE)));
}

#[test]
fn deep_nesting() {
    let nested =
        |open: &str, inner: &str, close: &str| format!("{}{inner}{}\n", open.repeat(100_000), close.repeat(100_000));
    turned_away("job.sh", &format!("#!/bin/bash\n{}", nested("(", "true", ")")));
    turned_away(".bashrc", &nested("(", "true", ""));
    turned_away("train.py", &format!("x = {}", nested("(", "1", ")")));
    turned_away("environment.yml", &format!("dependencies: {}", nested("[", "", "]")));
    // Brackets around a cell that is not understood hide no cell beside it.
    let cell = r#"{"cell_type": "code", "source": ["!conda init"]}"#;
    turned_away("analysis.ipynb", &format!("{{\"cells\": [{}, {cell}]}}", nested("[", "", "]")));
}

/// What stands around the part that is not understood is checked all the same.
#[test]
fn findings_beside_what_is_not_understood() {
    let script = format!("#!/bin/bash\nconda init\n{}true{}\nconda init\n", "(".repeat(100_000), ")".repeat(100_000));
    let report = check("job.sh", &script);
    let lines: Vec<&Json> = found(&report, "findings").iter().map(|finding| &finding["line"]).collect();
    assert!(lines.contains(&&Json::from(2)), "the line before it: {lines:?}");
    assert!(!found(&report, "not_understood").is_empty());
}

#[test]
fn many_here_documents_on_a_line() {
    let script =
        format!("#!/bin/bash\ncat{}\n{}conda init\n", " <<A".repeat(20_000), "conda activate x\nA\n".repeat(20_000));
    let report = check("job.sh", &script);
    let understood = found(&report, "not_understood").is_empty();
    let lines: Vec<&Json> = found(&report, "findings").iter().map(|finding| &finding["line"]).collect();
    // Understood, the bodies are text, and the command below them is found.
    assert!(!understood || lines.contains(&&Json::from(40_003)), "{lines:?}");
}

#[test]
fn nul_bytes() {
    turned_away("job.sh", "#!/bin/bash\nconda init\n\0\0\0\nconda activate x\n");
    turned_away("train.py", "import os\0\nx\0 = 1\n");
    turned_away("job.sh", &format!("#!/bin/bash\n{}", "\0".repeat(LARGE)));
    turned_away("environment.yml", "name: x\0\ndependencies:\n  - numpy\n");
}

/// Checks a text of which not all can be understood, and holds that it does not count as clean.
fn turned_away(name: &str, text: &str) {
    let report = check(name, text);
    assert!(
        !found(&report, "not_understood").is_empty() || !found(&report, "findings").is_empty(),
        "{name} counts as clean: {report}"
    );
}

fn found<'r>(report: &'r Json, list: &str) -> &'r Vec<Json> {
    report[list].as_array().unwrap_or_else(|| panic!("no {list}: {report}"))
}

/// Runs the program on a file of this text, within limits, with every rule on.
fn check(name: &str, text: &str) -> Json {
    let folder = tempfile::tempdir().expect("a scratch folder");
    let path = folder.path().join(name);
    std::fs::write(&path, text).expect("the file is written");
    let output = limited(&path).output().expect("bash runs");
    let errors = String::from_utf8_lossy(&output.stderr);
    assert!(matches!(output.status.code(), Some(0 | 1)), "{name}: {}: {errors}", output.status);
    serde_json::from_slice(&output.stdout).unwrap_or_else(|error| panic!("{name}: {error}: {errors}"))
}

fn limited(path: &Path) -> Command {
    let script = format!("ulimit -t {SECONDS} -v {KILOBYTES}; exec \"$@\"");
    let mut command = Command::new("bash");
    command.args(["-c", &script, "bash", env!("CARGO_BIN_EXE_pydoctor"), "check", "--isolated"]);
    command.args(["--site", "common", "--select", "ALL", "--format", "json"]).arg(path);
    command
}
