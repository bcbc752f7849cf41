use std::path::Path;

use super::*;

const PACK: &str = "name = \"t\"\nversion = \"1\"\n";
const COMMON: &str = "id = \"common\"\nname = \"x\"\n[values.good]\nvalue = [\"a\"]\nsource = \"x\"\n";
const HEAD: &str = "id = \"r\"\ntitle = \"t\"\ntags = [\"job\"]\nseverity = \"hint\"\nwhy = \"w\"\n";

#[test]
fn builtin_pack_loads() {
    let rules = Path::new(env!("CARGO_MANIFEST_DIR")).join("rules");
    // This is where the built-in pack is checked: the program itself takes it as it is.
    let fresh = load_dir(&rules).unwrap_or_else(|error| panic!("{error}"));
    let embedded = builtin().unwrap_or_else(|error| panic!("{error}"));
    assert_eq!(fresh.rules.len(), embedded.rules.len());
    for site in fresh.sites.keys() {
        fresh.effective(site, &Selection::default()).unwrap_or_else(|error| panic!("{site}: {error}"));
    }
}

#[test]
fn the_built_in_pack_is_the_same_read_from_trees() {
    let files = PackFiles::builtin();
    let fresh = Policy::load(&[files]).unwrap_or_else(|error| panic!("{error}"));
    let built = builtin().unwrap();
    assert_eq!(built.packs[0].name, fresh.packs[0].name);
    assert!(fresh.rules.len() > 80 && fresh.rules.len() == built.rules.len());
    for (fresh, built) in fresh.rules.iter().zip(&built.rules) {
        assert_eq!(
            format!("{:?}", (&fresh.id, &fresh.tags, &fresh.heads)),
            format!("{:?}", (&built.id, &built.tags, &built.heads))
        );
        assert_eq!((fresh.severity, fresh.enabled), (built.severity, built.enabled));
        let said = |rule: &Rule| format!("{:?}", rule::Body { uses: Vec::new(), id_span: 0..0, ..(**rule).clone() });
        assert_eq!(without_cells(&said(fresh)), without_cells(&said(built)), "{}", fresh.id);
    }
    assert_eq!(fresh.sites.keys().collect::<Vec<_>>(), built.sites.keys().collect::<Vec<_>>());
    for (fresh, built) in fresh.sites.values().zip(built.sites.values()) {
        let said = |site: &Site| format!("{:?}", Site { spans: site::Spans::default(), ..site.clone() });
        assert_eq!(without_spans(&said(fresh)), without_spans(&said(built)), "{}", fresh.id);
    }
}

/// Regular expressions are compiled when a pack is checked, and when they are needed otherwise.
fn without_cells(debug: &str) -> String {
    let cell = regex::Regex::new(r"OnceLock\((?:Some\(Regex\(.*?\)\)|<uninit>)\)").unwrap();
    cell.replace_all(debug, "OnceLock").into_owned()
}

/// Trees have no places.
fn without_spans(debug: &str) -> String {
    regex::Regex::new(r"span: \d+\.\.\d+").unwrap().replace_all(debug, "span").into_owned()
}

/// The error of a pack with that rule, and with that site when there is one.
fn error(rule: &str, site: &str) -> String {
    let rule = format!("{HEAD}{rule}");
    let mut files = vec![("pack.toml", PACK), ("sites/common.toml", COMMON), ("lint/r.toml", rule.as_str())];
    if !site.is_empty() {
        files.push(("sites/s.toml", site));
    }
    match Policy::load(&[PackFiles::in_memory("p", &files)]) {
        Ok(_) => panic!("loads: {rule}{site}"),
        Err(error) => error.to_string(),
    }
}

const GOOD: &str = "message = \"m\"\n[[clause]]\non = \"command\"\nwhere = { run = \"x\" }\n";

const SITE_FIX: &str = "message = \"m\"\n[[clause]]\non = \"command\"\nwhere = { run = \"x\" }\n[clause.fix]\n\
    title = \"t\"\napplicability = \"unsafe\"\nedits = [{ add-option = \"-p {$home}/envs\" }]\n";

#[test]
fn a_word_to_fill_in_is_never_written() {
    let literal = SITE_FIX.replace("{$home}", "/project/PI_NAME");
    let expected =
        "error: only the user can fill in `PI_NAME`: such a fix is shown, never applied\n  --> p/lint/r.toml:10:1";
    assert!(error(&literal, "").starts_with(expected), "{}", error(&literal, ""));
    let shown = literal.replace("\"unsafe\"", "\"display\"");
    let files = |rule: &str, place: &str, trust: &str| {
        let common = "id = \"common\"\nname = \"x\"\n[values.home]\nvalue = \"\"\nsource = \"x\"\n";
        let site = format!("id = \"s\"\nname = \"s\"\n[values.home]\nvalue = \"{place}\"\nsource = \"x\"\n{trust}");
        let rule = format!("{HEAD}{rule}");
        let files =
            [("pack.toml", PACK), ("sites/common.toml", common), ("lint/r.toml", &rule), ("sites/s.toml", &site)];
        Policy::load(&[PackFiles::in_memory("p", &files)]).map(|_| ()).map_err(|error| error.to_string())
    };
    assert_eq!(files(&shown, "", ""), Ok(()));
    // The value of a site is not the rule's fault; it is only shown there, and cannot be trusted.
    let trust = "[rules.r]\nfix = \"safe\"\n";
    assert_eq!(files(SITE_FIX, "/project/PI_NAME", ""), Ok(()));
    assert_eq!(files(SITE_FIX, "/project/$USER", trust), Ok(()));
    let refused = files(SITE_FIX, "/project/PI_NAME", trust).unwrap_err();
    let expected =
        "error: the fix of `r` writes `$home`, in which only the user can fill in `PI_NAME`\n --> p/sites/s.toml";
    assert!(refused.starts_with(expected), "{refused}");
}

/// Rules that break the format, and what is said of them.
const FAULTS: &[(&str, &str)] = &[
    // A misspelt key.
    (
        "severty = \"hint\"\nmessage = \"m\"\n[[clause]]\non = \"command\"\n",
        "error: unknown key `severty`\n --> p/lint/r.toml:6:1\n  |\n6 | severty = \"hint\"\n  | ^^^^^^^\n  = did you mean `severity`?",
    ),
    // A field that the fact has not.
    (
        "message = \"m\"\n[[clause]]\non = \"command\"\nwhere = { \"state.moduls\" = { present = true } }\n",
        "error: unknown field `moduls`: `state` has none of that name\n --> p/lint/r.toml:9:18\n  |\n\
             9 | where = { \"state.moduls\" = { present = true } }\n  |                  ^^^^^^\n  = did you mean `modules`?",
    ),
    // A field in a template.
    (
        "message = \"see {state.modules} and {destinaton.place}\"\n[[clause]]\non = \"command\"\n",
        "error: unknown field `destinaton`: a `command` fact has none of that name\n --> p/lint/r.toml:6:37\n",
    ),
    // A kind of fact.
    ("message = \"m\"\n[[clause]]\non = \"comand\"\n", "unknown kind of fact `comand`"),
    // A word that the field never holds.
    (
        "message = \"m\"\n[[clause]]\non = \"command\"\nwhere = { \"file.role\" = \"start-up\" }\n",
        "error: unknown word `start-up`\n --> p/lint/r.toml:9:25\n",
    ),
    // An operator that does not fit.
    (
        "message = \"m\"\n[[clause]]\non = \"command\"\nwhere = { context = \"alias\" }\n",
        "expected { any = … }, { all = … }, { none = … } or { count = … }, as the field is a list, found a string",
    ),
    // A value of a site that nobody declares.
    (
        "message = \"{$god}\"\n[[clause]]\non = \"command\"\n",
        "error: unknown value `$god` of a site\n --> p/lint/r.toml:6:12\n",
    ),
    // A tag, a severity, an edit, a number.
    ("tag = [\"job\"]\nmessage = \"m\"\n[[clause]]\non = \"command\"\n", "did you mean `tags`?"),
    (
        "message = \"m\"\n[[clause]]\non = \"command\"\n[fix]\ntitle = \"f\"\napplicability = \"saf\"\nedits = [{ delete = \"statement\", replace = \"words\" }]\n",
        "an edit with more than one action",
    ),
    (
        "message = \"m\"\n[[clause]]\non = \"directive\"\n[fix]\ntitle = \"f\"\napplicability = \"safe\"\nedits = [{ delete = \"statement\" }]\n",
        "unknown field `statement`: a `directive` fact has none of that name",
    ),
    ("message = \"m\"\n[[clause]]\non = \"command\"\nwhere = { run = 3 }\n", "expected a string, found an integer"),
    ("message = \"m }\"\n[[clause]]\non = \"command\"\n", "`}` without its partner"),
    ("message = \"m\"\n[[clause]\non = \"command\"\n", "p/lint/r.toml:7:"),
    ("message = \"m\"\n", "a rule needs at least one `[[clause]]`"),
    (
        "message = \"m\"\n[[clause]]\non = \"module\"\nwhere = { version = { matches = \"(\" } }\n",
        "not a regular expression",
    ),
];

/// Sites that break the format, beside a rule that does not.
const SITE_FAULTS: &[(&str, &str)] = &[
    ("id = \"s\"\nname = \"S\"\n[rules.q]\nseverity = \"off\"\n", "error: unknown rule `q`\n --> p/sites/s.toml:3:8\n"),
    ("id = \"s\"\nname = \"S\"\n[rules.r]\nhelp = \"{argz}\"\n", "unknown field `argz`"),
    ("id = \"s\"\nname = \"S\"\n[values.goood]\nvalue = []\nsource = \"x\"\n", "did you mean `good`?"),
    (
        "id = \"s\"\nname = \"S\"\n[values.good]\nvalue = 3\nsource = \"x\"\n",
        "`good` is a number here and a list in `sites/common.toml`, which declares it",
    ),
    ("id = \"s\"\nname = \"S\"\nextends = \"comon\"\n", "error: unknown site `comon`\n --> p/sites/s.toml:3:11\n"),
    ("id = \"s\"\nname = \"S\"\nextends = \"s\"\n", "`s` extends itself"),
    ("id = \"t\"\nname = \"S\"\n", "the id `t` is not the name of its file"),
    ("id = \"s\"\nname = \"S\"\n[[place]]\nplace = \"hom\"\npaths = []\nsource = \"x\"\n", "did you mean `home`?"),
];

#[test]
fn faults_are_told_with_place_and_nearest_name() {
    let rules = FAULTS.iter().map(|(rule, expected)| (error(rule, ""), expected));
    let sites = SITE_FAULTS.iter().map(|(site, expected)| (error(GOOD, site), expected));
    for (error, expected) in rules.chain(sites) {
        assert!(error.contains(expected), "expected:\n{expected}\nin:\n{error}");
    }
}

#[test]
fn all_faults_are_told_at_once() {
    let error = error("mesage = \"m\"\nwhyy = \"x\"\n[[clause]]\non = \"command\"\nwhere = { rin = \"x\" }\n", "");
    for expected in ["`mesage`", "`whyy`", "`rin`", "problems, nothing was loaded"] {
        assert!(error.contains(expected), "{expected} in\n{error}");
    }
}

#[test]
fn a_pack_must_hold_something() {
    let load = |files: &[(&str, &str)]| Policy::load(&[PackFiles::in_memory("p", files)]).unwrap_err().to_string();
    assert!(load(&[("pack.toml", PACK)]).contains("holds no rule"));
    assert!(load(&[("pack.toml", PACK), ("sites/common.toml", COMMON)]).contains("holds no rule"));
    assert!(load(&[("lint/r.toml", HEAD)]).contains("has no `pack.toml`"));
    let rule = format!("{HEAD}{GOOD}");
    assert!(load(&[("pack.toml", PACK), ("lint/r.toml", &rule)]).contains("there is no `sites/common.toml`"));
    assert!(load(&[("pack.toml", PACK), ("lint/r.tml", &rule)]).contains("`r.tml` is not read"));
    let newer = "name = \"t\"\nversion = \"1\"\npydoctor = \">=99.1\"\n";
    assert!(load(&[("pack.toml", newer), ("lint/r.toml", &rule)]).contains("needs pydoctor >=99.1"));
}

fn policy(rules: &[(&str, &str)], stand: &str) -> Policy {
    let rules: Vec<(String, String)> = rules
        .iter()
        .map(|(id, extra)| {
            let text = format!("{HEAD}{extra}{GOOD}").replace("id = \"r\"", &format!("id = \"{id}\""));
            (format!("lint/{id}.toml"), text)
        })
        .collect();
    let site = format!("id = \"s\"\nname = \"S\"\n{stand}");
    let mut files = vec![("pack.toml", PACK), ("sites/common.toml", COMMON), ("sites/s.toml", &site)];
    files.extend(rules.iter().map(|(path, text)| (path.as_str(), text.as_str())));
    Policy::load(&[PackFiles::in_memory("p", &files)]).unwrap_or_else(|error| panic!("{error}"))
}

#[test]
fn severity_comes_from_rule_site_and_selection_in_this_order() {
    let policy = policy(&[("a", ""), ("b", "enabled = false\n")], "[rules.a]\nseverity = \"error\"\n");
    let names = |names: &[&str]| names.iter().map(|name| (*name).to_owned()).collect::<Vec<_>>();
    let level = |site: &str, selection: &Selection| {
        let effective = policy.effective(site, selection).unwrap();
        ["a", "b"].map(|id| effective.active(id).map(|active| active.severity))
    };
    let (error, warning, hint) = (Some(Severity::Error), Some(Severity::Warning), Some(Severity::Hint));
    let all = Selection::default();
    assert_eq!(level("common", &all), [hint, None]);
    assert_eq!(level("s", &all), [error, None]);
    let chosen = |select: &[&str], ignore: &[&str]| Selection {
        select: (!select.is_empty()).then(|| names(select)),
        ignore: names(ignore),
        ..Selection::default()
    };
    assert_eq!(level("s", &chosen(&["ALL"], &[])), [error, hint]);
    assert_eq!(level("s", &chosen(&["b"], &[])), [None, hint]);
    assert_eq!(level("s", &chosen(&["job"], &["b"])), [error, None]);
    assert_eq!(level("s", &chosen(&["b"], &["job"])), [None, hint]);
    assert_eq!(level("s", &chosen(&[], &["job"])), [None, None]);
    let mut configured = Selection::default();
    configured.severities.extend([("a".to_owned(), None), ("b".to_owned(), warning)]);
    assert_eq!(level("s", &configured), [None, warning]);
    configured.select = Some(names(&["ALL"]));
    assert_eq!(level("s", &configured), [None, warning]);
    configured.forced = true;
    assert_eq!(level("s", &configured), [hint, warning]);
}

#[test]
fn unknown_names_are_refused_with_the_nearest() {
    let policy = policy(&[("conda-in-home", "")], "");
    let of = |select: &str| Selection { select: Some(vec![select.to_owned()]), ..Selection::default() };
    let checked = |select: &str| of(select).check(&policy).unwrap_err().to_string();
    assert_eq!(checked("conda-in-hom"), "there is no rule or tag `conda-in-hom`, did you mean `conda-in-home`?");
    assert_eq!(checked("jobs"), "there is no rule or tag `jobs`, did you mean `job`?");
    let comon = policy.effective("comon", &of("ALL")).unwrap_err().to_string();
    assert_eq!(comon, "there is no site `comon`, did you mean `common`?");
}

#[test]
fn the_index_finds_every_clause_that_can_hold() {
    let clause = |run: &str| format!("message = \"m\"\n[[clause]]\non = \"command\"\nwhere = {{ run = {run} }}\n");
    for (run, text, expected) in [
        ("\"conda create\"", "conda create", true),
        ("\"conda create\"", "mamba create", false),
        ("[\"x y\", \"conda*\"]", "condax", true),
        ("\"conda *\"", "conda create", true),
        ("\"*create\"", "mamba create", true),
        ("\"python3.11\"", "python3.11", true),
        ("{ not = \"a\" }", "mamba", true),
        ("\"$good\"", "a", true),
        ("\"$good\"", "b", false),
    ] {
        let rule = format!("{HEAD}{}", clause(run));
        let files = [("pack.toml", PACK), ("sites/common.toml", COMMON), ("lint/r.toml", rule.as_str())];
        let policy = Policy::load(&[PackFiles::in_memory("p", &files)]).unwrap_or_else(|error| panic!("{error}"));
        let effective = policy.effective("common", &Selection::default()).unwrap();
        let kind = crate::facts::FactKind::Command;
        let found = effective.general(kind).len() + effective.named(kind, text).len();
        assert_eq!(found == 1, expected, "{run} on {text}");
    }
}

/// The keys of command grammars are described here and read in `tables`: both know the same.
#[test]
fn command_grammars_are_described_as_they_are_read() {
    let tables = schema::FileKind::Commands.tables();
    assert!(tables.len() > 3);
    for keys in tables {
        let head = match keys.name {
            "commands" => String::new(),
            "installer" => "[[installers]]\n".to_owned(),
            name => format!("[[{name}]]\n"),
        };
        let told = crate::tables::commands::Commands::default().add(&format!("{head}zz = 1\n")).unwrap_err();
        let mut read: Vec<&str> = told.message().split('`').skip(3).step_by(2).collect();
        let mut described: Vec<&str> = keys.keys.iter().map(|key| key.name).collect();
        read.sort_unstable();
        described.sort_unstable();
        assert_eq!(read, described, "{}: {}", keys.name, told.message());
    }
}
