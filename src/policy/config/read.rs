//! Reading a configuration: every key, with what may stand there.

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use globset::{GlobBuilder, GlobSetBuilder};

use super::super::day::Day;
use super::super::document::{Document, Item, Shape, Table, Word};
use super::super::effective::Selection;
use super::super::error::PolicyError;
use super::super::library::joined;
use super::super::pack::Policy;
use super::super::rule::TAGS;
use super::super::severity::{APPLICABILITIES, LEVELS, SEVERITIES};
use super::{Config, Exception, FileConfig, Files, Ignores, LOCKABLE, Lapsed, LockSpec, Override, Packs, Reading};
use crate::source::reason;

/// One file that is being read.
struct Reader<'r> {
    reading: Reading<'r>,
    /// What it may name.
    policy: &'r Policy,
    path: &'r Path,
    /// All packs could be read, so that what is not known does not exist.
    whole: bool,
    /// What was read of exceptions.
    exceptions: RefCell<Vec<Exception>>,
}

/// What `[[pack]]` comes to.
struct Loaded {
    packs: Vec<PathBuf>,
    policy: Arc<Policy>,
    /// All of them could be read.
    whole: bool,
}

/// What a list of rules with exceptions among them says.
#[derive(Default)]
struct Names {
    names: Vec<String>,
    lapsed: Vec<Lapsed>,
}

/// Reads the configuration in `table` of the file `path`.
pub(super) fn config(table: Table<'_, '_>, path: &Path, reading: Reading<'_>) -> Result<Config, PolicyError> {
    let Loaded { packs, policy, whole } = read_packs(&table, path.parent().unwrap_or(Path::new("")), reading)?;
    let reader = Reader { reading, policy: &policy, path, whole, exceptions: RefCell::default() };
    let mut config = Config {
        level: reading.level,
        file: path.to_owned(),
        globs_from: reading.globs_from.to_owned(),
        packs,
        policy: Arc::clone(&policy),
        selection: reader.selection(&table),
        fail_on: table.choice("fail-on", SEVERITIES),
        require_reason: table.flag("require-reason").unwrap_or(false),
        baseline: table.string("baseline").map(|word| path.parent().unwrap_or(Path::new("")).join(word.text)),
        exclude: files(table.doc(), &table.strings("exclude")),
        overrides: table.tables("override").into_iter().map(|table| reader.over(table)).collect(),
        ignores: reader.ignores(&table),
        lines: lines(&table),
        ..Config::default()
    };
    reader.site(&table, &mut config);
    reader.rules(&table, &mut config);
    config.exceptions.extend(reader.exceptions.take());
    table.finish();
    Ok(config)
}

/// Reads `[[pack]]`: folders, from that of the configuration on, and the policy with what lies in them.
fn read_packs(table: &Table<'_, '_>, folder: &Path, reading: Reading<'_>) -> Result<Loaded, PolicyError> {
    let Packs { library, folders } = reading.packs;
    let mut packs = Vec::new();
    let mut places = Vec::new();
    let mut whole = true;
    for pack in table.tables("pack") {
        if let Some(path) = pack.need_string("path") {
            let pack = folder.join(path.text);
            if let Err(error) = fs::read_dir(&pack) {
                whole = false;
                let why = if pack.is_file() { "it is a file".to_owned() } else { reason(&pack, &error) };
                let message = format!("the pack `{}` cannot be read: {why}", path.text);
                let note = "`path` is the folder of a pack, from `/` or from the folder of this file on; `~` and `$` mean nothing \
                            in it";
                let note = Some(note.to_owned());
                table.doc().problem(path.span, message, note);
                continue;
            }
            let real = fs::canonicalize(&pack).unwrap_or_else(|_| pack.clone());
            places.push((real, table.doc().place(path.span)));
            packs.push(pack);
        }
        pack.finish();
    }
    let packs = joined(folders, &packs, reading.level.may_replace_packs());
    let loaded = library.with(&packs);
    let named = |error: &PolicyError| {
        let file = error.file()?.to_owned();
        places.iter().find(|(folder, _)| file.starts_with(folder)).map(|(_, place)| place.clone())
    };
    let policy = loaded.map_err(|error| match named(&error) {
        Some(place) => PolicyError::Pack { error, place },
        // One of a lower layer, which is told with its own place.
        None => error.copied(),
    })?;
    Ok(Loaded { packs, policy, whole })
}

impl Reader<'_> {
    /// `site = "ID"`, or `site = { id = "ID", lock = true, reason = "…" }` where sites can be locked.
    fn site(&self, table: &Table<'_, '_>, config: &mut Config) {
        let Some(item) = table.get("site") else { return };
        let Shape::Table = item.shape() else {
            config.site = item.string().map(|word| self.site_id(table.doc(), &word));
            return;
        };
        let Some(table) = item.table() else { return };
        config.site = table.need_string("id").map(|word| self.site_id(table.doc(), &word));
        let reason = table.string("reason").map(|word| word.text.to_owned()).unwrap_or_default();
        if let Some(lock) = table.get("lock") {
            self.may_lock(&lock);
            config.lines.insert("site.lock".to_owned(), table.doc().line(lock.span().start));
            config.site_lock = lock.flag().unwrap_or(false).then_some(reason);
        }
        table.finish();
    }

    fn site_id(&self, doc: &Document<'_>, word: &Word<'_>) -> String {
        let sites = &self.policy.sites;
        if self.whole && !sites.contains_key(word.text) {
            doc.unknown_here(word, "site", sites.keys().map(String::as_str));
        }
        word.text.to_owned()
    }

    /// `[rules.ID]`: how bad it is, until when, and what nobody may change.
    fn rules(&self, table: &Table<'_, '_>, config: &mut Config) {
        let policy = self.policy;
        for (key, item) in table.table("rules").iter().flat_map(Table::entries) {
            if TAGS.contains(&key.text) && policy.rule(key.text).is_none() {
                let note = "a tag stands in `ignore` and `select`; a severity is that of one rule".to_owned();
                table.doc().problem(key.span.clone(), format!("`{}` is a tag, no rule", key.text), Some(note));
            } else if self.whole && policy.rule(key.text).is_none() {
                table.doc().unknown_here(&key, "rule", policy.rules.iter().map(|rule| rule.id.as_str()));
            }
            if let Shape::Text(said) = item.shape() {
                let note = format!("write `[rules.{}]`, and `severity = \"{said}\"` below it", key.text);
                table.doc().problem(item.span(), "a rule is a table", Some(note));
                continue;
            }
            let Some(rule) = item.table() else { continue };
            let lock = self.lock(&rule);
            let severity = rule.choice("severity", LEVELS);
            let fix = rule.choice("fix", APPLICABILITIES);
            // What stands now can be locked without saying it again.
            if !["severity", "fix", "lock"].iter().any(|key| rule.has(key)) {
                let note =
                    rule.has("until").then(|| "an exception says `severity = \"off\"` beside `until`".to_owned());
                rule.doc().problem(rule.span(), "a rule needs a `severity` or a `fix`", note);
            }
            config.selection.fixes.extend(fix.map(|fix| (key.text.to_owned(), fix)));
            if lock.is_none() {
                self.note(&rule, key.text);
            }
            let lapsed = self.lapsed(&rule, key.text);
            match (severity, lapsed) {
                (Some(_), Some(lapsed)) => config.selection.lapsed.push(lapsed),
                (Some(severity), None) => drop(config.selection.severities.insert(key.text.to_owned(), severity)),
                (None, _) => {}
            }
            if let Some(lock) = lock {
                config.locks.insert(key.text.to_owned(), lock);
            }
            rule.finish();
        }
    }

    /// `lock = true`, or a list of what is locked; `reason` is welcome without one too.
    fn lock(&self, rule: &Table<'_, '_>) -> Option<LockSpec> {
        let reason = rule.string("reason").map(|word| word.text.to_owned()).unwrap_or_default();
        let item = rule.get("lock")?;
        self.may_lock(&item);
        let words: Vec<&str> = match item.shape() {
            Shape::Flag(false) => return None,
            Shape::Flag(true) => LOCKABLE.iter().map(|(name, _)| *name).collect(),
            Shape::List => item.list()?.iter().filter_map(|item| item.choice("lock", LOCKABLE)).collect(),
            _ => {
                item.wrong("true, or a list of `enabled`, `severity`, `suppression`");
                return None;
            }
        };
        let has = |word| words.contains(&word);
        Some(LockSpec { severity: has("severity"), enabled: has("enabled"), suppression: has("suppression"), reason })
    }

    /// Notes a lock where none can be.
    fn may_lock(&self, item: &Item<'_, '_>) {
        if !self.reading.level.may_lock() {
            let note = "only configuration in /etc/pydoctor or a folder of $PYDOCTOR_POLICY_PATH can lock";
            item.doc.problem(item.span(), "a lock does not count here", Some(note.to_owned()));
        }
    }

    fn over(&self, table: Table<'_, '_>) -> Override {
        if table.need("files").is_some_and(|item| item.list().is_some_and(|files| files.is_empty())) {
            table.doc().problem(table.span(), "an override needs at least one glob in `files`", None);
        }
        let over = Override {
            files: files(table.doc(), &table.strings("files")),
            says: FileConfig {
                site: table.string("site").map(|word| self.site_id(table.doc(), &word)),
                selection: self.selection(&table),
                lines: key_lines(&table).collect(),
            },
        };
        table.finish();
        over
    }

    fn selection(&self, table: &Table<'_, '_>) -> Selection {
        let select = table.get("select").map(|item| {
            let words = item.strings();
            words.iter().for_each(|word| self.check_name(table.doc(), word));
            words.iter().map(|word| word.text.to_owned()).collect()
        });
        let Names { names, lapsed } = table.get("ignore").map(|item| self.names(&item)).unwrap_or_default();
        Selection { select, ignore: names, lapsed, ..Selection::default() }
    }

    fn ignores(&self, table: &Table<'_, '_>) -> Vec<Ignores> {
        let mut ignores = Vec::new();
        for (glob, item) in table.table("per-file-ignores").iter().flat_map(Table::entries) {
            let Names { names, lapsed } = self.names(&item);
            let line = table.doc().line(glob.span.start);
            ignores.push(Ignores { files: files(table.doc(), &[glob]), off: names, lapsed, line });
        }
        ignores
    }

    /// A list of rules and tags, each by its name or as `{ rule = "ID", until = 2027-03-01, reason = "…" }`.
    fn names(&self, item: &Item<'_, '_>) -> Names {
        let mut names = Names::default();
        for item in item.list().unwrap_or_default() {
            match item.shape() {
                Shape::Table => {
                    let Some(table) = item.table() else { continue };
                    let name = table.need_string("rule");
                    self.note(&table, name.as_ref().map_or("", |name| name.text));
                    if let Some(name) = name {
                        self.check_name(table.doc(), &name);
                        match self.lapsed(&table, name.text) {
                            Some(lapsed) => names.lapsed.push(lapsed),
                            None => names.names.push(name.text.to_owned()),
                        }
                    }
                    table.finish();
                }
                Shape::Text(text) => {
                    self.check_name(item.doc, &Word { text, span: item.span() });
                    names.names.push(text.to_owned());
                }
                _ => item.wrong("a rule, or a table with `rule` and `until`"),
            }
        }
        names
    }

    /// Keeps what a table says of an exception for `name`.
    fn note(&self, table: &Table<'_, '_>, name: &str) {
        let until = table.get("until").and_then(|item| Day::parse(&item.date()?));
        let reason = table.string("reason").map(|word| word.text.to_owned()).unwrap_or_default();
        if until.is_some() || !reason.is_empty() {
            self.exceptions.borrow_mut().push(Exception { name: name.to_owned(), until, reason });
        }
    }

    /// The exception for `name` in this table, when its last day is over.
    fn lapsed(&self, table: &Table<'_, '_>, name: &str) -> Option<Lapsed> {
        let item = table.get("until")?;
        let date = item.date()?;
        let Some(until) = Day::parse(&date) else {
            item.wrong("a date like 2027-03-01");
            return None;
        };
        let place = (self.path.to_owned(), table.doc().line(item.span().start));
        (until < self.reading.today).then(|| Lapsed { name: name.to_owned(), until, place })
    }

    /// Ids of rules, tags and `ALL` exist.
    fn check_name(&self, doc: &Document<'_>, word: &Word<'_>) {
        let policy = self.policy;
        if self.whole && word.text != "ALL" && !TAGS.contains(&word.text) && policy.rule(word.text).is_none() {
            let ids = policy.rules.iter().map(|rule| rule.id.as_str());
            doc.unknown_here(word, "rule or tag", ids.chain(TAGS.iter().copied()).chain(["ALL"]));
        }
    }
}

fn files(doc: &Document<'_>, words: &[Word<'_>]) -> Files {
    let mut set = GlobSetBuilder::new();
    for word in words {
        let text = word.text.trim_start_matches("./").trim_end_matches('/');
        let whole = if text.contains('/') { text.trim_start_matches('/').to_owned() } else { format!("**/{text}") };
        for glob in [whole.clone(), format!("{whole}/**")] {
            match GlobBuilder::new(&glob).literal_separator(true).build() {
                Ok(glob) => drop(set.add(glob)),
                Err(error) => {
                    let note = "`*` is any text in one folder, `**` goes through folders, `[ab]` is one of these and `{a,b}` \
                                either; what is meant as it stands is written `[[]`, `[*]`, `[{]`";
                    doc.problem(word.span.clone(), format!("not a glob: {}", error.kind()), Some(note.to_owned()));
                }
            }
        }
    }
    let globs = words.iter().map(|word| word.text.to_owned()).collect();
    Files { set: set.build().unwrap_or_default(), globs }
}

/// The lines of the keys, those of tables of rules among them.
fn lines(table: &Table<'_, '_>) -> BTreeMap<String, usize> {
    let mut lines: BTreeMap<String, usize> = key_lines(table).collect();
    let rules = table.entries().into_iter().filter(|(key, _)| key.text == "rules");
    for (id, item) in rules.filter_map(|(_, item)| item.quiet_table()).flat_map(|rules| rules.entries()) {
        lines.insert(format!("rules.{}", id.text), table.doc().line(id.span.start));
        if let Some(rule) = item.quiet_table() {
            lines.extend(key_lines(&rule).map(|(key, line)| (format!("rules.{}.{key}", id.text), line)));
        }
    }
    lines
}

fn key_lines<'t>(table: &'t Table<'_, '_>) -> impl Iterator<Item = (String, usize)> + 't {
    table.entries().into_iter().map(|(key, _)| (key.text.to_owned(), table.doc().line(key.span.start)))
}
