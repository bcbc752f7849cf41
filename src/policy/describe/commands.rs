//! `commands.toml`: how command lines are read.

use super::{Keys, Kind, may, need};
use crate::facts::FactKind;
use crate::facts::schema::{self, Type};

const TEXTS: Kind = Kind::List(&Kind::Text);

/// What a field of a record of commands can be.
fn words(record: &str, field: &str) -> Vec<&'static str> {
    let find = |fields: &'static [schema::Field], name: &str| fields.iter().find(|field| field.name == name);
    let inner = match find(schema::fields(FactKind::Command), record).map(|field| &field.kind) {
        Some(Type::Record(inner) | Type::List(Type::Record(inner))) => *inner,
        _ => &[],
    };
    match find(inner, field).map(|field| &field.kind) {
        Some(Type::Choice(words)) => words.to_vec(),
        _ => Vec::new(),
    }
}

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
        may(
            "destination",
            TEXTS,
            "the options or words that give the field `destination`, the first that is there: `[\"--prefix\"]`; `\"=TEXT\"`, last, is the text where none is",
        ),
        may("env", TEXTS, "those that give `env`"),
        may("script", TEXTS, "those that give `script`"),
        may("code", TEXTS, "those that give `code`"),
        may("packages", Kind::Word(|| words("packages", "manager")), "the words are packages of this manager: WORDS"),
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
        may("context", Kind::Word(|| vec!["container", "remote", "environment"]), "what the command is in: WORDS"),
        may(
            "images",
            TEXTS,
            "options that name an image in which the command runs; as a directive, the whole job does",
        ),
        may("joins", Kind::Flag, "`true`: all words are joined to shell text"),
        may("env", Kind::Text, "the option that names the environment it runs in"),
        may("queries", TEXTS, "options with which it only asks about the command"),
    ],
);

static INSTALLER: Keys = Keys::of(
    "installer",
    &[
        need("family", Kind::Word(|| words("installer", "family")), "one of WORDS"),
        need("names", TEXTS, "globs for its file name"),
    ],
);
