//! From symptoms and findings to causes, ranked.

use std::cmp::Reverse;
use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;
use std::sync::Arc;

use crate::check::{self, SiteChoice};
use crate::policy::symptom::{Contradiction, Signature, Words};
use crate::policy::{Phrase, Policy, ROOT, Saying, Site, Symptom};
use crate::redact::Redactor;
use crate::report::{self, FileResult, Report};
use crate::source::{Kind, Source};
use crate::tables::Tables;

use super::lines::slice;
use super::matching::{self, Hit, Spot};
use super::model::{Cause, Confidence, Diagnosis, Diff, Evidence};
use super::pieces::{Piece, Reading};
use super::questions;

/// So much is asked of causes that are not certain.
const QUESTIONS: usize = 3;

/// Lines that are shown for one cause.
const EVIDENCE: usize = 6;

/// A line is shown up to so many characters.
const WIDTH: usize = 240;

/// What the checks found in each piece, in the order of the pieces, with places in the piece.
pub type Checked = Vec<Vec<check::Finding>>;

/// Puts a diagnosis together. Captured text is masked by `redactor` where it is to be said.
pub fn diagnose(
    policy: &Policy,
    site: &SiteChoice,
    reading: &Reading<'_>,
    checked: &Checked,
    redactor: Option<&Redactor>,
) -> Diagnosis {
    let mut diagnosis = Diagnosis {
        ticket: reading.ticket.name.clone(),
        site: report::SiteChoice { id: site.id.clone(), why: site.why.clone() },
        left_out: reading.ticket.left_out.clone(),
        pieces: reading.pieces.iter().map(|piece| told(piece, reading)).collect(),
        ..Diagnosis::default()
    };
    let Some(whole) = policy.sites.get(&site.id) else { return diagnosis };
    diagnosis.site_name.clone_from(&whole.name);
    diagnosis.template = policy.replies.of(&policy.sites, &site.id).cloned().unwrap_or_default();
    let (findings, lines) = findings(reading, checked);
    let cluster = reading.cluster || site.id != ROOT;
    let tables = &policy.tables;
    let mut view = View { site: whole, reading, findings: &findings, tables, redactor, cluster, fill: BTreeMap::new() };
    view.fill = whole
        .symptoms
        .fill
        .iter()
        .filter_map(|(word, phrase)| Some((word.clone(), view.shown(&matching::first_group(phrase, reading)?))))
        .collect();
    let mut found: Vec<Found> = policy.symptoms.all().iter().filter_map(|symptom| view.judge(symptom)).collect();
    rank(&mut found);
    let certain = found.first().is_some_and(|found| found.cause.confidence == Confidence::Confirmed);
    let asked = found.iter().filter(|found| found.cause.follows.is_none()).filter_map(|found| found.question.clone());
    diagnosis.questions = match found.is_empty() {
        true => questions::of_any(reading, cluster),
        false if certain => Vec::new(),
        false => distinct(asked).into_iter().take(QUESTIONS).collect(),
    };
    diagnosis.causes = found.into_iter().map(|found| found.cause).collect();
    diagnosis.findings = findings;
    diagnosis.finding_lines = lines;
    diagnosis
}

/// A symptom that a ticket shows.
struct Found {
    cause: Cause,
    explains: Vec<String>,
    question: Option<String>,
    strength: usize,
    first: Spot,
}

/// What a symptom is judged by.
struct View<'v> {
    site: &'v Site,
    reading: &'v Reading<'v>,
    findings: &'v [report::model::Finding],
    tables: &'v Tables,
    redactor: Option<&'v Redactor>,
    /// Something speaks of a cluster.
    cluster: bool,
    /// What stands for words of the site, as the ticket tells.
    fill: BTreeMap<String, String>,
}

impl View<'_> {
    fn judge(&self, symptom: &Symptom) -> Option<Found> {
        if symptom.is_off(self.site) {
            return None;
        }
        let hits: Vec<(&Signature, Hit)> = symptom.signatures.iter().filter_map(|each| self.hit(each)).collect();
        let first = *hits.iter().filter_map(|(_, hit)| hit.spots.first()).min()?;
        // What is asked or supposed shows no more than what has other causes, too.
        let strong = hits.iter().any(|(signature, hit)| !signature.weak && !hit.guessed);
        let mut confidence = if strong { Confidence::Likely } else { Confidence::Possible };

        let confirming = symptom.confirmations.iter().filter_map(|each| Some(self.hit(each)?.1));
        let confirming: Vec<Hit> = confirming.filter(|hit| !hit.guessed).collect();
        let matching: Vec<&report::model::Finding> =
            self.findings.iter().filter(|finding| symptom.rules.contains(&finding.rule)).collect();
        if !confirming.is_empty() || !matching.is_empty() {
            confidence = if strong { Confidence::Confirmed } else { Confidence::Likely };
        }
        let mut captures = BTreeMap::new();
        for hit in hits.iter().map(|(_, hit)| hit).chain(&confirming) {
            for (name, value) in &hit.captures {
                captures.entry(name.clone()).or_insert_with(|| self.shown(value));
            }
        }
        for (name, value) in matching::captured(&symptom.also, self.reading) {
            captures.entry(name).or_insert_with(|| self.shown(&value));
        }
        for (word, value) in &self.fill {
            captures.insert(word.clone(), value.clone());
        }
        let against: Vec<(&Contradiction, String, Hit)> = symptom
            .contradictions
            .iter()
            .filter_map(|each| {
                let hit = self.hit(&each.signature)?.1;
                let mut all = captures.clone();
                all.extend(hit.captures.iter().map(|(name, value)| (name.clone(), self.shown(value))));
                Some((each, each.say.say(self.site, &all)?, hit))
            })
            .collect();
        // Nothing speaks of what the cause needs, and a line rules it out: silence is better.
        let silent = against.iter().any(|(each, ..)| each.signature.any.is_empty());
        if silent && confidence < Confidence::Confirmed && against.iter().any(|(each, ..)| each.refutes) {
            return None;
        }
        for (name, value) in against.iter().flat_map(|(.., hit)| &hit.captures) {
            captures.entry(name.clone()).or_insert_with(|| self.shown(value));
        }
        let surest = hits.iter().min_by_key(|(signature, _)| signature.weak).map(|(signature, _)| *signature);
        let words = symptom.words_at(self.site, surest, against.iter().map(|(each, ..)| *each));
        for _ in &against {
            confidence = confidence.less();
        }
        let doubts = self.doubts(&against);
        let spots: BTreeSet<Spot> = hits
            .iter()
            .flat_map(|(_, hit)| &hit.spots)
            .chain(confirming.iter().flat_map(|hit| &hit.spots))
            .copied()
            .collect();
        let mut evidence: Vec<Evidence> = spots.iter().map(|spot| self.evidence(*spot)).collect();
        evidence.dedup_by(|a, b| a.text.trim() == b.text.trim());
        let more = evidence.len().saturating_sub(EVIDENCE);
        evidence.truncate(EVIDENCE);
        let strength = hits.iter().map(|(signature, _)| if signature.weak { 1 } else { 2 }).sum();
        let question = self.question(&words, confidence, &captures);
        Some(Found {
            cause: Cause {
                confidence,
                evidence,
                more,
                doubts,
                contradictions: against.into_iter().map(|(_, text, hit)| self.against(text, &hit)).collect(),
                rules: distinct(matching.iter().map(|finding| finding.rule.clone())),
                example: symptom.example,
                follows: None,
                ..self.said(symptom, &words, &captures)
            },
            explains: symptom.explains.clone(),
            question,
            strength,
            first,
        })
    }

    /// What is told to the author of a ticket: neither silence, nor what has changed the words.
    fn doubts(&self, against: &[(&Contradiction, String, Hit)]) -> Vec<String> {
        let stands = |(each, _, hit): &&(&Contradiction, String, Hit)| {
            !hit.spots.is_empty() && each.signature.words.summary.is_empty()
        };
        against.iter().filter(stands).map(|(_, text, hit)| self.against(text.clone(), hit)).collect()
    }

    /// What is asked while a cause is not certain, unless the ticket answers it.
    fn question(&self, words: &Words, confidence: Confidence, captures: &BTreeMap<String, String>) -> Option<String> {
        let told = |phrase: &Phrase| self.reading.texts.iter().any(|text| phrase.is_in(&text.clean));
        let answered = !words.answered.is_empty() && words.answered.iter().all(told);
        let asks = confidence < Confidence::Confirmed && !answered;
        asks.then(|| self.say(&words.question, captures)).filter(|question| !question.is_empty())
    }

    /// The words of a cause; its title, where its summary names what the ticket does not show.
    fn said(&self, symptom: &Symptom, words: &Words, captures: &BTreeMap<String, String>) -> Cause {
        let summary = Some(self.say(&words.summary, captures)).filter(|summary| !summary.is_empty());
        Cause {
            id: symptom.id.clone(),
            title: symptom.title.clone(),
            confidence: Confidence::Possible,
            summary: summary.unwrap_or_else(|| symptom.title.clone()),
            evidence: Vec::new(),
            more: 0,
            remedy: self.say(&words.remedy, captures),
            commands: self.say(&words.commands, captures),
            avoid: self.say(&words.avoid, captures),
            send: self.say(&words.send, captures),
            url: self.say(&words.url, captures),
            contradictions: Vec::new(),
            doubts: Vec::new(),
            rules: Vec::new(),
            example: false,
            follows: None,
        }
    }

    fn say(&self, saying: &Saying, captures: &BTreeMap<String, String>) -> String {
        saying.say(self.site, captures).unwrap_or_default()
    }

    /// What a signature captured, as it may be said.
    fn shown(&self, value: &str) -> String {
        self.redactor.map_or_else(|| value.to_owned(), |redactor| redactor.mask(value).into_owned())
    }

    fn hit<'s>(&self, signature: &'s Signature) -> Option<(&'s Signature, Hit)> {
        if signature.cluster.is_some_and(|wanted| wanted != self.cluster) {
            return None;
        }
        Some((signature, matching::find(signature, self.reading, self.tables)?))
    }

    fn evidence(&self, (document, position): Spot) -> Evidence {
        let path =
            self.reading.ticket.documents.get(document).map(|document| document.path.clone()).unwrap_or_default();
        let text = self.reading.texts.get(document);
        let line = text.and_then(|text| text.lines.get(position)).map_or(0, |line| line.number);
        let shown = text.map_or("", |text| text.line(position));
        Evidence { path, line, text: clipped(shown) }
    }

    /// What speaks against a cause, with its line.
    fn against(&self, text: String, hit: &Hit) -> String {
        match hit.spots.first() {
            Some(spot) => {
                let evidence = self.evidence(*spot);
                let other = self.reading.ticket.documents.len() > 1;
                let place = if other {
                    format!("{}:{}", evidence.path, evidence.line)
                } else {
                    format!("line {}", evidence.line)
                };
                format!("{text} ({place})")
            }
            None => text,
        }
    }
}

/// The surest first; what follows from another cause below it.
fn rank(found: &mut [Found]) {
    let ids: BTreeMap<String, Confidence> =
        found.iter().map(|found| (found.cause.id.clone(), found.cause.confidence)).collect();
    let explained: BTreeMap<String, String> = found
        .iter()
        .filter(|found| found.cause.confidence > Confidence::Possible)
        .flat_map(|found| found.explains.iter().map(|id| (id.clone(), found.cause.id.clone())))
        .filter(|(id, _)| ids.contains_key(id))
        .collect();
    for found in found.iter_mut() {
        found.cause.follows = explained.get(&found.cause.id).cloned();
    }
    found.sort_by(|a, b| {
        let key = |found: &Found| (found.cause.follows.is_some(), Reverse(found.cause.confidence));
        let strength = || b.strength.cmp(&a.strength);
        let place = || a.first.cmp(&b.first);
        // What is certain by itself is told by the first error: later ones follow from it, or from what was tried then.
        let order = match a.cause.confidence {
            Confidence::Possible => strength().then_with(place),
            Confidence::Likely | Confidence::Confirmed => place().then_with(strength),
        };
        key(a).cmp(&key(b)).then(order).then_with(|| a.cause.id.cmp(&b.cause.id))
    });
}

/// The findings of all pieces with their places in the ticket, and the line of each.
fn findings(reading: &Reading<'_>, checked: &Checked) -> (Vec<report::model::Finding>, Vec<String>) {
    let mut by_document: BTreeMap<usize, Vec<check::Finding>> = BTreeMap::new();
    for (piece, found) in reading.pieces.iter().zip(checked) {
        let placed = found.iter().filter(|finding| finding.suppressed.is_none());
        let placed = placed.filter_map(|finding| in_ticket(finding, piece, reading));
        by_document.entry(piece.document).or_default().extend(placed);
    }
    let mut results = Vec::new();
    for (number, findings) in by_document {
        let Some(document) = reading.ticket.documents.get(number) else { continue };
        let source = Source::new(PathBuf::from(&document.path), Kind::Other, document.text.as_bytes().to_vec());
        results.push(FileResult {
            source: Arc::new(source),
            findings,
            site: report::SiteChoice::default(),
            gaps: Vec::new(),
            fail_on: check::Severity::Warning,
        });
    }
    let findings = Report::new(results).findings;
    let line = |finding: &report::model::Finding| {
        let path = finding.place.path.to_string_lossy();
        let document = reading.ticket.documents.iter().find(|document| document.path == path);
        document.map_or_else(String::new, |document| {
            let whole = document.lines.span(finding.place.start.line);
            clipped(&super::lines::clean(slice(document, whole).trim_end_matches('\n')))
        })
    };
    let lines = findings.iter().map(line).collect();
    (findings, lines)
}

/// A finding of a piece where it stands in the ticket; nothing for one on what the ticket does not hold.
fn in_ticket(finding: &check::Finding, piece: &Piece, reading: &Reading<'_>) -> Option<check::Finding> {
    let mut placed = finding.clone();
    let document = reading.ticket.documents.get(piece.document)?;
    placed.path = PathBuf::from(&document.path);
    placed.span = piece.in_document(finding.span);
    if placed.span.is_empty() && !finding.span.is_empty() {
        return None;
    }
    for label in &mut placed.labels {
        let other = reading.pieces.iter().find(|piece| piece.path == label.path)?;
        label.path = PathBuf::from(&reading.ticket.documents.get(other.document)?.path);
        label.span = other.in_document(label.span);
    }
    if let Some(fix) = &mut placed.fix {
        // In a quoted or indented text an edit of the piece is none of the document.
        if piece.verbatim && fix.edits.iter().all(|edit| edit.path.is_none()) {
            fix.edits.iter_mut().for_each(|edit| edit.span = piece.in_document(edit.span));
        } else {
            fix.edits.clear();
        }
    }
    Some(placed)
}

/// The change of a piece, as it is shown. `diff` is what there is between the old text and the new, `rules` those whose
/// fixes it is made of.
pub fn change(piece: &Piece, reading: &Reading<'_>, diff: &[u8], rules: Vec<String>) -> Diff {
    let document = reading.ticket.documents.get(piece.document).map(|document| document.path.clone());
    Diff {
        what: piece.what.to_owned(),
        path: piece.name.clone().or(document).unwrap_or_default(),
        text: crate::report::bytes_for_terminal(diff),
        rules,
    }
}

/// A piece, and where it begins.
fn told(piece: &Piece, reading: &Reading<'_>) -> String {
    let place = piece.in_document(crate::source::Span::new(0, piece.text.text.len()));
    let line = reading.ticket.documents.get(piece.document).map_or(0, |document| document.lines.line(place.start));
    match &piece.name {
        Some(name) => format!("{} {name}, line {line}", piece.what),
        None => format!("{}, line {line}", piece.what),
    }
}

fn clipped(line: &str) -> String {
    let line = line.trim_end();
    match line.char_indices().nth(WIDTH) {
        Some((at, _)) => format!("{}…", &line[..at]),
        None => line.to_owned(),
    }
}

fn distinct(items: impl Iterator<Item = String>) -> Vec<String> {
    let mut seen = Vec::new();
    for item in items {
        if !seen.contains(&item) {
            seen.push(item);
        }
    }
    seen
}
