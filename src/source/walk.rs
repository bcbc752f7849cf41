//! Walking folders, serially and in order of names.
//!
//! A walk of our own over the matcher of the `ignore` crate: its walker cannot keep a start-up file that a
//! `.gitignore` of `*` hides, as dotfiles repositories do.

use std::ffi::OsStr;
use std::fs::{self, DirEntry};
use std::path::{Path, PathBuf};
use std::rc::Rc;

use ignore::gitignore::Gitignore;

use super::discover::{Discovered, Found, Problem, WalkOptions, Walked, explain, is_candidate};
use super::kind::{Kind, Role, classify_name};

/// Folders that never hold files of the user's own.
const SKIPPED_FOLDERS: &[&str] = &[
    ".bzr",
    ".cache",
    ".eggs",
    ".git",
    ".hg",
    ".ipynb_checkpoints",
    ".jj",
    ".mypy_cache",
    ".nox",
    ".pytest_cache",
    ".ruff_cache",
    ".snapshot",
    ".snapshots",
    ".svn",
    ".tox",
    "__pycache__",
    "_darcs",
    "dist-packages",
    "lost+found",
    "node_modules",
    "site-packages",
];

/// Entries that mark a folder as an installed environment, a conda installation or its package cache.
const INSTALLED_MARKS: &[&str] = &["pyvenv.cfg", "conda-meta", "urls.txt"];

/// True for a folder that holds what was recorded of a run, by a tool that writes its runs into a folder of its name.
fn is_record(parent: &Path, name: &OsStr) -> bool {
    let is_run = ["run-", "offline-run-"].iter().any(|start| name.as_encoded_bytes().starts_with(start.as_bytes()));
    is_run && parent.file_name().is_some_and(|folder| folder == "wandb" || folder == ".wandb")
}

/// How deep folders are followed: deeper ones are made by accident or malice.
const MAX_DEPTH: usize = 128;

/// The `.gitignore` of a folder and those above it, up to the root of the repository.
struct Ignores {
    matcher: Gitignore,
    above: Option<Rc<Ignores>>,
}

/// A folder still to be read.
struct Pending {
    path: PathBuf,
    /// The same from the root of the file system: what `.gitignore` patterns are matched against.
    absolute: PathBuf,
    ignores: Option<Rc<Ignores>>,
    in_repository: bool,
    depth: usize,
}

/// Walks `root`, which the user named, and adds what is found.
pub(super) fn walk(root: &Path, options: &WalkOptions<'_>, discovered: &mut Discovered) {
    let absolute = fs::canonicalize(root).unwrap_or_else(|_| root.to_owned());
    let (ignores, in_repository) = above(&absolute);
    let mut stack = vec![Pending { path: root.to_owned(), absolute, ignores, in_repository, depth: 0 }];
    while let Some(mut folder) = stack.pop() {
        let entries = match fs::read_dir(&folder.path).and_then(Iterator::collect::<Result<Vec<_>, _>>) {
            Ok(entries) => entries,
            Err(error) => {
                let message = explain(&folder.path, &error);
                discovered.problems.push(Problem { path: folder.path, message });
                continue;
            }
        };
        if folder.depth > 0 && is_installed(&entries) {
            continue;
        }
        let has_git = has(&entries, ".git");
        folder.in_repository |= has_git;
        discovered.folders.push(Walked { path: folder.path.clone(), real: folder.absolute.clone(), has_git });
        visit(folder, entries, options, &mut stack, discovered);
    }
}

/// Sorts a folder's entries into files to read and folders to walk. Folders come after its files.
fn visit(
    folder: Pending,
    mut entries: Vec<DirEntry>,
    options: &WalkOptions<'_>,
    stack: &mut Vec<Pending>,
    discovered: &mut Discovered,
) {
    entries.sort_by_cached_key(DirEntry::file_name);
    let in_repository = folder.in_repository;
    let ignores = if in_repository && has(&entries, ".gitignore") {
        with_ignores(&folder.absolute, folder.ignores)
    } else {
        folder.ignores
    };
    let excluded = |path: &Path| options.exclude.is_some_and(|exclude| exclude(path));
    let mut folders = Vec::new();
    for entry in entries {
        let name = entry.file_name();
        let path = join(&folder.path, Path::new(&name));
        let Ok(kind) = entry.file_type() else { continue };
        let absolute = folder.absolute.join(&name);
        let ignored = ignores.as_deref().is_some_and(|ignores| ignores.hides(&absolute, kind.is_dir()));
        if kind.is_dir() {
            let skipped = SKIPPED_FOLDERS.iter().any(|skipped| name == *skipped) || is_record(&folder.path, &name);
            if !ignored && !skipped && folder.depth < MAX_DEPTH && !excluded(&absolute) {
                let ignores = ignores.clone();
                folders.push(Pending { path, absolute, ignores, in_repository, depth: folder.depth + 1 });
            }
        } else if (kind.is_file() || kind.is_symlink())
            && is_candidate(&path)
            && (!ignored || is_never_ignored(&path))
            && !excluded(&absolute)
        {
            discovered.files.push(Found { path, named: false, plain: kind.is_file() });
        }
    }
    stack.extend(folders.into_iter().rev());
}

/// Paths below `.` are shown without it.
fn join(folder: &Path, name: &Path) -> PathBuf {
    if folder == Path::new(".") { name.to_owned() } else { folder.join(name) }
}

/// Start-up files and conda's settings are read by programs, whatever git thinks of them.
fn is_never_ignored(path: &Path) -> bool {
    matches!(classify_name(path), Some(Kind::Shell { role: Role::Startup, .. } | Kind::Condarc))
}

fn is_installed(entries: &[DirEntry]) -> bool {
    INSTALLED_MARKS.iter().any(|mark| has(entries, mark))
}

fn has(entries: &[DirEntry], name: &str) -> bool {
    entries.iter().any(|entry| entry.file_name() == name)
}

/// The `.gitignore` files of the folders above `root`, when it lies in a repository.
fn above(root: &Path) -> (Option<Rc<Ignores>>, bool) {
    if root.join(".git").exists() {
        return (None, true);
    }
    let folders: Vec<&Path> = root.ancestors().skip(1).collect();
    let Some(top) = folders.iter().position(|folder| folder.join(".git").exists()) else { return (None, false) };
    let ignores = folders[..=top].iter().rev().fold(None, |above, folder| with_ignores(folder, above));
    (ignores, true)
}

/// Adds the `.gitignore` of `folder`, if it is a file of honest size: git does not follow a link there, and
/// anything else might never end.
fn with_ignores(folder: &Path, above: Option<Rc<Ignores>>) -> Option<Rc<Ignores>> {
    const MAX_BYTES: u64 = 1 << 20;
    let file = folder.join(".gitignore");
    match fs::symlink_metadata(&file) {
        Ok(meta) if meta.is_file() && meta.len() <= MAX_BYTES => {
            Some(Rc::new(Ignores { matcher: Gitignore::new(file).0, above }))
        }
        _ => above,
    }
}

impl Ignores {
    /// True when the nearest `.gitignore` that speaks of `path` hides it.
    fn hides(&self, path: &Path, is_folder: bool) -> bool {
        let mut next = Some(self);
        while let Some(ignores) = next {
            let found = ignores.matcher.matched(path, is_folder);
            if !found.is_none() {
                return found.is_ignore();
            }
            next = ignores.above.as_deref();
        }
        false
    }
}
