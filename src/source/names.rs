//! What file names tell: start-up files in all their disguises, job scripts, environment files, Python.

use std::path::Path;

use super::kind::{Kind, Role, Shell};

/// Names of start-up files without a leading dot, with the shell that reads them.
const STARTUP: &[(&str, Shell)] = &[
    ("bashrc", Shell::Bash),
    ("bash_profile", Shell::Bash),
    ("bash_login", Shell::Bash),
    ("bash_aliases", Shell::Bash),
    ("bash_functions", Shell::Bash),
    ("bash_exports", Shell::Bash),
    ("zshrc", Shell::Zsh),
    ("zprofile", Shell::Zsh),
    ("zshenv", Shell::Zsh),
    ("zlogin", Shell::Zsh),
    ("zsh_aliases", Shell::Zsh),
    ("tcshrc", Shell::Csh),
    ("cshrc", Shell::Csh),
    ("kshrc", Shell::Sh),
    ("mkshrc", Shell::Sh),
];

/// Names that mean a start-up file only with their dot: without it they are ordinary words.
const DOTTED_STARTUP: &[(&str, Shell)] = &[
    ("profile", Shell::Sh),
    ("login", Shell::Csh),
    ("aliases", Shell::Bash),
    ("alias", Shell::Bash),
    ("exports", Shell::Bash),
    ("functions", Shell::Bash),
    ("path", Shell::Bash),
];

/// Folders whose files are all read when a shell starts.
const STARTUP_FOLDERS: &[(&str, Shell)] = &[
    ("profile.d", Shell::Sh),
    (".bashrc.d", Shell::Bash),
    ("bashrc.d", Shell::Bash),
    (".bash.d", Shell::Bash),
    (".zshrc.d", Shell::Zsh),
    ("zshrc.d", Shell::Zsh),
];

/// Extensions of job scripts.
const JOB_EXTENSIONS: &[&str] = &["slurm", "slrm", "sbatch", "pbs", "sge", "lsf", "job", "qsub"];

/// Extensions that shell scripts carry, with the shell that is meant when there is no shebang.
const SHELL_EXTENSIONS: &[(&str, Shell)] = &[
    ("sh", Shell::Bash),
    ("bash", Shell::Bash),
    ("ksh", Shell::Sh),
    ("zsh", Shell::Zsh),
    ("csh", Shell::Csh),
    ("tcsh", Shell::Csh),
];

/// Extensions of files that are certainly something else: never opened in a walk.
const FOREIGN_EXTENSIONS: &[&str] = &[
    "7z", "a", "avi", "bam", "bib", "bin", "bmp", "bz2", "c", "cc", "cfg", "cif", "conf", "cpp", "crt", "css", "csv",
    "cu", "cxx", "dat", "db", "dcd", "deb", "dll", "doc", "docx", "eps", "err", "exe", "f", "f03", "f77", "f90", "f95",
    "fa", "fasta", "fastq", "fits", "for", "gif", "go", "gro", "gz", "h", "h5", "hdf5", "hpp", "htm", "html", "hxx",
    "ico", "ini", "jar", "java", "jl", "jpeg", "jpg", "js", "json", "jsonl", "key", "lib", "lock", "log", "lua", "m",
    "mat", "md", "mod", "mov", "mp3", "mp4", "nc", "npy", "npz", "o", "odt", "out", "parquet", "pb", "pdb", "pdf",
    "pem", "php", "pickle", "pkl", "pl", "pm", "png", "ppt", "pptx", "ps1", "pt", "pth", "pyc", "pyd", "pyo", "pyx",
    "r", "rb", "rda", "rds", "rmd", "root", "rpm", "rs", "rst", "scala", "so", "sql", "sqlite", "svg", "swp", "tar",
    "tex", "tgz", "tif", "tiff", "toml", "ts", "tsv", "ttf", "txt", "vcf", "vtk", "wav", "whl", "woff", "xls", "xlsx",
    "xml", "xtc", "xyz", "xz", "zip", "zst",
];

/// The kind that a name tells.
pub(super) fn kind(path: &Path) -> Option<Kind> {
    let lower = lower_name(path);
    let extension = extension(&lower);
    if matches!(extension, Some("py" | "pyw")) {
        return Some(Kind::Python);
    }
    if extension == Some("ipynb") {
        return Some(Kind::Notebook);
    }
    if let Some(kind) = data_file(&lower, extension) {
        return Some(kind);
    }
    if let Some(shell) = startup(path, &lower) {
        return Some(Kind::Shell { shell, role: Role::Startup });
    }
    let extension = extension?;
    if JOB_EXTENSIONS.contains(&extension) {
        return Some(Kind::Shell { shell: Shell::Bash, role: Role::Job });
    }
    let shell = lookup(SHELL_EXTENSIONS, extension)?;
    Some(Kind::Shell { shell, role: Role::Script })
}

/// True for `*.yml` and `*.yaml`.
pub(super) fn is_yaml(path: &Path) -> bool {
    matches!(extension(&lower_name(path)), Some("yml" | "yaml"))
}

/// True when the name speaks of an environment.
pub(super) fn says_environment(path: &Path) -> bool {
    lower_name(path).contains("env")
}

/// True when the extension says that the file is something that is never checked.
pub(super) fn is_foreign(path: &Path) -> bool {
    extension(&lower_name(path)).is_some_and(|extension| FOREIGN_EXTENSIONS.binary_search(&extension).is_ok())
}

/// True for plain text, which tickets and mails call scripts too.
pub(super) fn is_text(path: &Path) -> bool {
    extension(&lower_name(path)) == Some("txt")
}

/// True for copies that editors and people leave behind, which no shell reads.
pub(super) fn is_backup(path: &Path) -> bool {
    let name = lower_name(path);
    is_backup_name(&name, extension(&name))
}

fn is_backup_name(name: &str, extension: Option<&str>) -> bool {
    name.ends_with('~') || matches!(extension, Some("bak" | "orig" | "old" | "rej" | "swp" | "swo" | "save"))
}

/// Environment files, conda's settings and requirements.
fn data_file(name: &str, extension: Option<&str>) -> Option<Kind> {
    let yaml = matches!(extension, Some("yml" | "yaml"));
    if yaml && name.starts_with("environment") {
        return Some(Kind::Environment);
    }
    let bare = undecorated(name);
    let bare = bare.strip_suffix(".yml").or_else(|| bare.strip_suffix(".yaml")).unwrap_or(bare);
    if matches!(bare, "condarc" | "mambarc") {
        return Some(Kind::Condarc);
    }
    (extension == Some("txt") && name.starts_with("requirements")).then_some(Kind::Requirements)
}

/// The shell that reads the file at its start, if one does.
fn startup(path: &Path, name: &str) -> Option<Shell> {
    let extension = extension(name);
    let script = extension.and_then(|extension| lookup(SHELL_EXTENSIONS, extension));
    // `bashrc.py` and `bashrc.md` are about start-up files, they are none.
    let is_foreign = || extension.is_some_and(|extension| FOREIGN_EXTENSIONS.binary_search(&extension).is_ok());
    if (script.is_none() && is_foreign()) || is_backup_name(name, extension) {
        return None;
    }
    let folder = path.parent().and_then(Path::file_name).and_then(|folder| folder.to_str());
    // What a dotfile manager runs, whose output or effect is the file.
    if ["modify_", "run_", "remove_"].iter().any(|action| name.starts_with(action)) {
        return None;
    }
    if extension == Some("fish") {
        return (undecorated(name).starts_with("config.fish") || folder == Some("conf.d")).then_some(Shell::Fish);
    }
    if folder == Some("etc") && name == "profile" {
        return Some(Shell::Sh);
    }
    if let Some(shell) = folder.and_then(|folder| lookup(STARTUP_FOLDERS, folder)) {
        return Some(script.filter(|script| *script != Shell::Bash).unwrap_or(shell));
    }
    let bare = undecorated(name);
    let dotted = bare.len() < name.len();
    // Every file of a walk is asked, and most have nothing of these names.
    let may_be = script.is_none() && [b"sh", b"zp", b"zl"].iter().any(|pair| has_pair(bare, **pair));
    let words = STARTUP.iter().find(|(core, _)| match script {
        // `update_bashrc.sh` changes a start-up file; `bashrc_local.sh` is one.
        Some(_) => bare.starts_with(core) && at_boundary(bare, 0, core.len()),
        None => may_be && bare.match_indices(core).any(|(at, _)| at_boundary(bare, at, core.len())),
    });
    if let Some((_, shell)) = words {
        return Some(*shell);
    }
    if dotted {
        let found = DOTTED_STARTUP.iter().find(|(core, _)| bare.starts_with(core) && at_boundary(bare, 0, core.len()));
        if let (Some((_, shell)), None) = (found, script) {
            return Some(*shell);
        }
    }
    None
}

/// The name without what dotfile managers put before it, and without its leading dot.
fn undecorated(name: &str) -> &str {
    let mut rest = name;
    for prefix in ["symlink_", "private_", "readonly_", "executable_", "encrypted_"] {
        rest = rest.strip_prefix(prefix).unwrap_or(rest);
    }
    rest.strip_prefix("dot_").or_else(|| rest.strip_prefix('.')).unwrap_or(rest)
}

/// True when the word of `length` bytes at `at` is not a part of a longer word.
fn at_boundary(name: &str, at: usize, length: usize) -> bool {
    let is_edge =
        |byte: Option<&u8>| byte.is_none_or(|byte| matches!(byte, b'.' | b'_' | b'-' | b' ' | b'#' | b'+' | b'('));
    let bytes = name.as_bytes();
    is_edge(at.checked_sub(1).and_then(|before| bytes.get(before))) && is_edge(bytes.get(at + length))
}

/// The extension, without what dotfile managers put after it. A leading dot begins none.
fn extension(name: &str) -> Option<&str> {
    let name =
        if memchr::memchr(b'#', name.as_bytes()).is_some() { name.split("##").next().unwrap_or(name) } else { name };
    let name = [".tmpl", ".symlink", ".template", ".j2", ".example", ".sample"]
        .iter()
        .find_map(|suffix| name.strip_suffix(suffix))
        .unwrap_or(name);
    let (stem, extension) = name.rsplit_once('.')?;
    (!stem.is_empty()).then_some(extension)
}

fn has_pair(name: &str, pair: [u8; 2]) -> bool {
    name.as_bytes().windows(2).any(|two| two == pair)
}

fn lower_name(path: &Path) -> String {
    path.file_name().map(|name| name.to_string_lossy().to_ascii_lowercase()).unwrap_or_default()
}

fn lookup(table: &[(&str, Shell)], key: &str) -> Option<Shell> {
    table.iter().find(|(name, _)| *name == key).map(|(_, shell)| *shell)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn foreign_extensions_are_sorted() {
        assert!(FOREIGN_EXTENSIONS.is_sorted());
    }

    #[test]
    fn names_of_start_up_files_are_known_whole() {
        for (name, shell) in STARTUP {
            assert_eq!(startup(Path::new(name), name), Some(*shell), "{name}");
        }
        for action in ["modify_dot_bashrc", "run_once_bashrc.sh", "remove_dot_bash_profile"] {
            assert_eq!(startup(Path::new(action), action), None, "{action}");
        }
        assert_eq!(startup(Path::new("private_dot_bashrc"), "private_dot_bashrc"), Some(Shell::Bash));
        assert!(!has_pair("", *b"sh") && !has_pair("s.h", *b"sh") && has_pair("ash", *b"sh"));
    }
}
