//! Configuration as written: `pydoctor.toml`, `.pydoctor.toml` or `[tool.pydoctor-hpc]` in `pyproject.toml`. What
//! several of them together mean is for [`super::layers`].

mod read;

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use globset::GlobSet;

use super::day::Day;
use super::describe::config::CONFIG;
use super::document::Document;
use super::effective::Selection;
use super::error::{PolicyError, Problem, text};
use super::layers::Level;
use super::library::Library;
use super::pack::Policy;
use super::severity::Severity;

/// What of a rule can be locked.
pub(super) const LOCKABLE: &[(&str, &str)] =
    &[("enabled", "enabled"), ("severity", "severity"), ("suppression", "suppression")];

/// Names of the configuration file; the first that exists in a folder wins.
pub const NAMES: [&str; 3] = [LAYER_FILE, ".pydoctor.toml", PYPROJECT];

/// The name of the configuration file in the folder of a layer.
pub const LAYER_FILE: &str = "pydoctor.toml";

const PYPROJECT: &str = "pyproject.toml";

/// The table in `pyproject.toml`: the older pydoctor owns `[tool.pydoctor]`.
pub const TABLE: &str = "pydoctor-hpc";

/// A name that differs in more letters means something else.
const MOST_SLIPS: usize = 2;

/// A configuration file is small; a larger one is something else.
const MAX_BYTES: u64 = 1 << 20;

/// How a configuration file is read.
#[derive(Clone, Copy, Debug)]
pub struct Reading<'p> {
    /// The packs that are there before it is read; its own lie over them.
    pub packs: Packs<'p>,
    /// The layer that it belongs to.
    pub level: Level,
    /// The folder from which its globs count.
    pub globs_from: &'p Path,
    /// Exceptions that ended before this day no longer count.
    pub today: Day,
}

/// The packs that are there before a configuration is read, and where more are read.
#[derive(Clone, Copy, Debug)]
pub struct Packs<'p> {
    /// Where policies are read.
    pub library: &'p Library,
    /// Folders of packs of lower layers, lowest first.
    pub folders: &'p [PathBuf],
}

/// What a configuration file says.
#[derive(Clone, Debug, Default)]
pub struct Config {
    /// The layer that it belongs to.
    pub level: Level,
    /// The file.
    pub file: PathBuf,
    /// The folder from which its globs count.
    pub globs_from: PathBuf,
    /// Folders of packs: those that were there before, then its own.
    pub packs: Vec<PathBuf>,
    /// What the packs say, with the built-in one below them.
    pub policy: Arc<Policy>,
    /// The site of all files.
    pub site: Option<String>,
    /// Why no other site may judge; only layers that may lock have it.
    pub site_lock: Option<String>,
    /// Which rules, for all files.
    pub selection: Selection,
    /// What nobody above may change; only layers that may lock have it.
    pub locks: BTreeMap<String, LockSpec>,
    /// The severity from which the exit status is 1.
    pub fail_on: Option<Severity>,
    /// Comments that silence need a reason.
    pub require_reason: bool,
    /// The findings that are accepted as they are: a file, from the folder of the configuration.
    pub baseline: Option<PathBuf>,
    /// Files left out of walks.
    pub exclude: Files,
    /// Lines of the keys, from 1: `site`, `site.lock`, `rules.ID`, `rules.ID.severity`.
    pub lines: BTreeMap<String, usize>,
    /// What is said of exceptions, for all files and for some.
    pub exceptions: Vec<Exception>,
    overrides: Vec<Override>,
    ignores: Vec<Ignores>,
}

/// What is locked of a rule.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct LockSpec {
    /// How bad it is, off among it.
    pub severity: bool,
    /// Whether it is on.
    pub enabled: bool,
    /// No comment and no baseline silences it.
    pub suppression: bool,
    /// Why, in the words of those who locked it; may be empty.
    pub reason: String,
}

/// An exception whose last day is over.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Lapsed {
    /// The rule or tag that it was for.
    pub name: String,
    /// Its last day.
    pub until: Day,
    /// Where it stands: the file and its line.
    pub place: (PathBuf, usize),
}

/// An exception that somebody explains or that has a last day.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Exception {
    /// The rule or tag that it is for.
    pub name: String,
    /// Its last day.
    pub until: Option<Day>,
    /// Why; may be empty.
    pub reason: String,
}

/// Settings of some files only.
#[derive(Clone, Debug)]
struct Override {
    files: Files,
    says: FileConfig,
}

/// Rules that are off in some files.
#[derive(Clone, Debug)]
struct Ignores {
    files: Files,
    off: Vec<String>,
    lapsed: Vec<Lapsed>,
    /// Its line, from 1.
    line: usize,
}

/// What one part of a configuration says for a file: the keys for all files, an override, a line of
/// `per-file-ignores`. The parts of a file in order make what the configuration says.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct FileConfig {
    /// Its site.
    pub site: Option<String>,
    /// Which rules.
    pub selection: Selection,
    /// Lines of its keys, from 1.
    pub lines: BTreeMap<String, usize>,
}

/// Globs of files: without a slash for a name in any folder, with one from the folder of the configuration on;
/// `*` stays in one folder, `**` does not; a folder stands for all below.
#[derive(Clone, Debug, Default)]
pub struct Files {
    set: GlobSet,
    /// The globs as written.
    pub globs: Vec<String>,
}

/// The name of a configuration that was most likely meant by this one, which is none.
pub fn meant_by(name: &str) -> Option<&'static str> {
    let own = &NAMES[..2];
    // Editors and people keep copies beside a file.
    if own.iter().any(|own| name.starts_with(own)) {
        return None;
    }
    let distances = own.iter().map(|own| (strsim::damerau_levenshtein(name, own), *own));
    distances.filter(|(distance, _)| *distance <= MOST_SLIPS).min().map(|(_, meant)| meant)
}

impl Config {
    /// The configuration in `folder`; `None` when there is none.
    pub fn in_folder(folder: &Path, reading: Reading<'_>) -> Result<Option<Self>, PolicyError> {
        for name in NAMES {
            let file = folder.join(name);
            if !file.is_file() {
                continue;
            }
            match Self::load(&file, reading) {
                Ok(None) => {}
                // Whether it would be ours is not known, and it is other tools' file in the first place.
                Err(PolicyError::Unreadable { .. }) if name == PYPROJECT => {}
                found => return found,
            }
        }
        Ok(None)
    }

    /// Reads the configuration file `path`. `None` for a `pyproject.toml` without our table.
    pub fn load(path: &Path, reading: Reading<'_>) -> Result<Option<Self>, PolicyError> {
        let unreadable = |cause| PolicyError::Unreadable { path: path.to_owned(), cause };
        let meta = fs::metadata(path).map_err(unreadable)?;
        if !meta.is_file() || meta.len() > MAX_BYTES {
            let message = "not a configuration file: it is no file, or larger than 1 MB";
            return Err(unreadable(std::io::Error::other(message)));
        }
        Self::parse(path, &fs::read(path).and_then(text).map_err(unreadable)?, reading)
    }

    /// Reads the text of the configuration file `path`. Rules, tags and sites that it names must exist, in the packs
    /// that it names too.
    pub fn parse(path: &Path, text: &str, reading: Reading<'_>) -> Result<Option<Self>, PolicyError> {
        let name = path.display().to_string();
        let (doc, tree) = Document::parse(&name, text);
        let config = if path.file_name().is_some_and(|name| name == PYPROJECT) {
            let Some(table) = doc.foreign(&tree).get("tool").and_then(|tool| tool.quiet_table()?.get(TABLE)) else {
                // Other tools' tables are theirs to report on.
                return Ok(None);
            };
            table.table().map(|table| read::config(table.with_keys(&CONFIG), path, reading)).transpose()?
        } else if let Some(item) = doc.foreign(&tree).get("tool") {
            let note = "here the keys stand by themselves".to_owned();
            let message = format!("`[tool.{TABLE}]` counts in `{PYPROJECT}` alone");
            doc.problem(item.span(), message, Some(note));
            None
        } else {
            Some(read::config(doc.root(&tree, &CONFIG), path, reading)?)
        };
        let mut problems: Vec<Problem> = doc.into_problems();
        problems.sort_by_key(|problem| (problem.line, problem.column));
        match config {
            Some(config) if problems.is_empty() => Ok(Some(config)),
            _ => Err(PolicyError::Invalid(problems)),
        }
    }

    /// What it says for the file `path`, which is absolute or begins at the configuration's folder, part by part: the
    /// later win. Without a path what it says where no file is meant.
    pub fn parts_for(&self, path: Option<&Path>) -> Vec<FileConfig> {
        let all = FileConfig { site: self.site.clone(), selection: self.selection.clone(), lines: self.lines.clone() };
        let mut parts = vec![all];
        let Some(path) = path.map(|path| self.below(path)) else { return parts };
        let overrides = self.overrides.iter().filter(|over| over.files.matches(path));
        parts.extend(overrides.map(|over| over.says.clone()));
        for ignores in self.ignores.iter().filter(|ignores| ignores.files.matches(path)) {
            let (off, lapsed) = (ignores.off.clone(), ignores.lapsed.clone());
            let lines = BTreeMap::from([("per-file-ignores".to_owned(), ignores.line)]);
            parts.push(FileConfig { selection: Selection { off, lapsed, ..Selection::default() }, lines, site: None });
        }
        parts
    }

    /// True for a file or folder that walks leave out.
    pub fn excludes(&self, path: &Path) -> bool {
        self.exclude.matches(self.below(path))
    }

    /// True when it says something of some files only.
    pub fn speaks_of_files(&self) -> bool {
        !self.overrides.is_empty() || !self.ignores.is_empty()
    }

    /// The folder in which the file lies.
    pub fn folder(&self) -> &Path {
        self.file.parent().unwrap_or(Path::new(""))
    }

    /// The line of the first of `keys` that is written.
    pub fn line(&self, keys: &[&str]) -> Option<usize> {
        keys.iter().find_map(|key| self.lines.get(*key)).copied()
    }

    fn below<'f>(&self, path: &'f Path) -> &'f Path {
        path.strip_prefix(&self.globs_from).unwrap_or(path)
    }
}

impl LockSpec {
    /// What it has settled, in words.
    pub fn parts(&self) -> Vec<&'static str> {
        let parts = [("severity", self.severity), ("enabled", self.enabled), ("suppression", self.suppression)];
        parts.into_iter().filter(|(_, locked)| *locked).map(|(name, _)| name).collect()
    }
}

impl Files {
    /// True for a file of these; `path` begins at the folder from which the globs count.
    pub fn matches(&self, path: &Path) -> bool {
        self.set.is_match(path.strip_prefix("./").unwrap_or(path))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::policy::{Layers, Meant, PackFiles};

    fn library() -> Library {
        let rule = |id: &str| {
            format!(
                "id = \"{id}\"\ntitle = \"t\"\ntags = [\"job\"]\nseverity = \"hint\"\nwhy = \"w\"\nmessage = \"m\"\n\
                 [[clause]]\non = \"command\"\n"
            )
        };
        let (one, two) = (rule("one"), rule("two"));
        let files = [
            ("pack.toml", "name = \"x\"\nversion = \"1\"\n"),
            ("sites/common.toml", "id = \"common\"\nname = \"x\"\n"),
            ("sites/north.toml", "id = \"north\"\nname = \"x\"\n"),
            ("lint/one.toml", &one),
            ("lint/two.toml", &two),
        ];
        Library::over(Arc::new(Policy::load(&[PackFiles::in_memory("p", &files)]).unwrap()))
    }

    fn parse(name: &str, text: &str) -> Result<Option<Config>, String> {
        let packs = Packs { library: &library(), folders: &[] };
        let globs_from = Path::new(name).parent().unwrap();
        let today = Day::parse("2026-11-28").unwrap();
        let reading = Reading { packs, level: Level::Project, globs_from, today };
        Config::parse(Path::new(name), text, reading).map_err(|error| error.to_string())
    }

    #[test]
    fn overrides_and_ignores_go_by_file() {
        let text = r#"
site = "common"
ignore = ["two"]
fail-on = "error"
exclude = ["old/", "*.bak"]
[rules.one]
severity = "off"
[[override]]
files = ["north/**"]
site = "north"
select = ["ALL"]
[per-file-ignores]
"*.csh" = ["one"]
"#;
        let config = parse("/w/pydoctor.toml", text).unwrap().unwrap();
        assert_eq!(config.fail_on, Some(Severity::Error));
        let excluded = |path: &str| config.exclude.matches(Path::new(path));
        assert!(excluded("old/a/b.sh") && excluded("x/a.bak") && excluded("x/old/c"));
        assert!(!excluded("older/a.sh") && !excluded("a.bak.sh"));
        let layers = Layers { configs: vec![Arc::new(config)], ..Layers::default() };
        let meant = |path: &str| layers.for_file(Some(Path::new(path)));
        let site = |meant: &Meant| meant.site.as_ref().map(|site| (site.value.clone(), site.origin.line));
        let plain = meant("/w/a.sh");
        assert_eq!(site(&plain), Some(("common".to_owned(), Some(2))));
        assert_eq!(plain.selection.off, ["two"]);
        assert_eq!(plain.selection.severities.get("one"), Some(&None));
        let north = meant("/w/north/deep/a.csh");
        assert_eq!(site(&north), Some(("north".to_owned(), Some(10))));
        assert_eq!(north.selection.select, Some(vec!["ALL".to_owned()]));
        assert!(north.selection.ignore.is_empty(), "a new set begins without the old exceptions");
        assert_eq!(north.selection.off, ["one"]);
    }

    #[test]
    fn faults_have_a_place() {
        for (text, expected) in [
            ("siet = \"north\"\n", "did you mean `site`?"),
            ("site = \"nort\"\n", "unknown site `nort`"),
            ("select = [\"on\"]\n", "did you mean `one`?"),
            ("[rules.tow]\nseverity = \"off\"\n", "unknown rule `tow`"),
            ("[rules.two]\nseverity = \"of\"\n", "did you mean `off`?"),
            ("[rules.two]\nfix = \"saf\"\n", "did you mean `safe`?"),
            ("[rules.two]\n", "needs a `severity` or a `fix`"),
            ("[[override]]\nsite = \"north\"\n", "`files` is missing"),
            ("exclude = [\"a[\"]\n", "not a glob"),
            ("fail-on = 3\n", "pydoctor.toml:1:11"),
        ] {
            let error = parse("pydoctor.toml", text).unwrap_err();
            assert!(error.contains(expected), "{expected} in\n{error}");
        }
    }

    #[test]
    fn pyproject_is_ours_only_with_our_table() {
        assert!(parse("pyproject.toml", "[tool.pydoctor]\nx = 1\n").unwrap().is_none());
        assert!(parse("pyproject.toml", "tool = 3\n").unwrap().is_none());
        let config = parse("pyproject.toml", "[tool.pydoctor-hpc]\nsite = \"north\"\n").unwrap().unwrap();
        assert_eq!(config.site.as_deref(), Some("north"));
        assert!(parse("pyproject.toml", "[tool.pydoctor-hpc]\nx = 1\n").unwrap_err().contains("unknown key `x`"));
    }

    #[test]
    fn the_first_name_of_a_folder_counts() {
        let folder = tempfile::tempdir().unwrap();
        let write = |name: &str, text: &str| std::fs::write(folder.path().join(name), text).unwrap();
        let library = library();
        let packs = Packs { library: &library, folders: &[] };
        let today = Day::parse("2026-11-28").unwrap();
        let reading = Reading { packs, level: Level::Project, globs_from: folder.path(), today };
        let site = || Config::in_folder(folder.path(), reading).unwrap().and_then(|config| config.site);
        assert_eq!(site(), None);
        std::fs::write(folder.path().join("pyproject.toml"), [0xff, b'\n']).unwrap();
        assert_eq!(site(), None, "a file of other tools that cannot be read is theirs");
        write("pyproject.toml", "[tool.pydoctor-hpc]\nsite = \"common\"\n");
        assert_eq!(site().as_deref(), Some("common"));
        write(".pydoctor.toml", "site = \"north\"\n");
        assert_eq!(site().as_deref(), Some("north"));
    }
}
