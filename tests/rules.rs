//! Every rule of the built-in pack by its fixtures below `fixtures/rules/`, and sites by those below `fixtures/sites/`:
//! the harness is that of `pydoctor rules test`. `BLESS=1 cargo test` rewrites the goldens.

use std::path::Path;
use std::sync::Arc;

use pydoctor::cli::fixtures::Suite;
use pydoctor::policy;

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
