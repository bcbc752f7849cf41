//! All sites of a policy. How a site is recognised is known at once; what it says is read, with the sites that it
//! extends, when it judges.

use std::collections::BTreeMap;
use std::sync::{Arc, OnceLock};

use super::site::{Detect, ROOT, Site};
use crate::tree::Node;

/// The sites by id.
#[derive(Debug, Default)]
pub struct Sites(BTreeMap<String, Entry>);

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
    head: SiteHead,
    /// For a built-in site: its file and those of the sites that it extends, the root's last.
    chain: Vec<(&'static str, &'static Node)>,
    whole: OnceLock<Arc<Site>>,
}

impl Sites {
    /// Sites that are complete.
    pub(super) fn new(whole: BTreeMap<String, Site>) -> Self {
        let entry = |site: Site| Entry {
            head: SiteHead { id: site.id.clone(), extends: site.extends.clone(), detect: site.detect.clone() },
            chain: Vec::new(),
            whole: Arc::new(site).into(),
        };
        Self(whole.into_iter().map(|(id, site)| (id, entry(site))).collect())
    }

    /// The built-in sites, each with its file's tree.
    pub(super) fn built_in(trees: &BTreeMap<&'static str, &'static Node>) -> Self {
        let entry = |id: &&'static str| {
            let mut chain = Vec::new();
            let mut next = Some(*id);
            // A test has checked that no site extends itself.
            while let Some((id, tree)) = next.and_then(|id| trees.get_key_value(id)) {
                chain.push((*id, *tree));
                next = tree.get("extends").and_then(Node::text).or(if *id == ROOT { None } else { Some(ROOT) });
            }
            let (extends, detect) = Site::built_in_head(id, trees[id]);
            (
                (*id).to_owned(),
                Entry { head: SiteHead { id: (*id).to_owned(), extends, detect }, chain, whole: OnceLock::new() },
            )
        };
        Self(trees.keys().map(entry).collect())
    }

    /// The site of that id, completed from the sites that it extends.
    pub fn get(&self, id: &str) -> Option<&Arc<Site>> {
        self.0.get(id).map(Entry::whole)
    }

    /// True when there is a site of that id.
    pub fn contains_key(&self, id: &str) -> bool {
        self.0.contains_key(id)
    }

    /// All ids in order.
    pub fn keys(&self) -> impl Iterator<Item = &String> {
        self.0.keys()
    }

    /// All sites by id, each completed.
    pub fn values(&self) -> impl Iterator<Item = &Arc<Site>> {
        self.0.values().map(Entry::whole)
    }

    /// What tells each site from others, by id; costs no reading.
    pub fn heads(&self) -> impl Iterator<Item = &SiteHead> {
        self.0.values().map(|entry| &entry.head)
    }

    /// What tells the site of that id from others.
    pub fn head(&self, id: &str) -> Option<&SiteHead> {
        self.0.get(id).map(|entry| &entry.head)
    }

    /// How many there are.
    pub fn len(&self) -> usize {
        self.0.len()
    }

    /// True when there is none, which no checked policy is.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

impl Entry {
    fn whole(&self) -> &Arc<Site> {
        self.whole.get_or_init(|| {
            let sites = self.chain.iter().rev().map(|(id, tree)| Site::built_in(id, tree));
            Arc::new(sites.reduce(|parent, child| child.completed(&parent)).unwrap_or_default())
        })
    }
}
