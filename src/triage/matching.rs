//! Meeting symptoms with the lines of a ticket.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::LazyLock;

use regex::Regex;

use crate::policy::Phrase;
use crate::policy::symptom::{On, Signature};
use crate::tables::Tables;

use super::lines::known;
use super::pieces::{Part, Reading, Text};

/// So many places of one phrase are looked at in one document.
const PLACES: usize = 200;

/// A title is about everything: the parts of a signature may stand so many lines below it.
const BELOW_TITLE: usize = 40;

/// A line: the number of its document, and its position there.
pub(super) type Spot = (usize, usize);

/// What a signature found.
#[derive(Clone, Debug, Default)]
pub(super) struct Hit {
    /// The lines that show it, in order.
    pub spots: BTreeSet<Spot>,
    /// What its phrases captured.
    pub captures: BTreeMap<String, String>,
    /// All of it is what somebody asks, supposes or has solved: it shows nothing.
    pub guessed: bool,
}

/// Looks for a signature in a ticket.
pub(super) fn find(signature: &Signature, reading: &Reading<'_>, tables: &Tables) -> Option<Hit> {
    if signature.unless.iter().any(|phrase| reading.texts.iter().any(|text| phrase.is_in(&text.clean))) {
        return None;
    }
    // What speaks against a cause may be that something is not said.
    if signature.any.is_empty() {
        return Some(Hit::default());
    }
    let mut hit = Hit { guessed: true, ..Hit::default() };
    for (document, text) in reading.texts.iter().enumerate() {
        for phrase in &signature.any {
            for found in places(phrase, text) {
                if is_source(text, found.first)
                    || !fits(signature, text, found.first)
                    || !is_known(signature, &found, tables)
                {
                    continue;
                }
                let around = (document, text.window(found.first, found.last, signature.lines));
                let spoilt = |(document, part): &Part| {
                    let part = reading.texts[*document].clean.get(part.clone()).unwrap_or("");
                    signature.not.iter().any(|phrase| phrase.is_in(part))
                };
                if spoilt(&around) || reading.titles.iter().any(spoilt) {
                    continue;
                }
                let mut parts = vec![around];
                if text.lines[found.first].title {
                    parts.extend(below(reading, (document, found.first)));
                }
                parts.extend(reading.titles.iter().cloned());
                let near = |phrase: &Phrase| {
                    parts.iter().find_map(|(number, part)| {
                        let text = &reading.texts[*number];
                        let line = if *number == document { found.first } else { 0 };
                        Some((*number, nearest(phrase, text, part, line)?))
                    })
                };
                let Some(near) = signature.all.iter().map(near).collect::<Option<Vec<_>>>() else { continue };
                // That a script has a directive or a comment shows nothing of what went wrong, nor does a list of versions.
                let tells = |(document, place): &(usize, Place)| {
                    let text = &reading.texts[*document];
                    let line = text.line(place.first);
                    (text.lines[place.first].on != On::Script || !line.trim_start().starts_with('#'))
                        && !INVENTORY.is_match(line)
                };
                let said = sentence(&text.clean, found.start);
                hit.guessed &= is_own_words(text.lines[found.first].on, said)
                    && (GUESS.is_match(said) || SOLVED.is_match(text.line(found.first)));
                for (document, place) in near.into_iter().filter(tells).chain([(document, found)]) {
                    hit.spots.extend((place.first..=place.last.min(place.first + 3)).map(|line| (document, line)));
                    for (name, value) in place.captures {
                        hit.captures.entry(name).or_insert(value);
                    }
                }
            }
        }
    }
    (!hit.spots.is_empty()).then_some(hit)
}

/// What phrases capture in commands and scripts, wherever they stand.
pub(super) fn captured(phrases: &[Phrase], reading: &Reading<'_>) -> BTreeMap<String, String> {
    let mut captures = BTreeMap::new();
    for (phrase, text) in phrases.iter().flat_map(|phrase| reading.texts.iter().map(move |text| (phrase, text))) {
        let typed = |place: &Place| matches!(text.lines[place.first].on, On::Script | On::Command);
        for place in places(phrase, text).into_iter().filter(typed) {
            for (name, value) in place.captures {
                captures.entry(name).or_insert(value);
            }
        }
    }
    captures
}

/// What the first group of a phrase holds, where it stands first.
pub(super) fn first_group(phrase: &Phrase, reading: &Reading<'_>) -> Option<String> {
    let group = |text: &Text| Some(phrase.find_at(&text.clean, 0)?.get(1)?.as_str().to_owned());
    reading.texts.iter().find_map(group)
}

/// Where a phrase stands.
struct Place {
    /// The byte where it begins.
    start: usize,
    first: usize,
    last: usize,
    captures: BTreeMap<String, String>,
}

/// What stands below a title, in its document and in the others of the ticket.
fn below(reading: &Reading<'_>, (document, line): Spot) -> Vec<Part> {
    let part = |(number, text): (usize, &Text)| {
        let first = if number == document { line } else { 0 };
        (number, text.window(first, first, BELOW_TITLE))
    };
    reading.texts.iter().enumerate().map(part).collect()
}

fn fits(signature: &Signature, text: &Text, line: usize) -> bool {
    let ran = text.ran.get(line);
    // A title is somebody's own words, and most often quotes a message.
    let on = text.lines.get(line).is_some_and(|line| {
        signature.on.contains(&line.on)
            || (line.title && signature.on.iter().any(|on| matches!(on, On::Prose | On::Log)))
    });
    (signature.on.is_empty() || on) && (signature.ran.is_empty() || ran.is_some_and(|ran| signature.ran.contains(ran)))
}

/// True for a line that is quoted from a program's source: its message was not printed. In a traceback it was.
fn is_source(text: &Text, line: usize) -> bool {
    let frame = |before: usize| text.line(before).trim_start().starts_with("File \"");
    SOURCE.is_match(text.line(line)) && !line.checked_sub(1).is_some_and(frame)
}

/// Whether what was captured stands in the table of options that the signature asks, if it asks one.
fn is_known(signature: &Signature, place: &Place, tables: &Tables) -> bool {
    let Some(known) = &signature.known else { return true };
    let Some(value) = place.captures.get(&known.capture) else { return false };
    let name = value.trim_start_matches('-').split('=').next().unwrap_or("");
    let options = tables.schedulers.options(known.scheduler);
    let mut letters = name.chars();
    let short = letters.next().filter(|_| letters.next().is_none());
    options.get(name).is_some() || short.is_some_and(|letter| options.short(letter).is_some())
}

/// True for somebody's own words before what was found, be it that they quote a message.
fn is_own_words(on: On, said: &str) -> bool {
    on == On::Prose || (on == On::Log && said.ends_with(['"', '\'', '`']))
}

/// The sentence up to a byte.
fn sentence(text: &str, to: usize) -> &str {
    let before = text.get(..to).unwrap_or("");
    let ends = [". ", ".\n", "? ", "?\n", "! ", "!\n", ": ", ":\n", "\n\n"];
    let from = ends.iter().filter_map(|end| Some(before.rfind(end)? + end.len())).max().unwrap_or(0);
    before.get(from..).unwrap_or("")
}

fn places(phrase: &Phrase, text: &Text) -> Vec<Place> {
    let mut places = Vec::new();
    let mut from = 0;
    while let Some(place) = at(phrase, text, from, text.clean.len()) {
        from = place.1;
        places.push(place.0);
        if places.len() >= PLACES || from > text.clean.len() {
            break;
        }
    }
    places
}

/// The first place of a phrase between two bytes, and the byte behind it.
fn at(phrase: &Phrase, text: &Text, from: usize, to: usize) -> Option<(Place, usize)> {
    let found = phrase.find_at(text.clean.get(..to)?, from)?;
    let whole = found.get(0)?;
    let names = found.iter().skip(1).flatten().count();
    let captures = if names == 0 { BTreeMap::new() } else { named(phrase, &found) };
    let last = whole.end().saturating_sub(1).max(whole.start());
    let place = Place { start: whole.start(), first: text.line_at(whole.start()), last: text.line_at(last), captures };
    let mut next = whole.end().max(whole.start() + 1);
    while next < text.clean.len() && !text.clean.is_char_boundary(next) {
        next += 1;
    }
    Some((place, next))
}

fn named(phrase: &Phrase, found: &regex::Captures<'_>) -> BTreeMap<String, String> {
    let value = |name: &String| Some((name.clone(), found.name(name)?.as_str().trim().chars().take(120).collect()));
    phrase.capture_names().iter().filter_map(value).collect()
}

/// The place of a phrase in the window that is nearest to `line`; of two, the first.
fn nearest(phrase: &Phrase, text: &Text, window: &std::ops::Range<usize>, line: usize) -> Option<Place> {
    let mut best: Option<(usize, Place)> = None;
    let mut from = window.start;
    for _ in 0..PLACES {
        let Some((place, next)) = at(phrase, text, from, window.end) else { break };
        let distance = place.first.abs_diff(line);
        // What follows is only farther away.
        if best.as_ref().is_some_and(|(least, _)| distance > *least) {
            break;
        }
        if best.as_ref().is_none_or(|(least, _)| distance < *least) {
            best = Some((distance, place));
        }
        from = next;
        if from >= window.end {
            break;
        }
    }
    best.map(|(_, place)| place)
}

/// What is installed or active, as forms for reports ask for it: `pip version: 22.3`, `active environment : base`. The
/// versions of drivers and libraries are not meant: they may tell what does not fit.
static INVENTORY: LazyLock<Regex> = LazyLock::new(|| {
    known(concat!(
        r"(?i)^\W*(?:pip3?|conda(?:-build)?|mamba|python3?|i?python|jupyter\w*|setuptools|os|operating system|platform)",
        r"(?: \(?version\)?\W*[:=]|(?: version)?\W{1,5}(?:is |was )?v?\d[\d.]*\w*\W*$)",
        r"|^\W*(?:active env\w*|shell level|(?:base|root) environment|user-agent)\b",
        r"|^[^.\n]{0,30}\b(?:conda |virtual )?(?:environment|env|venv) (?:was|is) (?:active|activated)\W*$",
    ))
});

/// A line of a program that would print a message, a search that found one, and a test that is named after one.
static SOURCE: LazyLock<Regex> = LazyLock::new(|| {
    known(concat!(
        r"^\W*(?:[\w./-]+:\d+:|\d+\W)?\W*(?:raise [\w.]+\(|throw new [\w.]+\(|(?:logger|logging|log|warnings|console)\.\w+\(",
        r"|(?:std::cerr|fprintf|panic!|die)\b ?[(<])",
        r"|^\W*(?:git grep|grep|rg|ag|echo|msgid|msgstr) |\|\| ?echo |^\W*(?:E +)?AssertionError: ['\x22]|^\W*(?:PASSED|FAILED|SKIPPED|XFAIL|ERROR) \S+::|^\S+::\S+ (?:PASSED|FAILED|SKIPPED|XFAIL)\b",
    ))
});

/// What is told of a message that is behind its author: `I solved that`.
static SOLVED: LazyLock<Regex> = LazyLock::new(|| {
    known(concat!(
        r"(?i)\b(?:i|we)(?:'ve| have| had| could| then| already| finally)* (?:solved|fixed|resolved|got (?:past|around|rid of|over))\b",
        r"|\b(?:that|this|it|which) (?:is|was|has been|got) (?:already |now )?(?:solved|fixed|resolved)\b",
    ))
});

/// Words by which people ask or suppose, before what they mean: `could it be that …`.
static GUESS: LazyLock<Regex> = LazyLock::new(|| {
    known(concat!(
        r"(?i)\b(?:(?:could|can|may|might)(?:n.t| not)? (?:it|this|that)(?: \w+)? be\b|(?:is|was) it (?:possible|because|that)\b|maybe|perhaps",
        r"|(?:i )?(?:wonder|guess|suspect|suppose)\b|wondering\b|does (?:it|this|that) mean\b|do you think\b|as if\b|whether\b)",
        r"|^\W*(?:and |or |so )?(?:is|are|was|has|have|will|would|should) (?:my|our|the|this|that|it|there)\b",
        r"|\b(?:faq|docs?|documentation|manual|wiki|handbook|release notes?)\b[^.\n]{0,20}\b(?:says?|tells?|lists?|explains?|states?|reads?|:)",
        r"|\bfixed ['\x22`]$",
        r"|\bk.nnte es sein\b|\bvielleicht\b|\bpeut-.tre\b|\best-ce que\b",
    ))
});
