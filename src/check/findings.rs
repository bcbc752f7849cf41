//! What findings say and offer: message, place, labels, fix and fingerprint of each clause that holds.

use std::collections::hash_map::Entry;
use std::collections::{BTreeMap, HashMap};
use std::path::Path;

use crate::facts::Value;
use crate::policy::config::Lapsed;
use crate::policy::fix::FixSpec;
use crate::policy::rule::Place;
use crate::policy::{ActiveRule, Effective};
use crate::source::{Source, Span};

use super::comments;
use super::edits::{edits, in_order, renamed};
use super::elsewhere;
use super::engine::{Bench, Hit, Settings};
use super::eval::{Scene, Truth};
use super::finding::{Applicability, By, Certainty, Edit, Finding, Fix, Label};
use super::kept;
use super::lookup::Subject;
use super::machine;
use super::render::Voice;
use super::spoken;
use super::together;
use super::withheld;

/// How many items of a list get a label of their own.
const LABELS: usize = 4;

/// Findings of one file: each rule once at a place, by rule and place.
pub(super) fn from_hits(bench: &Bench<'_>, hits: Vec<Hit<'_>>, settings: &Settings) -> Vec<Finding> {
    let mut found: BTreeMap<(usize, Span), Finding> = BTreeMap::new();
    let name = hits.first().map(|hit| name(hit.subject.view.source, settings)).unwrap_or_default();
    for hit in &hits {
        let finding = finding(bench, hit, settings, &name);
        let key = (hit.at.rule, finding.span);
        match found.get(&key) {
            Some(other) if other.certainty >= finding.certainty => {}
            _ => drop(found.insert(key, finding)),
        }
    }
    found.into_values().collect()
}

/// Of rules that speak once a file the first finding, for all that are not silenced; and of the silenced the first too,
/// since what silences it is in use.
pub(super) fn once_each(findings: Vec<Finding>, policy: &Effective) -> Vec<Finding> {
    let mut result: Vec<Finding> = Vec::with_capacity(findings.len());
    let mut first: HashMap<(String, bool), usize> = HashMap::new();
    for finding in findings {
        if !policy.active(&finding.rule).is_some_and(|active| active.rule.once) {
            result.push(finding);
            continue;
        }
        match first.entry((finding.rule.clone(), finding.suppressed.is_some())) {
            Entry::Occupied(at) => {
                let first = &mut result[*at.get()];
                first.fix = joined(first.fix.take(), finding.fix);
                first.certainty = first.certainty.max(finding.certainty);
                first.severity = first.severity.max(finding.severity);
            }
            Entry::Vacant(at) => {
                at.insert(result.len());
                result.push(finding);
            }
        }
    }
    result
}

/// The fixes of two findings of one group as one; the first alone when the second does something else, is trusted less,
/// or does not fit with it: its turn comes when the first is mended.
fn joined(first: Option<Fix>, second: Option<Fix>) -> Option<Fix> {
    let first = first?;
    let Some(second) =
        second.filter(|second| second.title == first.title && second.applicability >= first.applicability)
    else {
        return Some(first);
    };
    // A line that both would write is written once.
    let writes = |edit: &&Edit| edit.span.is_empty() && edit.text.contains('\n');
    let same_line = |edit: &Edit| {
        let others = first.edits.iter().filter(writes);
        others.into_iter().any(|other| other.path == edit.path && other.text.trim() == edit.text.trim())
    };
    if first.chmod.is_some() || second.chmod.is_some() || second.edits.iter().filter(writes).any(same_line) {
        return Some(first);
    }
    match in_order(first.edits.iter().chain(&second.edits).cloned().collect()) {
        Some(edits) => Some(Fix { edits, ..first }),
        None => Some(first),
    }
}

/// `name` is that of the file in fingerprints.
fn finding(bench: &Bench<'_>, hit: &Hit<'_>, settings: &Settings, name: &str) -> Finding {
    let scene = Scene::of(bench.judge, hit.subject);
    let voice = Voice { scene, matcher: &hit.clause.matches };
    let source = hit.subject.view.source;
    let span = place(voice, hit);
    let clause = hit.at.clause;
    let own = |spoken: Option<&[crate::policy::template::Templates]>| {
        spoken.and_then(|all| all.get(clause)).map(|templates| voice.say_one_of(templates))
    };
    let possible = hit.certainty == Certainty::Possible;
    let help = own(hit.active.help()).unwrap_or_else(|| voice.say_one_of(&hit.clause.help));
    let message = own(hit.active.message()).unwrap_or_else(|| voice.say_one_of(&hit.clause.message));
    let severity = if possible { hit.active.severity.milder() } else { hit.active.severity };
    let Offer { fix, number, passed, why: no_fix, stays } = first_fix(bench, voice, hit, settings.passed);
    let stays = stays && !together::is_of_other_host(hit.subject);
    let changes = number.and_then(|number| hit.clause.fixes.get(number)).is_some_and(together::changes);
    let about = if stays || changes { together::about(hit.subject) } else { Default::default() };
    Finding {
        rule: hit.active.rule.id.clone(),
        severity: hit.clause.at_most.map_or(severity, |most| severity.min(most)),
        certainty: hit.certainty,
        message: message + &ended(hit.active, settings),
        help: help.trim().to_owned(),
        url: hit.active.url().to_owned(),
        tags: hit.active.rule.tags.clone(),
        site: bench.judge.policy.site.id.clone(),
        path: source.path.clone(),
        span,
        labels: labels(voice, hit, span),
        fingerprint: fingerprint(&hit.active.rule.id, name, source.slice(span)),
        fix,
        no_fix,
        by: By { clause, fix: number, passed, about, stays, changes },
        cell: hit.subject.fact.cell,
        suppressed: None,
    }
}

/// That there was an exception, and when it ended; nothing where there was none.
fn ended(active: &ActiveRule, settings: &Settings) -> String {
    let Some(Lapsed { until, place: (file, line), .. }) = &active.ended else { return String::new() };
    let file = file.strip_prefix(&settings.cwd).unwrap_or(file).display();
    format!(" (the exception in {file}:{line} ended on {until})")
}

/// Where the finding stands: the field that the rule names, when it has a place, else the fact.
fn place(voice: Voice<'_>, hit: &Hit<'_>) -> Span {
    let field = match &hit.clause.at {
        Some(Place::Field(path)) => voice.spans(path).first().copied(),
        _ => None,
    };
    let span = field.unwrap_or(hit.subject.fact.span);
    // A fact must not point outside its file, whatever made it.
    let length = hit.subject.view.source.text.len();
    Span::new(span.start.min(length), span.end.clamp(span.start.min(length), length))
}

fn labels(voice: Voice<'_>, hit: &Hit<'_>, own: Span) -> Vec<Label> {
    let path = &hit.subject.view.source.path;
    let mut labels: Vec<Label> = Vec::new();
    let mut add = |path: &Path, span: Span, message: String| {
        let is_finding = path == hit.subject.view.source.path && span == own;
        if !is_finding && !labels.iter().any(|label| label.span == span && label.path == path) {
            labels.push(Label { path: path.to_owned(), span, message });
        }
    };
    for label in &hit.clause.labels {
        let message = voice.say(&label.message).0;
        let spans = match &label.at {
            Place::Fact => vec![hit.subject.fact.span],
            Place::Field(path) => voice.spans(path),
        };
        spans.into_iter().take(LABELS).for_each(|span| add(path, span, message.clone()));
    }
    for (path, span, message) in &hit.others {
        add(path, *span, message.clone());
    }
    if let Some(Place::Field(field)) = &hit.clause.at
        && let Some(Value::Text(text)) = voice.value(field).as_deref()
        && let Some(origin) = text.origin.get().filter(|origin| !origin.overlaps(own))
    {
        add(path, origin, "the value comes from here".to_owned());
    }
    labels
}

/// The fix of a finding, and why it is no other.
#[derive(Default)]
struct Offer {
    fix: Option<Fix>,
    /// Which of the clause's fixes it is, from 0.
    number: Option<usize>,
    /// Why those before it are not offered.
    passed: Vec<String>,
    /// Why none is offered, or why it is only shown, or unsafe here.
    why: String,
    /// None is offered, or it is only shown, because of what surrounds it.
    stays: bool,
}

/// Why a fix is not offered.
enum Withheld {
    /// What it asks for does not hold: worked out where somebody wants to know. With whether it is what it excludes, and
    /// not the file.
    Asked(bool),
    /// It cannot be made here, or nowhere.
    Cannot(String),
    /// For another reason.
    Because(String),
}

impl Withheld {
    /// True where what stands around the finding is why, and not what it is.
    fn is_of_surroundings(&self) -> bool {
        matches!(self, Self::Asked(true) | Self::Because(_))
    }
}

impl From<String> for Withheld {
    fn from(reason: String) -> Self {
        Self::Because(reason)
    }
}

/// The first fix that can be offered; else why none can. With `all` it is told of each before it too.
fn first_fix(bench: &Bench<'_>, voice: Voice<'_>, hit: &Hit<'_>, all: bool) -> Offer {
    let mut withheld: Vec<Withheld> = Vec::new();
    let reasons = |withheld: Vec<Withheld>| -> Vec<String> {
        let reason = |(spec, withheld)| match withheld {
            Withheld::Asked(_) => withheld::reason(bench, voice.scene, spec).unwrap_or_default(),
            Withheld::Cannot(reason) | Withheld::Because(reason) => reason,
        };
        hit.clause.fixes.iter().zip(withheld).map(reason).collect()
    };
    let told = |passed: &[String]| -> Vec<String> {
        let is_only = hit.active.rule.fix_count() == 1;
        let numbered = hit.clause.fixes.iter().zip(passed).map(|(spec, reason)| match is_only {
            true => reason.clone(),
            false => format!("fix {}: {reason}", spec.number),
        });
        numbered.collect()
    };
    for (number, spec) in hit.clause.fixes.iter().enumerate() {
        match fix(bench, voice, hit, spec) {
            Ok((fix, held)) => {
                let is_held = !held.is_empty() || withheld.iter().any(Withheld::is_of_surroundings);
                let stays = fix.applicability == Applicability::Display && is_held;
                let is_second = fix.applicability == Applicability::Display && !withheld.is_empty();
                let passed = if is_second || all { reasons(withheld) } else { Vec::new() };
                let held = if is_second && held.is_empty() { "it is `display`".to_owned() } else { held };
                let others = if is_second { told(&passed) } else { Vec::new() };
                let why = std::iter::once(held).chain(others).collect::<Vec<_>>().join("; ");
                return Offer { fix: Some(fix), number: Some(number), passed, why, stays };
            }
            Err(reason) => withheld.push(reason),
        }
    }
    let stays = withheld.iter().any(Withheld::is_of_surroundings);
    let passed = reasons(withheld);
    let why = told(&passed).join("; ");
    Offer { passed, why, stays, ..Offer::default() }
}

/// How sure the conditions are under which a fix is offered; `None` where they do not hold.
fn conditions(bench: &Bench<'_>, scene: Scene<'_>, spec: &FixSpec) -> Option<Truth> {
    let offered = scene.matches(&spec.when.only_if);
    Some(offered).filter(|offered| *offered > Truth::Unknown && withheld::others_are_right(bench, scene, spec))
}

/// A fix, and why it is trusted less than its rule trusts it. Errors: why it is not offered.
fn fix(bench: &Bench<'_>, voice: Voice<'_>, hit: &Hit<'_>, spec: &FixSpec) -> Result<(Fix, String), Withheld> {
    // What a rule only shows is not known to be right anywhere, so no site can know it.
    let no_fix = || Withheld::Cannot("the site says `fix = \"none\"`".to_owned());
    let said = hit.active.fix.unwrap_or(Some(spec.applicability)).ok_or_else(no_fix)?;
    let declared = if spec.applicability == Applicability::Display { Applicability::Display } else { said };
    let scene = voice.scene;
    let Some(offered) = conditions(bench, scene, spec) else {
        return Err(Withheld::Asked(withheld::is_excluded(scene, spec)));
    };
    let also = |subject: Subject<'_>| {
        let scene = Scene::of(scene.judge, subject);
        hit.clause.fixes.iter().any(|spec| conditions(bench, scene, spec).is_some())
    };
    // Where it cannot be known that a fix is safe, it is not.
    let doubtful = hit.certainty == Certainty::Possible || offered == Truth::Maybe;
    let risky = || {
        spec.when.unsafe_if.iter().any(|table| scene.holds(table) > Truth::No)
            || spec.when.unsafe_if_with.iter().any(|other| bench.exists(scene, other, None) > Truth::No)
    };
    let chmod = spec.chmod();
    let edits =
        if chmod.is_some() { Vec::new() } else { edits(&spec.edits, voice, &also).map_err(Withheld::Cannot)? };
    let view = scene.about.view;
    if let Some(line) = kept::asked_on(view.source, view.kept.get_or_init(|| kept::in_file(view.source)), &edits) {
        return Err(format!("the comment on line {line} asks to leave it as it is").into());
    }
    if let Some(reason) = elsewhere::left_behind(spec, voice, &edits) {
        return Err(reason.into());
    }
    if let Some(user) = bench.other_user(&renamed(&spec.edits, voice), &scene.about.view.source.path) {
        // Under the name that it has now.
        return Err(format!("another file uses the name that it would change: {}", user.display()).into());
    }
    let doubted = || spec.when.shown_if.iter().any(|table| scene.holds(table) > Truth::No);
    let (trusted, condition) = match hit.active.trust {
        Some(trust) => (trust, None),
        None if declared > Applicability::Display && doubted() => (Applicability::Display, Some("shown-if")),
        None if risky() => {
            (declared.min(Applicability::Unsafe), Some("unsafe-if").filter(|_| declared == Applicability::Safe))
        }
        None => (declared, None),
    };
    // Nobody but its author may delete a comment in passing.
    let source = scene.about.view.source;
    let lost = Some(trusted).filter(|trusted| *trusted == Applicability::Safe);
    let lost = lost.and_then(|_| comments::deleted(source, &edits)).map(|comment| source.lines.line(comment.start));
    let to_fill = spec.texts().any(|text| voice.leaves_to_fill(text));
    let spoken_of = Some(trusted).filter(|trusted| *trusted > Applicability::Display);
    let spoken_of = spoken_of.and_then(|_| spoken::false_after(source, &edits));
    let machine = Some(trusted).filter(|trusted| *trusted > Applicability::Display);
    let machine = machine.and_then(|_| machine::reason(bench, scene.about, spec));
    let applicability = if to_fill || spoken_of.is_some() || machine.is_some() {
        // Only the user knows the word that belongs there, or what the comment is to say, whoever trusts the fix.
        Applicability::Display
    } else if doubtful || lost.is_some() {
        trusted.min(Applicability::Unsafe)
    } else {
        trusted
    };
    let held = if to_fill {
        let is_news = trusted > Applicability::Display;
        if is_news { "it writes a word that only the user can fill in".to_owned() } else { String::new() }
    } else if let Some(line) = spoken_of {
        format!("the comment on line {line} speaks of what it changes")
    } else if let Some(machine) = machine {
        machine
    } else if let Some(condition) = condition {
        format!("a condition of its `{condition}` holds here")
    } else if doubtful && trusted == Applicability::Safe {
        "it is not certain that it is right here".to_owned()
    } else if let Some(line) = lost {
        format!("it would delete the comment on line {line}")
    } else {
        String::new()
    };
    Ok((Fix { title: voice.say(&spec.title).0, applicability, edits, chmod }, held))
}

/// The path of a file from the project's root, as fingerprints have it.
fn name(source: &Source, settings: &Settings) -> String {
    let path = settings.name_of(&source.path);
    path.strip_prefix("./").unwrap_or(&path).to_string_lossy().replace('\\', "/")
}

/// Hash of rule, path from the project's root and flagged text, in which every run of blanks is one: 16 hexadecimal
/// digits that stay the same when the file is edited elsewhere.
fn fingerprint(rule: &str, name: &str, text: &str) -> String {
    let text = text.split_whitespace().collect::<Vec<_>>().join(" ");
    let mut hasher = blake3::Hasher::new();
    for part in [rule, name, &text] {
        hasher.update(part.as_bytes());
        hasher.update(&[0]);
    }
    let mut digest = hasher.finalize().to_hex().to_string();
    digest.truncate(16);
    digest
}
