//! Symptoms: what a ticket says when something known went wrong, why, and what to do. One file `symptoms/<id>.toml`
//! each. Of a built-in one everything is read when a ticket is, since nothing else asks for it.

use std::collections::BTreeMap;
use std::fmt;
use std::ops::Range;
use std::sync::{Arc, OnceLock};

use super::describe::symptom::SYMPTOM;
use super::document::{Document, Filled, Item, Shape, Table, Word};
use super::error::Problem;
use super::phrase::Phrase;
use super::saying::Saying;
use super::site::Site;
use super::template::Use;
use crate::source::Scheduler;
use crate::tree::Node;

/// How many lines apart the parts of a signature may stand unless it says otherwise.
const LINES: usize = 12;

/// A symptom.
#[derive(Clone, Debug, Default)]
pub struct Symptom {
    /// Its name, which is the stem of its file.
    pub id: String,
    /// What is wrong, in a few words.
    pub title: String,
    /// Who documents it.
    pub sources: Vec<String>,
    /// By what it is recognised: any of these.
    pub signatures: Vec<Signature>,
    /// What else in the ticket makes it certain.
    pub confirmations: Vec<Signature>,
    /// What in the ticket speaks against it.
    pub contradictions: Vec<Contradiction>,
    /// Phrases that are looked for only for what they capture.
    pub also: Vec<Phrase>,
    /// Rules whose findings in a pasted script make it certain.
    pub rules: Vec<String>,
    /// Symptoms that follow from this one.
    pub explains: Vec<String>,
    /// Its commands only show what belongs into a file of the user's.
    pub example: bool,
    /// What is said of it.
    pub words: Words,
    /// The file that says so, for people.
    pub origin: String,
    pub(super) uses: Vec<Use>,
    pub(super) named: Vec<(String, Range<usize>)>,
}

/// What is said of a symptom, by the pack or by a site in its place.
#[derive(Clone, Debug, Default)]
pub struct Words {
    /// What happened, and why.
    pub summary: Saying,
    /// What to do now, in words.
    pub remedy: Saying,
    /// The same as commands, line by line.
    pub commands: Saying,
    /// How to avoid it.
    pub avoid: Saying,
    /// What to ask while it is not certain.
    pub question: Saying,
    /// What all stands in a ticket that answers the question.
    pub answered: Vec<Phrase>,
    /// What to send if it does not help.
    pub send: Saying,
    /// Where it is documented; an address, or `{$link.NAME}`.
    pub url: Saying,
}

/// What a site says of tickets.
#[derive(Clone, Debug, Default)]
pub struct SiteSymptoms {
    /// Its stand on symptoms.
    pub stands: BTreeMap<String, SymptomStand>,
    /// Words of its values and recipes that stand for something of the user's, and the phrase that captures it.
    pub fill: BTreeMap<String, Phrase>,
}

/// What a site says of a symptom.
#[derive(Clone, Debug, Default)]
pub struct SymptomStand {
    /// It does not occur there.
    pub off: bool,
    /// In place of the pack's words.
    pub words: Words,
}

/// One way to recognise a symptom.
#[derive(Clone, Debug, Default)]
pub struct Signature {
    /// At least one of these is found: the evidence.
    pub any: Vec<Phrase>,
    /// All of these stand near it.
    pub all: Vec<Phrase>,
    /// None of these stands near it.
    pub not: Vec<Phrase>,
    /// None of these stands anywhere in the ticket.
    pub unless: Vec<Phrase>,
    /// How many lines apart «near» is.
    pub lines: usize,
    /// What kinds of line the evidence may stand on; empty for all.
    pub on: Vec<On>,
    /// Where the command ran that printed it; empty for anywhere.
    pub ran: Vec<Ran>,
    /// It has other causes as well.
    pub weak: bool,
    /// Whether anything in the ticket speaks of a cluster; nothing where it does not matter.
    pub cluster: Option<bool>,
    /// What the evidence captured must be an option of a submit command.
    pub known: Option<Known>,
    /// What is said in place of the symptom's words where this is found.
    pub words: Words,
}

/// Something that speaks against a symptom.
#[derive(Clone, Debug, Default)]
pub struct Contradiction {
    /// What is found.
    pub signature: Signature,
    /// What is said of it.
    pub say: Saying,
    /// It is a line that tells that the cause is another one, or has been ruled out.
    pub refutes: bool,
}

/// That something captured stands in the table of options of a submit command.
#[derive(Clone, Debug)]
pub struct Known {
    /// The name of the capture; dashes before it and a value behind `=` do not count.
    pub capture: String,
    /// Whose submit command it is.
    pub scheduler: Scheduler,
}

/// What a line of a ticket is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum On {
    /// Somebody's own words.
    Prose,
    /// Printed by a program.
    Log,
    /// Typed at a prompt.
    Command,
    /// Of a script or another file.
    Script,
}

/// Where a command ran.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Ran {
    /// In a job, on a compute node.
    Job,
    /// On a login node.
    Login,
    /// On the user's own computer, or in a container: no cluster is spoken of.
    Own,
    /// It cannot be told.
    Unknown,
}

pub(super) const ON: &[(&str, On)] =
    &[("prose", On::Prose), ("log", On::Log), ("command", On::Command), ("script", On::Script)];

pub(super) const SCHEDULERS: &[(&str, Scheduler)] =
    &[("slurm", Scheduler::Slurm), ("pbs", Scheduler::Pbs), ("sge", Scheduler::Sge), ("lsf", Scheduler::Lsf)];

pub(super) const RAN: &[(&str, Ran)] =
    &[("job", Ran::Job), ("login", Ran::Login), ("own", Ran::Own), ("unknown", Ran::Unknown)];

/// All symptoms of a policy by id.
#[derive(Debug, Default)]
pub struct Symptoms {
    trees: Vec<(&'static str, &'static Node)>,
    whole: OnceLock<Vec<Arc<Symptom>>>,
}

impl Symptoms {
    /// The built-in ones, each with its file's tree.
    pub(super) fn built_in(trees: Vec<(&'static str, &'static Node)>) -> Self {
        Self { trees, whole: OnceLock::new() }
    }

    /// The same with those of further packs; one of a known id replaces that one.
    #[must_use]
    pub(super) fn with(&self, symptoms: Vec<Symptom>) -> Self {
        if symptoms.is_empty() && self.whole.get().is_none() {
            return Self { trees: self.trees.clone(), whole: OnceLock::new() };
        }
        let mut all: BTreeMap<String, Arc<Symptom>> =
            self.all().iter().map(|symptom| (symptom.id.clone(), Arc::clone(symptom))).collect();
        all.extend(symptoms.into_iter().map(|symptom| (symptom.id.clone(), Arc::new(symptom))));
        let whole: Vec<Arc<Symptom>> = all.into_values().collect();
        Self { trees: Vec::new(), whole: whole.into() }
    }

    /// True when there is one of that id.
    pub fn contains(&self, id: &str) -> bool {
        self.ids().any(|known| known == id)
    }

    /// All ids; costs no reading.
    pub fn ids(&self) -> impl Iterator<Item = &str> {
        let built = self.trees.iter().map(|(id, _)| *id);
        let read = self.trees.is_empty().then(|| self.all().iter().map(|symptom| symptom.id.as_str()));
        built.chain(read.into_iter().flatten())
    }

    /// All of them by id.
    pub fn all(&self) -> &[Arc<Symptom>] {
        self.whole.get_or_init(|| {
            let mut all: Vec<_> = self.trees.iter().map(|(id, tree)| Arc::new(Symptom::built_in(id, tree))).collect();
            all.sort_by(|a, b| a.id.cmp(&b.id));
            all
        })
    }
}

impl Symptom {
    /// Reads the file `symptoms/<id>.toml`.
    ///
    /// # Errors
    /// What is wrong with it, and what could be read of it, for what is checked between files.
    pub(super) fn parse(file: &str, id: &str, text: &str) -> Result<Filled<Self>, (Vec<Problem>, Box<Self>)> {
        let (doc, tree) = Document::parse_filled(file, text);
        let mut symptom = read_symptom(&doc, doc.root(&tree, &SYMPTOM), id, false);
        symptom.origin = file.to_owned();
        match doc.read(()) {
            Ok(Filled { blanks, .. }) => Ok(Filled { value: symptom, blanks }),
            Err(problems) => Err((problems, Box::new(symptom))),
        }
    }

    fn built_in(id: &str, tree: &'static Node) -> Self {
        let doc = Document::about("", "");
        let symptom = read_symptom(&doc, doc.built(tree, &SYMPTOM), id, true);
        Self { origin: format!("rules/symptoms/{id}.toml"), ..symptom }
    }

    /// True where it does not occur.
    pub fn is_off(&self, site: &Site) -> bool {
        site.symptoms.stands.get(&self.id).is_some_and(|stand| stand.off)
    }

    /// What is said of it at a site: against it before all, then the site's words, those of `found`, its own.
    pub fn words_at<'s>(
        &self,
        site: &Site,
        found: Option<&Signature>,
        against: impl DoubleEndedIterator<Item = &'s Contradiction>,
    ) -> Words {
        let mut words = found.map_or_else(|| self.words.clone(), |found| found.words.over(&self.words));
        if let Some(stand) = site.symptoms.stands.get(&self.id) {
            words = stand.words.over(&words);
        }
        against.rev().fold(words, |words, each| each.signature.words.over(&words))
    }

    fn all_signatures(&self) -> impl Iterator<Item = &Signature> {
        let against = self.contradictions.iter().map(|each| &each.signature);
        self.signatures.iter().chain(&self.confirmations).chain(against)
    }

    fn sayings(&self) -> impl Iterator<Item = &Saying> {
        let words = std::iter::once(&self.words).chain(self.all_signatures().map(|each| &each.words));
        words.flat_map(Words::all).chain(self.contradictions.iter().map(|each| &each.say))
    }
}

impl Words {
    /// These words, and those of `other` where there are none.
    #[must_use]
    pub fn over(&self, other: &Self) -> Self {
        let answered = if self.question.is_empty() { &other.answered } else { &self.answered };
        let pick = |own: &Saying, other: &Saying| if own.is_empty() { other.clone() } else { own.clone() };
        Self {
            summary: pick(&self.summary, &other.summary),
            remedy: pick(&self.remedy, &other.remedy),
            commands: pick(&self.commands, &other.commands),
            avoid: pick(&self.avoid, &other.avoid),
            question: pick(&self.question, &other.question),
            answered: answered.clone(),
            send: pick(&self.send, &other.send),
            url: pick(&self.url, &other.url),
        }
    }

    /// Those that are said, each with its key.
    pub fn named(&self) -> impl Iterator<Item = (&'static str, &Saying)> {
        let keys = ["summary", "remedy", "commands", "avoid", "question", "send", "url"];
        keys.into_iter().zip(self.all()).filter(|(_, saying)| !saying.is_empty())
    }

    fn all(&self) -> [&Saying; 7] {
        [&self.summary, &self.remedy, &self.commands, &self.avoid, &self.question, &self.send, &self.url]
    }
}

impl SiteSymptoms {
    /// These, and the parent's where they are silent.
    #[must_use]
    pub(super) fn completed(&self, parent: &Self) -> Self {
        let mut site = self.clone();
        for (id, stand) in &parent.stands {
            let own = site.stands.get(id).map_or_else(|| stand.clone(), |own| own.completed(stand));
            site.stands.insert(id.clone(), own);
        }
        for (word, phrase) in &parent.fill {
            site.fill.entry(word.clone()).or_insert_with(|| phrase.clone());
        }
        site
    }
}

impl fmt::Display for SymptomStand {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.off {
            return f.write_str("off");
        }
        let said: Vec<String> = self.words.named().map(|(key, saying)| format!("{key}: {saying}")).collect();
        f.write_str(&said.join("\n"))
    }
}

impl SymptomStand {
    /// What a site says of a symptom.
    pub(super) fn read(table: Table<'_, '_>) -> Self {
        let off = table.flag("off").unwrap_or_default();
        let words = read_words(&table);
        table.finish();
        Self { off, words }
    }

    /// This stand, and the parent's where it is silent.
    #[must_use]
    pub(super) fn completed(&self, parent: &Self) -> Self {
        Self { off: self.off, words: self.words.over(&parent.words) }
    }

    /// The site names that it uses, and the captures.
    pub(super) fn uses(&self) -> impl Iterator<Item = &Use> {
        self.words.all().into_iter().flat_map(Saying::uses)
    }
}

impl Signature {
    fn phrases(&self) -> impl Iterator<Item = &Phrase> {
        self.any.iter().chain(&self.all)
    }
}

fn read_symptom(doc: &Document<'_>, table: Table<'_, '_>, stem: &str, trusted: bool) -> Symptom {
    let mut symptom = Symptom { id: stem.to_owned(), ..Symptom::default() };
    if let Some(id) = table.need_string("id")
        && id.text != stem
    {
        let note = format!("the file is called `{stem}.toml`");
        doc.problem(id.span.clone(), format!("the id `{}` is not the name of its file", id.text), Some(note));
    }
    symptom.title = table.need_string("title").map(|word| word.text.to_owned()).unwrap_or_default();
    let texts = |words: &[Word<'_>]| words.iter().map(|word| word.text.to_owned()).collect::<Vec<_>>();
    symptom.sources = texts(&table.strings("sources"));
    if symptom.sources.is_empty() {
        doc.problem(table.span(), "`sources` is missing: a symptom needs a document that describes it", None);
    }
    let (rules, explains) = (table.strings("rules"), table.strings("explains"));
    (symptom.rules, symptom.explains) = (texts(&rules), texts(&explains));
    symptom.named = rules.iter().chain(&explains).map(|word| (word.text.to_owned(), word.span.clone())).collect();
    symptom.example = table.flag("example").unwrap_or_default();
    symptom.words = read_words(&table);
    for (key, saying) in [("summary", &symptom.words.summary), ("remedy", &symptom.words.remedy)] {
        // Of what is there and wrong, that is told already.
        if saying.is_empty() && !table.has(key) {
            doc.problem(table.span(), format!("`{key}` is missing"), None);
        }
    }
    let signatures = |key| {
        let tables = table.tables(key).into_iter();
        tables.map(|table| read_signature(table, None)).collect::<Vec<_>>()
    };
    symptom.signatures = signatures("signature");
    symptom.confirmations = signatures("confirmation");
    symptom.also = phrases(&table, "also");
    for table in table.tables("contradiction") {
        let mut against = Contradiction::default();
        against.signature = read_signature(table, Some((&mut against.say, &mut against.refutes)));
        symptom.contradictions.push(against);
    }
    if symptom.signatures.is_empty() {
        doc.problem(table.span(), "no `[[signature]]`: nothing would be recognised", None);
    }
    table.finish();
    if !trusted {
        check_captures(doc, &symptom);
    }
    symptom.uses = symptom.sayings().flat_map(Saying::uses).cloned().collect();
    symptom
}

/// Every `{name}` in what is said must be captured by a signature.
fn check_captures(doc: &Document<'_>, symptom: &Symptom) {
    let phrases = symptom.all_signatures().flat_map(Signature::phrases).chain(&symptom.also);
    let known: Vec<String> = phrases.flat_map(Phrase::capture_names).collect();
    for (name, span) in symptom.sayings().flat_map(Saying::captures) {
        if !known.contains(name) {
            doc.unknown(&Word { text: name, span: span.clone() }, "capture", known.iter().map(String::as_str));
        }
    }
}

fn read_words(table: &Table<'_, '_>) -> Words {
    let say = |key| table.get(key).map(|item| Saying::read(&item)).unwrap_or_default();
    Words {
        summary: say("summary"),
        remedy: say("remedy"),
        commands: say("commands"),
        avoid: say("avoid"),
        question: say("question"),
        answered: phrases(table, "answered"),
        send: say("send"),
        url: say("url"),
    }
}

fn read_signature(table: Table<'_, '_>, against: Option<(&mut Saying, &mut bool)>) -> Signature {
    let doc = table.doc();
    let phrases = |key| phrases(&table, key);
    let signature = Signature {
        any: phrases("any"),
        all: phrases("all"),
        not: phrases("not"),
        unless: phrases("unless"),
        lines: table.get("lines").and_then(|item| item.integer()).and_then(|n| n.try_into().ok()).unwrap_or(LINES),
        on: choices(&table, "on", ON),
        ran: choices(&table, "ran", RAN),
        weak: table.flag("weak").unwrap_or_default(),
        cluster: table.flag("cluster"),
        known: table.table("known").and_then(read_known),
        words: read_words(&table),
    };
    // What speaks against a cause may be that something is not said.
    let silence = against.is_some() && (signature.cluster.is_some() || !signature.unless.is_empty());
    if signature.any.is_empty() && !table.has("any") && !silence {
        doc.problem(table.span(), "`any` is missing: a signature needs a phrase to look for", None);
    }
    if let Some((say, refutes)) = against {
        *refutes = table.flag("refutes").unwrap_or_default();
        *say = table.need("say").map(|item| Saying::read(&item)).unwrap_or_default();
    }
    table.finish();
    signature
}

fn read_known(table: Table<'_, '_>) -> Option<Known> {
    let capture = table.need_string("capture").map(|word| word.text.to_owned());
    let scheduler = table.need("scheduler").and_then(|item| item.choice("scheduler", SCHEDULERS));
    table.finish();
    Some(Known { capture: capture?, scheduler: scheduler? })
}

fn phrases(table: &Table<'_, '_>, key: &'static str) -> Vec<Phrase> {
    let items = table.get(key).and_then(|item| item.list()).unwrap_or_default();
    items.iter().filter_map(|item| Phrase::read(item)).collect()
}

/// One of `known`, or a list of them.
fn choices<T: Copy>(table: &Table<'_, '_>, key: &'static str, known: &[(&'static str, T)]) -> Vec<T> {
    let Some(item) = table.get(key) else { return Vec::new() };
    let items: Vec<Item<'_, '_>> = match item.shape() {
        Shape::List => item.list().unwrap_or_default(),
        _ => vec![item],
    };
    items.iter().filter_map(|item| item.choice(key, known)).collect()
}
