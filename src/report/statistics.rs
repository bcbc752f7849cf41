//! What `--statistics` shows: how often each rule found something, and how much of that can be mended.

use std::cmp::Reverse;
use std::io::{self, Write};

use foldhash::HashMap;

use crate::check::{Applicability, Severity};

use super::human::HumanOptions;
use super::model::Report;

/// Counts of one rule.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct RuleCount<'a> {
    /// Its id.
    pub rule: &'a str,
    /// The worst of its findings.
    pub severity: Severity,
    /// Findings, without those that are suppressed.
    pub findings: usize,
    /// Of these, with a safe fix.
    pub fixable_safe: usize,
    /// Of these, with an unsafe fix.
    pub fixable_unsafe: usize,
    /// Findings that are suppressed.
    pub suppressed: usize,
}

/// The rules that found something: most findings first, then by id.
pub(super) fn by_rule(report: &Report) -> Vec<RuleCount<'_>> {
    let mut counts: HashMap<&str, RuleCount<'_>> = HashMap::default();
    for finding in &report.findings {
        let none = RuleCount {
            rule: &finding.rule,
            severity: finding.severity,
            findings: 0,
            fixable_safe: 0,
            fixable_unsafe: 0,
            suppressed: 0,
        };
        let count = counts.entry(&finding.rule).or_insert(none);
        count.severity = count.severity.max(finding.severity);
        if finding.suppressed.is_some() {
            count.suppressed += 1;
            continue;
        }
        count.findings += 1;
        match finding.fix.as_ref().map(|fix| fix.applicability) {
            Some(Applicability::Safe) => count.fixable_safe += 1,
            Some(Applicability::Unsafe) => count.fixable_unsafe += 1,
            Some(Applicability::Display) | None => {}
        }
    }
    let mut counts: Vec<_> = counts.into_values().collect();
    counts.sort_by_key(|count| (Reverse(count.findings), count.rule));
    counts
}

/// Writes a line for each rule. Errors are those of `out`.
pub(super) fn write(report: &Report, options: &HumanOptions, out: &mut dyn Write) -> io::Result<()> {
    let counts = by_rule(report);
    let width = counts.iter().map(|count| count.rule.len()).max().unwrap_or(0);
    let digits = counts.iter().map(|count| count.findings.to_string().len()).max().unwrap_or(0).max(5);
    for count in &counts {
        let style = options.palette.of(count.severity);
        let mut notes = Vec::new();
        for (number, what) in [
            (count.fixable_safe, "fixable"),
            (count.fixable_unsafe, "fixable with --unsafe-fixes"),
            (count.suppressed, "suppressed"),
        ] {
            if number > 0 {
                notes.push(format!("{number} {what}"));
            }
        }
        let line = format!(
            "{:digits$}  {style}{:7}{style:#}  {:width$}  {}",
            count.findings,
            count.severity.name(),
            count.rule,
            notes.join(", ")
        );
        writeln!(out, "{}", line.trim_end())?;
    }
    Ok(())
}
