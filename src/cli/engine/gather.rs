//! The facts of all files of a run, several at once.

use std::ffi::OsStr;
use std::sync::{Arc, OnceLock};

use super::Engine;
use crate::check::{self, Prefilter, Prefiltering};
use crate::cli::reach::InReach;
use crate::cli::settings::FileSettings;
use crate::cli::workers::Workers;
use crate::facts::{self, FileFacts, Interest};
use crate::policy::Policy;
use crate::source::{Kind, Source};

impl Engine {
    /// The facts of all files.
    pub(super) fn gather(
        &self,
        files: &[(&Arc<Source>, &FileSettings)],
        reach: &InReach,
        workers: &Workers,
    ) -> Vec<FileFacts> {
        self.gather_with(files, reach, workers, &|_, _| ()).into_iter().map(|(facts, ())| facts).collect()
    }

    /// The facts of all files, each with what `told` makes of it, which is asked while they are at hand. Python files
    /// that no rule speaks of are not parsed, unless a script runs them.
    pub(super) fn gather_with<T: Send>(
        &self,
        files: &[(&Arc<Source>, &FileSettings)],
        reach: &InReach,
        workers: &Workers,
        told: &(dyn Fn(usize, &FileFacts) -> T + Sync),
    ) -> Vec<(FileFacts, T)> {
        let of_python = files.iter().filter(|(source, _)| source.kind == Kind::Python);
        let eager = self.prefiltering.pays_for(of_python.clone().count());
        // Made once, when it is first asked: it reads every rule.
        let prefilter = OnceLock::new();
        let concerns = |source: &Source| {
            let made = prefilter.get_or_init(|| {
                let policies = of_python.clone().map(|(_, settings)| settings.policy.as_ref());
                (self.prefiltering != Prefiltering::Never).then(|| Prefilter::new(policies)).flatten()
            });
            made.as_ref().is_none_or(|prefilter| prefilter.concerns(source))
        };
        let interest = self.interest(files, workers);
        let whole = |source: &Source, settings: &FileSettings| {
            self.facts_asked(source, &settings.policy.tables, reach, &interest)
        };
        let with_told = |index: usize, facts: FileFacts| {
            let told = told(index, &facts);
            (facts, told)
        };
        let in_full_or_part = |source: &Source, settings: &FileSettings| {
            let in_part = || (facts::without_tree(source, &settings.policy.tables), false);
            if source.kind != Kind::Python {
                return (whole(source, settings), true);
            }
            if eager && !concerns(source) {
                return in_part();
            }
            let facts = whole(source, settings);
            // The same is told of a file whether it comes with many others or alone.
            let silent = !eager && !facts.gaps.is_empty() && !concerns(source);
            if silent { in_part() } else { (facts, true) }
        };
        let numbered: Vec<usize> = (0..files.len()).collect();
        let found = workers.doing("reading what the files do").map(&numbered, |index| {
            let (facts, complete) = in_full_or_part(files[*index].0, files[*index].1);
            (with_told(*index, facts), complete)
        });
        let (mut facts, complete): (Vec<(FileFacts, T)>, Vec<bool>) = found.into_iter().unzip();
        let mut waiting: Vec<usize> = numbered.into_iter().filter(|index| !complete[*index]).collect();
        if !waiting.is_empty() {
            let names = check::run_by_scripts(facts.iter().map(|(facts, _)| facts));
            waiting.retain(|index| {
                let name = files[*index].0.path.file_name().and_then(OsStr::to_str);
                name.is_none_or(|name| names.contains(name))
            });
        }
        let found = workers.map(&waiting, |index| with_told(*index, whole(files[*index].0, files[*index].1)));
        for (index, whole) in waiting.into_iter().zip(found) {
            facts[index] = whole;
        }
        facts
    }

    /// Reads the rules that hold where no file tells more, and what they ask of many files, beside what follows.
    pub(in crate::cli) fn read_ahead(&self, workers: &Workers) {
        let (policy, ahead) = (self.settings.nothing().policy, Arc::clone(&self.ahead));
        workers.beside(move || {
            policy.rules.iter().for_each(|rule| _ = rule.clauses.len());
            let interest = Arc::new(check::interest(&[&policy], usize::MAX));
            _ = ahead.0.set((policy, interest));
        });
    }

    /// What is asked about, where there are enough shell files for hearing all rules to pay.
    fn interest(&self, files: &[(&Arc<Source>, &FileSettings)], workers: &Workers) -> Arc<Interest> {
        let scripts = files.iter().filter(|(source, _)| matches!(source.kind, Kind::Shell { .. })).count();
        if !self.prefiltering.pays_for(scripts) {
            return Arc::new(Interest::in_everything());
        }
        let policies = check::distinct(files.iter().map(|(_, settings)| settings.policy.as_ref()));
        let known =
            self.ahead.0.get().filter(|(policy, _)| matches!(&*policies, [own] if std::ptr::eq(*own, &**policy)));
        // Sites and rules are read when they are first asked: on all threads, since all that follows waits.
        for policy in &policies {
            let sites: Vec<&String> = policy.sites.keys().collect();
            workers.map(&sites, |id| policy.sites.get(id).is_some());
        }
        if let Some((_, interest)) = known {
            return Arc::clone(interest);
        }
        for policy in &policies {
            workers.map(&policy.rules, |rule| rule.clauses.len());
        }
        Arc::new(check::interest(&policies, scripts))
    }
}

/// Where no file tells more: the policy, and what its rules ask about.
#[derive(Default)]
pub(super) struct Ahead(OnceLock<(Arc<Policy>, Arc<Interest>)>);
