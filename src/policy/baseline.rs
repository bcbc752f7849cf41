//! Baselines: findings that are known and accepted until they are mended. A file that people read, review and merge:
//! one line a finding, in order, without line numbers.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::fs;
use std::path::{Path, PathBuf};

use super::describe::baseline::BASELINE;
use super::document::{Document, Table};
use super::error::PolicyError;

/// The version of the format.
const VERSION: i64 = 1;

/// A baseline is some lines; a larger file is something else.
const MAX_BYTES: u64 = 64 << 20;

const HEAD: &str = "\
# Known findings, which `pydoctor check` does not report until there are more of them.
# Written by `pydoctor check --write-baseline`: read the difference before you commit it.
";

/// The findings that are accepted as they are.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Baseline {
    /// The file.
    pub file: PathBuf,
    /// How many there are of each.
    pub known: BTreeMap<Known, usize>,
}

/// A known finding: moved lines do not change it.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Known {
    /// The file, from the root of the project.
    pub path: String,
    /// Id of the rule.
    pub rule: String,
    /// Hash of rule, path and normalised text.
    pub fingerprint: String,
}

impl Baseline {
    /// Reads the baseline in `file`.
    ///
    /// # Errors
    /// A file that is missing, cannot be read, or is none of this version, with the place of each fault.
    #[expect(clippy::disallowed_methods, reason = "a baseline is no checked file")]
    pub fn read(file: &Path) -> Result<Self, PolicyError> {
        let unreadable = |cause| PolicyError::Unreadable { path: file.to_owned(), cause };
        let meta = fs::metadata(file).map_err(unreadable)?;
        if !meta.is_file() || meta.len() > MAX_BYTES {
            let message = "not a baseline: it is no file, or larger than 64 MB";
            return Err(unreadable(std::io::Error::other(message)));
        }
        Self::parse(file, &fs::read_to_string(file).map_err(unreadable)?)
    }

    /// Reads the text of the baseline `file`.
    ///
    /// # Errors
    /// Every fault with its place.
    pub fn parse(file: &Path, text: &str) -> Result<Self, PolicyError> {
        let name = file.display().to_string();
        let (doc, tree) = Document::parse(&name, text);
        let table = doc.root(&tree, &BASELINE);
        let mut baseline = Self { file: file.to_owned(), known: BTreeMap::new() };
        if let Some(item) = table.need("version")
            && let Some(version) = item.integer()
            && version != VERSION
        {
            let note = format!("this pydoctor writes and reads version {VERSION}");
            doc.problem(item.span(), format!("a baseline of version {version}"), Some(note));
        }
        for known in table.tables("findings") {
            if let Some((known, count)) = read_known(known) {
                // Merged branches may name one finding twice.
                *baseline.known.entry(known).or_default() += count;
            }
        }
        table.finish();
        let problems = doc.into_problems();
        if problems.is_empty() { Ok(baseline) } else { Err(PolicyError::Invalid(problems)) }
    }

    /// The text of the file.
    pub fn text(&self) -> String {
        let mut text = format!("{HEAD}version = {VERSION}\nfindings = [\n");
        for (known, count) in &self.known {
            let (path, rule, fingerprint) = (quoted(&known.path), quoted(&known.rule), quoted(&known.fingerprint));
            let count = if *count == 1 { String::new() } else { format!(", count = {count}") };
            let _ = writeln!(text, "  {{ path = {path}, rule = {rule}, fingerprint = {fingerprint}{count} }},");
        }
        text.push_str("]\n");
        text
    }
}

fn read_known(table: Table<'_, '_>) -> Option<(Known, usize)> {
    let word = |key| table.need_string(key).map(|word| word.text.to_owned());
    let (path, rule, fingerprint) = (word("path"), word("rule"), word("fingerprint"));
    let mut count = Some(1);
    if let Some(item) = table.get("count") {
        count = item.integer().and_then(|count| usize::try_from(count).ok()).filter(|count| *count > 0);
        if count.is_none() {
            table.doc().problem(item.span(), "`count` is a number from 1 on", None);
        }
    }
    table.finish();
    Some((Known { path: path?, rule: rule?, fingerprint: fingerprint? }, count?))
}

/// A TOML string.
fn quoted(text: &str) -> String {
    let mut quoted = String::from("\"");
    for character in text.chars() {
        match character {
            '"' | '\\' => quoted.extend(['\\', character]),
            control if control.is_control() => {
                let _ = write!(quoted, "\\u{:04X}", u32::from(control));
            }
            other => quoted.push(other),
        }
    }
    quoted + "\""
}

#[cfg(test)]
mod tests {
    use super::*;

    fn known(path: &str, rule: &str) -> Known {
        Known { path: path.into(), rule: rule.into(), fingerprint: "0123456789abcdef".into() }
    }

    #[test]
    fn what_is_written_is_read_again() {
        let names = ["a.sh", "é \"q\"\\\n\u{7f}.sh", "b/c.sh"];
        let entries = names.iter().enumerate().map(|(index, name)| (known(name, "r"), index + 1));
        let baseline = Baseline { file: "b.toml".into(), known: entries.collect() };
        assert_eq!(Baseline::parse(Path::new("b.toml"), &baseline.text()).unwrap(), baseline);
        let empty = Baseline { file: "b.toml".into(), known: BTreeMap::new() };
        assert_eq!(Baseline::parse(Path::new("b.toml"), &empty.text()).unwrap(), empty);
    }

    #[test]
    fn a_finding_named_twice_counts_twice() {
        let line = "{ path = \"a\", rule = \"r\", fingerprint = \"0123456789abcdef\" },\n";
        let text = format!("version = 1\nfindings = [\n{line}{line}]\n");
        let read = Baseline::parse(Path::new("b.toml"), &text).unwrap();
        assert_eq!(read.known.into_iter().collect::<Vec<_>>(), [(known("a", "r"), 2)]);
    }
}
