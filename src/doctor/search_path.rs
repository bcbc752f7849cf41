//! Search paths: which program a name leads to, what it hides, and what conda's libraries are doing there.
//!
//! Only for a running shell: nobody else's `PATH` can be seen.

use std::collections::BTreeMap;
use std::fs::{self, File};
use std::io::Read as _;
use std::os::unix::fs::{MetadataExt, PermissionsExt};
use std::path::{Path, PathBuf};

use crate::facts::Record;

/// Programs whose names matter: Python's own, and those that desktops, `module` and MPI need from the system.
const PROGRAMS: [&str; 12] = [
    "python",
    "python3",
    "pip",
    "conda",
    "mamba",
    "jupyter",
    "mpicc",
    "mpirun",
    "tclsh",
    "lua",
    "dbus-daemon",
    "xauth",
];

/// Variables that list folders of libraries or modules.
const LIBRARIES: [&str; 2] = ["LD_LIBRARY_PATH", "PYTHONPATH"];

/// Folders of the system.
const SYSTEM: [&str; 6] = ["/usr/bin", "/bin", "/usr/sbin", "/sbin", "/usr/local/bin", "/usr/local/sbin"];

/// Where `module` runs: Lmod's program, and that of Environment Modules.
const MODULE_COMMANDS: [&str; 2] = ["LMOD_CMD", "MODULES_CMD"];

/// One fact for each program that is found, one for the interpreter of `module`, and one for each entry of a library path that conda owns.
pub fn facts(env: &BTreeMap<String, String>, home: &Path) -> Vec<Record> {
    let mut facts = Vec::new();
    let folders = entries(env, "PATH");
    for program in PROGRAMS {
        let mut found: Vec<(PathBuf, (u64, u64))> = Vec::new();
        for folder in &folders {
            let path = folder.join(program);
            if let Some(identity) = executable(&path)
                && !found.iter().any(|(_, other)| *other == identity)
            {
                found.push((path, identity));
            }
        }
        let Some(((winner, _), others)) = found.split_first() else { continue };
        let shadowed: Vec<String> = others.iter().map(|(path, _)| path.to_string_lossy().into_owned()).collect();
        let hides_system = others.iter().any(|(path, _)| is_system(path));
        let record = Record::new()
            .with("variable", "PATH")
            .with("program", program)
            .with("winner", winner.to_string_lossy().into_owned())
            .with("from", owner(winner, home))
            .with("shadowed", shadowed)
            .with("shadows-system", hides_system && !is_system(winner));
        facts.push(record);
    }
    facts.extend(module_interpreter(env, &folders).map(|winner| {
        let record = Record::new().with("variable", "PATH").with("program", "module");
        let record = record.with("winner", winner.to_string_lossy().into_owned()).with("from", owner(&winner, home));
        record.with("shadows-system", false)
    }));
    for variable in LIBRARIES {
        for folder in entries(env, variable) {
            let record = Record::new()
                .with("variable", variable)
                .with("winner", folder.to_string_lossy().into_owned())
                .with("from", owner(&folder.join("x"), home));
            facts.push(record);
        }
    }
    facts
}

/// The program that runs `module`, by the first line of its script; `/usr/bin/env NAME` looks for it on the path.
fn module_interpreter(env: &BTreeMap<String, String>, folders: &[PathBuf]) -> Option<PathBuf> {
    let script =
        MODULE_COMMANDS.iter().find_map(|name| env.get(*name)).map(Path::new).filter(|path| path.is_absolute())?;
    let mut head = Vec::new();
    File::open(script)
        .ok()
        .filter(|file| file.metadata().is_ok_and(|meta| meta.is_file()))?
        .take(512)
        .read_to_end(&mut head)
        .ok()?;
    let line = String::from_utf8_lossy(head.strip_prefix(b"#!")?).lines().next()?.to_owned();
    let mut words = line.split_whitespace();
    let program = Path::new(words.next()?);
    if !program.ends_with("bin/env") {
        return Some(program.to_owned());
    }
    let name = words.find(|word| !word.starts_with('-'))?;
    folders.iter().map(|folder| folder.join(name)).find(|path| executable(path).is_some())
}

/// The folders of a search path, each once.
fn entries(env: &BTreeMap<String, String>, variable: &str) -> Vec<PathBuf> {
    let mut folders: Vec<PathBuf> = Vec::new();
    for folder in env.get(variable).map(String::as_str).unwrap_or_default().split(':') {
        let folder = PathBuf::from(folder);
        if folder.is_absolute() && !folders.contains(&folder) {
            folders.push(folder);
        }
    }
    folders
}

/// What a program is, when it can be started.
fn executable(path: &Path) -> Option<(u64, u64)> {
    let meta = fs::metadata(path).ok()?;
    (meta.is_file() && meta.permissions().mode() & 0o111 != 0).then(|| (meta.dev(), meta.ino()))
}

fn is_system(path: &Path) -> bool {
    path.parent().is_some_and(|folder| SYSTEM.iter().any(|system| folder == Path::new(system)))
}

/// What a program or a library's folder belongs to: two folders up lies its prefix.
fn owner(path: &Path, home: &Path) -> &'static str {
    let prefix = path.parent().and_then(Path::parent);
    let holds = |name: &str| prefix.is_some_and(|prefix| prefix.join(name).exists());
    if holds("conda-meta") || path.parent().is_some_and(|folder| folder.ends_with("condabin")) {
        "conda"
    } else if holds("pyvenv.cfg") {
        "environment"
    } else if is_system(path) {
        "system"
    } else if path.starts_with(home) {
        "user"
    } else {
        "other"
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_wins_and_links_to_it_are_no_rivals() {
        let dir = tempfile::tempdir().unwrap();
        let make = |path: &str| {
            let path = dir.path().join(path);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(&path, "").unwrap();
            fs::set_permissions(&path, fs::Permissions::from_mode(0o755)).unwrap();
        };
        make("miniconda3/bin/tclsh");
        make("miniconda3/conda-meta/history");
        make("own/bin/tclsh");
        make("own/bin/python3");
        std::os::unix::fs::symlink("python3", dir.path().join("own/bin/python")).unwrap();
        fs::create_dir_all(dir.path().join("links")).unwrap();
        std::os::unix::fs::symlink("../own/bin/python3", dir.path().join("links/python3")).unwrap();
        let folder = |name: &str| dir.path().join(name).to_string_lossy().into_owned();
        let path = [folder("miniconda3/bin"), folder("own/bin"), folder("links"), folder("own/bin")].join(":");
        fs::write(dir.path().join("modulecmd.tcl"), "#!/usr/bin/env tclsh\nputs x\n").unwrap();
        let variables =
            [("PATH", path), ("LD_LIBRARY_PATH", folder("miniconda3/lib")), ("MODULES_CMD", folder("modulecmd.tcl"))];
        let env = variables.map(|(name, value)| (name.to_owned(), value)).into();
        let facts = facts(&env, Path::new("/home/nobody"));
        let shown: Vec<(&str, &str, bool)> = facts
            .iter()
            .map(|fact| (fact.text("program"), fact.text("from"), fact.text("winner").contains("miniconda3")))
            .collect();
        assert_eq!(
            shown,
            [
                ("python", "other", false),
                ("python3", "other", false),
                ("tclsh", "conda", true),
                ("module", "conda", true),
                ("", "conda", true)
            ]
        );
        assert_eq!(facts[1].get("shadowed"), Some(&Vec::<String>::new().into()));
        assert_eq!(facts[2].get("shadowed"), Some(&vec![folder("own/bin/tclsh")].into()));
    }
}
