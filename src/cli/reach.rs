//! Files in reach: those being checked, and the account's own start-up files when it is its home that is checked.

use std::ffi::OsString;
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use foldhash::{HashMap, HashSet};

use super::workers::Workers;
use crate::facts::Reach;
use crate::source::{self, Found, Loaded, Source, absolute};

/// Files of an account that its shells and conda read.
const OWN_FILES: [&str; 10] = [
    ".bashrc",
    ".bash_profile",
    ".bash_login",
    ".profile",
    ".bash_aliases",
    ".zshrc",
    ".zprofile",
    ".zshenv",
    ".cshrc",
    ".condarc",
];

/// Files by their absolute path.
#[derive(Debug, Default)]
pub(super) struct InReach {
    by_path: HashMap<OsString, Arc<Source>>,
    cwd: PathBuf,
    home: Option<PathBuf>,
}

impl InReach {
    /// The files of a run. Paths are meant from `cwd`; `home` is what `$HOME` is in them.
    pub(super) fn new(sources: &[Arc<Source>], cwd: &Path, home: Option<&Path>, workers: &Workers) -> Self {
        let paths = workers.map(sources, |source| absolute(cwd, &source.path));
        let paths = paths.into_iter().map(PathBuf::into_os_string);
        let by_path = paths.zip(sources.iter().cloned()).collect();
        Self { by_path, cwd: cwd.to_owned(), home: home.map(Path::to_owned) }
    }

    /// The folder that a path of a script is meant from.
    fn folder(&self, from: &Source, cwd: Option<&str>) -> Option<PathBuf> {
        let file = self.cwd.join(&from.path);
        let own = file.parent().unwrap_or(&self.cwd);
        match cwd {
            Some(cwd) => Some(own.join(self.expanded(cwd)?)),
            None => Some(own.to_owned()),
        }
    }

    /// A path with the home written out; `None` when something else in it is not known.
    fn expanded(&self, path: &str) -> Option<PathBuf> {
        for home in ["$HOME", "~"] {
            if let Some(rest) = path.strip_prefix(home)
                && (rest.is_empty() || rest.starts_with('/'))
            {
                return Some(self.home.as_ref()?.join(rest.trim_start_matches('/')));
            }
        }
        (!path.contains('$')).then(|| PathBuf::from(path))
    }
}

impl Reach for InReach {
    fn file(&self, from: &Source, path: &str, cwd: Option<&str>) -> Option<Arc<Source>> {
        let path = absolute(&self.folder(from, cwd)?, &self.expanded(path)?);
        self.by_path.get(path.as_os_str()).cloned()
    }
}

/// The home of the account, when one of the files lies in it. `real` follows the links on the way to a folder.
pub(super) fn home_of(
    sources: &[Arc<Source>],
    cwd: &Path,
    home: Option<&Path>,
    real: &dyn Fn(&Path) -> PathBuf,
) -> Option<PathBuf> {
    let home = home?;
    let real_home = fs::canonicalize(home).ok()?;
    // A home of `/` would hold everything.
    real_home.parent()?;
    // By folders: there are fewer of them. What is itself a link may lie elsewhere than its folder.
    let folders: HashSet<&Path> = sources.iter().filter_map(|source| source.path.parent()).collect();
    let is_link = |path: &Path| fs::symlink_metadata(path).is_ok_and(|data| data.is_symlink());
    let lies_in = |path: &Path| fs::canonicalize(path).is_ok_and(|path| path.starts_with(&real_home));
    let linked_in = |source: &Arc<Source>| {
        let path = cwd.join(&source.path);
        !source.plain && is_link(&path) && lies_in(&path)
    };
    let lies = folders.into_iter().any(|folder| real(&cwd.join(folder)).starts_with(&real_home))
        || sources.iter().any(linked_in);
    lies.then(|| home.to_owned())
}

/// The account's own start-up files and conda settings that are not among `sources`.
pub(super) fn own_files(sources: &[Arc<Source>], cwd: &Path, home: &Path) -> Vec<Arc<Source>> {
    let known: Vec<PathBuf> =
        sources.iter().filter_map(|source| fs::canonicalize(cwd.join(&source.path)).ok()).collect();
    let load = |name: &str| {
        let path = home.join(name);
        let real = fs::canonicalize(&path).ok()?;
        if known.contains(&real) {
            return None;
        }
        match source::load(&Found { path, named: false, plain: false }) {
            Loaded::Source { source, .. } => Some(Arc::new(source)),
            _ => None,
        }
    };
    OWN_FILES.iter().filter_map(|name| load(name)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::source::Kind;

    #[test]
    fn paths_of_scripts_lead_to_the_files_of_the_run() {
        let source = |path: &str| Arc::new(Source::new(path.into(), Kind::Other, Vec::new()));
        let files = [source("jobs/run.sh"), source("jobs/setup.sh"), source("/home/ada/.bashrc")];
        let workers = Workers::alone();
        let reach = InReach::new(&files, Path::new("/work"), Some(Path::new("/home/ada")), &workers);
        let found = |path: &str, cwd: Option<&str>| {
            reach.file(&files[0], path, cwd).map(|source| source.path.display().to_string())
        };
        assert_eq!(found("setup.sh", None).as_deref(), Some("jobs/setup.sh"));
        assert_eq!(found("../jobs/./setup.sh", None).as_deref(), Some("jobs/setup.sh"));
        assert_eq!(found("jobs/setup.sh", Some("/work")).as_deref(), Some("jobs/setup.sh"));
        assert_eq!(found("$HOME/.bashrc", None).as_deref(), Some("/home/ada/.bashrc"));
        assert_eq!(found("$SETUP/setup.sh", None), None);
        assert_eq!(found("other.sh", None), None);
    }
}
