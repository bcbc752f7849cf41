//! `pydoctor doctor` on accounts that the tests make: reports, start-up order, counts, and that nothing is changed.
//!
//! Goldens of the reports are in `tests/doctor/`; `BLESS=1 cargo test --test doctor` writes them. `PYDOCTOR_TEST_FILES`
//! says how many small files a home gets, 2,000 by default.

#![expect(clippy::disallowed_methods, reason = "tests start programs and read what they wrote")]
#![expect(clippy::unwrap_used, reason = "a test ends at the first surprise")]

#[path = "doctor/homes.rs"]
mod homes;
#[path = "oracle/mod.rs"]
mod oracle;
#[path = "doctor/secrets.rs"]
mod secrets;
#[path = "doctor/shells.rs"]
mod shells;

use std::collections::BTreeMap;
use std::fs;
use std::os::unix::fs::{MetadataExt as _, PermissionsExt as _, symlink};
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};
use std::time::Duration;

use serde_json::Value as Json;

/// Runs the program on a home, in an environment that holds nothing else.
fn doctor(home: &Path, args: &[&str]) -> Output {
    let mut command = Command::new(env!("CARGO_BIN_EXE_pydoctor"));
    command.arg("doctor").args(args).env_clear().env("PATH", "/usr/bin:/bin").env("HOME", home).current_dir("/");
    command.output().unwrap()
}

/// The report on a home as JSON.
fn report(home: &Path, args: &[&str]) -> Json {
    let home_text = home.to_str().unwrap();
    let output = doctor(home, &[&["--isolated", "-f", "json", "--home", home_text], args].concat());
    serde_json::from_slice(&output.stdout)
        .unwrap_or_else(|error| panic!("{error}: {}", String::from_utf8_lossy(&output.stderr)))
}

/// A scratch folder without links in its name.
fn scratch() -> (tempfile::TempDir, PathBuf) {
    let dir = tempfile::tempdir().unwrap();
    let path = fs::canonicalize(dir.path()).unwrap();
    (dir, path)
}

fn write(path: &Path, text: &str) {
    fs::create_dir_all(path.parent().unwrap()).unwrap();
    fs::write(path, text).unwrap();
}

/// What may not change: everything but the time of the last look.
fn state(root: &Path) -> BTreeMap<PathBuf, String> {
    let mut found = BTreeMap::new();
    let mut waiting = vec![root.to_owned()];
    while let Some(path) = waiting.pop() {
        let meta = fs::symlink_metadata(&path).unwrap();
        let content = if meta.is_symlink() {
            fs::read_link(&path).unwrap().display().to_string()
        } else if meta.is_dir() {
            waiting.extend(fs::read_dir(&path).unwrap().map(|entry| entry.unwrap().path()));
            String::new()
        } else if meta.is_file() {
            String::from_utf8_lossy(&fs::read(&path).unwrap()).into_owned()
        } else {
            String::new()
        };
        let times = (meta.mtime(), meta.mtime_nsec(), meta.ctime(), meta.ctime_nsec());
        let owner = (meta.mode(), meta.uid(), meta.gid(), meta.nlink(), meta.ino());
        found.insert(path, format!("{owner:?} {} {times:?} {content}", meta.len()));
    }
    found
}

#[test]
fn nothing_is_changed() {
    let (_dir, root) = scratch();
    let home = homes::build(&root, "broken");
    let before = state(&root);
    for args in [&["--isolated"][..], &["--isolated", "--site", "midway3", "-f", "html"]] {
        doctor(&home, args);
        report(&home, args.get(1..3).unwrap_or_default());
    }
    assert_eq!(state(&root), before);
}

#[test]
fn the_administrator_looks_at_another_users_home() {
    let root_user = fs::metadata("/proc/self").unwrap().uid() == 0;
    if !root_user {
        assert!(std::env::var_os("CI").is_none(), "run as root: only root can make another user's files");
        return;
    }
    let (_dir, root) = scratch();
    let home = homes::build(&root, "broken");
    // A link to a third user's file, of which nothing may be read.
    write(&root.join("other/.zshrc"), "export HIDDEN_THING=1\n");
    symlink(root.join("other/.zshrc"), home.join(".zshrc")).unwrap();
    let chown = Command::new("chown").args(["-hR", "4242:4242"]).arg(&home).status().unwrap();
    assert!(chown.success());
    fs::set_permissions(home.join(".netrc"), fs::Permissions::from_mode(0o600)).unwrap();
    let before = state(&root);
    let report = report(&home, &["--site", "midway3"]);
    assert_eq!(state(&root), before);
    assert_eq!(report["live"], false);
    assert!(!report.to_string().contains("HIDDEN_THING"));
    let foreign: Vec<&Json> = report["init_files"].as_array().unwrap().iter().collect();
    assert!(!foreign.is_empty() && foreign.iter().all(|file| file["foreign_owner"].is_null()), "{foreign:?}");
    let refused = doctor(&home, &["--isolated", "--fix", "--home", home.to_str().unwrap()]);
    assert_eq!(refused.status.code(), Some(2));
    assert!(String::from_utf8_lossy(&refused.stderr).contains("--as-owner"));
    assert_eq!(state(&root), before);
}

#[test]
fn files_and_bytes_are_those_of_du() {
    let (_dir, root) = scratch();
    let home = root.join("home");
    for number in 0..300 {
        write(&home.join(format!("d{}/e{}/f{number}", number % 7, number % 3)), &"x".repeat(number * 37));
    }
    fs::hard_link(home.join("d0/e0/f0"), home.join("d1/linked")).unwrap();
    fs::hard_link(home.join("d0/e0/f0"), home.join("d2/linked")).unwrap();
    symlink("/usr", home.join("out")).unwrap();
    symlink("d0", home.join("inside")).unwrap();
    symlink(".", home.join("d3/loop")).unwrap();
    fs::create_dir(home.join("empty")).unwrap();
    let du = |args: &[&str]| -> u64 {
        let output = Command::new("du").args(args).arg(&home).output().unwrap().stdout;
        String::from_utf8(output).unwrap().split_whitespace().next().unwrap().parse().unwrap()
    };
    for jobs in ["-j1", "-j4"] {
        let report = report(&home, &[jobs]);
        let usage = &report["usage"][0];
        assert_eq!(usage["what"], "home");
        assert_eq!(usage["files"], du(&["--inodes", "-s"]), "{usage}");
        assert_eq!(usage["bytes"], du(&["-s", "--block-size=1"]), "{usage}");
    }
}

#[test]
fn reports_are_as_they_were() {
    for site in ["midway3", "picotte", "ozstar", "nersc-perlmutter", "vsc-ugent", "broken"] {
        let (_dir, root) = scratch();
        let home = homes::build(&root, site);
        let id = if site == "broken" { "midway3" } else { site };
        let output = doctor(&home, &["--isolated", "--site", id, "--home", home.to_str().unwrap()]);
        let status = output.status.code().unwrap();
        assert!(status < 2, "{}", String::from_utf8_lossy(&output.stderr));
        let shown = homes::masked(&String::from_utf8(output.stdout).unwrap(), &root);
        let shown = format!("{shown}exit status {status}\n");
        let golden = Path::new(env!("CARGO_MANIFEST_DIR")).join(format!("tests/doctor/{site}.txt"));
        if std::env::var_os("BLESS").is_some() {
            fs::write(&golden, &shown).unwrap();
        }
        let expected = fs::read_to_string(&golden).unwrap_or_default();
        assert!(shown == expected, "{}", similar::TextDiff::from_lines(&expected, &shown).unified_diff());
    }
}

#[test]
fn every_format_tells_the_same() {
    let (_dir, root) = scratch();
    let home = homes::build(&root, "broken");
    for format in ["human", "markdown", "html", "json"] {
        let output = doctor(&home, &["--isolated", "--site", "midway3", "-f", format]);
        let text = String::from_utf8(output.stdout).unwrap();
        for told in ["env-broken", "start-up-file-writable", "credentials-readable", "miniconda3"] {
            assert!(text.contains(told), "{format} says nothing of {told}");
        }
        assert!(format != "html" || !text.contains("<script") && text.ends_with("</html>\n"));
    }
}

#[test]
fn start_up_files_are_mended_and_can_be_put_back() {
    let (_dir, root) = scratch();
    let home = homes::build(&root, "midway3");
    let before = fs::read_to_string(home.join(".bashrc")).unwrap();
    let output = doctor(&home, &["--isolated", "--site", "midway3", "--fix"]);
    let shown = String::from_utf8_lossy(&output.stdout).into_owned();
    let after = fs::read_to_string(home.join(".bashrc")).unwrap();
    assert!(!after.contains("conda initialize"), "{shown}");
    assert!(shown.contains("Mended") && shown.contains("pydoctor undo --run 1"), "{shown}");
    assert!(home.join("miniconda3/bin").exists(), "nothing is moved or deleted");
    let undone = Command::new(env!("CARGO_BIN_EXE_pydoctor"))
        .args(["undo", "--last"])
        .env_clear()
        .env("HOME", &home)
        .output()
        .unwrap();
    assert!(undone.status.success());
    assert_eq!(fs::read_to_string(home.join(".bashrc")).unwrap(), before);
}

#[test]
fn an_interrupted_count_is_told() {
    let (_dir, root) = scratch();
    let home = root.join("home");
    homes::many_files(&home.join("data"), 10_000);
    // Before the counting begins the signal ends the program as ever, after it is over too: one of many tries meets it.
    let interrupted = |wait: u64| {
        let mut command = Command::new(env!("CARGO_BIN_EXE_pydoctor"));
        command.args(["doctor", "--isolated", "-j1", "-f", "json", "--home"]).arg(&home);
        let child = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
        std::thread::sleep(Duration::from_millis(wait));
        Command::new("kill").args(["-INT", &child.id().to_string()]).output().unwrap();
        child.wait_with_output().unwrap()
    };
    let partial = (0..200).map(|round| interrupted(5 + round * 7 % 200)).find(|output| output.status.code() == Some(2));
    let report: Json = serde_json::from_slice(&partial.expect("one try meets the counting").stdout).unwrap();
    assert_eq!(report["stopped"], true);
    assert!(report["usage"][0]["files"].as_u64().unwrap() < 10_000);
}
