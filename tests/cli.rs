//! The command line as its users meet it: every case is a file `tests/cmd/NAME.toml`.
//!
//! A case says what is run (`args`, `stdin`, `env`, `files`, `links`, `modes`), and below a marker line what came of
//! it: exit status, both streams, files that are new or other than before. `[[then]]` runs more commands in the same
//! folder, each after it wrote its own `files`. `[here]` in arguments, variables and files is that folder. `[system]`
//! says what is `/etc/pydoctor`, in a mount namespace of its own: no variable can move it, in tests neither.
//! `BLESS=1 cargo test` writes what is below the marker; read the difference before you commit it.

#![expect(clippy::disallowed_methods, reason = "tests start the program and read what it wrote")]
#![expect(clippy::unwrap_used, reason = "a test ends at the first surprise")]

#[path = "oracle/mod.rs"]
mod oracle;

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::fs;
use std::io::Write as _;
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};

const MARKER: &str = "# Below: what came of it, written by BLESS=1 cargo test.\n";

/// What is run.
#[derive(serde::Deserialize)]
#[serde(deny_unknown_fields)]
struct Case {
    args: Vec<String>,
    stdin: Option<String>,
    #[serde(default)]
    env: BTreeMap<String, String>,
    #[serde(default)]
    files: BTreeMap<String, String>,
    #[serde(default)]
    links: BTreeMap<String, String>,
    /// Octal modes of files and folders, set when all are written.
    #[serde(default)]
    modes: BTreeMap<String, String>,
    #[serde(default)]
    then: Vec<Step>,
    system: Option<System>,
}

/// What `/etc/pydoctor` is while the program runs.
#[derive(serde::Deserialize)]
#[serde(deny_unknown_fields)]
struct System {
    #[serde(default)]
    files: BTreeMap<String, String>,
    /// It is a link to this.
    link: Option<String>,
}

/// What is run next in the same folder.
#[derive(serde::Deserialize)]
#[serde(deny_unknown_fields)]
struct Step {
    args: Vec<String>,
    stdin: Option<String>,
    #[serde(default)]
    env: BTreeMap<String, String>,
    /// Written before it runs.
    #[serde(default)]
    files: BTreeMap<String, String>,
}

#[test]
fn cases() {
    let folder = root().join("tests/cmd");
    let mut paths: Vec<PathBuf> = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).collect();
    paths.retain(|path| path.extension().is_some_and(|extension| extension == "toml"));
    paths.sort();
    assert!(!paths.is_empty());
    let failures: Vec<String> = paths.iter().filter_map(|path| check(path).err()).collect();
    assert!(failures.is_empty(), "{}", failures.join("\n"));
}

fn check(path: &Path) -> Result<(), String> {
    let text = fs::read_to_string(path).unwrap();
    let (written, expected) = text.split_once(MARKER).unwrap_or((&text, ""));
    let case: Case = toml::from_str(written).map_err(|error| format!("{}: {error}", path.display()))?;
    if case.system.is_some() && !oracle::have("unshare") {
        return Ok(());
    }
    let actual = run(&case);
    if actual == expected {
        return Ok(());
    }
    if blessing() {
        fs::write(path, format!("{}\n{MARKER}{actual}", written.trim_end_matches('\n'))).unwrap();
        return Ok(());
    }
    let diff = pydoctor::fix::diff::unified(path, expected.as_bytes(), actual.as_bytes());
    Err(String::from_utf8_lossy(&diff).into_owned())
}

/// Runs a case in a folder of its own, and describes what came of it.
fn run(case: &Case) -> String {
    let folder = tempfile::tempdir().unwrap();
    for (name, target) in &case.links {
        std::os::unix::fs::symlink(target, folder.path().join(name)).unwrap();
    }
    write_files(folder.path(), &case.files);
    for (name, mode) in &case.modes {
        let mode = fs::Permissions::from_mode(u32::from_str_radix(mode, 8).unwrap());
        fs::set_permissions(folder.path().join(name), mode).unwrap();
    }
    let etc = case.system.as_ref().map(etc);
    let etc = etc.as_ref().map(tempfile::TempDir::path);
    let mut actual = step(folder.path(), etc, &case.args, case.stdin.as_deref(), &case.env, "");
    for (index, next) in case.then.iter().enumerate() {
        write_files(folder.path(), &next.files);
        let name = format!("then.{}.", index + 1);
        actual.push_str(&step(folder.path(), etc, &next.args, next.stdin.as_deref(), &next.env, &name));
    }
    actual
}

fn write_files(folder: &Path, files: &BTreeMap<String, String>) {
    let here = fs::canonicalize(folder).unwrap();
    for (name, text) in files {
        let path = folder.join(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, text.replace("[here]", here.to_str().unwrap())).unwrap();
    }
}

/// Runs one command, and describes what came of it in keys that begin with `name`.
fn step(
    folder: &Path,
    etc: Option<&Path>,
    args: &[String],
    stdin: Option<&str>,
    env: &BTreeMap<String, String>,
    name: &str,
) -> String {
    let here = fs::canonicalize(folder).unwrap().to_str().unwrap().to_owned();
    let args: Vec<String> = args.iter().map(|arg| arg.replace("[here]", &here)).collect();
    let env = env.iter().map(|(name, value)| (name.clone(), value.replace("[here]", &here))).collect();
    let before = files(folder);
    let output = match etc {
        None => pydoctor(folder, &args, stdin, &env),
        Some(etc) => output(within(etc), folder, &args, stdin, &env),
    };

    let shown = |bytes: &[u8]| without_host(&String::from_utf8_lossy(bytes).replace(&here, "[here]"));
    let mut actual = String::new();
    writeln!(actual, "{name}exit = {}", output.status.code().unwrap()).unwrap();
    writeln!(actual, "{name}stdout = {}", quoted(&shown(&output.stdout))).unwrap();
    writeln!(actual, "{name}stderr = {}", quoted(&shown(&output.stderr))).unwrap();
    for (file, text) in files(folder) {
        if before.get(&file) != Some(&text) {
            writeln!(actual, "{name}after.{file:?} = {}", quoted(&shown(&text))).unwrap();
        }
    }
    actual
}

/// A text without the name of this host.
fn without_host(text: &str) -> String {
    let host = rustix::system::uname().nodename().to_string_lossy().into_owned();
    text.replace(&format!("host name      {host}\n"), "host name      [host]\n")
        .replace(&format!("\"host\":\"{host}\""), "\"host\":\"[host]\"")
}

/// What is to be `/etc`.
fn etc(system: &System) -> tempfile::TempDir {
    let etc = tempfile::tempdir().unwrap();
    let folder = etc.path().join("pydoctor");
    match &system.link {
        Some(target) => std::os::unix::fs::symlink(target, folder).unwrap(),
        None => {
            fs::create_dir(&folder).unwrap();
            write_files(&folder, &system.files);
        }
    }
    etc
}

/// The program in a mount namespace where `/etc` is the folder `etc`.
fn within(etc: &Path) -> Command {
    let script = "mount --bind \"$1\" /etc && shift && exec \"$@\"";
    let mut command = Command::new("unshare");
    command.arg("--mount");
    if !rustix::process::geteuid().is_root() {
        command.arg("--map-root-user");
    }
    command.args(["sh", "-c", script, "sh"]).arg(etc).arg(env!("CARGO_BIN_EXE_pydoctor"));
    command
}

fn pydoctor(folder: &Path, args: &[String], stdin: Option<&str>, env: &BTreeMap<String, String>) -> Output {
    output(Command::new(env!("CARGO_BIN_EXE_pydoctor")), folder, args, stdin, env)
}

fn output(
    mut command: Command,
    folder: &Path,
    args: &[String],
    stdin: Option<&str>,
    env: &BTreeMap<String, String>,
) -> Output {
    command.args(args).current_dir(folder).env_clear().env("HOME", folder).env("LANG", "C.UTF-8").envs(env);
    command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut child = command.spawn().unwrap();
    // The program may end without reading.
    let _ = child.stdin.take().unwrap().write_all(stdin.unwrap_or_default().as_bytes());
    child.wait_with_output().unwrap()
}

/// Every file below `folder` with its content.
fn files(folder: &Path) -> BTreeMap<String, Vec<u8>> {
    let mut files = BTreeMap::new();
    let mut stack = vec![folder.to_owned()];
    while let Some(next) = stack.pop() {
        for entry in fs::read_dir(next).unwrap() {
            let path = entry.unwrap().path();
            if path == folder.join(".local/state") {
                // The undo journal, where the home is.
            } else if path.is_dir() && !path.is_symlink() {
                stack.push(path);
            } else {
                let name = path.strip_prefix(folder).unwrap().to_str().unwrap().to_owned();
                files.insert(name, fs::read(&path).unwrap_or_default());
            }
        }
    }
    files
}

/// A TOML string that people can read.
fn quoted(text: &str) -> String {
    let plain = |character: char| character == '\n' || !character.is_control();
    if text.contains('\n') && text.chars().all(plain) && !text.contains("'''") {
        format!("'''\n{text}'''")
    } else {
        serde_json::to_string(text).unwrap()
    }
}

#[test]
fn readme_shows_what_the_first_command_prints() {
    const START: &str = "<!-- output: written by BLESS=1 cargo test -->\n```text\n";
    const END: &str = "```\n";
    let path = root().join("README.md");
    let readme = fs::read_to_string(&path).unwrap();
    let (before, rest) = readme.split_once(START).unwrap();
    let (expected, after) = rest.split_once(END).unwrap();
    let args = ["check", "fixtures/demo"].map(str::to_owned);
    let output = pydoctor(root(), &args, None, &BTreeMap::new());
    let mut actual = String::from("$ pydoctor check fixtures/demo\n");
    actual.push_str(&String::from_utf8(output.stdout).unwrap());
    if blessing() {
        fs::write(path, format!("{before}{START}{actual}{END}{after}")).unwrap();
    } else {
        assert_eq!(actual, expected);
    }
}

#[test]
fn a_reader_that_goes_away_is_no_error() {
    let (reader, writer) = std::io::pipe().unwrap();
    drop(reader);
    let mut command = Command::new(env!("CARGO_BIN_EXE_pydoctor"));
    let output = command.args(["rules", "list"]).stdout(writer).stderr(Stdio::piped()).output().unwrap();
    assert_eq!(String::from_utf8_lossy(&output.stderr), "");
    assert_eq!(output.status.code(), Some(0));
}

#[test]
fn a_full_disk_is_an_error() {
    let full = fs::OpenOptions::new().write(true).open("/dev/full").unwrap();
    let mut command = Command::new(env!("CARGO_BIN_EXE_pydoctor"));
    let output = command.args(["rules", "list"]).stdout(full).stderr(Stdio::piped()).output().unwrap();
    assert!(String::from_utf8_lossy(&output.stderr).starts_with("pydoctor: standard output: "));
    assert_eq!(output.status.code(), Some(2));
}

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

fn blessing() -> bool {
    std::env::var_os("BLESS").is_some()
}
