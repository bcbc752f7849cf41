//! Files with several names: for which region each counts, and which of them are gone when regions are emptied.
//!
//! uv and conda give a file of their caches a second name in environments. Threads meet the names in any order, so that
//! all are noted first and counted when the last is known.

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};

use super::survey::Tally;

/// Parts of the notes: as many as keep threads out of each other's way.
const SHARDS: usize = 16;

/// A name of a file that has several.
#[derive(Clone, Copy, Debug)]
pub(super) struct Name {
    /// Which file it is on its file system.
    pub(super) inode: u64,
    /// How many names the file has, here and elsewhere.
    pub(super) of: u64,
    /// Bytes on disk.
    pub(super) bytes: u64,
}

/// What is known of regions when files are counted for them.
pub(super) struct Claims {
    /// By the number of a region: the lower, the sooner a file counts for it. Those that are emptied come last.
    pub(super) ranks: Vec<usize>,
    /// By the number of a region: it is among those that are emptied.
    pub(super) emptied: Vec<bool>,
}

/// What counts for a region.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Share {
    /// Files that count for it.
    pub(super) own: Tally,
    /// Those of them that are gone when all that is to be emptied is.
    pub(super) freed: Tally,
}

/// Notes of names.
#[derive(Debug, Default)]
pub(super) struct Ledger {
    shards: [Mutex<HashMap<u64, File>>; SHARDS],
}

#[derive(Debug)]
struct File {
    name: Name,
    /// Regions with how many of its names lie in each.
    holders: Vec<(usize, u64)>,
}

impl Ledger {
    /// Notes names that lie in the region of that number.
    pub(super) fn note(&self, region: usize, names: &[Name]) {
        for name in names {
            let shard = &self.shards[usize::try_from(name.inode).unwrap_or(0) % SHARDS];
            let mut shard = shard.lock().unwrap_or_else(PoisonError::into_inner);
            let file = shard.entry(name.inode).or_insert_with(|| File { name: *name, holders: Vec::with_capacity(2) });
            match file.holders.iter_mut().find(|(holder, _)| *holder == region) {
                Some((_, held)) => *held += 1,
                None => file.holders.push((region, 1)),
            }
        }
    }

    /// Counts each file once, for the region with the best claim; one share for each region.
    pub(super) fn settle(self, claims: &Claims) -> Vec<Share> {
        let mut shares = vec![Share::default(); claims.ranks.len()];
        let shards = self.shards.into_iter().map(|shard| shard.into_inner().unwrap_or_else(PoisonError::into_inner));
        for file in shards.flat_map(HashMap::into_values) {
            let Some((owner, _)) = file.holders.iter().min_by_key(|(region, _)| claims.ranks[*region]) else {
                continue;
            };
            let tally = Tally { files: 1, bytes: file.name.bytes };
            shares[*owner].own.add(tally);
            let seen: u64 = file.holders.iter().map(|(_, names)| names).sum();
            // One name that stays, here or out of sight, keeps the file.
            if seen >= file.name.of && file.holders.iter().all(|(region, _)| claims.emptied[*region]) {
                shares[*owner].freed.add(tally);
            }
        }
        shares
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_counts_for_the_best_claim_whatever_comes_first() {
        let name = |inode, of| Name { inode, of, bytes: 10 };
        // 0 is an environment, 1 and 2 are caches.
        let claims = Claims { ranks: vec![0, 1, 2], emptied: vec![false, true, true] };
        let notes = [
            (1, name(7, 2)),
            (0, name(7, 2)),
            (2, name(8, 2)),
            (1, name(8, 2)),
            (2, name(9, 3)),
            (2, name(9, 3)),
            (2, name(10, 2)),
            (2, name(10, 2)),
        ];
        let settled = |notes: &mut dyn Iterator<Item = &(usize, Name)>| -> Vec<(u64, u64)> {
            let ledger = Ledger::default();
            notes.for_each(|(region, name)| ledger.note(*region, &[*name]));
            ledger.settle(&claims).iter().map(|share| (share.own.files, share.freed.bytes)).collect()
        };
        let expected = [(1, 0), (1, 10), (2, 10)];
        assert_eq!(settled(&mut notes.iter()), expected);
        assert_eq!(settled(&mut notes.iter().rev()), expected);
    }
}
