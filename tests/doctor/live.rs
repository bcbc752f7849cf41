//! One's own account: the environment of its shell, the site's other places, questions about what is not safe.

use std::collections::BTreeMap;
use std::fs;
use std::os::unix::fs::symlink;
use std::path::Path;
use std::process::{Command, Output, Stdio};

use serde_json::Value as Json;

use super::{homes, oracle, scratch, write};

/// The program in an environment that holds `env` and nothing else.
pub fn run(mut command: Command, home: &Path, env: &[(&str, &str)]) -> Output {
    command.env_clear().envs([("PATH", "/usr/bin:/bin"), ("USER", "ada")]).env("HOME", home);
    command.envs(env.iter().copied()).current_dir("/").output().unwrap()
}

pub fn report(home: &Path, env: &[(&str, &str)], site: &str) -> Json {
    let mut command = Command::new(env!("CARGO_BIN_EXE_pydoctor"));
    command.args(["doctor", "--isolated", "-f", "json", "--site", site]);
    let output = run(command, home, env);
    serde_json::from_slice(&output.stdout)
        .unwrap_or_else(|error| panic!("{error}: {}", String::from_utf8_lossy(&output.stderr)))
}

/// The rules that found something, with what they are about.
pub fn found(report: &Json) -> Vec<(String, String)> {
    let text = |value: &Json| value.as_str().unwrap().to_owned();
    report["findings"].as_array().unwrap().iter().map(|each| (text(&each["rule"]), text(&each["path"]))).collect()
}

#[test]
fn other_places_are_searched_for_environments() {
    let (_dir, root) = scratch();
    let home = root.join("home/ada");
    fs::create_dir_all(&home).unwrap();
    let scratch_folder = root.join("scratch/ada");
    homes::conda_env(&scratch_folder.join("deep/envs/ml"), &["python-3.10.13-h955ad1f_0"], "2024-02-10 17:02:11");
    homes::many_files(&scratch_folder.join("data"), 500);
    write(&scratch_folder.join("environment.yml"), "name: ml\ndependencies: [numpy]\n");
    homes::conda_env(&root.join("scratch/bob/envs/theirs"), &[], "2024-02-10 17:02:11");
    symlink(root.join("scratch/bob"), scratch_folder.join("friend")).unwrap();
    let value = scratch_folder.to_str().unwrap();
    let report = report(&home, &[("SCRATCH", value)], "nersc-perlmutter");
    let installations = report["installations"].as_array().unwrap();
    let paths: Vec<&str> = installations.iter().map(|each| each["path"].as_str().unwrap()).collect();
    assert_eq!(paths, [format!("{value}/deep/envs/ml")]);
    assert_eq!((&installations[0]["exported"], &installations[0]["files"]), (&true.into(), &6.into()));
    assert_eq!(report["searched"][0]["path"], value);
    assert!(report["searched"][0]["names"].as_u64().unwrap() > 500);
    assert_eq!(report["usage"][0]["files"], 1, "the home itself");
    assert!(!report.to_string().contains("theirs"));
}

#[test]
fn condas_files_win_in_condas_order() {
    if !oracle::have("unshare") {
        return;
    }
    let (_dir, root) = scratch();
    let home = root.join("home/ada");
    let says = |number: usize| format!("remote_read_timeout_secs: {number}\n");
    write(&root.join("etc/conda/.condarc"), &format!("{}ssl_verify: true\nchannels: [conda-forge]\n", says(1)));
    write(&root.join("etc/conda/condarc.d/more.yml"), &says(2));
    write(&home.join("miniconda3/conda-meta/history"), "");
    write(&home.join("miniconda3/condabin/conda"), "");
    write(&home.join("miniconda3/.condarc"), &says(3));
    write(&home.join(".config/conda/.condarc"), &says(4));
    write(&home.join(".condarc"), &format!("{}channels: [bioconda]\n", says(5)));
    let last = root.join("last.yml");
    write(&last, &says(6));
    let mut command = Command::new("unshare");
    command.arg("--mount");
    if !rustix::process::geteuid().is_root() {
        command.arg("--map-root-user");
    }
    let script = "mount --bind \"$1\" /etc && shift && exec \"$@\"";
    command.args(["sh", "-c", script, "sh"]).arg(root.join("etc")).arg(env!("CARGO_BIN_EXE_pydoctor"));
    command.args(["doctor", "--isolated", "-f", "json", "--site", "common"]);
    let output = run(command, &home, &[("CONDARC", last.to_str().unwrap()), ("CONDA_SSL_VERIFY", "false")]);
    let report: Json = serde_json::from_slice(&output.stdout).unwrap_or_else(|error| panic!("{error}: {output:?}"));
    let settings = report["settings"].as_array().unwrap();
    let timeouts: Vec<(&str, &str)> = settings
        .iter()
        .filter(|setting| setting["name"] == "remote_read_timeout_secs")
        .map(|setting| (setting["value"].as_str().unwrap(), setting["overridden_by"].as_str().unwrap_or("")))
        .collect();
    let winner = last.to_str().unwrap();
    assert_eq!(timeouts, [("1", winner), ("2", winner), ("3", winner), ("4", winner), ("5", winner), ("6", "")]);
    let channels: Vec<&Json> = settings.iter().filter(|setting| setting["name"] == "channels").collect();
    assert!(channels.len() == 2 && channels.iter().all(|setting| setting["overridden_by"].is_null()), "{channels:?}");
    let verify = settings.iter().find(|setting| setting["name"] == "ssl_verify").unwrap();
    assert_eq!(verify["overridden_by"], "CONDA_SSL_VERIFY");
    assert!(
        found(&report).iter().all(|(_, path)| !path.starts_with("/etc")),
        "nobody but root can mend the system's files"
    );
}

#[test]
fn search_paths_and_variables_are_looked_at() {
    let (_dir, root) = scratch();
    let home = root.join("home/ada");
    homes::conda_env(&home.join("miniconda3"), &["python-3.9.18-h955ad1f_0"], "2023-12-01 09:30:00");
    for program in ["tclsh", "dbus-daemon", "mpicc"] {
        homes::program(&home.join("miniconda3/bin").join(program), "#!/bin/sh\n");
    }
    homes::program(&root.join("mpi/bin/mpicc"), "#!/bin/sh\n");
    write(&root.join("lmod"), "#!/usr/bin/env tclsh\n");
    let path = format!("{0}/miniconda3/bin:{1}/mpi/bin:/usr/bin:/bin", home.display(), root.display());
    let conda_lib = format!("{}/miniconda3/lib", home.display());
    let modules = root.join("lmod").display().to_string();
    let env = [
        ("PATH", path.as_str()),
        ("LD_LIBRARY_PATH", &conda_lib),
        ("LMOD_CMD", &modules),
        ("PYTHONHOME", "/usr"),
        ("PIP_USER", "1"),
        ("PIP_TARGET", "/project/x"),
        ("PYTHONNOUSERSITE", "1"),
        ("CONDA_ENVS_PATH", "/a"),
        ("CONDA_ENVS_DIRS", "/b"),
    ];
    let report = report(&home, &env, "common");
    let all = found(&report);
    let mut count: BTreeMap<&str, usize> = BTreeMap::new();
    all.iter().for_each(|(rule, _)| *count.entry(rule).or_default() += 1);
    let programs: Vec<&str> =
        report["search_path"].as_array().unwrap().iter().filter_map(|each| each["program"].as_str()).collect();
    // tclsh and dbus-daemon hide the system's only where it has them.
    let system = ["/usr/bin/tclsh", "/usr/bin/dbus-daemon"].iter().filter(|path| Path::new(path).exists()).count();
    assert_eq!(count.get("tclsh-shadowed"), Some(&(3 + system)), "{all:?}");
    assert!(programs.contains(&"module"));
    assert_eq!(count.get("pip-settings-in-conflict"), Some(&2), "{all:?}");
    assert_eq!(count.get("conda-dirs-twice"), Some(&1), "{all:?}");
    assert_eq!(count.get("python-vars-in-startup"), Some(&1), "{all:?}");
}

#[test]
fn what_is_not_safe_is_asked_about() {
    if !oracle::have("script") {
        return;
    }
    let (_dir, root) = scratch();
    let home = homes::build(&root, "midway3");
    let text = "# >>> conda initialize >>>\neval \"$(/home/ada/miniconda3/bin/conda shell.bash hook)\"\n# <<< conda initialize <<<\necho hello\n";
    write(&home.join(".bashrc"), text);
    let typed = |answers: &str| {
        fs::write(root.join("answers"), answers).unwrap();
        let line = format!("{} --color never doctor --isolated --site midway3 --fix", env!("CARGO_BIN_EXE_pydoctor"));
        let mut command = Command::new("script");
        command.args(["-q", "-e", "-c", &line, "/dev/null"]);
        command.stdin(Stdio::from(fs::File::open(root.join("answers")).unwrap()));
        let output = run(command, &home, &[("TERM", "xterm")]);
        String::from_utf8_lossy(&output.stdout).into_owned()
    };
    let shown = typed("n\nn\nn\nn\nn\n");
    let left = fs::read_to_string(home.join(".bashrc")).unwrap();
    assert!(
        !left.contains("conda initialize") && left.contains("\necho hello") || left == "echo hello\n",
        "{left}{shown}"
    );
    assert!(shown.contains("startup-prints") && shown.contains("apply this fix?"), "{shown}");
    assert!(!shown.contains("fix (safe)"), "what is safe is not asked about: {shown}");
    let shown = typed("y\ny\ny\n");
    let left = fs::read_to_string(home.join(".bashrc")).unwrap();
    assert_eq!(left, "[[ $- != *i* ]] || echo hello\n", "{shown}");
    assert!(home.join("miniconda3/bin").exists() && home.join("miniconda3/pkgs").exists(), "nothing is moved");
}

#[test]
fn several_formats_go_to_several_places() {
    let (_dir, root) = scratch();
    let home = root.join("home/ada");
    write(&home.join(".bashrc"), "conda activate base\n");
    let run_with = |formats: &[&str]| {
        let mut command = Command::new(env!("CARGO_BIN_EXE_pydoctor"));
        command.args(["doctor", "--isolated", "--site", "midway3"]).args(formats.iter().flat_map(|each| ["-f", each]));
        run(command, &home, &[])
    };
    let place = |format: &str, name: &str| format!("{format}={}", root.join(name).display());
    let (json, html) = (place("json", "a"), place("html", "b"));
    let output = run_with(&[&json, &html, "human"]);
    assert_eq!(output.status.code(), Some(1));
    assert!(String::from_utf8(output.stdout).unwrap().starts_with("Account "));
    assert!(fs::read_to_string(root.join("b")).unwrap().starts_with("<!DOCTYPE html>"));
    let report: Json = serde_json::from_slice(&fs::read(root.join("a")).unwrap()).unwrap();
    assert_eq!(report["version"], 1);
    assert!(run_with(&[&json]).stdout.is_empty());
    for formats in [&["json", "human"][..], &[&json, &place("html", "a")]] {
        let output = run_with(formats);
        assert_eq!(output.status.code(), Some(2), "{formats:?}");
        assert!(String::from_utf8(output.stderr).unwrap().contains("two formats cannot both go to"));
    }
}

#[test]
fn an_environment_whose_python_is_shut_away_is_broken() {
    use std::os::unix::fs::PermissionsExt as _;
    use std::os::unix::process::CommandExt as _;
    let (_dir, root) = scratch();
    let home = root.join("home/ada");
    homes::program(&root.join("private/bin/python3"), "#!/bin/sh\n");
    write(&home.join("venv/pyvenv.cfg"), "home = /x\nversion = 3.11.4\n");
    fs::create_dir_all(home.join("venv/bin")).unwrap();
    symlink(root.join("private/bin/python3"), home.join("venv/bin/python")).unwrap();
    homes::program(&home.join("shut/bin/python3"), "#!/bin/sh\n");
    write(&home.join("inner/pyvenv.cfg"), "home = /x\nversion = 3.11.4\n");
    fs::create_dir_all(home.join("inner/bin")).unwrap();
    symlink("../../shut/bin/python3", home.join("inner/bin/python")).unwrap();
    let mut command = Command::new(env!("CARGO_BIN_EXE_pydoctor"));
    command.args(["doctor", "--isolated", "-f", "json", "--site", "common"]);
    if rustix::process::geteuid().is_root() {
        // Nothing is shut to root.
        let chown = Command::new("chown").args(["-hR", "4242:4242"]).arg(&home).status().unwrap();
        assert!(chown.success());
        command.uid(4242).gid(4242);
    }
    for folder in [root.join("private"), home.join("shut/bin")] {
        fs::set_permissions(folder, fs::Permissions::from_mode(0o000)).unwrap();
    }
    let output = run(command, &home, &[]);
    let report: Json = serde_json::from_slice(&output.stdout).unwrap_or_else(|error| panic!("{error}: {output:?}"));
    // They are deleted in the end.
    for folder in [root.join("private"), home.join("shut/bin")] {
        fs::set_permissions(folder, fs::Permissions::from_mode(0o755)).unwrap();
    }
    let problems: Vec<(&str, &str)> = report["installations"]
        .as_array()
        .unwrap()
        .iter()
        .map(|each| (each["name"].as_str().unwrap(), each["problem"].as_str().unwrap()))
        .collect();
    assert_eq!(problems, [("inner", "interpreter-shut"), ("venv", "interpreter-shut")]);
    let said: Vec<&str> =
        report["findings"].as_array().unwrap().iter().filter_map(|each| each["message"].as_str()).collect();
    assert!(said.iter().filter(|message| message.contains("cannot be reached")).count() == 2, "{said:?}");
}

#[test]
fn commands_name_the_very_path_whatever_is_in_it() {
    use std::ffi::OsString;
    use std::os::unix::ffi::OsStringExt as _;
    let (_dir, root) = scratch();
    let home = root.join("home/ada");
    let names = [&b"a\x1b[31mb"[..], b"c\xff\xfed", b"e\nf", b"g\xe2\x80\xaeh", b"i 'j\"$k`"];
    for name in names {
        let folder = home.join(OsString::from_vec(name.to_vec())).join("venv");
        fs::create_dir_all(folder.join("bin")).unwrap();
        fs::write(folder.join("pyvenv.cfg"), "version = 3.11.4\n").unwrap();
        symlink("/gone/python3", folder.join("bin/python")).unwrap();
    }
    let told = report(&home, &[], "common");
    let broken = told["findings"].as_array().unwrap().iter().filter(|each| each["rule"] == "env-broken");
    let helps: Vec<&str> = broken.map(|each| each["help"].as_str().unwrap()).collect();
    assert_eq!(helps.len(), names.len(), "{helps:?}");
    for help in helps {
        assert!(!help.contains(|c: char| c.is_control() || "\u{202e}\u{fffd}".contains(c)), "{help:?}");
        let (_, command) = help.split_once("`rm -rf ").unwrap();
        let word = command.strip_suffix('`').unwrap();
        let output = Command::new("bash").args(["-c", &format!("rm -rf {word}")]).env("HOME", &home).output().unwrap();
        assert!(output.status.success(), "{word}: {output:?}");
    }
    let left: Vec<_> =
        names.iter().filter(|name| home.join(OsString::from_vec(name.to_vec())).join("venv").exists()).collect();
    assert!(left.is_empty(), "{left:?}");
    let text = told.to_string();
    assert!(!text.contains(|c: char| u32::from(c) > 0x0F_FFFF), "what stands for bytes is shown");
}

#[test]
fn an_environment_below_a_folder_with_a_line_end_works() {
    if !oracle::have("python3") {
        return;
    }
    let (_dir, root) = scratch();
    let home = root.join("home/ada");
    let venv = home.join("a\nb/venv");
    fs::create_dir_all(venv.parent().unwrap()).unwrap();
    let made = Command::new("python3").args(["-m", "venv"]).arg(&venv).output().unwrap();
    assert!(made.status.success(), "{made:?}");
    let works = Command::new(venv.join("bin/python")).args(["-c", "pass"]).status().unwrap();
    let told = report(&home, &[], "common");
    assert_eq!(told["installations"][0]["problem"] == "none", works.success(), "{}", told["installations"]);
}
