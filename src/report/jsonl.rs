//! JSON Lines: one object a line, told apart by `type`; the objects are those of the JSON format. Outputs of several
//! runs may be put one after the other.

use std::io::{self, Write};

use serde::Serialize;

use super::encode;
use super::json;
use super::model::Report;

#[derive(Serialize)]
#[serde(tag = "type", rename_all = "snake_case")]
enum Line<'a> {
    Run { version: u32, sites: Vec<json::Site<'a>> },
    Finding(Box<json::Finding<'a>>),
    NotUnderstood(json::NotUnderstood<'a>),
    NotChecked { path: String },
    Problem { message: &'a str },
    Fixes(json::FixRun<'a>),
    Undo(json::Undo),
    Summary(json::Summary),
}

/// Writes the run, its findings, what was not understood or not done, and the summary, each on a line. Errors are
/// those of `out`.
pub(super) fn write(report: &Report, out: &mut dyn Write) -> io::Result<()> {
    let mut line = |line: Line<'_>| {
        encode::compact(&line, out)?;
        out.write_all(b"\n")
    };
    line(Line::Run { version: json::VERSION, sites: json::sites(report) })?;
    report.findings.iter().try_for_each(|each| line(Line::Finding(Box::new(json::finding(each)))))?;
    report.not_understood.iter().try_for_each(|each| line(Line::NotUnderstood(json::not_understood(each))))?;
    report.not_checked.iter().try_for_each(|path| line(Line::NotChecked { path: json::shown(path) }))?;
    report.problems.iter().try_for_each(|message| line(Line::Problem { message }))?;
    if let Some(fixes) = &report.fixes {
        fixes.files.iter().try_for_each(|run| line(Line::Fixes(json::fix_run(run))))?;
        json::undo(fixes).into_iter().try_for_each(|undo| line(Line::Undo(undo)))?;
    }
    line(Line::Summary(json::summary(report)))
}
