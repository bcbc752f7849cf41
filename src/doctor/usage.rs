//! What fills the home: the whole against the site's limits, and the parts that can be made smaller.

use std::collections::BTreeMap;

use crate::facts::Record;
use crate::source::path_text;
use crate::tables::Caches;

use super::installations::What;
use super::quota::{Quota, Used};
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

/// Who says what is allowed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Allowed {
    /// The site's documents.
    pub site: Limits,
    /// The system, which keeps to it whatever documents say.
    pub quota: Quota,
}

impl Allowed {
    /// What counts.
    fn limits(self) -> Limits {
        let limit = |told: Option<Used>| told.map(|told| told.limit);
        Limits {
            bytes: limit(self.quota.bytes).or(self.site.bytes),
            files: limit(self.quota.files).or(self.site.files),
        }
    }
}

/// The home as a whole, then what lies in it, the largest part first, then the file system that holds it.
pub fn facts(survey: &Survey<What>, allowed: Allowed, room: Option<Room>, caches: &Caches) -> Vec<Record> {
    let limits = allowed.limits();
    let mut parts: BTreeMap<(&str, String), (Tally, Record)> = BTreeMap::new();
    for region in survey.regions.iter().skip(1) {
        let What::Cache(name) = region.what.as_ref().unwrap_or(&What::Venv) else {
            continue;
        };
        let below = path_text::text(&region.path);
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
    let mut home = by_whom(measured(home, whole, limits), allowed);
    let mut freed = Tally::default();
    survey.regions.iter().for_each(|region| freed.add(region.freed));
    home.set("freed-files", number(freed.files)).set("freed-bytes", number(freed.bytes));
    let parts = parts.into_iter().map(|(tally, record)| measured(record, tally, limits));
    std::iter::once(home).chain(parts).chain(room.map(file_system)).collect()
}

/// Says of the home whose limits those are. What the system counts is more than the home when other folders of the user
/// lie on the same file system.
fn by_whom(mut home: Record, allowed: Allowed) -> Record {
    let Allowed { site, quota } = allowed;
    let mut told = Vec::new();
    for (by, share, used, of_site) in
        [("bytes-by", "bytes-share", quota.bytes, site.bytes), ("files-by", "files-share", quota.files, site.files)]
    {
        if let Some(Used { used, limit }) = used {
            home.set(by, "quota");
            home.set(share, per_cent(used, limit));
            told.push(match by {
                "bytes-by" => format!("{} of {}", size::bytes(used), size::bytes(limit)),
                _ => format!("{} of {} files", size::grouped(used), size::grouped(limit)),
            });
        } else if of_site.is_some() {
            home.set(by, "site");
        }
    }
    home.set_some("quota", Some(told.join(" and ")).filter(|text| !text.is_empty()));
    home.set_some("limit", shown(site));
    home
}

/// What the file system says of itself.
fn file_system(room: Room) -> Record {
    let record = Record::new().with("what", "file-system").with("title", "the file system that holds the home");
    let used = |all: u64, free: u64| per_cent(all.saturating_sub(free), all);
    let mut record = record.with("path", "$HOME").with("bytes-share", used(room.bytes, room.free_bytes));
    record.set("bytes-free", number(room.free_bytes));
    record.set("free", size::bytes(room.free_bytes));
    record.set_some("files-share", (room.files > 0).then(|| used(room.files, room.free_files)));
    record
}

/// What counts is what runs out first: the greater share of a limit, in ten-thousandths.
fn weight(tally: Tally, limits: Limits) -> u64 {
    let share = |used: u64, limit: Option<u64>| limit.map_or(0, |limit| used.saturating_mul(10_000) / limit.max(1));
    share(tally.bytes, limits.bytes).max(share(tally.files, limits.files))
}

fn measured(mut record: Record, tally: Tally, limits: Limits) -> Record {
    size::set(&mut record, tally);
    record.set_some("bytes-limit", limits.bytes.map(number));
    record.set_some("files-limit", limits.files.map(number));
    record.set_some("bytes-share", limits.bytes.map(|limit| per_cent(tally.bytes, limit)));
    record.set_some("files-share", limits.files.map(|limit| per_cent(tally.files, limit)));
    record
}

fn number(number: u64) -> i64 {
    i64::try_from(number).unwrap_or(i64::MAX)
}

fn per_cent(used: u64, limit: u64) -> i64 {
    number(used.saturating_mul(100) / limit.max(1))
}

/// Limits for people; `None` where there are none.
fn shown(limits: Limits) -> Option<String> {
    let bytes = limits.bytes.map(size::bytes);
    let files = limits.files.map(|files| format!("{} files", size::grouped(files)));
    let all: Vec<String> = [bytes, files].into_iter().flatten().collect();
    (!all.is_empty()).then(|| all.join(" and "))
}
