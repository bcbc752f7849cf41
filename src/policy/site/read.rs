//! Reading a site file: every key, with who says what it says.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use super::super::document::{Document, Item, Shape, Table, Word};
use super::super::glob::Pattern;
use super::super::needles::Needles;
use super::super::path::PLACES;
use super::super::phrase::Phrase;
use super::super::severity::{APPLICABILITIES, Applicability, LEVELS};
use super::super::symptom::SymptomStand;
use super::{
    Detect, PathPattern, PlaceRow, Provenance, Quota, Retired, SCHEDULERS, Site, SiteValue, Sourced, Spoken, Stand,
    ValueData,
};

/// Reads a site whose file is called after `stem`.
pub(super) fn site(doc: &Document<'_>, table: Table<'_, '_>, stem: &str) -> Site {
    let mut site = Site { id: stem.to_owned(), ..Site::default() };
    if let Some(id) = table.need_string("id")
        && id.text != stem
    {
        let note = format!("the file is called `{stem}.toml`");
        doc.problem(id.span.clone(), format!("the id `{}` is not the name of its file", id.text), Some(note));
    }
    // A name that cannot be read is not missing.
    site.name = table
        .get("name")
        .map(|item| item.string().map_or_else(|| stem.to_owned(), |word| word.text.to_owned()))
        .unwrap_or_default();
    if let Some(parent) = table.string("extends") {
        site.extends = Some(parent.text.to_owned());
        site.spans.extends = parent.span;
    }
    read_scheduler(&table, &mut site);
    site.retired = table.table("retired").map(|table| read_retired(table, &mut site.said_by));
    if let Some(table) = table.table("detect") {
        note_source(&table, "detect".to_owned(), &mut site.said_by);
        site.detect = detect(table);
    }
    let (mut places, mut quotas) = (BTreeSet::new(), BTreeSet::new());
    site.places = table.tables("place").into_iter().map(|table| Arc::new(read_place(table, &mut places))).collect();
    site.quotas = table.tables("quota").into_iter().map(|table| read_quota(table, &mut quotas)).collect();
    for (key, item) in table.table("values").iter().flat_map(Table::entries) {
        site.spans.values.insert(key.text.to_owned(), key.span.clone());
        let data = item.quiet_table().and_then(|table| table.get("value")).map(|data| data.span());
        site.spans.data.extend(data.map(|span| (key.text.to_owned(), span)));
        site.values.extend(item.table().and_then(read_value).map(|value| (key.text.to_owned(), Arc::new(value))));
    }
    for (key, item) in table.table("recipes").iter().flat_map(Table::entries) {
        site.recipes.insert(key.text.to_owned(), Arc::new(item.table().map(read_recipe).unwrap_or_default()));
    }
    for (key, item) in table.table("links").iter().flat_map(Table::entries) {
        let url = match item.quiet_table() {
            Some(table) => {
                note_source(&table, format!("links.{}", key.text), &mut site.said_by);
                let url = table.need_string("url");
                table.finish();
                url
            }
            None => item.string(),
        };
        site.links.insert(key.text.to_owned(), url.map(|url| url.text.to_owned()).unwrap_or_default());
    }
    for (key, item) in table.table("rules").iter().flat_map(Table::entries) {
        site.spans.rules.insert(key.text.to_owned(), key.span.clone());
        if let Some(table) = item.table() {
            note_source(&table, format!("rules.{}", key.text), &mut site.said_by);
            site.spans.urls.extend(table.string("url").map(|word| (key.text.to_owned(), word.span)));
            site.rules.insert(key.text.to_owned(), read_stand(table));
        }
    }
    for (key, item) in table.table("symptoms").iter().flat_map(Table::entries) {
        site.spans.symptoms.insert(key.text.to_owned(), key.span.clone());
        if let Some(table) = item.table() {
            note_source(&table, format!("symptoms.{}", key.text), &mut site.said_by);
            site.symptoms.stands.insert(key.text.to_owned(), SymptomStand::read(table));
        }
    }
    for (key, item) in table.table("fill").iter().flat_map(Table::entries) {
        site.symptoms.fill.extend(Phrase::read(&item).map(|phrase| (key.text.to_owned(), phrase)));
    }
    table.finish();
    site
}

/// Notes who says what `key` names, and when that was looked at.
pub(super) fn note_source(table: &Table<'_, '_>, key: String, said_by: &mut BTreeMap<String, Provenance>) {
    let source = table.string("source").map(|word| word.text.to_owned());
    let verified = table.verified();
    if source.is_some() || verified.is_some() {
        said_by.insert(key, Provenance { source: source.unwrap_or_default(), verified });
    }
}

fn read_scheduler(table: &Table<'_, '_>, site: &mut Site) {
    let Some(item) = table.get("scheduler") else { return };
    let scheduler = match item.quiet_table() {
        Some(table) => {
            note_source(&table, "scheduler".to_owned(), &mut site.said_by);
            let scheduler = table.need("value").and_then(|item| item.choice("scheduler", SCHEDULERS));
            table.finish();
            scheduler
        }
        None => item.choice("scheduler", SCHEDULERS),
    };
    site.scheduler = scheduler.map(str::to_owned);
}

fn read_retired(table: Table<'_, '_>, said_by: &mut BTreeMap<String, Provenance>) -> Retired {
    let text = |word: Option<Word<'_>>| word.map(|word| word.text.to_owned());
    let retired = Retired {
        since: table.get("since").and_then(|item| item.date()),
        successor: text(table.string("successor")),
        source: text(table.need_string("source")).unwrap_or_default(),
    };
    note_source(&table, "retired".to_owned(), said_by);
    table.finish();
    retired
}

pub(super) fn detect(table: Table<'_, '_>) -> Detect {
    let patterns = |key| table.strings(key).iter().map(|word| pattern(table.doc(), word)).collect();
    let env = table.table("env");
    let detect = Detect {
        hosts: patterns("hosts"),
        env: env.iter().flat_map(Table::entries).flat_map(|(key, item)| read_variable(&key, &item)).collect(),
        evidence: patterns("evidence"),
        words: patterns("words"),
    };
    table.finish();
    detect
}

/// What an environment variable holds: one text, or one of several.
fn read_variable(key: &Word<'_>, item: &Item<'_, '_>) -> Vec<(String, Pattern)> {
    let words = match item.shape() {
        Shape::List => item.strings(),
        _ => item.string().into_iter().collect(),
    };
    words.iter().map(|word| (key.text.to_owned(), pattern(item.doc, word))).collect()
}

fn pattern(doc: &Document<'_>, word: &Word<'_>) -> Pattern {
    doc.check_glob(word);
    Pattern::new(word.text)
}

fn read_provenance(table: &Table<'_, '_>) -> Provenance {
    Provenance {
        source: table.need_string("source").map(|word| word.text.to_owned()).unwrap_or_default(),
        verified: table.verified(),
    }
}

/// The place that a table is about, which no other table of the file is `about`.
fn read_place_name(table: &Table<'_, '_>, about: &mut BTreeSet<String>) -> String {
    let choices: Vec<(&'static str, &'static str)> = PLACES
        .iter()
        .filter(|place| !matches!(**place, "elsewhere" | "unknown"))
        .map(|place| (*place, *place))
        .collect();
    let place = table.need("place").and_then(|item| item.choice("place", &choices));
    if let Some(place) = place.filter(|place| !about.insert((*place).to_owned())) {
        table.doc().problem(table.span(), format!("`{place}` stands here twice"), Some("join both".to_owned()));
    }
    place.unwrap_or_default().to_owned()
}

fn read_place(table: Table<'_, '_>, about: &mut BTreeSet<String>) -> PlaceRow {
    let paths = table.need("paths").map(|item| item.strings()).unwrap_or_default();
    paths.iter().for_each(|word| check_path(table.doc(), word));
    let row = PlaceRow {
        place: read_place_name(&table, about),
        paths: paths.iter().map(|word| PathPattern::new(word.text)).collect(),
        source: read_provenance(&table),
    };
    table.finish();
    row
}

/// The paths of a place begin at the root, or with a variable.
fn check_path(doc: &Document<'_>, word: &Word<'_>) {
    doc.check_glob(word);
    if !word.text.starts_with(['/', '$', '*']) {
        let note = match word.text.strip_prefix('~') {
            Some(rest) => format!("write `$HOME{rest}`"),
            None => "write it from the root on: `/project`, or with a variable: `$PROJECT`".to_owned(),
        };
        doc.problem(word.span.clone(), format!("`{}` is no path that files could name", word.text), Some(note));
    }
}

/// A size is a number and a unit.
fn check_size(doc: &Document<'_>, word: &Word<'_>) {
    let number = word.text.trim_end_matches(|c: char| c.is_ascii_alphabetic()).trim_end();
    let unit = word.text[number.len()..].trim();
    let is_unit = ["kB", "KB", "MB", "GB", "TB", "PB", "KiB", "MiB", "GiB", "TiB", "PiB"].contains(&unit);
    if !is_unit || !number.parse::<f64>().is_ok_and(|number| number.is_finite() && number > 0.0) {
        let note = "write one number and a unit as the site does, `30 GB` or `1.5 TiB`; of a range the smaller end; leave it out where \
                    none is known"
            .to_owned();
        doc.problem(word.span.clone(), format!("`{}` is no size", word.text), Some(note));
    }
}

fn read_quota(table: Table<'_, '_>, about: &mut BTreeSet<String>) -> Quota {
    let bytes = table.string("bytes");
    bytes.iter().for_each(|word| check_size(table.doc(), word));
    let quota = Quota {
        place: read_place_name(&table, about),
        bytes: bytes.map(|word| word.text.to_owned()),
        files: table.get("files").and_then(|item| item.integer()),
        source: read_provenance(&table),
    };
    table.finish();
    quota
}

fn read_value(table: Table<'_, '_>) -> Option<SiteValue> {
    let data = table.need("value").and_then(|item| read_data(&item));
    let source = read_provenance(&table);
    table.finish();
    Some(SiteValue { data: data?, source, needles: Needles::default() })
}

fn read_data(item: &Item<'_, '_>) -> Option<ValueData> {
    match item.shape() {
        Shape::Text(_) => item.as_str().map(|text| ValueData::Text(text.to_owned(), Pattern::new(text))),
        Shape::Integer => item.integer().map(ValueData::Number),
        Shape::List => {
            let words = item.strings();
            Some(ValueData::List(words.iter().map(|word| (word.text.to_owned(), pattern(item.doc, word))).collect()))
        }
        Shape::Table => {
            let entries = item.table()?.entries();
            let rows = entries.iter().filter_map(|(key, item)| {
                Some((key.text.to_owned(), pattern(item.doc, key), item.string()?.text.to_owned()))
            });
            Some(ValueData::Table(rows.collect()))
        }
        _ => {
            item.wrong("a string, an integer, a list of strings or a table of strings");
            None
        }
    }
}

/// One that is faulty is empty, since its name exists all the same.
fn read_recipe(table: Table<'_, '_>) -> Sourced<String> {
    let text = table.need_string("text").map(|word| word.text.to_owned());
    let source = read_provenance(&table);
    table.finish();
    Sourced { value: text.unwrap_or_default(), source }
}

fn read_stand(table: Table<'_, '_>) -> Stand {
    let spoken = |key| {
        let word = table.string(key)?;
        Some(Spoken { text: word.text.to_owned(), span: word.span })
    };
    let mut fixes: Vec<(&'static str, Option<Applicability>)> =
        APPLICABILITIES.iter().map(|(name, value)| (*name, Some(*value))).collect();
    fixes.push(("none", None));
    let stand = Stand {
        severity: table.choice("severity", LEVELS),
        message: spoken("message"),
        help: spoken("help"),
        url: table.string("url").map(|word| word.text.to_owned()),
        fix: table.choice("fix", &fixes),
        reason: table.string("reason").map(|word| word.text.to_owned()),
    };
    table.finish();
    stand
}
