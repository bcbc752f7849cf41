//! `pydoctor explain RULE`: what, why, who asks for it, examples, fixes, each site's stand.

use std::collections::BTreeMap;
use std::io::{self, Write};
use std::path::Path;

use anyhow::bail;

use crate::policy::fix::FixSpec;
use crate::policy::rule::Within;
use crate::policy::site::{Spoken, Stand};
use crate::policy::{CommandLine, Lock, PackInfo, PolicyError, Rule, Selection, Severity, Site, nearest};
use crate::report::for_terminal;

use super::Status;
use super::args;
use super::engine::{Engine, Here};
use super::examples::{self, Example};
use super::snapshot::Snapshot;
use super::streams::Streams;

/// A case of more files shows several things at once.
const MOST_BESIDE: usize = 3;

/// Runs `pydoctor explain`.
pub(super) fn run(args: &args::Explain, snapshot: &Snapshot, streams: &mut Streams) -> anyhow::Result<Status> {
    let engine = Engine::new(&args.policy, CommandLine::default(), snapshot)?;
    let here = engine.here()?;
    let Some(rule) = here.policy.rule(&args.rule) else {
        if here.policy.symptoms.contains(&args.rule) {
            bail!("`{0}` is a symptom of tickets, not a rule; `pydoctor symptoms list` shows what each is", args.rule);
        }
        let ids = here.policy.rules.iter().map(|rule| rule.id.as_str());
        return Err(PolicyError::UnknownRule { nearest: nearest(&args.rule, ids), name: args.rule.clone() }.into());
    };
    streams.print(|out| write(rule, &here, &engine, out));
    Ok(Status::Clean)
}

fn write(rule: &Rule, here: &Here, engine: &Engine, out: &mut dyn Write) -> io::Result<()> {
    writeln!(out, "{}: {}\n", rule.id, rule.title)?;
    writeln!(out, "{}\n", rule.why.trim())?;
    let site = &here.site.id;
    writeln!(out, "Severity: {} (site {site})", here.severity(rule).map_or("off", Severity::name))?;
    let known = here.policy_of(rule);
    let own = known.sites.get(site).unwrap_or(&here.effective.site);
    let stand = own.rules.get(&rule.id);
    if let Some(stand) = stand {
        write_words(stand, own, out)?;
    }
    if let Some(lock) = here.effective.locks.get(&rule.id) {
        writeln!(out, "{}", for_terminal(&locked(lock, engine)))?;
    }
    writeln!(out, "Tags: {}", rule.tags.join(", "))?;
    let pack = pack_of(rule, here);
    if let Some(pack) = pack {
        let folder = engine.settings.shown(Path::new(&pack.origin)).display();
        writeln!(out, "Pack: {}", for_terminal(&format!("{} {}, {folder}", pack.name, pack.version)))?;
    }
    if !rule.sources.is_empty() {
        writeln!(out, "Asked for by:")?;
        rule.sources.iter().try_for_each(|source| writeln!(out, "  {source}"))?;
    }
    write_fixes(rule, own, stand, out)?;
    let examples = match pack {
        None => examples::of(&rule.id),
        Some(pack) => examples::of_pack(Path::new(&pack.origin), &rule.id),
    };
    let others = rule.clauses.iter().flat_map(|clause| clause.with.iter().chain(&clause.without));
    let looks_elsewhere = others.into_iter().any(|other| other.within != Within::File);
    examples.iter().try_for_each(|example| write_example(example, looks_elsewhere, out))?;
    writeln!(out, "\nAt the sites:")?;
    let width = known.sites.keys().map(String::len).max().unwrap_or(0);
    let configured = |site: &Site| here.selection.severity_at(rule, site);
    known.sites.values().try_for_each(|site| write_stand(rule, site, configured(site), width, out))?;
    let own = |site: &Site| Selection::default().severity_at(rule, site);
    let changed = known.sites.values().any(|site| own(site) != configured(site));
    if changed {
        writeln!(out, "\nas configured here; `pydoctor sites show SITE` tells what a site says by itself")?;
    }
    Ok(())
}

/// The pack that brings a rule; `None` for the built-in one.
fn pack_of<'h>(rule: &Rule, here: &'h Here) -> Option<&'h PackInfo> {
    let own = here.policy_of(rule).packs.iter().skip(1);
    own.rev().find(|pack| Path::new(&rule.origin).starts_with(&pack.origin))
}

/// What of a rule is locked, where, and why.
fn locked(lock: &Lock, engine: &Engine) -> String {
    let Lock { spec, place: (file, line), .. } = lock;
    let parts = spec.parts();
    let reason = if spec.reason.is_empty() { String::new() } else { format!(": {}", spec.reason) };
    format!("Locked: {} ({}:{line}{reason})", parts.join(", "), engine.settings.shown(file).display())
}

/// What the site says in the place of the rule's own words.
fn write_words(stand: &Stand, site: &Site, out: &mut dyn Write) -> io::Result<()> {
    let text = |words: &Option<Spoken>| words.as_ref().map(|words| words.text.trim().to_owned());
    let words =
        [("Message", text(&stand.message)), ("Help", text(&stand.help)), ("Link", stand.link(site).map(str::to_owned))];
    for (what, words) in words {
        if let Some(words) = words {
            writeln!(out, "{what} (site {}): {}", site.id, for_terminal(&words))?;
        }
    }
    Ok(())
}

fn write_fixes(rule: &Rule, site: &Site, stand: Option<&Stand>, out: &mut dyn Write) -> io::Result<()> {
    let trusted = stand.and_then(|stand| stand.fix);
    if trusted == Some(None) {
        return writeln!(out, "Fix: none at {}", site.id);
    }
    let mut fixes: BTreeMap<usize, &FixSpec> = BTreeMap::new();
    for fix in rule.fixes() {
        fixes.entry(fix.number).or_insert(fix);
    }
    if fixes.is_empty() {
        return writeln!(out, "Fix: none, advice only");
    }
    let is_only = rule.fix_count() == 1;
    for (number, fix) in &fixes {
        let class = trusted.flatten().unwrap_or(fix.applicability).name();
        let missing =
            fix.texts().chain([&fix.title]).flat_map(|text| &text.parts).find_map(|part| part.missing_at(site));
        let note = missing.map(|name| format!(" (not offered at {}, which does not set `{name}`)", site.id));
        let which = if is_only { "Fix".to_owned() } else { format!("Fix {number}") };
        let fix = format!("{which} ({class}): {}{}", fix.title.at_site(site), note.unwrap_or_default());
        writeln!(out, "{}", for_terminal(&fix))?;
    }
    let first = if is_only { "" } else { "the first that can be offered counts; " };
    writeln!(out, "  {first}`pydoctor check -v FILE` says at each line what keeps it from being offered")?;
    if fixes.values().any(|fix| fix.title.at_site(site).contains('{')) {
        writeln!(out, "  what is in braces is filled in from the line and the site")?;
    }
    Ok(())
}

/// An example, with the files beside it where the rule looks at these too.
fn write_example(example: &Example, with_others: bool, out: &mut dyn Write) -> io::Result<()> {
    let what = if example.bad { "Flagged" } else { "Not flagged" };
    writeln!(out, "\n{what}: {} ({})\n", example.note, example.name)?;
    write_lines(&example.text, out)?;
    for (name, text) in example.beside.iter().filter(|_| with_others && example.beside.len() <= MOST_BESIDE) {
        writeln!(out, "\n  beside it {}\n", for_terminal(name))?;
        write_lines(text, out)?;
    }
    Ok(())
}

fn write_lines(text: &str, out: &mut dyn Write) -> io::Result<()> {
    text.lines().try_for_each(|line| writeln!(out, "{}", format!("    {line}").trim_end()))
}

/// How bad the rule is at a site, and what the site says of it in its own words.
fn write_stand(
    rule: &Rule,
    site: &Site,
    severity: Option<Severity>,
    width: usize,
    out: &mut dyn Write,
) -> io::Result<()> {
    let stand = site.rules.get(&rule.id);
    let severity = severity.map_or("off", Severity::name);
    let words = stand.and_then(|stand| stand.reason.as_ref().or(stand.help.as_ref().map(|help| &help.text)));
    let words = words.map(String::as_str).unwrap_or_default();
    writeln!(out, "{}", format!("  {:width$}  {severity:7}  {}", site.id, words.trim()).trim_end())
}
