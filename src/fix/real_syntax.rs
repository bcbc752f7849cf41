//! A second opinion on a text: `bash -n`, which parses and runs nothing.

use std::fs::File;
use std::io::{Seek, Write};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use rustix::fs::MemfdFlags;

use crate::source::{Kind, Shell, Source};
use crate::syntax::python;

use super::Syntax;

/// Where bash is on Linux and macOS. `PATH` is not asked: it may lead anywhere.
const PLACES: [&str; 3] = ["/bin/bash", "/usr/bin/bash", "/usr/local/bin/bash"];

/// A text on which bash takes longer is not judged.
const TIME_LIMIT: Duration = Duration::from_secs(5);

/// Asks bash, if there is one, and of Python what its grammar here does not know.
#[derive(Clone, Debug)]
pub struct RealSyntax {
    bash: Option<PathBuf>,
}

impl RealSyntax {
    /// Finds bash.
    pub fn find() -> Self {
        let bash = PLACES.iter().map(Path::new).find(|path| path.is_file()).map(Path::to_owned);
        Self { bash }
    }
}

impl Syntax for RealSyntax {
    fn accepts(&self, source: &Source) -> Option<bool> {
        match source.kind {
            Kind::Shell { shell: Shell::Bash | Shell::Sh, .. } => {
                wait(start(self.bash.as_deref()?, &source.bytes).ok()?)
            }
            Kind::Python => Some(python::is_aligned(&source.text)),
            _ => None,
        }
    }
}

/// Starts `bash -n` with the text on standard input and an empty environment. The text goes through a
/// nameless file in memory, which no full disk hinders: from a pipe bash reads byte by byte.
#[expect(clippy::disallowed_methods, reason = "bash itself, from a fixed place, without an environment")]
fn start(program: &Path, text: &[u8]) -> std::io::Result<Child> {
    let mut input = File::from(rustix::fs::memfd_create("text", MemfdFlags::CLOEXEC)?);
    input.write_all(text)?;
    input.rewind()?;
    Command::new(program)
        .arg("-n")
        .env_clear()
        .current_dir("/")
        .stdin(Stdio::from(input))
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
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
        let python = |text: &str| Source::new("x.py".into(), Kind::Python, text.into());
        assert_eq!(bash.accepts(&python("a\n  b\n")), Some(false));
        assert_eq!(bash.accepts(&Source::new("x".into(), Kind::Condarc, Vec::new())), None);
    }
}
