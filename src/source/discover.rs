//! Finding files: named ones and folders walked; and reading each once, if it is worth it.
//!
//! Opening is most of the cost, so a walk chooses by name and opens nothing; [`load`] reads the head of a
//! file whose name does not tell its kind, and the rest only when the head does.

use std::fs::{self, File};
use std::io::{self, Read};
use std::os::unix::fs::{FileTypeExt, MetadataExt};
use std::path::{Path, PathBuf};

use rustix::fs::{Mode, OFlags};
use rustix::io::Errno;

use super::kind::{Kind, classify, classify_name, is_worth_a_look, refine, refine_named};
use super::{Source, walk};

/// How to walk.
#[derive(Clone, Copy, Default)]
pub struct WalkOptions<'a> {
    /// True for a file or folder to leave out, which is given by its absolute path.
    pub exclude: Option<&'a dyn Fn(&Path) -> bool>,
}

/// What discovery found, in a stable order: as named, and by name within folders.
#[derive(Clone, Debug, Default)]
pub struct Discovered {
    /// The files.
    pub files: Vec<Found>,
    /// The folders that were walked.
    pub folders: Vec<Walked>,
    /// What could not be looked at.
    pub problems: Vec<Problem>,
}

/// A folder that was walked.
#[derive(Clone, Debug)]
pub struct Walked {
    /// As the paths of its files name it.
    pub path: PathBuf,
    /// Its real path.
    pub real: PathBuf,
    /// A `.git` lies in it.
    pub has_git: bool,
}

/// A file to read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Found {
    /// The path as the user wrote it, or below the folder that the user wrote.
    pub path: PathBuf,
    /// True when the user named this file, not a folder above it.
    pub named: bool,
    /// True when it was seen to be a regular file, and no link to one.
    pub plain: bool,
}

/// A path that could not be read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Problem {
    /// The path.
    pub path: PathBuf,
    /// Why, and what to do.
    pub message: String,
}

/// What came of reading a file.
#[derive(Clone, Debug)]
pub enum Loaded {
    /// A file to check.
    Source {
        /// The file.
        source: Source,
        /// Device and inode: two paths may lead to one file.
        identity: (u64, u64),
    },
    /// A file that is larger than its kind may be: it is not read, and reported as not understood.
    TooLarge {
        /// The file, without text.
        source: Source,
        /// Its size in bytes.
        size: u64,
        /// The largest size in bytes that is read.
        limit: u64,
    },
    /// Not a kind that is checked.
    NotChecked,
    /// It could not be read.
    Problem(Problem),
}

/// How much of a file of unknown name is read to tell its kind, in bytes.
const HEAD: usize = 4096;

/// Finds files. Nothing is opened but folders. A path that is missing or of no use is a [`Problem`]; the
/// others go on.
pub fn discover(paths: &[PathBuf], options: &WalkOptions<'_>) -> Discovered {
    let mut discovered = Discovered::default();
    for path in paths {
        match fs::metadata(path) {
            Ok(meta) if meta.is_dir() => walk::walk(path, options, &mut discovered),
            Ok(meta) if meta.is_file() => {
                discovered.files.push(Found { path: path.clone(), named: true, plain: false })
            }
            Ok(meta) => discovered.problems.push(Problem { path: path.clone(), message: special(&meta) }),
            Err(error) => discovered.problems.push(Problem { path: path.clone(), message: explain(path, &error) }),
        }
    }
    discovered
}

/// Reads one file: its head first when its name does not tell its kind.
pub fn load(found: &Found) -> Loaded {
    match try_load(found) {
        Ok(loaded) => loaded,
        Err(error) => {
            let message = explain(&found.path, &error);
            Loaded::Problem(Problem { path: found.path.clone(), message })
        }
    }
}

/// Reads one file as if it was named. An error for what [`load`] does not give as a source.
pub fn read(path: &Path) -> Result<Source, Problem> {
    let problem = |message: String| Problem { path: path.to_owned(), message };
    match load(&Found { path: path.to_owned(), named: true, plain: false }) {
        Loaded::Source { source, .. } => Ok(source),
        Loaded::TooLarge { limit, .. } => Err(problem(too_large(limit))),
        Loaded::NotChecked => Err(problem("not a kind of file that pydoctor checks".to_owned())),
        Loaded::Problem(problem) => Err(problem),
    }
}

/// Reads a file that is no source, whatever it holds, up to `limit` bytes. An error for what cannot be read.
pub fn read_bytes(path: &Path, limit: u64) -> Result<Vec<u8>, Problem> {
    let read = || {
        let meta = fs::metadata(path)?;
        if !meta.is_file() {
            let message = if meta.is_dir() { "a folder, not a file".to_owned() } else { special(&meta) };
            return Ok(Err(message));
        }
        let flags = OFlags::RDONLY | OFlags::CLOEXEC | OFlags::NONBLOCK | OFlags::NOCTTY;
        let file = File::from(rustix::fs::open(path, flags, Mode::empty())?);
        let meta = file.metadata()?;
        let mut bytes = Vec::new();
        if !meta.is_file() {
            return Ok(Err(special(&meta)));
        }
        file.take(limit + 1).read_to_end(&mut bytes)?;
        Ok(if bytes.len() as u64 > limit { Err(too_large(limit)) } else { Ok(bytes) })
    };
    match read() {
        Ok(Ok(bytes)) => Ok(bytes),
        Ok(Err(message)) => Err(problem(path, message)),
        Err(error) => Err(problem(path, explain(path, &error))),
    }
}

/// The largest file of a kind that is read, in bytes. Parsers take time and memory by the byte, and no
/// honest file comes near.
pub const fn size_limit(kind: Kind) -> u64 {
    const KIB: u64 = 1024;
    match kind {
        Kind::Shell { .. } | Kind::Other => 2 * KIB * KIB,
        Kind::Python => 4 * KIB * KIB,
        Kind::Environment | Kind::Condarc | Kind::Requirements => 256 * KIB,
        Kind::Notebook => 20 * KIB * KIB,
    }
}

/// «larger than 2 MB: not read».
pub fn too_large(limit: u64) -> String {
    const MIB: u64 = 1024 * 1024;
    let limit = if limit >= MIB { format!("{} MB", limit / MIB) } else { format!("{} kB", limit / 1024) };
    format!("larger than {limit}: not read")
}

fn try_load(found: &Found) -> io::Result<Loaded> {
    let path = found.path.as_path();
    if !found.plain {
        let meta = fs::metadata(path)?;
        if !meta.is_file() {
            // Opening a FIFO or a device can block or do harm. A walk meets them behind links.
            return Ok(if found.named { Loaded::Problem(problem(path, special(&meta))) } else { Loaded::NotChecked });
        }
    }
    // NONBLOCK: what was a file a moment ago may be a FIFO now.
    let flags = OFlags::RDONLY | OFlags::CLOEXEC | OFlags::NONBLOCK | OFlags::NOCTTY;
    let opened = match found.plain {
        true => rustix::fs::open(path, flags | OFlags::NOFOLLOW, Mode::empty()),
        false => rustix::fs::open(path, flags, Mode::empty()),
    };
    let mut file = match opened {
        // A link took its place a moment ago.
        Err(Errno::LOOP) if found.plain => return try_load(&Found { plain: false, ..found.clone() }),
        opened => File::from(opened?),
    };
    let meta = file.metadata()?;
    if !meta.is_file() {
        return Ok(Loaded::Problem(problem(path, special(&meta))));
    }
    let mut bytes = Vec::new();
    let kind_by_name = classify_name(path);
    if kind_by_name.is_none() && !found.named {
        file.by_ref().take(HEAD as u64).read_to_end(&mut bytes)?;
        if classify(path, &bytes) == Kind::Other {
            return Ok(Loaded::NotChecked);
        }
    }
    let limit = size_limit(kind_by_name.unwrap_or_else(|| classify(path, &bytes)));
    if meta.len() <= limit {
        let had = bytes.len();
        // One byte more tells a file that grew.
        bytes.resize(usize::try_from(meta.len()).unwrap_or(0).max(had) + 1, 0);
        let read = match file.read(&mut bytes[had..]) {
            // What is not read now is read below.
            Err(error) if error.kind() == io::ErrorKind::Interrupted => 0,
            read => read?,
        };
        bytes.truncate(had + read);
        // All at once, as files nearly always come: nobody need ask whether there is more.
        if bytes.len() as u64 != meta.len() || bytes.is_empty() {
            file.by_ref().take(limit + 1 - bytes.len() as u64).read_to_end(&mut bytes)?;
        }
    }
    if meta.len() > limit || bytes.len() as u64 > limit {
        if bytes.is_empty() {
            file.take(HEAD as u64).read_to_end(&mut bytes)?;
        }
        let kind = classify(path, &bytes);
        let source = Source::new(path.to_owned(), kind, Vec::new());
        return Ok(match kind {
            Kind::Other => Loaded::NotChecked,
            _ => Loaded::TooLarge { source, size: meta.len(), limit },
        });
    }
    let kind = match found.named {
        true => refine_named(kind_by_name, path, &bytes),
        false => refine(kind_by_name, path, &bytes),
    };
    let source = Source { plain: found.plain, ..Source::new(path.to_owned(), kind, bytes) };
    Ok(match kind {
        Kind::Other => Loaded::NotChecked,
        _ => Loaded::Source { source, identity: (meta.dev(), meta.ino()) },
    })
}

/// True when a file of this name is opened in a walk.
pub(super) fn is_candidate(path: &Path) -> bool {
    classify_name(path).is_some() || is_worth_a_look(path)
}

fn problem(path: &Path, message: String) -> Problem {
    Problem { path: path.to_owned(), message }
}

/// What a path leads to that is neither file nor folder.
fn special(meta: &fs::Metadata) -> String {
    let kind = meta.file_type();
    let what = if kind.is_fifo() {
        "a FIFO"
    } else if kind.is_socket() {
        "a socket"
    } else {
        "a device"
    };
    format!("{what}, not a file: it is never opened")
}

/// What an error means for a file that is to be checked, and what to do.
pub fn explain(path: &Path, error: &io::Error) -> String {
    match error.kind() {
        io::ErrorKind::PermissionDenied => "permission denied; ask its owner, or leave it out".to_owned(),
        _ => reason(path, error),
    }
}

/// What an error means.
pub fn reason(path: &Path, error: &io::Error) -> String {
    match error.kind() {
        io::ErrorKind::NotFound if fs::symlink_metadata(path).is_ok() => {
            "a symbolic link whose target does not exist".to_owned()
        }
        io::ErrorKind::NotFound => "no such file or folder; check the spelling".to_owned(),
        io::ErrorKind::PermissionDenied => {
            "permission denied: its owner has to let you read it (`chmod a+r`, and `chmod a+rx` for its folders)"
                .to_owned()
        }
        io::ErrorKind::NotADirectory => "a part of the path is not a folder".to_owned(),
        _ => match error.raw_os_error() {
            Some(code) => rustix::io::Errno::from_raw_os_error(code).to_string(),
            None => error.to_string(),
        },
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn tree(files: &[(&str, &str)]) -> tempfile::TempDir {
        let dir = tempfile::tempdir().unwrap();
        for (name, text) in files {
            let path = dir.path().join(name);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(path, text).unwrap();
        }
        dir
    }

    fn checked(dir: &Path, options: &WalkOptions<'_>) -> Vec<String> {
        let discovered = discover(&[dir.to_owned()], options);
        assert_eq!(discovered.problems, []);
        let relative = |path: &Path| path.strip_prefix(dir).unwrap().display().to_string();
        let is_checked = |found: &&Found| matches!(load(found), Loaded::Source { .. });
        discovered.files.iter().filter(is_checked).map(|found| relative(&found.path)).collect()
    }

    #[test]
    fn a_walk_finds_what_is_checked_and_skips_what_is_not_the_users() {
        let dir = tree(&[
            (".bashrc", "x"),
            ("run", "#!/bin/bash\n"),
            ("data", "1 2 3\n"),
            ("a.txt", "#!/bin/bash\n"),
            ("sub/train.py", ""),
            ("sub/env.yml", "dependencies:\n- python\n"),
            ("sub/ci.yml", "on: push\n"),
            ("venv/pyvenv.cfg", ""),
            ("venv/bin/activate.sh", ""),
            ("miniconda3/conda-meta/history", ""),
            ("miniconda3/bin/conda.py", ""),
            ("node_modules/x.py", ""),
            (".git/hooks/post-commit", "#!/bin/sh\n"),
            (".bashrc~", "x"),
            ("skipped/x.py", ""),
        ]);
        let exclude = |path: &Path| path.is_absolute() && path.ends_with("skipped");
        let options = WalkOptions { exclude: Some(&exclude) };
        assert_eq!(checked(dir.path(), &options), [".bashrc", "run", "sub/env.yml", "sub/train.py"]);
    }

    #[test]
    fn gitignore_hides_files_but_never_start_up_files() {
        let dir = tree(&[
            (".git/HEAD", ""),
            (".gitignore", "*\n!keep.py\n"),
            (".bashrc", ""),
            (".condarc", ""),
            ("keep.py", ""),
            ("drop.py", ""),
            ("sub/x.py", ""),
        ]);
        assert_eq!(checked(dir.path(), &WalkOptions::default()), [".bashrc", ".condarc", "keep.py"]);
        fs::remove_dir_all(dir.path().join(".git")).unwrap();
        assert_eq!(checked(dir.path(), &WalkOptions::default()).len(), 5);
    }

    #[test]
    fn gitignore_of_the_repository_holds_in_its_folders() {
        let dir = tree(&[(".git/HEAD", ""), (".gitignore", "/sub/a.py\n"), ("sub/a.py", ""), ("sub/b.py", "")]);
        assert_eq!(checked(&dir.path().join("sub"), &WalkOptions::default()), ["b.py"]);
        assert_eq!(checked(dir.path(), &WalkOptions::default()), ["sub/b.py"]);
    }

    #[test]
    fn links_are_followed_to_files_and_never_to_folders_or_devices() {
        let dir = tree(&[("dotfiles/rc", "x")]);
        let outside = tree(&[("x.py", "")]);
        std::os::unix::fs::symlink(dir.path().join("dotfiles/rc"), dir.path().join(".bashrc")).unwrap();
        std::os::unix::fs::symlink(outside.path(), dir.path().join("link")).unwrap();
        std::os::unix::fs::symlink("/dev/zero", dir.path().join("zero.sh")).unwrap();
        assert_eq!(checked(dir.path(), &WalkOptions::default()), [".bashrc"]);
    }

    #[test]
    fn special_and_missing_files_are_problems_when_named() {
        let dir = tree(&[]);
        let paths = ["missing", "/dev/zero"].map(|name| dir.path().join(name));
        let discovered = discover(&paths, &WalkOptions::default());
        assert_eq!(discovered.files, []);
        let messages: Vec<_> = discovered.problems.iter().map(|problem| problem.message.as_str()).collect();
        assert_eq!(
            messages,
            ["no such file or folder; check the spelling", "a device, not a file: it is never opened"]
        );
    }

    #[test]
    fn a_file_that_is_too_large_is_not_read() {
        let dir = tree(&[]);
        let path = dir.path().join("big.sh");
        File::create(&path).unwrap().set_len(size_limit(Kind::Other) + 1).unwrap();
        assert!(matches!(load(&Found { path, named: true, plain: false }), Loaded::TooLarge { .. }));
    }
}
