//! The fields of every kind of fact: the words in which rules are written.
//!
//! Rules are checked against this table when they load, and tests hold every fact that the fixtures give
//! against it.

mod account;
mod kinds;

pub use kinds::fields;

/// A field: its name, its type and what it says.
#[derive(Debug)]
pub struct Field {
    /// The name in dotted paths; `*` stands for any name (options, variables).
    pub name: &'static str,
    /// What kind of value it has.
    pub kind: Type,
    /// One sentence for the reference.
    pub doc: &'static str,
}

/// The type of a field.
#[derive(Debug)]
pub enum Type {
    /// Yes or no.
    Flag,
    /// A whole number.
    Number,
    /// Text. A path in it can be asked for `.place`, `.name`, `.parent`.
    Text,
    /// Text that is worked out and stands nowhere in the file: no finding, label or edit can be there.
    Word,
    /// One of these words.
    Choice(&'static [&'static str]),
    /// A list of values of one type. Can be asked for `.count`.
    List(&'static Type),
    /// Named fields.
    Record(&'static [Field]),
}

use Type::{Choice, Flag, List, Number, Record, Text, Word};

const fn f(name: &'static str, kind: Type, doc: &'static str) -> Field {
    Field { name, kind, doc }
}

const STATEMENT: Field = f(
    "statement",
    Record(&[
        f("text", Text, "the statement as written; its place is what `delete = \"statement\"` removes"),
        f(
            "whole",
            Flag,
            "the command of the fact is all of the statement, no part of an `&&`, `||` or `|` list; for an assignment, the statement sets no other variable and runs nothing",
        ),
        f("sole", Flag, "it is the only statement of the body of an `if`, loop, case or function"),
        f("remark", Word, "the comment behind it, or on the lines above in its paragraph; absent without"),
        f(
            "paragraph",
            Number,
            "first line of the run of commands that load modules, activate or set variables, line upon line without a gap, that it stands in; its own line for any other",
        ),
    ]),
    "the statement that holds the fact",
);

const CONTEXT: Field = f(
    "context",
    List(&Choice(&[
        "function",
        "alias",
        "condition",
        "host",
        "loop",
        "subshell",
        "substitution",
        "background",
        "pipeline",
        "remote",
        "container",
        "heredoc",
        "string",
        "sourced",
        "trap",
        "cell",
        "block",
        "environment",
    ])),
    "what the fact stands in, outermost first: a function or alias on demand, a condition, one on the name of the machine besides (`host`), a managed block, another machine (`remote`), …",
);

const GUARD: Field = f(
    "guard",
    Choice(&["none", "interactive", "batch", "login"]),
    "reached only in interactive shells, only in non-interactive ones (`batch`), only in login shells, or always (`none`)",
);

static MODULE_FIELDS: &[Field] = &[
    f("full", Text, "the module as written: `SciPy-bundle/2023.07-gfbf-2023a`"),
    f("name", Text, "the part before the version: `SciPy-bundle`, `python/gcc`"),
    f("version", Text, "the version, absent when none is given"),
    f(
        "family",
        Word,
        "what it is, by the [table of families](#datamodule-familiestsv), which names all: `python`, `python-packages`, `mpi` and others; absent when the table does not say",
    ),
    f("generation", Word, "toolchain generation (`2023a`) that name and version tell, absent when unknown"),
    f("line", Number, "line on which it was loaded"),
];

static PACKAGE_FIELDS: &[Field] = &[
    f("text", Text, "the requirement as written"),
    f("manager", Choice(&["conda", "pip"]), "who installs it"),
    f("name", Text, "the normalised name: lower case, `_` and `.` as `-` for pip"),
    f("version", Word, "the version constraint as written, without the name"),
    f("build", Word, "conda build string"),
    f("channel", Word, "conda channel of the requirement itself (`conda-forge::`)"),
    f("extras", List(&Word), "pip extras"),
    f("source", Choice(&["file", "command"]), "asked for in an environment file or on a command line"),
    f("major", Number, "major version when the constraint allows just one"),
    f("editable", Flag, "pip: a local path or URL instead of a name"),
];

static ENV_FIELDS: &[Field] = &[
    f("kind", Choice(&["conda", "venv", "uv", "unknown"]), "what kind of environment"),
    f("name", Text, "name or last path component"),
    f("path", Text, "path, when it was activated or created by path"),
    f("line", Number, "line on which it was activated"),
    f(
        "by",
        Choice(&["conda activate", "source activate", "activate script", "hook", "startup file", "path", "unknown"]),
        "how it became active",
    ),
    f("created-here", Flag, "the same script creates it"),
    f("seeded", Flag, "it was created with pip or python inside, as far as the script tells"),
];

static PATH_ENTRY_FIELDS: &[Field] = &[
    f("variable", Word, "the search path: `PATH`, `LD_LIBRARY_PATH`, `PYTHONPATH`, …"),
    f("entry", Text, "the directory"),
    f("position", Choice(&["front", "back", "only"]), "before what was there, after it, or instead of it"),
    f(
        "conda",
        Choice(&["root", "env", "condabin", "none"]),
        "`bin` of a conda installation, of one of its environments, its `condabin`, or none of these",
    ),
    f("line", Number, "line on which it was put"),
];

/// The state of the shell before a fact: `state.…`.
pub static STATE: &[Field] = &[
    f("modules", List(&Record(MODULE_FIELDS)), "modules loaded so far"),
    f("modules-known", Flag, "false after `module restore` or a module name that is not known: others may be loaded"),
    f("env", Record(ENV_FIELDS), "the active environment; absent when none is"),
    f(
        "conda-ready",
        Choice(&["yes", "maybe", "no"]),
        "can `conda activate` work here: a hook, `conda.sh`, an activate script or a start-up file that has one came before",
    ),
    f("conda-on-path", Flag, "a conda root's `bin` was put on `PATH`"),
    f("cwd", Text, "the working directory as far as known; absent before any `cd`"),
    f("path", List(&Record(PATH_ENTRY_FIELDS)), "entries put on search paths so far"),
    f("set-u", Flag, "`set -u` is on"),
    f("set-e", Flag, "`set -e` is on"),
    f("set-u-line", Number, "line of that `set -u`"),
    f("sourced", List(&Text), "files sourced so far"),
    f("new-shell", Flag, "inside `bash -c '…'`, a shell that has no functions of the one that started it; absent else"),
    f("startup-read", Flag, "the account's start-up files were read: a login shell, or `. ~/.bashrc`"),
];

/// What the scheduler directives of the file ask for: `job.…`. Absent in a file without directives.
pub static JOB: &[Field] = &[
    f("scheduler", Choice(&["slurm", "pbs", "sge", "lsf"]), "whose directives they are (the first, if several)"),
    f("schedulers", List(&Choice(&["slurm", "pbs", "sge", "lsf"])), "all whose directives the file has"),
    f("nodes", Number, "nodes asked for; absent when not said"),
    f("tasks", Number, "tasks in all; absent when not said"),
    f("tasks-per-node", Number, "tasks on each node"),
    f("cores-per-task", Number, "cores for each task; absent when not said"),
    f("cores", Number, "cores in all, as far as the directives tell; absent when they say nothing of cores or tasks"),
    f("whole-node", Flag, "the whole node is asked for (`--exclusive` and the like)"),
    f("gpus", Number, "GPUs asked for; 0 when none"),
    f("memory", Text, "memory as written"),
    f("time", Text, "time limit as written"),
    f("partition", Text, "partition or queue"),
    f("constraint", Text, "node feature asked for"),
    f("account", Text, "account or project"),
    f("array", Text, "job array as written"),
    f("pe", Text, "SGE parallel environment"),
    f("resources", Record(&[f("*", Text, "")]), "other resources by name (`-l NAME=VALUE`)"),
    f("options", List(&Word), "long names of all options given"),
    f("hetjob", Flag, "a heterogeneous job: several components"),
    f("line", Number, "line of the first directive"),
    f("export-none", Flag, "the environment at submission is not inherited (`--export=NONE`)"),
];

/// The file: `file.…`, the same for every fact in it.
pub static FILE: &[Field] = &[
    f("name", Word, "file name without folders"),
    f("path", Word, "path as given"),
    f(
        "kind",
        Choice(&["shell", "environment", "condarc", "requirements", "python", "notebook", "other"]),
        "what it is",
    ),
    f(
        "role",
        Choice(&["startup", "job", "script"]),
        "shell files: read at start-up, a job script (it has directives of a scheduler, or is called `*.slurm`, `*.slrm`, `*.sbatch`, `*.pbs`, `*.sge`, `*.lsf`, `*.job` or `*.qsub`), or another script; absent else",
    ),
    f("shell", Choice(&["sh", "bash", "zsh", "csh", "fish"]), "the language of a shell file"),
    f("scheduler", Choice(&["slurm", "pbs", "sge", "lsf"]), "whose directives it carries; absent without"),
    f("line-ends", Choice(&["lf", "crlf", "mixed"]), "how its lines end"),
    f("login-shell", Flag, "its shebang starts a login shell (`bash -l`): start-up files are read"),
    f("bom", Flag, "it begins with a byte order mark"),
    f(
        "python-version",
        Word,
        "Python version that the file is known to run under (from its job's modules, its environment file, or statements that only Python 2 has)",
    ),
    f("run-by-job", Flag, "a job script among the files checked runs it"),
    f("sourced-by", List(&Word), "files among those checked that source it"),
    f("gaps", Number, "per cent of its lines that were not understood"),
    f("env-name", Word, "environment files: the name that the file gives the environment"),
    f(
        "template",
        Flag,
        "it holds template marks (`{{ }}`, `<% %>`, `@@x@@`, `%(x)s`, `<…>` in a directive; in shell files also `@NAME@`, `%NAME%`, `<NAME>`, `<your …>`)",
    ),
    f(
        "made-for",
        Choice(&["mac", "windows", "several", "ci", "own"]),
        "the machine that it is for where that is no cluster, or not only one: a Mac, a machine with Windows, whichever runs the Python that asks for its system (`several`), a service that tests or shows the repository, or one whose owner installs the system's packages; absent else",
    ),
];
