//! `docs/rules-reference.md`: the words in which rules and sites are written. Tables come from the schema of facts and
//! the common profile; what Rust has no list of is text beside this file, and its examples are loaded as rules.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;

use pydoctor::facts::FactKind;
use pydoctor::facts::schema::{self, Field, Type};
use pydoctor::policy::path::SITE;
use pydoctor::policy::schema::FileKind;
use pydoctor::policy::site::SiteValue;
use pydoctor::policy::{PackFiles, Policy, ROOT};

use crate::examples::{self, Examples};
use crate::markdown::{code, codes, sentence, table};
use crate::sites::meaning;

const RULE_FILE: &str = include_str!("reference-rule.md");
const CONDITIONS: &str = include_str!("reference-conditions.md");
const FIXES: &str = include_str!("reference-fixes.md");
const SITE_FILE: &str = include_str!("reference-site.md");
const SYMPTOM_FILE: &str = include_str!("reference-symptom.md");
const TABLES: &str = include_str!("reference-tables.md");
const STATE_CHANGES: &str = include_str!("reference-state.md");
const FACTS: &str = include_str!("reference-facts.md");

/// The page.
pub fn page(policy: &Policy) -> String {
    let mut page = "# Reference of rules and sites\n\n<!-- Written by `BLESS=1 cargo test --test docs` from \
                    src/facts/schema.rs and tests/docs/reference-*.md. -->\n\n"
        .to_owned();
    let examples = Examples::new();
    page.push_str(&with_keys(RULE_FILE));
    let _ = write!(page, "\n{CONDITIONS}\n{}\n{FACTS}\n{}\n", with_keys(FIXES), examples::files());
    for kind in FactKind::ALL {
        let _ = write!(page, "### {}\n\n", kind.name());
        let about = about(kind).unwrap_or_else(|| panic!("reference-facts.md says nothing of `{}`", kind.name()));
        let _ = write!(page, "{about}\n\n");
        if kind == FactKind::File {
            page.push_str("Its fields are those of [`file`](#file-1).\n\n");
        } else {
            let _ =
                writeln!(page, "{}", fields(schema::fields(kind), (kind.name(), &examples), kind != FactKind::Command));
        }
        if kind == FactKind::Command {
            let _ = write!(page, "{RUNS}\n\n{}\n", runs(policy));
        }
    }
    page.push_str(
        "## What stands around a fact\n\nEvery fact can be asked for these too, with the word before the dot.\n\n",
    );
    for (root, about, list) in [
        ("state", "The shell as it is just before the fact; shell facts only.", schema::STATE),
        ("job", "What the scheduler directives of the file ask for; absent without any.", schema::JOB),
        ("file", "The file; the same for every fact in it.", schema::FILE),
        ("site", "The site that judges.", SITE),
    ] {
        let _ = write!(page, "### {root}\n\n{about}\n\n{}\n", fields(list, (root, &examples), false));
        if root == "state" {
            let _ = writeln!(page, "{STATE_CHANGES}");
        }
    }
    let _ = write!(page, "{}\n{}\n{}\n", with_keys(SYMPTOM_FILE), with_keys(SITE_FILE), values(policy));
    let _ = write!(page, "{LINKS}\n\n{}\n", links_and_recipes());
    let families = codes(policy.tables.families.names());
    let _ = write!(page, "\n{}", with_keys(TABLES).replace("FAMILIES", &families));
    page.trim_end().to_owned() + "\n"
}

const RUNS: &str = "\
#### Names of commands

What `run` can be, by the built-in `commands.toml`; a pack may add to it. A program that does not stand here has its name
alone as its `run`, without folders. A program with sub-commands also has those that are not listed: `git pull`. So has
`python -m` with the name of any module; where that is a program of this table it is that program: `python -m pip install` is
`pip install`, `python -m virtualenv` is `virtualenv`. Of a wrapper such as `srun`, the command behind it is what is looked at.";

const LINKS: &str = "\
### Links and recipes

The names that built-in rules and symptoms ask for. A site that has none of that name says less there: another wording is
taken, or the step is left out. Any other name is a site's own, for the `url` of its stands (`$link.NAME`), for rules and
symptoms of its pack.";

/// The links and recipes that rules and symptoms name, with these.
fn links_and_recipes() -> String {
    let users = users(|after| {
        let (kind, name) = after.split_once('.').filter(|(kind, _)| matches!(*kind, "recipe" | "link"))?;
        let name: String = name.chars().take_while(|c| c.is_ascii_alphanumeric() || *c == '-').collect();
        Some(code(&format!("${kind}.{name}")))
    });
    let rows: Vec<Vec<String>> = users.iter().map(|(name, users)| vec![name.clone(), joined(users)]).collect();
    table(&["Name", "Asked for by"], &rows)
}

/// The rules and symptoms, with their files as text, that name what `named` finds behind a `$`; by that name.
fn users(named: impl Fn(&str) -> Option<String>) -> BTreeMap<String, BTreeSet<String>> {
    let mut users: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
    for (folder, what) in [("rules/lint", "rule"), ("rules/symptoms", "symptom")] {
        let files = std::fs::read_dir(crate::root().join(folder)).expect("a folder of rules");
        for path in files.map(|entry| entry.expect("a file").path()) {
            let (id, text) = (path.file_stem().expect("a name").to_string_lossy().into_owned(), crate::read(&path));
            for name in text.split('$').skip(1).filter_map(&named) {
                users.entry(name).or_default().insert(format!("{what} {}", code(&id)));
            }
        }
    }
    users
}

/// All of them in one line.
fn joined(users: &BTreeSet<String>) -> String {
    users.iter().map(String::as_str).collect::<Vec<_>>().join(", ")
}

/// All names of commands, by their program.
fn runs(policy: &Policy) -> String {
    let runs = policy.tables.commands.runs();
    let mut by_program: Vec<(&str, Vec<&str>)> = Vec::new();
    for run in &runs {
        let program = run.split(' ').next().unwrap_or(run);
        match by_program.last_mut() {
            Some((last, own)) if *last == program => own.push(run),
            _ => by_program.push((program, vec![run])),
        }
    }
    let (alone, with): (Vec<_>, Vec<_>) = by_program.into_iter().partition(|(_, own)| own.len() == 1);
    let mut rows: Vec<Vec<String>> =
        with.into_iter().map(|(program, own)| vec![format!("`{program}`"), codes(own)]).collect();
    rows.push(vec!["others".to_owned(), codes(alone.into_iter().flat_map(|(_, own)| own))]);
    table(&["Program", "`run`"], &rows)
}

/// The text with tables in the place of lines like `KEYS rule`, from the descriptions by which files are read.
fn with_keys(text: &str) -> String {
    let all: Vec<_> = FileKind::ALL.into_iter().flat_map(FileKind::tables).collect();
    let line = |line: &str| {
        let Some(name) = line.strip_prefix("KEYS ") else { return format!("{line}\n") };
        let keys = all.iter().find(|keys| keys.name == name).unwrap_or_else(|| panic!("nothing is called {name}"));
        let rows: Vec<Vec<String>> =
            keys.keys.iter().map(|key| vec![format!("`{}`", key.name), needed(key.need), key.says()]).collect();
        table(&["Key", "Needed", "Says"], &rows)
    };
    text.lines().map(line).collect()
}

fn needed(need: bool) -> String {
    if need { "yes".to_owned() } else { String::new() }
}

/// What the format knows and the text does not name: the loader's own errors list it. Also examples that do not load.
pub fn missing() -> Vec<String> {
    let mut wrong = Vec::new();
    let probe = |rule: &str| {
        load(
            "x",
            &format!(
                "id = \"x\"\ntitle = \"t\"\ntags = [\"job\"]\nseverity = \"hint\"\nwhy = \"w\"\nmessage = \"m\"\n{rule}"
            ),
        )
    };
    let actions =
        probe("[[clause]]\non = \"command\"\n[clause.fix]\ntitle = \"t\"\napplicability = \"safe\"\nedits = [{}]\n");
    let actions =
        actions.split("give one of: ").nth(1).unwrap_or_default().lines().next().unwrap_or_default().to_owned();
    assert!(actions.contains("delete"), "the loader lists the edit actions");
    let named = actions.split(", ").map(|word| (word, FIXES));
    for (word, text) in named {
        if !text.contains(&format!("`{} = ", word.trim())) {
            wrong.push(format!("reference-fixes.md does not explain `{word}`"));
        }
    }
    for (file, columns) in columns() {
        wrong.extend(
            columns
                .iter()
                .filter(|column| !TABLES.contains(&format!("`{column}`")))
                .map(|column| format!("reference-tables.md does not explain the column `{column}` of {file}")),
        );
        if !TABLES.contains(&file) {
            wrong.push(format!("reference-tables.md does not name {file}"));
        }
    }
    for text in [RULE_FILE, CONDITIONS, FIXES] {
        for example in examples(text) {
            let error = load("example", &example);
            if !error.is_empty() {
                wrong.push(format!("an example of the reference does not load:\n{error}"));
            }
        }
    }
    wrong
}

/// The built-in tables with their columns.
fn columns() -> Vec<(String, Vec<String>)> {
    let folder = crate::root().join("rules/data");
    let files = std::fs::read_dir(folder).expect("the tables").map(|entry| entry.expect("a table").path());
    files
        .map(|path| {
            let text = crate::read(&path);
            let header = text.lines().find(|line| !line.starts_with('#')).expect("a header");
            let name = path.file_name().expect("a name").to_string_lossy().into_owned();
            (format!("data/{name}"), header.split('\t').map(str::to_owned).collect())
        })
        .collect()
}

/// The problems that loading a rule gives, as text.
fn load(id: &str, rule: &str) -> String {
    let root = crate::read(&crate::root().join("rules/sites/common.toml"));
    let files = [
        ("pack.toml", "name = \"x\"\nversion = \"1\"\n"),
        ("sites/common.toml", root.as_str()),
        (&format!("lint/{id}.toml"), rule),
    ];
    let files: Vec<(&str, &str)> = files.iter().map(|(name, text)| (*name, *text)).collect();
    Policy::load(&[PackFiles::in_memory("p", &files)]).err().map(|error| error.to_string()).unwrap_or_default()
}

/// The blocks of TOML that are whole rules.
fn examples(text: &str) -> Vec<String> {
    let blocks = text.split("```toml\n").skip(1).filter_map(|after| after.split("```").next());
    blocks.filter(|block| block.starts_with("id = \"example\"")).map(str::to_owned).collect()
}

/// What the text beside this file says of a kind of fact.
fn about(kind: FactKind) -> Option<&'static str> {
    let list = include_str!("reference-kinds.md");
    list.lines().find_map(|line| line.strip_prefix(&format!("{}: ", kind.name())))
}

/// The fields as a table. `short`: what commands have too is not said again.
fn fields(list: &'static [Field], (what, examples): (&str, &Examples), short: bool) -> String {
    let mut rows: Vec<Vec<String>> = Vec::new();
    let example = |path: &[&'static Field]| examples.of(what, path);
    let (shared, own): (Vec<&'static Field>, Vec<&'static Field>) =
        list.iter().partition(|field| short && is_shared(field));
    push_fields(own, &[], &example, &mut rows);
    for field in shared {
        let as_command = "As of a [command](#command)".to_owned();
        rows.push(vec![format!("`{}`", field.name), String::new(), as_command, example(&[field])]);
    }
    if rows.iter().all(|row| row[3].is_empty()) {
        // Of accounts and of what is known at the end there are none.
        rows.iter_mut().for_each(|row| row.truncate(3));
        return table(&["Field", "Type", "Says"], &rows);
    }
    table(&["Field", "Type", "Says", "For example"], &rows)
}

/// Commands have the same field, and it takes long to say.
fn is_shared(field: &Field) -> bool {
    let is_long = !matches!(field.kind, Type::Flag | Type::Number | Type::Text | Type::Word);
    let commands = schema::fields(FactKind::Command);
    is_long && commands.iter().any(|other| format!("{other:?}") == format!("{field:?}"))
}

fn push_fields(
    list: impl IntoIterator<Item = &'static Field>,
    above: &[&'static Field],
    example: &dyn Fn(&[&'static Field]) -> String,
    rows: &mut Vec<Vec<String>>,
) {
    for field in list {
        let path: Vec<&'static Field> = above.iter().copied().chain([field]).collect();
        let names: Vec<&str> = path.iter().map(|field| if field.name == "*" { "NAME" } else { field.name }).collect();
        let below = below(&field.kind);
        // A record of any names is one line with its entry.
        if !(field.doc.is_empty() && below.is_some()) {
            rows.push(vec![code(&names.join(".")), type_of(&field.kind), sentence(field.doc), example(&path)]);
        }
        if let Some(inner) = below {
            push_fields(inner, &path, example, rows);
        }
    }
}

fn below(kind: &'static Type) -> Option<&'static [Field]> {
    match kind {
        Type::Record(fields) => Some(fields),
        Type::List(inner) => below(inner),
        _ => None,
    }
}

fn type_of(kind: &Type) -> String {
    match kind {
        Type::Flag => "flag".to_owned(),
        Type::Number => "number".to_owned(),
        Type::Text => "text".to_owned(),
        Type::Word => "text, no place".to_owned(),
        Type::Choice(words) => codes(words.iter().copied()),
        Type::List(inner) => match inner {
            Type::Record(_) => "list of records".to_owned(),
            Type::Text => "list of texts".to_owned(),
            Type::Word => "list of texts, no place".to_owned(),
            Type::Number => "list of numbers".to_owned(),
            inner => format!("list of {}", type_of(inner)),
        },
        Type::Record(_) => "record".to_owned(),
    }
}

/// The names of values with their type and meaning, as the common profile declares them, and who asks for each.
fn values(policy: &Policy) -> String {
    let common = policy.sites.get(ROOT).expect("the common profile");
    let users = users(|after| {
        let name: String = after.chars().take_while(|c| c.is_ascii_alphanumeric() || *c == '-').collect();
        common.values.contains_key(&name).then_some(name)
    });
    let row = |(name, value): (&String, &std::sync::Arc<SiteValue>)| {
        let users = users.get(name).map_or_else(|| "no built-in rule".to_owned(), joined);
        vec![format!("`{name}`"), value.data.kind().to_owned(), sentence(&meaning(value)), users]
    };
    let rows: Vec<Vec<String>> = common.values.iter().map(row).collect();
    table(&["Value", "Type", "For", "Asked for by"], &rows)
}
