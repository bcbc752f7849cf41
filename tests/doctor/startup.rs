//! Homes with one thing wrong in their start-up files: what is found, and what the tree of files says.

use std::fs;
use std::os::unix::fs::{PermissionsExt as _, symlink};
use std::path::Path;
use std::process::Command;

use serde_json::Value as Json;

use super::{doctor, oracle, report, scratch, write};

/// What lies in a home.
enum Put {
    Text(&'static str),
    Folder,
    Fifo,
    Link(&'static str),
    Large,
    Mode(u32),
    Acl(&'static str),
}

use Put::{Acl, Fifo, Folder, Large, Link, Mode, Text};

/// A home: what lies in it, what is found by rules on start-up files, and lines of the tree.
struct Case {
    name: &'static str,
    home: &'static [(&'static str, Put)],
    found: &'static [&'static str],
    shown: &'static [&'static str],
}

const PRIVATE: &str = "✓ permissions: nobody else can write what runs at login";

const CASES: &[Case] = &[
    Case {
        name: "a folder on the way",
        home: &[("w/x.sh", Text("")), ("w", Mode(0o777)), (".bashrc", Text(". ~/w/x.sh\n"))],
        found: &[
            "~/w: everybody may write into this folder, and so replace `~/w/x.sh`, which is read when shells start",
        ],
        shown: &[],
    },
    Case {
        name: "a folder on the way to what is not there yet",
        home: &[("w", Mode(0o777)), (".bashrc", Text("[ -r ~/w/x.sh ] && . ~/w/x.sh\n"))],
        found: &[
            "~/w: everybody may write into this folder, and so replace `~/w/x.sh`, which is read when shells start",
        ],
        shown: &[],
    },
    Case {
        name: "the folder of a link, and the one of its target",
        home: &[
            ("dot/bashrc", Text("")),
            ("dot", Mode(0o777)),
            ("ways", Mode(0o777)),
            ("ways/in", Link("../dot/bashrc")),
            (".bashrc", Link("ways/in")),
        ],
        found: &[
            "~/dot: everybody may write into this folder, and so replace `~/.bashrc`, which is read when shells start",
            "~/ways: everybody may write into this folder, and so replace `~/.bashrc`, which is read when shells start",
        ],
        shown: &[],
    },
    Case {
        name: "a folder in which others replace only what is theirs",
        home: &[("w/x.sh", Text("")), ("w", Mode(0o1777)), (".bashrc", Text(". ~/w/x.sh\n")), ("else", Mode(0o777))],
        found: &[],
        shown: &[PRIVATE],
    },
    Case {
        name: "a file elsewhere",
        home: &[(".bashrc", Text(". /nowhere/x.sh\n"))],
        found: &[],
        shown: &["✓ permissions: nobody else can write what runs at login, as far as it lies in the home"],
    },
    Case {
        name: "an access control list",
        home: &[
            (".bashrc", Text("")),
            (".bashrc", Acl("u:4242:rw")),
            (".profile", Text("")),
            (".profile", Acl("u:4242:r")),
        ],
        found: &[
            "~/.bashrc: an access control list lets somebody else write this file, and so run programs as its owner",
        ],
        shown: &[],
    },
    Case {
        name: "ZDOTDIR",
        home: &[
            (".zshenv", Text("export ZDOTDIR=\"${XDG_CONFIG_HOME:-$HOME/.config}/zsh\"\n")),
            (".config/zsh/.zshrc", Text("source ~/a.zsh\n")),
            ("a.zsh", Text("")),
            (".zshrc", Text("echo hello\n")),
            (".zlogin", Text("echo hello\n")),
        ],
        found: &[
            "~/.zlogin: no shell reads this file: `ZDOTDIR` has zsh look in `~/.config/zsh`",
            "~/.zshrc: no shell reads this file: `~/.config/zsh/.zshrc` is read in its place",
        ],
        shown: &["├─ ~/.zshenv\n", "└─ ~/.config/zsh/.zshrc\n       └─ ~/a.zsh  (line 1)\n"],
    },
    Case {
        name: "ZDOTDIR that is only known when it runs",
        home: &[(".zshenv", Text("ZDOTDIR=$(find-it)\n")), (".zshrc", Text(""))],
        found: &[],
        shown: &["~/.zshrc  (perhaps)\n", "$(find-it)/.zshrc  (its name is only known when it runs)\n"],
    },
    Case {
        name: "too large",
        home: &[(".bashrc", Large)],
        found: &[],
        shown: &[
            "└─ ~/.bashrc  (too large, not looked at)\n",
            "Not looked at\n  ~/.bashrc: larger than 2 MB: not read\n",
        ],
    },
    Case {
        name: "several that are missing",
        home: &[(".bashrc", Text(". ~/one\n. ~/two\n. ~/one\n"))],
        found: &[
            "~/.bashrc:1: this file reads `~/one`, which is not there",
            "~/.bashrc:2: this file reads `~/two`, which is not there",
            "~/.bashrc:3: this file reads `~/one`, which is not there",
        ],
        shown: &[],
    },
    Case {
        name: "a pipe",
        home: &[(".bash_profile", Fifo), (".profile", Text("echo hello\n"))],
        found: &["~/.bash_profile: this is a pipe and no file: every shell that reads it hangs"],
        shown: &["bash login\n    └─ ~/.bash_profile  (a pipe, at which shells hang)\n"],
    },
    Case {
        name: "a folder in its place",
        home: &[(".bashrc", Folder)],
        found: &["~/.bashrc: this is a folder, which no shell can read as a start-up file"],
        shown: &["└─ ~/.bashrc  (a folder)\n"],
    },
    Case {
        name: "a link to itself",
        home: &[(".zshrc", Link(".zshrc"))],
        found: &["~/.zshrc: this is a link that leads back to itself: no shell can read it"],
        shown: &["└─ ~/.zshrc  (a link to itself)\n"],
    },
    Case {
        name: "a link to nothing, and the file that is read in its place",
        home: &[(".bash_profile", Link("dotfiles/gone")), (".profile", Text(""))],
        found: &[
            "~/.bash_profile: this is a link to `dotfiles/gone`, which is not there: no shell reads anything by it",
        ],
        shown: &["├─ ~/.bash_profile  (a link to what is not there, ~/dotfiles)\n    └─ ~/.profile\n"],
    },
    Case {
        name: "what is tested first need be no file",
        home: &[(".bashrc", Text("[ -f ~/d ] && . ~/d\n")), ("d", Folder)],
        found: &[],
        shown: &["└─ ~/d  (line 1, perhaps, a folder)\n"],
    },
    Case {
        name: "from another folder, on call, by eval and never",
        home: &[
            (".bashrc", Text("cd ~/d && . ./rel.sh\neval \". ~/evaled\"\nf() { . ~/called; }\nreturn\n. ~/after\n")),
            ("d/rel.sh", Text(". ./inner\n")),
            ("d/inner", Text("")),
            ("evaled", Text("")),
            ("called", Text("")),
        ],
        found: &[],
        shown: &[
            "       ├─ ~/d/rel.sh  (line 1)\n       │  └─ ~/d/inner  (line 1)\n       ├─ ~/evaled  (line 2)\n       └─ ~/called  (line 3, when `f` is called)\n\n",
        ],
    },
    Case {
        name: "what is hidden has no other findings",
        home: &[
            (".bash_profile", Text("")),
            (".profile", Text("echo hello\n")),
            (".profile", Mode(0o666)),
            (".tcshrc", Text("")),
            (".cshrc", Text("echo hello\n")),
        ],
        found: &[
            "~/.cshrc: no shell reads this file: `~/.tcshrc` is read in its place",
            "~/.profile: no shell reads this file: `~/.bash_profile` is read in its place",
        ],
        shown: &[PRIVATE],
    },
    Case {
        name: "what is left over",
        home: &[(".bashrc", Text("")), (".bashrc.ext", Text("echo hello\n")), (".bashrc.ext", Mode(0o666))],
        found: &["~/.bashrc.ext: no shell reads `.bashrc.ext`: only the start-up files of some centres did"],
        shown: &[PRIVATE],
    },
    Case {
        name: "csh is told in its own words",
        home: &[(".cshrc", Text("source ~/gone\necho hello\n"))],
        found: &[
            "~/.cshrc: this prints, also in the shells of `scp` and `sftp`, which then fail",
            "~/.cshrc:1: this file reads `~/gone`, which is not there",
        ],
        shown: &["`if ( -r ~/gone ) source ~/gone`\n", "`if ( ! $?prompt ) exit`\n"],
    },
];

fn build(home: &Path, parts: &[(&str, Put)]) {
    fs::create_dir_all(home).unwrap();
    for (name, put) in parts {
        let path = home.join(name);
        match put {
            Text(text) => write(&path, text),
            Large => write(&path, &"# large\n".repeat(300_000)),
            Folder => fs::create_dir_all(&path).unwrap(),
            Link(target) => symlink(target, &path).unwrap(),
            Mode(mode) => {
                if !path.exists() {
                    fs::create_dir_all(&path).unwrap();
                }
                fs::set_permissions(&path, fs::Permissions::from_mode(*mode)).unwrap();
            }
            Fifo => assert!(Command::new("mkfifo").arg(&path).status().unwrap().success()),
            Acl(entry) => {
                let set = Command::new("setfacl").args(["-m", entry]).arg(&path).status();
                assert!(set.unwrap().success(), "setfacl");
            }
        }
    }
    fs::set_permissions(home, fs::Permissions::from_mode(0o755)).unwrap();
}

/// What is found, with the place, the home as `~`.
fn found(report: &Json, home: &Path) -> Vec<String> {
    let place = |finding: &Json| {
        let path = finding["path"].as_str().unwrap().to_owned();
        let at_line = finding["message"].as_str().unwrap().starts_with("this file reads");
        let line = finding["line"].as_u64().filter(|_| at_line);
        line.map_or_else(|| path.clone(), |line| format!("{path}:{line}"))
    };
    let one = |finding: &Json| format!("{}: {}", place(finding), finding["message"].as_str().unwrap());
    let mut all: Vec<String> = report["findings"].as_array().unwrap().iter().map(one).collect();
    all.iter_mut().for_each(|text| *text = text.replace(home.to_str().unwrap(), "~"));
    all.sort();
    all
}

#[test]
fn what_is_wrong_is_found_and_nothing_else() {
    for Case { name, home: parts, found: expected, shown } in CASES {
        if parts.iter().any(|(_, put)| matches!(put, Acl(_))) && !oracle::have("setfacl") {
            continue;
        }
        let (_dir, root) = scratch();
        let home = root.join("ada");
        build(&home, parts);
        let said = found(&report(&home, &["--site", "common"]), &home);
        assert_eq!(said, *expected, "{name}");
        let printed = doctor(&home, &["--isolated", "--site", "common", "--home", home.to_str().unwrap()]);
        let printed = String::from_utf8(printed.stdout).unwrap().replace(home.to_str().unwrap(), "~");
        for line in *shown {
            assert!(printed.contains(line), "{name}: no {line:?} in\n{printed}");
        }
        assert_eq!(printed.contains(PRIVATE), !said.iter().any(|text| text.contains("write")), "{name}\n{printed}");
    }
}
