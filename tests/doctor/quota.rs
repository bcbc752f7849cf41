//! The system's `quota`: asked about one's own account, from its own place, with nothing of the user's.

use std::fs;
use std::path::Path;
use std::process::{Command, Output};

use serde_json::Value as Json;

use super::live::run;
use super::{homes, oracle, scratch, write};

/// The program with another `quota` of the system's: a script that notes how it was asked and prints `answer`.
fn with_quota(root: &Path, home: &Path, answer: &str, args: &[&str]) -> Output {
    let noted = root.join("asked");
    let _ = fs::remove_file(&noted);
    let script = format!(
        "#!/bin/sh\necho \"$*\" \"${{HOME-no home}}\" \"${{SECRET-no secret}}\" > {}\ncat <<'END'\n{answer}END\nexit 1\n",
        noted.display()
    );
    homes::program(&root.join("system/quota"), &script);
    // In the first place that there is, in a mount namespace.
    let mount = "if [ -e /usr/bin/quota ]; then mount --bind \"$1/quota\" /usr/bin/quota; \
                 else mount --bind \"$1\" /usr/local/bin; fi && shift && exec \"$@\"";
    let mut command = Command::new("unshare");
    command.arg("--mount");
    if !rustix::process::geteuid().is_root() {
        command.arg("--map-root-user");
    }
    command.args(["sh", "-c", mount, "sh"]).arg(root.join("system")).arg(env!("CARGO_BIN_EXE_pydoctor"));
    command.args(["doctor", "--isolated"]).args(args);
    // What the user calls so is not asked.
    let path = format!("{}:/usr/bin:/bin:/usr/sbin:/sbin", home.join("bin").display());
    run(command, home, &[("SECRET", "x"), ("PATH", &path)])
}

const ANSWER: &str = include_str!("../../src/doctor/quota/nfs.txt");

#[test]
fn what_quota_tells_counts() {
    if !oracle::have("unshare") {
        return;
    }
    let (_dir, root) = scratch();
    let home = root.join("home/ada");
    homes::program(&home.join("bin/quota"), &format!("#!/bin/sh\ntouch {}\n", root.join("ran").display()));
    let output = with_quota(&root, &home, ANSWER, &["--site", "midway3"]);
    let shown = String::from_utf8_lossy(&output.stdout).into_owned();
    let asked = fs::read_to_string(root.join("asked")).unwrap_or_default();
    assert!(asked.starts_with("-u -w -p -Q --filesystem=/"), "{asked}{shown}");
    assert!(asked.ends_with(" no home no secret\n"), "{asked}");
    assert!(!root.join("ran").exists());
    for part in [
        "`quota` counts 27 GB of 30 GB and 271,840 of 300,000 files: 90 % of the space\n",
        "  `quota` counts 27 GB of 30 GB and 271,840 of 300,000 files as yours on the file system that holds it\n",
        "; the site's documents allow 30 GB and 300,000 files\n",
        " 90 % of the limit that `quota` tells\n",
    ] {
        assert!(shown.contains(part), "{part}{shown}");
    }
    assert!(!shown.contains("filer.example.org"), "names of servers are nobody's business: {shown}");
}

#[test]
fn nobody_is_asked_about_somebody_else() {
    if !oracle::have("unshare") {
        return;
    }
    let (_dir, root) = scratch();
    let home = root.join("home/ada");
    write(&home.join(".bashrc"), "");
    let named = home.to_str().unwrap().to_owned();
    let output = with_quota(&root, &home, ANSWER, &["-f", "json", "--site", "midway3", "--home", &named]);
    let report: Json = serde_json::from_slice(&output.stdout).unwrap();
    assert!(!root.join("asked").exists());
    assert_eq!((&report["usage"][0]["bytes_by"], report["usage"][0].get("quota")), (&"site".into(), None));
}

#[test]
fn nothing_is_made_of_what_is_not_understood() {
    if !oracle::have("unshare") {
        return;
    }
    let (_dir, root) = scratch();
    let home = root.join("home/ada");
    write(&home.join(".bashrc"), "");
    for answer in ["", "quota: error while getting quota\n", "Disk quotas for user ada (uid 1): none\n"] {
        let output = with_quota(&root, &home, answer, &["-f", "json", "--site", "midway3"]);
        let report: Json = serde_json::from_slice(&output.stdout).unwrap();
        assert!(root.join("asked").exists());
        assert_eq!(report["usage"][0]["bytes_by"], "site", "{answer}");
    }
}
