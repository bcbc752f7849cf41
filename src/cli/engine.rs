//! The checks behind one call: where the command line meets policy, facts and rules.

mod baseline;
mod blame;
mod defied;
mod gather;
mod ignores;
pub(super) mod notes;
mod side;
mod unread;

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use foldhash::HashSet;

use crate::check::{self, Analysed, Finding, Grounds, Prefiltering, Run, Severity, Surroundings};
use crate::facts::{self, FileFacts, Interest, Reach};
use crate::fix::{self, Allow, Checked, Mended, RealSyntax};
use crate::policy::guard::{self, Apart};
use crate::policy::{CommandLine, Day, Defied, Effective, Policy, PolicyError, Rule, Selection};
use crate::report::{FileResult, NotObeyed, Report, RuleInfo, SiteChoice};
use crate::source::{Kind, Source};
use crate::tables::Tables;

use self::baseline::Baselines;
use self::blame::Blame;
use self::gather::Ahead;
use self::side::{Judged, Seat, Side, Sight, Trial, judge};
use super::args::PolicyOptions;
use super::folders::Folders;
use super::homes::AtHome;
use super::panics;
use super::reach::{self, InReach};
use super::settings::{FileSettings, Settings};
use super::snapshot::Snapshot;
use super::workers::{MANY, Workers};

/// The severity from which the exit status is 1 unless somebody says otherwise.
pub(super) const FAIL_ON: Severity = Severity::Warning;

/// Policy and surroundings, ready to judge files.
pub(super) struct Engine {
    /// Which site and rules hold for which file.
    pub(super) settings: Settings,
    /// What the environment tells of the site.
    pub(super) machine: Surroundings,
    /// When Python files are looked through for words before they are parsed.
    pub(super) prefiltering: Prefiltering,
    /// The account's own start-up files are read too when its home is checked.
    pub(super) reads_own_files: bool,
    /// All that is checked counts as lying in its place at home.
    pub(super) is_at_home: bool,
    /// What was read before it was needed.
    ahead: Arc<Ahead>,
    cwd: PathBuf,
    today: Day,
}

/// What applies in the working directory, where no file tells more.
pub(super) struct Here {
    /// All rules and sites that are known.
    pub(super) policy: Arc<Policy>,
    /// What is known where rules are locked: the same, but with `--isolated`.
    pub(super) known: Arc<Policy>,
    /// What holds.
    pub(super) effective: Effective,
    /// The site that judges.
    pub(super) site: check::SiteChoice,
    /// Locked rules that are judged by what is known where they are locked.
    locked: Vec<Apart>,
    /// What is configured.
    pub(super) selection: Selection,
}

impl Here {
    /// By what a rule is judged.
    pub(super) fn policy_of(&self, rule: &Rule) -> &Policy {
        if self.selection.locks.contains_key(&rule.id) { &self.known } else { &self.policy }
    }

    /// How bad a rule is; `None` when it is off.
    pub(super) fn severity(&self, rule: &Rule) -> Option<Severity> {
        let known = self.policy_of(rule);
        let site = known.sites.get(&self.site.id).unwrap_or(&self.effective.site);
        self.selection.severity_at(rule, site)
    }

    /// By what an account is read: where rules are locked, what is known there, since all rules judge the same facts.
    pub(super) fn tables(&self) -> &Tables {
        let known = self.locked.first().map_or(&self.policy, |apart| &apart.known);
        &known.tables
    }
}

impl Engine {
    /// Looks at what the command line and the layers say. Errors: a faulty layer; a file that `--config` names and is
    /// faulty.
    pub(super) fn new(options: &PolicyOptions, line: CommandLine, snapshot: &Snapshot) -> anyhow::Result<Self> {
        let folders = Folders::find(snapshot, options.isolated)?;
        Ok(Self::with(Settings::new(options, line, &folders, snapshot)?, snapshot))
    }

    /// Judges by `policy` and the command line alone, with `machine` as the configuration of those who run the
    /// machine. Errors: a faulty configuration.
    pub(super) fn of_policy(
        policy: &Arc<Policy>,
        line: CommandLine,
        machine: Option<&str>,
        snapshot: &Snapshot,
    ) -> Result<Self, PolicyError> {
        Ok(Self::with(Settings::of_policy(policy, line, machine, snapshot)?, snapshot))
    }

    fn with(settings: Settings, snapshot: &Snapshot) -> Self {
        let machine = Surroundings {
            env: snapshot.env.clone().into_iter().collect(),
            hostname: Some(snapshot.host.clone()),
            home: snapshot.var("HOME").map(PathBuf::from),
        };
        Self {
            settings,
            machine,
            prefiltering: Prefiltering::default(),
            reads_own_files: true,
            is_at_home: false,
            ahead: Arc::default(),
            cwd: snapshot.cwd.clone(),
            today: snapshot.today(),
        }
    }

    /// What applies where no file tells more. Errors: a faulty configuration or pack; an unknown rule, tag or site on
    /// the command line, with the nearest name.
    pub(super) fn here(&self) -> anyhow::Result<Here> {
        let settings = self.settings.here()?;
        self.settings.check_line([&settings.policy])?;
        let nothing = Source::new(PathBuf::new(), Kind::Other, Vec::new());
        let site = self.site(&settings, &nothing, &FileFacts::default())?;
        let effective = settings.effective(&site.id)?;
        let FileSettings { policy, known, meant, layers, .. } = settings;
        let locked = guard::apart(&policy, &meant.selection, &layers.configs);
        Ok(Here { policy, known, effective, site, locked, selection: meant.selection.clone() })
    }

    /// The settings of a file, as the user wrote its path. Errors: a faulty configuration.
    pub(super) fn settings_of(&self, path: &Path) -> Result<FileSettings, Arc<PolicyError>> {
        self.settings.of_file(path)
    }

    /// The site that judges a file with these settings.
    pub(super) fn site(
        &self,
        settings: &FileSettings,
        source: &Source,
        facts: &FileFacts,
    ) -> Result<check::SiteChoice, PolicyError> {
        Ok(self.site_and_other(settings, source, facts)?.0)
    }

    /// The site that judges a file, and the one that somebody named against a lock on it.
    pub(super) fn site_and_other(
        &self,
        settings: &FileSettings,
        source: &Source,
        facts: &FileFacts,
    ) -> Result<(check::SiteChoice, Option<check::SiteChoice>), PolicyError> {
        let (flag, configured) = (self.settings.flag(), settings.meant.site.as_ref().map(|site| site.value.as_str()));
        let found = check::detect(&settings.known, flag, configured, source, facts, &self.machine)?;
        let Some(lock) = &settings.meant.site_lock else { return Ok((found, None)) };
        let (file, line) = &lock.place;
        let why = format!("{}:{line} locks it{}", file.display(), because(&lock.reason));
        let named = found.grounds <= Grounds::Configuration && found.id != lock.id;
        let slip = found.slip.clone();
        let locked = check::SiteChoice { id: lock.id.clone(), grounds: Grounds::Lock, why, slip };
        Ok((locked, named.then_some(found)))
    }

    /// Takes files in to judge them together. A panic in one is a gap of that one.
    pub(super) fn open(&self, sources: Vec<Arc<Source>>, workers: &Workers) -> anyhow::Result<Session<'_>> {
        let real = |folder: &Path| self.settings.real_folder(folder);
        let home = reach::home_of(&sources, &self.cwd, self.machine.home.as_deref(), &real);
        let near = home.as_deref().filter(|_| self.reads_own_files);
        let own = near.map(|home| reach::own_files(&sources, &self.cwd, home)).unwrap_or_default();
        let reported = sources.len();
        let all: Vec<Arc<Source>> = sources.into_iter().chain(own).collect();
        // Of a file that is only in reach nothing is reported, so a faulty configuration there is no matter.
        let held = |source: &Arc<Source>| {
            let settings = self.settings_of(&source.path).unwrap_or_else(|_| self.settings.nothing());
            (self.settings.project_root(&settings), settings)
        };
        let root = all.first().map(|source| held(source).0).unwrap_or_default();
        let named = workers.map(&all, |source| {
            let (own, settings) = held(source);
            let plain = |path: &Path| own == root && path.as_os_str() == self.cwd.join(&source.path).as_os_str();
            let name = || settings.path.as_deref().filter(|path| !plain(path))?.strip_prefix(&own).ok();
            let name = name().map(|name| (source.path.clone(), name.to_owned()));
            (own, settings, name)
        });
        let names = named.iter().filter_map(|(.., name)| name.clone()).collect();
        let (roots, settings): (_, Vec<_>) = named.into_iter().map(|(root, settings, _)| (root, settings)).unzip();
        self.settings.check_line(settings.iter().map(|settings| &settings.policy))?;
        let reach = InReach::new(&all, &self.cwd, home.as_deref(), workers);
        let (cwd, today, passed) = (self.cwd.clone(), self.today, self.settings.tells_passed());
        let known = settings.first().filter(|_| !self.is_at_home).map(|settings| &settings.known);
        let homes = known.map(|known| AtHome::shared(&self.cwd, &self.machine, known));
        let site_given = self.settings.flag().is_some();
        let about = check::Settings { cwd, project_root: root, home, names, today, passed, site_given, homes };
        let opening = Opening { all, settings, roots, reach, about, reported };
        self.session(opening, &|settings, source, facts| self.site_and_other(settings, source, facts), workers)
    }

    /// Takes in texts that are no files, all judged by the policy of one site. They have only each other in reach, and
    /// nothing of this machine.
    pub(super) fn open_texts(
        &self,
        sources: &[Arc<Source>],
        site: &check::SiteChoice,
        workers: &Workers,
    ) -> anyhow::Result<Session<'_>> {
        let nowhere = PathBuf::from("/ticket");
        let opening = Opening {
            all: sources.to_vec(),
            settings: vec![self.settings.here()?; sources.len()],
            roots: vec![nowhere.clone(); sources.len()],
            reach: InReach::new(sources, &nowhere, None, workers),
            about: check::Settings::within(nowhere, self.today),
            reported: sources.len(),
        };
        self.session(opening, &|_, _, _| Ok((site.clone(), None)), workers)
    }

    /// Files with their facts and policies.
    fn session(&self, opening: Opening, site: &SiteOf<'_>, workers: &Workers) -> anyhow::Result<Session<'_>> {
        let Opening { all, settings, roots, reach, about, reported } = opening;
        let pairs: Vec<(&Arc<Source>, &FileSettings)> = all.iter().zip(&settings).collect();
        let site_of = |index: usize, facts: &FileFacts| site(&settings[index], &all[index], facts);
        let (facts, chosen): (Vec<_>, Vec<_>) = self.gather_with(&pairs, &reach, workers, &site_of).into_iter().unzip();
        let (mut sites, mut seats, mut apart) = (Vec::new(), Vec::new(), Vec::new());
        let (mut defied, mut slips) = (BTreeSet::new(), BTreeSet::new());
        let mut policies: BTreeMap<(*const Policy, String, &Selection), Arc<Effective>> = BTreeMap::new();
        for (index, ((source, site), settings)) in all.iter().zip(chosen).zip(&settings).enumerate() {
            let (site, other) = site?;
            let (known, selection) = (&settings.policy, &settings.meant.selection);
            let key = (Arc::as_ptr(known), site.id.clone(), selection);
            let rules = match policies.get(&key) {
                Some(rules) => Arc::clone(rules),
                None => {
                    let rules = Arc::new(settings.effective(&site.id)?);
                    policies.insert(key, Arc::clone(&rules));
                    rules
                }
            };
            if index < reported {
                defied.extend(self.defied(settings, source, (&site, other.as_ref())));
                slips.extend(notes::of_site(&source.path, &site));
            }
            seats.push(Seat { known: Arc::clone(known), rules, judges: true });
            apart.push(guard::apart(known, selection, &settings.layers.configs));
            sites.push(choice(site));
        }
        let locked = self.locked_sides(&pairs, (&sites, &seats, &apart), &reach, workers)?;
        Ok(Session {
            engine: self,
            own: Side::new(&all, facts, seats),
            locked,
            apart,
            sites,
            settings: about,
            by_file: settings,
            reach,
            reported,
            defied,
            slips,
            roots,
            baselines: Baselines::default(),
        })
    }

    /// The files once more, as they are known where rules are locked that some of them are to be judged by.
    fn locked_sides(
        &self,
        files: &[(&Arc<Source>, &FileSettings)],
        (sites, seats, apart): (&[SiteChoice], &[Seat], &[Vec<Apart>]),
        reach: &InReach,
        workers: &Workers,
    ) -> anyhow::Result<Vec<Side>> {
        let sources: Vec<Arc<Source>> = files.iter().map(|(source, _)| Arc::clone(source)).collect();
        let mut sides = Vec::new();
        for turn in 0..apart.iter().map(Vec::len).max().unwrap_or(0) {
            let seat = |index: usize| -> anyhow::Result<Seat> {
                let (settings, own) = (files[index].1, &seats[index]);
                let Some(apart) = apart[index].get(turn) else {
                    return Ok(Seat { known: Arc::clone(&own.known), rules: Arc::clone(&own.rules), judges: false });
                };
                let rules = apart.effective(&own.known, &sites[index].id, &settings.meant.selection)?;
                Ok(Seat { known: Arc::clone(&apart.known), rules: Arc::new(rules), judges: true })
            };
            let seats = (0..files.len()).map(seat).collect::<anyhow::Result<Vec<_>>>()?;
            let known = |(seat, (_, settings)): (&Seat, &(_, &FileSettings))| FileSettings {
                policy: Arc::clone(&seat.known),
                ..FileSettings::clone(settings)
            };
            let settings: Vec<FileSettings> = seats.iter().zip(files).map(known).collect();
            let pairs: Vec<(&Arc<Source>, &FileSettings)> = sources.iter().zip(&settings).collect();
            let facts = self.gather(&pairs, reach, workers);
            sides.push(Side::new(&sources, facts, seats));
        }
        Ok(sides)
    }

    /// The facts of one file; a panic is a gap.
    pub(super) fn facts(&self, source: &Source, tables: &Tables, reach: &dyn Reach) -> FileFacts {
        self.facts_asked(source, tables, reach, &Interest::in_everything())
    }

    /// The same without what nobody asks about.
    fn facts_asked(&self, source: &Source, tables: &Tables, reach: &dyn Reach, interest: &Interest) -> FileFacts {
        panics::catch(|| facts::collect_asked(source, tables, reach, interest)).unwrap_or_else(|panic| {
            let gaps = vec![panics::gap(source, &panic)];
            FileFacts { gaps, ..FileFacts::default() }
        })
    }
}

/// What a session is made of.
struct Opening {
    /// The files to report, then those that are only in reach.
    all: Vec<Arc<Source>>,
    settings: Vec<FileSettings>,
    roots: Vec<PathBuf>,
    reach: InReach,
    about: check::Settings,
    reported: usize,
}

/// The site that judges a file, and the one that somebody named against a lock on it.
type SiteOf<'s> = dyn Fn(&FileSettings, &Source, &FileFacts) -> Result<(check::SiteChoice, Option<check::SiteChoice>), PolicyError>
    + Sync
    + 's;

/// Files that are judged together.
pub(super) struct Session<'e> {
    engine: &'e Engine,
    /// The files to report, then those that are only in reach.
    own: Side,
    /// The same for rules that are locked, where packs of later layers do not count.
    locked: Vec<Side>,
    /// For each file, what is locked so.
    apart: Vec<Vec<Apart>>,
    sites: Vec<SiteChoice>,
    settings: check::Settings,
    by_file: Vec<FileSettings>,
    reach: InReach,
    reported: usize,
    /// What was said against locks.
    defied: BTreeSet<Defied>,
    /// What comments say that name no site.
    slips: BTreeSet<String>,
    /// For each file, the root of its project.
    roots: Vec<PathBuf>,
    baselines: Baselines,
}

impl Session<'_> {
    /// The files with the links between them, from each side.
    pub(super) fn runs(&self, workers: &Workers) -> Vec<Run<'_>> {
        self.sides().map(|side| side.run(&self.settings, workers)).collect()
    }

    /// Judges all files.
    pub(super) fn results(&self, runs: &[Run<'_>], workers: &Workers) -> Vec<FileResult> {
        let indices: Vec<usize> = (0..self.reported).collect();
        workers.doing("judging files").map(&indices, |index| {
            let source = &self.own.inputs[*index].source;
            let mut checked = self.judge(runs, *index).checked;
            self.hide_known(*index, source, &mut checked.findings);
            FileResult {
                source: Arc::new(source.clone()),
                site: self.sites[*index].clone(),
                findings: checked.findings,
                gaps: checked.gaps,
                fail_on: self.by_file.get(*index).map_or(FAIL_ON, FileSettings::fail_on),
            }
        })
    }

    fn sides(&self) -> impl Iterator<Item = &Side> {
        std::iter::once(&self.own).chain(&self.locked)
    }

    /// What is found in the file at `index`.
    fn judge(&self, runs: &[Run<'_>], index: usize) -> Judged {
        let mut sights = self.sides().zip(runs).map(|(side, run)| side.sight(run, index));
        let Some(own) = sights.next() else { return Judged::default() };
        judge(&own, &sights.collect::<Vec<_>>())
    }

    /// Puts a report together from what the checks gave, with what is known of its rules.
    pub(super) fn report(&self, results: Vec<FileResult>, workers: &Workers) -> Report {
        let mut report =
            if results.len() < MANY { Report::new(results) } else { workers.install(|_| Report::new(results)) };
        report.folder.clone_from(&self.settings.cwd);
        // A file that was not read may be the only one, and have been judged by what is built in.
        let built_in = self.engine.settings.nothing();
        let known = || self.by_file.iter().chain([&built_in]).map(|settings| &settings.policy);
        let ids: HashSet<&String> = report.findings.iter().map(|finding| &finding.rule).collect();
        for id in ids {
            if let Some(rule) = known().find_map(|policy| policy.rule(id)) {
                report.rules.insert(id.clone(), RuleInfo::of(rule));
            }
        }
        report
    }

    /// The configurations of the files to report, as the user would write their paths.
    pub(super) fn configurations(&self) -> Vec<PathBuf> {
        let configs = self.by_file.iter().take(self.reported).flat_map(|settings| &settings.layers.configs);
        let shown: BTreeSet<&Path> = configs.map(|config| self.engine.settings.shown(&config.file)).collect();
        shown.into_iter().map(Path::to_owned).collect()
    }

    /// The new texts of the files that `results` are of; nothing is written. A panic in one is a gap of that one.
    pub(super) fn mend(
        &self,
        runs: &[Run<'_>],
        results: &[FileResult],
        allow: Allow,
        workers: &Workers,
    ) -> Vec<Mended> {
        let syntax = RealSyntax::find();
        let numbered: Vec<(usize, &FileResult)> = results.iter().enumerate().collect();
        workers
            .doing("trying fixes")
            .map(&numbered, |(index, result)| self.mend_one(runs, *index, result, allow, &|_, _| true, &syntax))
    }

    /// The new text of one file, by the fixes that are `wanted`.
    pub(super) fn mend_one(
        &self,
        runs: &[Run<'_>],
        index: usize,
        result: &FileResult,
        allow: Allow,
        wanted: &dyn Fn(&Source, &Finding) -> bool,
        syntax: &RealSyntax,
    ) -> Mended {
        let mut checked = Checked { findings: result.findings.clone(), gaps: result.gaps.clone() };
        let mend = || {
            let recheck = |source: &Source| self.recheck(runs, index, source);
            fix::mend(&result.source, checked.clone(), allow, wanted, &recheck, syntax)
        };
        panics::catch(mend).unwrap_or_else(|panic| {
            checked.gaps.push(panics::gap(&result.source, &panic));
            let source = Source::clone(&result.source);
            Mended { source, checked, applied: Vec::new(), dropped: Vec::new() }
        })
    }

    /// What was said against locks.
    pub(super) fn not_obeyed(&self, runs: &[Run<'_>]) -> Vec<NotObeyed> {
        let mut defied = self.defied.clone();
        let mut blame = Blame::new(self, runs);
        for index in (0..self.reported).filter(|index| !self.apart[*index].is_empty()) {
            for rule in self.judge(runs, index).defied {
                defied.extend(defied::by_packs(&self.by_file[index], &blame.of(index, &rule), &rule));
            }
        }
        self.engine.not_obeyed(&defied)
    }

    /// Judges another text of the file at `index`, beside the files that it is linked with.
    pub(super) fn recheck(&self, runs: &[Run<'_>], index: usize, source: &Source) -> Checked {
        let judging = self.sides().zip(runs).filter(|(side, _)| side.judges(index));
        let trials: Vec<Trial<'_>> = judging
            .map(|(side, run)| {
                let facts = self.engine.facts(source, &side.seat(index).known.tables, &self.reach);
                side.trial(run, index, source, facts)
            })
            .collect();
        let runs: Vec<Run<'_>> = trials.iter().map(|trial| trial.run(&self.settings)).collect();
        let mut sights = trials.iter().zip(&runs).map(|(trial, run)| trial.sight(run));
        let Some(own) = sights.next() else { return Checked::default() };
        let mut checked = judge(&own, &sights.collect::<Vec<Sight<'_>>>()).checked;
        self.hide_known(index, source, &mut checked.findings);
        checked
    }
}

/// `: why`, or nothing.
fn because(reason: &str) -> String {
    if reason.is_empty() { String::new() } else { format!(": {reason}") }
}

fn choice(site: check::SiteChoice) -> SiteChoice {
    SiteChoice { id: site.id, why: site.why }
}
