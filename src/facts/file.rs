//! The fields of a file as a whole: `file.…`.

use std::sync::LazyLock;

use aho_corasick::{AhoCorasick, MatchKind};

use crate::facts::placeholder::enclosed;
use crate::facts::{Record, shebang};
use crate::source::{Kind, Role, Scheduler, Source};

/// The fields of `source` that its name and text alone tell, and the scheduler whose directives it carries.
pub fn file_record(source: &Source, scheduler: Option<Scheduler>) -> Record {
    let mut record = Record::new().with_room(11);
    let name = source.path.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
    record.add("name", name);
    record.add("path", source.path.to_string_lossy().into_owned());
    record.add("kind", source.kind.name());
    if let Kind::Shell { shell, role } = source.kind {
        record.add("role", role.name());
        record.add("shell", shell.name());
    }
    record.add_some("scheduler", scheduler.map(Scheduler::name));
    record.add("line-ends", line_ends(&source.text));
    record.add("login-shell", shebang::is_login(&source.text));
    record.add("bom", source.text.starts_with('\u{feff}'));
    let blanks = || matches!(source.kind, Kind::Shell { .. }) && has_blanks(&source.text);
    record.add("template", is_template(&source.text) || blanks());
    record.add_some("made-for", made_for(source));
    record
}

/// Folders of services that test a repository or show it, and of images.
const SERVICES: [&str; 14] = [
    ".github",
    ".circleci",
    ".gitlab",
    ".travis",
    "travis",
    "appveyor",
    "ci",
    ".ci",
    "cibw",
    "binder",
    ".binder",
    ".devcontainer",
    "docker",
    ".docker",
];

/// Folders of what is put into an image; scripts there may as well start it.
const IMAGES: [&str; 4] = ["singularity", "apptainer", "container", "containers"];

/// Folders whose environment a service makes that shows documents.
const DOCUMENTS: [&str; 3] = ["docs", "doc", "readthedocs"];

/// Folders of what is for one system.
const SYSTEM_FOLDERS: [(&str, &str); 13] = [
    ("brew", "mac"),
    ("homebrew", "mac"),
    ("mac", "mac"),
    ("macos", "mac"),
    ("osx", "mac"),
    ("darwin", "mac"),
    ("macosx", "mac"),
    ("macbook", "mac"),
    ("macbookpro", "mac"),
    ("windows", "windows"),
    ("wsl", "windows"),
    ("laptop", "own"),
    ("workstation", "own"),
];

/// What only scripts for a machine say that is no cluster, with what it is.
const MACHINES: &[(&str, &str)] = &[
    ("/Users/", "mac"),
    ("/Applications/", "mac"),
    ("osx-64", "mac"),
    ("osx-arm64", "mac"),
    ("brew install", "mac"),
    ("brew update", "mac"),
    ("/opt/homebrew", "mac"),
    ("pbcopy", "mac"),
    ("xcode-select", "mac"),
    ("osascript", "mac"),
    ("LaunchAgents", "mac"),
    ("launchctl", "mac"),
    ("MacOSX", "mac"),
    ("DYLD_", "mac"),
    ("/c/Users/", "windows"),
    ("/c/Program", "windows"),
    ("/mnt/c/Users", "windows"),
    ("conda.exe", "windows"),
    ("cygpath", "windows"),
    ("$MSYS", "windows"),
    ("MSYS=", "windows"),
    ("MSYSTEM", "windows"),
    ("WT_SESSION", "windows"),
    // Variables of services that test repositories.
    ("TRAVIS", "ci"),
    ("on travis", "ci"),
    ("GITHUB_ACTION", "ci"),
    ("GITHUB_ENV", "ci"),
    ("GITHUB_PATH", "ci"),
    ("GITHUB_WORKSPACE", "ci"),
    ("APPVEYOR", "ci"),
    ("CIRCLECI", "ci"),
    ("GITLAB_CI", "ci"),
    ("CI_PROJECT_DIR", "ci"),
    // Who installs the packages of a system, which nobody may do on a cluster.
    ("apt-get ", "own"),
    ("apt install ", "own"),
    ("yum install ", "own"),
    ("yum -y install", "own"),
    ("dnf install ", "own"),
    ("pacman -S", "own"),
    ("pacaur -S", "own"),
    // Arch Linux alone has that folder on its search path.
    ("vendor_perl", "own"),
    ("sudo apt ", "own"),
    ("rpi-", "own"),
    ("raspi", "own"),
    ("raspberry", "own"),
    // Who sets up the windows of a desktop.
    ("Hyprland", "own"),
    ("hyprland", "own"),
];

/// What folders in conda's settings tell.
const CONDA_FOLDERS: [(&str, &str); 4] =
    [(":\\", "windows"), (":/Users", "windows"), ("/Users/", "mac"), ("/opt/homebrew", "mac")];

/// What in environment files only one system has: packages, the builds of its channel, the folder of whoever wrote them out.
const SYSTEM_PACKAGES: [(&str, &str); 21] = [
    ("prefix: /Users/", "mac"),
    ("prefix: /opt/homebrew", "mac"),
    ("prefix: C:", "windows"),
    ("- appnope=", "mac"),
    ("- libcxx=", "mac"),
    ("- pyobjc-", "mac"),
    ("- python.app", "mac"),
    ("=hecd8cb5_", "mac"),
    ("=hca03da5_", "mac"),
    ("=haa95532_", "windows"),
    ("- vs2015_runtime", "windows"),
    ("- vc14_runtime", "windows"),
    ("- vc=", "windows"),
    ("- ucrt=", "windows"),
    ("- m2w64-", "windows"),
    ("- msys2-", "windows"),
    ("- pywin32=", "windows"),
    ("- pywinpty=", "windows"),
    ("- wincertstore=", "windows"),
    ("- win_inet_pton", "windows"),
    ("- icc_rt=", "windows"),
];

/// Words in the names of files that are for one system, or for a service.
const NAME_WORDS: [(&str, &str); 19] = [
    ("mac", "mac"),
    ("macos", "mac"),
    ("macosx", "mac"),
    ("osx", "mac"),
    ("darwin", "mac"),
    ("brew", "mac"),
    ("macbook", "mac"),
    ("win", "windows"),
    ("win64", "windows"),
    ("windows", "windows"),
    ("wsl", "windows"),
    ("ci", "ci"),
    ("docs", "ci"),
    ("rtd", "ci"),
    ("readthedocs", "ci"),
    ("binder", "ci"),
    ("docker", "ci"),
    ("laptop", "own"),
    ("workstation", "own"),
];

/// What Python says that runs elsewhere too.
const SYSTEMS: [(&str, &str); 14] = [
    ("sys.platform", "several"),
    ("platform.system(", "several"),
    ("os.name", "several"),
    ("Operating System :: OS Independent", "several"),
    ("Operating System :: M", "several"),
    ("\"darwin\"", "mac"),
    ("'darwin'", "mac"),
    ("/Users/", "mac"),
    ("/opt/homebrew", "mac"),
    ("freeze_support", "windows"),
    ("\"win32\"", "windows"),
    ("'win32'", "windows"),
    ("C:\\", "windows"),
    ("C:/", "windows"),
];

/// Places of such words that are looked at.
const MAX_PLACES: usize = 200;

/// The machine that a file is for, where that is no cluster or not only one.
fn made_for(source: &Source) -> Option<&'static str> {
    let mut folders = source.path.parent().into_iter().flat_map(std::path::Path::components);
    let is = |part: &std::path::Component<'_>, name: &str| part.as_os_str().eq_ignore_ascii_case(name);
    let is_startup = source.kind.role() == Some(Role::Startup);
    let told = |part: std::path::Component<'_>| {
        let service = SERVICES.iter().find(|name| is(&part, name)).map(|_| "ci");
        let image = || IMAGES.iter().find(|name| is_startup && is(&part, name)).map(|_| "ci");
        service
            .or_else(image)
            .or_else(|| SYSTEM_FOLDERS.iter().find(|(name, _)| is(&part, name)).map(|(_, machine)| *machine))
    };
    if let Some(machine) = folders.find_map(told).or_else(|| named_for(source)) {
        return Some(machine);
    }
    static SHELL: LazyLock<Option<AhoCorasick>> = LazyLock::new(|| search(MACHINES));
    static ENVIRONMENT: LazyLock<Option<AhoCorasick>> = LazyLock::new(|| search(&SYSTEM_PACKAGES));
    static CONDARC: LazyLock<Option<AhoCorasick>> = LazyLock::new(|| search(&CONDA_FOLDERS));
    static PYTHON: LazyLock<Option<AhoCorasick>> = LazyLock::new(|| search(&SYSTEMS));
    let (words, all): (_, &[(&str, &str)]) = match source.kind {
        Kind::Shell { .. } => (SHELL.as_ref()?, MACHINES),
        Kind::Environment => (ENVIRONMENT.as_ref()?, &SYSTEM_PACKAGES),
        Kind::Condarc => (CONDARC.as_ref()?, &CONDA_FOLDERS),
        Kind::Python | Kind::Notebook => (PYTHON.as_ref()?, &SYSTEMS),
        _ => return None,
    };
    let is_code = |at: usize| {
        let line = &source.text.as_bytes()[..at];
        let line = &line[memchr::memrchr(b'\n', line).map_or(0, |end| end + 1)..];
        memchr::memchr(b'#', line).is_none()
    };
    let found = words.find_iter(&*source.text).take(MAX_PLACES);
    let found =
        found.filter_map(|word| Some((word.start(), word.pattern().as_usize(), all.get(word.pattern().as_usize())?.1)));
    // A service is also told of in comments. What comes first in the list tells most.
    let meant = found.filter(|(at, _, machine)| *machine == "ci" || is_code(*at));
    meant.min_by_key(|(_, number, _)| *number).map(|(.., machine)| machine)
}

/// The machine that a file's name tells: `environment_macos.yml`, `docs/environment.yml`. Python runs on several.
fn named_for(source: &Source) -> Option<&'static str> {
    let is_environment = source.kind == Kind::Environment;
    if !is_environment && !matches!(source.kind, Kind::Shell { role: Role::Job | Role::Script, .. }) {
        return None;
    }
    let shown = || {
        source
            .path
            .parent()?
            .file_name()
            .filter(|folder| DOCUMENTS.iter().any(|name| folder.eq_ignore_ascii_case(name)))
    };
    if is_environment && shown().is_some() {
        return Some("ci");
    }
    let name = source.path.file_stem()?.to_str()?;
    let mut words = name.split(|c: char| !c.is_ascii_alphanumeric());
    words.find_map(|word| {
        NAME_WORDS.iter().find(|(name, _)| word.eq_ignore_ascii_case(name)).map(|(_, machine)| *machine)
    })
}

/// Looks for all words of a list at once, which only this kind of match does.
fn search(words: &[(&str, &str)]) -> Option<AhoCorasick> {
    AhoCorasick::builder().match_kind(MatchKind::LeftmostFirst).build(words.iter().map(|(word, _)| word)).ok()
}

/// `lf`, `crlf`, or `mixed`. A file without a line end counts as `lf`.
fn line_ends(text: &str) -> &'static str {
    let bytes = text.as_bytes();
    // Most files have none.
    if memchr::memchr(b'\r', bytes).is_none() {
        return "lf";
    }
    let (mut dos, mut unix) = (0usize, 0usize);
    for at in memchr::memchr_iter(b'\n', bytes) {
        if at > 0 && bytes[at - 1] == b'\r' {
            dos += 1;
        } else {
            unix += 1;
        }
    }
    match (dos, unix) {
        (0, _) => "lf",
        (_, 0) => "crlf",
        _ => "mixed",
    }
}

/// True when the text holds marks that a template engine or a reader is to replace: `{{ x }}`, `{% if %}`,
/// `<% x %>`, `@@x@@`, `%(x)s` at the beginning of a line, `<ACCOUNT>`, `{account}` and `@ACCOUNT` in a directive.
/// GitHub's `${{ }}` and Go's and Bash's braces with nothing readable inside do not count.
fn is_template(text: &str) -> bool {
    let bytes = text.as_bytes();
    let has = |first: u8, rests: &[&[u8]]| {
        memchr::memchr_iter(first, bytes).any(|at| rests.iter().any(|rest| bytes[at + 1..].starts_with(rest)))
    };
    let braces = has(b'{', &[b"{", b"%"]);
    let (erb, at) = (has(b'<', &[b"%"]) && has(b'%', &[b">"]), has(b'@', &[b"@"]));
    let directives =
        ['<', '{', '@'].iter().any(|mark| text.contains(*mark)) && has(b'#', &[b"SBATCH", b"PBS", b"BSUB"]);
    let percent = text.starts_with("%(") || memchr::memmem::find(bytes, b"\n%(").is_some();
    if !braces && !erb && !at && !percent && !directives {
        return false;
    }
    let is_marked = |line: &str| {
        let marked = |open: &'static str, close: &'static str| {
            enclosed(line, open, close).any(|(at, inner)| {
                let word = inner.trim().chars().next().is_some_and(|c| c.is_alphabetic() || c == '_' || c == '.');
                word && !line[..at].ends_with('$')
            })
        };
        let is_directive = || line.starts_with("#SBATCH") || line.starts_with("#PBS") || line.starts_with("#BSUB");
        // `<% if %>` may have its end some lines further down.
        let code = || erb && line.split_once("<%").is_some_and(|(_, rest)| !rest.starts_with('%'));
        let named = || {
            let mut parts = line.split("@@").skip(1);
            at && parts.next().is_some_and(is_name) && parts.next().is_some()
        };
        let formatted = || {
            let rest = line.strip_prefix("%(").and_then(|rest| rest.split_once(")s"));
            percent && rest.is_some_and(|(name, _)| is_name(name))
        };
        code()
            || named()
            || formatted()
            || (braces && (marked("{{", "}}") || marked("{%", "%}")))
            || (directives && is_directive() && (marked("<", ">") || marked("{", "}") || at_name(line)))
    };
    if percent { text.lines().any(is_marked) } else { lines_with(text, *b"<{@").any(is_marked) }
}

/// The lines in which one of these bytes stands.
fn lines_with(text: &str, [one, two, three]: [u8; 3]) -> impl Iterator<Item = &str> {
    let bytes = text.as_bytes();
    // The beginning of a line.
    let mut from = 0;
    std::iter::from_fn(move || {
        let at = from + memchr::memchr3(one, two, three, &bytes[from..])?;
        let start = memchr::memrchr(b'\n', &bytes[from..at]).map_or(from, |end| from + end + 1);
        let end = memchr::memchr(b'\n', &bytes[at..]).map_or(bytes.len(), |length| at + length);
        from = bytes.len().min(end + 1);
        let line = &text[start..end];
        Some(line.strip_suffix('\r').unwrap_or(line))
    })
}

/// True when a line of a shell script, comments apart, has a name to be replaced: `@NAME@`, `%NAME%`, `<NAME>`, or
/// words between angles that speak to the reader (`<your env>`).
fn has_blanks(text: &str) -> bool {
    let is_capital = |c: char| c.is_ascii_uppercase() || c.is_ascii_digit() || c == '_';
    let is_blank = |word: &str| {
        word.len() >= 3 && word.starts_with(|c: char| c.is_ascii_uppercase()) && word.chars().all(is_capital)
    };
    lines_with(text, *b"@%<").filter(|line| !line.trim_start().starts_with('#')).any(|line| {
        let wrapped = |mark: char| {
            // What a mark encloses has another mark on each side.
            let parts = line.split(mark).count();
            line.split(mark).skip(1).take(parts.saturating_sub(2)).any(is_blank)
        };
        let asks = |inner: &str| {
            let inner = inner.to_ascii_lowercase();
            inner.starts_with("your") || inner.starts_with("path") || inner.contains("your")
        };
        wrapped('@') || wrapped('%') || enclosed(line, "<", ">").any(|(_, inner)| is_blank(inner) || asks(inner))
    })
}

/// True when a value of a directive is a name in capitals behind an `@`.
fn at_name(line: &str) -> bool {
    line.split([' ', '=', ':']).any(|word| {
        let name = word.strip_prefix('@').unwrap_or("");
        is_name(name) && name.starts_with(|c: char| c.is_ascii_uppercase())
    })
}

fn is_name(text: &str) -> bool {
    !text.is_empty() && text.chars().all(|c| c.is_ascii_alphanumeric() || c == '_')
}
