//! What a case of a fixture says of itself: `case.toml`.

use super::describe::case::CASE;
use super::document::Document;
use super::error::PolicyError;
use super::pack::Policy;

/// The kinds of cases.
pub(super) const KINDS: &[(&str, CaseKind)] = &[("bad", CaseKind::Bad), ("ok", CaseKind::Ok)];

/// A case.
#[derive(Clone, Debug)]
pub struct Case {
    /// The site that judges. Without one, a case of a rule is judged by the rules of the pack and no site, and a case
    /// of a site must be recognised as that site's by its files.
    pub site: Option<String>,
    /// What it shows.
    pub kind: CaseKind,
    /// The same in words.
    pub note: String,
    /// It is the example that the documents show, rather than one chosen by its findings.
    pub shown: bool,
    /// The text of a configuration of those who run the machine, for rules about what it asks.
    pub machine: Option<String>,
}

/// What a case shows.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum CaseKind {
    /// The rule, or for a site any rule, finds something.
    Bad,
    /// Near misses: it is silent.
    Ok,
}

impl Case {
    /// Reads the text of the file `file`; the site that it names is one of `policy`.
    ///
    /// # Errors
    /// Everything that is wrong with it, with its place.
    pub fn parse(file: &str, text: &str, policy: &Policy) -> Result<Self, PolicyError> {
        let (doc, tree) = Document::parse(file, text);
        let table = doc.root(&tree, &CASE);
        let kind = table.need("kind").and_then(|item| item.choice("kind", KINDS));
        let text = |word: Option<super::document::Word<'_>>| word.map(|word| word.text.to_owned());
        let note = text(table.need_string("note"));
        let (site, machine) = (table.string("site"), text(table.string("machine")));
        if let Some(site) = site.as_ref().filter(|site| !policy.sites.contains_key(site.text)) {
            doc.unknown(site, "site", policy.sites.keys().map(String::as_str));
        }
        let site = text(site);
        let shown = table.flag("shown").unwrap_or(false);
        table.finish();
        let problems = doc.into_problems();
        match (kind, note) {
            (Some(kind), Some(note)) if problems.is_empty() => Ok(Self { site, kind, note, shown, machine }),
            _ => Err(PolicyError::Invalid(problems)),
        }
    }
}
