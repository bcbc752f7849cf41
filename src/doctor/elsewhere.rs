//! The site's other places: which folders there are the account's own.
//!
//! A folder is the account's when its owner is the account's and it is called as the user, or is what a variable of the
//! user's own names. Below a place it is looked for in two levels of folders, by its name alone: nothing else is opened
//! there but folders of the system's, whose names are listed.

use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::ffi::OsString;
use std::fs;
use std::os::unix::fs::MetadataExt as _;
use std::path::{Path, PathBuf};

use super::home::Home;

/// So many folders are asked for the user's name in all places together.
const MAX_ASKED: usize = 5_000;

/// Levels of folders between a place and the user's folder.
const MAX_LEVELS: usize = 2;

/// Whose folders are looked for.
pub struct Account<'a> {
    /// The user's name.
    pub user: &'a str,
    /// The user's number.
    pub owner: u32,
    /// The environment of a running shell; `None` for somebody else's account.
    pub env: Option<&'a BTreeMap<String, String>>,
}

/// What was found in the places.
#[derive(Debug, Default)]
pub struct Found {
    /// Folders of the account, each once, none inside another.
    pub folders: Vec<PathBuf>,
    /// Places in which there is none, as the site writes them.
    pub without: Vec<String>,
}

/// Looks for folders of `account` in `places`, paths as the site writes them, outside of `home`.
pub fn find(account: &Account<'_>, home: &Home, places: &[String]) -> Found {
    let mut found = Found::default();
    let mut search = Search { account, asked: 0, seen: BTreeSet::new() };
    if let Some(own) = identity(&home.path) {
        search.seen.insert(own);
    }
    for place in places {
        let mut folders = Vec::new();
        for root in roots(place, account.env) {
            search.below(&root, place.starts_with('$'), &mut folders);
        }
        if folders.is_empty() {
            found.without.push(place.clone());
        }
        found.folders.extend(folders.into_iter().flatten());
    }
    let all = found.folders.clone();
    let inside = |folder: &Path, other: &Path| folder != other && folder.starts_with(other);
    found.folders.retain(|folder| {
        !all.iter().any(|other| inside(folder, other)) && !folder.starts_with(&home.path) && !inside(&home.path, folder)
    });
    found
}

struct Search<'a> {
    account: &'a Account<'a>,
    asked: usize,
    seen: BTreeSet<(u64, u64)>,
}

impl Search<'_> {
    /// The folders of the account at or below `root`; `None` stands for one that was found before.
    fn below(&mut self, root: &Path, own: bool, found: &mut Vec<Option<PathBuf>>) {
        // Everything of the system's is the administrator's.
        if own && (self.account.owner != 0 || root.ends_with(self.account.user)) && self.is_own(root) {
            return self.take(root, found);
        }
        let mut waiting: VecDeque<(PathBuf, usize)> = VecDeque::from([(root.to_owned(), 0)]);
        while let Some((folder, level)) = waiting.pop_front() {
            if self.asked >= MAX_ASKED {
                return;
            }
            self.asked += 1;
            let candidate = folder.join(self.account.user);
            if self.is_own(&candidate) {
                self.take(&candidate, found);
            } else if level < MAX_LEVELS && (level == 0 || is_systems(&folder)) {
                waiting.extend(inner(&folder).into_iter().map(|folder| (folder, level + 1)));
            }
        }
    }

    fn is_own(&self, path: &Path) -> bool {
        fs::symlink_metadata(path).is_ok_and(|meta| meta.is_dir() && meta.uid() == self.account.owner)
    }

    fn take(&mut self, path: &Path, found: &mut Vec<Option<PathBuf>>) {
        let Some(own) = identity(path) else { return };
        found.push(self.seen.insert(own).then(|| fs::canonicalize(path).ok()).flatten());
    }
}

/// The folders that a path of the site's stands for: its variable filled in, its last part matched.
fn roots(place: &str, env: Option<&BTreeMap<String, String>>) -> Vec<PathBuf> {
    let whole = match place.strip_prefix('$') {
        None => place.to_owned(),
        Some(rest) => {
            let (name, below) = rest.split_at(rest.find('/').unwrap_or(rest.len()));
            match env.and_then(|env| env.get(name)).filter(|value| value.starts_with('/') && value.len() > 1) {
                Some(value) => format!("{value}{below}"),
                None => return Vec::new(),
            }
        }
    };
    let Some((above, last)) = whole.rsplit_once('/') else { return Vec::new() };
    if !last.contains(['*', '?', '[']) || above.contains(['*', '?', '[']) {
        return vec![PathBuf::from(whole)];
    }
    let above = if above.is_empty() { Path::new("/") } else { Path::new(above) };
    let pattern = crate::policy::glob::Pattern::new(last);
    let fits = |folder: &PathBuf| folder.file_name().is_some_and(|name| pattern.is_match(&name.to_string_lossy()));
    inner(above).into_iter().filter(fits).collect()
}

/// The folders in a folder, in order; links are left out. Empty for what cannot be read.
fn inner(folder: &Path) -> Vec<PathBuf> {
    let entries = fs::read_dir(folder).into_iter().flatten().filter_map(Result::ok);
    let folders = entries.filter(|entry| entry.file_type().is_ok_and(|kind| kind.is_dir()));
    let mut names: Vec<OsString> = folders.map(|entry| entry.file_name()).take(MAX_ASKED).collect();
    names.sort();
    names.into_iter().map(|name| folder.join(name)).collect()
}

fn is_systems(folder: &Path) -> bool {
    fs::symlink_metadata(folder).is_ok_and(|meta| meta.uid() == 0)
}

fn identity(path: &Path) -> Option<(u64, u64)> {
    fs::metadata(path).ok().map(|meta| (meta.dev(), meta.ino()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn folders_are_found_by_name_and_owner() {
        let dir = tempfile::tempdir().unwrap();
        let root = fs::canonicalize(dir.path()).unwrap();
        let make = |path: &str| fs::create_dir_all(root.join(path)).unwrap();
        for path in ["home/ada", "scratch/ada", "project/pi/ada/deep", "project/other/bob", "cfs/cdirs/m1/ada", "own/x"]
        {
            make(path);
        }
        let owner = fs::metadata(&root).unwrap().uid();
        let home = Home::open(&root.join("home/ada")).unwrap();
        let env = BTreeMap::from([("SCRATCH".to_owned(), root.join("scratch/ada").display().to_string())]);
        let account = Account { user: "ada", owner, env: Some(&env) };
        let at = |path: &str| format!("{}/{path}", root.display());
        let places = [at("scratch"), at("proj*"), "$SCRATCH".to_owned(), "$UNSET".to_owned(), at("home"), at("none")];
        let found = find(&account, &home, &places);
        let below: Vec<&Path> = found.folders.iter().map(|path| path.strip_prefix(&root).unwrap()).collect();
        assert_eq!(below, [Path::new("scratch/ada"), Path::new("project/pi/ada")]);
        assert_eq!(found.without, ["$UNSET".to_owned(), at("none")]);
        let deep = find(&account, &home, &[at("cfs")]);
        assert_eq!(deep.folders.len(), usize::from(owner == 0), "{deep:?}");
        let somebody = Account { owner: owner + 1, ..account };
        assert!(find(&somebody, &home, &places).folders.is_empty());
    }
}
