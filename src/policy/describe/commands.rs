//! `commands.toml`: how command lines are read.

use super::{Keys, Kind, may, need};

const TEXTS: Kind = Kind::List(&Kind::Text);

pub(in super::super) static COMMANDS: Keys = Keys::of(
    "commands",
    &[
        may("program", Kind::List(&Kind::Table(&PROGRAM)), "a program: what all its sub-commands share; `[[program]]`"),
        may("command", Kind::List(&Kind::Table(&COMMAND)), "a program with its sub-command; `[[command]]`"),
        may("wrapper", Kind::List(&Kind::Table(&WRAPPER)), "a program that runs the command after it; `[[wrapper]]`"),
        may("conda-roots", TEXTS, "globs for names of folders that are by custom a conda installation"),
        may(
            "installers",
            Kind::List(&Kind::Table(&INSTALLER)),
            "conda installers by their file names; `[[installers]]`",
        ),
        may("printers", TEXTS, "programs that write to the terminal whenever they run"),
    ],
);

static PROGRAM: Keys = Keys::of(
    "program",
    &[
        need("name", Kind::Text, "its name, which rules ask for"),
        may("aliases", TEXTS, "other names, and globs for names"),
        may(
            "options",
            TEXTS,
            "options that may stand before the sub-command: spellings, and a word in capitals when it takes a value: `\"-p --prefix PATH\"`",
        ),
        may("subcommands", Kind::Flag, "`true`: the first word that is no option is a sub-command"),
        may("modules", TEXTS, "`python -m NAME` is this program"),
        may("run", Kind::Text, "it stands for this program and sub-command"),
    ],
);

static COMMAND: Keys = Keys::of(
    "command",
    &[
        need("run", TEXTS, "program and sub-command: `[\"conda create\"]`"),
        may("options", TEXTS, "its options: `\"-p --prefix PATH\"`"),
        may("args", TEXTS, "names of the words that are no options, in order; `\"NAME...\"` takes all that are left"),
        may("stops", Kind::Flag, "`true`: options do not follow the first word that is none"),
        may("destination", TEXTS, "the options or words that give the field `destination`: `[\"--prefix\"]`"),
        may("env", TEXTS, "those that give `env`"),
        may("script", TEXTS, "those that give `script`"),
        may("code", TEXTS, "those that give `code`"),
        may("packages", Kind::Text, "the words are packages of this manager"),
    ],
);

static WRAPPER: Keys = Keys::of(
    "wrapper",
    &[
        need("run", TEXTS, "its names"),
        may("options", TEXTS, "its own options"),
        may("skip", Kind::Integer, "how many words stand before the command"),
        may("assignments", Kind::Flag, "`true`: `NAME=value` words before the command set variables for it"),
        may("launcher", Kind::Flag, "`true`: it starts a parallel program"),
        may("strings", TEXTS, "options whose value is shell text to run"),
        may("context", Kind::Text, "what the command is in: `container`, `remote`, `environment`"),
        may("joins", Kind::Flag, "`true`: all words are joined to shell text"),
        may("env", Kind::Text, "the option that names the environment it runs in"),
        may("queries", TEXTS, "options with which it only asks about the command"),
    ],
);

static INSTALLER: Keys =
    Keys::of("installer", &[need("family", Kind::Text, "its family"), need("names", TEXTS, "globs for its file name")]);
