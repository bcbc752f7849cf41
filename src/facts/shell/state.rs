//! The state of a shell as far as the text tells, and how the states of branches join.

use std::collections::BTreeMap;
use std::sync::Arc;

use ecow::eco_format;
use thin_vec::thin_vec;

use crate::facts::{Record, Text, Value};

/// Entries of a list in the state beyond which no more are remembered: real scripts have a dozen.
const MAX_ENTRIES: usize = 100;
/// Variables beyond which no more are remembered.
const MAX_VARIABLES: usize = 2000;

/// What is known of a variable.
#[derive(Clone, Debug, PartialEq)]
pub struct Variable {
    /// Its value.
    pub value: Arc<Text>,
    /// The elements of an array.
    pub items: Option<Vec<Arc<Text>>>,
    /// Exported to commands.
    pub exported: bool,
}

/// Whether `conda activate` can work.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Ready {
    /// Nothing makes it work.
    No,
    /// On some paths, or a file that is not in reach may.
    Maybe,
    /// Something before makes it work.
    Yes,
}

/// In which shells a place is reached.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Guard {
    /// In all.
    None,
    /// In interactive ones.
    Interactive,
    /// In the others.
    Batch,
    /// In login shells.
    Login,
}

impl Guard {
    /// The guard of the other branch.
    pub const fn negated(self) -> Self {
        match self {
            Self::Interactive => Self::Batch,
            Self::Batch => Self::Interactive,
            Self::None | Self::Login => Self::None,
        }
    }

    /// What holds where branches meet again that began under `outer`.
    pub const fn within(self, outer: Self) -> Self {
        match self {
            Self::None => outer,
            own => own,
        }
    }

    /// The name that facts use.
    pub const fn name(self) -> &'static str {
        match self {
            Self::None => "none",
            Self::Interactive => "interactive",
            Self::Batch => "batch",
            Self::Login => "login",
        }
    }
}

/// An environment that the script makes.
#[derive(Clone, Debug, PartialEq)]
pub struct Created {
    /// `conda`, `venv`, `uv`.
    pub kind: &'static str,
    /// Name or path.
    pub name: Arc<Text>,
    /// It was made with pip or python inside; not known when its packages may bring them.
    pub seeded: Option<bool>,
}

/// The state before a command.
#[derive(Clone, Debug)]
pub struct State {
    variables: Arc<BTreeMap<String, Variable>>,
    modules: Vec<Arc<Record>>,
    modules_known: bool,
    env: Option<Arc<Record>>,
    ready: Ready,
    conda_on_path: bool,
    cwd: Option<Arc<Text>>,
    path: Vec<Arc<Record>>,
    set_u: Option<usize>,
    set_e: bool,
    sourced: Vec<Arc<Text>>,
    startup_read: bool,
    new_shell: bool,
    /// Environments made so far.
    pub created: Vec<Created>,
    /// Where the place is reached.
    pub guard: Guard,
    /// `exit`, `return` or `exec` came before.
    pub ended: bool,
    shown: Option<Arc<Record>>,
    changes: usize,
}

impl Default for State {
    fn default() -> Self {
        Self {
            variables: Arc::default(),
            modules: Vec::new(),
            modules_known: true,
            env: None,
            ready: Ready::No,
            conda_on_path: false,
            cwd: None,
            path: Vec::new(),
            set_u: None,
            set_e: false,
            sourced: Vec::new(),
            startup_read: false,
            new_shell: false,
            created: Vec::new(),
            guard: Guard::None,
            ended: false,
            shown: None,
            changes: 0,
        }
    }
}

impl State {
    /// The variable of that name, when the script set it.
    pub fn variable(&self, name: &str) -> Option<&Variable> {
        self.variables.get(name)
    }

    /// Sets a variable.
    pub fn set_variable(&mut self, name: &str, variable: Variable) {
        if self.variables.len() < MAX_VARIABLES || self.variables.contains_key(name) {
            Arc::make_mut(&mut self.variables).insert(name.to_owned(), variable);
        }
    }

    /// Makes a variable's value unknown.
    pub fn forget_variable(&mut self, name: &str) {
        self.set_variable(name, Variable { value: unknown(name).into(), items: None, exported: false });
    }

    /// Removes a variable.
    pub fn unset_variable(&mut self, name: &str) {
        if self.variables.contains_key(name) {
            Arc::make_mut(&mut self.variables).remove(name);
        }
    }

    /// Modules loaded so far.
    pub fn modules(&self) -> &[Arc<Record>] {
        &self.modules
    }

    /// Loads a module, in place of one of the same name.
    pub fn load_module(&mut self, module: Record) {
        self.shown = None;
        self.modules.retain(|other| other.text("name") != module.text("name"));
        if self.modules.len() < MAX_ENTRIES {
            self.modules.push(Arc::new(module));
        }
    }

    /// Unloads a module by its full name or its name.
    pub fn unload_module(&mut self, full: &str) {
        self.shown = None;
        self.modules.retain(|module| module.text("full") != full && module.text("name") != full);
    }

    /// Unloads all modules.
    pub fn purge_modules(&mut self) {
        self.shown = None;
        self.modules.clear();
        self.modules_known = true;
    }

    /// Says that other modules may be loaded too.
    pub fn doubt_modules(&mut self) {
        self.shown = None;
        self.modules_known = false;
    }

    /// The active environment.
    pub fn env(&self) -> Option<&Arc<Record>> {
        self.env.as_ref()
    }

    /// Makes an environment active, or none.
    pub fn set_env(&mut self, env: Option<Arc<Record>>) {
        self.shown = None;
        self.env = env;
    }

    /// Raises what is known of `conda activate`.
    pub fn make_ready(&mut self, ready: Ready) {
        if ready > self.ready {
            self.shown = None;
            self.ready = ready;
        }
    }

    /// A conda root's `bin` is on `PATH`.
    pub fn put_conda_on_path(&mut self) {
        self.shown = None;
        self.conda_on_path = true;
    }

    /// The working directory, when a `cd` set it.
    pub fn cwd(&self) -> Option<&Arc<Text>> {
        self.cwd.as_ref()
    }

    /// Changes the working directory.
    pub fn set_cwd(&mut self, cwd: Option<Arc<Text>>) {
        self.shown = None;
        self.cwd = cwd;
    }

    /// Puts an entry on a search path.
    pub fn add_path(&mut self, entry: Record) {
        self.shown = None;
        if self.path.len() < MAX_ENTRIES {
            self.path.push(Arc::new(entry));
        }
    }

    /// `set -u` or `set +u`, with the line.
    pub fn set_u(&mut self, line: Option<usize>) {
        self.shown = None;
        self.set_u = line;
    }

    /// `set -e` or `set +e`.
    pub fn set_e(&mut self, on: bool) {
        self.shown = None;
        self.set_e = on;
    }

    /// A file was sourced.
    pub fn add_sourced(&mut self, file: Arc<Text>) {
        self.shown = None;
        if self.sourced.len() < MAX_ENTRIES {
            self.sourced.push(file);
        }
    }

    /// The account's start-up files were read.
    pub fn read_startup(&mut self) {
        self.shown = None;
        self.startup_read = true;
    }

    /// `bash -c`: variables and search paths go on, functions and options do not. `starts` when the new shell reads
    /// start-up files.
    pub fn enter_shell(&mut self, starts: bool) {
        self.shown = None;
        self.ready = if starts { Ready::Maybe } else { Ready::No };
        self.startup_read |= starts;
        self.set_u = None;
        self.set_e = false;
        self.ended = false;
        self.new_shell = true;
    }

    /// How often the state was written out after a change.
    pub fn changes(&self) -> usize {
        self.changes
    }

    /// The state as the fields of `state.…`, made once for as long as nothing changes.
    pub fn record(&mut self) -> Arc<Record> {
        if let Some(shown) = &self.shown {
            return Arc::clone(shown);
        }
        self.changes += 1;
        let ready = match self.ready {
            Ready::No => "no",
            Ready::Maybe => "maybe",
            Ready::Yes => "yes",
        };
        let mut record = Record::new()
            .with_room(11)
            .with("modules", self.modules.clone())
            .with("modules-known", self.modules_known)
            .with("conda-ready", Value::word(ready))
            .with("conda-on-path", self.conda_on_path)
            .with("path", self.path.clone())
            .with("set-u", self.set_u.is_some())
            .with("set-e", self.set_e)
            .with("sourced", self.sourced.clone())
            .with("startup-read", self.startup_read);
        record.add_some("env", self.env.clone());
        record.add_some("cwd", self.cwd.clone());
        record.add_some("new-shell", self.new_shell.then_some(true));
        record.add_some("set-u-line", self.set_u.map(|line| line as i64));
        let shown = Arc::new(record);
        self.shown = Some(Arc::clone(&shown));
        shown
    }

    /// The state after two branches of which one was taken.
    #[must_use]
    pub fn join(mut self, other: Self) -> Self {
        if self.ended {
            return other;
        }
        if other.ended {
            return self;
        }
        self.shown = None;
        self.changes = self.changes.max(other.changes);
        self.join_variables(&other);
        self.modules = join_records(self.modules, other.modules, "full");
        self.path = join_records(self.path, other.path, "entry");
        self.modules_known &= other.modules_known;
        self.env = join_env(self.env, other.env);
        if self.ready != other.ready {
            self.ready = Ready::Maybe;
        }
        self.conda_on_path |= other.conda_on_path;
        if self.cwd.as_ref().map(|cwd| &cwd.text) != other.cwd.as_ref().map(|cwd| &cwd.text) {
            self.cwd = Some(unknown("PWD").into());
        }
        self.set_u = self.set_u.and(other.set_u);
        self.set_e &= other.set_e;
        for file in other.sourced {
            if !self.sourced.iter().any(|known| known.text == file.text) && self.sourced.len() < MAX_ENTRIES {
                self.sourced.push(file);
            }
        }
        self.startup_read |= other.startup_read;
        for created in other.created {
            if !self.created.contains(&created) && self.created.len() < MAX_ENTRIES {
                self.created.push(created);
            }
        }
        if self.guard != other.guard {
            self.guard = Guard::None;
        }
        self
    }

    fn join_variables(&mut self, other: &Self) {
        if Arc::ptr_eq(&self.variables, &other.variables) {
            return;
        }
        let differing: Vec<String> = self
            .variables
            .iter()
            .filter(|(name, variable)| other.variables.get(*name).map(|v| &v.value.text) != Some(&variable.value.text))
            .map(|(name, _)| name.clone())
            .chain(other.variables.keys().filter(|name| !self.variables.contains_key(*name)).cloned())
            .collect();
        for name in differing {
            self.forget_variable(&name);
        }
    }
}

/// A text that is not known but for its name.
pub fn unknown(name: &str) -> Text {
    Text { text: eco_format!("${name}"), unresolved: thin_vec![name.into()], ..Text::default() }
}

/// Both lists; what is not in both holds on some paths only.
fn join_records(mut ours: Vec<Arc<Record>>, mut theirs: Vec<Arc<Record>>, key: &str) -> Vec<Arc<Record>> {
    let same = |(ours, theirs): (&Arc<Record>, &Arc<Record>)| Arc::ptr_eq(ours, theirs);
    if ours.len() == theirs.len() && ours.iter().zip(&theirs).all(same) {
        return ours;
    }
    for record in &mut ours {
        let twin = theirs.iter().position(|other| other.text(key) == record.text(key));
        match twin {
            Some(at) => {
                if theirs.remove(at).possible {
                    Arc::make_mut(record).possible = true;
                }
            }
            None => Arc::make_mut(record).possible = true,
        }
    }
    for mut record in theirs {
        if ours.len() < MAX_ENTRIES {
            Arc::make_mut(&mut record).possible = true;
            ours.push(record);
        }
    }
    ours
}

fn join_env(ours: Option<Arc<Record>>, theirs: Option<Arc<Record>>) -> Option<Arc<Record>> {
    match (ours, theirs) {
        (Some(ours), Some(theirs)) if ours.text("name") == theirs.text("name") => Some(ours),
        (Some(ours), Some(_)) => {
            let kind = ours.get("kind").cloned().unwrap_or_else(|| Value::from("unknown"));
            Some(Arc::new(Record::new().placed(ours.span).with("kind", kind).with("by", "unknown")))
        }
        (Some(mut env), None) | (None, Some(mut env)) => {
            Arc::make_mut(&mut env).possible = true;
            Some(env)
        }
        (None, None) => None,
    }
}
