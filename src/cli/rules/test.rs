//! `pydoctor rules test DIR`: the fixtures of packs.

use std::collections::BTreeSet;
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use crate::cli::fixtures::{Outcome, Suite, Wrong, files};
use crate::policy::pack::FIXTURES;
use crate::policy::{Library, PackInfo, Problem, nearest};
use crate::report::for_terminal;

use super::super::Status;
use super::super::args::TestPacks;
use super::super::folders::real;
use super::super::snapshot::Snapshot;
use super::super::streams::Streams;
use super::check::{folders, own_packs, shown};

/// Runs `pydoctor rules test`. Exit status 1 when a case is not as it should be.
pub(in super::super) fn run(args: &TestPacks, snapshot: &Snapshot, streams: &mut Streams) -> anyhow::Result<Status> {
    let folders = folders(&args.packs, snapshot)?;
    let cwd = real(&snapshot.cwd);
    let (policy, blanks) = Library::with_blanks(&folders).map_err(|error| error.seen_from(&cwd))?;
    let policy = Arc::new(policy);
    let mut status = if blanks.is_empty() { Status::Clean } else { Status::Found };
    for (pack, folder) in own_packs(&policy).iter().zip(&args.packs.folders) {
        let folder = snapshot.cwd.join(folder).join(FIXTURES);
        let suite = Suite {
            policy: policy.clone(),
            folder: folder.clone(),
            rules: pack.rules.clone(),
            symptoms: pack.symptoms.clone(),
            select: pack.rules.clone(),
            bless: args.bless,
        };
        let mut outcome = suite.run()?;
        outcome.wrong.extend(strangers(&folder)?);
        if !outcome.wrong.is_empty() {
            status = Status::Found;
        }
        let shown =
            Shown { pack, outcome: &outcome, folder: relative(&folder, &snapshot.cwd), dirs: shown(&args.packs) };
        streams.print(|out| shown.write(args.bless, &snapshot.cwd, out));
    }
    if !blanks.is_empty() {
        streams.print(|out| write_blanks(&blanks, &cwd, out));
    }
    Ok(status)
}

/// Folders beside those of the cases, which are not read: most likely they were meant to be.
fn strangers(fixtures: &Path) -> io::Result<Vec<(String, Wrong)>> {
    let names = Suite::FOLDERS;
    let others = files::folders(fixtures)?.into_iter().map(|folder| files::name(&folder));
    let told = |folder: String| {
        let near = nearest(&folder, names).map(|near| format!("did you mean `{near}`? ")).unwrap_or_default();
        let what = format!("is not read; {near}a case is a folder `{}/ID/CASE`", names.join("/ID/CASE`, `"));
        (folder, Wrong::of_case(what))
    };
    Ok(others.filter(|folder| !names.contains(&folder.as_str())).map(told).collect())
}

/// What is told of a run.
struct Shown<'a> {
    pack: &'a PackInfo,
    outcome: &'a Outcome,
    folder: PathBuf,
    dirs: String,
}

impl Shown<'_> {
    fn write(&self, bless: bool, cwd: &Path, out: &mut dyn Write) -> io::Result<()> {
        let Outcome { cases, wrong, written, deleted, notes } = self.outcome;
        for path in written {
            writeln!(out, "wrote {}", relative(path, cwd).display())?;
        }
        for (path, why) in deleted {
            write_lines(&format!("deleted {}", relative(path, cwd).display()), why, out)?;
        }
        for (case, what) in wrong {
            write_lines(&format!("{}/{case}", self.folder.display()), &what.to_string(), out)?;
        }
        for (case, note) in notes {
            write_lines(&format!("{}/{case}", self.folder.display()), note, out)?;
        }
        let count = |number: usize, noun: &str| format!("{number} {noun}{}", if number == 1 { "" } else { "s" });
        let name = for_terminal(&self.pack.name);
        let cases = count(*cases, "case");
        if wrong.is_empty() {
            let more = if bless && !(written.is_empty() && deleted.is_empty()) {
                "; read what was written as the owner of the files would"
            } else {
                ""
            };
            if self.outcome.cases == 0 {
                return writeln!(
                    out,
                    "{name}: no cases; they are folders `{}/{}/ID/CASE`",
                    self.folder.display(),
                    Suite::FOLDERS.join("|")
                );
            }
            return writeln!(out, "{name}: {cases}, all as expected{more}");
        }
        writeln!(out, "\n{name}: {cases}, {}", count(wrong.len(), "problem"))?;
        // A case that does not show what it says is not written, whatever else is other than before.
        let only_other = |case: &String| wrong.iter().filter(|(own, _)| own == case).all(|(_, what)| what.of_golden);
        if wrong.iter().any(|(case, _)| only_other(case)) {
            writeln!(out, "when what is found is right: pydoctor rules test --bless {}", self.dirs)?;
        } else if bless {
            // What is said of a rule as a whole is about no case.
            let is_case = |case: &&str| case.matches('/').count() == 2;
            for case in wrong.iter().map(|(case, _)| case.as_str()).filter(is_case).collect::<BTreeSet<_>>() {
                let what = case.split('/').next().unwrap_or_default().trim_end_matches('s');
                writeln!(out, "nothing was written for {case}: change the {what} or the case")?;
            }
        }
        Ok(())
    }
}

/// What is still to be filled in before the packs can be used.
fn write_blanks(blanks: &[Problem], cwd: &Path, out: &mut dyn Write) -> io::Result<()> {
    let place = |blank: &Problem| format!("{}:{}", relative(Path::new(&blank.file), cwd).display(), blank.line);
    let places: Vec<String> = blanks.iter().map(place).collect();
    let (blanks, are) = if let [_] = blanks { ("a blank", "is") } else { ("blanks", "are") };
    let places = for_terminal(&places.join(", ")).into_owned();
    writeln!(out, "{blanks} {are} not filled in yet, without which nothing else loads the pack: {places}")
}

/// What is said of something, its first line behind the name, the others indented.
fn write_lines(name: &str, what: &str, out: &mut dyn Write) -> io::Result<()> {
    let (head, rest) = what.split_once('\n').unwrap_or((what, ""));
    writeln!(out, "{name}: {}", for_terminal(head))?;
    rest.lines().try_for_each(|line| writeln!(out, "{}", format!("    {}", for_terminal(line)).trim_end()))
}

/// A path as the user would write it.
fn relative(path: &Path, cwd: &Path) -> PathBuf {
    path.strip_prefix(cwd).unwrap_or(path).components().filter(|part| part.as_os_str() != ".").collect()
}
