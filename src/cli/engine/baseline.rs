//! Baselines of a run: which findings are known, which known ones are mended, and writing what is found now.

use std::collections::BTreeMap;
use std::fs::{self, OpenOptions};
use std::io::Write;
use std::path::Path;
use std::sync::Arc;

use anyhow::{Context, bail};

use crate::check::{self, Analysed, Finding, SilencedBy};
use crate::fix;
use crate::policy::baseline::{Baseline, Known};
use crate::policy::{Defied, Kept, Level, Lock, Origin, PolicyError};
use crate::report::{BaselineUse, FileResult, Mended};
use crate::source::{self, Source};

use super::Session;

/// The baselines of the files of a run.
#[derive(Debug, Default)]
pub(super) struct Baselines {
    /// For each file the baseline that holds for it.
    of_file: Vec<Option<Arc<Baseline>>>,
}

impl Session<'_> {
    /// Reads the baselines that hold for the files. With `may_be_missing` one that is not there is empty. Errors: one
    /// that cannot be read or is faulty.
    pub(in crate::cli) fn load_baselines(&mut self, may_be_missing: bool) -> anyhow::Result<()> {
        let mut read: BTreeMap<&Path, Arc<Baseline>> = BTreeMap::new();
        let mut of_file = Vec::new();
        for settings in self.by_file.iter().take(self.reported) {
            let Some(told) = &settings.meant.baseline else {
                of_file.push(None);
                continue;
            };
            let baseline = match read.get(told.value.as_path()) {
                Some(baseline) => Arc::clone(baseline),
                None => {
                    let baseline = load(&told.value, may_be_missing).map_err(|error| self.unreadable(error))?;
                    read.entry(&told.value).or_insert(Arc::new(baseline)).clone()
                }
            };
            of_file.push(Some(baseline));
        }
        if may_be_missing && of_file.iter().all(Option::is_none) {
            bail!("no baseline is named; add --baseline FILE, or `baseline = \"FILE\"` to pydoctor.toml");
        }
        self.baselines = Baselines { of_file };
        let defied: Vec<Defied> = (0..self.reported).flat_map(|index| self.defied_by_baseline(index)).collect();
        self.defied.extend(defied);
        Ok(())
    }

    /// What the baseline of the file at `index` knows of it although a lock keeps it loud.
    fn defied_by_baseline(&self, index: usize) -> Vec<Defied> {
        let Some(Some(baseline)) = self.baselines.of_file.get(index) else { return Vec::new() };
        let policy = &self.own.inputs[index].policy;
        let path = self.path_in_project(index);
        let own = baseline.known.keys().filter(|known| known.path == path);
        let locked = own.filter_map(|known| policy.keeps_loud(&known.rule).map(|lock| (known, lock)));
        let level = Level::Project;
        let defied = |(known, lock): (&Known, &Lock)| {
            let origin = Origin { level, file: baseline.file.clone(), line: None };
            lock.defied(&known.rule, Kept::Loud, origin, format!("baseline of {path}"))
        };
        locked.map(defied).collect()
    }

    /// Hides the findings of the file at `index`, whose text `source` is, that its baseline knows.
    pub(super) fn hide_known(&self, index: usize, source: &Source, findings: &mut [Finding]) {
        if let Some(Some(baseline)) = self.baselines.of_file.get(index) {
            let policy = &self.own.inputs[index].policy;
            check::baseline::hide(baseline, &self.path_in_project(index), source, findings, policy);
        }
    }

    /// What the baselines hid, and what of them is mended.
    pub(in crate::cli) fn baselines(&self, results: &[FileResult]) -> Vec<BaselineUse> {
        let mut uses = Vec::new();
        for (baseline, files) in self.by_baseline() {
            let mut used = self.new_use(baseline);
            used.hidden =
                files.iter().filter_map(|index| results.get(*index)).map(|result| hidden(&result.findings)).sum();
            let now = self.present(&files, results);
            let by_path = self.by_path(&files);
            let judged = |known: &Known| self.judged(known, &by_path);
            for (known, count) in &baseline.known {
                let left = if judged(known) { now.get(known).copied().unwrap_or(0) } else { *count };
                if left < *count {
                    let Known { path, rule, .. } = known.clone();
                    used.mended.push(Mended { path, rule, count: count - left });
                }
            }
            uses.push(used);
        }
        uses
    }

    /// Writes what is found now into the baselines, and hides it in `results`. What was not judged in this run stays
    /// known. Errors: a file that cannot be written.
    pub(in crate::cli) fn write_baselines(&mut self, results: &mut [FileResult]) -> anyhow::Result<Vec<BaselineUse>> {
        let mut uses = Vec::new();
        let mut written = Vec::new();
        for (baseline, files) in self.by_baseline() {
            let mut known = self.now(&files, results);
            let by_path = self.by_path(&files);
            let others = baseline.known.iter().filter(|(known, _)| !self.judged(known, &by_path));
            known.extend(others.map(|(known, count)| (known.clone(), *count)));
            let more = |a: &BTreeMap<Known, usize>, b: &BTreeMap<Known, usize>| -> usize {
                a.iter().map(|(known, count)| count.saturating_sub(b.get(known).copied().unwrap_or(0))).sum()
            };
            let (added, dropped) = (more(&known, &baseline.known), more(&baseline.known, &known));
            let new = Baseline { file: baseline.file.clone(), known };
            write(&new).with_context(|| format!("{}: not written", self.engine.settings.shown(&new.file).display()))?;
            uses.push(BaselineUse { written: Some((added, dropped)), ..self.new_use(&new) });
            written.push((files, Arc::new(new)));
        }
        for (files, baseline) in written {
            files.iter().for_each(|index| self.baselines.of_file[*index] = Some(Arc::clone(&baseline)));
        }
        for (index, result) in results.iter_mut().enumerate() {
            for finding in &mut result.findings {
                if finding.suppressed.as_ref().is_some_and(|silenced| silenced.by == SilencedBy::Baseline) {
                    finding.suppressed = None;
                }
            }
            self.hide_known(index, &result.source, &mut result.findings);
        }
        for (used, (_, files)) in uses.iter_mut().zip(self.by_baseline()) {
            used.hidden =
                files.iter().filter_map(|index| results.get(*index)).map(|result| hidden(&result.findings)).sum();
        }
        Ok(uses)
    }

    /// Each baseline with the files that it holds for.
    fn by_baseline(&self) -> Vec<(&Baseline, Vec<usize>)> {
        let mut files: BTreeMap<&Path, (&Baseline, Vec<usize>)> = BTreeMap::new();
        for (index, baseline) in self.baselines.of_file.iter().enumerate() {
            if let Some(baseline) = baseline {
                files.entry(&baseline.file).or_insert_with(|| (baseline, Vec::new())).1.push(index);
            }
        }
        files.into_values().collect()
    }

    /// What is found in files now that a baseline can know.
    fn now(&self, files: &[usize], results: &[FileResult]) -> BTreeMap<Known, usize> {
        let mut now = BTreeMap::new();
        for index in files {
            let Some(result) = results.get(*index) else { continue };
            let policy = &self.own.inputs[*index].policy;
            let path = self.path_in_project(*index);
            now.extend(check::baseline::count(&path, &result.source, &result.findings, policy));
        }
        now
    }

    /// What is found in files now, what a baseline cannot hide among it.
    fn present(&self, files: &[usize], results: &[FileResult]) -> BTreeMap<Known, usize> {
        let mut present = BTreeMap::new();
        for index in files {
            let findings = results.get(*index).map_or(&[][..], |result| &result.findings);
            present.extend(check::baseline::present(&self.path_in_project(*index), findings));
        }
        present
    }

    /// How many findings a lock keeps loud, so that no baseline and no comment takes them in.
    pub(in crate::cli) fn kept_loud(&self, results: &[FileResult]) -> usize {
        let of_file = |(result, input): (&FileResult, &Analysed)| {
            let loud = |finding: &&Finding| {
                finding.suppressed.is_none() && check::baseline::is_kept_loud(finding, &result.source, &input.policy)
            };
            result.findings.iter().filter(loud).count()
        };
        results.iter().zip(&self.own.inputs).take(self.reported).map(of_file).sum()
    }

    /// True when this run can tell whether a known finding is still there: its file was checked by its rule, or is
    /// gone.
    fn judged(&self, known: &Known, by_path: &BTreeMap<String, usize>) -> bool {
        match by_path.get(&known.path) {
            Some(index) => self.own.inputs[*index].policy.active(&known.rule).is_some(),
            None => by_path.values().next().is_some_and(|index| !self.roots[*index].join(&known.path).exists()),
        }
    }

    /// The files of one baseline by the paths that it has them under.
    fn by_path(&self, files: &[usize]) -> BTreeMap<String, usize> {
        files.iter().map(|index| (self.path_in_project(*index), *index)).collect()
    }

    /// The path of a file from the root of its project, as baselines name it.
    fn path_in_project(&self, index: usize) -> String {
        self.settings.name_of(&self.own.inputs[index].source.path).to_string_lossy().into_owned()
    }

    fn new_use(&self, baseline: &Baseline) -> BaselineUse {
        let file = self.engine.settings.shown(&baseline.file).to_owned();
        BaselineUse { file, hidden: 0, mended: Vec::new(), written: None }
    }

    fn unreadable(&self, error: PolicyError) -> anyhow::Error {
        match error.seen_from(&self.engine.cwd) {
            PolicyError::Unreadable { path, cause } => {
                let hint = match cause.kind() {
                    std::io::ErrorKind::NotFound => "; --write-baseline writes it",
                    _ => "",
                };
                anyhow::anyhow!(
                    "{}: the baseline cannot be read: {}{hint}",
                    path.display(),
                    source::reason(&path, &cause)
                )
            }
            error => error.into(),
        }
    }
}

fn hidden(findings: &[Finding]) -> usize {
    let by_baseline =
        |finding: &&Finding| finding.suppressed.as_ref().is_some_and(|silenced| silenced.by == SilencedBy::Baseline);
    findings.iter().filter(by_baseline).count()
}

fn load(file: &Path, may_be_missing: bool) -> Result<Baseline, PolicyError> {
    match Baseline::read(file) {
        Err(PolicyError::Unreadable { cause, .. })
            if may_be_missing && cause.kind() == std::io::ErrorKind::NotFound =>
        {
            Ok(Baseline { file: file.to_owned(), known: BTreeMap::new() })
        }
        outcome => outcome,
    }
}

/// Writes a baseline, unless it is so already.
fn write(baseline: &Baseline) -> anyhow::Result<()> {
    let text = baseline.text();
    match fs::read(&baseline.file) {
        Ok(old) if old == text.as_bytes() => Ok(()),
        Ok(old) => Ok(fix::write::replace(&baseline.file, &old, text.as_bytes(), None, false).map(|_| ())?),
        Err(_) => {
            let mut file = OpenOptions::new().write(true).create_new(true).open(&baseline.file)?;
            file.write_all(text.as_bytes())?;
            Ok(file.sync_all()?)
        }
    }
}
