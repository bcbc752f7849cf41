//! That packs of users and projects leave alone what is locked: a rule that is locked is not replaced, no site takes
//! another stand on it, a site that is locked says what it said. What they say of commands, modules and places does not
//! count for it.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use super::config::{Config, LockSpec};
use super::effective::{Effective, Selection};
use super::error::{Change, PolicyError};
use super::pack::{PACK_FILE, PackFiles, PackInfo, Policy, line_of};
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
        self.effective_with(&self.known, policy, site, selection)
    }

    /// The same where `known` is known.
    ///
    /// # Errors
    /// A site that does not exist.
    pub fn effective_with(
        &self,
        known: &Policy,
        policy: &Policy,
        site: &str,
        selection: &Selection,
    ) -> Result<Effective, PolicyError> {
        let site = nearest_known(known, policy, site);
        known.effective_of(site, selection, &|rule| self.rules.contains(&rule.id) || rule.is_named(ABOUT_COMMENTS))
    }

    /// What is known here, and in one `file` of the later pack in the folder `pack`.
    ///
    /// # Errors
    /// A file that is no policy without others, a pack that cannot be read any more.
    pub fn with_file(&self, pack: &str, file: &str) -> Result<Policy, PolicyError> {
        let below = self.known.packs.iter().skip(1).map(|pack| PackFiles::read(Path::new(&pack.origin)));
        let mut packs = below.collect::<Result<Vec<_>, _>>()?;
        let mut later = PackFiles::read(Path::new(pack))?;
        later.files.retain(|(path, _)| path == PACK_FILE || path == file);
        packs.push(later);
        Policy::built_in().with(&packs)
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

/// The rules of `policy` at a `site` of which `known` knows more: at the nearest that this one extends and that `policy`
/// has. Without the locked rules that are judged apart from it.
///
/// # Errors
/// A site that does not exist.
pub fn beside(
    policy: &Policy,
    known: &Policy,
    site: &str,
    selection: &Selection,
    configs: &[Arc<Config>],
) -> Result<Effective, PolicyError> {
    let apart = apart(policy, selection, configs);
    let site = nearest_known(policy, known, site);
    policy.effective_of(site, selection, &|rule| !apart.iter().any(|apart| apart.judges(&rule.id)))
}

/// The site, or the nearest that it extends by `policy`, that `known` has.
fn nearest_known<'p>(known: &Policy, policy: &'p Policy, site: &'p str) -> &'p str {
    let mut site = site;
    while !known.sites.contains_key(site)
        && let Some(parent) = policy.sites.head(site).and_then(|head| head.extends.as_deref())
    {
        site = parent;
    }
    site
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
        let locked = |about: &str, change: Option<Change>, key: &str, reason: &str| PolicyError::Locked {
            by: by.to_owned(),
            change: change.map(Box::new),
            about: about.to_owned(),
            lock: (config.file.clone(), config.line(&[key]).unwrap_or(1)),
            reason: reason.to_owned(),
        };
        for (rule, spec) in &config.locks {
            if let Some(changed) = changed_rule(trusted, policy, rule, spec) {
                let change = changed.place(policy);
                return Err(locked(rule, change, &format!("rules.{rule}.lock"), &spec.reason));
            }
        }
        if let (Some(reason), Some(id)) = (&config.site_lock, &config.site)
            && said(trusted, id) != said(policy, id)
        {
            let is_new = |site: &&Arc<Site>| !trusted.sites.read(id).any(|known| known.origin == site.origin);
            let change = policy.sites.read(id).find(is_new).and_then(|site| change(policy, &site.origin, 0));
            return Err(locked(id, change, "site", reason));
        }
    }
    Ok(())
}

/// What of a locked rule is other than it was.
enum Changed<'p> {
    /// What it says; `None` where it is gone.
    Rule(Option<&'p Rule>),
    /// How bad it is at a site.
    At(&'p Site, &'p str),
}

impl Changed<'_> {
    /// Where a pack says so.
    fn place(&self, policy: &Policy) -> Option<Change> {
        match self {
            Self::Rule(rule) => rule.and_then(|rule| change(policy, &rule.origin, rule.id_span.start)),
            Self::At(site, rule) => {
                let said = |site: &&Arc<Site>| site.rules.get(*rule).is_some_and(|stand| stand.severity.is_some());
                let site = policy.sites.read(&site.id).find(said).or_else(|| policy.sites.read(&site.id).next())?;
                change(policy, &site.origin, site.spans.rules.get(*rule).map_or(0, |span| span.start))
            }
        }
    }
}

/// The pack of a file, with the line of the byte `at` in it.
fn change(policy: &Policy, file: &str, at: usize) -> Option<Change> {
    let file = Path::new(file);
    let pack = policy.packs.iter().rev().find(|pack| file.starts_with(&pack.origin))?;
    Some(Change { pack: pack.name.clone(), file: file.to_owned(), line: line_of(file, at) })
}

fn changed_rule<'p>(trusted: &Policy, policy: &'p Policy, id: &'p str, spec: &LockSpec) -> Option<Changed<'p>> {
    let same = match (trusted.rule(id), policy.rule(id)) {
        (Some(before), Some(after)) => Arc::ptr_eq(before, after) || said_of(before) == said_of(after),
        (before, after) => before.is_none() && after.is_none(),
    };
    if !same {
        return Some(Changed::Rule(policy.rule(id).map(AsRef::as_ref)));
    }
    if !spec.severity && !spec.enabled {
        return None;
    }
    let stand = |site: &Site| site.rules.get(id).and_then(|stand| stand.severity);
    let is_other =
        |site: &&Arc<Site>| before(trusted, policy, site).is_some_and(|before| stand(&before) != stand(site));
    policy.sites.values().find(is_other).map(|site| Changed::At(site, id))
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
