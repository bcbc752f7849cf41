//! The configuration of a project: `pydoctor.toml`, `.pydoctor.toml` or `[tool.pydoctor-hpc]` in `pyproject.toml`.

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use globset::{GlobBuilder, GlobSet, GlobSetBuilder};

use super::document::{Document, Table, Word};
use super::effective::Selection;
use super::error::{PolicyError, Problem};
use super::library::Library;
use super::pack::Policy;
use super::rule::TAGS;
use super::severity::{APPLICABILITIES, LEVELS, SEVERITIES, Severity};

/// Names of the configuration file; the first that exists in a folder wins.
pub const NAMES: [&str; 3] = ["pydoctor.toml", ".pydoctor.toml", PYPROJECT];

const PYPROJECT: &str = "pyproject.toml";

/// The table in `pyproject.toml`: the older pydoctor owns `[tool.pydoctor]`.
pub const TABLE: &str = "pydoctor-hpc";

/// A configuration file is small; a larger one is something else.
const MAX_BYTES: u64 = 1 << 20;

/// What a configuration file says.
#[derive(Clone, Debug)]
pub struct Config {
    /// The file.
    pub file: PathBuf,
    /// The folder from which its globs count: that of the file.
    pub folder: PathBuf,
    /// Folders of packs: those that were there before, then its own.
    pub packs: Vec<PathBuf>,
    /// What the packs say, with the built-in one below them.
    pub policy: Arc<Policy>,
    /// The site of all files.
    pub site: Option<String>,
    /// Which rules, for all files.
    pub selection: Selection,
    /// The severity from which the exit status is 1.
    pub fail_on: Option<Severity>,
    /// Files left out of walks.
    pub exclude: Files,
    overrides: Vec<Override>,
    ignores: Vec<(Files, Vec<String>)>,
}

/// The packs that are there before a configuration is read, and where more are read.
#[derive(Clone, Copy, Debug)]
pub struct Packs<'a> {
    /// Where policies are read.
    pub library: &'a Library,
    /// Folders of packs of lower layers, lowest first.
    pub folders: &'a [PathBuf],
}

/// Settings of some files only.
#[derive(Clone, Debug)]
struct Override {
    files: Files,
    site: Option<String>,
    selection: Selection,
}

/// What a configuration says for one file.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct FileConfig {
    /// Its site.
    pub site: Option<String>,
    /// Which rules.
    pub selection: Selection,
}

/// Globs of files: without a slash for a name in any folder, with one from the folder of the configuration on;
/// `*` stays in one folder, `**` does not; a folder stands for all below.
#[derive(Clone, Debug, Default)]
pub struct Files {
    set: GlobSet,
    /// The globs as written.
    pub globs: Vec<String>,
}

impl Config {
    /// The configuration in `folder`; `None` when there is none.
    pub fn in_folder(folder: &Path, packs: &Packs<'_>) -> Result<Option<Self>, PolicyError> {
        for name in NAMES {
            let file = folder.join(name);
            if !file.is_file() {
                continue;
            }
            match Self::load(&file, packs) {
                Ok(None) => {}
                // Whether it would be ours is not known, and it is other tools' file in the first place.
                Err(PolicyError::Unreadable { .. }) if name == PYPROJECT => {}
                found => return found,
            }
        }
        Ok(None)
    }

    /// Reads the configuration file `path`. `None` for a `pyproject.toml` without our table.
    #[expect(clippy::disallowed_methods, reason = "configuration is no checked file")]
    pub fn load(path: &Path, packs: &Packs<'_>) -> Result<Option<Self>, PolicyError> {
        let unreadable = |source| PolicyError::Unreadable { path: path.to_owned(), source };
        let meta = fs::metadata(path).map_err(unreadable)?;
        if !meta.is_file() || meta.len() > MAX_BYTES {
            let message = "not a configuration file: it is no file, or larger than 1 MB";
            return Err(unreadable(std::io::Error::other(message)));
        }
        Self::parse(path, &fs::read_to_string(path).map_err(unreadable)?, packs)
    }

    /// Reads the text of the configuration file `path`. Rules, tags and sites that it names must exist, in the packs
    /// that it names too.
    pub fn parse(path: &Path, text: &str, packs: &Packs<'_>) -> Result<Option<Self>, PolicyError> {
        let name = path.display().to_string();
        let (doc, tree) = Document::parse(&name, text);
        let root = doc.root(&tree);
        let config = if path.file_name().is_some_and(|name| name == PYPROJECT) {
            let Some(table) = root.get("tool").and_then(|tool| tool.quiet_table()?.get(TABLE)) else {
                // Other tools' tables are theirs to report on.
                return Ok(None);
            };
            table.table().map(|table| read(table, path, packs)).transpose()?
        } else {
            Some(read(root, path, packs)?)
        };
        let mut problems: Vec<Problem> = doc.into_problems();
        problems.sort_by_key(|problem| (problem.line, problem.column));
        match config {
            Some(config) if problems.is_empty() => Ok(Some(config)),
            _ => Err(PolicyError::Invalid(problems)),
        }
    }

    /// What holds for the file `path`, which is absolute or begins at the configuration's folder: later overrides
    /// win over earlier ones.
    pub fn for_file(&self, path: &Path) -> FileConfig {
        let path = path.strip_prefix(&self.folder).unwrap_or(path);
        let mut result = FileConfig { site: self.site.clone(), selection: self.selection.clone() };
        for over in self.overrides.iter().filter(|over| over.files.matches(path)) {
            result.site = over.site.clone().or(result.site);
            result.selection = result.selection.under(&over.selection);
        }
        for (files, ignore) in &self.ignores {
            if files.matches(path) {
                result.selection.off.extend(ignore.iter().cloned());
            }
        }
        result
    }
}

impl Files {
    /// True for a file of these; `path` begins at the configuration's folder.
    pub fn matches(&self, path: &Path) -> bool {
        self.set.is_match(path.strip_prefix("./").unwrap_or(path))
    }

    fn read(doc: &Document<'_>, words: &[Word<'_>]) -> Self {
        let mut set = GlobSetBuilder::new();
        for word in words {
            let text = word.text.trim_start_matches("./").trim_end_matches('/');
            let whole = if text.contains('/') { text.trim_start_matches('/').to_owned() } else { format!("**/{text}") };
            for glob in [whole.clone(), format!("{whole}/**")] {
                match GlobBuilder::new(&glob).literal_separator(true).build() {
                    Ok(glob) => drop(set.add(glob)),
                    Err(error) => doc.problem(word.span.clone(), format!("not a glob: {}", error.kind()), None),
                }
            }
        }
        let globs = words.iter().map(|word| word.text.to_owned()).collect();
        Self { set: set.build().unwrap_or_default(), globs }
    }
}

fn read(table: Table<'_, '_>, path: &Path, below: &Packs<'_>) -> Result<Config, PolicyError> {
    let doc = table.doc();
    let folder = path.parent().map(Path::to_owned).unwrap_or_default();
    let (packs, all) = read_packs(&table, &folder, below)?;
    let policy = &*all;
    let config = Config {
        file: path.to_owned(),
        folder,
        site: read_site(&table, policy),
        selection: read_rules(&table, policy, read_selection(&table, policy)),
        fail_on: table.choice("fail-on", SEVERITIES),
        exclude: Files::read(doc, &table.strings("exclude")),
        overrides: table.tables("override").into_iter().map(|table| read_override(table, policy)).collect(),
        ignores: read_ignores(&table, policy),
        packs,
        policy: Arc::clone(&all),
    };
    table.finish();
    Ok(config)
}

/// Reads `[[pack]]`: folders, from that of the configuration on, and the policy with what lies in them.
fn read_packs(
    table: &Table<'_, '_>,
    folder: &Path,
    below: &Packs<'_>,
) -> Result<(Vec<PathBuf>, Arc<Policy>), PolicyError> {
    let mut packs = below.folders.to_vec();
    let mut place = None;
    for pack in table.tables("pack") {
        if let Some(path) = pack.need_string("path") {
            let pack = folder.join(path.text);
            if let Err(error) = fs::read_dir(&pack) {
                let message = format!("the pack `{}` cannot be read: {error}", path.text);
                let note = Some("`path` is the folder of a pack, from the folder of this file on".to_owned());
                table.doc().problem(path.span, message, note);
                continue;
            }
            place.get_or_insert_with(|| table.doc().place(path.span));
            packs.push(pack);
        }
        pack.finish();
    }
    let loaded = below.library.with(&packs);
    let policy = loaded.map_err(|error| PolicyError::Pack { error, place: place.unwrap_or_default() })?;
    Ok((packs, policy))
}

fn read_override(table: Table<'_, '_>, policy: &Policy) -> Override {
    if table.need("files").is_some_and(|item| item.list().is_some_and(|files| files.is_empty())) {
        table.doc().problem(table.span(), "an override needs at least one glob in `files`", None);
    }
    let over = Override {
        files: Files::read(table.doc(), &table.strings("files")),
        site: read_site(&table, policy),
        selection: read_selection(&table, policy),
    };
    table.finish();
    over
}

fn read_site(table: &Table<'_, '_>, policy: &Policy) -> Option<String> {
    let word = table.string("site")?;
    if !policy.sites.contains_key(word.text) {
        table.doc().unknown(&word, "site", policy.sites.keys().map(String::as_str));
    }
    Some(word.text.to_owned())
}

fn read_selection(table: &Table<'_, '_>, policy: &Policy) -> Selection {
    let read = |key| {
        let words = table.strings(key);
        check_names(table.doc(), &words, policy);
        words.iter().map(|word| word.text.to_owned()).collect()
    };
    let select = table.has("select").then(|| read("select"));
    // Asked for either way, so that the key is known.
    let _ = table.get("select");
    Selection { select, ignore: read("ignore"), ..Selection::default() }
}

/// Adds what `[rules.ID]` says to a selection: how bad a rule is, how far its fix is trusted.
fn read_rules(table: &Table<'_, '_>, policy: &Policy, mut selection: Selection) -> Selection {
    for (key, item) in table.table("rules").iter().flat_map(Table::entries) {
        if policy.rule(key.text).is_none() {
            table.doc().unknown(&key, "rule", policy.rules.iter().map(|rule| rule.id.as_str()));
        }
        let Some(rule) = item.table() else { continue };
        let severity = rule.choice("severity", LEVELS);
        let fix = rule.choice("fix", APPLICABILITIES);
        if !rule.has("severity") && !rule.has("fix") {
            rule.doc().problem(rule.span(), "a rule needs a `severity` or a `fix`", None);
        }
        rule.finish();
        selection.severities.extend(severity.map(|severity| (key.text.to_owned(), severity)));
        selection.fixes.extend(fix.map(|fix| (key.text.to_owned(), fix)));
    }
    selection
}

fn read_ignores(table: &Table<'_, '_>, policy: &Policy) -> Vec<(Files, Vec<String>)> {
    let mut ignores = Vec::new();
    for (glob, item) in table.table("per-file-ignores").iter().flat_map(Table::entries) {
        let names = item.strings();
        check_names(table.doc(), &names, policy);
        let names = names.iter().map(|word| word.text.to_owned()).collect();
        ignores.push((Files::read(table.doc(), &[glob]), names));
    }
    ignores
}

/// Ids of rules, tags and `ALL` exist.
fn check_names(doc: &Document<'_>, words: &[Word<'_>], policy: &Policy) {
    for word in words {
        if word.text != "ALL" && !TAGS.contains(&word.text) && policy.rule(word.text).is_none() {
            let ids = policy.rules.iter().map(|rule| rule.id.as_str());
            doc.unknown(word, "rule or tag", ids.chain(TAGS.iter().copied()).chain(["ALL"]));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::policy::PackFiles;

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
        Config::parse(Path::new(name), text, &packs).map_err(|error| error.to_string())
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
        let plain = config.for_file(Path::new("/w/a.sh"));
        assert_eq!(
            (plain.site.as_deref(), plain.selection.ignore.as_slice()),
            (Some("common"), &["two".to_owned()][..])
        );
        assert_eq!(plain.selection.severities.get("one"), Some(&None));
        let north = config.for_file(Path::new("/w/north/deep/a.csh"));
        assert_eq!(north.site.as_deref(), Some("north"));
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
        let site = || Config::in_folder(folder.path(), &packs).unwrap().and_then(|config| config.site);
        assert_eq!(site(), None);
        std::fs::write(folder.path().join("pyproject.toml"), [0xff, b'\n']).unwrap();
        assert_eq!(site(), None, "a file of other tools that cannot be read is theirs");
        write("pyproject.toml", "[tool.pydoctor-hpc]\nsite = \"common\"\n");
        assert_eq!(site().as_deref(), Some("common"));
        write(".pydoctor.toml", "site = \"north\"\n");
        assert_eq!(site().as_deref(), Some("north"));
    }
}
