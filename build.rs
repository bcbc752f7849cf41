//! Embeds every file below `rules/` into the binary, so that the built-in policy needs no file at run time, and
//! the rules' fixtures below `fixtures/rules/`, which `explain` shows as examples.
//!
//! Writes `$OUT_DIR/rules.rs` and `$OUT_DIR/examples.rs`: one array each of (path below the folder, text); and
//! `$OUT_DIR/heads.rs`: what must be known of each rule and site before it is read, so that a start reads only those
//! that it needs. Every folder and file is named to cargo, so that a new, changed or removed file always rebuilds.

#![expect(clippy::disallowed_methods, reason = "cargo speaks to build scripts through the environment")]

use std::fmt::Write as _;
use std::path::{Path, PathBuf};
use std::{env, fs, io};

use toml::de::{DeTable, DeValue};

#[path = "src/policy/key.rs"]
mod key;

fn main() -> io::Result<()> {
    // What editors leave behind is hidden, and no part of the policy.
    let rules = embed("rules", "rules.rs", &|path| {
        !path.file_name().is_some_and(|name| name.to_string_lossy().starts_with('.'))
    })?;
    // Only UTF-8 can be embedded as text; a fixture of other bytes is no example to show.
    embed("fixtures/rules", "examples.rs", &|path| fs::read_to_string(path).is_ok())?;
    heads(&rules)?;
    println!("cargo::rerun-if-changed=build.rs");
    println!("cargo::rerun-if-changed=src/policy/key.rs");
    Ok(())
}

/// Writes the array `$OUT_DIR/<array>` of the files below `folder` that `wanted` accepts, and gives their names and paths.
fn embed(folder: &str, array: &str, wanted: &dyn Fn(&Path) -> bool) -> io::Result<Vec<(String, PathBuf)>> {
    let root = PathBuf::from(env::var_os("CARGO_MANIFEST_DIR").unwrap_or_default()).join(folder);
    let mut files = Vec::new();
    if root.is_dir() {
        walk(&root, &mut files)?;
    }
    files.retain(|file| wanted(file));
    files.sort();

    let mut code = String::from("&[\n");
    let mut named = Vec::new();
    for file in files {
        let name = file.strip_prefix(&root).unwrap_or(&file).to_string_lossy().replace('\\', "/");
        let _ = writeln!(code, "    ({name:?}, include_str!({:?})),", file.to_string_lossy());
        named.push((name, file));
    }
    code.push_str("]\n");
    fs::write(out(array), code)?;
    Ok(named)
}

fn out(file: &str) -> PathBuf {
    PathBuf::from(env::var_os("OUT_DIR").unwrap_or_default()).join(file)
}

/// Writes the heads of rules and sites. What is wrong in a file is told with its place when the pack is loaded from
/// its folder, by a test.
fn heads(files: &[(String, PathBuf)]) -> io::Result<()> {
    let (mut rules, mut sites) = (Vec::new(), Vec::new());
    for (name, file) in files {
        let Some((folder, stem)) = name.strip_suffix(".toml").and_then(|name| name.split_once('/')) else { continue };
        let text = fs::read_to_string(file)?;
        let Ok(table) = DeTable::parse(&text) else { continue };
        match folder {
            "lint" => rules.push((stem, rule_head(table.get_ref(), stem))),
            "sites" => sites.push((stem, site_head(table.get_ref(), stem))),
            _ => {}
        }
    }
    let mut code = String::new();
    for (name, kind, mut rows) in [("RULES", "RuleRow", rules), ("SITES", "SiteRow", sites)] {
        rows.sort_unstable();
        let rows: String = rows.into_iter().map(|(_, row)| format!("    {row},\n")).collect();
        let _ = writeln!(code, "static {name}: &[{kind}] = &[\n{rows}];");
    }
    fs::write(out("heads.rs"), code)
}

fn walk(folder: &Path, files: &mut Vec<PathBuf>) -> io::Result<()> {
    println!("cargo::rerun-if-changed={}", folder.display());
    for entry in fs::read_dir(folder)? {
        let entry = entry?;
        let path = entry.path();
        if entry.file_type()?.is_dir() {
            walk(&path, files)?;
        } else {
            println!("cargo::rerun-if-changed={}", path.display());
            files.push(path);
        }
    }
    Ok(())
}

/// `(id, severity, enabled, tags, clauses)`, a clause being its kind of fact and the first words of its field.
fn rule_head(table: &DeTable<'_>, id: &str) -> String {
    let severity = string(table, "severity").unwrap_or("warning");
    let enabled = !matches!(table.get("enabled").map(|item| item.get_ref()), Some(DeValue::Boolean(false)));
    let tags = strings(table.get("tags").map(|item| item.get_ref())).unwrap_or_default();
    let mut clauses = String::new();
    if let Some(DeValue::Array(all)) = table.get("clause").map(|item| item.get_ref()) {
        for clause in all.iter().filter_map(|item| as_table(item.get_ref())) {
            let kind = string(clause, "on").unwrap_or_default();
            let _ = write!(clauses, "({kind:?}, {:?}), ", words(clause, kind).as_deref());
        }
    }
    let clauses = clauses.replace("Some([", "Some(&[");
    format!("({id:?}, {severity:?}, {enabled}, &{tags:?}, &[{clauses}])")
}

/// The first words that the indexed field of a clause must have; `None` when it can be anything.
fn words(clause: &DeTable<'_>, kind: &str) -> Option<Vec<String>> {
    let condition = as_table(clause.get("where")?.get_ref())?.get(key::indexed_field(kind)?)?.get_ref();
    let word = |glob: &str| match key::site_value(glob) {
        Some(name) => Some(format!("${name}")),
        None => word_of_glob(glob).map(str::to_owned),
    };
    strings(Some(condition))?.into_iter().map(word).collect()
}

/// The first word of every text that matches `glob`; `None` when it is not always the same.
fn word_of_glob(glob: &str) -> Option<&str> {
    match glob.find(['*', '?', '[', '\\', '{', '}']) {
        None => Some(key::first_word(glob)),
        Some(end) => {
            let word = key::first_word(&glob[..end]);
            // A word that ends where a wildcard begins may go on.
            (word.len() < end).then_some(word)
        }
    }
}

/// `(id, parent, hosts, environment, evidence)`.
fn site_head(table: &DeTable<'_>, id: &str) -> String {
    let parent = string(table, "extends");
    let detect = table.get("detect").and_then(|item| as_table(item.get_ref()));
    let list = |key: &str| detect.and_then(|detect| strings(detect.get(key).map(|item| item.get_ref())));
    let hosts = list("hosts").unwrap_or_default();
    let evidence = list("evidence").unwrap_or_default();
    let env = detect.and_then(|detect| as_table(detect.get("env")?.get_ref()));
    let mut env: Vec<_> = env.into_iter().flat_map(|env| env.iter()).collect();
    env.sort_by_key(|(name, _)| name.span().start);
    let env = env.into_iter().flat_map(|(name, item)| {
        let globs = strings(Some(item.get_ref())).unwrap_or_default();
        globs.into_iter().map(|glob| (name.get_ref().as_ref(), glob))
    });
    let env: Vec<(&str, &str)> = env.collect();
    format!("({id:?}, {parent:?}, &{hosts:?}, &{env:?}, &{evidence:?})")
}

fn as_table<'t, 'a>(value: &'t DeValue<'a>) -> Option<&'t DeTable<'a>> {
    if let DeValue::Table(table) = value { Some(table) } else { None }
}

fn as_string<'t>(value: &'t DeValue<'_>) -> Option<&'t str> {
    if let DeValue::String(text) = value { Some(text.as_ref()) } else { None }
}

fn string<'t>(table: &'t DeTable<'_>, key: &str) -> Option<&'t str> {
    as_string(table.get(key)?.get_ref())
}

/// A text, or a list of nothing but texts.
fn strings<'t>(value: Option<&'t DeValue<'_>>) -> Option<Vec<&'t str>> {
    match value? {
        DeValue::Array(items) => items.iter().map(|item| as_string(item.get_ref())).collect(),
        value => as_string(value).map(|text| vec![text]),
    }
}
