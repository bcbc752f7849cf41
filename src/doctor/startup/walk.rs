//! Following what shells read: the files of each kind of shell, and what each file reads in turn.

use std::collections::BTreeMap;
use std::path::{Component, Path, PathBuf};
use std::sync::Arc;

use crate::doctor::home::Home;
use crate::facts::{Fact, FactKind, FileFacts, LinkKind, Text, Value};
use crate::source::Source;

use super::zdotdir::{DotFolder, below_home};
use super::{Mode, Node, Shell, State, shown};

/// Files that read files deeper than this are not followed.
const MAX_DEPTH: usize = 8;

/// What ends the reading of a file.
const ENDS: [&str; 3] = ["return", "exit", "logout"];

/// What is known while files are followed.
pub(super) struct Walk<'a> {
    home: &'a Home,
    understand: &'a dyn Fn(&Path) -> Option<(Source, FileFacts)>,
    pub(super) files: BTreeMap<PathBuf, (Source, FileFacts)>,
}

/// A line that reads another file.
struct Reads {
    target: Arc<Text>,
    line: usize,
    certain: bool,
    tested: bool,
    /// The working directory; `None` for that of the file above.
    cwd: Option<Arc<Text>>,
    /// The function that is called for it, by somebody else.
    function: Option<String>,
}

/// The way to a file.
#[derive(Clone, Copy)]
struct Way<'w> {
    mode: Mode,
    line: Option<usize>,
    certain: bool,
    /// The working directory, `$HOME` at the start.
    cwd: &'w str,
}

impl<'a> Walk<'a> {
    pub(super) fn new(home: &'a Home, understand: &'a dyn Fn(&Path) -> Option<(Source, FileFacts)>) -> Self {
        Self { home, understand, files: BTreeMap::new() }
    }

    /// Reads a file of the home once. True when it could be read.
    pub(super) fn load(&mut self, path: &Path) -> bool {
        if !self.files.contains_key(path)
            && State::of(self.home, path).0 == State::Read
            && let Some(understood) = (self.understand)(path)
        {
            self.files.insert(path.to_owned(), understood);
        }
        self.files.contains_key(path)
    }

    /// What a shell reads, and where zsh looks in the end, when a file says so for certain.
    pub(super) fn chain(&mut self, shell: Shell, mode: Mode) -> (Vec<Node>, Option<DotFolder>) {
        let mut files = Vec::new();
        let mut folder = DotFolder::default();
        for group in shell.reads(mode) {
            for (below, certain) in folder.places() {
                let way = Way { mode, line: None, certain, cwd: "$HOME" };
                self.group(shell, &below, group, way, &mut files);
            }
            files.extend(folder.unseen(group));
            if let Some(moved) = files.last().filter(|_| shell == Shell::Zsh).and_then(|node| self.moved(node, mode)) {
                folder = moved;
            }
        }
        (files, folder.is_certain().then_some(folder))
    }

    /// The first file of a group that is there; what only seems to be there comes before it.
    fn group(&mut self, shell: Shell, below: &Path, group: &[&str], way: Way<'_>, files: &mut Vec<Node>) {
        for name in group {
            let node = self.node(&below.join(name), way, &mut Vec::new());
            let state = node.state;
            if state != State::Missing {
                files.push(node);
            }
            if shell.stops_at(state) {
                break;
            }
        }
    }

    fn node(&mut self, path: &Path, way: Way<'_>, above: &mut Vec<PathBuf>) -> Node {
        let (state, target) = State::of(self.home, path);
        let Way { line, certain, .. } = way;
        let mut node = Node { path: shown(path), state, line, certain, target, function: None, files: Vec::new() };
        if above.iter().any(|other| other == path) {
            node.state = State::Loop;
            return node;
        }
        if state == State::Read && !self.load(path) {
            node.state = State::Unreadable;
        }
        let Some((source, facts)) = self.files.get(path).filter(|_| above.len() < MAX_DEPTH) else { return node };
        let reads = reads(source, facts, way.mode);
        above.push(path.to_owned());
        node.files = reads.into_iter().map(|reads| self.inner(reads, way, above)).collect();
        above.pop();
        node
    }

    /// What a line reads.
    fn inner(&mut self, reads: Reads, way: Way<'_>, above: &mut Vec<PathBuf>) -> Node {
        let Reads { target, line, certain, tested, cwd, function } = reads;
        let cwd = match &cwd {
            // A folder that was named from where the shell was.
            Some(cwd) => known(cwd, &["HOME", "PWD"]).then(|| cwd.text.as_str().replacen("$PWD", way.cwd, 1)),
            None => Some(way.cwd.to_owned()),
        };
        let certain = certain && function.is_none();
        match self.target(&target, cwd.as_deref()) {
            Target::Home(path) => {
                let cwd = cwd.unwrap_or_else(|| way.cwd.to_owned());
                let way = Way { line: Some(line), certain, cwd: &cwd, ..way };
                let node = self.node(&path, way, above);
                // What is asked for first need not be there, nor be a file.
                let kept = tested && (!node.state.is_there() || node.state.is_broken());
                Node { certain: certain && !kept, function, ..node }
            }
            Target::Other(state) => {
                let path = target.text.replacen("$HOME", "~", 1);
                Node { path: path.into(), state, line: Some(line), certain, target: None, function, files: Vec::new() }
            }
        }
    }

    /// Where a `source` leads in that working directory, when it is known.
    fn target(&self, target: &Text, cwd: Option<&str>) -> Target {
        if !known(target, &["HOME"]) {
            return Target::Other(State::Unknown);
        }
        let text = target.text.as_str();
        let absolute = text.starts_with(['/', '$', '~']);
        let text = match cwd {
            _ if absolute => text.to_owned(),
            Some(cwd) => format!("{cwd}/{text}"),
            None => return Target::Other(State::Unknown),
        };
        let path = plain(Path::new(below_home(&text)));
        self.home.below(&path).map_or(Target::Other(State::Outside), Target::Home)
    }

    /// Where zsh looks for its files after it read this one, and what that reads.
    fn moved(&self, node: &Node, mode: Mode) -> Option<DotFolder> {
        let (source, facts) = self.files.get(&node.below()?)?;
        let sets = facts.facts.iter().filter(|fact| {
            fact.kind == FactKind::Assignment && meets(fact.fields.text("guard"), mode) && !is_in(fact, "function")
        });
        let own = sets.filter_map(|fact| {
            let folder = DotFolder::set_by(self.home, fact, node.certain && !is_in(fact, "condition"))?;
            Some((source.lines.line(fact.span.start), folder))
        });
        let inner = node.files.iter().filter(|inner| inner.function.is_none());
        let inner = inner.filter_map(|inner| Some((inner.line?, self.moved(inner, mode)?)));
        own.chain(inner).max_by_key(|(line, _)| *line).map(|(_, folder)| folder)
    }
}

enum Target {
    Home(PathBuf),
    Other(State),
}

/// The lines of a file that read others, in shells of that kind.
fn reads(source: &Source, facts: &FileFacts, mode: Mode) -> Vec<Reads> {
    let end = facts.facts.iter().filter(|fact| ends(fact, mode)).map(|fact| fact.span.start).min();
    let links = facts.links.iter().filter(|link| link.how == LinkKind::Sources);
    let links = links.filter_map(|link| Some((link, facts.facts.get(link.fact)?)));
    links
        .filter(|(_, fact)| meets(fact.fields.text("guard"), mode))
        // Nothing comes to what stands behind the end, but what is called.
        .filter(|(_, fact)| end.is_none_or(|end| fact.span.start < end) || is_in(fact, "function"))
        .map(|(link, fact)| Reads {
            target: link.target.clone(),
            line: source.lines.line(fact.span.start),
            certain: fact.certain,
            tested: is_tested(fact),
            cwd: match fact.state.as_ref().and_then(|state| state.get("cwd")) {
                Some(Value::Text(cwd)) => Some(Arc::clone(cwd)),
                _ => None,
            },
            function: is_in(fact, "function").then(|| fact.fields.text("function").to_owned()),
        })
        .collect()
}

/// True for a command that ends the reading of the file in every such shell.
fn ends(fact: &Fact, mode: Mode) -> bool {
    let alone = || match fact.fields.get("context") {
        Some(Value::List(items)) => items.is_empty(),
        _ => true,
    };
    let command = fact.kind == FactKind::Command && ENDS.contains(&fact.fields.text("run"));
    let called = || fact.fields.get("function").is_some() || fact.fields.get("alias").is_some();
    command
        && fact.certain
        && alone()
        && fact.is_whole_statement()
        && !called()
        && meets(fact.fields.text("guard"), mode)
}

/// True when nothing in the text is unknown but these variables.
fn known(text: &Text, variables: &[&str]) -> bool {
    text.unresolved.iter().all(|name| variables.contains(&name.as_str()))
}

/// A path without `.` and, where it can be told, `..`; an address, which is no path, stays as it is written: what is
/// secret in it is known by its form.
fn plain(path: &Path) -> PathBuf {
    let text = path.to_string_lossy();
    let is_dotted = ["./", "/."].iter().any(|dots| text.contains(dots));
    if !is_dotted || text.contains("://") {
        return path.to_owned();
    }
    let mut plain = PathBuf::new();
    for part in path.components() {
        match part {
            Component::CurDir => {}
            Component::ParentDir if plain.file_name().is_some() => _ = plain.pop(),
            part => plain.push(part),
        }
    }
    plain
}

/// Whether a fact stands in such a thing.
fn is_in(fact: &Fact, context: &str) -> bool {
    fact.fields.lists("context", context)
}

/// Whether something is asked before a command runs: most often just whether the file is there.
fn is_tested(fact: &Fact) -> bool {
    is_in(fact, "condition") || !fact.is_whole_statement()
}

/// Whether a shell of that kind comes to what a guard lets through.
fn meets(guard: &str, mode: Mode) -> bool {
    match guard {
        "interactive" => mode.is_interactive(),
        "batch" => !mode.is_interactive(),
        "login" => mode == Mode::Login,
        _ => true,
    }
}
