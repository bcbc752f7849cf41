//! Writing Markdown: tables, fences, anchors; and reading its links and anchors back.

use std::collections::{BTreeMap, BTreeSet};

/// A table; cells may hold Markdown.
pub fn table(head: &[&str], rows: &[Vec<String>]) -> String {
    let line = |cells: Vec<String>| format!("| {} |\n", cells.join(" | "));
    let mut text = line(head.iter().map(|cell| (*cell).to_owned()).collect());
    text.push_str(&line(head.iter().map(|_| "---".to_owned()).collect()));
    for row in rows {
        text.push_str(&line(row.iter().map(|each| cell(each)).collect()));
    }
    text
}

/// Text in one cell of a table.
fn cell(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ").replace("\\|", "|").replace('|', "\\|")
}

/// Text as code within a line.
pub fn code(text: &str) -> String {
    if text.contains('`') { format!("`` {text} ``") } else { format!("`{text}`") }
}

/// Several texts as code, with commas.
pub fn codes<'a>(texts: impl IntoIterator<Item = &'a str>) -> String {
    texts.into_iter().map(code).collect::<Vec<_>>().join(", ")
}

/// A block of code; its fence is longer than any in it.
pub fn fence(language: &str, text: &str) -> String {
    let longest = text.split(|c| c != '`').map(str::len).max().unwrap_or(0);
    let fence = "`".repeat(longest.max(2) + 1);
    let text: String = text.chars().map(pictured).collect();
    format!("{fence}{language}\n{}\n{fence}\n", text.trim_end_matches('\n'))
}

/// A control character as the picture that Unicode has for it: a page with a NUL byte would be no text.
fn pictured(character: char) -> char {
    match character {
        '\n' | '\t' => character,
        '\u{7f}' => '\u{2421}',
        '\0'..='\u{1f}' => char::from_u32(0x2400 + u32::from(character)).unwrap_or(character),
        _ => character,
    }
}

/// An address as a link, anything else as it is.
pub fn source(text: &str) -> String {
    if text.starts_with("http") { format!("<{text}>") } else { text.to_owned() }
}

/// The first letter in upper case, for the start of a sentence; names such as `mpi4py` stay.
pub fn sentence(text: &str) -> String {
    let first = text.split_whitespace().next().unwrap_or_default();
    if first.contains(|c: char| c.is_ascii_digit()) {
        return text.to_owned();
    }
    let mut letters = text.chars();
    letters.next().map(|first| first.to_uppercase().collect::<String>() + letters.as_str()).unwrap_or_default()
}

/// The anchor that GitHub gives a heading.
pub fn slug(heading: &str) -> String {
    let kept = heading.to_lowercase();
    kept.chars()
        .filter(|c| c.is_alphanumeric() || matches!(c, ' ' | '-' | '_'))
        .map(|c| if c == ' ' { '-' } else { c })
        .collect()
}

/// The anchors of all headings of a page.
pub fn anchors(page: &str) -> BTreeSet<String> {
    let mut seen: BTreeMap<String, usize> = BTreeMap::new();
    let mut found = BTreeSet::new();
    for line in outside_fences(page) {
        let heading = line.trim_start_matches('#');
        if heading.len() == line.len() || !heading.starts_with(' ') {
            continue;
        }
        let slug = slug(heading.trim());
        let count = seen.entry(slug.clone()).or_default();
        found.insert(if *count == 0 { slug } else { format!("{slug}-{count}") });
        *count += 1;
    }
    found
}

/// The targets of all links of a page that lead to no other host.
pub fn relative_links(page: &str) -> Vec<String> {
    let mut found = Vec::new();
    for line in outside_fences(page) {
        for (index, after) in line.split("](").enumerate() {
            let target = after.split(')').next().unwrap_or_default();
            if index > 0 && after.contains(')') && !target.contains("://") && !target.starts_with("mailto:") {
                found.push(target.to_owned());
            }
        }
    }
    found
}

fn outside_fences(page: &str) -> impl Iterator<Item = &str> {
    let mut open: Option<&str> = None;
    page.lines().filter(move |line| {
        let ticks = &line[..line.len() - line.trim_start_matches('`').len()];
        match open {
            Some(fence) if ticks.len() >= fence.len() && line.len() == ticks.len() => open = None,
            None if ticks.len() >= 3 => open = Some(ticks),
            None => return true,
            Some(_) => {}
        }
        false
    })
}
