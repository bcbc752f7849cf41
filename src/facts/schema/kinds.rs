//! The fields that each kind of fact has of its own.

use super::Type::{Choice, Flag, List, Number, Record, Text, Word};
use super::account;
use super::{CONTEXT, ENV_FIELDS, FILE, Field, GUARD, PACKAGE_FIELDS, STATEMENT, f};
use crate::facts::FactKind;

/// The fields that facts of `kind` have.
pub fn fields(kind: FactKind) -> &'static [Field] {
    match kind {
        FactKind::Command => COMMAND,
        FactKind::Assignment => ASSIGNMENT,
        FactKind::PathEntry => PATH_ENTRY,
        FactKind::Block => BLOCK,
        FactKind::Shebang => SHEBANG,
        FactKind::Directive => DIRECTIVE,
        FactKind::Module => MODULE,
        FactKind::Dependency => DEPENDENCY,
        FactKind::Channel => CHANNEL,
        FactKind::Key => KEY,
        FactKind::Import => IMPORT,
        FactKind::Call => CALL,
        FactKind::Comment => COMMENT,
        FactKind::Variable => VARIABLE,
        FactKind::File => FILE,
        FactKind::Suppression => SUPPRESSION,
        FactKind::ParseGap => PARSE_GAP,
        FactKind::Installation => account::INSTALLATION,
        FactKind::Usage => account::USAGE,
        FactKind::InitFile => account::INIT_FILE,
        FactKind::SearchPath => account::SEARCH_PATH,
        FactKind::Setting => account::SETTING,
    }
}

static COMMAND: &[Field] = &[
    f(
        "run",
        Text,
        "canonical program and sub-command by the command grammar: `conda create`, `python -m venv`, `module load`, `pip install`",
    ),
    f("program", Text, "the program as written, without its folders: `mamba`, `python3.11`"),
    f("path", Text, "the program as written, with its folders"),
    f("words", Text, "the command's own words; where a finding stands by default"),
    f(
        "option",
        Record(&[f(
            "*",
            Text,
            "value of an option, under every spelling that the grammar knows: `option.--prefix` is there for `-p` too; the empty text for a flag",
        )]),
        "options given",
    ),
    f("options", List(&Text), "the options as written, without values"),
    f("args", List(&Text), "positional words"),
    f(
        "destination",
        Text,
        "where it makes something: an environment's path, an installer's prefix; absent where it says no place, and the program has one of its own",
    ),
    f("env", Text, "the environment it names"),
    f(
        "activates",
        Record(ENV_FIELDS),
        "the environment that it makes the active one; `created-here` tells whether this script made it above",
    ),
    f("script", Text, "the script or file it runs or reads"),
    f("module", Text, "Python module run with `-m`"),
    f("code", Text, "program text given with `-c`"),
    f("packages", List(&Record(PACKAGE_FIELDS)), "packages it asks for"),
    f("launcher", Text, "parallel launcher in front of it: `srun`, `mpirun`, …; absent without"),
    f("launcher-option", Record(&[f("*", Text, "")]), "options of that launcher, as in `option`"),
    f("wrappers", List(&Word), "programs it was looked through: `sudo`, `env`, `apptainer exec`, …"),
    f("vars", Record(&[f("*", Text, "")]), "variables set for this command only (`A=b cmd`, `env A=b cmd`)"),
    f("unset", List(&Text), "variables removed for this command only (`env -u`)"),
    f("piped-from", Word, "`run` of the command whose output it reads"),
    f("piped-to", Word, "`run` of the command that reads its output"),
    f("output", Text, "file that its output goes to"),
    f("pipe-output", Text, "file that the end of the pipeline goes to, which it begins or passes on"),
    f(
        "prints",
        Flag,
        "it writes to the terminal: an `echo`, a `cat`, a `date` or the like whose output goes nowhere else",
    ),
    f(
        "placeholders",
        List(&Text),
        "words in angle brackets, not in quotes (`<ENV_NAME>`), which the shell takes for files to read and to write",
    ),
    f("reads-heredoc", Flag, "its input is a here document"),
    CONTEXT,
    GUARD,
    STATEMENT,
    f("alias", Word, "name of the alias whose text it stands in"),
    f("function", Word, "name of the function it stands in"),
    f("shadowed", Flag, "the file has a function of that name, which runs in its place"),
    f("from-alias", Word, "it was called through this alias of the same file"),
    f(
        "installer",
        Record(&[
            f("name", Text, "file name: `Miniconda3-latest-Linux-x86_64.sh`"),
            f(
                "family",
                Choice(&["anaconda", "miniconda", "miniforge", "mambaforge", "micromamba"]),
                "which distribution",
            ),
            f("system", Text, "system in its name: `Linux`, `MacOSX`, `Windows`"),
            f("machine", Text, "architecture in its name: `x86_64`, `aarch64`, …"),
        ]),
        "a conda installer that the command downloads or runs",
    ),
    f(
        "creator",
        Record(&[
            f("path", Word, "the script that makes it"),
            f("line", Number, "the line on which it does"),
            f("modules", List(&Word), "modules loaded there"),
            f("missing", List(&Word), "those of them that are not loaded here"),
            f("extra", List(&Word), "modules loaded here that were not loaded there"),
        ]),
        "another script among those checked that makes the environment which this command activates",
    ),
    f(
        "conda-root",
        Text,
        "path of a conda installation that the command names (hook, `conda.sh`, activate script, installer prefix)",
    ),
];

static ASSIGNMENT: &[Field] = &[
    f("name", Text, "the variable"),
    f("value", Text, "its new value"),
    f("exported", Flag, "it is exported"),
    f("for-command", Word, "`run` of the command it is set for, when only for that"),
    f("appends", Flag, "`+=`"),
    f("alone", Flag, "its command sets this one variable and does nothing else"),
    CONTEXT,
    GUARD,
    STATEMENT,
    f("function", Word, "name of the function it stands in"),
];

static PATH_ENTRY: &[Field] = &[
    f("variable", Word, "the search path: `PATH`, `LD_LIBRARY_PATH`, `PYTHONPATH`, …"),
    f("entry", Text, "the directory"),
    f("position", Choice(&["front", "back", "only"]), "before what was there, after it, or instead of it"),
    f(
        "conda",
        Choice(&["root", "env", "condabin", "none"]),
        "`bin` of a conda installation, of one of its environments, its `condabin`, or none of these",
    ),
    f("conda-root", Text, "path of that installation"),
    f(
        "alone",
        Flag,
        "the statement does nothing but put this one entry on the path, behind tests (`[ -d X ] && …`) or without",
    ),
    f(
        "removable",
        Text,
        "the bytes to take out so that the rest of the statement stands; the statement where it sets nothing else; absent where more hangs on it",
    ),
    CONTEXT,
    GUARD,
    STATEMENT,
    f("function", Word, "name of the function it stands in"),
];

static BLOCK: &[Field] = &[
    f("tool", Choice(&["conda", "mamba", "micromamba"]), "who manages it"),
    f(
        "form",
        Choice(&["hook", "condabin", "profile", "csh", "legacy", "windows", "bare", "empty"]),
        "what its body does; `bare` has no markers, `legacy` has the markers of old condas",
    ),
    f("intact", Flag, "both markers stand where conda itself would find them"),
    f(
        "end",
        Choice(&["marker", "recognised", "lost"]),
        "how its end was found: by its marker, by a body recognised whole, or not at all",
    ),
    f("edited", Flag, "its body has lines that no known version of the tool writes"),
    f("mamba", Flag, "a block of conda's that reads `mamba.sh` as well, which defines `mamba activate`"),
    f("indented", Flag, "its markers are indented: conda itself can no longer remove it"),
    f("commented-out", Flag, "every line of its body is a comment"),
    f("index", Number, "its number among the blocks of the file, from 1"),
    f("prefix", Text, "the installation it points to"),
    f("needed-by", List(&Number), "lines of the file, outside the block, that need it"),
    f("needed-by-jobs", List(&Word), "job scripts among the files checked that rely on it"),
    f("shell", Choice(&["sh", "csh", "mixed", "fish", "powershell"]), "language of its body"),
    CONTEXT,
    f("sole", Flag, "it is all that the body of an `if`, loop or function holds"),
    f("whole", Text, "the block with the one blank line it would leave: what `delete = \"whole\"` removes"),
];

static SHEBANG: &[Field] = &[
    f("text", Text, "the line"),
    f("program", Text, "the interpreter's path"),
    f("args", Text, "what follows it"),
    f(
        "problem",
        Choice(&["none", "no-hash", "no-bang", "spaced", "not-first", "bom", "missing", "blank-before"]),
        "what keeps it from being one: `!/bin/bash`, `#/bin/bash`, `# !/bin/bash`, lines or bytes before it",
    ),
    f(
        "before",
        Text,
        "what stands before it: blanks, blank lines or a byte order mark to delete, or lines that belong below it",
    ),
    f("line", Number, "its line; 1 when missing"),
];

static DIRECTIVE: &[Field] = &[
    f("scheduler", Choice(&["slurm", "pbs", "sge", "lsf"]), "whose"),
    f("text", Text, "the whole line without its end"),
    f("sentinel", Text, "what the line begins with: `#SBATCH`"),
    f("option", Text, "the option as written: `--memb`, `-n`, `-l`"),
    f(
        "name",
        Word,
        "canonical name, without dashes: the long name for Slurm, the letter else; of an alias the option that it stands for; absent when unknown",
    ),
    f("value", Text, "its value"),
    f(
        "known",
        Choice(&["yes", "no", "placeholder", "stray"]),
        "the scheduler knows it; does not; the word is a placeholder of a template; a word that is no option",
    ),
    f("nearest", Word, "the nearest option that exists, absent when none is near"),
    f("distance", Number, "edits to that"),
    f("nearest-sole", Flag, "no other option is as near, and it takes a value as this one does"),
    f(
        "taken-for",
        Text,
        "what the scheduler reads in place of a long name behind one dash, where that means something: `-e xclusive`",
    ),
    f("abbreviates", Word, "the long name that the scheduler completes it to, when it is a prefix"),
    f("misleading", Word, "the option that such an abbreviation looks like but is not"),
    f(
        "fault",
        Choice(&["no-value", "value-not-taken", "open-quote"]),
        "why the scheduler refuses an option that it knows: its value is missing (Slurm takes the next directive for it), it takes none, or a quote is left open",
    ),
    f("effective", Flag, "the scheduler reads it: it stands before the first command"),
    f("first-late", Flag, "the first of the directives that stand too late"),
    f("ended-by", Number, "line of the command that ended the reading"),
    f("second-shebang", Flag, "a `#!` line stands between that command and it: another script begins there"),
    f("nested", Flag, "it stands in an `if`, a loop, a function or another compound command"),
    f("below-all", Flag, "it stands below the last line that is no comment"),
    f(
        "disguised",
        Choice(&["none", "space", "indent", "case"]),
        "written so that the scheduler takes it for a comment",
    ),
    f("literal-variable", Text, "variable in the value that the scheduler does not expand"),
    f("placeholder", Flag, "the value is a placeholder: `<account>`, `{{ x }}`, `...`"),
    f("repeats", Number, "line on which the same option was given another value before"),
    f("conflicts", Text, "an earlier option that excludes this one"),
    f("line", Number, "its line"),
    f("index", Number, "its number among the directives of its scheduler, from 1"),
    CONTEXT,
];

static MODULE: &[Field] = &[
    f("verb", Choice(&["load", "unload", "swap", "purge", "reset", "restore", "use", "save", "other"]), "what is done"),
    f("full", Text, "the module as written: `SciPy-bundle/2023.07-gfbf-2023a`"),
    f("name", Text, "the part before the version"),
    f("version", Text, "the version, absent when none is given"),
    f("family", Word, "what it is, by the family table; absent when the table does not say"),
    f("generation", Word, "toolchain generation, absent when unknown"),
    f("toolchain", Word, "toolchain part of the version: `gfbf-2023a`"),
    f(
        "fitting",
        Word,
        "the version of this module that fits the generation loaded before, when the toolchain table knows it",
    ),
    f("replaces", Word, "the module that `swap` takes away"),
    f("with", List(&Text), "all modules of the same command"),
    f("line", Number, "its line"),
    CONTEXT,
    GUARD,
    STATEMENT,
    f("function", Word, "name of the function it stands in"),
];

static DEPENDENCY: &[Field] = &[
    f("text", Text, "the requirement as written; where a finding stands"),
    f("manager", Choice(&["conda", "pip"]), "who installs it"),
    f("name", Text, "the normalised name"),
    f("version", Word, "the version constraint as written, without the name"),
    f("build", Word, "conda build string or pattern"),
    f("build-exact", Flag, "the build string is one build, not a pattern"),
    f("channel", Word, "conda channel of the requirement itself"),
    f("extras", List(&Word), "pip extras"),
    f("source", Choice(&["file", "command"]), "in an environment or requirements file, or on a command line"),
    f("major", Number, "major version when the constraint allows just one"),
    f("editable", Flag, "pip: a local path or URL instead of a name"),
    f("run", Word, "`run` of the command that asks for it"),
    f(
        "item",
        Text,
        "the whole list item, line and all: what `delete = \"item\"` removes; of the only one below `- pip:` that line too",
    ),
    f(
        "only",
        Flag,
        "in an environment file: nothing else stands in `dependencies:`; `delete = \"item\"` then leaves `[]`",
    ),
    f("build-part", Text, "the build part with its `=`: what to cut to drop the pin"),
    f("option", Record(&[f("*", Text, "")]), "options of the command that asks for it"),
    f("vars", Record(&[f("*", Text, "")]), "variables set for the command that asks for it"),
    f("selector", Text, "platform selector in a comment: `linux`"),
    f("remark", Word, "in a file: the comments at its head, right above the list and in it; absent without"),
    CONTEXT,
    GUARD,
];

static CHANNEL: &[Field] = &[
    f("name", Text, "the channel as written"),
    f("source", Choice(&["file", "command"]), "in a file or on a command line"),
    f("only", Flag, "no other channel is given"),
    f("others", List(&Text), "the other channels of the same file or command"),
    f("item", Text, "the whole list item, line and all; `delete = \"item\"` of the only one leaves `[]`"),
    f("remapped", Flag, "the file gives `defaults` another meaning (`default_channels:`)"),
    f("remark", Word, "in a file: the comments at its head, right above the list and in it; absent without"),
    CONTEXT,
];

static KEY: &[Field] = &[
    f(
        "name",
        Text,
        "the key, with its parents: `dependencies`, `envs_dirs`; `envs_dirs.item` for each folder of that list",
    ),
    f("value", Text, "its value, when it is one"),
    f("items", List(&Text), "its values, when it is a list"),
    f(
        "item",
        Text,
        "the whole entry, lines and all: what `delete = \"item\"` removes; of `envs_dirs.item` and the like the item of the list",
    ),
    f("only", Flag, "of an item: the list has no other; `delete = \"item\"` then leaves `[]`"),
    f("line", Number, "its line"),
    f("has", List(&Word), "for `dependencies` and `pip`: names of the packages below it"),
    f("indent", Word, "blanks before the items of the list"),
    f("first", Text, "the place before the first item of the list"),
];

static IMPORT: &[Field] = &[
    f("module", Text, "the module: `multiprocessing`, `mpi4py`"),
    f("name", Text, "what is imported from it; absent for a plain import, `*` for all"),
    f("as", Text, "the name it gets in the file"),
    f("top", Flag, "it stands at the top level of the file"),
    f("optional", Flag, "inside a `try` that catches the failure"),
    f("type-checking", Flag, "only for type checkers"),
    f("unused", Flag, "the name is never used in the file"),
    f("standard", Flag, "a module of Python's own library, of whatever version"),
    f("local", Flag, "a file or package of that name lies beside the script; `facts` does not look, and leaves it out"),
];

static CALL: &[Field] = &[
    f("callee", Text, "the qualified name: `multiprocessing.Pool`, `os.cpu_count`"),
    f("written", Text, "the function as written"),
    f(
        "arg",
        Record(&[f(
            "*",
            Record(&[
                f(
                    "origin",
                    Choice(&[
                        "missing",
                        "literal",
                        "all-cpus",
                        "affinity",
                        "scheduler",
                        "parameter",
                        "config",
                        "none",
                        "unknown",
                    ]),
                    "where the value comes from",
                ),
                f(
                    "value",
                    Text,
                    "a literal's value, that of a number as text too; a `~` in it stays as it is, and is no home",
                ),
                f("text", Text, "as written; what `replace` changes"),
                f("source", Text, "the call or variable that the value comes from, with its place"),
                f(
                    "fallback",
                    Choice(&["all-cpus"]),
                    "what it is when its origin gives nothing: `args.n or cpu_count()`; absent else",
                ),
                f(
                    "lessened",
                    Flag,
                    "something is taken off a count of processors, so that of few none may be left: `cpu_count() - 2`; absent else",
                ),
            ]),
            "",
        )]),
        "arguments by keyword, and by position (`0`, `1`); a count that the call takes stands under `count` too",
    ),
    f("imports-os", Flag, "the file imports `os` under that name; of calls that count processors or start processes"),
    f("os-name", Word, "the name under which the file knows `os`; of the same calls"),
    f(
        "import-place",
        Text,
        "where a missing import belongs: after docstring, `__future__` and the first imports; of the same calls",
    ),
    f("arguments", Text, "the text between the parentheses"),
    f("main-guard", Flag, "inside `if __name__ == '__main__'`"),
    f("result-used", Word, "how the result is used: `pool`, `print`, `other`"),
    f("inside", List(&Word), "qualified names of the calls it is an argument of"),
];

static COMMENT: &[Field] = &[
    f("text", Text, "the comment with its mark"),
    f("tool", Choice(&["conda"]), "who wrote it"),
    f("code", Text, "the code that it holds"),
    f("about-conda", Flag, "the code has to do with conda"),
    f("whole", Text, "the whole line"),
];

static VARIABLE: &[Field] = &[
    f("name", Text, "the variable, without `$`"),
    f("scheduler", Choice(&["slurm", "pbs", "sge", "lsf"]), "whose variable its name says it is"),
    f("known", Flag, "that scheduler sets a variable of this name"),
    f("set-here", Flag, "the script sets it itself before"),
    f("nearest", Word, "the variable that was probably meant"),
    f("nearest-sole", Flag, "no other variable is as likely: one slip of the pen away, or with a word more"),
    f("needs", Word, "the option without which the scheduler does not set it; absent when it always does"),
    f("needs-given", Flag, "that option is given"),
    f("default", Flag, "used with a default: `${X:-1}`"),
    f("tested", Flag, "it stands in `[ … ]`, `[[ … ]]` or `test …`"),
    f("literal", Flag, "the name stands as plain text where its value was meant (no `$`)"),
    f("labelled", Flag, "the same line has the name as plain text too: `echo \"NAME = $NAME\"`"),
    CONTEXT,
];

static SUPPRESSION: &[Field] = &[
    f("text", Text, "the comment"),
    f("rule", Text, "the rule it names"),
    f("known", Flag, "there is such a rule"),
    f("used", Flag, "it hides a finding"),
    f("reason", Word, "what follows `--`"),
    f("needs-reason", Flag, "it has no reason, and the policy asks for one"),
    f("until", Word, "the last day on which it counts"),
    f("ended", Flag, "that day is over"),
    f("locked", Flag, "the policy of the machine lets nobody silence the rule"),
    f("lock", Word, "the file and the line that say so"),
    f("lock-reason", Word, "why they say so"),
    f("fault", Word, "why it can silence nothing, as it is written"),
    f("scope", Choice(&["line", "file"]), "one line, or the whole file"),
    f("nearest", Word, "the rule that was probably meant"),
    f("whole", Text, "what to remove: the id, or the whole comment"),
];

static PARSE_GAP: &[Field] =
    &[f("reason", Text, "why"), f("lines", Number, "how many lines"), f("share", Number, "per cent of the file")];
