//! Which files of later packs hide something from a locked rule: each is tried alone over what is known where the rule is
//! locked.

use std::collections::HashMap;
use std::sync::Arc;

use crate::check::{Finding, Run};
use crate::policy::Policy;
use crate::policy::guard::Apart;

use super::Session;
use super::side::is_same;

/// In so many files it is looked for what hides something from one rule; what hides it elsewhere is most likely the same.
const TRIALS: usize = 8;

/// A pack's folder, and files in it.
pub(super) type Files = (String, Vec<String>);

/// Looks for files to blame.
pub(super) struct Blame<'s> {
    session: &'s Session<'s>,
    runs: &'s [Run<'s>],
    /// What is known with one file more, by where rules are locked, the pack and the file; `None` where that alone is no
    /// policy.
    policies: HashMap<(*const Policy, String, String), Option<Arc<Policy>>>,
    trials: HashMap<String, usize>,
}

impl<'s> Blame<'s> {
    pub(super) fn new(session: &'s Session<'s>, runs: &'s [Run<'s>]) -> Self {
        Self { session, runs, policies: HashMap::new(), trials: HashMap::new() }
    }

    /// The files for each of which alone the locked `rule` finds less in the file at `index`; all that there are where it
    /// takes several of them; none where enough was tried.
    pub(super) fn of(&mut self, index: usize, rule: &str) -> Vec<Files> {
        let trials = self.trials.entry(rule.to_owned()).or_default();
        *trials += 1;
        let Some((turn, apart)) = self.session.apart[index].iter().enumerate().find(|(_, apart)| apart.judges(rule))
        else {
            return Vec::new();
        };
        if *trials > TRIALS {
            return Vec::new();
        }
        let all = apart.later();
        if all.iter().map(|(_, files)| files.len()).sum::<usize>() == 1 {
            return all.to_vec();
        }
        let (Some(side), Some(run)) = (self.session.locked.get(turn), self.runs.get(turn + 1)) else {
            return all.to_vec();
        };
        let found = side.sight(run, index).check().findings;
        let found: Vec<Finding> = found.into_iter().filter(|finding| finding.rule == rule).collect();
        let hides = |(pack, files): &Files| {
            let files: Vec<String> =
                files.iter().filter(|file| self.hides((turn, apart, &found), index, pack, file)).cloned().collect();
            (pack.clone(), files)
        };
        let blamed: Vec<Files> = all.iter().map(hides).filter(|(_, files)| !files.is_empty()).collect();
        if blamed.is_empty() { all.to_vec() } else { blamed }
    }

    /// True when something that was `found` is not found with `file` of `pack`.
    fn hides(
        &mut self,
        (turn, apart, found): (usize, &Apart, &[Finding]),
        index: usize,
        pack: &str,
        file: &str,
    ) -> bool {
        let key = (Arc::as_ptr(&apart.known), pack.to_owned(), file.to_owned());
        let with_file = || apart.with_file(pack, file).ok().map(Arc::new);
        let Some(policy) = self.policies.entry(key).or_insert_with(with_file).clone() else { return false };
        let session = self.session;
        let settings = &session.by_file[index];
        let site = &session.sites[index].id;
        let rules = apart.effective_with(&policy, &settings.policy, site, &settings.meant.selection);
        let (Ok(rules), Some(side), Some(run)) = (rules, session.locked.get(turn), self.runs.get(turn + 1)) else {
            return false;
        };
        let source = &session.own.inputs[index].source;
        let facts = session.engine.facts(source, &policy.tables, &session.reach);
        let trial = side.trial_by(run, index, source, facts, Arc::new(rules));
        let left = trial.sight(&trial.run(&session.settings)).check().findings;
        found.iter().any(|finding| !left.iter().any(|other| is_same(other, finding)))
    }
}
