//! With whose rights files are opened and written: one's own, or as root those of a file's owner.

use std::io;

use rustix::process::{Gid, Uid};

/// Whose rights.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Rights {
    /// Those that the process has.
    Own,
    /// Those of the owner of a file, in the file's group and no other.
    Owner {
        /// The owner.
        user: u32,
        /// The group.
        group: u32,
    },
}

impl Rights {
    /// Does `work` with these rights. Errors: the system does not give them.
    pub(super) fn run<T: Send>(self, work: impl FnOnce() -> T + Send) -> io::Result<T> {
        let Self::Owner { user, group } = self else { return Ok(work()) };
        // A thread of its own takes the rights and ends with them: nothing can forget to give them back. Root's
        // capabilities go when the effective user changes.
        std::thread::scope(|scope| {
            let thread = std::thread::Builder::new().spawn_scoped(scope, move || {
                become_owner(user, group)?;
                Ok(work())
            })?;
            thread.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic))
        })
    }
}

fn become_owner(user: u32, group: u32) -> io::Result<()> {
    rustix::thread::set_thread_groups(&[])?;
    rustix::thread::set_thread_res_gid(None, Gid::from_raw(group), None)?;
    rustix::thread::set_thread_res_uid(None, Uid::from_raw(user), None)?;
    let (has_user, has_group) = (rustix::process::geteuid().as_raw(), rustix::process::getegid().as_raw());
    if (has_user, has_group) == (user, group) { Ok(()) } else { Err(io::ErrorKind::PermissionDenied.into()) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::os::unix::fs::{MetadataExt, PermissionsExt};

    #[test]
    fn what_an_owner_makes_is_the_owners_and_the_rights_end_with_it() {
        let me = rustix::process::geteuid();
        let dir = tempfile::tempdir().unwrap();
        std::fs::set_permissions(dir.path(), std::fs::Permissions::from_mode(0o777)).unwrap();
        let file = dir.path().join("f");
        let made = Rights::Owner { user: 12345, group: 23456 }.run(|| {
            let denied = std::fs::read("/etc/shadow").is_err();
            (std::fs::write(&file, "x").is_ok(), denied)
        });
        if me.is_root() {
            assert_eq!(made.unwrap(), (true, true));
            let meta = std::fs::metadata(&file).unwrap();
            assert_eq!((meta.uid(), meta.gid()), (12345, 23456));
        } else {
            assert!(made.is_err());
        }
        assert_eq!(rustix::process::geteuid(), me);
    }
}
