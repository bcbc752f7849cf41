//! The order in which real shells read start-up files, against what the report says.

use std::fs;
use std::os::fd::OwnedFd;
use std::os::unix::fs::{PermissionsExt as _, symlink};
use std::os::unix::net::UnixStream;
use std::os::unix::process::CommandExt as _;
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

/// What a shell read, in order.
fn asked(home: &Path, mode: &str, start: &[&str]) -> Vec<String> {
    asked_as(rustix::process::getuid().as_raw(), home, mode, start)
}

/// The same as that user. Standard input is a socket for a remote shell, as sshd and rshd make it.
fn asked_as(user: u32, home: &Path, mode: &str, start: &[&str]) -> Vec<String> {
    let (mark, script) = (home.with_extension("mark"), home.with_extension("script"));
    fs::write(&mark, "").unwrap();
    fs::set_permissions(&mark, fs::Permissions::from_mode(0o666)).unwrap();
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
        .uid(user)
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

/// What stands in the place of a start-up file.
#[derive(Debug)]
enum Odd {
    Folder,
    Dangling,
    LinkToItself,
    Unreadable,
}

/// What is in the place of a file decides whether the next of its group is read: real shells say how.
#[test]
fn what_is_no_file_hides_the_next_one_as_in_real_shells() {
    if !have_shells() || !rustix::process::geteuid().is_root() {
        return;
    }
    for (odd, first, rest) in [
        (Odd::Folder, ".bash_profile", ".profile"),
        (Odd::Dangling, ".bash_profile", ".profile"),
        (Odd::LinkToItself, ".bash_profile", ".profile"),
        (Odd::Unreadable, ".bash_profile", ".profile"),
        (Odd::Folder, ".tcshrc", ".cshrc"),
        (Odd::Dangling, ".tcshrc", ".cshrc"),
        (Odd::LinkToItself, ".tcshrc", ".cshrc"),
        (Odd::Unreadable, ".tcshrc", ".cshrc"),
        (Odd::Unreadable, ".zshrc", ".zlogin"),
    ] {
        let (_dir, root) = scratch();
        let home = root.join("home");
        write(&home.join(rest), &format!("echo {rest} >> $MARK\n"));
        let path = home.join(first);
        match odd {
            Odd::Folder => fs::create_dir(&path).unwrap(),
            Odd::Dangling => symlink("gone", &path).unwrap(),
            Odd::LinkToItself => symlink(first, &path).unwrap(),
            Odd::Unreadable => {
                write(&path, &format!("echo {first} >> $MARK\n"));
                fs::set_permissions(&path, fs::Permissions::from_mode(0o000)).unwrap();
            }
        }
        let chown = Command::new("chown").args(["-hR", "4242:4242"]).arg(&root).status().unwrap();
        assert!(chown.success());
        let report = report(&home, &["--site", "common"]);
        let found = report["findings"].as_array().unwrap().iter().any(|each| each["path"] == path.to_str().unwrap());
        assert!(found, "{odd:?} {first}");
        for (shell, mode, start) in STARTS {
            let asked = asked_as(4242, &home, mode, start);
            assert_eq!(told(&report, shell, mode), asked, "{shell} {mode} {odd:?} {first}");
        }
    }
}

/// The folder in which zsh looks for its files.
#[test]
fn zdotdir_leads_where_zsh_goes() {
    if !have_shells() {
        return;
    }
    for set in [
        "export ZDOTDIR=$HOME/.config/zsh",
        "ZDOTDIR=~/.config/zsh",
        "typeset -x ZDOTDIR=$HOME/.config/zsh",
        "export ZDOTDIR=\"${XDG_CONFIG_HOME:-$HOME/.config}/zsh\"",
        "export ZDOTDIR=HOME_ITSELF/.config/zsh",
        "if [[ -d ~/.config/zsh ]]; then\n  export ZDOTDIR=~/.config/zsh\nfi",
        "if [[ -d ~/.zsh ]]; then\n  export ZDOTDIR=~/.zsh\nfi",
        ". ~/env.zsh",
        "alias a=b",
    ] {
        let (_dir, root) = scratch();
        let home = root.join("home");
        let set = set.replace("HOME_ITSELF", home.to_str().unwrap());
        write(&home.join(".zshenv"), &format!("echo .zshenv >> $MARK\n{set}\n"));
        write(&home.join("env.zsh"), "echo env.zsh >> $MARK\nZDOTDIR=$HOME/.config/zsh\n");
        for folder in ["", ".config/zsh/"] {
            for name in [".zshenv", ".zprofile", ".zshrc", ".zlogin"] {
                if !(folder.is_empty() && name == ".zshenv") {
                    write(&home.join(format!("{folder}{name}")), &format!("echo {folder}{name} >> $MARK\n"));
                }
            }
        }
        let report = report(&home, &["--site", "common"]);
        for (shell, mode, start) in STARTS.into_iter().filter(|(shell, ..)| *shell == "zsh") {
            assert_eq!(told(&report, shell, mode), asked(&home, mode, start), "{mode} with {set}");
        }
    }
}

/// What only their own shells know to be wrong.
#[test]
fn each_shell_is_asked_for_syntax_errors() {
    if !have_shells() {
        return;
    }
    for (name, bad, good) in [
        (".zshrc", "if true; then\n", "for f (a b) { print ${(U)f} }\nls =nosuchprogram *(.om[1])\n"),
        (".tcshrc", "echo \"a\n", "if ( $?prompt ) then\n  set prompt = \"$TERM> \"\nendif\n"),
        (".bashrc", "if true; then\n", "x=(a b); [[ ${x[1]} == b ]]\n"),
    ] {
        let (_dir, root) = scratch();
        let home = root.join("home");
        let refused = |text: &str| {
            write(&home.join(name), text);
            let report = report(&home, &["--site", "common"]);
            let found = report["findings"].to_string();
            found.contains("it has a syntax error")
        };
        assert!(refused(bad), "{name}");
        assert!(!refused(good), "{name}");
    }
}
