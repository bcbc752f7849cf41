//! Which commands and assignments of a shell script anybody asks about. Most lines of real scripts run a program that no
//! rule names, on words that no rule knows, and change nothing that a later line could notice: they need no fact. Nor
//! does a variable that no rule names, with a value that none speaks of; what it holds is remembered all the same.
//!
//! One is left out only when its text rules out that a fact of it could matter. What that needs to know of the
//! rules is worked out where rules are known; here stands what follows from the shell.

use foldhash::{HashMap, HashSet};

mod words;

pub(super) use words::{Found, Of};

use self::words::Words;
use crate::source::Role;
use crate::tables::commands::Commands;
use crate::tables::glob::{self, plain_part};

/// Fields that a command has only when the command grammar knows its program, or when a wrapper, a path, an alias or
/// a variable before it gives them: a command that is left out would have none of them.
pub const BY_GRAMMAR: &[&str] = &[
    "destination",
    "env",
    "activates",
    "script",
    "code",
    "module",
    "launcher",
    "wrappers",
    "installer",
    "conda-root",
    "packages",
    "alias",
    "from-alias",
    "vars",
    "unset",
];

/// Those of them that a wrapper gives.
pub const WRAPPING: &[&str] = &["launcher", "wrappers"];

/// Texts of which one stands in each script that runs or reads another file, or takes values from one.
const LINKING: &[&str] = &["py", ".sh", "sh ", "sbatch", "qsub", "bsub", "source", ". "];

/// Programs that load modules.
pub const MODULE_PROGRAMS: [&str; 2] = ["module", "ml"];

/// Contexts in which no command is left out: what a wrapper runs is seldom much, and rules ask what it is.
pub const TOLD_WHOLE: &[&str] = &["container", "remote", "string", "environment"];

/// Builtins that change the shell, or set a variable.
const BUILTINS: &[&str] = &[
    ".",
    "source",
    "cd",
    "pushd",
    "chdir",
    "popd",
    "activate",
    "deactivate",
    "set",
    "exit",
    "return",
    "logout",
    "unset",
    "unsetenv",
    "read",
    "mapfile",
    "readarray",
    "getopts",
    "alias",
    "unalias",
    "eval",
    "trap",
    "export",
    "declare",
    "typeset",
    "readonly",
    "local",
    "setenv",
    "exec",
    "command",
    "builtin",
    "let",
    "shopt",
    "ml",
    "module",
    "cat",
    "tee",
];

/// In so many scripts as much is saved as it takes to make a table of all states.
const WORTH_A_TABLE: usize = 400;

/// Some of the roles that shell files have.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Roles(u8);

impl Roles {
    /// All.
    pub const ALL: Self = Self(u8::MAX);

    /// These and those.
    #[must_use]
    pub const fn and(self, others: Self) -> Self {
        Self(self.0 | others.0)
    }

    /// Those that are among the others.
    #[must_use]
    pub const fn common(self, others: Self) -> Self {
        Self(self.0 & others.0)
    }

    fn meet(self, roles: [Role; 2]) -> bool {
        roles.into_iter().any(|role| self.0 & Self::from(role).0 != 0)
    }
}

impl From<Role> for Roles {
    fn from(role: Role) -> Self {
        Self(1 << role as u8)
    }
}

/// Which commands and assignments are asked about.
#[derive(Debug, Default)]
pub struct Interest(Option<Asked>);

/// What rules ask of commands and assignments.
#[derive(Clone, Debug, Default)]
pub struct Questions {
    /// Names of programs that a rule speaks of, and in which files.
    pub names: HashMap<String, Roles>,
    /// Words of which one stands in every other command that a rule speaks of.
    pub words: HashSet<String>,
    /// The files in which a rule asks whether a program prints.
    pub prints: Roles,
    /// What a wrapper's name holds when a rule speaks of all that it runs.
    pub wrappers: HashSet<String>,
    /// Names of programs that a rule speaks of beside what it is about.
    pub beside: HashMap<String, Roles>,
    /// Those of them that matter only where a directive is not read.
    pub beside_unread: HashMap<String, Roles>,
    /// Texts of which one stands in each file in which that matters, or whether anything is launched; or it links others.
    pub gate: HashSet<String>,
    /// Names of variables that a rule speaks of.
    pub variables: HashSet<String>,
    /// Words of which one stands in every other assignment or its value that a rule speaks of.
    pub values: HashSet<String>,
    /// Globs for texts that tell of a site.
    pub signs: HashSet<String>,
}

#[derive(Debug)]
struct Asked {
    programs: HashMap<String, Program>,
    words: Words,
    prints: Roles,
    wrappers: Vec<String>,
    variables: HashSet<String>,
    signs: Vec<String>,
}

/// What a program's name tells.
#[derive(Clone, Copy, Debug, Default)]
struct Program {
    /// It is understood, or a builtin.
    is_known: bool,
    /// The files in which rules speak of it.
    names: Roles,
    /// The files in which rules speak of it beside what they are about.
    beside: Roles,
    /// The same beside a directive that is not read.
    beside_unread: Roles,
}

/// What has to be so for a command to matter that rules speak of by its name.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Around {
    /// The file holds something that rules are about.
    Asked,
    /// A directive of the file is not read.
    Unread,
    /// What the command prints is shown.
    Shown,
}

/// What is known of a command's place before the command is read.
#[derive(Clone, Copy)]
pub(super) struct Surroundings<'a> {
    /// The grammars that hold there.
    pub commands: &'a Commands,
    /// The role of the file, and that of the script in it.
    pub roles: [Role; 2],
    /// Tells what is so around it.
    pub is_so: &'a dyn Fn(Around) -> bool,
}

impl Interest {
    /// Every command.
    pub const fn in_everything() -> Self {
        Self(None)
    }

    /// The commands that these questions, or the grammars of `commands`, are about, for so many scripts.
    pub fn new<'t>(questions: Questions, commands: impl Iterator<Item = &'t Commands>, scripts: usize) -> Self {
        let Questions { names, mut words, prints, wrappers, beside, beside_unread, gate, variables, values, signs } =
            questions;
        let mut programs: HashMap<String, Program> = HashMap::default();
        let mut program = |name: &str, note: &dyn Fn(&mut Program)| note(programs.entry(name.to_owned()).or_default());
        BUILTINS.iter().for_each(|name| program(name, &|program| program.is_known = true));
        names.iter().for_each(|(name, roles)| program(name, &|program| program.names = *roles));
        beside.iter().for_each(|(name, roles)| program(name, &|program| program.beside = *roles));
        beside_unread.iter().for_each(|(name, roles)| program(name, &|program| program.beside_unread = *roles));
        for commands in commands {
            commands.telling_names().for_each(|name| program(name, &|program| program.is_known = true));
            words.extend(commands.patterns().chain(commands.conda_roots()).map(|glob| plain_part(glob).to_owned()));
        }
        if words.iter().any(|word| word.len() < 2) {
            return Self::in_everything();
        }
        let signs: Vec<String> = signs.into_iter().collect();
        let plain: Vec<&str> = signs.iter().map(|glob| plain_part(glob)).collect();
        let all = words.iter().flat_map(|word| [Of::COMMAND, Of::RAW].map(|of| (word.as_str(), of)));
        let all = all.chain(values.iter().map(|word| (word.as_str(), Of::ASSIGNMENT)));
        let gate = gate.iter().map(String::as_str).chain(LINKING.iter().copied());
        let all = all.chain(gate.map(|word| (word, Of::FILE)));
        // For a few scripts a table of all states would take longer to make than it saves.
        let Ok(words) = Words::new(all, &plain, scripts >= WORTH_A_TABLE) else { return Self::in_everything() };
        let wrappers = wrappers.into_iter().collect();
        Self(Some(Asked { programs, words, prints, wrappers, variables, signs }))
    }

    /// The words in a text that concern anybody, found at once; of no use where everything does.
    pub(super) fn find(&self, text: &str) -> Found {
        self.0.as_ref().map(|asked| asked.words.find(text)).unwrap_or_default()
    }

    /// False when no word in a text concerns anybody that asks of this.
    pub(super) fn in_text(&self, text: &str, of: Of) -> bool {
        self.0.as_ref().is_none_or(|asked| asked.words.any(text, of))
    }

    /// False for a variable that nobody names.
    pub(super) fn in_variable(&self, name: &str) -> bool {
        self.0.as_ref().is_none_or(|asked| asked.variables.contains(name))
    }

    /// False when a program of that name, written plainly, is none that is understood, and none that rules speak of.
    pub(super) fn in_name(&self, name: &str, place: Surroundings<'_>) -> bool {
        let Some(asked) = &self.0 else { return true };
        let is_plain = name.bytes().all(|b| b.is_ascii_alphanumeric() || b"_-.+/".contains(&b));
        let program = base_name(name);
        let is_test = name == "[";
        let told = asked.programs.get(program).copied().unwrap_or_default();
        !is_test && (!is_plain || program.is_empty() || told.is_known || asked.in_program(program, told, place))
    }

    /// False when rules speak neither of a program of that name nor of what it does.
    pub(super) fn in_program(&self, name: &str, place: Surroundings<'_>) -> bool {
        self.0.as_ref().is_none_or(|asked| {
            let told = asked.programs.get(name).copied().unwrap_or_default();
            asked.in_program(name, told, place)
        })
    }

    /// False when rules do not speak of all that these wrappers run.
    pub(super) fn in_wrappers(&self, wrappers: &[String]) -> bool {
        let asked = |wrapper: &String| {
            self.0.as_ref().is_none_or(|asked| asked.wrappers.iter().any(|part| wrapper.contains(part.as_str())))
        };
        wrappers.iter().any(asked)
    }

    /// True for a text that tells of a site.
    pub(super) fn is_sign(&self, text: &str) -> bool {
        self.0.as_ref().is_some_and(|asked| {
            let may_be = asked.words.signs(text);
            may_be.into_iter().any(|index| asked.signs.get(index).is_some_and(|sign| glob::matches(sign, text)))
        })
    }

    /// True when everything is asked about.
    pub(super) fn is_in_everything(&self) -> bool {
        self.0.is_none()
    }
}

impl Asked {
    fn in_program(&self, name: &str, told: Program, place: Surroundings<'_>) -> bool {
        let Surroundings { commands, roles, is_so } = place;
        told.names.meet(roles)
            || (told.beside.meet(roles) && is_so(Around::Asked))
            || (told.beside_unread.meet(roles) && is_so(Around::Unread))
            || name.ends_with(".sh")
            || name.ends_with(".py")
            || (self.prints.meet(roles) && is_so(Around::Shown) && commands.prints(name))
    }
}

/// What stands behind the last `/`: a program without its folders.
pub fn base_name(path: &str) -> &str {
    // Most are so short that a search would take longer to begin.
    path.bytes().rposition(|byte| byte == b'/').map_or(path, |slash| &path[slash + 1..])
}

/// True for raw text in which each word is what it comes to: no quote, no escape, nothing that is expanded.
pub fn is_literal(text: &str) -> bool {
    !text.bytes().any(|byte| matches!(byte, b'$' | b'`' | b'\\' | b'\'' | b'"' | b'~' | b'{'))
}

/// True when the raw text of a simple command says all of what its words become, but for the values of variables: no
/// quote inside a word, no escape, no substitution, no operation on a variable.
pub(super) fn is_plainly_written(text: &str) -> bool {
    let bytes = text.as_bytes();
    let ends_word = |byte: Option<&u8>| byte.is_none_or(|byte| byte.is_ascii_whitespace() || b";&|<>".contains(byte));
    let mut quote = None;
    for (index, byte) in bytes.iter().enumerate() {
        let before = || index.checked_sub(1).and_then(|index| bytes.get(index));
        let fits = match (byte, quote) {
            (b'\'', Some(b'\'')) | (b'"', Some(b'"')) => {
                quote = None;
                ends_word(bytes.get(index + 1))
            }
            (_, Some(b'\'')) => true,
            (b'"', None) | (b'\'', None) => {
                quote = Some(*byte);
                ends_word(before())
            }
            (b'$', _) => is_plain_variable(&bytes[index + 1..]),
            (b'\\' | b'`', _) | (b'(', None) => false,
            (b'{', None) => before() == Some(&b'$'),
            _ => true,
        };
        if !fits {
            return false;
        }
    }
    quote.is_none()
}

/// True for what stands behind a `$` that is replaced by a variable's value, or by nothing else than itself.
fn is_plain_variable(rest: &[u8]) -> bool {
    match rest.first() {
        Some(b'(' | b'"' | b'\'') => false,
        Some(b'{') => {
            let name = &rest[1..];
            let end = name.iter().position(|byte| !byte.is_ascii_alphanumeric() && *byte != b'_');
            end.is_some_and(|end| end > 0 && name[end] == b'}')
        }
        _ => true,
    }
}

/// The names after `$` and `${`; the empty one for anything else that a `$` stands before.
pub(super) fn variables(text: &str) -> impl Iterator<Item = &str> {
    text.match_indices('$').map(|(at, _)| {
        let rest = &text[at + 1..];
        let rest = rest.strip_prefix('{').unwrap_or(rest);
        let is_name = |c: char| c.is_ascii_alphanumeric() || c == '_';
        &rest[..rest.find(|c| !is_name(c)).unwrap_or(rest.len())]
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn place<'a>(commands: &'a Commands, role: Role, is_so: &'a dyn Fn(Around) -> bool) -> Surroundings<'a> {
        Surroundings { commands, roles: [role; 2], is_so }
    }

    #[test]
    fn what_stands_beside_counts_where_a_file_may_hold_what_rules_are_about() {
        let questions = Questions {
            names: [("conda".to_owned(), Roles::ALL), ("git".to_owned(), Roles::from(Role::Startup))]
                .into_iter()
                .collect(),
            beside: [("cd".to_owned(), Roles::ALL), ("mv".to_owned(), Roles::ALL)].into_iter().collect(),
            beside_unread: [("cp".to_owned(), Roles::from(Role::Job))].into_iter().collect(),
            gate: [("conda".to_owned())].into_iter().collect(),
            wrappers: [("xvfb".to_owned())].into_iter().collect(),
            ..Questions::default()
        };
        let interest = Interest::new(questions, std::iter::empty(), 1);
        let commands = Commands::default();
        let asked =
            |name: &str, role: Role| interest.in_name(name, place(&commands, role, &|around| around == Around::Unread));
        for (name, role, expected) in [
            ("conda", Role::Job, true),
            ("/opt/x/conda", Role::Job, true),
            ("git", Role::Job, false),
            ("git", Role::Startup, true),
            ("./model", Role::Job, false),
            ("./model.sh", Role::Job, true),
            ("$MODEL", Role::Job, true),
            ("bin/", Role::Job, true),
            ("mv", Role::Job, false),
            ("cp", Role::Job, true),
            ("cp", Role::Startup, false),
            ("[", Role::Job, false),
            // What changes the shell is always followed.
            ("cd", Role::Job, true),
        ] {
            assert_eq!(asked(name, role), expected, "{name}");
        }
        let spoken_of =
            |text: &str| interest.in_program("cd", place(&commands, Role::Job, &|_| interest.find(text).any(Of::FILE)));
        assert!(!spoken_of("cd /tmp; make") && spoken_of("cd /tmp; conda list") && spoken_of("cd /tmp; ./a.sh"));
        let wrappers = |name: &str| interest.in_wrappers(&[name.to_owned()]);
        assert!(wrappers("xvfb-run") && !wrappers("srun") && !interest.in_wrappers(&[]));
    }

    #[test]
    fn what_is_written_plainly() {
        for (text, expected) in [
            ("mkdir -p results/$NAME", true),
            ("tar czf \"${NAME}.tar.gz\" 'my results' > log 2>&1", true),
            ("cp a\"b\"c d", false),
            ("cp \"$A\"/b c", false),
            ("cp a\\ b c", false),
            ("cp $(ls) c", false),
            ("cp `ls` c", false),
            ("cp ${A:=b} c", false),
            ("cp ${A%.*} c", false),
            ("cp ${A} b-c", true),
            ("cp {a,b} c", false),
            ("cp [ab]* c", true),
            ("echo \"a (b) {c} it's\" '$(d) `'", true),
            ("echo \"$(d)\"", false),
            ("echo $'a'", false),
            ("cp 'a", false),
        ] {
            assert_eq!(is_plainly_written(text), expected, "{text}");
        }
        assert_eq!(variables("a $B ${C}d $1 $? $").collect::<Vec<_>>(), ["B", "C", "1", "", ""]);
    }
}
