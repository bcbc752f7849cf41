//! The program is killed, and the system refuses, at every step of writing: each file is the old or the new text,
//! whole, or is told to be half written and restored by `undo`.
//!
//! `PYDOCTOR_KILLS` sets how often it is killed at a random moment (25). With `PYDOCTOR_FAULTS=all` every error is tried
//! at every system call of writing, else one of them by turns, at those calls that change something.

use std::collections::BTreeMap;
use std::fs;
use std::hash::{BuildHasher, Hasher};
use std::os::unix::fs::MetadataExt;
use std::process::Stdio;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use crate::account::{Account, FIX, PYDOCTOR, Ran, new, number, old};
use crate::oracle::have;

/// System calls by which a file can be lost.
const CHANGES: &str = "mkdir,mkdirat,write,pwrite64,fsync,fchmod,fchown,fsetxattr,fremovexattr,renameat,renameat2,\
                       unlinkat,fallocate,ftruncate,flock,openat";

/// All others of writing.
const LOOKS: &str = "statx,newfstatat,pread64,read,flistxattr,fgetxattr,readlink,getdents64,fcntl";

const ERRORS: [&str; 4] = ["ENOSPC", "EDQUOT", "EACCES", "EIO"];

/// A file with one name, and one with two.
fn account() -> Account {
    let account = Account::new();
    account.add("plain.sh");
    let linked = account.add("linked.sh");
    fs::hard_link(linked, account.home.join("second.sh")).unwrap();
    account
}

/// Mends the files of an account under strace, which does what `inject` says.
fn traced(account: &Account, inject: &[&str]) -> Ran {
    let mut command = account.command("strace");
    command.args(["-f", "-qq", "-o", "trace"]).args(inject);
    command.arg(PYDOCTOR).args(FIX).args(["-j1", "plain.sh", "linked.sh"]);
    Ran::new(command.output().unwrap())
}

/// The system calls of writing: their names, and the how manieth of that name each is.
fn calls(names: &str) -> Vec<(String, usize)> {
    let account = account();
    traced(&account, &["-e", &format!("trace={names}")]).expect(0, &["2 fixed"]);
    let trace = account.text("trace");
    let (mut counts, mut found, mut writing) = (BTreeMap::<&str, usize>::new(), Vec::new(), false);
    // strace counts the calls of each process; the first is the program, the others are bash.
    let own = trace.split(' ').next().unwrap();
    for line in trace.lines().filter_map(|line| line.strip_prefix(own)) {
        let Some((name, _)) = line.trim_start().split_once('(') else { continue };
        let count = counts.entry(name).or_default();
        *count += 1;
        // From the first file that is written on, folders are held by their handles.
        writing |= line.contains("O_PATH");
        // Of all that is opened, what is made.
        let looks = name == "openat" && !line.contains("O_CREAT") && names == CHANGES;
        if writing && !looks {
            found.push((name.to_owned(), *count));
        }
    }
    assert!(found.len() > 20, "writing was not seen: {trace}");
    found
}

/// Works on all items with as many threads as there are cores.
fn each<T: Sync>(items: &[T], work: impl Fn(usize, &T) + Sync) {
    let next = AtomicUsize::new(0);
    std::thread::scope(|scope| {
        for _ in 0..std::thread::available_parallelism().map_or(1, usize::from) {
            scope.spawn(|| {
                loop {
                    let at = next.fetch_add(1, Ordering::Relaxed);
                    let Some(item) = items.get(at) else { break };
                    work(at, item);
                }
            });
        }
    });
}

/// Every file is whole, or told and restored; undo works; what is left behind goes with the next `--fix`, which mends.
#[track_caller]
fn check(account: &Account, what: &str, files: &[&str]) -> usize {
    let whole = |name: &str| [old(), new()].contains(&account.text(name));
    let mut half = 0;
    for name in files {
        if whole(name) {
            continue;
        }
        half += 1;
        let path = account.home.join(name);
        assert!(path.metadata().unwrap().nlink() > 1, "{what}: {name} is neither the old nor the new text");
        let told = account.pydoctor(&["check", "--isolated", name]);
        let notice = format!("{}: an earlier run was stopped while it wrote this file", path.display());
        assert!(told.code == Some(2) && told.err.contains(&notice), "{what}: not told of {name}: {told:#?}");
        account.fix(&[name]).expect(2, &[&notice]);
        assert!(!whole(name), "{what}: {name} was touched");
        account.pydoctor(&["undo", name]).expect(0, &["restored"]);
        assert_eq!(account.text(name), old(), "{what}: {name}");
    }
    let changed: Vec<&str> = files.iter().copied().filter(|name| account.text(name) == new()).collect();
    if !changed.is_empty() {
        let ran = account.pydoctor(&[&["undo"], changed.as_slice()].concat());
        assert_eq!(ran.code, Some(0), "{what}: {ran:#?}");
    }
    assert!(files.iter().all(|name| account.text(name) == old()), "{what}: undo did not restore all");
    if !account.strays(".").is_empty() {
        let again = account.fix(files);
        assert_eq!((again.code, again.err.as_str()), (Some(0), ""), "{what}: {again:#?}");
        assert!(files.iter().all(|name| account.text(name) == new()), "{what}: not mended afterwards");
        assert_eq!(account.strays("."), Vec::<String>::new(), "{what}");
    }
    half
}

fn check_both(account: &Account, what: &str) -> usize {
    let half = check(account, what, &["plain.sh", "linked.sh"]);
    assert_eq!(account.text("second.sh"), account.text("linked.sh"), "{what}: the hard link was cut");
    assert_eq!(account.home.join("linked.sh").metadata().unwrap().nlink(), 2, "{what}");
    half
}

#[test]
fn every_error_at_every_system_call_leaves_whole_files() {
    if !have("strace") {
        return;
    }
    let all = std::env::var("PYDOCTOR_FAULTS").is_ok_and(|which| which == "all");
    let calls = if all { calls(&format!("{CHANGES},{LOOKS}")) } else { calls(CHANGES) };
    let turn = |at: usize, error: usize| all || at % ERRORS.len() == error;
    let cases: Vec<(&str, usize, &str)> = calls
        .iter()
        .enumerate()
        .flat_map(|(at, (name, count))| {
            let errors = ERRORS.iter().enumerate().filter(move |(error, _)| turn(at, *error));
            errors.map(move |(_, error)| (name.as_str(), *count, *error))
        })
        .collect();
    let (refused, half) = (AtomicUsize::new(0), AtomicUsize::new(0));
    each(&cases, |_, (name, count, error)| {
        let account = account();
        let what = format!("{error} at {name} {count}");
        let ran = traced(
            &account,
            &["-e", &format!("trace={name}"), "-e", &format!("inject={name}:error={error}:when={count}")],
        );
        assert!(ran.code.is_some(), "{what}: {ran:#?}");
        assert!(account.text("trace").contains("(INJECTED)"), "{what}: there was no such call");
        let untouched = ["plain.sh", "linked.sh"].iter().any(|name| account.text(name) == old());
        if untouched && ran.code == Some(2) {
            assert!(ran.err.contains("not written: "), "{what}: {ran:#?}");
            refused.fetch_add(1, Ordering::Relaxed);
        }
        half.fetch_add(check_both(&account, &what), Ordering::Relaxed);
    });
    eprintln!(
        "{} faults, {} refusals, {} files half written and restored",
        cases.len(),
        refused.load(Ordering::Relaxed),
        half.load(Ordering::Relaxed)
    );
    assert!(refused.load(Ordering::Relaxed) >= 5, "refusals are told");
}

#[test]
fn killed_at_every_change_files_are_whole_or_restored() {
    if !have("strace") {
        return;
    }
    let calls = calls(CHANGES);
    let half = AtomicUsize::new(0);
    each(&calls, |_, (name, count)| {
        let account = account();
        let what = format!("killed at {name} {count}");
        let ran = traced(
            &account,
            &["-e", &format!("trace={name}"), "-e", &format!("inject={name}:signal=KILL:when={count}")],
        );
        assert_eq!(ran.code, None, "{what}: {ran:#?}");
        half.fetch_add(check_both(&account, &what), Ordering::Relaxed);
    });
    eprintln!(
        "killed at {} system calls, {} files half written and restored",
        calls.len(),
        half.load(Ordering::Relaxed)
    );
    assert!(half.load(Ordering::Relaxed) > 0, "a file is half written between its new text and its new length");
}

#[test]
fn killed_at_random_moments_files_are_whole_or_restored() {
    let names = ["a.sh", "b.sh", "c.sh", "linked.sh", "e.sh", "also-linked.sh"];
    let account = || {
        let account = Account::new();
        for name in names {
            let path = account.add(name);
            if name.contains("linked") {
                fs::hard_link(path, account.home.join(format!("{name}.second"))).unwrap();
            }
        }
        account
    };
    let begin = |account: &Account| {
        let mut command = account.command(PYDOCTOR);
        command.args(FIX).args(names).stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap()
    };
    // Writing has begun when there is a journal.
    let writes = |account: &Account| account.home.join(".local").exists();
    let (first, start) = (account(), Instant::now());
    let mut child = begin(&first);
    while !writes(&first) {
        std::thread::sleep(Duration::from_micros(100));
    }
    let before = start.elapsed();
    child.wait().unwrap();
    let writing = start.elapsed() - before;
    let kills: Vec<usize> = (0..number("PYDOCTOR_KILLS", 25)).collect();
    let (half, begun) = (AtomicUsize::new(0), AtomicUsize::new(0));
    each(&kills, |at, _| {
        let account = account();
        let chance = std::hash::RandomState::new().build_hasher().finish();
        let part = 1.2 * (chance % 10_000) as f64 / 10_000.0;
        let mut child = begin(&account);
        // One of five at any time, the others while it writes.
        let moment = if at % 5 == 0 { (before + writing).mul_f64(part) } else { writing.mul_f64(part) };
        while at % 5 != 0 && !writes(&account) && child.try_wait().unwrap().is_none() {
            std::thread::sleep(Duration::from_micros(100));
        }
        std::thread::sleep(moment);
        child.kill().unwrap();
        child.wait().unwrap();
        let changed = names.iter().filter(|name| account.text(name) != old()).count();
        begun.fetch_add(usize::from(changed > 0 && changed < names.len()), Ordering::Relaxed);
        half.fetch_add(check(&account, &format!("kill {at} after {moment:?}"), &names), Ordering::Relaxed);
        for name in names.iter().filter(|name| name.contains("linked")) {
            assert_eq!(account.home.join(name).metadata().unwrap().nlink(), 2);
            assert_eq!(account.text(&format!("{name}.second")), account.text(name));
        }
    });
    eprintln!(
        "killed {} times, {} of them between the first and the last file, {} files half written and restored",
        kills.len(),
        begun.load(Ordering::Relaxed),
        half.load(Ordering::Relaxed)
    );
}

#[test]
fn a_short_write_is_no_half_file() {
    let account = account();
    // The limit lies in the middle of a file, and the signal that comes with it is not deadly.
    let script = format!("trap '' XFSZ; ulimit -f 5; exec {PYDOCTOR} {} plain.sh linked.sh", FIX.join(" "));
    let output = account.command("bash").args(["-c", &script]).output().unwrap();
    Ran::new(output).expect(2, &["plain.sh: not written: its original cannot be kept"]);
    assert_eq!(account.strays("."), Vec::<String>::new());
    assert_eq!(check_both(&account, "short writes"), 0);
}

/// Mends `plain.sh` while renameat2, which exchanges old and new, is held up; meanwhile `edit` is done.
fn edited_meanwhile(before_the_call: bool, edit: impl FnOnce(&Account)) -> (Account, Ran) {
    let account = account();
    let delay = if before_the_call { "delay_enter" } else { "delay_exit" };
    let mut command = account.command("strace");
    command.args(["-f", "-qq", "-o", "trace", "-e", "trace=renameat2"]);
    command.args(["-e", &format!("inject=renameat2:{delay}=1500ms:when=1"), PYDOCTOR]).args(FIX).arg("plain.sh");
    let mut child = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    let start = Instant::now();
    // The mark of the file is there when all is ready for the exchange.
    let mark = account.home.join(".local/state/pydoctor/undo/writing/1-1");
    while !mark.exists() && child.try_wait().unwrap().is_none() {
        assert!(start.elapsed() < Duration::from_secs(20), "no mark is made");
        std::thread::sleep(Duration::from_millis(5));
    }
    std::thread::sleep(Duration::from_millis(500));
    edit(&account);
    (account, Ran::new(child.wait_with_output().unwrap()))
}

#[test]
fn what_somebody_saves_meanwhile_is_never_lost() {
    if !have("strace") {
        return;
    }
    type Edit = fn(&Account);
    let rewrite: Edit = |account| fs::write(account.home.join("plain.sh"), "mine\n").unwrap();
    let replace: Edit = |account| {
        fs::write(account.home.join("other"), "mine\n").unwrap();
        fs::rename(account.home.join("other"), account.home.join("plain.sh")).unwrap();
    };
    let remove: Edit = |account| fs::remove_file(account.home.join("plain.sh")).unwrap();
    let cases: [(&str, Edit, Option<&str>); 3] =
        [("rewritten", rewrite, Some("mine\n")), ("replaced", replace, Some("mine\n")), ("removed", remove, None)];
    each(&cases, |_, (what, edit, expected)| {
        let (account, ran) = edited_meanwhile(true, edit);
        assert_eq!(ran.code, Some(2), "{what}: {ran:#?}");
        assert!(ran.err.contains("plain.sh: not written: "), "{what}: {ran:#?}");
        let now = fs::read(account.home.join("plain.sh")).ok();
        assert_eq!(now.as_deref(), expected.map(str::as_bytes), "{what}");
        assert_eq!(account.strays("."), Vec::<String>::new(), "{what}");
    });
}

#[test]
fn where_files_cannot_be_exchanged_they_are_renamed() {
    if !have("strace") {
        return;
    }
    let account = account();
    traced(&account, &["-e", "trace=renameat2", "-e", "inject=renameat2:error=EINVAL"]).expect(0, &["2 fixed"]);
    assert_eq!(check_both(&account, "no exchange"), 0);
    // A file system without access control lists, attributes, locks or room to reserve.
    let calls = "flistxattr,flock,fallocate";
    let account = self::account();
    let inject = format!("inject={calls}:error=EOPNOTSUPP");
    traced(&account, &["-e", &format!("trace={calls}"), "-e", &inject]).expect(0, &["2 fixed"]);
    assert_eq!(check_both(&account, "a plain file system"), 0);
}
