//! The JSON format of diagnoses, version 1: a contract. Keys are only ever added.

use std::io::{self, Write};

use serde::Serialize;

use crate::report::{encode, json};

use super::super::model::{self, Confidence, Diagnosis};

#[derive(Serialize)]
struct Document<'a> {
    version: u32,
    site: &'a str,
    causes: Vec<Cause<'a>>,
    findings: Vec<json::Finding<'a>>,
    questions: &'a [String],
    ticket: &'a str,
    site_why: &'a str,
    pieces: &'a [String],
    left_out: &'a [String],
}

#[derive(Serialize)]
struct Cause<'a> {
    id: &'a str,
    confidence: Confidence,
    summary: &'a str,
    evidence: Vec<Evidence<'a>>,
    remedy: &'a str,
    url: &'a str,
    title: &'a str,
    commands: Vec<&'a str>,
    avoid: &'a str,
    rules: &'a [String],
    contradictions: &'a [String],
    follows: Option<&'a str>,
}

#[derive(Serialize)]
struct Evidence<'a> {
    line: usize,
    text: &'a str,
    path: &'a str,
}

#[derive(Serialize)]
struct Several<'a> {
    version: u32,
    tickets: Vec<Document<'a>>,
}

/// Writes one object and a line feed: the diagnosis of one ticket, or a list of those of several. Errors are those of
/// `out`.
pub(super) fn write(diagnoses: &[Diagnosis], out: &mut dyn Write) -> io::Result<()> {
    match diagnoses {
        [one] => encode::compact(&document(one), out)?,
        several => encode::compact(&Several { version: 1, tickets: several.iter().map(document).collect() }, out)?,
    }
    out.write_all(b"\n")
}

/// Writes one object for each ticket, each on a line. Errors are those of `out`.
pub(super) fn write_lines(diagnoses: &[Diagnosis], out: &mut dyn Write) -> io::Result<()> {
    diagnoses.iter().try_for_each(|diagnosis| {
        encode::compact(&document(diagnosis), out)?;
        out.write_all(b"\n")
    })
}

fn document(diagnosis: &Diagnosis) -> Document<'_> {
    Document {
        version: 1,
        site: &diagnosis.site.id,
        causes: diagnosis.causes.iter().map(cause).collect(),
        findings: diagnosis.findings.iter().map(json::finding).collect(),
        questions: &diagnosis.questions,
        ticket: &diagnosis.ticket,
        site_why: &diagnosis.site.why,
        pieces: &diagnosis.pieces,
        left_out: &diagnosis.left_out,
    }
}

fn cause(cause: &model::Cause) -> Cause<'_> {
    Cause {
        id: &cause.id,
        confidence: cause.confidence,
        summary: &cause.summary,
        evidence: cause
            .evidence
            .iter()
            .map(|each| Evidence { line: each.line, text: &each.text, path: &each.path })
            .collect(),
        remedy: &cause.remedy,
        url: &cause.url,
        title: &cause.title,
        commands: cause.commands.lines().collect(),
        avoid: &cause.avoid,
        rules: &cause.rules,
        contradictions: &cause.contradictions,
        follows: cause.follows.as_deref(),
    }
}
