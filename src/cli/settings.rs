//! Which configurations hold for which file: those of the layers, and the nearest one upwards from the file.

mod known_folders;

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, OnceLock, PoisonError};

use anyhow::{anyhow, bail};
use foldhash::HashMap;

use crate::policy::config::{LAYER_FILE, Packs, Reading};
use crate::policy::pack::FIXTURES;
use crate::policy::{
    CommandLine, Config, Day, Effective, Layers, Level, Library, Meant, Origin, Policy, PolicyError, Selection,
    Severity,
};
use crate::policy::{guard, library};
use crate::source::{self, Walked};

use super::args::PolicyOptions;
use super::engine::FAIL_ON;
use super::folders::{Folder, Folders, SYSTEM, real};
use super::snapshot::Snapshot;

use self::known_folders::KnownFolders;

/// In so many folders misspelt configurations are looked for, those near the root first.
const MOST_FOLDERS: usize = 50;

/// Configurations by the folder of the files that they hold for: several projects may be checked in one run.
#[derive(Debug)]
pub(super) struct Settings {
    library: Library,
    /// Those of the folders of layers, the weakest first.
    above: Vec<Arc<Config>>,
    /// The folders of their packs, the lowest first, and what is known with them.
    packs: Vec<PathBuf>,
    /// The packs that lie in the folders of layers.
    layer_packs: Vec<(Level, PathBuf)>,
    /// The folders of packs as each layer left them.
    packs_up_to: Vec<(Level, Vec<PathBuf>)>,
    policy: Arc<Policy>,
    /// With `--isolated`, what is known where rules are locked, which judges nothing else.
    known: Option<Arc<Policy>>,
    /// What is known with the packs of those who run the machine.
    trusted: Arc<Policy>,
    /// The folders of layers: what lies in them is no project's.
    folders: Vec<PathBuf>,
    search: Search,
    line: CommandLine,
    isolated: bool,
    /// Findings tell why fixes are passed over: whoever writes rules asks.
    tells_passed: bool,
    cwd: PathBuf,
    today: Day,
    by_folder: Mutex<HashMap<PathBuf, Found>>,
    /// What holds where nothing is configured.
    unconfigured: OnceLock<FileSettings>,
    known_folders: KnownFolders,
}

/// What holds for one file.
#[derive(Clone, Debug)]
pub(super) struct FileSettings {
    /// All rules and sites that are known there.
    pub(super) policy: Arc<Policy>,
    /// What is known to recognise sites by, and where rules are locked: the same, but with `--isolated`.
    pub(super) known: Arc<Policy>,
    /// What all layers together mean.
    pub(super) meant: Arc<Meant>,
    /// What was written, layer by layer.
    pub(super) layers: Arc<Layers>,
    /// The file, by its real path; `None` where no file is meant.
    pub(super) path: Option<PathBuf>,
}

/// Whether walks leave out a file or folder.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Exclusion {
    /// They do not.
    No,
    /// A configuration excludes it.
    By(Origin),
    /// They are the fixtures of the pack in this folder, which is loaded.
    Fixtures(PathBuf),
    /// The configuration that holds for it is faulty, which is told elsewhere.
    Faulty,
}

/// Where the configuration of a project comes from.
#[derive(Debug)]
enum Search {
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
    /// Reads the configurations of the layers, and what `--config` names; everything else is looked for when a file
    /// needs it. Errors: those files, and the packs of the layers.
    pub(super) fn new(
        options: &PolicyOptions,
        line: CommandLine,
        folders: &Folders,
        snapshot: &Snapshot,
    ) -> anyhow::Result<Self> {
        let search = if options.isolated { Search::Nowhere } else { Search::Nearest };
        let line = CommandLine { site: options.site.clone(), ..line };
        let mut settings = Self {
            folders: folders.all().map(|folder| real(&folder.path)).collect(),
            isolated: options.isolated,
            tells_passed: false,
            ..Self::without_layers(Library::default(), line, search, snapshot)
        };
        for folder in folders.all() {
            settings.add_layer(folder).map_err(|error| error.seen_from(&snapshot.cwd))?;
        }
        if let Some(file) = &options.config {
            settings.search = Search::File(Arc::new(settings.named(file)?));
        }
        Ok(settings)
    }

    /// What the command line says over `policy`, with `machine` as the configuration of those who run the machine, and
    /// nothing else. Errors: a faulty configuration.
    pub(super) fn of_policy(
        policy: &Arc<Policy>,
        line: CommandLine,
        machine: Option<&str>,
        snapshot: &Snapshot,
    ) -> Result<Self, PolicyError> {
        let library = Library::over(Arc::clone(policy));
        let mut settings = Self::without_layers(library, line, Search::Nowhere, snapshot);
        settings.tells_passed = true;
        if let Some(text) = machine {
            let reading = settings.reading(Level::System, Path::new("/"));
            let config = Config::parse(&Path::new(SYSTEM).join(LAYER_FILE), text, reading)?;
            settings.above.extend(config.map(Arc::new));
        }
        Ok(settings)
    }

    fn without_layers(library: Library, line: CommandLine, search: Search, snapshot: &Snapshot) -> Self {
        Self {
            policy: Arc::clone(library.built_in()),
            known: None,
            trusted: Arc::clone(library.built_in()),
            library,
            above: Vec::new(),
            packs: Vec::new(),
            layer_packs: Vec::new(),
            packs_up_to: Vec::new(),
            folders: Vec::new(),
            search,
            line,
            isolated: false,
            tells_passed: false,
            cwd: snapshot.cwd.clone(),
            today: snapshot.today(),
            by_folder: Mutex::default(),
            unconfigured: OnceLock::new(),
            known_folders: KnownFolders::default(),
        }
    }

    /// Obeys the layers alone: no configuration that lies beside a file or above it.
    pub(super) fn only_layers(&mut self) {
        self.search = Search::Nowhere;
    }

    /// Checks that what the command line names exists: built in, or in a pack of one of `policies`.
    pub(super) fn check_line<'p>(
        &self,
        policies: impl IntoIterator<Item = &'p Arc<Policy>>,
    ) -> Result<(), PolicyError> {
        let check = |policy: &Policy| {
            self.line.selection.check(policy)?;
            let sites = self.known.as_deref().unwrap_or(policy);
            self.line.site.as_ref().map_or(Ok(()), |site| sites.site(site).map(|_| ()))
        };
        let mut outcome = check(&self.policy);
        for policy in policies {
            if outcome.is_ok() {
                break;
            }
            // The last error knows the names of a pack too.
            outcome = check(policy);
        }
        outcome.map_err(|error| match &error {
            // With a name that is nearly the same, that is the likelier reason.
            PolicyError::UnknownSite { nearest: None, .. } | PolicyError::UnknownRule { nearest: None, .. }
                if self.isolated =>
            {
                PolicyError::LeftOut(Box::new(error))
            }
            _ => error,
        })
    }

    /// What is known and meant in the working directory up to a layer.
    pub(super) fn up_to(&self, level: Level) -> Result<(Arc<Policy>, Selection), Arc<PolicyError>> {
        let layers = Layers::clone(&self.here()?.layers);
        let configs: Vec<_> = layers.configs.iter().filter(|config| config.level <= level).cloned().collect();
        let of_layers = || self.packs_up_to.iter().rfind(|(of, _)| *of <= level).map(|(_, packs)| packs);
        // The configuration of a project knows the packs of the layers too.
        let of_project = configs.last().filter(|config| config.level == Level::Project).map(|config| &config.packs);
        let folders = of_project.or_else(of_layers).cloned().unwrap_or_default();
        let line = CommandLine::default();
        let meant = Layers { configs, line, ..layers }.for_file(None);
        Ok((self.library.with(&folders)?, meant.selection))
    }

    /// Where policies of packs are read.
    pub(super) fn library(&self) -> &Library {
        &self.library
    }

    /// What holds for a file of which nothing else is known.
    pub(super) fn nothing(&self) -> FileSettings {
        self.joined(None, None)
    }

    /// True where findings tell why fixes are passed over.
    pub(super) fn tells_passed(&self) -> bool {
        self.tells_passed
    }

    /// The site that the command line names.
    pub(super) fn flag(&self) -> Option<&str> {
        self.line.site.as_deref()
    }

    /// What holds for the file `path`, as the user wrote it.
    pub(super) fn of_file(&self, path: &Path) -> Result<FileSettings, Arc<PolicyError>> {
        let path = self.cwd.join(path);
        let folder = self.real_folder(path.parent().unwrap_or(&self.cwd));
        let config = self.nearest(&folder)?;
        let file = folder.join(path.file_name().unwrap_or_default());
        Ok(self.joined(config, Some(file)))
    }

    /// True when the configuration that holds for the file `path`, as the user wrote it, is faulty.
    pub(super) fn is_faulty(&self, path: &Path) -> bool {
        let nowhere = matches!(self.search, Search::Nowhere);
        !nowhere && self.nearest(&self.real_folder(self.cwd.join(path).parent().unwrap_or(&self.cwd))).is_err()
    }

    /// The real path of a folder, which is looked up once.
    pub(super) fn real_folder(&self, folder: &Path) -> PathBuf {
        self.known_folders.real(folder)
    }

    /// Takes over what a walk knows of folders.
    pub(super) fn know_folders(&self, folders: Vec<Walked>) {
        self.known_folders.know(&self.cwd, folders);
    }

    /// What holds in the folder `path`, as the user wrote it, where no file is meant.
    pub(super) fn of_folder(&self, path: &Path) -> Result<FileSettings, Arc<PolicyError>> {
        Ok(self.joined(self.nearest(&real(&self.cwd.join(path)))?, None))
    }

    /// What holds in the working directory where no file is meant.
    pub(super) fn here(&self) -> Result<FileSettings, Arc<PolicyError>> {
        Ok(self.joined(self.nearest(&self.cwd)?, None))
    }

    /// Whether walks leave out a file or folder. The path is absolute.
    pub(super) fn excluded(&self, path: &Path) -> Exclusion {
        let Ok(nearest) = self.nearest(path.parent().unwrap_or(path)) else { return Exclusion::Faulty };
        let configs = || self.above.iter().filter(|_| !self.isolated).chain(&nearest);
        if let Some(config) = configs().find(|config| config.excludes(path)) {
            let line = config.line(&["exclude"]);
            return Exclusion::By(Origin { level: config.level, file: config.file.clone(), line });
        }
        // The fixtures of a pack show what is wrong, and are to stay so.
        let mut packs = configs().flat_map(|config| &config.packs).chain(&self.packs);
        let is_of = |pack: &&PathBuf| path.ends_with(FIXTURES) && real(path) == real(pack).join(FIXTURES);
        packs.find(is_of).map_or(Exclusion::No, |pack| Exclusion::Fixtures(real(pack)))
    }

    /// Files in the folders met so far whose name is nearly that of a configuration, with that name.
    pub(super) fn misspelt(&self) -> Vec<(PathBuf, &'static str)> {
        let by_folder = self.by_folder.lock().unwrap_or_else(PoisonError::into_inner);
        let has_own = |folder: &Path, found: &Found| match found {
            Ok(config) => config.as_ref().is_some_and(|config| config.folder() == folder),
            Err(_) => true,
        };
        let mut folders: Vec<&PathBuf> =
            by_folder.iter().filter(|(folder, found)| !has_own(folder, found)).map(|(folder, _)| folder).collect();
        folders.sort_by_key(|folder| (folder.components().count(), *folder));
        let slips = folders.into_iter().take(MOST_FOLDERS).flat_map(|folder| known_folders::misspelt_in(folder));
        slips.map(|(path, meant)| (self.shown(&path).to_owned(), meant)).collect()
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

    /// An origin in words: `pydoctor.toml:3`, `--ignore`, `built-in`.
    pub(super) fn origin(&self, origin: &Origin) -> String {
        let file = self.shown(&origin.file).display();
        match (origin.level, origin.line) {
            (Level::BuiltIn, _) if origin.file.as_os_str().is_empty() => origin.level.name().to_owned(),
            (_, Some(line)) => format!("{file}:{line}"),
            (_, None) => file.to_string(),
        }
    }

    /// The folder from which paths count in fingerprints and baselines: that of the project's configuration, else of
    /// the repository, else the working directory.
    pub(super) fn project_root(&self, settings: &FileSettings) -> PathBuf {
        if let Some(config) = settings.project() {
            return config.folder().to_owned();
        }
        let folder = settings.path.as_deref().and_then(Path::parent).unwrap_or(&self.cwd);
        self.known_folders.repository(folder).unwrap_or_else(|| self.cwd.clone())
    }

    /// The layer that brings a pack.
    pub(super) fn level_of_pack(&self, folder: &Path, settings: &FileSettings) -> Level {
        let brings = |packs: &[PathBuf]| packs.iter().any(|pack| real(pack) == folder);
        let config = || settings.layers.configs.iter().find(|config| brings(&config.packs)).map(|config| config.level);
        self.layer_packs
            .iter()
            .find(|(_, pack)| real(pack) == folder)
            .map(|(level, _)| *level)
            .or_else(config)
            .unwrap_or_default()
    }

    fn joined(&self, project: Option<Arc<Config>>, path: Option<PathBuf>) -> FileSettings {
        // Without any configuration the same holds for all files.
        if project.is_none() && self.above.is_empty() {
            let same = self.unconfigured.get_or_init(|| self.put_together(None, None));
            return FileSettings { path, ..same.clone() };
        }
        self.put_together(project, path)
    }

    fn put_together(&self, project: Option<Arc<Config>>, path: Option<PathBuf>) -> FileSettings {
        let policy = Arc::clone(project.as_ref().map_or(&self.policy, |config| &config.policy));
        let configs = self.above.iter().cloned().chain(project).collect();
        let layers = Layers { configs, line: self.line.clone(), isolated: self.isolated };
        let meant = Arc::new(layers.for_file(path.as_deref()));
        let layers = Arc::new(layers);
        let known = Arc::clone(self.known.as_ref().unwrap_or(&policy));
        FileSettings { policy, known, meant, layers, path }
    }

    /// Adds the packs and the configuration in the folder of a layer.
    fn add_layer(&mut self, folder: &Folder) -> Result<(), PolicyError> {
        folder.check()?;
        let packs = folder.packs()?;
        self.layer_packs.extend(packs.iter().map(|pack| (folder.level, pack.clone())));
        self.packs = library::joined(&self.packs, &packs, folder.level.may_replace_packs());
        let file = folder.path.join(LAYER_FILE);
        // What is there but cannot be read must be told: a layer is never left out in silence.
        let config = match fs::symlink_metadata(&file) {
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => None,
            _ => Config::load(&file, self.reading(folder.level, &folder.globs_from))?,
        };
        let config = config.filter(|config| !self.isolated || config.site_lock.is_some() || !config.locks.is_empty());
        match config {
            None if self.isolated => {
                self.packs.clear();
                self.policy = Arc::clone(self.library.built_in());
            }
            Some(config) => {
                guard::check(&self.trusted, &config.policy, &config.file, &self.above)?;
                self.packs.clone_from(&config.packs);
                self.policy = match self.isolated && config.site_lock.is_none() {
                    true => {
                        self.known = Some(Arc::clone(&config.policy));
                        self.library.with_rules(&self.packs, &|id| config.locks.contains_key(id))?
                    }
                    false => Arc::clone(&config.policy),
                };
                self.above.push(Arc::new(config));
            }
            None => {
                let place = folder.path.display().to_string();
                self.policy = self.library.with(&self.packs).map_err(|error| PolicyError::Pack { error, place })?;
                guard::check(&self.trusted, &self.policy, &folder.path, &self.above)?;
            }
        }
        self.packs_up_to.push((folder.level, self.packs.clone()));
        if folder.level.may_lock() {
            self.trusted = Arc::clone(&self.policy);
        }
        Ok(())
    }

    fn reading<'p>(&'p self, level: Level, globs_from: &'p Path) -> Reading<'p> {
        let packs = Packs { library: &self.library, folders: &self.packs };
        Reading { packs, level, globs_from, today: self.today }
    }

    /// The configuration, unless its packs change what is locked.
    fn obeying_locks(&self, config: Option<Config>) -> Result<Option<Config>, PolicyError> {
        if let Some(config) = &config {
            guard::check(&self.trusted, &config.policy, &config.file, &self.above)?;
        }
        Ok(config)
    }

    /// The configuration nearest to a folder, upwards.
    fn nearest(&self, folder: &Path) -> Found {
        match &self.search {
            Search::Nowhere => return Ok(None),
            Search::File(config) => return Ok(Some(Arc::clone(config))),
            Search::Nearest => {}
        }
        let mut by_folder = self.by_folder.lock().unwrap_or_else(PoisonError::into_inner);
        let mut below = Vec::new();
        let mut found = Ok(None);
        for folder in folder.ancestors() {
            if let Some(known) = by_folder.get(folder) {
                found = known.clone();
                break;
            }
            below.push(folder.to_owned());
            if self.folders.iter().any(|layer| layer == folder) {
                continue;
            }
            let config = Config::in_folder(folder, self.reading(Level::Project, folder));
            match config.and_then(|config| self.obeying_locks(config)) {
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

    /// The configuration that `--config` names: its globs count from its own folder.
    fn named(&self, file: &Path) -> anyhow::Result<Config> {
        let path = self.cwd.join(file);
        let globs_from = path.parent().unwrap_or(&self.cwd);
        let config = Config::load(&path, self.reading(Level::Project, globs_from));
        match config.and_then(|config| self.obeying_locks(config)) {
            Ok(Some(config)) => Ok(config),
            Ok(None) => bail!("{}: has no table [tool.{}]", file.display(), crate::policy::config::TABLE),
            Err(PolicyError::Unreadable { cause, .. }) => {
                Err(anyhow!("{}: {}", file.display(), source::reason(file, &cause)))
            }
            Err(error) => Err(error.seen_from(&self.cwd).into()),
        }
    }
}

impl FileSettings {
    /// The rules that hold at a site; those that are judged apart with `--isolated` are not among them.
    ///
    /// # Errors
    /// A site that does not exist.
    pub(super) fn effective(&self, site: &str) -> Result<Effective, PolicyError> {
        let selection = &self.meant.selection;
        match Arc::ptr_eq(&self.policy, &self.known) {
            true => self.policy.effective(site, selection),
            false => guard::beside(&self.policy, &self.known, site, selection, &self.layers.configs),
        }
    }

    /// The severity from which the exit status is 1.
    pub(super) fn fail_on(&self) -> Severity {
        self.meant.fail_on.as_ref().map_or(FAIL_ON, |told| told.value)
    }

    /// The configuration of the project.
    pub(super) fn project(&self) -> Option<&Config> {
        self.layers.configs.last().map(AsRef::as_ref).filter(|config| config.level == Level::Project)
    }
}
