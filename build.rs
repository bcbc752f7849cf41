//! Embeds every file below `rules/` into the binary, so that the built-in policy needs no file at run time, and
//! the rules' fixtures below `fixtures/rules/`, which `explain` shows as examples.
//!
//! Writes `$OUT_DIR/rules.rs` and `$OUT_DIR/examples.rs`: one array each of (path below the folder, text). Every
//! folder and file is named to cargo, so that a new, changed or removed file always rebuilds. The TOML files below
//! `rules/` are read here once and for all: `$OUT_DIR/trees.rs` holds them as `tree::Node`s, so that no start has
//! to parse them. Whether they say something sensible is for the tests.

#![expect(clippy::disallowed_methods, reason = "cargo speaks to build scripts through the environment")]

use std::fmt::Write as _;
use std::path::{Path, PathBuf};
use std::{env, fs, io};

use toml::de::{DeTable, DeValue};

fn main() -> io::Result<()> {
    // What editors leave behind is hidden, and no part of the policy.
    let rules = |path: &Path| !path.file_name().is_some_and(|name| name.to_string_lossy().starts_with('.'));
    let files = embed("rules", "rules.rs", &rules)?;
    write_trees(&files)?;
    // Only UTF-8 can be embedded as text; a fixture of other bytes is no example to show.
    embed("fixtures/rules", "examples.rs", &|path| fs::read_to_string(path).is_ok())?;
    println!("cargo::rerun-if-changed=build.rs");
    Ok(())
}

/// Writes the array `$OUT_DIR/<array>` of the files below `folder` that `wanted` accepts.
fn embed(folder: &str, array: &str, wanted: &dyn Fn(&Path) -> bool) -> io::Result<Vec<(String, PathBuf)>> {
    let root = PathBuf::from(env::var_os("CARGO_MANIFEST_DIR").unwrap_or_default()).join(folder);
    let mut files = Vec::new();
    if root.is_dir() {
        walk(&root, &mut files)?;
    }
    files.retain(|file| wanted(file));
    files.sort();

    let name = |file: &Path| file.strip_prefix(&root).unwrap_or(file).to_string_lossy().replace('\\', "/");
    let files: Vec<(String, PathBuf)> = files.into_iter().map(|file| (name(&file), file)).collect();
    let mut code = String::from("&[\n");
    for (name, file) in &files {
        let _ = writeln!(code, "    ({name:?}, include_str!({:?})),", file.to_string_lossy());
    }
    code.push_str("]\n");
    write(array, &code)?;
    Ok(files)
}

/// Writes `$OUT_DIR/trees.rs`: (path, tree) of each TOML file, by path.
fn write_trees(files: &[(String, PathBuf)]) -> io::Result<()> {
    let mut files: Vec<_> = files.iter().filter(|(name, _)| name.ends_with(".toml")).collect();
    files.sort();
    let mut code = String::from("&[\n");
    for (name, file) in files {
        let text = fs::read_to_string(file)?;
        let tree = DeTable::parse(&text).map_err(|error| io::Error::other(format!("rules/{name}: {error}")))?;
        let _ = write!(code, "({name:?}, ");
        write_table(tree.get_ref(), &mut code)?;
        code.push_str("),\n");
    }
    code.push_str("]\n");
    write("trees.rs", &code)
}

fn write_table(table: &DeTable<'_>, code: &mut String) -> io::Result<()> {
    let mut entries: Vec<_> = table.iter().collect();
    // In the order of the file, as the reader of TOML texts gives them.
    entries.sort_by_key(|(key, _)| key.span().start);
    code.push_str("Node::Table(&[");
    for (key, value) in entries {
        let _ = write!(code, "({:?}, ", key.get_ref());
        write_value(value.get_ref(), code)?;
        code.push_str("), ");
    }
    code.push_str("])");
    Ok(())
}

fn write_value(value: &DeValue<'_>, code: &mut String) -> io::Result<()> {
    let _ = match value {
        DeValue::String(text) => write!(code, "Node::Text({text:?})"),
        DeValue::Integer(number) => {
            let number = i64::from_str_radix(number.as_str(), number.radix()).map_err(io::Error::other)?;
            write!(code, "Node::Integer({number})")
        }
        DeValue::Boolean(flag) => write!(code, "Node::Flag({flag})"),
        DeValue::Datetime(date) => write!(code, "Node::Date({:?})", date.to_string()),
        DeValue::Float(_) => return Err(io::Error::other("the policy has no use for floats")),
        DeValue::Array(items) => {
            code.push_str("Node::List(&[");
            for item in items.iter() {
                write_value(item.get_ref(), code)?;
                code.push_str(", ");
            }
            write!(code, "])")
        }
        DeValue::Table(table) => return write_table(table, code),
    };
    Ok(())
}

fn write(file: &str, code: &str) -> io::Result<()> {
    fs::write(PathBuf::from(env::var_os("OUT_DIR").unwrap_or_default()).join(file), code)
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
