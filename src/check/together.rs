//! Fixes of one rule about one thing stand or fall together: a file that is mended by half is worse than one that is not.

use ecow::EcoString;

use crate::facts::{FactKind, Value};
use crate::policy::fix::{EditSpec, FixSpec};
use crate::source::Source;

use super::finding::{Applicability, Finding};
use super::lookup::Subject;

/// What a finding is about: others of its rule about the same belong to it.
pub(super) fn about(subject: Subject<'_>) -> EcoString {
    let fact = subject.fact;
    let text = |name: &str| EcoString::from(fact.fields.text(name));
    match fact.kind {
        // The same done in another environment is something else.
        FactKind::Command => {
            let env = fact.state.as_deref().and_then(|state| match state.get("env") {
                Some(Value::Record(env)) => Some(format!("{} {}", env.text("name"), env.text("path"))),
                _ => None,
            });
            let installer = match fact.fields.get("installer") {
                Some(Value::Record(installer)) => EcoString::from(installer.text("name")),
                _ => EcoString::new(),
            };
            let made = [text("destination"), text("env"), installer].join(" ");
            format!("{} {made} in {}", fact.fields.text("run"), env.unwrap_or_default()).into()
        }
        FactKind::Assignment
        | FactKind::Module
        | FactKind::Dependency
        | FactKind::Directive
        | FactKind::Key
        | FactKind::Variable => text("name"),
        FactKind::PathEntry => text("conda-root"),
        FactKind::Block => text("tool"),
        FactKind::Import => text("module"),
        FactKind::Call => text("callee"),
        _ => EcoString::new(),
    }
}

/// True for a finding in lines that run on another host, which are mended for that one if at all.
pub(super) fn is_of_other_host(subject: Subject<'_>) -> bool {
    subject.fact.fields.lists("context", "host")
}

/// True for a fix that takes something away or puts something else there; what is only added leaves no half behind.
pub(super) fn changes(spec: &FixSpec) -> bool {
    spec.edits.iter().any(|edit| match edit {
        EditSpec::Delete(_)
        | EditSpec::Replace(..)
        | EditSpec::Uses(..)
        | EditSpec::Move(..)
        | EditSpec::Wrap(..)
        | EditSpec::Uncomment(_) => true,
        EditSpec::Everywhere(edit) => matches!(**edit, EditSpec::Replace(..) | EditSpec::Delete(_)),
        _ => false,
    })
}

/// Only shows the fixes that would leave another finding of their rule about the same as it is.
pub(super) fn all_or_none(findings: &mut [Finding], source: &Source) {
    let stays: Vec<(String, EcoString, usize)> = findings
        .iter()
        .filter(|finding| finding.by.stays && finding.suppressed.is_none())
        .map(|finding| (finding.rule.clone(), finding.by.about.clone(), source.lines.line(finding.span.start)))
        .collect();
    if stays.is_empty() {
        return;
    }
    for finding in findings.iter_mut().filter(|finding| finding.by.changes) {
        let Some(fix) = finding.fix.as_mut().filter(|fix| fix.applicability > Applicability::Display) else { continue };
        let half = stays.iter().find(|(rule, about, _)| *rule == finding.rule && *about == finding.by.about);
        if let Some((.., line)) = half {
            fix.applicability = Applicability::Display;
            finding.no_fix = format!("the same on line {line} is left as it is, and a half is not mended");
        }
    }
}
