//! The report on an account without anything that tells who or where it is, to attach to a ticket.
//!
//! What may be secret is left out where it can be (values of settings that are not known to be harmless, what fixes
//! would write); in the rest names of users and hosts, addresses and what looks like a secret are masked.

use std::collections::BTreeSet;
use std::io::{self, Write};
use std::sync::LazyLock;

use regex::Regex;
use serde_json::{Value as Json, json};

use crate::redact::{Known, Redactor};
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
    let home = account.home.to_string_lossy().into_owned();
    Mask { home, names: names(known), redactor: Redactor::new(known) }.all(&mut document);
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
    redactor: Redactor,
}

impl Mask {
    fn all(&self, value: &mut Json) {
        match value {
            Json::String(text) => *text = self.text(text),
            Json::Array(items) => items.iter_mut().for_each(|item| self.all(item)),
            Json::Object(fields) => fields.values_mut().for_each(|field| self.all(field)),
            Json::Null | Json::Bool(_) | Json::Number(_) => {}
        }
    }

    fn text(&self, text: &str) -> String {
        let text = match self.home.as_str() {
            "" | "/" => text.to_owned(),
            home => text.replace(home, "~"),
        };
        let text = self.redactor.mask(&text).into_owned();
        let text = match &*CHANNEL {
            Some(pattern) => pattern.replace_all(&text, "/t/[token]").into_owned(),
            None => text,
        };
        match &self.names {
            // Names that share a boundary are found in turn.
            Some(names) => {
                let once = names.replace_all(&text, "${before}[name]").into_owned();
                names.replace_all(&once, "${before}[name]").into_owned()
            }
            None => text,
        }
    }
}

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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_and_tokens_are_masked_wherever_they_stand() {
        let mut known = Known::default();
        known.users.insert("adalove".to_owned());
        known.hosts.insert("login7".to_owned());
        let mask = Mask { home: "/h/adalove".to_owned(), names: names(&known), redactor: Redactor::new(&known) };
        for (text, expected) in [
            ("/h/adalove/x", "~/x"),
            ("/scratch/adalove_old/ADALOVE-2", "/scratch/[name]_old/[name]-2"),
            ("on login7.x", "on HOST.x"),
            ("https://conda.anaconda.org/t/ab-12345678/main", "https://conda.anaconda.org/t/[token]/main"),
        ] {
            assert_eq!(mask.text(text), expected);
        }
    }
}
