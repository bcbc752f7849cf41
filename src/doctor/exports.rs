//! Which environments have a file that names them, from which they could be made anew.

use std::collections::BTreeSet;
use std::path::PathBuf;

use crate::facts::Record;

use super::home::Home;

/// Environment files are short; what follows their name does not matter. In bytes.
const LIMIT: u64 = 64 * 1024;

/// True for the name of a file that may be an environment file.
pub(super) fn is_one(name: &[u8]) -> bool {
    name.ends_with(b".yml") || name.ends_with(b".yaml")
}

/// The names of the environments that some file describes.
pub(super) fn names(home: &Home, files: &[PathBuf]) -> BTreeSet<String> {
    files.iter().filter_map(|path| name_in(&home.text(path, LIMIT)?)).collect()
}

/// Says of a conda environment whether a file describes it.
pub(super) fn tell(record: &mut Record, exported: &BTreeSet<String>) {
    if record.text("kind") == "conda-env" {
        record.set("exported", exported.contains(record.text("name")));
    }
}

/// The value of the key `name` of a file that has `dependencies`.
fn name_in(text: &str) -> Option<String> {
    let key = |wanted: &str| {
        text.lines().find_map(|line| line.strip_prefix(wanted)).and_then(|rest| rest.trim_start().strip_prefix(':'))
    };
    key("dependencies")?;
    let value = key("name")?.split(" #").next()?.trim();
    let value = value.trim_matches(['"', '\'']);
    // A name may be a path: conda then makes the environment there.
    Some(value.trim_end_matches('/').rsplit('/').next()?.to_owned()).filter(|name| !name.is_empty())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_name_of_an_environment_file() {
        assert_eq!(name_in("name: 'ml' # x\ndependencies:\n- a\n").as_deref(), Some("ml"));
        assert_eq!(name_in("name: /project/x/ml/\ndependencies: []\n").as_deref(), Some("ml"));
        assert_eq!(name_in("name: ci\non: push\n"), None);
        assert_eq!(name_in("  name: inner\ndependencies:\n"), None);
    }
}
