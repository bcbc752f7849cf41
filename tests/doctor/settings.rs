//! Settings of tools: where they stand, which of them wins, and that pip itself agrees.

use std::fs;
use std::path::Path;
use std::process::Command;

use serde_json::Value as Json;

use super::live::{found, report, run};
use super::{homes, oracle, scratch, write};

/// Where each setting of that name stands, its value, and what wins over it.
fn told<'a>(report: &'a Json, name: &str) -> Vec<(&'a str, u64, &'a str, &'a str)> {
    let settings = report["settings"].as_array().unwrap().iter().filter(|setting| setting["name"] == name);
    let text = |value: &'a Json| value.as_str().unwrap_or("");
    let row = |each: &'a Json| {
        let line = each["line"].as_u64().unwrap_or(0);
        (text(&each["path"]), line, text(&each["value"]), text(&each["overridden_by"]))
    };
    settings.map(row).collect()
}

#[test]
fn findings_name_the_line() {
    let (_dir, root) = scratch();
    let home = root.join("home/ada");
    write(&home.join(".jupyter/jupyter_server_config.py"), "c = get_config()\n\nc.ServerApp.ip = '*'\n");
    write(
        &home.join(".jupyter/jupyter_notebook_config.json"),
        "{\n  \"NotebookApp\": {\n    \"token\": \"\"\n  }\n}\n",
    );
    write(&home.join(".config/pip/pip.conf"), "[global]\ntarget = /project/x\nuser = true\n");
    write(&home.join(".config/uv/uv.toml"), "\n[pip]\nsystem = true\n");
    let report = report(&home, &[], "common");
    let lines: Vec<(&str, u64)> = report["findings"]
        .as_array()
        .unwrap()
        .iter()
        .map(|each| (each["rule"].as_str().unwrap(), each["line"].as_u64().unwrap()))
        .collect();
    let expected = [("pip-settings-in-conflict", 2), ("jupyter-open-to-all", 3), ("jupyter-open-to-all", 3)];
    assert_eq!(lines, expected, "{:?}", found(&report));
    assert_eq!(told(&report, "pip.system"), [("$HOME/.config/uv/uv.toml", 3, "true", "")]);
    let mut command = Command::new(env!("CARGO_BIN_EXE_pydoctor"));
    command.args(["doctor", "--isolated", "--site", "common"]);
    let shown = String::from_utf8(run(command, &home, &[]).stdout).unwrap();
    assert!(shown.contains("warning ~/.jupyter/jupyter_server_config.py:3: "), "{shown}");
    assert!(shown.contains("  ~/.config/pip/pip.conf:2 "), "{shown}");
}

#[test]
fn a_condarc_of_one_installation_counts_for_that_alone() {
    let (_dir, root) = scratch();
    let home = root.join("home/ada");
    for name in ["miniconda3", "old/miniforge3"] {
        homes::conda_env(&home.join(name), &["python-3.11.4-h955ad1f_0"], "2024-01-20 08:00:00");
        write(&home.join(name).join("condabin/conda"), "");
    }
    let elsewhere = root.join("scratch/ada/conda");
    homes::conda_env(&elsewhere, &["python-3.11.4-h955ad1f_0"], "2024-01-20 08:00:00");
    write(&elsewhere.join("condabin/conda"), "");
    let says = |solver: &str| format!("# of one\nsolver: {solver}\n");
    write(&home.join("miniconda3/.condarc"), &says("classic"));
    write(&home.join("old/miniforge3/.condarc"), &says("libmamba"));
    write(&elsewhere.join(".condarc"), &says("rattler"));
    let value = root.join("scratch/ada").display().to_string();
    let far = format!("{value}/conda/.condarc");
    let all = report(&home, &[("SCRATCH", &value)], "nersc-perlmutter");
    let expected = [
        ("$HOME/miniconda3/.condarc", 2, "classic", ""),
        ("$HOME/old/miniforge3/.condarc", 2, "libmamba", ""),
        (far.as_str(), 2, "rattler", ""),
    ];
    assert_eq!(told(&all, "solver"), expected);
    // What counts for all of them wins over each.
    write(&home.join(".condarc"), "solver: classic\n");
    let all = report(&home, &[("SCRATCH", &value)], "nersc-perlmutter");
    let winners: Vec<&str> = told(&all, "solver").iter().map(|row| row.3).collect();
    assert_eq!(winners, ["$HOME/.condarc", "$HOME/.condarc", "$HOME/.condarc", ""]);
}

#[test]
fn conda_reads_no_file_of_mambas() {
    let (_dir, root) = scratch();
    let home = root.join("home/ada");
    write(&home.join(".condarc"), "solver: classic\nssl_verify: true\nchannels: [a]\n");
    write(&home.join(".mambarc"), "solver: libmamba\nssl_verify: false\nchannels: [b]\nquiet: true\n");
    let last = root.join("last.yml");
    write(&last, "ssl_verify: true\n");
    let all =
        report(&home, &[("CONDARC", last.to_str().unwrap()), ("MAMBA_QUIET", "1"), ("CONDA_QUIET", "1")], "common");
    let (condarc, mambarc, last) = ("$HOME/.condarc", "$HOME/.mambarc", last.to_str().unwrap());
    assert_eq!(told(&all, "solver"), [(condarc, 1, "classic", ""), (mambarc, 1, "libmamba", "")]);
    let verify = [(condarc, 2, "true", last), (mambarc, 2, "false", last), (last, 1, "true", "")];
    assert_eq!(told(&all, "ssl_verify"), verify);
    assert_eq!(told(&all, "channels"), [(condarc, 3, "a", ""), (mambarc, 3, "b", "")]);
    assert_eq!(told(&all, "quiet"), [(mambarc, 4, "true", "MAMBA_QUIET")]);
    let in_mamba: Vec<&str> =
        all["settings"].as_array().unwrap().iter().filter_map(|each| each["overridden_in_mamba_by"].as_str()).collect();
    assert_eq!(in_mamba, [mambarc]);
    let mut command = Command::new(env!("CARGO_BIN_EXE_pydoctor"));
    command.args(["doctor", "--isolated", "--site", "common"]);
    let shown = String::from_utf8(run(command, &home, &[]).stdout).unwrap();
    let row =
        |file: &str| shown.lines().find(|line| line.contains(file) && line.contains("solver")).unwrap().to_owned();
    assert!(row("~/.condarc:1").ends_with(" in mamba overridden by ~/.mambarc"), "{shown}");
    assert!(row("~/.mambarc:1").ends_with(" read by mamba alone"), "{shown}");
}

#[test]
fn pip_itself_obeys_the_same_files() {
    if !oracle::have("python3") {
        return;
    }
    let (_dir, root) = scratch();
    let home = root.join("home/ada");
    let venv = root.join("venv");
    fs::create_dir_all(&home).unwrap();
    let made = Command::new("python3").args(["-m", "venv"]).arg(&venv).output().unwrap();
    assert!(made.status.success(), "{made:?}");
    let path = |name: &str| root.join(name).display().to_string();
    let (dirs, config, named) = (format!("{}:{}", path("a"), path("b")), path("config"), path("named.conf"));
    let env = [
        ("XDG_CONFIG_DIRS", dirs.as_str()),
        ("XDG_CONFIG_HOME", &config),
        ("VIRTUAL_ENV", venv.to_str().unwrap()),
        ("PIP_CONFIG_FILE", &named),
    ];
    let pip = |name: &str| {
        let mut command = Command::new(venv.join("bin/python"));
        command.args(["-m", "pip", "config", "list"]);
        let listed = String::from_utf8(run(command, &home, &env).stdout).unwrap();
        let value = |line: &str| Some(line.strip_prefix(name)?.strip_prefix('=')?.trim_matches('\'').to_owned());
        listed.lines().find_map(value)
    };
    let places = [
        root.join("a/pip/pip.conf"),
        root.join("b/pip/pip.conf"),
        home.join(".pip/pip.conf"),
        root.join("config/pip/pip.conf"),
        venv.join("pip.conf"),
        root.join("named.conf"),
    ];
    for (number, place) in places.iter().enumerate() {
        let only = if place.starts_with(&home) { "retries = 7\n" } else { "" };
        write(place, &format!("[global]\ntimeout = {}\n{only}", number + 100));
        let report = report(&home, &env, "common");
        let winners = |name: &str| -> Vec<String> {
            told(&report, name).iter().filter(|row| row.3.is_empty()).map(|row| row.2.to_owned()).collect()
        };
        let timeouts = winners("global.timeout");
        assert_eq!((timeouts.len(), timeouts.first().cloned()), (1, pip("global.timeout")), "{}", place.display());
        assert_eq!(winners("global.retries").first().cloned(), pip("global.retries"), "{}", place.display());
    }
    assert_eq!(pip("global.retries"), None, "a file that a variable names keeps pip from those of the home");
    fs::remove_file(Path::new(&named)).unwrap();
    assert_eq!(pip("global.retries").as_deref(), Some("7"));
}

/// Files of pip's as people break them, and as they are.
const PIP_CONF: [&str; 24] = [
    "[global]\ntimeout = 5\n",
    "[global]\ntimeout 5\n",
    "[global\ntimeout = 5\n",
    "[global]\ntimeout = 5\n[install\nuser = 1\n",
    "[global]\ntimeout = 5\n[install = x\nuser = 1\n",
    "timeout = 5\n",
    "# c\n\n; d\n[global]\n",
    "",
    "[global]\nfind-links =\n  /a\n\n  # c\n  /b\ntimeout = 1\n",
    "[global]\n  timeout = 1\n    more\n  retries = 2\n",
    "[global]\ntimeout = 1\n  retries 2\nretries 2\n",
    "[global]\ntimeout = 1\ntimeout = 2\n",
    "[global]\ntimeout = 1\n[global]\nretries = 2\n",
    "[global]\ntimeout = 1\n[install]\ntimeout = 2\n",
    "[DEFAULT]\ntimeout = 1\n[DEFAULT]\nretries = 2\n",
    "[global]\n= 5\n",
    "[global]\nTimeout: 5\nretries=\n",
    "[global] x\ntimeout = 1 ; no comment\n",
    "[]\ntimeout = 1\n",
    "[a]b]\ntimeout = 1\n",
    "[global]\r\ntimeout = 1\r\nretries 2\r\n",
    "[global]\rtimeout = 1\rretries = 2\r",
    "  [global]\n timeout = 1\n[install]\n",
    "[global]\n[install]\n  user = 1\nx\n",
];

#[test]
fn pythons_reader_refuses_the_same_files_of_pip() {
    if !oracle::have("python3") {
        return;
    }
    let (_dir, root) = scratch();
    let home = root.join("home/ada");
    let file = home.join(".config/pip/pip.conf");
    let script = r#"
import configparser, sys
parser = configparser.RawConfigParser()
try:
    parser.read(sys.argv[1], encoding="utf-8")
except configparser.Error as error:
    print(error.lineno if hasattr(error, "lineno") else error.errors[0][0])
else:
    for section in parser.sections():
        for name, value in parser._sections[section].items():
            print(f"{section}.{name}={' '.join(value.split())}")
"#;
    for text in PIP_CONF {
        write(&file, text);
        let python = Command::new("python3").args(["-c", script]).arg(&file).output().unwrap();
        assert!(python.status.success(), "{text:?}: {python:?}");
        let expected: Vec<String> = String::from_utf8(python.stdout).unwrap().lines().map(str::to_owned).collect();
        let report = report(&home, &[], "common");
        let rows = report["settings"]
            .as_array()
            .unwrap()
            .iter()
            .filter(|row| row["path"].as_str().unwrap_or("").starts_with("$HOME"));
        let told = |row: &Json| match row["problem"].as_str() {
            Some(_) => row["line"].to_string(),
            None => format!("{}={}", row["name"].as_str().unwrap(), row["value"].as_str().unwrap()),
        };
        let rows: Vec<String> = rows.map(told).filter(|row| !row.starts_with("DEFAULT.")).collect();
        assert_eq!(rows, expected, "{text:?}");
        let broken = rows.first().filter(|row| row.parse::<u64>().is_ok());
        let found: Vec<String> = report["findings"]
            .as_array()
            .unwrap()
            .iter()
            .filter(|each| each["rule"] == "settings-file-broken")
            .map(|each| each["line"].to_string())
            .collect();
        assert_eq!(found.first(), broken, "{text:?}");
    }
}

#[test]
fn what_a_tool_does_not_load_is_not_in_force() {
    let (_dir, root) = scratch();
    let home = root.join("home/ada");
    write(&home.join(".config/uv/uv.toml"), "cache-dir = \"/a\"\npreview = yes\n");
    write(&home.join(".condarc"), "solver: classic\nchannels: [a\nenvs_dirs: b\n");
    fs::create_dir_all(home.join(".pip")).unwrap();
    fs::write(home.join(".pip/pip.conf"), b"[global]\ntimeout = 5\ncert = /caf\xe9\n").unwrap();
    let report = report(&home, &[], "common");
    let own = |row: &&Json| row["path"].as_str().unwrap_or("").starts_with("$HOME/");
    let own = report["settings"].as_array().unwrap().iter().filter(own);
    let rows: Vec<(&str, &str, u64)> = own
        .map(|row| (row["tool"].as_str().unwrap(), row["name"].as_str().unwrap(), row["line"].as_u64().unwrap()))
        .collect();
    let conda = rows.iter().find(|row| row.0 == "conda").unwrap();
    assert_eq!(rows, [*conda, ("pip", "file", 3), ("uv", "file", 2)]);
    assert_eq!(conda.1, "file");
    let mut command = Command::new(env!("CARGO_BIN_EXE_pydoctor"));
    command.args(["doctor", "--isolated", "--site", "common"]);
    let shown = String::from_utf8(run(command, &home, &[]).stdout).unwrap();
    for part in
        ["error ~/.config/uv/uv.toml:2: `uv` does not load this file", "error ~/.pip/pip.conf:3: ", "not loaded: "]
    {
        assert!(shown.contains(part), "{part} not in\n{shown}");
    }
}

#[test]
fn what_stands_below_a_key_of_conda_is_told() {
    let (_dir, root) = scratch();
    let home = root.join("home/ada");
    let text = "proxy_servers:\n  http: http://proxy:1\n  https: http://proxy:2\ncustom_multichannels:\n  mine:\n    - a\n    - b\naggressive_update_packages: [c, d]\nchannel_alias:\n";
    write(&home.join(".condarc"), text);
    let all = report(&home, &[("CONDA_PROXY_SERVERS__HTTP", "http://other:3")], "common");
    let condarc = "$HOME/.condarc";
    assert_eq!(told(&all, "proxy_servers"), []);
    let wins = "CONDA_PROXY_SERVERS__HTTP";
    assert_eq!(told(&all, "proxy_servers.http"), [(condarc, 2, "http://proxy:1", wins)]);
    assert_eq!(told(&all, "proxy_servers.https"), [(condarc, 3, "http://proxy:2", "")]);
    assert_eq!(told(&all, "custom_multichannels.mine"), [(condarc, 5, "a, b", "")]);
    assert_eq!(told(&all, "aggressive_update_packages"), [(condarc, 8, "c, d", "")]);
    assert_eq!(told(&all, "channel_alias"), [(condarc, 9, "", "")]);
}
