//! `pydoctor doctor`: examine an account, judge what was found, report.

mod mending;

use std::collections::BTreeMap;
use std::fs::File;
use std::io::{BufWriter, Write};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use anyhow::{Context, bail};
use signal_hook::consts::SIGINT;
use signal_hook::flag;

use crate::check::Grounds;
use crate::doctor::home::Home;
use crate::doctor::moves::Places;
use crate::doctor::usage::Limits;
use crate::doctor::{self, Account, Watch, size};
use crate::facts::{Alone, Fact, FileFacts};
use crate::fix::RealSyntax;
use crate::policy::site::ValueData;
use crate::policy::{CommandLine, Effective, Policy, Site};
use crate::redact::Known;
use crate::report::{AccountReport, FileResult, Fixes, HumanOptions, Palette, Report, SiteChoice};
use crate::source::{self, Kind, Source};

use super::Status;
use super::args::{self, PolicyOptions};
use super::engine::Engine;
use super::snapshot::Snapshot;
use super::streams::{Streams, emit};
use super::workers::Workers;

/// Start-up files that are larger are not read, in bytes.
const LIMIT: u64 = source::size_limit(Kind::Other);

/// What a shell ends with when it is interrupted.
const INTERRUPTED: i32 = 130;

/// Runs `pydoctor doctor`.
pub(super) fn run(args: &args::Doctor, snapshot: &Snapshot, streams: &mut Streams) -> anyhow::Result<Status> {
    if snapshot.live {
        streams.progress.start();
    }
    let workers = Workers::new(args.jobs, snapshot).telling(&streams.progress);
    let mut status = Status::Clean;
    let home = open(args, snapshot)?;
    let engine = own_engine(args, &args.policy, snapshot)?;
    let policy = engine.here()?.policy;
    let understand = |home: &Home, name: &Path| understand(&engine, &policy, home, name);
    let own = doctor::own_files(&home, &understand);
    let site = site(args, snapshot, &own)?;

    // From here on the site is settled: every file and folder of the account is judged by it.
    let options = PolicyOptions { site: Some(site.id.clone()), ..args.policy.clone() };
    let mut engine_here = own_engine(args, &options, snapshot)?;
    engine_here.machine.home = Some(home.path.clone());
    let mut fixes = None;
    if args.fix {
        let fixed = mending::mend(args, &engine_here, &home, own, (&workers, snapshot, streams))?;
        status = status.max(if fixed.failed { Status::Trouble } else { Status::Clean });
        fixes = Some(fixed.done);
    }

    let env = args.home.is_none().then(|| snapshot.env.clone());
    let account = examine(home, env, &policy, &understand, &workers, streams)?;
    if account.survey.stopped {
        status = Status::Trouble;
    }
    let report = judge(args, &engine_here, &account, site, fixes, &workers)?;
    let mut options = HumanOptions { palette: streams.palette, ascii: streams.ascii, ..HumanOptions::default() };
    if args.format.file.is_some() {
        (options.palette, options.ascii) = (Palette::PLAIN, false);
    }
    emit(&args.format, streams, |format, out| report.write(format, &options, out))?;
    if let Some(file) = &args.bundle {
        write_bundle(file, &report, snapshot)?;
        streams.remark(&format!(
            "pydoctor: {} holds the report without names; read it before you send it",
            file.display()
        ));
    }
    Ok(status.max(if report.report.fails() { Status::Found } else { Status::Clean }))
}

/// The home to look at.
fn open(args: &args::Doctor, snapshot: &Snapshot) -> anyhow::Result<Home> {
    let path = match (&args.home, snapshot.var("HOME")) {
        (Some(home), _) => home.clone(),
        (None, Some(home)) => PathBuf::from(home),
        (None, None) => bail!("HOME is not set: name the home with --home DIR"),
    };
    let home = Home::open(&path).with_context(|| format!("{}: cannot be opened as a home", path.display()))?;
    let own = home.stat()?.st_uid == rustix::process::geteuid().as_raw();
    if args.fix && !own && !args.as_owner {
        bail!("{}: belongs to another user; add --as-owner to write files there", path.display());
    }
    Ok(home)
}

/// An engine that reads nothing by itself; somebody else's configuration is not obeyed.
fn own_engine(args: &args::Doctor, options: &PolicyOptions, snapshot: &Snapshot) -> anyhow::Result<Engine> {
    let isolated = options.isolated || (args.home.is_some() && options.config.is_none());
    let options = PolicyOptions { isolated, ..options.clone() };
    let mut engine = Engine::new(&options, CommandLine::default(), snapshot)?;
    engine.reads_own_files = false;
    Ok(engine)
}

/// A file of the home with its facts.
fn understand(engine: &Engine, policy: &Policy, home: &Home, name: &Path) -> Option<(Source, FileFacts)> {
    let bytes = home.read(name, LIMIT)?;
    let path = home.path.join(name);
    let kind = source::classify_named(&path, &bytes);
    let source = Source::new(path, kind, bytes);
    let facts = engine.facts(&source, &policy.tables, &Alone);
    Some((source, facts))
}

/// Looks at the account; Ctrl-C ends the counting, a second one the program.
fn examine(
    home: Home,
    env: Option<BTreeMap<String, String>>,
    policy: &Policy,
    understand: &doctor::Understand<'_>,
    workers: &Workers,
    streams: &Streams,
) -> anyhow::Result<Account> {
    let stop = Arc::new(AtomicBool::new(false));
    // Where signals cannot be had, Ctrl-C ends the program as ever.
    let kept = flag::register_conditional_shutdown(SIGINT, INTERRUPTED, Arc::clone(&stop))
        .and_then(|_| flag::register(SIGINT, Arc::clone(&stop)));
    streams.progress.begin("counting files");
    let counted = |files: u64| streams.progress.add(usize::try_from(files).unwrap_or(0));
    let path = home.path.clone();
    let look = |parallel| {
        let watch = Watch { counted: &counted, stop: &stop, parallel };
        doctor::examine(home, env, &policy.tables.caches, understand, watch)
    };
    let account = workers.install(look).with_context(|| path.display().to_string());
    // What follows is quick: one Ctrl-C is enough to end it.
    stop.store(kept.is_ok(), Ordering::Relaxed);
    account
}

/// Judges everything that was found.
fn judge(
    args: &args::Doctor,
    engine: &Engine,
    account: &Account,
    site: SiteChoice,
    fixes: Option<Fixes>,
    workers: &Workers,
) -> anyhow::Result<AccountReport> {
    let here = engine.here()?;
    let limits = limits(&here.effective.site);
    let facts = account.facts(limits, &here.policy.tables.caches, &RealSyntax::find());
    let mut results = start_up_files(engine, account, workers)?;
    for result in engine.judge_facts(by_path(account, &facts))? {
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
    let mut report = Report::new(results);
    report.fixes = fixes;
    Ok(AccountReport {
        home: account.home.path.clone(),
        live: args.home.is_none(),
        site,
        chains: account.startup.chains.clone(),
        facts: facts.into_iter().map(|(_, fact)| fact).collect(),
        room: account.home.room(),
        places: places(&here.effective),
        not_looked_at: unread.chain(mounts).chain(elsewhere(&here.effective.site)).collect(),
        stopped: survey.stopped,
        report,
    })
}

/// The site of the account: for somebody else's the machine that one sits at comes last.
fn site(args: &args::Doctor, snapshot: &Snapshot, own: &[(Source, FileFacts)]) -> anyhow::Result<SiteChoice> {
    let foreign = args.home.is_some();
    let mut engine = own_engine(args, &args.policy, snapshot)?;
    let facts: Vec<Fact> = own.iter().flat_map(|(_, facts)| facts.facts.clone()).collect();
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

/// Where the site wants what may not stay at home.
fn places(effective: &Effective) -> Places {
    let value = |name: &str| match &effective.site.values.get(name)?.data {
        ValueData::Text(text, _) if !text.is_empty() => Some(text.clone()),
        _ => None,
    };
    let unknown = Places::default();
    Places {
        environments: value("env-place").or_else(|| value("conda-place")).unwrap_or(unknown.environments),
        caches: value("pkgs-place").or_else(|| value("conda-place")).unwrap_or(unknown.caches),
    }
}

/// The site's other places, which nobody counted.
fn elsewhere(site: &Site) -> Option<String> {
    let other = |place: &str| ["project", "scratch", "data"].contains(&place);
    let paths = site.places.iter().filter(|row| other(&row.place)).flat_map(|row| &row.paths);
    let paths: Vec<String> = paths.map(|path| path.text.clone()).collect();
    (!paths.is_empty()).then(|| format!("what lies outside the home, in {}", paths.join(", ")))
}

/// Writes the report without names and secrets; others may not read the file. Errors name it.
fn write_bundle(file: &Path, report: &AccountReport, snapshot: &Snapshot) -> anyhow::Result<()> {
    let mut known = Known::default();
    let own_name = report.home.file_name().map(|name| name.to_string_lossy().into_owned());
    let told = ["USER", "LOGNAME"].iter().filter_map(|name| snapshot.var(name)).map(str::to_owned);
    known.users.extend(told.chain(own_name).filter(|name| name.len() > 2 && name != "root"));
    let hosts = [Some(snapshot.host.as_str()), snapshot.var("HOSTNAME"), snapshot.var("HOST")];
    let hosts = hosts.into_iter().flatten().flat_map(|host| [host, host.split('.').next().unwrap_or(host)]);
    known.hosts.extend(hosts.filter(|host| host.len() > 2 && *host != "localhost").map(str::to_owned));
    let write = || {
        let mut out = BufWriter::new(File::create(file)?);
        report.bundle(&known, &mut out)?;
        out.flush()
    };
    write().with_context(|| format!("{}: cannot be written", file.display()))
}
