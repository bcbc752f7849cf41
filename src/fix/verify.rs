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
    new_finding(before, after, findings, edits).map(|rule| format!("it would give rise to {rule}"))
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
/// own is no new finding, as long as the fix did not write that place.
fn new_finding(before: Judged<'_>, after: Judged<'_>, findings: &[&Finding], edits: &[&Edit]) -> Option<String> {
    let fixed: BTreeSet<&str> = findings.iter().map(|finding| finding.rule.as_str()).collect();
    let written: Vec<Span> = edits.iter().map(|edit| inserted(edit, edits)).collect();
    let (mut expected, new) = (by_text(before), by_text(after));
    for finding in findings {
        let key = (finding.rule.as_str(), normalised(before.source.slice(finding.span)));
        if let Some(count) = expected.get_mut(&key) {
            *count = count.saturating_sub(1);
        }
    }
    let is_next_place = |finding: &Finding| {
        fixed.contains(finding.rule.as_str()) && !written.iter().any(|written| written.overlaps(finding.span))
    };
    visible(after.checked)
        .find(|finding| {
            let key = (finding.rule.as_str(), normalised(after.source.slice(finding.span)));
            new.get(&key) > expected.get(&key) && !is_next_place(finding)
        })
        .map(|finding| finding.rule.clone())
}

/// Where the text of `edit` stands after all `edits`, with what others insert at the same place.
fn inserted(edit: &Edit, edits: &[&Edit]) -> Span {
    let (here, others): (Vec<&Edit>, Vec<&Edit>) =
        edits.iter().copied().partition(|other| other.span.start == edit.span.start);
    let start = moved(edit.span.start, &others);
    Span::new(start, start + here.iter().map(|edit| edit.text.len()).sum::<usize>())
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
