//! `pydoctor doctor` on accounts that the tests make: reports, start-up order, counts, and that nothing is changed.
//!
//! Goldens of the reports are in `tests/doctor/`; `BLESS=1 cargo test --test doctor` writes them.

#![expect(clippy::disallowed_methods, reason = "tests start programs and read what they wrote")]
#![expect(clippy::unwrap_used, reason = "a test ends at the first surprise")]

#[path = "doctor/homes.rs"]
mod homes;
#[path = "doctor/live.rs"]
mod live;
#[path = "oracle/mod.rs"]
mod oracle;
#[path = "doctor/quota.rs"]
mod quota;
#[path = "doctor/rights.rs"]
mod rights;
#[path = "doctor/secrets.rs"]
mod secrets;
#[path = "doctor/settings.rs"]
mod settings;
#[path = "doctor/shells.rs"]
mod shells;
#[path = "doctor/startup.rs"]
mod startup;

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
    // Homes lie where others get to.
    fs::set_permissions(&path, fs::Permissions::from_mode(0o755)).unwrap();
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
fn what_a_file_asks_for_first_need_not_be_there() {
    let (_dir, root) = scratch();
    let home = root.join("home/ada");
    let bashrc =
        "if [ -f ~/.a ]; then\n    . ~/.a\nfi\n[ -r ~/.b ] && . ~/.b\ntest -r ~/.c && source ~/.c || true\n. ~/.d\n";
    write(&home.join(".bashrc"), bashrc);
    write(&root.join("else/.zshrc"), "");
    symlink(root.join("else/.zshrc"), home.join(".zshrc")).unwrap();
    let report = report(&home, &["--site", "common"]);
    let broken = report["findings"].as_array().unwrap().iter().filter(|each| each["rule"] == "start-up-file-broken");
    let said: Vec<&str> = broken.map(|each| each["message"].as_str().unwrap()).collect();
    assert_eq!(said, [format!("this file reads `{}/.d`, which is not there", home.display())]);
    let zsh = report["startup"].as_array().unwrap().iter().find(|chain| chain["shell"] == "zsh").unwrap();
    let link = &zsh["files"][0];
    assert_eq!(
        (&link["state"], &link["target"]),
        (&"outside".into(), &root.join("else/.zshrc").to_str().unwrap().into())
    );
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
fn emptying_caches_gives_back_what_du_then_misses() {
    let (_dir, root) = scratch();
    let home = root.join("home/ada");
    let (uv, venv, pkgs) = (home.join(".cache/uv"), home.join("work/.venv"), home.join("miniconda3/pkgs"));
    for number in 0..60 {
        let text = "x".repeat(number * 97);
        write(&uv.join(format!("archive-v0/a/f{number}")), &text);
        write(&pkgs.join(format!("numpy/f{number}")), &text);
        let link = |from: &Path, to: &Path| {
            fs::create_dir_all(to.parent().unwrap()).unwrap();
            fs::hard_link(from, to).unwrap();
        };
        let of_uv = uv.join(format!("archive-v0/a/f{number}"));
        match number % 6 {
            0 => link(&of_uv, &venv.join(format!("lib/f{number}"))),
            1 => link(&of_uv, &uv.join(format!("archive-v0/b/f{number}"))),
            2 => link(&of_uv, &home.join(format!(".cache/pip/f{number}"))),
            3 => link(&of_uv, &root.join(format!("elsewhere/f{number}"))),
            4 => link(&of_uv, &home.join(format!("notes/f{number}"))),
            _ => link(&pkgs.join(format!("numpy/f{number}")), &home.join(format!("miniconda3/envs/ml/lib/f{number}"))),
        }
    }
    write(&pkgs.join("urls.txt"), "");
    write(&venv.join("pyvenv.cfg"), "home = /usr/bin\n");
    for folder in ["miniconda3", "miniconda3/envs/ml"] {
        write(&home.join(folder).join("conda-meta/history"), "");
    }
    let du = |of: &Path, args: &[&str]| -> u64 {
        let output = Command::new("du").args(args).arg(of).output().unwrap().stdout;
        String::from_utf8(output).unwrap().split_whitespace().next().unwrap().parse().unwrap()
    };
    let all = |of: &Path| (du(of, &["--inodes", "-s"]), du(of, &["-s", "--block-size=1"]));
    let counted = |jobs| {
        let mut report = report(&home, &[jobs]);
        // Others write to the file system meanwhile.
        report["usage"].as_array_mut().unwrap().retain(|row| row["what"] != "file-system");
        report
    };
    let reports: Vec<Json> = (0..12).map(|turn| counted(if turn < 2 { "-j1" } else { "-j8" })).collect();
    for other in &reports[1..] {
        let same = |key: &str| assert_eq!(reports[0][key], other[key]);
        ["usage", "installations"].iter().for_each(|key| same(key));
    }
    let files = |what: &str| {
        let row = reports[0]["usage"].as_array().unwrap().iter().find(|row| row["what"] == what);
        row.unwrap()["files"].as_u64().unwrap()
    };
    // Its folders, 60 files without the 20 that count for the environment and the notes, 10 that pip's cache has first.
    assert_eq!(files("uv-cache"), 4 + 30);
    let sum = ["environments", "rest", "uv-cache", "pip-cache", "conda-packages", "other-caches"].map(files);
    assert_eq!(sum.iter().sum::<u64>(), files("home"));
    let told = |key: &str| reports[0]["usage"][0][key].as_u64().unwrap();
    assert_eq!((told("files"), told("bytes")), all(&home));
    // What has a name elsewhere stays on the disk.
    let before = all(&root);
    for cache in [home.join(".cache"), pkgs] {
        fs::remove_dir_all(cache).unwrap();
    }
    let after = all(&root);
    assert_eq!((told("freed_files"), told("freed_bytes")), (before.0 - after.0, before.1 - after.1));
}

#[test]
fn reports_are_as_they_were() {
    let sites = [
        "midway2",
        "midway3",
        "picotte",
        "proteus",
        "ozstar",
        "nersc-cori",
        "nersc-perlmutter",
        "vsc-kuleuven",
        "vsc-uantwerpen",
        "vsc-ugent",
        "vsc-vub",
        "broken",
    ];
    for site in sites {
        let (_dir, root) = scratch();
        let home = homes::build(&root, site);
        let id = if site == "broken" { "midway3" } else { site };
        let output = doctor(&home, &["--isolated", "--site", id, "--home", home.to_str().unwrap()]);
        let status = output.status.code().unwrap();
        assert!(status < 2, "{}", String::from_utf8_lossy(&output.stderr));
        let shown = homes::masked(&String::from_utf8(output.stdout).unwrap(), &root);
        golden(site, &format!("{shown}exit status {status}\n"));
    }
}

/// Compares with the golden of that name, or writes it.
fn golden(name: &str, shown: &str) {
    let golden = Path::new(env!("CARGO_MANIFEST_DIR")).join(format!("tests/doctor/{name}.txt"));
    if std::env::var_os("BLESS").is_some() {
        fs::write(&golden, shown).unwrap();
    }
    let expected = fs::read_to_string(&golden).unwrap_or_default();
    assert!(shown == expected, "{}", similar::TextDiff::from_lines(&expected, shown).unified_diff());
}

#[test]
fn the_page_shows_what_is_printed() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let page = fs::read_to_string(root.join("docs/doctor.md")).unwrap();
    let (_, rest) = page.split_once("<!-- part of tests/doctor/midway2.txt -->\n```text\n").unwrap();
    let (shown, _) = rest.split_once("```").unwrap();
    let golden = fs::read_to_string(root.join("tests/doctor/midway2.txt")).unwrap();
    for part in shown.split("…\n") {
        assert!(golden.contains(part), "not in the golden:\n{part}");
    }
}

#[test]
fn every_site_that_users_are_at_has_a_home_here() {
    let files = fs::read_dir(Path::new(env!("CARGO_MANIFEST_DIR")).join("rules/sites")).unwrap();
    let ids = files.map(|entry| entry.unwrap().path().file_stem().unwrap().to_string_lossy().into_owned());
    let parents = ["common", "rcc", "vsc"];
    for id in ids.filter(|id| !parents.contains(&id.as_str())) {
        let golden = Path::new(env!("CARGO_MANIFEST_DIR")).join(format!("tests/doctor/{id}.txt"));
        assert!(golden.exists(), "no home for {id}");
    }
}

#[test]
fn a_hundred_thousand_small_files_are_counted() {
    let (_dir, root) = scratch();
    let home = root.join("home/ada");
    homes::many_files(&home.join("miniconda3/pkgs/x"), 40_000);
    write(&home.join("miniconda3/pkgs/urls.txt"), "");
    homes::many_files(&home.join("data"), 60_000);
    let report = report(&home, &["--site", "midway3"]);
    // The folders: home, data with 600, miniconda3, pkgs, x with 400; and `urls.txt`.
    let folders = 1 + 601 + 2 + 401;
    assert_eq!(report["usage"][0]["files"], 100_000 + 1 + folders);
    let pkgs = report["usage"].as_array().unwrap().iter().find(|part| part["what"] == "conda-packages").unwrap();
    assert_eq!((pkgs["files"].as_u64(), &pkgs["files_share"]), (Some(40_000 + 1 + 402), &Json::from(13)));
}

#[test]
fn a_nearly_full_home_says_what_fills_it() {
    let (_dir, root) = scratch();
    let home = root.join("home/ada");
    let pack = root.join("pack");
    write(&pack.join("pack.toml"), "name = \"small\"\nversion = \"1\"\n");
    write(
        &pack.join("sites/small.toml"),
        "id = \"small\"\nname = \"Small\"\n[[quota]]\nplace = \"home\"\nbytes = \"20 MB\"\nfiles = 700\nsource = \"the desk\"\n",
    );
    let large = |path: &str, megabytes: usize| write(&home.join(path), &"x".repeat(megabytes << 20));
    large(".cache/huggingface/hub/model.bin", 9);
    large(".cache/pip/http/wheel", 4);
    large("miniconda3/pkgs/big.conda", 3);
    large("thesis.pdf", 2);
    write(&home.join("miniconda3/pkgs/urls.txt"), "");
    homes::many_files(&home.join("miniconda3/pkgs/numpy"), 400);
    homes::many_files(&home.join(".cache/uv"), 150);
    homes::many_files(&home.join(".local/lib/python3.11/site-packages"), 90);
    let output = Command::new(env!("CARGO_BIN_EXE_pydoctor"))
        .args(["doctor", "--site", "small", "--home"])
        .arg(&home)
        .env_clear()
        .env("PYDOCTOR_POLICY_PATH", &pack)
        .current_dir("/")
        .output()
        .unwrap();
    let shown = String::from_utf8(output.stdout).unwrap();
    assert_eq!(output.status.code(), Some(1), "{shown}{}", String::from_utf8_lossy(&output.stderr));
    // Here sizes are what it is about; blocks of file systems differ by a little.
    let sizes = regex::Regex::new(r"(\d+)(?:\.\d)? MB in").unwrap();
    golden("nearly-full", &homes::masked(&sizes.replace_all(&shown, "about $1 megabytes in"), &root));
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
    let interrupted = || {
        let mut command = Command::new(env!("CARGO_BIN_EXE_pydoctor"));
        command.args(["doctor", "--isolated", "-j1", "-f", "json", "--home"]).arg(&home);
        let child = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
        // Just before it counts it asks to be told of the signal, which ends it as ever before that.
        let status = format!("/proc/{}/status", child.id());
        let listens = |status: String| {
            let caught = status.lines().find_map(|line| line.strip_prefix("SigCgt:"))?.trim().to_owned();
            Some(u64::from_str_radix(&caught, 16).unwrap() & 2 != 0)
        };
        while !fs::read_to_string(&status).ok().and_then(listens).unwrap_or(true) {
            std::thread::sleep(Duration::from_micros(200));
        }
        rustix::process::kill_process(rustix::process::Pid::from_child(&child), rustix::process::Signal::INT).unwrap();
        child.wait_with_output().unwrap()
    };
    // The counting may be over before the signal comes: one of some tries meets it.
    let partial = (0..50).map(|_| interrupted()).find(|output| output.status.code() == Some(2));
    let report: Json = serde_json::from_slice(&partial.expect("one try meets the counting").stdout).unwrap();
    assert_eq!(report["stopped"], true);
    assert!(report["usage"][0]["files"].as_u64().unwrap() < 10_000);
}
