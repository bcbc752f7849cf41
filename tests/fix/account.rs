//! An account with files that have something to mend, and the program run in it.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};

/// What stands around the line that is mended: larger than a page, so that writes can be cut in the middle.
fn filler() -> String {
    (0..120).map(|number| format!("export VARIABLE_{number}=\"the value of number {number}\"\n")).collect()
}

/// A file as it is before.
pub fn old() -> String {
    format!("{}conda init bash\nsqueue\n{}", filler(), filler())
}

/// The same when it is mended.
pub fn new() -> String {
    old().replace("conda init bash\n", "")
}

/// The program.
pub const PYDOCTOR: &str = env!("CARGO_BIN_EXE_pydoctor");

/// How the program is asked to mend.
pub const FIX: [&str; 5] = ["check", "--isolated", "--select", "conda-init-command", "--fix"];

/// A home directory of its own.
pub struct Account {
    folder: tempfile::TempDir,
    /// The home, without links in its path.
    pub home: PathBuf,
}

impl Account {
    /// One without files.
    pub fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let home = folder.path().canonicalize().unwrap().join("home");
        fs::create_dir(&home).unwrap();
        Self { folder, home }
    }

    /// Beside the home.
    pub fn outside(&self) -> &Path {
        self.folder.path()
    }

    /// Adds a file that has something to mend.
    pub fn add(&self, name: &str) -> PathBuf {
        let path = self.home.join(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(&path, old()).unwrap();
        path
    }

    /// A program that runs in the home.
    pub fn command(&self, program: &str) -> Command {
        let mut command = Command::new(program);
        command.env_clear().env("PATH", "/usr/sbin:/usr/bin:/sbin:/bin").env("HOME", &self.home);
        command.current_dir(&self.home).stdin(Stdio::null());
        command
    }

    /// Runs the program.
    pub fn pydoctor(&self, args: &[&str]) -> Ran {
        Ran::new(self.command(PYDOCTOR).args(args).output().unwrap())
    }

    /// Mends these files.
    pub fn fix(&self, files: &[&str]) -> Ran {
        self.pydoctor(&[&FIX, files].concat())
    }

    /// The text of a file.
    pub fn text(&self, name: &str) -> String {
        String::from_utf8(fs::read(self.home.join(name)).unwrap()).unwrap()
    }

    /// Names in a folder of the home that the program made for a moment.
    pub fn strays(&self, folder: &str) -> Vec<String> {
        let entries = fs::read_dir(self.home.join(folder)).unwrap();
        let names = entries.map(|entry| entry.unwrap().file_name().into_string().unwrap());
        names.filter(|name| name.starts_with(".pydoctor-new-")).collect()
    }
}

/// What came of a run.
#[derive(Debug)]
pub struct Ran {
    /// The exit status; `None` when it was killed.
    pub code: Option<i32>,
    /// Standard output.
    pub out: String,
    /// Standard error.
    pub err: String,
}

impl Ran {
    /// Reads what a program wrote.
    pub fn new(output: Output) -> Self {
        let text = |bytes: Vec<u8>| String::from_utf8_lossy(&bytes).into_owned();
        Self { code: output.status.code(), out: text(output.stdout), err: text(output.stderr) }
    }

    /// Fails unless the run ended so, and said so.
    #[track_caller]
    pub fn expect(&self, code: i32, words: &[&str]) {
        let said = |word: &&str| self.out.contains(*word) || self.err.contains(*word);
        assert!(self.code == Some(code) && words.iter().all(said), "expected {code} and {words:?}: {self:#?}");
    }
}

/// True when the tests run as root, as in CI; otherwise says what is not tested.
pub fn is_root(what: &str) -> bool {
    let root = rustix::process::geteuid().is_root();
    if !root {
        assert!(std::env::var_os("CI").is_none(), "in CI the tests run as root");
        eprintln!("not tested, since it needs root: {what}");
    }
    root
}

/// A number that the environment may set.
pub fn number(name: &str, default: usize) -> usize {
    std::env::var(name).ok().and_then(|text| text.parse().ok()).unwrap_or(default)
}
