//! `pydoctor explain RULE`: what, why, who asks for it, examples, fixes, each site's stand.

use std::io::{self, Write};

use crate::policy::fix::FixSpec;
use crate::policy::{CommandLine, PolicyError, Rule, Selection, Site, nearest};

use super::Status;
use super::args;
use super::engine::{Engine, Here};
use super::examples::{self, Example};
use super::snapshot::Snapshot;
use super::streams::Streams;

/// Runs `pydoctor explain`.
pub(super) fn run(args: &args::Explain, snapshot: &Snapshot, streams: &mut Streams) -> anyhow::Result<Status> {
    let engine = Engine::new(&args.policy, CommandLine::default(), snapshot)?;
    let here = engine.here()?;
    let Some(rule) = here.policy.rule(&args.rule) else {
        let ids = here.policy.rules.iter().map(|rule| rule.id.as_str());
        return Err(PolicyError::UnknownRule { nearest: nearest(&args.rule, ids), name: args.rule.clone() }.into());
    };
    streams.print(|out| write(rule, &here, out));
    Ok(Status::Clean)
}

fn write(rule: &Rule, here: &Here, out: &mut dyn Write) -> io::Result<()> {
    writeln!(out, "{}: {}\n", rule.id, rule.title)?;
    writeln!(out, "{}\n", rule.why.trim())?;
    let site = &here.site.id;
    match here.effective.active(&rule.id) {
        Some(active) => writeln!(out, "Severity: {} (site {site})", active.severity.name())?,
        None => writeln!(out, "Severity: off (site {site})")?,
    }
    writeln!(out, "Tags: {}", rule.tags.join(", "))?;
    if !rule.sources.is_empty() {
        writeln!(out, "Asked for by:")?;
        rule.sources.iter().try_for_each(|source| writeln!(out, "  {source}"))?;
    }
    write_fixes(rule, out)?;
    examples::of(&rule.id).iter().try_for_each(|example| write_example(example, out))?;
    writeln!(out, "\nAt the sites:")?;
    let width = here.policy.sites.keys().map(String::len).max().unwrap_or(0);
    here.policy.sites.values().try_for_each(|site| write_stand(rule, site, width, out))
}

fn write_fixes(rule: &Rule, out: &mut dyn Write) -> io::Result<()> {
    let mut fixes: Vec<(String, &str)> = Vec::new();
    for FixSpec { title, applicability, .. } in rule.fixes() {
        let fix = (examples::title(&rule.id, &title.source()), applicability.name());
        if !fixes.contains(&fix) {
            fixes.push(fix);
        }
    }
    if fixes.is_empty() {
        writeln!(out, "Fix: none, advice only")?;
    }
    fixes.iter().try_for_each(|(title, class)| writeln!(out, "Fix ({class}): {title}"))
}

fn write_example(example: &Example, out: &mut dyn Write) -> io::Result<()> {
    let what = if example.bad { "Flagged" } else { "Not flagged" };
    writeln!(out, "\n{what}: {} ({})\n", example.note, example.name)?;
    example.text.lines().try_for_each(|line| writeln!(out, "{}", format!("    {line}").trim_end()))
}

/// How bad the rule is at a site, and what the site says of it in its own words.
fn write_stand(rule: &Rule, site: &Site, width: usize, out: &mut dyn Write) -> io::Result<()> {
    let stand = site.rules.get(&rule.id);
    let severity = Selection::default().severity(rule, stand).map_or("off", |severity| severity.name());
    let words = stand.and_then(|stand| stand.reason.as_ref().or(stand.help.as_ref().map(|help| &help.text)));
    let words = words.map(String::as_str).unwrap_or_default();
    writeln!(out, "{}", format!("  {:width$}  {severity:7}  {}", site.id, words.trim()).trim_end())
}
