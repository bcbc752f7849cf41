//! Templates for answers to tickets: `replies/<site>.j2`, each in the language of Jinja.

use std::collections::BTreeMap;
use std::sync::Arc;

use minijinja::Environment;

use super::error::{Problem, nearest};
use super::sites::Sites;

/// The names that a template meets, and of records what they hold; of lists nothing is said.
pub const REPLY_NAMES: [(&str, &[&str]); 6] = [
    ("site", &["id", "name", "team"]),
    (
        "cause",
        &[
            "title",
            "confidence",
            "summary",
            "evidence",
            "doubtful",
            "contradictions",
            "remedy",
            "found",
            "commands",
            "avoid",
            "send",
            "url",
        ],
    ),
    ("others", &[]),
    ("diffs", &[]),
    ("noticed", &[]),
    ("questions", &[]),
];

/// A template.
#[derive(Clone, Debug, Default)]
pub struct Reply {
    /// The file that it stands in.
    pub file: Arc<str>,
    /// The template as written.
    pub text: Arc<str>,
}

/// Templates by the site that they are for.
#[derive(Clone, Debug, Default)]
pub struct Replies(BTreeMap<String, Reply>);

impl Replies {
    /// Reads the file `replies/<site>.j2`.
    pub(super) fn parse(file: &str, text: &str) -> Result<Reply, Vec<Problem>> {
        let environment = Environment::new();
        match environment.template_from_str(text) {
            Ok(template) => {
                let mut names: Vec<String> = template.undeclared_variables(true).into_iter().collect();
                names.retain(|name| environment.globals().all(|(global, _)| global != name));
                let mut problems: Vec<Problem> = names.iter().filter_map(|name| unknown(file, text, name)).collect();
                problems.sort_by_key(|problem| (problem.line, problem.column));
                let reply = Reply { file: file.into(), text: text.into() };
                if problems.is_empty() { Ok(reply) } else { Err(problems) }
            }
            Err(error) => {
                let line = error.line().unwrap_or(1);
                let start = text.split_inclusive('\n').take(line.saturating_sub(1)).map(str::len).sum();
                let end = text[start..].find('\n').map_or(text.len(), |length| start + length);
                let message = error.detail().map_or_else(|| error.kind().to_string(), str::to_owned);
                Err(vec![Problem::new(file, text, start..end, message, None)])
            }
        }
    }

    /// The same with further templates; one for a site that has one already replaces that one.
    #[must_use]
    pub(super) fn with(&self, more: Vec<(String, Reply)>) -> Self {
        let mut all = self.0.clone();
        all.extend(more);
        Self(all)
    }

    /// The template for a site: its own, or that of the nearest site that it extends.
    pub fn of(&self, sites: &Sites, site: &str) -> Option<&Reply> {
        let mut next = Some(site);
        // A check has seen to it that no site extends itself; a mistake there must not hang.
        for _ in 0..=sites.len() {
            let id = next?;
            if let Some(template) = self.0.get(id) {
                return Some(template);
            }
            next = sites.head(id).and_then(|head| head.extends.as_deref());
        }
        None
    }
}

/// What is wrong with a name, with dots in it, that a template asks for; nothing where it is known.
fn unknown(file: &str, text: &str, name: &str) -> Option<Problem> {
    let mut parts = name.split('.');
    let (head, field) = (parts.next()?, parts.next());
    let known = REPLY_NAMES.iter().find(|(known, _)| *known == head);
    let (message, near) = match (known, field) {
        (None, _) => {
            (format!("a template has no name `{head}`"), nearest(head, REPLY_NAMES.iter().map(|(name, _)| *name)))
        }
        (Some((_, fields)), Some(field)) if !fields.is_empty() && !fields.contains(&field) => {
            (format!("`{head}` has no `{field}`"), nearest(field, fields.iter().copied()))
        }
        _ => return None,
    };
    let written = if known.is_some() { name } else { head };
    let at = place(text, written);
    Some(Problem::new(file, text, at..at + written.len(), message, near.map(|near| format!("did you mean `{near}`?"))))
}

/// Where a name stands that is no part of a longer one; the beginning where that cannot be told.
fn place(text: &str, name: &str) -> usize {
    let is_part = |c: char| c.is_alphanumeric() || c == '_' || c == '.';
    let mut places = text.match_indices(name).map(|(at, _)| at);
    let is_whole = |at: &usize| {
        let before = text[..*at].chars().next_back().is_some_and(is_part);
        let after = text[*at + name.len()..].chars().next().is_some_and(|c| c.is_alphanumeric() || c == '_');
        !before && !after
    };
    places.find(is_whole).unwrap_or(0)
}
