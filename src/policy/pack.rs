//! Packs: a folder of rules, sites and tables, embedded or on disk. Reading several into one policy, whole or
//! not at all.

use std::borrow::Cow;
use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::{fs, io};

use super::day::Day;
use super::describe::pack::PACK;
use super::describe::{self, commands};
use super::document::{Document, Filled, Word, expectation};
use super::error::{PolicyError, Problem, nearest, text};
use super::reply::{Replies, Reply};
use super::rule::Rule;
use super::site::{FaultySite, Site};
use super::sites::Sites;
use super::symptom::{Symptom, Symptoms};
use super::template::Use;
use super::verify;
use crate::tables::{self, Tables};
use crate::tree::{self, Node};

/// The files below `rules/`, embedded when the program was built.
static EMBEDDED: &[(&str, &str)] = include!(concat!(env!("OUT_DIR"), "/rules.rs"));

/// The folders of a pack that are read.
const FOLDERS: [&str; 5] = ["data", "lint", "replies", "sites", "symptoms"];

/// What a pack says of itself; a folder with it is a pack.
pub const PACK_FILE: &str = "pack.toml";

/// The folder of a pack in which its fixtures are.
pub const FIXTURES: &str = "fixtures";

/// The command grammars of a pack.
pub const COMMANDS: &str = tables::commands::FILE;

/// A file of a pack is small; a larger one is something else.
const MAX_BYTES: u64 = 4 << 20;

/// The files of one pack.
#[derive(Clone, Debug)]
pub struct PackFiles {
    /// The folder, as people know it.
    pub origin: String,
    /// Path below the folder, with `/`, and text.
    pub files: Vec<(String, Cow<'static, str>)>,
}

/// What a pack says of itself.
#[derive(Clone, Debug, Default)]
pub struct PackInfo {
    /// Its name.
    pub name: String,
    /// Its version.
    pub version: String,
    /// The folder, as people know it.
    pub origin: String,
    /// Ids of its rules.
    pub rules: Vec<String>,
    /// Ids of the sites of which it says something.
    pub sites: Vec<String>,
    /// Ids of its symptoms.
    pub symptoms: Vec<String>,
    /// Sites for which it has a template of answers.
    pub replies: Vec<String>,
    /// Its tables: `commands.toml`, `data/…`.
    pub tables: Vec<String>,
    /// The days on which its sites were looked at, each with what is to be said while that day is still to come.
    pub days: Vec<(Day, Problem)>,
}

/// All rules and sites of the packs, checked.
#[derive(Debug, Default)]
pub struct Policy {
    /// The packs, later ones over earlier ones.
    pub packs: Vec<PackInfo>,
    /// The rules by id.
    pub rules: Vec<Arc<Rule>>,
    /// The sites by id, each completed from the sites that it extends.
    pub sites: Arc<Sites>,
    /// What facts are read by: command grammars, scheduler options, modules.
    pub tables: Tables,
    /// The symptoms of tickets.
    pub symptoms: Symptoms,
    /// Templates for answers to tickets.
    pub replies: Replies,
}

/// What packs bring before it is checked across files.
#[derive(Debug, Default)]
pub(super) struct Draft {
    pub packs: Vec<PackInfo>,
    /// Their rules, earlier packs first.
    pub rules: Vec<Arc<Rule>>,
    /// What they say of sites, earlier packs first.
    pub sites: Vec<Arc<Site>>,
    /// Their symptoms, earlier packs first.
    pub symptoms: Vec<Symptom>,
    /// Their templates for answers by site, earlier packs first.
    pub replies: Vec<(String, Reply)>,
    pub problems: Vec<Problem>,
    /// What skeletons left to their author and nobody filled in.
    pub blanks: Vec<Problem>,
    /// Names of sites that faulty rules use, by file.
    pub faulty: Vec<(String, Vec<Use>)>,
    /// What could be read of faulty symptoms.
    pub faulty_symptoms: Vec<Symptom>,
    /// The ids of rules, symptoms and sites whose files are faulty: they exist, and more is not known of them.
    pub unread: BTreeSet<String>,
    /// The ids of sites of whose files nothing could be read, so that what sites say is not all known.
    pub unread_sites: BTreeSet<String>,
}

impl PackFiles {
    /// The built-in pack.
    pub fn builtin() -> Self {
        let files = EMBEDDED.iter().map(|(path, text)| ((*path).to_owned(), Cow::Borrowed(*text))).collect();
        Self { origin: "rules".to_owned(), files }
    }

    /// A pack of texts in memory, for tests.
    pub fn in_memory(origin: &str, files: &[(&str, &str)]) -> Self {
        let files = files.iter().map(|(path, text)| ((*path).to_owned(), Cow::Owned((*text).to_owned()))).collect();
        Self { origin: origin.to_owned(), files }
    }

    /// Reads the pack in the folder `path`: its TOML files and tables. Hidden files and other folders (`fixtures`,
    /// `docs`) are left out.
    ///
    /// # Errors
    /// A folder or file of the pack that cannot be read.
    pub fn read(path: &Path) -> Result<Self, PolicyError> {
        let mut files = Vec::new();
        for entry in sorted_entries(path)? {
            let name = entry.file_name().unwrap_or_default().to_string_lossy().into_owned();
            if entry.is_dir() && FOLDERS.contains(&name.as_str()) {
                for file in sorted_entries(&entry)? {
                    let below = file.file_name().unwrap_or_default().to_string_lossy().into_owned();
                    files.push((format!("{name}/{below}"), read_file(&file)?));
                }
            } else if entry.is_dir() {
                files.push((format!("{name}/"), Cow::Borrowed("")));
            } else if name.ends_with(".toml") {
                files.push((name, read_file(&entry)?));
            }
        }
        Ok(Self { origin: path.display().to_string(), files })
    }

    /// The text of the file `path` (below the pack's folder).
    pub fn get(&self, path: &str) -> Option<&str> {
        self.files.iter().find(|(name, _)| name == path).map(|(_, text)| text.as_ref())
    }

    fn named(&self, path: &str) -> String {
        format!("{}/{path}", self.origin)
    }
}

impl Policy {
    /// Reads packs into one policy, without the built-in one below them. With any problem in any file, nothing is
    /// loaded and all problems are told.
    pub fn load(packs: &[PackFiles]) -> Result<Self, PolicyError> {
        Self::default().with(packs)
    }

    /// This policy with further packs over it. They may bring rules and sites, say more of a site that is there, and
    /// add to the tables. With any problem in any file, nothing is loaded and all problems are told.
    pub fn with(self, packs: &[PackFiles]) -> Result<Self, PolicyError> {
        match self.with_blanks(packs)? {
            (policy, blanks) if blanks.is_empty() => Ok(policy),
            (_, blanks) => Err(PolicyError::Invalid(blanks)),
        }
    }

    /// The same with packs that are still being written: what skeletons left to fill in stands as it is, and is told
    /// beside the policy.
    pub fn with_blanks(self, packs: &[PackFiles]) -> Result<(Self, Vec<Problem>), PolicyError> {
        if packs.is_empty() {
            return Ok((self, Vec::new()));
        }
        let mut draft = Draft::default();
        let mut tables = self.tables;
        for pack in packs {
            draft.read(pack)?;
            draft.read_tables(pack, &mut tables);
        }
        let below = Self { tables: Tables::default(), ..self };
        let blanks = std::mem::take(&mut draft.blanks);
        let told = |mut problems: Vec<Problem>| {
            problems.extend(blanks.iter().filter(|blank| !problems.contains(blank)).cloned().collect::<Vec<_>>());
            problems.sort_by(|a, b| (&a.file, a.line, a.column).cmp(&(&b.file, b.line, b.column)));
            PolicyError::Invalid(problems)
        };
        if !draft.problems.is_empty() {
            let more = verify::of_faulty(&below, &draft, packs);
            return Err(told([draft.problems, more].concat()));
        }
        if draft.rules.is_empty() && below.rules.is_empty() {
            return Err(PolicyError::Empty(packs.last().map(|pack| pack.origin.clone()).unwrap_or_default()));
        }
        let policy = verify::check(&below, draft, packs).map_err(&told)?;
        Ok((Self { tables, ..policy }, blanks))
    }

    /// The built-in pack alone, from the trees of the build script. A test reads it as any other pack, with all checks.
    pub(super) fn built_in() -> Self {
        let below = |folder: &'static str| {
            let stem = move |path: &'static str| path.strip_prefix(folder)?.strip_suffix(".toml");
            tree::BUILT_IN.iter().filter_map(move |(path, tree)| Some((stem(path)?, tree)))
        };
        let said = |key| tree::built_in("pack.toml")?.get(key)?.text();
        let word = |key| said(key).unwrap_or_default().to_owned();
        let info = PackInfo {
            name: word("name"),
            version: word("version"),
            origin: "rules".to_owned(),
            ..PackInfo::default()
        };
        let mut rules: Vec<Arc<Rule>> = below("lint/").map(|(id, tree)| Arc::new(Rule::built_in(id, tree))).collect();
        rules.sort_by(|a, b| a.id.cmp(&b.id));
        let sites: BTreeMap<&'static str, &'static Node> = below("sites/").collect();
        let symptoms = Symptoms::built_in(below("symptoms/").collect());
        let reply = |(path, text): &(&str, &str)| {
            let site = path.strip_prefix("replies/")?.strip_suffix(".j2")?;
            Some((site.to_owned(), Reply { file: Arc::from(*path), text: Arc::from(*text) }))
        };
        let replies = Replies::default().with(EMBEDDED.iter().filter_map(reply).collect());
        let text = |path: &str| EMBEDDED.iter().find(|(name, _)| *name == path).map(|(_, text)| *text);
        // A test reads the tables, so that they cannot be faulty here.
        let tables = Tables::built_in(&text).unwrap_or_default();
        Self { packs: vec![info], rules, sites: Arc::new(Sites::built_in(&sites)), tables, symptoms, replies }
    }

    /// The rule of that id.
    pub fn rule(&self, id: &str) -> Option<&Arc<Rule>> {
        self.rules.binary_search_by(|rule| rule.id.as_str().cmp(id)).ok().map(|index| &self.rules[index])
    }

    /// The site of that id, or an error with the nearest.
    pub fn site(&self, id: &str) -> Result<&Arc<Site>, PolicyError> {
        self.sites.get(id).ok_or_else(|| PolicyError::UnknownSite {
            name: id.to_owned(),
            nearest: super::error::nearest(id, self.sites.keys().map(String::as_str)),
        })
    }
}

impl Draft {
    fn read(&mut self, pack: &PackFiles) -> Result<(), PolicyError> {
        self.read_info(pack);
        let mut found = 0;
        for (path, text) in &pack.files {
            match path.rsplit_once('/') {
                Some((folder, "")) => self.check_folder(pack, folder),
                Some((folder @ ("lint" | "replies" | "sites" | "symptoms"), file)) if file != "README.md" => {
                    found += 1;
                    self.read_one(&pack.named(path), folder, file, text);
                }
                Some((_, file)) => {
                    found += 1;
                    self.check_table(pack, path, file);
                }
                None => found += usize::from(self.check_file(pack, path)),
            }
        }
        if found == 0 && self.problems.is_empty() { Err(PolicyError::Empty(pack.origin.clone())) } else { Ok(()) }
    }

    /// Reads one rule, site, symptom or template for answers.
    fn read_one(&mut self, name: &str, folder: &str, file: &str, text: &str) {
        let end = if folder == "replies" { ".j2" } else { ".toml" };
        let Some(stem) = file.strip_suffix(end) else {
            let note = Some(format!("files of `{folder}/` end in `{end}`"));
            self.problems.push(Problem::new(name, "", 0..0, format!("`{file}` is not read"), note));
            return;
        };
        let read = match folder {
            "lint" => {
                let read = Rule::parse(name, stem, text).map_err(|faulty| {
                    self.faulty.push((name.to_owned(), faulty.uses));
                    faulty.problems
                });
                read.map(|rule| self.keep(rule, |draft, rule| draft.rules.push(Arc::new(rule))))
            }
            "sites" => Site::parse(name, stem, text)
                .map_err(|FaultySite { problems, site }| {
                    match site {
                        Some(site) => self.sites.push(Arc::from(site)),
                        None => drop(self.unread_sites.insert(stem.to_owned())),
                    }
                    problems
                })
                .map(|site| self.keep(site, |draft, site| draft.add_site(name, text, site))),
            "symptoms" => Symptom::parse(name, stem, text)
                .map_err(|(problems, symptom)| {
                    self.faulty_symptoms.push(*symptom);
                    problems
                })
                .map(|symptom| self.keep(symptom, |draft, symptom| draft.symptoms.push(symptom))),
            _ => Replies::parse(name, text).map(|template| self.replies.push((stem.to_owned(), template))),
        };
        if let Err(problems) = read {
            self.unread.insert(stem.to_owned());
            self.problems.extend(problems);
        }
    }

    /// Takes in what was read of a file with its blanks.
    fn keep<T>(&mut self, read: Filled<T>, add: impl FnOnce(&mut Self, T)) {
        add(self, read.value);
        self.blanks.extend(read.blanks);
    }

    fn add_site(&mut self, name: &str, text: &str, site: Site) {
        let problem = |(day, span): &(String, std::ops::Range<usize>)| {
            let message = format!("`verified` is {day}, which is still to come");
            Some((Day::parse(day)?, Problem::new(name, text, span.clone(), message, None)))
        };
        if let Some(pack) = self.packs.last_mut() {
            pack.days.extend(site.spans.verified.iter().filter_map(problem));
        }
        self.sites.push(Arc::new(site));
    }

    /// Whether a file at the top of a pack is one of its tables; one that is not read must not be meant as such.
    fn check_file(&mut self, pack: &PackFiles, path: &str) -> bool {
        if let Some(meant) = nearest(path, [PACK_FILE, COMMANDS]).filter(|meant| meant != path) {
            let note = Some(format!("did you mean `{meant}`?"));
            self.problems.push(Problem::new(&pack.named(path), "", 0..0, format!("`{path}` is not read"), note));
        }
        path == COMMANDS
    }

    /// A file among the tables is one of them.
    fn check_table(&mut self, pack: &PackFiles, path: &str, file: &str) {
        if !tables::FILES.contains(&path) && file != "README.md" {
            let known = tables::FILES.iter().filter_map(|known| known.strip_prefix("data/")).collect::<Vec<_>>();
            let note = expectation(file, &known);
            self.problems.push(Problem::new(&pack.named(path), "", 0..0, format!("`{file}` is not read"), note));
        }
    }

    /// A folder that is not read must not be one that was meant to be.
    fn check_folder(&mut self, pack: &PackFiles, folder: &str) {
        let meant = match folder {
            "rules" | "lints" => Some("lint".to_owned()),
            other => nearest(other, FOLDERS.into_iter().chain([FIXTURES])).filter(|meant| meant != other),
        };
        if let Some(meant) = meant {
            let note = Some(format!("did you mean `{meant}/`?"));
            let message = format!("the folder `{folder}/` is not read");
            self.problems.push(Problem::new(&pack.named(folder), "", 0..0, message, note));
        }
    }

    fn read_tables(&mut self, pack: &PackFiles, tables: &mut Tables) {
        if let Some(text) = pack.get(COMMANDS) {
            let name = pack.named(COMMANDS);
            let (doc, tree) = Document::parse_filled(&name, text);
            describe::check(doc.root(&tree, &commands::COMMANDS));
            match doc.read(()) {
                Ok(read) => self.keep(read, |_, ()| ()),
                Err(problems) => self.problems.extend(problems),
            }
        }
        // What is wrong with the commands is told with its place already.
        let faulty = self.problems.iter().any(|problem| problem.file == pack.named(COMMANDS));
        let read = |path: &str| if path == COMMANDS && faulty { None } else { pack.get(path) };
        if let Err(error) = tables.add(&read) {
            let text = pack.get(&error.file).unwrap_or_default();
            let start: usize = text.split_inclusive('\n').take(error.line.saturating_sub(1)).map(str::len).sum();
            let line = text[start..].lines().next().unwrap_or_default();
            let name = pack.named(&error.file);
            self.problems.push(Problem::new(&name, text, start..start + line.len(), error.message, None));
        }
    }

    fn read_info(&mut self, pack: &PackFiles) {
        let name = pack.named("pack.toml");
        let Some(text) = pack.get("pack.toml") else {
            let folder = Path::new(&pack.origin);
            let above = folder.parent().filter(|above| above.join("pack.toml").is_file());
            let note = match above.and_then(Path::file_name).zip(folder.file_name()) {
                Some((above, own)) => {
                    let (above, own) = (above.to_string_lossy(), own.to_string_lossy());
                    format!("`{own}` is a part of a pack: the pack is the folder above, `{above}`")
                }
                None => "a pack is a folder with `pack.toml`, `lint/`, `sites/` and `symptoms/`".to_owned(),
            };
            let note = Some(note);
            self.problems.push(Problem::new(&name, "", 0..0, "the pack has no `pack.toml`".to_owned(), note));
            return;
        };
        let (doc, tree) = Document::parse_filled(&name, text);
        let table = doc.root(&tree, &PACK);
        let word = |key| table.need_string(key).map(|word| word.text.to_owned()).unwrap_or_default();
        let stems = |folder: &str, end: &str| {
            let stem = |path: &String| Some(path.strip_prefix(folder)?.strip_suffix(end)?.to_owned());
            pack.files.iter().filter_map(|(path, _)| stem(path)).collect()
        };
        let is_table = |path: &&String| *path == COMMANDS || (path.starts_with("data/") && !path.ends_with('/'));
        let info = PackInfo {
            name: word("name"),
            version: word("version"),
            origin: pack.origin.clone(),
            rules: stems("lint/", ".toml"),
            sites: stems("sites/", ".toml"),
            symptoms: stems("symptoms/", ".toml"),
            replies: stems("replies/", ".j2"),
            tables: pack.files.iter().map(|(path, _)| path).filter(is_table).cloned().collect(),
            days: Vec::new(),
        };
        if let Some(needs) = table.string("pydoctor") {
            check_needs(&doc, &needs);
        }
        table.finish();
        match doc.read(()) {
            Ok(read) => self.keep(read, |_, ()| ()),
            Err(problems) => self.problems.extend(problems),
        }
        self.packs.push(info);
    }
}

/// The days on which the sites of packs were looked at, as far as these can be read, each with what is to be said while
/// that day is still to come.
pub fn days(folders: &[PathBuf]) -> Vec<(Day, Problem)> {
    let mut draft = Draft::default();
    for pack in folders.iter().filter_map(|folder| PackFiles::read(folder).ok()) {
        // What is wrong with it is told where it is loaded.
        let _ = draft.read(&pack);
    }
    draft.packs.into_iter().flat_map(|pack| pack.days).collect()
}

/// The name that the pack in a folder gives itself; `None` when it does not, which is told when the pack is read.
pub(super) fn name_of(folder: &Path) -> Option<String> {
    let text = read_file(&folder.join(PACK_FILE)).ok()?;
    let (doc, tree) = Document::parse("", &text);
    let name = doc.foreign(&tree).get("name")?.as_str()?.to_owned();
    Some(name)
}

/// The line of the byte `at` in a file of a pack, from 1; the first where the file cannot be read any more.
pub(super) fn line_of(file: &Path, at: usize) -> usize {
    let text = read_file(file).unwrap_or_default();
    1 + text.bytes().take(at).filter(|byte| *byte == b'\n').count()
}

/// Checks that this program is the version that a pack asks for (`>=0.1`), or newer.
fn check_needs(doc: &Document<'_>, needs: &Word<'_>) {
    let numbers = |text: &str| text.trim().split('.').map(|part| part.parse().ok()).collect::<Option<Vec<u64>>>();
    let (asked, own) = (needs.text.strip_prefix(">=").and_then(numbers), numbers(env!("CARGO_PKG_VERSION")));
    match asked {
        None => {
            let note = Some("write the oldest version that will do, like `>=0.1`".to_owned());
            doc.problem(needs.span.clone(), format!("`{}` is not a version to ask for", needs.text), note);
        }
        Some(asked) if own.is_some_and(|own| own < asked) => {
            let message = format!("the pack needs pydoctor {}, this is {}", needs.text, env!("CARGO_PKG_VERSION"));
            doc.problem(needs.span.clone(), message, Some("install a newer pydoctor".to_owned()));
        }
        Some(_) => {}
    }
}

/// What lies in a folder, in order, without hidden files.
fn sorted_entries(folder: &Path) -> Result<Vec<PathBuf>, PolicyError> {
    let unreadable = |cause| PolicyError::Unreadable { path: folder.to_owned(), cause };
    let mut paths = Vec::new();
    for entry in fs::read_dir(folder).map_err(unreadable)? {
        let path = entry.map_err(unreadable)?.path();
        if !path.file_name().is_some_and(|name| name.to_string_lossy().starts_with('.')) {
            paths.push(path);
        }
    }
    paths.sort();
    Ok(paths)
}

fn read_file(path: &Path) -> Result<Cow<'static, str>, PolicyError> {
    let unreadable = |cause| PolicyError::Unreadable { path: path.to_owned(), cause };
    let meta = fs::metadata(path).map_err(unreadable)?;
    let other = |what: &str| Err(unreadable(io::Error::other(what)));
    match (meta.is_dir(), meta.is_file()) {
        (true, _) => return other("it is a folder, where a file is expected"),
        (_, false) => return other("it is no file but a device or a pipe"),
        _ if meta.len() > MAX_BYTES => return other("it is larger than 4 MB"),
        _ => {}
    }
    fs::read(path).and_then(text).map(Cow::Owned).map_err(unreadable)
}
