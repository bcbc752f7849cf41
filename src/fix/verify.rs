//! Whether a changed text is no worse than the one before, and which of its parts is to blame.

use std::collections::BTreeMap;

use crate::check::{Applicability, Edit, Finding, deleted_comment};
use crate::facts::Gap;
use crate::facts::environment::empty_entries;
use crate::source::{Source, Span};

use super::apply::Moves;
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
    let moves = Moves::new(edits);
    if let Some(reason) = new_gap(before, after, edits) {
        return Some(format!("afterwards a part of the file would not be understood: {reason}"));
    }
    if empty_entries(after.source) > empty_entries(before.source) {
        return Some("afterwards a key or an item of a list would be empty".to_owned());
    }
    if let Some(reason) = lost_comment(before.source, findings) {
        return Some(reason);
    }
    if let Some(rule) = unhelpful(before, after, findings, &moves) {
        return Some(format!("{rule} would find the same afterwards"));
    }
    let is_unsafe =
        |finding: &&Finding| finding.fix.as_ref().is_some_and(|fix| fix.applicability != Applicability::Safe);
    // An unsafe fix may leave something to be done; its title says so.
    if findings.iter().any(is_unsafe) {
        return None;
    }
    new_finding(before, after, findings, &moves).map(|rule| format!("it would give rise to {rule}"))
}

/// A comment that a safe fix would delete.
fn lost_comment(source: &Source, findings: &[&Finding]) -> Option<String> {
    let fixes = findings.iter().filter_map(|finding| finding.fix.as_ref());
    let mut safe = fixes.filter(|fix| fix.applicability == Applicability::Safe);
    let comment = safe.find_map(|fix| deleted_comment(source, &fix.edits))?;
    Some(format!("it would delete the comment on line {}", source.lines.line(comment.start)))
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
fn unhelpful(before: Judged<'_>, after: Judged<'_>, findings: &[&Finding], moves: &Moves) -> Option<String> {
    let (old, new, fixes) =
        (by_rule(visible(before.checked)), by_rule(visible(after.checked)), by_rule(findings.iter().copied()));
    let count = |counts: &BTreeMap<&str, usize>, rule: &str| counts.get(rule).copied().unwrap_or(0);
    let shrunk = |rule: &str| count(&new, rule) + count(&fixes, rule) <= count(&old, rule);
    let left = by_place(after.checked);
    // A rule that speaks once a file shows its next place when the first is mended: so the place counts.
    let survives = |finding: &&&Finding| {
        let span = Span::new(moves.at(finding.span.start), moves.at(finding.span.end));
        let text = normalised(before.source.slice(finding.span));
        left.get(finding.rule.as_str()).is_some_and(|left| {
            left.touching(span).any(|other| other.overlaps(span) || normalised(after.source.slice(other)) == text)
        })
    };
    findings.iter().filter(|finding| !shrunk(&finding.rule)).find(survives).map(|finding| finding.rule.clone())
}

/// The rule of a finding that was not there before. That a rule speaks of its next place after a fix of its
/// own is no new finding, as long as the fix did not write that place.
fn new_finding(before: Judged<'_>, after: Judged<'_>, findings: &[&Finding], moves: &Moves) -> Option<String> {
    let fixed = by_rule(findings.iter().copied());
    let written = Ordered::new(moves.written());
    let (mut expected, new) = (by_text(before), by_text(after));
    for finding in findings {
        let key = (finding.rule.as_str(), normalised(before.source.slice(finding.span)));
        if let Some(count) = expected.get_mut(&key) {
            *count = count.saturating_sub(1);
        }
    }
    let is_next_place = |finding: &Finding| {
        fixed.contains_key(finding.rule.as_str())
            && !written.touching(finding.span).any(|written| written.overlaps(finding.span))
    };
    // A finding about words that an edit changed still stands there, about other words.
    let mended =
        |finding: &Finding| findings.iter().any(|fixed| (&fixed.rule, fixed.span) == (&finding.rule, finding.span));
    let stood = |finding: &Finding| {
        visible(before.checked)
            .filter(|earlier| earlier.rule == finding.rule && !mended(earlier))
            .any(|earlier| Span::new(moves.at(earlier.span.start), moves.at(earlier.span.end)).overlaps(finding.span))
    };
    visible(after.checked)
        .find(|finding| {
            let key = (finding.rule.as_str(), normalised(after.source.slice(finding.span)));
            new.get(&key) > expected.get(&key) && !is_next_place(finding) && !stood(finding)
        })
        .map(|finding| finding.rule.clone())
}

/// Places in the order of their starts, with the furthest end so far: finding those that touch a place does not
/// look at all.
#[derive(Default)]
struct Ordered {
    spans: Vec<(Span, usize)>,
}

impl Ordered {
    fn new(mut spans: Vec<Span>) -> Self {
        spans.sort_unstable();
        let mut furthest = 0;
        let with_end = |span: Span| {
            furthest = span.end.max(furthest);
            (span, furthest)
        };
        Self { spans: spans.into_iter().map(with_end).collect() }
    }

    /// The places that overlap `span` or touch it.
    fn touching(&self, span: Span) -> impl Iterator<Item = Span> {
        let end = self.spans.partition_point(|(other, _)| other.start <= span.end);
        let near = self.spans[..end].iter().rev().take_while(move |(_, furthest)| *furthest >= span.start);
        near.map(|(other, _)| *other).filter(move |other| other.end >= span.start)
    }
}

fn by_place(checked: &Checked) -> BTreeMap<&str, Ordered> {
    let mut spans: BTreeMap<&str, Vec<Span>> = BTreeMap::new();
    for finding in visible(checked) {
        spans.entry(&finding.rule).or_default().push(finding.span);
    }
    spans.into_iter().map(|(rule, spans)| (rule, Ordered::new(spans))).collect()
}

fn by_rule<'a>(findings: impl Iterator<Item = &'a Finding>) -> BTreeMap<&'a str, usize> {
    let mut counts = BTreeMap::new();
    for finding in findings {
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

/// Text without its layout; of a very long one the beginning, and its length.
pub(super) fn normalised(text: &str) -> String {
    const LONG: usize = 4096;
    let words = |text: &str| text.split_whitespace().collect::<Vec<_>>().join(" ");
    match text.char_indices().map(|(at, _)| at).find(|at| *at >= LONG) {
        None => words(text),
        Some(at) => format!("{} {}", words(&text[..at]), text.len()),
    }
}
