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

/// A conda installation, by the folder of the account in which it lies and its path there.
pub(super) struct Root<'a> {
    pub(super) home: &'a Home,
    pub(super) path: &'a Path,
}

/// A file that conda looks for.
pub(super) struct Place<'a> {
    /// The folder of the account through which it is read.
    pub(super) home: &'a Home,
    /// Below that, or absolute.
    pub(super) path: PathBuf,
    /// The installation that alone reads it.
    pub(super) root: Option<PathBuf>,
    /// mamba and micromamba read it, conda does not.
    pub(super) mamba_alone: bool,
}

/// The file of the home that mamba alone reads, after those of conda.
const MAMBARC: &str = ".mambarc";

/// Those of the home alone, below it.
pub(super) fn of_home(home: &Home) -> Vec<PathBuf> {
    let mut all: Vec<PathBuf> = HOME.iter().flat_map(|folder| in_folder(home, Path::new(folder))).collect();
    all.extend([".condarc", MAMBARC].map(PathBuf::from));
    all
}

/// All of them. `roots` are the installations of the account, `env` is that of a running shell, `system` is where its
/// folders lie. Files that are not there are told as well.
pub(super) fn all<'a>(
    home: &'a Home,
    roots: &[Root<'a>],
    env: Option<&BTreeMap<String, String>>,
    system: &Path,
) -> Vec<Place<'a>> {
    let variable = |name: &str| {
        let value = env.and_then(|env| env.get(name)).filter(|value| value.starts_with('/'));
        value.map(|value| home.below(Path::new(value)).unwrap_or_else(|| PathBuf::from(value)))
    };
    let common = |path: PathBuf| Place { home, mamba_alone: path == Path::new(MAMBARC), path, root: None };
    let mut all: Vec<Place<'a>> = Vec::new();
    for folder in SYSTEM {
        all.extend(in_folder(home, &system.join(folder)).into_iter().map(common));
    }
    roots.iter().for_each(|root| all.extend(of_root(root.home, root.path)));
    // The installation that a running shell uses, where it lies elsewhere.
    let used = variable("CONDA_EXE").and_then(|program| Some(program.parent()?.parent()?.to_owned()));
    let is_new = |used: &PathBuf| {
        let used = home.path.join(used);
        roots.iter().all(|root| root.home.path.join(root.path) != used)
    };
    if let Some(path) = used.filter(is_new) {
        all.extend(of_root(home, &path));
    }
    if let Some(folder) = variable("XDG_CONFIG_HOME").map(|folder| folder.join("conda")) {
        all.extend(in_folder(home, &folder).into_iter().map(common));
    }
    all.extend(of_home(home).into_iter().map(common));
    if let Some(folder) = variable("CONDA_PREFIX") {
        all.extend(in_folder(home, &folder).into_iter().map(common));
    }
    all.extend(variable("CONDARC").map(common));
    all.extend(variable("MAMBARC").map(|path| Place { mamba_alone: true, ..common(path) }));
    // What is named twice has the strength of its last place.
    let whole = |place: &Place<'_>| place.home.path.join(&place.path);
    let later: Vec<PathBuf> = all.iter().map(whole).collect();
    let last = |(index, place): &(usize, Place<'a>)| !later[index + 1..].contains(&whole(place));
    all.into_iter().enumerate().filter(last).map(|(_, place)| place).collect()
}

/// Those that one installation alone reads.
fn of_root<'a>(home: &'a Home, path: &Path) -> Vec<Place<'a>> {
    let root = home.path.join(path);
    in_folder(home, path)
        .into_iter()
        .map(|path| Place { home, path, root: Some(root.clone()), mamba_alone: false })
        .collect()
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
        let own = Root { home: &home, path: Path::new("miniconda3") };
        let all = all(&home, &[own], Some(&env), &root);
        let of_root = all.iter().filter(|place| place.root.as_deref() == Some(&*home.path.join("miniconda3"))).count();
        assert_eq!(of_root, 2);
        let path = |place: &Place<'_>| place.path.strip_prefix(&root).unwrap_or(&place.path).display().to_string();
        let shown: Vec<String> = all.iter().map(path).collect();
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
