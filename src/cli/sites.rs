//! `pydoctor sites list`, and beside it `show` and `detect`.

pub(super) mod detect;
pub(super) mod diff;
pub(super) mod show;

use std::io::{self, Write};

use serde_json::json;

use crate::policy::{CommandLine, Policy, Site};

use super::Status;
use super::args::{ListFormat, Listing};
use super::engine::{Engine, Here};
use super::snapshot::Snapshot;
use super::streams::{Streams, emit};

/// Runs `pydoctor sites list`.
pub(super) fn list(args: &Listing, snapshot: &Snapshot, streams: &mut Streams) -> anyhow::Result<Status> {
    let engine = Engine::new(&args.policy, CommandLine::default(), snapshot)?;
    let here = engine.here()?;
    emit(&args.format, streams, |format, out| match format {
        ListFormat::Human => table(&here, out),
        ListFormat::Json => json(&here.known, out),
    })?;
    Ok(Status::Clean)
}

/// One line a site; the one that judges here is marked.
fn table(here: &Here, out: &mut dyn Write) -> io::Result<()> {
    let sites = &here.known.sites;
    let width = sites.keys().map(String::len).max().unwrap_or(0);
    sites.values().try_for_each(|site| {
        let mark = if site.id == here.site.id { '*' } else { ' ' };
        let scheduler = site.scheduler.as_deref().unwrap_or("-");
        writeln!(out, "{mark} {:width$}  {scheduler:5}  {}{}", site.id, site.name, retired(site))
    })?;
    writeln!(out, "\n* judges here: {}", here.site.why)
}

fn retired(site: &Site) -> String {
    let Some(retired) = &site.retired else { return String::new() };
    let since = retired.since.as_ref().map(|since| format!(" {since}")).unwrap_or_default();
    match &retired.successor {
        Some(successor) => format!(" (retired{since}, now {successor})"),
        None => format!(" (retired{since})"),
    }
}

fn json(policy: &Policy, out: &mut dyn Write) -> io::Result<()> {
    let site = |site: &Site| {
        json!({
            "id": site.id,
            "name": site.name,
            "extends": site.extends,
            "scheduler": site.scheduler,
            "retired": site.retired.as_ref().map(|retired| retired.since.as_deref().unwrap_or("yes")),
            "successor": site.retired.as_ref().and_then(|retired| retired.successor.as_ref()),
        })
    };
    let sites: Vec<_> = policy.sites.values().map(|each| site(each)).collect();
    writeln!(out, "{}", json!({ "version": 1, "sites": sites }))
}
