//! `pydoctor sites show ID`: what is known of a site, who says so, and how long ago that was looked at.

mod entries;
mod json;

use std::fmt::Display;
use std::io::{self, Write};

use crate::policy::glob::Pattern;
use crate::policy::site::Provenance;
use crate::policy::symptom::SymptomStand;
use crate::policy::{CommandLine, Day, Policy, Selection, Site};
use crate::report::{Palette, encode, for_terminal};

use self::entries::{Difference, Entry, difference, level, places, quotas, recipes, values};
use super::super::Status;
use super::super::args::{ListFormat, Show};
use super::super::engine::Engine;
use super::super::snapshot::Snapshot;
use super::super::streams::{Streams, emit};

/// Runs `pydoctor sites show`.
pub(in super::super) fn run(args: &Show, snapshot: &Snapshot, streams: &mut Streams) -> anyhow::Result<Status> {
    let engine = Engine::new(&args.policy, CommandLine::default(), snapshot)?;
    let here = engine.settings.here()?;
    let (policy, selection) = (here.known, &here.meant.selection);
    policy.site(&args.id)?;
    let palette = if args.format.file.is_none() { streams.palette } else { Palette::PLAIN };
    let page = Page { line: descent(&policy, &args.id), policy: &policy, selection, today: snapshot.today(), palette };
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
    /// What is configured here, which has the last word.
    selection: &'p Selection,
    today: Day,
    palette: Palette,
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

    /// Who says what `key` names, and the site that says so first upwards.
    fn said(&self, key: &str) -> Option<(&'p str, &'p Provenance)> {
        let own = self.site().said_by.get(key)?;
        let same = self.line.iter().take_while(|site| site.said_by.get(key) == Some(own));
        Some((&same.last()?.id, own))
    }

    /// The keys of what has no place for a source of its own and is shown: all but stands that are the parent's.
    fn said_keys(&self) -> impl Iterator<Item = &'p str> {
        let is_stand = |key: &str| key.starts_with("rules.") || key.starts_with("symptoms.");
        let keys = self.site().said_by.keys().map(String::as_str);
        keys.filter(move |key| !is_stand(key) || self.said(key).is_some_and(|(from, _)| from == self.site().id))
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
            writeln!(out, "{warning}{}{warning:#}", entries::retired(retired))?;
            self.told("retired", out)?;
        }
        let parents: Vec<&str> = self.line.iter().skip(1).map(|site| site.id.as_str()).collect();
        if !parents.is_empty() {
            writeln!(out, "extends: {}", parents.join(", "))?;
        }
        writeln!(out, "scheduler: {}", site.scheduler.as_deref().unwrap_or("not known"))?;
        self.told("scheduler", out)?;
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
            site.links.iter().try_for_each(|(name, link)| {
                writeln!(out, "  {name}: {}", for_terminal(link))?;
                self.told(&format!("links.{name}"), out)
            })?;
        }
        self.rules(out)?;
        self.symptoms(out)?;
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
        signs.try_for_each(|(what, globs)| writeln!(out, "  {what}: {}", for_terminal(globs)))?;
        self.told("detect", out)
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
            self.provenance(entry.from, entry.source, out)
        })
    }

    /// Who says what `key` names; nothing where nobody does.
    fn told(&self, key: &str, out: &mut dyn Write) -> io::Result<()> {
        self.said(key).map_or(Ok(()), |(from, source)| self.provenance(from, source, out))
    }

    /// One line: the site that says it, who told it, and how long ago that was looked at.
    fn provenance(&self, from: &str, source: &Provenance, out: &mut dyn Write) -> io::Result<()> {
        let (faint, warning) = (self.palette.faint, self.palette.warning);
        let from = Some(format!("from {from}")).filter(|_| from != self.site().id);
        let told = Some(source.source.as_str()).filter(|source| !source.is_empty());
        let place: Vec<String> = from.into_iter().chain(told.map(|told| for_terminal(told).into_owned())).collect();
        write!(out, "    {faint}{}{faint:#}", place.join("; "))?;
        let Some(verified) = &source.verified else { return writeln!(out) };
        let (days, stale) = self.age(source);
        let comma = if place.is_empty() { "" } else { ", " };
        let ago = match days.unwrap_or_default() {
            to_come if to_come < 0 => "which is still to come".to_owned(),
            1 => "1 day ago".to_owned(),
            days => format!("{days} days ago"),
        };
        write!(out, "{faint}{comma}looked at {verified}, {ago}{faint:#}")?;
        if stale { writeln!(out, ": {warning}older than a year{warning:#}") } else { writeln!(out) }
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
            writeln!(out, "  {}: {here}{was}{}", difference.rule, self.configured(difference))?;
            difference
                .words
                .iter()
                .try_for_each(|(what, words)| writeln!(out, "    {what}: {}", for_terminal(words.trim())))?;
            let key = format!("rules.{}", difference.rule);
            let own = self.said(&key).filter(|(from, _)| *from == self.site().id);
            own.map_or(Ok(()), |(from, source)| self.provenance(from, source, out))
        })
    }

    /// What the configuration makes of a rule on which the site has a stand.
    fn configured(&self, difference: &Difference<'_>) -> String {
        let Some(rule) = self.policy.rule(difference.rule) else { return String::new() };
        let at = |site: &Site| self.selection.severity_at(rule, site);
        let (here, there) = (at(self.site()), self.line.get(1).map(|parent| at(parent)));
        if here == difference.here && there.is_none_or(|there| there == difference.parent) {
            return String::new();
        }
        let as_well = if there == Some(here) && difference.here != difference.parent { ", there too" } else { "" };
        format!("; as configured here: {}{as_well}", level(here))
    }

    /// The stands on symptoms of tickets that are other than the parent's.
    fn stands_on_symptoms(&self) -> impl Iterator<Item = (&'p str, &'p SymptomStand)> {
        let parent = self.line.get(1).map(|parent| &parent.symptoms.stands);
        let is_as = move |id: &str, own: &SymptomStand| {
            parent.and_then(|stands| stands.get(id)).is_some_and(|theirs| theirs.to_string() == own.to_string())
        };
        let own = self.site().symptoms.stands.iter().map(|(id, stand)| (id.as_str(), stand));
        own.filter(move |(id, stand)| !is_as(id, stand))
    }

    /// What the site says of symptoms of tickets, in its own words.
    fn symptoms(&self, out: &mut dyn Write) -> io::Result<()> {
        let mut stands = self.stands_on_symptoms().peekable();
        if stands.peek().is_none() {
            return Ok(());
        }
        self.heading("Symptoms of tickets", out)?;
        stands.try_for_each(|(id, stand)| {
            if stand.off {
                writeln!(out, "  {id}: does not occur here")?;
            } else {
                writeln!(out, "  {id}")?;
                stand.to_string().lines().try_for_each(|line| writeln!(out, "    {}", for_terminal(line)))?;
            }
            self.told(&format!("symptoms.{id}"), out)
        })
    }

    /// How many statements want another look.
    fn closing(&self, out: &mut dyn Write) -> io::Result<()> {
        let all = [self.entries(places), self.entries(quotas), self.entries(values), self.entries(recipes)];
        let others = self.said_keys().filter_map(|key| Some(self.said(key)?.1));
        let sources = all.iter().flatten().map(|entry| entry.source).chain(others);
        let dated: Vec<bool> =
            sources.filter(|source| source.verified.is_some()).map(|source| self.age(source).1).collect();
        let (all, stale) = (dated.len(), dated.iter().filter(|stale| **stale).count());
        let noun = if all == 1 { "statement" } else { "statements" };
        writeln!(out, "\n{all} {noun} with a date, {stale} older than a year on {}", self.today)
    }

    /// How many days ago a statement was looked at, and whether that is too long.
    fn age(&self, source: &Provenance) -> (Option<i64>, bool) {
        let day = source.verified.as_deref().and_then(Day::parse);
        (day.map(|day| self.today.since(day)), day.is_some_and(|day| self.today.is_stale(day)))
    }
}

#[cfg(test)]
mod tests {
    use serde_json::{Value as Json, json};

    use super::*;
    use crate::policy::PackFiles;

    const COMMON: &str = r#"
            id = "common"
            name = "x"
            [values.launcher]
            value = "srun"
            source = "custom"
            [values.limit]
            value = -1
            source = "each site"
        "#;
    const UNION: &str = r#"
            id = "union"
            name = "x"
            scheduler = { value = "pbs", source = "https://union.example/jobs", verified = 2026-01-01 }
            [links]
            desk = { url = "https://union.example/desk", verified = 2025-06-01 }
            [[quota]]
            place = "home"
            bytes = "3 GB"
            source = "https://union.example/"
            verified = 2025-06-01
            [rules.one]
            severity = "error"
            help = "ask"
            source = "https://union.example/rules"
            [rules.two]
            severity = "warning"
        "#;
    const NORTH: &str = r#"
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

    #[test]
    fn a_site_tells_what_is_its_own_and_how_old_it_is() {
        let rule = |id: &str| {
            format!(
                "id = \"{id}\"\ntitle = \"t\"\ntags = [\"job\"]\nseverity = \"hint\"\nwhy = \"w\"\nmessage = \"m\"\n\
                 [[clause]]\non = \"command\"\n"
            )
        };
        let (one, two) = (rule("one"), rule("two"));
        let files = [
            ("pack.toml", "name = \"x\"\nversion = \"1\"\n"),
            ("sites/common.toml", COMMON),
            ("sites/union.toml", UNION),
            ("sites/north.toml", NORTH),
            ("lint/one.toml", &one),
            ("lint/two.toml", &two),
        ];
        let policy = Policy::load(&[PackFiles::in_memory("p", &files)]).unwrap_or_else(|error| panic!("{error}"));
        let today = Day::parse("2026-06-02").unwrap();
        let selection = Selection::default();
        let of = |site: &str| Page {
            line: descent(&policy, site),
            policy: &policy,
            selection: &selection,
            today,
            palette: Palette::PLAIN,
        };
        let page = of("north");
        let json = page.json();
        assert_eq!(json["extends"], json!(["union", "common"]));
        let value = |at: usize| (json["values"][at]["from"].clone(), json["values"][at]["age_days"].clone());
        assert_eq!((value(0), value(1)), ((json!("common"), Json::Null), (json!("north"), json!(152))));
        assert_eq!(json["quotas"][0]["from"], "union");
        assert_eq!(json["quotas"][0]["stale"], true);
        let rules =
            json!([{ "id": "one", "severity": "error", "parent_severity": "error", "words": { "help": "ask us" } }]);
        assert_eq!(json["rules"], rules, "what the parent says too is no difference");
        let about: Vec<(&Json, &Json)> =
            json["said_by"].as_array().unwrap().iter().map(|said| (&said["about"], &said["from"])).collect();
        let expected = [(&json!("links.desk"), &json!("union")), (&json!("scheduler"), &json!("union"))];
        assert_eq!(about, expected, "a stand of the parent is not told again");

        let page = of("union");
        let mut out = Vec::new();
        page.human(&mut out).unwrap();
        let text = String::from_utf8(out).unwrap();
        for expected in [
            "home: 3 GB\n    https://union.example/, looked at 2025-06-01, 366 days ago: older than a year\n",
            "  not set: limit\n",
            "scheduler: pbs\n    https://union.example/jobs, looked at 2026-01-01, 152 days ago\n",
            "  desk: https://union.example/desk\n    looked at 2025-06-01, 366 days ago: older than a year\n",
            "Rules that differ from common\n  one: error (common: hint)\n    help: ask\n    https://union.example/rules\n",
            "  two: warning (common: hint)\n",
            "3 statements with a date, 2 older than a year on 2026-06-02\n",
        ] {
            assert!(text.contains(expected), "{expected} in\n{text}");
        }
    }
}
