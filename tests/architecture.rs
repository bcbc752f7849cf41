//! What the source must keep to: imports go down only, and policy stays out of Rust.

#![expect(clippy::disallowed_methods, reason = "this test reads the source")]

use std::path::{Path, PathBuf};

use regex::Regex;

/// The modules, each of which may use only those before it.
const ORDER: [&str; 12] =
    ["redact", "source", "syntax", "tables", "facts", "policy", "check", "fix", "doctor", "report", "triage", "cli"];

/// Where an id may stand all the same: the file, the id, and why.
const EXCEPTIONS: [(&str, &str, &str); 4] = [
    ("*", "common", "the profile that every other extends; the engine starts there"),
    ("cli/args.rs", "conda-init-block", "an example in `--help`"),
    ("cli/args.rs", "midway3", "an example in `--help`"),
    ("tables/toolchain.rs", "python2", "a column of the table of toolchains, by the name of the module"),
];

#[test]
fn imports_go_down_only() {
    // Tests inside modules may look further, but none has to.
    let name = Regex::new(r"\bcrate::(\w+)|\bcrate::\{([^;]*)\}").expect("a pattern");
    let word = Regex::new(r"\w+").expect("a pattern");
    let mut wrong = Vec::new();
    let mut seen = 0;
    for (path, text) in sources() {
        let top = path.components().next().and_then(|part| part.as_os_str().to_str()).unwrap_or_default();
        let Some(level) = ORDER.iter().position(|module| *module == top.trim_end_matches(".rs")) else { continue };
        for found in name.captures_iter(&code(&text)) {
            let named = found.get(1).or(found.get(2)).map_or("", |names| names.as_str());
            for module in word.find_iter(named).map(|module| module.as_str()) {
                let Some(used) = ORDER.iter().position(|known| *known == module) else { continue };
                seen += 1;
                if used > level {
                    wrong.push(format!("{} uses `{module}`", path.display()));
                }
            }
        }
    }
    assert!(seen > 100, "only {seen} imports were read");
    assert!(wrong.is_empty(), "imports that go up: {wrong:#?}");
}

#[test]
fn no_rule_or_site_is_named_in_rust() {
    let ids: Vec<String> = ["rules/lint", "rules/sites"].iter().flat_map(|folder| stems(folder)).collect();
    assert!(ids.len() > 50, "only {} ids were found", ids.len());
    // An id is hyphened, so that its neighbours must be neither letters nor hyphens.
    let all = ids.iter().map(|id| regex::escape(id)).collect::<Vec<_>>().join("|");
    let pattern = Regex::new(&format!(r"(?:^|[^\w-])({all})(?:[^\w-]|$)")).expect("a pattern");
    let mut wrong = Vec::new();
    let mut excepted = [false; EXCEPTIONS.len()];
    for (path, text) in sources() {
        if path.file_name().is_some_and(|name| name == "tests.rs") {
            continue;
        }
        for found in pattern.captures_iter(&code(&text)) {
            let here =
                |(file, id, _): &(&str, &str, &str)| (*file == "*" || path == Path::new(file)) && *id == &found[1];
            match EXCEPTIONS.iter().position(here) {
                Some(index) => excepted[index] = true,
                None => wrong.push(format!("{}: {}", path.display(), &found[1])),
            }
        }
    }
    assert!(wrong.is_empty(), "ids of rules or sites in Rust: {wrong:#?}");
    let stale: Vec<_> = EXCEPTIONS.iter().zip(excepted).filter(|(_, used)| !used).collect();
    assert!(stale.is_empty(), "exceptions that nothing needs: {stale:#?}");
}

/// Every source file, by its path below `src/`.
fn sources() -> Vec<(PathBuf, String)> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    let mut found = Vec::new();
    let mut waiting = vec![root.clone()];
    while let Some(folder) = waiting.pop() {
        for entry in std::fs::read_dir(folder).expect("a folder of the source") {
            let path = entry.expect("an entry").path();
            if path.is_dir() {
                waiting.push(path);
            } else if path.extension().is_some_and(|end| end == "rs") {
                let text = std::fs::read_to_string(&path).expect("a source file");
                found.push((path.strip_prefix(&root).expect("below the source").to_owned(), text));
            }
        }
    }
    assert!(found.len() > 50, "only {} source files were found", found.len());
    found
}

/// The text without lines that are comments only, and without the tests of the module.
fn code(text: &str) -> String {
    let text = text.split("#[cfg(test)]\nmod tests {").next().unwrap_or(text);
    text.lines().filter(|line| !line.trim_start().starts_with("//")).collect::<Vec<_>>().join("\n")
}

fn stems(folder: &str) -> Vec<String> {
    let entries = std::fs::read_dir(Path::new(env!("CARGO_MANIFEST_DIR")).join(folder)).expect("a folder of rules");
    let paths = entries.map(|entry| entry.expect("an entry").path());
    paths.filter_map(|path| Some(path.file_stem()?.to_str()?.to_owned())).collect()
}
