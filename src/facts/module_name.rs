//! What the name of a module tells: version, family, toolchain and generation, and which version of it fits a
//! generation loaded before.

use std::sync::Arc;

use crate::facts::{Record, Text};
use crate::source::Span;
use crate::tables::{Generation, Tables};

/// A module by its name as written, in parts.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ModuleName {
    /// As written: `SciPy-bundle/2023.07-gfbf-2023a`.
    pub full: String,
    /// The part before the version: `SciPy-bundle`, `python/gcc`.
    pub name: String,
    /// The version, when one is given.
    pub version: Option<String>,
    /// What it is by the family table.
    pub family: Option<String>,
    /// Toolchain generation: `2023a`.
    pub generation: Option<String>,
    /// Toolchain part of the version: `gfbf-2023a`.
    pub toolchain: Option<String>,
}

impl ModuleName {
    /// Takes a module word apart. Never fails: what the word does not tell stays absent.
    pub fn parse(word: &str, tables: &Tables) -> Self {
        let full = word.trim_end_matches('/').trim_end_matches(".lua");
        let (name, version) = split_version(full);
        let family = tables.families.of(full).map(str::to_owned);
        let mut toolchain = None;
        let mut generation = None;
        if let Some(version) = version {
            if let Some((part, found)) = suffix(version, tables) {
                toolchain = Some(part);
                generation = Some(found);
            } else if family.as_deref() == Some("toolchain") {
                generation = tables.toolchains.get(version);
            } else {
                generation = tables.toolchains.of(name, version);
            }
        }
        Self {
            full: full.to_owned(),
            name: name.to_owned(),
            version: version.map(str::to_owned),
            family,
            generation: generation.map(|generation| generation.name.clone()),
            toolchain,
        }
    }

    /// The version of this module that belongs to `generation`, when the toolchain table knows one.
    pub fn fitting(&self, generation: &str, tables: &Tables) -> Option<String> {
        let found = tables.toolchains.get(generation)?;
        if self.family.as_deref() == Some("toolchain") && found.version_of(&self.name).is_none() {
            // A site's own name for the whole generation: `calcua/2023a`.
            return self.version.as_ref().map(|_| found.name.clone());
        }
        found.version_of(&self.name)
    }

    /// Sets the fields that `module` facts and `state.modules` share. `word` is the word with its place, where `written`
    /// stands.
    pub fn write(&self, record: &mut Record, word: &Arc<Text>, written: &str) {
        let full = if word.text == self.full { Arc::clone(word) } else { word.saying(self.full.as_str()).into() };
        record.set("full", full);
        // Quotes may stand around it, and the `-` that unloads it before it. Where a variable brings it here, its parts
        // stand nowhere.
        let offset = written.find(&*word.text).filter(|_| written.matches(&*word.text).count() == 1);
        let begin = word.span.get().zip(offset).map(|(span, offset)| span.start + offset);
        let part = |text: &str, at: usize| Text {
            text: text.into(),
            span: begin.map(|begin| Span::new(begin + at, begin + at + text.len())).into(),
            ..Text::default()
        };
        record.set("name", part(&self.name, 0));
        let version = self.version.as_deref();
        record.set_some("version", version.map(|version| part(version, self.full.len() - version.len())));
        record.set_some("family", self.family.as_deref());
        record.set_some("generation", self.generation.as_deref());
    }
}

/// Words that stand where a version does.
const VERSION_WORDS: &[&str] = &[
    "latest",
    "default",
    "current",
    "stable",
    "personal",
    "system",
    "testing",
    "beta",
    "prod",
    "production",
    "release",
    "devel",
    "dev",
    "new",
    "old",
    "test",
];

/// Cuts a name at its last `/` when a version follows, or at `-` before a number in a name without `/`.
fn split_version(full: &str) -> (&str, Option<&str>) {
    if let Some((name, last)) = full.rsplit_once('/') {
        // `Python/$VERSION` gives a version, though not here.
        let version = last.contains(|c: char| c.is_ascii_digit() || c == '$') || VERSION_WORDS.contains(&last);
        return if version && !name.is_empty() { (name, Some(last)) } else { (full, None) };
    }
    let cut = full.match_indices(['-', '_']).find(|(at, _)| {
        let rest = full[at + 1..].strip_prefix('v').unwrap_or(&full[at + 1..]);
        *at > 0 && rest.starts_with(|c: char| c.is_ascii_digit())
    });
    match cut {
        Some((at, _)) => (&full[..at], Some(&full[at + 1..])),
        None => (full, None),
    }
}

/// The toolchain in a version: `2023.07-gfbf-2023a`, `3.11.3-GCCcore-12.3.0`, `2.2.0-fosscuda-2019b-Python-3.7.4`,
/// `2021.9.1-intel-compilers-2023.1.0`.
fn suffix<'t>(version: &str, tables: &'t Tables) -> Option<(String, &'t Generation)> {
    let parts: Vec<&str> = version.split('-').collect();
    let is_number = |part: &str| part.starts_with(|c: char| c.is_ascii_digit());
    for at in 0..parts.len() {
        let words = if parts[at] == "intel" && parts.get(at + 1) == Some(&"compilers") { 2 } else { 1 };
        if is_number(parts[at]) || at + words >= parts.len() {
            continue;
        }
        let name = parts[at..at + words].join("-");
        // `GCC-8.2.0-2.31.1` has the version of binutils in it; try the longer version first.
        for length in [2, 1] {
            let Some(number) = parts.get(at + words..at + words + length) else {
                continue;
            };
            let number = number.join("-");
            if let Some(found) = tables.toolchains.of(&name, &number) {
                return Some((format!("{name}-{number}"), found));
            }
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tables::tests::built_in;

    #[test]
    fn names_as_sites_write_them() {
        let tables = built_in();
        // word, name, version, family, generation
        for (word, name, version, family, generation) in [
            ("python/3.11.9", "python", "3.11.9", "python", ""),
            ("python3", "python3", "", "python", ""),
            ("python", "python", "", "python", ""),
            ("python37", "python37", "", "python", ""),
            ("python/gcc/3.10", "python/gcc", "3.10", "python", ""),
            ("python/anaconda-2021.05", "python", "anaconda-2021.05", "anaconda", ""),
            ("python/2.7-anaconda", "python", "2.7-anaconda", "anaconda", ""),
            ("python/miniforge-25.3.0", "python", "miniforge-25.3.0", "conda", ""),
            ("python/anaconda3", "python", "anaconda3", "anaconda", ""),
            ("Anaconda3-5.1.0", "Anaconda3", "5.1.0", "anaconda", ""),
            ("Anaconda3", "Anaconda3", "", "anaconda", ""),
            ("anaconda3/personal", "anaconda3", "personal", "anaconda", ""),
            ("miniconda/python2", "miniconda", "python2", "conda", ""),
            ("conda/latest", "conda", "latest", "conda", ""),
            ("Python/3.8.2-GCCcore-9.3.0", "Python", "3.8.2-GCCcore-9.3.0", "python", "2020a"),
            ("SciPy-bundle/2023.07-gfbf-2023a", "SciPy-bundle", "2023.07-gfbf-2023a", "python-packages", "2023a"),
            (
                "TensorFlow/2.2.0-fosscuda-2019b-Python-3.7.4",
                "TensorFlow",
                "2.2.0-fosscuda-2019b-Python-3.7.4",
                "python-packages",
                "2019b",
            ),
            ("GCC/8.2.0-2.31.1", "GCC", "8.2.0-2.31.1", "compiler", "2019a"),
            ("impi/2021.9.1-intel-compilers-2023.1.0", "impi", "2021.9.1-intel-compilers-2023.1.0", "mpi", "2023a"),
            ("foss/2023a", "foss", "2023a", "toolchain", "2023a"),
            ("intel/2023a", "intel", "2023a", "toolchain", "2023a"),
            ("intel/2023.1", "intel", "2023.1", "compiler", ""),
            ("calcua/2023a", "calcua", "2023a", "toolchain", "2023a"),
            ("MATLAB/2023a", "MATLAB", "2023a", "matlab", ""),
            ("gcc/12.3.0", "gcc", "12.3.0", "compiler", ""),
            ("foss/2026.1", "foss", "2026.1", "toolchain", "2026.1"),
            ("craype-hugepages2M", "craype-hugepages2M", "", "craype", ""),
            ("PrgEnv-intel", "PrgEnv-intel", "", "craype", ""),
            ("intelpython3/2020", "intelpython3", "2020", "python", ""),
            ("uv", "uv", "", "uv", ""),
            ("Python/$PYTHON_VERSION", "Python", "$PYTHON_VERSION", "python", ""),
            ("hipSYCL/0.9.1-gcccuda-2020b", "hipSYCL", "0.9.1-gcccuda-2020b", "", "2020b"),
            ("Python/3.11.5-bare-hpc1-gcc-2023b-eb", "Python", "3.11.5-bare-hpc1-gcc-2023b-eb", "python", ""),
            ("rclone/1.6", "rclone", "1.6", "", ""),
            ("R/4.2.1-foss-2022a", "R", "4.2.1-foss-2022a", "r", "2022a"),
            ("", "", "", "", ""),
            ("/", "", "", "", ""),
        ] {
            let found = ModuleName::parse(word, &tables);
            let text = |part: &Option<String>| part.clone().unwrap_or_default();
            assert_eq!(
                (found.name.as_str(), text(&found.version), text(&found.family), text(&found.generation)),
                (name, version.to_owned(), family.to_owned(), generation.to_owned()),
                "{word}"
            );
        }
    }

    #[test]
    fn the_fitting_version() {
        let tables = built_in();
        let fitting = |word: &str, generation: &str| ModuleName::parse(word, &tables).fitting(generation, &tables);
        let scipy = fitting("SciPy-bundle/2022.05-foss-2022a", "2023a");
        assert_eq!(scipy.as_deref(), Some("2023.07-gfbf-2023a"));
        assert_eq!(fitting("Python/3.8.2-GCCcore-9.3.0", "2023b").as_deref(), Some("3.11.5-GCCcore-13.2.0"));
        assert_eq!(fitting("calcua/2022a", "2023a").as_deref(), Some("2023a"));
        assert_eq!(fitting("GROMACS/2023.1-foss-2022a", "2023a"), None);
        assert_eq!(fitting("Python/3.8.2-GCCcore-9.3.0", "2024b"), None);
    }
}
