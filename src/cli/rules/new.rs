//! `pydoctor rules new`, `pydoctor sites new` and `pydoctor symptoms new`: skeletons with fixtures, for people to fill in.

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context, bail};

use crate::policy::pack::FIXTURES;
use crate::policy::rule::TAGS;

use super::super::Status;
use super::super::args::New;
use super::super::folders::real;
use super::super::snapshot::Snapshot;
use super::super::streams::Streams;

/// The files of a skeleton: where each goes in the pack, and its text.
type Skeleton = &'static [(&'static str, &'static str)];

const PACK: (&str, &str) = ("pack.toml", include_str!("skeleton/pack.toml"));

const RULE: Skeleton = &[
    ("lint/@ID@.toml", include_str!("skeleton/rule.toml")),
    ("fixtures/rules/@ID@/plain/case.toml", include_str!("skeleton/rule-bad.toml")),
    ("fixtures/rules/@ID@/plain/job.sh", include_str!("skeleton/rule-bad.sh")),
    ("fixtures/rules/@ID@/near-miss/case.toml", include_str!("skeleton/rule-ok.toml")),
    ("fixtures/rules/@ID@/near-miss/job.sh", include_str!("skeleton/rule-ok.sh")),
];

const SITE: Skeleton = &[
    ("sites/@ID@.toml", include_str!("skeleton/site.toml")),
    ("fixtures/sites/@ID@/misspelt/case.toml", include_str!("skeleton/site-bad.toml")),
    ("fixtures/sites/@ID@/misspelt/job.sh", include_str!("skeleton/site-bad.sh")),
    ("fixtures/sites/@ID@/plain/case.toml", include_str!("skeleton/site-ok.toml")),
    ("fixtures/sites/@ID@/plain/job.sh", include_str!("skeleton/site-ok.sh")),
];

const SYMPTOM: Skeleton = &[
    ("symptoms/@ID@.toml", include_str!("skeleton/symptom.toml")),
    ("fixtures/symptoms/@ID@/plain/case.toml", include_str!("skeleton/symptom-bad.toml")),
    ("fixtures/symptoms/@ID@/plain/ticket.txt", include_str!("skeleton/symptom-bad.txt")),
    ("fixtures/symptoms/@ID@/near-miss/case.toml", include_str!("skeleton/symptom-ok.toml")),
    ("fixtures/symptoms/@ID@/near-miss/ticket.txt", include_str!("skeleton/symptom-ok.txt")),
];

/// Runs `pydoctor rules new`.
pub(in super::super) fn rule(args: &New, snapshot: &Snapshot, streams: &mut Streams) -> anyhow::Result<Status> {
    let policy = crate::policy::builtin()?;
    if policy.rule(&args.id).is_some() {
        bail!("there is a built-in rule `{}`; `pydoctor explain {0}` shows it", args.id);
    }
    write(args, RULE, snapshot, streams)
}

/// Runs `pydoctor sites new`.
pub(in super::super) fn site(args: &New, snapshot: &Snapshot, streams: &mut Streams) -> anyhow::Result<Status> {
    let policy = crate::policy::builtin()?;
    if policy.sites.contains_key(&args.id) {
        bail!(
            "there is a built-in site `{0}`; to say more of it, write {1}/sites/{0}.toml with `id = \"{0}\"` and what differs",
            args.id,
            args.folder.display()
        );
    }
    write(args, SITE, snapshot, streams)
}

/// Runs `pydoctor symptoms new`.
pub(in super::super) fn symptom(args: &New, snapshot: &Snapshot, streams: &mut Streams) -> anyhow::Result<Status> {
    let policy = crate::policy::builtin()?;
    if policy.symptoms.contains(&args.id) {
        bail!(
            "there is a built-in symptom `{0}`; to say other words of it, write `[symptoms.{0}]` into the file of your site",
            args.id
        );
    }
    write(args, SYMPTOM, snapshot, streams)
}

fn write(args: &New, skeleton: Skeleton, snapshot: &Snapshot, streams: &mut Streams) -> anyhow::Result<Status> {
    if !is_kebab(&args.id) {
        bail!("`{}` is no id: lower case letters, digits and `-`, beginning with a letter", args.id);
    }
    let folder = snapshot.cwd.join(&args.folder);
    refuse_slips(args, &folder)?;
    let name = pack_name(&folder, &args.id);
    let filled = |text: &str| {
        text.replace("@ID@", &args.id)
            .replace("@NAME@", &name)
            .replace("@VERSION@", env!("CARGO_PKG_VERSION"))
            .replace("@TAGS@", &TAGS.join(", "))
            .replace("@TODAY@", &snapshot.today().to_string())
    };
    let mut files: Vec<(PathBuf, String)> =
        skeleton.iter().map(|(path, text)| (PathBuf::from(filled(path)), filled(text))).collect();
    if let Some((path, _)) = files.iter().find(|(path, _)| folder.join(path).exists()) {
        bail!("{} is there already; nothing was written", args.folder.join(path).display());
    }
    if !folder.join(PACK.0).exists() {
        files.insert(0, (PACK.0.into(), filled(PACK.1)));
    }
    for (path, text) in &files {
        let shown = || format!("{}: cannot be written", args.folder.join(path).display());
        let path = folder.join(path);
        fs::create_dir_all(path.parent().unwrap_or(&folder)).with_context(shown)?;
        fs::write(&path, text).with_context(shown)?;
    }
    let shown = args.folder.display();
    let own = files.iter().map(|(path, _)| path).find(|path| !path.starts_with(FIXTURES) && path.as_os_str() != PACK.0);
    streams.print(|out| {
        for (path, _) in &files {
            writeln!(out, "wrote {}", args.folder.join(path).display())?;
        }
        writeln!(out, "\nNext:")?;
        let own = own.map(|path| args.folder.join(path).display().to_string()).unwrap_or_default();
        writeln!(out, "  1. fill in the blanks (<FILL IN: …>) of {own}")?;
        writeln!(out, "  2. pydoctor rules check {shown}           names what is not right yet")?;
        writeln!(out, "  3. pydoctor rules test --bless {shown}    writes what it finds in its fixtures: read it")?;
        writeln!(out, "  4. pydoctor rules test {shown}            holds it to that from now on")
    });
    Ok(Status::Clean)
}

/// A folder inside of a pack is no pack; and where a pack stands in place of the id, the id was left out.
fn refuse_slips(args: &New, folder: &Path) -> anyhow::Result<()> {
    let above = real(folder);
    if let Some(pack) = above.ancestors().skip(1).find(|folder| folder.join(PACK.0).is_file())
        && !folder.join(PACK.0).exists()
    {
        bail!("{}: lies in the pack {}; name that", args.folder.display(), pack.display());
    }
    if folder.join(&args.id).join(PACK.0).is_file() {
        bail!("`{0}` is a pack here; name an id before it: `… new ID {0}`", args.id);
    }
    Ok(())
}

fn is_kebab(id: &str) -> bool {
    id.starts_with(|first: char| first.is_ascii_lowercase())
        && id.chars().all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-')
}

/// Names that packs of several sites would have.
const COMMON: [&str; 5] = ["pack", "packs", "policy", "pydoctor", "rules"];

/// The name of a new pack: that of its folder, when that will do.
fn pack_name(folder: &Path, id: &str) -> String {
    let name = folder.file_name().unwrap_or_default().to_string_lossy();
    let name: String =
        name.to_ascii_lowercase().chars().map(|c| if c.is_ascii_alphanumeric() { c } else { '-' }).collect();
    let name = name.trim_matches('-');
    if is_kebab(name) && !COMMON.contains(&name) { name.to_owned() } else { id.to_owned() }
}
