//! Packs: a folder of rules, sites and tables, embedded or on disk. Reading several into one policy, whole or
//! not at all.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use super::document::Document;
use super::error::{PolicyError, Problem};
use super::rule::Rule;
use super::site::Site;
use super::sites::Sites;
use super::verify;
use crate::tree::{self, Node};

/// The files below `rules/`, embedded when the program was built.
static EMBEDDED: &[(&str, &str)] = include!(concat!(env!("OUT_DIR"), "/rules.rs"));

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
}

/// All rules and sites of the packs, checked.
#[derive(Debug)]
pub struct Policy {
    /// The packs, later ones over earlier ones.
    pub packs: Vec<PackInfo>,
    /// The rules by id.
    pub rules: Vec<Arc<Rule>>,
    /// The sites by id, each completed from the sites that it extends.
    pub sites: Sites,
}

/// What the packs hold before it is checked across files.
#[derive(Debug, Default)]
pub(super) struct Draft {
    pub packs: Vec<PackInfo>,
    pub rules: BTreeMap<String, Rule>,
    pub sites: BTreeMap<String, Site>,
    pub problems: Vec<Problem>,
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

    /// Reads the pack in the folder `path`. Hidden files are left out.
    pub fn read(path: &Path) -> Result<Self, PolicyError> {
        let mut files = Vec::new();
        read_folder(path, path, &mut files, 0)?;
        files.sort();
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
    /// Reads packs into one policy: a later pack's rules and sites replace earlier ones of the same id. With any
    /// problem in any file, nothing is loaded and all problems are told.
    pub fn load(packs: &[PackFiles]) -> Result<Self, PolicyError> {
        let mut draft = Draft::default();
        for pack in packs {
            draft.read(pack)?;
        }
        if !draft.problems.is_empty() {
            return Err(PolicyError::Invalid(draft.problems));
        }
        if draft.rules.is_empty() {
            return Err(PolicyError::Empty(packs.last().map(|pack| pack.origin.clone()).unwrap_or_default()));
        }
        verify::check(draft, packs)
    }

    /// The built-in pack alone, from the trees of the build script. A test reads it as any other pack, with all checks.
    pub(super) fn built_in() -> Self {
        let below = |folder: &'static str| {
            let stem = move |path: &'static str| path.strip_prefix(folder)?.strip_suffix(".toml");
            tree::BUILT_IN.iter().filter_map(move |(path, tree)| Some((stem(path)?, tree)))
        };
        let said = |key| tree::built_in("pack.toml")?.get(key)?.text();
        let word = |key| said(key).unwrap_or_default().to_owned();
        let info = PackInfo { name: word("name"), version: word("version"), origin: "rules".to_owned() };
        let mut rules: Vec<Arc<Rule>> = below("lint/").map(|(id, tree)| Arc::new(Rule::built_in(id, tree))).collect();
        rules.sort_by(|a, b| a.id.cmp(&b.id));
        let sites: BTreeMap<&'static str, &'static Node> = below("sites/").collect();
        Self { packs: vec![info], rules, sites: Sites::built_in(&sites) }
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
        self.read_info(pack)?;
        let before = self.rules.len() + self.sites.len() + self.problems.len();
        let mut found = 0;
        for (path, text) in &pack.files {
            let Some((folder, file)) = path.rsplit_once('/') else { continue };
            if !matches!(folder, "lint" | "sites") || file == "README.md" {
                continue;
            }
            let name = pack.named(path);
            let Some(stem) = file.strip_suffix(".toml") else {
                let note = Some("rules and sites are files that end in `.toml`".to_owned());
                self.problems.push(Problem::new(&name, "", 0..0, format!("`{file}` is not read"), note));
                continue;
            };
            found += 1;
            if folder == "lint" {
                match Rule::parse(&name, stem, text) {
                    Ok(rule) => drop(self.rules.insert(stem.to_owned(), rule)),
                    Err(problems) => self.problems.extend(problems),
                }
            } else {
                match Site::parse(&name, stem, text) {
                    Ok(site) => drop(self.sites.insert(stem.to_owned(), site)),
                    Err(problems) => self.problems.extend(problems),
                }
            }
        }
        let nothing = found == 0 && before == self.rules.len() + self.sites.len() + self.problems.len();
        if nothing { Err(PolicyError::Empty(pack.origin.clone())) } else { Ok(()) }
    }

    fn read_info(&mut self, pack: &PackFiles) -> Result<(), PolicyError> {
        let name = pack.named("pack.toml");
        let Some(text) = pack.get("pack.toml") else {
            let note = Some("a pack is a folder with `pack.toml`, `lint/` and `sites/`".to_owned());
            self.problems.push(Problem::new(&name, "", 0..0, "the pack has no `pack.toml`".to_owned(), note));
            return Ok(());
        };
        let (doc, tree) = Document::parse(&name, text);
        let table = doc.root(&tree);
        let word = |key| table.need_string(key).map(|word| word.text.to_owned()).unwrap_or_default();
        let info = PackInfo { name: word("name"), version: word("version"), origin: pack.origin.clone() };
        let needs = table.string("pydoctor").map(|word| word.text.to_owned());
        table.finish();
        self.problems.extend(doc.into_problems());
        if let Some(needs) = needs.filter(|needs| !is_new_enough(needs)) {
            return Err(PolicyError::Version { pack: info.name, needs });
        }
        self.packs.push(info);
        Ok(())
    }
}

/// True when this program is the version that `needs` (`>=0.1`) asks for, or newer.
fn is_new_enough(needs: &str) -> bool {
    let numbers = |text: &str| -> Vec<u64> { text.trim().split('.').map(|part| part.parse().unwrap_or(0)).collect() };
    numbers(env!("CARGO_PKG_VERSION")) >= numbers(needs.trim_start_matches([' ', '>', '=']))
}

fn read_folder(
    root: &Path,
    folder: &Path,
    files: &mut Vec<(String, Cow<'static, str>)>,
    depth: usize,
) -> Result<(), PolicyError> {
    let unreadable = |path: &Path| {
        let path = path.to_owned();
        move |source| PolicyError::Unreadable { path, source }
    };
    if depth > 8 {
        return Ok(());
    }
    for entry in fs::read_dir(folder).map_err(unreadable(folder))? {
        let entry = entry.map_err(unreadable(folder))?;
        let path: PathBuf = entry.path();
        if entry.file_name().to_string_lossy().starts_with('.') {
            continue;
        }
        if path.is_dir() {
            read_folder(root, &path, files, depth + 1)?;
        } else {
            #[expect(clippy::disallowed_methods, reason = "packs are the administrator's own files")]
            let text = fs::read_to_string(&path).map_err(unreadable(&path))?;
            let name = path.strip_prefix(root).unwrap_or(&path).to_string_lossy().replace('\\', "/");
            files.push((name, Cow::Owned(text)));
        }
    }
    Ok(())
}
