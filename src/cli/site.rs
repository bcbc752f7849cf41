//! Which site judges: the one named, else the one that the environment or the host name tells.

use crate::policy::{Policy, ROOT, Site};
use crate::report::SiteChoice;

use super::settings::Settings;
use super::snapshot::Snapshot;

/// The site for this run. Never a guess: when two sites claim the machine, none of them judges.
pub(super) fn choose(policy: &Policy, settings: &Settings, snapshot: &Snapshot) -> SiteChoice {
    if let Some((id, why)) = &settings.site {
        return SiteChoice { id: id.clone(), why: why.clone() };
    }
    let by_env = |site: &&Site| {
        site.detect.env.iter().any(|(name, value)| snapshot.var(name).is_some_and(|is| value.is_match(is)))
    };
    let by_host = |site: &&Site| site.detect.hosts.iter().any(|host| host.is_match(&snapshot.host));
    let sites = || policy.sites.values().map(AsRef::as_ref);
    let by_env: Vec<&Site> = sites().filter(by_env).collect();
    if !by_env.is_empty() {
        return settle(policy, &by_env, "the environment");
    }
    let by_host: Vec<&Site> = sites().filter(by_host).collect();
    if !by_host.is_empty() {
        return settle(policy, &by_host, "the host name");
    }
    common("no site is named, and nothing tells which it is".to_owned())
}

/// The one site among `sites` that all others lead up to.
fn settle(policy: &Policy, sites: &[&Site], evidence: &str) -> SiteChoice {
    let special = |site: &&&Site| sites.iter().all(|other| other.id == site.id || is_above(policy, &other.id, site));
    match sites.iter().find(special) {
        Some(site) => SiteChoice { id: site.id.clone(), why: evidence.to_owned() },
        None => {
            let ids: Vec<&str> = sites.iter().map(|site| site.id.as_str()).collect();
            common(format!("{evidence} tells of several sites: {}", ids.join(", ")))
        }
    }
}

/// True when `site` extends the site `id`, at any distance.
fn is_above(policy: &Policy, id: &str, site: &Site) -> bool {
    let mut parent = site.extends.as_deref();
    // The policy was checked for circles; the bound is for safety.
    for _ in 0..policy.sites.len() {
        match parent {
            Some(parent) if parent == id => return true,
            Some(next) => parent = policy.sites.get(next).and_then(|site| site.extends.as_deref()),
            None => return false,
        }
    }
    false
}

fn common(why: String) -> SiteChoice {
    SiteChoice { id: ROOT.to_owned(), why }
}
