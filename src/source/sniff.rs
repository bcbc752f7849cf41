//! What the content of a file tells about its kind: shebang, directives, keys, lines that look like commands.

use super::kind::{Kind, Role, Scheduler, Shell};

/// How many lines are looked at.
const LINES: usize = 200;

/// Words that begin a line of a shell script on a cluster.
pub const SHELL_WORDS: &[&str] = &[
    "module",
    "ml",
    "conda",
    "mamba",
    "micromamba",
    "source",
    "export",
    "pip",
    "setenv",
    "alias",
    "srun",
    "mpirun",
    "sbatch",
    "python",
    "python3",
    "unset",
];

/// What a `#!` line starts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Interpreter {
    Shell(Shell),
    Python,
    Foreign,
}

/// The kind of a file of shell by name, after its shebang and its directives.
pub(super) fn refine_shell(bytes: &[u8], by_name: Shell, role: Role) -> Kind {
    let interpreter = interpreter(bytes);
    if role == Role::Startup {
        // A start-up file is read by the shell that its name says, whatever its first line claims; but a script
        // in another language is none, for all that its name begins like one.
        return match interpreter {
            Some(Interpreter::Shell(shell)) if (shell == Shell::Csh) != (by_name == Shell::Csh) => {
                Kind::Shell { shell, role: Role::Script }
            }
            _ => Kind::Shell { shell: by_name, role },
        };
    }
    let role = match role {
        Role::Script if has_directives(bytes) => Role::Job,
        // zsh set-ups are split into `*.zsh` files, all of them sourced; a shebang makes one a script.
        Role::Script if by_name == Shell::Zsh && interpreter.is_none() => Role::Startup,
        role => role,
    };
    match interpreter {
        Some(Interpreter::Shell(shell)) => Kind::Shell { shell, role },
        Some(Interpreter::Python) => Kind::Python,
        Some(Interpreter::Foreign) => Kind::Other,
        None => Kind::Shell { shell: by_name, role },
    }
}

/// The kind of a file whose name tells nothing, by shebang and directives.
pub(super) fn by_head(bytes: &[u8]) -> Kind {
    if memchr::memchr(0, bytes).is_some() {
        return Kind::Other;
    }
    let directives = has_directives(bytes);
    let role = if directives { Role::Job } else { Role::Script };
    match interpreter(bytes) {
        Some(Interpreter::Shell(shell)) => Kind::Shell { shell, role },
        Some(Interpreter::Python) => Kind::Python,
        Some(Interpreter::Foreign) => Kind::Other,
        None if directives => Kind::Shell { shell: Shell::Bash, role },
        None => Kind::Other,
    }
}

/// The kind of a named file that has neither shebang nor directives, by the words that at least `needed` of
/// its lines begin with.
pub(super) fn by_lines(bytes: &[u8], needed: usize) -> Kind {
    if memchr::memchr(0, bytes).is_some() || interpreter(bytes).is_some() {
        return Kind::Other;
    }
    let (mut shell, mut csh, mut python) = (0, 0, 0);
    for line in lines(bytes) {
        let mut words = line.split(|byte| byte.is_ascii_whitespace()).filter(|word| !word.is_empty());
        let (Some(first), Some(second)) = (words.next(), words.next()) else { continue };
        match first {
            b"import" | b"def" | b"class" => python += 1,
            b"from" if words.next() == Some(b"import") => python += 1,
            b"setenv" => csh += 1,
            _ if SHELL_WORDS.iter().any(|word| word.as_bytes() == first) && second != b"=" && second != b"is" => {
                shell += 1
            }
            _ => {}
        }
    }
    if python + shell + csh < needed {
        Kind::Other
    } else if python > shell + csh {
        Kind::Python
    } else if csh > 0 {
        Kind::Shell { shell: Shell::Csh, role: Role::Script }
    } else if shell > 0 {
        Kind::Shell { shell: Shell::Bash, role: Role::Script }
    } else {
        Kind::Other
    }
}

/// Keys at the top level of other formats with a name and dependencies: Helm charts, Ansible roles, Haskell packages.
const FOREIGN_KEYS: [&[u8]; 6] =
    [b"apiVersion:", b"galaxy_info:", b"library:", b"executables:", b"executable:", b"ghc-options:"];

/// True for YAML with the keys of a conda environment at its top level: a list of dependencies, and a name
/// or channels (or `env` in the file's name), and no key of the formats that have the same two (Helm charts
/// and the like).
pub(super) fn is_environment(bytes: &[u8], name_says_so: bool) -> bool {
    let (mut dependencies, mut named, mut pending) = (false, name_says_so, false);
    for line in bytes.split(|byte| *byte == b'\n').take(LINES) {
        let content = line.trim_ascii();
        if content.is_empty() || content.starts_with(b"#") {
            continue;
        }
        if pending {
            pending = false;
            dependencies = content.starts_with(b"- ") && !content.starts_with(b"- name:");
        }
        if FOREIGN_KEYS.iter().any(|key| line.starts_with(key)) {
            return false;
        }
        named |= line.starts_with(b"channels:") || line.starts_with(b"name:");
        if let Some(value) = line.strip_prefix(b"dependencies:") {
            let value = value.trim_ascii();
            pending = value.is_empty() || value.starts_with(b"#");
            dependencies |= value.starts_with(b"[");
        }
    }
    dependencies && named
}

/// What the shebang starts; `None` without one.
fn interpreter(bytes: &[u8]) -> Option<Interpreter> {
    let bytes = bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(bytes);
    let line = bytes.strip_prefix(b"#!")?.split(|byte| *byte == b'\n').next()?;
    let mut words = line.split(|byte| byte.is_ascii_whitespace()).filter(|word| !word.is_empty());
    let mut program = base_name(words.next()?);
    if program == b"env" {
        // Options and assignments of `env` stand before the program.
        program = base_name(words.find(|word| !word.starts_with(b"-") && !word.contains(&b'=')).unwrap_or_default());
    }
    Some(match program {
        b"bash" | b"rbash" => Interpreter::Shell(Shell::Bash),
        b"sh" | b"dash" | b"ash" | b"ksh" | b"ksh93" | b"mksh" => Interpreter::Shell(Shell::Sh),
        b"zsh" => Interpreter::Shell(Shell::Zsh),
        b"csh" | b"tcsh" => Interpreter::Shell(Shell::Csh),
        _ if program.starts_with(b"python") || program.starts_with(b"ipython") => Interpreter::Python,
        // A placeholder (`#!{{ shell }}`, `#!<shell>`) says nothing.
        _ if program.is_empty() || program.iter().any(|byte| b"{}<>".contains(byte)) => return None,
        _ => Interpreter::Foreign,
    })
}

/// True when a line is a scheduler's directive, or was meant to be one. What stands below a here-document
/// may be another script's.
fn has_directives(bytes: &[u8]) -> bool {
    bytes
        .split(|byte| *byte == b'\n')
        .take(LINES)
        .take_while(|line| line.starts_with(b"#") || memchr::memmem::find(line, b"<<").is_none())
        .any(is_directive)
}

fn is_directive(line: &[u8]) -> bool {
    let Some(rest) = line.trim_ascii_start().strip_prefix(b"#") else { return false };
    let rest = rest.trim_ascii_start();
    Scheduler::ALL.into_iter().any(|scheduler| {
        let word = &scheduler.sentinel().as_bytes()[1..];
        let Some((head, tail)) = rest.split_at_checked(word.len()) else { return false };
        if !head.eq_ignore_ascii_case(word) {
            return false;
        }
        let tail_trimmed = tail.trim_ascii_start();
        let exact = line.starts_with(scheduler.sentinel().as_bytes());
        match scheduler {
            Scheduler::Sge => exact && tail_trimmed.starts_with(b"-"),
            _ => tail.len() != tail_trimmed.len() && (exact || tail_trimmed.starts_with(b"-")),
        }
    })
}

/// The first lines, trimmed, without comments and blank ones.
fn lines(bytes: &[u8]) -> impl Iterator<Item = &[u8]> {
    bytes
        .split(|byte| *byte == b'\n')
        .take(LINES)
        .map(|line| line.trim_ascii())
        .filter(|line| !line.is_empty() && !line.starts_with(b"#"))
}

fn base_name(path: &[u8]) -> &[u8] {
    path.rsplit(|byte| *byte == b'/').next().unwrap_or(path)
}
