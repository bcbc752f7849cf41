//! Links by which environments and caches lie outside the home: where they lead, and whether something is there.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use crate::facts::Record;

use super::home::{Home, Reached};

/// What people move out of a home and put a link in its place.
const MOVED: [&str; 14] = [
    ".conda",
    ".conda/envs",
    ".conda/pkgs",
    ".mamba",
    ".cache",
    ".cache/pip",
    ".cache/uv",
    ".cache/huggingface",
    ".local",
    ".virtualenvs",
    "anaconda3",
    "miniconda3",
    "miniforge3",
    "mambaforge",
];

/// One fact for each such link.
pub(super) fn facts(home: &Home) -> Vec<(PathBuf, Record)> {
    MOVED.iter().filter_map(|name| Some((PathBuf::from(name), fact(home, Path::new(name))?))).collect()
}

fn fact(home: &Home, path: &Path) -> Option<Record> {
    let target = home.link(path)?;
    let record = Record::new()
        .with("kind", "link")
        .with("path", format!("$HOME/{}", path.display()))
        .with("name", path.file_name().unwrap_or_default().to_string_lossy().into_owned())
        .with("target", target.to_string_lossy().into_owned());
    let gone = match home.reach(path) {
        Ok(Reached::Missing(_)) => true,
        // Looked at, not entered: what may not be seen may well be there.
        Ok(Reached::Outside(target)) => {
            fs::metadata(&target).is_err_and(|error| error.kind() == io::ErrorKind::NotFound)
        }
        Ok(Reached::Inside(_)) | Err(_) => false,
    };
    Some(record.with("problem", if gone { "dangling" } else { "none" }))
}
