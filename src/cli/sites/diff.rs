//! `pydoctor sites diff A B`: where two sites judge differently, or one site up to some layer or pack.

use std::collections::BTreeSet;
use std::io::{self, Write};
use std::sync::Arc;

use anyhow::bail;
use serde_json::{Value as Json, json};

use crate::policy::site::{Quota, SiteValue, ValueData};
use crate::policy::{ActiveRule, CommandLine, Effective, Level, Policy, Selection, Site, nearest};
use crate::report::{encode, for_terminal};

use super::super::Status;
use super::super::args::{Diff, ListFormat};
use super::super::engine::Engine;
use super::super::snapshot::Snapshot;
use super::super::streams::{Streams, emit};

/// Runs `pydoctor sites diff`.
pub(in super::super) fn run(args: &Diff, snapshot: &Snapshot, streams: &mut Streams) -> anyhow::Result<Status> {
    let engine = Engine::new(&args.policy, CommandLine::default(), snapshot)?;
    let before = Side::new(&args.before, &engine)?;
    let after = Side::new(&args.after, &engine)?;
    let changes = changes(&before, &after);
    emit(&args.format, streams, |format, out| match format {
        ListFormat::Json => {
            encode::compact(&document(args, &changes), out)?;
            writeln!(out)
        }
        ListFormat::Human => human(args, &changes, &alike(&before, &after), out),
    })?;
    Ok(Status::Clean)
}

/// What is said of a rule that is not on.
const OFF: &str = "off";

/// One of the two sides.
struct Side {
    policy: Arc<Policy>,
    effective: Effective,
}

/// Something that is not the same on both sides; `None` where it is not there.
struct Change {
    /// The part of a site: `rules`, `values`, …
    group: &'static str,
    name: String,
    before: Option<String>,
    after: Option<String>,
}

impl Side {
    /// Reads `ID`, `ID@LAYER` or `ID@PACK`: the site as it is with the layers or packs up to that one.
    fn new(text: &str, engine: &Engine) -> anyhow::Result<Self> {
        let (id, until) = match text.split_once('@') {
            Some((id, until)) => (id, Some(until)),
            None => (text, None),
        };
        let here = engine.settings.here()?;
        let known = Arc::clone(&here.policy);
        let here_knows = |id: &str| known.sites.contains_key(id);
        let level = |name| Level::ALL.into_iter().find(|level| level.name() == name);
        let (policy, selection) = match until.map(|name| (name, level(name))) {
            None => (here.policy, here.meant.selection.clone()),
            Some((_, Some(level))) => engine.settings.up_to(level)?,
            Some((name, None)) => (up_to_pack(name, &here.policy, engine)?, Selection::default()),
        };
        if let Some(until) = until
            && !policy.sites.contains_key(id)
            && here_knows(id)
        {
            bail!("the site `{id}` is not there at `{until}`: what comes later brings it");
        }
        let effective = policy.effective(id, &selection)?;
        Ok(Self { policy, effective })
    }

    /// What the site says of a symptom of tickets; `None` where there is none of that id.
    fn symptom(&self, id: &str) -> Option<String> {
        let stand = self.site().symptoms.stands.get(id);
        let said = || stand.map_or_else(|| "in its own words".to_owned(), ToString::to_string);
        self.policy.symptoms.contains(id).then(said)
    }

    fn site(&self) -> &Site {
        &self.effective.site
    }

    /// What is said of a rule: how bad it is, and what the site says of it in its own words.
    fn rule(&self, id: &str) -> Option<String> {
        self.policy.rule(id)?;
        let mut parts = Vec::new();
        let active = self.effective.active(id);
        parts.push(active.map_or(OFF, |active| active.severity.name()).to_owned());
        if let Some(stand) = self.site().rules.get(id).filter(|_| active.is_some()) {
            if let Some(fix) = stand.fix {
                parts.push(format!("fix {}", fix.map_or("none", |fix| fix.name())));
            }
            for (what, words) in [("message", &stand.message), ("help", &stand.help)] {
                parts.extend(words.as_ref().map(|words| format!("{what}: {}", words.text.trim())));
            }
            let url = active.filter(|_| stand.url.is_some()).map(ActiveRule::url);
            parts.extend(url.map(|url| if url.is_empty() { "no link".to_owned() } else { format!("see {url}") }));
        }
        Some(parts.join("; "))
    }
}

/// The policy of the packs up to the one of that name.
fn up_to_pack(name: &str, all: &Policy, engine: &Engine) -> anyhow::Result<Arc<Policy>> {
    let own = all.packs.get(1..).unwrap_or_default();
    let Some(at) = own.iter().position(|pack| pack.name == name) else {
        let layers = Level::ALL.iter().map(|level| level.name());
        let known: Vec<&str> = own.iter().map(|pack| pack.name.as_str()).chain(layers).collect();
        let near = nearest(name, known.iter().copied());
        let hint =
            near.map_or_else(|| format!("there are {}", known.join(", ")), |near| format!("did you mean `{near}`?"));
        bail!("there is no layer or pack `{name}` here: {hint}");
    };
    let folders: Vec<_> = own.iter().take(at + 1).map(|pack| pack.origin.clone().into()).collect();
    Ok(engine.settings.library().with(&folders)?)
}

/// All differences, by part and name.
fn changes(before: &Side, after: &Side) -> Vec<Change> {
    let mut found = Vec::new();
    let mut add = |group, name: &str, before: Option<String>, after: Option<String>| {
        if before != after {
            found.push(Change { group, name: name.to_owned(), before, after });
        }
    };
    let (old, new) = (before.site(), after.site());
    add("site", "scheduler", old.scheduler.clone(), new.scheduler.clone());
    let rules: BTreeSet<&str> =
        [before, after].into_iter().flat_map(|side| side.policy.rules.iter().map(|rule| rule.id.as_str())).collect();
    for id in rules {
        let (old, new) = (before.rule(id), after.rule(id));
        // A rule that is off where it is there judges as one that is not.
        if ![&old, &new].into_iter().flatten().all(|said| said == OFF) {
            add("rules", id, old, new);
        }
    }
    let symptoms: BTreeSet<&str> = [before, after].into_iter().flat_map(|side| side.policy.symptoms.ids()).collect();
    for id in symptoms {
        add("symptoms", id, before.symptom(id), after.symptom(id));
    }
    for (group, of) in PARTS {
        let (old, new) = (of(old), of(new));
        let names: BTreeSet<&String> = old.iter().chain(&new).map(|(name, _)| name).collect();
        let text = |list: &[(String, String)], name: &str| {
            list.iter().find(|(own, _)| own == name).map(|(_, text)| text.clone())
        };
        for name in names {
            add(group, name, text(&old, name), text(&new, name));
        }
    }
    found
}

/// The parts of a site with their names and texts.
type Part = fn(&Site) -> Vec<(String, String)>;

const PARTS: [(&str, Part); 5] = [
    ("places", |site| site.places.iter().map(|row| (row.place.clone(), paths(row))).collect()),
    ("quotas", |site| site.quotas.iter().map(|row| (row.place.clone(), quota(row))).collect()),
    ("values", |site| {
        let set = site.values.iter().filter(|(_, value)| value.data.is_set());
        set.map(|(name, value)| (name.clone(), shown(value))).collect()
    }),
    ("recipes", |site| site.recipes.iter().map(|(name, recipe)| (name.clone(), recipe.value.clone())).collect()),
    ("links", |site| site.links.iter().map(|(name, link)| (name.clone(), link.clone())).collect()),
];

fn paths(row: &crate::policy::site::PlaceRow) -> String {
    row.paths.iter().map(|path| path.text.as_str()).collect::<Vec<_>>().join(", ")
}

fn quota(row: &Quota) -> String {
    let files = row.files.map(|files| format!("{files} files"));
    row.bytes.iter().cloned().chain(files).collect::<Vec<_>>().join(", ")
}

fn shown(value: &SiteValue) -> String {
    match &value.data {
        ValueData::Text(text, _) => text.clone(),
        ValueData::Number(number) => number.to_string(),
        ValueData::List(items) => items.iter().map(|(text, _)| text.as_str()).collect::<Vec<_>>().join(", "),
        ValueData::Table(rows) => {
            rows.iter().map(|(key, _, text)| format!("{key} = {text}")).collect::<Vec<_>>().join(", ")
        }
    }
}

/// Rules on which the sites differ and the configuration makes them alike.
fn alike<'s>(before: &'s Side, after: &Side) -> Vec<&'s str> {
    let by_itself = |side: &Side, id: &str| {
        let rule = side.policy.rule(id)?;
        Some(Selection::default().severity_at(rule, side.site()))
    };
    let ids = before.policy.rules.iter().map(|rule| rule.id.as_str());
    ids.filter(|id| before.rule(id) == after.rule(id) && by_itself(before, id) != by_itself(after, id)).collect()
}

fn human(args: &Diff, changes: &[Change], alike: &[&str], out: &mut dyn Write) -> io::Result<()> {
    if changes.is_empty() {
        writeln!(out, "{} and {} judge alike", args.before, args.after)?;
        return told_alike(alike, out);
    }
    writeln!(out, "- {}\n+ {}", args.before, args.after)?;
    let mut group = "";
    for change in changes {
        if change.group != group {
            group = change.group;
            writeln!(out, "\n{group}")?;
        }
        writeln!(out, "  {}", for_terminal(&change.name))?;
        for (mark, text) in [('-', &change.before), ('+', &change.after)] {
            let text = text.as_deref().unwrap_or("not there");
            text.lines().try_for_each(|line| writeln!(out, "    {mark} {}", for_terminal(line)))?;
        }
    }
    told_alike(alike, out)
}

fn told_alike(alike: &[&str], out: &mut dyn Write) -> io::Result<()> {
    if alike.is_empty() {
        return Ok(());
    }
    writeln!(out, "\nalike as configured here, not by the sites themselves: {}", for_terminal(&alike.join(", ")))
}

fn document(args: &Diff, changes: &[Change]) -> Json {
    let change = |change: &Change| json!({ "part": change.group, "name": change.name, "before": change.before, "after": change.after });
    json!({
        "version": 1,
        "before": args.before,
        "after": args.after,
        "changes": changes.iter().map(change).collect::<Vec<_>>(),
    })
}
