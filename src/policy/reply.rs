//! Templates for answers to tickets: `replies/<site>.j2`, each in the language of Jinja.

use std::collections::BTreeMap;
use std::sync::Arc;

use minijinja::Environment;

use super::error::Problem;
use super::sites::Sites;

/// Templates by the site that they are for.
#[derive(Clone, Debug, Default)]
pub struct Replies(BTreeMap<String, Arc<str>>);

impl Replies {
    /// Reads the file `replies/<site>.j2`.
    pub(super) fn parse(file: &str, text: &str) -> Result<Arc<str>, Vec<Problem>> {
        match Environment::new().template_from_str(text) {
            Ok(_) => Ok(text.into()),
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
    pub(super) fn with(&self, more: Vec<(String, Arc<str>)>) -> Self {
        let mut all = self.0.clone();
        all.extend(more);
        Self(all)
    }

    /// The template for a site: its own, or that of the nearest site that it extends.
    pub fn of(&self, sites: &Sites, site: &str) -> Option<&Arc<str>> {
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
