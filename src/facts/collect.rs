//! The facts of one file, by its kind.

use std::sync::Arc;

use super::directive::{self, Script as DirectiveText};
use super::interest::Interest;
use super::notebook::{self, Form, Snippet};
use super::shell::{self, Frame, Place};
use super::{Fact, FactKind, FileFacts, Gap, Reach, Value, environment, file, python, resources, shebang};
use crate::source::{Kind, LineIndex, Role, Shell, Source, Span};
use crate::syntax::shell::ast;
use crate::tables::Tables;

/// Computes the facts of one file. Never fails: what cannot be understood is a [`Gap`].
pub fn collect(source: &Source, tables: &Tables, reach: &dyn Reach) -> FileFacts {
    collect_asked(source, tables, reach, &Interest::in_everything())
}

/// The same without commands that nobody asks about.
pub fn collect_asked(source: &Source, tables: &Tables, reach: &dyn Reach, interest: &Interest) -> FileFacts {
    let mut out = FileFacts::default();
    match source.kind {
        // fish has a grammar of its own: what tools write between markers is read by line.
        Kind::Shell { shell: Shell::Fish, .. } => {
            let region = Span::new(0, source.text.len());
            let frame = Frame { text: Arc::clone(&source.text), place: Place::Same, shell: Shell::Fish, silent: false };
            shell::managed_blocks(&frame, region, None, &mut out);
        }
        Kind::Shell { shell, role } => {
            let login = shebang::is_login(&source.text);
            let script = shell::Script { source, tables, reach, interest, role, shell, login };
            let frame = Frame { text: Arc::clone(&source.text), place: Place::Same, shell, silent: false };
            shell_text(script, frame, &mut out);
        }
        Kind::Python => {
            python::collect(&source.text, &mut out);
            python_directives(source, tables, &mut out.facts);
        }
        Kind::Environment | Kind::Condarc | Kind::Requirements => {
            environment::collect(source, &mut out.facts, &mut out.gaps);
        }
        Kind::Notebook => {
            let mut shell = |snippet: &Snippet<'_>| snippet_facts(source, snippet, tables, reach);
            notebook::collect(&source.text, &mut shell, &mut out);
        }
        Kind::Other => {}
    }
    finish(source, &mut out);
    out
}

/// The facts of a Python file beside what its code does: its directives, its first line and the file itself.
pub fn without_tree(source: &Source, tables: &Tables) -> FileFacts {
    let mut out = FileFacts::default();
    python_directives(source, tables, &mut out.facts);
    finish(source, &mut out);
    out
}

/// Directives outside of strings.
fn python_directives(source: &Source, tables: &Tables, out: &mut Vec<Fact>) {
    let strings = directive::may_hold(&source.text).then(|| crate::syntax::python::strings(&source.text));
    let strings = strings.unwrap_or_default();
    directives(&DirectiveText::file(&source.text, &source.lines, &strings), false, tables, out);
}

/// What the facts together tell of the file.
fn finish(source: &Source, out: &mut FileFacts) {
    out.job = resources::job_record(&out.facts);
    // Its syntax may have told that already.
    let version = out.file.get("python-version").cloned();
    out.file = file::file_record(source, directive::scheduler_of(&out.facts));
    out.file.set_some("python-version", version);
    let named = out.facts.iter().find(|fact| fact.kind == FactKind::Key && fact.fields.text("name") == "name");
    let name = named.filter(|_| source.kind == Kind::Environment).and_then(|fact| fact.fields.get("value").cloned());
    out.file.set_some("env-name", name);
    let facts = vec![Fact::new(FactKind::File, Span::at(0), out.file.clone())];
    out.facts.extend(facts);
}

/// The facts of shell text in a notebook, with places in that text.
fn snippet_facts(source: &Source, snippet: &Snippet<'_>, tables: &Tables, reach: &dyn Reach) -> FileFacts {
    let role = if snippet.form == Form::Script { Role::Job } else { Role::Script };
    let kind = Kind::Shell { shell: Shell::Bash, role };
    let piece = Source::new(source.path.clone(), kind, snippet.text.as_bytes().to_vec());
    let interest = &Interest::in_everything();
    let script = shell::Script { source: &piece, tables, reach, interest, role, shell: Shell::Bash, login: false };
    let frame = Frame { text: Arc::clone(&piece.text), place: Place::Same, shell: Shell::Bash, silent: false };
    let mut out = FileFacts::default();
    let parsed = crate::syntax::shell::parse(&frame.text, Span::new(0, frame.text.len()), Shell::Bash);
    if snippet.form == Form::Script {
        let texts = texts(&parsed);
        directives(&DirectiveText::file(&frame.text, &piece.lines, &texts), false, tables, &mut out.facts);
    }
    walk(script, frame, &parsed, &mut out);
    out
}

/// A script of its own that stands in a here document: directives and commands with a state of their own. With
/// `expanded` the writing script fills in its variables: what is left of them is not known.
pub(super) fn embedded(script: shell::Script<'_>, frame: &Frame, expanded: bool, out: &mut FileFacts) {
    let mut inner = FileFacts { file: out.file.clone(), filled_in: Some(expanded), ..FileFacts::default() };
    shell_text(shell::Script { role: Role::Job, ..script }, frame.clone(), &mut inner);
    if expanded {
        let filled_in = |fact: &Fact| fact.fields.text("known") == "stray" && fact.fields.text("option").contains('$');
        inner.facts.retain(|fact| fact.kind != FactKind::Variable && !filled_in(fact));
        inner.facts.iter_mut().for_each(|fact| fact.fields.remove("literal-variable"));
    }
    inner.job = resources::job_record(&inner.facts);
    out.embedded.push(inner);
}

/// Python text inside a shell script.
pub(super) fn embedded_python(frame: &Frame, source: &Source, out: &mut FileFacts) {
    let mut inner = FileFacts::default();
    python::collect(&frame.text, &mut inner);
    place_all(&mut inner.facts, frame, &source.lines);
    out.facts.append(&mut inner.facts);
    out.gaps.extend(inner.gaps.into_iter().map(|gap| Gap { span: frame.place(gap.span), ..gap }));
}

/// What is read by line first, then the walk.
fn shell_text(script: shell::Script<'_>, frame: Frame, out: &mut FileFacts) {
    let parsed = crate::syntax::shell::parse(&frame.text, Span::new(0, frame.text.len()), script.shell);
    let job = script.role == Role::Job;
    if script.shell != Shell::Csh || job {
        let mut facts = Vec::new();
        let own = if matches!(frame.place, Place::Same) { None } else { Some(LineIndex::new(&frame.text)) };
        let lines = own.as_ref().unwrap_or(&script.source.lines);
        let (texts, bodies) = (texts(&parsed), bodies(&parsed));
        let expanded = out.filled_in == Some(true);
        let text = DirectiveText { bodies: &bodies, expanded, ..DirectiveText::file(&frame.text, lines, &texts) };
        directives(&text, job, script.tables, &mut facts);
        place_all(&mut facts, &frame, &script.source.lines);
        out.facts.append(&mut facts);
    }
    walk(script, frame, &parsed, out);
}

fn walk(script: shell::Script<'_>, frame: Frame, parsed: &ast::Script, out: &mut FileFacts) {
    for (span, reason) in &parsed.gaps {
        out.gaps.push(Gap { span: frame.place(*span), reason: (*reason).to_owned() });
    }
    shell::walk(script, frame, parsed, out);
}

/// What a script holds of other texts, in order: here documents and quoted text over several lines.
fn texts(parsed: &ast::Script) -> Vec<Span> {
    let mut texts = [parsed.heredocs.as_slice(), parsed.long_words.as_slice()].concat();
    texts.sort_unstable();
    texts
}

/// The compound commands of a script, in order: lines in them run on some paths only, or more than once.
fn bodies(parsed: &ast::Script) -> Vec<Span> {
    let compound = |command: &&ast::Command| {
        !matches!(command.node, ast::Node::Simple(_) | ast::Node::Pipeline(_) | ast::Node::AndOr { .. })
    };
    parsed.body.iter().filter(compound).map(|command| command.span).collect()
}

fn directives(script: &DirectiveText<'_>, job: bool, tables: &Tables, out: &mut Vec<Fact>) {
    directive::collect(&tables.schedulers, script, out);
    shebang::collect(script, job, out);
}

/// Moves facts of a text to where the text stands in its file.
fn place_all(facts: &mut [Fact], frame: &Frame, lines: &LineIndex) {
    if matches!(frame.place, Place::Same) {
        return;
    }
    for fact in facts {
        fact.span = frame.place(fact.span);
        fact.fields.map_spans(&mut |span| frame.place(span));
        if fact.fields.get("line").is_some() {
            fact.fields.set("line", Value::Number(lines.line(fact.span.start) as i64));
        }
    }
}
