//! `pydoctor sites show ID`: what is known of a site, who says so, and how long ago that was looked at.

use std::fmt::Display;
use std::io::{self, Write};

use serde_json::{Map, Value as Json, json};

use crate::policy::glob::Pattern;
use crate::policy::site::{Provenance, Quota, Retired, Stand, ValueData};
use crate::policy::{Day, Policy, Rule, Selection, Severity, Site};
use crate::report::{Palette, encode, for_terminal};

use super::super::Status;
use super::super::args::{ListFormat, Show};
use super::super::snapshot::Snapshot;
use super::super::streams::{Streams, emit};

/// Runs `pydoctor sites show`.
pub(in super::super) fn run(args: &Show, snapshot: &Snapshot, streams: &mut Streams) -> anyhow::Result<Status> {
    let policy = crate::policy::builtin()?;
    policy.site(&args.site)?;
    let palette = if args.format.file.is_none() { streams.palette } else { Palette::PLAIN };
    let page = Page { line: descent(&policy, &args.site), policy: &policy, today: snapshot.today(), palette };
    emit(&args.format, streams, |format, out| match format {
        ListFormat::Human => page.human(out),
        ListFormat::Json => {
            encode::compact(&page.json(), out)?;
            writeln!(out)
        }
    })?;
    Ok(Status::Clean)
}

/// The site and those that it extends, itself first.
fn descent<'p>(policy: &'p Policy, id: &str) -> Vec<&'p Site> {
    let site = |id: &str| policy.sites.get(id).map(|site| &**site);
    std::iter::successors(site(id), |child| child.extends.as_deref().and_then(site)).take(policy.sites.len()).collect()
}

/// A site with what it takes to judge it.
struct Page<'p> {
    policy: &'p Policy,
    /// The site, its parent, and so on.
    line: Vec<&'p Site>,
    today: Day,
    palette: Palette,
}

/// Something that a site says, with who says so.
struct Entry<'p> {
    name: &'p str,
    text: String,
    json: Json,
    /// The site that says it.
    from: &'p str,
    source: &'p Provenance,
}

/// Where a site differs from its parent on a rule.
struct Difference<'p> {
    rule: &'p str,
    here: Option<Severity>,
    parent: Option<Severity>,
    /// The words that are its own: what they are, and the words.
    words: Vec<(&'static str, &'p str)>,
}

impl<'p> Page<'p> {
    fn site(&self) -> &'p Site {
        self.line[0]
    }

    /// What the site says, each entry with the site that says it: the last one upwards that says the same.
    fn entries(&self, read: fn(&'p Site) -> Vec<Entry<'p>>) -> Vec<Entry<'p>> {
        let mut own = read(self.site());
        let parents: Vec<(&'p str, Vec<Entry<'p>>)> =
            self.line.iter().skip(1).map(|site| (site.id.as_str(), read(site))).collect();
        for entry in &mut own {
            let mut same = parents.iter().take_while(|(_, theirs)| theirs.iter().any(|other| entry.is_as(other)));
            entry.from = same.by_ref().last().map_or(&self.site().id, |(id, _)| id);
        }
        own
    }

    fn differences(&self) -> Vec<Difference<'p>> {
        let parent = self.line.get(1);
        let rules = self.policy.rules.iter();
        rules.filter_map(|rule| difference(rule, self.site(), parent.copied())).collect()
    }

    fn human(&self, out: &mut dyn Write) -> io::Result<()> {
        let (site, strong) = (self.site(), self.palette.strong);
        writeln!(out, "{strong}{}{strong:#}: {}", site.id, for_terminal(&site.name))?;
        if let Some(retired) = &site.retired {
            let warning = self.palette.warning;
            writeln!(out, "{warning}{}{warning:#} ({})", self::retired(retired), for_terminal(&retired.source))?;
        }
        let parents: Vec<&str> = self.line.iter().skip(1).map(|site| site.id.as_str()).collect();
        if !parents.is_empty() {
            writeln!(out, "extends: {}", parents.join(", "))?;
        }
        writeln!(out, "scheduler: {}", site.scheduler.as_deref().unwrap_or("not known"))?;
        self.detection(out)?;
        self.section("Places", &self.entries(places), out)?;
        self.section("Quotas", &self.entries(quotas), out)?;
        let (set, unset): (Vec<_>, Vec<_>) = self.entries(values).into_iter().partition(|value| !value.text.is_empty());
        self.section("Values", &set, out)?;
        if !unset.is_empty() {
            let names: Vec<&str> = unset.iter().map(|value| value.name).collect();
            writeln!(out, "  not set: {}", names.join(", "))?;
        }
        self.section("Recipes", &self.entries(recipes), out)?;
        if !site.links.is_empty() {
            self.heading("Links", out)?;
            site.links.iter().try_for_each(|(name, link)| writeln!(out, "  {name}: {}", for_terminal(link)))?;
        }
        self.rules(out)?;
        self.closing(out)
    }

    fn heading(&self, title: impl Display, out: &mut dyn Write) -> io::Result<()> {
        let strong = self.palette.strong;
        writeln!(out, "\n{strong}{title}{strong:#}")
    }

    fn detection(&self, out: &mut dyn Write) -> io::Result<()> {
        let detect = &self.site().detect;
        let join = |patterns: &[Pattern]| patterns.iter().map(ToString::to_string).collect::<Vec<_>>().join(", ");
        let env: Vec<String> = detect.env.iter().map(|(name, glob)| format!("{name}={glob}")).collect();
        self.heading("Recognised by", out)?;
        let signs = [
            ("environment", env.join(", ")),
            ("host name", join(&detect.hosts)),
            ("in files", join(&detect.evidence)),
            ("in tickets", join(&detect.words)),
        ];
        if signs.iter().all(|(_, globs)| globs.is_empty()) {
            return writeln!(out, "  nothing: it has to be named");
        }
        let mut signs = signs.iter().filter(|(_, globs)| !globs.is_empty());
        signs.try_for_each(|(what, globs)| writeln!(out, "  {what}: {}", for_terminal(globs)))
    }

    fn section(&self, title: &str, entries: &[Entry<'_>], out: &mut dyn Write) -> io::Result<()> {
        if entries.is_empty() {
            return Ok(());
        }
        self.heading(title, out)?;
        entries.iter().try_for_each(|entry| {
            match entry.text.contains('\n') {
                false => writeln!(out, "  {}: {}", entry.name, for_terminal(&entry.text))?,
                true => {
                    writeln!(out, "  {}:", entry.name)?;
                    entry.text.lines().try_for_each(|line| writeln!(out, "    | {}", for_terminal(line)))?;
                }
            }
            let faint = self.palette.faint;
            let from = if entry.from == self.site().id { String::new() } else { format!("from {}; ", entry.from) };
            write!(out, "    {faint}{from}{}{faint:#}", for_terminal(&entry.source.source))?;
            let Some(verified) = &entry.source.verified else { return writeln!(out) };
            let (days, stale) = self.age(entry.source);
            write!(out, "{faint}, looked at {verified}, {} days ago{faint:#}", days.unwrap_or_default())?;
            let warning = self.palette.warning;
            if stale { writeln!(out, ": {warning}older than a year{warning:#}") } else { writeln!(out) }
        })
    }

    fn rules(&self, out: &mut dyn Write) -> io::Result<()> {
        let differences = self.differences();
        if differences.is_empty() {
            return Ok(());
        }
        let parent = self.line.get(1).map_or("the rules themselves", |parent| &parent.id);
        self.heading(format!("Rules that differ from {parent}"), out)?;
        differences.iter().try_for_each(|difference| {
            let (here, there) = (level(difference.here), level(difference.parent));
            let was = if here == there { String::new() } else { format!(" ({parent}: {there})") };
            writeln!(out, "  {}: {here}{was}", difference.rule)?;
            difference
                .words
                .iter()
                .try_for_each(|(what, words)| writeln!(out, "    {what}: {}", for_terminal(words.trim())))
        })
    }

    /// How many statements want another look.
    fn closing(&self, out: &mut dyn Write) -> io::Result<()> {
        let all = [self.entries(places), self.entries(quotas), self.entries(values), self.entries(recipes)];
        let dated: Vec<bool> = all
            .iter()
            .flatten()
            .filter(|entry| entry.source.verified.is_some())
            .map(|entry| self.age(entry.source).1)
            .collect();
        let (all, stale) = (dated.len(), dated.iter().filter(|stale| **stale).count());
        let noun = if all == 1 { "statement" } else { "statements" };
        writeln!(out, "\n{all} {noun} with a date, {stale} older than a year on {}", self.today)
    }

    /// How many days ago a statement was looked at, and whether that is too long.
    fn age(&self, source: &Provenance) -> (Option<i64>, bool) {
        let day = source.verified.as_deref().and_then(Day::parse);
        (day.map(|day| self.today.since(day)), day.is_some_and(|day| self.today.is_stale(day)))
    }

    fn json(&self) -> Json {
        let site = self.site();
        let entries =
            |entries: Vec<Entry<'_>>| -> Vec<Json> { entries.into_iter().map(|entry| self.entry(entry)).collect() };
        let rule = |difference: Difference<'_>| {
            let words: Map<String, Json> =
                difference.words.iter().map(|(what, words)| ((*what).to_owned(), json!(words))).collect();
            json!({
                "id": difference.rule,
                "severity": level(difference.here),
                "parent_severity": level(difference.parent),
                "words": words,
            })
        };
        let texts = |patterns: &[Pattern]| -> Vec<String> { patterns.iter().map(ToString::to_string).collect() };
        let env = site.detect.env.iter().map(|(name, glob)| json!({ "name": name, "value": glob.to_string() }));
        let retired = site
            .retired
            .as_ref()
            .map(|retired| json!({ "since": retired.since, "successor": retired.successor, "source": retired.source }));
        json!({
            "version": 1,
            "id": site.id,
            "name": site.name,
            "today": self.today.to_string(),
            "extends": self.line.iter().skip(1).map(|site| &site.id).collect::<Vec<_>>(),
            "scheduler": site.scheduler,
            "retired": retired,
            "detect": {
                "environment": env.collect::<Vec<_>>(),
                "hosts": texts(&site.detect.hosts),
                "evidence": texts(&site.detect.evidence),
                "words": texts(&site.detect.words),
            },
            "places": entries(self.entries(places)),
            "quotas": entries(self.entries(quotas)),
            "values": entries(self.entries(values)),
            "recipes": entries(self.entries(recipes)),
            "links": site.links,
            "rules": self.differences().into_iter().map(rule).collect::<Vec<_>>(),
        })
    }

    fn entry(&self, entry: Entry<'_>) -> Json {
        let (days, stale) = self.age(entry.source);
        let mut json = entry.json;
        if let Json::Object(object) = &mut json {
            object.insert("from".to_owned(), json!(entry.from));
            object.insert("source".to_owned(), json!(entry.source.source));
            object.insert("verified".to_owned(), json!(entry.source.verified));
            object.insert("age_days".to_owned(), json!(days));
            object.insert("stale".to_owned(), json!(stale));
        }
        json
    }
}

impl Entry<'_> {
    /// True when another site says the same thing by the same authority.
    fn is_as(&self, other: &Self) -> bool {
        let source = |entry: &Self| (entry.source.source.clone(), entry.source.verified.clone());
        self.name == other.name && self.json == other.json && source(self) == source(other)
    }
}

fn places(site: &Site) -> Vec<Entry<'_>> {
    let entries = site.places.iter().map(|row| {
        let paths: Vec<&str> = row.paths.iter().map(|path| path.text.as_str()).collect();
        let json = json!({ "place": row.place, "paths": paths });
        Entry { name: &row.place, text: paths.join(", "), json, from: &site.id, source: &row.source }
    });
    entries.collect()
}

fn quotas(site: &Site) -> Vec<Entry<'_>> {
    let entries = site.quotas.iter().map(|quota| {
        let Quota { place, bytes, files, source } = quota;
        let limits = bytes.iter().cloned().chain(files.map(|files| format!("{files} files")));
        let text = limits.collect::<Vec<_>>().join(", ");
        let json = json!({ "place": place, "bytes": bytes, "files": files });
        Entry { name: place, text, json, from: &site.id, source }
    });
    entries.collect()
}

fn values(site: &Site) -> Vec<Entry<'_>> {
    let entries = site.values.iter().map(|(name, value)| {
        let (text, data) = shown(&value.data);
        let json = json!({ "name": name, "value": data });
        Entry { name, text, json, from: &site.id, source: &value.source }
    });
    entries.collect()
}

fn recipes(site: &Site) -> Vec<Entry<'_>> {
    let entries = site.recipes.iter().map(|(name, recipe)| {
        let json = json!({ "name": name, "text": recipe.value });
        Entry { name, text: recipe.value.trim_end().to_owned(), json, from: &site.id, source: &recipe.source }
    });
    entries.collect()
}

/// A value for people, empty when it says «none», and for programs.
fn shown(data: &ValueData) -> (String, Json) {
    match data {
        ValueData::Text(text, _) => (text.clone(), json!(text)),
        ValueData::Number(-1) => (String::new(), json!(-1)),
        ValueData::Number(number) => (number.to_string(), json!(number)),
        ValueData::List(items) => {
            let items: Vec<&str> = items.iter().map(|(text, _)| text.as_str()).collect();
            (items.join(", "), json!(items))
        }
        ValueData::Table(rows) => {
            let text: Vec<String> = rows.iter().map(|(key, _, value)| format!("{key} = {value}")).collect();
            let object: Map<String, Json> = rows.iter().map(|(key, _, value)| (key.clone(), json!(value))).collect();
            (text.join(", "), object.into())
        }
    }
}

fn retired(retired: &Retired) -> String {
    let since = retired.since.as_ref().map(|since| format!(" since {since}")).unwrap_or_default();
    let successor = retired.successor.as_ref().map(|site| format!(", now {site}")).unwrap_or_default();
    format!("retired{since}{successor}")
}

/// What a site says otherwise than its parent; without a parent, otherwise than the rule.
fn difference<'p>(rule: &'p Rule, site: &'p Site, parent: Option<&'p Site>) -> Option<Difference<'p>> {
    let own = site.rules.get(&rule.id)?;
    let theirs = parent.and_then(|parent| parent.rules.get(&rule.id));
    let all = |stand: &'p Stand, site: &'p Site| {
        let url = stand.url.as_deref().map(|url| match url.strip_prefix("$link.") {
            Some(link) => site.links.get(link).map_or(url, String::as_str),
            None => url,
        });
        let fix = stand.fix.map(|fix| fix.map_or("none", |fix| fix.name()));
        [
            ("message", stand.message.as_ref().map(|spoken| spoken.text.as_str())),
            ("help", stand.help.as_ref().map(|spoken| spoken.text.as_str())),
            ("url", url),
            ("fix", fix),
            ("reason", stand.reason.as_deref()),
        ]
    };
    let before = parent.and_then(|parent| Some(all(theirs?, parent)));
    let changed = all(own, site).into_iter().enumerate().filter_map(|(at, (what, words))| {
        let same = before.is_some_and(|before| before[at].1 == words);
        Some((what, words.filter(|_| !same)?))
    });
    let words: Vec<(&'static str, &str)> = changed.collect();
    let severity = |stand: Option<&Stand>| Selection::default().severity(rule, stand);
    let (here, parent) = (severity(Some(own)), severity(theirs));
    (here != parent || !words.is_empty()).then(|| Difference { rule: &rule.id, here, parent, words })
}

fn level(severity: Option<Severity>) -> &'static str {
    severity.map_or("off", Severity::name)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::policy::PackFiles;

    #[test]
    fn a_site_tells_what_is_its_own_and_how_old_it_is() {
        let rule = |id: &str| {
            format!(
                "id = \"{id}\"\ntitle = \"t\"\ntags = [\"job\"]\nseverity = \"hint\"\nwhy = \"w\"\nmessage = \"m\"\n\
                 [[clause]]\non = \"command\"\n"
            )
        };
        let common = r#"
            id = "common"
            name = "x"
            [values.launcher]
            value = "srun"
            source = "custom"
            [values.limit]
            value = -1
            source = "each site"
        "#;
        let union = r#"
            id = "union"
            name = "x"
            [[quota]]
            place = "home"
            bytes = "3 GB"
            source = "https://union.example/"
            verified = 2025-06-01
            [rules.one]
            severity = "error"
            help = "ask"
            [rules.two]
            severity = "warning"
        "#;
        let north = r#"
            id = "north"
            name = "x"
            extends = "union"
            [values.limit]
            value = 7
            source = "https://north.example/"
            verified = 2026-01-01
            [rules.one]
            help = "ask us"
            [rules.two]
            severity = "warning"
        "#;
        let (one, two) = (rule("one"), rule("two"));
        let files = [
            ("pack.toml", "name = \"x\"\nversion = \"1\"\n"),
            ("sites/common.toml", common),
            ("sites/union.toml", union),
            ("sites/north.toml", north),
            ("lint/one.toml", &one),
            ("lint/two.toml", &two),
        ];
        let policy = Policy::load(&[PackFiles::in_memory("p", &files)]).unwrap_or_else(|error| panic!("{error}"));
        let today = Day::parse("2026-06-02").unwrap();
        let page = Page { line: descent(&policy, "north"), policy: &policy, today, palette: Palette::PLAIN };
        let json = page.json();
        assert_eq!(json["extends"], json!(["union", "common"]));
        let value = |at: usize| (json["values"][at]["from"].clone(), json["values"][at]["age_days"].clone());
        assert_eq!((value(0), value(1)), ((json!("common"), Json::Null), (json!("north"), json!(152))));
        assert_eq!(json["quotas"][0]["from"], "union");
        assert_eq!(json["quotas"][0]["stale"], true);
        let rules =
            json!([{ "id": "one", "severity": "error", "parent_severity": "error", "words": { "help": "ask us" } }]);
        assert_eq!(json["rules"], rules, "what the parent says too is no difference");

        let page = Page { line: descent(&policy, "union"), policy: &policy, today, palette: Palette::PLAIN };
        let mut out = Vec::new();
        page.human(&mut out).unwrap();
        let text = String::from_utf8(out).unwrap();
        for expected in [
            "home: 3 GB\n    https://union.example/, looked at 2025-06-01, 366 days ago: older than a year\n",
            "  not set: limit\n",
            "Rules that differ from common\n  one: error (common: hint)\n    help: ask\n  two: warning (common: hint)\n",
            "1 statement with a date, 1 older than a year on 2026-06-02\n",
        ] {
            assert!(text.contains(expected), "{expected} in\n{text}");
        }
    }
}
