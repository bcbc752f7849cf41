//! Counts, against an independent parser, how many commands of real shell files are understood.
//!
//! usage: `shell_coverage FILE…` with `shfmt` on `PATH`. For every file that `bash -n` and shfmt accept, each
//! simple command that shfmt sees must lie inside a fact (or be a `[ … ]` that was read as a condition), or in a
//! region that we say we did not understand.

#![expect(clippy::disallowed_methods, reason = "it reads the files named, and asks bash and shfmt about them")]
#![expect(clippy::print_stdout, reason = "what it prints is its result")]

use std::collections::HashSet;
use std::io::Write as _;
use std::process::{Command, Stdio};

use pydoctor::facts::{self, Alone, FactKind, FileFacts};
use pydoctor::policy::PackFiles;
use pydoctor::source::{Kind, Role, Shell, Source, Span};
use pydoctor::syntax::shell::ast::{Command as Shape, Node, Script};
use pydoctor::syntax::shell::parse;
use pydoctor::syntax::shell::word::{Part, parts};
use pydoctor::tables::Tables;

fn main() {
    let pack = PackFiles::builtin();
    let tables = Tables::parse(&|path| pack.get(path)).expect("the built-in tables load");
    let (mut files, mut commands, mut understood, mut gaps) = (0, 0, 0, 0);
    for path in std::env::args().skip(1) {
        let Ok(text) = std::fs::read_to_string(&path) else { continue };
        if !accepted(&text) {
            continue;
        }
        let Some(theirs) = starts(&text) else { continue };
        let kind = Kind::Shell { shell: Shell::Bash, role: Role::Script };
        let source = Source::new(path.clone().into(), kind, text.clone().into_bytes());
        let facts = facts::collect(&source, &tables, &Alone);
        let mut spans = Vec::new();
        given(&facts, &mut spans);
        spans.sort_by_key(|span| (span.start, span.end));
        let script = parse(&text, Span::new(0, text.len()), Shell::Bash);
        let mut tests = HashSet::new();
        collect(&text, &script, &mut tests, 0);
        files += 1;
        for at in theirs {
            commands += 1;
            if has_fact(&text, &spans, at) || is_test(&text, &tests, at) {
                understood += 1;
            } else if facts.gaps.iter().any(|gap| gap.span.start <= at && at < gap.span.end) {
                gaps += 1;
            } else {
                let line = text[..at].matches('\n').count() + 1;
                println!("{path}:{line}: {}", text[at..].lines().next().unwrap_or(""));
            }
        }
    }
    let share = |part: usize| 100.0 * part as f64 / commands.max(1) as f64;
    println!(
        "{files} files, {commands} commands: {:.2} % understood, {:.2} % in regions not understood",
        share(understood),
        share(gaps)
    );
}

/// The places of all facts that commands and assignments give, scripts in here documents included.
fn given(facts: &FileFacts, out: &mut Vec<Span>) {
    let of_commands = facts.facts.iter().filter(|fact| {
        matches!(fact.kind, FactKind::Command | FactKind::Assignment | FactKind::PathEntry | FactKind::Module)
    });
    out.extend(of_commands.map(|fact| fact.span));
    facts.embedded.iter().for_each(|inner| given(inner, out));
}

/// True when a fact stands on the command at `at`, or on what it was looked through to (`sudo python x`).
fn has_fact(text: &str, spans: &[Span], at: usize) -> bool {
    let next = spans.partition_point(|span| span.start < at);
    let inside = spans[..next].iter().rev().take(200).any(|span| at < span.end);
    let ahead = spans.get(next).is_some_and(|span| {
        span.start == at || text.get(at..span.start).is_some_and(|between| !between.contains(['\n', ';', '&', '|']))
    });
    inside || ahead
}

/// `[ … ]` and `test …` give no fact of their own: they decide which branch is taken.
fn is_test(text: &str, starts: &HashSet<usize>, at: usize) -> bool {
    let word = text[at..].split(char::is_whitespace).next().unwrap_or("");
    matches!(word, "[" | "test") && starts.contains(&at)
}

fn accepted(text: &str) -> bool {
    piped("bash", &["--norc", "-n"], text).is_some()
}

fn piped(program: &str, args: &[&str], input: &str) -> Option<Vec<u8>> {
    let mut child = Command::new(program)
        .args(args)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .ok()?;
    let mut stdin = child.stdin.take()?;
    let input = input.to_owned();
    let writer = std::thread::spawn(move || stdin.write_all(input.as_bytes()));
    let output = child.wait_with_output().ok()?;
    writer.join().ok()?.ok();
    output.status.success().then_some(output.stdout)
}

/// Where the simple commands begin that shfmt sees.
fn starts(text: &str) -> Option<Vec<usize>> {
    let json = piped("shfmt", &["--to-json", "-ln", "bash"], text)?;
    let tree: serde_json::Value = serde_json::from_slice(&json).ok()?;
    let mut out = Vec::new();
    let mut stack = vec![&tree];
    while let Some(node) = stack.pop() {
        match node {
            serde_json::Value::Object(fields) => {
                let kind = fields.get("Type").and_then(|kind| kind.as_str());
                if matches!(kind, Some("CallExpr" | "DeclClause"))
                    && let Some(offset) = fields.get("Pos").and_then(|pos| pos.get("Offset")).and_then(|at| at.as_u64())
                {
                    out.push(offset as usize);
                }
                stack.extend(fields.values());
            }
            serde_json::Value::Array(items) => stack.extend(items),
            _ => {}
        }
    }
    Some(out)
}

fn collect(text: &str, script: &Script, out: &mut HashSet<usize>, depth: usize) {
    let mut stack: Vec<&Shape> = script.body.iter().collect();
    while let Some(command) = stack.pop() {
        let mut words: Vec<Span> = command.redirects.iter().map(|redirect| redirect.target).collect();
        match &command.node {
            Node::Simple(simple) => {
                out.extend(simple.words.first().map(|word| word.span.start));
                words.extend(simple.words.iter().map(|word| word.span));
                words.extend(simple.redirects.iter().map(|redirect| redirect.target));
                for redirect in &simple.redirects {
                    if let Some(heredoc) = redirect.heredoc.filter(|heredoc| !heredoc.quoted) {
                        nested(text, pydoctor::syntax::shell::word::parts_of_body(text, heredoc.body), out, depth);
                    }
                }
            }
            Node::Pipeline(body) | Node::Group(body) | Node::Subshell(body) | Node::Unclear(body) => stack.extend(body),
            Node::Function { body, .. } => stack.extend(body),
            Node::AndOr { first, rest } => {
                stack.push(first);
                stack.extend(rest.iter().map(|(_, command)| command));
            }
            Node::If { arms, otherwise } => {
                stack.extend(arms.iter().flat_map(|(condition, body)| condition.iter().chain(body)));
                stack.extend(otherwise.iter().flatten());
            }
            Node::Loop { condition, body, words: taken, .. } => {
                stack.extend(condition.iter().chain(body));
                words.extend(taken);
            }
            Node::Case { arms, subject } => {
                stack.extend(arms.iter().flat_map(|(_, body)| body));
                words.extend(subject);
            }
        }
        for word in words {
            nested(text, parts(text, word), out, depth);
        }
    }
}

fn nested(text: &str, parts: Vec<Part>, out: &mut HashSet<usize>, depth: usize) {
    for part in parts {
        if let (Part::Command { body, .. } | Part::Process { body, .. }, true) = (part, depth < 20) {
            collect(text, &parse(text, body, Shell::Bash), out, depth + 1);
        }
    }
}
