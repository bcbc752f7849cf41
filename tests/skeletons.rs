//! What `rules new`, `sites new` and `symptoms new` write: told to be unfinished as it stands, and good once its blanks are filled in.

#![expect(clippy::disallowed_methods, reason = "tests start the program and fill in what it wrote")]

use std::fs;
use std::path::Path;
use std::process::{Command, Output};

#[test]
fn skeletons_pass_once_their_blanks_are_filled() {
    let scratch = tempfile::tempdir().expect("a scratch folder");
    let run = |args: &[&str]| pydoctor(scratch.path(), args);
    for (new, file) in [
        (["rules", "new", "north-pip-user", "pack"], "pack/lint/north-pip-user.toml"),
        (["sites", "new", "north", "pack"], "pack/sites/north.toml"),
        (["symptoms", "new", "north-tape", "pack"], "pack/symptoms/north-tape.toml"),
    ] {
        let told = run(&new);
        assert_eq!(told.0, 0, "{}", told.1);
        assert!(told.1.contains(&format!("fill in the blanks (<FILL IN: …>) of {file}")), "{}", told.1);
        let unfinished = run(&["rules", "check", "pack"]);
        assert_eq!(unfinished.0, 2, "{}", unfinished.1);
        let path = scratch.path().join(file);
        let text = fs::read_to_string(&path).expect("the skeleton");
        let blanks = text.matches("<FILL IN").count();
        assert_eq!(unfinished.1.matches("a blank is not filled in").count(), blanks, "{}", unfinished.1);
        fs::write(&path, filled(&text)).expect("the skeleton is filled in");
        for (args, status) in [
            (&["rules", "check", "pack"][..], 0),
            (&["rules", "test", "pack"], 1),
            (&["rules", "test", "--bless", "pack"], 0),
            (&["rules", "test", "pack"], 0),
        ] {
            let told = run(args);
            assert_eq!(told.0, status, "{args:?}: {}", told.1);
        }
        let again = run(&new);
        assert!(again.0 == 2 && again.1.contains("is there already; nothing was written"), "{}", again.1);
    }

    // The fix that the skeleton shows as a comment works too.
    let rule = scratch.path().join("pack/lint/north-pip-user.toml");
    let text = fs::read_to_string(&rule).expect("the rule");
    let with_fix = text.replace("# [clause.fix]", "[clause.fix]").replace("\n# title", "\ntitle");
    let with_fix = with_fix.replace("\n# applicability", "\napplicability").replace("\n# edits", "\nedits");
    fs::write(&rule, with_fix).expect("the rule is written");
    let told = run(&["rules", "test", "--bless", "pack"]);
    assert_eq!(told.0, 0, "{}", told.1);
    let fixed = scratch.path().join("pack/fixtures/rules/north-pip-user/plain/fixed/job.sh");
    let fixed = fs::read_to_string(fixed).expect("the fixed file");
    assert!(fixed.contains("pip install numpy") && !fixed.contains("--user"), "{fixed}");
}

/// The text with every blank filled in.
fn filled(text: &str) -> String {
    let mut parts = text.split("<FILL IN");
    let mut filled = parts.next().unwrap_or_default().to_owned();
    for part in parts {
        filled.push_str("words");
        filled.push_str(part.split_once('>').map_or("", |(_, rest)| rest));
    }
    filled
}

/// Exit status, and what both streams say.
fn pydoctor(folder: &Path, args: &[&str]) -> (i32, String) {
    let mut command = Command::new(env!("CARGO_BIN_EXE_pydoctor"));
    let Output { status, stdout, stderr } =
        command.args(args).current_dir(folder).env_clear().output().expect("the binary runs");
    let text = [stdout, stderr].map(|stream| String::from_utf8_lossy(&stream).into_owned()).join("");
    (status.code().unwrap_or(-1), text)
}
