//! Which script made the virtual environment that another activates, and with which modules loaded.

use std::collections::{BTreeMap, HashMap, HashSet};
use std::path::{Path, PathBuf};

use crate::facts::{Fact, FactKind, Record, Text, Value};

use super::engine::{Analysed, Settings};
use super::links::candidates;
use super::pace::Pace;

/// Commands that make a virtual environment.
const MAKERS: [&str; 3] = ["python -m venv", "virtualenv", "uv venv"];

/// Which command makes an environment, and the modules on which it rests.
#[derive(Debug)]
struct Maker {
    file: usize,
    position: usize,
    modules: Vec<String>,
}

/// For each activation of an environment that a file of the run makes: the record `creator`, by file and fact.
#[derive(Debug, Default)]
pub(super) struct Creators {
    found: HashMap<usize, BTreeMap<usize, Record>>,
}

impl Creators {
    /// Looks for the makers of all environments that the files activate.
    pub fn new(inputs: &[Analysed], paths: &[PathBuf], settings: &Settings, pace: Pace) -> Self {
        // Few commands are asked, and only for these is anything looked up.
        let of_files = pace.each(inputs.len(), |file| concerned(&inputs[file]));
        let commands = |wanted: fn(&str) -> bool| {
            let facts = of_files.iter().zip(inputs).enumerate().flat_map(|(file, (positions, input))| {
                positions.iter().map(move |position| (file, *position, &input.facts.facts[*position]))
            });
            facts.filter(move |(_, _, fact)| wanted(fact.fields.text("run")))
        };
        let mut makers: HashMap<String, Maker> = HashMap::new();
        let mut own: HashSet<(usize, String)> = HashSet::new();
        for (file, position, fact) in commands(makes) {
            if let Some(key) = text(fact, "destination").and_then(|path| key(path, fact, &paths[file], settings)) {
                own.insert((file, key.clone()));
                makers.insert(key, Maker { file, position, modules: modules(fact) });
            }
        }
        let mut found: HashMap<usize, BTreeMap<usize, Record>> = HashMap::new();
        if makers.is_empty() {
            return Self { found };
        }
        let mut users = Vec::new();
        for (file, position, fact) in commands(uses) {
            let Some(script) = text(fact, "script") else { continue };
            let Some(prefix) = script.text.strip_suffix("/bin/activate") else { continue };
            let prefix = Text { text: prefix.into(), ..script.clone() };
            let Some(key) = key(&prefix, fact, &paths[file], settings) else { continue };
            if own.contains(&(file, key.clone())) {
                // What the script makes itself needs no other; what it unloads in between, nobody needs.
                let here = modules(fact);
                if let Some(maker) = makers.get_mut(&key).filter(|maker| maker.file == file) {
                    maker.modules.retain(|module| here.contains(module));
                }
            } else {
                users.push((file, position, fact, key));
            }
        }
        for (file, position, fact, key) in users {
            let Some(maker) = makers.get(&key) else { continue };
            let record = creator(&inputs[maker.file], maker, &inputs[file], fact);
            found.entry(file).or_default().insert(position, Record::new().with("creator", record));
        }
        Self { found }
    }

    /// The fields that the facts of a file get.
    pub fn overlays(&self, index: usize) -> BTreeMap<usize, Record> {
        self.found.get(&index).cloned().unwrap_or_default()
    }
}

fn makes(run: &str) -> bool {
    MAKERS.contains(&run)
}

fn uses(run: &str) -> bool {
    run == "source"
}

/// The positions of the commands that make an environment, or may activate one.
fn concerned(input: &Analysed) -> Vec<usize> {
    let is_one = |fact: &Fact| {
        let run = fact.fields.text("run");
        fact.kind == FactKind::Command && (makes(run) || uses(run))
    };
    input.facts.facts.iter().enumerate().filter(|(_, fact)| is_one(fact)).map(|(position, _)| position).collect()
}

fn text<'f>(fact: &'f Fact, field: &str) -> Option<&'f Text> {
    match fact.fields.get(field) {
        Some(Value::Text(text)) => Some(text),
        _ => None,
    }
}

/// One name for one environment, from whichever script it is seen: its absolute path, or the path below a
/// variable that neither script sets.
fn key(path: &Text, fact: &Fact, script: &Path, settings: &Settings) -> Option<String> {
    let trimmed = path.text.trim_end_matches('/');
    let known = ["$HOME", "$PWD", "~/", "$SLURM_SUBMIT_DIR"].iter().any(|start| trimmed.starts_with(start));
    if trimmed.starts_with('$') && !known {
        return (!path.unresolved.iter().any(|name| name == "(")).then(|| trimmed.to_owned());
    }
    let cwd = fact.state.as_deref().map(|state| state.text("cwd")).filter(|cwd| !cwd.is_empty());
    let found = candidates(&Text { text: trimmed.into(), ..path.clone() }, cwd, script, settings);
    found.first().map(|path| path.display().to_string())
}

/// What the maker says of itself: file, line, modules, and those of them that the user never loads.
fn creator(input: &Analysed, maker: &Maker, by: &Analysed, user: &Fact) -> Record {
    let fact = &input.facts.facts[maker.position];
    let there = maker.modules.clone();
    let here = modules(user);
    // In the wrong order is another rule's matter.
    let later =
        by.facts.facts.iter().filter(|other| other.kind == FactKind::Module && other.span.start > user.span.end);
    let later: Vec<&str> = later.map(|other| other.fields.text("full")).collect();
    let missing: Vec<String> =
        there.iter().filter(|module| !here.contains(module) && !later.contains(&module.as_str())).cloned().collect();
    let extra: Vec<String> = here.iter().filter(|module| !there.contains(module)).cloned().collect();
    let line = input.source.lines.line(fact.span.start);
    Record::new()
        .with("path", input.source.path.display().to_string())
        .with("line", i64::try_from(line).unwrap_or(0))
        .with("modules", there)
        .with("missing", missing)
        .with("extra", extra)
}

fn modules(fact: &Fact) -> Vec<String> {
    let Some(Value::List(items)) = fact.state.as_deref().and_then(|state| state.get("modules")) else {
        return Vec::new();
    };
    items
        .iter()
        .filter_map(|item| if let Value::Record(module) = item { Some(module.text("full").to_owned()) } else { None })
        .collect()
}
