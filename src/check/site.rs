//! Which site judges a file: flag, pragma, configuration, environment, host name, evidence in the file, in this order.

use std::borrow::Cow;
use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;
use std::sync::Arc;

use foldhash::HashMap;

use crate::facts::interest::is_literal;
use crate::facts::{Fact, FactKind, FileFacts, Record, Value};
use crate::policy::{Policy, PolicyError, ROOT, Sites};
use crate::source::{Kind, Source};

/// What is known of the machine. Nothing below the command line reads the environment.
#[derive(Clone, Debug, Default)]
pub struct Surroundings {
    /// Environment variables; empty where the machine must not count.
    pub env: HashMap<String, String>,
    /// The host's name.
    pub hostname: Option<String>,
    /// The account's home.
    pub home: Option<PathBuf>,
}

/// The site that judges a file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SiteChoice {
    /// Its id.
    pub id: String,
    /// What it was chosen by.
    pub grounds: Grounds,
    /// Why, in a sentence.
    pub why: String,
    /// A comment in the file that names a site which does not exist: its line, and what is wrong.
    pub slip: Option<(usize, String)>,
}

/// What a site was chosen by.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Grounds {
    /// The machine's policy allows no other.
    Lock,
    /// `--site`.
    Flag,
    /// A comment in the file.
    Pragma,
    /// The configuration.
    Configuration,
    /// Variables of the environment.
    Environment,
    /// The host's name.
    HostName,
    /// Paths and modules in the file.
    Evidence,
    /// Nothing: what holds everywhere.
    Nothing,
}

impl Grounds {
    /// The name that reports use.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Lock => "lock",
            Self::Flag => "flag",
            Self::Pragma => "comment",
            Self::Configuration => "configuration",
            Self::Environment => "environment",
            Self::HostName => "host",
            Self::Evidence => "evidence",
            Self::Nothing => "nothing",
        }
    }
}

/// How far down a pragma may stand.
const PRAGMA_LINES: usize = 30;

/// Chooses the site for a file. `flag` and `configured` must name sites that exist; a pragma that does not is told
/// beside the choice, and the search goes on.
pub fn detect(
    policy: &Policy,
    flag: Option<&str>,
    configured: Option<&str>,
    source: &Source,
    facts: &FileFacts,
    machine: &Surroundings,
) -> Result<SiteChoice, PolicyError> {
    let choice = |id: &str, grounds, why: String| SiteChoice { id: id.to_owned(), grounds, why, slip: None };
    if let Some(id) = flag {
        policy.site(id)?;
        return Ok(choice(id, Grounds::Flag, "`--site` names it".to_owned()));
    }
    let mut slip = None;
    if let Some((id, line)) = pragma(source) {
        match policy.site(&id) {
            Ok(_) => return Ok(choice(&id, Grounds::Pragma, format!("a comment on line {line} names it"))),
            Err(error) => slip = Some((line, error.to_string())),
        }
    }
    let choice = |id: &str, grounds, why: String| SiteChoice { slip: slip.clone(), ..choice(id, grounds, why) };
    if let Some(id) = configured {
        policy.site(id)?;
        return Ok(choice(id, Grounds::Configuration, "the configuration names it".to_owned()));
    }
    let steps: [(Grounds, &dyn Fn() -> _); 3] = [
        (Grounds::Environment, &|| by_environment(policy, machine)),
        (Grounds::HostName, &|| by_host(policy, machine)),
        (Grounds::Evidence, &|| by_evidence(policy, facts)),
    ];
    for (grounds, find) in steps {
        let found: BTreeMap<&str, String> = find();
        if found.is_empty() {
            continue;
        }
        let id = agreed(policy, &found);
        if id == ROOT {
            let sites: Vec<&str> = found.keys().copied().collect();
            let why = format!("signs of {}, which do not agree", sites.join(" and "));
            return Ok(choice(ROOT, Grounds::Nothing, why));
        }
        let why = found.get(id).or_else(|| found.values().next()).cloned().unwrap_or_default();
        return Ok(choice(id, grounds, why));
    }
    Ok(choice(ROOT, Grounds::Nothing, "nothing in the file or around it tells the site".to_owned()))
}

/// The line of the comment that names a site, from 1.
pub fn pragma_line(source: &Source) -> Option<usize> {
    pragma(source).map(|(_, line)| line)
}

/// The site that a comment `# pydoctor: site=ID` names, and its line.
fn pragma(source: &Source) -> Option<(String, usize)> {
    let last = if matches!(source.kind, Kind::Notebook) { source.lines.count() } else { PRAGMA_LINES };
    memchr::memmem::find(source.text.as_bytes(), b"pydoctor:")?;
    (1..=last.min(source.lines.count())).find_map(|number| {
        let line = source.slice(source.lines.span(number));
        let (before, after) = line.split_once("pydoctor:")?;
        let id = after.trim_start().strip_prefix("site=")?;
        let end = id.find(|c: char| !c.is_ascii_alphanumeric() && c != '-' && c != '_').unwrap_or(id.len());
        let is_comment = before.trim_end().ends_with('#');
        (is_comment && end > 0).then(|| (id[..end].to_owned(), number))
    })
}

fn by_environment<'p>(policy: &'p Policy, machine: &Surroundings) -> BTreeMap<&'p str, String> {
    let mut found = BTreeMap::new();
    for site in policy.sites.heads() {
        let hit = site
            .detect
            .env
            .iter()
            .find(|(name, pattern)| machine.env.get(name).is_some_and(|value| pattern.is_match(value)));
        if let Some((name, _)) = hit {
            found.insert(site.id.as_str(), format!("the environment sets `{name}`"));
        }
    }
    found
}

fn by_host<'p>(policy: &'p Policy, machine: &Surroundings) -> BTreeMap<&'p str, String> {
    let Some(host) = machine.hostname.as_deref().map(str::to_ascii_lowercase) else { return BTreeMap::new() };
    let matching = policy.sites.heads().filter(|site| site.detect.hosts.iter().any(|pattern| pattern.is_match(&host)));
    matching.map(|site| (site.id.as_str(), format!("this host is called `{host}`"))).collect()
}

fn by_evidence<'p>(policy: &'p Policy, facts: &FileFacts) -> BTreeMap<&'p str, String> {
    let told = evidence(&policy.sites, facts);
    told.iter().filter_map(|(id, why)| Some((policy.sites.head(id)?.id.as_str(), why.clone()))).collect()
}

/// The sites of which a file has signs, each with the sign in a sentence. It is asked once to choose the site, and again
/// where a fix is offered.
pub(super) fn evidence<'f>(sites: &Sites, facts: &'f FileFacts) -> Cow<'f, BTreeMap<String, String>> {
    let asked = std::ptr::from_ref(sites).addr();
    let (of, told) = facts.told.get_or_init(|| (asked, signs(sites, facts)));
    if *of == asked { Cow::Borrowed(told) } else { Cow::Owned(signs(sites, facts)) }
}

fn signs(sites: &Sites, facts: &FileFacts) -> BTreeMap<String, String> {
    let options: Vec<String> = facts.facts.iter().filter_map(asked).collect();
    let mut texts = BTreeSet::new();
    let mut add = |text| {
        if sites.may_tell(text) {
            texts.insert(text);
        }
    };
    options.iter().chain(&facts.signs).for_each(|text| add(text));
    // The statement of the fact before, and whether it says all and tells nothing: facts of one share it.
    let mut before: Option<(&Arc<Record>, bool)> = None;
    for fact in &facts.facts {
        match fact.kind {
            FactKind::Module => add(fact.fields.text("full")),
            FactKind::Directive => {
                fact.fields.get("value").into_iter().for_each(|value| gather_value(value, &mut add, 0));
                continue;
            }
            // What it stands in is told by the command.
            FactKind::Variable => continue,
            _ => {}
        }
        let statement = match fact.fields.get("statement") {
            Some(Value::Record(statement)) => Some(statement),
            _ => None,
        };
        let known = before.filter(|(said, _)| statement.is_some_and(|own| Arc::ptr_eq(own, said)));
        let tells_nothing =
            || statement.and_then(|statement| says_all(statement)).is_some_and(|written| !sites.may_tell(written));
        let silent = known.map_or_else(tells_nothing, |(_, silent)| silent);
        before = statement.map(|statement| (statement, silent));
        if silent && fact.kind == FactKind::Command {
            continue;
        }
        let is_known = |value: &Value| {
            known.is_some_and(|(said, _)| matches!(value, Value::Record(record) if Arc::ptr_eq(record, said)))
        };
        for (_, value) in fact.fields.iter().filter(|(_, value)| !is_known(value)) {
            gather_value(value, &mut add, 0);
        }
    }
    let mut found = BTreeMap::new();
    for text in texts {
        for site in sites.told_by(text) {
            found.entry(site.id.clone()).or_insert_with(|| format!("the file names `{text}`"));
        }
    }
    if found.len() > 1 {
        yield_to_successors(sites, &mut found);
    }
    found
}

/// The text of a statement, where all that the words in it come to is written.
fn says_all(statement: &Record) -> Option<&str> {
    let written = statement.text("text");
    (is_literal(written) && !written.is_empty()).then_some(written)
}

/// A file with signs of a site that is gone and of the one that took its place was carried over, or should be.
fn yield_to_successors(sites: &Sites, found: &mut BTreeMap<String, String>) {
    let ids: Vec<String> = found.keys().cloned().collect();
    for id in ids {
        let retired = sites.get(&id).and_then(|site| site.retired.clone());
        if retired.and_then(|retired| retired.successor).is_some_and(|successor| found.contains_key(successor.as_str()))
        {
            found.remove(&id);
        }
    }
}

/// What a directive asks for, in one spelling: `--partition=gpu`.
fn asked(fact: &Fact) -> Option<String> {
    if fact.kind != FactKind::Directive || !fact.fields.flag("effective") {
        return None;
    }
    let (name, value) = (fact.fields.text("name"), fact.fields.text("value"));
    (name.len() > 1 && !value.is_empty()).then(|| format!("--{name}={value}"))
}

/// Texts that look like paths.
fn gather<'f>(record: &'f Record, add: &mut dyn FnMut(&'f str), depth: usize) {
    for (_, value) in record.iter() {
        gather_value(value, add, depth);
    }
}

fn gather_value<'f>(value: &'f Value, add: &mut dyn FnMut(&'f str), depth: usize) {
    match value {
        Value::Text(text) if text.text.len() < 512 && memchr::memchr2(b'/', b'$', text.text.as_bytes()).is_some() => {
            add(&text.text);
        }
        Value::List(items) if depth < 4 => items.iter().for_each(|item| gather_value(item, add, depth + 1)),
        Value::Record(record) if depth < 4 => gather(record, add, depth + 1),
        _ => {}
    }
}

/// The one site that all signs allow: the deepest when they lie on one line of descent, else what they share.
pub fn agreed<'p>(policy: &'p Policy, found: &BTreeMap<&'p str, String>) -> &'p str {
    let lines: Vec<Vec<&str>> = found.keys().map(|id| policy.sites.descent(id)).collect();
    let deepest = lines.iter().max_by_key(|line| line.len()).cloned().unwrap_or_default();
    let on_one_line = lines.iter().all(|line| deepest.starts_with(line));
    if on_one_line {
        return deepest.last().copied().unwrap_or(ROOT);
    }
    let shared = (0..deepest.len()).take_while(|at| lines.iter().all(|line| line.get(*at) == deepest.get(*at))).last();
    shared.and_then(|at| deepest.get(at)).copied().unwrap_or(ROOT)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::facts::{Fact, Text};
    use crate::policy::PackFiles;
    use crate::source::Span;

    fn policy() -> Policy {
        let rule = "id = \"r\"\ntitle = \"t\"\ntags = [\"job\"]\nseverity = \"hint\"\nwhy = \"w\"\nmessage = \"m\"\n\
                    [[clause]]\non = \"command\"\n";
        let union = "id = \"union\"\nname = \"x\"\n[detect]\nenv = { UNION_HOME = \"*\" }\nevidence = [\"$UNION_*\"]\n";
        let north = "id = \"north\"\nname = \"x\"\nextends = \"union\"\n\
                     [detect]\nhosts = [\"login*.north.example\"]\nenv = { UNION_TOWN = \"north\" }\nevidence = [\"/north/*\"]\n";
        let south =
            "id = \"south\"\nname = \"x\"\nextends = \"union\"\n[detect]\nevidence = [\"/south/*\", \"pyth/*\"]\n";
        let files = [
            ("pack.toml", "name = \"x\"\nversion = \"1\"\n"),
            ("sites/common.toml", "id = \"common\"\nname = \"x\"\n"),
            ("sites/union.toml", union),
            ("sites/north.toml", north),
            ("sites/south.toml", south),
            (
                "sites/old.toml",
                "id = \"old\"\nname = \"x\"\n[retired]\nsuccessor = \"other\"\nsource = \"x\"\n\
                 [detect]\nevidence = [\"/old/*\", \"--partition=old\"]\n",
            ),
            ("sites/other.toml", "id = \"other\"\nname = \"x\"\n[detect]\nevidence = [\"/other/*\"]\n"),
            ("lint/r.toml", rule),
        ];
        Policy::load(&[PackFiles::in_memory("p", &files)]).unwrap_or_else(|error| panic!("{error}"))
    }

    fn facts(paths: &[&str]) -> FileFacts {
        let fact = |path: &&str| {
            let fields = Record::new().with("args", vec![Text::plain(*path)]);
            Fact::new(FactKind::Command, Span::new(0, 1), fields)
        };
        FileFacts { facts: paths.iter().map(fact).collect(), ..FileFacts::default() }
    }

    fn chosen(
        flag: Option<&str>,
        configured: Option<&str>,
        text: &str,
        paths: &[&str],
        machine: &Surroundings,
    ) -> String {
        let source = Source::new("a.sh".into(), crate::source::classify("a.sh".as_ref(), b""), text.into());
        detect(&policy(), flag, configured, &source, &facts(paths), machine).unwrap().id
    }

    fn machine(env: &[(&str, &str)], host: &str) -> Surroundings {
        let env = env.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
        Surroundings { env, hostname: Some(host.to_owned()), home: None }
    }

    #[test]
    fn the_nearest_word_counts() {
        let north = machine(&[("UNION_HOME", "/x"), ("UNION_TOWN", "north")], "login3.north.example");
        let pragma = "#!/bin/sh\n# pydoctor: site=other\n";
        assert_eq!(chosen(Some("south"), Some("union"), pragma, &["/other/x"], &north), "south");
        assert_eq!(chosen(None, Some("union"), pragma, &["/south/x"], &north), "other");
        assert_eq!(chosen(None, Some("union"), "", &["/south/x"], &north), "union");
        assert_eq!(chosen(None, None, "", &["/south/x"], &north), "north");
        assert_eq!(chosen(None, None, "", &["/south/x"], &machine(&[], "LOGIN1.north.example")), "north");
        assert_eq!(chosen(None, None, "", &["/south/x"], &machine(&[], "laptop")), "south");
    }

    #[test]
    fn signs_that_do_not_agree_leave_what_they_share() {
        let none = Surroundings::default();
        assert_eq!(chosen(None, None, "", &["$UNION_DATA/x"], &none), "union");
        assert_eq!(chosen(None, None, "", &["$UNION_DATA/x", "/north/y"], &none), "north");
        assert_eq!(chosen(None, None, "", &["/south/x", "/north/y"], &none), "union");
        assert_eq!(chosen(None, None, "", &["/south/x", "/other/y"], &none), "common");
        assert_eq!(chosen(None, None, "", &["/elsewhere"], &none), "common");
        assert_eq!(chosen(None, None, "", &["/old/x", "/south/y"], &none), "common");
        assert_eq!(chosen(None, None, "", &["/old/x", "/other/y"], &none), "other", "the one that took its place");
    }

    #[test]
    fn names_that_do_not_exist() {
        let source = Source::new("a.sh".into(), Kind::Other, b"# pydoctor: site=nroth\n".to_vec());
        let at = |flag| detect(&policy(), flag, None, &source, &facts(&["/south/x"]), &Surroundings::default());
        assert!(at(Some("nroth")).unwrap_err().to_string().contains("did you mean `north`?"));
        let choice = at(None).unwrap();
        assert_eq!((choice.id.as_str(), choice.grounds), ("south", Grounds::Evidence));
        assert!(choice.why.contains("/south/x"), "{}", choice.why);
        assert!(matches!(&choice.slip, Some((1, wrong)) if wrong.contains("no site `nroth`")), "{:?}", choice.slip);
    }
}
