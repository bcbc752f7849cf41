use super::*;
use crate::check::{Applicability, Severity};
use crate::facts::{Link, LinkKind, Value};
use crate::policy::{PackFiles, Policy, Selection};
use crate::source::{Kind, Role, Shell};

const PACK: &str = "name = \"test\"\nversion = \"1\"\n";
const COMMON: &str = r#"
id = "common"
name = "any"
[[place]]
place = "home"
paths = ["$HOME", "/home/*"]
source = "x"
[[place]]
place = "project"
paths = ["/project", "$PROJECT"]
source = "x"
[values.good-modules]
value = ["SciPy*"]
source = "x"
[values.env-place]
value = ""
source = "x"
[values.replacement]
value = { "old/*" = "new/2", "older" = "new/1" }
source = "x"
"#;
const HEAD: &str = r#"
id = "r"
title = "t"
tags = ["conda"]
severity = "error"
why = "w"
sources = ["https://example.org/a"]
"#;

fn policy(rule: &str, site: &str) -> Policy {
    let rule = format!("{HEAD}{rule}");
    let mut files = vec![("pack.toml", PACK), ("sites/common.toml", COMMON), ("lint/r.toml", rule.as_str())];
    if !site.is_empty() {
        files.push(("sites/here.toml", site));
    }
    Policy::load(&[PackFiles::in_memory("pack", &files)]).unwrap_or_else(|error| panic!("{error}"))
}

fn shell(path: &str, text: &str) -> Source {
    let kind = Kind::Shell { shell: Shell::Bash, role: Role::Script };
    Source::new(path.into(), kind, text.as_bytes().to_vec())
}

/// A command that is the whole of each place where `words` stands in the text.
fn command(source: &Source, words: &str, run: &str) -> Fact {
    let start = source.text.find(words).unwrap();
    let span = Span::new(start, start + words.len());
    let mut statement = Record::new().with("whole", true).with("sole", false);
    statement.span = span.into();
    let fields = Record::new()
        .with("run", run)
        .with("words", Text::at(words, span))
        .with("statement", statement)
        .with("option", Record::new());
    Fact::new(FactKind::Command, span, fields)
}

fn analysed(policy: &Policy, site: &str, source: Source, facts: Vec<Fact>) -> Analysed {
    let policy = Arc::new(policy.effective(site, &Selection::default()).unwrap());
    Analysed { source, facts: FileFacts { facts, ..FileFacts::default() }, policy, embedded: false }
}

fn check(policy: &Policy, source: Source, facts: Vec<Fact>) -> Vec<Finding> {
    check_files(&[analysed(policy, "common", source, facts)], &Settings::default())
}

fn fixed(source: &Source, finding: &Finding) -> String {
    let mut text = source.text.to_string();
    for edit in finding.fix.as_ref().unwrap().edits.iter().rev() {
        text.replace_range(edit.span.start..edit.span.end, &edit.text);
    }
    text
}

#[test]
fn a_command_gives_a_finding_with_message_place_and_fix() {
    let policy = policy(
        r#"
message = "`{run}` here"
help = ["put it in {$env-place}", "do not"]
at = "words"
[[clause]]
on = "command"
where = { run = ["conda init", "mamba init"] }
[fix]
title = "delete it"
applicability = "safe"
edits = [{ delete = "statement" }]
"#,
        "",
    );
    let source = shell("a.sh", "echo a\nconda init bash\necho b\n");
    let facts = vec![command(&source, "conda init bash", "conda init"), command(&source, "echo b", "echo")];
    let findings = check(&policy, source.clone(), facts);
    assert_eq!(findings.len(), 1);
    let finding = &findings[0];
    assert_eq!((finding.rule.as_str(), finding.severity), ("r", Severity::Error));
    assert_eq!(finding.message, "`conda init` here");
    assert_eq!(finding.help, "do not", "the first help lacks a value of the site");
    assert_eq!(finding.url, "https://example.org/a");
    assert_eq!(source.slice(finding.span), "conda init bash");
    assert_eq!(finding.fingerprint.len(), 16);
    assert_eq!(fixed(&source, finding), "echo a\necho b\n");
}

#[test]
fn possible_facts_give_milder_findings_and_no_safe_fix() {
    let rule = r#"
message = "m"
[[clause]]
on = "command"
where = { run = "conda init" }
[fix]
title = "delete it"
applicability = "safe"
edits = [{ delete = "statement" }]
"#;
    let policy = policy(rule, "");
    let source = shell("a.sh", "conda init\n");
    let mut fact = command(&source, "conda init", "conda init");
    fact.certain = false;
    let findings = check(&policy, source.clone(), vec![fact.clone()]);
    assert_eq!((findings[0].severity, findings[0].certainty), (Severity::Warning, Certainty::Possible));
    assert_eq!(findings[0].fix.as_ref().unwrap().applicability, Applicability::Unsafe);
    // The same place on a certain path: one finding, the certain one.
    let findings = check(&policy, source.clone(), vec![fact, command(&source, "conda init", "conda init")]);
    assert_eq!(findings.len(), 1);
    assert_eq!(findings[0].certainty, Certainty::Certain);
}

fn state(modules: &[(&str, bool)], span: Span) -> Arc<Record> {
    let module = |(full, possible): &(&str, bool)| {
        let mut record = Record::new().with("full", Text::at(*full, span));
        record.possible = *possible;
        record.span = span.into();
        record
    };
    Arc::new(Record::new().with("modules", modules.iter().map(module).collect::<Vec<_>>()))
}

#[test]
fn lists_mean_their_matching_items() {
    let policy = policy(
        r#"
message = "cannot see {state.modules}"
labels = [{ at = "state.modules", message = "loaded here" }]
[[clause]]
on = "command"
where = { run = "python -m venv", "option.--system-site-packages" = { absent = true }, "state.modules" = { any = { full = "$good-modules" } } }
[fix]
title = "add"
applicability = "safe"
edits = [{ add-option = "--system-site-packages" }]
"#,
        "",
    );
    let source = shell("a.sh", "module load X\npython3 -m venv v\n");
    let mut fact = command(&source, "python3 -m venv v", "python -m venv");
    for (modules, expected) in [
        (&[("GCC/1", false)][..], None),
        (&[("GCC/1", false), ("SciPy-bundle/2", false)], Some(Certainty::Certain)),
        (&[("GCC/1", false), ("SciPy-bundle/2", true)], Some(Certainty::Possible)),
    ] {
        fact.state = Some(state(modules, Span::new(12, 13)));
        let findings = check(&policy, source.clone(), vec![fact.clone()]);
        assert_eq!(findings.first().map(|finding| finding.certainty), expected, "{modules:?}");
        if let Some(finding) = findings.first() {
            assert_eq!(finding.message, "cannot see SciPy-bundle/2");
            assert_eq!(finding.labels.len(), 1);
            assert_eq!(fixed(&source, finding), "module load X\npython3 -m venv --system-site-packages v\n");
        }
    }
}

#[test]
fn other_facts_count_by_order_and_certainty() {
    let rule = |when: &str, word: &str| {
        format!(
            "message = \"m\"\n[[clause]]\non = \"command\"\nwhere = {{ run = \"pip install\" }}\n\
             {word} = [{{ fact = \"command\", at = \"{when}\", where = {{ run = \"activate\" }} }}]\n"
        )
    };
    let source = shell("a.sh", "activate\npip install x\n");
    let pip = || command(&source, "pip install x", "pip install");
    let activate = |certain| Fact { certain, ..command(&source, "activate", "activate") };
    for (word, when, facts, expected) in [
        ("with", "before", vec![activate(true), pip()], Some(Certainty::Certain)),
        ("with", "after", vec![activate(true), pip()], None),
        ("with", "before", vec![activate(false), pip()], Some(Certainty::Possible)),
        ("without", "before", vec![activate(true), pip()], None),
        ("without", "before", vec![pip(), activate(true)], Some(Certainty::Certain)),
        ("without", "before", vec![activate(false), pip()], Some(Certainty::Possible)),
        ("without", "anywhere", vec![pip(), activate(true)], None),
    ] {
        let findings = check(&policy(&rule(when, word), ""), source.clone(), facts);
        assert_eq!(findings.first().map(|finding| finding.certainty), expected, "{word} {when}");
    }
}

#[test]
fn the_unknown_never_accuses() {
    for (condition, text, unresolved, expected) in [
        (r#""home""#, "$HOME/x", &["HOME"][..], true),
        (r#""home""#, "$WORK/x", &["WORK"], false),
        (r#"{ not = "home" }"#, "$WORK/x", &["WORK"], false),
        (r#"{ not = "home" }"#, "/project/x", &[], true),
        (r#"{ not = ["project", "scratch"] }"#, "/project/x", &[], false),
        (r#""unknown""#, "$WORK/x", &["WORK"], true),
    ] {
        let rule = format!(
            "message = \"m\"\n[[clause]]\non = \"command\"\nwhere = {{ \"destination.place\" = {condition} }}\n"
        );
        let source = shell("a.sh", "conda create\n");
        let mut fact = command(&source, "conda create", "conda create");
        let unresolved = unresolved.iter().map(|name| (*name).into()).collect();
        fact.fields.set("destination", Text { unresolved, ..Text::plain(text) });
        let findings = check(&policy(&rule, ""), source, vec![fact]);
        assert_eq!(!findings.is_empty(), expected, "{condition} on {text}");
    }
}

#[test]
fn a_site_speaks_in_place_of_the_rule() {
    let rule = "message = \"m\"\nhelp = \"h\"\n[[clause]]\non = \"module\"\nwhere = { full = \"$replacement\" }\n\
                [fix]\ntitle = \"use {$replacement[full]}\"\napplicability = \"safe\"\n\
                edits = [{ replace = \"full\", with = \"{$replacement[full]}\" }]\n";
    let site = r#"
id = "here"
name = "Here"
[links]
python = "https://here.example"
[rules.r]
severity = "hint"
help = "load {$replacement[full]}"
url = "$link.python"
fix = "unsafe"
"#;
    let policy = policy(rule, site);
    let source = shell("a.sh", "module load old/3\n");
    let fields = Record::new().with("full", Text::at("old/3", Span::new(12, 17)));
    let fact = Fact::new(FactKind::Module, Span::new(0, 17), fields);
    let input = analysed(&policy, "here", source.clone(), vec![fact]);
    let findings = check_files(&[input], &Settings::default());
    let finding = &findings[0];
    assert_eq!((finding.severity, finding.site.as_str()), (Severity::Hint, "here"));
    assert_eq!((finding.message.as_str(), finding.help.as_str()), ("m", "load new/2"));
    assert_eq!(finding.url, "https://here.example");
    let fix = finding.fix.as_ref().unwrap();
    assert_eq!((fix.title.as_str(), fix.applicability), ("use new/2", Applicability::Unsafe));
    assert_eq!(fixed(&source, finding), "module load new/2\n");
}

#[test]
fn once_gives_one_finding_whose_fix_mends_all() {
    let rule = "message = \"m\"\nonce = \"file\"\n[[clause]]\non = \"command\"\nwhere = { run = \"x\" }\n\
                [fix]\ntitle = \"delete\"\napplicability = \"safe\"\nedits = [{ delete = \"statement\" }]\n";
    let source = shell("a.sh", "x 1\ny\nx 2\n");
    let facts = vec![command(&source, "x 2", "x"), command(&source, "x 1", "x")];
    let findings = check(&policy(rule, ""), source.clone(), facts);
    assert_eq!(findings.len(), 1);
    assert_eq!(source.slice(findings[0].span), "x 1");
    assert_eq!(fixed(&source, &findings[0]), "y\n");
}

#[test]
fn linked_files_know_each_other() {
    let rule = "message = \"m\"\n[[clause]]\non = \"command\"\nwhere = { run = \"python\" }\n\
                with = [{ fact = \"call\", in = \"linked\", where = { callee = \"multiprocessing.Pool\" }, label = \"here, from {run}\" }]\n\
                [[clause]]\non = \"file\"\nwhere = { \"file.run-by-job\" = true }\n\
                with = [{ fact = \"file\", in = \"callers\", where = { \"job.cores\" = { lt = 4 } } }]\n";
    let policy = policy(rule, "");
    let source = shell("jobs/a.sh", "python train.py\n");
    let mut job = analysed(&policy, "common", source.clone(), vec![command(&source, "python train.py", "python")]);
    job.facts.file = Record::new().with("role", "job");
    job.facts.job = Some(Record::new().with("cores", 1));
    job.facts.links = vec![Link {
        fact: 0,
        how: LinkKind::Runs,
        target: Text::plain("$SLURM_SUBMIT_DIR/train.py").into(),
        cwd: None,
    }];
    let python = Source::new("jobs/train.py".into(), Kind::Python, b"Pool()\n".to_vec());
    let call = Fact::new(FactKind::Call, Span::new(0, 6), Record::new().with("callee", "multiprocessing.Pool"));
    let python = analysed(&policy, "common", python, vec![call]);
    let settings = Settings { cwd: "/w".into(), project_root: "/w".into(), home: None, ..Settings::default() };
    let findings = check_files(&[job, python], &settings);
    let paths: Vec<_> = findings.iter().map(|finding| finding.path.display().to_string()).collect();
    assert_eq!(paths, ["jobs/a.sh", "jobs/train.py"]);
    assert_eq!(findings[0].labels[0].path.display().to_string(), "jobs/train.py");
    assert_eq!(findings[0].labels[0].message, "here, from python");
}

#[test]
fn comments_silence_findings_and_are_facts() {
    let rule = "message = \"m\"\n[[clause]]\non = \"command\"\nwhere = { run = \"x\" }\n\
                [[clause]]\non = \"suppression\"\nwhere = { used = false }\nat = \"rule\"\n[clause.fix]\ntitle = \"remove\"\n\
                applicability = \"safe\"\nedits = [{ delete = \"whole\" }]\n\
                [[clause]]\non = \"suppression\"\nwhere = { known = false }\nmessage = \"no {rule}, but {nearest}\"\n";
    let text = "x 1 # pydoctor: ignore[r] -- tested\n# pydoctor: ignore[r]\n\nx 2 \\\n  y\nx 3\n\
                echo '# pydoctor: ignore[r]' x4\nls  # pydoctor: ignore[r]\nls # pydoctor: ignore[rr, q]\n";
    let source = shell("a.sh", text);
    let facts = ["x 1", "y\nx 3", "x 3", "x4"].map(|words| command(&source, words, "x")).to_vec();
    let findings = check(&policy(rule, ""), source.clone(), facts);
    let shown: Vec<_> = findings
        .iter()
        .map(|finding| (source.slice(finding.span), finding.message.as_str(), finding.suppressed.as_deref()))
        .collect();
    assert_eq!(
        shown,
        [
            ("x 1", "m", Some("tested")),
            ("y\nx 3", "m", Some("")),
            ("x 3", "m", None),
            ("x4", "m", None),
            ("r", "m", None),
            ("rr", "no rr, but r", None),
            ("q", "no q, but r", None),
        ]
    );
    let unused = findings.iter().find(|finding| source.slice(finding.span) == "r").unwrap();
    assert!(fixed(&source, unused).contains("\nls\nls # pydoctor"), "{}", fixed(&source, unused));
}

#[test]
fn gaps_are_facts_of_the_second_pass() {
    let rule =
        "message = \"{lines} lines: {reason}\"\n[[clause]]\non = \"parse-gap\"\nwhere = { share = { ge = 50 } }\n";
    let policy = policy(rule, "");
    let mut input = analysed(&policy, "common", shell("a.sh", "a\nb\nc\n"), Vec::new());
    input.facts.gaps = vec![crate::facts::Gap { span: Span::new(0, 4), reason: "torn".to_owned() }];
    let findings = check_files(&[input], &Settings::default());
    assert_eq!(findings[0].message, "2 lines: torn");
}

#[test]
fn many_facts_end() {
    let rule = "message = \"m\"\n[[clause]]\non = \"command\"\nwhere = { run = \"x\" }\n\
                without = [{ fact = \"command\", where = { run = \"y\" } }]\n";
    let source = shell("a.sh", "x 1\n");
    let facts = vec![command(&source, "x 1", "x"); 20_000];
    let start = std::time::Instant::now();
    check(&policy(rule, ""), source, facts);
    assert!(start.elapsed().as_secs() < 20, "{:?}", start.elapsed());
}

#[test]
fn values_compare_by_their_kind() {
    for (condition, value, expected) in [
        ("{ lt = 4 }", Value::Number(3), true),
        ("{ lt = 4 }", Value::Number(4), false),
        ("{ ge = 4, le = 8 }", Value::Number(8), true),
        ("[1, 2]", Value::Number(2), true),
        ("{ not = 1 }", Value::Number(1), false),
    ] {
        let rule = format!("message = \"m\"\n[[clause]]\non = \"directive\"\nwhere = {{ line = {condition} }}\n");
        let fact = Fact::new(FactKind::Directive, Span::new(0, 1), Record::new().with("line", value.clone()));
        let findings = check(&policy(&rule, ""), shell("a.sh", "x\n"), vec![fact]);
        assert_eq!(!findings.is_empty(), expected, "{condition} on {value:?}");
    }
    for (condition, version, expected) in [
        (r#"{ lt = "3" }"#, "2.7-current", true),
        (r#"{ ge = "3.13" }"#, "3.13.1", true),
        (r#"{ ge = "3.13" }"#, "3.9.18", false),
        (r#"{ ge = "3.13" }"#, "3", false),
        (r#"{ not = { ge = "3.13" } }"#, "3", false),
        (r#"{ lt = 3 }"#, "latest", false),
        (r#"{ matches = "^3\\.(8|9)\\b" }"#, "3.9.18", true),
        (r#"{ absent = true }"#, "3", false),
        (r#"{ not = { absent = true } }"#, "3", true),
    ] {
        let rule = format!("message = \"m\"\n[[clause]]\non = \"module\"\nwhere = {{ version = {condition} }}\n");
        let fact = Fact::new(FactKind::Module, Span::new(0, 1), Record::new().with("version", version));
        let findings = check(&policy(&rule, ""), shell("a.sh", "x\n"), vec![fact]);
        assert_eq!(!findings.is_empty(), expected, "{condition} on {version}");
    }
}

#[test]
fn absence_on_some_paths_is_possible() {
    for (condition, possible, expected) in [
        ("{ absent = true }", true, Some(Certainty::Possible)),
        ("{ absent = true }", false, None),
        ("{ present = true }", true, Some(Certainty::Possible)),
        ("{ present = true }", false, Some(Certainty::Certain)),
        (r#"{ kind = "conda" }"#, true, Some(Certainty::Possible)),
        (r#"{ kind = { not = "venv" } }"#, true, Some(Certainty::Certain)),
        (r#"{ kind = { not = "conda" } }"#, true, Some(Certainty::Possible)),
        (r#"{ kind = { not = "conda" } }"#, false, None),
    ] {
        let rule =
            format!("message = \"m\"\n[[clause]]\non = \"command\"\nwhere = {{ \"state.env\" = {condition} }}\n");
        let source = shell("a.sh", "x\n");
        let mut fact = command(&source, "x", "x");
        let mut env = Record::new().with("kind", "conda");
        env.possible = possible;
        fact.state = Some(Arc::new(Record::new().with("env", env)));
        let findings = check(&policy(&rule, ""), source, vec![fact]);
        assert_eq!(findings.first().map(|finding| finding.certainty), expected, "{condition}, possible: {possible}");
    }
}

#[test]
fn fields_in_braces_are_those_of_the_fact_that_is_judged() {
    let rule = "message = \"m\"\n[[clause]]\non = \"command\"\nwhere = { run = \"source\" }\n\
                with = [{ fact = \"command\", where = { run = \"venv\", destination = \"{destination}\" } }]\n";
    for (made, used, expected) in [
        ("/a/v", "/a/v", true),
        ("/a/v", "/a/w", false),
        ("$X/v", "$X/v", true),
        ("$X/v", "$Y/v", false),
        ("/a/*", "/a/v", false),
    ] {
        let source = shell("a.sh", "venv\nsource\n");
        let text = |text: &str| {
            let unresolved = ["X", "Y"].iter().filter(|name| text.contains(*name)).map(|name| (*name).into());
            Text { unresolved: unresolved.collect(), ..Text::plain(text) }
        };
        let mut venv = command(&source, "venv", "venv");
        venv.fields.set("destination", text(made));
        let mut activate = command(&source, "source", "source");
        activate.fields.set("destination", text(used));
        let findings = check(&policy(rule, ""), source, vec![venv, activate]);
        assert_eq!(!findings.is_empty(), expected, "{made} and {used}");
    }
}
