//! Examples of each rule, from its fixtures, embedded when the program is built.

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
    pub(super) text: &'static str,
}

/// What of `case.toml` is of interest here.
#[derive(Debug, serde::Deserialize)]
struct Case {
    kind: String,
    #[serde(default)]
    note: String,
}

/// The shortest bad example of the rule, and the shortest good one.
pub(super) fn of(rule: &str) -> Vec<Example> {
    let examples: Vec<Example> = FILES.iter().filter_map(|(path, text)| read(rule, path, text)).flatten().collect();
    let shortest =
        |bad: bool| examples.iter().filter(|example| example.bad == bad).min_by_key(|example| example.text.len());
    [shortest(true), shortest(false)].into_iter().flatten().cloned().collect()
}

/// The files of a case, when `path` is the `case.toml` of one of the rule.
fn read(rule: &str, path: &str, text: &str) -> Option<Vec<Example>> {
    let case = path.strip_prefix(rule)?.strip_prefix('/')?.strip_suffix("/case.toml")?;
    let written: Case = toml::from_str(text).ok()?;
    let folder = format!("{rule}/{case}/");
    let files = FILES.iter().filter_map(|(path, text)| Some((path.strip_prefix(&folder)?, *text)));
    let files = files.filter(|(name, _)| !name.contains("fixed/") && !matches!(*name, "case.toml" | "findings.json"));
    let example = |(name, text): (&str, &'static str)| Example {
        bad: written.kind == "bad",
        note: written.note.clone(),
        name: name.to_owned(),
        text,
    };
    Some(files.map(example).collect())
}
