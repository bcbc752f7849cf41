//! Fixes as rules declare them: title, how far to trust them, and the edits in the words of the format.

use super::condition::Where;
use super::document::{Item, Table};
use super::path::Scope;
use super::rule::{Other, Place, read_others};
use super::severity::{APPLICABILITIES, Applicability};
use super::template::{Context, Template};

/// How a rule mends what it finds.
#[derive(Clone, Debug)]
pub struct FixSpec {
    /// What it does, as an order.
    pub title: Template,
    /// How far it can be trusted.
    pub applicability: Applicability,
    /// Offered only when these hold.
    pub only_if: Where,
    /// Unsafe when one of these holds.
    pub unsafe_if: Vec<Where>,
    /// Unsafe when one of these facts exists.
    pub unsafe_if_with: Vec<Other>,
    /// What it changes, all or none.
    pub edits: Vec<EditSpec>,
}

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
    /// Puts the lines of a place into a shell function of that name.
    Wrap(Place, Template),
    /// Imports a Python module, unless the file does.
    Import(String),
    /// Takes the comment mark off.
    Uncomment(Place),
    /// Ends all lines with LF.
    UnixLineEnds,
}

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
    pub(super) fn parse(context: Context<'_, '_>, item: &Item<'_, '_>) -> Option<Self> {
        let table = item.table()?;
        let scope = Scope::Fact(context.kind);
        let title = table.need_string("title").map(|word| Template::parse(context, &word));
        let applicability = table.need("applicability").and_then(|item| item.choice("applicability", APPLICABILITIES));
        let unsafe_if = table.tables("unsafe-if");
        let fix = Self {
            title: title.unwrap_or_default(),
            applicability: applicability.unwrap_or(Applicability::Display),
            only_if: table.table("where").map(|table| Where::parse(context, &table, scope)).unwrap_or_default(),
            unsafe_if: unsafe_if.iter().map(|table| Where::parse(context, table, scope)).collect(),
            unsafe_if_with: read_others(context, &table, "unsafe-if-with"),
            edits: table.tables("edits").into_iter().filter_map(|table| read_edit(context, table)).collect(),
        };
        if table.need("edits").is_some_and(|item| item.list().is_some_and(|list| list.is_empty())) {
            context.doc.problem(table.span(), "a fix needs at least one edit", None);
        }
        table.finish();
        Some(fix)
    }
}

/// Reads one edit: exactly one action with its parameters.
fn read_edit(context: Context<'_, '_>, table: Table<'_, '_>) -> Option<EditSpec> {
    const ACTIONS: [&str; 11] = [
        "delete",
        "replace",
        "uses",
        "insert",
        "insert-line",
        "add-option",
        "move",
        "wrap",
        "import",
        "uncomment",
        "line-ends",
    ];
    let given = ACTIONS.into_iter().filter(|action| table.has(action)).count();
    if given != 1 {
        let message = if given == 0 { "an edit without an action" } else { "an edit with more than one action" };
        context.doc.problem(table.span(), message, Some(format!("give one of: {}", ACTIONS.join(", "))));
        return None;
    }
    let place = |key| table.string(key).and_then(|word| Place::parse(context, &word));
    let text = |key| table.string(key).map(|word| Template::parse(context, &word));
    let need_text = |key| table.need_string(key).map(|word| Template::parse(context, &word));
    let side = || read_side(context, &table);
    let edit = if table.has("delete") {
        place("delete").map(EditSpec::Delete)
    } else if table.has("replace") {
        place("replace").zip(need_text("with")).map(|(place, text)| EditSpec::Replace(place, text))
    } else if table.has("insert") {
        text("insert").zip(side()).map(|(text, side)| EditSpec::Insert(text, side))
    } else if table.has("uses") {
        place("uses").zip(need_text("with")).map(|(place, text)| EditSpec::Uses(place, text))
    } else if table.has("insert-line") {
        text("insert-line").zip(read_line_place(context, &table)).map(|(text, at)| EditSpec::InsertLine(text, at))
    } else if table.has("add-option") {
        text("add-option").map(EditSpec::AddOption)
    } else if table.has("move") {
        place("move").zip(read_line_place(context, &table)).map(|(place, at)| EditSpec::Move(place, at))
    } else if table.has("wrap") {
        place("wrap").zip(need_text("function")).map(|(place, text)| EditSpec::Wrap(place, text))
    } else if table.has("import") {
        table.string("import").map(|word| EditSpec::Import(word.text.to_owned()))
    } else if table.has("uncomment") {
        place("uncomment").map(EditSpec::Uncomment)
    } else {
        table.choice("line-ends", &[("lf", ())]).map(|()| EditSpec::UnixLineEnds)
    };
    let everywhere = table.flag("everywhere").unwrap_or(false);
    if everywhere && !matches!(edit, None | Some(EditSpec::Replace(..) | EditSpec::Insert(_, Side::After(_)))) {
        let message = "`everywhere` goes with `replace`, and with `insert` after a field";
        context.doc.problem(table.span(), message, None);
    }
    table.finish();
    if everywhere { edit.map(|edit| EditSpec::Everywhere(Box::new(edit))) } else { edit }
}

fn read_side(context: Context<'_, '_>, table: &Table<'_, '_>) -> Option<Side> {
    let place = |key| table.string(key).and_then(|word| Place::parse(context, &word));
    match (table.has("before"), table.has("after")) {
        (true, false) => place("before").map(Side::Before),
        (false, true) => place("after").map(Side::After),
        _ => {
            context.doc.problem(table.span(), "say where: `before` or `after` a field", None);
            None
        }
    }
}

fn read_line_place(context: Context<'_, '_>, table: &Table<'_, '_>) -> Option<LinePlace> {
    if let Some(top) = table.get("at") {
        return top.choice("place", &[("top", ())]).map(|()| LinePlace::Top);
    }
    if table.has("before") && table.get("before").and_then(|item| item.as_str()) == Some("first-command") {
        return Some(LinePlace::FirstCommand);
    }
    read_side(context, table).map(LinePlace::Beside)
}
