//! Examples of a rule, from its fixtures: the bad file that shows it best, with what is said of it and what its fix
//! does; and what the near misses are.

#![expect(clippy::disallowed_methods, reason = "tests start the program and read what it wrote")]

use std::path::{Path, PathBuf};
use std::process::Command;
use std::{env, fs};

use serde::Deserialize;
use serde_json::Value as Json;

use crate::{read, root};

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Manifest {
    site: Option<String>,
    kind: String,
    note: String,
    machine: Option<String>,
    #[serde(default)]
    shown: bool,
}

/// A folder of fixtures.
#[derive(Debug)]
pub struct Case {
    folder: PathBuf,
    site: Option<String>,
    /// The configuration of those who run the machine.
    machine: Option<String>,
    bad: bool,
    /// It is shown rather than another.
    shown: bool,
    /// What it shows.
    pub note: String,
}

/// A bad file.
#[derive(Debug)]
pub struct Example {
    /// Its name below the case.
    pub file: String,
    /// The site that judges; none for the common profile with every rule on.
    pub site: Option<String>,
    /// Its text.
    pub text: String,
    /// What the rule finds in it, as JSON; the one that counts most first.
    pub findings: Vec<Json>,
    /// What the rule's own fixes make of the text.
    pub fixed: Option<String>,
}

/// The cases of a rule, by name.
pub fn cases(rule: &str) -> Vec<Case> {
    let folder = root().join("fixtures/rules").join(rule);
    let mut cases: Vec<Case> = entries(&folder).into_iter().filter_map(|folder| Case::read(&folder)).collect();
    cases.sort_by(|a, b| a.folder.cmp(&b.folder));
    cases
}

/// The bad file that shows the rule best: marked so, certain, with a fix if there is one, the worst verdict, short.
pub fn example(rule: &str) -> Option<Example> {
    let mut best: Option<(Rank, &Case, String)> = None;
    let cases = cases(rule);
    for case in cases.iter().filter(|case| case.bad) {
        let golden = fs::read_to_string(case.folder.join("findings.json")).unwrap_or_default();
        let golden: Json = serde_json::from_str(&golden).unwrap_or_default();
        for finding in golden.as_array().into_iter().flatten().filter(|finding| finding["rule"] == rule) {
            let place = finding["at"].as_str().unwrap_or_default();
            let Some((file, _)) = place.rsplit_once(' ') else { continue };
            let Ok(text) = fs::read_to_string(case.folder.join(file)) else { continue };
            let rank = rank(case.shown, finding, &text, file);
            if best.as_ref().is_none_or(|(found, ..)| rank < *found) {
                best = Some((rank, case, file.to_owned()));
            }
        }
    }
    let (_, case, file) = best?;
    case.example(rule, &file)
}

/// What the rule finds in accounts: the findings of its first bad case of facts, as the golden has them.
pub fn in_account(rule: &str) -> Vec<Json> {
    let cases = cases(rule);
    let Some(case) = cases.iter().find(|case| case.bad && case.folder.join("account.toml").exists()) else {
        return Vec::new();
    };
    let golden = fs::read_to_string(case.folder.join("findings.json")).unwrap_or_default();
    let golden: Vec<Json> = serde_json::from_str(&golden).unwrap_or_default();
    golden.into_iter().filter(|finding| finding["rule"] == rule).collect()
}

/// The notes of the near misses.
pub fn near_misses(rule: &str) -> Vec<String> {
    cases(rule).into_iter().filter(|case| !case.bad).map(|case| case.note).collect()
}

/// Smaller is better.
type Rank = (bool, bool, bool, bool, usize, usize);

fn rank(shown: bool, finding: &Json, text: &str, file: &str) -> Rank {
    let no_fix = finding["fix"].is_null();
    let uncertain = !finding["certainty"].is_null() || !finding["suppressed"].is_null();
    (!shown, uncertain, file.ends_with(".ipynb"), no_fix, step(finding), text.len())
}

/// 0 for an error, more for what counts less.
fn step(finding: &Json) -> usize {
    ["error", "warning", "hint"].iter().position(|name| finding["severity"] == *name).unwrap_or(3)
}

impl Case {
    fn read(folder: &Path) -> Option<Self> {
        let text = fs::read_to_string(folder.join("case.toml")).ok()?;
        let manifest: Manifest = toml::from_str(&text).unwrap_or_else(|error| panic!("{}: {error}", folder.display()));
        let Manifest { site, kind, note, machine, shown } = manifest;
        Some(Self { folder: folder.to_owned(), site, machine, bad: kind == "bad", shown, note })
    }

    /// Checks the case as the test of the rules does, for what goldens leave out: help, labels, edits.
    fn example(&self, rule: &str, file: &str) -> Option<Example> {
        let scratch = tempfile::tempdir().expect("a scratch folder");
        copy(&self.folder, scratch.path(), true);
        let output = self.run(&["--format=json"], scratch.path());
        let report: Json = serde_json::from_slice(&output).expect("a report");
        let text = read(&self.folder.join(file));
        let findings: Vec<&Json> = report["findings"].as_array().into_iter().flatten().collect();
        let own = |finding: &&Json| {
            let path = finding["path"].as_str().unwrap_or_default();
            finding["rule"] == rule && path.trim_start_matches("./") == file && finding["suppressed"].is_null()
        };
        let mut own: Vec<&Json> = findings.into_iter().filter(own).collect();
        let mend = |options: &[&str]| {
            self.run(options, scratch.path());
            fs::read_to_string(scratch.path().join(file)).ok().filter(|fixed| *fixed != text)
        };
        // Without the other rules, unless it is about them.
        let alone = mend(&["--select", rule, "--fix", "--unsafe-fixes"]);
        let fixed = alone
            .or_else(|| mend(&["--fix", "--unsafe-fixes"]))
            .filter(|_| own.iter().any(|finding| !finding["fix"].is_null()));
        own.sort_by_key(|finding| (step(finding), finding["fix"].is_null()));
        let findings: Vec<Json> = own.into_iter().cloned().collect();
        let example = Example { file: file.to_owned(), site: self.site.clone(), text, findings, fixed };
        (!example.findings.is_empty()).then_some(example)
    }

    /// Checks the folder, which is the home too, so that `~` leads into the case; gives what is printed.
    fn run(&self, options: &[&str], folder: &Path) -> Vec<u8> {
        let mut command = Command::new(env!("CARGO_BIN_EXE_pydoctor"));
        command.args(["check", "-j1", "-q", "."]);
        let machine = tempfile::tempdir().expect("a scratch folder");
        match &self.machine {
            None => drop(command.arg("--isolated")),
            Some(text) => fs::write(machine.path().join("pydoctor.toml"), text).expect("a configuration"),
        }
        match &self.site {
            Some(site) => command.args(["--site", site]),
            None if options.contains(&"--select") => command.args(["--site", "common"]),
            None => command.args(["--site", "common", "--select", "ALL"]),
        };
        let path = env::var_os("PATH").unwrap_or_default();
        let command = command.args(options).current_dir(folder).env_clear().env("PATH", path).env("HOME", folder);
        if self.machine.is_some() {
            command.env("PYDOCTOR_POLICY_PATH", machine.path());
        }
        let output = command.output().expect("the binary runs").stdout;
        let shown = String::from_utf8_lossy(&output).replace(&*machine.path().to_string_lossy(), "/etc/pydoctor");
        shown.into_bytes()
    }
}

fn copy(from: &Path, to: &Path, top: bool) {
    for path in entries(from) {
        let name = path.file_name().unwrap_or_default();
        if top && ["case.toml", "findings.json", "fixed"].iter().any(|own| name == *own) {
            continue;
        }
        let target = to.join(name);
        if path.is_dir() {
            fs::create_dir_all(&target).expect("a folder");
            copy(&path, &target, false);
        } else {
            fs::copy(&path, &target).expect("a copy");
        }
    }
}

fn entries(folder: &Path) -> Vec<PathBuf> {
    let entries = fs::read_dir(folder).into_iter().flatten();
    let mut paths: Vec<PathBuf> = entries.map(|entry| entry.expect("an entry").path()).collect();
    paths.sort();
    paths
}
