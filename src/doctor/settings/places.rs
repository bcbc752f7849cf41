//! Where pip, uv and Jupyter look for their settings, the weakest file first: «Configuration» of pip's documentation
//! (`pip._internal.configuration`), «Configuration files» of uv's, «Configuration overview» of Jupyter's.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use super::super::home::Home;

/// A file that a tool looks for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Place {
    /// Below the home, or absolute.
    pub(super) path: PathBuf,
    /// The variable that makes the tool read another file in place of it.
    pub(super) instead: Option<&'static str>,
}

/// Variables of a running shell, when there is one.
#[derive(Clone, Copy)]
pub(super) struct Variables<'a>(pub(super) Option<&'a BTreeMap<String, String>>);

impl<'a> Variables<'a> {
    fn text(self, name: &str) -> Option<&'a str> {
        self.0?.get(name).map(String::as_str).filter(|value| !value.is_empty())
    }

    /// What stands in a variable, when it is an absolute path.
    fn path(self, name: &str) -> Option<&'a Path> {
        self.text(name).map(Path::new).filter(|path| path.is_absolute())
    }

    /// The user's folder for settings.
    fn config(self) -> PathBuf {
        self.path("XDG_CONFIG_HOME").map_or_else(|| PathBuf::from(".config"), Path::to_owned)
    }

    /// The system's folders for settings.
    fn system(self) -> Vec<PathBuf> {
        let all = self.text("XDG_CONFIG_DIRS").unwrap_or("/etc/xdg");
        all.split(':').map(PathBuf::from).filter(|path| path.is_absolute()).collect()
    }
}

const fn place(path: PathBuf) -> Place {
    Place { path, instead: None }
}

/// pip's files. One that a variable names is read last, and keeps pip from those of the home when it is there;
/// `/dev/null` keeps it from all.
pub(super) fn pip(home: &Home, env: Variables<'_>) -> Vec<Place> {
    const VARIABLE: &str = "PIP_CONFIG_FILE";
    let named = env.path(VARIABLE);
    let instead = named.filter(|path| home.file_anywhere(path).is_some()).map(|_| VARIABLE);
    let nothing = (named == Some(Path::new("/dev/null"))).then_some(VARIABLE);
    let mut all: Vec<Place> = env.system().into_iter().map(|folder| place(folder.join("pip/pip.conf"))).collect();
    all.push(place("/etc/pip.conf".into()));
    let user = [PathBuf::from(".pip/pip.conf"), env.config().join("pip/pip.conf")];
    all.extend(user.map(|path| Place { path, instead }));
    let environment = env.path("VIRTUAL_ENV").or_else(|| env.path("CONDA_PREFIX"));
    all.extend(environment.map(|folder| place(folder.join("pip.conf"))));
    all.iter_mut().for_each(|place| place.instead = nothing.or(place.instead));
    all.extend(named.map(|path| place(path.to_owned())));
    all
}

/// uv's files: of the system's the first that is there, then the user's; one that a variable names is read in place of
/// both.
pub(super) fn uv(home: &Home, env: Variables<'_>) -> Vec<Place> {
    const VARIABLE: &str = "UV_CONFIG_FILE";
    let named = env.path(VARIABLE);
    let instead = named.map(|_| VARIABLE);
    let system = env.system().into_iter().map(|folder| folder.join("uv/uv.toml")).chain(["/etc/uv/uv.toml".into()]);
    let system = system.filter(|path| home.file_anywhere(path).is_some()).take(1);
    let all = system.chain([env.config().join("uv/uv.toml")]);
    all.map(|path| Place { path, instead }).chain(named.map(|path| place(path.to_owned()))).collect()
}

/// Where Jupyter keeps the user's files.
pub(super) fn jupyter(env: Variables<'_>) -> PathBuf {
    env.path("JUPYTER_CONFIG_DIR").map_or_else(|| PathBuf::from(".jupyter"), Path::to_owned)
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::fs;

    #[test]
    fn the_order_is_pips() {
        let dir = tempfile::tempdir().unwrap();
        let root = fs::canonicalize(dir.path()).unwrap();
        let home = Home::open(&root).unwrap();
        fs::write(root.join("own.conf"), "").unwrap();
        let shown = |env: &[(&str, &str)]| -> Vec<String> {
            let env = env.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
            let all = pip(&home, Variables(Some(&env)));
            all.iter().map(|place| format!("{} {}", place.path.display(), place.instead.unwrap_or("-"))).collect()
        };
        assert_eq!(
            shown(&[]),
            ["/etc/xdg/pip/pip.conf -", "/etc/pip.conf -", ".pip/pip.conf -", ".config/pip/pip.conf -"]
        );
        let own = root.join("own.conf").display().to_string();
        assert_eq!(
            shown(&[
                ("XDG_CONFIG_DIRS", "/a:/b"),
                ("XDG_CONFIG_HOME", "/c"),
                ("VIRTUAL_ENV", "/v"),
                ("PIP_CONFIG_FILE", &own),
            ]),
            [
                "/a/pip/pip.conf -",
                "/b/pip/pip.conf -",
                "/etc/pip.conf -",
                ".pip/pip.conf PIP_CONFIG_FILE",
                "/c/pip/pip.conf PIP_CONFIG_FILE",
                "/v/pip.conf -",
                &format!("{own} -"),
            ]
        );
        let nothing = shown(&[("PIP_CONFIG_FILE", "/dev/null")]);
        assert!(nothing[..4].iter().all(|line| line.ends_with(" PIP_CONFIG_FILE")), "{nothing:?}");
        assert!(shown(&[("PIP_CONFIG_FILE", "/none")])[2].ends_with(" -"));
        assert_eq!(uv(&home, Variables(None)).last(), Some(&place(".config/uv/uv.toml".into())));
    }
}
