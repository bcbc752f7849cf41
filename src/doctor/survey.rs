//! One walk through an account: how many files and bytes lie where, and which folders are environments or caches.
//!
//! A folder that means something (an installation, a cache) is a *region*; every file counts for the innermost region
//! that holds it. Links are counted and never followed, other file systems are named and not entered, a file with
//! several names counts once, as quotas count it (`hard_links` says where).

use std::ffi::{CStr, CString, OsStr};
use std::os::fd::{AsFd, OwnedFd};
use std::os::unix::ffi::OsStrExt;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use rayon::prelude::*;
use rustix::fs::{AtFlags, FileType, Mode, OFlags, RawDir, SeekFrom, fstat, open, openat, seek, statat};
use rustix::io::Errno;

use super::hard_links::{Claims, Ledger, Name, Share};

/// Folders nested deeper are not entered: real homes have a few dozen levels.
const MAX_DEPTH: usize = 200;

/// So many notable files are told.
const MAX_NOTABLE: usize = 1000;

/// Bytes of one reading of a folder: some thousand names.
const LISTING: usize = 64 * 1024;

/// Names in a folder that tell what it is.
const MARKERS: [&str; 6] = ["conda-meta", "condabin", "envs", "pkgs", "pyvenv.cfg", "urls.txt"];

/// How much lies somewhere.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Tally {
    /// Files, folders and links: what quotas call inodes.
    pub files: u64,
    /// Bytes on disk.
    pub bytes: u64,
}

impl Tally {
    /// Adds another.
    pub fn add(&mut self, other: Self) {
        self.files += other.files;
        self.bytes += other.bytes;
    }
}

/// A folder as the walk sees it, for saying what it is.
pub struct Folder<'a> {
    /// Its path below the root of the walk; empty for the root.
    pub path: &'a Path,
    markers: u8,
}

impl Folder<'_> {
    /// True when it holds something of that name, which must be one of the markers.
    pub fn holds(&self, marker: &str) -> bool {
        MARKERS.iter().position(|known| *known == marker).is_some_and(|bit| self.markers & (1 << bit) != 0)
    }
}

/// A folder that means something.
#[derive(Clone, Debug)]
pub struct Region<W> {
    /// Its path below the root of the walk; empty for the root.
    pub path: PathBuf,
    /// What it is; `None` for the root.
    pub what: Option<W>,
    /// What lies in it, without the regions inside it.
    pub own: Tally,
    /// What lies in it.
    pub all: Tally,
    /// Of its own what is gone when all regions are emptied that may be; nothing for the others.
    pub freed: Tally,
}

/// What a walk came to.
#[derive(Clone, Debug)]
pub struct Survey<W> {
    /// The root first, then by path.
    pub regions: Vec<Region<W>>,
    /// Folders that could not be read, with the reason.
    pub unread: Vec<(PathBuf, String)>,
    /// Folders where another file system begins.
    pub mounts: Vec<PathBuf>,
    /// Files whose names are notable, outside environments and caches.
    pub notable: Vec<PathBuf>,
    /// Somebody stopped it: the numbers are too small.
    pub stopped: bool,
}

/// How a walk is made, and watched from outside.
pub struct Walk<'a, W> {
    /// Says what a folder is.
    pub classify: &'a (dyn Fn(&Folder<'_>) -> Option<W> + Sync),
    /// Says which regions may be emptied. A file that has a name outside of them counts there.
    pub emptied: &'a (dyn Fn(&W) -> bool + Sync),
    /// Says which files are to be told, by their names.
    pub notable: &'a (dyn Fn(&[u8]) -> bool + Sync),
    /// Told of files that were counted, folder by folder.
    pub counted: &'a (dyn Fn(u64) + Sync),
    /// Set to end it early.
    pub stop: &'a AtomicBool,
    /// On the threads of the pool that it is called in; else on this one.
    pub parallel: bool,
    /// What each file takes is asked in regions alone: outside of them names are counted, which is far quicker.
    pub sizes_of_regions: bool,
}

/// Counts what lies below `root`. Errors: `root` itself cannot be opened as a folder.
pub fn survey<W: Clone + Send + Sync>(root: &Path, walk: &Walk<'_, W>) -> std::io::Result<Survey<W>> {
    let flags = OFlags::RDONLY | OFlags::DIRECTORY | OFlags::CLOEXEC;
    let fd = open(root, flags, Mode::empty())?;
    let device = fstat(&fd)?.st_dev;
    let whole = Arc::new(Counter::new(0, PathBuf::new(), None));
    let state = State {
        walk,
        device,
        regions: Mutex::new(vec![Arc::clone(&whole)]),
        linked: Ledger::default(),
        unread: Mutex::default(),
        mounts: Mutex::default(),
        notable: Mutex::default(),
    };
    state.visit(&fd, Path::new(""), &whole, 0);
    Ok(state.finish())
}

/// A region while it is counted.
struct Counter<W> {
    number: usize,
    path: PathBuf,
    what: Option<W>,
    files: AtomicU64,
    bytes: AtomicU64,
}

impl<W> Counter<W> {
    fn new(number: usize, path: PathBuf, what: Option<W>) -> Self {
        Self { number, path, what, files: AtomicU64::new(0), bytes: AtomicU64::new(0) }
    }

    fn add(&self, tally: Tally) {
        self.files.fetch_add(tally.files, Ordering::Relaxed);
        self.bytes.fetch_add(tally.bytes, Ordering::Relaxed);
    }
}

/// What a folder holds itself.
struct List {
    /// Without files that have several names.
    tally: Tally,
    linked: Vec<Name>,
    markers: u8,
    folders: Vec<CString>,
}

struct State<'a, 'w, W> {
    walk: &'a Walk<'w, W>,
    device: u64,
    regions: Mutex<Vec<Arc<Counter<W>>>>,
    linked: Ledger,
    unread: Mutex<Vec<(PathBuf, String)>>,
    mounts: Mutex<Vec<PathBuf>>,
    notable: Mutex<Vec<PathBuf>>,
}

impl<W: Clone + Send + Sync> State<'_, '_, W> {
    fn visit(&self, fd: &OwnedFd, path: &Path, outer: &Arc<Counter<W>>, depth: usize) {
        if self.walk.stop.load(Ordering::Relaxed) {
            return;
        }
        let measured = outer.what.is_some() || !self.walk.sizes_of_regions;
        let mut list = self.list(fd, path, outer, measured);
        let region = self.region(&Folder { path, markers: list.markers }, outer);
        if !measured && region.what.is_some() && seek(fd, SeekFrom::Start(0)).is_ok() {
            list = self.list(fd, path, &region, true);
        }
        let folders = list.folders;
        region.add(list.tally);
        self.linked.note(region.number, &list.linked);
        (self.walk.counted)(list.tally.files);
        let enter = |name: &CString| self.enter(fd, name, path, &region, depth + 1);
        if self.walk.parallel && folders.len() > 1 {
            folders.par_iter().for_each(enter);
        } else {
            folders.iter().for_each(enter);
        }
    }

    /// Reads a folder: what lies in it counts, what its folders hold does not yet.
    fn list(&self, fd: &OwnedFd, path: &Path, outer: &Counter<W>, measured: bool) -> List {
        // The folder itself.
        let tally = Tally { files: 1, bytes: fstat(fd).map_or(0, |stat| on_disk(stat.st_blocks)) };
        let mut list = List { tally, linked: Vec::new(), markers: 0, folders: Vec::new() };
        let mut buffer: Vec<u8> = Vec::with_capacity(LISTING);
        let mut listing = RawDir::new(fd, buffer.spare_capacity_mut());
        while let Some(entry) = listing.next() {
            let entry = match entry {
                Ok(entry) => entry,
                Err(error) => {
                    self.not_read(path, error);
                    break;
                }
            };
            let name = entry.file_name();
            if matches!(name.to_bytes(), b"." | b"..") {
                continue;
            }
            if let Some(bit) = MARKERS.iter().position(|marker| marker.as_bytes() == name.to_bytes()) {
                list.markers |= 1 << bit;
            }
            if entry.file_type() == FileType::Directory {
                list.folders.push(name.to_owned());
            } else {
                if outer.what.is_none() && (self.walk.notable)(name.to_bytes()) {
                    self.keep_notable(path.join(OsStr::from_bytes(name.to_bytes())));
                }
                if measured || entry.file_type() == FileType::Unknown {
                    count(fd, name, &mut list);
                } else {
                    list.tally.files += 1;
                }
            }
        }
        list
    }

    fn region(&self, folder: &Folder<'_>, outer: &Arc<Counter<W>>) -> Arc<Counter<W>> {
        let Some(what) = (self.walk.classify)(folder) else { return Arc::clone(outer) };
        let mut regions = self.regions.lock().unwrap_or_else(PoisonError::into_inner);
        let region = Arc::new(Counter::new(regions.len(), folder.path.to_owned(), Some(what)));
        regions.push(Arc::clone(&region));
        region
    }

    fn enter(&self, above: &OwnedFd, name: &CStr, path: &Path, region: &Arc<Counter<W>>, depth: usize) {
        let path = path.join(OsStr::from_bytes(name.to_bytes()));
        if depth > MAX_DEPTH {
            region.add(Tally { files: 1, bytes: 0 });
            self.keep_unread(&path, format!("folders are nested more than {MAX_DEPTH} deep"));
            return;
        }
        let flags = OFlags::RDONLY | OFlags::DIRECTORY | OFlags::NOFOLLOW | OFlags::CLOEXEC;
        let fd = match openat(above.as_fd(), name, flags, Mode::empty()) {
            Ok(fd) => fd,
            Err(error) => {
                region.add(Tally { files: 1, bytes: 0 });
                return self.not_read(&path, error);
            }
        };
        if fstat(&fd).is_ok_and(|stat| stat.st_dev != self.device) {
            self.mounts.lock().unwrap_or_else(PoisonError::into_inner).push(path);
            return;
        }
        self.visit(&fd, &path, region, depth);
    }

    fn not_read(&self, path: &Path, error: Errno) {
        if error != Errno::NOENT {
            self.keep_unread(path, std::io::Error::from(error).to_string());
        }
    }

    fn keep_notable(&self, path: PathBuf) {
        let mut notable = self.notable.lock().unwrap_or_else(PoisonError::into_inner);
        if notable.len() < MAX_NOTABLE {
            notable.push(path);
        }
    }

    fn keep_unread(&self, path: &Path, reason: String) {
        self.unread.lock().unwrap_or_else(PoisonError::into_inner).push((path.to_owned(), reason));
    }

    fn finish(self) -> Survey<W> {
        let counters = self.regions.into_inner().unwrap_or_else(PoisonError::into_inner);
        let claims = claims(&counters, self.walk.emptied);
        let shares = self.linked.settle(&claims);
        let finished = |counter: &Arc<Counter<W>>| finished(counter, &claims, shares[counter.number]);
        let mut regions: Vec<Region<W>> = counters.iter().map(finished).collect();
        regions.sort_by(|a, b| a.path.cmp(&b.path));
        // Paths are in order, so that what lies inside a region follows it: sums are made from the end.
        for inner in (1..regions.len()).rev() {
            let all = regions[inner].all;
            let holds = |outer: &Region<W>| regions[inner].path.starts_with(&outer.path);
            if let Some(outer) = regions[..inner].iter().rposition(holds) {
                regions[outer].all.add(all);
            }
        }
        let mut unread = self.unread.into_inner().unwrap_or_else(PoisonError::into_inner);
        let mut mounts = self.mounts.into_inner().unwrap_or_else(PoisonError::into_inner);
        let mut notable = self.notable.into_inner().unwrap_or_else(PoisonError::into_inner);
        unread.sort();
        mounts.sort();
        notable.sort();
        Survey { regions, unread, mounts, notable, stopped: self.walk.stop.load(Ordering::Relaxed) }
    }
}

/// Who a file with several names counts for: what stays before what may be emptied, an environment before what lies
/// around it, then the first by path.
fn claims<W>(counters: &[Arc<Counter<W>>], may_be_emptied: &(dyn Fn(&W) -> bool + Sync)) -> Claims {
    let emptied: Vec<bool> = counters.iter().map(|counter| counter.what.as_ref().is_some_and(may_be_emptied)).collect();
    let mut order: Vec<usize> = (0..counters.len()).collect();
    order.sort_by_key(|number| (emptied[*number], counters[*number].what.is_none(), &counters[*number].path));
    let mut ranks = vec![0; order.len()];
    order.into_iter().enumerate().for_each(|(rank, number)| ranks[number] = rank);
    Claims { ranks, emptied }
}

fn finished<W: Clone>(counter: &Counter<W>, claims: &Claims, share: Share) -> Region<W> {
    let single = Tally { files: counter.files.load(Ordering::Relaxed), bytes: counter.bytes.load(Ordering::Relaxed) };
    let (mut own, mut freed) = (single, share.freed);
    own.add(share.own);
    if claims.emptied[counter.number] {
        freed.add(single);
    }
    Region { path: counter.path.clone(), what: counter.what.clone(), own, all: own, freed }
}

/// Counts what is no folder; a folder whose kind the listing did not tell is kept for later.
fn count(fd: &OwnedFd, name: &CStr, list: &mut List) {
    // It may be gone already.
    let Ok(stat) = statat(fd, name, AtFlags::SYMLINK_NOFOLLOW) else { return };
    let bytes = on_disk(stat.st_blocks);
    if FileType::from_raw_mode(stat.st_mode) == FileType::Directory {
        list.folders.push(name.to_owned());
    } else if stat.st_nlink < 2 {
        list.tally.add(Tally { files: 1, bytes });
    } else {
        list.linked.push(Name { inode: stat.st_ino, of: wide(stat.st_nlink), bytes });
    }
}

/// A number that is narrower on some machines.
fn wide(number: impl Into<u64>) -> u64 {
    number.into()
}

/// Bytes of so many blocks, which are of 512 bytes everywhere.
fn on_disk(blocks: i64) -> u64 {
    u64::try_from(blocks).unwrap_or(0) * 512
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::fs;
    use std::os::unix::fs::symlink;

    fn counted(root: &Path, parallel: bool, sizes_of_regions: bool) -> Survey<&'static str> {
        let classify = |folder: &Folder<'_>| folder.holds("pyvenv.cfg").then_some("venv");
        let (counter, stop) = (AtomicU64::new(0), AtomicBool::new(false));
        let counter = |files| {
            counter.fetch_add(files, Ordering::Relaxed);
        };
        let notable = |name: &[u8]| name == b"environment.yml";
        let (classify, emptied) = (&classify, &|_: &&str| false);
        let walk =
            Walk { classify, emptied, notable: &notable, counted: &counter, stop: &stop, parallel, sizes_of_regions };
        survey(root, &walk).unwrap()
    }

    #[test]
    fn files_count_once_and_for_the_innermost_region() {
        let dir = tempfile::tempdir().unwrap();
        fs::create_dir_all(dir.path().join("a/venv/lib/deep")).unwrap();
        fs::write(dir.path().join("a/venv/pyvenv.cfg"), "").unwrap();
        fs::write(dir.path().join("a/venv/lib/deep/x"), [1; 5000]).unwrap();
        fs::hard_link(dir.path().join("a/venv/lib/deep/x"), dir.path().join("a/venv/lib/deep/y")).unwrap();
        symlink("/", dir.path().join("out")).unwrap();
        for (parallel, sizes_of_regions) in [(false, false), (true, false), (true, true)] {
            let survey = counted(dir.path(), parallel, sizes_of_regions);
            let files: Vec<(&str, u64, u64)> = survey
                .regions
                .iter()
                .map(|region| (region.path.to_str().unwrap(), region.own.files, region.all.files))
                .collect();
            // The root, `a` and the link; the environment, two folders, its mark and one file with two names.
            assert_eq!(files, [("", 3, 8), ("a/venv", 5, 5)]);
            assert!(survey.regions[1].own.bytes >= 5000 && survey.unread.is_empty());
        }
    }

    #[test]
    fn what_is_too_deep_is_told() {
        let dir = tempfile::tempdir().unwrap();
        let mut path = dir.path().to_owned();
        for _ in 0..=MAX_DEPTH {
            path.push("d");
        }
        fs::create_dir_all(&path).unwrap();
        let survey = counted(dir.path(), true, false);
        assert_eq!(survey.unread.len(), 1);
        assert!(survey.unread[0].1.contains("nested"));
    }
}
