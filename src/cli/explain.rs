//! `pydoctor explain RULE`: what, why, who asks for it, examples, fixes, each site's stand.

use std::io::{self, Write};

use anyhow::bail;

use crate::check::Applicability;

use super::Status;
use super::args;
use super::engine::{Engine, Example, RuleInfo};
use super::settings::Settings;
use super::snapshot::Snapshot;
use super::streams::Streams;

/// Runs `pydoctor explain`.
pub(super) fn run(args: &args::Explain, snapshot: &Snapshot, streams: &mut Streams) -> anyhow::Result<Status> {
    let settings = Settings::load(&args.policy, &[], &snapshot.cwd)?;
    let engine = Engine::new(&settings, snapshot)?;
    let rules = engine.rules();
    let Some(rule) = rules.iter().find(|rule| rule.id == args.rule) else {
        bail!("{}", super::engine::unknown("rule", &args.rule, rules.iter().map(|rule| rule.id.as_str())));
    };
    streams.print(|out| write(rule, out));
    Ok(Status::Clean)
}

fn write(rule: &RuleInfo, out: &mut dyn Write) -> io::Result<()> {
    writeln!(out, "{}: {}", rule.id, rule.title)?;
    writeln!(out)?;
    let severity = rule.severity.map_or("off here", |severity| severity.name());
    writeln!(out, "Severity: {severity}    Tags: {}", rule.tags.join(", "))?;
    writeln!(out)?;
    writeln!(out, "{}", rule.why.trim())?;
    if !rule.sources.is_empty() {
        writeln!(out)?;
        writeln!(out, "Asked for by:")?;
        for source in &rule.sources {
            writeln!(out, "  {source}")?;
        }
    }
    for example in &rule.examples {
        write_example(example, out)?;
    }
    writeln!(out)?;
    match rule.fixes.as_slice() {
        [] => writeln!(out, "Fix: none, advice only")?,
        fixes => {
            for (title, applicability) in fixes {
                writeln!(out, "Fix ({}): {title}", class(*applicability))?;
            }
        }
    }
    if !rule.stands.is_empty() {
        writeln!(out)?;
        writeln!(out, "Where sites have their own stand:")?;
        let width = rule.stands.iter().map(|(site, _)| site.len()).max().unwrap_or(0);
        for (site, stand) in &rule.stands {
            writeln!(out, "  {site:width$}  {stand}")?;
        }
    }
    Ok(())
}

const fn class(applicability: Applicability) -> &'static str {
    match applicability {
        Applicability::Safe => "safe",
        Applicability::Unsafe => "unsafe",
        Applicability::Display => "by hand",
    }
}

fn write_example(example: &Example, out: &mut dyn Write) -> io::Result<()> {
    writeln!(out)?;
    let what = if example.bad { "Flagged" } else { "Not flagged" };
    writeln!(out, "{what}: {} ({})", example.note, example.name)?;
    writeln!(out)?;
    for line in example.text.lines() {
        writeln!(out, "{}", format!("    {line}").trim_end())?;
    }
    Ok(())
}
