//! Conda installations and Python environments: what their own records say of them.

use std::ffi::{OsStr, OsString};
use std::io;
use std::os::unix::ffi::{OsStrExt as _, OsStringExt as _};
use std::os::unix::fs::MetadataExt as _;
use std::path::{Path, PathBuf};

use crate::facts::Record;
use crate::source::path_text;

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
    record.set("name", path_text::text(whole.file_name().unwrap_or_default()));
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
        record.set("target", path_text::text(made_for));
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
    const NAME: &[u8] = b"VIRTUAL_ENV=";
    let text = home.read(&path.join("bin/activate"), RECORD_LIMIT)?;
    let begins = |at: &usize| text[..*at].last().is_none_or(|before| b" \t\n;".contains(before));
    let mut places = (0..text.len()).filter(|at| text[*at..].starts_with(NAME)).filter(begins);
    let value = |at: usize| PathBuf::from(OsString::from_vec(word(&text[at + NAME.len()..])));
    places.find_map(|at| Some(value(at)).filter(|value| value.is_absolute()))
}

/// The word of a shell that a text begins with; a path in quotes may go on over lines.
fn word(text: &[u8]) -> Vec<u8> {
    let mut word = Vec::new();
    let mut quote = None;
    for byte in text {
        match (quote, byte) {
            (Some(open), byte) if open == *byte => quote = None,
            (Some(_), byte) => word.push(*byte),
            (None, b'"' | b'\'') => quote = Some(*byte),
            (None, byte) if b" \t\r\n;".contains(byte) => break,
            (None, byte) => word.push(*byte),
        }
    }
    word
}

/// The path that an environment was made for, by the first line of its programs: `#!/old/path/bin/python`.
fn shebang_prefix(home: &Home, path: &Path) -> Option<PathBuf> {
    let first_line = |name: &str| {
        let head = home.read(&path.join("bin").join(name), 512)?;
        let line = head.strip_prefix(b"#!")?.split(|byte| *byte == b'\n').next()?;
        let word = line.split(u8::is_ascii_whitespace).find(|word| !word.is_empty())?;
        let program = Path::new(OsStr::from_bytes(word));
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
        target: Some(path_text::text(target)),
    };
    let shut = |target: PathBuf| Interpreter {
        exists: false,
        problem: "interpreter-shut",
        target: Some(path_text::text(target)),
    };
    for name in ["python", "python3"] {
        let program = path.join("bin").join(name);
        match home.reach(&program) {
            Ok(Reached::Inside(_)) => return Interpreter { exists: true, problem: "none", target: None },
            // A link out of the home is looked at, not entered: is something there?
            Ok(Reached::Outside(target)) => {
                return match std::fs::metadata(&target).map_err(|error| error.kind()) {
                    Ok(_) => Interpreter { exists: true, problem: "none", target: None },
                    Err(io::ErrorKind::NotFound | io::ErrorKind::NotADirectory) => gone(&target),
                    Err(io::ErrorKind::PermissionDenied) if home.is_mine() => shut(target),
                    // What somebody else may not see may well be there.
                    Err(_) => Interpreter { exists: true, problem: "none", target: None },
                };
            }
            Ok(Reached::Missing(Some(target))) => return gone(&target),
            Err(error) if error.kind() == io::ErrorKind::PermissionDenied && home.is_mine() => {
                return shut(home.link(&program).unwrap_or_else(|| home.path.join(&program)));
            }
            Ok(Reached::Missing(None)) | Err(_) => {}
        }
    }
    Interpreter { exists: false, problem: "incomplete", target: None }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_word_ends_where_the_shell_ends_it() {
        for (text, expected) in [
            ("/a/b\n# x", "/a/b"),
            ("'/a b\nc/d'\nexport X", "/a b\nc/d"),
            ("\"/a\"; export X", "/a"),
            ("'/it'\"'\"'s'", "/it's"),
        ] {
            assert_eq!(word(text.as_bytes()), expected.as_bytes());
        }
    }

    #[test]
    fn the_last_transaction_of_a_history_counts() {
        let history =
            "==> 2021-01-02 03:04:05 <==\n# cmd: conda create\n+numpy\n==> 2024-05-02 10:00:00 <==\n# cmd: x\n";
        assert_eq!(last_change(history).as_deref(), Some("2024-05-02"));
        assert_eq!(last_change(""), None);
        assert_eq!(last_change("==> soon <=="), None);
    }
}
