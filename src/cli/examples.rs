//! Examples of each rule, from its fixtures: embedded when the program is built, and those of packs.

use std::borrow::Cow;
use std::fs;
use std::path::Path;

/// Files below `fixtures/rules/`: path and text.
const FILES: &[(&str, &str)] = include!(concat!(env!("OUT_DIR"), "/examples.rs"));

/// A file that a rule flags, or one that it does not.
#[derive(Clone, Debug, Default)]
pub(super) struct Example {
    /// The rule flags it.
    pub(super) bad: bool,
    /// What it shows.
    pub(super) note: String,
    /// The file's name.
    pub(super) name: String,
    /// Its text.
    pub(super) text: Cow<'static, str>,
    /// The other files of its case, by name.
    pub(super) beside: Vec<(String, Cow<'static, str>)>,
    /// Its case comes first, by its manifest or its name.
    first: bool,
    /// What the rule says in it, by the golden.
    findings: Vec<Golden>,
}

/// What of `case.toml` is of interest here.
#[derive(Debug, serde::Deserialize)]
struct Case {
    kind: String,
    #[serde(default)]
    note: String,
    #[serde(default)]
    shown: bool,
}

/// The same from the fixtures of a pack in a folder; none where they cannot be read.
pub(super) fn of_pack(folder: &Path, rule: &str) -> Vec<Example> {
    let files = |folder: &Path| fs::read_dir(folder).into_iter().flatten().filter_map(|entry| Some(entry.ok()?.path()));
    let mut examples = Vec::new();
    for case in files(&folder.join("fixtures/rules").join(rule)) {
        let Some(written) = text_of(&case.join("case.toml")).and_then(|text| toml::from_str::<Case>(&text).ok()) else {
            continue;
        };
        let own = files(&case).filter(|path| path.is_file()).filter_map(|path| {
            let name = path.file_name()?.to_string_lossy().into_owned();
            let text = text_of(&path).filter(|_| !matches!(name.as_str(), "case.toml" | "findings.json"))?;
            Some((name, Cow::Owned(text)))
        });
        examples.extend(of_case(&written, &own.collect::<Vec<_>>(), written.shown));
    }
    examples.sort_by(|a, b| (!a.first, a.text.len(), &a.name).cmp(&(!b.first, b.text.len(), &b.name)));
    let first = |bad: bool| examples.iter().find(|example| example.bad == bad);
    [first(true), first(false)].into_iter().flatten().cloned().collect()
}

#[expect(clippy::disallowed_methods, reason = "fixtures of a pack are no checked files")]
fn text_of(path: &Path) -> Option<String> {
    fs::read_to_string(path).ok()
}

/// What of a golden finding is of interest here.
#[derive(Clone, Debug, serde::Deserialize)]
struct Golden {
    rule: String,
    /// File, and where in it.
    at: String,
    severity: String,
    fix: Option<String>,
    certainty: Option<String>,
}

/// The bad example that shows the rule best, and the shortest near miss.
pub(super) fn of(rule: &str) -> Vec<Example> {
    let examples = all(rule);
    let bad = examples.iter().filter(|example| example.bad).min_by_key(|example| rank(example));
    let good =
        examples.iter().filter(|example| !example.bad).min_by_key(|example| (!example.first, example.text.len()));
    [bad, good].into_iter().flatten().cloned().collect()
}

/// Marked, certain, with a fix if there is one, the worst verdict, no notebook, short: the smallest shows most.
fn rank(example: &Example) -> (bool, bool, bool, bool, usize, usize) {
    let best = |finding: &Golden| {
        let step = ["error", "warning", "hint"].iter().position(|name| finding.severity == *name);
        (finding.certainty.is_some(), finding.fix.is_none(), step.unwrap_or(3))
    };
    let (uncertain, no_fix, step) = example.findings.iter().map(best).min().unwrap_or((true, true, 3));
    (!example.first, uncertain, example.name.ends_with(".ipynb"), no_fix, step, example.text.len())
}

/// The files of all cases of a rule.
fn all(rule: &str) -> Vec<Example> {
    FILES.iter().filter_map(|(path, text)| read(rule, path, text)).flatten().collect()
}

/// The files of a case, when `path` is the `case.toml` of one of the rule.
fn read(rule: &str, path: &str, text: &str) -> Option<Vec<Example>> {
    let case = path.strip_prefix(rule)?.strip_prefix('/')?.strip_suffix("/case.toml")?;
    let written: Case = toml::from_str(text).ok()?;
    let folder = format!("{rule}/{case}/");
    let files: Vec<(&str, &str)> =
        FILES.iter().filter_map(|(path, text)| Some((path.strip_prefix(&folder)?, *text))).collect();
    let golden = files.iter().find(|(name, _)| *name == "findings.json");
    let findings: Vec<Golden> = golden.and_then(|(_, text)| serde_json::from_str(text).ok()).unwrap_or_default();
    let of_file = |name: &str| {
        let own = |finding: &&Golden| {
            finding.rule == rule && finding.at.rsplit_once(' ').is_some_and(|(file, _)| file == name)
        };
        findings.iter().filter(own).cloned().collect()
    };
    let examples =
        files.iter().filter(|(name, _)| !name.contains("fixed/") && !matches!(*name, "case.toml" | "findings.json"));
    let own: Vec<(String, Cow<'static, str>)> =
        examples.map(|(name, text)| ((*name).to_owned(), Cow::Borrowed(*text))).collect();
    let mut examples = of_case(&written, &own, written.shown || case == "near-misses");
    examples.iter_mut().for_each(|example| example.findings = of_file(&example.name));
    Some(examples)
}

/// The files of a case, each with those beside it.
fn of_case(case: &Case, files: &[(String, Cow<'static, str>)], first: bool) -> Vec<Example> {
    let example = |(name, text): &(String, Cow<'static, str>)| Example {
        bad: case.kind == "bad",
        note: case.note.clone(),
        name: name.clone(),
        text: text.clone(),
        beside: files.iter().filter(|(other, _)| other != name).cloned().collect(),
        first,
        findings: Vec::new(),
    };
    files.iter().map(example).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_best_example_comes_first() {
        let [bad, good] = &of("unknown-module")[..] else { panic!("a bad and a good one") };
        assert!(bad.bad && !good.bad);
        assert!(!bad.findings.is_empty(), "{bad:?}");
    }
}
