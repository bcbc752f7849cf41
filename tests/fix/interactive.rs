//! `--fix --interactive` on a terminal.

use std::fs;
use std::process::Stdio;

use crate::account::{Account, FIX, PYDOCTOR, Ran, new, old};
use crate::oracle::have;

/// Runs the program on a terminal of its own, and types `answers`.
fn typed(account: &Account, args: &str, answers: &str) -> Ran {
    fs::write(account.home.join("answers"), answers).unwrap();
    let mut command = account.command("script");
    let line = format!("{PYDOCTOR} --color never {} --interactive {args}", FIX.join(" "));
    command.args(["-q", "-e", "-c", &line, "/dev/null"]);
    command.stdin(Stdio::from(fs::File::open(account.home.join("answers")).unwrap()));
    Ran::new(command.output().unwrap())
}

#[test]
fn each_fix_is_asked_about() {
    if !have("script") {
        return;
    }
    let account = Account::new();
    for name in ["a.sh", "b.sh", "c.sh", "d.sh"] {
        account.add(name);
    }
    let ran = typed(&account, "a.sh b.sh c.sh d.sh", "what\nskip\ne\ny\nq\n");
    ran.expect(
        1,
        &[
            "a.sh:121: conda-init-command: ",
            "fix (safe): delete the command",
            "-conda init bash",
            "a, all      apply this fix and all others of the same rule",
            "conda-init-command: ",
            "b.sh:121: fixed",
            "1 fixed, 3 warnings left",
        ],
    );
    let texts = ["a.sh", "b.sh", "c.sh", "d.sh"].map(|name| account.text(name) == new());
    assert_eq!(texts, [false, true, false, false]);
    typed(&account, "a.sh c.sh d.sh", "n\na\n").expect(1, &["2 fixed, 1 warning left"]);
    assert_eq!((account.text("a.sh"), account.text("c.sh"), account.text("d.sh")), (old(), new(), new()));
}

#[test]
fn without_a_terminal_nothing_is_done() {
    let account = Account::new();
    account.add("a.sh");
    account.fix(&["--interactive", "a.sh"]).expect(2, &["--interactive needs a terminal to ask on"]);
    assert_eq!(account.text("a.sh"), old());
}
