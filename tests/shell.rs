//! What pydoctor gives to a shell and a terminal: completions, manual pages, progress, links.

#![expect(clippy::disallowed_methods, reason = "tests start the program and the shells")]
#![expect(clippy::unwrap_used, reason = "a test ends at the first surprise")]

#[path = "oracle/mod.rs"]
mod oracle;

use std::fs;
use std::path::Path;
use std::process::{Command, Output};

const PYDOCTOR: &str = env!("CARGO_BIN_EXE_pydoctor");

/// Completes as bash does when the last word is not finished, and prints what is offered.
const COMPLETE: &str = r#"
source "$0"
COMP_WORDS=("$@") COMP_CWORD=$(($# - 1))
_pydoctor pydoctor "${COMP_WORDS[COMP_CWORD]}" "${COMP_WORDS[COMP_CWORD - 1]}"
printf '%s\n' "${COMPREPLY[@]}"
"#;

#[test]
fn bash_completes_commands_rules_sites_and_formats() {
    let folder = tempfile::tempdir().unwrap();
    let script = folder.path().join("pydoctor.bash");
    fs::write(&script, pydoctor(&["completions", "bash"]).stdout).unwrap();
    for (words, expected) in [
        (&["che"][..], "check\n"),
        (&["check", "--site", "midway"][..], "midway2\nmidway3\n"),
        (&["check", "--select", "conda-init-b"][..], "conda-init-block\n"),
        (&["explain", "conda-init-b"][..], "conda-init-block\n"),
        (&["check", "-f", "gi"][..], "github\ngitlab\n"),
        (&["rules", "list", "--format", "j"][..], "json\n"),
        (&["sites", "show", "oz"][..], "ozstar\n"),
    ] {
        let mut bash = Command::new("bash");
        bash.args(["--norc", "-c", COMPLETE]).arg(&script).arg("pydoctor").args(words);
        let output = bash.output().unwrap();
        assert_eq!(String::from_utf8_lossy(&output.stdout), expected, "{words:?}: {output:?}");
    }
}

#[test]
fn zsh_reads_its_completions() {
    if !oracle::have("zsh") {
        return;
    }
    let folder = tempfile::tempdir().unwrap();
    let script = folder.path().join("_pydoctor");
    fs::write(&script, pydoctor(&["completions", "zsh"]).stdout).unwrap();
    let output = Command::new("zsh").arg("-n").arg(&script).output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
}

#[test]
fn every_command_has_a_manual_page_that_groff_reads() {
    if !oracle::have("groff") {
        return;
    }
    let folder = tempfile::tempdir().unwrap();
    let pages = folder.path().join("man/man1");
    let output = pydoctor(&["man", pages.to_str().unwrap()]);
    assert_eq!((output.status.code(), output.stderr.as_slice()), (Some(0), &b""[..]));
    let mut names: Vec<String> =
        fs::read_dir(&pages).unwrap().map(|page| page.unwrap().file_name().into_string().unwrap()).collect();
    names.sort();
    for page in ["pydoctor.1", "pydoctor-check.1", "pydoctor-rules-list.1", "pydoctor-sites-show.1"] {
        assert!(names.iter().any(|name| name == page), "{page} is not among {names:?}");
    }
    for name in names {
        let output =
            Command::new("groff").args(["-man", "-Tutf8", "-ww", "-z"]).arg(pages.join(&name)).output().unwrap();
        assert_eq!(String::from_utf8_lossy(&output.stderr), "", "{name}");
        assert!(output.status.success(), "{name}");
    }
}

#[test]
fn manual_pages_that_cannot_be_written_are_an_error() {
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join("file"), "").unwrap();
    let output = pydoctor(&["man", folder.path().join("file/man").to_str().unwrap()]);
    let told = String::from_utf8_lossy(&output.stderr).into_owned();
    assert_eq!(output.status.code(), Some(2));
    assert!(told.contains("file/man: manual pages cannot be written: "), "{told}");
}

/// The job comes slowly, as from a sick file system.
const SLOW: &str = "(sleep 1.3; echo 'conda init') | \"$PYDOCTOR\" check --isolated --stdin-filename job.sh -";

#[test]
fn slow_work_is_told_on_a_terminal_only() {
    if !oracle::have("script") {
        return;
    }
    let folder = tempfile::tempdir().unwrap();
    let run = |command: &str| {
        let mut script = Command::new("script");
        script
            .args(["-qec", command, "/dev/null"])
            .env("PYDOCTOR", PYDOCTOR)
            .env("TERM", "xterm")
            .env("SHELL", "/bin/sh");
        script.current_dir(folder.path()).stdin(std::process::Stdio::null());
        String::from_utf8_lossy(&script.output().unwrap().stdout).into_owned()
    };
    let told = run(&format!("{SLOW} > out"));
    assert!(told.starts_with("\r\u{1b}[Kpydoctor: reading standard input\r\u{1b}[K"), "{told:?}");
    assert!(told.ends_with("\r\u{1b}[K"), "the line is left behind: {told:?}");
    let whole = fs::read_to_string(folder.path().join("out")).unwrap();
    assert!(whole.starts_with("warning[") && !whole.contains('\u{1b}'), "{whole}");
    assert_eq!(run(&format!("{SLOW} > out 2> errors")), "");
    assert_eq!(fs::read_to_string(folder.path().join("errors")).unwrap(), "");
}

#[test]
fn terminals_that_show_links_get_them() {
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join("a b.sh"), "conda init\n").unwrap();
    let check = |force: &str, colour: &str| {
        let mut command = Command::new(PYDOCTOR);
        command.args(["check", "--isolated", "-f", "concise", "--color", colour, "a b.sh"]);
        command.current_dir(folder.path()).env("FORCE_HYPERLINK", force);
        String::from_utf8(command.output().unwrap().stdout).unwrap()
    };
    let linked = check("1", "always");
    let here = fs::canonicalize(folder.path()).unwrap();
    assert!(
        linked.contains("\u{1b}]8;;file://") && linked.contains(&format!("{}/a%20b.sh\u{1b}\\a b.sh", here.display())),
        "{linked}"
    );
    assert!(linked.contains("\u{1b}]8;;https://"), "{linked}");
    assert!(!check("0", "always").contains("\u{1b}]8;;"));
    assert!(!check("1", "never").contains('\u{1b}'));
}

fn pydoctor(args: &[&str]) -> Output {
    Command::new(PYDOCTOR).args(args).current_dir(Path::new(env!("CARGO_MANIFEST_DIR"))).output().unwrap()
}
