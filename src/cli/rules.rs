//! `pydoctor rules list`, and beside it `new`, `check`, `test` and `schema`.

pub(super) mod check;
pub(super) mod new;
pub(super) mod schema;
pub(super) mod test;

use std::io::{self, Write};

use serde_json::json;

use crate::policy::{CommandLine, Rule, Severity};

use super::Status;
use super::args::{ListFormat, Listing};
use super::engine::{Engine, Here};
use super::snapshot::Snapshot;
use super::streams::{Streams, emit};

/// Runs `pydoctor rules list`.
pub(super) fn list(args: &Listing, snapshot: &Snapshot, streams: &mut Streams) -> anyhow::Result<Status> {
    let engine = Engine::new(&args.policy, CommandLine::default(), snapshot)?;
    let here = engine.here()?;
    emit(&args.format, streams, |format, out| match format {
        ListFormat::Human => table(&here, out),
        ListFormat::Json => json(&here, out),
    })?;
    Ok(Status::Clean)
}

/// How bad a rule is here, for people and programs.
fn severity(here: &Here, rule: &Rule) -> &'static str {
    here.severity(rule).map_or("off", Severity::name)
}

fn table(here: &Here, out: &mut dyn Write) -> io::Result<()> {
    let rules = &here.policy.rules;
    let width = rules.iter().map(|rule| rule.id.len()).max().unwrap_or(0);
    rules.iter().try_for_each(|rule| writeln!(out, "{:width$}  {:7}  {}", rule.id, severity(here, rule), rule.title))
}

fn json(here: &Here, out: &mut dyn Write) -> io::Result<()> {
    let rule = |rule: &Rule| {
        json!({
            "id": rule.id,
            "title": rule.title,
            "severity": severity(here, rule),
            "tags": rule.tags,
            "sources": rule.sources,
            "fix": rule.fixes().map(|fix| fix.applicability).max(),
        })
    };
    let rules: Vec<_> = here.policy.rules.iter().map(|each| rule(each)).collect();
    writeln!(out, "{}", json!({ "version": 1, "site": here.site.id, "rules": rules }))
}
