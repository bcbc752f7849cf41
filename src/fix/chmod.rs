//! Changing who may use a file, and nothing in it.
//!
//! The file is held while its permissions are changed, so that no link can lead elsewhere meanwhile. The journal
//! remembers the permissions and keeps no copy of the text: it may be secret.

use std::fs::Permissions;
use std::os::unix::fs::{MetadataExt, PermissionsExt};
use std::path::Path;

use super::journal::Entry;
use super::recorder::Recorder;
use super::target::Target;
use super::write::Error;

/// Permissions before and after.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Changed {
    /// Before.
    pub old: u32,
    /// After.
    pub new: u32,
}

/// Takes the bits `taken` from the permissions of the file or folder that `path` leads to. `recorder` remembers what they
/// were. With `as_owner`, root changes files of others with their rights. Errors as of [`super::write::replace`].
pub fn take(path: &Path, taken: u32, recorder: &mut Recorder, as_owner: bool) -> Result<Changed, Error> {
    change(path, &|old| old & !taken, Some(recorder), as_owner)
}

/// Gives it the permissions `mode`.
pub(super) fn give(path: &Path, mode: u32, recorder: Option<&mut Recorder>, as_owner: bool) -> Result<Changed, Error> {
    change(path, &|_| mode, recorder, as_owner)
}

fn change(
    path: &Path,
    new: &dyn Fn(u32) -> u32,
    mut recorder: Option<&mut Recorder>,
    as_owner: bool,
) -> Result<Changed, Error> {
    let target = Target::open_any(path, as_owner)?;
    let old = target.meta.mode() & 0o7777;
    let changed = Changed { old, new: new(old) };
    if changed.old == changed.new {
        return Ok(changed);
    }
    let entry = Entry {
        path: target.path.clone(),
        old: String::new(),
        new: String::new(),
        mode: changed.old,
        new_mode: Some(changed.new),
        owner: target.meta.uid(),
        group: target.meta.gid(),
        in_place: false,
        temporary: std::ffi::OsString::new(),
    };
    let kept = recorder.as_deref_mut().map(|recorder| recorder.keep(&entry, b"", b"", target.rights));
    let kept = kept.transpose().map_err(Error::NotKept)?;
    let given = target.rights.run(|| target.file.set_permissions(Permissions::from_mode(changed.new)));
    let given = given.flatten().map_err(Error::from);
    if let (Some(recorder), Some(kept)) = (recorder, &kept) {
        match &given {
            Ok(()) => recorder.done(kept),
            Err(_) => recorder.discard(kept),
        }
    }
    given.map(|()| changed)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fix::journal::{Purpose, Store};
    use crate::fix::undo::{self, Refusal, Restored, State};
    use std::fs;
    use std::os::unix::fs::symlink;
    use std::path::PathBuf;

    struct Home {
        _folder: tempfile::TempDir,
        root: PathBuf,
    }

    impl Home {
        fn new() -> Self {
            let folder = tempfile::tempdir().unwrap();
            let root = folder.path().canonicalize().unwrap();
            fs::write(root.join(".netrc"), "secret").unwrap();
            let home = Self { _folder: folder, root };
            home.set(".netrc", 0o646);
            home
        }

        fn set(&self, name: &str, mode: u32) {
            fs::set_permissions(self.root.join(name), Permissions::from_mode(mode)).unwrap();
        }

        fn mode(&self, name: &str) -> u32 {
            fs::metadata(self.root.join(name)).unwrap().mode() & 0o7777
        }

        fn recorder(&self) -> Recorder {
            Recorder::new(Some(self.root.join("state/undo")), Purpose::Fix, 0)
        }

        fn take(&self, name: &str, taken: u32) -> Result<Changed, Error> {
            super::take(&self.root.join(name), taken, &mut self.recorder(), false)
        }

        fn state(&self, run: u64) -> State {
            let run = Store::open(&self.root.join("state/undo")).unwrap().run(run).unwrap();
            undo::state(&run, &run.files()[0])
        }

        fn undo(&self, run: u64, force: bool) -> Result<Restored, Refusal> {
            let store = Store::open(&self.root.join("state/undo")).unwrap();
            let run = store.run(run).unwrap();
            undo::restore(&store, &run, &run.files()[0], force, &mut self.recorder(), false)
        }
    }

    #[test]
    fn rights_are_taken_and_given_back_and_no_text_is_kept() {
        let home = Home::new();
        symlink(".netrc", home.root.join("link")).unwrap();
        assert_eq!(home.take("link", 0o077).unwrap(), Changed { old: 0o646, new: 0o600 });
        assert_eq!((home.mode(".netrc"), home.state(1)), (0o600, State::New));
        let names: Vec<_> = fs::read_dir(home.root.join("state/undo/1")).unwrap().map(|e| e.unwrap().path()).collect();
        let tells = |name: &PathBuf| String::from_utf8_lossy(&fs::read(name).unwrap()).contains("secret");
        assert!(!names.is_empty() && !names.iter().any(tells), "{names:?}");
        assert!(matches!(home.undo(1, false), Ok(Restored::Done)));
        assert_eq!((home.mode(".netrc"), home.state(1)), (0o646, State::Original));
        assert!(matches!(home.undo(1, false), Ok(Restored::Already)));
        assert_eq!(home.take(".netrc", 0o001).unwrap(), Changed { old: 0o646, new: 0o646 });
        assert!(Store::open(&home.root.join("state/undo")).unwrap().run(2).is_none(), "nothing was changed");
    }

    #[test]
    fn later_changes_are_kept_unless_forced() {
        let home = Home::new();
        home.take(".netrc", 0o022).unwrap();
        home.set(".netrc", 0o400);
        assert_eq!(home.state(1), State::Edited);
        assert!(matches!(home.undo(1, false), Err(Refusal::Edited)));
        assert!(matches!(home.undo(1, true), Ok(Restored::Done)));
        assert_eq!(home.mode(".netrc"), 0o646);
        home.undo(2, false).unwrap();
        assert_eq!(home.mode(".netrc"), 0o400);
        fs::remove_file(home.root.join(".netrc")).unwrap();
        assert!(matches!(home.undo(1, true), Err(Refusal::NoText)));
    }

    #[test]
    fn folders_have_permissions_too() {
        let home = Home::new();
        fs::create_dir(home.root.join("home")).unwrap();
        home.set("home", 0o1777);
        home.take("home", 0o022).unwrap();
        assert_eq!(home.mode("home"), 0o1755);
        home.undo(1, false).unwrap();
        assert_eq!(home.mode("home"), 0o1777);
    }
}
