//! The configuration file `pydoctor.toml`: found, read strictly, and joined with the command line.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::{fs, io};

use anyhow::{Context, anyhow, bail};
use globset::{Glob, GlobSet, GlobSetBuilder};
use serde::Deserialize;

use crate::policy::{Selection, Severity};
use crate::source;

use super::args::{PolicyOptions, Threshold};

/// Names of the configuration file, the first that exists in a folder wins.
const NAMES: [&str; 2] = ["pydoctor.toml", ".pydoctor.toml"];

/// The table of `pyproject.toml`: the older pydoctor owns `[tool.pydoctor]`.
const PYPROJECT_TABLE: &str = "pydoctor-hpc";

/// What is set, from wherever it comes.
#[derive(Debug, Default)]
pub(super) struct Settings {
    /// The site that the file names.
    pub(super) site: Option<String>,
    /// The site that the command line names.
    pub(super) site_flag: Option<String>,
    /// Which rules the file wants, and how bad they are.
    pub(super) by_file: Selection,
    /// Which rules the command line wants.
    pub(super) by_line: Selection,
    /// Left out in walks.
    pub(super) exclude: GlobSet,
    /// Exit with 1 from this severity on.
    pub(super) fail_on: Option<Threshold>,
    /// The file that was read, as it is shown.
    pub(super) origin: Option<PathBuf>,
}

/// The file as it is written.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
struct Written {
    site: Option<String>,
    #[serde(default)]
    select: Vec<String>,
    #[serde(default)]
    ignore: Vec<String>,
    #[serde(default)]
    exclude: Vec<String>,
    fail_on: Option<Threshold>,
    #[serde(default)]
    rules: BTreeMap<String, WrittenRule>,
}

/// What the file says of a rule.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct WrittenRule {
    severity: Level,
}

/// A severity, or none.
#[derive(Clone, Copy, Debug, Deserialize)]
#[serde(rename_all = "lowercase")]
enum Level {
    Error,
    Warning,
    Hint,
    Off,
}

impl Settings {
    /// The settings for a run on `paths`: the file that `--config` names, else the nearest one from the first
    /// path upwards. Errors name the file, the line and what was expected.
    pub(super) fn load(options: &PolicyOptions, paths: &[PathBuf], cwd: &Path) -> anyhow::Result<Self> {
        let mut settings = match &options.config {
            _ if options.isolated => Self::default(),
            Some(file) => read(file, file)?.unwrap_or_default(),
            None => nearest(paths.first().map_or(cwd, PathBuf::as_path), cwd)?,
        };
        settings.site_flag.clone_from(&options.site);
        Ok(settings)
    }

    /// The folder from which paths count in fingerprints: that of the configuration, else of the repository.
    pub(super) fn project_root(&self, cwd: &Path) -> PathBuf {
        let folder = self.origin.as_ref().and_then(|file| cwd.join(file).parent().map(Path::to_owned));
        folder.unwrap_or_else(|| cwd.ancestors().find(|folder| folder.join(".git").exists()).unwrap_or(cwd).to_owned())
    }
}

/// The configuration nearest to `path`, upwards.
fn nearest(path: &Path, cwd: &Path) -> anyhow::Result<Settings> {
    let path = if path == Path::new("-") { cwd } else { path };
    let absolute = fs::canonicalize(cwd.join(path)).unwrap_or_else(|_| cwd.to_owned());
    for folder in absolute.ancestors() {
        for name in NAMES.iter().copied().chain(["pyproject.toml"]) {
            let file = folder.join(name);
            // Shown as the user would write it.
            let shown = file.strip_prefix(cwd).unwrap_or(&file);
            if file.is_file()
                && let Some(settings) = read(&file, shown)?
            {
                return Ok(settings);
            }
        }
    }
    Ok(Settings::default())
}

/// Reads a configuration; `None` for a `pyproject.toml` without our table.
fn read(file: &Path, shown: &Path) -> anyhow::Result<Option<Settings>> {
    let what = || shown.display().to_string();
    let text = read_text(file).with_context(what)?;
    let written: Written = if file.file_name().is_some_and(|name| name == "pyproject.toml") {
        // Other tools' tables may hold anything, even TOML that we cannot read: that is theirs to report.
        let Ok(document) = text.parse::<toml::Table>() else { return Ok(None) };
        let ours = document.get("tool").and_then(|tool| tool.get(PYPROJECT_TABLE));
        let Some(table) = ours else { return Ok(None) };
        table.clone().try_into().with_context(|| format!("{}: [tool.{PYPROJECT_TABLE}]", shown.display()))?
    } else {
        toml::from_str(&text).with_context(what)?
    };
    let mut exclude = GlobSetBuilder::new();
    for pattern in &written.exclude {
        exclude.add(Glob::new(pattern).with_context(what)?);
    }
    Ok(Some(Settings {
        site: written.site,
        site_flag: None,
        by_file: Selection {
            select: Some(written.select).filter(|select| !select.is_empty()),
            ignore: written.ignore,
            severities: written.rules.into_iter().map(|(id, rule)| (id, rule.severity.severity())).collect(),
            forced: false,
        },
        by_line: Selection::default(),
        exclude: exclude.build().with_context(what)?,
        fail_on: written.fail_on,
        origin: Some(shown.to_owned()),
    }))
}

/// The text of a configuration file, of honest size.
#[expect(clippy::disallowed_methods, reason = "the one place that reads configuration")]
fn read_text(file: &Path) -> anyhow::Result<String> {
    const MAX_BYTES: u64 = 1 << 20;
    let explain = |error: io::Error| anyhow!(source::explain(file, &error));
    let meta = fs::metadata(file).map_err(explain)?;
    if !meta.is_file() || meta.len() > MAX_BYTES {
        bail!("not a configuration file");
    }
    fs::read_to_string(file).map_err(explain)
}

impl Level {
    const fn severity(self) -> Option<Severity> {
        match self {
            Self::Error => Some(Severity::Error),
            Self::Warning => Some(Severity::Warning),
            Self::Hint => Some(Severity::Hint),
            Self::Off => None,
        }
    }
}
