//! The commands that move or empty what fills a home. They are only ever printed.

use crate::facts::{Record, Value};
use crate::syntax::shell::quote::quoted;

/// What is smaller than both of these is not worth a command: files, and bytes.
const WORTH_IT: (i64, i64) = (1000, 100 << 20);

/// So many are told.
const MOST: usize = 10;

/// Where the site wants things that may not stay at home; `DIR` where it does not say.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Places {
    /// Environments.
    pub environments: String,
    /// Downloaded packages and other caches.
    pub caches: String,
}

impl Default for Places {
    fn default() -> Self {
        Self { environments: "DIR/envs".to_owned(), caches: "DIR/caches".to_owned() }
    }
}

/// The commands for installations and for what `usage` tells, each a line for a shell.
pub fn commands<'a>(facts: impl Iterator<Item = &'a Record>, places: &Places) -> Vec<String> {
    let mut found: Vec<(i64, String)> = Vec::new();
    // What lies elsewhere is where it may be.
    for record in facts.filter(|record| is_large(record) && record.text("path").starts_with("$HOME/")) {
        let path = quoted(record.text("path"));
        let name = record.text("name");
        let command = match record.text("kind") {
            "conda-env" if record.text("problem") == "none" => conda_env(&path, name, places),
            "venv" | "uv-venv" | "pipenv" if record.text("problem") == "none" => venv(&path, name, places),
            "" if !record.text("variable").is_empty() => cache(&path, record, places),
            "" => record.text("clean").to_owned(),
            _ => continue,
        };
        if !command.is_empty() {
            found.push((number(record, "files"), command));
        }
    }
    found.sort_by_key(|(files, _)| std::cmp::Reverse(*files));
    found.into_iter().take(MOST).map(|(_, command)| command).collect()
}

/// A conda environment cannot be moved: it is made anew from what was asked for.
fn conda_env(path: &str, name: &str, places: &Places) -> String {
    let (file, place) = (quoted(&format!("{name}.yml")), format!("{}/{}", places.environments, quoted(name)));
    format!(
        "conda env export --from-history -p {path} > {file} && conda env create -f {file} -p {place} && conda env remove -p {path}"
    )
}

fn venv(path: &str, name: &str, places: &Places) -> String {
    let (file, place) = (quoted(&format!("{name}.txt")), format!("{}/{}", places.environments, quoted(name)));
    format!(
        "{path}/bin/python -m pip freeze > {file} && python3 -m venv {place} && {place}/bin/pip install -r {file} && rm -rf {path}"
    )
}

/// A cache that a variable moves: the folder goes, and the variable says where.
fn cache(path: &str, record: &Record, places: &Places) -> String {
    let above = &places.caches;
    let place = format!("{above}/{}", record.text("what"));
    let variable = record.text("variable");
    format!("mkdir -p {above} && mv {path} {place} && echo 'export {variable}={place}' >> ~/.bashrc")
}

fn is_large(record: &Record) -> bool {
    number(record, "files") >= WORTH_IT.0 || number(record, "bytes") >= WORTH_IT.1
}

fn number(record: &Record, name: &str) -> i64 {
    match record.get(name) {
        Some(Value::Number(number)) => *number,
        _ => 0,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_large_has_a_command() {
        let env = Record::new().with("kind", "conda-env").with("path", "$HOME/my envs/ml").with("name", "ml");
        let env = env.with("problem", "none").with("files", 30_000);
        let cache = Record::new().with("what", "pip-cache").with("path", "$HOME/.cache/pip").with("files", 2000);
        let cache = cache.with("variable", "PIP_CACHE_DIR").with("clean", "pip cache purge");
        let small = Record::new().with("kind", "venv").with("path", "$HOME/v").with("files", 10);
        let places = Places { environments: "/project/$USER/envs".to_owned(), caches: "/scratch/$USER".to_owned() };
        assert_eq!(
            commands([&cache, &env, &small].into_iter(), &places),
            [
                "conda env export --from-history -p ~/my\\ envs/ml > ml.yml && conda env create -f ml.yml -p /project/$USER/envs/ml && conda env remove -p ~/my\\ envs/ml",
                "mkdir -p /scratch/$USER && mv ~/.cache/pip /scratch/$USER/pip-cache && echo 'export PIP_CACHE_DIR=/scratch/$USER/pip-cache' >> ~/.bashrc",
            ]
        );
    }
}
