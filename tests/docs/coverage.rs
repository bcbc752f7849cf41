//! `docs/coverage.md`: which rules cover what the documents of the sites ask for, with which verdict.

use std::fmt::Write as _;

use pydoctor::policy::{Policy, ROOT, Rule, Site};

use crate::documents::{self, Document};
use crate::markdown::{code, sentence, source, table};
use crate::stands::verdict;

const INTRO: &str = "\
Which rules carry out what the sites' documents ask of their users. A rule stands under a document when the rule names
one of its pages as a source, or when a site of that centre has a stand of its own on it. `off` is a verdict too: the
site allows, or itself prescribes, what others forbid. What each site says in its own words stands beside the rule in
[rules.md](rules.md).
";

/// The page.
pub fn page(policy: &Policy) -> String {
    let mut page =
        format!("# Coverage\n\n<!-- Written by `BLESS=1 cargo test --test docs` from rules/. -->\n\n{INTRO}\n");
    let documents = documents::all();
    for document in &documents {
        page.push_str(&section(document, policy));
    }
    page.push_str(&uncovered(&documents, policy));
    page.push_str(&matrix(policy));
    page
}

fn section(document: &Document, policy: &Policy) -> String {
    let sites: Vec<&Site> = document.sites.iter().map(|id| site(policy, id)).collect();
    let mut head = vec!["Rule", "What is wrong", "The rule names it"];
    head.extend(document.sites.iter().map(String::as_str));
    let mut rows = Vec::new();
    let mut named = 0;
    for rule in policy.rules.iter().map(|rule| &**rule).filter(|rule| covers(rule, document, policy)) {
        let names = rule.sources.iter().any(|source| document.is_source(source));
        named += usize::from(names);
        let mut row = vec![link(rule), sentence(&rule.title), if names { "yes" } else { "" }.to_owned()];
        row.extend(sites.iter().map(|site| verdict(rule, site).to_owned()));
        rows.push(row);
    }
    let places: Vec<String> = document.sites.iter().map(|id| format!("[{id}](sites.md#{id})")).collect();
    format!(
        "## {}: {}\n\n{}\n\nSpeaks for {}. {} rules; {named} name it as a source.\n\n{}\n",
        document.short,
        document.title,
        source(&document.address),
        places.join(", "),
        rows.len(),
        table(&head, &rows)
    )
}

/// The rule names a page of the centre, or a site of it has a stand of its own.
fn covers(rule: &Rule, document: &Document, policy: &Policy) -> bool {
    rule.sources.iter().any(|source| document.is_source(source))
        || document.sites.iter().any(|id| site(policy, id).rules.contains_key(&rule.id) && own(rule, id, policy))
}

/// The site, or one that it builds on short of the common profile, has a stand on the rule.
fn own(rule: &Rule, id: &str, policy: &Policy) -> bool {
    let stand = |site: &Site| site.rules.get(&rule.id).map(|stand| format!("{stand:?}"));
    stand(site(policy, id)) != stand(site(policy, ROOT))
}

/// Rules that no document of a site asks for.
fn uncovered(documents: &[Document], policy: &Policy) -> String {
    let rules = policy.rules.iter().map(|rule| &**rule);
    let rows: Vec<Vec<String>> = rules
        .filter(|rule| !documents.iter().any(|document| covers(rule, document, policy)))
        .map(|rule| {
            let sources: Vec<String> = rule.sources.iter().map(|each| source(each)).collect();
            vec![link(rule), sentence(&rule.title), verdict(rule, site(policy, ROOT)).to_owned(), sources.join(" ")]
        })
        .collect();
    format!(
        "## Of no document\n\nWhat holds everywhere, by the documents of the programs themselves: {} rules.\n\n{}\n",
        rows.len(),
        table(&["Rule", "What is wrong", "Verdict", "Sources"], &rows)
    )
}

/// Every rule at every site.
fn matrix(policy: &Policy) -> String {
    let letter = |level: &str| if level == "off" { "·".to_owned() } else { level[..1].to_uppercase() };
    let sites: Vec<&Site> = policy.sites.values().map(|site| &**site).collect();
    let mut head = vec!["Rule"];
    head.extend(sites.iter().map(|site| site.id.as_str()));
    let rows: Vec<Vec<String>> = policy
        .rules
        .iter()
        .map(|rule| {
            let mut row = vec![link(rule)];
            row.extend(sites.iter().map(|site| letter(verdict(rule, site))));
            row
        })
        .collect();
    let mut text = "## Every rule at every site\n\nE error, W warning, H hint, · off.\n\n".to_owned();
    let _ = write!(text, "{}", table(&head, &rows));
    text
}

fn link(rule: &Rule) -> String {
    format!("[{0}](rules.md#{0})", rule.id)
}

fn site<'p>(policy: &'p Policy, id: &str) -> &'p Site {
    policy.sites.get(id).unwrap_or_else(|| panic!("no site {}", code(id)))
}
