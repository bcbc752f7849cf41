//! What `docs/ci.md`, `docs/formats.md` and `docs/configuration.md` say is tried: examples are run, and every key is named.

#![expect(clippy::disallowed_methods, reason = "tests read pages and start what they show")]
#![expect(clippy::unwrap_used, reason = "a test ends at the first surprise")]

#[path = "oracle/mod.rs"]
mod oracle;

use std::fs;
use std::path::Path;
use std::process::Command;

use pydoctor::report::Format;
use serde_json::Value as Json;

/// Prints the commands of a workflow as JSON, and the files that it expects of them.
const READ: &str = "
import json, sys, yaml
commands, files = [], []
def walk(node, key=None):
    if isinstance(node, dict):
        for name, inner in node.items():
            walk(inner, name)
    elif isinstance(node, list):
        for inner in node:
            walk(inner, key)
    elif key in ('script', 'run'):
        commands.append(node)
    elif key in ('codequality', 'junit', 'sarif_file'):
        files.append(node)
walk(yaml.safe_load(sys.stdin))
json.dump({'commands': commands, 'files': files}, sys.stdout)
";

#[test]
fn the_examples_for_ci_run() {
    let Some(python) = oracle::python() else { return };
    let page = read("docs/ci.md");
    let blocks: Vec<&str> = page.split("```yaml\n").skip(1).map(|rest| rest.split("```").next().unwrap()).collect();
    assert!(blocks.len() > 5);
    // That of pre-commit is run by tests/install.rs.
    for block in blocks.into_iter().filter(|block| !block.starts_with("# .pre-commit-config.yaml")) {
        let folder = tempfile::tempdir().unwrap();
        let workflow = folder.path().join(".workflow");
        fs::write(&workflow, block).unwrap();
        let parsed =
            Command::new(&python).args(["-c", READ]).stdin(fs::File::open(&workflow).unwrap()).output().unwrap();
        assert!(parsed.status.success(), "{block}\n{}", String::from_utf8_lossy(&parsed.stderr));
        let parsed: Json = serde_json::from_slice(&parsed.stdout).unwrap();
        let commands = strings(&parsed["commands"]);
        assert!(!commands.is_empty(), "no commands in\n{block}");
        repository(folder.path());
        for command in commands {
            run(folder.path(), command);
        }
        for file in strings(&parsed["files"]) {
            assert!(folder.path().join(file).metadata().unwrap().len() > 0, "{file} of\n{block}");
        }
        if block.contains("GITHUB_STEP_SUMMARY") {
            let summary = fs::read_to_string(folder.path().join("summary.md")).unwrap();
            assert!(summary.starts_with("### pydoctor") && summary.contains("conda-init-command"), "{summary}");
        }
    }
}

/// A repository with something to find.
fn repository(folder: &Path) {
    for name in ["jobs", "setup"] {
        fs::create_dir(folder.join(name)).unwrap();
        fs::write(folder.join(name).join("run.sh"), "#!/bin/bash\nmodule load git\nconda init bash\n").unwrap();
    }
    fs::write(folder.join("pydoctor.toml"), "site = \"midway3\"\n").unwrap();
}

/// Runs a command as CI does, and looks at how it ends.
fn run(folder: &Path, command: &str) {
    let programs = Path::new(env!("CARGO_BIN_EXE_pydoctor")).parent().unwrap();
    let mut bash = Command::new("bash");
    bash.args(["-ec", command]).current_dir(folder).env_clear().env("GITHUB_STEP_SUMMARY", folder.join("summary.md"));
    bash.env("PATH", format!("{}:/usr/bin:/bin", programs.display()));
    let output = bash.output().unwrap();
    let told = String::from_utf8_lossy(&output.stderr);
    let clean = !command.contains("pydoctor") || command.contains("--exit-zero");
    assert_eq!(output.status.code(), Some(i32::from(!clean)), "{command}: {told}");
    // The difference goes to standard output, so the last line does not.
    assert!(told.is_empty() || command.contains("--diff"), "{command}: {told}");
}

#[test]
fn every_format_and_key_is_documented() {
    let page = read("docs/formats.md");
    let documented = |name: &str| page.contains(&format!("`{name}`"));
    let formats = Format::ALL.map(Format::name);
    let missing: Vec<_> = formats.iter().filter(|name| !page.contains(&format!("\n| `{name}` |"))).collect();
    assert!(missing.is_empty(), "formats: {missing:?}");
    let golden: Json = serde_json::from_str(&read("tests/formats/json.json")).unwrap();
    let mut keys = Vec::new();
    for object in [&golden, &golden["findings"][0], &golden["findings"][0]["labels"][0], &golden["findings"][0]["fix"]]
    {
        keys.extend(object.as_object().unwrap().keys());
    }
    for name in ["summary", "statistics", "sites", "not_understood"] {
        let part = golden[name].get(0).unwrap_or(&golden[name]);
        keys.extend(part.as_object().unwrap().keys());
    }
    let missing: Vec<_> = keys.into_iter().filter(|key| !documented(key)).collect();
    assert!(missing.is_empty(), "keys of JSON: {missing:?}");
}

fn strings(list: &Json) -> Vec<&str> {
    list.as_array().unwrap().iter().map(|item| item.as_str().unwrap()).collect()
}

fn read(path: &str) -> String {
    fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join(path)).unwrap()
}

#[test]
fn the_examples_of_configuration_hold() {
    let page = read("docs/configuration.md");
    let blocks: Vec<&str> = page.split("```toml\n").skip(1).map(|rest| rest.split("```").next().unwrap()).collect();
    assert_eq!(blocks.len(), 2);
    for block in blocks {
        let folder = tempfile::tempdir().unwrap();
        let system = block.starts_with("# /etc/pydoctor/");
        let machine = folder.path().join("machine");
        fs::create_dir(&machine).unwrap();
        let target = if system { &machine } else { folder.path() };
        fs::write(target.join("pydoctor.toml"), block).unwrap();
        let shown = config_show(folder.path(), &machine);
        assert_eq!(shown.1, "", "{block}");
        let origin = if system { "machine/pydoctor.toml:" } else { " pydoctor.toml:" };
        assert!(shown.0.contains(origin), "{}", shown.0);
    }
}

#[test]
fn every_key_of_configuration_is_documented() {
    let page = read("docs/configuration.md");
    let folder = tempfile::tempdir().unwrap();
    let mut seen = 0;
    for table in ["", "[rules.conda-in-home]\nseverity = \"hint\"\n", "[[override]]\nfiles = [\"x\"]\n"] {
        fs::write(folder.path().join("pydoctor.toml"), format!("{table}zzzzzzzz = 1\n")).unwrap();
        let (_, told) = config_show(folder.path(), folder.path());
        let keys = told.split_once("expected one of: ").unwrap_or_else(|| panic!("{told}")).1.lines().next().unwrap();
        for key in keys.split(", ") {
            seen += 1;
            let written = [format!("{key} = "), format!("[{key}"), format!("`{key}`")];
            assert!(written.iter().any(|written| page.contains(written)), "`{key}` is not documented");
        }
    }
    assert!(seen > 15, "only {seen} keys");
}

/// What `pydoctor config show` says in a folder, with `machine` on the policy path: both streams.
fn config_show(folder: &Path, machine: &Path) -> (String, String) {
    let mut command = Command::new(env!("CARGO_BIN_EXE_pydoctor"));
    command.args(["config", "show"]).current_dir(folder).env_clear();
    if machine != folder {
        command.env("PYDOCTOR_POLICY_PATH", machine);
    }
    let output = command.output().unwrap();
    let text = |bytes: Vec<u8>| String::from_utf8(bytes).unwrap();
    (text(output.stdout), text(output.stderr))
}
