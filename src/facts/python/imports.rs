//! Import facts.

use std::collections::HashSet;
use std::sync::LazyLock;

use super::File;
use super::scope::Names;
use crate::facts::{Fact, FactKind, FileFacts, Record, Text};
use crate::syntax::python::{Field, Id, Kind};

/// Names that the text uses anywhere.
pub struct Used<'t>(HashSet<&'t str>);

impl<'t> Used<'t> {
    /// Reads them: identifiers that are neither imported, assigned, nor mere attributes or keywords; and strings,
    /// once there is an `__all__`.
    pub fn new(names: &Names<'t>) -> Self {
        let tree = names.tree;
        let exports = names.scopes[0].names.contains_key("__all__");
        let used = tree.ids().filter_map(|id| match tree.kind(id) {
            Kind::Identifier => {
                let above = tree.parent(id).map_or(Kind::Other, |above| tree.kind(above));
                let target = match tree.field(id) {
                    Field::AttributeName | Field::Left | Field::Alias => true,
                    Field::Name => matches!(above, Kind::KeywordArgument | Kind::Function | Kind::Class),
                    _ => above == Kind::DottedName,
                };
                (!target).then(|| names.slice(id))
            }
            Kind::StringContent if exports => Some(names.slice(id)),
            _ => None,
        });
        Self(used.collect())
    }
}

/// Adds a fact for each name that an import statement asks for.
pub fn collect(file: &File<'_>, used: &Used<'_>, id: Id, out: &mut FileFacts) {
    let (names, tree) = (&file.names, file.names.tree);
    let from = match tree.kind(id) {
        Kind::FutureImport => Some(Text::plain("__future__")),
        Kind::ImportFrom => {
            let Some(module) = tree.child(id, Field::ModuleName) else { return };
            Some(Text::at(names.slice(module), tree.span(module)))
        }
        _ => None,
    };
    let around = Around::of(names, id);
    for item in tree.children(id) {
        let mut fields = Record::new();
        if tree.kind(item) == Kind::Wildcard {
            fields.set_some("module", from.clone()).set("name", Text::at("*", tree.span(item)));
        } else if tree.field(item) == Field::Name {
            let Some((name, alias)) = names.imported(item) else { continue };
            let node = tree.child(item, Field::Name).unwrap_or(item);
            let name = Text::at(name, tree.span(node));
            let bound = match alias {
                Some(alias) => Text::at(names.slice(alias), tree.span(alias)),
                None => Text::plain(name.text.split('.').next().unwrap_or("")),
            };
            let future = tree.kind(id) == Kind::FutureImport;
            let unused = !future && !used.0.contains(bound.text.as_str());
            match &from {
                Some(module) => fields.set("module", module.clone()).set("name", name),
                None => fields.set("module", name),
            };
            fields.set("as", bound);
            fields.set("unused", unused);
        } else {
            continue;
        }
        fields.set("top", around.top).set("optional", around.optional).set("type-checking", around.type_checking);
        let standard = is_standard(fields.text("module"));
        fields.set("standard", standard);
        // What lies beside the script, only the run tells.
        if fields.text("module").starts_with('.') {
            fields.set("local", true);
        }
        let mut fact = Fact::new(FactKind::Import, tree.span(id), fields);
        fact.certain = !tree.is_broken(id);
        out.facts.push(fact);
    }
}

/// The modules of Python's own library, of all versions since 2.7, in no order that matters.
const STANDARD: &str = "\
    ConfigParser HTMLParser StringIO __builtin__ __future__ abc aifc argparse array ast asynchat asyncio \
    asyncore atexit audioop base64 bdb binascii binhex bisect builtins bz2 cPickle cProfile calendar cgi cgitb \
    chunk cmath cmd code codecs codeop collections colorsys commands compileall concurrent configparser \
    contextlib contextvars copy copyreg crypt csv ctypes curses dataclasses datetime dbm decimal difflib dis \
    distutils doctest dummy_threading email encodings ensurepip enum errno faulthandler fcntl filecmp fileinput \
    fnmatch formatter fractions ftplib functools gc genericpath getopt getpass gettext glob graphlib grp gzip \
    hashlib heapq hmac html http imaplib imghdr imp importlib inspect io ipaddress itertools json keyword \
    lib2to3 linecache locale logging lzma macpath mailbox mailcap marshal math mimetypes mmap modulefinder \
    msilib msvcrt multiprocessing netrc nis nntplib nt ntpath nturl2path numbers opcode operator optparse os \
    ossaudiodev parser pathlib pdb pickle pickletools pipes pkgutil platform plistlib poplib posix posixpath \
    pprint profile pstats pty pwd py_compile pyclbr pydoc pydoc_data pyexpat queue quopri random re readline \
    reprlib resource rlcompleter runpy sched secrets select selectors sets shelve shlex shutil signal site smtpd \
    smtplib sndhdr socket socketserver spwd sqlite3 sre_compile sre_constants sre_parse ssl stat statistics \
    string stringprep struct subprocess sunau symbol symtable sys sysconfig syslog tabnanny tarfile telnetlib \
    tempfile termios textwrap thread threading time timeit tkinter token tokenize tomllib trace traceback \
    tracemalloc tty turtle types typing unicodedata unittest urllib urllib2 urlparse uu uuid venv warnings wave \
    weakref webbrowser winreg winsound wsgiref xdrlib xml xmlrpc zipapp zipfile zipimport zlib zoneinfo";

fn is_standard(module: &str) -> bool {
    static NAMES: LazyLock<HashSet<&str>> = LazyLock::new(|| STANDARD.split_ascii_whitespace().collect());
    NAMES.contains(module.split('.').next().unwrap_or(module))
}

/// What an import stands in.
struct Around {
    top: bool,
    optional: bool,
    type_checking: bool,
}

impl Around {
    fn of(names: &Names<'_>, id: Id) -> Self {
        let tree = names.tree;
        let mut around = Self { top: true, optional: false, type_checking: false };
        let mut child = id;
        for parent in names.ancestors(id) {
            match tree.kind(parent) {
                Kind::Function | Kind::Class | Kind::Lambda => around.top = false,
                Kind::Try if tree.field(child) == Field::Body => {
                    let mut clauses = tree.children(parent).filter(|id| tree.kind(*id) == Kind::Except);
                    around.optional |= clauses.any(|clause| catches_failed_import(names, clause));
                }
                Kind::With => {
                    let head = tree.first(parent).map_or("", |clause| names.slice(clause));
                    around.optional |= head.contains("suppress(") && names_import_failure(head);
                }
                Kind::If if tree.field(child) == Field::Consequence => {
                    let condition = tree.child(parent, Field::Condition).map_or("", |id| names.slice(id));
                    around.type_checking |= condition.rsplit('.').next() == Some("TYPE_CHECKING");
                }
                _ => {}
            }
            child = parent;
        }
        around
    }
}

fn catches_failed_import(names: &Names<'_>, clause: Id) -> bool {
    let tree = names.tree;
    let caught: Vec<Id> = tree.children(clause).filter(|id| tree.kind(*id) != Kind::Block).collect();
    caught.is_empty() || caught.iter().any(|id| names_import_failure(names.slice(*id)))
}

fn names_import_failure(text: &str) -> bool {
    let mut words = text.split(|c: char| !(c.is_alphanumeric() || c == '_'));
    words.any(|word| matches!(word, "ImportError" | "ModuleNotFoundError" | "Exception" | "BaseException"))
}
