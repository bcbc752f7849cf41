//! What fills the home: the whole against the site's limits, and the parts that can be made smaller.

use std::collections::BTreeMap;

use crate::facts::Record;
use crate::tables::Caches;

use super::installations::What;
use super::size;
use super::survey::{Survey, Tally};

/// How much the site allows in a place; `None` where it does not say.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Limits {
    /// Bytes.
    pub bytes: Option<u64>,
    /// Files.
    pub files: Option<u64>,
}

/// How much a file system has, and how much of it is free for its users; bytes, and files (0 where it does not tell).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Room {
    /// All of it.
    pub bytes: u64,
    /// What is free.
    pub free_bytes: u64,
    /// All files that it can hold.
    pub files: u64,
    /// How many more it can hold.
    pub free_files: u64,
}

/// The home as a whole, then what lies in it, the largest part first.
pub fn facts(survey: &Survey<What>, limits: Limits, caches: &Caches) -> Vec<Record> {
    let mut parts: BTreeMap<(&str, String), (Tally, Record)> = BTreeMap::new();
    for region in survey.regions.iter().skip(1) {
        let What::Cache(name) = region.what.as_ref().unwrap_or(&What::Venv) else {
            continue;
        };
        let below = region.path.to_string_lossy();
        let path = format!("$HOME/{below}");
        let mut record = Record::new().with("what", name.as_str()).with("path", path.as_str());
        if let Some(cache) = caches.at(&below).or_else(|| caches.named(name)) {
            record.set("title", cache.title.as_str());
            record.set_some("clean", cache.clean.as_deref());
            record.set_some("variable", cache.variable.as_deref());
            record.set("remade", cache.remade);
        }
        parts.insert((name, path), (region.own, record));
    }
    let (mut all, mut count) = (Tally::default(), 0_i64);
    for region in &survey.regions {
        if region.what.as_ref().is_some_and(|what| !matches!(what, What::Cache(_))) {
            all.add(region.own);
            count += 1;
        }
    }
    let title = Record::new().with("what", "environments").with("title", "installations and environments");
    let title = title.with("count", count);
    parts.insert(("environments", "$HOME".to_owned()), (all, title.with("path", "$HOME")));

    let rest = survey.regions.first().map(|root| root.own).unwrap_or_default();
    let title = Record::new().with("what", "rest").with("title", "everything else").with("path", "$HOME");
    parts.insert(("rest", "$HOME".to_owned()), (rest, title));
    let whole = survey.regions.first().map(|root| root.all).unwrap_or_default();
    let home = Record::new().with("what", "home").with("title", "the home directory").with("path", "$HOME");
    let mut parts: Vec<(Tally, Record)> = parts.into_values().filter(|(tally, _)| tally.files > 0).collect();
    parts.sort_by_key(|(tally, _)| std::cmp::Reverse((weight(*tally, limits), tally.bytes)));
    parts.insert(0, (whole, home));
    parts.into_iter().map(|(tally, record)| measured(record, tally, limits)).collect()
}

/// What counts is what runs out first: the greater share of a limit, in ten-thousandths.
fn weight(tally: Tally, limits: Limits) -> u64 {
    let share = |used: u64, limit: Option<u64>| limit.map_or(0, |limit| used.saturating_mul(10_000) / limit.max(1));
    share(tally.bytes, limits.bytes).max(share(tally.files, limits.files))
}

fn measured(mut record: Record, tally: Tally, limits: Limits) -> Record {
    size::set(&mut record, tally);
    let number = |number: u64| i64::try_from(number).unwrap_or(i64::MAX);
    let share = |used: u64, limit: u64| number(used.saturating_mul(100) / limit.max(1));
    record.set_some("bytes-limit", limits.bytes.map(number));
    record.set_some("files-limit", limits.files.map(number));
    record.set_some("bytes-share", limits.bytes.map(|limit| share(tally.bytes, limit)));
    record.set_some("files-share", limits.files.map(|limit| share(tally.files, limit)));
    let allowed: Vec<String> =
        [limits.bytes.map(size::bytes), limits.files.map(|files| format!("{} files", size::grouped(files)))]
            .into_iter()
            .flatten()
            .collect();
    record.set_some("limit", Some(allowed.join(" and ")).filter(|text| !text.is_empty()));
    record
}
