//! What a fact is: a thing that a file says or does, with its place, its fields and the state at that point.
//!
//! Fields are values in a tree that rules address by dotted paths (`option.--prefix.place`); which fields a
//! kind of fact has stands in [`super::schema`], and rules are checked against that when they load.

use std::sync::Arc;

use super::value::{Record, Value};
use crate::source::Span;

/// One thing that a file says or does.
#[derive(Clone, Debug)]
pub struct Fact {
    /// What kind of thing.
    pub kind: FactKind,
    /// The bytes it stands on; where a finding points unless the rule says otherwise.
    pub span: Span,
    /// False when it depends on a branch that could not be decided.
    pub certain: bool,
    /// Its own fields.
    pub fields: Record,
    /// The state of the shell before it, for shell facts.
    pub state: Option<Arc<Record>>,
    /// Number of the notebook cell (from 1) that holds it.
    pub cell: Option<usize>,
}

/// The kinds of facts.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum FactKind {
    /// A simple command, after looking through wrappers.
    Command,
    /// A variable that is set.
    Assignment,
    /// A directory put on a search path.
    PathEntry,
    /// A region between marker comments, or a known body without its markers.
    Block,
    /// The first line's interpreter, or what should be one.
    Shebang,
    /// One option of a scheduler directive.
    Directive,
    /// One module of a `module` command.
    Module,
    /// One package asked for, in a file or on a command line.
    Dependency,
    /// One channel asked for.
    Channel,
    /// A key of an environment file, `.condarc` or other settings file.
    Key,
    /// A Python import.
    Import,
    /// A Python call.
    Call,
    /// A comment with a meaning to tools (conda's «commented out by», pydoctor's own).
    Comment,
    /// A word that names a variable of the scheduler.
    Variable,
    /// The file itself, once.
    File,
    /// Second pass: a suppression of pydoctor.
    Suppression,
    /// Second pass: a region that was not understood.
    ParseGap,
    /// Account: a conda installation or an environment.
    Installation,
    /// Account: how much lies somewhere.
    Usage,
    /// Account: a start-up file, and who reads it.
    InitFile,
    /// Account: what a program name leads to.
    SearchPath,
    /// Account: a setting of a tool.
    Setting,
}

impl FactKind {
    /// All kinds, in the order of the reference.
    pub const ALL: [Self; 22] = [
        Self::Command,
        Self::Assignment,
        Self::PathEntry,
        Self::Block,
        Self::Shebang,
        Self::Directive,
        Self::Module,
        Self::Dependency,
        Self::Channel,
        Self::Key,
        Self::Import,
        Self::Call,
        Self::Comment,
        Self::Variable,
        Self::File,
        Self::Suppression,
        Self::ParseGap,
        Self::Installation,
        Self::Usage,
        Self::InitFile,
        Self::SearchPath,
        Self::Setting,
    ];

    /// The name that rules use.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Command => "command",
            Self::Assignment => "assignment",
            Self::PathEntry => "path-entry",
            Self::Block => "block",
            Self::Shebang => "shebang",
            Self::Directive => "directive",
            Self::Module => "module",
            Self::Dependency => "dependency",
            Self::Channel => "channel",
            Self::Key => "key",
            Self::Import => "import",
            Self::Call => "call",
            Self::Comment => "comment",
            Self::Variable => "variable",
            Self::File => "file",
            Self::Suppression => "suppression",
            Self::ParseGap => "parse-gap",
            Self::Installation => "installation",
            Self::Usage => "usage",
            Self::InitFile => "init-file",
            Self::SearchPath => "search-path",
            Self::Setting => "setting",
        }
    }

    /// The kind of that name.
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.name() == name)
    }
}

impl Fact {
    /// False for a part of an `&&`, `||` or `|` list; true for what is no statement.
    pub fn is_whole_statement(&self) -> bool {
        match self.fields.get("statement") {
            Some(Value::Record(statement)) => statement.flag("whole"),
            _ => true,
        }
    }

    /// The same, and true for a path entry that its list is there for: `[ -d X ] && PATH=X:$PATH`.
    pub fn is_all_of_statement(&self) -> bool {
        self.is_whole_statement() || (self.kind == FactKind::PathEntry && self.fields.flag("alone"))
    }

    /// A certain fact without state.
    pub fn new(kind: FactKind, span: Span, fields: Record) -> Self {
        Self { kind, span, certain: true, fields, state: None, cell: None }
    }
}
