//! Whether a changed text is no worse than the one before, and which of its parts is to blame.

use std::collections::{BTreeMap, BTreeSet};

use crate::check::{Applicability, Edit, Finding};
use crate::facts::Gap;
use crate::source::{Source, Span};

use super::apply::moved;
use super::rounds::Checked;

/// A text with what the checks say of it.
#[derive(Clone, Copy)]
pub(super) struct Judged<'a> {
    pub(super) source: &'a Source,
    pub(super) checked: &'a Checked,
}

/// Why the change from `before` to `after` by the fixes of `findings` (of `before`) must not stand.
/// `edits` are theirs.
pub(super) fn fault(before: Judged<'_>, after: Judged<'_>, findings: &[&Finding], edits: &[&Edit]) -> Option<String> {
    if let Some(reason) = new_gap(before, after, edits) {
        return Some(format!("afterwards a part of the file would not be understood: {reason}"));
    }
    if let Some(rule) = unhelpful(before, after, findings, edits) {
        return Some(format!("it would not mend {rule}"));
    }
    let is_unsafe =
        |finding: &&Finding| finding.fix.as_ref().is_some_and(|fix| fix.applicability != Applicability::Safe);
    // An unsafe fix may leave something to be done; its title says so.
    if findings.iter().any(is_unsafe) {
        return None;
    }
    new_finding(before, after, findings).map(|rule| format!("it would give rise to {rule}"))
}

/// A region that is not understood and was before. Regions are compared by reason: how many, how long.
fn new_gap(before: Judged<'_>, after: Judged<'_>, edits: &[&Edit]) -> Option<String> {
    let inserted: usize = edits.iter().map(|edit| edit.text.len()).sum();
    let (old, new) = (by_reason(&before.checked.gaps), by_reason(&after.checked.gaps));
    new.into_iter().find_map(|(reason, (count, length))| {
        let (old_count, old_length) = old.get(reason).copied().unwrap_or_default();
        (count > old_count || length > old_length + inserted).then(|| reason.to_owned())
    })
}

fn by_reason(gaps: &[Gap]) -> BTreeMap<&str, (usize, usize)> {
    let mut reasons: BTreeMap<&str, (usize, usize)> = BTreeMap::new();
    for gap in gaps {
        let entry = reasons.entry(&gap.reason).or_default();
        *entry = (entry.0 + 1, entry.1 + gap.span.len());
    }
    reasons
}

/// The rule of a fix after which its own finding is still there.
fn unhelpful(before: Judged<'_>, after: Judged<'_>, findings: &[&Finding], edits: &[&Edit]) -> Option<String> {
    let (old, new) = (by_rule(before.checked), by_rule(after.checked));
    let count = |counts: &BTreeMap<&str, usize>, rule: &str| counts.get(rule).copied().unwrap_or(0);
    let shrunk = |rule: &str| {
        let fixes = findings.iter().filter(|finding| finding.rule == rule).count();
        count(&new, rule) + fixes <= count(&old, rule)
    };
    // A rule that speaks once a file shows its next place when the first is mended: so the place counts.
    let survives = |finding: &&&Finding| {
        let span = Span::new(moved(finding.span.start, edits), moved(finding.span.end, edits));
        let text = normalised(before.source.slice(finding.span));
        after.checked.findings.iter().filter(|other| other.rule == finding.rule).any(|other| {
            let touches = other.span.start <= span.end && span.start <= other.span.end;
            other.span.overlaps(span) || (touches && normalised(after.source.slice(other.span)) == text)
        })
    };
    findings.iter().filter(|finding| !shrunk(&finding.rule)).find(survives).map(|finding| finding.rule.clone())
}

/// The rule of a finding that was not there before. That a rule speaks of its next place after a fix of its
/// own is no new finding.
fn new_finding(before: Judged<'_>, after: Judged<'_>, findings: &[&Finding]) -> Option<String> {
    let fixed: BTreeSet<&str> = findings.iter().map(|finding| finding.rule.as_str()).collect();
    let (old_rules, new_rules) = (by_rule(before.checked), by_rule(after.checked));
    let (old, new) = (by_text(before), by_text(after));
    new.into_iter().find_map(|(key, count)| {
        let rule = key.0;
        let replaced = fixed.contains(rule) && new_rules.get(rule) <= old_rules.get(rule);
        (count > old.get(&key).copied().unwrap_or(0) && !replaced).then(|| rule.to_owned())
    })
}

fn by_rule(checked: &Checked) -> BTreeMap<&str, usize> {
    let mut counts = BTreeMap::new();
    for finding in visible(checked) {
        *counts.entry(finding.rule.as_str()).or_default() += 1;
    }
    counts
}

fn by_text(judged: Judged<'_>) -> BTreeMap<(&str, String), usize> {
    let mut counts = BTreeMap::new();
    for finding in visible(judged.checked) {
        *counts.entry((finding.rule.as_str(), normalised(judged.source.slice(finding.span)))).or_default() += 1;
    }
    counts
}

fn visible(checked: &Checked) -> impl Iterator<Item = &Finding> {
    checked.findings.iter().filter(|finding| finding.suppressed.is_none())
}

/// Text without its layout.
pub(super) fn normalised(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}
