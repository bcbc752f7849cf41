//! The draft of an answer to the user, by the site's template.

use std::io::{self, Write};

use minijinja::syntax::SyntaxConfig;
use minijinja::{Environment, Error, UndefinedBehavior, Value, context};

use crate::check::Severity;
use crate::policy::ROOT;
use crate::report::model::Finding;
use crate::report::{for_terminal, wrapped};

use super::super::model::{Cause, Confidence, Diagnosis, Diff};
use super::count;

/// Lines are wrapped at this many characters; mail programs break longer ones.
const WIDTH: usize = 78;

/// So many findings are told besides.
const NOTICED: usize = 4;

/// What a template may cost, in steps.
const FUEL: u64 = 200_000;

/// Writes a draft for each ticket; drafts of several are told apart by a line. Errors: a
/// template that asks for what there is not, and those of `out`.
pub(super) fn write(diagnoses: &[Diagnosis], out: &mut dyn Write) -> io::Result<()> {
    for (number, diagnosis) in diagnoses.iter().enumerate() {
        if diagnoses.len() > 1 {
            let name = for_terminal(&diagnosis.ticket);
            writeln!(
                out,
                "{}===== {name} ({} of {})\n",
                if number > 0 { "\n" } else { "" },
                number + 1,
                count(diagnoses.len(), "ticket")
            )?;
        }
        let text = render(diagnosis).map_err(io::Error::other)?;
        out.write_all(text.as_bytes())?;
    }
    Ok(())
}

/// A template, ready to be filled. Errors: its syntax.
fn environment(template: &str) -> Result<Environment<'_>, Error> {
    let mut environment = Environment::new();
    environment.set_undefined_behavior(UndefinedBehavior::Strict);
    environment.set_fuel(Some(FUEL));
    environment.set_syntax(SyntaxConfig::builder().trim_blocks(true).lstrip_blocks(true).build()?);
    environment.add_filter("sentence", |text: String| sentence(&text));
    environment.add_filter("block", |text: String| block(&text));
    environment.add_filter("quoted", |lines: Vec<String>| block(&lines.join("\n")));
    environment.add_template("reply", template)?;
    Ok(environment)
}

fn render(diagnosis: &Diagnosis) -> Result<String, Error> {
    let environment = environment(&diagnosis.template)?;
    let first = diagnosis.causes.first();
    let other = |cause: &&Cause| cause.follows.is_none() && cause.confidence >= Confidence::Likely;
    let changed = |diff: &Diff| diff.text.lines().any(|line| line.starts_with(['-', '+']));
    let name = diagnosis.site_name.as_str();
    let team =
        if diagnosis.site.id == ROOT { "your support team".to_owned() } else { format!("your support team, {name}") };
    let values = context! {
        site => context! { id => diagnosis.site.id.as_str(), name => name, team => team },
        cause => first.map(said),
        others => diagnosis.causes.iter().skip(1).filter(other).map(said).collect::<Vec<_>>(),
        diffs => diagnosis.diffs.iter().filter(|diff| changed(diff)).map(told).collect::<Vec<_>>(),
        noticed => noticed(diagnosis),
        questions => diagnosis.questions.clone(),
    };
    let text = environment.get_template("reply")?.render(values)?;
    let text = wrapped(&for_terminal(&text), WIDTH);
    let mut lines: Vec<&str> = text.lines().map(str::trim_end).collect();
    lines.dedup_by(|a, b| a.is_empty() && b.is_empty());
    Ok(format!("{}\n", lines.join("\n").trim()))
}

fn said(cause: &Cause) -> Value {
    context! {
        title => cause.title.as_str(),
        confidence => cause.confidence.name(),
        summary => cause.summary.as_str(),
        evidence => cause.evidence.iter().map(|each| each.text.clone()).collect::<Vec<_>>(),
        contradictions => cause.contradictions.clone(),
        remedy => cause.remedy.as_str(),
        commands => cause.commands.as_str(),
        avoid => cause.avoid.as_str(),
        send => cause.send.as_str(),
        url => cause.url.as_str(),
    }
}

fn told(diff: &Diff) -> Value {
    context! { what => diff.what.as_str(), text => without_header(&diff.text) }
}

/// What the checks found and neither a cause nor a change says already, the worst first.
fn noticed(diagnosis: &Diagnosis) -> Vec<Value> {
    let known = |rule: &String| diagnosis.causes.iter().any(|cause| cause.rules.contains(rule));
    let mut found: Vec<_> = diagnosis
        .findings
        .iter()
        .zip(&diagnosis.finding_lines)
        .filter(|(finding, _)| finding.severity > Severity::Hint && !known(&finding.rule))
        .collect();
    found.sort_by_key(|(finding, _)| std::cmp::Reverse(finding.severity));
    found.dedup_by(|(a, _), (b, _)| a.rule == b.rule && a.message == b.message);
    let item = |(finding, line): (&Finding, &String)| {
        context! { line => line.trim(), message => finding.message.as_str(), help => finding.help.as_str() }
    };
    found.into_iter().take(NOTICED).map(item).collect()
}

/// A difference without the lines that name the file.
fn without_header(diff: &str) -> &str {
    let mut rest = diff;
    while rest.starts_with("--- ") || rest.starts_with("+++ ") {
        rest = rest.split_once('\n').map_or("", |(_, rest)| rest);
    }
    rest
}

/// With a capital at its beginning and a full stop at its end.
fn sentence(text: &str) -> String {
    let text = text.trim();
    let mut characters = text.chars();
    let Some(first) = characters.next() else { return String::new() };
    let end = if text.ends_with(['.', '!', '?', ':']) { "" } else { "." };
    format!("{}{}{end}", first.to_uppercase(), characters.as_str())
}

/// Set off by four blanks, so that no line of it is taken for anything else, and none is wrapped.
fn block(text: &str) -> String {
    let text = for_terminal(text);
    let line = |line: &str| if line.trim().is_empty() { String::new() } else { format!("    {}", line.trim_end()) };
    text.trim_matches('\n').lines().map(line).collect::<Vec<_>>().join("\n")
}
