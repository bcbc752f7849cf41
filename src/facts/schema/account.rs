//! The fields of facts about a live account, which `pydoctor doctor` gathers.

use super::Type::{Choice, Flag, List, Number, Text, Word};
use super::{Field, f};

pub(super) static INSTALLATION: &[Field] = &[
    f(
        "kind",
        Choice(&["conda", "conda-env", "venv", "uv-venv", "pipenv", "pyenv", "link"]),
        "a conda installation, one of its environments, who made the virtual environment, or a link to where such things lie",
    ),
    f("path", Word, "its folder"),
    f("name", Word, "its name: the last part of the path"),
    f("root", Word, "virtual environments: the folder of the Python that made it"),
    f("python", Word, "version of its Python, absent when it has none"),
    f("version", Word, "version of conda, uv or virtualenv that made it, when that is recorded"),
    f("files", Number, "files and folders in it, without environments inside it"),
    f("bytes", Number, "bytes in it, likewise"),
    f("size", Word, "the same for people: `3.2 GB in 41,000 files`"),
    f(
        "problem",
        Choice(&["none", "interpreter-gone", "interpreter-shut", "moved", "incomplete", "dangling"]),
        "its interpreter does not exist any more; its user may not get to it; it was made for another path; it has no interpreter at all; the link leads to nothing",
    ),
    f(
        "target",
        Word,
        "where the missing interpreter was, or the one that cannot be reached, the path that it was made for, or where the link leads",
    ),
    f("changed", Word, "day of the last change that its own records hold: `2024-05-02`"),
    f("needs", Word, "instruction set that its interpreter was built for: `x86-64-v3`; absent when any will do"),
    f("runs-here", Flag, "this machine can run it; absent when that is not known"),
    f("foreign-libc", Word, "the newer glibc that its interpreter needs: `2.34`"),
    f("open-to", Choice(&["nobody", "group", "others"]), "who besides the owner may write into it"),
    f("exported", Flag, "an environment file that names it lies somewhere in the account"),
    f("system-packages", Flag, "virtual environments: it sees the packages of its base"),
    f(
        "built-for",
        Word,
        "the generation of processors, in the table of processors, that the path of its Python names, or its own path",
    ),
    f("says-so", Flag, "its own path names that generation"),
    f("lacks", Word, "what that generation has and this machine has not: `avx512f`; absent when nothing is missing"),
    f("machine", Word, "then, the generation of this machine, when it is known"),
];

pub(super) static USAGE: &[Field] = &[
    f(
        "what",
        Word,
        "what takes the space: `home`, `environments`, the name of a cache in the table of caches, or `rest`; `file-system` for what holds the home",
    ),
    f("title", Word, "the same for people"),
    f("path", Word, "its folder"),
    f("files", Number, "files and folders in it"),
    f("bytes", Number, "bytes in it"),
    f("size", Word, "the same for people"),
    f("files-limit", Number, "how many files are allowed; absent when neither `quota` nor the site says"),
    f("bytes-limit", Number, "how many bytes are allowed"),
    f("files-share", Number, "per cent of the files that are allowed; `file-system`: of those that fit"),
    f("bytes-share", Number, "per cent of the bytes that are allowed; `file-system`: of its size"),
    f("files-by", Choice(&["site", "quota"]), "`home`: who says so, the site's documents or the program `quota`"),
    f("bytes-by", Choice(&["site", "quota"]), "`home`: the same for bytes"),
    f("limit", Word, "`home`: what the site's documents allow, for people"),
    f("quota", Word, "`home`: what the program `quota` counts and allows: `27 GB of 30 GB`"),
    f(
        "freed-files",
        Number,
        "`home`: files that are gone when every cache is emptied that its tool makes again; of a file with several names every one lies in them",
    ),
    f("freed-bytes", Number, "`home`: the same in bytes"),
    f("bytes-free", Number, "`file-system`: bytes that the user may still write"),
    f("free", Word, "`file-system`: the same for people"),
    f("count", Number, "`environments`: how many there are"),
    f("clean", Word, "the command that empties it"),
    f("variable", Word, "the variable that moves it elsewhere"),
    f("remade", Flag, "its tool makes it again by itself, so that it may be emptied"),
];

pub(super) static INIT_FILE: &[Field] = &[
    f("path", Word, "the file, or `$HOME` for the home itself, in which whoever may write there replaces files"),
    f("name", Word, "its name"),
    f(
        "what",
        Choice(&["file", "folder", "home"]),
        "a file, the home, or a folder between the two into which somebody else may write",
    ),
    f("holds", Word, "of a folder: a start-up file in it, or one that is reached through it"),
    f("shell", Choice(&["bash", "zsh", "csh", "sh"]), "whose"),
    f("read-by", List(&Word), "the shells that read it: `login`, `interactive`, `batch`, `remote`"),
    f(
        "problem",
        Choice(&[
            "none",
            "never-read",
            "missing",
            "loop",
            "unreadable",
            "too-large",
            "dangling",
            "link-loop",
            "fifo",
            "folder",
            "no-file",
            "syntax",
            "leftover",
            "collection",
        ]),
        "no shell reads it; a file that it sources is missing; it sources itself; its owner may not read it; it is too large to be looked at; a link to nothing; a link to itself; a pipe; a folder; a socket or a device; its shell refuses it; only the system's own files could read such a file; modules that Lmod loads at login. A file with several problems has a fact for each",
    ),
    f("hidden-by", Word, "the file that shells read instead"),
    f("moved-to", Word, "the folder in which `ZDOTDIR` has zsh look for it"),
    f("target", Text, "the missing file, or the file where the loop closes"),
    f(
        "open-to",
        Choice(&["nobody", "named", "group", "others"]),
        "who besides the owner may write it, `named` for users and groups that an access control list names; absent for what nothing reads",
    ),
    f("foreign-owner", Word, "who owns it, when that is somebody else"),
    f("link", Word, "where it points, when it is a symbolic link"),
];

pub(super) static SEARCH_PATH: &[Field] = &[
    f("variable", Word, "the search path: `PATH`, `LD_LIBRARY_PATH`, `PYTHONPATH`"),
    f(
        "program",
        Word,
        "the program that is looked for: `python3`, `tclsh`; `module` stands for the interpreter that runs it",
    ),
    f("winner", Word, "the first that is found"),
    f("from", Choice(&["conda", "environment", "user", "system", "other"]), "what that belongs to"),
    f("shadowed", List(&Word), "those that are found after it"),
    f("shadows-system", Flag, "one of the system's is among them"),
];

pub(super) static SETTING: &[Field] = &[
    f(
        "tool",
        Word,
        "whose setting it is: `conda`, `mamba` (which reads conda's as well), `pip`, `uv`, `jupyter`, `netrc`, `pypirc`, `environment`",
    ),
    f("path", Word, "the file it stands in; absent for a variable of the environment"),
    f("line", Number, "the line it stands on"),
    f("name", Word, "the key, or the variable"),
    f("value", Word, "its value; absent for what is secret"),
    f("list", Flag, "its value is a list, which the tool joins from all its files"),
    f("open-to", Choice(&["nobody", "group", "others"]), "who besides the owner may read the file"),
    f("overridden-by", Word, "the file or variable that wins over it"),
    f(
        "overridden-in-mamba-by",
        Word,
        "`conda`: the file of mamba's own that wins over it in mamba, where conda obeys this one",
    ),
    f("problem", Word, "why the tool does not load the file, so that nothing in it is in force"),
    f("own", Flag, "the file belongs to the account"),
];
