//! What a file is, by its name first, then by its shebang, its directives and its content.

use std::path::Path;

use super::{names, sniff};

/// What a file is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Kind {
    /// A shell script or start-up file.
    Shell {
        /// Its language.
        shell: Shell,
        /// What it is for.
        role: Role,
    },
    /// A conda environment file.
    Environment,
    /// conda's settings.
    Condarc,
    /// A pip requirements file.
    Requirements,
    /// Python source.
    Python,
    /// A Jupyter notebook.
    Notebook,
    /// Anything else: not checked.
    Other,
}

impl Kind {
    /// What a shell file is for.
    pub const fn role(self) -> Option<Role> {
        match self {
            Self::Shell { role, .. } => Some(role),
            _ => None,
        }
    }
}

/// The language of a shell file.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Shell {
    /// POSIX shell.
    Sh,
    /// bash.
    Bash,
    /// zsh.
    Zsh,
    /// csh or tcsh.
    Csh,
    /// fish, of which only the blocks that tools manage are read.
    Fish,
}

/// What a shell file is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Role {
    /// Read when a shell starts: `.bashrc`, `.profile`, …
    Startup,
    /// Handed to a scheduler.
    Job,
    /// Any other script.
    Script,
}

/// The batch schedulers.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Scheduler {
    /// Slurm, `#SBATCH`.
    Slurm,
    /// PBS Pro, OpenPBS and Torque, `#PBS`.
    Pbs,
    /// Grid Engine, `#$`.
    Sge,
    /// LSF, `#BSUB`.
    Lsf,
}

impl Kind {
    /// The name that facts and reports use.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Shell { .. } => "shell",
            Self::Environment => "environment",
            Self::Condarc => "condarc",
            Self::Requirements => "requirements",
            Self::Python => "python",
            Self::Notebook => "notebook",
            Self::Other => "other",
        }
    }
}

impl Shell {
    /// The name that facts use.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Sh => "sh",
            Self::Bash => "bash",
            Self::Zsh => "zsh",
            Self::Csh => "csh",
            Self::Fish => "fish",
        }
    }
}

impl Role {
    /// The name that facts use.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Startup => "startup",
            Self::Job => "job",
            Self::Script => "script",
        }
    }
}

impl Scheduler {
    /// All of them.
    pub const ALL: [Self; 4] = [Self::Slurm, Self::Pbs, Self::Sge, Self::Lsf];

    /// The name that facts use.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Slurm => "slurm",
            Self::Pbs => "pbs",
            Self::Sge => "sge",
            Self::Lsf => "lsf",
        }
    }

    /// What its directive lines begin with.
    pub const fn sentinel(self) -> &'static str {
        match self {
            Self::Slurm => "#SBATCH",
            Self::Pbs => "#PBS",
            Self::Sge => "#$",
            Self::Lsf => "#BSUB",
        }
    }
}

impl Kind {
    /// The kind of a shell script once its text is `bytes`: directives may have come or gone. Any other stays as it is.
    #[must_use]
    pub fn after_change(self, path: &Path, bytes: &[u8]) -> Self {
        match (self, classify(path, bytes)) {
            (Self::Shell { shell, .. }, Self::Shell { shell: again, role }) if shell == again => {
                Self::Shell { shell, role }
            }
            (kind, _) => kind,
        }
    }
}

/// The kind that a file name alone tells. `None` for a name that says nothing, and for one that says too
/// little (`*.yml`, `*.sub`): then the content decides.
///
/// What is told may still be refined by [`classify`]: a `*.sh` is a job script when it carries directives.
pub fn classify_name(path: &Path) -> Option<Kind> {
    names::kind(path)
}

/// The kind of a file, by name, shebang, directives and content. `bytes` may be the file's head; 4 KiB
/// are enough for all but a head with a very long comment.
pub fn classify(path: &Path, bytes: &[u8]) -> Kind {
    refine(names::kind(path), path, bytes)
}

/// The same when it is known what the name tells.
pub(super) fn refine(by_name: Option<Kind>, path: &Path, bytes: &[u8]) -> Kind {
    match by_name {
        Some(Kind::Shell { shell, role }) => sniff::refine_shell(bytes, shell, role),
        Some(kind) => kind,
        None if names::is_yaml(path) => {
            if sniff::is_environment(bytes, names::says_environment(path)) {
                Kind::Environment
            } else {
                Kind::Other
            }
        }
        None => sniff::by_head(bytes),
    }
}

/// The kind of a file that the user named: where [`classify`] is at a loss, lines that look like a shell
/// script (`module load`, `conda`, `export`, …) or like Python decide.
pub fn classify_named(path: &Path, bytes: &[u8]) -> Kind {
    refine_named(names::kind(path), path, bytes)
}

/// The same when it is known what the name tells.
pub(super) fn refine_named(by_name: Option<Kind>, path: &Path, bytes: &[u8]) -> Kind {
    let kind = refine(by_name, path, bytes);
    if kind != Kind::Other {
        return kind;
    }
    match sniff::by_head(bytes) {
        // One line that begins like a command may be prose in a text file.
        Kind::Other if names::is_text(path) => sniff::by_lines(bytes, 2),
        Kind::Other if !names::is_foreign(path) => sniff::by_lines(bytes, 1),
        kind if names::is_text(path) => kind,
        _ => Kind::Other,
    }
}

/// True when the content of a file of this name is worth a look although the name does not tell its kind.
pub(super) fn is_worth_a_look(path: &Path) -> bool {
    !names::is_foreign(path) && !names::is_backup(path)
}

#[cfg(test)]
mod tests {
    use super::*;

    const fn shell(shell: Shell, role: Role) -> Kind {
        Kind::Shell { shell, role }
    }

    #[test]
    fn start_up_files_are_known_in_every_disguise() {
        let bash = shell(Shell::Bash, Role::Startup);
        let zsh = shell(Shell::Zsh, Role::Startup);
        let csh = shell(Shell::Csh, Role::Startup);
        for (name, kind) in [
            (".bashrc", bash),
            (".bash_profile", bash),
            (".bash_login", bash),
            (".bash_aliases", bash),
            (".bashrc.ext", bash),
            ("bashrc", bash),
            ("bash_profile", bash),
            (".bashrc##template", bash),
            ("dot_bashrc.tmpl", bash),
            ("private_dot_bashrc", bash),
            ("midway.bashrc", bash),
            ("krakus_bashrc", bash),
            (".bashrc.machine_gale", bash),
            ("my bashrc", bash),
            ("bashrc_additions.sh", bash),
            (".profile", shell(Shell::Sh, Role::Startup)),
            (".kshrc", shell(Shell::Sh, Role::Startup)),
            (".zshrc", zsh),
            (".zprofile", zsh),
            (".zshenv", zsh),
            (".zlogin", zsh),
            ("dot_zshrc.tmpl", zsh),
            ("zshrc.symlink", zsh),
            (".zshrc-CFD", zsh),
            ("conda.zsh", zsh),
            (".cshrc", csh),
            (".tcshrc", csh),
            (".login", csh),
            ("etc/profile.d/modules.sh", shell(Shell::Sh, Role::Startup)),
            (".bashrc.d/conda", bash),
            ("/etc/profile", shell(Shell::Sh, Role::Startup)),
        ] {
            assert_eq!(classify(Path::new(name), b"export A=1\n"), kind, "{name}");
        }
    }

    #[test]
    fn names_that_only_look_like_start_up_files_are_not() {
        for name in ["update_bashrc.sh", "bashrc.md", "login.sh", "profile.py", ".bash_history", "profile", "login"] {
            let kind = classify(Path::new(name), b"echo x\n");
            assert!(!matches!(kind, Kind::Shell { role: Role::Startup, .. }), "{name}: {kind:?}");
        }
    }

    #[test]
    fn job_scripts_are_known_by_extension_and_by_directives() {
        for name in ["a.slurm", "a.sbatch", "a.pbs", "a.sge", "a.lsf", "a.job"] {
            assert_eq!(classify(Path::new(name), b"echo\n"), shell(Shell::Bash, Role::Job), "{name}");
        }
        for directive in ["#SBATCH -n 1", "#PBS -l nodes=1", "#$ -cwd", "#$-cwd", "#BSUB -n 4", "# SBATCH --nodes=1"] {
            let text = format!("#!/bin/bash\n\n{directive}\necho\n");
            assert_eq!(classify(Path::new("run.sh"), text.as_bytes()), shell(Shell::Bash, Role::Job), "{directive}");
            assert_eq!(classify(Path::new("run"), text.as_bytes()), shell(Shell::Bash, Role::Job), "{directive}");
        }
        let inner = b"#!/bin/bash\ncat > job <<EOF\n#SBATCH -n 1\nEOF\n";
        assert_eq!(classify(Path::new("make.sh"), inner), shell(Shell::Bash, Role::Script));
        let python = b"#!/usr/bin/env python3\n#SBATCH -n 1\nimport os\n";
        assert_eq!(classify(Path::new("a.sbatch"), python), Kind::Python);
        assert_eq!(classify(Path::new("a"), python), Kind::Python);
        let submit = b"executable = /bin/true\nqueue\n";
        assert_eq!(classify(Path::new("condor.sub"), submit), Kind::Other);
        assert_eq!(classify(Path::new("a.sub"), b"#PBS -N x\necho\n"), shell(Shell::Bash, Role::Job));
    }

    #[test]
    fn the_shebang_tells_the_shell() {
        for (line, expected) in [
            ("#!/bin/sh", Shell::Sh),
            ("#!/bin/bash -l", Shell::Bash),
            ("#! /usr/bin/env -S bash -l", Shell::Bash),
            ("#!/bin/zsh", Shell::Zsh),
            ("#!/bin/tcsh -f", Shell::Csh),
            ("#!/usr/bin/env dash", Shell::Sh),
        ] {
            let text = format!("{line}\r\necho\n");
            assert_eq!(classify(Path::new("run"), text.as_bytes()), shell(expected, Role::Script), "{line}");
        }
        assert_eq!(classify(Path::new("x.sh"), b"echo\n"), shell(Shell::Bash, Role::Script));
        assert_eq!(classify(Path::new("x"), b"#!/usr/bin/perl\n#SBATCH -n 1\n"), Kind::Other);
    }

    #[test]
    fn environment_files_are_known_by_name_or_by_their_keys() {
        for (name, text, expected) in [
            ("environment.yml", "name: x\n", Kind::Environment),
            ("environment-gpu.yaml", "", Kind::Environment),
            ("my_env.yml", "dependencies:\n- python\n", Kind::Environment),
            ("sci.yml", "channels: [a]\ndependencies:\n  - python\n", Kind::Environment),
            ("sci.yml", "# c\nname: x\ndependencies: [python]\n", Kind::Environment),
            ("Chart.yaml", "apiVersion: v2\nname: x\ndependencies:\n- name: p\n", Kind::Other),
            ("package.yaml", "name: x\ndependencies:\n- base >= 4.7 && < 5\nlibrary:\n", Kind::Other),
            ("pubspec.yaml", "name: x\ndependencies:\n  flutter: any\n", Kind::Other),
            ("ci.yml", "name: x\non: push\n", Kind::Other),
            (".condarc", "", Kind::Condarc),
            ("condarc", "", Kind::Condarc),
            (".mambarc", "", Kind::Condarc),
            ("requirements-dev.txt", "", Kind::Requirements),
            ("train.py", "", Kind::Python),
            ("train.ipynb", "", Kind::Notebook),
        ] {
            assert_eq!(classify(Path::new(name), text.as_bytes()), expected, "{name}");
        }
    }

    #[test]
    fn a_named_file_is_sniffed_harder() {
        let text = b"# set-up\nmodule load python\nconda activate x\n";
        assert_eq!(classify(Path::new("setup.txt"), text), Kind::Other);
        assert_eq!(classify_named(Path::new("setup_env"), text), shell(Shell::Bash, Role::Script));
        assert_eq!(classify_named(Path::new("setup.txt"), text), shell(Shell::Bash, Role::Script));
        assert_eq!(classify_named(Path::new("setup.java"), text), Kind::Other);
        assert_eq!(classify_named(Path::new("a.txt"), b"conda was slow today.\n"), Kind::Other);
        assert_eq!(classify_named(Path::new("job.txt"), b"#SBATCH -n 1\n"), shell(Shell::Bash, Role::Job));
        assert_eq!(classify_named(Path::new("notes"), b"We had a nice day.\n"), Kind::Other);
        assert_eq!(classify_named(Path::new("x"), b"import os\nprint(1)\n"), Kind::Python);
        assert_eq!(classify_named(Path::new("x"), b"a\0module load x\n"), Kind::Other);
    }
}
