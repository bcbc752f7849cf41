//! Every rule of the built-in pack by its fixtures below `fixtures/rules/`, and sites by those below `fixtures/sites/`:
//! the harness is that of `pydoctor rules test`. `BLESS=1 cargo test` rewrites the goldens.

use std::path::Path;
use std::sync::Arc;

use pydoctor::cli::fixtures::Suite;
use pydoctor::policy::{self, site::ValueData};

#[test]
#[expect(clippy::disallowed_methods, reason = "goldens are written when asked")]
fn rules_find_what_their_fixtures_show() {
    let policy = Arc::new(policy::builtin().expect("the built-in pack loads"));
    let suite = Suite {
        rules: policy.rules.iter().map(|rule| rule.id.clone()).collect(),
        select: vec!["ALL".to_owned()],
        folder: Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures"),
        bless: std::env::var_os("BLESS").is_some(),
        policy,
    };
    let outcome = suite.run().expect("fixtures and a scratch folder");
    assert!(outcome.cases > 100, "only {} cases were found", outcome.cases);
    let wrong: Vec<String> = outcome.wrong.iter().map(|(case, what)| format!("{case}: {what}")).collect();
    assert!(wrong.is_empty(), "{} problems:\n{}", wrong.len(), wrong.join("\n"));
}

/// A file that may be for any of a centre's machines is judged by the site that they extend, so what that one lists as
/// complete holds what they have.
#[test]
fn a_site_that_others_extend_knows_their_modules() {
    let policy = policy::builtin().expect("the built-in pack loads");
    let modules = |site: &policy::Site| match site.values.get("known-modules").map(|value| value.data.clone()) {
        Some(ValueData::List(items)) => items.into_iter().map(|(text, _)| text).collect(),
        _ => Vec::new(),
    };
    let mut compared = 0;
    for site in policy.sites.values() {
        let Some(parent) = site.extends.as_ref().and_then(|id| policy.sites.get(id)) else { continue };
        let known = modules(parent);
        // The empty list of a site without families says nothing.
        if known.is_empty() && !parent.rules.contains_key("unknown-module") {
            continue;
        }
        let missing: Vec<String> = modules(site).into_iter().filter(|module| !known.contains(module)).collect();
        assert!(missing.is_empty(), "{} does not list {missing:?} of {}", parent.id, site.id);
        assert!(known.iter().all(|module| !module.starts_with('-')), "{} lists an option", parent.id);
        compared += 1;
    }
    assert!(compared > 0, "no site extends one with modules of its own");
}
