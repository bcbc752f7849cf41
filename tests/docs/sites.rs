//! `docs/sites.md`: a section for each site.

use std::fmt::{Debug, Write as _};

use pydoctor::policy::site::{Provenance, SiteValue, ValueData};
use pydoctor::policy::{Policy, ROOT, Site};
use toml::Value;

use crate::markdown::{code, codes, fence, sentence, source, table};
use crate::stands::verdict;
use crate::{read, root};

const INTRO: &str = "\
What pydoctor knows of each site, where that is written and when it was last looked at. A site builds on another one;
its places and quotas are listed whole, of the rest what it adds or changes. The stand of the sites on every rule is in [coverage.md](coverage.md), and their
words beside each rule in [rules.md](rules.md). In paths and names, `*` stands for anything, and a folder for all below it.

The site that judges a file is taken from the first of these that tells it: `--site`, a comment
`# pydoctor: site=ID` in the file, the configuration, the environment, the host's name, paths and modules in the file.
Signs that do not agree leave what the sites have in common, in the end the common profile.
";

/// The page.
pub fn page(policy: &Policy) -> String {
    let mut page =
        format!("# Sites\n\n<!-- Written by `BLESS=1 cargo test --test docs` from rules/sites/. -->\n\n{INTRO}\n");
    let sites: Vec<&Site> = policy.sites.values().map(|site| &**site).collect();
    let rows: Vec<Vec<String>> = sites.iter().map(|site| overview(site, policy)).collect();
    page.push_str(&table(&["Site", "Name", "Scheduler", "Builds on", "Status", "Errors", "Warnings", "Hints"], &rows));
    for site in sites {
        page.push_str(&section(site, policy));
    }
    page
}

fn overview(site: &Site, policy: &Policy) -> Vec<String> {
    let count = |level: &str| policy.rules.iter().filter(|rule| verdict(rule, site) == level).count().to_string();
    let parent = site.extends.as_ref().map(|parent| format!("[{parent}](#{parent})")).unwrap_or_default();
    vec![
        format!("[{0}](#{0})", site.id),
        site.name.clone(),
        site.scheduler.clone().unwrap_or_default(),
        parent,
        status(site, policy),
        count("error"),
        count("warning"),
        count("hint"),
    ]
}

fn status(site: &Site, policy: &Policy) -> String {
    let Some(retired) = &site.retired else { return String::new() };
    let since = retired.since.as_ref().map(|since| format!(" since {since}")).unwrap_or_default();
    let next = retired.successor.as_ref().map(|next| {
        let name = policy.sites.get(next).map_or(next.as_str(), |site| site.name.as_str());
        format!("; now [{name}](#{next})")
    });
    format!("retired{since}{}", next.unwrap_or_default())
}

/// Sources of one site, numbered in the order in which they are named.
#[derive(Default)]
struct Sources(Vec<String>);

impl Sources {
    /// The number of the source and the day it was checked.
    fn cite(&mut self, from: &Provenance) -> String {
        let at = self.0.iter().position(|known| *known == from.source).unwrap_or_else(|| {
            self.0.push(from.source.clone());
            self.0.len() - 1
        });
        let number = match from.source.starts_with("http") {
            true => format!("[{}]({})", at + 1, from.source),
            false => (at + 1).to_string(),
        };
        format!("{number}{}", from.verified.as_ref().map(|day| format!(", {day}")).unwrap_or_default())
    }

    fn list(&self) -> String {
        if self.0.is_empty() {
            return String::new();
        }
        let items = self.0.iter().enumerate().map(|(at, each)| format!("{}. {}\n", at + 1, source(each)));
        format!("Sources, as numbered above:\n\n{}\n", items.collect::<String>())
    }
}

fn section(site: &Site, policy: &Policy) -> String {
    let mut text = format!("\n## {}\n\n**{}**", site.id, site.name);
    if let Some(scheduler) = &site.scheduler {
        let _ = write!(text, ", scheduler {scheduler}");
    }
    text.push_str(".\n");
    let status = status(site, policy);
    if let Some(retired) = &site.retired {
        let _ = write!(text, "\n**{}** (says {}).\n", sentence(&status), source(&retired.source));
    }
    let parent = site.extends.as_ref().and_then(|parent| policy.sites.get(parent)).map(|parent| &**parent);
    if let Some(parent) = parent {
        let _ = write!(text, "\nWhat is not said here is as at [{0}](#{0}).\n", parent.id);
    } else {
        text.push_str("\nWhat holds where no site is known, and what every site builds on.\n");
    }
    let common = policy.sites.get(ROOT).map(|common| &**common).filter(|common| common.id != site.id);
    let mut sources = Sources::default();
    for part in [
        detection(site),
        places(site, common, &mut sources),
        quotas(site, common, &mut sources),
        values(site, parent, policy, &mut sources),
        recipes(site, parent, &mut sources),
        links(site, parent),
        sources.list(),
    ] {
        if !part.is_empty() {
            let _ = write!(text, "\n{}", part.trim_end().to_owned() + "\n");
        }
    }
    text
}

/// How it is recognised, as its file says: compiled patterns no longer have their text.
fn detection(site: &Site) -> String {
    let file: toml::Table = read(&root().join(&site.origin)).parse().expect("a site file is TOML");
    let Some(detect) = file.get("detect") else { return String::new() };
    let list = |key: &str| {
        let items = detect.get(key).and_then(Value::as_array).into_iter().flatten();
        codes(items.filter_map(Value::as_str))
    };
    let env = detect.get("env").and_then(Value::as_table).into_iter().flatten().map(|(name, held)| {
        let held = held.as_array().map_or(std::slice::from_ref(held), Vec::as_slice);
        let held: Vec<&str> =
            held.iter().filter_map(Value::as_str).filter(|held| !matches!(*held, "*" | "?*")).collect();
        if held.is_empty() {
            code(name)
        } else {
            format!("{} = {}", code(name), held.iter().map(|each| code(each)).collect::<Vec<_>>().join(" or "))
        }
    });
    let env = env.collect::<Vec<_>>().join("; ");
    let items = [
        ("environment", env),
        ("host names", list("hosts")),
        ("paths and modules in files", list("evidence")),
        ("words in tickets", list("words")),
    ];
    let items = items.iter().filter(|(_, words)| !words.is_empty()).map(|(what, words)| format!("- {what}: {words}\n"));
    format!("Recognised by:\n\n{}", items.collect::<String>())
}

fn places(site: &Site, parent: Option<&Site>, sources: &mut Sources) -> String {
    let inherited = |row| parent.is_some_and(|parent| parent.places.iter().any(|other| is_same(other, row)));
    let own = site.places.iter().filter(|row| !inherited(row));
    let rows: Vec<Vec<String>> = own
        .map(|row| {
            let paths = codes(row.paths.iter().map(|path| path.text.as_str()));
            vec![row.place.clone(), paths, sources.cite(&row.source)]
        })
        .collect();
    listed(&["Place", "Paths", "Source"], &rows)
}

fn quotas(site: &Site, parent: Option<&Site>, sources: &mut Sources) -> String {
    let inherited = |quota| parent.is_some_and(|parent| parent.quotas.iter().any(|other| is_same(other, quota)));
    let rows: Vec<Vec<String>> = site
        .quotas
        .iter()
        .filter(|quota| !inherited(quota))
        .map(|quota| {
            let files = quota.files.map(grouped).unwrap_or_default();
            vec![quota.place.clone(), quota.bytes.clone().unwrap_or_default(), files, sources.cite(&quota.source)]
        })
        .collect();
    listed(&["Quota of", "Size", "Files", "Source"], &rows)
}

fn values(site: &Site, parent: Option<&Site>, policy: &Policy, sources: &mut Sources) -> String {
    let common = policy.sites.get(ROOT);
    let mut rows = Vec::new();
    for (name, value) in &site.values {
        let inherited = parent.and_then(|parent| parent.values.get(name)).is_some_and(|other| is_same(other, value));
        // What is declared empty says nothing yet.
        if inherited || (site.id == ROOT && is_empty(value)) {
            continue;
        }
        let meaning = common.and_then(|common| common.values.get(name)).map(|value| meaning(value)).unwrap_or_default();
        let from = if site.id == ROOT { String::new() } else { sources.cite(&value.source) };
        rows.push(vec![format!("{} (`{name}`)", sentence(&meaning)), data(&value.data, is_prose(&meaning)), from]);
    }
    listed(&["What", "Here", "Source"], &rows)
}

/// What a value is for: the common profile says so where it declares the name.
pub fn meaning(value: &SiteValue) -> String {
    value.source.source.trim_start_matches("set by each site: ").to_owned()
}

fn is_empty(value: &SiteValue) -> bool {
    match &value.data {
        ValueData::Text(text, _) => text.is_empty(),
        ValueData::Number(number) => *number < 0,
        ValueData::List(items) => items.is_empty(),
        ValueData::Table(rows) => rows.is_empty(),
    }
}

/// Some values are parts of sentences.
fn is_prose(meaning: &str) -> bool {
    meaning.ends_with("in words") || meaning.starts_with("why ")
}

fn data(data: &ValueData, is_prose: bool) -> String {
    match data {
        ValueData::Text(text, _) if text.is_empty() => "none".to_owned(),
        ValueData::Text(text, _) if is_prose => text.clone(),
        ValueData::Text(text, _) => code(text),
        ValueData::Number(number) => number.to_string(),
        ValueData::List(items) if items.is_empty() => "none".to_owned(),
        ValueData::List(items) => codes(items.iter().map(|(text, _)| text.as_str())),
        ValueData::Table(rows) if rows.is_empty() => "none".to_owned(),
        ValueData::Table(rows) => {
            let rows: Vec<String> =
                rows.iter().map(|(key, _, value)| format!("{} → {}", code(key), code(value))).collect();
            rows.join("<br>")
        }
    }
}

fn recipes(site: &Site, parent: Option<&Site>, sources: &mut Sources) -> String {
    let mut text = String::new();
    for (name, recipe) in &site.recipes {
        let inherited = parent.and_then(|parent| parent.recipes.get(name)).is_some_and(|other| is_same(other, recipe));
        if !inherited {
            let _ = write!(
                text,
                "Recipe `{name}` ({}):\n\n{}\n",
                sources.cite(&recipe.source),
                fence("bash", &recipe.value)
            );
        }
    }
    text
}

fn links(site: &Site, parent: Option<&Site>) -> String {
    let own = site.links.iter().filter(|(name, link)| parent.and_then(|parent| parent.links.get(*name)) != Some(link));
    let items: String = own.map(|(name, link)| format!("- {name}: <{link}>\n")).collect();
    if items.is_empty() { items } else { format!("Its pages:\n\n{items}") }
}

/// Policy has no equality; what reads the same is inherited.
fn is_same<T: Debug>(a: &T, b: &T) -> bool {
    format!("{a:?}") == format!("{b:?}")
}

fn listed(head: &[&str], rows: &[Vec<String>]) -> String {
    if rows.is_empty() { String::new() } else { table(head, rows) }
}

/// A number with commas between thousands.
fn grouped(number: i64) -> String {
    let digits = number.to_string();
    let mut text = String::new();
    for (at, digit) in digits.chars().enumerate() {
        if at > 0 && (digits.len() - at).is_multiple_of(3) && digit.is_ascii_digit() {
            text.push(',');
        }
        text.push(digit);
    }
    text
}
