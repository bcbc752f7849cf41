//! The report on an account without anything that tells who or where it is, to attach to a ticket.
//!
//! What may be secret is left out where it can be (values of settings that are not known to be harmless, what fixes
//! would write); in the rest names of users and hosts, addresses and what looks like a secret are masked.

use std::collections::BTreeSet;
use std::io::{self, Write};
use std::sync::LazyLock;

use regex::Regex;
use serde_json::{Value as Json, json};

use crate::redact::{Known, Redactor, without_hosts};
use crate::report::encode;

use super::{AccountReport, json};

/// Settings whose values are passed on, by the last part of their name; each value is masked all the same.
const HARMLESS: [&str; 36] = [
    "PYTHONPATH",
    "PYTHONHOME",
    "PYTHONSTARTUP",
    "PYTHONNOUSERSITE",
    "PYTHONUSERBASE",
    "PIP_REQUIRE_VIRTUALENV",
    "PIP_USER",
    "PIP_CACHE_DIR",
    "PIP_NO_CACHE_DIR",
    "PIP_TARGET",
    "PIP_PREFIX",
    "CONDA_PKGS_DIRS",
    "CONDA_ENVS_DIRS",
    "CONDA_ENVS_PATH",
    "CONDA_AUTO_ACTIVATE_BASE",
    "UV_CACHE_DIR",
    "UV_PYTHON",
    "UV_SYSTEM_PYTHON",
    "require-virtualenv",
    "user",
    "cache-dir",
    "no-cache-dir",
    "target",
    "prefix",
    "system",
    "channels",
    "channel_priority",
    "auto_activate_base",
    "auto_activate",
    "envs_dirs",
    "pkgs_dirs",
    "ip",
    "port",
    "allow_remote_access",
    "open_browser",
    "solver",
];

/// What stands for a value that is left out.
const LEFT_OUT: &str = "[left out]";

pub(super) fn write(account: &AccountReport, known: &Known, out: &mut dyn Write) -> io::Result<()> {
    let mut document = json::document(account);
    document["bundle"] = json!(1);
    document["findings"] = account.report.visible().map(finding).collect();
    for setting in document["settings"].as_array_mut().into_iter().flatten() {
        let name = setting["name"].as_str().unwrap_or_default();
        let last = name.rsplit('.').next().unwrap_or_default();
        if setting.get("value").is_some() && !HARMLESS.contains(&last) {
            setting["value"] = json!(LEFT_OUT);
        }
    }
    let mut known = known.clone();
    let own = names(&known);
    // What tells a name once tells it everywhere.
    json::each_text(&mut document, &mut |text| {
        known.learn(text);
        known.learn_folders(text);
    });
    let home = account.home.to_string_lossy().into_owned();
    let mask = Mask { home, names: own, folders: folders(&known), redactor: Redactor::new(&known) };
    json::each_text(&mut document, &mut |text| *text = mask.text(text));
    encode::pretty(&document, out)?;
    writeln!(out)
}

/// Without the lines that a fix would write.
fn finding(finding: &crate::report::model::Finding) -> Json {
    json!({
        "rule": finding.rule,
        "severity": finding.severity,
        "certainty": finding.certainty,
        "path": finding.place.path.to_string_lossy(),
        "line": finding.place.start.line,
        "message": finding.message,
        "help": finding.help,
    })
}

struct Mask {
    home: String,
    /// Names of users and hosts, wherever letters and digits end.
    names: Option<Regex>,
    /// Names that are masked as names of folders alone.
    folders: Option<Regex>,
    redactor: Redactor,
}

impl Mask {
    fn text(&self, text: &str) -> String {
        let text = match self.home.as_str() {
            "" | "/" => text.to_owned(),
            home => text.replace(home, "~"),
        };
        let text = self.redactor.mask(&text).into_owned();
        let mut text = without_hosts(&text).into_owned();
        let patterns = [(&*CHANNEL, "/t/[token]"), (&self.folders, FOLDER), (&self.names, "${before}[name]")];
        for (pattern, replacement) in patterns.into_iter().filter_map(|(pattern, to)| Some((pattern.as_ref()?, to))) {
            // Names that share a boundary are found in turn.
            for _ in 0..2 {
                text = pattern.replace_all(&text, replacement).into_owned();
            }
        }
        text
    }
}

/// What stands for a folder that is called as somebody.
const FOLDER: &str = "${before}[name]${after}";

/// A channel of conda's with a token in its address; `None` never happens, as a test compiles it.
static CHANNEL: LazyLock<Option<Regex>> = LazyLock::new(|| Regex::new(r"/t/[A-Za-z0-9-]{6,}").ok());

fn names(known: &Known) -> Option<Regex> {
    let all: BTreeSet<&String> = known.users.iter().chain(&known.hosts).chain(&known.people).collect();
    if all.is_empty() {
        return None;
    }
    // The longer of two that begin alike first. What follows a name does not matter: it may be a number or an ending.
    let all: Vec<String> = all.iter().rev().map(|name| regex::escape(name)).collect();
    Regex::new(&format!(r"(?i)(?P<before>^|[^a-zA-Z0-9])(?:{})", all.join("|"))).ok()
}

/// Names as whole names of folders, and of homes as shells write them: `~ada`.
fn folders(known: &Known) -> Option<Regex> {
    let all = known.folders.iter().chain(&known.users).chain(&known.hosts);
    let all: Vec<String> = all.map(|name| regex::escape(name)).collect();
    let names = Some(all.join("|")).filter(|names| !names.is_empty())?;
    Regex::new(&format!(r#"(?P<before>[/\\~])(?:{names})(?P<after>$|[/\\\s"'`:;,)\]}}])"#)).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_and_tokens_are_masked_wherever_they_stand() {
        let mut known = Known::default();
        known.users.insert("adalove".to_owned());
        known.hosts.insert("login7".to_owned());
        ["bob", "vm", "data", "carl"].iter().for_each(|name| known.folder(name));
        let (home, redactor) = ("/h/adalove".to_owned(), Redactor::new(&known));
        let mask = Mask { home, names: names(&known), folders: folders(&known), redactor };
        for (text, expected) in [
            ("/h/adalove/x", "~/x"),
            ("/scratch/adalove_old/ADALOVE-2", "/scratch/[name]_old/[name]-2"),
            ("on login7.x", "on HOST.x"),
            ("https://conda.anaconda.org/t/ab-12345678/main", "https://conda.anaconda.org/t/[token]/main"),
            ("`/data/bob/carl` ~/.xx/vm/rc.sh", "`/data/[name]/[name]` ~/.xx/[name]/rc.sh"),
            ("bob of /data/bobby ~bob/x vm", "bob of /data/bobby ~$USER/x vm"),
            ("https://x:y@git.private.example/rc", "https://[credentials]@HOST/rc"),
        ] {
            assert_eq!(mask.text(text), expected);
        }
    }
}
