//! The order in which real shells read start-up files, against what the report says.

use std::fs;
use std::os::fd::OwnedFd;
use std::os::unix::net::UnixStream;
use std::path::Path;
use std::process::{Command, Stdio};

use serde_json::Value as Json;

use super::{oracle, report, scratch, write};

/// Every start-up file; each appends its name to `$MARK`, in words that all shells understand.
const FILES: [&str; 13] = [
    ".bash_profile",
    ".bash_login",
    ".profile",
    ".bashrc",
    ".zshenv",
    ".zprofile",
    ".zshrc",
    ".zlogin",
    ".tcshrc",
    ".cshrc",
    ".login",
    ".bash_logout",
    ".zlogout",
];

/// Homes that hold only some of the files.
const HOMES: [&[&str]; 7] = [
    &FILES,
    &[".bash_login", ".profile", ".bashrc"],
    &[".profile", ".cshrc", ".zshrc"],
    &[".bashrc", ".login"],
    &[".zlogin", ".zshenv"],
    &[".tcshrc"],
    &[".zprofile", ".cshrc", ".login"],
];

/// A shell as something starts it: its name in reports, the mode, and how.
const STARTS: [(&str, &str, &[&str]); 12] = [
    ("bash", "login", &["bash", "-l", "-i", "-c", ":"]),
    ("bash", "interactive", &["bash", "-i", "-c", ":"]),
    ("bash", "batch", &["bash", "SCRIPT"]),
    ("bash", "remote", &["bash", "-c", ":"]),
    ("zsh", "login", &["zsh", "-l", "-i", "-c", ":"]),
    ("zsh", "interactive", &["zsh", "-i", "-c", ":"]),
    ("zsh", "batch", &["zsh", "SCRIPT"]),
    ("zsh", "remote", &["zsh", "-c", ":"]),
    ("csh", "login", &["tcsh", "-l"]),
    ("csh", "interactive", &["tcsh", "-i"]),
    ("csh", "batch", &["tcsh", "SCRIPT"]),
    ("csh", "remote", &["tcsh", "-c", "true"]),
];

/// What a shell read, in order. Standard input is a socket for a remote shell, as sshd and rshd make it.
fn asked(home: &Path, mode: &str, start: &[&str]) -> Vec<String> {
    let (mark, script) = (home.with_extension("mark"), home.with_extension("script"));
    fs::write(&mark, "").unwrap();
    fs::write(&script, "").unwrap();
    let (mine, theirs) = UnixStream::pair().unwrap();
    drop(mine);
    let stdin = if mode == "remote" { Stdio::from(OwnedFd::from(theirs)) } else { Stdio::null() };
    let args = start[1..].iter().map(|arg| if *arg == "SCRIPT" { script.as_os_str() } else { arg.as_ref() });
    let output = Command::new(start[0])
        .args(args)
        .env_clear()
        .envs([("PATH", "/usr/bin:/bin"), ("TERM", "dumb")])
        .env("HOME", home)
        .env("MARK", &mark)
        .current_dir(home)
        .stdin(stdin)
        .output()
        .unwrap();
    let read = fs::read_to_string(&mark).unwrap();
    assert!(output.status.code().is_some(), "{start:?}");
    read.lines().filter(|name| !name.ends_with("logout")).map(str::to_owned).collect()
}

/// What the report says, nested files in the order in which they are read.
fn told(report: &Json, shell: &str, mode: &str) -> Vec<String> {
    fn walk(node: &Json, found: &mut Vec<String>) {
        if node["state"] == "read" {
            found.push(node["path"].as_str().unwrap().trim_start_matches("~/").to_owned());
        }
        node["files"].as_array().unwrap().iter().for_each(|inner| walk(inner, found));
    }
    let chains = report["startup"].as_array().unwrap().iter();
    let mut found = Vec::new();
    for chain in chains.filter(|chain| chain["shell"] == shell && chain["mode"] == mode) {
        chain["files"].as_array().unwrap().iter().for_each(|node| walk(node, &mut found));
    }
    found
}

fn have_shells() -> bool {
    ["bash", "zsh", "tcsh"].map(oracle::have).into_iter().all(|have| have)
}

#[test]
fn shells_read_what_the_report_says() {
    if !have_shells() {
        return;
    }
    for files in HOMES {
        let (_dir, root) = scratch();
        let home = root.join("home");
        for name in files {
            write(&home.join(name), &format!("echo {name} >> $MARK\n"));
        }
        let report = report(&home, &[]);
        for (shell, mode, start) in STARTS {
            assert_eq!(told(&report, shell, mode), asked(&home, mode, start), "{shell} {mode} with {files:?}");
        }
    }
}

#[test]
fn files_that_files_read_are_followed() {
    if !have_shells() {
        return;
    }
    let (_dir, root) = scratch();
    let home = root.join("home");
    let mark = |name: &str, rest: &str| write(&home.join(name), &format!("echo {name} >> $MARK\n{rest}"));
    mark(".bash_profile", "if [ -f ~/.bashrc ]; then\n    . ~/.bashrc\nfi\n. \"$HOME/.config/paths.sh\"\n");
    mark(".bashrc", "case $- in\n    *i*) ;;\n      *) return;;\nesac\nsource ~/.bash_aliases\n");
    mark(".bash_aliases", "");
    mark(".config/paths.sh", "");
    mark(".zshrc", "source $HOME/.config/paths.sh\n");
    mark(".tcshrc", "if ($?prompt) then\n  source ~/.alias\nendif\n");
    mark(".alias", "");
    let report = report(&home, &[]);
    for (shell, mode, start) in STARTS {
        assert_eq!(told(&report, shell, mode), asked(&home, mode, start), "{shell} {mode}");
    }
}
