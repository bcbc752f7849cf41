//! `pydoctor rules check DIR`: whether a pack can be loaded, and what is in it.

use std::io::{self, Write};
use std::path::PathBuf;

use anyhow::bail;

use crate::policy::config::NAMES;
use crate::policy::pack::{self, PACK_FILE};
use crate::policy::{self, Library, PackInfo, Policy, PolicyError, Problem, hints};
use crate::report::for_terminal;

use super::super::Status;
use super::super::args::Packs;
use super::super::folders::real;
use super::super::snapshot::Snapshot;
use super::super::streams::Streams;

/// The configuration of a layer or a project.
const CONFIGURATION: &str = NAMES[0];

/// Runs `pydoctor rules check`.
pub(in super::super) fn run(args: &Packs, snapshot: &Snapshot, streams: &mut Streams) -> anyhow::Result<Status> {
    let folders = folders(args, snapshot)?;
    let today = snapshot.today();
    let days = pack::days(&folders).into_iter().filter(|(day, _)| *day > today).map(|(_, problem)| problem);
    let cwd = real(&snapshot.cwd);
    let told = |problems| anyhow::Error::from(PolicyError::Invalid(problems).seen_from(&cwd));
    let policy = match Library::default().with(&folders) {
        Ok(policy) => policy,
        Err(error) => match &*error {
            PolicyError::Invalid(problems) => return Err(told(problems.iter().cloned().chain(days).collect())),
            error => return Err(error.copied().seen_from(&cwd).into()),
        },
    };
    let to_come: Vec<Problem> = days.collect();
    if !to_come.is_empty() {
        return Err(told(to_come));
    }
    streams.print(|out| {
        own_packs(&policy).iter().try_for_each(|pack| write(&policy, pack, out))?;
        notes_on_tables(&policy).iter().try_for_each(|note| writeln!(out, "  {}", for_terminal(note)))?;
        writeln!(out, "\nnext: pydoctor rules test {}", shown(args))
    });
    Ok(Status::Clean)
}

fn notes_on_tables(policy: &Policy) -> Vec<String> {
    policy::builtin().map(|below| hints::of_tables(policy, &below)).unwrap_or_default()
}

/// The folders that were named. Errors: a folder that is no pack.
pub(super) fn folders(args: &Packs, snapshot: &Snapshot) -> anyhow::Result<Vec<PathBuf>> {
    let folders: Vec<PathBuf> = args.folders.iter().map(|folder| snapshot.cwd.join(folder)).collect();
    for (folder, path) in args.folders.iter().zip(&folders) {
        if !path.is_dir() {
            bail!("{}: no folder; a pack is a folder with `pack.toml`", folder.display());
        }
        if !path.join(PACK_FILE).exists() && path.join(CONFIGURATION).is_file() {
            bail!(
                "{}: holds a configuration, and is no pack; `pydoctor config show` reads it where it counts (a layer: \
                 PYDOCTOR_POLICY_PATH={0} pydoctor config show)",
                folder.display()
            );
        }
    }
    Ok(folders.iter().map(|folder| real(folder)).collect())
}

/// The packs that were named.
pub(super) fn own_packs(policy: &Policy) -> &[PackInfo] {
    policy.packs.get(1..).unwrap_or_default()
}

/// The folders as they were named, to be copied into a command.
pub(super) fn shown(args: &Packs) -> String {
    args.folders.iter().map(|folder| folder.display().to_string()).collect::<Vec<_>>().join(" ")
}

fn write(policy: &Policy, pack: &PackInfo, out: &mut dyn Write) -> io::Result<()> {
    writeln!(out, "{} {}: nothing is wrong", for_terminal(&pack.name), for_terminal(&pack.version))?;
    let lists = [
        ("rules", &pack.rules),
        ("sites", &pack.sites),
        ("symptoms", &pack.symptoms),
        ("replies", &pack.replies),
        ("tables", &pack.tables),
    ];
    for (what, list) in lists.into_iter().filter(|(_, list)| !list.is_empty()) {
        writeln!(out, "  {what}: {}", list.join(", "))?;
    }
    for rule in pack.rules.iter().filter_map(|id| policy.rule(id)) {
        if rule.sources.is_empty() {
            writeln!(out, "  `{}` names no source: who asks for it?", rule.id)?;
        }
        let notes = hints::of_rule(rule, policy);
        notes.iter().try_for_each(|note| writeln!(out, "  `{}` {}", rule.id, for_terminal(note)))?;
    }
    for id in &pack.sites {
        let notes = hints::of_site(id, policy);
        notes.iter().try_for_each(|note| writeln!(out, "  `{id}`: {}", for_terminal(note)))?;
    }
    Ok(())
}
