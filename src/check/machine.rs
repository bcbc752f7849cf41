//! Where a file is used. What is right at a site need not be so on a machine of one's own or at another centre: there a
//! fix is only shown, unless it is right on any machine.

use std::collections::BTreeSet;
use std::fmt::Debug;
use std::path::PathBuf;
use std::sync::OnceLock;

use foldhash::HashMap;

use crate::facts::FactKind;
use crate::policy::fix::FixSpec;
use crate::policy::site::ValueData;
use crate::policy::{Effective, ROOT, SiteHead};
use crate::source::{Kind, Role, Source, absolute};

use super::engine::{Bench, Run};
use super::lookup::{Subject, View};
use super::site;

/// What is known of the homes of this machine, and of the machine.
pub trait Homes: Debug + Send + Sync {
    /// The file lies where programs look for it in somebody's home, or a link from there leads to it.
    fn has(&self, source: &Source) -> bool;

    /// The machine itself is known to be one of a site's, by its name or its variables.
    fn on_cluster(&self) -> bool;
}

/// The value in which a site says whose directives its scheduler reads as well.
const DIRECTIVES_READ: &str = "directives-read";

/// What a file shows of where it is used.
#[derive(Clone, Debug, Default)]
pub(super) struct Use {
    /// On some cluster.
    on_cluster: bool,
    /// At the site that judges it.
    here: bool,
    /// At another centre, with what tells so.
    elsewhere: Option<String>,
}

/// The files of a run by the folder that they lie in, for those that are asked about.
pub(super) type ByFolder = OnceLock<HashMap<PathBuf, Vec<usize>>>;

/// Why a fix is only shown in a file, because of the machine that the file is for; `None` where it can be applied.
pub(super) fn reason(bench: &Bench<'_>, about: Subject<'_>, spec: &FixSpec) -> Option<String> {
    if spec.when.any_machine {
        return None;
    }
    let view = about.view;
    // Python runs on several, and its fixes ask where they hold.
    let is_python = matches!(view.source.kind, Kind::Python | Kind::Notebook);
    let machine = view.file.text("made-for");
    if !machine.is_empty() && !is_python && !spec.asks_for_machine() {
        return Some(format!("the file is made for another machine (`{machine}`)"));
    }
    let role = match view.source.kind {
        Kind::Shell { role, .. } => role,
        // Read at its start by conda.
        Kind::Condarc => Role::Startup,
        // Which Python starts it is right on one machine and wrong on another.
        Kind::Python if about.fact.kind == FactKind::Shebang => Role::Script,
        _ => return None,
    };
    let elsewhere = view.used_elsewhere.get_or_init(|| used_elsewhere(bench, view, role)).clone();
    elsewhere.or_else(|| {
        let site = &bench.judge.policy.site.id;
        let is_doubtful = spec.is_of_site() && *site != ROOT && !is_here(bench, view, role);
        is_doubtful.then(|| format!("it is right at {site} alone, and nothing in or beside the file says that it is for that; there, run `pydoctor check --fix` on a machine of the site"))
    })
}

/// True where a file is known to be used at the site: by itself, what belongs to it, its place or the machine.
fn is_here(bench: &Bench<'_>, view: &View<'_>, role: Role) -> bool {
    let settings = bench.run.settings;
    // Else something tells the site: a configuration, the machine, the file.
    let Some(homes) = settings.homes.as_deref().filter(|_| settings.site_given) else { return true };
    homes.on_cluster()
        || role != Role::Job && (is_home_of_site(bench, view) || homes.has(view.source))
        || used(bench, view).here
        || beside(bench, view, &|_| true, &|used| used.here)
}

/// True for a list that has the word.
fn is_in(list: &ValueData, word: &str) -> bool {
    matches!(list, ValueData::List(items) if items.iter().any(|(item, _)| item == word))
}

fn used_elsewhere(bench: &Bench<'_>, view: &View<'_>, role: Role) -> Option<String> {
    // Without homes there are no files, but what somebody shows of their account.
    let homes = bench.run.settings.homes.as_deref()?;
    let site = &bench.judge.policy.site;
    let scheduler = view.file.text("scheduler");
    let own = site.scheduler.as_deref().unwrap_or(scheduler);
    let is_read = || site.values.get(DIRECTIVES_READ).is_some_and(|value| is_in(&value.data, scheduler));
    if !scheduler.is_empty() && scheduler != own && !is_read() {
        return Some(format!("its directives are for another scheduler (`{scheduler}`)"));
    }
    if role != Role::Job && (is_home_of_site(bench, view) || homes.has(view.source)) {
        return None;
    }
    // What holds everywhere is right for a job of any centre.
    if role == Role::Job && site.id == ROOT {
        return None;
    }
    let used = used(bench, view);
    if let Some(sign) = &used.elsewhere {
        return Some(format!("it is for another cluster: {sign}"));
    }
    let is_known = || match role {
        Role::Job => true,
        Role::Startup => {
            let beside = || beside(bench, view, &|role| role == Role::Startup, &|used| used.on_cluster);
            used.on_cluster || is_plain(view.source) && beside()
        }
        Role::Script => {
            let in_job = view.file.flag("run-by-job");
            used.on_cluster || in_job || homes.on_cluster() || beside(bench, view, &|_| true, &|used| used.on_cluster)
        }
    };
    if is_known() {
        return None;
    }
    let name = view.source.path.file_name().map(|name| name.to_string_lossy()).unwrap_or_default();
    Some(match role {
        Role::Startup if name.starts_with('.') => format!(
            "nothing in or beside the file says that it is used on a cluster; where it is, run `pydoctor check --fix ~/{name}`"
        ),
        Role::Startup => "nothing in or beside the file says that it is used on a cluster; where it is, run `pydoctor check --fix` on it in its place at home".to_owned(),
        _ => "nothing in or beside the file says that it is used on a cluster; where it is, run `pydoctor check --fix` there".to_owned(),
    })
}

/// True for a file that lies directly in a folder that the site calls a home.
fn is_home_of_site(bench: &Bench<'_>, view: &View<'_>) -> bool {
    let path = absolute(&bench.run.settings.cwd, &view.source.path);
    let Some(folder) = path.parent().and_then(|folder| folder.to_str()) else { return false };
    let homes = bench.judge.policy.site.places.iter().filter(|row| row.place == "home").flat_map(|row| &row.paths);
    homes.into_iter().any(|path| path.folder.is_match(folder))
}

/// True where another file that belongs to it, and is not used elsewhere, `tells` where: one of a role that `counts` in the
/// same folder, or one that runs it or is run by it.
fn beside(bench: &Bench<'_>, view: &View<'_>, counts: &dyn Fn(Role) -> bool, tells: &dyn Fn(&Use) -> bool) -> bool {
    let shows = |other: &View<'_>| {
        let used = used(bench, other);
        tells(used) && used.elsewhere.is_none()
    };
    let related = bench.run.related(bench.index);
    if related.into_iter().filter_map(|index| bench.run.view(index)).any(shows) {
        return true;
    }
    // A text that is tried stands for a file of the whole run.
    let run = bench.run.beyond.as_ref().map_or(bench.run, |beyond| beyond.run);
    let folder = view.source.path.parent().unwrap_or(view.source.path.as_path());
    let here = by_folder(run).get(folder).into_iter().flatten().filter_map(|index| run.view(*index));
    let is_other = |other: &&View<'_>| {
        let (source, role) = (other.source, other.source.kind.role());
        let means_one = role == Some(Role::Startup) && !is_plain(source);
        source.path != view.source.path && role.is_some_and(counts) && !means_one
    };
    here.filter(is_other).any(shows)
}

/// True for the name of a start-up file to which nothing is added: `.bashrc_lxplus` beside it means one machine.
fn is_plain(source: &Source) -> bool {
    let name = source.path.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
    let name = name.trim_start_matches("dot_").trim_start_matches('.');
    let name = ["bash_", "zsh_"].iter().find_map(|shell| name.strip_prefix(shell)).unwrap_or(name);
    name.chars().all(|c| c.is_ascii_alphabetic())
}

fn by_folder<'r>(run: &'r Run<'_>) -> &'r HashMap<PathBuf, Vec<usize>> {
    run.by_folder.get_or_init(|| {
        let mut folders: HashMap<PathBuf, Vec<usize>> = HashMap::default();
        for (index, view) in run.views.iter().enumerate().filter(|(_, view)| view.source.kind.role().is_some()) {
            let folder = view.source.path.parent().unwrap_or(view.source.path.as_path());
            folders.entry(folder.to_owned()).or_default().push(index);
        }
        folders
    })
}

/// What a file shows of where it is used, by the site that judges it, whoever asks.
fn used<'v>(bench: &Bench<'_>, view: &'v View<'_>) -> &'v Use {
    view.used.get_or_init(|| {
        let policy = view.policy;
        let sites = site::evidence(&policy.sites, view.facts);
        if sites.contains_key(&policy.site.id) {
            return Use { on_cluster: true, here: true, elsewhere: None };
        }
        let name = bench.run.settings.name_of(&view.source.path);
        let shown = policy.clusters.shown(&name, &view.source.text);
        let here = policy.site.id != ROOT && says_site(policy, &name, view);
        let other = || {
            let own = own_sites(policy);
            let told = sites.iter().find(|(id, _)| !own.contains(id.as_str())).map(|(_, why)| why.clone());
            told.or_else(|| named_by_path(policy, &name, &own))
        };
        let centre = || shown.centre.map(|(name, sign)| format!("`{sign}` is of {name}"));
        let has_modules = || view.by_kind.contains_key(&FactKind::Module);
        Use {
            here,
            on_cluster: here || shown.any || !sites.is_empty() || shown.centre.is_some() || has_modules(),
            // What holds everywhere is of no centre, and so none is another.
            elsewhere: if here || policy.site.id == ROOT { None } else { other().or_else(centre) },
        }
    })
}

/// The site, those that it completes, those whose place it took, and the one that took its.
fn own_sites(policy: &Effective) -> BTreeSet<&str> {
    let mut own: BTreeSet<&str> = policy.sites.descent(&policy.site.id).into_iter().collect();
    let is_before = |id: &&str| {
        let retired = policy.sites.get(id).and_then(|site| site.retired.as_ref());
        retired.and_then(|retired| retired.successor.as_deref()).is_some_and(|next| next == policy.site.id)
    };
    let before: Vec<&str> = policy.sites.keys().map(String::as_str).filter(is_before).collect();
    own.extend(before);
    own.extend(policy.site.retired.as_ref().and_then(|retired| retired.successor.as_deref()));
    own
}

/// True where the path or the text names the site.
fn says_site(policy: &Effective, name: &std::path::Path, view: &View<'_>) -> bool {
    let Some(head) = policy.sites.head(&policy.site.id) else { return false };
    let path = name.to_string_lossy();
    let words = view.source.text.split(|c: char| c.is_whitespace() || "\"'`()[]<>,;=:@/".contains(c));
    words_of(&path).chain(words).any(|word| is_of(head, word))
}

/// Another site that the path names, by its word there.
fn named_by_path(policy: &Effective, name: &std::path::Path, own: &BTreeSet<&str>) -> Option<String> {
    let path = name.to_string_lossy();
    words_of(&path).find_map(|word| {
        let named = policy.sites.heads().find(|head| !own.contains(head.id.as_str()) && is_of(head, word))?;
        Some(format!("`{word}` in its path is of {}", named.id))
    })
}

fn words_of(path: &str) -> impl Iterator<Item = &str> {
    path.split(['/', '.', '_', ' '])
}

fn is_of(head: &SiteHead, word: &str) -> bool {
    (3..100).contains(&word.len())
        && (head.detect.words.iter().any(|pattern| pattern.is_match(word))
            || (word.contains(['.', '-']) && head.detect.hosts.iter().any(|pattern| pattern.is_match(word))))
}
