//! Hyperlinks in a terminal (OSC 8): from a rule to the page of its policy, from a file's name to the file.

use std::path::Path;

use crate::source::absolute;

use super::human::HumanOptions;
use super::model::Report;
use super::uri;

/// What links need to know; without it there are none.
#[derive(Clone, Copy)]
pub(super) struct Links<'a> {
    host: &'a str,
    folder: &'a Path,
}

impl<'a> Links<'a> {
    /// The links of a report.
    pub(super) fn new(report: &'a Report, options: &'a HumanOptions) -> Option<Self> {
        options.links.as_deref().map(|host| Self { host, folder: &report.folder })
    }

    /// The address of a file. Terminals compare the host, so that a file of another machine is not opened here.
    pub(super) fn file(&self, path: &Path) -> String {
        uri::file(self.host, &absolute(self.folder, path))
    }
}

/// `text` as a link to `address`, as it is where there is none or it could steer the terminal.
pub(super) fn linked(text: &str, address: Option<&str>) -> String {
    match address.filter(|address| is_safe(address)) {
        Some(address) => format!("\u{1b}]8;;{address}\u{1b}\\{text}\u{1b}]8;;\u{1b}\\"),
        None => text.to_owned(),
    }
}

fn is_safe(address: &str) -> bool {
    !address.is_empty() && address.bytes().all(|byte| byte.is_ascii_graphic())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_addresses_that_cannot_steer_are_links() {
        assert_eq!(linked("x", Some("https://e.org")), "\u{1b}]8;;https://e.org\u{1b}\\x\u{1b}]8;;\u{1b}\\");
        assert_eq!(linked("x", Some("https://e.org/\u{1b}\\")), "x");
        assert_eq!((linked("x", Some("")), linked("x", None)), ("x".to_owned(), "x".to_owned()));
    }
}
