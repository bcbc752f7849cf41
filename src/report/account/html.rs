//! The report on an account as one page of HTML that needs nothing else and runs nothing.

use std::io::{self, Write};

use crate::report::xml::Escaped;

use super::AccountReport;
use super::page::{Block, Branch, Page};

const STYLE: &str = "\
:root { color-scheme: light dark; --line: #8884; --bad: #c0392b; --warn: #b7791f; --good: #2e7d32; --hint: #2b6cb0 }
body { font: 16px/1.5 system-ui, sans-serif; max-width: 62rem; margin: 2rem auto; padding: 0 1rem }
h1 { font-size: 1.5rem } h2 { font-size: 1.15rem; margin: 2rem 0 .5rem; border-bottom: 1px solid var(--line) }
code, pre { font-family: ui-monospace, monospace; font-size: .9em; overflow-wrap: anywhere }
table { border-collapse: collapse; width: 100% } th, td { text-align: left; padding: .2rem .8rem .2rem 0; vertical-align: top }
th { font-weight: 600 } tr + tr { border-top: 1px solid var(--line) }
ul { padding-left: 1.2rem } .fine { list-style: '✓  ' } .note { opacity: .75 }
.item { border-left: 4px solid var(--hint); padding: .1rem 0 .1rem .8rem; margin: .8rem 0 } .item p { margin: .2rem 0 }
.error { border-color: var(--bad) } .warning { border-color: var(--warn) }
.bar { display: inline-block; width: 14rem; height: .8rem; border: 1px solid var(--line); border-radius: 3px }
.bar span { display: block; height: 100%; background: var(--good) } .bar.much span { background: var(--warn) }
.bar.full span { background: var(--bad) } pre { padding: .6rem; border: 1px solid var(--line); white-space: pre-wrap }
";

pub(super) fn write(account: &AccountReport, out: &mut dyn Write) -> io::Result<()> {
    let page = Page::of(account);
    let title = text(&page.title);
    writeln!(out, "<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">")?;
    writeln!(
        out,
        "<meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; style-src 'unsafe-inline'\">"
    )?;
    writeln!(out, "<meta name=\"viewport\" content=\"width=device-width\">\n<title>{title}</title>")?;
    writeln!(out, "<style>\n{STYLE}</style>\n</head>\n<body>\n<h1>{title}</h1>")?;
    list("", &page.head, out)?;
    for section in &page.sections {
        writeln!(out, "<h2>{}</h2>", text(section.title))?;
        section.blocks.iter().try_for_each(|each| block(each, out))?;
    }
    writeln!(out, "<p>{}</p>\n</body>\n</html>", text(&page.closing))
}

fn list(class: &str, lines: &[String], out: &mut dyn Write) -> io::Result<()> {
    writeln!(out, "<ul class=\"{class}\">")?;
    lines.iter().try_for_each(|line| writeln!(out, "<li>{}</li>", text(line)))?;
    writeln!(out, "</ul>")
}

fn block(block: &Block, out: &mut dyn Write) -> io::Result<()> {
    match block {
        Block::Lines(lines) => list("", lines, out),
        Block::Fine(lines) => list("fine", lines, out),
        Block::Table { head, rows } => {
            let row = |name: &str, cells: &mut dyn Iterator<Item = String>| {
                let cells: String = cells.map(|cell| format!("<{name}>{cell}</{name}>")).collect();
                format!("<tr>{cells}</tr>")
            };
            writeln!(out, "<table>\n{}", row("th", &mut head.iter().map(|cell| text(cell))))?;
            rows.iter()
                .try_for_each(|cells| writeln!(out, "{}", row("td", &mut cells.iter().map(|cell| text(cell)))))?;
            writeln!(out, "</table>")
        }
        Block::Tree(branches) => tree(branches, out),
        Block::Bar { name, share, of } => {
            let class = match share {
                90.. => "bar full",
                75.. => "bar much",
                _ => "bar",
            };
            let width = share.clamp(&0, &100);
            writeln!(
                out,
                "<p>{name} <span class=\"{class}\"><span style=\"width: {width}%\"></span></span> {share} % {}</p>",
                self::text(of)
            )
        }
        Block::Findings(items) => items.iter().try_for_each(|item| {
            let name = item.severity.name();
            writeln!(out, "<div class=\"item {name}\">")?;
            writeln!(out, "<p><strong>{name}</strong> {}: {}</p>", code(&item.at), text(&item.message))?;
            item.help.lines().try_for_each(|line| writeln!(out, "<p>{}</p>", text(line)))?;
            writeln!(out, "<p class=\"note\">{}</p>\n</div>", code(&format!("pydoctor explain {}", item.rule)))
        }),
        Block::Commands(commands) => {
            let commands: Vec<String> = commands.iter().map(|line| escaped(line)).collect();
            writeln!(out, "<pre>{}</pre>", commands.join("\n"))
        }
    }
}

fn tree(branches: &[Branch], out: &mut dyn Write) -> io::Result<()> {
    if branches.is_empty() {
        return Ok(());
    }
    writeln!(out, "<ul>")?;
    for branch in branches {
        let note = if branch.note.is_empty() { String::new() } else { format!(": {}", text(&branch.note)) };
        writeln!(out, "<li>{}{note}", code(&branch.text))?;
        tree(&branch.inner, out)?;
        writeln!(out, "</li>")?;
    }
    writeln!(out, "</ul>")
}

fn code(text: &str) -> String {
    format!("<code>{}</code>", escaped(text))
}

/// A text in one paragraph: what stands between backquotes is code, in the rest nothing has a meaning.
fn text(text: &str) -> String {
    let parts: Vec<&str> = text.split('`').collect();
    if parts.len().is_multiple_of(2) {
        return escaped(text);
    }
    let part = |(index, part): (usize, &&str)| if index % 2 == 0 { escaped(part) } else { code(part) };
    parts.iter().enumerate().map(part).collect()
}

fn escaped(text: &str) -> String {
    Escaped(text).to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_of_a_text_is_markup() {
        assert_eq!(text("`a<b>` & <i>\u{1b}"), "<code>a&lt;b&gt;</code> &amp; &lt;i&gt;\u{FFFD}");
        assert_eq!(text("odd ` <"), "odd ` &lt;");
    }
}
