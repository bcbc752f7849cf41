//! Python files that are not parsed and shell commands that give no fact are those in which nothing is found: the same
//! findings with the prefilter and without, over all fixtures, or over the folder that `PYDOCTOR_FILES` names. That a file was not understood is told
//! only of those in which something could be found, with many other files beside it or none.

#![expect(clippy::disallowed_methods, reason = "tests run the program, and may be given other files")]

use std::path::{Path, PathBuf};
use std::process::Command;

use serde_json::Value as Json;

#[test]
fn the_report_is_the_same_with_and_without() {
    let given = std::env::var_os("PYDOCTOR_FILES").map(PathBuf::from);
    let folder = given.unwrap_or_else(|| Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures"));
    let (without, with) = (report(&folder, "never"), report(&folder, "always"));
    assert!(without["summary"]["findings"].as_u64() > Some(0), "nothing was found below {}", folder.display());
    let lines = |report: &Json| -> Vec<String> {
        let findings = report["findings"].as_array().into_iter().flatten();
        findings.map(|finding| format!("{finding:#}")).collect()
    };
    let (without_lines, with_lines) = (lines(&without), lines(&with));
    let gap = |line: &&String| line.contains("\"rule\": \"file-not-understood\"") && line.contains(".py\"");
    let missing: Vec<_> =
        without_lines.iter().filter(|line| !with_lines.contains(line)).filter(|line| !gap(line)).collect();
    let added: Vec<_> = with_lines.iter().filter(|line| !without_lines.contains(line)).collect();
    assert!(missing.is_empty() && added.is_empty(), "missing with it: {missing:#?}\nonly with it: {added:#?}");
    assert_eq!(without["site"], with["site"]);
    assert_eq!(without["summary"]["files"], with["summary"]["files"]);
}

fn report(folder: &Path, when: &str) -> Json {
    let output = Command::new(env!("CARGO_BIN_EXE_pydoctor"))
        .args(["check", "--isolated", "--select", "ALL", "--exit-zero", "--format", "json", "--prefilter", when])
        .arg(folder)
        .output()
        .expect("pydoctor runs");
    serde_json::from_slice(&output.stdout)
        .unwrap_or_else(|error| panic!("{error}: {}", String::from_utf8_lossy(&output.stderr)))
}

#[test]
fn a_file_alone_is_told_the_same_of_as_among_many() {
    let folder = tempfile::tempdir().expect("a scratch folder");
    let broken = "def f(:\n    x = = 1\n";
    let write = |name: &str, text: &str| std::fs::write(folder.path().join(name), text).expect("it is written");
    write("nothing.py", broken);
    write("pool.py", &format!("from multiprocessing import Pool\n{broken}"));
    let told = || -> Vec<String> {
        let report = report(folder.path(), "auto");
        let regions = report["not_understood"].as_array().into_iter().flatten();
        regions.map(|region| region["path"].as_str().unwrap_or_default().to_owned()).collect()
    };
    let alone = told();
    assert!(!alone.is_empty() && alone.iter().all(|path| path.ends_with("pool.py")), "{alone:?}");
    for number in 0..20 {
        write(&format!("other{number}.py"), "import numpy\n");
    }
    assert_eq!(told(), alone);
}
