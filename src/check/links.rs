//! Which of the files checked together run, source or read which others, and what that tells about them.

use std::collections::{BTreeMap, BTreeSet};
use std::ffi::OsStr;
use std::path::{Path, PathBuf};

use foldhash::HashMap;

use crate::facts::{FactKind, Link, LinkKind, Record, Text, Value};
use crate::source::{Kind, Role, absolute};

use super::creators::Creators;
use super::engine::{Analysed, Settings};
use super::pace::Pace;

/// Variables that hold the folder from which a job was submitted: taken for the folder of the script.
const SUBMIT_FOLDERS: [&str; 6] =
    ["PWD", "SLURM_SUBMIT_DIR", "PBS_O_WORKDIR", "SGE_O_WORKDIR", "LS_SUBCWD", "LSB_SUBCWD"];

/// How far links are followed: job script, wrapper, set-up script, Python file.
const DEPTH: usize = 4;

/// Links between the files of a run, by their positions in it.
#[derive(Debug, Default)]
pub(super) struct Links {
    from: Vec<Vec<Resolved>>,
    to: Vec<Vec<Caller>>,
    creators: Creators,
}

/// A link from a fact to a file of the run.
#[derive(Clone, Copy, Debug)]
struct Resolved {
    /// The fact; `None` when the file as a whole does it (a login shell reads start-up files).
    fact: Option<usize>,
    how: LinkKind,
    file: usize,
}

/// A file that runs, sources or reads another.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Caller {
    pub file: usize,
    /// The fact that does it.
    pub fact: Option<usize>,
    pub how: LinkKind,
}

impl Links {
    /// Resolves the links of all files.
    pub fn new(inputs: &[Analysed], settings: &Settings, pace: Pace) -> Self {
        let paths = pace.each(inputs.len(), |index| absolute(&settings.cwd, &inputs[index].source.path));
        let whole = (0..inputs.len()).filter(|index| !inputs[*index].embedded);
        let by_path: HashMap<&OsStr, usize> = whole.map(|index| (paths[index].as_os_str(), index)).collect();
        let creators = Creators::new(inputs, &paths, settings, pace);
        let mut links = Self { from: vec![Vec::new(); inputs.len()], to: vec![Vec::new(); inputs.len()], creators };
        let startup: Vec<usize> = (0..inputs.len()).filter(|index| is_startup(&inputs[*index])).collect();
        let targets = pace.each(inputs.len(), |index| {
            let target = |link: &Link| {
                candidates(&link.target, link.cwd.as_deref(), &paths[index], settings)
                    .into_iter()
                    .find_map(|path| by_path.get(path.as_os_str()).copied())
            };
            inputs[index].facts.links.iter().map(target).collect::<Vec<_>>()
        });
        for ((index, input), targets) in inputs.iter().enumerate().zip(targets) {
            for (link, target) in input.facts.links.iter().zip(targets) {
                if let Some(file) = target.filter(|file| *file != index) {
                    links.add(index, Resolved { fact: Some(link.fact), how: link.how, file });
                }
            }
            if input.facts.file.flag("login-shell") {
                for file in startup.iter().copied() {
                    if file != index && is_home_of(&paths[file], &paths[index], settings) {
                        links.add(index, Resolved { fact: None, how: LinkKind::Sources, file });
                    }
                }
            }
        }
        links
    }

    fn add(&mut self, from: usize, link: Resolved) {
        self.from[from].push(link);
        self.to[link.file].push(Caller { file: from, fact: link.fact, how: link.how });
    }

    /// The files that a fact runs or reads, and those that they do, nearest first.
    pub fn linked(&self, file: usize, fact: usize) -> Vec<usize> {
        let own = self.from.get(file).into_iter().flatten().filter(|link| link.fact == Some(fact));
        let mut found: Vec<usize> = own.map(|link| link.file).collect();
        let mut seen: BTreeSet<usize> = found.iter().copied().chain([file]).collect();
        let mut level = found.clone();
        for _ in 1..DEPTH {
            let next = level.iter().flat_map(|file| &self.from[*file]).map(|link| link.file);
            level = next.filter(|file| seen.insert(*file)).collect();
            found.extend(&level);
        }
        found
    }

    /// The files that run or source a file, and those that run these, nearest first.
    pub fn callers(&self, file: usize) -> Vec<Caller> {
        let mut found: Vec<Caller> = Vec::new();
        let mut seen = BTreeSet::from([file]);
        let mut level = vec![file];
        for _ in 0..DEPTH {
            let next: Vec<Caller> = level.iter().flat_map(|file| &self.to[*file]).copied().collect();
            level = next.iter().map(|caller| caller.file).filter(|file| seen.insert(*file)).collect();
            found.extend(next.into_iter().filter(|caller| level.contains(&caller.file)));
        }
        found
    }

    /// The other files that are sourced in the same shell as a file, in their order.
    pub fn session(&self, file: usize) -> Vec<usize> {
        let sources = |how: LinkKind| matches!(how, LinkKind::Sources);
        let below = |file: usize| -> Vec<usize> {
            self.from.get(file).into_iter().flatten().filter(|link| sources(link.how)).map(|link| link.file).collect()
        };
        let above = |file: usize| -> Vec<usize> {
            self.to.get(file).into_iter().flatten().filter(|by| sources(by.how)).map(|by| by.file).collect()
        };
        let mut found = closure(file, &above);
        found.insert(file);
        let all: BTreeSet<usize> = found.iter().flat_map(|file| closure(*file, &below)).collect();
        found.extend(all);
        found.remove(&file);
        found.into_iter().collect()
    }

    /// The files that a file runs or reads, those that do so with it, at any distance, and those of the same shell,
    /// in their order.
    pub fn related(&self, file: usize) -> Vec<usize> {
        let below = |file: usize| self.from.get(file).into_iter().flatten().map(|link| link.file).collect();
        let above = |file: usize| self.to.get(file).into_iter().flatten().map(|caller| caller.file).collect();
        let mut found = closure(file, &below);
        found.extend(closure(file, &above));
        found.extend(self.session(file));
        found.remove(&file);
        found.into_iter().collect()
    }

    /// The `file.…` fields of a file with those that the run gives.
    pub fn file_record(&self, inputs: &[Analysed], index: usize) -> Record {
        let mut record = inputs[index].facts.file.clone();
        let by_job = self.callers(index).iter().any(|caller| is_job(&inputs[caller.file]));
        record.set("run-by-job", by_job);
        let sourced: BTreeSet<String> = self.to[index]
            .iter()
            .filter(|caller| caller.how == LinkKind::Sources)
            .map(|caller| inputs[caller.file].source.path.display().to_string())
            .collect();
        if !sourced.is_empty() {
            record.set("sourced-by", sourced.into_iter().collect::<Vec<_>>());
        }
        if record.get("python-version").is_none()
            && matches!(inputs[index].source.kind, Kind::Python | Kind::Notebook)
            && let Some(version) = self.python_version(inputs, index)
        {
            record.set("python-version", version);
        }
        record
    }

    /// The Python of the modules that are loaded where a job starts the file; the oldest of several.
    fn python_version(&self, inputs: &[Analysed], index: usize) -> Option<String> {
        let mut versions = Vec::new();
        for caller in self.callers(index) {
            let fact = caller.fact.and_then(|fact| inputs[caller.file].facts.facts.get(fact));
            let Some(Value::List(modules)) = fact.and_then(|fact| fact.state.as_deref()?.get("modules")) else {
                continue;
            };
            let python = modules.iter().rev().find_map(|module| match module {
                Value::Record(module) if module.text("family") == "python" => Some(module.text("version").to_owned()),
                _ => None,
            });
            versions.extend(python);
        }
        // `intel/2020.4` is a version of Intel's, and `python/3` may be any: neither tells which Python it is.
        let of_python = |version: &str| -> Option<Vec<u64>> {
            let numbers: Vec<u64> = version.split(['.', '-']).map_while(|part| part.parse().ok()).collect();
            (numbers.len() > 1 && (2..10).contains(&numbers[0])).then_some(numbers)
        };
        let known = versions.into_iter().filter_map(|version| Some((of_python(&version)?, version)));
        known.min().map(|(_, version)| version)
    }

    /// Fields of facts that the run gives: jobs that need a block, modules that lie beside a script.
    pub fn overlays(
        &self,
        inputs: &[Analysed],
        index: usize,
        by_kind: &BTreeMap<FactKind, Vec<usize>>,
        names: &Siblings,
    ) -> BTreeMap<usize, Record> {
        let mut overlays = self.creators.overlays(index);
        let folder = inputs[index].source.path.parent().unwrap_or(Path::new(""));
        let facts = &inputs[index].facts.facts;
        let of_kind = |kind: FactKind| {
            let positions = by_kind.get(&kind).into_iter().flatten();
            positions.filter_map(|position| Some((*position, facts.get(*position)?)))
        };
        for (position, block) in of_kind(FactKind::Block) {
            let jobs = self.jobs_that_need(inputs, index, block.fields.text("tool"));
            if !jobs.is_empty() {
                overlays.insert(position, Record::new().with("needed-by-jobs", jobs));
            }
        }
        for (position, import) in of_kind(FactKind::Import).filter(|(_, import)| import.fields.get("local").is_none()) {
            let module = import.fields.text("module").split('.').next().unwrap_or("");
            overlays.insert(position, Record::new().with("local", names.has(folder, module)));
        }
        overlays
    }

    /// Job scripts that read this file and then call `tool` or conda.
    fn jobs_that_need(&self, inputs: &[Analysed], index: usize, tool: &str) -> Vec<String> {
        let callers = self.callers(index);
        let needs = callers.iter().filter(|caller| is_job(&inputs[caller.file])).filter(|caller| {
            let facts = inputs[caller.file].facts.facts.iter().skip(caller.fact.map_or(0, |fact| fact + 1));
            facts.filter(|fact| fact.kind == FactKind::Command).any(|fact| {
                let program = fact.fields.text("run").split(' ').next().unwrap_or("");
                program == "conda" || (!tool.is_empty() && program == tool)
            })
        });
        let jobs: BTreeSet<String> =
            needs.map(|caller| inputs[caller.file].source.path.display().to_string()).collect();
        jobs.into_iter().collect()
    }
}

/// Names of the files of a run, by folder: which imports are of one's own modules.
#[derive(Debug, Default)]
pub(super) struct Siblings {
    names: BTreeSet<(PathBuf, String)>,
}

impl Siblings {
    /// The Python files and packages among `inputs`.
    pub fn new(inputs: &[Analysed]) -> Self {
        let mut names = BTreeSet::new();
        for path in inputs.iter().map(|input| &input.source.path) {
            let (Some(folder), Some(stem)) = (path.parent(), path.file_stem()) else { continue };
            if path.extension().is_none_or(|extension| extension != "py") {
                continue;
            }
            names.insert((folder.to_owned(), stem.to_string_lossy().into_owned()));
            if let (Some(above), Some(package)) = (folder.parent(), folder.file_name()) {
                names.insert((above.to_owned(), package.to_string_lossy().into_owned()));
            }
        }
        Self { names }
    }

    fn has(&self, folder: &Path, module: &str) -> bool {
        !module.is_empty() && self.names.contains(&(folder.to_owned(), module.to_owned()))
    }
}

fn is_job(input: &Analysed) -> bool {
    input.facts.file.text("role") == "job" || matches!(input.source.kind, Kind::Shell { role: Role::Job, .. })
}

fn is_startup(input: &Analysed) -> bool {
    matches!(input.source.kind, Kind::Shell { role: Role::Startup, .. })
}

/// True when the start-up file `startup` is one that the owner of `script` has at home.
fn is_home_of(startup: &Path, script: &Path, settings: &Settings) -> bool {
    let Some(folder) = startup.parent() else { return false };
    match &settings.home {
        Some(home) => folder == home,
        None => script.starts_with(folder),
    }
}

/// Where a file that a script names may lie.
pub(super) fn candidates(target: &Text, cwd: Option<&str>, script: &Path, settings: &Settings) -> Vec<PathBuf> {
    let folder = script.parent().unwrap_or(Path::new("/"));
    let mut starts: Vec<PathBuf> = Vec::new();
    if let Some(cwd) = cwd {
        starts.extend(
            expand(cwd, folder, settings).into_iter().flat_map(|cwd| [folder.join(&cwd), settings.cwd.join(cwd)]),
        );
    } else {
        starts.extend([folder.to_owned(), settings.cwd.clone(), settings.project_root.clone()]);
    }
    let mut found = Vec::new();
    for path in expand(&target.text, folder, settings) {
        found.extend(starts.iter().map(|start| absolute(start, &path)));
    }
    found
}

/// A path as written, without variables: home and the folder of submission are filled in, others end the search.
fn expand(text: &str, folder: &Path, settings: &Settings) -> Vec<PathBuf> {
    let (name, rest) = match text.strip_prefix('$') {
        Some(rest) => rest.split_once('/').unwrap_or((rest, "")),
        None if text.starts_with("~/") => ("HOME", &text[2..]),
        None => ("", text),
    };
    let name = name.trim_start_matches('{').trim_end_matches('}');
    if rest.contains(['$', '*', '?', '`']) {
        return Vec::new();
    }
    match name {
        "" => vec![PathBuf::from(rest)],
        "HOME" => match &settings.home {
            Some(home) => vec![home.join(rest)],
            // Whose home is not known: a file of that name above the script is taken for it.
            None => folder.ancestors().map(|above| above.join(rest)).collect(),
        },
        name if SUBMIT_FOLDERS.contains(&name) => vec![folder.join(rest)],
        _ => Vec::new(),
    }
}

/// Everything that `next` leads to from `start`, itself included.
fn closure(start: usize, next: &dyn Fn(usize) -> Vec<usize>) -> BTreeSet<usize> {
    let mut found = BTreeSet::from([start]);
    let mut pending = vec![start];
    while let Some(file) = pending.pop() {
        pending.extend(next(file).into_iter().filter(|file| found.insert(*file)));
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    fn found(target: &str, cwd: Option<&str>, home: Option<&str>, among: &[&str]) -> Option<String> {
        let settings = Settings {
            cwd: "/w".into(),
            project_root: "/w/p".into(),
            home: home.map(PathBuf::from),
            ..Settings::default()
        };
        let target = Text::plain(target);
        candidates(&target, cwd, Path::new("/w/p/jobs/a.sh"), &settings)
            .into_iter()
            .map(|path| path.display().to_string())
            .find(|path| among.contains(&path.as_str()))
    }

    #[test]
    fn files_are_found_from_the_script_the_folder_of_the_run_and_home() {
        for (target, cwd, home, file) in [
            ("train.py", None, None, "/w/p/jobs/train.py"),
            ("./../lib/x.py", None, None, "/w/p/lib/x.py"),
            ("p/x.py", None, None, "/w/p/x.py"),
            ("src/x.py", None, None, "/w/p/src/x.py"),
            ("x.py", Some("sub"), None, "/w/p/jobs/sub/x.py"),
            ("x.py", Some("/data"), None, "/data/x.py"),
            ("$SLURM_SUBMIT_DIR/x.py", None, None, "/w/p/jobs/x.py"),
            ("x.py", Some("$PBS_O_WORKDIR"), None, "/w/p/jobs/x.py"),
            ("$HOME/.bashrc", None, Some("/home/ann"), "/home/ann/.bashrc"),
            ("~/.bashrc", None, Some("/home/ann"), "/home/ann/.bashrc"),
            ("$HOME/.bashrc", None, None, "/w/p/.bashrc"),
        ] {
            assert_eq!(found(target, cwd, home, &[file]).as_deref(), Some(file), "{target}");
        }
        assert_eq!(found("$HOME/.bashrc", None, Some("/home/ann"), &["/w/p/.bashrc"]), None);
        assert_eq!(found("$X/a.py", None, None, &["/w/p/jobs/a.py", "/a.py"]), None);
        assert_eq!(found("a*.py", None, None, &["/w/p/jobs/a*.py"]), None);
    }
}
