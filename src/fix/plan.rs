//! Which fixes can be applied together: one round's choice.

use std::collections::{BTreeMap, HashMap};

use crate::check::{Applicability, Edit, Finding};
use crate::source::{Source, Span};

use super::Allow;

/// One round's choice among the findings of a file, by index. What is in none of the lists has no fix that
/// may be applied, or waits for the next round because it overlaps one that is taken.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Plan {
    /// Taken, in the order of the file.
    pub(super) taken: Vec<usize>,
    /// Never to be applied, with the reason.
    pub(super) refused: Vec<(usize, &'static str)>,
}

/// Chooses fixes that do not overlap, the earlier in the file first.
pub(super) fn plan(source: &Source, findings: &[Finding], allow: Allow, skip: &dyn Fn(&Finding) -> bool) -> Plan {
    let mut plan = Plan::default();
    let mut order: Vec<(usize, &[Edit])> = Vec::new();
    for (index, finding) in findings.iter().enumerate() {
        let Some(fix) = &finding.fix else { continue };
        if finding.suppressed.is_some() || !allow.permits(fix.applicability) || fix.edits.is_empty() || skip(finding) {
            continue;
        }
        match fault(source, &fix.edits) {
            Some(reason) => plan.refused.push((index, reason)),
            None => order.push((index, &fix.edits)),
        }
    }
    order.sort_by_key(|(index, edits)| (edits.iter().map(|edit| edit.span.start).min(), *index));
    in_turn(&mut order, findings);
    let mut taken = Taken::default();
    for (index, edits) in order {
        if edits.iter().all(|edit| taken.has_room(edit)) {
            edits.iter().for_each(|edit| taken.add(edit));
            plan.taken.push(index);
        }
    }
    plan
}

/// Leaves those that have their turn: the safe ones, and when there are none those of one rule. What makes an unsafe
/// fix right is looked at again in the text that the others leave.
fn in_turn(order: &mut Vec<(usize, &[Edit])>, findings: &[Finding]) {
    let is_safe =
        |index: usize| findings[index].fix.as_ref().is_some_and(|fix| fix.applicability == Applicability::Safe);
    if order.iter().any(|(index, _)| is_safe(*index)) {
        order.retain(|(index, _)| is_safe(*index));
    } else if let Some(rule) = order.first().map(|(index, _)| &findings[*index].rule) {
        order.retain(|(index, _)| findings[*index].rule == *rule);
    }
}

/// Why a fix cannot be applied to this file at all.
fn fault(source: &Source, edits: &[Edit]) -> Option<&'static str> {
    if source.text.lines().any(|line| line.starts_with("<<<<<<< ")) {
        return Some("git left a conflict in the file");
    }
    let elsewhere = |edit: &Edit| edit.path.as_ref().is_some_and(|path| *path != source.path);
    if edits.iter().any(elsewhere) {
        return Some("it changes another file");
    }
    let fits =
        |edit: &Edit| edit.span.start <= edit.span.end && source.text.get(edit.span.start..edit.span.end).is_some();
    if !edits.iter().all(fits) {
        return Some("an edit does not fit the file");
    }
    let mut spans: Vec<Span> = edits.iter().map(|edit| edit.span).collect();
    spans.sort_unstable();
    spans.windows(2).any(|pair| pair[0].overlaps(pair[1])).then_some("its edits overlap each other")
}

/// The edits taken so far, by place. They do not overlap, so their ends are in order too.
#[derive(Default)]
struct Taken<'a> {
    edits: BTreeMap<(usize, usize), Vec<&'a str>>,
    /// Lines that they write, each with its place.
    lines: HashMap<&'a str, Span>,
}

impl<'a> Taken<'a> {
    /// True when `edit` is there already, or touches nothing that is. A line that another fix writes elsewhere may be
    /// enough: whether it is needed twice shows in the text that has it.
    fn has_room(&self, edit: &Edit) -> bool {
        let key = (edit.span.start, edit.span.end);
        if line_of(&edit.text).and_then(|line| self.lines.get(line)).is_some_and(|place| *place != edit.span) {
            return false;
        }
        if self.edits.get(&key).is_some_and(|texts| texts.contains(&edit.text.as_str())) {
            return true;
        }
        self.edits
            .range(..=(edit.span.end, usize::MAX))
            .rev()
            .take_while(|((_, end), _)| *end >= edit.span.start)
            .all(|((start, end), _)| !collide(edit.span, Span::new(*start, *end)))
    }

    fn add(&mut self, edit: &'a Edit) {
        let texts = self.edits.entry((edit.span.start, edit.span.end)).or_default();
        if !texts.contains(&edit.text.as_str()) {
            texts.push(&edit.text);
        }
        if let Some(line) = line_of(&edit.text) {
            self.lines.entry(line).or_insert(edit.span);
        }
    }
}

/// The text of an edit that writes a line of its own.
fn line_of(text: &str) -> Option<&str> {
    let line = text.trim();
    (text.contains('\n') && !line.is_empty() && line != "}").then_some(line)
}

/// True when two changes of different fixes cannot be made at once. An insertion at the edge of another
/// change collides: which comes first would change the result.
fn collide(a: Span, b: Span) -> bool {
    if a.is_empty() || b.is_empty() { a.start <= b.end && b.start <= a.end } else { a.overlaps(b) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::check::{By, Certainty, Fix, Severity};
    use crate::source::Kind;

    fn finding(applicability: Applicability, edits: &[(usize, usize, &str)]) -> Finding {
        let edits = edits
            .iter()
            .map(|(start, end, text)| Edit { path: None, span: Span::new(*start, *end), text: (*text).to_owned() })
            .collect();
        Finding {
            rule: "r".into(),
            severity: Severity::Warning,
            certainty: Certainty::Certain,
            message: String::new(),
            help: String::new(),
            url: String::new(),
            tags: Vec::new(),
            site: String::new(),
            path: "f".into(),
            span: Span::new(0, 1),
            labels: Vec::new(),
            fingerprint: String::new(),
            fix: Some(Fix { title: String::new(), applicability, edits, chmod: None }),
            no_fix: String::new(),
            by: By::default(),
            cell: None,
            suppressed: None,
        }
    }

    fn taken(allow: Allow, findings: &[Finding]) -> Vec<usize> {
        let source = Source::new("f".into(), Kind::Other, b"0123456789\n".to_vec());
        plan(&source, findings, allow, &|_| false).taken
    }

    #[test]
    fn overlapping_fixes_wait_and_equal_edits_go_together() {
        use Applicability::Safe;
        let findings = [
            finding(Safe, &[(5, 8, "")]),
            finding(Safe, &[(0, 2, "x")]),
            finding(Safe, &[(7, 9, "y")]),
            finding(Safe, &[(0, 2, "x"), (3, 3, "new")]),
            finding(Safe, &[(0, 2, "z")]),
            finding(Safe, &[(2, 3, "q")]),
            finding(Safe, &[(8, 9, "next")]),
        ];
        assert_eq!(taken(Allow::Safe, &findings), [1, 3, 0, 6]);
    }

    #[test]
    fn an_insertion_at_the_edge_of_a_deletion_waits() {
        use Applicability::Safe;
        let findings = [finding(Safe, &[(0, 3, "")]), finding(Safe, &[(3, 3, "a")]), finding(Safe, &[(3, 3, "b")])];
        assert_eq!(taken(Allow::Safe, &findings), [0]);
        assert_eq!(taken(Allow::Safe, &findings[1..]), [0]);
    }

    #[test]
    fn a_line_is_written_at_one_place_a_round() {
        use Applicability::Safe;
        let line = "load x\n";
        let findings = [finding(Safe, &[(0, 0, line)]), finding(Safe, &[(4, 4, line)]), finding(Safe, &[(0, 0, line)])];
        assert_eq!(taken(Allow::Safe, &findings), [0, 2]);
    }

    #[test]
    fn unsafe_fixes_wait_for_safe_ones_and_for_those_of_other_rules() {
        use Applicability::{Safe, Unsafe};
        let of = |rule: &str, finding: Finding| Finding { rule: rule.into(), ..finding };
        let findings = [
            of("b", finding(Unsafe, &[(0, 1, "")])),
            of("a", finding(Unsafe, &[(2, 3, "")])),
            of("b", finding(Unsafe, &[(4, 5, "")])),
            of("a", finding(Safe, &[(6, 7, "")])),
        ];
        assert_eq!(taken(Allow::Unsafe, &findings), [3]);
        assert_eq!(taken(Allow::Unsafe, &findings[..3]), [0, 2]);
    }

    #[test]
    fn what_may_be_applied_is_asked_for() {
        let findings = [Applicability::Safe, Applicability::Unsafe, Applicability::Display]
            .map(|applicability| finding(applicability, &[(0, 1, "")]));
        assert!(taken(Allow::Safe, &findings[1..]).is_empty());
        assert_eq!(taken(Allow::Unsafe, &findings[1..]), [0]);
        assert!(taken(Allow::Unsafe, &findings[2..]).is_empty());
    }

    #[test]
    fn faulty_edits_are_refused() {
        let source = Source::new("f".into(), Kind::Other, "é\n".into());
        let findings = [
            finding(Applicability::Safe, &[(1, 2, "")]),
            finding(Applicability::Safe, &[(2, 9, "")]),
            finding(Applicability::Safe, &[(0, 3, ""), (2, 3, "x")]),
        ];
        let plan = plan(&source, &findings, Allow::Safe, &|_| false);
        assert!(plan.taken.is_empty());
        assert_eq!(plan.refused.len(), 3);
    }

    #[test]
    fn a_file_with_a_conflict_is_left() {
        let source = Source::new("f".into(), Kind::Other, "<<<<<<< HEAD\na\n=======\nb\n>>>>>>> b\n".into());
        let plan = plan(&source, &[finding(Applicability::Safe, &[(13, 14, "")])], Allow::Safe, &|_| false);
        assert!(plan.taken.is_empty());
        assert_eq!(plan.refused.len(), 1);
    }
}
