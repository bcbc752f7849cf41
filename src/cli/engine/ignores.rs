//! `--add-ignores`: comments that silence what is found now. They are tried as fixes are: each stands only when the
//! finding is silenced by it and nothing else changes.

use std::collections::BTreeMap;

use crate::check::{self, Applicability, Edit, Finding, Fix, Run};
use crate::fix::{self, Allow, Checked, Mended, RealSyntax};
use crate::policy::Effective;
use crate::report::FileResult;
use crate::source::{Kind, Source, Span};

use super::{Session, Workers, panics};

/// Where a comment goes; each is tried where those before it did not do. With `true`, only for rules that speak once a
/// file: silenced at one place, they would speak of the next.
const PLACES: [(Place, bool); 4] =
    [(Place::File, true), (Place::Above, false), (Place::Behind, false), (Place::File, false)];

/// Where a comment goes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Place {
    /// On a line of its own above.
    Above,
    /// At the end of the line.
    Behind,
    /// Near the top, for the whole file.
    File,
}

impl Session<'_> {
    /// The texts of the files that `results` are of with a comment for each finding; nothing is written.
    pub(in crate::cli) fn silence(
        &self,
        runs: &[Run<'_>],
        results: &[FileResult],
        reason: &str,
        workers: &Workers,
    ) -> Vec<Mended> {
        let numbered: Vec<(usize, &FileResult)> = results.iter().enumerate().collect();
        workers.doing("trying comments").map(&numbered, |(index, result)| {
            panics::catch(|| self.silenced(runs, *index, result, reason)).unwrap_or_else(|panic| {
                let mut checked = Checked { findings: result.findings.clone(), gaps: result.gaps.clone() };
                checked.gaps.push(panics::gap(&result.source, &panic));
                let source = Source::clone(&result.source);
                Mended { source, checked, applied: Vec::new(), dropped: Vec::new() }
            })
        })
    }

    fn silenced(&self, runs: &[Run<'_>], index: usize, result: &FileResult, reason: &str) -> Mended {
        let checked = Checked { findings: result.findings.clone(), gaps: result.gaps.clone() };
        let source = Source::clone(&result.source);
        let mut mended = Mended { source, checked, applied: Vec::new(), dropped: Vec::new() };
        // A file that was not read has no text to write into.
        let Some(policy) = self.own.inputs.get(index).filter(|_| index < self.reported).map(|input| &input.policy)
        else {
            return mended;
        };
        let bash = RealSyntax::find();
        for (place, once) in PLACES {
            let is_meant = |rule: &str| !once || policy.active(rule).is_some_and(|active| active.rule.once);
            let offer = |source: &Source, mut checked: Checked| {
                offer(place, reason, source, &mut checked.findings, policy, &is_meant);
                checked
            };
            let recheck = |source: &Source| offer(source, self.recheck(runs, index, source));
            let before = offer(&mended.source, std::mem::take(&mut mended.checked));
            let next = fix::mend(&mended.source, before, Allow::Safe, &|_, _| true, &recheck, &bash);
            mended.applied.extend(next.applied);
            // Only what no place was good for is told.
            mended.dropped = next.dropped;
            mended.source = next.source;
            mended.checked = self.recheck(runs, index, &mended.source);
        }
        mended
    }
}

/// Replaces the fix of each finding by a comment that silences it; those on one line share one. Of rules that are not
/// meant nothing is offered.
fn offer(
    place: Place,
    reason: &str,
    source: &Source,
    findings: &mut [Finding],
    policy: &Effective,
    is_meant: &dyn Fn(&str) -> bool,
) {
    let wanted = |finding: &Finding| {
        is_meant(&finding.rule)
            && finding.suppressed.is_none()
            && policy.keeps_loud(&finding.rule).is_none()
            && !finding.is_about_comments()
    };
    let blocks = check::rewritten_blocks(source);
    let target = |finding: &Finding| target(place, source, finding.span, &blocks);
    let mut by_target: BTreeMap<usize, Vec<String>> = BTreeMap::new();
    for finding in findings.iter().filter(|finding| wanted(finding)) {
        let Some(line) = target(finding) else { continue };
        let rules = by_target.entry(line).or_default();
        if !rules.contains(&finding.rule) {
            rules.push(finding.rule.clone());
        }
    }
    let comment = |line: usize| comment(place, source, line, &by_target.get(&line)?.join(", "), reason);
    for finding in findings {
        finding.fix = target(finding).filter(|_| wanted(finding)).and_then(comment).map(|edit| Fix {
            title: title(place).to_owned(),
            applicability: Applicability::Safe,
            edits: vec![edit],
            chmod: None,
        });
    }
}

const fn title(place: Place) -> &'static str {
    match place {
        Place::Above => "add a comment above",
        Place::Behind => "add a comment on the line",
        Place::File => "add a comment for the whole file",
    }
}

/// The line that a comment for a finding goes to, from 1. In a block that a tool rewrites no comment stays: one above it
/// speaks of all its lines.
fn target(place: Place, source: &Source, span: Span, blocks: &[Span]) -> Option<usize> {
    let block = blocks.iter().find(|block| block.contains(Span::at(span.start)));
    let line = source.lines.line(block.map_or(span.start, |block| block.start));
    Some(match place {
        Place::Behind if block.is_some() => return None,
        // Above the first line of a continued one.
        Place::Above => (1..line).rev().take_while(|above| text(source, *above).ends_with('\\')).last().unwrap_or(line),
        Place::Behind => line,
        Place::File if source.kind == Kind::Notebook => {
            let starts = |line: &usize| text(source, *line).contains("\"source\":");
            (1..line).rev().find(starts).map_or(line, |start| start + 1)
        }
        Place::File => 1 + usize::from(text(source, 1).starts_with("#!")),
    })
}

/// The comment at a line; `None` where none can stand.
fn comment(place: Place, source: &Source, line: usize, rules: &str, reason: &str) -> Option<Edit> {
    let word = if place == Place::File { "ignore-file" } else { "ignore" };
    let span = source.lines.span(line);
    let whole = source.slice(span);
    let body = whole.trim_end_matches(['\n', '\r']);
    let end = if whole.len() > body.len() { &whole[body.len()..] } else { "\n" };
    let indent = &body[..body.len() - body.trim_start().len()];
    let edit = |at: usize, text: String| Some(Edit { path: None, span: Span::at(at), text });
    if source.kind == Kind::Notebook {
        // A line of a notebook is a string; what ends a string may not stand in the reason.
        let reason = reason.replace('"', "'").replace('\\', "/");
        let comment = format!("# pydoctor: {word}[{rules}] -- {reason}");
        let code = body.trim_start().strip_prefix('"')?;
        let inner = &code[..code.len() - code.trim_start().len()];
        return match place {
            Place::Behind => {
                let close = body.rfind("\\n\"").or_else(|| body.rfind('"'))?;
                edit(span.start + close, format!("  {comment}"))
            }
            Place::Above | Place::File => edit(span.start, format!("{indent}\"{inner}{comment}\\n\",{end}")),
        };
    }
    let comment = format!("# pydoctor: {word}[{rules}] -- {reason}");
    match place {
        // Nothing stands above the line that names the interpreter, and what stands behind is read with it.
        Place::Above | Place::Behind if line == 1 && body.starts_with("#!") => None,
        Place::Above => edit(span.start, format!("{indent}{comment}{end}")),
        Place::File => edit(span.start, format!("{comment}{end}")),
        Place::Behind => edit(span.start + body.len(), format!("  {comment}")),
    }
}

fn text(source: &Source, line: usize) -> &str {
    source.slice(source.lines.span(line)).trim_end()
}
