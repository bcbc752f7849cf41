//! Judging what no file was read for: files that are too large, and facts about an account.

use std::path::PathBuf;
use std::sync::Arc;

use crate::check::{self, Run};
use crate::facts::{Fact, FileFacts};
use crate::policy::{Effective, PolicyError};
use crate::report::FileResult;
use crate::source::{Kind, Source, Span};

use super::side::{Seat, Side, judge};
use super::{Analysed, Engine, FAIL_ON, Here, choice};

impl Engine {
    /// Judges a file that was not read, by what is said of it.
    pub(in crate::cli) fn judge_unread(&self, file: FileResult) -> anyhow::Result<FileResult> {
        let source = Source::clone(&file.source);
        let settings = self.settings_of(&source.path)?;
        let facts = FileFacts { gaps: file.gaps.clone(), ..FileFacts::default() };
        let site = self.site(&settings, &source, &facts)?;
        let policy = Arc::new(settings.effective(&site.id)?);
        let root = self.settings.project_root(&settings);
        let about = check::Settings {
            cwd: self.cwd.clone(),
            project_root: root,
            today: self.today,
            ..check::Settings::default()
        };
        let inputs = [Analysed { source, facts, policy, embedded: false }];
        let findings = Run::new(&inputs, &about).check(0);
        Ok(FileResult { site: choice(site), findings, fail_on: settings.fail_on(), ..file })
    }

    /// Judges facts about an account, each group by the path that it is about, for the site of the command line.
    /// Facts that have a place stand in one of `texts`.
    pub(in crate::cli) fn judge_facts(
        &self,
        groups: Vec<(PathBuf, Vec<Fact>)>,
        texts: &[&Source],
    ) -> anyhow::Result<Vec<FileResult>> {
        let Here { policy: known, effective, site, locked, selection, .. } = self.here()?;
        let about = check::Settings::within(self.cwd.clone(), self.today);
        let mut sources = Vec::new();
        let facts = groups.into_iter().map(|(path, mut facts)| {
            let text = texts.iter().find(|text| text.path == path);
            if text.is_none() {
                // What stands nowhere has a place of its own, so that what is said of one is not taken for the same as
                // of another.
                (0..).zip(&mut facts).for_each(|(at, fact)| fact.span = Span::new(at, at));
            }
            let blank = || Source::new(path, Kind::Other, vec![b' '; facts.len()]);
            // Comments to pydoctor in it were read where the file itself was checked.
            let as_facts = |text: &&Source| Source { kind: Kind::Other, ..Source::clone(text) };
            sources.push(Arc::new(text.map_or_else(blank, as_facts)));
            FileFacts { facts, ..FileFacts::default() }
        });
        let facts: Vec<FileFacts> = facts.collect();
        let locked = locked.iter().map(|apart| apart.effective(&known, &site.id, &selection));
        let all = std::iter::once(Ok(effective)).chain(locked).collect::<Result<Vec<_>, PolicyError>>()?;
        let side = |rules: Effective| {
            let rules = Arc::new(rules);
            let seat = |_| Seat { known: Arc::clone(&known), rules: Arc::clone(&rules), judges: true };
            Side::new(&sources, facts.clone(), sources.iter().map(seat).collect())
        };
        let sides: Vec<Side> = all.into_iter().map(side).collect();
        let runs: Vec<Run<'_>> = sides.iter().map(|side| Run::new(&side.inputs, &about)).collect();
        let result = |(index, source): (usize, &Arc<Source>)| {
            let mut sights = sides.iter().zip(&runs).map(|(side, run)| side.sight(run, index));
            let own = sights.next();
            let judged = own.map(|own| judge(&own, &sights.collect::<Vec<_>>())).unwrap_or_default();
            FileResult {
                source: Arc::clone(source),
                site: choice(site.clone()),
                findings: judged.checked.findings,
                gaps: Vec::new(),
                fail_on: FAIL_ON,
            }
        };
        Ok(sources.iter().enumerate().map(result).collect())
    }
}
