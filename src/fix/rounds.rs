//! Rounds of fixing to a fixed point, each verified before it stands.

use std::collections::BTreeSet;

use crate::check::{Applicability, Edit, Finding};
use crate::facts::Gap;
use crate::source::{Kind, Source};

use super::apply::{apply, distinct};
use super::plan::plan;
use super::verify::{self, Judged, normalised};
use super::{Allow, Syntax};

/// After so many rounds what is left stays: fixes that undo each other would never end.
pub const MAX_ROUNDS: usize = 50;

/// So many results are tried in one round to find the fixes that do harm; those not judged then are dropped.
const MAX_ATTEMPTS: usize = 200;

/// What the checks say of one text.
#[derive(Clone, Debug, Default)]
pub struct Checked {
    /// The findings.
    pub findings: Vec<Finding>,
    /// What was not understood.
    pub gaps: Vec<Gap>,
}

/// A file after fixing; nothing is written yet.
#[derive(Clone, Debug)]
pub struct Mended {
    /// The new text; the old one when no fix was applied.
    pub source: Source,
    /// What is left in it.
    pub checked: Checked,
    /// Fixes applied, in the order in which they were.
    pub applied: Vec<Applied>,
    /// Fixes that would have done harm or nothing.
    pub dropped: Vec<Dropped>,
}

/// A fix that was applied.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Applied {
    /// The rule.
    pub rule: String,
    /// What the fix did.
    pub title: String,
    /// How far it could be trusted.
    pub applicability: Applicability,
    /// Line of its finding, from 1, in the text of its round.
    pub line: usize,
}

/// A fix that was not applied although it was asked for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Dropped {
    /// The rule to blame.
    pub rule: String,
    /// What the fix would have done.
    pub title: String,
    /// Line of its finding, from 1, in the text of its round.
    pub line: usize,
    /// Why not.
    pub reason: String,
}

/// Applies the fixes of `checked` that `allow` permits, checks the result, and goes on until nothing is left
/// to do. `wanted` is asked about each fix before it is tried; `check` judges a changed text; `syntax` is asked only
/// when the text before was accepted.
pub fn mend(
    source: &Source,
    checked: Checked,
    allow: Allow,
    wanted: &dyn Fn(&Source, &Finding) -> bool,
    check: &dyn Fn(&Source) -> Checked,
    syntax: &dyn Syntax,
) -> Mended {
    let mut mended = Mended { source: source.clone(), checked, applied: Vec::new(), dropped: Vec::new() };
    let (mut skip, mut unwanted) = (BTreeSet::<Key>::new(), BTreeSet::<Key>::new());
    let mut accepted = None;
    let mut postponed = Vec::new();
    for _ in 0..MAX_ROUNDS {
        let base = mended.source.clone();
        let left_out = |finding: &Finding| {
            let key = key(&base, finding);
            skip.contains(&key) || unwanted.contains(&key)
        };
        let mut plan = plan(&base, &mended.checked.findings, allow, &left_out);
        for (index, reason) in plan.refused {
            let finding = &mended.checked.findings[index];
            skip.insert(key(&base, finding));
            mended.dropped.push(dropped(&base, finding, reason));
        }
        let planned = plan.taken.len();
        plan.taken.retain(|index| {
            let finding = &mended.checked.findings[*index];
            let yes = wanted(&base, finding);
            if !yes {
                unwanted.insert(key(&base, finding));
            }
            yes
        });
        if plan.taken.is_empty() {
            if planned == 0 {
                break;
            }
            // What waited for one that is not wanted has its turn.
            continue;
        }
        let accepted = *accepted.get_or_insert_with(|| syntax.accepts(&base) == Some(true));
        let first = std::mem::take(&mut mended.checked);
        let mut round = Round {
            base: Judged { source: &base, checked: &first },
            check,
            syntax: accepted.then_some(syntax),
            taken: Vec::new(),
            result: None,
            faults: Vec::new(),
            attempts: 0,
        };
        // Safe fixes first: what an unsafe one may leave behind must not excuse a safe one.
        let (safe, other): (Vec<&Finding>, Vec<&Finding>) =
            plan.taken.iter().map(|index| &first.findings[*index]).partition(|finding| is_safe(finding));
        round.accept(&safe);
        round.accept(&other);
        mended.applied.extend(round.taken.iter().map(|finding| applied(&base, finding)));
        let changed = !round.taken.is_empty();
        postponed.clear();
        if changed {
            // What did harm to the text before may do none to this one, and is tried again.
            skip.clear();
            mended.dropped.clear();
        }
        for (finding, reason) in round.faults {
            if changed {
                postponed.push(dropped(&base, finding, &reason));
            } else {
                skip.insert(key(&base, finding));
                mended.dropped.push(dropped(&base, finding, &reason));
            }
        }
        (mended.source, mended.checked) = match round.result {
            Some(result) => result,
            None => (base, first),
        };
    }
    mended.dropped.append(&mut postponed);
    mended
}

/// The text with the fix of `finding` alone, to show what it does.
pub fn preview(source: &Source, finding: &Finding) -> Vec<u8> {
    apply(&source.bytes, &distinct(edits(finding).iter()))
}

/// What names a fix across rounds: rule, text, title.
type Key = (String, String, String);

fn key(source: &Source, finding: &Finding) -> Key {
    let title = finding.fix.as_ref().map(|fix| fix.title.clone()).unwrap_or_default();
    (finding.rule.clone(), normalised(source.slice(finding.span)), title)
}

fn is_safe(finding: &Finding) -> bool {
    finding.fix.as_ref().is_some_and(|fix| fix.applicability == Applicability::Safe)
}

fn edits(finding: &Finding) -> &[Edit] {
    finding.fix.as_ref().map(|fix| fix.edits.as_slice()).unwrap_or_default()
}

fn applied(source: &Source, finding: &Finding) -> Applied {
    let (title, applicability) = match &finding.fix {
        Some(fix) => (fix.title.clone(), fix.applicability),
        None => (String::new(), Applicability::Display),
    };
    Applied { rule: finding.rule.clone(), title, applicability, line: source.lines.line(finding.span.start) }
}

fn dropped(source: &Source, finding: &Finding, reason: &str) -> Dropped {
    let Applied { rule, title, line, .. } = applied(source, finding);
    Dropped { rule, title, line, reason: reason.to_owned() }
}

/// One round: fixes that do not overlap, tried together, then in halves when together they fail.
struct Round<'a> {
    /// The text at the start of the round, which every result is judged against.
    base: Judged<'a>,
    check: &'a dyn Fn(&Source) -> Checked,
    syntax: Option<&'a dyn Syntax>,
    /// Fixes that stand so far.
    taken: Vec<&'a Finding>,
    /// The text with those applied.
    result: Option<(Source, Checked)>,
    /// Fixes that do not stand, with the reason.
    faults: Vec<(&'a Finding, String)>,
    /// How many results were tried.
    attempts: usize,
}

impl<'a> Round<'a> {
    /// Takes what can be taken of `findings`; each that cannot is a fault.
    fn accept(&mut self, findings: &[&'a Finding]) {
        let mut pending = vec![findings.to_vec()];
        while let Some(group) = pending.pop() {
            if group.is_empty() {
                continue;
            }
            if self.attempts == MAX_ATTEMPTS {
                let reason = "too many fixes of this file do harm";
                self.faults.extend(group.into_iter().map(|finding| (finding, reason.to_owned())));
                continue;
            }
            self.attempts += 1;
            match (self.attempt(&group), group.as_slice()) {
                (Ok(result), _) => {
                    self.result = Some(result);
                    self.taken.extend(group);
                }
                (Err(reason), [finding]) => self.faults.push((finding, reason)),
                (Err(_), _) => {
                    let (first, second) = group.split_at(group.len() / 2);
                    pending.push(second.to_vec());
                    pending.push(first.to_vec());
                }
            }
        }
    }

    /// The text with `group` on top of what stands, if it is no worse than the base.
    fn attempt(&self, group: &[&'a Finding]) -> Result<(Source, Checked), String> {
        let all: Vec<&Finding> = self.taken.iter().chain(group).copied().collect();
        let edits = distinct(all.iter().flat_map(|finding| edits(finding)));
        let base = self.base.source;
        let bytes = apply(&base.bytes, &edits);
        let source = Source::new(base.path.clone(), base.kind.after_change(&base.path, &bytes), bytes);
        // Who accepted the text before has to accept this one: no answer is none.
        if self.syntax.is_some_and(|syntax| syntax.accepts(&source) != Some(true)) {
            let who = if source.kind == Kind::Python { "Python" } else { "the shell" };
            return Err(format!("afterwards {who} would refuse the file"));
        }
        let checked = (self.check)(&source);
        match verify::fault(self.base, Judged { source: &source, checked: &checked }, &all, &edits) {
            Some(reason) => Err(reason),
            None => Ok((source, checked)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::check::{By, Certainty, Fix, Severity};
    use crate::source::Span;

    /// A fix for each `bad` word, by what stands after the colon: `bad:DELETE`, `bad:KEEP`, `bad:BREAK`.
    fn check(source: &Source) -> Checked {
        let mut checked = Checked::default();
        let mut at = 0;
        for line in source.text.split_inclusive('\n') {
            let span = Span::new(at, at + line.trim_end().len());
            let whole = Span::new(at, at + line.len());
            match line.trim_end() {
                "bad:DELETE" => checked.findings.push(finding("r", span, whole, "")),
                "bad:KEEP" => checked.findings.push(finding("r", span, Span::at(whole.end), "# note\n")),
                "bad:BREAK" => checked.findings.push(finding("r", span, whole, "broken\n")),
                "bad:WORSE" => checked.findings.push(finding("r", span, whole, "other\n")),
                "bad:CHAIN" => checked.findings.push(finding("chain", span, whole, "bad:DELETE\n")),
                "bad:LATER" => {
                    let ready = source.text.contains("ready");
                    checked.findings.push(finding("later", span, whole, if ready { "" } else { "broken\n" }));
                    if !ready {
                        checked.findings.push(finding("ready", span, Span::at(whole.end), "ready\n"));
                    }
                }
                "other" => checked.findings.push(finding("s", span, span, "other")),
                "broken" => checked.gaps.push(Gap { span, reason: "syntax error".into() }),
                _ => {}
            }
            at += line.len();
        }
        checked
    }

    fn finding(rule: &str, span: Span, edit: Span, text: &str) -> Finding {
        let edits = vec![Edit { path: None, span: edit, text: text.to_owned() }];
        Finding {
            rule: rule.to_owned(),
            severity: Severity::Warning,
            certainty: Certainty::Certain,
            message: String::new(),
            help: String::new(),
            url: String::new(),
            tags: Vec::new(),
            site: String::new(),
            path: "f".into(),
            span,
            labels: Vec::new(),
            fingerprint: String::new(),
            fix: Some(Fix { title: "mend".into(), applicability: Applicability::Safe, edits, chmod: None }),
            no_fix: String::new(),
            by: By::default(),
            cell: None,
            suppressed: None,
        }
    }

    struct Refuses(&'static str);

    impl Syntax for Refuses {
        fn accepts(&self, source: &Source) -> Option<bool> {
            Some(!source.text.contains(self.0))
        }
    }

    fn mended(text: &str, syntax: &dyn Syntax) -> Mended {
        let source = Source::new("f".into(), Kind::Other, text.as_bytes().to_vec());
        let checked = check(&source);
        mend(&source, checked, Allow::Safe, &|_, _| true, &check, syntax)
    }

    fn reasons(mended: &Mended) -> Vec<(usize, &str)> {
        mended.dropped.iter().map(|dropped| (dropped.line, dropped.reason.as_str())).collect()
    }

    #[test]
    fn harmful_fixes_are_dropped_and_the_others_stand() {
        let text = "a\nbad:DELETE\nbad:BREAK\nb\nbad:KEEP\nbad:DELETE\nbad:WORSE\n";
        let mended = mended(text, &Refuses("\0"));
        assert_eq!(&*mended.source.text, "a\nbad:BREAK\nb\nbad:KEEP\nbad:WORSE\n");
        assert_eq!(mended.applied.len(), 2);
        assert_eq!(
            reasons(&mended),
            [
                (2, "afterwards a part of the file would not be understood: syntax error"),
                (4, "r would find the same afterwards"),
                (5, "it would give rise to s"),
            ]
        );
        assert_eq!(mended.checked.findings.len(), 3);
    }

    #[test]
    fn what_did_harm_is_tried_again_when_the_text_has_changed() {
        let mended = mended("bad:LATER\n", &Refuses("\0"));
        assert_eq!((&*mended.source.text, mended.applied.len(), mended.dropped.len()), ("ready\n", 2, 0));
    }

    #[test]
    fn only_what_is_wanted_is_applied() {
        let source = Source::new("f".into(), Kind::Other, b"bad:DELETE\nx\nbad:DELETE\n".to_vec());
        let wanted = |_: &Source, finding: &Finding| finding.span.start > 0;
        let mended = mend(&source, check(&source), Allow::Safe, &wanted, &check, &Refuses("\0"));
        assert_eq!(&*mended.source.text, "bad:DELETE\nx\n");
        assert_eq!((mended.applied.len(), mended.dropped.len()), (1, 0));
    }

    #[test]
    fn rounds_go_on_to_a_fixed_point() {
        let text = "bad:DELETE\nbad:DELETE\nx\n";
        let first = mended(text, &Refuses("\0"));
        assert_eq!(&*first.source.text, "x\n");
        assert_eq!(&*mended(&first.source.text, &Refuses("\0")).source.text, "x\n");
    }

    #[test]
    fn the_shell_has_a_say_only_where_it_accepted_the_text_before() {
        struct NeedsBad;
        impl Syntax for NeedsBad {
            fn accepts(&self, source: &Source) -> Option<bool> {
                Some(source.text.contains("bad"))
            }
        }
        let refused = mended("bad:DELETE\n", &NeedsBad);
        assert_eq!(reasons(&refused), [(1, "afterwards the shell would refuse the file")]);
        assert_eq!(&*refused.source.text, "bad:DELETE\n");
        assert_eq!(&*mended("bad:DELETE\nq\n", &Refuses("q")).source.text, "q\n");
    }

    proptest::proptest! {
        #[test]
        fn mending_twice_is_mending_once_and_keeps_the_rest(choice in proptest::collection::vec(0..8_usize, 0..40)) {
            const LINES: [&str; 8] =
                ["a", "bad:DELETE", "bad:KEEP", "bad:BREAK", "bad:WORSE", "bad:CHAIN", "b", "other"];
            let text: String = choice.iter().map(|index| format!("{}\n", LINES[*index])).collect();
            let once = mended(&text, &Refuses("\0"));
            let twice = mended(&once.source.text, &Refuses("\0"));
            proptest::prop_assert_eq!(&once.source.text, &twice.source.text);
            let kept = |line: &&str| *line != "bad:DELETE";
            let expected: Vec<&str> = text.lines().filter(kept).collect();
            proptest::prop_assert_eq!(once.source.text.lines().collect::<Vec<_>>(), expected);
        }
    }
}
