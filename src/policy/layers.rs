//! Layers: who may say what, who wins, and what is meant by all of them together. The one place where settings of
//! several origins become one; each value keeps where it comes from.

use std::collections::BTreeMap;
use std::fmt;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use super::config::{Config, FileConfig, LockSpec};
use super::effective::Selection;
use super::rule::Rule;
use super::severity::Severity;
use super::site::{Site, Stand};

/// Where settings are written; the later wins, except over locks.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Level {
    /// The program itself.
    #[default]
    BuiltIn,
    /// `/etc/pydoctor`.
    System,
    /// A folder of `$PYDOCTOR_POLICY_PATH`.
    PolicyPath,
    /// `$XDG_CONFIG_HOME/pydoctor`.
    User,
    /// The nearest configuration upwards from a file, or what `--config` names.
    Project,
    /// The command line.
    CommandLine,
}

impl Level {
    /// All of them, the weakest first.
    pub const ALL: [Self; 6] =
        [Self::BuiltIn, Self::System, Self::PolicyPath, Self::User, Self::Project, Self::CommandLine];

    /// The name that reports use.
    pub const fn name(self) -> &'static str {
        match self {
            Self::BuiltIn => "built-in",
            Self::System => "system",
            Self::PolicyPath => "policy-path",
            Self::User => "user",
            Self::Project => "project",
            Self::CommandLine => "command-line",
        }
    }

    /// True for the layers of those who run the machine.
    pub const fn may_lock(self) -> bool {
        matches!(self, Self::System | Self::PolicyPath)
    }

    /// True for the layer in which a policy is tried before it is installed: its packs take the place of those below
    /// that have the same name.
    pub const fn may_replace_packs(self) -> bool {
        matches!(self, Self::PolicyPath)
    }
}

/// Where a value comes from.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct Origin {
    /// The layer.
    pub level: Level,
    /// Its file; an option for the command line.
    pub file: PathBuf,
    /// The line, from 1.
    pub line: Option<usize>,
}

/// A value with its origin.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Told<T> {
    /// The value.
    pub value: T,
    /// Where it comes from.
    pub origin: Origin,
}

/// What the command line says of policy.
#[derive(Clone, Debug, Default)]
pub struct CommandLine {
    /// The site.
    pub site: Option<String>,
    /// Which rules.
    pub selection: Selection,
    /// Exit with 1 from this severity on.
    pub fail_on: Option<Severity>,
    /// The findings that are accepted as they are, an absolute path.
    pub baseline: Option<PathBuf>,
}

/// What a layer has settled for a rule.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Lock {
    /// What it has settled.
    pub spec: LockSpec,
    /// The selection as that layer left it: what the rule is by it stands.
    pub base: Arc<Selection>,
    /// The site that the layers up to that one name, and what it says of how bad the rule is: that stands too, whatever
    /// site is named later.
    pub site: Option<(String, Option<Option<Severity>>)>,
    /// The layer that says so.
    pub level: Level,
    /// The file and the line that say so.
    pub place: (PathBuf, usize),
}

/// A site that no other may replace.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SiteLock {
    /// Its id.
    pub id: String,
    /// Why, in the words of those who locked it; may be empty.
    pub reason: String,
    /// The layer that says so.
    pub level: Level,
    /// The file and the line that say so.
    pub place: (PathBuf, usize),
    /// Who named the site.
    pub origin: Origin,
}

/// Something that was said against a lock, and is not obeyed.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Defied {
    /// Who said it.
    pub origin: Origin,
    /// What was said: `ignore`, `--select`.
    pub said: String,
    /// What stays as it is: the id of a rule or a site. What was said is obeyed for everything else.
    pub about: About,
    /// How it stays.
    pub kept: Kept,
    /// Why; may be empty.
    pub reason: String,
    /// The layer that locks it.
    pub level: Level,
    /// The file and the line that lock it.
    pub place: (PathBuf, usize),
}

/// How a lock keeps what it is on.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Kept {
    /// Off.
    Off,
    /// On, as bad as somebody else says.
    On,
    /// On, and so bad.
    At(Severity),
    /// Told, whatever would silence it.
    Loud,
    /// By what is known where it is locked.
    AsKnown,
    /// The site that it is.
    Site,
}

impl fmt::Display for Kept {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Off => f.write_str("off"),
            Self::On => f.write_str("on"),
            Self::At(severity) => write!(f, "at {}", severity.name()),
            Self::Loud => f.write_str("from being silenced"),
            Self::AsKnown => f.write_str("to what is known where it is locked"),
            Self::Site => f.write_str("as the site"),
        }
    }
}

/// What a lock is on.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum About {
    /// The rule of that id.
    Rule(String),
    /// The site of that id.
    Site(String),
}

impl About {
    /// Its id.
    pub fn id(&self) -> &str {
        match self {
            Self::Rule(id) | Self::Site(id) => id,
        }
    }
}

/// Everything that was written for a file.
#[derive(Clone, Debug, Default)]
pub struct Layers {
    /// Configurations, the weakest first.
    pub configs: Vec<Arc<Config>>,
    /// The command line, above them.
    pub line: CommandLine,
    /// Nothing of the configurations counts but their locks.
    pub isolated: bool,
}

/// What all layers together mean for a file.
#[derive(Clone, Debug, Default)]
pub struct Meant {
    /// Its site, as configurations say.
    pub site: Option<Told<String>>,
    /// Its site, and no other.
    pub site_lock: Option<SiteLock>,
    /// Which rules, and what is locked of them.
    pub selection: Selection,
    /// The severity from which the exit status is 1.
    pub fail_on: Option<Told<Severity>>,
    /// The findings that are accepted as they are.
    pub baseline: Option<Told<PathBuf>>,
    /// Who asks that comments which silence have a reason.
    pub require_reason: Option<Origin>,
}

impl Layers {
    /// What holds for a file, given by its absolute path; without one, what holds where no file is meant.
    pub fn for_file(&self, path: Option<&Path>) -> Meant {
        let mut meant = Meant::default();
        let mut locks: BTreeMap<String, Lock> = BTreeMap::new();
        for config in &self.configs {
            let at = |line| Origin { level: config.level, file: config.file.clone(), line };
            let told = |key: &str| at(config.line(&[key]));
            for part in config.parts_for(path) {
                meant.selection = meant.selection.under(&part.selection);
                if let Some(site) = part.site {
                    meant.site = Some(Told { value: site, origin: at(part.lines.get("site").copied()) });
                }
            }
            if let (Some(reason), None, Some(site)) = (&config.site_lock, &meant.site_lock, &meant.site) {
                let place = (config.file.clone(), config.line(&["site"]).unwrap_or(1));
                meant.site_lock = Some(SiteLock {
                    id: site.value.clone(),
                    reason: reason.clone(),
                    level: config.level,
                    place,
                    origin: site.origin.clone(),
                });
            }
            if !config.locks.is_empty() {
                let base = Arc::new(meant.selection.clone());
                let site = meant.site.as_ref().and_then(|site| config.policy.sites.get(&site.value));
                for (rule, spec) in &config.locks {
                    let line = config.line(&[&format!("rules.{rule}.lock")]).unwrap_or(1);
                    let said = |site: &Arc<Site>| site.rules.get(rule).and_then(|stand| stand.severity);
                    let lock = Lock {
                        spec: spec.clone(),
                        base: Arc::clone(&base),
                        site: site.map(|site| (site.id.clone(), said(site))),
                        level: config.level,
                        place: (config.file.clone(), line),
                    };
                    // Who locks first has the higher authority.
                    locks.entry(rule.clone()).or_insert(lock);
                }
            }
            if let Some(severity) = config.fail_on {
                meant.fail_on = Some(Told { value: severity, origin: told("fail-on") });
            }
            if let Some(file) = &config.baseline {
                meant.baseline = Some(Told { value: file.clone(), origin: told("baseline") });
            }
            if config.require_reason {
                meant.require_reason.get_or_insert_with(|| told("require-reason"));
            }
        }
        if self.isolated {
            meant = Meant { site_lock: meant.site_lock, ..Meant::default() };
        }
        meant.selection = meant.selection.under(&self.line.selection);
        meant.selection.locks = locks;
        meant.selection.require_reason = meant.require_reason.is_some();
        let option = |name: &str| Origin { level: Level::CommandLine, file: name.into(), line: None };
        if let Some(severity) = self.line.fail_on {
            meant.fail_on = Some(Told { value: severity, origin: option("--fail-on") });
        }
        if let Some(file) = &self.line.baseline {
            meant.baseline = Some(Told { value: file.clone(), origin: option("--baseline") });
        }
        meant
    }

    /// Where it was settled how bad a rule is: the last layer that speaks of it, up to the one that has it locked; `None`
    /// when none does.
    pub fn origin_of(&self, rule: &Rule, path: Option<&Path>, lock: Option<&Lock>) -> Option<Origin> {
        let steps = self.steps(path);
        let locks =
            |step: &Step<'_>| step.config.is_some_and(|config| lock.is_some_and(|lock| config.file == lock.place.0));
        let last = steps.iter().rposition(locks).unwrap_or(steps.len());
        // Behind the lock what it leaves open counts.
        let open =
            |word: Word| lock.is_none_or(|lock| !lock.spec.severity && (!lock.spec.enabled || word == Word::Severity));
        let near = |step: &Step<'_>| !self.isolated || (lock.is_some() && step.config.is_none());
        let heard = |at: usize, step: &Step<'_>, word: Word| {
            if at > last { open(word) && near(step) } else { !self.isolated || (lock.is_some() && !open(word)) }
        };
        let mut speaking = steps.into_iter().enumerate().filter_map(|(at, step)| {
            Some((step.said.selection.words_on(rule).into_iter().find(|word| heard(at, &step, *word))?, step))
        });
        speaking.next_back().map(|(word, step)| step.origin(word, rule))
    }

    /// What was said against the locks on a rule that has this `stand` at the file's site.
    pub fn defied(
        &self,
        selection: &Selection,
        rule: &Rule,
        stand: Option<&Stand>,
        path: Option<&Path>,
    ) -> Vec<Defied> {
        let Some(lock) = selection.locks.get(&rule.id) else { return Vec::new() };
        let stand = stand.and_then(|stand| stand.severity);
        let settled = lock.settled(rule, stand);
        let stand = lock.site.as_ref().map_or(stand, |(_, said)| *said);
        let locks = |step: &Step<'_>| step.config.is_some_and(|config| config.file == lock.place.0);
        let later = self.steps(path).into_iter().skip_while(|step| !locks(step)).skip_while(locks);
        // Under `--isolated` only the command line can say anything.
        let steps = later.filter(|step| !self.isolated || step.config.is_none());
        let kept = lock.kept(settled);
        let told = |origin: Origin, said: String| lock.defied(&rule.id, kept, origin, said);
        let against = |said: &Selection| lock.is_against(lock.base.under(said).unlocked(rule, stand), settled);
        let defied = |step: &Step<'_>| {
            if !against(&step.said.selection) {
                return Vec::new();
            }
            let mut words = step.said.selection.words_on(rule);
            // What it says besides may be allowed.
            let alone = |word: &Word| against(&step.said.selection.only(*word, rule));
            if words.iter().any(alone) {
                words.retain(alone);
            }
            words.into_iter().map(|word| told(step.origin(word, rule), step.says_in_full(word, rule))).collect()
        };
        let lifted = |step: &Step<'_>| step.lifts(rule, lock).map(|(origin, said)| told(origin, said));
        steps.flat_map(|step| lifted(&step).into_iter().chain(defied(&step)).collect::<Vec<_>>()).collect()
    }

    /// What later layers say against the lock on the site of a file: that it is another one, or not locked.
    pub fn defied_site(&self, lock: &SiteLock, path: Option<&Path>) -> Vec<Defied> {
        let steps = self.steps(path);
        let configs = steps.iter().filter_map(|step| Some((step.config?, &step.said)));
        let locks = |(config, _): &(&Config, &FileConfig)| config.file == lock.place.0;
        let later = configs.skip_while(|step| !locks(step)).skip_while(locks);
        let told = |(config, said): (&Config, &FileConfig)| {
            let other =
                said.site.as_ref().filter(|site| **site != lock.id).map(|site| ("site", format!("site={site}")));
            let lifts = said.lines.contains_key("site.lock") && config.site_lock.is_none();
            let lifted = lifts.then(|| ("site.lock", "lock = false".to_owned()));
            let origin =
                |key| Origin { level: config.level, file: config.file.clone(), line: said.lines.get(key).copied() };
            let all = other.into_iter().chain(lifted);
            all.map(|(key, said)| lock.defied(origin(key), said)).collect::<Vec<_>>()
        };
        later.filter(|_| !self.isolated).flat_map(told).collect()
    }

    fn steps(&self, path: Option<&Path>) -> Vec<Step<'_>> {
        let configs = self.configs.iter().flat_map(|config| {
            let parts = config.parts_for(path).into_iter();
            parts.map(|said| Step { config: Some(config.as_ref()), said })
        });
        let line = FileConfig { selection: self.line.selection.clone(), ..FileConfig::default() };
        configs.chain([Step { config: None, said: line }]).collect()
    }
}

impl Lock {
    /// How bad the rule is where a site says `said` of it, as the layer that locks it left it.
    pub fn settled(&self, rule: &Rule, said: Option<Option<Severity>>) -> Option<Severity> {
        self.base.unlocked(rule, self.site.as_ref().map_or(said, |(_, said)| *said))
    }

    /// How the rule stays where this lock has it `settled`.
    pub fn kept(&self, settled: Option<Severity>) -> Kept {
        match settled {
            _ if !self.spec.severity && !self.spec.enabled => Kept::Loud,
            None => Kept::Off,
            Some(severity) if self.spec.severity => Kept::At(severity),
            Some(_) => Kept::On,
        }
    }

    /// What `origin` said against this lock on `rule`.
    pub fn defied(&self, rule: &str, kept: Kept, origin: Origin, said: String) -> Defied {
        Defied {
            origin,
            said,
            about: About::Rule(rule.to_owned()),
            kept,
            reason: self.spec.reason.clone(),
            level: self.level,
            place: self.place.clone(),
        }
    }

    /// True when what is locked of the rule would be other with `level` than with what is `settled`.
    fn is_against(&self, level: Option<Severity>, settled: Option<Severity>) -> bool {
        (self.spec.severity && level != settled) || (self.spec.enabled && level.is_some() != settled.is_some())
    }

    /// True when another site than that of the lock says `said` of the rule, against the lock.
    pub fn is_defied_by_site(&self, rule: &Rule, said: Option<Option<Severity>>) -> bool {
        self.is_against(self.base.unlocked(rule, said), self.settled(rule, said))
    }
}

impl SiteLock {
    /// What `origin` said against this lock.
    pub fn defied(&self, origin: Origin, said: String) -> Defied {
        Defied {
            origin,
            said,
            about: About::Site(self.id.clone()),
            kept: Kept::Site,
            reason: self.reason.clone(),
            level: self.level,
            place: self.place.clone(),
        }
    }
}

/// What one part of a layer says of rules.
struct Step<'l> {
    /// `None` for the command line.
    config: Option<&'l Config>,
    said: FileConfig,
}

impl Step<'_> {
    fn origin(&self, word: Word, rule: &Rule) -> Origin {
        let Some(config) = self.config else {
            return Origin { level: Level::CommandLine, file: self.says(word).into(), line: None };
        };
        let key = match word {
            Word::Severity => &format!("rules.{}.severity", rule.id),
            other => other.key(),
        };
        Origin { level: config.level, file: config.file.clone(), line: self.said.lines.get(key).copied() }
    }

    /// Where it says that the rule is not locked.
    fn lifts(&self, rule: &Rule, lock: &Lock) -> Option<(Origin, String)> {
        let config = self.config?;
        let line = *self.said.lines.get(&format!("rules.{}.lock", rule.id))?;
        let own = config.locks.get(&rule.id).map(LockSpec::parts).unwrap_or_default();
        if lock.spec.parts().iter().all(|part| own.contains(part)) {
            return None;
        }
        let quoted: Vec<String> = own.iter().map(|part| format!("\"{part}\"")).collect();
        let said = if own.is_empty() { "lock = false".to_owned() } else { format!("lock = [{}]", quoted.join(", ")) };
        Some((Origin { level: config.level, file: config.file.clone(), line: Some(line) }, said))
    }

    /// What was said, for the command line with the names that mean the rule.
    fn says_in_full(&self, word: Word, rule: &Rule) -> String {
        let names = match word {
            Word::Ignore => self.said.selection.ignore.iter().filter(|name| rule.is_named(name)).cloned().collect(),
            Word::Select => self.said.selection.select.clone().unwrap_or_default(),
            Word::Off | Word::Severity => Vec::new(),
        };
        let said = self.says(word);
        if self.config.is_none() && !names.is_empty() { format!("{said} {}", names.join(",")) } else { said }
    }

    fn says(&self, word: Word) -> String {
        if self.config.is_none() { format!("--{}", word.key()) } else { word.key().to_owned() }
    }
}

/// By what a selection speaks of a rule.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Word {
    /// It says how bad the rule is.
    Severity,
    /// It leaves the rule out, whatever else is said.
    Off,
    /// It leaves the rule out.
    Ignore,
    /// It says which rules alone are on.
    Select,
}

impl Word {
    /// The key that says it.
    fn key(self) -> &'static str {
        match self {
            Self::Severity => "severity",
            Self::Off => "per-file-ignores",
            Self::Ignore => "ignore",
            Self::Select => "select",
        }
    }
}
