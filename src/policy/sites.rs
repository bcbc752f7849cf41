//! All sites of a policy. How a site is recognised is known at once; what it says is read, with the sites that it
//! extends, when it judges.

use std::collections::BTreeMap;
use std::sync::{Arc, OnceLock};

use super::glob::Pattern;
use super::needles::Needles;
use super::site::{Detect, ROOT, Site};
use crate::tree::Node;

/// The sites by id.
#[derive(Debug, Default)]
pub struct Sites {
    entries: BTreeMap<String, Entry>,
    /// The evidence of all sites: whose, and its position there.
    evidence: Vec<(Arc<SiteHead>, usize)>,
    /// Of the evidence.
    needles: Needles,
}

/// What tells a site from others.
#[derive(Clone, Debug)]
pub struct SiteHead {
    /// Its id.
    pub id: String,
    /// The site that it completes.
    pub extends: Option<String>,
    /// How it is recognised.
    pub detect: Detect,
}

#[derive(Debug)]
struct Entry {
    head: Arc<SiteHead>,
    /// What packs say of it, the latest first.
    said: Vec<Said>,
    /// What they say of the sites that it extends, the nearest first.
    below: Vec<Said>,
    whole: OnceLock<Arc<Site>>,
}

/// What one pack says of a site.
#[derive(Clone, Debug)]
enum Said {
    /// A file of the built-in pack: the id and its tree.
    Built(&'static str, &'static Node),
    /// A file that was read.
    Read(Arc<Site>),
}

impl Sites {
    /// The built-in sites, each with its file's tree.
    pub(super) fn built_in(trees: &BTreeMap<&'static str, &'static Node>) -> Self {
        let said = trees.iter().map(|(id, tree)| ((*id).to_owned(), vec![Said::Built(id, tree)])).collect();
        Self::joined(said)
    }

    /// The same with what a further pack says: a new site, or other words on one that is known. Every parent exists,
    /// and none extends itself.
    #[must_use]
    pub(super) fn with(&self, sites: Vec<Arc<Site>>) -> Self {
        let mut said: BTreeMap<String, Vec<Said>> =
            self.entries.iter().map(|(id, entry)| (id.clone(), entry.said.clone())).collect();
        for site in sites {
            said.entry(site.id.clone()).or_default().insert(0, Said::Read(site));
        }
        Self::joined(said)
    }

    fn joined(said: BTreeMap<String, Vec<Said>>) -> Self {
        let heads: BTreeMap<&String, SiteHead> = said.iter().map(|(id, said)| (id, SiteHead::of(id, said))).collect();
        let below = |id: &String| {
            let mut below = Vec::new();
            let mut next = heads.get(id).and_then(|head| head.extends.as_ref());
            // Whoever reads packs has seen to it that no site extends itself; a mistake there must not hang.
            for _ in 0..heads.len() {
                let Some((parent, said)) = next.and_then(|id| said.get_key_value(id)) else { break };
                below.extend(said.iter().cloned());
                next = heads.get(parent).and_then(|head| head.extends.as_ref());
            }
            below
        };
        let entries: Vec<Vec<Said>> = said.keys().map(below).collect();
        let heads: Vec<Arc<SiteHead>> = heads.into_values().map(Arc::new).collect();
        let of = |head: &Arc<SiteHead>| {
            let head = Arc::clone(head);
            (0..head.detect.evidence.len()).map(move |at| (Arc::clone(&head), at))
        };
        let evidence = heads.iter().flat_map(of).collect();
        let entry = |(((id, said), below), head)| (id, Entry { head, said, below, whole: OnceLock::new() });
        let entries = said.into_iter().zip(entries).zip(heads).map(entry).collect();
        Self { entries, evidence, needles: Needles::default() }
    }

    /// The site of that id, completed from the sites that it extends.
    pub fn get(&self, id: &str) -> Option<&Arc<Site>> {
        self.entries.get(id).map(Entry::whole)
    }

    /// True when there is a site of that id.
    pub fn contains_key(&self, id: &str) -> bool {
        self.entries.contains_key(id)
    }

    /// All ids in order.
    pub fn keys(&self) -> impl Iterator<Item = &String> {
        self.entries.keys()
    }

    /// All sites by id, each completed.
    pub fn values(&self) -> impl Iterator<Item = &Arc<Site>> {
        self.entries.values().map(Entry::whole)
    }

    /// What tells each site from others, by id; costs no reading.
    pub fn heads(&self) -> impl Iterator<Item = &SiteHead> {
        self.entries.values().map(|entry| &*entry.head)
    }

    /// What tells the site of that id from others.
    pub fn head(&self, id: &str) -> Option<&SiteHead> {
        self.entries.get(id).map(|entry| &*entry.head)
    }

    /// Who says how bad a rule is at a site: the site, this one or one that it extends, and the file where a pack says so.
    pub fn who_says(&self, id: &str, rule: &str) -> Option<(String, Option<String>)> {
        let entry = self.entries.get(id)?;
        let says = |site: &Site| site.rules.get(rule).is_some_and(|stand| stand.severity.is_some());
        entry.said.iter().chain(&entry.below).find_map(|said| match said {
            Said::Built(id, tree) => says(&Site::built_in(id, tree)).then(|| ((*id).to_owned(), None)),
            Said::Read(site) => says(site).then(|| (site.id.clone(), Some(site.origin.clone()))),
        })
    }

    /// What packs on disk say of a site and of those that it extends, the nearest and latest first.
    pub(super) fn read(&self, id: &str) -> impl Iterator<Item = &Arc<Site>> {
        let said = self.entries.get(id).into_iter().flat_map(|entry| entry.said.iter().chain(&entry.below));
        said.filter_map(|said| if let Said::Read(site) = said { Some(site) } else { None })
    }

    /// The sites from the root down to `id`.
    pub fn descent(&self, id: &str) -> Vec<&str> {
        let mut line = Vec::new();
        let mut site = self.head(id);
        while let Some(current) = site {
            line.push(current.id.as_str());
            site = current.extends.as_deref().and_then(|parent| self.head(parent));
        }
        line.reverse();
        line
    }

    /// True for a site that extends `above`, at any distance, or is it.
    pub fn descends(&self, id: &str, above: &str) -> bool {
        self.descent(id).contains(&above)
    }

    /// False when `text` is no evidence of any site.
    pub fn may_tell(&self, text: &str) -> bool {
        self.needles.may_match(self.evidence(), text)
    }

    /// The sites of which `text` is evidence, by id; one may come twice.
    pub fn told_by(&self, text: &str) -> impl Iterator<Item = &SiteHead> {
        let which = self.needles.which_may_match(|| self.evidence(), text);
        let possible = which.into_iter().filter_map(|at| self.evidence.get(at));
        possible.filter(move |(head, at)| head.detect.evidence[*at].is_match(text)).map(|(head, _)| &**head)
    }

    fn evidence(&self) -> impl Iterator<Item = &Pattern> {
        self.evidence.iter().map(|(head, at)| &head.detect.evidence[*at])
    }

    /// How many there are.
    pub fn len(&self) -> usize {
        self.entries.len()
    }

    /// True when there is none, which no checked policy is.
    pub fn is_empty(&self) -> bool {
        self.entries.is_empty()
    }
}

impl SiteHead {
    fn of(id: &str, said: &[Said]) -> Self {
        let mut head = Self { id: id.to_owned(), extends: None, detect: Detect::default() };
        for said in said.iter().rev() {
            let (extends, detect) = match said {
                Said::Built(_, tree) => Site::built_in_head(tree),
                Said::Read(site) => (site.extends.clone(), site.detect.clone()),
            };
            head.extends = extends.or(head.extends);
            head.detect = detect.over(&head.detect);
        }
        head.extends = head.extends.or_else(|| (id != ROOT).then(|| ROOT.to_owned()));
        head
    }
}

impl Entry {
    fn whole(&self) -> &Arc<Site> {
        self.whole.get_or_init(|| {
            let read = |said: &Said| match said {
                Said::Built(id, tree) => Site::built_in(id, tree),
                Said::Read(site) => Site::clone(site),
            };
            let own = self.said.iter().rev().map(read).reduce(|earlier, later| later.over(&earlier));
            let below = self.below.iter().rev().map(read).reduce(|parent, child| child.completed(&parent));
            let own = Site { extends: self.head.extends.clone(), ..own.unwrap_or_default() };
            Arc::new(match below {
                Some(below) => own.completed(&below),
                None => own,
            })
        })
    }
}
