//! The start-up chain: which files each kind of shell reads, in order, and what each of them reads in turn.
//!
//! The order is that of the manuals of bash (INVOCATION), zsh (STARTUP/SHUTDOWN FILES) and tcsh (Startup and shutdown);
//! a test asks the real shells. Files of the system are named and not opened.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use crate::facts::{FileFacts, LinkKind, Record, Text, Value};
use crate::fix::Syntax;
use crate::source::{Source, Span};

use super::home::{Home, OpenTo, Reached};

/// Files that read files deeper than this are not followed.
const MAX_DEPTH: usize = 8;

/// Names of files that no shell reads by itself; the system's own files did at some centres.
const LEFTOVERS: [&str; 8] = [
    ".bashrc.ext",
    ".bash_profile.ext",
    ".profile.ext",
    ".cshrc.ext",
    ".login.ext",
    ".tcshrc.ext",
    ".kshrc.ext",
    ".zshrc.ext",
];

/// Folders in which Lmod keeps what `module save` saves; the collection `default` is loaded at login.
const COLLECTIONS: [&str; 2] = [".lmod.d", ".config/lmod"];

/// A kind of shell: how it was started decides what it reads.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Mode {
    /// `ssh host`: an interactive login shell.
    Login,
    /// A new window or `bash` typed in a shell.
    Interactive,
    /// A job script or any other script.
    Batch,
    /// `ssh host command`, `scp`, `rsync`.
    Remote,
}

impl Mode {
    /// All of them, in the order of reports.
    pub const ALL: [Self; 4] = [Self::Login, Self::Interactive, Self::Batch, Self::Remote];

    /// The name that facts use.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Login => "login",
            Self::Interactive => "interactive",
            Self::Batch => "batch",
            Self::Remote => "remote",
        }
    }

    const fn is_interactive(self) -> bool {
        matches!(self, Self::Login | Self::Interactive)
    }
}

/// A shell with start-up files of its own.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Shell {
    /// GNU bash.
    Bash,
    /// The Z shell.
    Zsh,
    /// tcsh, and csh.
    Csh,
}

impl Shell {
    /// All of them.
    pub const ALL: [Self; 3] = [Self::Bash, Self::Zsh, Self::Csh];

    /// The name that facts use.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Bash => "bash",
            Self::Zsh => "zsh",
            Self::Csh => "csh",
        }
    }

    /// What it reads of the home, in order; of the names in one group, the first that exists.
    const fn reads(self, mode: Mode) -> &'static [&'static [&'static str]] {
        match (self, mode) {
            (Self::Bash, Mode::Login) => &[&[".bash_profile", ".bash_login", ".profile"]],
            (Self::Bash, Mode::Interactive | Mode::Remote) => &[&[".bashrc"]],
            (Self::Bash, Mode::Batch) => &[],
            (Self::Zsh, Mode::Login) => &[&[".zshenv"], &[".zprofile"], &[".zshrc"], &[".zlogin"]],
            (Self::Zsh, Mode::Interactive) => &[&[".zshenv"], &[".zshrc"]],
            (Self::Zsh, Mode::Batch | Mode::Remote) => &[&[".zshenv"]],
            (Self::Csh, Mode::Login) => &[&[".tcshrc", ".cshrc"], &[".login"]],
            (Self::Csh, _) => &[&[".tcshrc", ".cshrc"]],
        }
    }

    /// Every file of the home that it may read.
    fn own(self) -> BTreeSet<&'static str> {
        Mode::ALL.into_iter().flat_map(|mode| self.reads(mode)).flat_map(|group| group.iter().copied()).collect()
    }
}

/// What one kind of shell reads.
#[derive(Clone, Debug)]
pub struct Chain {
    /// The shell.
    pub shell: Shell,
    /// How it was started.
    pub mode: Mode,
    /// The files, in order.
    pub files: Vec<Node>,
}

/// A file in a chain.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Node {
    /// The path for people: `~/.bashrc`, `/etc/bashrc`.
    pub path: String,
    /// What became of it.
    pub state: State,
    /// Line of the file above that reads it; `None` for what the shell itself reads.
    pub line: Option<usize>,
    /// False when the file above may not come to that line.
    pub certain: bool,
    /// Where a link of that name leads, when that is outside the home.
    pub target: Option<PathBuf>,
    /// What it reads, in order.
    pub files: Vec<Node>,
}

/// What became of a file that should be read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum State {
    /// It is read.
    Read,
    /// It lies outside the home, and was not looked at.
    Outside,
    /// It is not there.
    Missing,
    /// It is read already: a loop.
    Loop,
    /// It could not be read, or is no file.
    Unreadable,
    /// Its name is not known.
    Unknown,
}

/// The start-up files of an account, read and understood, by their path below the home.
#[derive(Debug, Default)]
pub struct Startup {
    /// Every file of the home that some shell reads, or would if another did not hide it.
    pub files: BTreeMap<PathBuf, (Source, FileFacts)>,
    /// What each kind of shell reads; shells without any file are left out.
    pub chains: Vec<Chain>,
}

/// Follows the start-up files of `home`. `understand` gives a file's facts.
pub fn follow(home: &Home, understand: &dyn Fn(&Path) -> Option<(Source, FileFacts)>) -> Startup {
    let mut walk = Walk { home, understand, files: BTreeMap::new() };
    let mut chains = Vec::new();
    for shell in Shell::ALL {
        // What is hidden is looked at too: it may be what its owner believes is read.
        let own: Vec<PathBuf> = shell.own().into_iter().map(PathBuf::from).collect();
        own.iter().for_each(|name| _ = walk.load(name));
        if !own.iter().any(|name| walk_has(home, &name.to_string_lossy())) {
            continue;
        }
        for mode in Mode::ALL {
            let there = |group: &&[&str]| group.iter().find(|name| walk_has(home, name)).map(PathBuf::from);
            let roots: Vec<PathBuf> = shell.reads(mode).iter().filter_map(there).collect();
            let files = roots.iter().map(|root| walk.node(root, None, true, mode, &mut Vec::new())).collect();
            chains.push(Chain { shell, mode, files });
        }
    }
    LEFTOVERS.iter().for_each(|name| _ = walk.load(Path::new(name)));
    Startup { files: walk.files, chains }
}

/// The facts of start-up files: who reads each, and what is wrong with that. `syntax` is asked about each.
pub fn facts(home: &Home, startup: &Startup, syntax: &dyn Syntax) -> Vec<(PathBuf, Record)> {
    let mut readers: BTreeMap<PathBuf, BTreeSet<Mode>> = BTreeMap::new();
    let mut broken: BTreeMap<PathBuf, Broken> = BTreeMap::new();
    for chain in &startup.chains {
        for node in &chain.files {
            collect(node, chain.mode, &mut readers, &mut broken);
        }
    }
    let mut facts = Vec::new();
    for path in startup.files.keys().cloned() {
        let source = startup.files.get(&path).map(|(source, _)| source);
        let mut record = record(home, &path, readers.get(&path), broken.get(&path).zip(source));
        let refused = source.is_some_and(|source| syntax.accepts(source) == Some(false));
        if refused && record.text("problem") == "none" {
            record.set("problem", "syntax");
        }
        facts.push((path, record));
    }
    facts.extend(collections(home));
    facts.push((
        PathBuf::new(),
        rights(home, Path::new(""), Record::new().with("path", "$HOME").with("name", ".").with("problem", "none")),
    ));
    facts
}

/// What Lmod loads at every login. Where nodes are of several kinds, each has a collection: `default.KIND`.
fn collections(home: &Home) -> Vec<(PathBuf, Record)> {
    let in_folder = |folder: &&str| {
        let is_default = |name: &str| name == "default" || (name.starts_with("default.") && !name.ends_with('~'));
        let names = home.names(Path::new(folder)).into_iter().filter_map(|name| name.into_string().ok());
        names.filter(|name| is_default(name)).map(|name| Path::new(folder).join(name)).collect::<Vec<_>>()
    };
    let record = |path: PathBuf| {
        let name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
        let record = Record::new().with("path", home.shown(&path)).with("name", name).with("shell", "sh");
        let record = record.with("read-by", vec![Mode::Login.name()]).with("problem", "collection");
        let record = rights(home, &path, record);
        (path, record)
    };
    COLLECTIONS.iter().flat_map(in_folder).map(record).collect()
}

/// Who else may write something.
fn rights(home: &Home, path: &Path, mut record: Record) -> Record {
    if let (Ok(Reached::Inside(inside)), Ok(own)) = (home.reach(path), home.stat()) {
        // In a sticky folder only its owner can replace what others may not write.
        let sticky = inside.is_folder() && inside.stat.st_mode & 0o1000 != 0;
        record.set("open-to", if sticky { OpenTo::Nobody } else { inside.writable_by() }.name());
        if inside.stat.st_uid != own.st_uid {
            record.set("foreign-owner", inside.stat.st_uid.to_string());
        }
    }
    record
}

fn walk_has(home: &Home, name: &str) -> bool {
    !matches!(home.reach(Path::new(name)), Ok(Reached::Missing(_)))
}

struct Walk<'a> {
    home: &'a Home,
    understand: &'a dyn Fn(&Path) -> Option<(Source, FileFacts)>,
    files: BTreeMap<PathBuf, (Source, FileFacts)>,
}

impl Walk<'_> {
    /// Reads a file of the home once. True when it could be read.
    fn load(&mut self, path: &Path) -> bool {
        if !self.files.contains_key(path)
            && let Some(understood) = (self.understand)(path)
        {
            self.files.insert(path.to_owned(), understood);
        }
        self.files.contains_key(path)
    }

    fn node(&mut self, path: &Path, line: Option<usize>, certain: bool, mode: Mode, above: &mut Vec<PathBuf>) -> Node {
        let shown = format!("~/{}", path.display());
        let mut node = Node { path: shown, state: State::Read, line, certain, target: None, files: Vec::new() };
        if above.iter().any(|other| other == path) {
            node.state = State::Loop;
            return node;
        }
        if !self.load(path) {
            node.state = match self.home.reach(path) {
                Ok(Reached::Missing(_)) => State::Missing,
                Ok(Reached::Outside(target)) => {
                    node.target = Some(target);
                    State::Outside
                }
                _ => State::Unreadable,
            };
            return node;
        }
        if above.len() >= MAX_DEPTH {
            return node;
        }
        let Some((source, facts)) = self.files.get(path) else { return node };
        let reads: Vec<(Arc<Text>, usize, bool, bool)> = facts
            .links
            .iter()
            .filter(|link| link.how == LinkKind::Sources)
            .filter_map(|link| Some((link, facts.facts.get(link.fact)?)))
            .filter(|(_, fact)| meets(fact.fields.text("guard"), mode))
            .map(|(link, fact)| {
                (link.target.clone(), source.lines.line(fact.span.start), fact.certain, is_tested(&fact.fields))
            })
            .collect();
        above.push(path.to_owned());
        node.files = reads
            .into_iter()
            .map(|(target, line, certain, tested)| match self.target(&target) {
                Target::Home(path) => {
                    let node = self.node(&path, Some(line), certain, mode, above);
                    let kept = tested && node.state == State::Missing;
                    Node { certain: certain && !kept, ..node }
                }
                Target::Other(state) => {
                    let path = target.text.replacen("$HOME", "~", 1);
                    Node { path, state, line: Some(line), certain, target: None, files: Vec::new() }
                }
            })
            .collect();
        above.pop();
        node
    }

    /// Where a `source` leads: shells start in the home.
    fn target(&self, target: &Text) -> Target {
        let text = target.text.as_str();
        let below = text.strip_prefix("$HOME/").or_else(|| text.strip_prefix("~/"));
        if target.unresolved.iter().any(|name| name != "HOME") {
            return Target::Other(State::Unknown);
        }
        let path = Path::new(below.unwrap_or(text));
        self.home.below(path).map_or(Target::Other(State::Outside), Target::Home)
    }
}

enum Target {
    Home(PathBuf),
    Other(State),
}

/// Whether something is asked before a command runs: most often just whether the file is there.
fn is_tested(command: &Record) -> bool {
    let in_condition = match command.get("context") {
        Some(Value::List(items)) => items.iter().any(|item| item.to_string() == "condition"),
        _ => false,
    };
    let whole = match command.get("statement") {
        Some(Value::Record(statement)) => statement.flag("whole"),
        _ => true,
    };
    in_condition || !whole
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

/// What is wrong with what a file reads.
struct Broken {
    problem: &'static str,
    target: String,
    /// Where it says so.
    line: Option<usize>,
}

fn collect(
    node: &Node,
    mode: Mode,
    readers: &mut BTreeMap<PathBuf, BTreeSet<Mode>>,
    broken: &mut BTreeMap<PathBuf, Broken>,
) {
    let Some(path) = node.path.strip_prefix("~/").map(PathBuf::from) else { return };
    if node.state == State::Read {
        readers.entry(path.clone()).or_default().insert(mode);
    }
    for inner in &node.files {
        let problem = match inner.state {
            // A test before it that could not be decided may well keep the shell from it.
            State::Missing if inner.certain => "missing",
            State::Loop => "loop",
            _ => "",
        };
        if !problem.is_empty() {
            let target = inner.path.replacen("~", "$HOME", 1);
            broken.entry(path.clone()).or_insert(Broken { problem, target, line: inner.line });
        }
        collect(inner, mode, readers, broken);
    }
}

fn record(home: &Home, path: &Path, readers: Option<&BTreeSet<Mode>>, broken: Option<(&Broken, &Source)>) -> Record {
    let name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
    let mut record = Record::new().with("path", home.shown(path)).with("name", name.as_str());
    let shell = Shell::ALL.into_iter().find(|shell| shell.own().contains(name.as_str()));
    record.set("shell", shell.map_or("sh", Shell::name));
    let read_by: Vec<&str> = readers.into_iter().flatten().map(|mode| mode.name()).collect();
    let unread = read_by.is_empty();
    record.set("read-by", read_by);
    let problem = match broken {
        _ if unread && LEFTOVERS.contains(&name.as_str()) => "leftover",
        Some((Broken { problem, target, line }, source)) => {
            let span = line.map(|line| source.lines.span(line));
            let span = span.map(|span| Span::new(span.start, span.start + source.slice(span).trim_end().len()));
            record.set("target", Text { text: target.clone(), span, ..Text::default() });
            problem
        }
        None if unread => "never-read",
        None => "none",
    };
    record.set("problem", problem);
    if problem == "never-read" {
        record.set_some("hidden-by", hider(home, &name));
    }
    record.set_some("link", home.link(path).map(|target| target.to_string_lossy().into_owned()));
    rights(home, path, record)
}

/// The file that shells read in place of another.
fn hider(home: &Home, name: &str) -> Option<String> {
    let groups = Shell::ALL.into_iter().flat_map(|shell| Mode::ALL.into_iter().flat_map(move |mode| shell.reads(mode)));
    let mut groups = groups.filter(|group| group.contains(&name));
    let first = groups.next()?.iter().find(|other| walk_has(home, other))?;
    (*first != name).then(|| format!("$HOME/{first}"))
}
