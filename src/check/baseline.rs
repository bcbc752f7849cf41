//! What a baseline knows of a file's findings: as many of each as it counts are hidden, the next copy is new.

use std::collections::BTreeMap;

use crate::policy::Effective;
use crate::policy::baseline::{Baseline, Known};
use crate::source::Source;

use super::finding::{Finding, Silenced, SilencedBy};

/// Hides the findings of the file `path` (from the root of the project), whose text `source` is, that `baseline` knows,
/// the first ones first. What is silenced otherwise or must stay loud is not counted.
pub fn hide(baseline: &Baseline, path: &str, source: &Source, findings: &mut [Finding], policy: &Effective) {
    let mut left: BTreeMap<Known, usize> = BTreeMap::new();
    for finding in findings.iter_mut().filter(|finding| can_be_known(finding, source, policy)) {
        let known = known(path, finding);
        let count = left.entry(known).or_insert_with_key(|known| baseline.known.get(known).copied().unwrap_or(0));
        if *count > 0 {
            *count -= 1;
            let reason = "it is in the baseline".to_owned();
            finding.suppressed = Some(Silenced { by: SilencedBy::Baseline, reason });
        }
    }
}

/// How many findings of each kind a file has that a baseline knows or could know.
pub fn count(path: &str, source: &Source, findings: &[Finding], policy: &Effective) -> BTreeMap<Known, usize> {
    let mut counts = BTreeMap::new();
    let hidden = |finding: &&Finding| finding.suppressed.as_ref().is_some_and(|by| by.by == SilencedBy::Baseline);
    for finding in findings.iter().filter(|finding| hidden(finding) || can_be_known(finding, source, policy)) {
        *counts.entry(known(path, finding)).or_default() += 1;
    }
    counts
}

/// How many findings of each kind a file has that no comment silences, those among them that a lock keeps loud.
pub fn present(path: &str, findings: &[Finding]) -> BTreeMap<Known, usize> {
    let mut counts = BTreeMap::new();
    let silent = |finding: &&Finding| finding.suppressed.as_ref().is_some_and(|by| by.by != SilencedBy::Baseline);
    for finding in findings.iter().filter(|finding| !silent(finding)) {
        *counts.entry(known(path, finding)).or_default() += 1;
    }
    counts
}

/// True for a finding that a lock keeps loud: of its rule, or of the rule that a comment names against the lock.
pub fn is_kept_loud(finding: &Finding, source: &Source, policy: &Effective) -> bool {
    let named = || source.text.get(finding.span.start..finding.span.end).filter(|_| finding.is_about_comments());
    policy.keeps_loud(&finding.rule).is_some() || named().is_some_and(|rule| policy.keeps_loud(rule).is_some())
}

fn can_be_known(finding: &Finding, source: &Source, policy: &Effective) -> bool {
    finding.suppressed.is_none() && !is_kept_loud(finding, source, policy)
}

fn known(path: &str, finding: &Finding) -> Known {
    Known { path: path.to_owned(), rule: finding.rule.clone(), fingerprint: finding.fingerprint.clone() }
}
