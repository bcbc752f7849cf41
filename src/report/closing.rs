//! What stands below the findings in every format for people: details, what `--fix` did, counts, the last line.

use std::io::{self, Write};

use crate::check::Applicability;

use super::human::HumanOptions;
use super::model::{BaselineUse, Excluded, FixRun, Fixes, Mended, NotObeyed, Report, Why};
use super::statistics;
use super::text::for_terminal;

/// Writes all of it. Errors are those of `out`.
pub(super) fn write(report: &Report, options: &HumanOptions, out: &mut dyn Write) -> io::Result<()> {
    if options.verbose {
        details(report, out)?;
    }
    if let Some(fixes) = &report.fixes {
        fixes.files.iter().try_for_each(|run| fix_run(run, fixes.silences, options, out))?;
    }
    report.not_obeyed.iter().try_for_each(|said| not_obeyed(said, out))?;
    report.notes.iter().try_for_each(|note| writeln!(out, "{}", for_terminal(note)))?;
    if let Some(told) = kept_loud(report).filter(|_| !options.quiet) {
        writeln!(out, "{told}")?;
    }
    if !options.quiet {
        report.baselines.iter().try_for_each(|used| baseline(used, out))?;
    }
    if options.statistics {
        statistics::write(report, options, out)?;
    }
    if !options.quiet {
        let all_seen = report.not_understood.is_empty() && report.excluded.is_empty();
        writeln!(out, "{}{}", line(report), if options.verbose || all_seen { "" } else { " (-v shows where)" })?;
        report.fixes.iter().try_for_each(|fixes| how_to_undo(fixes, out))?;
    }
    Ok(())
}

/// The closing line: what was checked, for which site, what was found, what can be done.
pub fn line(report: &Report) -> String {
    let summary = &report.summary;
    let mut line = format!("{} checked", count(summary.files, "file"));
    match report.sites.as_slice() {
        [] => {}
        [(site, _)] => line.push_str(&format!(" for {}", site.id)),
        sites => {
            let ids: Vec<&str> = sites.iter().map(|(site, _)| site.id.as_str()).collect();
            line.push_str(&format!(" for {}", ids.join(", ")));
        }
    }
    let counts = [(summary.errors, "error"), (summary.warnings, "warning"), (summary.hints, "hint")];
    let found: Vec<String> =
        counts.iter().filter(|(number, _)| *number > 0).map(|(number, name)| count(*number, name)).collect();
    line.push_str(": ");
    let fixed = report.fixes.iter().flat_map(|fixes| &fixes.files).filter(|run| run.not_written.is_none());
    let done = if report.fixes.as_ref().is_some_and(|fixes| fixes.silences) { "silenced" } else { "fixed" };
    match (fixed.map(|run| run.applied.len()).sum::<usize>(), found.is_empty()) {
        (0, true) => line.push_str("nothing found"),
        (0, false) => line.push_str(&found.join(", ")),
        (fixed, true) => line.push_str(&format!("{fixed} {done}, nothing left")),
        (fixed, false) => line.push_str(&format!("{fixed} {done}, {} left", found.join(", "))),
    }
    let hidden = [(summary.suppressed - summary.baselined, "suppressed"), (summary.baselined, "in the baseline")];
    let hidden: Vec<String> =
        hidden.iter().filter(|(number, _)| *number > 0).map(|(number, how)| format!("{number} {how}")).collect();
    if !hidden.is_empty() {
        line.push_str(&format!(" ({})", hidden.join(", ")));
    }
    match (summary.fixable_safe, summary.fixable_unsafe) {
        (0, 0) => {}
        (safe, 0) => line.push_str(&format!("; --fix mends {safe}")),
        (0, other) => line.push_str(&format!("; --fix --unsafe-fixes mends {other}")),
        (safe, other) => line.push_str(&format!("; --fix mends {safe}, --fix --unsafe-fixes {}", safe + other)),
    }
    match report.excluded.len() {
        0 => {}
        paths => line.push_str(&format!("; {} excluded", count(paths, "path"))),
    }
    match report.not_understood.len() {
        0 => {}
        places => line.push_str(&format!("; {} not understood", count(places, "place"))),
    }
    line
}

/// What was to be silenced and is not, as a lock keeps it loud.
pub fn kept_loud(report: &Report) -> Option<String> {
    match report.kept_loud {
        0 => None,
        1 => Some("1 finding is left out: a lock keeps it loud".to_owned()),
        more => Some(format!("{more} findings are left out: locks keep them loud")),
    }
}

/// A number and what is counted, in the plural where it is not one.
pub(super) fn count(number: usize, name: &str) -> String {
    format!("{number} {name}{}", if number == 1 { "" } else { "s" })
}

/// What `-v` adds.
fn details(report: &Report, out: &mut dyn Write) -> io::Result<()> {
    for region in &report.not_understood {
        let path = region.path.to_string_lossy();
        let lines = match region.end_line {
            last if last == region.line => region.line.to_string(),
            last => format!("{}-{last}", region.line),
        };
        writeln!(out, "{}:{lines}: not understood: {}", for_terminal(&path), for_terminal(&region.reason))?;
    }
    for finding in report.findings.iter().filter(|finding| finding.suppressed.is_some()) {
        let path = finding.place.path.to_string_lossy();
        let reason = match finding.suppressed.as_deref() {
            None | Some("") => String::new(),
            Some(reason) => format!(": {}", for_terminal(reason)),
        };
        writeln!(out, "{}:{}: suppressed: {}{reason}", for_terminal(&path), finding.place.start.line, finding.rule)?;
    }
    for path in &report.not_checked {
        writeln!(out, "{}: not a kind that pydoctor checks", for_terminal(&path.to_string_lossy()))?;
    }
    for Excluded { path, why } in &report.excluded {
        let why = match why {
            Why::By(by) => format!("{} excludes it", for_terminal(by)),
            Why::Fixtures(pack) => {
                format!("fixtures of the pack `{}`, which is loaded", for_terminal(&pack.to_string_lossy()))
            }
        };
        writeln!(out, "{}: left out: {why}", for_terminal(&path.to_string_lossy()))?;
    }
    for file in &report.configurations {
        writeln!(out, "configuration: {}", for_terminal(&file.to_string_lossy()))?;
    }
    for (site, files) in &report.sites {
        writeln!(out, "site {} for {}: {}", site.id, count(*files, "file"), for_terminal(&site.why))?;
    }
    Ok(())
}

/// What a baseline knows and is no more, and what was written into it.
fn baseline(used: &BaselineUse, out: &mut dyn Write) -> io::Result<()> {
    let file = used.file.to_string_lossy();
    let file = for_terminal(&file);
    if let Some((added, dropped)) = used.written {
        let known = count(used.hidden, "known finding");
        return writeln!(out, "{file}: written, {known}: {added} new, {dropped} dropped");
    }
    for Mended { path, rule, count } in &used.mended {
        let times = if *count == 1 { String::new() } else { format!(", {count} times") };
        writeln!(out, "{file}: mended: {rule} in {}{times}", for_terminal(path))?;
    }
    if used.mended.is_empty() { Ok(()) } else { writeln!(out, "{file}: --write-baseline drops what is mended") }
}

/// What was said against a lock, with the reason of those who locked it.
fn not_obeyed(said: &NotObeyed, out: &mut dyn Write) -> io::Result<()> {
    writeln!(out, "{}", for_terminal(&said.to_string()))
}

/// How what `--fix` did is taken back.
fn how_to_undo(fixes: &Fixes, out: &mut dyn Write) -> io::Result<()> {
    if let Some(run) = fixes.run {
        writeln!(out, "the originals are kept: `pydoctor undo --run {run}` restores them")?;
    }
    if let Some(reason) = &fixes.why_beside {
        let folders: Vec<String> = fixes.beside.iter().map(|folder| folder.display().to_string()).collect();
        let (folders, reason) = (for_terminal(&folders.join(", ")).into_owned(), for_terminal(reason));
        writeln!(
            out,
            "originals are kept beside the files in {folders}, since the journal at home cannot be written \
            ({reason}): `pydoctor undo FILE` restores them"
        )?;
    }
    Ok(())
}

/// What `--fix` did to one file.
fn fix_run(run: &FixRun, silences: bool, options: &HumanOptions, out: &mut dyn Write) -> io::Result<()> {
    let path = run.path.to_string_lossy();
    let path = for_terminal(&path);
    // That a file could not be written is told as trouble, whatever the format.
    if run.not_written.is_none() && !options.quiet {
        for fix in &run.applied {
            let class = if fix.applicability == Applicability::Unsafe { " (unsafe)" } else { "" };
            let done = if silences { "silenced" } else { "fixed" };
            writeln!(out, "{path}:{}: {done}{class}: {}: {}", fix.line, fix.rule, for_terminal(&fix.title))?;
        }
        if let Some(note) = &run.note {
            writeln!(out, "{path}: {}", for_terminal(note))?;
        }
    }
    for fix in &run.dropped {
        let title = for_terminal(&fix.title);
        let reason = for_terminal(&fix.reason);
        let (line, rule) = (fix.line, &fix.rule);
        match silences {
            true => writeln!(out, "{path}:{line}: {rule} not silenced ({title}): {reason}")?,
            false => writeln!(out, "{path}:{line}: fix of {rule} not applied ({title}): {reason}")?,
        }
    }
    Ok(())
}
