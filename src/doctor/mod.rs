//! The live account: what its files and folders say of it, as facts of the same kind as those of scripts.
//!
//! Each probe is one file. A probe looks through [`home::Home`], which never leaves the account, and gives records that
//! the rules judge like any other fact. Nothing is written and nothing is run.

mod conda_files;
pub mod elf;
pub mod elsewhere;
mod exports;
pub mod home;
pub mod installations;
mod links;
pub mod moves;
pub mod naming;
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
use crate::source::{Kind, Source, Span};
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
    pub condarc: Vec<Condarc>,
    /// What lies where.
    pub survey: Survey<What>,
    /// Folders of the account in the site's other places, with what lies there.
    pub elsewhere: Vec<(Home, Survey<What>)>,
    /// The environment of a running shell; `None` for somebody else's account.
    pub env: Option<BTreeMap<String, String>>,
}

/// An account to look at.
pub struct Subject {
    /// Its home.
    pub home: Home,
    /// Its folders in the site's other places.
    pub elsewhere: Vec<Home>,
    /// The environment of a running shell; `None` for somebody else's account.
    pub env: Option<BTreeMap<String, String>>,
}

/// A file that conda reads.
#[derive(Debug)]
pub struct Condarc {
    /// The file.
    pub source: Source,
    /// What it says.
    pub facts: FileFacts,
    /// It is a file of the account's, not of the system's.
    pub own: bool,
}

/// A fact about an account, with the path that it is about, as people write it.
pub type About = (PathBuf, Fact);

/// Reads a file, by its path below a home or by an absolute one, and tells its facts, as of the kind that is given where
/// its name says nothing; `None` when it cannot be read.
pub type Understand<'a> = dyn Fn(&Home, &Path, Option<Kind>) -> Option<(Source, FileFacts)> + Sync + 'a;

/// Looks at an account. Errors: its home cannot be opened.
pub fn examine(
    subject: Subject,
    caches: &Caches,
    understand: &Understand<'_>,
    watch: Watch<'_>,
) -> io::Result<Account> {
    let Subject { home, elsewhere, env } = subject;
    let classify = |folder: &Folder<'_>| installations::classify(folder).or_else(|| cache(folder, caches));
    let Watch { counted, stop, parallel } = watch;
    let notable = &exports::is_one;
    let walk = Walk { classify: &classify, notable, counted, stop, parallel, sizes_of_regions: false };
    let survey = survey::survey(&home.path, &walk)?;
    let walk = Walk { classify: &installations::classify, sizes_of_regions: true, ..walk };
    // What cannot be opened any more is gone.
    let look = |place: Home| survey::survey(&place.path, &walk).ok().map(|survey| (place, survey));
    let elsewhere = elsewhere.into_iter().filter_map(look).collect();
    let startup = startup::follow(&home, &|path| understand(&home, path, None));
    let condarc = condarc(&home, &survey, env.as_ref(), understand);
    Ok(Account { home, startup, condarc, survey, elsewhere, env })
}

/// The files that shells and conda read of a home, without a look at anything else.
pub fn own_files(home: &Home, understand: &Understand<'_>) -> Vec<(Source, FileFacts)> {
    let startup = startup::follow(home, &|path| understand(home, path, None));
    let conda = conda_files::of_home(home).into_iter().filter_map(|name| understand(home, &name, CONDARC));
    startup.files.into_values().chain(conda).collect()
}

/// The files that conda reads.
fn condarc(
    home: &Home,
    survey: &Survey<What>,
    env: Option<&BTreeMap<String, String>>,
    understand: &Understand<'_>,
) -> Vec<Condarc> {
    let roots = survey.regions.iter().filter(|region| region.what == Some(What::Conda));
    let roots: Vec<PathBuf> = roots.map(|region| region.path.clone()).collect();
    let all = conda_files::all(home, &roots, env, Path::new("/"));
    let read = |path: PathBuf| {
        let own = home.below(&path).is_some();
        understand(home, &path, CONDARC).map(|(source, facts)| Condarc { source, facts, own })
    };
    all.into_iter().filter_map(read).collect()
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
    pub fn sources(&self) -> impl Iterator<Item = (&Source, &FileFacts)> {
        let own = self.condarc.iter().filter(|file| file.own).map(|file| (&file.source, &file.facts));
        self.startup.files.values().map(|(source, facts)| (source, facts)).chain(own)
    }

    /// Counting was stopped somewhere.
    pub fn stopped(&self) -> bool {
        self.survey.stopped || self.elsewhere.iter().any(|(_, survey)| survey.stopped)
    }

    /// Everything that rules can judge, in the order of reports. `limits` are the site's for the home; `syntax` is asked
    /// about start-up files.
    pub fn facts(&self, limits: Limits, caches: &Caches, syntax: &dyn Syntax) -> Vec<About> {
        let mut all = Vec::new();
        for (path, record) in startup::facts(&self.home, &self.startup, syntax) {
            all.push((Path::new("~").join(path), fact(FactKind::InitFile, record)));
        }
        let links = links::facts(&self.home).into_iter().map(|(_, record)| record);
        for record in self.installations().into_iter().chain(links) {
            all.push((about(&record), fact(FactKind::Installation, record)));
        }
        for record in usage::facts(&self.survey, limits, caches) {
            all.push((about(&record), fact(FactKind::Usage, record)));
        }
        let conda = settings::conda(&self.home, &self.condarc);
        let mut settings: Vec<Record> = conda.into_iter().chain(settings::files(&self.home)).collect();
        self.env.iter().for_each(|env| settings::overridden_by_variables(&mut settings, env));
        for record in settings {
            all.push((about(&record), fact(FactKind::Setting, record)));
        }
        for record in self.env.iter().flat_map(settings::environment) {
            all.push((about(&record), fact(FactKind::Setting, record)));
        }
        for record in self.env.iter().flat_map(|env| search_path::facts(env, &self.home.path)) {
            all.push((about(&record), fact(FactKind::SearchPath, record)));
        }
        all
    }

    /// The environments of the account, those in its home first.
    fn installations(&self) -> Vec<Record> {
        let home = std::iter::once((&self.home, &self.survey));
        let places: Vec<(&Home, &Survey<What>)> =
            home.chain(self.elsewhere.iter().map(|(place, survey)| (place, survey))).collect();
        let exported = places.iter().flat_map(|(place, survey)| exports::names(place, &survey.notable)).collect();
        let mut all = Vec::new();
        for (place, survey) in places {
            for region in &survey.regions {
                if let Some(mut record) = installations::facts(place, region) {
                    exports::tell(&mut record, &exported);
                    all.push(record);
                }
            }
        }
        all
    }
}

/// What files of conda's are, however they are called.
const CONDARC: Option<Kind> = Some(Kind::Condarc);

/// What variables of a shell are found in.
const ENVIRONMENT: &str = "environment";

/// What a record is about: its path, as people write it, the program that it found, or the environment.
pub fn about(record: &Record) -> PathBuf {
    let told = [record.text("path"), record.text("winner"), ENVIRONMENT].into_iter().find(|text| !text.is_empty());
    PathBuf::from(told.unwrap_or_default().replacen("$HOME", "~", 1))
}

fn fact(kind: FactKind, record: Record) -> Fact {
    Fact::new(kind, Span::default(), record)
}
