//! Permissions that `--fix` takes away, and gives back.

use std::fs;
use std::os::unix::fs::{MetadataExt as _, PermissionsExt as _, symlink};
use std::path::Path;
use std::process::{Command, Output, Stdio};

use super::live::run;
use super::{doctor, oracle, scratch, write};

fn set(path: &Path, mode: u32) {
    fs::set_permissions(path, fs::Permissions::from_mode(mode)).unwrap();
}

fn mode(path: &Path) -> u32 {
    fs::metadata(path).unwrap().mode() & 0o7777
}

fn undo(home: &Path, args: &[&str]) -> Output {
    let mut command = Command::new(env!("CARGO_BIN_EXE_pydoctor"));
    command.arg("undo").args(args);
    run(command, home, &[])
}

#[test]
fn what_is_open_to_all_is_closed_and_can_be_opened_again() {
    let (_dir, root) = scratch();
    let home = root.join("home/ada");
    write(&home.join(".bashrc"), "alias ll='ls -l'\n");
    write(&home.join(".zshrc"), "alias ll='ls -l'\n");
    write(&home.join("dotfiles/netrc"), "machine example.org login ada password x\n");
    write(&home.join(".pypirc"), "[pypi]\n");
    symlink("dotfiles/netrc", home.join(".netrc")).unwrap();
    // Another user's file, as far as the home goes: no link out of it is followed.
    write(&root.join("else/login"), "echo\n");
    symlink(root.join("else/login"), home.join(".login")).unwrap();
    let before = [
        (home.clone(), 0o757),
        (home.join(".bashrc"), 0o646),
        (home.join(".zshrc"), 0o664),
        (home.join("dotfiles/netrc"), 0o644),
        (home.join(".pypirc"), 0o640),
        (root.join("else/login"), 0o666),
    ];
    before.iter().for_each(|(path, mode)| set(path, *mode));
    let output = doctor(&home, &["--isolated", "--site", "common", "--fix"]);
    let shown = String::from_utf8_lossy(&output.stdout).into_owned();
    let now: Vec<u32> = before.iter().map(|(path, _)| mode(path)).collect();
    // What the group may write is perhaps meant so: nobody was there to ask.
    assert_eq!(now, [0o755, 0o644, 0o664, 0o600, 0o600, 0o666], "{shown}");
    for line in [
        "  ~/.bashrc: let nobody else write it (start-up-file-writable); its permissions are 644, and were 646\n",
        "so change them (credentials-readable); its permissions are 600, and were 644\n",
        "  ~: let nobody else write it (start-up-file-writable); its permissions are 755, and were 757\n",
        "`pydoctor undo --run 1` takes it back\n",
        "✓ passwords: nobody else can read their files\n",
    ] {
        assert!(shown.contains(line), "{line}{shown}");
    }
    let listed = String::from_utf8(undo(&home, &[]).stdout).unwrap();
    assert!(listed.contains("/.bashrc  (permissions 646, now 644)\n"), "{listed}");
    let one = undo(&home, &[home.join(".bashrc").to_str().unwrap()]);
    let said = String::from_utf8(one.stdout).unwrap();
    assert!(said.ends_with("/.bashrc: restored to the permissions 646 that it had before run 1\n"), "{said}");
    assert!(undo(&home, &["--run", "1"]).status.success());
    assert!(before.iter().all(|(path, was)| mode(path) == *was));
}

#[test]
fn a_text_and_its_permissions_are_taken_back_together() {
    let (_dir, root) = scratch();
    let home = root.join("home/ada");
    let text = "# >>> conda initialize >>>\neval \"$(/home/ada/miniconda3/bin/conda shell.bash hook)\"\n# <<< conda initialize <<<\n";
    write(&home.join(".bashrc"), text);
    set(&home.join(".bashrc"), 0o666);
    doctor(&home, &["--isolated", "--site", "midway3", "--fix"]);
    assert_eq!((fs::read_to_string(home.join(".bashrc")).unwrap().as_str(), mode(&home.join(".bashrc"))), ("", 0o644));
    assert!(undo(&home, &[home.join(".bashrc").to_str().unwrap()]).status.success());
    assert_eq!(
        (fs::read_to_string(home.join(".bashrc")).unwrap().as_str(), mode(&home.join(".bashrc"))),
        (text, 0o666)
    );
}

#[test]
fn what_only_the_group_may_is_asked_about() {
    if !oracle::have("script") {
        return;
    }
    let (_dir, root) = scratch();
    let home = root.join("home/ada");
    write(&home.join(".bashrc"), "alias ll='ls -l'\n");
    write(&home.join(".profile"), ". ~/.bashrc\n");
    let files = [home.join(".bashrc"), home.join(".profile")];
    files.iter().for_each(|file| set(file, 0o664));
    set(&home, 0o755);
    fs::write(root.join("answers"), "y\nn\n").unwrap();
    let line = format!("{} --color never doctor --isolated --site common --fix", env!("CARGO_BIN_EXE_pydoctor"));
    let mut command = Command::new("script");
    command.args(["-q", "-e", "-c", &line, "/dev/null"]);
    command.stdin(Stdio::from(fs::File::open(root.join("answers")).unwrap()));
    let shown = String::from_utf8_lossy(&run(command, &home, &[("TERM", "xterm")]).stdout).into_owned();
    assert!(shown.contains("fix (unsafe): let nobody else write it"), "{shown}");
    assert_eq!(files.map(|file| mode(&file)), [0o644, 0o664], "{shown}");
}

#[test]
fn the_owners_rights_are_enough() {
    if !rustix::process::geteuid().is_root() {
        assert!(std::env::var_os("CI").is_none(), "run as root: only root can make another user's files");
        return;
    }
    let (_dir, root) = scratch();
    let home = root.join("home/ada");
    write(&home.join(".bashrc"), "alias ll='ls -l'\n");
    write(&home.join(".netrc"), "machine example.org\n");
    // The user's link would lead root to another's file.
    write(&root.join("other/secret"), "x\n");
    symlink("../../other/secret", home.join(".pypirc")).unwrap();
    let chown = |path: &Path, owner: &str| {
        assert!(Command::new("chown").args(["-hR", owner]).arg(path).status().unwrap().success());
    };
    chown(&home, "4242:4242");
    chown(&root.join("other"), "4343:4343");
    [&root, &root.join("home")].into_iter().for_each(|folder| set(folder, 0o755));
    set(&home.join(".bashrc"), 0o666);
    set(&home.join(".netrc"), 0o644);
    set(&root.join("other/secret"), 0o644);
    doctor(&home, &["--isolated", "--site", "common", "--fix", "--as-owner", "--home", home.to_str().unwrap()]);
    assert_eq!((mode(&home.join(".bashrc")), mode(&home.join(".netrc"))), (0o644, 0o600));
    assert_eq!(mode(&root.join("other/secret")), 0o644);
    assert_eq!(fs::metadata(home.join(".netrc")).unwrap().uid(), 4242);
}
