//! Settings of tools, in files and in the environment: what they say, which of them wins, and who may read secrets.
//!
//! Places and precedence are those of each tool's manual: pip's and uv's configuration pages, conda's «Using the
//! .condarc conda configuration file», Jupyter's configuration overview.

use std::collections::BTreeMap;
use std::path::Path;

use crate::facts::{FactKind, Record};

use super::Condarc;
use super::home::{Home, Reached};

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

/// pip's files, the weakest first.
const PIP: [&str; 2] = [".pip/pip.conf", ".config/pip/pip.conf"];

/// uv's files.
const UV: [&str; 1] = [".config/uv/uv.toml"];

/// Files with passwords, with the tool that reads each.
const CREDENTIALS: [(&str, &str); 3] = [("netrc", ".netrc"), ("pypirc", ".pypirc"), ("netrc", "_netrc")];

/// Jupyter's files.
const JUPYTER: [&str; 3] = ["jupyter_server_config", "jupyter_notebook_config", "jupyter_lab_config"];

/// The settings that files of the account hold.
pub fn files(home: &Home) -> Vec<Record> {
    let mut all = Vec::new();
    for name in PIP {
        ini(home, "pip", Path::new(name), &mut all);
    }
    for name in UV {
        toml(home, "uv", Path::new(name), &mut all);
    }
    for stem in JUPYTER {
        let path = Path::new(".jupyter").join(stem);
        jupyter(home, &path.with_extension("py"), &mut all);
        jupyter_json(home, &path.with_extension("json"), &mut all);
    }
    overridden(&mut all);
    for (tool, name) in CREDENTIALS {
        if let Ok(Reached::Inside(inside)) = home.reach(Path::new(name)) {
            let path = home.shown(Path::new(name));
            all.push(about(tool, &path, "permissions").with("open-to", inside.readable_by().name()));
        }
    }
    all
}

/// The keys of conda's files, the weakest file first. Lists of several files are joined by conda, so that none wins.
pub fn conda(home: &Home, files: &[Condarc]) -> Vec<Record> {
    let mut all = Vec::new();
    for file in files {
        let path = &file.source.path;
        let shown = home.below(path).map_or_else(|| path.to_string_lossy().into_owned(), |below| home.shown(&below));
        let mut items: BTreeMap<&str, Vec<&str>> = BTreeMap::new();
        for fact in file.facts.facts.iter().filter(|fact| fact.kind == FactKind::Channel) {
            items.entry("channels").or_default().push(fact.fields.text("name"));
        }
        let keys = || file.facts.facts.iter().filter(|fact| fact.kind == FactKind::Key).map(|fact| &fact.fields);
        for fields in keys() {
            if let Some(list) = fields.text("name").strip_suffix(".item") {
                items.entry(list).or_default().push(fields.text("value"));
            }
        }
        for fields in keys().filter(|fields| !fields.text("name").contains('.')) {
            let name = fields.text("name");
            let value = fields.get("value").map(ToString::to_string).unwrap_or_default();
            all.push(match items.get(name) {
                Some(items) => setting("conda", &shown, name, &items.join(", ")).with("list", true),
                None => setting("conda", &shown, name, &value),
            });
        }
    }
    overridden(&mut all);
    all
}

/// Says of settings in files which variable of the environment wins over them.
pub fn overridden_by_variables(settings: &mut [Record], env: &BTreeMap<String, String>) {
    // What a variable says of a list is put before what files say.
    for record in settings.iter_mut().filter(|record| !record.flag("list")) {
        let prefix = match record.text("tool") {
            tool @ ("pip" | "uv" | "conda") => tool.to_uppercase(),
            _ => continue,
        };
        let last = record.text("name").rsplit('.').next().unwrap_or_default();
        let variable = format!("{prefix}_{}", last.to_uppercase().replace('-', "_"));
        if env.contains_key(&variable) {
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
        record.set_some("value", (!is_secret(name)).then_some(value.as_str()));
        record
    };
    env.iter().filter(|(name, _)| is_setting(name)).map(record).collect()
}

fn about(tool: &str, file: &str, name: &str) -> Record {
    Record::new().with("tool", tool).with("path", file).with("name", name)
}

fn is_secret(name: &str) -> bool {
    let name = name.to_uppercase().replace('-', "_");
    SECRET.iter().any(|part| name.contains(part))
}

fn setting(tool: &str, file: &str, name: &str, value: &str) -> Record {
    let mut record = about(tool, file, name);
    record.set_some("value", (!is_secret(name) || value.is_empty()).then_some(value));
    record
}

/// `[section]` and `key = value`.
fn ini(home: &Home, tool: &str, path: &Path, all: &mut Vec<Record>) {
    let Some(text) = home.text(path, LIMIT) else { return };
    let mut section = "";
    for line in text.lines() {
        let line = line.trim_end();
        if let Some(name) = line.strip_prefix('[').and_then(|rest| rest.strip_suffix(']')) {
            section = name.trim();
        } else if let Some((name, value)) = line.split_once('=')
            && !line.starts_with([' ', '\t', '#', ';'])
        {
            let name = name.trim().to_lowercase().replace('_', "-");
            all.push(setting(tool, &home.shown(path), &format!("{section}.{name}"), value.trim()));
        }
    }
}

/// Keys of TOML, with their tables.
fn toml(home: &Home, tool: &str, path: &Path, all: &mut Vec<Record>) {
    fn flat(table: &toml::Table, before: &str, found: &mut Vec<(String, String)>) {
        for (name, value) in table {
            let name = format!("{before}{name}");
            match value {
                toml::Value::Table(inner) => flat(inner, &format!("{name}."), found),
                toml::Value::String(text) => found.push((name, text.clone())),
                toml::Value::Boolean(flag) => found.push((name, flag.to_string())),
                toml::Value::Integer(number) => found.push((name, number.to_string())),
                _ => {}
            }
        }
    }
    let Some(table) = home.text(path, LIMIT).and_then(|text| text.parse::<toml::Table>().ok()) else { return };
    let mut found = Vec::new();
    flat(&table, "", &mut found);
    all.extend(found.into_iter().map(|(name, value)| setting(tool, &home.shown(path), &name, &value)));
}

/// Lines `c.ServerApp.ip = '0.0.0.0'` of a Jupyter configuration, which is Python.
fn jupyter(home: &Home, path: &Path, all: &mut Vec<Record>) {
    let Some(text) = home.text(path, LIMIT) else { return };
    for line in text.lines() {
        let Some((name, value)) = line.strip_prefix("c.").and_then(|rest| rest.split_once('=')) else { continue };
        let name = name.trim();
        if name.contains(|c: char| !c.is_alphanumeric() && c != '.' && c != '_') {
            continue;
        }
        let value = value.trim();
        let value = value.strip_prefix(['u', 'r']).filter(|rest| rest.starts_with(['\'', '"'])).unwrap_or(value);
        let quote = value.chars().next().filter(|first| matches!(first, '\'' | '"'));
        let value = match quote.and_then(|quote| value[1..].split_once(quote)) {
            Some((inner, _)) => inner,
            None => value.split('#').next().unwrap_or_default().trim(),
        };
        all.push(setting("jupyter", &home.shown(path), name, value));
    }
}

/// The same as JSON: `{"ServerApp": {"ip": "0.0.0.0"}}`.
fn jupyter_json(home: &Home, path: &Path, all: &mut Vec<Record>) {
    let Some(text) = home.text(path, LIMIT) else { return };
    let Ok(serde_json::Value::Object(classes)) = serde_json::from_str(&text) else { return };
    for (class, traits) in classes {
        for (name, value) in traits.as_object().into_iter().flatten() {
            let value = value.as_str().map_or_else(|| value.to_string(), str::to_owned);
            all.push(setting("jupyter", &home.shown(path), &format!("{class}.{name}"), &value));
        }
    }
}

/// Of two files of one tool that set the same, the later wins; of lists none does.
fn overridden(all: &mut [Record]) {
    let winner = |index: usize| {
        let record = &all[index];
        let same = |later: &&Record| {
            let equal = |field: &str| later.text(field) == record.text(field);
            !equal("path") && equal("tool") && equal("name")
        };
        let later = all[index + 1..].iter().rev().find(same).filter(|_| !record.flag("list"));
        later.map(|later| later.text("path").to_owned())
    };
    let winners: Vec<Option<String>> = (0..all.len()).map(winner).collect();
    for (record, winner) in all.iter_mut().zip(winners) {
        record.set_some("overridden-by", winner);
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
        let home = Home::open(dir.path()).unwrap();
        let shown: Vec<String> = files(&home)
            .iter()
            .map(|record| {
                let value = record.get("value").map_or("-".to_owned(), ToString::to_string);
                let rest = [record.text("overridden-by"), record.text("open-to")].concat();
                format!("{} {} {value} {rest}", record.text("tool"), record.text("name"))
            })
            .collect();
        assert_eq!(
            shown,
            [
                "pip global.user true $HOME/.config/pip/pip.conf",
                "pip global.user false ",
                "pip global.index-url - ",
                "uv cache-dir /scratch/x ",
                "uv pip.system true ",
                "jupyter ServerApp.ip 0.0.0.0 ",
                "jupyter ServerApp.token  ",
                "jupyter ServerApp.password - ",
                "jupyter NotebookApp.ip * ",
                "netrc permissions - others",
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
