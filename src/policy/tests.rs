use std::path::Path;

use super::*;

#[test]
fn builtin_pack_loads() {
    let rules = Path::new(env!("CARGO_MANIFEST_DIR")).join("rules");
    let fresh = load_dir(&rules).unwrap_or_else(|error| panic!("{error}"));
    let embedded = builtin().unwrap_or_else(|error| panic!("{error}"));
    assert_eq!(fresh.rules.len(), embedded.rules.len());
    for site in fresh.sites.keys() {
        fresh.effective(site, &Selection::default()).unwrap_or_else(|error| panic!("{site}: {error}"));
    }
}
