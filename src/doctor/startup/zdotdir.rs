//! `ZDOTDIR`: the folder in which zsh looks for its files, once `.zshenv` has set it.

use std::path::{Path, PathBuf};

use crate::doctor::home::Home;
use crate::facts::{Fact, Value};

use super::{Node, State};

/// The files that zsh looks for there; `.zshenv` was read before.
const MOVED: [&str; 3] = [".zprofile", ".zshrc", ".zlogin"];

/// True for a file of the home, by its path below it, in whose place `ZDOTDIR` has zsh look for another.
pub(super) fn moves(path: &Path) -> bool {
    MOVED.iter().any(|name| path == Path::new(name))
}

/// A path of the home as one below it; every other as it is.
pub(super) fn below_home(text: &str) -> &str {
    text.strip_prefix("$HOME/").or_else(|| text.strip_prefix("~/")).unwrap_or(text)
}

/// Where zsh looks for its files.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) enum DotFolder {
    /// In the home.
    #[default]
    Home,
    /// In this folder below the home.
    Below(PathBuf),
    /// In this folder below the home, or, where that was not set, in the home.
    Perhaps(PathBuf),
    /// In this folder outside the home.
    Outside(String),
    /// In a folder whose name is only known when the file runs.
    Unknown(String),
}

impl DotFolder {
    /// What an assignment says; `None` for one of another variable.
    pub(super) fn set_by(home: &Home, fact: &Fact, certain: bool) -> Option<Self> {
        if fact.fields.text("name") != "ZDOTDIR" {
            return None;
        }
        let Some(Value::Text(value)) = fact.fields.get("value") else { return Some(Self::Unknown(String::new())) };
        let text = value.text.trim_end_matches('/');
        if value.unresolved.iter().any(|name| name != "HOME") || !text.starts_with(['/', '$', '~']) {
            return Some(Self::Unknown(text.to_owned()));
        }
        if ["$HOME", "~"].contains(&text) {
            return Some(Self::Home);
        }
        let below = below_home(text);
        // Where a test let it be set, most often of the folder, that being there decides.
        let is_there = |below: &Path| State::of(home, below).0 == State::Folder;
        Some(match home.below(Path::new(below)) {
            Some(below) if below.as_os_str().is_empty() => Self::Home,
            Some(below) if fact.certain && (certain || is_there(&below)) => Self::Below(below),
            Some(below) => Self::Perhaps(below),
            None => Self::Outside(text.to_owned()),
        })
    }

    /// The folders of the home in which files of zsh are looked for, and whether that is certain.
    pub(super) fn places(&self) -> Vec<(PathBuf, bool)> {
        match self {
            Self::Home => vec![(PathBuf::new(), true)],
            Self::Below(folder) => vec![(folder.clone(), true)],
            Self::Perhaps(folder) => vec![(folder.clone(), false), (PathBuf::new(), false)],
            Self::Outside(_) => Vec::new(),
            Self::Unknown(_) => vec![(PathBuf::new(), false)],
        }
    }

    /// The files of a group that cannot be looked at.
    pub(super) fn unseen(&self, group: &[&str]) -> Option<Node> {
        let (folder, state) = match self {
            Self::Outside(folder) => (folder, State::Outside),
            Self::Unknown(folder) => (folder, State::Unknown),
            _ => return None,
        };
        let folder = if folder.is_empty() { "$ZDOTDIR" } else { folder };
        let path = format!("{folder}/{}", group.first()?);
        let certain = true;
        Some(Node { path, state, line: None, certain, target: None, function: None, files: Vec::new() })
    }

    /// True for another folder than the home, which is known.
    pub(super) const fn is_certain(&self) -> bool {
        matches!(self, Self::Below(_) | Self::Outside(_))
    }

    /// The file of that name in this folder, when it is there.
    pub(super) fn holds(&self, home: &Home, name: &Path) -> Option<PathBuf> {
        let Self::Below(folder) = self else { return None };
        Some(folder.join(name)).filter(|other| State::of(home, other).0.is_there())
    }

    /// The same for facts: `$HOME/.config/zsh`.
    pub(super) fn text(&self) -> String {
        match self {
            Self::Home => "$HOME".to_owned(),
            Self::Below(folder) | Self::Perhaps(folder) => format!("$HOME/{}", folder.display()),
            Self::Outside(folder) | Self::Unknown(folder) => folder.clone(),
        }
    }
}
