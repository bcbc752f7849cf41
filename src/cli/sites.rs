//! `pydoctor sites list`.

use std::io::{self, Write};

use serde_json::json;

use crate::report::Format;

use super::Status;
use super::args::Listing;
use super::engine::{Engine, SiteInfo};
use super::settings::Settings;
use super::snapshot::Snapshot;
use super::streams::Streams;

/// Runs `pydoctor sites list`.
pub(super) fn list(args: &Listing, snapshot: &Snapshot, streams: &mut Streams) -> anyhow::Result<Status> {
    let settings = Settings::load(&args.policy, &[], &snapshot.cwd)?;
    let sites = Engine::new(&settings, snapshot)?.sites();
    super::streams::emit(&args.format, streams, |format, out| match format {
        Format::Human => table(&sites, out),
        Format::Json => json(&sites, out),
    })?;
    Ok(Status::Clean)
}

fn table(sites: &[SiteInfo], out: &mut dyn Write) -> io::Result<()> {
    let width = sites.iter().map(|site| site.id.len()).max().unwrap_or(0);
    for site in sites {
        let retired = match (&site.successor, site.retired) {
            (Some(successor), _) => format!(" (retired, see {successor})"),
            (None, true) => " (retired)".to_owned(),
            (None, false) => String::new(),
        };
        writeln!(out, "{:width$}  {:5}  {}{retired}", site.id, site.scheduler, site.name)?;
    }
    Ok(())
}

fn json(sites: &[SiteInfo], out: &mut dyn Write) -> io::Result<()> {
    let sites: Vec<_> = sites
        .iter()
        .map(|site| {
            json!({
                "id": site.id,
                "name": site.name,
                "scheduler": site.scheduler,
                "retired": site.retired,
                "successor": site.successor,
            })
        })
        .collect();
    writeln!(out, "{}", json!({ "version": 1, "sites": sites }))
}
