//! Which site a ticket is about: what was asked for, else what the ticket tells, and only then the machine one sits at.

use std::collections::{BTreeMap, BTreeSet};

use crate::check::{self, Grounds, SiteChoice, Surroundings};
use crate::facts::FileFacts;
use crate::policy::{Policy, PolicyError, ROOT};
use crate::source::{Kind, Source};

use super::pieces::Reading;

/// Words that are looked at in one ticket.
const WORDS: usize = 100_000;

/// The kind of signs that are paths and modules.
const PATHS: usize = 1;

/// Signs of sites in a ticket, the surest kind first: prompts and variables, paths and modules, names.
#[derive(Clone, Debug, Default)]
pub struct Signs<'p> {
    kinds: [BTreeMap<&'p str, String>; 3],
}

impl<'p> Signs<'p> {
    /// Reads them.
    pub fn read(policy: &'p Policy, reading: &Reading<'_>) -> Self {
        let mut signs = Self::default();
        for text in &reading.texts {
            for (_, host) in &text.hosts {
                signs.host(policy, host, 0, "a prompt");
            }
        }
        let mut seen = BTreeSet::new();
        for text in &reading.texts {
            let words = text.clean.split(|c: char| c.is_whitespace() || "\"'`()[]<>,;=:".contains(c));
            for word in words.filter(|word| word.len() > 1 && word.len() < 200).take(WORDS) {
                let word = word.trim_end_matches(['.', '!', '?']);
                if seen.insert(word) {
                    signs.word(policy, word);
                }
            }
            for (name, value) in text.clean.split_whitespace().filter_map(|word| word.split_once('=')) {
                signs.variable(policy, name.trim_start_matches("export "), value.trim_matches(['"', '\'']));
            }
        }
        signs
    }

    fn host(&mut self, policy: &'p Policy, host: &str, kind: usize, from: &str) {
        let host = host.to_ascii_lowercase();
        for site in policy.sites.heads().filter(|site| site.detect.hosts.iter().any(|pattern| pattern.is_match(&host)))
        {
            self.kinds[kind].entry(&site.id).or_insert_with(|| format!("{from} names the host `{host}`"));
        }
    }

    fn word(&mut self, policy: &'p Policy, word: &str) {
        // A name in lower case is the same in capitals; one that is written with a capital may be a common word without.
        let lower = word.to_lowercase();
        if word.contains('.') || word.contains('-') {
            let host = word.rsplit('@').next().unwrap_or(word);
            self.host(policy, host, 1, "the ticket");
        }
        for site in policy.sites.heads() {
            if word.contains(['/', '$']) && site.detect.evidence.iter().any(|pattern| pattern.is_match(word)) {
                self.kinds[1].entry(&site.id).or_insert_with(|| format!("the ticket names `{word}`"));
            }
            if site.detect.words.iter().any(|pattern| pattern.is_match(word) || pattern.is_match(&lower)) {
                self.kinds[2].entry(&site.id).or_insert_with(|| format!("the ticket speaks of `{word}`"));
            }
        }
    }

    fn variable(&mut self, policy: &'p Policy, name: &str, value: &str) {
        for site in policy.sites.heads() {
            let tells =
                |(own, pattern): &(String, crate::policy::glob::Pattern)| own == name && pattern.is_match(value);
            if site.detect.env.iter().any(tells) {
                self.kinds[0].entry(&site.id).or_insert_with(|| format!("the ticket shows `{name}={value}`"));
            }
        }
    }

    /// The site that the signs tell, and why; with no sign nothing, with signs that do not agree what they share.
    fn agreed(&self, policy: &'p Policy) -> Option<(String, Grounds, String)> {
        let mut found: Option<(&str, String)> = None;
        let mut conflict = None;
        for (kind, signs) in self.kinds.iter().enumerate().filter(|(_, signs)| !signs.is_empty()) {
            // Folders of the centre outlast a machine: beside those of one that was switched off they tell nothing.
            let lasting = signs.keys().filter_map(|id| policy.sites.get(id)?.retired.as_ref()?.successor.as_deref());
            let lasting: BTreeSet<&str> = lasting.filter(|_| kind == PATHS).collect();
            let signs: BTreeMap<&str, String> =
                signs.iter().filter(|(id, _)| !lasting.contains(*id)).map(|(id, why)| (*id, why.clone())).collect();
            let signs = &signs;
            let id = check::agreed(policy, signs);
            if id == ROOT {
                let sites: Vec<&str> = signs.keys().copied().collect();
                conflict.get_or_insert(format!("signs of {}, which do not agree", sites.join(" and ")));
                continue;
            }
            let why = || match signs.get(id) {
                Some(why) => why.clone(),
                None => {
                    let sites: Vec<&str> = signs.keys().copied().collect();
                    format!("signs of {}, of which only `{id}` is common", sites.join(" and "))
                }
            };
            match &found {
                None => found = Some((id, why())),
                // A less sure sign may say more closely where.
                Some((known, _)) if *known != id && policy.sites.descends(id, known) => found = Some((id, why())),
                Some(_) => {}
            }
        }
        match (found, conflict) {
            (Some((id, why)), None) => Some((id.to_owned(), Grounds::Evidence, why)),
            (Some((id, why)), Some(conflict)) => {
                Some((id.to_owned(), Grounds::Evidence, format!("{why} ({conflict})")))
            }
            (None, Some(conflict)) => Some((ROOT.to_owned(), Grounds::Nothing, conflict)),
            (None, None) => None,
        }
    }
}

/// Chooses the site: flag, configuration, the ticket, the machine. Errors: a site that does not exist.
pub fn choose(
    policy: &Policy,
    flag: Option<&str>,
    configured: Option<&str>,
    signs: &Signs<'_>,
    machine: &Surroundings,
) -> Result<SiteChoice, PolicyError> {
    let nothing = Source::new(Default::default(), Kind::Other, Vec::new());
    let facts = FileFacts::default();
    if flag.is_some() || configured.is_some() {
        return check::detect(policy, flag, configured, &nothing, &facts, &Surroundings::default());
    }
    if let Some((id, grounds, why)) = signs.agreed(policy) {
        return Ok(SiteChoice { id, grounds, why, slip: None });
    }
    let choice = check::detect(policy, None, None, &nothing, &facts, machine)?;
    let why = match choice.grounds {
        Grounds::Nothing => "nothing in the ticket tells the site".to_owned(),
        _ => format!("nothing in the ticket tells the site, but {}", choice.why),
    };
    Ok(SiteChoice { why, ..choice })
}
