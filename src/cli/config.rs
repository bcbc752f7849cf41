//! `pydoctor config show [PATH]`: what holds for a file, and where each value comes from.

use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use serde_json::{Value as Json, json};

use crate::facts::{Alone, FileFacts};
use crate::policy::config::{Config, Exception, Lapsed, LockSpec};
use crate::policy::{CommandLine, Level, Origin, PackInfo, Policy, Rule, Severity, Site};
use crate::report::{NotObeyed, encode, for_terminal};
use crate::source::{self, Kind, Source};

use super::Status;
use super::args::{ConfigShow, ListFormat};
use super::engine::{Engine, notes};
use super::settings::FileSettings;
use super::snapshot::Snapshot;
use super::streams::{Streams, emit};

/// Runs `pydoctor config show`.
pub(super) fn show(args: &ConfigShow, snapshot: &Snapshot, streams: &mut Streams) -> anyhow::Result<Status> {
    let engine = Engine::new(&args.policy, CommandLine::default(), snapshot)?;
    let nothing = || Source::new(Path::new("").to_owned(), Kind::Other, Vec::new());
    let (settings, source) = match args.path.as_deref() {
        None => (engine.settings.here()?, nothing()),
        Some(path) if path.is_dir() => (engine.settings.of_folder(path)?, nothing()),
        // A file of any kind has settings, and one that is not there yet too.
        Some(path) => (engine.settings.of_file(path)?, source::read(path).unwrap_or_else(|_| nothing())),
    };
    engine.settings.check_line([&settings.policy])?;
    let facts = match source.kind {
        Kind::Other => FileFacts::default(),
        _ => engine.facts(&source, &settings.policy.tables, &Alone),
    };
    let (choice, other) = engine.site_and_other(&settings, &source, &facts)?;
    let not_obeyed = engine.not_obeyed(&engine.defied(&settings, &source, (&choice, other.as_ref())));
    let site = settings.effective(&choice.id)?.site;
    let locked_site = Arc::clone(settings.known.site(&choice.id)?);
    let named = engine.origin_of_site(&settings, &source, &choice);
    let slip = notes::of_site(args.path.as_deref().unwrap_or(Path::new("")), &choice);
    let notes = slip.into_iter().chain(notes::not_read(&engine.settings)).collect();
    let why = choice.why;
    let (site, locked_site) = (&*site, &*locked_site);
    let (engine, settings, all) = (&engine, &settings, args.all);
    let page = Page { engine, settings, site, locked_site, named, why, all, not_obeyed, notes };
    emit(&args.format, streams, |format, out| match format {
        ListFormat::Json => {
            encode::compact(&page.json(), out)?;
            writeln!(out)
        }
        ListFormat::Human => page.human(out),
    })?;
    Ok(Status::Clean)
}

/// What holds for one file or folder.
struct Page<'p> {
    engine: &'p Engine,
    settings: &'p FileSettings,
    site: &'p Site,
    /// The same as it is known where rules are locked.
    locked_site: &'p Site,
    /// Who named it.
    named: Origin,
    /// Why that site judges.
    why: String,
    /// Also rules that are as the program and the site say.
    all: bool,
    /// What is said against locks.
    not_obeyed: Vec<NotObeyed>,
    /// What was written and counts for nothing.
    notes: Vec<String>,
}

/// One value, as people read it.
struct Row {
    name: String,
    value: String,
    origin: Origin,
    note: String,
}

/// How bad a rule is, who says so, and what of it is locked.
struct Judged<'p> {
    rule: &'p Rule,
    severity: Option<Severity>,
    origin: Origin,
    locked: Vec<&'static str>,
    /// The file and the line that lock it.
    lock: Option<String>,
    /// How bad it is goes with the site of each file: no layer up to the lock says it or names a site.
    by_site: bool,
    /// Values without which it finds nothing, where it is locked and the site does not set them.
    unmet: Vec<String>,
    reason: &'p str,
    /// What is said of the exception that counts.
    exception: Option<&'p Exception>,
    /// An exception that counts no more.
    ended: Option<&'p Lapsed>,
}

impl Page<'_> {
    fn human(&self, out: &mut dyn Write) -> io::Result<()> {
        writeln!(out, "Layers, each over those before it:")?;
        for (level, place) in self.layers() {
            writeln!(out, "  {:13} {}", level.name(), for_terminal(&place))?;
        }
        writeln!(out, "\nSettings:")?;
        let width = self.settings.policy.rules.iter().map(|rule| rule.id.len()).max().unwrap_or(0);
        for row in self.rows() {
            self.write(&row, width, out)?;
        }
        writeln!(out, "\nRules:")?;
        let rules = self.rules();
        let others = self.settings.policy.rules.len() > rules.len();
        for judged in rules {
            let note = self.note(&judged);
            let value = level(judged.severity).to_owned();
            let row = Row { name: judged.rule.id.clone(), value, origin: judged.origin, note };
            self.write(&row, width, out)?;
        }
        if others {
            writeln!(out, "  all others are as the program and the site say (--all shows them)")?;
        }
        let of_files = |config: &Arc<Config>| config.speaks_of_files();
        if self.settings.path.is_none() && self.settings.layers.configs.iter().any(of_files) {
            writeln!(out, "\nName a file to see what [per-file-ignores] and [[override]] say of it.")?;
        }
        if !self.not_obeyed.is_empty() {
            writeln!(out, "\nNot obeyed:")?;
        }
        self.not_obeyed.iter().try_for_each(|said| writeln!(out, "  {}", for_terminal(&said.to_string())))?;
        if !self.notes.is_empty() {
            writeln!(out)?;
        }
        self.notes.iter().try_for_each(|note| writeln!(out, "{}", for_terminal(note)))
    }

    /// What stands behind a rule: its lock, what is said of the exception for it.
    fn note(&self, judged: &Judged<'_>) -> String {
        let mut notes = Vec::new();
        if let Some(lock) = &judged.lock {
            let reason = if judged.reason.is_empty() { String::new() } else { format!(": {}", judged.reason) };
            notes.push(format!("{lock} locks {}{reason}", judged.locked.join(", ")));
        }
        if judged.by_site {
            let note = "no layer up to the lock gives a severity or names a site, so that the site of each file says how bad it \
                 is: give a `severity` beside `lock`";
            notes.push(note.to_owned());
        }
        if !judged.unmet.is_empty() {
            let (values, site) = (judged.unmet.join(", "), &self.locked_site.id);
            notes.push(format!("finds nothing here: it asks for {values}, which site {site} does not set"));
        }
        if let Some(Exception { until, reason, .. }) = judged.exception {
            notes.extend(until.map(|until| format!("until {until}")));
            notes.extend(Some(reason.clone()).filter(|reason| !reason.is_empty()));
        }
        if let Some(Lapsed { until, place, .. }) = judged.ended {
            notes.push(format!("the exception in {} ended on {until}", self.place(place)));
        }
        if notes.is_empty() { String::new() } else { format!(" ({})", notes.join("; ")) }
    }

    fn write(&self, row: &Row, width: usize, out: &mut dyn Write) -> io::Result<()> {
        let origin = self.engine.settings.origin(&row.origin);
        let text = format!("  {:width$}  {:9}  {origin}{}", row.name, row.value, row.note);
        writeln!(out, "{}", for_terminal(text.trim_end()))
    }

    /// The layers with what lies in them.
    fn layers(&self) -> Vec<(Level, String)> {
        let settings = &self.engine.settings;
        let mut layers = vec![(Level::BuiltIn, "the program".to_owned())];
        let packs = self.settings.known.packs.iter().skip(1).map(|pack| {
            let level = settings.level_of_pack(Path::new(&pack.origin), self.settings);
            let folder = settings.shown(Path::new(&pack.origin)).display();
            (level, format!("{folder}, the pack {} {}", pack.name, pack.version))
        });
        layers.extend(packs);
        let only = if self.settings.layers.isolated { " (only its locks)" } else { "" };
        let configs = self.settings.layers.configs.iter();
        layers
            .extend(configs.map(|config| (config.level, format!("{}{only}", settings.shown(&config.file).display()))));
        layers.extend(settings.flag().map(|site| (Level::CommandLine, format!("--site {site}"))));
        layers.sort_by_key(|(level, _)| *level);
        layers
    }

    fn rows(&self) -> Vec<Row> {
        let meant = &self.settings.meant;
        let built_in = Origin::default;
        let row = |name: &str, value: &str, origin| Row {
            name: name.to_owned(),
            value: value.to_owned(),
            origin,
            note: String::new(),
        };
        let site = Row { note: format!(" ({})", self.why), ..row("site", &self.locked_site.id, self.named.clone()) };
        let fail_on = meant.fail_on.as_ref();
        let mut rows = vec![
            site,
            row("fail-on", self.settings.fail_on().name(), fail_on.map_or_else(built_in, |told| told.origin.clone())),
            row(
                "require-reason",
                if meant.require_reason.is_some() { "true" } else { "false" },
                meant.require_reason.clone().unwrap_or_default(),
            ),
        ];
        let baseline = meant.baseline.as_ref();
        let shown = baseline.map(|told| self.engine.settings.shown(&told.value).display().to_string());
        rows.push(row(
            "baseline",
            shown.as_deref().unwrap_or("none"),
            baseline.map_or_else(built_in, |told| told.origin.clone()),
        ));
        for config in self.settings.layers.configs.iter().filter(|_| !self.settings.layers.isolated) {
            let origin = Origin { level: config.level, file: config.file.clone(), line: config.line(&["exclude"]) };
            rows.extend(config.exclude.globs.iter().map(|glob| row("exclude", glob, origin.clone())));
        }
        rows
    }

    fn rules(&self) -> Vec<Judged<'_>> {
        let FileSettings { policy, known, meant, layers, path } = self.settings;
        let mut rules = Vec::new();
        for rule in &policy.rules {
            let ended = meant.selection.ended(rule);
            let lock = meant.selection.locks.get(&rule.id);
            let settled = lock.filter(|lock| lock.spec.severity || lock.spec.enabled);
            let said = layers.origin_of(rule, path.as_deref(), settled);
            if !self.all && lock.is_none() && ended.is_none() && said.is_none() {
                continue;
            }
            let (known, own) = if lock.is_some() { (known, self.locked_site) } else { (policy, self.site) };
            let stand = own.rules.get(&rule.id);
            let site = settled.and_then(|lock| lock.site.as_ref()).map_or(&own.id, |(id, _)| id);
            let origin = said.or_else(|| self.said_by_site(known, site, rule)).or_else(|| self.said_by_pack(rule));
            let origin = origin.unwrap_or_default();
            let exception = layers.configs.iter().filter(|config| config.file == origin.file);
            let exception = exception.flat_map(|config| &config.exceptions).find(|found| rule.is_named(&found.name));
            let spec = lock.map(|lock| &lock.spec);
            let by_site = settled.is_some_and(|lock| lock.site.is_none() && lock.base.words_on(rule).is_empty());
            rules.push(Judged {
                rule,
                severity: meant.selection.severity(rule, stand),
                exception: exception.filter(|_| !origin.file.as_os_str().is_empty()),
                ended,
                origin,
                locked: spec.map(LockSpec::parts).unwrap_or_default(),
                lock: lock.map(|lock| self.place(&lock.place)),
                by_site,
                unmet: lock.map(|_| rule.unmet_at(own)).unwrap_or_default(),
                reason: spec.map_or("", |spec| &spec.reason),
            });
        }
        rules
    }

    /// The site that says how bad a rule is: its file, where it is one of a pack.
    fn said_by_site(&self, known: &Policy, site: &str, rule: &Rule) -> Option<Origin> {
        let (id, file) = known.sites.who_says(site, &rule.id)?;
        Some(match file {
            Some(file) => self.of_pack(file.into()),
            None => Origin { level: Level::BuiltIn, file: format!("site {id}").into(), line: None },
        })
    }

    /// The file of a rule that is one of a pack.
    fn said_by_pack(&self, rule: &Rule) -> Option<Origin> {
        let brings = |pack: &&PackInfo| pack.rules.contains(&rule.id);
        let file = Path::new(&rule.origin);
        let packs = self.settings.known.packs.iter().skip(1).rev();
        let pack = packs.filter(|pack| file.starts_with(&pack.origin)).find(brings)?;
        Some(self.of_pack(Path::new(&pack.origin).join("lint").join(format!("{}.toml", rule.id))))
    }

    /// A file in a folder of a pack.
    fn of_pack(&self, file: PathBuf) -> Origin {
        let pack = file.parent().and_then(Path::parent).unwrap_or(&file);
        let level = self.engine.settings.level_of_pack(pack, self.settings);
        Origin { level, file, line: None }
    }

    fn place(&self, (file, line): &(PathBuf, usize)) -> String {
        format!("{}:{line}", self.engine.settings.shown(file).display())
    }

    fn json(&self) -> Json {
        let settings = &self.engine.settings;
        let origin = |origin: &Origin| {
            json!({
                "layer": origin.level.name(),
                "place": if origin.file.as_os_str().is_empty() { None } else { Some(settings.shown(&origin.file).to_string_lossy()) },
                "line": origin.line,
            })
        };
        let layers = self.layers().into_iter().map(|(level, place)| json!({ "layer": level.name(), "place": place }));
        let rows = self.rows();
        let row = |row: &Row| json!({ "name": row.name, "value": row.value, "origin": origin(&row.origin) });
        let rule = |judged: &Judged<'_>| {
            json!({
                "id": judged.rule.id,
                "severity": level(judged.severity),
                "origin": origin(&judged.origin),
                "locked": judged.locked,
                "lock": judged.lock,
                "by_site": judged.by_site,
                "unmet": judged.unmet,
                "reason": Some(judged.reason).filter(|reason| !reason.is_empty()),
                "exception": judged.exception.map(|found| {
                    json!({ "until": found.until.map(|day| day.to_string()), "reason": found.reason })
                }),
                "ended": judged.ended.map(|lapsed| lapsed.until.to_string()),
            })
        };
        let refused = |said: &NotObeyed| {
            json!({
                "origin": said.origin,
                "said": said.said,
                "about": said.about.id(),
                "kept": said.kept.to_string(),
                "layer": said.layer,
                "lock": said.lock,
                "reason": said.reason,
            })
        };
        let lock = self.settings.meant.site_lock.as_ref();
        json!({
            "version": 1,
            "layers": layers.collect::<Vec<_>>(),
            "site": { "id": self.locked_site.id, "why": self.why, "locked": lock.is_some() },
            "settings": rows.iter().skip(1).map(row).collect::<Vec<_>>(),
            "rules": self.rules().iter().map(rule).collect::<Vec<_>>(),
            "not_obeyed": self.not_obeyed.iter().map(refused).collect::<Vec<_>>(),
            "notes": self.notes,
        })
    }
}

fn level(severity: Option<Severity>) -> &'static str {
    severity.map_or("off", Severity::name)
}
