//! The checks behind one call: where the command line meets policy, facts and rules.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::{Arc, Mutex, PoisonError};

use anyhow::Context;

use crate::check::{self, Analysed, Finding, Library, Run, Surroundings};
use crate::facts::{self, FileFacts, Gap};
use crate::fix::Checked;
use crate::policy::{self, Effective, Policy, Selection};
use crate::report::{FileResult, SiteChoice};
use crate::source::{self, Source, Span};
use crate::tables::Tables;

use super::panics;
use super::settings::Settings;
use super::snapshot::Snapshot;
use super::workers::Workers;

/// Start-up files of an account that scripts in it may source.
const HOME_FILES: [&str; 6] = [".bashrc", ".bash_profile", ".profile", ".zshrc", ".cshrc", ".condarc"];

/// Policy, loaded and chosen, ready to judge files.
pub(super) struct Engine {
    /// Everything that is known.
    pub(super) policy: Policy,
    /// The tables of the policy, for the facts.
    pub(super) tables: Tables,
    /// The site where a file does not tell another, and what of the policy applies there.
    pub(super) site: SiteChoice,
    /// The policy of that site.
    pub(super) effective: Arc<Effective>,
    selection: Selection,
    flag: Option<String>,
    configured: Option<(String, String)>,
    machine: Surroundings,
    paths: check::Settings,
    by_site: Mutex<BTreeMap<String, Arc<Effective>>>,
}

/// All files of a run with their facts, for judging and for judging again.
pub(super) struct Judged {
    inputs: Vec<Analysed>,
    /// For each file, the site that judges it.
    sites: Vec<SiteChoice>,
    /// For each file, its position among the inputs and those of the scripts inside it.
    parts: Vec<Vec<usize>>,
    /// For each file, the inputs that it is linked with.
    around: Vec<Vec<usize>>,
}

impl Engine {
    /// Loads the policy and settles what applies. Errors: an unknown rule, tag or site, with the nearest
    /// name; a faulty pack.
    pub(super) fn new(settings: &Settings, snapshot: &Snapshot) -> anyhow::Result<Self> {
        let files = policy::PackFiles::builtin();
        let tables = Tables::parse(&|path| files.get(path))?;
        let policy = policy::builtin()?;
        // A wrong name in the configuration is told with its file, one on the command line without.
        let origin = settings.origin.as_ref().map(|file| file.display().to_string()).unwrap_or_default();
        settings.by_file.check(&policy).with_context(|| origin.clone())?;
        let (flag, configured) = match &settings.site {
            Some((id, why)) if *why == origin => (None, Some((id.clone(), why.clone()))),
            Some((id, _)) => (Some(id.clone()), None),
            None => (None, None),
        };
        if let Some((id, _)) = &configured {
            policy.site(id).with_context(|| origin)?;
        }
        let machine = Surroundings {
            env: snapshot.env.clone(),
            hostname: Some(snapshot.host.clone()),
            home: snapshot.var("HOME").map(PathBuf::from),
        };
        let selection = settings.by_file.under(&settings.by_line);
        let nothing = Source::new(PathBuf::new(), source::Kind::Other, Vec::new());
        let by_config = configured.as_ref().map(|(id, _)| id.as_str());
        let choice = check::detect(&policy, flag.as_deref(), by_config, &nothing, &FileFacts::default(), &machine)?;
        let site = shown(choice, configured.as_ref());
        let effective = Arc::new(policy.effective(&site.id, &selection)?);
        let by_site = Mutex::new(BTreeMap::from([(site.id.clone(), Arc::clone(&effective))]));
        let root = settings.origin.as_ref().and_then(|file| file.parent()).map(|folder| snapshot.cwd.join(folder));
        let paths = check::Settings {
            project_root: root.unwrap_or_else(|| snapshot.cwd.clone()),
            cwd: snapshot.cwd.clone(),
            home: machine.home.clone(),
        };
        Ok(Self { policy, tables, site, effective, selection, flag, configured, machine, paths, by_site })
    }

    /// Judges files together. A panic in one is a gap of that one.
    pub(super) fn check(&self, sources: &[Arc<Source>], workers: &Workers) -> (Vec<FileResult>, Judged) {
        let home = self.home_files(sources);
        let all: Vec<Arc<Source>> = sources.iter().chain(&home).cloned().collect();
        let library = Library::new(&all, &self.paths);
        let facts = workers.map(&all, |source| panics::catch(|| facts::collect(source, &self.tables, &library)));
        let mut judged = self.judged(&all, facts);
        let run = Run::new(&judged.inputs, &self.paths);
        let indices: Vec<usize> = (0..sources.len()).collect();
        let checked = workers.map(&indices, |index| panics::catch(|| judged.findings(&run, *index)));
        let results = sources.iter().zip(checked).enumerate();
        let results = results.map(|(index, (source, checked))| {
            let mut gaps = judged.gaps(index);
            let findings = checked.unwrap_or_else(|panic| {
                gaps.push(internal_error(source, &panic));
                Vec::new()
            });
            FileResult { source: Arc::clone(source), site: judged.sites[index].clone(), findings, gaps }
        });
        let results = results.collect();
        let around = judged.parts.iter().map(|parts| parts.first().map(|part| run.around(*part)).unwrap_or_default());
        let around = around.collect();
        drop(run);
        judged.around = around;
        (results, judged)
    }

    /// Judges the changed text of the file at `index`, together with the files that it has to do with.
    pub(super) fn recheck(&self, judged: &Judged, index: usize, source: &Source) -> Checked {
        let around = judged.around.get(index).map(Vec::as_slice).unwrap_or_default();
        let others: Vec<Arc<Source>> = around.iter().map(|at| Arc::new(judged.inputs[*at].source.clone())).collect();
        let library = Library::new(&others, &self.paths);
        let facts = facts::collect(source, &self.tables, &library);
        let mut again = self.judged(&[Arc::new(source.clone())], vec![Ok(facts)]);
        again.inputs.extend(around.iter().map(|at| judged.inputs[*at].clone()));
        let run = Run::new(&again.inputs, &self.paths);
        Checked { findings: again.findings(&run, 0), gaps: again.gaps(0) }
    }

    /// The account's own start-up files, when a file to check lies in its home.
    fn home_files(&self, sources: &[Arc<Source>]) -> Vec<Arc<Source>> {
        let Some(home) = &self.machine.home else { return Vec::new() };
        let absolute = |source: &Source| self.paths.cwd.join(&source.path);
        if !sources.iter().any(|source| absolute(source).starts_with(home)) {
            return Vec::new();
        }
        let known: Vec<PathBuf> = sources.iter().map(|source| absolute(source)).collect();
        let files =
            HOME_FILES.iter().map(|name| home.join(name)).filter(|path| !known.contains(path) && path.is_file());
        files.filter_map(|path| source::read(&path).ok()).map(Arc::new).collect()
    }

    fn judged(&self, sources: &[Arc<Source>], facts: Vec<Result<FileFacts, String>>) -> Judged {
        let mut judged = Judged { inputs: Vec::new(), sites: Vec::new(), parts: Vec::new(), around: Vec::new() };
        for (source, facts) in sources.iter().zip(facts) {
            let facts = facts.unwrap_or_else(|panic| FileFacts {
                gaps: vec![internal_error(source, &panic)],
                ..FileFacts::default()
            });
            let (site, policy) = self.site_of(source, &facts);
            let mut waiting = vec![facts];
            let mut parts = Vec::new();
            while let Some(mut facts) = waiting.pop() {
                waiting.append(&mut facts.embedded);
                parts.push(judged.inputs.len());
                let embedded = parts.len() > 1;
                let policy = Arc::clone(&policy);
                judged.inputs.push(Analysed { source: Source::clone(source), facts, policy, embedded });
            }
            judged.sites.push(site);
            judged.parts.push(parts);
        }
        judged
    }

    /// The site that judges a file, and its policy.
    fn site_of(&self, source: &Source, facts: &FileFacts) -> (SiteChoice, Arc<Effective>) {
        let configured = self.configured.as_ref().map(|(id, _)| id.as_str());
        let choice = check::detect(&self.policy, self.flag.as_deref(), configured, source, facts, &self.machine);
        let Ok(choice) = choice else { return (self.site.clone(), Arc::clone(&self.effective)) };
        let site = shown(choice, self.configured.as_ref());
        let mut by_site = self.by_site.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(policy) = by_site.get(&site.id) {
            return (site, Arc::clone(policy));
        }
        match self.policy.effective(&site.id, &self.selection) {
            Ok(policy) => {
                let policy = Arc::new(policy);
                by_site.insert(site.id.clone(), Arc::clone(&policy));
                (site, policy)
            }
            Err(_) => (self.site.clone(), Arc::clone(&self.effective)),
        }
    }
}

impl Judged {
    /// The findings of a file and of the scripts inside it.
    fn findings(&self, run: &Run<'_>, index: usize) -> Vec<Finding> {
        let mut findings: Vec<Finding> = self.parts[index].iter().flat_map(|part| run.check(*part)).collect();
        check::sort(&mut findings);
        findings.dedup_by(|a, b| a.rule == b.rule && a.span == b.span);
        findings
    }

    fn gaps(&self, index: usize) -> Vec<Gap> {
        self.parts[index].iter().flat_map(|part| self.inputs[*part].facts.gaps.clone()).collect()
    }
}

/// The site's choice as reports show it.
fn shown(choice: check::SiteChoice, configured: Option<&(String, String)>) -> SiteChoice {
    let why = match (choice.grounds, configured) {
        (check::Grounds::Configuration, Some((_, origin))) => origin.clone(),
        (check::Grounds::Flag, _) => "--site".to_owned(),
        _ => choice.why,
    };
    SiteChoice { id: choice.id, why }
}

/// What is left of a file that made us panic.
pub(super) fn internal_error(source: &Source, panic: &str) -> Gap {
    let reason = format!("internal error: {panic}; please report it");
    Gap { span: Span::new(0, source.text.len()), reason }
}
