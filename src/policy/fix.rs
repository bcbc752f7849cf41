//! Fixes as rules declare them: title, how far to trust them, and the edits in the words of the format.

use regex_automata::meta::Regex;

use super::condition::Where;
use super::describe::Keys;
use super::describe::rule::EDITS;
use super::document::{Item, Shape, Table, Word};
use super::expression::{self, LazyRegex};
use super::path::{FieldPath, Root, Scope};
use super::rule::{Matcher, Other, Place, SELF, read_others};
use super::severity::{APPLICABILITIES, Applicability};
use super::template::{Context, Part, Template};
use crate::facts::FactKind;
use crate::facts::placeholder::to_fill;

/// How a rule mends what it finds.
#[derive(Clone, Debug)]
pub struct FixSpec {
    /// Its number among the fixes of the rule as they are written, from 1; those of the rule itself come first.
    pub number: usize,
    /// What it does, as an order.
    pub title: Template,
    /// How far it can be trusted.
    pub applicability: Applicability,
    /// Where it is offered, and where it is trusted less.
    pub when: Conditions,
    /// What it changes, all or none.
    pub edits: Vec<EditSpec>,
}

/// Where a fix is offered, and where it is trusted less.
#[derive(Clone, Debug)]
pub struct Conditions {
    /// Offered only where this holds of the fact.
    pub only_if: Matcher,
    /// Offered only where all of these facts exist, for certain.
    pub with: Vec<Other>,
    /// Offered only where none of these facts exists.
    pub without: Vec<Other>,
    /// Offered only where none of these stands elsewhere in the file, as code or comment.
    pub unless_text: Vec<Written>,
    /// Unsafe when one of these holds.
    pub unsafe_if: Vec<Where>,
    /// Unsafe when one of these facts exists.
    pub unsafe_if_with: Vec<Other>,
    /// Only shown when one of these holds.
    pub shown_if: Vec<Where>,
    /// It is right on any machine, whatever the file is for.
    pub any_machine: bool,
    /// It is right at the site alone; without it, where it writes a value of the site.
    of_site: Option<bool>,
}

/// A text to look for: a regular expression, in which a field stands for its text.
#[derive(Clone, Debug)]
pub struct Written(Template);

/// One change.
#[derive(Clone, Debug)]
pub enum EditSpec {
    /// Removes the place.
    Delete(Place),
    /// Puts text there instead.
    Replace(Place, Template),
    /// Puts text into the line.
    Insert(Template, Side),
    /// Puts lines of its own.
    InsertLine(Template, LinePlace),
    /// The same change of a path wherever the file writes that path.
    Everywhere(Box<EditSpec>),
    /// Puts text in the place of a name where other commands of the file use it.
    Uses(Place, Template),
    /// Puts an option behind the sub-command.
    AddOption(Template),
    /// Moves the lines of a place.
    Move(Place, LinePlace),
    /// Puts the lines of a place into a shell function of that name; the other name is for a whole run of them.
    Wrap(Place, Template, Option<Template>),
    /// Imports a Python module, unless the file does.
    Import(String),
    /// Takes the comment mark off.
    Uncomment(Place),
    /// Ends all lines with LF.
    UnixLineEnds,
    /// Changes who may use the file, and nothing in it.
    Chmod(Chmod),
}

/// Rights to a file that are taken from others.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Chmod {
    /// In the words of `chmod`: `go-w`.
    pub word: &'static str,
    /// The bits that go.
    pub taken: u32,
}

/// What can be taken.
const CHMODS: &[(&str, Chmod)] =
    &[("go-w", Chmod { word: "go-w", taken: 0o022 }), ("go-rwx", Chmod { word: "go-rwx", taken: 0o077 })];

/// Before or after a place.
#[derive(Clone, Debug)]
pub enum Side {
    /// Before it.
    Before(Place),
    /// After it.
    After(Place),
}

/// Where a line goes.
#[derive(Clone, Debug)]
pub enum LinePlace {
    /// Before or after the line of a place.
    Beside(Side),
    /// Below shebang and directives.
    Top,
    /// Above the first line that is neither empty nor a comment.
    FirstCommand,
}

impl FixSpec {
    /// True where its conditions ask for which machine the file is made: then it decides by itself what that means.
    pub fn asks_for_machine(&self) -> bool {
        let Matcher { all, either, unless } = &self.when.only_if;
        let tests = std::iter::once(all).chain(either).chain(unless).flat_map(|table| &table.tests);
        let asked =
            |path: &FieldPath| path.root == Root::File && path.steps.first().is_some_and(|step| &**step == "made-for");
        tests.into_iter().any(|test| asked(&test.path))
    }

    /// Reads one fix, or a list of them, of which the first has the number `first`; the conditions of `each` hold
    /// besides their own.
    pub(super) fn parse_all(
        context: Context<'_, '_>,
        item: &Item<'_, '_>,
        first: usize,
        each: Option<&Item<'_, '_>>,
    ) -> Vec<Self> {
        let numbered = (first..).zip(Self::items(item));
        numbered.filter_map(|(number, item)| Self::parse(context, &item, number, each)).collect()
    }

    /// How many fixes an item holds.
    pub(super) fn count(item: &Item<'_, '_>) -> usize {
        Self::items(item).len()
    }

    fn items<'d, 'a>(item: &Item<'d, 'a>) -> Vec<Item<'d, 'a>> {
        if matches!(item.shape(), Shape::List) { item.list().unwrap_or_default() } else { vec![*item] }
    }

    /// The rights that it takes, when that is what it does.
    pub fn chmod(&self) -> Option<Chmod> {
        self.edits.iter().find_map(|edit| if let EditSpec::Chmod(chmod) = edit { Some(*chmod) } else { None })
    }

    /// True where it is right at the site alone.
    pub fn is_of_site(&self) -> bool {
        let writes_value = || self.texts().flat_map(|text| &text.parts).any(|part| matches!(part, Part::Value(_)));
        self.when.of_site.unwrap_or_else(writes_value)
    }

    /// The texts that it writes.
    pub fn texts(&self) -> impl Iterator<Item = &Template> {
        self.edits.iter().filter_map(EditSpec::text)
    }

    fn parse(
        context: Context<'_, '_>,
        item: &Item<'_, '_>,
        number: usize,
        each: Option<&Item<'_, '_>>,
    ) -> Option<Self> {
        let table = item.table()?;
        let title = table.need_string("title").map(|word| Template::parse(context, &word));
        let applicability = table.need("applicability").and_then(|item| item.choice("applicability", APPLICABILITIES));
        let mut when = Conditions::read(context, &table);
        if let Some(each) = each.and_then(Item::table) {
            when.and(Conditions::read(context, &each), context, &table);
            each.finish();
        }
        let fix = Self {
            number,
            title: title.unwrap_or_default(),
            applicability: applicability.unwrap_or(Applicability::Display),
            when,
            edits: table.tables("edits").into_iter().filter_map(|table| read_edit(context, table)).collect(),
        };
        if table.need("edits").is_some_and(|item| item.list().is_some_and(|list| list.is_empty())) {
            context.doc.problem(table.span(), "a fix needs at least one edit", None);
        }
        fix.check_words(context, &table);
        fix.check_chmod(context, &table);
        table.finish();
        Some(fix)
    }

    /// Rights are not bytes of a text, and only facts about an account know of them.
    fn check_chmod(&self, context: Context<'_, '_>, table: &Table<'_, '_>) {
        if self.chmod().is_none() {
            return;
        }
        if self.edits.len() > 1 {
            context.doc.problem(table.span(), "`chmod` stands alone", Some("write two fixes".to_owned()));
        }
        if !matches!(context.kind, FactKind::InitFile | FactKind::Setting) {
            context.doc.problem(table.span(), "`chmod` is for clauses on `init-file` and `setting`", None);
        }
    }

    /// What only the user can fill in is shown, and never written.
    fn check_words(&self, context: Context<'_, '_>, table: &Table<'_, '_>) {
        if context.trusted || self.applicability == Applicability::Display {
            return;
        }
        let literals = self.texts().flat_map(|text| &text.parts).filter_map(|part| match part {
            Part::Text(text) => to_fill(text),
            _ => None,
        });
        for word in literals {
            let message = format!("only the user can fill in `{word}`: such a fix is shown, never applied");
            let note = "say `applicability = \"display\"`, or write a value of the site".to_owned();
            context.doc.problem(table.span(), message, Some(note));
        }
    }
}

impl Conditions {
    fn read(context: Context<'_, '_>, table: &Table<'_, '_>) -> Self {
        let scope = Scope::Fact(context.kind);
        let conditions = |key| table.tables(key).iter().map(|table| Where::parse(context, table, scope)).collect();
        Self {
            only_if: Matcher::read(context, table),
            with: read_others(context, table, "with"),
            without: read_others(context, table, "without"),
            unless_text: table.strings("unless-text").iter().map(|word| Written::parse(context, word)).collect(),
            unsafe_if: conditions("unsafe-if"),
            unsafe_if_with: read_others(context, table, "unsafe-if-with"),
            shown_if: conditions("shown-if"),
            any_machine: table.flag("any-machine").unwrap_or(false),
            of_site: table.flag("of-site"),
        }
    }

    /// The other facts that it asks for.
    pub fn others(&self) -> impl Iterator<Item = &Other> {
        self.unsafe_if_with.iter().chain(&self.with).chain(&self.without)
    }

    /// Takes the conditions that hold of each fix of the rule besides those of the fix in `table`.
    fn and(&mut self, each: Self, context: Context<'_, '_>, table: &Table<'_, '_>) {
        self.only_if.all.and(each.only_if.all);
        if !self.only_if.either.is_empty() && !each.only_if.either.is_empty() {
            context.doc.problem(table.span(), "`either` stands in the fix and in `each-fix`", None);
        }
        self.only_if.either.extend(each.only_if.either);
        self.only_if.unless.extend(each.only_if.unless);
        self.with.extend(each.with);
        self.without.extend(each.without);
        self.unless_text.extend(each.unless_text);
        self.unsafe_if.extend(each.unsafe_if);
        self.unsafe_if_with.extend(each.unsafe_if_with);
        self.shown_if.extend(each.shown_if);
        self.any_machine |= each.any_machine;
        self.of_site = self.of_site.or(each.of_site);
    }
}

impl Written {
    fn parse(context: Context<'_, '_>, word: &Word<'_>) -> Self {
        let template = Template::parse(context, word);
        if !context.trusted
            && let Some(fault) = LazyRegex::new(&source(&template, &|_| None)).fault()
        {
            fault.tell(context.doc, word);
        }
        Self(template)
    }

    /// What `look` finds with the expression, in which `text` stands for each field; `None` where one is missing, or
    /// its text `stands` nowhere.
    pub fn find<T>(
        &self,
        text: impl Fn(&Part) -> Option<String>,
        stands: impl Fn(&str) -> bool,
        look: impl FnOnce(&Regex) -> Option<T>,
    ) -> Option<T> {
        let is_field = |part: &&Part| !matches!(part, Part::Text(_));
        let mut fields = self.0.parts.iter().filter(is_field);
        // A field that is absent says nothing.
        if fields.any(|part| text(part).is_none_or(|text| text.is_empty() || !stands(&text))) {
            return None;
        }
        expression::for_files(source(&self.0, &text)).as_deref().and_then(look)
    }
}

/// A template as a regular expression: fields stand for themselves.
fn source(template: &Template, text: &dyn Fn(&Part) -> Option<String>) -> String {
    let part = |part: &Part| match part {
        Part::Text(text) => text.to_string(),
        part => regex::escape(&text(part).unwrap_or_default()),
    };
    template.parts.iter().map(part).collect()
}

impl EditSpec {
    /// What it does, by the word of the format.
    pub fn action(&self) -> &'static str {
        match self {
            Self::Delete(_) => "delete",
            Self::Replace(..) => "replace",
            Self::Insert(..) => "insert",
            Self::InsertLine(..) => "insert-line",
            Self::Everywhere(edit) => edit.action(),
            Self::Uses(..) => "uses",
            Self::AddOption(_) => "add-option",
            Self::Move(..) => "move",
            Self::Wrap(..) => "wrap",
            Self::Import(_) => "import",
            Self::Uncomment(_) => "uncomment",
            Self::UnixLineEnds => "line-ends",
            Self::Chmod(_) => "chmod",
        }
    }

    /// The text that it writes.
    pub fn text(&self) -> Option<&Template> {
        match self {
            Self::Replace(_, text)
            | Self::Insert(text, _)
            | Self::InsertLine(text, _)
            | Self::Uses(_, text)
            | Self::AddOption(text)
            | Self::Wrap(_, text, _) => Some(text),
            Self::Everywhere(edit) => edit.text(),
            Self::Delete(_)
            | Self::Move(..)
            | Self::Import(_)
            | Self::Uncomment(_)
            | Self::UnixLineEnds
            | Self::Chmod(_) => None,
        }
    }
}

/// Above the first line that is neither empty nor a comment.
const FIRST_COMMAND: &str = "first-command";

/// Reads one edit: exactly one action with its parameters.
fn read_edit(context: Context<'_, '_>, table: Table<'_, '_>) -> Option<EditSpec> {
    let given: Vec<&'static Keys> = EDITS.iter().copied().filter(|keys| table.has(keys.keys[0].name)).collect();
    let [keys] = given.as_slice() else {
        let message = if given.is_empty() { "an edit without an action" } else { "an edit with more than one action" };
        let actions: Vec<&str> = EDITS.iter().map(|keys| keys.name).collect();
        context.doc.problem(table.span(), message, Some(format!("give one of: {}", actions.join(", "))));
        return None;
    };
    let table = table.with_keys(keys);
    let place = |key| table.string(key).and_then(|word| Place::of_edit(context, &word, &[SELF]));
    let text = |key| table.string(key).map(|word| Template::parse(context, &word));
    let need_text = |key| table.need_string(key).map(|word| Template::parse(context, &word));
    let edit = match keys.name {
        "delete" => place("delete").map(EditSpec::Delete),
        "replace" => place("replace").zip(need_text("with")).map(|(place, text)| EditSpec::Replace(place, text)),
        "uses" => place("uses").zip(need_text("with")).map(|(place, text)| EditSpec::Uses(place, text)),
        "insert" => {
            text("insert").zip(read_side(context, &table, &[SELF], "")).map(|(text, side)| EditSpec::Insert(text, side))
        }
        "insert-line" => {
            text("insert-line").zip(read_line_place(context, &table)).map(|(text, at)| EditSpec::InsertLine(text, at))
        }
        "add-option" => text("add-option").map(EditSpec::AddOption),
        "move" => place("move").zip(read_line_place(context, &table)).map(|(place, at)| EditSpec::Move(place, at)),
        "wrap" => {
            let together = text("together");
            place("wrap").zip(need_text("function")).map(|(place, text)| EditSpec::Wrap(place, text, together))
        }
        "import" => table.string("import").map(|word| EditSpec::Import(word.text.to_owned())),
        "uncomment" => place("uncomment").map(EditSpec::Uncomment),
        "chmod" => table.get("chmod").and_then(|item| item.choice("chmod", CHMODS)).map(EditSpec::Chmod),
        _ => table.choice("line-ends", &[("lf", ())]).map(|()| EditSpec::UnixLineEnds),
    };
    let everywhere = keys.get("everywhere").and_then(|key| table.flag(key.name)).unwrap_or(false);
    if everywhere && matches!(edit, Some(EditSpec::Insert(_, Side::Before(_)))) {
        context.doc.problem(table.span(), "`everywhere` goes with `insert` after a field, not before it", None);
    }
    table.finish();
    if everywhere { edit.map(|edit| EditSpec::Everywhere(Box::new(edit))) } else { edit }
}

/// Before or after a field, or one of some `other` words.
fn read_side(context: Context<'_, '_>, table: &Table<'_, '_>, others: &[&'static str], or: &str) -> Option<Side> {
    let place = |word: Word<'_>| Place::of_edit(context, &word, others);
    match (table.string("before"), table.string("after")) {
        (Some(before), None) => place(before).map(Side::Before),
        (None, Some(after)) => place(after).map(Side::After),
        _ => {
            context.doc.problem(table.span(), format!("say where: either `before` or `after` a field{or}"), None);
            None
        }
    }
}

fn read_line_place(context: Context<'_, '_>, table: &Table<'_, '_>) -> Option<LinePlace> {
    let Some(top) = table.get("at") else {
        if table.get("before").and_then(|item| item.as_str()) == Some(FIRST_COMMAND) && !table.has("after") {
            let _ = table.get("after");
            return Some(LinePlace::FirstCommand);
        }
        let or = ", `before = \"first-command\"` or `at = \"top\"`";
        return read_side(context, table, &[SELF, FIRST_COMMAND], or).map(LinePlace::Beside);
    };
    if table.get("before").is_some() || table.get("after").is_some() {
        context.doc.problem(table.span(), "say where once: `at`, `before` or `after`", None);
    }
    let _ = table.get("after");
    top.choice("place", &[("top", ())]).map(|()| LinePlace::Top)
}
