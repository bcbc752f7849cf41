//! A second opinion on a text: `bash -n` and its like, which parse and run nothing.

use std::fs::File;
use std::io::{Read, Seek, Write};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use rustix::fs::MemfdFlags;

use crate::source::{Kind, Shell, Source};
use crate::syntax::python;

use super::Syntax;

/// Where shells are on Linux and macOS. `PATH` is not asked: it may lead anywhere.
const PLACES: [&str; 3] = ["/bin", "/usr/bin", "/usr/local/bin"];

/// A text on which a shell takes longer is not judged.
const TIME_LIMIT: Duration = Duration::from_secs(5);

/// What zsh and tcsh say of a text that they cannot parse. They also end badly for what only fails where commands are
/// looked for, which an empty environment makes fail.
const REFUSALS: [&str; 10] = [
    "parse error",
    "unmatched",
    "Unmatched",
    "closing brace expected",
    "Too many ('s",
    "Too many )'s",
    "Invalid null command",
    "Badly placed",
    "redirect.",
    "Expression Syntax",
];

/// So much of what a shell says is looked at, in bytes.
const MAX_SAID: u64 = 4096;

/// Asks the shells that there are, and of Python what its grammar here does not know.
#[derive(Clone, Debug)]
pub struct RealSyntax {
    bash: Option<PathBuf>,
    zsh: Option<PathBuf>,
    tcsh: Option<PathBuf>,
}

impl RealSyntax {
    /// Finds the shells.
    pub fn find() -> Self {
        let find = |name: &str| PLACES.iter().map(|folder| Path::new(folder).join(name)).find(|path| path.is_file());
        Self { bash: find("bash"), zsh: find("zsh"), tcsh: find("tcsh") }
    }
}

impl Syntax for RealSyntax {
    fn accepts(&self, source: &Source) -> Option<bool> {
        match source.kind {
            Kind::Shell { shell: Shell::Bash | Shell::Sh, .. } => {
                let (child, _) = start(self.bash.as_deref()?, &["-n"], &source.bytes).ok()?;
                wait(child)
            }
            // Without start-up files of their own.
            Kind::Shell { shell: Shell::Zsh, .. } => parses(self.zsh.as_deref()?, &source.bytes),
            Kind::Shell { shell: Shell::Csh, .. } => parses(self.tcsh.as_deref()?, &source.bytes),
            Kind::Python => Some(python::is_aligned(&source.text)),
            _ => None,
        }
    }
}

/// Whether zsh or tcsh can parse the text; they read no start-up file of anybody's.
fn parses(program: &Path, text: &[u8]) -> Option<bool> {
    let (child, mut said) = start(program, &["-f", "-n"], text).ok()?;
    if wait(child)? {
        return Some(true);
    }
    let mut words = Vec::new();
    said.rewind().and_then(|()| said.take(MAX_SAID).read_to_end(&mut words)).ok()?;
    let words = String::from_utf8_lossy(&words);
    REFUSALS.iter().any(|refusal| words.contains(refusal)).then_some(false)
}

/// Starts a shell that only parses, with the text on standard input and an empty environment; with the file that gets what
/// it says. The text goes through a nameless file in memory, which no full disk hinders: from a pipe shells read byte by
/// byte.
#[expect(clippy::disallowed_methods, reason = "the shell itself, from a fixed place, without an environment")]
fn start(program: &Path, options: &[&str], text: &[u8]) -> std::io::Result<(Child, File)> {
    let mut input = File::from(rustix::fs::memfd_create("text", MemfdFlags::CLOEXEC)?);
    input.write_all(text)?;
    input.rewind()?;
    let said = File::from(rustix::fs::memfd_create("said", MemfdFlags::CLOEXEC)?);
    let child = Command::new(program)
        .args(options)
        .env_clear()
        .current_dir("/")
        .stdin(Stdio::from(input))
        .stdout(Stdio::null())
        .stderr(Stdio::from(said.try_clone()?))
        .spawn()?;
    Ok((child, said))
}

/// Whether it ended well; `None` when it did not end in time.
fn wait(mut child: Child) -> Option<bool> {
    let start = Instant::now();
    let mut pause = Duration::from_micros(200);
    while start.elapsed() < TIME_LIMIT {
        match child.try_wait() {
            Ok(Some(status)) => return status.code().map(|code| code == 0),
            Ok(None) => std::thread::sleep(pause),
            Err(_) => return None,
        }
        pause = (pause * 2).min(Duration::from_millis(20));
    }
    // Nothing more can be done about a child that will not be killed.
    let _ = child.kill().and_then(|()| child.wait());
    None
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::source::Role;

    #[test]
    fn bash_accepts_and_refuses_and_runs_nothing() {
        let folder = tempfile::tempdir().unwrap();
        let mark = folder.path().join("ran");
        let source = |text: String| {
            let kind = Kind::Shell { shell: Shell::Bash, role: Role::Script };
            Source::new("x.sh".into(), kind, text.into_bytes())
        };
        let bash = RealSyntax::find();
        assert_eq!(bash.accepts(&source(format!("touch {}\n", mark.display()))), Some(true));
        assert_eq!(bash.accepts(&source("if true; then\n".into())), Some(false));
        assert!(!mark.exists());
        let like = |shell, text: String| {
            Source::new("x".into(), Kind::Shell { shell, role: Role::Startup }, text.into_bytes())
        };
        let runs = format!(
            "echo `touch {0}` > {0}\ntouch {0}\neval 'touch {0}'\n( touch {0} )\n. {0}\ncat << E > {0}\n`touch {0}`\nE\n",
            mark.display()
        );
        // Where a shell is missing, nothing is said.
        let said = |there: &Option<PathBuf>, answer| there.as_ref().map(|_| answer);
        for (shell, there, bad) in [(Shell::Zsh, &bash.zsh, "if true; then\n"), (Shell::Csh, &bash.tcsh, "echo \"a\n")]
        {
            assert_eq!(bash.accepts(&like(shell, runs.clone())), said(there, true), "{shell:?}");
            assert_eq!(bash.accepts(&like(shell, bad.into())), said(there, false), "{shell:?}");
            assert!(!mark.exists(), "{shell:?}");
        }
        // What only fails in an empty environment.
        assert_ne!(bash.accepts(&like(Shell::Zsh, "ls =nosuchprogram\n".into())), Some(false));
        let python = |text: &str| Source::new("x.py".into(), Kind::Python, text.into());
        assert_eq!(bash.accepts(&python("a\n  b\n")), Some(false));
        assert_eq!(bash.accepts(&Source::new("x".into(), Kind::Condarc, Vec::new())), None);
    }
}
