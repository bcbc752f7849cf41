//! The pages below `docs/` that are made from the policy, the fixtures of the rules and the table of facts.
//! `BLESS=1 cargo test --test docs` writes them, otherwise they are compared. Also: every relative link leads somewhere.

#![expect(
    clippy::disallowed_methods,
    reason = "tests read what was written, and are told by the environment to write it"
)]

#[path = "docs/coverage.rs"]
mod coverage;
#[path = "docs/documents.rs"]
mod documents;
#[path = "docs/examples.rs"]
mod examples;
#[path = "docs/fixtures.rs"]
mod fixtures;
#[path = "docs/markdown.rs"]
mod markdown;
#[path = "docs/reference.rs"]
mod reference;
#[path = "docs/rules.rs"]
mod rules;
#[path = "docs/sites.rs"]
mod sites;
#[path = "docs/stands.rs"]
mod stands;

use std::path::{Path, PathBuf};
use std::{env, fs};

use pydoctor::policy::{self, Policy};

#[test]
fn rules_page() {
    compare("docs/rules.md", &rules::page(&policy()));
}

#[test]
fn sites_page() {
    compare("docs/sites.md", &sites::page(&policy()));
}

#[test]
fn coverage_page() {
    compare("docs/coverage.md", &coverage::page(&policy()));
}

#[test]
fn reference_page() {
    compare("docs/rules-reference.md", &reference::page(&policy()));
}

#[test]
fn reference_names_what_the_format_knows() {
    let wrong = reference::missing();
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn links_lead_somewhere() {
    if env::var_os("BLESS").is_some() {
        // The pages are being written.
        return;
    }
    let mut pages = vec![root().join("README.md"), root().join("CONTRIBUTING.md")];
    let docs = fs::read_dir(root().join("docs")).expect("the folder docs");
    pages.extend(
        docs.map(|entry| entry.expect("an entry").path())
            .filter(|path| path.extension().is_some_and(|end| end == "md")),
    );
    pages.sort();
    let wrong: Vec<String> = pages.iter().flat_map(|page| broken_links(page)).collect();
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

fn broken_links(page: &Path) -> Vec<String> {
    let text = read(page);
    let mut wrong = Vec::new();
    for link in markdown::relative_links(&text) {
        let (file, anchor) = link.split_once('#').unwrap_or((&link, ""));
        let target = if file.is_empty() { page.to_owned() } else { page.parent().expect("a folder").join(file) };
        if !target.exists() {
            wrong.push(format!("{}: `{link}`: no such file", page.display()));
        } else if !anchor.is_empty() && !markdown::anchors(&read(&target)).contains(anchor) {
            wrong.push(format!("{}: `{link}`: no such heading", page.display()));
        }
    }
    wrong
}

fn policy() -> Policy {
    policy::builtin().expect("the built-in pack loads")
}

/// Compares a page, or writes it.
fn compare(page: &str, text: &str) {
    let path = root().join(page);
    if env::var_os("BLESS").is_some() {
        fs::write(&path, text).expect("the page is written");
        return;
    }
    let written = fs::read_to_string(&path).unwrap_or_default();
    let same = written.lines().zip(text.lines()).take_while(|(a, b)| a == b).count();
    assert!(
        written == text,
        "{page} is out of date from line {} on; run `BLESS=1 cargo test --test docs`:\n- {}\n+ {}",
        same + 1,
        written.lines().nth(same).unwrap_or_default(),
        text.lines().nth(same).unwrap_or_default()
    );
}

fn root() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR"))
}

fn read(path: &Path) -> String {
    fs::read_to_string(path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}
