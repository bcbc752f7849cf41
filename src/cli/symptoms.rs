//! `pydoctor symptoms list`.

use std::io::{self, Write};

use serde_json::json;

use crate::policy::{CommandLine, Policy, Symptom};

use super::Status;
use super::args::{ListFormat, Listing};
use super::engine::Engine;
use super::snapshot::Snapshot;
use super::streams::{Streams, emit};

/// Runs `pydoctor symptoms list`.
pub(super) fn list(args: &Listing, snapshot: &Snapshot, streams: &mut Streams) -> anyhow::Result<Status> {
    let here = Engine::new(&args.policy, CommandLine::default(), snapshot)?.here()?;
    emit(&args.format, streams, |format, out| match format {
        ListFormat::Human => table(&here.policy, out),
        ListFormat::Json => json(&here.policy, out),
    })?;
    Ok(Status::Clean)
}

fn table(policy: &Policy, out: &mut dyn Write) -> io::Result<()> {
    let symptoms = policy.symptoms.all();
    let width = symptoms.iter().map(|symptom| symptom.id.len()).max().unwrap_or(0);
    symptoms.iter().try_for_each(|symptom| writeln!(out, "{:width$}  {}", symptom.id, symptom.title))
}

fn json(policy: &Policy, out: &mut dyn Write) -> io::Result<()> {
    let symptom = |symptom: &Symptom| {
        json!({
            "id": symptom.id,
            "title": symptom.title,
            "sources": symptom.sources,
            "rules": symptom.rules,
            "explains": symptom.explains,
        })
    };
    let symptoms: Vec<_> = policy.symptoms.all().iter().map(|each| symptom(each)).collect();
    writeln!(out, "{}", json!({ "version": 1, "symptoms": symptoms }))
}
