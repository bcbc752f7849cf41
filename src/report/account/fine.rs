//! What is fine in an account, a line for each thing that was looked at and gave no reason to worry.

use crate::doctor::startup::{Node, State};
use crate::facts::{FactKind, Record, Value};
use crate::report::closing::count;
use crate::source::path_text;

use super::AccountReport;

/// A home that is fuller than this is told with its bars; in per cent.
const ROOMY: i64 = 75;

pub(super) fn lines(account: &AccountReport) -> Vec<String> {
    [startup(account), rights(account), passwords(account), environments(account), path(account), room(account)]
        .into_iter()
        .flatten()
        .collect()
}

fn startup(account: &AccountReport) -> Option<String> {
    let files: Vec<&Record> = account.of(FactKind::InitFile).filter(|record| record.text("what") == "file").collect();
    let found = |record: &Record| {
        let path = account.home.join(path_text::path(record.text("path").trim_start_matches("$HOME/")));
        account.report.visible().any(|finding| *finding.place.path == *path)
    };
    let good = !files.is_empty() && files.iter().all(|record| record.text("problem") == "none" && !found(record));
    good.then(|| format!("start-up files: {}, with nothing to say against", count(files.len(), "file")))
}

fn rights(account: &AccountReport) -> Option<String> {
    let mut files = account.of(FactKind::InitFile).peekable();
    files.peek()?;
    // Of what nothing reads nobody asks, and the administrator needs no leave.
    let private = |record: &Record| {
        ["nobody", ""].contains(&record.text("open-to")) && ["0", ""].contains(&record.text("foreign-owner"))
    };
    let outside = account.chains.iter().flat_map(|chain| &chain.files).any(leaves);
    let rest = if outside { ", as far as it lies in the home" } else { "" };
    files.all(private).then(|| format!("permissions: nobody else can write what runs at login{rest}"))
}

/// True for a file outside of what belongs to the system, or one that reads such a file.
fn leaves(node: &Node) -> bool {
    let system = ["/etc/", "/usr/", "/opt/"].iter().any(|folder| node.path.starts_with(folder));
    (node.state == State::Outside && !system) || node.files.iter().any(leaves)
}

fn passwords(account: &AccountReport) -> Option<String> {
    let mut files = account.of(FactKind::Setting).filter(|record| record.text("name") == "permissions").peekable();
    files.peek()?;
    files
        .all(|record| record.text("open-to") == "nobody")
        .then(|| "passwords: nobody else can read their files".to_owned())
}

fn environments(account: &AccountReport) -> Option<String> {
    let all: Vec<&Record> = account.of(FactKind::Installation).filter(|record| record.text("kind") != "link").collect();
    if all.is_empty() {
        return None;
    }
    let works = |record: &&Record| {
        let expected = ["conda", "conda-env"].contains(&record.text("kind")) && record.text("problem") == "incomplete";
        record.text("problem") == "none" || expected
    };
    all.iter().all(works).then(|| format!("environments: {}, none of them broken", all.len()))
}

fn path(account: &AccountReport) -> Option<String> {
    let mut programs = account.of(FactKind::SearchPath).peekable();
    programs.peek()?;
    let hides = |record: &Record| {
        record.text("from") == "conda" && (record.flag("shadows-system") || record.text("program").is_empty())
    };
    (!programs.any(hides)).then(|| "search paths: conda hides no program of the system".to_owned())
}

fn room(account: &AccountReport) -> Option<String> {
    let home = account.of(FactKind::Usage).next()?;
    let share = |name: &str, of: &str, by: &str| match home.get(name) {
        Some(Value::Number(share)) => Some((*share, format!("{share} % of the {of}"), home.text(by))),
        _ => None,
    };
    let shares = [share("bytes-share", "space", "bytes-by"), share("files-share", "files", "files-by")];
    let shares: Vec<(i64, String, &str)> = shares.into_iter().flatten().collect();
    let good = !account.stopped && !shares.is_empty() && shares.iter().all(|(share, ..)| *share < ROOMY);
    let by = |by: &str| if by == "quota" { "`quota`" } else { "the site" };
    let shown = match shares.as_slice() {
        [(_, space, one), (_, files, other)] if one == other => format!("{space} and {files} that {} allows", by(one)),
        all => {
            all.iter().map(|(_, text, one)| format!("{text} that {} allows", by(one))).collect::<Vec<_>>().join(" and ")
        }
    };
    let verb = if shares.len() == 1 { "is" } else { "are" };
    good.then(|| format!("room: {shown} {verb} used"))
}
