//! The draft of an answer to the user, by the site's template.

use std::io::{self, Write};

use minijinja::syntax::SyntaxConfig;
use minijinja::{Environment, Error, UndefinedBehavior, Value, context};

use crate::check::Severity;
use crate::policy::ROOT;
use crate::report::model::Finding;
use crate::report::{for_terminal, wrapped};

use super::super::model::{Cause, Confidence, Diagnosis, Diff};
use super::{count, sentence};

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
        let text = render(diagnosis).map_err(|error| io::Error::other(explained(&error, diagnosis)))?;
        out.write_all(text.as_bytes())?;
    }
    Ok(())
}

/// What is wrong with a template, with the line of it.
fn explained(error: &Error, diagnosis: &Diagnosis) -> String {
    let what = error.detail().map_or_else(|| error.kind().to_string(), str::to_owned);
    let Some(number) = error.line() else { return format!("{}: {what}", diagnosis.template.file) };
    let line = diagnosis.template.text.lines().nth(number.saturating_sub(1)).unwrap_or_default().trim();
    format!("{}:{number}: {what}: {line}", diagnosis.template.file)
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
    let environment = environment(&diagnosis.template.text)?;
    let text = environment.get_template("reply")?.render(values(diagnosis))?;
    let text = hung(&for_terminal(&text));
    let mut lines: Vec<&str> = text.lines().map(str::trim_end).collect();
    lines.dedup_by(|a, b| a.is_empty() && b.is_empty());
    Ok(format!("{}\n", lines.join("\n").trim()))
}

/// What a template meets, under the names of [`REPLY_NAMES`](crate::policy::REPLY_NAMES).
fn values(diagnosis: &Diagnosis) -> Value {
    let first = diagnosis.causes.first();
    let other = |cause: &&Cause| cause.follows.is_none() && cause.confidence >= Confidence::Likely;
    let changed = |diff: &Diff| diff.text.lines().any(|line| line.starts_with(['-', '+']));
    let name = diagnosis.site_name.as_str();
    let team =
        if diagnosis.site.id == ROOT { "your support team".to_owned() } else { format!("your support team, {name}") };
    context! {
        site => context! { id => diagnosis.site.id.as_str(), name => name, team => team },
        cause => first.map(|cause| said(cause, diagnosis)),
        others => diagnosis.causes.iter().skip(1).filter(other).map(|cause| said(cause, diagnosis)).collect::<Vec<_>>(),
        diffs => diagnosis.diffs.iter().filter(|diff| changed(diff)).map(told).collect::<Vec<_>>(),
        noticed => noticed(diagnosis),
        questions => diagnosis.questions.clone(),
    }
}

fn said(cause: &Cause, diagnosis: &Diagnosis) -> Value {
    let rests_on = |rule: &String| cause.rules.contains(rule);
    let mended = diagnosis.diffs.iter().any(|diff| diff.rules.iter().any(rests_on));
    context! {
        title => cause.title.as_str(),
        confidence => cause.confidence.name(),
        summary => cause.summary.as_str(),
        evidence => shown(cause, diagnosis),
        doubtful => !cause.contradictions.is_empty(),
        contradictions => cause.doubts.clone(),
        remedy => cause.remedy.as_str(),
        found => items(diagnosis, &cause.remedy, |finding| rests_on(&finding.rule)),
        commands => if cause.example && mended { "" } else { cause.commands.as_str() },
        avoid => cause.avoid.as_str(),
        send => cause.send.as_str(),
        url => cause.url.as_str(),
    }
}

/// The lines that show a cause, without those that are told as what leads to it.
fn shown(cause: &Cause, diagnosis: &Diagnosis) -> Vec<String> {
    let all = diagnosis.findings.iter().zip(&diagnosis.finding_lines);
    let told: Vec<&str> =
        all.filter(|(finding, _)| cause.rules.contains(&finding.rule)).map(|(_, line)| line.trim()).collect();
    let lines = cause.evidence.iter().map(|each| each.text.clone());
    lines.filter(|line| !told.contains(&line.trim())).collect()
}

fn told(diff: &Diff) -> Value {
    context! { what => diff.what.as_str(), text => without_header(&diff.text) }
}

/// What the checks found and neither a cause nor a change says already.
fn noticed(diagnosis: &Diagnosis) -> Vec<Value> {
    let remedy = diagnosis.causes.first().map_or("", |cause| cause.remedy.as_str());
    items(diagnosis, remedy, |finding| finding.severity > Severity::Hint && !diagnosis.rests_on(&finding.rule))
}

/// The findings that are `wanted`, each of its kind once, the worst first. What the `remedy` says is not said again.
fn items(diagnosis: &Diagnosis, remedy: &str, wanted: impl Fn(&Finding) -> bool) -> Vec<Value> {
    let all = diagnosis.findings.iter().zip(&diagnosis.finding_lines);
    let mut found: Vec<_> = all.filter(|(finding, _)| wanted(finding)).collect();
    found.sort_by_key(|(finding, _)| std::cmp::Reverse(finding.severity));
    found.dedup_by(|(a, _), (b, _)| a.rule == b.rule && a.message == b.message);
    found.truncate(NOTICED);
    let item = |(number, (finding, line)): (usize, &(&Finding, &String))| {
        // The same advice is given once, at the last of those for which it holds.
        let again = found.get(number + 1).is_some_and(|(next, _)| next.help == finding.help);
        let help = if again || finding.help == remedy { "" } else { finding.help.as_str() };
        context! { line => line.trim(), message => finding.message.as_str(), help => help }
    };
    found.iter().enumerate().map(item).collect()
}

/// A difference without the lines that name the file.
fn without_header(diff: &str) -> &str {
    let mut rest = diff;
    while rest.starts_with("--- ") || rest.starts_with("+++ ") {
        rest = rest.split_once('\n').map_or("", |(_, rest)| rest);
    }
    rest
}

/// Wrapped; the further lines of an item of a list stand below its words.
fn hung(text: &str) -> String {
    let line = |line: &str| match line.strip_prefix("- ") {
        Some(item) => format!("- {}", wrapped(item, WIDTH - 2).replace('\n', "\n  ")),
        None => wrapped(line, WIDTH),
    };
    text.lines().map(line).collect::<Vec<_>>().join("\n")
}

/// Set off by four blanks, so that no line of it is taken for anything else, and none is wrapped.
fn block(text: &str) -> String {
    let text = for_terminal(text);
    let line = |line: &str| if line.trim().is_empty() { String::new() } else { format!("    {}", line.trim_end()) };
    text.trim_matches('\n').lines().map(line).collect::<Vec<_>>().join("\n")
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;
    use crate::policy::REPLY_NAMES;

    #[test]
    fn templates_meet_the_names_that_are_checked() {
        let diagnosis = Diagnosis { causes: vec![Cause::default()], ..Diagnosis::default() };
        let keys = |value: &Value| value.try_iter().unwrap().map(|key| key.to_string()).collect::<BTreeSet<_>>();
        let values = values(&diagnosis);
        assert_eq!(keys(&values), REPLY_NAMES.iter().map(|(name, _)| (*name).to_owned()).collect());
        for (name, fields) in REPLY_NAMES.iter().filter(|(_, fields)| !fields.is_empty()) {
            let held = keys(&values.get_attr(name).unwrap());
            assert_eq!(held, fields.iter().map(|field| (*field).to_owned()).collect(), "{name}");
        }
    }
}
