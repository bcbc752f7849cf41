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
        symptoms: Vec::new(),
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

/// What a site allows, by lists that only ever silence.
const ALLOWED: [&str; 5] =
    ["known-modules", "modules-without-version", "directives-read", "allowed-anaconda-modules", "conda-ready-modules"];

/// A file that may be for any of a centre's machines is judged by the site that they extend, so that one allows what
/// any of them does.
#[test]
fn a_site_that_others_extend_allows_what_they_do() {
    let policy = policy::builtin().expect("the built-in pack loads");
    let items = |site: &policy::Site, list: &str| match site.values.get(list).map(|value| value.data.clone()) {
        Some(ValueData::List(items)) => items.into_iter().map(|(text, _)| text).collect(),
        _ => Vec::new(),
    };
    let mut compared = 0;
    for site in policy.sites.values() {
        let parent = site.extends.as_ref().filter(|id| *id != policy::ROOT).and_then(|id| policy.sites.get(id));
        let Some(parent) = parent else { continue };
        for list in ALLOWED {
            let here = items(parent, list);
            let missing: Vec<String> = items(site, list).into_iter().filter(|item| !here.contains(item)).collect();
            assert!(missing.is_empty(), "`{list}` of {} lacks {missing:?} of {}", parent.id, site.id);
        }
        let known = items(site, "known-modules");
        assert!(known.iter().all(|module| !module.starts_with('-')), "{} lists an option as a module", site.id);
        compared += 1;
    }
    assert!(compared >= 6, "only {compared} sites extend another");
}
