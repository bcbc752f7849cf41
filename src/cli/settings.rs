//! Which configuration holds for which file, and what the command line says over it.

use std::collections::HashMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};

use anyhow::{anyhow, bail};

use crate::policy::config::Packs;
use crate::policy::{Config, FileConfig, Library, Policy, PolicyError, Selection, Severity};
use crate::source;

use super::args::PolicyOptions;

/// What the command line says of policy; it wins over every configuration.
#[derive(Clone, Debug, Default)]
pub(super) struct CommandLine {
    /// The site.
    pub(super) site: Option<String>,
    /// Which rules.
    pub(super) selection: Selection,
    /// Exit with 1 from this severity on.
    pub(super) fail_on: Option<Severity>,
}

/// Configurations by the folder of the files that they hold for: several projects may be checked in one run.
#[derive(Debug)]
pub(super) struct Settings {
    library: Library,
    origin: Origin,
    line: CommandLine,
    cwd: PathBuf,
    by_folder: Mutex<HashMap<PathBuf, Found>>,
}

/// What holds for one file.
#[derive(Clone, Debug)]
pub(super) struct FileSettings {
    /// All rules and sites that are known there.
    pub(super) policy: Arc<Policy>,
    /// Site and rules, those of the command line over those of the configuration.
    pub(super) config: FileConfig,
    /// Exit with 1 from this severity on; `None` when nobody says.
    pub(super) fail_on: Option<Severity>,
    /// The configuration.
    pub(super) origin: Option<Arc<Config>>,
}

/// Where configurations come from.
#[derive(Debug)]
enum Origin {
    /// `--isolated`.
    Nowhere,
    /// `--config`.
    File(Arc<Config>),
    /// The nearest one, upwards from each file.
    Nearest,
}

/// The configuration of a folder. A faulty one is told once, however many folders lie below it.
type Found = Result<Option<Arc<Config>>, Arc<PolicyError>>;

impl Settings {
    /// Reads what `--config` names; everything else is looked for when a file needs it. Errors: that file.
    pub(super) fn new(options: &PolicyOptions, line: CommandLine, cwd: &Path) -> anyhow::Result<Self> {
        let library = Library::default();
        let origin = match &options.config {
            _ if options.isolated => Origin::Nowhere,
            Some(file) => Origin::File(Arc::new(named(file, &Packs { library: &library, folders: &[] }, cwd)?)),
            None => Origin::Nearest,
        };
        let line = CommandLine { site: options.site.clone(), ..line };
        Ok(Self { library, origin, line, cwd: cwd.to_owned(), by_folder: Mutex::default() })
    }

    /// What the command line says over `policy`, and no configuration.
    pub(super) fn of_policy(policy: &Arc<Policy>, line: CommandLine, cwd: &Path) -> Self {
        let library = Library::over(Arc::clone(policy));
        Self { library, origin: Origin::Nowhere, line, cwd: cwd.to_owned(), by_folder: Mutex::default() }
    }

    /// Checks that what the command line names exists: built in, or in a pack of one of `policies`.
    pub(super) fn check_line<'p>(
        &self,
        policies: impl IntoIterator<Item = &'p Arc<Policy>>,
    ) -> Result<(), PolicyError> {
        let check = |policy: &Policy| {
            self.line.selection.check(policy)?;
            self.line.site.as_ref().map_or(Ok(()), |site| policy.site(site).map(|_| ()))
        };
        let mut outcome = check(self.library.built_in());
        for policy in policies {
            if outcome.is_ok() {
                break;
            }
            // The last error knows the names of a pack too.
            outcome = check(policy);
        }
        outcome
    }

    /// What holds for a file of which nothing else is known.
    pub(super) fn nothing(&self) -> FileSettings {
        self.joined(None, |_| FileConfig::default())
    }

    /// The site that the command line names.
    pub(super) fn flag(&self) -> Option<&str> {
        self.line.site.as_deref()
    }

    /// What holds for the file `path`, as the user wrote it.
    pub(super) fn of_file(&self, path: &Path) -> Result<FileSettings, Arc<PolicyError>> {
        let path = self.cwd.join(path);
        let folder = path.parent().unwrap_or(&self.cwd);
        let folder = fs::canonicalize(folder).unwrap_or_else(|_| folder.to_owned());
        let config = self.of_folder(&folder)?;
        let real = folder.join(path.file_name().unwrap_or_default());
        Ok(self.joined(config, |config| config.for_file(&real)))
    }

    /// What holds in the working directory where no file is meant.
    pub(super) fn here(&self) -> Result<FileSettings, Arc<PolicyError>> {
        let config = self.of_folder(&self.cwd)?;
        Ok(self.joined(config, |config| FileConfig { site: config.site.clone(), selection: config.selection.clone() }))
    }

    /// True for a file or folder that walks leave out: its configuration says so, or is faulty. The path is absolute.
    pub(super) fn excludes(&self, path: &Path) -> bool {
        match self.of_folder(path.parent().unwrap_or(path)) {
            Ok(Some(config)) => config.exclude.matches(path.strip_prefix(&config.folder).unwrap_or(path)),
            Ok(None) => false,
            Err(_) => true,
        }
    }

    /// What is wrong with the configurations that were met so far.
    pub(super) fn faults(&self) -> Vec<String> {
        let by_folder = self.by_folder.lock().unwrap_or_else(PoisonError::into_inner);
        let mut faults: Vec<String> =
            by_folder.values().filter_map(|found| found.as_ref().err().map(ToString::to_string)).collect();
        faults.sort();
        faults.dedup();
        faults
    }

    /// A path as the user would write it.
    pub(super) fn shown<'p>(&self, path: &'p Path) -> &'p Path {
        path.strip_prefix(&self.cwd).unwrap_or(path)
    }

    /// The folder from which paths count in fingerprints: that of the configuration, else of the repository.
    pub(super) fn project_root(&self, config: Option<&Config>) -> PathBuf {
        let repository = || self.cwd.ancestors().find(|folder| folder.join(".git").exists()).unwrap_or(&self.cwd);
        config.map_or_else(|| repository().to_owned(), |config| config.folder.clone())
    }

    fn joined(&self, config: Option<Arc<Config>>, read: impl Fn(&Config) -> FileConfig) -> FileSettings {
        let written = config.as_deref().map(read).unwrap_or_default();
        let policy = config.as_ref().map_or_else(|| self.library.built_in(), |config| &config.policy);
        FileSettings {
            policy: Arc::clone(policy),
            config: FileConfig { site: written.site, selection: written.selection.under(&self.line.selection) },
            fail_on: self.line.fail_on.or(config.as_ref().and_then(|config| config.fail_on)),
            origin: config,
        }
    }

    /// The configuration nearest to a folder, upwards.
    fn of_folder(&self, folder: &Path) -> Found {
        match &self.origin {
            Origin::Nowhere => return Ok(None),
            Origin::File(config) => return Ok(Some(Arc::clone(config))),
            Origin::Nearest => {}
        }
        let mut by_folder = self.by_folder.lock().unwrap_or_else(PoisonError::into_inner);
        let packs = Packs { library: &self.library, folders: &[] };
        let mut below = Vec::new();
        let mut found = Ok(None);
        for folder in folder.ancestors() {
            if let Some(known) = by_folder.get(folder) {
                found = known.clone();
                break;
            }
            below.push(folder.to_owned());
            match Config::in_folder(folder, &packs) {
                Ok(None) => {}
                Ok(Some(config)) => {
                    found = Ok(Some(Arc::new(config)));
                    break;
                }
                Err(error) => {
                    found = Err(Arc::new(error.seen_from(&self.cwd)));
                    break;
                }
            }
        }
        by_folder.extend(below.into_iter().map(|folder| (folder, found.clone())));
        found
    }
}

/// The configuration that `--config` names: its globs count from its own folder.
fn named(file: &Path, packs: &Packs<'_>, cwd: &Path) -> anyhow::Result<Config> {
    match Config::load(&cwd.join(file), packs) {
        Ok(Some(config)) => Ok(config),
        Ok(None) => bail!("{}: has no table [tool.{}]", file.display(), crate::policy::config::TABLE),
        Err(PolicyError::Unreadable { source, .. }) => {
            Err(anyhow!(source::explain(file, &source))).map_err(|error| anyhow!("{}: {error}", file.display()))
        }
        Err(error) => Err(error.seen_from(cwd).into()),
    }
}
