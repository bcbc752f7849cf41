//! Texts that stand elsewhere in a file, of which a fix would leave a half.

use crate::policy::fix::FixSpec;
use crate::source::Span;

use super::finding::Edit;
use super::render::{Filled, Voice};

/// Places of one text that are looked at.
const MAX_PLACES: usize = 1000;

/// Why a fix is not offered: what it must not leave behind, and where that stands.
pub(super) fn left_behind(spec: &FixSpec, voice: Voice<'_>, edits: &[Edit]) -> Option<String> {
    if spec.when.unless_text.is_empty() {
        return None;
    }
    let fact = voice.scene.about.fact;
    let source = voice.scene.about.view.source;
    let own = fact.fields.get("statement").and_then(|statement| statement.span()).unwrap_or(fact.span);
    let is_edited = |place: Span| edits.iter().any(|edit| edit.span.overlaps(place));
    let changes = |place: Span| own.contains(place) || is_edited(place);
    let text = |part: &_| match voice.scene.part(part) {
        Filled::Known(text) | Filled::Partly(text) => Some(text),
        Filled::Missing => None,
    };
    // What a change takes away stands there no more.
    let stays = |text: &str| {
        let places = memchr::memmem::find_iter(source.text.as_bytes(), text);
        places.map(|at| Span::new(at, at + text.len())).any(|place| !is_edited(place))
    };
    let found = spec.when.unless_text.iter().find_map(|written| {
        written.find(text, stays, |expression| {
            let places = expression.find_iter(source.text.as_bytes()).take(MAX_PLACES);
            places.map(|place| Span::new(place.start(), place.end())).find(|place| !changes(*place))
        })
    })?;
    let line = source.lines.line(found.start);
    Some(format!("its `unless-text` finds `{}` on line {line}", source.slice(found).trim()))
}
