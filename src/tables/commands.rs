//! How the command lines of programs are read: names, sub-commands, options, positional words, wrappers.
//! The data is `commands.toml` of the packs; here are its form and its look-up.

mod undeclared;

use std::sync::{Arc, OnceLock};

use foldhash::{HashMap, HashSet};
use serde::Deserialize;

use ecow::EcoString;

use super::glob::plain_part;
use crate::tree::{Node, TreeError};

/// Where it is.
pub const FILE: &str = "commands.toml";

/// The grammar of all known command lines.
#[derive(Debug, Default)]
pub struct Commands {
    programs: Vec<Program>,
    by_name: HashMap<String, usize>,
    patterns: Vec<(String, usize)>,
    commands: HashMap<String, Command>,
    /// What commands of several words begin with.
    beginnings: HashSet<String>,
    wrappers: HashMap<String, Wrapper>,
    /// Programs of which a sub-command is a wrapper.
    wrapping_programs: HashSet<String>,
    modules: HashMap<String, String>,
    conda_roots: Vec<String>,
    installers: Vec<(String, String)>,
    printers: Vec<String>,
}

/// A program: what all its sub-commands share.
#[derive(Debug, Default)]
pub struct Program {
    /// Its canonical name.
    pub name: String,
    /// Options that may stand before the sub-command.
    pub options: Options,
    /// The first positional word is a sub-command.
    pub subcommands: bool,
    /// Stands for this program and sub-command: `jupyter-lab` for `jupyter lab`.
    pub run: Option<String>,
}

/// A program with its sub-command.
#[derive(Debug, Default)]
pub struct Command {
    /// Its options, those of its program included.
    pub options: Options,
    /// Names of the positional words, in order; `NAME...` takes all that are left.
    pub args: Vec<String>,
    /// Options do not follow the first positional word: what follows belongs to a script.
    pub stops: bool,
    /// Which option or positional word fills a field of the fact: (`destination`, `--prefix`).
    pub fields: Vec<(&'static str, Vec<String>)>,
    /// Its packages are of this manager.
    pub packages: Option<String>,
}

/// A program that runs the command after it.
#[derive(Debug, Default)]
pub struct Wrapper {
    /// Its own options.
    pub options: Options,
    /// Positional words before the command: the image of `apptainer exec IMAGE …`.
    pub skip: usize,
    /// `NAME=value` words before the command set variables for it.
    pub assignments: bool,
    /// It starts a parallel program.
    pub launcher: bool,
    /// Options whose value is shell text to run.
    pub strings: Vec<String>,
    /// What the command is in: `container`, `remote`, `environment`.
    pub context: Option<String>,
    /// Options that name an image, in which the command then runs.
    pub images: Vec<String>,
    /// All words after the positional ones are joined to shell text (`ssh host …`, `eval`).
    pub joins: bool,
    /// The option that names the environment it runs in.
    pub env: Option<String>,
    /// Options with which it only asks about the command: `command -v`.
    pub queries: Vec<String>,
}

/// Options of a command line, read when the command first occurs.
#[derive(Clone, Debug, Default)]
pub struct Options {
    /// Lines as `"-p --prefix PATH"`: its own, then those of its program.
    lines: Vec<Arc<[String]>>,
    read: OnceLock<OptionTable>,
}

#[derive(Clone, Debug, Default)]
struct OptionTable {
    specs: Vec<OptionSpec>,
    by_spelling: HashMap<EcoString, usize>,
}

/// The spellings of one option: `-p`, `--prefix`.
pub type Spellings = Arc<[EcoString]>;

/// One option with all its spellings.
#[derive(Clone, Debug)]
pub struct OptionSpec {
    /// `-p`, `--prefix`.
    pub spellings: Spellings,
    /// Whether it takes a value.
    pub value: TakesValue,
}

/// Whether an option takes a value.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TakesValue {
    /// Never.
    No,
    /// Only after `=` or glued to the letter.
    Optional,
    /// Always: so many words.
    Yes(usize),
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
struct File {
    #[serde(default)]
    program: Vec<RawProgram>,
    #[serde(default)]
    command: Vec<RawCommand>,
    #[serde(default)]
    wrapper: Vec<RawWrapper>,
    #[serde(default)]
    conda_roots: Vec<String>,
    #[serde(default)]
    installers: Vec<RawInstaller>,
    #[serde(default)]
    printers: Vec<String>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct RawInstaller {
    family: String,
    names: Vec<String>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct RawProgram {
    name: String,
    #[serde(default)]
    aliases: Vec<String>,
    #[serde(default)]
    options: Vec<String>,
    #[serde(default)]
    subcommands: bool,
    /// `python -m NAME` is this program.
    #[serde(default)]
    modules: Vec<String>,
    run: Option<String>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct RawCommand {
    run: Vec<String>,
    #[serde(default)]
    options: Vec<String>,
    #[serde(default)]
    args: Vec<String>,
    #[serde(default)]
    stops: bool,
    #[serde(default)]
    destination: Vec<String>,
    #[serde(default)]
    env: Vec<String>,
    #[serde(default)]
    script: Vec<String>,
    #[serde(default)]
    code: Vec<String>,
    packages: Option<String>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct RawWrapper {
    run: Vec<String>,
    #[serde(default)]
    options: Vec<String>,
    #[serde(default)]
    skip: usize,
    #[serde(default)]
    assignments: bool,
    #[serde(default)]
    launcher: bool,
    #[serde(default)]
    strings: Vec<String>,
    context: Option<String>,
    #[serde(default)]
    images: Vec<String>,
    #[serde(default)]
    joins: bool,
    env: Option<String>,
    #[serde(default)]
    queries: Vec<String>,
}

impl Commands {
    /// Adds the text of a `commands.toml`; later entries replace earlier ones of the same name, and later patterns are
    /// tried first.
    ///
    /// # Errors
    /// When the text is not TOML of this form.
    pub fn add(&mut self, text: &str) -> Result<(), toml::de::Error> {
        self.extend(toml::from_str(text)?);
        Ok(())
    }

    /// Adds a `commands.toml` that the build script read.
    ///
    /// # Errors
    /// When the tree is not of this form.
    pub fn add_built(&mut self, tree: &'static Node) -> Result<(), TreeError> {
        self.extend(File::deserialize(tree)?);
        Ok(())
    }

    fn extend(&mut self, file: File) {
        let earlier = (std::mem::take(&mut self.patterns), std::mem::take(&mut self.installers));
        for raw in file.program {
            self.add_program(raw);
        }
        for raw in file.command {
            self.add_command(raw);
        }
        for raw in file.wrapper {
            let options = Options::new(raw.options);
            for run in &raw.run {
                let wrapper = Wrapper {
                    options: options.clone(),
                    skip: raw.skip,
                    assignments: raw.assignments,
                    launcher: raw.launcher,
                    strings: raw.strings.clone(),
                    context: raw.context.clone(),
                    images: raw.images.clone(),
                    joins: raw.joins,
                    env: raw.env.clone(),
                    queries: raw.queries.clone(),
                };
                self.wrapping_programs.extend(run.split_once(' ').map(|(program, _)| program.to_owned()));
                self.wrappers.insert(run.clone(), wrapper);
            }
        }
        self.conda_roots.extend(file.conda_roots);
        self.printers.extend(file.printers);
        for raw in file.installers {
            self.installers.extend(raw.names.into_iter().map(|name| (name, raw.family.clone())));
        }
        self.patterns.extend(earlier.0);
        self.installers.extend(earlier.1);
    }

    fn add_program(&mut self, raw: RawProgram) {
        let index = self.programs.len();
        for name in std::iter::once(&raw.name).chain(&raw.aliases) {
            if name.contains(['*', '?', '[']) {
                self.patterns.push((name.clone(), index));
            } else {
                self.by_name.insert(name.clone(), index);
            }
        }
        for module in raw.modules {
            self.modules.insert(module, raw.name.clone());
        }
        let options = Options::new(raw.options);
        self.programs.push(Program { name: raw.name, options, subcommands: raw.subcommands, run: raw.run });
    }

    fn add_command(&mut self, raw: RawCommand) {
        let own = Options::new(raw.options);
        for run in &raw.run {
            let mut options = own.clone();
            let program = run.split(' ').next().unwrap_or("");
            if let Some(shared) = self.program(program) {
                options.lines.extend(shared.options.lines.iter().cloned());
            }
            let fields =
                [("destination", &raw.destination), ("env", &raw.env), ("script", &raw.script), ("code", &raw.code)];
            let command = Command {
                options,
                args: raw.args.clone(),
                stops: raw.stops,
                fields: fields
                    .into_iter()
                    .filter(|(_, from)| !from.is_empty())
                    .map(|(name, from)| (name, from.clone()))
                    .collect(),
                packages: raw.packages.clone(),
            };
            self.beginnings.extend(run.match_indices(' ').map(|(at, _)| run[..at].to_owned()));
            self.commands.insert(run.clone(), command);
        }
    }

    /// All of it in an order of its own, for comparing.
    #[cfg(test)]
    pub(crate) fn described(&self) -> String {
        let sorted = |map: Vec<String>| {
            let mut map = map;
            map.sort();
            map.join("\n")
        };
        let maps = [
            sorted(self.by_name.iter().map(|entry| format!("{entry:?}")).collect()),
            sorted(self.commands.iter().map(|entry| format!("{entry:?}")).collect()),
            sorted(self.wrappers.iter().map(|entry| format!("{entry:?}")).collect()),
            sorted(self.modules.iter().map(|entry| format!("{entry:?}")).collect()),
        ];
        let lists = (&self.programs, &self.patterns, &self.conda_roots, &self.installers, &self.printers);
        format!("{}\n{lists:?}", maps.join("\n"))
    }

    /// The program of that name (without folders), through its aliases.
    pub fn program(&self, name: &str) -> Option<&Program> {
        let index = self.by_name.get(name).copied().or_else(|| {
            self.patterns
                .iter()
                .find(|(pattern, _)| crate::tables::glob::matches(pattern, name))
                .map(|(_, index)| *index)
        })?;
        self.programs.get(index)
    }

    /// The grammar of a program and sub-command, by its canonical words.
    pub fn command(&self, run: &str) -> Option<&Command> {
        self.commands.get(run)
    }

    /// All programs with their sub-commands that are read as such, in order: what `run` of a command can be, besides
    /// names of programs that nothing is known of.
    pub fn runs(&self) -> Vec<String> {
        let programs = self.programs.iter().map(|program| program.run.as_ref().unwrap_or(&program.name));
        let mut runs: Vec<String> = self.commands.keys().chain(self.wrappers.keys()).chain(programs).cloned().collect();
        runs.sort();
        runs.dedup();
        runs
    }

    /// True when some known command begins with these words and goes on.
    pub fn goes_on(&self, run: &str) -> bool {
        self.beginnings.contains(run)
    }

    /// The plain names of programs, commands and wrappers of which more is told than which words are options.
    pub fn telling_names(&self) -> impl Iterator<Item = &str> {
        let first = |run: &'_ String| -> usize { run.find(' ').unwrap_or(run.len()) };
        let telling = self.commands.iter().filter(|(_, command)| !command.is_bare()).map(|(run, _)| run);
        let runs = telling.chain(self.wrappers.keys());
        self.by_name.keys().map(String::as_str).chain(runs.map(move |run| &run[..first(run)]))
    }

    /// What stands in the name of every program that is called `name` here.
    pub fn spellings(&self, name: &str) -> impl Iterator<Item = &str> {
        let is_it = move |index: usize| {
            let program = &self.programs[index];
            program.name == name || program.run.as_deref().is_some_and(|run| run.split(' ').next() == Some(name))
        };
        let plain = self.by_name.iter().filter(move |(_, index)| is_it(**index)).map(|(own, _)| own.as_str());
        let globs = self.patterns.iter().filter(move |(_, index)| is_it(*index)).map(|(glob, _)| plain_part(glob));
        let modules = self.modules.iter().filter(move |(_, program)| *program == name).map(|(own, _)| own.as_str());
        plain.chain(globs).chain(modules)
    }

    /// The globs that name programs.
    pub fn patterns(&self) -> impl Iterator<Item = &str> {
        self.patterns.iter().map(|(glob, _)| glob.as_str())
    }

    /// The globs that name folders of conda installations, in lower case.
    pub fn conda_roots(&self) -> impl Iterator<Item = &str> {
        self.conda_roots.iter().map(String::as_str)
    }

    /// The wrapper of that canonical name.
    pub fn wrapper(&self, run: &str) -> Option<&Wrapper> {
        self.wrappers.get(run)
    }

    /// True for an option, of any wrapper, that names the image in which something runs.
    pub fn names_image(&self, option: &str) -> bool {
        self.wrappers.values().any(|wrapper| wrapper.images.iter().any(|image| image == option))
    }

    /// True for a program of which a sub-command is a wrapper.
    pub fn has_wrappers(&self, program: &str) -> bool {
        self.wrapping_programs.contains(program)
    }

    /// The program that `python -m MODULE` stands for.
    pub fn module_program(&self, module: &str) -> Option<&str> {
        self.modules.get(module).map(String::as_str)
    }

    /// True when a folder of that name is, by custom, a conda installation.
    pub fn is_conda_root(&self, folder: &str) -> bool {
        let lower = folder.to_ascii_lowercase();
        // `$MINICONDA_VERSION` stands for a number.
        if lower.starts_with('$') && lower.contains("version") {
            return false;
        }
        self.conda_roots.iter().any(|pattern| crate::tables::glob::matches(pattern, &lower))
    }

    /// True for a program that writes to the terminal whenever it runs.
    pub fn prints(&self, run: &str) -> bool {
        self.printers.iter().any(|name| name == run)
    }

    /// The family of a conda installer by its file name.
    pub fn installer(&self, file: &str) -> Option<&str> {
        let found = self.installers.iter().find(|(pattern, _)| crate::tables::glob::matches(pattern, file));
        found.map(|(_, family)| family.as_str())
    }
}

impl Command {
    /// True when the grammar tells no more of its words than which are options.
    pub fn is_bare(&self) -> bool {
        self.fields.is_empty() && self.packages.is_none() && !self.args.iter().any(|name| name == "env")
    }
}

impl Options {
    fn new(lines: Vec<String>) -> Self {
        let lines = if lines.is_empty() { Vec::new() } else { vec![lines.into()] };
        Self { lines, read: OnceLock::new() }
    }

    fn table(&self) -> &OptionTable {
        self.read.get_or_init(|| OptionTable::parse(self.lines.iter().flat_map(|lines| lines.iter())))
    }

    /// The option of that exact spelling, or the only one that it abbreviates.
    pub fn find(&self, spelling: &str) -> Option<&OptionSpec> {
        let table = self.table();
        if let Some(index) = table.by_spelling.get(spelling) {
            return table.specs.get(*index);
        }
        if !spelling.starts_with("--") || spelling.len() < 5 {
            return None;
        }
        let mut found =
            table.by_spelling.iter().filter(|(known, _)| known.starts_with(spelling)).map(|(_, index)| *index);
        let first = found.next()?;
        found.all(|other| other == first).then(|| table.specs.get(first)).flatten()
    }
}

impl OptionTable {
    /// Reads `"-p --prefix PATH"`: spellings, then a word in capitals when it takes a value, in brackets when
    /// only perhaps.
    fn parse<'a>(lines: impl Iterator<Item = &'a String>) -> Self {
        let mut table = Self::default();
        for line in lines {
            let mut spellings = Vec::new();
            let mut value = TakesValue::No;
            for word in line.split_whitespace() {
                if word.starts_with('-') {
                    spellings.push(EcoString::from(word));
                } else if word.starts_with('[') {
                    value = TakesValue::Optional;
                } else {
                    value = TakesValue::Yes(if let TakesValue::Yes(count) = value { count + 1 } else { 1 });
                }
            }
            for spelling in &spellings {
                table.by_spelling.entry(spelling.clone()).or_insert(table.specs.len());
            }
            table.specs.push(OptionSpec { spellings: spellings.into(), value });
        }
        table
    }
}
