//! Start-up files as facts: who reads each, and what is wrong with that.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use crate::doctor::home::Home;
use crate::facts::{Record, Text};
use crate::fix::Syntax;
use crate::source::{Kind, Role, Shell as Language, Source, Span};

use super::{Mode, Node, Shell, Startup, State, is_leftover, rights, zdotdir};

/// Folders in which Lmod keeps what `module save` saves; the collection `default` is loaded at login.
const COLLECTIONS: [&str; 2] = [".lmod.d", ".config/lmod"];

/// The facts of start-up files and of the folders they lie in. `syntax` is asked about each file.
pub fn facts(home: &Home, startup: &Startup, syntax: &dyn Syntax) -> Vec<(PathBuf, Record)> {
    let mut met = Met::default();
    for chain in &startup.chains {
        chain.files.iter().for_each(|node| met.add(home, node, (chain.shell, chain.mode), &mut Vec::new()));
    }
    let paths: BTreeSet<&PathBuf> = startup.files.keys().chain(met.states.keys()).collect();
    let mut facts: Vec<(PathBuf, Record)> = Vec::new();
    for path in paths {
        let file = File { home, startup, path, met: &met };
        facts.extend(file.records(syntax).into_iter().map(|record| (path.clone(), record)));
    }
    facts.extend(collections(home));
    let folders = met.folders.iter();
    facts.extend(folders.filter_map(|(folder, file)| Some((folder.clone(), rights::folder(home, folder, file)?))));
    let own = Record::new().with("path", "$HOME").with("name", ".").with("what", "home").with("problem", "none");
    facts.push((PathBuf::new(), rights::tell(home, Path::new(""), own)));
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
        let record = named(home, &path).with("shell", "sh");
        let record = record.with("read-by", vec![Mode::Login.name()]).with("problem", "collection");
        let record = rights::tell(home, &path, record);
        (path, record)
    };
    COLLECTIONS.iter().flat_map(in_folder).map(record).collect()
}

fn named(home: &Home, path: &Path) -> Record {
    let name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
    Record::new().with("path", home.shown(path)).with("name", name).with("what", "file")
}

/// What shells meet on their way.
#[derive(Default)]
struct Met {
    readers: BTreeMap<PathBuf, BTreeSet<(Shell, Mode)>>,
    /// What is no file, or may not be read, or is too large.
    states: BTreeMap<PathBuf, State>,
    /// What the files read in vain.
    broken: BTreeMap<PathBuf, Vec<Problem>>,
    /// The folders between the home and the files, each with one of them.
    folders: BTreeMap<PathBuf, PathBuf>,
    /// The files of each loop: another kind of shell comes into it at another of them.
    loops: BTreeSet<BTreeSet<PathBuf>>,
}

impl Met {
    /// Notes a file and what it reads; `above` are the files by which a shell came to it.
    fn add(&mut self, home: &Home, node: &Node, by: (Shell, Mode), above: &mut Vec<PathBuf>) {
        let Some(path) = node.below() else { return };
        if node.state != State::Loop {
            for folder in home.passed(&path) {
                self.folders.entry(folder).or_insert_with(|| path.clone());
            }
        }
        // That a file reads what is not there is told of that file.
        if node.state.is_inside() && (above.is_empty() || node.state != State::Dangling) {
            self.readers.entry(path.clone()).or_default().insert(by);
            if node.state == State::TooLarge || (node.state.is_broken() && node.certain) {
                self.states.insert(path.clone(), node.state);
            }
        }
        above.push(path.clone());
        for inner in &node.files {
            let problem = match inner.state {
                // A test before it that could not be decided may well keep the shell from it.
                State::Missing | State::Dangling if inner.certain => Some("missing"),
                State::Loop if self.is_new_loop(inner, above) => Some("loop"),
                _ => None,
            };
            if let Some(name) = problem {
                let target = Some((inner.path.replacen("~", "$HOME", 1), inner.line));
                let (all, problem) = (self.broken.entry(path.clone()).or_default(), Problem { name, target });
                if !all.contains(&problem) {
                    all.push(problem);
                }
            }
            self.add(home, inner, by, above);
        }
        above.pop();
    }

    /// Notes the loop that closes at `node`. True for one that no shell came to before.
    fn is_new_loop(&mut self, node: &Node, above: &[PathBuf]) -> bool {
        let Some(start) = node.below().and_then(|path| above.iter().position(|other| *other == path)) else {
            return false;
        };
        self.loops.insert(above.iter().skip(start).cloned().collect())
    }
}

/// Something that is wrong with a file.
#[derive(Clone, PartialEq, Eq)]
struct Problem {
    name: &'static str,
    /// What it reads in vain, and on which line.
    target: Option<(String, Option<usize>)>,
}

impl Problem {
    const fn of(name: &'static str) -> Self {
        Self { name, target: None }
    }

    /// `record` with what it says.
    fn told(self, mut record: Record, source: Option<&Source>) -> Record {
        if let Some((text, line)) = self.target {
            let of_line = |(source, line): (&Source, usize)| {
                let span = source.lines.span(line);
                Span::new(span.start, span.start + source.slice(span).trim_end().len())
            };
            let span = source.zip(line).map(of_line);
            record.set("target", Text { text: text.into(), span: span.into(), ..Text::default() });
        }
        record.set("problem", self.name);
        record
    }
}

/// A file of the home.
struct File<'a> {
    home: &'a Home,
    startup: &'a Startup,
    path: &'a Path,
    met: &'a Met,
}

impl File<'_> {
    /// What is known of it, with the first of its problems; then one for each of the others.
    fn records(&self, syntax: &dyn Syntax) -> Vec<Record> {
        let source = self.startup.files.get(self.path).map(|(source, _)| source);
        let readers = self.met.readers.get(self.path);
        let base = named(self.home, self.path).with("shell", self.shell().map_or("sh", Shell::name));
        let read_by: BTreeSet<Mode> = readers.into_iter().flatten().map(|(_, mode)| *mode).collect();
        let mut record = base.clone().with("read-by", read_by.iter().map(|mode| mode.name()).collect::<Vec<_>>());
        let link = self.home.link(self.path).map(|target| target.to_string_lossy().into_owned());
        record.set_some("link", link);
        let mut problems = self.problems(source, syntax);
        if readers.is_none() {
            record.set_some("hidden-by", self.hider());
            record.set_some("moved-to", self.moved_to());
        } else {
            // Who may write what nothing reads does no harm by it.
            record = rights::tell(self.home, self.path, record);
        }
        let first = if problems.is_empty() { Problem::of("none") } else { problems.remove(0) };
        let others = problems.into_iter().map(|problem| problem.told(base.clone(), source));
        std::iter::once(first.told(record, source)).chain(others).collect()
    }

    fn problems(&self, source: Option<&Source>, syntax: &dyn Syntax) -> Vec<Problem> {
        if !self.met.readers.contains_key(self.path) {
            return vec![Problem::of(if is_leftover(self.path) { "leftover" } else { "never-read" })];
        }
        if let Some(state) = self.met.states.get(self.path) {
            return vec![Problem::of(state.name())];
        }
        let mut problems = self.met.broken.get(self.path).cloned().unwrap_or_default();
        let refused = source.is_some_and(|source| syntax.accepts(&self.as_read(source)) == Some(false));
        problems.extend(refused.then(|| Problem::of("syntax")));
        problems
    }

    /// Whose file it is: its name says so, or the only shell that reads it.
    fn shell(&self) -> Option<Shell> {
        let name = self.path.file_name()?.to_str()?;
        Shell::ALL.into_iter().find(|shell| shell.own().contains(name)).or_else(|| self.reader())
    }

    fn reader(&self) -> Option<Shell> {
        let readers = self.met.readers.get(self.path)?;
        let first = readers.first()?.0;
        readers.iter().all(|(shell, _)| *shell == first).then_some(first)
    }

    /// The text in the language of the shell that reads it, whatever its name says.
    fn as_read(&self, source: &Source) -> Source {
        let language = match self.reader() {
            Some(Shell::Zsh) => Language::Zsh,
            Some(Shell::Csh) => Language::Csh,
            Some(Shell::Bash) => Language::Bash,
            None => return source.clone(),
        };
        let role = source.kind.role().unwrap_or(Role::Script);
        Source::new(source.path.clone(), Kind::Shell { shell: language, role }, source.bytes.to_vec())
    }

    /// The file that shells read in its place.
    fn hider(&self) -> Option<String> {
        if let Some(moved) = self.startup.zdotdir.as_ref().filter(|_| zdotdir::moves(self.path)) {
            return moved.holds(self.home, self.path).map(|other| self.home.shown(&other));
        }
        let name = self.path.to_str()?;
        let groups = |shell: Shell| Mode::ALL.into_iter().flat_map(move |mode| shell.reads(mode));
        let groups = Shell::ALL.into_iter().flat_map(|shell| groups(shell).map(move |group| (shell, group)));
        let (shell, group) = groups.into_iter().find(|(_, group)| group.contains(&name))?;
        let state = |other: &str| State::of(self.home, Path::new(other)).0;
        let first = group.iter().find(|other| shell.stops_at(state(other)))?;
        // What cannot be read has to be mended first: perhaps it is not wanted at all.
        (*first != name && !state(first).is_broken()).then(|| self.home.shown(Path::new(first)))
    }

    /// The folder in which zsh looks for it.
    fn moved_to(&self) -> Option<String> {
        self.startup.zdotdir.as_ref().filter(|_| zdotdir::moves(self.path)).map(|folder| folder.text())
    }
}
