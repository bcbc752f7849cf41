//! Embeds every file below `rules/` into the binary, so that the built-in policy needs no file at run time, and
//! the rules' fixtures below `fixtures/rules/`, which `explain` shows as examples.
//!
//! Writes `$OUT_DIR/rules.rs` and `$OUT_DIR/examples.rs`: one array each of (path below the folder, text). Every
//! folder and file is named to cargo, so that a new, changed or removed file always rebuilds.

#![expect(clippy::disallowed_methods, reason = "cargo speaks to build scripts through the environment")]

use std::fmt::Write as _;
use std::path::{Path, PathBuf};
use std::{env, fs, io};

fn main() -> io::Result<()> {
    // What editors leave behind is hidden, and no part of the policy.
    embed("rules", "rules.rs", &|path| !path.file_name().is_some_and(|name| name.to_string_lossy().starts_with('.')))?;
    // Only UTF-8 can be embedded as text; a fixture of other bytes is no example to show.
    embed("fixtures/rules", "examples.rs", &|path| fs::read_to_string(path).is_ok())?;
    println!("cargo::rerun-if-changed=build.rs");
    Ok(())
}

/// Writes the array `$OUT_DIR/<array>` of the files below `folder` that `wanted` accepts.
fn embed(folder: &str, array: &str, wanted: &dyn Fn(&Path) -> bool) -> io::Result<()> {
    let root = PathBuf::from(env::var_os("CARGO_MANIFEST_DIR").unwrap_or_default()).join(folder);
    let mut files = Vec::new();
    if root.is_dir() {
        walk(&root, &mut files)?;
    }
    files.retain(|file| wanted(file));
    files.sort();

    let mut code = String::from("&[\n");
    for file in &files {
        let name = file.strip_prefix(&root).unwrap_or(file).to_string_lossy().replace('\\', "/");
        let _ = writeln!(code, "    ({name:?}, include_str!({:?})),", file.to_string_lossy());
    }
    code.push_str("]\n");
    fs::write(PathBuf::from(env::var_os("OUT_DIR").unwrap_or_default()).join(array), code)
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
