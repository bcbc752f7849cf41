//! That packs of users and projects leave alone what is locked: a rule that is locked is not replaced, no site takes
//! another stand on it, a site that is locked says what it said. What they say of commands, modules and places does not
//! count for it.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use super::config::{Config, LockSpec};
use super::effective::{Effective, Selection};
use super::error::PolicyError;
use super::pack::{PackInfo, Policy};
use super::rule::{ABOUT_COMMENTS, Body, Rule};
use super::site::Site;

/// Locked rules that are to be judged by what is known where they are locked.
#[derive(Clone, Debug)]
pub struct Apart {
    /// What is known there.
    pub known: Arc<Policy>,
    rules: BTreeSet<String>,
    later: Vec<(String, Vec<String>)>,
}

/// The locked rules for which packs of later layers do not count, where some of `policy` have tables or sites.
pub fn apart(policy: &Policy, selection: &Selection, configs: &[Arc<Config>]) -> Vec<Apart> {
    let of = |config: &Arc<Config>| {
        let locked = selection.locks.iter().filter(|(_, lock)| lock.place.0 == config.file);
        let rules: BTreeSet<String> = locked.map(|(id, _)| id.clone()).collect();
        let known = Arc::clone(&config.policy);
        let later: Vec<_> = brought(&known, policy).map(words_of).filter(|(_, files)| !files.is_empty()).collect();
        let replaced = || brought(policy, &known).any(|pack| !words_of(pack).1.is_empty());
        (!rules.is_empty() && (!later.is_empty() || replaced())).then_some(Apart { known, rules, later })
    };
    configs.iter().filter(|config| !config.locks.is_empty()).filter_map(of).collect()
}

impl Apart {
    /// These rules as they judge a file of which `policy` knows more: at its `site`, or the nearest that this one extends
    /// and that is known here. Beside them those about comments, which tell what is in use.
    ///
    /// # Errors
    /// A site that does not exist.
    pub fn effective(&self, policy: &Policy, site: &str, selection: &Selection) -> Result<Effective, PolicyError> {
        let mut site = site;
        while !self.known.sites.contains_key(site)
            && let Some(parent) = policy.sites.head(site).and_then(|head| head.extends.as_deref())
        {
            site = parent;
        }
        self.known.effective_of(site, selection, &|rule| self.rules.contains(&rule.id) || rule.is_named(ABOUT_COMMENTS))
    }

    /// True for one of these rules.
    pub fn judges(&self, rule: &str) -> bool {
        self.rules.contains(rule)
    }

    /// The tables and sites of later packs, by the folders of these.
    pub fn later(&self) -> &[(String, Vec<String>)] {
        &self.later
    }
}

/// The packs of `policy` that `known` lacks.
fn brought<'p>(known: &'p Policy, policy: &'p Policy) -> impl Iterator<Item = &'p PackInfo> {
    policy.packs.iter().filter(|pack| !known.packs.iter().any(|other| other.origin == pack.origin))
}

/// A pack's folder, and its files that say what commands, modules and places are.
fn words_of(pack: &PackInfo) -> (String, Vec<String>) {
    let sites = pack.sites.iter().map(|site| format!("sites/{site}.toml"));
    (pack.origin.clone(), pack.tables.iter().cloned().chain(sites).collect())
}

/// Checks `policy`, which the packs of the file or folder `by` made of `trusted`, against the locks of `configs`.
///
/// # Errors
/// The first thing that is locked and changed, with the reason of those who locked it.
pub fn check(
    trusted: &Arc<Policy>,
    policy: &Arc<Policy>,
    by: &Path,
    configs: &[Arc<Config>],
) -> Result<(), PolicyError> {
    for config in configs.iter().filter(|_| !Arc::ptr_eq(trusted, policy)) {
        let locked = |about: &str, key: &str, reason: &str| PolicyError::Locked {
            by: by.to_owned(),
            about: about.to_owned(),
            lock: (config.file.clone(), config.line(&[key]).unwrap_or(1)),
            reason: reason.to_owned(),
        };
        let mut locks = config.locks.iter();
        if let Some((rule, spec)) = locks.find(|(rule, spec)| changes_rule(trusted, policy, rule, spec)) {
            return Err(locked(rule, &format!("rules.{rule}.lock"), &spec.reason));
        }
        if let (Some(reason), Some(id)) = (&config.site_lock, &config.site)
            && said(trusted, id) != said(policy, id)
        {
            return Err(locked(id, "site", reason));
        }
    }
    Ok(())
}

fn changes_rule(trusted: &Policy, policy: &Policy, id: &str, spec: &LockSpec) -> bool {
    let same = match (trusted.rule(id), policy.rule(id)) {
        (Some(before), Some(after)) => Arc::ptr_eq(before, after) || said_of(before) == said_of(after),
        (before, after) => before.is_none() && after.is_none(),
    };
    if !same {
        return true;
    }
    if !spec.severity && !spec.enabled {
        return false;
    }
    let stand = |site: &Site| site.rules.get(id).and_then(|stand| stand.severity);
    policy.sites.values().any(|site| before(trusted, policy, site).is_some_and(|before| stand(&before) != stand(site)))
}

/// All that a rule says, wherever its file lies, to compare it.
fn said_of(rule: &Rule) -> String {
    let body = Body { origin: String::new(), ..Body::clone(rule) };
    format!("{:?}{:?}{:?}{}{:?}{body:?}", rule.id, rule.tags, rule.severity, rule.enabled, rule.heads)
}

/// The site, or the nearest one that it extends, as it was.
fn before(trusted: &Policy, policy: &Policy, site: &Site) -> Option<Arc<Site>> {
    let mut id = site.id.clone();
    loop {
        if let Some(found) = trusted.sites.get(&id) {
            return Some(Arc::clone(found));
        }
        id = policy.sites.head(&id)?.extends.clone()?;
    }
}

/// All that a site says, to compare it.
fn said(policy: &Policy, id: &str) -> Option<String> {
    // Where a pack lies is no part of it.
    policy.sites.get(id).map(|site| format!("{:?}", Site { origin: String::new(), ..Site::clone(site) }))
}

/// A place as people read it.
pub(super) fn place((file, line): &(PathBuf, usize)) -> String {
    format!("{}:{line}", file.display())
}
