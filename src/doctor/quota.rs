//! What the system's own program `quota` says of the user's room on the file system that holds the home.
//!
//! The system call behind that program knows nothing of file servers, where homes of clusters lie; the program asks
//! those as well. It is started from fixed places and without an environment, and only about the account that asks. A
//! server that does not answer costs some seconds and one line of the report.

use std::ffi::OsStr;
use std::fs;
use std::io::Read as _;
use std::os::unix::ffi::OsStrExt as _;
use std::os::unix::fs::MetadataExt as _;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

/// Where the program is on Linux. `PATH` is not asked: it may lead anywhere.
const PLACES: [&str; 3] = ["/usr/bin/quota", "/bin/quota", "/usr/local/bin/quota"];

/// A server that takes longer is not waited for.
const TIME_LIMIT: Duration = Duration::from_secs(5);

/// One line is what is asked for; more than this is not read, in bytes.
const LIMIT: u64 = 64 * 1024;

/// The unit in which the program tells space, in bytes.
const BLOCK: u64 = 1024;

/// What is used, and what is allowed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Used {
    /// All that is the user's on the file system.
    pub used: u64,
    /// How much that may be for long.
    pub limit: u64,
}

/// What the program says; `None` where it sets no limit.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Quota {
    /// Bytes.
    pub bytes: Option<Used>,
    /// Files.
    pub files: Option<Used>,
}

/// What came of asking.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Answer {
    /// There is no such program, or no quota there.
    #[default]
    Nothing,
    /// It was told.
    Told(Quota),
    /// Nothing came in time.
    Late,
}

/// The program at work.
#[derive(Debug)]
pub struct Asked {
    child: Child,
    until: Instant,
}

/// Starts to ask about the file system that holds `home`, which is the own one. `None` where nobody can be asked.
pub fn ask(home: &Path) -> Option<Asked> {
    let program = PLACES.iter().map(Path::new).find(|path| is_systems(path))?;
    let mounts = fs::read("/proc/self/mountinfo").ok()?;
    let child = start(program, &mount_point(&mounts, home)?).ok()?;
    Some(Asked { child, until: Instant::now() + TIME_LIMIT })
}

/// Root's, and nobody else may change it.
fn is_systems(program: &Path) -> bool {
    fs::metadata(program).is_ok_and(|meta| meta.is_file() && meta.uid() == 0 && meta.mode() & 0o022 == 0)
}

/// Limits in numbers on one line, for this file system alone; refusals of servers without quotas are not told.
#[expect(clippy::disallowed_methods, reason = "the system's own program, from a fixed place, without an environment")]
fn start(program: &Path, mount: &Path) -> std::io::Result<Child> {
    let mut about = std::ffi::OsString::from("--filesystem=");
    about.push(mount);
    Command::new(program)
        .args(["-u", "-w", "-p", "-Q"])
        .arg(about)
        .env_clear()
        .current_dir("/")
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
}

impl Asked {
    /// What it says. Its exit status tells only whether something is over its limit.
    pub fn answer(mut self) -> Answer {
        let mut pause = Duration::from_micros(200);
        loop {
            match self.child.try_wait() {
                Ok(Some(_)) => return self.told().map_or(Answer::Nothing, Answer::Told),
                Ok(None) if Instant::now() < self.until => std::thread::sleep(pause),
                Ok(None) => break,
                Err(_) => return Answer::Nothing,
            }
            pause = (pause * 2).min(Duration::from_millis(20));
        }
        // Nobody waits for its end: in the hands of a dead server it does not come.
        let _ = self.child.kill();
        Answer::Late
    }

    fn told(&mut self) -> Option<Quota> {
        let output = self.child.stdout.take()?;
        // What it started may hold the pipe open.
        rustix::io::ioctl_fionbio(&output, true).ok()?;
        let mut bytes = Vec::new();
        let _ = output.take(LIMIT).read_to_end(&mut bytes);
        parse(&String::from_utf8_lossy(&bytes))
    }
}

/// Reads one line of `quota -w -p`: the file system, then for space and for files what is used, the limit that may be
/// exceeded for a while, the limit that may not, and when the while ends. `*` marks what is over.
fn parse(text: &str) -> Option<Quota> {
    let row = |line: &str| {
        let words: Vec<&str> = line.split_whitespace().collect();
        // Names of file systems may have blanks in them.
        let (name, words) = words.split_at_checked(words.len().checked_sub(8)?)?;
        let numbers: Option<Vec<u64>> = words.iter().map(|word| word.trim_end_matches('*').parse().ok()).collect();
        numbers.filter(|_| !name.is_empty())
    };
    let mut rows = text.lines().filter_map(row);
    let numbers = rows.next()?;
    // Of several nobody knows which is meant.
    if rows.next().is_some() {
        return None;
    }
    let used = |at: usize, unit: u64| {
        let limits = [numbers.get(at + 1)?, numbers.get(at + 2)?];
        let limit = limits.into_iter().copied().find(|limit| *limit > 0)?;
        Some(Used { used: numbers.get(at)?.saturating_mul(unit), limit: limit.saturating_mul(unit) })
    };
    let quota = Quota { bytes: used(0, BLOCK), files: used(4, 1) };
    (quota != Quota::default()).then_some(quota)
}

/// Where the file system is mounted that holds `path`, by the kernel's table: of mounts on one another the last counts.
fn mount_point(table: &[u8], path: &Path) -> Option<PathBuf> {
    let mounts = table.split(|byte| *byte == b'\n').filter_map(|line| line.split(|byte| *byte == b' ').nth(4));
    let mounts = mounts.map(|mount| PathBuf::from(OsStr::from_bytes(&unescaped(mount))));
    mounts.filter(|mount| path.starts_with(mount)).max_by_key(|mount| mount.components().count())
}

/// Blanks stand in the table as `\040`.
fn unescaped(text: &[u8]) -> Vec<u8> {
    let mut out = Vec::with_capacity(text.len());
    let mut rest = text;
    while let [first, after @ ..] = rest {
        let number = after.get(..3).filter(|_| *first == b'\\');
        let number = number.and_then(|digits| u8::from_str_radix(std::str::from_utf8(digits).ok()?, 8).ok());
        out.push(number.unwrap_or(*first));
        rest = if number.is_some() { &after[3..] } else { after };
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_the_program_prints_is_read() {
        let used = |used, limit| Some(Used { used, limit });
        let kib = |number: u64| number * 1024;
        for (text, bytes, files) in [
            (include_str!("quota/nfs.txt"), used(kib(28_311_552), kib(31_457_280)), used(271_840, 300_000)),
            (include_str!("quota/over.txt"), used(kib(31_463_112), kib(31_457_280)), used(300_000, 300_000)),
            (include_str!("quota/space-only.txt"), used(kib(20), kib(52_428_800)), None),
            (include_str!("quota/wrapped.txt"), None, None),
            (include_str!("quota/none.txt"), None, None),
            (include_str!("quota/without-limits.txt"), None, None),
            ("", None, None),
            ("Filesystem blocks quota limit grace files quota limit grace\n", None, None),
        ] {
            let told = parse(text).unwrap_or_default();
            assert_eq!((told.bytes, told.files), (bytes, files), "{text}");
        }
    }

    #[test]
    fn the_innermost_mount_holds_a_path() {
        let table = b"22 1 8:1 / / rw - ext4 /dev/sda1 rw\n30 22 0:40 / /home rw - autofs a rw\n\
            31 30 0:41 / /home/ada\\040l rw - nfs4 server:/export rw\n32 22 0:42 / /homes rw - nfs x rw\n";
        let of = |path: &str| mount_point(table, Path::new(path)).unwrap();
        assert_eq!(of("/home/ada l/x"), Path::new("/home/ada l"));
        assert_eq!(of("/home/bob"), Path::new("/home"));
        assert_eq!(of("/srv"), Path::new("/"));
        assert_eq!(unescaped(b"a\\134b\\9"), b"a\\b\\9");
    }

    #[test]
    fn nobody_waits_for_ever() {
        let script = tempfile::tempdir().unwrap();
        let program = script.path().join("quota");
        fs::write(&program, "#!/bin/sh\nexec sleep 60\n").unwrap();
        fs::set_permissions(&program, std::os::unix::fs::PermissionsExt::from_mode(0o755)).unwrap();
        let child = start(&program, Path::new("/")).unwrap();
        let asked = Asked { child, until: Instant::now() + Duration::from_millis(50) };
        assert_eq!(asked.answer(), Answer::Late);
    }
}
