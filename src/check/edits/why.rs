//! Why an edit cannot be made for a finding, in words for whoever writes the rule.

use super::{Editor, holds, is_statement};
use crate::policy::fix::{EditSpec, LinePlace, Side};
use crate::policy::rule::Place;

impl Editor<'_> {
    /// Why the edit that is the `number`th of its fix, from 1, gives no change here.
    pub(super) fn why_not(&self, number: usize, spec: &EditSpec) -> String {
        let action = spec.action();
        let reason = self.missing_text(spec).or_else(|| self.missing_place(spec)).unwrap_or_else(|| match action {
            "move" | "wrap" if self.fills_no_line(spec) => {
                "it is a part of its statement; name `statement` to take all of that".to_owned()
            }
            "insert-line" => "other code shares that line, or the text is empty".to_owned(),
            "delete" | "move" | "wrap" => "it does not stand on lines of its own, or more hangs on it".to_owned(),
            "replace" => "it stands so already, or the place holds more than the value".to_owned(),
            "uses" => "something else in the file has that name too, or takes it from a variable".to_owned(),
            _ => "it does not fit what stands there".to_owned(),
        });
        format!("edit {number} (`{action}`): {reason}")
    }

    /// True where the place is only a part of a statement that is whole.
    fn fills_no_line(&self, spec: &EditSpec) -> bool {
        let (EditSpec::Move(place, _) | EditSpec::Wrap(place, ..)) = spec else { return false };
        let in_statement = self.span(place).and_then(|span| holds(self.fact, span));
        let is_all = in_statement.is_some() && in_statement == self.lines_of(place);
        in_statement.is_some() && !is_all && !is_statement(place) && self.fact.is_all_of_statement()
    }

    /// A part of its text that is not known here.
    fn missing_text(&self, spec: &EditSpec) -> Option<String> {
        let part = self.voice.missing(spec.text()?)?;
        Some(format!("`{part}` is not known here"))
    }

    /// A place of it that this fact does not have.
    fn missing_place(&self, spec: &EditSpec) -> Option<String> {
        let place = places(spec).into_iter().find(|place| self.span(place).is_none())?;
        Some(format!("`{place}` stands nowhere here"))
    }
}

/// The places that an edit names.
fn places(spec: &EditSpec) -> Vec<&Place> {
    let beside = |at| match at {
        &LinePlace::Beside(Side::Before(ref place) | Side::After(ref place)) => Some(place),
        LinePlace::Top | LinePlace::FirstCommand => None,
    };
    match spec {
        EditSpec::Delete(place)
        | EditSpec::Replace(place, _)
        | EditSpec::Uses(place, _)
        | EditSpec::Wrap(place, ..)
        | EditSpec::Uncomment(place)
        | EditSpec::Insert(_, Side::Before(place) | Side::After(place)) => vec![place],
        EditSpec::InsertLine(_, at) => beside(at).into_iter().collect(),
        EditSpec::Move(place, at) => std::iter::once(place).chain(beside(at)).collect(),
        EditSpec::Everywhere(edit) => places(edit),
        EditSpec::AddOption(_) | EditSpec::Import(_) | EditSpec::UnixLineEnds | EditSpec::Chmod(_) => Vec::new(),
    }
}
