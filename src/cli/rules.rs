//! `pydoctor rules list`.

use std::io::{self, Write};

use serde_json::json;

use crate::report::Format;

use super::Status;
use super::args::Listing;
use super::engine::{Engine, RuleInfo};
use super::settings::Settings;
use super::snapshot::Snapshot;
use super::streams::Streams;

/// Runs `pydoctor rules list`.
pub(super) fn list(args: &Listing, snapshot: &Snapshot, streams: &mut Streams) -> anyhow::Result<Status> {
    let settings = Settings::load(&args.policy, &[], &snapshot.cwd)?;
    let engine = Engine::new(&settings, snapshot)?;
    let rules = engine.rules();
    super::streams::emit(&args.format, streams, |format, out| match format {
        Format::Human => table(&rules, out),
        Format::Json => json(&rules, out),
    })?;
    Ok(Status::Clean)
}

fn table(rules: &[RuleInfo], out: &mut dyn Write) -> io::Result<()> {
    let width = rules.iter().map(|rule| rule.id.len()).max().unwrap_or(0);
    for rule in rules {
        let severity = rule.severity.map_or("off", |severity| severity.name());
        writeln!(out, "{:width$}  {severity:7}  {}", rule.id, rule.title)?;
    }
    Ok(())
}

fn json(rules: &[RuleInfo], out: &mut dyn Write) -> io::Result<()> {
    let rules: Vec<_> = rules
        .iter()
        .map(|rule| {
            let fixes: Vec<_> =
                rule.fixes.iter().map(|(title, class)| json!({ "title": title, "applicability": class })).collect();
            json!({
                "id": rule.id,
                "title": rule.title,
                "severity": rule.severity.map_or("off", |severity| severity.name()),
                "tags": rule.tags,
                "sources": rule.sources,
                "fixes": fixes,
            })
        })
        .collect();
    writeln!(out, "{}", json!({ "version": 1, "rules": rules }))
}
