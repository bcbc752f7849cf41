//! `pydoctor doctor`: examine an account, judge what was found, report.

mod mending;

use std::collections::BTreeMap;
use std::fs::{self, File};
use std::io::{BufWriter, Write};
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use anyhow::{Context, bail};
use signal_hook::consts::SIGINT;
use signal_hook::flag;

use crate::check::{Finding, Grounds};
use crate::doctor::home::Home;
use crate::doctor::installations::What;
use crate::doctor::moves::Places;
use crate::doctor::quota::Answer;
use crate::doctor::survey::Survey;
use crate::doctor::usage::Limits;
use crate::doctor::{self, Account, OwnFiles, Subject, Watch, elsewhere, naming, size};
use crate::facts::{Alone, Fact, FileFacts, Value};
use crate::fix::RealSyntax;
use crate::policy::site::{Retired, ValueData};
use crate::policy::{CommandLine, Effective, Policy, Site};
use crate::redact::Known;
use crate::report::{AccountFormat, AccountReport, FileResult, Fixes, HumanOptions, Palette, Report, SiteChoice};
use crate::source::{self, Kind, Source};
use crate::tables::Caches;

use super::Status;
use super::accounts;
use super::args::{self, Output, PolicyOptions};
use super::engine::Engine;
use super::snapshot::Snapshot;
use super::streams::{Streams, apart, emit};
use super::workers::Workers;

/// Start-up files that are larger are not read, in bytes.
const LIMIT: u64 = source::size_limit(Kind::Other);

/// What a shell ends with when it is interrupted.
const INTERRUPTED: i32 = 130;

/// Runs `pydoctor doctor`.
pub(super) fn run(args: &args::Doctor, snapshot: &Snapshot, streams: &mut Streams) -> anyhow::Result<Status> {
    let workers = Workers::new(args.jobs, snapshot).telling(&streams.progress);
    let mut status = Status::Clean;
    let outputs = outputs(args)?;
    let home = open(args, snapshot)?;
    let engine = own_engine(args, &args.policy, snapshot)?;
    let here = engine.here()?;
    let understand = |home: &Home, name: &Path, kind: Option<Kind>| {
        let (path, bytes) = home.read_anywhere(name, LIMIT)?;
        let kind = kind.unwrap_or_else(|| source::classify_named(&path, &bytes));
        let source = Source::new(path, kind, bytes);
        let facts = engine.facts(&source, here.tables(), &Alone);
        Some((source, facts))
    };
    let own = OwnFiles::read(&home, &understand);
    let site = site(args, snapshot, &own)?;

    // From here on the site is settled: every file and folder of the account is judged by it.
    let options = PolicyOptions { site: Some(site.id.clone()), ..args.policy.clone() };
    let mut engine_here = own_engine(args, &options, snapshot)?;
    engine_here.machine.home = Some(home.path.clone());
    let mut fixes = None;
    if args.fix {
        let fixed = mending::mend(args, &engine_here, &home, &own, (&workers, snapshot, streams))?;
        status = status.max(if fixed.failed { Status::Trouble } else { Status::Clean });
        fixes = Some(fixed.done);
    }

    let whose = Whose::of(args, &home, snapshot)?;
    let places = other_places(&engine_here.here()?.effective.site);
    let found = elsewhere::find(&whose.account(), &home, &places);
    let elsewhere = found.folders.iter().filter_map(|folder| Home::open_elsewhere(folder).ok()).collect();
    let subject = Subject { home, elsewhere, env: whose.env.clone() };
    if snapshot.live {
        streams.progress.start();
    }
    let account = examine(subject, &here.tables().caches, &understand, &workers, streams)?;
    if account.stopped() {
        status = Status::Trouble;
    }
    let report = Judge { engine: &engine_here, account: &account, whose, without: found.without }
        .report(site, fixes, &workers)?;
    for output in &outputs {
        let mut options = HumanOptions { palette: streams.palette, ascii: streams.ascii, ..HumanOptions::default() };
        if output.file.is_some() {
            (options.palette, options.ascii) = (Palette::PLAIN, false);
        }
        // One that cannot be written stops no other.
        if let Err(error) = emit(output, streams, |format, out| report.write(format, &options, out)) {
            streams.complain(&format!("{error:#}"));
            status = Status::Trouble;
        }
    }
    if let Some(file) = &args.bundle {
        write_bundle(file, &report, snapshot)?;
        streams.remark(&format!(
            "pydoctor: {} holds the report without names; read it before you send it",
            file.display()
        ));
    }
    Ok(status.max(if report.report.fails() { Status::Found } else { Status::Clean }))
}

/// Where the report goes, checked before anything is done.
fn outputs(args: &args::Doctor) -> anyhow::Result<Vec<Output<AccountFormat>>> {
    apart(&args.format)?;
    // A link, even one that leads nowhere, counts as there.
    if let Some(file) = args.bundle.as_ref().filter(|file| fs::symlink_metadata(file).is_ok()) {
        bail!(
            "{}: is there already, and a bundle replaces nothing; name another file, or remove it first",
            file.display()
        );
    }
    let mut outputs = args.format.clone();
    if outputs.is_empty() {
        outputs.push(Output { format: AccountFormat::Human, file: None });
    }
    Ok(outputs)
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
    let mut engine = Engine::new(options, CommandLine::default(), snapshot)?;
    if args.home.is_some() && options.config.is_none() {
        engine.settings.only_layers();
    }
    engine.reads_own_files = false;
    engine.is_at_home = true;
    Ok(engine)
}

/// Looks at the account; Ctrl-C ends the counting, a second one the program.
fn examine(
    subject: Subject,
    caches: &Caches,
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
    let path = subject.home.path.clone();
    let look = |parallel| {
        let watch = Watch { counted: &counted, stop: &stop, parallel };
        doctor::examine(subject, caches, understand, watch)
    };
    let account = workers.install(look).with_context(|| path.display().to_string());
    // What follows is quick: one Ctrl-C is enough to end it.
    stop.store(kept.is_ok(), Ordering::Relaxed);
    account
}

/// Whose account it is.
struct Whose {
    user: String,
    owner: u32,
    /// The environment of a running shell, of one's own account alone.
    env: Option<BTreeMap<String, String>>,
}

impl Whose {
    /// Homes are called as their users; of oneself the environment tells. Errors: the home is gone.
    fn of(args: &args::Doctor, home: &Home, snapshot: &Snapshot) -> anyhow::Result<Self> {
        let env = args.home.is_none().then(|| snapshot.env.clone());
        let told = ["USER", "LOGNAME"].iter().find_map(|name| snapshot.var(name)).filter(|_| env.is_some());
        let named = || home.path.file_name().unwrap_or_default().to_string_lossy().into_owned();
        Ok(Self { user: told.map_or_else(named, str::to_owned), owner: home.stat()?.st_uid, env })
    }

    fn account(&self) -> elsewhere::Account<'_> {
        elsewhere::Account { user: &self.user, owner: self.owner, env: self.env.as_ref() }
    }
}

/// What judges an account.
struct Judge<'a> {
    engine: &'a Engine,
    account: &'a Account,
    whose: Whose,
    /// Places of the site in which the account has no folder.
    without: Vec<String>,
}

impl Judge<'_> {
    /// Judges everything that was found.
    fn report(self, site: SiteChoice, fixes: Option<Fixes>, workers: &Workers) -> anyhow::Result<AccountReport> {
        let Self { engine, account, .. } = self;
        let here = engine.here()?;
        let limits = limits(&here.effective.site);
        let facts = account.facts(limits, here.tables(), &RealSyntax::find());
        let mut results = start_up_files(engine, account, workers)?;
        let texts: Vec<&Source> = account.texts().collect();
        let judged = engine.judge_facts(by_path(&account.home, &facts), &texts)?;
        for result in judged {
            if account.is_leftover(&result.source.path) && !result.findings.is_empty() {
                // Where nothing reads a file, nothing else that is said of it is true.
                results.retain(|file| file.source.path != result.source.path);
            }
            match results.iter_mut().find(|file| file.source.path == result.source.path) {
                Some(file) => file.findings.extend(result.findings),
                None => results.push(result),
            }
        }
        for result in &mut results {
            result.site = site.clone();
            self.name(&mut result.findings);
        }
        let mut report = Report::new(results);
        report.fixes = fixes;
        Ok(AccountReport {
            home: account.home.path.clone(),
            live: self.whose.env.is_some(),
            retired: here.effective.site.retired.as_ref().map(|retired| gone(&here.policy, retired)),
            site,
            chains: account.startup.chains.clone(),
            facts: facts.into_iter().map(|(_, fact)| fact).collect(),
            room: account.home.room(),
            places: places(&here.effective),
            searched: account.elsewhere.iter().map(|(place, survey)| (place.path.clone(), names(survey))).collect(),
            not_looked_at: self.not_looked_at(),
            stopped: account.stopped(),
            user: self.whose.user,
            report,
        })
    }

    /// What the reader would take for the own home is named, in somebody else's account.
    fn name(&self, findings: &mut [Finding]) {
        if self.whose.env.is_some() {
            return;
        }
        let named = |text: &mut String| *text = naming::named(text, &self.account.home.path, &self.whose.user);
        for finding in findings {
            named(&mut finding.message);
            named(&mut finding.help);
        }
    }

    fn not_looked_at(&self) -> Vec<String> {
        let mut lines = Vec::new();
        let home = (PathBuf::from("~"), &self.account.survey);
        let elsewhere = self.account.elsewhere.iter().map(|(place, survey)| (place.path.clone(), survey));
        for (root, survey) in std::iter::once(home).chain(elsewhere) {
            lines.extend(survey.unread.iter().map(|(path, why)| format!("{}: {why}", root.join(path).display())));
            let mounts = survey.mounts.iter().map(|path| root.join(path));
            lines.extend(mounts.map(|path| format!("{}: another file system begins there", path.display())));
        }
        let too_large = self.account.startup.too_large().into_iter();
        lines.extend(too_large.map(|path| format!("{path}: {}", source::too_large(LIMIT))));
        if self.account.quota == Answer::Late {
            lines.push("`quota` did not answer in time: perhaps a file server is down".to_owned());
        }
        if !self.without.is_empty() {
            lines.push(format!("no folder of {} was found in {}", self.whose.user, self.without.join(", ")));
        }
        lines
    }
}

/// What is said of a system that exists no more.
fn gone(policy: &Policy, retired: &Retired) -> String {
    let since = retired.since.as_ref().map(|since| format!(" since {since}")).unwrap_or_default();
    let name = |id: &String| policy.site(id).map_or_else(|_| id.clone(), |site| site.name.clone());
    let successor = retired.successor.as_ref().map(|id| format!("; {} took its place", name(id))).unwrap_or_default();
    format!("this system is gone{since}{successor}")
}

/// How many names a survey met.
fn names(survey: &Survey<What>) -> u64 {
    survey.regions.first().map_or(0, |root| root.all.files)
}

/// The site of the account: for somebody else's the machine that one sits at comes last.
fn site(args: &args::Doctor, snapshot: &Snapshot, own: &OwnFiles) -> anyhow::Result<SiteChoice> {
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
    if site.grounds == Grounds::Evidence {
        // It is one of several files: which one?
        let tells = |facts: &FileFacts| engine.site(&settings, &nothing, facts).is_ok_and(|one| one.why == site.why);
        let file = own.iter().find(|(_, facts)| tells(facts)).and_then(|(source, _)| source.path.file_name());
        let named = |file: &std::ffi::OsStr| site.why.replacen("the file", &file.to_string_lossy(), 1);
        site.why = file.map_or_else(|| site.why.clone(), named);
    }
    Ok(SiteChoice { id: site.id, why: site.why })
}

/// The findings of `check` in the start-up files.
fn start_up_files(engine: &Engine, account: &Account, workers: &Workers) -> anyhow::Result<Vec<FileResult>> {
    let sources = account.sources().map(|source| Arc::new(source.clone())).collect();
    let session = engine.open(sources, workers)?;
    let runs = session.runs(workers);
    Ok(session.results(&runs, workers))
}

/// The facts by the path that they are about.
fn by_path(home: &Home, facts: &[doctor::About]) -> Vec<(PathBuf, Vec<Fact>)> {
    let mut groups: BTreeMap<PathBuf, Vec<Fact>> = BTreeMap::new();
    // What the system's files say only its administrators can mend.
    let is_mine = |fact: &Fact| fact.fields.get("own") != Some(&Value::Flag(false));
    for (path, fact) in facts.iter().filter(|(_, fact)| is_mine(fact)) {
        // What is about no file keeps its name.
        let path = path.strip_prefix("~").map_or_else(|_| path.clone(), |below| home.path.join(below));
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

/// The paths of the site's other places where users have folders.
fn other_places(site: &Site) -> Vec<String> {
    let other = |place: &str| ["project", "scratch", "data"].contains(&place);
    let paths = site.places.iter().filter(|row| other(&row.place)).flat_map(|row| &row.paths);
    paths.map(|path| path.text.clone()).collect()
}

/// Writes the report without names and secrets; others may not read the file. Errors name it.
fn write_bundle(file: &Path, report: &AccountReport, snapshot: &Snapshot) -> anyhow::Result<()> {
    let mut known = Known::default();
    let own_name = report.home.file_name().map(|name| name.to_string_lossy().into_owned());
    let told = ["USER", "LOGNAME"].iter().filter_map(|name| snapshot.var(name)).map(str::to_owned);
    let told = told.chain([report.user.clone()]);
    known.users.extend(told.chain(own_name).filter(|name| name.len() > 2 && name != "root"));
    let hosts = [Some(snapshot.host.as_str()), snapshot.var("HOSTNAME"), snapshot.var("HOST")];
    let hosts = hosts.into_iter().flatten().flat_map(|host| [host, host.split('.').next().unwrap_or(host)]);
    let hosts: Vec<&str> = hosts.filter(|host| *host != "localhost").collect();
    hosts.iter().for_each(|host| known.folder(host));
    known.hosts.extend(hosts.into_iter().filter(|host| host.len() > 2).map(str::to_owned));
    accounts::all().iter().filter(|account| account.is_of_person()).for_each(|account| known.folder(&account.name));
    let write = || {
        // Neither through a link nor over something that came meanwhile.
        let file = File::options().write(true).create_new(true).mode(0o600).open(file)?;
        let mut out = BufWriter::new(file);
        report.bundle(&known, &mut out)?;
        out.flush()
    };
    write().with_context(|| format!("{}: cannot be written", file.display()))
}
