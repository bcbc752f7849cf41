//! One look at the environment, taken at the start and passed down: nothing below reads it again.

use std::collections::BTreeMap;
use std::io::IsTerminal;
use std::path::PathBuf;
use std::time::{SystemTime, UNIX_EPOCH};

use crate::policy::Day;

/// What the process was started in.
#[derive(Clone, Debug, Default)]
pub(super) struct Snapshot {
    /// Environment variables whose name and value are text.
    pub(super) env: BTreeMap<String, String>,
    /// Name of this host, with its domain when the system knows it.
    pub(super) host: String,
    /// The working directory.
    pub(super) cwd: PathBuf,
    /// Standard output is a terminal.
    pub(super) terminal: bool,
    /// Standard error is a terminal that can erase a line.
    pub(super) live: bool,
    /// Standard output shows hyperlinks.
    pub(super) hyperlinks: bool,
    /// Standard input and standard error are terminals: somebody can be asked.
    pub(super) answers: bool,
    /// Cores that this process may use.
    pub(super) cores: usize,
}

impl Snapshot {
    /// Takes it.
    #[expect(clippy::disallowed_methods, reason = "the one place that reads the environment")]
    pub(super) fn take() -> Self {
        let text = |(name, value): (std::ffi::OsString, std::ffi::OsString)| {
            Some((name.into_string().ok()?, value.into_string().ok()?))
        };
        Self {
            env: std::env::vars_os().filter_map(text).collect(),
            host: rustix::system::uname().nodename().to_string_lossy().into_owned(),
            cwd: std::env::current_dir().unwrap_or_else(|_| PathBuf::from(".")),
            terminal: std::io::stdout().is_terminal(),
            live: std::io::stderr().is_terminal() && std::env::var_os("TERM").is_some_and(|term| term != "dumb"),
            hyperlinks: supports_hyperlinks::on(supports_hyperlinks::Stream::Stdout),
            answers: std::io::stdin().is_terminal() && std::io::stderr().is_terminal(),
            cores: cores(),
        }
    }

    /// Today: what `SOURCE_DATE_EPOCH` says when it is set, so that output can be reproduced.
    pub(super) fn today(&self) -> Day {
        Day::of_epoch(self.now())
    }

    /// Seconds since 1970, by the same.
    pub(super) fn now(&self) -> u64 {
        let told = self.var("SOURCE_DATE_EPOCH").and_then(|seconds| seconds.parse::<u64>().ok());
        let now = || SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |since| since.as_secs());
        told.unwrap_or_else(now)
    }

    /// Where the undo journal of this user is. `None` when nothing tells.
    pub(super) fn journal(&self) -> Option<PathBuf> {
        let absolute = |name| self.var(name).map(PathBuf::from).filter(|path| path.is_absolute());
        let state = absolute("XDG_STATE_HOME").or_else(|| Some(absolute("HOME")?.join(".local/state")))?;
        Some(state.join("pydoctor/undo"))
    }

    /// An environment variable that is set and not empty.
    pub(super) fn var(&self, name: &str) -> Option<&str> {
        self.env.get(name).map(String::as_str).filter(|value| !value.is_empty())
    }

    /// True unless the locale says that the terminal shows something else than UTF-8.
    pub(super) fn utf8(&self) -> bool {
        let locale = ["LC_ALL", "LC_CTYPE", "LANG"].iter().find_map(|name| self.var(name));
        locale.is_none_or(|locale| {
            let locale = locale.to_ascii_lowercase();
            locale.contains("utf-8") || locale.contains("utf8")
        })
    }
}

/// The cores of the affinity mask: on a shared node a job has fewer than the machine.
fn cores() -> usize {
    match rustix::thread::sched_getaffinity(None) {
        Ok(mask) => (mask.count() as usize).max(1),
        Err(_) => 1,
    }
}
