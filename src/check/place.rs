//! Where a path lies, by the site's table, and which parts of a text are not known.

use std::borrow::Cow;
use std::cell::RefCell;

use foldhash::HashMap;

use ecow::eco_format;
use thin_vec::{ThinVec, thin_vec};

use crate::facts::{Text, Value};
use crate::policy::effective::Ranking;
use crate::policy::glob::{Hole, Match};
use crate::policy::site::PathPattern;
use crate::policy::{Effective, Site};

/// Variables whose value is not known but is one's own: text with them counts as known.
const OWN: [&str; 4] = ["HOME", "USER", "LOGNAME", "HOSTNAME"];

/// Stands for a text of which nothing is known.
const ALL_UNKNOWN: &str = "?";

/// The paths of a site, the most special first.
#[derive(Debug)]
pub struct Places<'s> {
    site: &'s Site,
    ranking: Cow<'s, Ranking>,
    /// What was asked before: a file names the same paths again and again, and many rules ask.
    told: RefCell<HashMap<(String, Option<String>), Answer>>,
}

/// Where a path lies.
#[derive(Clone, Copy, Debug)]
enum Answer {
    /// As that row says.
    Row(usize),
    /// In none of the site's places.
    Elsewhere,
    /// It cannot be told.
    Unknown,
}

impl<'s> Places<'s> {
    /// The paths of a site.
    pub fn of(policy: &'s Effective) -> Self {
        Self { site: &policy.site, ranking: Cow::Borrowed(&policy.ranking), told: RefCell::default() }
    }

    /// A path by its rank.
    fn row(&self, rank: usize) -> Option<(&'s PathPattern, &'s str)> {
        let (row, path) = *self.ranking.paths.get(rank)?;
        let row = self.site.places.get(row)?;
        Some((row.paths.get(path)?, row.place.as_str()))
    }

    /// The place of the path `text`; a relative one is seen from `cwd`. `unknown` unless it is certain.
    pub fn place(&self, text: &Text, cwd: Option<&Text>) -> &'s str {
        // The same letters may be known or not.
        let key = |text: &Text| format!("{}\0{}", text.text, text.unresolved.join("\0"));
        let key = (key(text), cwd.map(key));
        let answer = *self.told.borrow_mut().entry(key).or_insert_with(|| self.find(text, cwd));
        match answer {
            Answer::Row(row) => self.row(row).map_or("elsewhere", |(_, place)| place),
            Answer::Elsewhere => "elsewhere",
            Answer::Unknown => "unknown",
        }
    }

    fn find(&self, text: &Text, cwd: Option<&Text>) -> Answer {
        let whole = self.absolute(text, cwd).and_then(|whole| without_dots(&whole));
        let Some(whole) = whole else { return Answer::Unknown };
        let holes = self.holes(&whole);
        let mut perhaps: Option<&str> = None;
        for row in 0..self.ranking.paths.len() {
            let Some((pattern, place)) = self.row(row) else { continue };
            let found = pattern.folder.test(&whole.text, &holes).max(pattern.below.test(&whole.text, &holes));
            let agrees = perhaps.is_none_or(|other| other == place);
            match found {
                Match::Yes if agrees => return Answer::Row(row),
                Match::Unknown if agrees => perhaps = Some(place),
                Match::Yes | Match::Unknown => return Answer::Unknown,
                Match::No => {}
            }
        }
        if perhaps.is_some() { Answer::Unknown } else { Answer::Elsewhere }
    }

    /// The same as a value: `unknown` is a text of which nothing is known, so that no comparison with another
    /// place holds, nor its negation.
    pub fn place_value(&self, text: &Text, cwd: Option<&Text>) -> Value {
        let place = self.place(text, cwd);
        let unresolved = if place == "unknown" { thin_vec![ALL_UNKNOWN.into()] } else { ThinVec::new() };
        Text { text: place.into(), unresolved, span: text.span, origin: text.origin }.into()
    }

    /// The parts of `text` that are not known as they stand, in order.
    pub fn holes(&self, text: &Text) -> Vec<Hole> {
        if text.is_known() {
            return Vec::new();
        }
        if text.unresolved.iter().any(|name| name == ALL_UNKNOWN) {
            return vec![Hole { range: 0..text.text.len(), opaque: false }];
        }
        self.scan(text)
    }

    fn scan(&self, text: &Text) -> Vec<Hole> {
        let bytes = text.text.as_bytes();
        let has = |name: &str| text.unresolved.iter().any(|other| other == name);
        let mut holes = Vec::new();
        let mut at = 0;
        while at < bytes.len() {
            let (length, opaque) = match bytes[at] {
                b'$' if bytes.get(at + 1) == Some(&b'(') && has("(") => {
                    (closing(&bytes[at + 1..], b'(', b')') + 1, false)
                }
                b'$' => match variable(&text.text[at + 1..]) {
                    Some((name, length)) if has(name) => (length + 1, self.is_own(name)),
                    _ => (0, false),
                },
                b'*' | b'?' if has("*") => (1, false),
                b'{' if has("*") => (closing(&bytes[at..], b'{', b'}'), false),
                b'[' if has("*") => (closing(&bytes[at..], b'[', b']'), false),
                _ => (0, false),
            };
            if length > 0 {
                holes.push(Hole { range: at..(at + length).min(bytes.len()), opaque });
            }
            at += length.max(1);
        }
        holes
    }

    /// True for a variable that the site's places name, or that everybody has.
    fn is_own(&self, name: &str) -> bool {
        OWN.contains(&name)
            || self.ranking.variables.contains(name)
            || self.ranking.variable_globs.iter().any(|glob| glob.is_match(name))
    }

    /// `text` from the root or from a known variable on; `None` when that is not known.
    fn absolute(&self, text: &Text, cwd: Option<&Text>) -> Option<Text> {
        if self.begins_known(text) {
            return Some(text.clone());
        }
        if text.text.is_empty() || text.text.starts_with(['$', '~', '*', '{', '[', '?']) {
            return None;
        }
        let cwd = cwd.filter(|cwd| self.begins_known(cwd))?;
        let mut unresolved = cwd.unresolved.clone();
        unresolved.extend(text.unresolved.iter().cloned());
        Some(Text { text: eco_format!("{}/{}", cwd.text.trim_end_matches('/'), text.text), unresolved, ..text.clone() })
    }

    fn begins_known(&self, text: &Text) -> bool {
        if text.text.starts_with('/') {
            return true;
        }
        let name = text.text.strip_prefix('$').and_then(variable);
        // The user's name begins no path, and a host's neither.
        name.is_some_and(|(name, _)| self.is_own(name) && !matches!(name, "USER" | "LOGNAME" | "HOSTNAME"))
    }
}

/// The name at the start of what follows a `$`, and its length with braces.
fn variable(text: &str) -> Option<(&str, usize)> {
    let (inner, brace) = match text.strip_prefix('{') {
        Some(inner) => (inner, 2),
        None => (text, 0),
    };
    let end = inner.find(|c: char| !c.is_ascii_alphanumeric() && c != '_').unwrap_or(inner.len());
    let closed = brace == 0 || inner[end..].starts_with('}');
    (end > 0 && closed).then(|| (&inner[..end], end + brace))
}

/// Length of the bracketed text at the start of `bytes`; all of it when the bracket is never closed.
fn closing(bytes: &[u8], open: u8, close: u8) -> usize {
    let mut depth = 0usize;
    for (at, byte) in bytes.iter().enumerate() {
        if *byte == open {
            depth += 1;
        } else if *byte == close {
            depth = depth.saturating_sub(1);
            if depth == 0 {
                return at + 1;
            }
        }
    }
    bytes.len()
}

/// The path with `.` and `..` and doubled slashes taken out; `None` when `..` leaves what is known.
fn without_dots(text: &Text) -> Option<Text> {
    if !text.text.contains("/.") && !text.text.contains("//") {
        return Some(text.clone());
    }
    let mut parts: Vec<&str> = Vec::new();
    for (index, part) in text.text.split('/').enumerate() {
        match part {
            "" | "." if index > 0 => {}
            ".." => {
                let last = parts.pop()?;
                if last.starts_with('$') || (last.is_empty() && parts.is_empty()) {
                    return None;
                }
            }
            part => parts.push(part),
        }
    }
    let joined = if parts == [""] { "/".to_owned() } else { parts.join("/") };
    Some(Text { text: joined.into(), ..text.clone() })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::policy::site::{PlaceRow, Provenance};

    fn site() -> Site {
        let row = |place: &str, paths: &[&str]| {
            let paths = paths.iter().map(|path| PathPattern::new(path)).collect();
            std::sync::Arc::new(PlaceRow { place: place.to_owned(), paths, source: Provenance::default() })
        };
        let mut site = Site::default();
        site.places = vec![
            row("home", &["$HOME", "/home/*"]),
            row("project", &["/project", "$PROJECT*"]),
            row("scratch", &["/home/*/Scratch", "/scratch/midway*"]),
            row("node-local", &["/tmp"]),
        ];
        site
    }

    fn text(text: &str, unresolved: &[&str]) -> Text {
        Text { unresolved: unresolved.iter().map(|name| (*name).into()).collect(), ..Text::plain(text) }
    }

    #[test]
    fn longest_prefix_wins_and_the_unknown_never_accuses() {
        let site = site();
        let ranking = Cow::Owned(Ranking::of(&site));
        let places = Places { site: &site, ranking, told: RefCell::default() };
        for (path, unresolved, cwd, expected) in [
            ("$HOME/envs/x", &["HOME"][..], None, "home"),
            ("$HOME", &["HOME"], None, "home"),
            ("/home/ann/x", &[], None, "home"),
            ("/home/ann/Scratch/x", &[], None, "scratch"),
            ("/home/$USER/x", &["USER"], None, "home"),
            ("/home/$X/x", &["X"], None, "unknown"),
            ("/project/a", &[], None, "project"),
            ("/projects/a", &[], None, "elsewhere"),
            ("$PROJECT_DIR/a", &["PROJECT_DIR"], None, "project"),
            ("$WORK/a", &["WORK"], None, "unknown"),
            ("$(pwd)/a", &["("], None, "unknown"),
            ("/$X/a", &["X"], None, "unknown"),
            ("/project/$X/a", &["X"], None, "project"),
            ("envs/x", &[], None, "unknown"),
            ("envs/x", &[], Some("$HOME"), "home"),
            ("./envs/x", &[], Some("/project/a"), "project"),
            ("../x", &[], Some("/project"), "elsewhere"),
            ("../x", &[], Some("$HOME"), "unknown"),
            ("/tmp//x", &[], None, "node-local"),
            ("/scratch/midway3/ann", &[], None, "scratch"),
            ("/project/../tmp/x", &[], None, "node-local"),
            ("", &[], Some("$HOME"), "unknown"),
        ] {
            let cwd = cwd.map(|cwd: &str| text(cwd, if cwd.starts_with('$') { &["HOME"] } else { &[] }));
            assert_eq!(places.place(&text(path, unresolved), cwd.as_ref()), expected, "{path}");
        }
    }

    #[test]
    fn holes_are_found_in_place() {
        let site = site();
        let ranking = Cow::Owned(Ranking::of(&site));
        let places = Places { site: &site, ranking, told: RefCell::default() };
        let found = places.holes(&text("${X}/$(a $(b))/$HOME/$LIT/*", &["X", "(", "HOME", "*"]));
        let ranges: Vec<_> = found.iter().map(|hole| (hole.range.clone(), hole.opaque)).collect();
        assert_eq!(ranges, [(0..4, false), (5..14, false), (15..20, true), (26..27, false)]);
    }
}
