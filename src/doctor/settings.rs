//! Settings of tools, in files and in the environment: what they say, which of them wins, and who may read secrets.

mod formats;
mod places;

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::path::Path;

use crate::facts::{FactKind, Record, Value};
use crate::redact::without_sign_in;
use crate::source::{Kind, Source, Span};

use super::Condarc;
use super::home::{Home, Reached};
use formats::{Entries, Entry, Fault};
use places::{Place, Variables};

/// Files larger than this are not read: settings are short. In bytes.
const LIMIT: u64 = 256 * 1024;

/// Variables of tools, by how their names begin.
const PREFIXES: [&str; 4] = ["PIP_", "CONDA_", "MAMBA_", "UV_"];

/// Variables of Python that change what it finds.
const PYTHON: [&str; 5] = ["PYTHONPATH", "PYTHONHOME", "PYTHONSTARTUP", "PYTHONNOUSERSITE", "PYTHONUSERBASE"];

/// What activation itself sets: no setting of the user's.
const SET_BY_ACTIVATION: [&str; 8] = [
    "CONDA_EXE",
    "CONDA_PREFIX",
    "CONDA_PYTHON_EXE",
    "CONDA_SHLVL",
    "CONDA_DEFAULT_ENV",
    "CONDA_PROMPT_MODIFIER",
    "MAMBA_EXE",
    "MAMBA_ROOT_PREFIX",
];

/// Parts of names whose values are secret.
const SECRET: [&str; 6] = ["TOKEN", "PASSWORD", "PASSWD", "SECRET", "KEY", "INDEX_URL"];

/// Files with passwords, with the tool that reads each.
const CREDENTIALS: [(&str, &str); 3] = [("netrc", ".netrc"), ("pypirc", ".pypirc"), ("netrc", "_netrc")];

/// The name of what is told of a file as a whole.
const UNLOADED: &str = "file";

/// Jupyter's files.
const JUPYTER: [&str; 3] = ["jupyter_server_config", "jupyter_notebook_config", "jupyter_lab_config"];

/// What the files of pip, uv and Jupyter say.
#[derive(Debug, Default)]
pub struct Files {
    /// The files that were read.
    pub sources: Vec<Source>,
    /// Their settings, of each tool the weakest first.
    pub records: Vec<Record>,
}

/// Reads the settings that files hold: those of the account, and those of the system that count for it. `env` is that of
/// a running shell.
pub fn files(home: &Home, env: Option<&BTreeMap<String, String>>) -> Files {
    let env = Variables(env);
    let mut files = Files::default();
    for place in places::pip(home, env) {
        files.read(home, "pip", &place, formats::ini);
    }
    for place in places::uv(home, env) {
        files.read(home, "uv", &place, formats::toml);
    }
    for stem in JUPYTER {
        let path = places::jupyter(env).join(stem);
        for (end, read) in [("py", formats::jupyter as fn(&str) -> Entries), ("json", formats::jupyter_json)] {
            files.read(home, "jupyter", &Place { path: path.with_extension(end), instead: None }, read);
        }
    }
    overridden(&mut files.records, WINNER, &|records, later, earlier| is_of_one_tool(records, later, earlier));
    files
}

impl Files {
    fn read(&mut self, home: &Home, tool: &str, place: &Place, read: fn(&str) -> Entries) {
        let Some((path, bytes)) = home.read_anywhere(&place.path, LIMIT) else { return };
        // What is named twice was read.
        if self.sources.iter().any(|source| source.path == path) {
            return;
        }
        let source = Source::new(path, Kind::Other, bytes);
        let said = match std::str::from_utf8(&source.bytes) {
            Err(error) if ["pip", "uv"].contains(&tool) => {
                let at = error.valid_up_to();
                Err(Fault { reason: "this is not UTF-8".to_owned(), span: Span::new(at, at + 1) })
            }
            _ => read(&source.text),
        };
        let records = match said {
            Ok(entries) => {
                let one = |Entry { name, value, span }| setting(home, &source, tool, &name, &value, span);
                entries.into_iter().map(one).collect()
            }
            // What was cut off is no fault.
            Err(_) if source.bytes.len() as u64 >= LIMIT => Vec::new(),
            Err(fault) => vec![unloaded(home, &source, tool, fault)],
        };
        for mut record in records {
            record.set_some(WINNER, place.instead);
            self.records.push(record);
        }
        self.sources.push(source);
    }
}

/// Files with passwords, and who may read them.
pub fn credentials(home: &Home) -> Vec<Record> {
    let record = |(tool, name): (&'static str, &str)| match home.reach(Path::new(name)) {
        Ok(Reached::Inside(inside)) => {
            let record = Record::new().with("tool", tool).with("path", home.shown(Path::new(name)));
            Some(record.with("name", "permissions").with("own", true).with("open-to", inside.readable_by().name()))
        }
        _ => None,
    };
    CREDENTIALS.into_iter().filter_map(record).collect()
}

/// The keys of conda's files, the weakest file first. Lists of several files are joined by conda, so that none wins; a
/// file of one installation counts for that installation alone.
pub fn conda(home: &Home, files: &[Condarc]) -> Vec<Record> {
    let (mut all, mut roots) = (Vec::new(), Vec::new());
    for file in files {
        // conda refuses the whole of a file with a fault.
        if let Some(gap) = file.facts.gaps.first() {
            let fault = Fault { reason: gap.reason.clone(), span: gap.span };
            all.push(unloaded(home, &file.source, tool_of(file), fault));
            roots.push(file.root.as_deref());
            continue;
        }
        let mut items: BTreeMap<&str, Vec<&str>> = BTreeMap::new();
        for fact in file.facts.facts.iter().filter(|fact| fact.kind == FactKind::Channel) {
            items.entry("channels").or_default().push(fact.fields.text("name"));
        }
        let keys = || file.facts.facts.iter().filter(|fact| fact.kind == FactKind::Key);
        for fields in keys().map(|fact| &fact.fields) {
            if let Some(list) = fields.text("name").strip_suffix(".item") {
                items.entry(list).or_default().push(fields.text("value"));
            }
        }
        let has_inner = |name: &str| {
            keys().any(|fact| fact.fields.text("name").strip_prefix(name).is_some_and(|inner| inner.starts_with('.')))
        };
        for fact in keys() {
            let name = fact.fields.text("name");
            let is_above = !items.contains_key(name) && fact.fields.get("items").is_none() && has_inner(name);
            // What stands below a key is told in its place.
            if name.ends_with(".item") || is_above {
                continue;
            }
            let value = fact.fields.get("value").map(ToString::to_string).unwrap_or_default();
            let listed = match fact.fields.get("items") {
                Some(Value::List(items)) => Some(items.iter().map(ToString::to_string).collect::<Vec<_>>().join(", ")),
                _ => None,
            };
            let listed = items.get(name).map(|items| items.join(", ")).or(listed);
            let one = |value: &str| setting(home, &file.source, tool_of(file), name, value, fact.span);
            all.push(match listed {
                Some(items) => one(&items).with("list", true),
                None => one(&value),
            });
            roots.push(file.root.as_deref());
        }
    }
    let mut known: Vec<&Path> = files.iter().filter_map(|file| file.root.as_deref()).collect();
    known.dedup();
    // Over what counts for all installations one of them wins where it is the only one.
    let counts = |later: usize, earlier: usize| match (roots[later], roots[earlier]) {
        (None, _) => true,
        (Some(_), None) => known.len() == 1,
        (later, earlier) => later == earlier,
    };
    // conda reads none of mamba's files, mamba reads those of both.
    overridden(&mut all, WINNER, &|records, later, earlier| {
        (records[earlier].text("tool") == "mamba" || is_of_one_tool(records, later, earlier)) && counts(later, earlier)
    });
    overridden(&mut all, WINNER_IN_MAMBA, &|records, later, earlier| {
        let [later_tool, earlier_tool] = [later, earlier].map(|index| records[index].text("tool"));
        (later_tool, earlier_tool) == ("mamba", "conda") && counts(later, earlier)
    });
    all
}

const fn tool_of(file: &Condarc) -> &'static str {
    if file.mamba_alone { "mamba" } else { "conda" }
}

/// The fields that name what wins over a setting: everywhere, and in mamba alone.
const WINNER: &str = "overridden-by";
const WINNER_IN_MAMBA: &str = "overridden-in-mamba-by";

fn is_of_one_tool(records: &[Record], one: usize, other: usize) -> bool {
    records[one].text("tool") == records[other].text("tool")
}

/// Says of settings in files which variable of the environment wins over them.
pub fn overridden_by_variables(settings: &mut [Record], env: &BTreeMap<String, String>) {
    // What a variable says of a list is put before what files say.
    for record in settings.iter_mut().filter(|record| !record.flag("list")) {
        let prefix = match record.text("tool") {
            tool @ ("pip" | "uv" | "conda" | "mamba") => tool.to_uppercase(),
            _ => continue,
        };
        let name = record.text("name");
        let name = match record.text("tool") {
            "conda" | "mamba" => name.replace('.', "__"),
            _ => name.rsplit('.').next().unwrap_or_default().replace('-', "_"),
        };
        let variable = format!("{prefix}_{}", name.to_uppercase());
        if env.get(&variable).is_some_and(|value| !value.is_empty()) {
            record.set("overridden-by", variable);
        }
    }
}

/// The settings of the environment.
pub fn environment(env: &BTreeMap<String, String>) -> Vec<Record> {
    let is_setting = |name: &str| {
        PYTHON.contains(&name)
            || (PREFIXES.iter().any(|prefix| name.starts_with(prefix)) && !SET_BY_ACTIVATION.contains(&name))
    };
    let record = |(name, value): (&String, &String)| {
        let mut record = Record::new().with("tool", "environment").with("name", name.as_str());
        record.set_some("value", told(name, value));
        record
    };
    env.iter().filter(|(name, _)| is_setting(name)).map(record).collect()
}

/// A value as it may be told; `None` for what is secret. Proxies are written without a scheme, too: what lets somebody in
/// there has no look of its own.
fn told(name: &str, value: &str) -> Option<String> {
    let is_proxy = name.to_lowercase().contains("proxy");
    let value = if is_proxy { without_sign_in(value) } else { Cow::Borrowed(value) };
    (!is_secret(name)).then(|| value.into_owned())
}

fn is_secret(name: &str) -> bool {
    let name = name.to_uppercase().replace('-', "_");
    SECRET.iter().any(|part| name.contains(part))
}

/// What is told of a file that its tool does not load: why, and nothing that it says.
fn unloaded(home: &Home, file: &Source, tool: &str, fault: Fault) -> Record {
    let mut record = setting(home, file, tool, UNLOADED, "", fault.span).with("problem", fault.reason);
    record.remove("value");
    record
}

/// A setting at its place in a file.
fn setting(home: &Home, file: &Source, tool: &str, name: &str, value: &str, span: Span) -> Record {
    let shown = home.below(&file.path).map_or_else(|| file.path.to_string_lossy().into_owned(), |own| home.shown(&own));
    let line = i64::try_from(file.lines.line(span.start)).unwrap_or(i64::MAX);
    let record = Record::at(span).with("tool", tool).with("path", shown).with("line", line);
    let mut record = record.with("name", name).with("own", home.is_own(&file.path));
    record.set_some("value", if value.is_empty() { Some(String::new()) } else { told(name, value) });
    record
}

/// Of two files that set the same, the later wins where it `counts` for what reads the earlier, and `field` says so; of
/// lists none does.
fn overridden(all: &mut [Record], field: &'static str, counts: &dyn Fn(&[Record], usize, usize) -> bool) {
    let winner = |index: usize| {
        let record = &all[index];
        let wins = |later: &usize| {
            let equal = |field: &str| all[*later].text(field) == record.text(field);
            let is_read = all[*later].text(WINNER).is_empty();
            !equal("path") && equal("name") && record.text("name") != UNLOADED && is_read && counts(all, *later, index)
        };
        let open = !record.flag("list") && record.text(WINNER).is_empty();
        let later = (index + 1..all.len()).rev().find(wins).filter(|_| open);
        later.map(|later| all[later].text("path").to_owned())
    };
    let winners: Vec<Option<String>> = (0..all.len()).map(winner).collect();
    for (record, winner) in all.iter_mut().zip(winners) {
        if winner.is_some() {
            record.set_some(field, winner);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::fs;
    use std::os::unix::fs::PermissionsExt;

    #[test]
    fn files_are_read_and_secrets_are_not() {
        let dir = tempfile::tempdir().unwrap();
        let make = |name: &str, text: &str| {
            let path = dir.path().join(name);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(&path, text).unwrap();
            path
        };
        make(".pip/pip.conf", "[global]\nuser = true\n");
        make(".config/pip/pip.conf", "# c\n[global]\nuser = false\nindex-url = https://me:pw@host/\n");
        make(".config/uv/uv.toml", "cache-dir = \"/scratch/x\"\n[pip]\nsystem = true\n");
        make(
            ".jupyter/jupyter_server_config.py",
            "c = get_config()\n#c.ServerApp.port = 1\nc.ServerApp.ip = '0.0.0.0'  # all\nc.ServerApp.token = ''\nc.ServerApp.password = 'x'\n",
        );
        make(".jupyter/jupyter_notebook_config.json", "{\"NotebookApp\": {\"ip\": \"*\"}}");
        fs::set_permissions(make(".netrc", "x"), fs::Permissions::from_mode(0o644)).unwrap();
        fs::set_permissions(dir.path(), fs::Permissions::from_mode(0o755)).unwrap();
        let home = Home::open(dir.path()).unwrap();
        let shown: Vec<String> = files(&home, None)
            .records
            .iter()
            .chain(&credentials(&home))
            // The system may have files of its own.
            .filter(|record| record.text("path").starts_with("$HOME/"))
            .map(|record| {
                let value = record.get("value").map_or("-".to_owned(), ToString::to_string);
                let rest = [record.text("overridden-by"), record.text("open-to")].concat();
                let line = record.get("line").map_or("-".to_owned(), ToString::to_string);
                format!("{line} {} {} {value} {rest}", record.text("tool"), record.text("name"))
            })
            .collect();
        assert_eq!(
            shown,
            [
                "2 pip global.user true $HOME/.config/pip/pip.conf",
                "3 pip global.user false ",
                "4 pip global.index-url - ",
                "1 uv cache-dir /scratch/x ",
                "3 uv pip.system true ",
                "3 jupyter ServerApp.ip 0.0.0.0 ",
                "4 jupyter ServerApp.token  ",
                "5 jupyter ServerApp.password - ",
                "1 jupyter NotebookApp.ip * ",
                "- netrc permissions - others",
            ]
        );
    }

    #[test]
    fn the_environment_has_settings_too() {
        let env = [("PIP_USER", "1"), ("CONDA_PREFIX", "/x"), ("UV_PUBLISH_TOKEN", "s"), ("EDITOR", "vi")];
        let env = env.map(|(name, value)| (name.to_owned(), value.to_owned())).into();
        let facts = environment(&env);
        assert_eq!(facts.len(), 2);
        assert!(facts[0].text("value") == "1" && facts[1].get("value").is_none());
    }
}
