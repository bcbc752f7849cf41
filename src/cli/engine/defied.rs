//! What was said against locks, and was not obeyed.

use std::collections::BTreeSet;

use crate::check::{self, Grounds};
use crate::policy::site::Stand;
use crate::policy::{Defied, Kept, Level, Lock, Origin};
use crate::report::NotObeyed;
use crate::source::Source;

use super::blame::Files;
use super::{Engine, FileSettings};

impl Engine {
    /// What was said against locks for a file that `choice` judges, where another site was named perhaps.
    pub(in crate::cli) fn defied(
        &self,
        settings: &FileSettings,
        source: &Source,
        (choice, other): (&check::SiteChoice, Option<&check::SiteChoice>),
    ) -> BTreeSet<Defied> {
        // How bad a locked rule is, is said where it is locked.
        let site = settings.known.sites.get(&choice.id);
        let stand = |rule: &str| site?.rules.get(rule);
        let mut defied: BTreeSet<Defied> = self.defied_rules(settings, &stand).collect();
        defied.extend(other.and_then(|other| defied_site(settings, source, other)));
        let site_lock = settings.meant.site_lock.iter();
        defied.extend(site_lock.flat_map(|lock| settings.layers.defied_site(lock, settings.path.as_deref())));
        defied.extend(self.defied_by_site(settings, source, choice, &stand));
        defied
    }

    /// Who settled the site of a file: nobody but the program, where it was told by signs.
    pub(in crate::cli) fn origin_of_site(
        &self,
        settings: &FileSettings,
        source: &Source,
        choice: &check::SiteChoice,
    ) -> Origin {
        let named = || named_by(settings, source, choice).map(|(origin, _)| origin);
        let locked = settings.meant.site_lock.as_ref().filter(|_| choice.grounds == Grounds::Lock);
        locked.map(|lock| lock.origin.clone()).or_else(named).unwrap_or_default()
    }

    /// What was said against locks, as the user would write paths.
    pub(in crate::cli) fn not_obeyed(&self, defied: &BTreeSet<Defied>) -> Vec<NotObeyed> {
        let shown = |defied: &Defied| NotObeyed {
            origin: self.settings.origin(&defied.origin),
            said: defied.said.clone(),
            about: defied.about.clone(),
            kept: defied.kept,
            layer: defied.level.name(),
            lock: format!("{}:{}", self.settings.shown(&defied.place.0).display(), defied.place.1),
            reason: defied.reason.clone(),
        };
        defied.iter().map(shown).collect()
    }

    /// What was said against locks on the rules of a file.
    fn defied_rules<'s>(
        &'s self,
        settings: &'s FileSettings,
        stand: &'s dyn Fn(&str) -> Option<&'s Stand>,
    ) -> impl Iterator<Item = Defied> + 's {
        let selection = &settings.meant.selection;
        let rules = selection.locks.keys().filter_map(|id| settings.policy.rule(id));
        rules.flat_map(move |rule| settings.layers.defied(selection, rule, stand(&rule.id), settings.path.as_deref()))
    }

    /// What was said against locks on the rules of a file by naming the site that judges it: the rules are otherwise
    /// there than at the site for which they were locked.
    fn defied_by_site<'s>(
        &self,
        settings: &FileSettings,
        source: &Source,
        choice: &check::SiteChoice,
        stand: &dyn Fn(&str) -> Option<&'s Stand>,
    ) -> Vec<Defied> {
        let Some((origin, said)) = named_by(settings, source, choice) else { return Vec::new() };
        let defied = |(id, lock): (&String, &Lock)| {
            let stand = stand(id).and_then(|stand| stand.severity);
            let is_other = lock.site.as_ref().is_some_and(|(site, _)| *site != choice.id);
            let rule = settings.policy.rule(id).filter(|rule| is_other && lock.is_defied_by_site(rule, stand))?;
            let kept = lock.kept(lock.settled(rule, stand));
            Some(lock.defied(id, kept, origin.clone(), said.clone()))
        };
        settings.meant.selection.locks.iter().filter_map(defied).collect()
    }
}

/// What `files` of later packs say of commands, modules and sites against the lock on `rule`, which finds less with it.
pub(super) fn by_packs<'s>(
    settings: &'s FileSettings,
    files: &'s [Files],
    rule: &'s str,
) -> impl Iterator<Item = Defied> + 's {
    let lock = settings.meant.selection.locks.get(rule);
    files.iter().filter_map(move |(pack, files)| {
        let lock = lock?;
        let origin = Origin { level: Level::Project, file: pack.into(), line: None };
        Some(lock.defied(rule, Kept::AsKnown, origin, files.join(", ")))
    })
}

/// What was said against the lock on the site of a file by an option or in the file: another one was named.
fn defied_site(settings: &FileSettings, source: &Source, other: &check::SiteChoice) -> Option<Defied> {
    let lock = settings.meant.site_lock.as_ref().filter(|_| other.grounds != Grounds::Configuration)?;
    let (origin, said) = named_by(settings, source, other)?;
    Some(lock.defied(origin, said))
}

/// Who named the site of a file, and how; `None` when nobody did.
fn named_by(settings: &FileSettings, source: &Source, choice: &check::SiteChoice) -> Option<(Origin, String)> {
    let said = || format!("site={}", choice.id);
    match choice.grounds {
        Grounds::Flag => {
            let origin = Origin { level: Level::CommandLine, file: "--site".into(), line: None };
            Some((origin, format!("--site {}", choice.id)))
        }
        Grounds::Configuration => Some((settings.meant.site.as_ref()?.origin.clone(), said())),
        Grounds::Pragma => {
            let line = check::pragma_line(source);
            Some((Origin { level: Level::Project, file: source.path.clone(), line }, said()))
        }
        _ => None,
    }
}
