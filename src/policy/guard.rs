//! That packs of users and projects leave alone what is locked: a rule that is locked is not replaced, no site takes
//! another stand on it, a site that is locked says what it said.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use super::config::{Config, LockSpec};
use super::error::PolicyError;
use super::pack::Policy;
use super::rule::{Body, Rule};
use super::site::Site;

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
