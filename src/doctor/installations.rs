//! Conda installations and Python environments: what their own records say of them.

use std::os::unix::fs::MetadataExt as _;
use std::path::{Path, PathBuf};

use crate::facts::Record;

use super::elf;
use super::home::{Home, Reached};
use super::size;
use super::survey::{Folder, Region};

/// Records are read up to this many bytes: histories of old environments have some hundred kilobytes.
const RECORD_LIMIT: u64 = 4 * 1024 * 1024;

/// What a folder of an account is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum What {
    /// A conda installation.
    Conda,
    /// An environment of conda.
    CondaEnv,
    /// A virtual environment.
    Venv,
    /// A Python that pyenv built.
    Pyenv,
    /// A cache, by its name in the table of caches.
    Cache(String),
}

/// The kind of environment that a folder is; `None` for any other folder.
pub fn classify(folder: &Folder<'_>) -> Option<What> {
    if folder.holds("conda-meta") {
        return Some(if folder.holds("condabin") { What::Conda } else { What::CondaEnv });
    }
    if folder.holds("pyvenv.cfg") {
        return Some(What::Venv);
    }
    folder.path.parent().is_some_and(|parent| parent == Path::new(".pyenv/versions")).then_some(What::Pyenv)
}

/// The facts of an environment. `None` for a cache.
pub fn facts(home: &Home, region: &Region<What>) -> Option<Record> {
    let mut record = match region.what.as_ref()? {
        What::Conda => conda(home, &region.path, "conda"),
        What::CondaEnv => conda(home, &region.path, "conda-env"),
        What::Venv => venv(home, &region.path),
        What::Pyenv => pyenv(&region.path),
        What::Cache(_) => return None,
    };
    record.set("path", home.shown(&region.path));
    let whole = home.path.join(&region.path);
    record.set("name", whole.file_name().unwrap_or_default().to_string_lossy().into_owned());
    size::set(&mut record, region.own);
    let interpreter = interpreter(home, &region.path);
    if record.get("problem").is_none() {
        let expects_python = record.get("python").is_some() || record.text("kind").ends_with("venv");
        record.set("problem", if interpreter.exists || !expects_python { "none" } else { interpreter.problem });
        record.set_some("target", interpreter.target.filter(|_| !interpreter.exists && expects_python));
    }
    machine(home, &region.path, &mut record);
    if let Ok(Reached::Inside(inside)) = home.reach(&region.path) {
        record.set("open-to", inside.writable_by().name());
    }
    Some(record)
}

/// A Python of pyenv's is called by its version.
fn pyenv(path: &Path) -> Record {
    let name = path.file_name().unwrap_or_default().to_string_lossy();
    let version = name.starts_with(|c: char| c.is_ascii_digit()).then(|| name.into_owned());
    let mut record = Record::new().with("kind", "pyenv");
    record.set_some("python", version);
    record
}

/// What its interpreter needs of the machine, when it lies in the home.
fn machine(home: &Home, path: &Path, record: &mut Record) {
    let Some(needs) = home.file(&path.join("bin/python")).and_then(elf::needs) else { return };
    if needs.level > 1 {
        record.set("needs", format!("x86-64-v{}", needs.level));
        record.set_some("runs-here", elf::machine_level().map(|level| level >= needs.level));
    }
    if let (Some(needed), Some(system)) = (needs.glibc, elf::system_glibc())
        && needed > system
    {
        record.set("foreign-libc", format!("{}.{}", needed.0, needed.1));
    }
}

/// What an environment of conda says in `conda-meta`.
fn conda(home: &Home, path: &Path, kind: &'static str) -> Record {
    let mut record = Record::new().with("kind", kind);
    let meta = path.join("conda-meta");
    let names: Vec<String> = home.names(&meta).into_iter().filter_map(|name| name.into_string().ok()).collect();
    let version = |package: &str| {
        names.iter().find_map(|name| {
            let rest = name.strip_suffix(".json")?.strip_prefix(package)?.strip_prefix('-')?;
            let (version, _build) = rest.rsplit_once('-')?;
            version.starts_with(|c: char| c.is_ascii_digit()).then(|| version.to_owned())
        })
    };
    record.set_some("python", version("python"));
    record.set_some("version", version("conda"));
    let history = home.text(&meta.join("history"), RECORD_LIMIT).unwrap_or_default();
    record.set_some("changed", last_change(&history));
    moved(home, path, shebang_prefix(home, path), &mut record);
    record
}

/// Says when an environment was made for another path than its own.
fn moved(home: &Home, path: &Path, made_for: Option<PathBuf>, record: &mut Record) {
    let Some(made_for) = made_for else { return };
    let here = home.path.join(path);
    // A home has several names on many systems: what counts is whether they lead to the same folder.
    let identity = |path: &Path| std::fs::metadata(path).map(|meta| (meta.dev(), meta.ino())).ok();
    if made_for != here && identity(&made_for).is_none_or(|other| Some(other) != identity(&here)) {
        record.set("problem", "moved");
        record.set("target", made_for.to_string_lossy().into_owned());
    }
}

/// The day of the last transaction of a history: lines like `==> 2024-05-02 10:00:00 <==`.
fn last_change(history: &str) -> Option<String> {
    let line = history.lines().rev().find(|line| line.starts_with("==> "))?;
    let day = line.get(4..14)?;
    day.bytes().all(|byte| byte.is_ascii_digit() || byte == b'-').then(|| day.to_owned())
}

/// What a virtual environment says in `pyvenv.cfg`.
fn venv(home: &Home, path: &Path) -> Record {
    let text = home.text(&path.join("pyvenv.cfg"), RECORD_LIMIT).unwrap_or_default();
    let value = |key: &str| {
        let pair = |line: &str| {
            let (name, value) = line.split_once('=')?;
            (name.trim() == key).then(|| value.trim().to_owned())
        };
        text.lines().find_map(pair)
    };
    let kind = if value("uv").is_some() {
        "uv-venv"
    } else if path.parent().is_some_and(|parent| parent.ends_with(".local/share/virtualenvs")) {
        "pipenv"
    } else {
        "venv"
    };
    let mut record = Record::new().with("kind", kind);
    record.set_some("python", value("version").or_else(|| value("version_info")));
    record.set_some("version", value("uv").or_else(|| value("virtualenv")));
    record.set("system-packages", value("include-system-site-packages").as_deref() == Some("true"));
    record.set_some("root", value("home"));
    moved(home, path, activated_prefix(home, path).or_else(|| shebang_prefix(home, path)), &mut record);
    record
}

/// The path that a virtual environment was made for, by the script that activates it: `VIRTUAL_ENV="/old/path"`.
fn activated_prefix(home: &Home, path: &Path) -> Option<PathBuf> {
    let text = home.text(&path.join("bin/activate"), RECORD_LIMIT)?;
    let value = |line: &str| {
        let line = line.trim_start();
        let value = line.strip_prefix("export ").unwrap_or(line).strip_prefix("VIRTUAL_ENV=")?;
        let value = value.trim_matches(['"', '\'']);
        value.starts_with('/').then(|| PathBuf::from(value))
    };
    text.lines().find_map(value)
}

/// The path that an environment was made for, by the first line of its programs: `#!/old/path/bin/python`.
fn shebang_prefix(home: &Home, path: &Path) -> Option<PathBuf> {
    let first_line = |name: &str| {
        let head = home.read(&path.join("bin").join(name), 512)?;
        let line = head.strip_prefix(b"#!")?.split(|byte| *byte == b'\n').next()?;
        let line = String::from_utf8_lossy(line);
        let program = Path::new(line.split_whitespace().next()?);
        let folder = program.parent()?;
        (folder.ends_with("bin") && program.is_absolute()).then(|| folder.parent().map(Path::to_owned))?
    };
    ["pip", "pip3", "conda", "jupyter", "2to3"].into_iter().find_map(first_line).filter(|prefix| {
        // Programs of the system are no sign of a move.
        !["/usr", "/", "/usr/local"].iter().any(|system| prefix == Path::new(system))
    })
}

struct Interpreter {
    exists: bool,
    problem: &'static str,
    target: Option<String>,
}

/// Whether `bin/python` leads to a program.
fn interpreter(home: &Home, path: &Path) -> Interpreter {
    let gone = |target: &Path| Interpreter {
        exists: false,
        problem: "interpreter-gone",
        target: Some(target.to_string_lossy().into_owned()),
    };
    for name in ["python", "python3"] {
        match home.reach(&path.join("bin").join(name)) {
            Ok(Reached::Inside(_)) => return Interpreter { exists: true, problem: "none", target: None },
            // A link out of the home is looked at, not entered: is something there?
            Ok(Reached::Outside(target)) => {
                return match std::fs::metadata(&target) {
                    Ok(_) => Interpreter { exists: true, problem: "none", target: None },
                    Err(error) if error.kind() == std::io::ErrorKind::NotFound => gone(&target),
                    // What may not be seen may well be there.
                    Err(_) => Interpreter { exists: true, problem: "none", target: None },
                };
            }
            Ok(Reached::Missing(Some(target))) => return gone(&target),
            Ok(Reached::Missing(None)) | Err(_) => {}
        }
    }
    Interpreter { exists: false, problem: "incomplete", target: None }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_last_transaction_of_a_history_counts() {
        let history =
            "==> 2021-01-02 03:04:05 <==\n# cmd: conda create\n+numpy\n==> 2024-05-02 10:00:00 <==\n# cmd: x\n";
        assert_eq!(last_change(history).as_deref(), Some("2024-05-02"));
        assert_eq!(last_change(""), None);
        assert_eq!(last_change("==> soon <=="), None);
    }
}
