//! Where the layers above a project lie: the machine's folder, those of `$PYDOCTOR_POLICY_PATH`, the user's.

use std::io::ErrorKind;
use std::path::{Component, Path, PathBuf};
use std::{env, fs};

use anyhow::bail;

use crate::policy::config::LAYER_FILE;
use crate::policy::pack::{COMMANDS, PACK_FILE};
use crate::policy::{Level, PolicyError, Problem, nearest};
use crate::source;

use super::snapshot::Snapshot;

/// The machine's folder. No variable moves it: whoever could would be rid of its locks.
pub(super) const SYSTEM: &str = "/etc/pydoctor";

/// Further folders of those who run the machine, with `:` between them, so that a module file can bring one.
const POLICY_PATH: &str = "PYDOCTOR_POLICY_PATH";

/// The folder of a layer.
#[derive(Clone, Debug)]
pub(super) struct Folder {
    /// The layer.
    pub(super) level: Level,
    /// Its folder, which exists.
    pub(super) path: PathBuf,
    /// From where globs of its configuration count.
    pub(super) globs_from: PathBuf,
}

/// The folders of layers that exist, the weakest first.
#[derive(Clone, Debug, Default)]
pub(super) struct Folders(Vec<Folder>);

impl Folders {
    /// Looks for them; under `isolated` only for the machine's. Errors: a folder that somebody names and that is
    /// none, or cannot be looked at. A layer is never left out in silence.
    pub(super) fn find(snapshot: &Snapshot, isolated: bool) -> anyhow::Result<Self> {
        let root = Path::new("/");
        let mut folders = Self::default();
        // Not followed here: a link that leads nowhere is a policy that went missing, not one that never was.
        match fs::symlink_metadata(SYSTEM) {
            Err(error) if error.kind() == ErrorKind::NotFound => {}
            _ => folders.add(Level::System, Path::new(SYSTEM), root, "the policy of this machine")?,
        }
        if isolated {
            return Ok(folders);
        }
        for path in snapshot.var(POLICY_PATH).map(env::split_paths).into_iter().flatten() {
            if !path.as_os_str().is_empty() {
                let path = snapshot.cwd.join(path);
                folders.add(Level::PolicyPath, &path, root, "a folder of $PYDOCTOR_POLICY_PATH")?;
            }
        }
        let home = snapshot.var("HOME").map(PathBuf::from);
        // The specification of base directories: what is not absolute is not meant.
        let config = snapshot.var("XDG_CONFIG_HOME").map(PathBuf::from).filter(|path| path.is_absolute());
        if let Some(path) = config.or_else(|| Some(home.as_ref()?.join(".config"))).map(|path| path.join("pydoctor"))
            && path.is_dir()
        {
            folders.add(Level::User, &path, home.as_deref().unwrap_or(root), "your own configuration")?;
        }
        Ok(folders)
    }

    /// All of them, the weakest first.
    pub(super) fn all(&self) -> impl Iterator<Item = &Folder> {
        self.0.iter()
    }

    fn add(&mut self, level: Level, path: &Path, globs_from: &Path, what: &str) -> anyhow::Result<()> {
        let problem = match fs::metadata(path) {
            // That it can be listed is needed for its packs.
            Ok(meta) if meta.is_dir() => fs::read_dir(path).err().map(|error| source::reason(path, &error)),
            Ok(_) => Some("not a folder".to_owned()),
            Err(error) => Some(source::reason(path, &error)),
        };
        if let Some(problem) = problem {
            bail!("{}: {what} cannot be read: {problem}", path.display());
        }
        // One file has one name, however the folder was named.
        let path =
            if path.components().any(|part| part == Component::ParentDir) { real(path) } else { path.to_owned() };
        self.0.push(Folder { level, path, globs_from: real(globs_from) });
        Ok(())
    }
}

impl Folder {
    /// Looks for what was meant to be read and is not: a configuration of another name, a pack that does not say so.
    ///
    /// # Errors
    /// All of it, and a folder that cannot be listed.
    pub(super) fn check(&self) -> Result<(), PolicyError> {
        let unreadable = |cause| PolicyError::Unreadable { path: self.path.clone(), cause };
        let is_pack = self.path.join(PACK_FILE).exists();
        // Beside the configuration there may be older ones.
        let has_config = self.path.join(LAYER_FILE).symlink_metadata().is_ok();
        let mut problems: Vec<Problem> = self.parts_of_no_pack().into_iter().filter(|_| !is_pack).collect();
        let mut is_empty = true;
        for entry in fs::read_dir(&self.path).map_err(unreadable)? {
            is_empty = false;
            let path = entry.map_err(unreadable)?.path();
            let name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
            let problem = |message: String, note: String| {
                Problem::new(&path.display().to_string(), "", 0..0, message, Some(note))
            };
            if path.is_dir() {
                if !path.join(PACK_FILE).exists() && is_meant_as_pack(&path) && !(is_pack && is_of_pack(&name)) {
                    let note = format!("a pack has a `{PACK_FILE}` with its `name` and `version`");
                    problems.push(problem(format!("the folder `{name}` has no `{PACK_FILE}` and is not read"), note));
                }
            } else if !has_config && !is_pack_file(&name) {
                let near = nearest(&name, [LAYER_FILE]).is_some() || (name.ends_with(".toml") && !is_pack);
                if near {
                    let note = format!("the configuration of a layer is called `{LAYER_FILE}`");
                    problems.push(problem(format!("`{name}` is not read"), note));
                }
            }
        }
        // Somebody names it and put something there, so that something was meant to be read.
        let is_named = self.level == Level::PolicyPath && !is_empty;
        if problems.is_empty() && is_named && !has_config && self.packs()?.is_empty() {
            let message = format!("the folder holds no `{LAYER_FILE}` and no pack, so that nothing of it is read");
            let note = format!("a pack is the folder itself or a folder in it, with a `{PACK_FILE}`");
            problems.push(Problem::new(&self.path.display().to_string(), "", 0..0, message, Some(note)));
        }
        problems.sort_by(|a, b| a.file.cmp(&b.file));
        if problems.is_empty() { Ok(()) } else { Err(PolicyError::Invalid(problems)) }
    }

    /// What is wrong when the folder itself holds what packs are made of, which is read only beside a `pack.toml`.
    fn parts_of_no_pack(&self) -> Option<Problem> {
        // A pack may have the name of a part.
        let is_part = |part: &&str| self.path.join(part).is_dir() && !self.path.join(part).join(PACK_FILE).exists();
        let folders = PARTS.into_iter().filter(is_part).map(|part| format!("`{part}/`"));
        let tables = Some(COMMANDS).filter(|name| self.path.join(name).is_file()).map(|name| format!("`{name}`"));
        let parts: Vec<String> = folders.chain(tables).collect();
        let message =
            format!("the folder holds {} and no `{PACK_FILE}`, so that nothing of it is read", parts.join(", "));
        let note = format!(
            "write {} with `name = \"…\"` and `version = \"1\"`, or put the pack into a folder of its own there",
            self.path.join(PACK_FILE).display()
        );
        let place = self.path.display().to_string();
        (!parts.is_empty()).then(|| Problem::new(&place, "", 0..0, message, Some(note)))
    }

    /// The packs of the layer, the lowest first: folders in it that hold a `pack.toml`, by name, and over them the
    /// folder itself when it holds one.
    pub(super) fn packs(&self) -> Result<Vec<PathBuf>, PolicyError> {
        let unreadable = |cause| PolicyError::Unreadable { path: self.path.clone(), cause };
        let is_pack = |path: &Path| path.join(PACK_FILE).symlink_metadata().is_ok();
        let mut packs = Vec::new();
        for entry in fs::read_dir(&self.path).map_err(unreadable)? {
            packs.push(entry.map_err(unreadable)?.path());
        }
        packs.retain(|path| is_pack(path));
        packs.sort();
        packs.extend(Some(self.path.clone()).filter(|path| is_pack(path)));
        Ok(packs)
    }
}

/// The folders of which one makes a pack.
const PARTS: [&str; 3] = ["lint", "sites", "symptoms"];

/// True for a folder with what packs are made of.
fn is_meant_as_pack(folder: &Path) -> bool {
    PARTS.iter().any(|part| folder.join(part).is_dir())
}

/// True for folders of a pack that hold no packs.
fn is_of_pack(name: &str) -> bool {
    name.starts_with('.') || ["fixtures", "docs", "examples"].contains(&name)
}

fn is_pack_file(name: &str) -> bool {
    [PACK_FILE, COMMANDS].contains(&name)
}

/// A path without links; as it is when that cannot be known.
pub(super) fn real(path: &Path) -> PathBuf {
    fs::canonicalize(path).unwrap_or_else(|_| path.to_owned())
}
