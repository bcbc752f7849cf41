//! Every rule by its fixtures: `fixtures/rules/RULE/CASE/` holds files under their real names, `case.toml` with the
//! site and what the case is for, the golden `findings.json` with all findings, and under `fixed/` what
//! `--fix --unsafe-fixes` makes of the files. `BLESS=1 cargo test` rewrites the goldens.

#![expect(clippy::disallowed_methods, reason = "tests start the program and read what it wrote")]

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::{env, fs};

use serde::Deserialize;
use serde_json::{Value as Json, json};

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Case {
    /// The site that judges; without one every rule is on.
    site: Option<String>,
    kind: Kind,
    note: String,
}

#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug, Deserialize)]
#[serde(rename_all = "lowercase")]
enum Kind {
    /// The rule finds something.
    Bad,
    /// Near misses: the rule is silent.
    Ok,
}

/// What a case gave.
struct Outcome {
    rule: String,
    kind: Kind,
    /// A fix of the rule changed a file.
    fixed: bool,
    wrong: Vec<String>,
}

#[test]
fn rules_find_what_their_fixtures_show() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures/rules");
    let mut cases = Vec::new();
    for rule in folders(&root) {
        cases.extend(folders(&rule).into_iter().map(|case| (name(&rule), case)));
    }
    assert!(cases.len() > 100, "only {} cases were found", cases.len());
    let next = AtomicUsize::new(0);
    let outcomes = Mutex::new(Vec::new());
    std::thread::scope(|scope| {
        for _ in 0..std::thread::available_parallelism().map_or(1, usize::from) {
            scope.spawn(|| {
                while let Some((rule, case)) = cases.get(next.fetch_add(1, Ordering::Relaxed)) {
                    let outcome = run_case(rule, case);
                    outcomes.lock().expect("no thread panicked").push(outcome);
                }
            });
        }
    });
    let outcomes = outcomes.into_inner().expect("no thread panicked");
    let mut wrong: Vec<String> = outcomes.iter().flat_map(|outcome| outcome.wrong.clone()).collect();
    wrong.extend(incomplete(&outcomes));
    wrong.sort();
    assert!(wrong.is_empty(), "{} problems:\n{}", wrong.len(), wrong.join("\n"));
}

/// Rules without a bad case, without near misses, or with a fix that no case shows.
fn incomplete(outcomes: &[Outcome]) -> Vec<String> {
    let policy = pydoctor::policy::builtin().expect("the built-in pack loads");
    let mut has: BTreeMap<&str, BTreeSet<Kind>> = BTreeMap::new();
    for outcome in outcomes {
        has.entry(&outcome.rule).or_default().insert(outcome.kind);
    }
    let mut wrong = Vec::new();
    for rule in &policy.rules {
        for kind in [Kind::Bad, Kind::Ok] {
            if !has.get(rule.id.as_str()).is_some_and(|kinds| kinds.contains(&kind)) {
                wrong.push(format!("{}: no {kind:?} case", rule.id));
            }
        }
        let shown = outcomes.iter().any(|outcome| outcome.rule == rule.id && outcome.fixed);
        if rule.clauses.iter().any(|clause| clause.fix.is_some()) && !shown {
            wrong.push(format!("{}: no case shows its fix", rule.id));
        }
    }
    for rule in has.keys() {
        if policy.rule(rule).is_none() {
            wrong.push(format!("{rule}: fixtures of a rule that does not exist"));
        }
    }
    wrong
}

fn run_case(rule: &str, folder: &Path) -> Outcome {
    let case: Case = toml::from_str(&read(&folder.join("case.toml")))
        .unwrap_or_else(|error| panic!("{}: {error}", folder.display()));
    assert!(!case.note.is_empty(), "{}: a case says what it shows", folder.display());
    let scratch = tempfile::tempdir().expect("a scratch folder");
    let files = copy(folder, scratch.path());
    let mut outcome = Outcome { rule: rule.to_owned(), kind: case.kind, fixed: false, wrong: Vec::new() };
    let shown = format!("{rule}/{}", name(folder));

    let report = check(scratch.path(), case.site.as_deref(), false);
    let Some(findings) = report.get("findings").and_then(Json::as_array) else {
        outcome.wrong.push(format!("{shown}: {report}"));
        return outcome;
    };
    let own = findings.iter().filter(|finding| finding["rule"] == rule && finding["suppressed"].is_null()).count();
    match case.kind {
        Kind::Bad if own == 0 => outcome.wrong.push(format!("{shown}: the rule finds nothing")),
        Kind::Ok if own > 0 => outcome.wrong.push(format!("{shown}: a near miss is flagged")),
        _ => {}
    }
    let golden = Json::Array(findings.iter().map(compact).collect());
    let text = lines(&golden);
    compare(&folder.join("findings.json"), &text, &shown, &mut outcome.wrong);

    check(scratch.path(), case.site.as_deref(), true);
    let own_fix = findings.iter().any(|finding| finding["rule"] == rule && !finding["fix"].is_null());
    for file in files {
        let before = fs::read(folder.join(&file)).expect("a fixture");
        let after = fs::read(scratch.path().join(&file)).expect("a file that was checked");
        let golden = folder.join("fixed").join(&file);
        if before == after {
            if golden.exists() {
                outcome.wrong.push(format!("{shown}: {} is not fixed any more", file.display()));
            }
            continue;
        }
        outcome.fixed |= own_fix;
        let text = String::from_utf8_lossy(&after).into_owned();
        compare(&golden, &text, &shown, &mut outcome.wrong);
    }
    outcome
}

/// Runs the binary on a folder, which is the home too, so that `~` leads into the case.
fn check(folder: &Path, site: Option<&str>, fix: bool) -> Json {
    let report = tempfile::NamedTempFile::new().expect("a scratch file");
    let mut command = Command::new(env!("CARGO_BIN_EXE_pydoctor"));
    command.args(["check", "--isolated", "-j1", "-q", "."]).arg(format!("--format=json={}", report.path().display()));
    match site {
        Some(site) => command.args(["--site", site]),
        None => command.args(["--site", "common", "--select", "ALL"]),
    };
    if fix {
        command.args(["--fix", "--unsafe-fixes"]);
    }
    let path = env::var_os("PATH").unwrap_or_default();
    let output = command.current_dir(folder).env_clear().env("PATH", path).env("HOME", folder).output();
    let output = output.expect("the binary runs");
    let text = fs::read_to_string(report.path()).unwrap_or_default();
    serde_json::from_str(&text).unwrap_or_else(|_| json!(String::from_utf8_lossy(&output.stderr)))
}

/// What a golden says of a finding.
fn compact(finding: &Json) -> Json {
    let place = |line: &str, column: &str| format!("{}:{}", finding[line], finding[column]);
    let mut out = json!({
        "rule": finding["rule"],
        "at": format!("{} {}-{}", finding["path"].as_str().unwrap_or("").trim_start_matches("./"), place("line", "column"), place("end_line", "end_column")),
        "severity": finding["severity"],
        "message": finding["message"],
    });
    if finding["certainty"] != "certain" {
        out["certainty"] = finding["certainty"].clone();
    }
    if !finding["fix"].is_null() {
        let title = finding["fix"]["title"].as_str().unwrap_or("");
        out["fix"] = json!(format!("{}: {title}", finding["fix"]["applicability"].as_str().unwrap_or("")));
    }
    if !finding["suppressed"].is_null() {
        out["suppressed"] = finding["suppressed"].clone();
    }
    out
}

/// A line a finding, so that a difference reads well.
fn lines(golden: &Json) -> String {
    let items: Vec<String> = golden.as_array().into_iter().flatten().map(|item| format!("  {item}")).collect();
    if items.is_empty() { "[]\n".to_owned() } else { format!("[\n{}\n]\n", items.join(",\n")) }
}

fn compare(golden: &Path, text: &str, shown: &str, wrong: &mut Vec<String>) {
    if fs::read_to_string(golden).ok().as_deref() == Some(text) {
        return;
    }
    if env::var_os("BLESS").is_some() {
        fs::create_dir_all(golden.parent().expect("a folder")).expect("the folder is made");
        fs::write(golden, text).expect("the golden is written");
    } else {
        wrong.push(format!("{shown}: differs from {}:\n{text}", name(golden)));
    }
}

/// Copies the files of a case; gives their paths below it.
fn copy(from: &Path, to: &Path) -> Vec<PathBuf> {
    let mut found = Vec::new();
    let mut waiting = vec![PathBuf::new()];
    while let Some(below) = waiting.pop() {
        for entry in fs::read_dir(from.join(&below)).expect("a fixture folder") {
            let entry = entry.expect("an entry");
            let path = below.join(entry.file_name());
            let top = below.as_os_str().is_empty();
            if top && ["case.toml", "findings.json", "fixed"].contains(&name(&path).as_str()) {
                continue;
            }
            if entry.path().is_dir() {
                fs::create_dir_all(to.join(&path)).expect("a folder");
                waiting.push(path);
            } else {
                fs::copy(entry.path(), to.join(&path)).expect("a copy");
                found.push(path);
            }
        }
    }
    found.sort();
    found
}

fn folders(root: &Path) -> Vec<PathBuf> {
    let entries = fs::read_dir(root).expect("the fixtures");
    let mut found: Vec<PathBuf> =
        entries.filter_map(|entry| Some(entry.ok()?.path())).filter(|path| path.is_dir()).collect();
    found.sort();
    found
}

fn name(path: &Path) -> String {
    path.file_name().unwrap_or_default().to_string_lossy().into_owned()
}

fn read(path: &Path) -> String {
    fs::read_to_string(path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}
