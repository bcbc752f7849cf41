//! Files that are pasted without any mark, told by how their lines look.

use std::path::Path;

use crate::source::{Kind, classify_named};

use super::super::recognise::{is_log, is_prose};
use super::super::script::ends;
use super::{Finder, Flow, Part};

/// So many lines an environment file may have.
const REGION: usize = 2000;

/// How lines of Python begin at the margin, besides assignments and calls.
const PYTHON_STARTS: [&str; 14] = [
    "def ", "class ", "if ", "else:", "elif ", "for ", "while ", "with ", "try:", "except", "finally:", "return",
    "print(", "raise ",
];

impl Finder<'_> {
    /// An environment file or conda's settings without any mark: keys at the margin with lists below.
    pub(super) fn environment(&mut self, parts: &[Part], at: usize) -> Option<usize> {
        let is_key = |line: &str| {
            let key = line.split(':').next().unwrap_or("");
            matches!(
                key,
                "name" | "channels" | "dependencies" | "prefix" | "envs_dirs" | "pkgs_dirs" | "auto_activate_base"
            ) && line.len() > key.len()
        };
        if parts[at].at < self.no_environment || !is_key(self.text(parts[at])) {
            return None;
        }
        let is_part = |line: &str| {
            let bare = line.trim_start();
            is_key(line)
                || bare.is_empty()
                || bare.starts_with(['-', '#'])
                || (line.starts_with(' ') && bare.contains(':'))
        };
        let last = parts.len().min(at + REGION);
        let end = (at..last).find(|next| !is_part(self.text(parts[*next]))).unwrap_or(last);
        let end = self.without_blank(parts, at, end);
        let text: String = parts[at..end].iter().map(|part| format!("{}\n", self.text(*part))).collect();
        let settings = ["envs_dirs:", "pkgs_dirs:", "auto_activate_base:"].iter().any(|key| text.contains(key));
        let name = if settings { ".condarc" } else { "environment.yml" };
        if end - at < 2 || (!settings && !text.contains("dependencies:")) {
            // Nor is one what begins inside of it.
            self.no_environment = parts[end - 1].at + 1;
            return None;
        }
        let kind = classify_named(Path::new(name), text.as_bytes());
        self.piece(&parts[at..end], kind, Some(name.to_owned()));
        Some(end)
    }

    /// Python without any mark: it begins with imports, and goes on as Python does.
    pub(super) fn python(&mut self, parts: &[Part], at: usize, flow: Flow) -> Option<usize> {
        let is_import = |line: &str| {
            let mut words = line.split_whitespace();
            match words.next() {
                Some("import") => {
                    words.next().is_some_and(|name| {
                        name.trim_end_matches(',').chars().all(|c| c.is_alphanumeric() || "._".contains(c))
                    }) && words.next().is_none_or(|word| word == "as" || word.starts_with('#') || line.contains(','))
                }
                Some("from") => words.next().is_some() && words.next() == Some("import"),
                _ => false,
            }
        };
        if flow == Flow::Output || !is_import(self.text(parts[at])) {
            return None;
        }
        let is_part = |line: &str, before: &str| {
            is_import(line)
                || line.trim().is_empty()
                || line.starts_with([' ', '\t', '#', '@', ')', ']', '}', '"', '\''])
                || PYTHON_STARTS.iter().any(|start| line.starts_with(start))
                || (line.contains(['=', '(']) && !is_prose(line) && !is_log(line) && !ends(line, before))
        };
        let stop = |next: &usize| !is_part(self.text(parts[*next]), self.text(parts[*next - 1]));
        let end = (at + 1..parts.len()).find(stop).unwrap_or(parts.len());
        let end = self.without_blank(parts, at, end);
        if end - at < 2 {
            return None;
        }
        let name = self.caption(parts, at).filter(|name| name.ends_with(".py"));
        self.piece(&parts[at..end], Kind::Python, name);
        Some(end)
    }
}
