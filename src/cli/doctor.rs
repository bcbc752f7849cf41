//! `pydoctor doctor`: examine an account, judge what was found, report.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64};

use anyhow::{Context, bail};

use crate::check::{Grounds, Severity};
use crate::doctor::home::Home;
use crate::doctor::usage::Limits;
use crate::doctor::{self, Account, Watch, size};
use crate::facts::{Alone, Fact, FileFacts};
use crate::policy::Site;
use crate::report::{AccountReport, FileResult, HumanOptions, Report, SiteChoice};
use crate::source::{self, Kind, Source};

use super::Status;
use super::args::{self, PolicyOptions};
use super::engine::Engine;
use super::settings::CommandLine;
use super::snapshot::Snapshot;
use super::streams::{Streams, emit};
use super::workers::Workers;

/// Start-up files that are larger are not read, in bytes.
const LIMIT: u64 = source::size_limit(Kind::Other);

/// Runs `pydoctor doctor`.
pub(super) fn run(args: &args::Doctor, snapshot: &Snapshot, streams: &mut Streams) -> anyhow::Result<Status> {
    let workers = Workers::new(args.jobs, snapshot);
    let (account, site) = examine(args, snapshot, &workers)?;

    // From here on the site is settled: every file and folder of the account is judged by it.
    let options = PolicyOptions { site: Some(site.id.clone()), ..args.policy.clone() };
    let mut engine = Engine::new(&options, CommandLine::default(), snapshot)?;
    engine.machine.home = Some(account.home.path.clone());
    let here = engine.here()?;
    let facts = account.facts(limits(&here.effective.site), &here.policy.tables.caches);
    let mut results = start_up_files(&engine, &account, &workers)?;
    for result in engine.judge_facts(by_path(&account, &facts))? {
        match results.iter_mut().find(|file| file.source.path == result.source.path) {
            Some(file) => file.findings.extend(result.findings),
            None => results.push(result),
        }
    }
    for result in &mut results {
        result.site = site.clone();
    }
    let survey = &account.survey;
    let unread = survey.unread.iter().map(|(path, why)| format!("~/{}: {why}", path.display()));
    let mounts = survey.mounts.iter().map(|path| format!("~/{}: another file system begins there", path.display()));
    let report = AccountReport {
        home: account.home.path.clone(),
        live: args.home.is_none(),
        site,
        chains: account.startup.chains.clone(),
        facts: facts.into_iter().map(|(_, fact)| fact).collect(),
        not_looked_at: unread.chain(mounts).collect(),
        stopped: survey.stopped,
        report: Report::new(results),
    };
    let options = HumanOptions { palette: streams.palette, ascii: streams.ascii, ..HumanOptions::default() };
    emit(&args.format, streams, |format, out| report.write(format, &options, out))?;
    let found = report.report.visible().any(|finding| finding.severity >= Severity::Warning);
    Ok(if found { Status::Found } else { Status::Clean })
}

/// Looks at the account, and tells its site.
fn examine(args: &args::Doctor, snapshot: &Snapshot, workers: &Workers) -> anyhow::Result<(Account, SiteChoice)> {
    let path = match (&args.home, snapshot.var("HOME")) {
        (Some(home), _) => home.clone(),
        (None, Some(home)) => PathBuf::from(home),
        (None, None) => bail!("HOME is not set: name the home with --home DIR"),
    };
    let home = Home::open(&path).with_context(|| format!("{}: cannot be opened as a home", path.display()))?;
    let mut engine = Engine::new(&args.policy, CommandLine::default(), snapshot)?;
    let policy = engine.here()?.policy;
    let understand = |home: &Home, name: &Path| -> Option<(Source, FileFacts)> {
        let bytes = home.read(name, LIMIT)?;
        let path = home.path.join(name);
        let kind = source::classify_named(&path, &bytes);
        let source = Source::new(path, kind, bytes);
        let facts = engine.facts(&source, &policy.tables, &Alone);
        Some((source, facts))
    };
    let (counted, stop) = (AtomicU64::new(0), AtomicBool::new(false));
    let look = |parallel| {
        let watch = Watch { counted: &counted, stop: &stop, parallel };
        let env = args.home.is_none().then(|| snapshot.env.clone());
        doctor::examine(home, env, &policy.tables.caches, &understand, watch)
    };
    let account = workers.install(look).with_context(|| path.display().to_string())?;
    let site = site(&mut engine, args.home.is_some(), &account)?;
    Ok((account, site))
}

/// The site of the account: for somebody else's the machine that one sits at comes last.
fn site(engine: &mut Engine, foreign: bool, account: &Account) -> anyhow::Result<SiteChoice> {
    let facts: Vec<Fact> = account.sources().flat_map(|(_, facts)| facts.facts.clone()).collect();
    let facts = FileFacts { facts, ..FileFacts::default() };
    let nothing = Source::new(PathBuf::new(), Kind::Other, Vec::new());
    let settings = engine.settings.here()?;
    let machine = engine.machine.clone();
    if foreign {
        engine.machine = Default::default();
    }
    let mut site = engine.site(&settings, &nothing, &facts)?;
    if foreign && site.grounds == Grounds::Nothing {
        engine.machine = machine;
        site = engine.site(&settings, &nothing, &facts)?;
        if site.grounds != Grounds::Nothing {
            site.why = format!("nothing in the account tells the site; of this machine: {}", site.why);
        }
    }
    Ok(SiteChoice { id: site.id, why: site.why })
}

/// The findings of `check` in the start-up files.
fn start_up_files(engine: &Engine, account: &Account, workers: &Workers) -> anyhow::Result<Vec<FileResult>> {
    let sources = account.sources().map(|(source, _)| Arc::new(source.clone())).collect();
    let session = engine.open(sources, workers)?;
    let run = session.run();
    Ok(session.results(&run, workers))
}

/// The facts by the path that they are about.
fn by_path(account: &Account, facts: &[doctor::About]) -> Vec<(PathBuf, Vec<Fact>)> {
    let mut groups: BTreeMap<PathBuf, Vec<Fact>> = BTreeMap::new();
    for (path, fact) in facts {
        // What is about no file keeps its name.
        let path = path.strip_prefix("~").map_or_else(|_| path.clone(), |below| account.home.path.join(below));
        groups.entry(path).or_default().push(fact.clone());
    }
    groups.into_iter().collect()
}

/// What the site allows in homes.
fn limits(site: &Site) -> Limits {
    let Some(quota) = site.quotas.iter().find(|quota| quota.place == "home") else { return Limits::default() };
    Limits {
        bytes: quota.bytes.as_deref().and_then(size::parse),
        files: quota.files.and_then(|files| u64::try_from(files).ok()),
    }
}
