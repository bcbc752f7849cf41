//! The checks behind one call: where the command line meets policy, facts and rules.

use std::sync::Arc;

use crate::facts::{self, Gap};
use crate::fix::Checked;
use crate::policy::{self, Effective, Policy};
use crate::report::{FileResult, SiteChoice};
use crate::source::{Source, Span};
use crate::tables::Tables;

use super::settings::Settings;
use super::snapshot::Snapshot;
use super::workers::Workers;
use super::{panics, site};

/// Policy, loaded and chosen, ready to judge files.
pub(super) struct Engine {
    /// Everything that is known.
    pub(super) policy: Policy,
    /// What of it applies here.
    pub(super) effective: Effective,
    /// The tables of the policy, for the facts.
    pub(super) tables: Tables,
    /// Which site judges.
    pub(super) site: SiteChoice,
}

impl Engine {
    /// Loads the policy and settles what applies. Errors: an unknown rule, tag or site, with the nearest
    /// name; a faulty pack.
    pub(super) fn new(settings: &Settings, snapshot: &Snapshot) -> anyhow::Result<Self> {
        let policy = policy::builtin()?;
        let site = site::choose(&policy, settings, snapshot);
        let effective = policy.effective(&site.id, &settings.selection())?;
        let files = policy::PackFiles::builtin();
        let tables = Tables::parse(&|path| files.get(path))?;
        Ok(Self { policy, effective, tables, site })
    }

    /// Judges files together. A panic in one is a gap of that one.
    pub(super) fn check(&self, sources: &[Arc<Source>], workers: &Workers) -> Vec<FileResult> {
        let checked = workers.map(sources, |source| panics::catch(|| self.check_one(source)));
        sources.iter().zip(checked).map(|(source, checked)| self.result(source, checked)).collect()
    }

    /// Judges the changed text of a file.
    pub(super) fn recheck(&self, source: &Source) -> Checked {
        self.check_one(source)
    }

    fn check_one(&self, source: &Source) -> Checked {
        // The matching of facts with rules joins here.
        let facts = facts::collect(source, &self.tables, &facts::Alone);
        Checked { findings: Vec::new(), gaps: facts.gaps }
    }

    fn result(&self, source: &Arc<Source>, checked: Result<Checked, String>) -> FileResult {
        let Checked { findings, gaps } = checked.unwrap_or_else(|panic| internal_error(source, &panic));
        FileResult { source: source.clone(), site: self.site.clone(), findings, gaps }
    }
}

/// What is left of a file that made us panic.
pub(super) fn internal_error(source: &Source, panic: &str) -> Checked {
    let reason = format!("internal error: {panic}; please report it");
    Checked { findings: Vec::new(), gaps: vec![Gap { span: Span::new(0, source.text.len()), reason }] }
}
