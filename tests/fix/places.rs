//! Links, hard links, access control lists, attributes, read-only places, full disks, other people's files.

use std::fs;
use std::os::unix::fs::{MetadataExt, PermissionsExt, chown, symlink};
use std::path::Path;
use std::process::Command;

use crate::account::{Account, FIX, PYDOCTOR, Ran, is_root, new, old};
use crate::oracle::have;

/// What a program prints.
fn said(program: &str, args: &[&str], file: &Path) -> String {
    let output = Command::new(program).args(args).arg(file).output().unwrap();
    assert!(output.status.success(), "{program}: {}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).unwrap()
}

#[test]
fn dotfiles_in_a_stow_layout_are_written_through_their_links() {
    let account = Account::new();
    account.add("dotfiles/bash/.bashrc");
    account.add("dotfiles/jobs/run.sh");
    symlink("dotfiles/bash/.bashrc", account.home.join(".bashrc")).unwrap();
    // stow makes links to whole folders too, and people links to links.
    symlink("dotfiles/jobs", account.home.join("jobs")).unwrap();
    symlink(account.home.join(".bashrc"), account.home.join(".bash_profile")).unwrap();
    account.fix(&[".bash_profile", "jobs/run.sh"]).expect(0, &["2 fixed"]);
    for (link, to) in [(".bashrc", "dotfiles/bash/.bashrc"), ("jobs", "dotfiles/jobs")] {
        assert_eq!(fs::read_link(account.home.join(link)).unwrap(), Path::new(to));
    }
    assert!(account.home.join(".bash_profile").is_symlink());
    for file in ["dotfiles/bash/.bashrc", "dotfiles/jobs/run.sh"] {
        assert!(!account.home.join(file).is_symlink() && account.text(file) == new());
    }
    account.pydoctor(&["undo", ".bashrc", "jobs/run.sh"]).expect(0, &["dotfiles/bash/.bashrc: restored"]);
    assert_eq!((account.text(".bash_profile"), account.text("dotfiles/jobs/run.sh")), (old(), old()));
}

#[test]
fn hard_links_stay_and_it_is_said() {
    let account = Account::new();
    let path = account.add("job.sh");
    fs::hard_link(&path, account.home.join("copy.sh")).unwrap();
    let inode = path.metadata().unwrap().ino();
    account.fix(&["job.sh"]).expect(0, &["job.sh: written in place, to keep its 2 hard links", "undo --run 1"]);
    assert_eq!((account.text("copy.sh"), path.metadata().unwrap().ino()), (new(), inode));
    account.pydoctor(&["undo", "copy.sh"]).expect(2, &["no run that is kept changed it"]);
    account.pydoctor(&["undo", "job.sh"]).expect(0, &["job.sh: restored"]);
    assert_eq!((account.text("copy.sh"), path.metadata().unwrap().ino()), (old(), inode));
}

#[test]
fn access_control_lists_stay_and_none_is_added() {
    if !have("setfacl") || !have("getfacl") {
        return;
    }
    let account = Account::new();
    let (with, without) = (account.add("with/job.sh"), account.add("without/job.sh"));
    said("setfacl", &["-m", "u:1234:rw-,g:2345:r--,m::rw-"], &with);
    // What is made in this folder would get a list.
    said("setfacl", &["-d", "-m", "u:99:rwx"], without.parent().unwrap());
    let lists = || [&with, &without].map(|file| said("getfacl", &["--absolute-names", "--omit-header"], file));
    let before = lists();
    assert!(before[0].contains("user:1234:rw-") && !before[1].contains("user:99"), "{before:?}");
    account.fix(&["with/job.sh", "without/job.sh"]).expect(0, &["2 fixed"]);
    assert_eq!((account.text("with/job.sh"), lists()), (new(), before.clone()));
    account.pydoctor(&["undo", "--last"]).expect(0, &[]);
    assert_eq!((account.text("with/job.sh"), lists()), (old(), before));
}

#[test]
fn extended_attributes_stay() {
    if !have("setfattr") || !have("getfattr") {
        return;
    }
    let account = Account::new();
    let path = account.add("job.sh");
    said("setfattr", &["-n", "user.note", "-v", "mine"], &path);
    said("setfattr", &["-n", "user.empty"], &path);
    let attributes = || said("getfattr", &["--absolute-names", "-d", "-m", "^user"], &path);
    let before = attributes();
    assert!(before.contains("user.note=\"mine\"") && before.contains("user.empty"), "{before}");
    account.fix(&["job.sh"]).expect(0, &["1 fixed"]);
    assert_eq!((account.text("job.sh"), attributes()), (new(), before.clone()));
    account.pydoctor(&["undo", "--last"]).expect(0, &[]);
    assert_eq!((account.text("job.sh"), attributes()), (old(), before));
}

#[test]
fn permissions_stay_and_read_only_files_are_left() {
    let account = Account::new();
    for (name, mode) in [("a.sh", 0o755), ("b.sh", 0o4700), ("c.sh", 0o600), ("locked.sh", 0o444)] {
        fs::set_permissions(account.add(name), fs::Permissions::from_mode(mode)).unwrap();
    }
    let mode = |name| account.home.join(name).metadata().unwrap().mode() & 0o7777;
    let ran = account.fix(&["a.sh", "b.sh", "c.sh", "locked.sh"]);
    ran.expect(2, &["locked.sh: not written: it is read-only; `chmod u+w`", "3 fixed"]);
    assert_eq!(["a.sh", "b.sh", "c.sh", "locked.sh"].map(mode), [0o755, 0o4700, 0o600, 0o444]);
    assert_eq!(account.text("locked.sh"), old());
}

/// Runs a script in a mount namespace of its own, as root of it; `pydoctor` is in it the program, and `FIX` what it is
/// asked.
fn with_mounts(account: &Account, script: &str) -> Ran {
    let mut command = account.command("unshare");
    command.args(if rustix::process::geteuid().is_root() { &["-m"][..] } else { &["-r", "-m"] });
    let script = format!("set -e; pydoctor() {{ {PYDOCTOR} \"$@\"; }}; {script}");
    Ran::new(command.args(["sh", "-c", &script]).env("FIX", FIX.join(" ")).output().unwrap())
}

#[test]
fn read_only_mounts_are_told_and_other_files_go_on() {
    if !have("unshare") || !is_root("read-only mounts") {
        return;
    }
    let account = Account::new();
    account.add("job.sh");
    fs::create_dir(account.home.join("project")).unwrap();
    let ran = with_mounts(
        &account,
        "mount -t tmpfs none project; cp job.sh project/; mount -o remount,ro project
        pydoctor $FIX project/job.sh job.sh || echo \"status $?\"; cmp project/job.sh job.sh && echo same || echo differ",
    );
    ran.expect(
        0,
        &["project/job.sh: not written: the file system is mounted read-only", "status 2", "differ", "1 fixed"],
    );
    assert_eq!(account.text("job.sh"), new());
}

#[test]
fn with_a_full_home_originals_are_kept_beside_the_files() {
    if !have("unshare") || !is_root("full file systems") {
        return;
    }
    let account = Account::new();
    account.add("project/job.sh");
    fs::create_dir(account.home.join("full")).unwrap();
    let ran = with_mounts(
        &account,
        "mount -t tmpfs -o size=16k none full; export HOME=$PWD/full; cat /dev/zero > full/zeros 2>/dev/null || :
        pydoctor $FIX project/job.sh; ls -A project; pydoctor undo project/job.sh",
    );
    ran.expect(0, &["kept beside the files in", ".pydoctor-undo-0\n", "project/job.sh: restored"]);
    assert_eq!(account.text("project/job.sh"), old());
}

#[test]
fn on_a_full_disk_the_file_is_untouched_and_no_half_of_one_is_left() {
    if !have("unshare") || !is_root("full file systems") {
        return;
    }
    let account = Account::new();
    account.add("job.sh");
    fs::create_dir(account.home.join("full")).unwrap();
    // Less and less room, so that it runs out at every step; a write may be cut in its middle.
    let ran = with_mounts(
        &account,
        "for blocks in 0 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16; do
            mount -t tmpfs -o size=128k none full; cp job.sh full/job.sh; cp job.sh full/one; ln full/one full/two
            dd if=/dev/zero of=full/zeros bs=4096 status=none 2>/dev/null || :
            truncate -s -$((blocks * 4096)) full/zeros
            for file in job.sh one; do
                HOME=$PWD/full pydoctor $FIX full/$file && told=0 || told=$?
                cmp -s full/$file job.sh && now=old || now=other
                echo \"$blocks $file $told $now $(ls -A full | grep -c pydoctor-new)\"
            done
            cmp full/one full/two
            rm full/zeros; cmp -s full/job.sh job.sh || HOME=$PWD/full pydoctor undo full/job.sh >/dev/null
            cmp full/job.sh job.sh; umount full
        done",
    );
    assert_eq!(ran.code, Some(0), "{ran:#?}");
    let lines: Vec<&str> =
        ran.out.lines().filter(|line| line.ends_with(" 0") && line.split(' ').count() == 5).collect();
    assert_eq!(lines.len(), 34, "a temporary file was left: {}", ran.out);
    let (mut refused, mut done) = (0, 0);
    for line in lines {
        match line.split(' ').collect::<Vec<_>>()[2..4] {
            ["2", "old"] => refused += 1,
            ["0", "other"] => done += 1,
            _ => panic!("neither refused nor done: {line}\n{}", ran.err),
        }
    }
    assert!(refused > 3 && done > 3, "{refused} refused, {done} done: {}", ran.err);
    assert!(ran.err.contains("the disk is full") && ran.err.contains("its original cannot be kept"), "{}", ran.err);
}

#[test]
fn root_writes_files_of_others_only_as_their_owner() {
    const ADA: u32 = 12345;
    if !is_root("files of other users") {
        return;
    }
    let account = Account::new();
    let own = |path: &Path| chown(path, Some(ADA), Some(23456)).unwrap();
    // The owner has to come through to the folder.
    fs::set_permissions(account.outside(), fs::Permissions::from_mode(0o755)).unwrap();
    let theirs = account.outside().canonicalize().unwrap().join("ada");
    fs::create_dir(&theirs).unwrap();
    own(&theirs);
    let file = |name: &str| {
        let path = theirs.join(name);
        fs::write(&path, old()).unwrap();
        own(&path);
        path
    };
    let path = file("job.sh");
    fs::set_permissions(&path, fs::Permissions::from_mode(0o640)).unwrap();
    let shown = path.to_str().unwrap();
    account.fix(&[shown]).expect(2, &["it belongs to user 12345; add --as-owner"]);
    assert_eq!(fs::read(&path).unwrap(), old().as_bytes());
    account.fix(&["--as-owner", shown]).expect(0, &["1 fixed", "undo --run 1"]);
    let facts = |path: &Path| path.metadata().map(|meta| (meta.uid(), meta.gid(), meta.mode() & 0o7777)).unwrap();
    assert_eq!((fs::read(&path).unwrap(), facts(&path)), (new().into_bytes(), (ADA, 23456, 0o640)));
    account.pydoctor(&["undo", shown]).expect(2, &["add --as-owner"]);
    account.pydoctor(&["undo", "--as-owner", shown]).expect(0, &["restored"]);
    assert_eq!((fs::read(&path).unwrap(), facts(&path)), (old().into_bytes(), (ADA, 23456, 0o640)));

    // Root cannot help where the owner may not write.
    let locked = theirs.join("locked");
    fs::create_dir(&locked).unwrap();
    fs::rename(file("x.sh"), locked.join("x.sh")).unwrap();
    let shown = locked.join("x.sh");
    account.fix(&["--as-owner", shown.to_str().unwrap()]).expect(2, &["its folder does not let you write"]);
    assert_eq!(fs::read(&shown).unwrap(), old().as_bytes());
}

#[test]
fn root_follows_no_link_out_of_the_owners_tree() {
    const ADA: u32 = 12345;
    if !is_root("links of other users") {
        return;
    }
    let account = Account::new();
    fs::set_permissions(account.outside(), fs::Permissions::from_mode(0o755)).unwrap();
    let outside = account.outside().canonicalize().unwrap();
    let own = |path: &Path| std::os::unix::fs::lchown(path, Some(ADA), Some(ADA)).unwrap();
    let theirs = outside.join("ada");
    fs::create_dir_all(theirs.join("dotfiles")).unwrap();
    own(&theirs);
    own(&theirs.join("dotfiles"));
    // Root's file, the owner's file in another tree, the owner's file in the owner's tree.
    let (roots, elsewhere, inside) = (account.add("roots.sh"), account.add("ada.sh"), theirs.join("dotfiles/rc.sh"));
    fs::copy(&roots, &inside).unwrap();
    own(&elsewhere);
    own(&inside);
    let cases = [("a.sh", &roots, false), ("b.sh", &elsewhere, false), ("c.sh", &inside, true)];
    for (name, target, written) in cases {
        let link = theirs.join(name);
        symlink(target, &link).unwrap();
        own(&link);
        let ran = account.fix(&["--as-owner", link.to_str().unwrap()]);
        if written {
            ran.expect(0, &["1 fixed"]);
        } else {
            ran.expect(2, &["a symbolic link of user 12345 leads to it, out of that user's own folders"]);
        }
        assert_eq!(fs::read(target).unwrap(), if written { new() } else { old() }.into_bytes(), "{name}");
    }
    // A folder in which somebody else can put another file in the place of root's.
    let planted = theirs.join("planted.sh");
    fs::copy(&roots, &planted).unwrap();
    account.fix(&["--as-owner", planted.to_str().unwrap()]).expect(2, &["lies in a folder of user 12345"]);
    // Root's own links are the administrator's.
    symlink(&theirs, account.home.join("to-ada")).unwrap();
    fs::write(&inside, old()).unwrap();
    account.fix(&["--as-owner", "to-ada/dotfiles/rc.sh"]).expect(0, &["1 fixed"]);
}

#[test]
fn a_home_that_is_not_roots_gets_no_journal_of_root() {
    if !is_root("sudo that keeps HOME") {
        return;
    }
    let account = Account::new();
    account.add("job.sh");
    chown(&account.home, Some(12345), None).unwrap();
    let path = account.add("own/job.sh");
    account.fix(&[path.to_str().unwrap()]).expect(0, &["originals are kept beside the files", "it is not root's"]);
    assert!(!account.home.join(".local").exists());
    account.pydoctor(&["undo", path.to_str().unwrap()]).expect(0, &["restored"]);
}
