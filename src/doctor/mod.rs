//! The live account: what its files and folders say of it, as facts of the same kind as those of scripts.
//!
//! Each probe is one file. A probe looks through [`home::Home`], which never leaves the account, and gives records that
//! the rules judge like any other fact. Nothing is written and nothing is run.

mod acl;
mod conda_files;
pub mod elf;
pub mod elsewhere;
mod exports;
mod hard_links;
pub mod home;
pub mod installations;
mod links;
pub mod moves;
pub mod naming;
pub mod processor;
pub mod quota;
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
use crate::source::{Kind, Source, path_text};
use crate::tables::{Caches, Tables};

use conda_files::{Place, Root};
use home::Home;
use installations::What;
use processor::Machine;
use quota::{Answer, Asked};
use startup::Startup;
use survey::{Folder, Survey, Walk};
use usage::{Allowed, Limits};

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
    /// What the files of other tools say.
    pub settings: settings::Files,
    /// What lies where.
    pub survey: Survey<What>,
    /// Folders of the account in the site's other places, with what lies there.
    pub elsewhere: Vec<(Home, Survey<What>)>,
    /// What the system says of the user's room.
    pub quota: Answer,
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
    /// The installation that alone reads it.
    pub root: Option<PathBuf>,
    /// mamba and micromamba read it, conda does not.
    pub mamba_alone: bool,
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
    // Of one's own account alone the system tells; it may think about it while files are counted.
    let asked = env.as_ref().filter(|_| home.is_mine()).and_then(|_| quota::ask(&home.path));
    let classify = |folder: &Folder<'_>| installations::classify(folder).or_else(|| cache(folder, caches));
    let Watch { counted, stop, parallel } = watch;
    let notable = &exports::is_one;
    let remade =
        |what: &What| matches!(what, What::Cache(name) if caches.named(name).is_some_and(|cache| cache.remade));
    let (classify, emptied) = (&classify, &remade);
    let walk = Walk { classify, emptied, notable, counted, stop, parallel, sizes_of_regions: false };
    let survey = survey::survey(&home.path, &walk)?;
    let walk = Walk { classify: &installations::classify, sizes_of_regions: true, ..walk };
    // What cannot be opened any more is gone.
    let look = |place: Home| survey::survey(&place.path, &walk).ok().map(|survey| (place, survey));
    let elsewhere: Vec<(Home, Survey<What>)> = elsewhere.into_iter().filter_map(look).collect();
    let startup = startup::follow(&home, &|path| understand(&home, path, None));
    let condarc = condarc(&home, &survey, &elsewhere, env.as_ref(), understand);
    let settings = settings::files(&home, env.as_ref());
    let quota = asked.map(Asked::answer).unwrap_or_default();
    Ok(Account { home, startup, condarc, settings, survey, elsewhere, quota, env })
}

/// The files of a home that shells and conda read.
#[derive(Debug)]
pub struct OwnFiles {
    /// Those of shells.
    pub startup: Startup,
    /// Those of conda.
    pub conda: Vec<(Source, FileFacts)>,
}

impl OwnFiles {
    /// Reads them, without a look at anything else.
    pub fn read(home: &Home, understand: &Understand<'_>) -> Self {
        let startup = startup::follow(home, &|path| understand(home, path, None));
        let conda = conda_files::of_home(home).into_iter().filter_map(|name| understand(home, &name, CONDARC));
        Self { startup, conda: conda.collect() }
    }

    /// Those that something reads: what stands in the others has no effect.
    pub fn in_use(&self) -> impl Iterator<Item = &Source> {
        let startup = self.startup.files.iter().filter(|(path, _)| self.startup.is_read(path));
        startup.map(|(_, file)| file).chain(&self.conda).map(|(source, _)| source)
    }

    /// All of them.
    pub fn iter(&self) -> impl Iterator<Item = &(Source, FileFacts)> {
        self.startup.files.values().chain(&self.conda)
    }

    /// Who besides its owner may write what runs at login, and read what is secret.
    pub fn rights(&self, home: &Home) -> Vec<About> {
        struct Unasked;
        impl Syntax for Unasked {
            fn accepts(&self, _: &Source) -> Option<bool> {
                None
            }
        }
        let secrets = settings::credentials(home).into_iter().map(of(FactKind::Setting));
        init_files(home, &self.startup, &Unasked).into_iter().chain(secrets).collect()
    }
}

/// The files that conda reads.
fn condarc(
    home: &Home,
    survey: &Survey<What>,
    elsewhere: &[(Home, Survey<What>)],
    env: Option<&BTreeMap<String, String>>,
    understand: &Understand<'_>,
) -> Vec<Condarc> {
    let all = std::iter::once((home, survey)).chain(elsewhere.iter().map(|(place, survey)| (place, survey)));
    let regions = all.flat_map(|(home, survey)| survey.regions.iter().map(move |region| (home, region)));
    let conda = regions.filter(|(_, region)| region.what == Some(What::Conda));
    let roots: Vec<Root<'_>> = conda.map(|(home, region)| Root { home, path: &region.path }).collect();
    let read = |Place { home: through, path, root, mamba_alone }: Place<'_>| {
        let own = through.below(&path).is_some();
        understand(through, &path, CONDARC).map(|(source, facts)| Condarc { source, facts, own, root, mamba_alone })
    };
    conda_files::all(home, &roots, env, Path::new("/")).into_iter().filter_map(read).collect()
}

/// The cache that a folder is.
fn cache(folder: &Folder<'_>, caches: &Caches) -> Option<What> {
    let known = caches.at(&path_text::text(folder.path));
    // Every conda installation has a folder of downloaded packages.
    let conda = || (folder.path.ends_with("pkgs") && folder.holds("urls.txt")).then_some("conda-packages");
    known.map(|cache| cache.name.as_str()).or_else(conda).map(|name| What::Cache(name.to_owned()))
}

impl Account {
    /// The files that `check` judges: start-up files that shells read, or the site's own files may, and what conda reads.
    pub fn sources(&self) -> impl Iterator<Item = &Source> {
        let own = self.condarc.iter().filter(|file| file.own).map(|file| &file.source);
        let startup = self.startup.files.iter();
        let startup = startup.filter(|(path, _)| self.startup.is_read(path) || startup::is_leftover(path));
        startup.map(|(_, (source, _))| source).chain(own)
    }

    /// True for a file, by its whole path, that no shell reads by itself, though the site's own files may.
    pub fn is_leftover(&self, path: &Path) -> bool {
        path.strip_prefix(&self.home.path)
            .is_ok_and(|below| startup::is_leftover(below) && !self.startup.is_read(below))
    }

    /// Counting was stopped somewhere.
    pub fn stopped(&self) -> bool {
        self.survey.stopped || self.elsewhere.iter().any(|(_, survey)| survey.stopped)
    }

    /// The texts that facts stand in.
    pub fn texts(&self) -> impl Iterator<Item = &Source> {
        let startup = self.startup.files.values().map(|(source, _)| source);
        startup.chain(self.condarc.iter().map(|file| &file.source)).chain(&self.settings.sources)
    }

    /// Everything that rules can judge, in the order of reports. `limits` are the site's for the home; `syntax` is asked
    /// about start-up files.
    pub fn facts(&self, limits: Limits, tables: &Tables, syntax: &dyn Syntax) -> Vec<About> {
        let mut all = init_files(&self.home, &self.startup, syntax);
        let links = links::facts(&self.home).into_iter().map(|(_, record)| record);
        all.extend(self.installations(tables).into_iter().chain(links).map(of(FactKind::Installation)));
        let quota = if let Answer::Told(quota) = self.quota { quota } else { Default::default() };
        let allowed = Allowed { site: limits, quota };
        let usage = usage::facts(&self.survey, allowed, self.home.room(), &tables.caches);
        all.extend(usage.into_iter().map(of(FactKind::Usage)));
        let mut settings = settings::conda(&self.home, &self.condarc);
        settings.extend(self.settings.records.iter().cloned());
        self.env.iter().for_each(|env| settings::overridden_by_variables(&mut settings, env));
        settings.extend(settings::credentials(&self.home));
        settings.extend(self.env.iter().flat_map(settings::environment));
        all.extend(settings.into_iter().map(of(FactKind::Setting)));
        let programs = self.env.iter().flat_map(|env| search_path::facts(env, &self.home.path));
        all.extend(programs.map(of(FactKind::SearchPath)));
        all
    }

    /// The environments of the account, those in its home first.
    fn installations(&self, tables: &Tables) -> Vec<Record> {
        let machine = Machine::here();
        let home = std::iter::once((&self.home, &self.survey));
        let places: Vec<(&Home, &Survey<What>)> =
            home.chain(self.elsewhere.iter().map(|(place, survey)| (place, survey))).collect();
        let exported = places.iter().flat_map(|(place, survey)| exports::names(place, &survey.notable)).collect();
        let mut all = Vec::new();
        for (place, survey) in places {
            for region in &survey.regions {
                if let Some(mut record) = installations::facts(place, region) {
                    exports::tell(&mut record, &exported);
                    processor::tell(&mut record, &tables.processors, machine.as_ref());
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
    path_text::path(&told.unwrap_or_default().replacen("$HOME", "~", 1))
}

/// Facts of a kind from what they say.
fn of(kind: FactKind) -> impl Fn(Record) -> About {
    move |record| (about(&record), Fact::new(kind, record.span.get().unwrap_or_default(), record))
}

/// The facts of the start-up files, by the name under which shells read them.
fn init_files(home: &Home, startup: &Startup, syntax: &dyn Syntax) -> Vec<About> {
    let facts = startup::facts(home, startup, syntax).into_iter();
    facts.map(|(_, record)| of(FactKind::InitFile)(record)).collect()
}
