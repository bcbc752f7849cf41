//! The files that conda and mamba read, the weakest first: «Using the .condarc conda configuration file» of conda's
//! documentation, `conda.base.constants.SEARCH_PATH`.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use super::home::Home;

/// What conda looks for in most of its folders: two files, and one for further ones.
const NAMES: [&str; 3] = [".condarc", "condarc", "condarc.d"];

/// Folders of the system.
const SYSTEM: [&str; 2] = ["etc/conda", "var/lib/conda"];

/// Folders of the home.
const HOME: [&str; 2] = [".config/conda", ".conda"];

/// Those of the home alone, below it.
pub(super) fn of_home(home: &Home) -> Vec<PathBuf> {
    let mut all: Vec<PathBuf> = HOME.iter().flat_map(|folder| in_folder(home, Path::new(folder))).collect();
    all.extend([".condarc", ".mambarc"].map(PathBuf::from));
    all
}

/// All of them: below the home, or absolute. `roots` are the installations of the home, `env` is that of a running shell,
/// `system` is where its folders lie. Files that are not there are told as well.
pub(super) fn all(
    home: &Home,
    roots: &[PathBuf],
    env: Option<&BTreeMap<String, String>>,
    system: &Path,
) -> Vec<PathBuf> {
    let path = |name: &str| {
        let value = env.and_then(|env| env.get(name)).filter(|value| value.starts_with('/'));
        value.map(|value| home.below(Path::new(value)).unwrap_or_else(|| PathBuf::from(value)))
    };
    let folders = |folders: Vec<PathBuf>| folders.into_iter().flat_map(|folder| in_folder(home, &folder));
    let mut all: Vec<PathBuf> = folders(SYSTEM.map(|folder| system.join(folder)).to_vec()).collect();
    all.extend(folders(roots.to_vec()));
    // The installation that a running shell uses, where it lies elsewhere.
    let used = path("CONDA_EXE").and_then(|program| Some(program.parent()?.parent()?.to_owned()));
    all.extend(folders(used.filter(|root| !roots.contains(root)).into_iter().collect()));
    all.extend(folders(path("XDG_CONFIG_HOME").map(|folder| folder.join("conda")).into_iter().collect()));
    all.extend(of_home(home));
    all.extend(folders(path("CONDA_PREFIX").into_iter().collect()));
    all.extend(path("CONDARC").into_iter().chain(path("MAMBARC")));
    // What is named twice has the strength of its last place.
    let later: Vec<PathBuf> = all.clone();
    let last = |index: usize, path: &PathBuf| !later[index + 1..].contains(path);
    all.into_iter().enumerate().filter(|(index, path)| last(*index, path)).map(|(_, path)| path).collect()
}

fn in_folder(home: &Home, folder: &Path) -> Vec<PathBuf> {
    let [hidden, plain, further] = NAMES.map(|name| folder.join(name));
    let mut all = vec![hidden, plain];
    let yaml = |name: &Path| name.extension().is_some_and(|end| end == "yml" || end == "yaml");
    let names = match folder.is_absolute() {
        false => home.names(&further),
        true => {
            fs::read_dir(&further).into_iter().flatten().filter_map(|entry| Some(entry.ok()?.file_name())).collect()
        }
    };
    let mut more: Vec<PathBuf> = names.into_iter().map(|name| further.join(name)).filter(|path| yaml(path)).collect();
    more.sort();
    all.extend(more);
    all
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_order_is_condas() {
        let dir = tempfile::tempdir().unwrap();
        let root = fs::canonicalize(dir.path()).unwrap();
        let make = |path: &str| {
            fs::create_dir_all(root.join(path).parent().unwrap()).unwrap();
            fs::write(root.join(path), "").unwrap();
        };
        for path in ["etc/conda/condarc.d/b.yml", "etc/conda/condarc.d/a.yaml", "etc/conda/condarc.d/c.txt"] {
            make(path);
        }
        make("home/.conda/condarc.d/own.yml");
        let home = Home::open(&root.join("home")).unwrap();
        let value = |path: &str| root.join(path).display().to_string();
        let env =
            [("CONDARC", value("home/.condarc")), ("CONDA_PREFIX", value("opt/env")), ("MAMBARC", "x".to_owned())];
        let env = env.map(|(name, value)| (name.to_owned(), value)).into();
        let all = all(&home, &[PathBuf::from("miniconda3")], Some(&env), &root);
        let shown: Vec<&str> =
            all.iter().map(|path| path.strip_prefix(&root).unwrap_or(path).to_str().unwrap()).collect();
        assert_eq!(
            shown,
            [
                "etc/conda/.condarc",
                "etc/conda/condarc",
                "etc/conda/condarc.d/a.yaml",
                "etc/conda/condarc.d/b.yml",
                "var/lib/conda/.condarc",
                "var/lib/conda/condarc",
                "miniconda3/.condarc",
                "miniconda3/condarc",
                ".config/conda/.condarc",
                ".config/conda/condarc",
                ".conda/.condarc",
                ".conda/condarc",
                ".conda/condarc.d/own.yml",
                ".mambarc",
                "opt/env/.condarc",
                "opt/env/condarc",
                // `$CONDARC` names the file of the home: it wins over all others then.
                ".condarc",
            ]
        );
    }
}
