//! `docs/rules.md`: a section for each rule.

use std::fmt::Write as _;

use pydoctor::policy::rule::Rule;
use pydoctor::policy::{Policy, ROOT, Site};
use serde_json::Value as Json;
use similar::{ChangeTag, TextDiff};

use crate::fixtures::{self, Example};
use crate::markdown::{code, codes, fence, sentence, source, table};
use crate::stands::{verdict, words};

/// The groups of rules: the first tag of a rule, and a heading.
const GROUPS: &[(&str, &str)] = &[
    ("startup", "Start-up files"),
    ("conda", "Conda"),
    ("env", "Environments"),
    ("pip", "pip"),
    ("module", "Modules"),
    ("python", "Python"),
    ("directive", "Scheduler directives"),
    ("job", "Jobs"),
    ("mpi", "MPI"),
    ("jupyter", "Jupyter"),
    ("env-file", "Environment files"),
    ("suppression", "Suppressions"),
];

const INTRO: &str = "\
Every rule: what it finds, why, who asks for it, an example, near misses that are not reported, and how each site
stands to it. A severity is what counts where no site is known, unless it is said of a site. A finding that is not
certain counts one step less, and its fix is never safe.

`--fix` applies *safe* fixes: the meaning stays, or only what the policy forbids is undone. *Unsafe* ones may change
behaviour and need `--unsafe-fixes` too; *display* ones are only shown. What is found may be hidden with
`# pydoctor: ignore[RULE] -- reason` at the end of its line, or on a line of its own above.
";

/// The page.
pub fn page(policy: &Policy) -> String {
    let mut page = format!(
        "# Rules\n\n<!-- Written by `BLESS=1 cargo test --test docs` from rules/ and fixtures/rules/. -->\n\n{INTRO}\n"
    );
    for (_, title, rules) in groups(policy) {
        let rows: Vec<Vec<String>> = rules.iter().map(|rule| row(rule, policy)).collect();
        let _ = write!(page, "**{title}**\n\n{}\n", table(&["Rule", "What is wrong", "Severity", "Fix"], &rows));
    }
    for (tag, title, rules) in groups(policy) {
        let _ = write!(page, "## {title}\n\nTag `{tag}`.\n\n");
        for rule in rules {
            page.push_str(&section(rule, policy));
        }
    }
    page.trim_end().to_owned() + "\n"
}

fn groups(policy: &Policy) -> Vec<(&'static str, &'static str, Vec<&Rule>)> {
    let mut left: Vec<&Rule> = policy.rules.iter().map(|rule| &**rule).collect();
    let mut groups = Vec::new();
    for (tag, title) in GROUPS {
        let (own, others) = left.into_iter().partition(|rule| rule.tags.first().is_some_and(|first| first == tag));
        left = others;
        groups.push((*tag, *title, own));
    }
    assert!(left.is_empty(), "rules in no group: {left:?}");
    groups.retain(|(_, _, rules): &(_, _, Vec<&Rule>)| !rules.is_empty());
    groups
}

fn row(rule: &Rule, policy: &Policy) -> Vec<String> {
    let common = policy.sites.get(ROOT).map_or("off", |site| verdict(rule, site));
    vec![format!("[{0}](#{0})", rule.id), sentence(&rule.title), common.to_owned(), fix_classes(rule)]
}

/// The applicabilities of a rule's fixes, the best first.
fn fix_classes(rule: &Rule) -> String {
    let fixes = rule.fixes();
    let mut classes: Vec<_> = fixes.map(|fix| fix.applicability).collect();
    classes.sort_unstable();
    classes.dedup();
    classes.iter().rev().map(|class| class.name()).collect::<Vec<_>>().join(", ")
}

fn section(rule: &Rule, policy: &Policy) -> String {
    let mut text = format!("### {}\n\n**{}.** {}\n\n", rule.id, sentence(&rule.title), rule.why.trim());
    let example = fixtures::example(&rule.id);
    text.push_str(&example.as_ref().map(show).unwrap_or_else(|| in_account(rule)));
    text.push_str(&fixes(rule, example.is_some_and(|example| example.fixed.is_some())));
    let misses = fixtures::near_misses(&rule.id);
    if !misses.is_empty() {
        let items: Vec<String> = misses.iter().map(|note| format!("- {}\n", note.trim())).collect();
        let _ = write!(text, "Not reported:\n\n{}\n", items.concat());
    }
    let _ = writeln!(text, "{}", stands(rule, policy));
    let sources: Vec<String> = rule.sources.iter().map(|each| format!("- {}\n", source(each))).collect();
    let more = if rule.tags.len() > 1 {
        format!("Tags: {}.\n\n", codes(rule.tags.iter().map(String::as_str)))
    } else {
        String::new()
    };
    let _ = write!(text, "{more}Sources:\n\n{}\n", sources.concat());
    text
}

/// What is said of accounts, where no file is an example.
fn in_account(rule: &Rule) -> String {
    let findings = fixtures::in_account(&rule.id);
    let word = |finding: &Json, key: &str| finding[key].as_str().unwrap_or_default().to_owned();
    let remark = |finding: &Json| {
        let about = word(finding, "at");
        let about = about.rsplit_once(' ').map_or("", |(about, _)| about);
        format!("> **{}** at {}: {}\n", word(finding, "severity"), code(about), word(finding, "message"))
    };
    let remarks: Vec<String> = findings.iter().map(remark).collect();
    match remarks.is_empty() {
        true => String::new(),
        false => format!("For example, `pydoctor doctor` says of an account:\n\n{}\n", remarks.join(">\n")),
    }
}

/// The bad file, what is said of it, and the fix as a difference.
fn show(example: &Example) -> String {
    let site = example.site.as_ref().filter(|site| site.as_str() != ROOT);
    let judge = site.map(|site| format!(", checked for [{site}](sites.md#{site})")).unwrap_or_default();
    let mut text = format!("For example, `{}`{judge}:\n\n", example.file);
    text.push_str(&fence(language(&example.file), &excerpt(example)));
    let said = said(example);
    let next = said.iter().skip(1).map(|finding| Some(&finding["help"])).chain([None]);
    // The same help for several is said once, after the last.
    let remarks: Vec<String> =
        said.iter().zip(next).map(|(finding, next)| remark(example, finding, next != Some(&finding["help"]))).collect();
    let _ = write!(text, "\n{}\n", remarks.join(">\n"));
    if let Some(fixed) = &example.fixed {
        let mut fixes: Vec<String> = Vec::new();
        for fix in example.findings.iter().map(|finding| &finding["fix"]).filter(|fix| !fix.is_null()) {
            let word = |key: &str| fix[key].as_str().unwrap_or_default();
            let shown = format!("{}, {}", word("title"), word("applicability"));
            if !fixes.contains(&shown) {
                fixes.push(shown);
            }
        }
        let diff = fence("diff", &difference(&example.text, fixed));
        let _ = write!(text, "With the fix ({}):\n\n{diff}\n", fixes.join("; "));
    }
    text
}

/// The findings to show: few, each with another message.
fn said(example: &Example) -> Vec<&Json> {
    let mut shown: Vec<&Json> = Vec::new();
    for finding in &example.findings {
        if shown.len() < 3 && shown.iter().all(|other| other["message"] != finding["message"]) {
            shown.push(finding);
        }
    }
    shown
}

/// A finding as a quotation.
fn remark(example: &Example, finding: &Json, with_help: bool) -> String {
    let word = |key: &str| finding[key].as_str().unwrap_or_default();
    let place = flagged(example, finding).map(|text| format!(" at {}", code(&text))).unwrap_or_default();
    let possible = if word("certainty") == "possible" { ", possible" } else { "" };
    let mut text = format!("> **{}**{possible}{place}: {}\n", word("severity"), word("message"));
    if with_help && !word("help").is_empty() {
        let _ = write!(text, ">\n> *help:* {}\n", word("help").replace('\n', "\n> "));
    }
    text
}

/// All fixes of a rule, unless the example has shown the only one.
fn fixes(rule: &Rule, shown: bool) -> String {
    let mut fixes: Vec<String> = Vec::new();
    for fix in rule.fixes() {
        let cases = !fix.when.unsafe_if.is_empty() || !fix.when.unsafe_if_with.is_empty();
        let class = match fix.applicability.name() {
            "safe" if cases => "safe, in some cases unsafe",
            class => class,
        };
        let item = format!("- {} ({class})\n", plain(&fix.title.source()));
        if !fixes.contains(&item) {
            fixes.push(item);
        }
    }
    match fixes.len() {
        0 => "No fix: advice only.\n\n".to_owned(),
        1 if shown && !fixes[0].contains("in some cases") => String::new(),
        _ => format!("Fixes:\n\n{}\n", fixes.concat()),
    }
}

/// A template as people read it: `{$python-module}` stands for the site's value of that name.
fn plain(template: &str) -> String {
    template.replace("{$", "‹").replace('{', "‹").replace('}', "›")
}

/// How the sites stand to the rule: those that say the same in one row, and the common profile last.
fn stands(rule: &Rule, policy: &Policy) -> String {
    let mut groups: Vec<(&str, String, Vec<&str>)> = Vec::new();
    let mut common = ("off", String::new());
    for site in policy.sites.values() {
        let site: &Site = site;
        let (level, words) = (verdict(rule, site), words(rule, site));
        if site.id == ROOT {
            common = (level, words);
        } else if let Some(group) = groups.iter_mut().find(|group| (group.0, &group.1) == (level, &words)) {
            group.2.push(&site.id);
        } else {
            groups.push((level, words, vec![&site.id]));
        }
    }
    groups.retain(|(level, words, _)| (*level, words) != (common.0, &common.1));
    if groups.is_empty() {
        return format!("Everywhere: {}.\n", level_and_words(common.0, &common.1));
    }
    let mut rows: Vec<Vec<String>> = groups
        .into_iter()
        .map(|(level, words, sites)| {
            let sites: Vec<String> = sites.iter().map(|site| format!("[{site}](sites.md#{site})")).collect();
            vec![sites.join(", "), level.to_owned(), words]
        })
        .collect();
    rows.push(vec!["elsewhere".to_owned(), common.0.to_owned(), common.1]);
    table(&["Site", "Severity", "In its own words"], &rows)
}

fn level_and_words(level: &str, words: &str) -> String {
    if words.is_empty() { level.to_owned() } else { format!("{level}; {words}") }
}

/// The flagged text, when it is short enough to quote.
fn flagged(example: &Example, finding: &Json) -> Option<String> {
    let number = |key: &str| finding[key].as_u64().and_then(|number| usize::try_from(number).ok());
    let (line, from, to) = (number("line")?, number("column")?, number("end_column")?);
    if number("end_line")? != line {
        return None;
    }
    let text: String =
        example.text.lines().nth(line - 1)?.chars().skip(from - 1).take(to.saturating_sub(from)).collect();
    (!text.trim().is_empty() && text.chars().count() <= 60).then_some(text)
}

/// The lines around the finding and its labels; a short file whole.
fn excerpt(example: &Example) -> String {
    const WHOLE: usize = 14;
    let lines: Vec<&str> = example.text.lines().collect();
    if lines.len() <= WHOLE {
        return clipped(&lines);
    }
    let mut wanted = vec![false; lines.len()];
    let mut mark = |place: &Json, around: usize| {
        let number = |key: &str| place[key].as_u64().and_then(|number| usize::try_from(number).ok());
        let (Some(first), last) = (number("line"), number("end_line")) else { return };
        let (first, last) = (first.saturating_sub(1), last.unwrap_or(first).saturating_sub(1));
        let from = first.saturating_sub(around);
        for (at, wanted) in wanted.iter_mut().enumerate().take(last + around + 1).skip(from) {
            let middle = last - first > 9 && at > first + 4 && at + 4 < last;
            *wanted |= !middle;
        }
    };
    for finding in said(example) {
        mark(finding, 2);
        let labels = finding["labels"].as_array().into_iter().flatten();
        labels.filter(|label| label["path"] == finding["path"]).for_each(|label| mark(label, 0));
    }
    let mut shown = Vec::new();
    for (at, line) in lines.iter().enumerate() {
        match (wanted[at], at > 0 && wanted[at - 1]) {
            (true, _) => shown.push(*line),
            (false, true) => shown.push("[…]"),
            (false, false) if at == 0 => shown.push("[…]"),
            _ => {}
        }
    }
    clipped(&shown)
}

fn clipped(lines: &[&str]) -> String {
    const WIDTH: usize = 120;
    let clip = |line: &&str| match line.char_indices().nth(WIDTH) {
        Some((at, _)) => format!("{}[…]", &line[..at]),
        None => visible(line),
    };
    lines.iter().map(clip).collect::<Vec<_>>().join("\n")
}

/// Characters that would not show are named.
fn visible(line: &str) -> String {
    line.replace('\u{feff}', "<U+FEFF>").replace('\r', "<CR>")
}

/// The changed lines with one line around, long runs of removed ones shortened.
fn difference(old: &str, new: &str) -> String {
    let diff = TextDiff::from_lines(old, new);
    let mut out: Vec<String> = Vec::new();
    for (index, group) in diff.grouped_ops(1).iter().enumerate() {
        if index > 0 {
            out.push("  […]".to_owned());
        }
        let mut hunk: Vec<(char, String)> = Vec::new();
        for change in group.iter().flat_map(|op| diff.iter_changes(op)) {
            let sign = match change.tag() {
                ChangeTag::Delete => '-',
                ChangeTag::Insert => '+',
                ChangeTag::Equal => ' ',
            };
            hunk.push((sign, clipped(&[change.value().trim_end_matches('\n')])));
        }
        let removed = hunk.iter().filter(|(sign, _)| *sign == '-').count();
        let mut seen = 0;
        for (sign, line) in hunk {
            seen += usize::from(sign == '-');
            match sign {
                '-' if removed > 10 && seen == 5 => out.push("-[…]".to_owned()),
                '-' if removed > 10 && seen > 5 && seen + 3 <= removed => {}
                sign => out.push(format!("{sign}{line}").trim_end().to_owned()),
            }
        }
    }
    // Blank lines around say nothing.
    let is_blank = |line: &String| line.trim().is_empty();
    let from = out.iter().take_while(|line| is_blank(line)).count();
    let end = out.len() - out.iter().rev().take_while(|line| is_blank(line)).count();
    out[from..end.max(from)].join("\n")
}

fn language(file: &str) -> &'static str {
    let name = file.rsplit('/').next().unwrap_or(file);
    let has = |ends: &[&str]| ends.iter().any(|end| name.ends_with(end));
    if has(&[".py"]) {
        "python"
    } else if has(&[".yml", ".yaml", "condarc"]) {
        "yaml"
    } else if has(&[".ipynb"]) {
        "json"
    } else if has(&[".csh", "cshrc", ".tcsh"]) {
        "tcsh"
    } else if has(&[".toml"]) {
        "toml"
    } else if has(&[".txt", ".ini", ".cfg", ".conf"]) {
        "text"
    } else {
        "bash"
    }
}
