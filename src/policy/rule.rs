//! Rules: what they look for and what they say. One file `lint/<id>.toml` each. The head of a rule tells whether it
//! is on and which facts can concern it; the rest of a built-in rule is read when such a fact turns up.

mod head;
pub(super) mod unmet;

use std::cell::{Cell, RefCell};
use std::ops::{Deref, Range};
use std::sync::OnceLock;

use crate::facts::FactKind;
use crate::facts::schema::Type;
use crate::tree::Node;

use super::condition::{Condition, Where};
use super::describe::rule::RULE;
use super::document::{Document, Filled, Item, Shape, Table, Word};
use super::error::Problem;
use super::fix::FixSpec;
use super::path::{Derived, FieldPath, Scope};
use super::severity::{SEVERITIES, Severity};
use super::template::{Context, Template, Templates, Use};

pub(super) use self::head::{ClauseHead, Lead, first_word_of_glob};
pub use self::head::{first_word, indexed_field};

/// The word for the whole fact, where a field may stand.
pub(super) const SELF: &str = "self";

/// The tag of rules about comments that silence findings.
pub const ABOUT_COMMENTS: &str = "suppression";

/// The tags that a rule may have.
pub const TAGS: &[&str] = &[
    "startup",
    "conda",
    "env",
    "pip",
    "python",
    "module",
    "directive",
    "job",
    "mpi",
    "jupyter",
    "env-file",
    "suppression",
];

/// A rule: its head, and through [`Deref`] all the rest.
#[derive(Clone, Debug)]
pub struct Rule {
    /// Its name, which is the stem of its file.
    pub id: String,
    /// Its tags, of [`TAGS`].
    pub tags: Vec<String>,
    /// How bad it is unless the site or the configuration says otherwise.
    pub severity: Severity,
    /// False for a rule that is off until a site or the configuration gives it a severity.
    pub enabled: bool,
    /// Which facts can concern its clauses.
    pub(super) heads: Vec<ClauseHead>,
    /// The file as the build script read it, for a built-in rule.
    tree: Option<&'static Node>,
    body: OnceLock<Body>,
}

/// What a rule says beyond its head.
#[derive(Clone, Debug)]
pub struct Body {
    /// What is wrong, short.
    pub title: String,
    /// A paragraph for `explain`.
    pub why: String,
    /// Where it is asked for.
    pub sources: Vec<String>,
    /// At most one finding a file.
    pub once: bool,
    /// The ways to be found.
    pub clauses: Vec<Clause>,
    /// The file that says so, for people.
    pub origin: String,
    /// It takes the place of a rule of that id in an earlier pack.
    pub(super) replaces: bool,
    /// Where its id stands.
    pub(super) id_span: Range<usize>,
    /// Site names that it uses.
    pub(super) uses: Vec<Use>,
}

/// One way to be found.
#[derive(Clone, Debug)]
pub struct Clause {
    /// The kind of fact.
    pub on: FactKind,
    /// What must hold of it.
    pub matches: Matcher,
    /// Other facts that must exist.
    pub with: Vec<Other>,
    /// Other facts that must not exist.
    pub without: Vec<Other>,
    /// It is never certain.
    pub possible: bool,
    /// Its findings count no more than this, whatever the site says of the rule.
    pub at_most: Option<Severity>,
    /// The place of the finding; the fact's own when `None`.
    pub at: Option<Place>,
    /// What the finding says.
    pub message: Templates,
    /// What to do.
    pub help: Templates,
    /// Other places that explain it.
    pub labels: Vec<LabelSpec>,
    /// How to mend it: the first that can be offered.
    pub fixes: Vec<FixSpec>,
}

/// Conditions on one fact.
#[derive(Clone, Debug, Default)]
pub struct Matcher {
    /// All of these.
    pub all: Where,
    /// At least one of these, unless the list is empty.
    pub either: Vec<Where>,
    /// None of these.
    pub unless: Vec<Where>,
}

/// Another fact that is looked for.
#[derive(Clone, Debug)]
pub struct Other {
    /// Its kind.
    pub fact: FactKind,
    /// Where it stands, seen from the fact that is judged.
    pub at: When,
    /// In which files.
    pub within: Within,
    /// What must hold of it.
    pub matches: Matcher,
    /// What a label on it says.
    pub label: Option<Template>,
    /// What its indexed field begins with; `None` when that can be anything.
    pub(super) leads: Option<Vec<Lead>>,
}

/// Order of two facts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum When {
    /// Before.
    Before,
    /// After.
    After,
    /// Anywhere, itself excepted.
    Anywhere,
}

/// Files in which another fact is looked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Within {
    /// The same file.
    File,
    /// Files that this fact runs or reads.
    Linked,
    /// Files that run or source this file.
    Callers,
    /// Files that are read in the same shell: what a start-up file sources, and what else does so.
    Session,
    /// All files checked together.
    Reach,
}

/// A place in a file: of a field, or of the fact itself.
#[derive(Clone, Debug)]
pub enum Place {
    /// The fact (`self`).
    Fact,
    /// A field.
    Field(FieldPath),
}

/// A label of a finding.
#[derive(Clone, Debug)]
pub struct LabelSpec {
    /// Where.
    pub at: Place,
    /// What it says.
    pub message: Template,
}

/// A rule file that cannot be used.
pub(super) struct Faulty {
    pub problems: Vec<Problem>,
    /// Site names that it uses.
    pub uses: Vec<Use>,
}

impl Rule {
    /// Reads the rule file `lint/<id>.toml`.
    pub(super) fn parse(file: &str, id: &str, text: &str) -> Result<Filled<Self>, Faulty> {
        let (doc, tree) = Document::parse_filled(file, text);
        let uses = RefCell::default();
        let (rule, mut body) = {
            let context = Context { doc: &doc, kind: FactKind::File, uses: &uses, trusted: false };
            let table = doc.root(&tree, &RULE);
            let read = (read_head(&table, id), read_body(context, &table, id));
            table.finish();
            read
        };
        body.origin = file.to_owned();
        body.uses = uses.take();
        let used = body.uses.clone();
        doc.read(Self { body: body.into(), ..rule }).map_err(|problems| Faulty { problems, uses: used })
    }

    /// The head of a built-in rule.
    pub(super) fn built_in(id: &str, tree: &'static Node) -> Self {
        let doc = Document::about("", "");
        Self { tree: Some(tree), ..read_head(&doc.built(tree, &RULE), id) }
    }

    /// True for its id, a tag of it, and `ALL`.
    pub fn is_named(&self, name: &str) -> bool {
        name == "ALL" || name == self.id || self.tags.iter().any(|tag| tag == name)
    }

    /// How many fixes it has, one that several clauses share counted once.
    pub fn fix_count(&self) -> usize {
        self.fixes().map(|fix| fix.number).max().unwrap_or_default()
    }

    /// The fixes of all its clauses.
    pub fn fixes(&self) -> impl Iterator<Item = &FixSpec> {
        self.clauses.iter().flat_map(|clause| &clause.fixes)
    }
}

impl Deref for Rule {
    type Target = Body;

    fn deref(&self) -> &Body {
        self.body.get_or_init(|| {
            // A test has checked the built-in rules, so nothing can be wrong here.
            let doc = Document::about("", "");
            let uses = RefCell::default();
            let context = Context { doc: &doc, kind: FactKind::File, uses: &uses, trusted: true };
            let body = read_body(context, &doc.built(self.tree.unwrap_or(&Node::Table(&[])), &RULE), &self.id);
            Body { origin: format!("rules/lint/{}.toml", self.id), ..body }
        })
    }
}

fn read_head(table: &Table<'_, '_>, stem: &str) -> Rule {
    let severity = table.need("severity").and_then(|item| item.choice("severity", SEVERITIES));
    Rule {
        id: stem.to_owned(),
        tags: read_tags(table),
        severity: severity.unwrap_or(Severity::Warning),
        enabled: table.flag("enabled").unwrap_or(true),
        heads: table.tables("clause").iter().filter_map(ClauseHead::read).collect(),
        tree: None,
        body: OnceLock::new(),
    }
}

fn read_body(context: Context<'_, '_>, table: &Table<'_, '_>, stem: &str) -> Body {
    let id = table.need_string("id");
    if let Some(id) = &id {
        check_id(context.doc, id, stem);
    }
    let text = |word: Option<Word<'_>>| word.map(|word| word.text.trim().to_owned()).unwrap_or_default();
    let title = text(table.need_string("title"));
    let why = text(table.need_string("why"));
    let shared = Shared {
        message: table.get("message"),
        help: table.get("help"),
        at: table.string("at"),
        labels: table.get("labels"),
        fix: table.get("fix"),
        each_fix: table.get("each-fix"),
        fixes: Cell::new(table.get("fix").as_ref().map_or(0, FixSpec::count)),
    };
    let body = Body {
        title,
        why,
        sources: table.strings("sources").iter().map(|word| word.text.to_owned()).collect(),
        once: table.choice("once", &[("file", true)]).unwrap_or(false),
        clauses: table.tables("clause").into_iter().filter_map(|table| read_clause(context, table, &shared)).collect(),
        origin: String::new(),
        replaces: table.flag("replaces").unwrap_or(false),
        id_span: id.map(|id| id.span).unwrap_or_default(),
        uses: Vec::new(),
    };
    if !table.has("clause") {
        context.doc.problem(table.span(), "a rule needs at least one `[[clause]]`", None);
    }
    body
}

fn check_id(doc: &Document<'_>, id: &Word<'_>, stem: &str) {
    let kebab = id.text.starts_with(|first: char| first.is_ascii_lowercase())
        && id.text.chars().all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-');
    if id.text != stem {
        let note = format!("the file is called `{stem}.toml`");
        doc.problem(id.span.clone(), format!("the id `{}` is not the name of its file", id.text), Some(note));
    } else if !kebab {
        doc.problem(id.span.clone(), "an id is lower case words joined by `-`", None);
    }
}

fn read_tags(table: &Table<'_, '_>) -> Vec<String> {
    let Some(item) = table.need("tags") else { return Vec::new() };
    let tags = item.strings();
    if tags.is_empty() && matches!(item.shape(), Shape::List) {
        item.wrong("at least one tag");
    }
    for tag in tags.iter().filter(|tag| !TAGS.contains(&tag.text)) {
        table.doc().unknown(tag, "tag", TAGS.iter().copied());
    }
    tags.iter().map(|tag| tag.text.to_owned()).collect()
}

/// What a rule says for all its clauses; read once for each, as their facts have other fields.
struct Shared<'d, 'a> {
    message: Option<Item<'d, 'a>>,
    help: Option<Item<'d, 'a>>,
    at: Option<Word<'d>>,
    labels: Option<Item<'d, 'a>>,
    fix: Option<Item<'d, 'a>>,
    /// Conditions of each fix of the rule.
    each_fix: Option<Item<'d, 'a>>,
    /// How many fixes the clauses that were read so far have, with those of the rule.
    fixes: Cell<usize>,
}

fn read_clause(context: Context<'_, '_>, table: Table<'_, '_>, shared: &Shared<'_, '_>) -> Option<Clause> {
    let kind = read_kind(&table, "on");
    let context = context.with_kind(kind.unwrap_or(FactKind::File));
    // Without a kind every field would be called unknown: stop at the first cause.
    kind?;
    let message = table.get("message").or(shared.message);
    if message.is_none() {
        context.doc.problem(table.span(), "`message` is missing, in the rule and in this clause", None);
    }
    let at = table.string("at").or_else(|| shared.at.clone());
    let labels = table.get("labels").or(shared.labels);
    let own_fix = table.get("fix");
    let no_fix = table.flag("no-fix").unwrap_or(false);
    let first = if own_fix.is_some() { shared.fixes.get() + 1 } else { 1 };
    shared.fixes.update(|count| count + own_fix.as_ref().map_or(0, FixSpec::count));
    let fix = own_fix.or(shared.fix).filter(|_| !no_fix);
    let certain = table.choice("certainty", &[("possible", false), ("certain", true)]).unwrap_or(true);
    let at_most = table.choice("at-most", &[("hint", Severity::Hint), ("warning", Severity::Warning)]);
    let clause = Clause {
        on: context.kind,
        matches: Matcher::read(context, &table),
        with: read_others(context, &table, "with"),
        without: read_others(context, &table, "without"),
        possible: !certain,
        at_most,
        at: at.and_then(|word| Place::parse(context, &word)),
        message: message.and_then(|item| Templates::parse(context, &item)).unwrap_or_default(),
        help: table.get("help").or(shared.help).and_then(|item| Templates::parse(context, &item)).unwrap_or_default(),
        labels: labels.map(|item| read_labels(context, &item)).unwrap_or_default(),
        fixes: fix.map(|item| FixSpec::parse_all(context, &item, first, shared.each_fix.as_ref())).unwrap_or_default(),
    };
    table.finish();
    Some(clause)
}

fn read_kind(table: &Table<'_, '_>, key: &'static str) -> Option<FactKind> {
    let word = table.need_string(key)?;
    let kind = FactKind::from_name(word.text);
    if kind.is_none() {
        table.doc().unknown(&word, "kind of fact", FactKind::ALL.into_iter().map(FactKind::name));
    }
    kind
}

fn read_labels(context: Context<'_, '_>, item: &Item<'_, '_>) -> Vec<LabelSpec> {
    let tables = item.list().unwrap_or_default().into_iter().filter_map(|item| item.table());
    tables
        .filter_map(|table| {
            let at = table.need_string("at").and_then(|word| Place::parse(context, &word));
            let message = table.need_string("message").map(|word| Template::parse(context, &word));
            table.finish();
            Some(LabelSpec { at: at?, message: message? })
        })
        .collect()
}

/// Reads `with`, `without` or `unsafe-if-with`.
pub(super) fn read_others(context: Context<'_, '_>, table: &Table<'_, '_>, key: &'static str) -> Vec<Other> {
    table.tables(key).into_iter().filter_map(|table| read_other(context, table)).collect()
}

fn read_other(context: Context<'_, '_>, table: Table<'_, '_>) -> Option<Other> {
    let fact = read_kind(&table, "fact")?;
    let at = table.choice("at", &[("before", When::Before), ("after", When::After), ("anywhere", When::Anywhere)]);
    let within = table.choice(
        "in",
        &[
            ("file", Within::File),
            ("linked", Within::Linked),
            ("callers", Within::Callers),
            ("session", Within::Session),
            ("reach", Within::Reach),
        ],
    );
    let other = Other {
        fact,
        at: at.unwrap_or(When::Anywhere),
        within: within.unwrap_or(Within::File),
        matches: Matcher::read_for(context, &table, fact),
        label: table.string("label").map(|word| Template::parse(context, &word)),
        leads: head::leads_of(&table, fact),
    };
    table.finish();
    Some(other)
}

impl Matcher {
    pub(super) fn read(context: Context<'_, '_>, table: &Table<'_, '_>) -> Self {
        Self::read_for(context, table, context.kind)
    }

    /// Reads `where`, `either` and `unless` on facts of `kind`; fields in braces are those of the context's fact.
    fn read_for(context: Context<'_, '_>, table: &Table<'_, '_>, kind: FactKind) -> Self {
        let scope = Scope::Fact(kind);
        let wheres = |key| table.tables(key).iter().map(|table| Where::parse(context, table, scope)).collect();
        Self {
            all: table.table("where").map(|table| Where::parse(context, &table, scope)).unwrap_or_default(),
            either: wheres("either"),
            unless: wheres("unless"),
        }
    }

    /// The conditions on items of the list at `path`, or of a list that `path` goes through, each with the path
    /// of that list: they say which of its items are meant.
    pub fn item_conditions<'a>(&'a self, path: &'a FieldPath) -> impl Iterator<Item = (&'a FieldPath, &'a Condition)> {
        let tests = self.all.tests.iter().chain(self.either.iter().flat_map(|table| &table.tests));
        tests.filter_map(move |test| {
            let same = test.path.root == path.root && path.steps.starts_with(&test.path.steps);
            let condition = any_of(&test.condition)?;
            (same && test.path.derived.is_none()).then_some((&test.path, condition))
        })
    }
}

/// The condition on items in `{ any = … }`, also beside other operators.
fn any_of(condition: &Condition) -> Option<&Condition> {
    match condition {
        Condition::Any(inner) => Some(inner),
        Condition::AllOf(all) => all.iter().find_map(any_of),
        _ => None,
    }
}

/// True for values that are text of the file.
fn stands_somewhere(kind: &Type) -> bool {
    match kind {
        Type::Text | Type::Record(_) => true,
        Type::List(inner) => stands_somewhere(inner),
        Type::Word | Type::Flag | Type::Number | Type::Choice(_) => false,
    }
}

impl Place {
    /// Reads a field path, or `self` for the fact.
    pub(super) fn parse(context: Context<'_, '_>, word: &Word<'_>) -> Option<Self> {
        Self::read(context, word, &[SELF], Some(Derived::Origin))
    }

    /// The same for an edit, where some other words may stand too. It goes to where a text was written by itself.
    pub(super) fn of_edit(context: Context<'_, '_>, word: &Word<'_>, others: &[&'static str]) -> Option<Self> {
        Self::read(context, word, others, None)
    }

    fn read(context: Context<'_, '_>, word: &Word<'_>, others: &[&'static str], of: Option<Derived>) -> Option<Self> {
        if word.text == SELF {
            return Some(Self::Fact);
        }
        let path = FieldPath::parse_beside(context.doc, word, Scope::Fact(context.kind), others)?;
        let computed = path.derived.is_some() && path.derived != of;
        let has_place = !computed && !path.is_of_whole() && stands_somewhere(path.kind);
        if !has_place {
            let note = if path.is_of_whole() {
                "what is said of the file or the site as a whole has none"
            } else {
                "a flag, a number, one of a few words, a text that is worked out and a computed property have none"
            };
            let note = Some(note.to_owned());
            context.doc.problem(word.span.clone(), format!("`{path}` has no place in the file"), note);
        }
        has_place.then_some(Self::Field(path))
    }
}
