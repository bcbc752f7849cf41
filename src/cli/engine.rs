//! The checks behind one call: where the command line meets policy, facts and rules.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::Arc;

use anyhow::Context;

use crate::check::{self, Analysed, Run, Surroundings};
use crate::facts::{self, FileFacts, Gap, Reach};
use crate::fix::Checked;
use crate::policy::{self, Effective, PackFiles, Policy, PolicyError, Selection};
use crate::report::{FileResult, SiteChoice};
use crate::source::{Kind, Source, Span};
use crate::tables::Tables;

use super::panics;
use super::reach::{self, InReach};
use super::settings::Settings;
use super::snapshot::Snapshot;
use super::workers::Workers;

/// Policy and surroundings, ready to judge files.
pub(super) struct Engine {
    /// Everything that is known.
    pub(super) policy: Policy,
    /// What of it applies where no file tells more.
    pub(super) effective: Arc<Effective>,
    /// Which site judges there.
    pub(super) site: SiteChoice,
    /// The tables of the policy, for the facts.
    pub(super) tables: Tables,
    selection: Selection,
    flag: Option<String>,
    configured: Option<String>,
    machine: Surroundings,
    cwd: PathBuf,
    project_root: PathBuf,
}

impl Engine {
    /// Loads the policy and settles what applies. Errors: an unknown rule, tag or site, with the nearest name; a
    /// faulty pack.
    pub(super) fn new(settings: &Settings, snapshot: &Snapshot) -> anyhow::Result<Self> {
        let policy = policy::builtin()?;
        let files = PackFiles::builtin();
        let tables = Tables::built_in(&|path| files.get(path))?;
        // A wrong name in the configuration is told with its file, one on the command line without.
        let origin = || settings.origin.as_ref().map(|file| file.display().to_string()).unwrap_or_default();
        settings.by_file.check(&policy).with_context(origin)?;
        if let Some(site) = &settings.site {
            policy.site(site).with_context(origin)?;
        }
        let selection = settings.by_file.under(&settings.by_line);
        let machine = Surroundings {
            env: snapshot.env.clone(),
            hostname: Some(snapshot.host.clone()),
            home: snapshot.var("HOME").map(PathBuf::from),
        };
        let nothing = Source::new(PathBuf::new(), Kind::Other, Vec::new());
        let (flag, configured) = (settings.site_flag.clone(), settings.site.clone());
        let site =
            check::detect(&policy, flag.as_deref(), configured.as_deref(), &nothing, &FileFacts::default(), &machine)?;
        let effective = Arc::new(policy.effective(&site.id, &selection)?);
        Ok(Self {
            policy,
            effective,
            site: choice(site),
            tables,
            selection,
            flag,
            configured,
            machine,
            cwd: snapshot.cwd.clone(),
            project_root: settings.project_root(&snapshot.cwd),
        })
    }

    /// Takes files in to judge them together. A panic in one is a gap of that one.
    pub(super) fn open(&self, sources: Vec<Arc<Source>>, workers: &Workers) -> anyhow::Result<Session<'_>> {
        let home = reach::home_of(&sources, &self.cwd, self.machine.home.as_deref());
        let own = home.as_deref().map(|home| reach::own_files(&sources, &self.cwd, home)).unwrap_or_default();
        let reported = sources.len();
        let all: Vec<Arc<Source>> = sources.into_iter().chain(own).collect();
        let reach = InReach::new(all.iter(), &self.cwd, home.as_deref());
        let facts = workers.map(&all, |source| self.facts(source, &reach));
        let mut session = Session {
            engine: self,
            inputs: Vec::with_capacity(all.len()),
            sites: Vec::with_capacity(all.len()),
            settings: check::Settings { cwd: self.cwd.clone(), project_root: self.project_root.clone(), home },
            reach,
            reported,
            inside: Vec::new(),
        };
        let mut policies: BTreeMap<String, Arc<Effective>> =
            [(self.site.id.clone(), Arc::clone(&self.effective))].into();
        for (source, facts) in all.iter().zip(facts) {
            let site = self.detect(source, &facts)?;
            let policy = match policies.get(&site.id) {
                Some(policy) => Arc::clone(policy),
                None => {
                    let policy = Arc::new(self.policy.effective(&site.id, &self.selection)?);
                    policies.insert(site.id.clone(), Arc::clone(&policy));
                    policy
                }
            };
            session.inputs.push(Analysed { source: Source::clone(source), facts, policy, embedded: false });
            session.sites.push(site);
        }
        for index in 0..session.inputs.len() {
            let scripts = scripts_inside(&mut session.inputs[index]);
            let from = session.inputs.len();
            session.inputs.extend(scripts);
            session.inside.push((from..session.inputs.len()).collect());
        }
        Ok(session)
    }

    /// The facts of one file; a panic is a gap.
    fn facts(&self, source: &Source, reach: &dyn Reach) -> FileFacts {
        panics::catch(|| facts::collect(source, &self.tables, reach)).unwrap_or_else(|panic| {
            let gaps = vec![internal_error(source, &panic)];
            FileFacts { gaps, ..FileFacts::default() }
        })
    }

    fn detect(&self, source: &Source, facts: &FileFacts) -> Result<SiteChoice, PolicyError> {
        let (flag, configured) = (self.flag.as_deref(), self.configured.as_deref());
        check::detect(&self.policy, flag, configured, source, facts, &self.machine).map(choice)
    }
}

/// Files that are judged together.
pub(super) struct Session<'e> {
    engine: &'e Engine,
    /// The files to report, then those that are only in reach.
    inputs: Vec<Analysed>,
    sites: Vec<SiteChoice>,
    settings: check::Settings,
    reach: InReach,
    reported: usize,
    /// For each file, the positions of the scripts that stand inside it.
    inside: Vec<Vec<usize>>,
}

impl Session<'_> {
    /// The files with the links between them.
    pub(super) fn run(&self) -> Run<'_> {
        Run::new(&self.inputs, &self.settings)
    }

    /// Judges all files.
    pub(super) fn results(&self, run: &Run<'_>, workers: &Workers) -> Vec<FileResult> {
        let indices: Vec<usize> = (0..self.reported).collect();
        let checked = workers.map(&indices, |index| judged(run, &self.inputs, *index, &self.inside[*index]));
        let result = |(index, checked): (usize, Checked)| FileResult {
            source: Arc::new(self.inputs[index].source.clone()),
            site: self.sites[index].clone(),
            findings: checked.findings,
            gaps: checked.gaps,
        };
        checked.into_iter().enumerate().map(result).collect()
    }

    /// Judges another text of the file at `index`, beside the files that it is linked with.
    pub(super) fn recheck(&self, run: &Run<'_>, index: usize, source: &Source) -> Checked {
        let mut inputs: Vec<Analysed> =
            run.related(index).into_iter().map(|other| self.inputs[other].clone()).collect();
        let facts = self.engine.facts(source, &self.reach);
        let policy = Arc::clone(&self.inputs[index].policy);
        inputs.push(Analysed { source: source.clone(), facts, policy, embedded: false });
        let own = inputs.len() - 1;
        let scripts = scripts_inside(&mut inputs[own]);
        inputs.extend(scripts);
        let inside: Vec<usize> = (own + 1..inputs.len()).collect();
        judged(&Run::new(&inputs, &self.settings), &inputs, own, &inside)
    }
}

/// Takes the scripts out of a file that stand in its here documents, each to be judged by itself.
fn scripts_inside(input: &mut Analysed) -> Vec<Analysed> {
    let mut waiting = std::mem::take(&mut input.facts.embedded);
    let mut found = Vec::new();
    while let Some(mut facts) = waiting.pop() {
        waiting.append(&mut facts.embedded);
        found.push(Analysed { source: input.source.clone(), facts, policy: Arc::clone(&input.policy), embedded: true });
    }
    found
}

/// The findings and gaps of one file of a run, those of the scripts inside it among them; a panic is a gap.
fn judged(run: &Run<'_>, inputs: &[Analysed], index: usize, inside: &[usize]) -> Checked {
    let mut checked = Checked::default();
    for part in std::iter::once(index).chain(inside.iter().copied()) {
        let input = &inputs[part];
        checked.gaps.extend(input.facts.gaps.iter().cloned());
        match panics::catch(|| run.check(part)) {
            Ok(findings) => checked.findings.extend(findings),
            Err(panic) => checked.gaps.push(internal_error(&input.source, &panic)),
        }
    }
    if !inside.is_empty() {
        check::sort(&mut checked.findings);
        checked.findings.dedup_by(|a, b| a.rule == b.rule && a.span == b.span);
    }
    checked
}

/// What is left of a file that made us panic.
pub(super) fn internal_error(source: &Source, panic: &str) -> Gap {
    let reason = format!("internal error: {panic}; please report it");
    Gap { span: Span::new(0, source.text.len()), reason }
}

fn choice(site: check::SiteChoice) -> SiteChoice {
    SiteChoice { id: site.id, why: site.why }
}
