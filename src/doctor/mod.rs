//! The live account: what its files and folders say of it, as facts of the same kind as those of scripts.
//!
//! Each probe is one file. A probe looks through [`home::Home`], which never leaves the account, and gives records that
//! the rules judge like any other fact. Nothing is written and nothing is run.

pub mod elf;
mod exports;
pub mod home;
pub mod installations;
mod links;
pub mod moves;
pub mod search_path;
pub mod settings;
pub mod size;
pub mod startup;
pub mod survey;
pub mod usage;

use std::collections::BTreeMap;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::atomic::AtomicBool;

use crate::facts::{Fact, FactKind, FileFacts, Record};
use crate::fix::Syntax;
use crate::source::{Source, Span};
use crate::tables::Caches;

use home::Home;
use installations::What;
use startup::Startup;
use survey::{Folder, Survey, Walk};
use usage::Limits;

/// What the walk through the home is given from outside.
#[derive(Clone, Copy)]
pub struct Watch<'a> {
    /// Told of files that were counted, folder by folder.
    pub counted: &'a (dyn Fn(u64) + Sync),
    /// Set to end it early; what was counted until then stands, and the report says so.
    pub stop: &'a AtomicBool,
    /// On the threads of the pool that it is called in; else on this one.
    pub parallel: bool,
}

/// An account as it was found.
#[derive(Debug)]
pub struct Account {
    /// Its home.
    pub home: Home,
    /// Its start-up files and who reads them.
    pub startup: Startup,
    /// The files that conda and mamba read, the weakest first.
    pub condarc: Vec<(Source, FileFacts)>,
    /// What lies where.
    pub survey: Survey<What>,
    /// The environment of a running shell; `None` for somebody else's account.
    pub env: Option<BTreeMap<String, String>>,
}

/// A fact about an account, with the path that it is about, as people write it.
pub type About = (PathBuf, Fact);

/// Reads a file of a home and tells its facts; `None` when it cannot be read.
pub type Understand<'a> = dyn Fn(&Home, &Path) -> Option<(Source, FileFacts)> + Sync + 'a;

/// Looks at an account. Errors: its home cannot be opened.
pub fn examine(
    home: Home,
    env: Option<BTreeMap<String, String>>,
    caches: &Caches,
    understand: &Understand<'_>,
    watch: Watch<'_>,
) -> io::Result<Account> {
    let classify = |folder: &Folder<'_>| installations::classify(folder).or_else(|| cache(folder, caches));
    let Watch { counted, stop, parallel } = watch;
    let walk = Walk { classify: &classify, notable: &exports::is_one, counted, stop, parallel };
    let survey = survey::survey(&home.path, &walk)?;
    let startup = startup::follow(&home, &|path| understand(&home, path));
    let roots = survey.regions.iter().filter(|region| region.what == Some(What::Conda));
    let of_roots: Vec<PathBuf> = roots.map(|region| region.path.join(".condarc")).collect();
    let names = of_roots.iter().map(PathBuf::as_path).chain(settings::CONDA.iter().map(Path::new));
    let condarc = names.filter_map(|name| understand(&home, name)).collect();
    Ok(Account { home, startup, condarc, survey, env })
}

/// The files that shells and conda read of a home, without a look at anything else.
pub fn own_files(home: &Home, understand: &Understand<'_>) -> Vec<(Source, FileFacts)> {
    let startup = startup::follow(home, &|path| understand(home, path));
    let conda = settings::CONDA.iter().filter_map(|name| understand(home, Path::new(name)));
    startup.files.into_values().chain(conda).collect()
}

/// The cache that a folder is.
fn cache(folder: &Folder<'_>, caches: &Caches) -> Option<What> {
    let known = caches.at(&folder.path.to_string_lossy());
    // Every conda installation has a folder of downloaded packages.
    let conda = || (folder.path.ends_with("pkgs") && folder.holds("urls.txt")).then_some("conda-packages");
    known.map(|cache| cache.name.as_str()).or_else(conda).map(|name| What::Cache(name.to_owned()))
}

impl Account {
    /// The files that `check` judges: start-up files, and what conda reads.
    pub fn sources(&self) -> impl Iterator<Item = &(Source, FileFacts)> {
        self.startup.files.values().chain(&self.condarc)
    }

    /// Everything that rules can judge, in the order of reports. `limits` are the site's for the home; `syntax` is asked
    /// about start-up files.
    pub fn facts(&self, limits: Limits, caches: &Caches, syntax: &dyn Syntax) -> Vec<About> {
        let mut all = Vec::new();
        let exported = exports::names(&self.home, &self.survey.notable);
        for (path, record) in startup::facts(&self.home, &self.startup, syntax) {
            all.push((Path::new("~").join(path), fact(FactKind::InitFile, record)));
        }
        for region in &self.survey.regions {
            if let Some(mut record) = installations::facts(&self.home, region) {
                exports::tell(&mut record, &region.path, &exported);
                all.push((Path::new("~").join(&region.path), fact(FactKind::Installation, record)));
            }
        }
        for (path, record) in links::facts(&self.home) {
            all.push((Path::new("~").join(path), fact(FactKind::Installation, record)));
        }
        for record in usage::facts(&self.survey, limits, caches) {
            let path = PathBuf::from(record.text("path").replacen("$HOME", "~", 1));
            all.push((path, fact(FactKind::Usage, record)));
        }
        let conda = settings::conda(&self.home, &self.condarc);
        let mut settings: Vec<(PathBuf, Record)> = conda.into_iter().chain(settings::files(&self.home)).collect();
        self.env.iter().for_each(|env| settings::overridden_by_variables(&mut settings, env));
        for (path, record) in settings {
            all.push((Path::new("~").join(path), fact(FactKind::Setting, record)));
        }
        for record in self.env.iter().flat_map(settings::environment) {
            all.push((PathBuf::from(record.text("name")), fact(FactKind::Setting, record)));
        }
        for record in self.env.iter().flat_map(|env| search_path::facts(env, &self.home.path)) {
            all.push((PathBuf::from(record.text("winner")), fact(FactKind::SearchPath, record)));
        }
        all
    }
}

fn fact(kind: FactKind, record: Record) -> Fact {
    Fact::new(kind, Span::default(), record)
}
