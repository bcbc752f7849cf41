//! Replacing a file's content so that it is the old or the new text, whole, at every moment.
//!
//! The original is kept in the undo journal first. Then the new text goes to a temporary file in the same folder, is
//! forced to disk, and the two change their names. A file with several names is written in place, so that it keeps
//! them. Whatever would be lost is a reason not to write.

use std::ffi::{OsStr, OsString};
use std::fs::{File, Permissions};
use std::hash::{BuildHasher, Hasher};
use std::io::{self, Write};
use std::os::unix::fs::{FileExt, MetadataExt, PermissionsExt};
use std::path::Path;

use rustix::fs::FallocateFlags;

use super::attributes::keep_attributes;
use super::folder::{Folder, identity};
use super::journal::{self, Entry};
use super::recorder::Recorder;
use super::target::Target;

/// How temporary files are named; the rest of the name is random.
pub(super) const TEMPORARY: &str = ".pydoctor-new-";

/// The group of a file, in words.
pub(super) const GROUP: &str = "group";

/// Why a file was left as it was, in plain words.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// Its content is not what the fixes were made for.
    #[error("it changed since it was read; run the command again")]
    Changed,
    /// It is no longer there.
    #[error("it is gone")]
    Gone,
    /// Replacing it would change its owner.
    #[error("it belongs to another user; ask its owner to run pydoctor")]
    NotOwned,
    /// Root writes what belongs to others only when told.
    #[error("it belongs to user {0}; add --as-owner to write it with that user's rights")]
    AsOwner(u32),
    /// A user's link leads root elsewhere.
    #[error("a symbolic link of user {0} leads to it, out of that user's own folders; root does not follow it")]
    LinkOut(u32),
    /// Root's file where a user can put another in its place.
    #[error("it belongs to root and lies in a folder of user {0}; give it to that user, or edit it by hand")]
    ForeignFolder(u32),
    /// Nobody may write it.
    #[error("it is read-only; `chmod u+w` it first if it may be changed")]
    ReadOnly,
    /// Its group, access control list or extended attributes cannot be kept.
    #[error("its {what} cannot be kept: {}", not_given(what, .error))]
    Attributes {
        /// What cannot be kept.
        what: &'static str,
        /// Why.
        error: io::Error,
    },
    /// The original cannot be kept.
    #[error("its original cannot be kept for `pydoctor undo`: {0}; make room and run the command again")]
    NotKept(String),
    /// Written in place, and neither text is there whole.
    #[error("writing it failed half-way, and so did putting the old text back ({reason}); `pydoctor undo {path}` restores it", reason = reason(.0), path = .1.display())]
    HalfWritten(io::Error, std::path::PathBuf),
    /// Somebody wrote the file while it was exchanged, twice.
    #[error("somebody else wrote it at the same moment; what they wrote is in {0}")]
    Aside(std::path::PathBuf),
    /// The folder or the disk refused.
    #[error("{}", explain(.0))]
    Refused(#[from] io::Error),
}

/// What was done, when there is more to say than that the file was written.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Written {
    /// A remark in plain words.
    pub note: Option<String>,
}

/// Replaces the content of `path`, which was `old` when the new text was made, by `new`. A symbolic link stays one:
/// the file it leads to is written. The original is kept by `recorder`, when there is one. With `as_owner`, root
/// writes files of others with their rights. On any error but [`Error::HalfWritten`] the file holds what it held.
pub fn replace(
    path: &Path,
    old: &[u8],
    new: &[u8],
    mut recorder: Option<&mut Recorder>,
    as_owner: bool,
) -> Result<Written, Error> {
    let target = Target::open(path, as_owner)?;
    if target.meta.mode() & 0o200 == 0 {
        return Err(Error::ReadOnly);
    }
    if !target.holds(old)? {
        return Err(Error::Changed);
    }
    let in_place = target.meta.nlink() > 1;
    let entry = Entry {
        path: target.path.clone(),
        old: journal::hash(old),
        new: journal::hash(new),
        mode: target.meta.mode() & 0o7777,
        new_mode: None,
        owner: target.meta.uid(),
        group: target.meta.gid(),
        in_place,
        temporary: temporary_name(),
    };
    let kept = recorder.as_deref_mut().map(|recorder| recorder.keep(&entry, old, new, target.rights));
    let kept = kept.transpose().map_err(Error::NotKept)?;
    let written = target.rights.run(|| match in_place {
        true => write_in_place(&target, old, new),
        false => put(&target, &entry.temporary, old, new),
    });
    let written = written.map_err(Error::from).flatten();
    if let (Some(recorder), Some(kept)) = (recorder, &kept) {
        match &written {
            Ok(None) => recorder.done(kept),
            // The mark stays: the next run takes away what is left, or tells of it.
            Ok(Some(_)) | Err(Error::HalfWritten(..)) => {}
            Err(_) => recorder.discard(kept),
        }
    }
    let note = in_place.then(|| format!("written in place, to keep its {} hard links", target.meta.nlink()));
    written.map(|left| Written { note: note.or(left) })
}

/// Makes a file that is not there, with that text and mode: what `undo` does for one that was removed. Errors: a file
/// of that name exists by now, or the system refused.
pub(super) fn make(path: &Path, text: &[u8], mode: u32) -> Result<(), Error> {
    let (Some(parent), Some(name)) = (path.parent(), path.file_name()) else { return Err(Error::Gone) };
    let folder = Folder::open(parent)?;
    let temporary = temporary_name();
    let mut file = folder.create(&temporary)?;
    let mut fill = || {
        file.write_all(text)?;
        file.set_permissions(Permissions::from_mode(mode))?;
        file.sync_all()?;
        folder.rename_new(&temporary, name)
    };
    fill().inspect_err(|_| drop(folder.remove(&temporary)))?;
    let _ = folder.sync();
    Ok(())
}

fn temporary_name() -> OsString {
    // Random keys are what the standard library offers as chance.
    let chance = std::hash::RandomState::new().build_hasher().finish();
    format!("{TEMPORARY}{chance:016x}").into()
}

/// The new text in a temporary file beside the target, on disk.
fn stage(target: &Target, name: &OsStr, new: &[u8]) -> Result<File, Error> {
    let mut file = target.folder.create(name)?;
    let mut fill = || {
        file.write_all(new)?;
        keep_attributes(target, &file)?;
        file.sync_all()?;
        Ok(())
    };
    match fill() {
        Ok(()) => Ok(file),
        Err(error) => {
            let _ = target.folder.remove(name);
            Err(error)
        }
    }
}

/// Lets a temporary file with the new text take the place of the target. Gives a remark when something is left.
fn put(target: &Target, temporary: &OsStr, old: &[u8], new: &[u8]) -> Result<Option<String>, Error> {
    let staged = stage(target, temporary, new)?;
    let outcome = exchange(target, temporary, &staged, old);
    if let Err(Error::Aside(_)) = outcome {
        return outcome.map(|()| None);
    }
    // The names are on disk when the folder is. Some file systems cannot sync a folder; the text is whole all the same.
    let _ = target.folder.sync();
    match target.folder.remove(temporary) {
        Err(error) if error.kind() != io::ErrorKind::NotFound && outcome.is_ok() => {
            let left = target.folder.path.join(temporary);
            Ok(Some(format!("the old text could not be removed from {}", left.display())))
        }
        _ => outcome.map(|()| None),
    }
}

/// Exchanges the two, and back again when what came out is not what was checked. A file system that cannot exchange
/// gets a rename, after a last look.
fn exchange(target: &Target, temporary: &OsStr, staged: &File, old: &[u8]) -> Result<(), Error> {
    // Somebody may have saved it in an editor meanwhile.
    if !target.is_there() || !target.holds(old)? {
        return Err(Error::Changed);
    }
    if !target.folder.exchange(temporary, &target.name)? {
        return Ok(target.folder.rename(temporary, &target.name)?);
    }
    let came_out = target.folder.identity(temporary).ok();
    if came_out == Some(target.identity()) && target.holds(old).unwrap_or(false) {
        return Ok(());
    }
    target.folder.exchange(temporary, &target.name)?;
    let ours = identity(&staged.metadata()?);
    match target.folder.identity(temporary) {
        Ok(back) if back == ours => Err(Error::Changed),
        _ => Err(Error::Aside(target.folder.path.join(temporary))),
    }
}

/// Overwrites the file without a moment at which it is empty. The original is safe by now.
fn write_in_place(target: &Target, old: &[u8], new: &[u8]) -> Result<Option<String>, Error> {
    let file = target.folder.writable(&target.name)?;
    if identity(&file.metadata()?) != target.identity() || !target.holds(old)? {
        return Err(Error::Changed);
    }
    // Room first: what fails here has changed nothing. Not every file system can tell.
    match rustix::fs::fallocate(&file, FallocateFlags::KEEP_SIZE, 0, new.len() as u64) {
        Err(rustix::io::Errno::NOSPC) => return Err(io::Error::from(io::ErrorKind::StorageFull).into()),
        Err(rustix::io::Errno::DQUOT) => return Err(io::Error::from(io::ErrorKind::QuotaExceeded).into()),
        _ => {}
    }
    let Err(error) = overwrite(&file, new) else { return Ok(None) };
    match overwrite(&file, old) {
        Ok(()) => Err(error.into()),
        Err(second) => Err(Error::HalfWritten(second, target.path.clone())),
    }
}

fn overwrite(file: &File, text: &[u8]) -> io::Result<()> {
    file.write_all_at(text, 0)?;
    file.set_len(text.len() as u64)?;
    file.sync_all()
}

/// What the system's refusal means, in few words.
pub(super) fn reason(error: &io::Error) -> String {
    match error.kind() {
        io::ErrorKind::StorageFull => "the disk is full".to_owned(),
        io::ErrorKind::QuotaExceeded => "your disk quota is used up".to_owned(),
        io::ErrorKind::ReadOnlyFilesystem => "the file system is mounted read-only".to_owned(),
        _ => {
            let text = error.to_string();
            text.split(" (os error").next().unwrap_or(&text).to_lowercase()
        }
    }
}

/// Why a new file does not get what the old one has.
fn not_given(what: &str, error: &io::Error) -> String {
    match (what, error.kind()) {
        (GROUP, io::ErrorKind::PermissionDenied) => {
            "you are no member of that group; ask somebody who is to run pydoctor, or its owner to give it another group"
                .to_owned()
        }
        (_, io::ErrorKind::PermissionDenied) => "the system does not let you give it; edit the file by hand".to_owned(),
        _ => explain(error),
    }
}

/// The same, and what to do.
fn explain(error: &io::Error) -> String {
    match error.kind() {
        io::ErrorKind::PermissionDenied => "its folder does not let you write; ask the folder's owner".to_owned(),
        io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded => {
            format!("{}; make room and run the command again", reason(error))
        }
        io::ErrorKind::ReadOnlyFilesystem => format!("{}; run the command where it can be written", reason(error)),
        _ => format!("the system refused: {}", reason(error)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fix::journal::{Purpose, Store};
    use crate::fix::undo::{self, Refusal, Restored, State};
    use std::fs;
    use std::os::unix::fs::symlink;
    use std::path::PathBuf;

    /// A home with a file, and where its journal goes.
    struct Home {
        folder: tempfile::TempDir,
        file: PathBuf,
        journal: PathBuf,
    }

    fn home(text: &str) -> Home {
        let folder = tempfile::tempdir().unwrap();
        let real = folder.path().canonicalize().unwrap();
        let (file, journal) = (real.join(".bashrc"), real.join("state/undo"));
        fs::write(&file, text).unwrap();
        Home { folder, file, journal }
    }

    impl Home {
        fn recorder(&self) -> Recorder {
            Recorder::new(Some(self.journal.clone()), Purpose::Fix, 0)
        }

        fn replace(&self, old: &str, new: &str) -> Result<Written, Error> {
            replace(&self.file, old.as_bytes(), new.as_bytes(), Some(&mut self.recorder()), false)
        }

        fn text(&self) -> String {
            String::from_utf8(fs::read(&self.file).unwrap()).unwrap()
        }

        /// The names beside the file.
        fn names(&self) -> Vec<String> {
            let names = fs::read_dir(self.folder.path()).unwrap();
            let mut names: Vec<String> = names.map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect();
            names.sort();
            names
        }

        fn undo(&self, run: u64, force: bool) -> Result<Restored, Refusal> {
            let store = Store::open(&self.journal).unwrap();
            let run = store.run(run).unwrap();
            undo::restore(&store, &run, &run.files()[0], force, &mut self.recorder(), false)
        }
    }

    #[test]
    fn mode_and_link_stay_and_nothing_is_left() {
        let home = home("old");
        fs::set_permissions(&home.file, Permissions::from_mode(0o640)).unwrap();
        let link = home.folder.path().join("link");
        symlink(".bashrc", &link).unwrap();
        replace(&link, b"old", b"new", Some(&mut home.recorder()), false).unwrap();
        assert_eq!(home.text(), "new");
        assert!(fs::symlink_metadata(&link).unwrap().is_symlink());
        assert_eq!(fs::metadata(&home.file).unwrap().mode() & 0o7777, 0o640);
        assert_eq!(home.names(), [".bashrc", "link", "state"]);
        assert_eq!(Store::open(&home.journal).unwrap().unfinished(), []);
    }

    #[test]
    fn a_file_that_changed_is_gone_or_read_only_is_left_alone() {
        let home = home("other");
        assert!(matches!(home.replace("old", "new"), Err(Error::Changed)));
        let gone = replace(&home.folder.path().join("none"), b"", b"new", Some(&mut home.recorder()), false);
        assert!(matches!(gone, Err(Error::Gone)));
        fs::set_permissions(&home.file, Permissions::from_mode(0o444)).unwrap();
        assert!(matches!(home.replace("other", "new"), Err(Error::ReadOnly)));
        assert_eq!((home.text().as_str(), home.names().len()), ("other", 1));
    }

    #[test]
    fn a_group_that_cannot_be_given_is_not_the_folders_fault() {
        let refused = |what| Error::Attributes { what, error: io::ErrorKind::PermissionDenied.into() }.to_string();
        assert!(refused(GROUP).starts_with("its group cannot be kept: you are no member of that group; ask "));
        assert_eq!(
            refused("mode"),
            "its mode cannot be kept: the system does not let you give it; edit the file by hand"
        );
    }

    #[test]
    fn hard_links_are_kept_and_undone() {
        for new in ["a longer text", "s"] {
            let home = home("middle");
            let second = home.folder.path().join("second");
            fs::hard_link(&home.file, &second).unwrap();
            let written = home.replace("middle", new).unwrap();
            assert_eq!(written.note.as_deref(), Some("written in place, to keep its 2 hard links"));
            assert_eq!(fs::read(&second).unwrap(), new.as_bytes());
            // What a write that was cut off leaves.
            let cut = new.len().min(3);
            let half = format!("{}{}", &new[..cut], &"middle"[cut..]);
            fs::write(&second, &half).unwrap();
            let store = Store::open(&home.journal).unwrap();
            let run = store.run(1).unwrap();
            assert_eq!(undo::state(&run, &run.files()[0]), State::Half);
            home.undo(1, false).unwrap();
            assert_eq!((home.text().as_str(), fs::metadata(&second).unwrap().nlink()), ("middle", 2));
        }
    }

    #[test]
    fn undo_restores_and_never_overwrites_a_later_edit_unforced() {
        let home = home("old");
        home.replace("old", "new").unwrap();
        fs::write(&home.file, "mine").unwrap();
        assert!(matches!(home.undo(1, false), Err(Refusal::Edited)));
        home.undo(1, true).unwrap();
        assert_eq!(home.text(), "old");
        home.undo(2, false).unwrap();
        assert_eq!(home.text(), "mine");
        fs::remove_file(&home.file).unwrap();
        assert!(matches!(home.undo(1, false), Err(Refusal::Gone)));
        home.undo(1, true).unwrap();
        assert_eq!(home.text(), "old");
        assert!(matches!(home.undo(1, false), Ok(Restored::Already)));
    }

    #[test]
    fn twenty_runs_are_kept() {
        let home = home("0");
        for number in 0..25 {
            home.replace(&number.to_string(), &(number + 1).to_string()).unwrap();
        }
        let store = Store::open(&home.journal).unwrap();
        assert_eq!(store.numbers(), (6..=25).collect::<Vec<u64>>());
    }

    #[test]
    fn without_a_home_originals_are_beside_the_file() {
        let home = home("old");
        let mut recorder = Recorder::new(None, Purpose::Fix, 0);
        replace(&home.file, b"old", b"new", Some(&mut recorder), false).unwrap();
        let (folders, _) = recorder.beside().unwrap();
        assert_eq!((folders, recorder.run()), (vec![home.file.parent().unwrap()], None));
        let beside = journal::name_beside(rustix::process::geteuid().as_raw());
        let store = Store::open(&home.folder.path().join(beside)).unwrap();
        let run = store.run(1).unwrap();
        assert_eq!(run.original(&run.files()[0]).unwrap(), b"old");
    }
}
