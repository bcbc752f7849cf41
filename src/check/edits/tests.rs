use std::sync::Arc;

use super::*;
use crate::check::{Analysed, Settings, check_files};
use crate::facts::{FileFacts, Record};
use crate::policy::{PackFiles, Policy, Selection};
use crate::source::{Role, Shell};

const COMMON: &str = "id = \"common\"\nname = \"x\"\n[values.empty]\nvalue = \"\"\nsource = \"x\"\n\
                      [recipes.two]\ntext = \"\"\"one\ntwo\n\"\"\"\nsource = \"x\"\n";

fn shell() -> Kind {
    Kind::Shell { shell: Shell::Bash, role: Role::Script }
}

/// The text after the fix with these edits of a fact that stands on `«…»` in `text` (the marks are taken out), or
/// `None` without a fix. `fields` gets the source and the span of the fact.
fn after(kind: Kind, on: &str, edits: &str, text: &str, fields: impl Fn(&Source, Span) -> Record) -> Option<String> {
    let start = text.find('«').unwrap();
    let plain = text.replace('«', "");
    let end = plain.find('»').unwrap();
    let plain = plain.replace('»', "");
    let source = Source::new("a".into(), kind, plain.into_bytes());
    let span = Span::new(start, end);
    let rule = format!(
        "id = \"r\"\ntitle = \"t\"\ntags = [\"job\"]\nseverity = \"hint\"\nwhy = \"w\"\nmessage = \"m\"\n\
         [[clause]]\non = \"{on}\"\n[fix]\ntitle = \"f\"\napplicability = \"safe\"\nedits = [{edits}]\n"
    );
    let files =
        [("pack.toml", "name = \"x\"\nversion = \"1\"\n"), ("sites/common.toml", COMMON), ("lint/r.toml", &rule)];
    let policy = Policy::load(&[PackFiles::in_memory("p", &files)]).unwrap_or_else(|error| panic!("{error}"));
    let kind = FactKind::from_name(on).unwrap();
    let fact = Fact::new(kind, span, fields(&source, span));
    let facts = FileFacts { facts: vec![fact], ..FileFacts::default() };
    let policy = Arc::new(policy.effective("common", &Selection::default()).unwrap());
    let findings =
        check_files(&[Analysed { source: source.clone(), facts, policy, embedded: false }], &Settings::default());
    let fix = findings[0].fix.as_ref()?;
    let mut fixed = source.text.to_string();
    for edit in fix.edits.iter().rev() {
        fixed.replace_range(edit.span.start..edit.span.end, &edit.text);
    }
    Some(fixed)
}

fn statement(whole: bool, sole: bool) -> impl Fn(&Source, Span) -> Record {
    move |source, span| {
        let mut statement = Record::new().with("whole", whole).with("sole", sole);
        statement.span = span.into();
        Record::new()
            .with("statement", statement)
            .with("words", Text::at(source.slice(span), span))
            .with("run", "python -m venv")
    }
}

#[test]
fn deleting_a_statement_leaves_the_rest_of_its_line() {
    for (text, whole, sole, expected) in [
        ("a\n«x y»\nb\n", true, false, Some("a\nb\n")),
        ("a\n  «x \\\n   y»\nb\n", true, false, Some("a\nb\n")),
        ("a\n«x»", true, false, Some("a\n")),
        ("a\n«x»;\nb\n", true, false, Some("a\nb\n")),
        ("  «x» # why\nb\n", true, false, Some("  # why\nb\n")),
        ("«x»; b\n", true, false, Some("b\n")),
        ("a; «x»\n", true, false, Some("a\n")),
        ("a; «x» # why\n", true, false, Some("a # why\n")),
        ("a; «x»; b\n", true, false, Some("a; b\n")),
        ("if t; then «x»; fi\n", true, true, Some("if t; then :; fi\n")),
        ("if t; then\n  «x»\nfi\n", true, true, Some("if t; then\n  :\nfi\n")),
        ("case a in a) «x»;; esac\n", true, true, Some("case a in a) :;; esac\n")),
        ("a && «x»\n", false, false, None),
        ("a && «x»\n", true, false, None),
        ("«x» || b\n", true, false, None),
        ("«x» &\n", true, false, None),
        ("a\r\n«x»\r\nb\r\n", true, false, Some("a\r\nb\r\n")),
    ] {
        let fixed = after(shell(), "command", "{ delete = \"statement\" }", text, statement(whole, sole));
        assert_eq!(fixed.as_deref(), expected, "{text:?}");
    }
}

#[test]
fn options_are_added_behind_the_sub_command_and_removed_whole() {
    let edit = "{ add-option = \"--system-site-packages\" }";
    for (text, expected) in [
        ("«python3 -m venv v»\n", "python3 -m venv --system-site-packages v\n"),
        ("«python3.11 -I -m venv \"$X y\"»\n", "python3.11 -I -m venv --system-site-packages \"$X y\"\n"),
        ("«python3 -m venv»\n", "python3 -m venv --system-site-packages\n"),
        ("«mkenv venv»\n", "mkenv venv --system-site-packages\n"),
        ("«mkenv x»\n", "mkenv --system-site-packages x\n"),
    ] {
        assert_eq!(after(shell(), "command", edit, text, statement(true, false)).as_deref(), Some(expected));
    }
    let option = |source: &Source, span: Span| {
        let value = Text::at(source.slice(span), span);
        Record::new().with("option", Record::new().with("--prefix", value))
    };
    for (text, expected) in [
        ("c --prefix «X» y\n", "c y\n"),
        ("c --prefix=«X» y\n", "c y\n"),
        ("c -p«X»\n", "c\n"),
        ("c «--prefix» y\n", "c y\n"),
        ("c y --prefix \\\n  «X»; d\n", "c y; d\n"),
    ] {
        let fixed = after(shell(), "command", "{ delete = \"option.--prefix\" }", text, option);
        assert_eq!(fixed.as_deref(), Some(expected), "{text}");
    }
}

fn text_field(name: &'static str) -> impl Fn(&Source, Span) -> Record {
    move |source, span| Record::new().with(name, Text::at(source.slice(span), span))
}

#[test]
fn replacing_keeps_quotes_and_needs_a_value() {
    let replace = |with: &str, text: &str| {
        after(
            shell(),
            "command",
            &format!("{{ replace = \"destination\", with = \"{with}\" }}"),
            text,
            text_field("destination"),
        )
    };
    for (with, text, expected) in [
        ("/new", "c «/old»\n", Some("c /new\n")),
        ("/new", "c «\"/old\"»\n", Some("c \"/new\"\n")),
        ("/new/$USER", "c «'/old'»\n", Some("c \"/new/$USER\"\n")),
        ("{destination}/x", "c «/old»\n", Some("c /old/x\n")),
        ("{$empty}/x", "c «/old»\n", None),
        ("{env}/x", "c «/old»\n", None),
        ("/old", "c «/old»\n", None),
        ("{$recipe.two}", "  «c»\nd\n", Some("  one\n  two\nd\n")),
    ] {
        assert_eq!(replace(with, text).as_deref(), expected, "{with} in {text:?}");
    }
}

#[test]
fn a_value_that_a_variable_carries_changes_where_it_stands() {
    let carried = |source: &Source, span: Span| {
        let end = source.text.find('\n').unwrap();
        let value = Text { origin: Span::new(2, end).into(), ..Text::at("/old", span) };
        Record::new().with("destination", value)
    };
    let edit = "{ replace = \"destination\", with = \"/new\" }";
    for (text, expected) in [
        ("P=/old\nc «$P»\n", Some("P=/new\nc $P\n")),
        ("P=/old\nc «\"${P}\"»\n", Some("P=/new\nc \"${P}\"\n")),
        ("P=/old\nc «$P/x»\n", None),
        ("P='/old'\nc «$P»\n", Some("P='/new'\nc $P\n")),
        ("P=${P:-/old}\nc «$P»\n", Some("P=${P:-/new}\nc $P\n")),
        ("P=\"${P:-$HOME/old}\"\nc «$P»\n", Some("P=\"${P:-/new}\"\nc $P\n")),
        ("P=${P:-${Q:-/old}}\nc «$P»\n", None),
        ("P=$(pwd)/old\nc «$P»\n", None),
    ] {
        assert_eq!(after(shell(), "command", edit, text, carried).as_deref(), expected, "{text}");
    }
}

#[test]
fn lines_go_beside_their_place_with_its_indentation() {
    for (edit, text, expected) in [
        ("{ insert-line = \"new\", before = \"self\" }", "  «x»\n", Some("  new\n  x\n")),
        (
            "{ insert-line = \"new\", before = \"self\" }",
            "a\n  # shellcheck disable=SC1091\n  «x»\n",
            Some("a\n  new\n  # shellcheck disable=SC1091\n  x\n"),
        ),
        ("{ insert-line = \"new\", after = \"self\" }", "a\r\n\t«x»\r\nb", Some("a\r\n\tx\r\n\tnew\r\nb")),
        ("{ insert-line = \"new\", after = \"self\" }", "«x»", Some("x\nnew")),
        ("{ insert-line = \"new\", after = \"self\" }", "«x» # c\n", Some("x # c\nnew\n")),
        ("{ insert-line = \"new\", after = \"self\" }", "«x» \\\n  y\nz\n", Some("x \\\n  y\n  new\nz\n")),
        ("{ insert-line = \"new\", before = \"self\" }", "if a; then «x»; fi\n", Some("if a; then new; x; fi\n")),
        ("{ insert-line = \"new\", after = \"self\" }", "if a; then «x»; fi\n", Some("if a; then x; new; fi\n")),
        ("{ insert-line = \"new\", after = \"self\" }", "«x» -a 'b;' 2>&1\n", Some("x -a 'b;' 2>&1\nnew\n")),
        ("{ insert-line = \"new\", after = \"self\" }", "{ «x» -a; }\n", Some("{ x -a; new; }\n")),
        ("{ insert-line = \"new\", after = \"self\" }", "«x» && y\n", None),
        ("{ insert-line = \"new\", before = \"self\" }", "y && «x»\n", None),
        (
            "{ insert-line = \"new\", before = \"self\" }",
            "a \\\n #PBS -l «x» -q a;b\n",
            Some("a \\\n new\n #PBS -l x -q a;b\n"),
        ),
        (
            "{ insert-line = \"new\", after = \"self\" }",
            "#PBS -l «x» -q a;b\\\nc\n",
            Some("#PBS -l x -q a;b\\\nnew\nc\n"),
        ),
        ("{ insert-line = \"# {$recipe.two}\", before = \"self\" }", "«x»\n", Some("# one\n# two\nx\n")),
        ("{ insert-line = \"new\", at = \"top\" }", "#!/bin/sh\n# c\n«x»\n", Some("#!/bin/sh\nnew\n# c\nx\n")),
        ("{ insert-line = \"new\", at = \"top\" }", "«x»\n", Some("new\nx\n")),
        ("{ insert = \"source \", before = \"self\" }", "a; «x»\n", Some("a; source x\n")),
        ("{ move = \"self\", before = \"first-command\" }", "# c\n\na\nb\n«x»\n", Some("# c\n\nx\na\nb\n")),
        ("{ move = \"self\", before = \"first-command\" }", "# c\n«x»", None),
        ("{ move = \"self\", before = \"first-command\" }", "a\nb; «x»\n", None),
        ("{ uncomment = \"self\" }", "a\n  «# x\n  #y»\n", Some("a\n  x\n  y\n")),
        ("{ line-ends = \"lf\" }", "«a\r\nb\rc»\r\n", Some("a\nb\rc\n")),
        ("{ wrap = \"self\", function = \"on\" }", "a\n  «x»\n", Some("a\n  on() {\n      x\n  }\n")),
        ("{ wrap = \"self\", function = \"on\" }", "«x»", Some("on() {\n    x\n}")),
        ("{ wrap = \"self\", function = \"on\" }", "«x\ny»\n", Some("on() {\nx\ny\n}\n")),
        ("{ wrap = \"self\", function = \"on\" }", "on() { :; }\n«x»\n", None),
    ] {
        let fixed = after(shell(), "comment", edit, text, |_, _| Record::new());
        assert_eq!(fixed.as_deref(), expected, "{edit} on {text:?}");
    }
}

#[test]
fn moving_to_another_place_keeps_the_level() {
    let fields = |source: &Source, span: Span| {
        let at = source.text.find("TO").unwrap();
        Record::new().with("text", Text::at("x", span)).with("code", Text::at("TO", Span::new(at, at + 2)))
    };
    let edit = "{ move = \"text\", after = \"code\" }";
    for (text, expected) in
        [("«x»\nTO\n", Some("TO\nx\n")), ("«x»\na\nTO", Some("a\nTO\nx")), ("«x»\nif a\n  TO\nfi\n", None)]
    {
        assert_eq!(after(shell(), "comment", edit, text, fields).as_deref(), expected, "{text}");
    }
}

#[test]
fn text_in_a_string_gets_no_quotes() {
    let fields = |source: &Source, span: Span| {
        let words = Text::at(source.slice(span), span);
        Record::new().with("words", words).with("context", vec!["string"])
    };
    let edit = |with: &str| format!("{{ replace = \"words\", with = \"{with}\" }}");
    let text = "bash -c '«a»'\n";
    assert_eq!(after(shell(), "command", &edit("b c"), text, fields).as_deref(), Some("bash -c 'b c'\n"));
    assert_eq!(after(shell(), "command", &edit("b 'c'"), text, fields), None);
}

#[test]
fn imports_go_where_they_belong_once() {
    let fields = |source: &Source, _: Span| {
        let at = source.text.find("import re").unwrap();
        Record::new().with("import-place", Text::at("", Span::at(at)))
    };
    let edit = "{ import = \"os\" }, { replace = \"self\", with = \"Pool(n)\" }";
    let fixed = after(Kind::Python, "call", edit, "\"\"\"d\"\"\"\nimport re\n«Pool()»\n", fields);
    assert_eq!(fixed.as_deref(), Some("\"\"\"d\"\"\"\nimport os\nimport re\nPool(n)\n"));
}

#[test]
fn notebooks_stay_json() {
    let list = |lines: &str| format!("{{\"cells\": [{{\"source\": [\n{lines}\n   ]}}]}}\n");
    for (edit, lines, expected) in [
        (
            "{ insert-line = \"a = \\\"b\\\"\", before = \"self\" }",
            "    \"x = 1\\n\",\n    \"  «y»\"",
            "    \"x = 1\\n\",\n    \"  a = \\\"b\\\"\\n\",\n    \"  y\"",
        ),
        ("{ insert-line = \"a\", after = \"self\" }", "    \"«y»\"", "    \"y\\n\",\n    \"a\""),
        (
            "{ insert-line = \"a\", after = \"self\" }",
            "    \"«y»\\n\",\n    \"z\"",
            "    \"y\\n\",\n    \"a\\n\",\n    \"z\"",
        ),
        ("{ replace = \"self\", with = \"\\\"q\\\"\" }", "    \"p(«y»)\"", "    \"p(\\\"q\\\")\""),
    ] {
        let fixed = after(Kind::Notebook, "comment", edit, &list(lines), |_, _| Record::new()).unwrap();
        assert_eq!(fixed, list(expected));
        serde_json::from_str::<serde_json::Value>(&fixed).unwrap();
    }
    let single = "{\"cells\": [{\"source\": \"import re\\n«y»\\nz\"}]}";
    let edit = "{ insert-line = \"a\", before = \"self\" }";
    let fixed = after(Kind::Notebook, "comment", edit, single, |_, _| Record::new());
    assert_eq!(fixed.as_deref(), Some("{\"cells\": [{\"source\": \"import re\\na\\ny\\nz\"}]}"));
    let edit = "{ delete = \"statement\" }";
    let magic = list("    \"«!x»\\n\",\n    \"z\"");
    let fixed = after(Kind::Notebook, "command", edit, &magic, statement(true, false));
    assert_eq!(fixed, Some(list("    \"z\"")));
}

#[test]
fn a_word_held_together_by_quotes_inside_it_is_not_taken_apart() {
    for (old, value, expected) in [
        (r"~/my\ env", "$HOME/my env", true),
        (r#"~/"my env""#, "$HOME/my env", true),
        (r"$HOME/a\;b", "$HOME/a;b", true),
        (r#""$HOME/my env""#, "$HOME/my env", false),
        ("'my env'", "my env", false),
        (r#""$HOME"/env"#, "$HOME/env", false),
        ("~/env", "$HOME/env", false),
        ("pip install \"a b\"", "pip install \"a b\"", false),
    ] {
        assert_eq!(needs_its_quotes(old, value), expected, "{old}");
    }
}
