//! The start-up chain: which files each kind of shell reads, in order, and what each of them reads in turn.
//!
//! The order is that of the manuals of bash (INVOCATION), zsh (STARTUP/SHUTDOWN FILES) and tcsh (Startup and shutdown);
//! a test asks the real shells. Files of the system are named and not opened.

mod facts;
mod rights;
mod state;
mod walk;
mod zdotdir;

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use crate::facts::FileFacts;
use crate::source::{Kind, Source, size_limit};

use super::home::Home;

pub use facts::facts;
pub use state::State;
use walk::Walk;
use zdotdir::DotFolder;

/// Start-up files that are larger are not read, in bytes.
const LIMIT: u64 = size_limit(Kind::Other);

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

    /// True when it does not go on to the next file of a group: csh does where it cannot open one, the others only where
    /// nothing is there.
    const fn stops_at(self, state: State) -> bool {
        if matches!(self, Self::Csh) { state.opens() } else { state.is_there() }
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
    /// Where a link of that name leads, when that is outside the home or nothing is there.
    pub target: Option<PathBuf>,
    /// The function that reads it when it is called, which the file above does not do.
    pub function: Option<String>,
    /// What it reads, in order.
    pub files: Vec<Node>,
}

/// The start-up files of an account, read and understood, by their path below the home.
#[derive(Debug, Default)]
pub struct Startup {
    /// Every file of the home that some shell reads, or would if another did not hide it.
    pub files: BTreeMap<PathBuf, (Source, FileFacts)>,
    /// What each kind of shell reads; shells without any file are left out.
    pub chains: Vec<Chain>,
    /// The folder in which zsh looks for its files, when a file says so for certain.
    zdotdir: Option<DotFolder>,
}

impl Startup {
    /// True for a file of the home, by its path below it, that some shell reads.
    pub fn is_read(&self, path: &Path) -> bool {
        let shown = shown(path);
        self.nodes().any(|node| node.path == shown && node.state.is_inside())
    }

    /// The files that are too large to be looked at, for people.
    pub fn too_large(&self) -> BTreeSet<&str> {
        self.nodes().filter(|node| node.state == State::TooLarge).map(|node| node.path.as_str()).collect()
    }

    /// Every file of every chain.
    fn nodes(&self) -> impl Iterator<Item = &Node> {
        self.chains.iter().flat_map(|chain| &chain.files).flat_map(Node::all)
    }
}

impl Node {
    /// It and what it reads.
    fn all(&self) -> Vec<&Self> {
        let mut all = vec![self];
        let mut next = 0;
        while let Some(node) = all.get(next).copied() {
            all.extend(&node.files);
            next += 1;
        }
        all
    }

    /// Its path below the home; `None` for one outside.
    fn below(&self) -> Option<PathBuf> {
        self.path.strip_prefix("~/").map(PathBuf::from)
    }
}

/// True for a file of the home, by its path below it, that only the system's own files could read.
pub fn is_leftover(path: &Path) -> bool {
    LEFTOVERS.iter().any(|name| path == Path::new(name))
}

/// The path of a file of the home, for people.
fn shown(path: &Path) -> String {
    format!("~/{}", path.display())
}

/// Follows the start-up files of `home`. `understand` gives a file's facts.
pub fn follow(home: &Home, understand: &dyn Fn(&Path) -> Option<(Source, FileFacts)>) -> Startup {
    let mut walk = Walk::new(home, understand);
    let (mut chains, mut zdotdir) = (Vec::new(), None);
    for shell in Shell::ALL {
        // What is hidden is looked at too: it may be what its owner believes is read.
        let own: Vec<PathBuf> = shell.own().into_iter().map(PathBuf::from).collect();
        own.iter().for_each(|name| _ = walk.load(name));
        if own.iter().all(|name| State::of(home, name).0 == State::Missing) {
            continue;
        }
        for mode in Mode::ALL {
            let (files, folder) = walk.chain(shell, mode);
            chains.push(Chain { shell, mode, files });
            zdotdir = zdotdir.or(folder);
        }
    }
    LEFTOVERS.iter().for_each(|name| _ = walk.load(Path::new(name)));
    Startup { files: walk.files, chains, zdotdir }
}
