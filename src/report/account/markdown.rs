//! The report on an account as Markdown, for a ticket or a page.

use std::io::{self, Write};

use crate::report::markdown::{code, text};

use super::AccountReport;
use super::page::{Block, Branch, Page};

pub(super) fn write(account: &AccountReport, out: &mut dyn Write) -> io::Result<()> {
    let page = Page::of(account);
    writeln!(out, "# {}\n", text(&page.title))?;
    page.head.iter().try_for_each(|line| writeln!(out, "- {}", text(line)))?;
    for section in &page.sections {
        writeln!(out, "\n## {}", text(section.title))?;
        section.blocks.iter().try_for_each(|each| block(each, out))?;
    }
    writeln!(out, "\n{}", text(&page.closing))
}

fn block(block: &Block, out: &mut dyn Write) -> io::Result<()> {
    writeln!(out)?;
    match block {
        Block::Lines(lines) | Block::Fine(lines) => lines.iter().try_for_each(|line| writeln!(out, "- {}", text(line))),
        Block::Table { head, rows } => {
            writeln!(out, "| {} |\n|{}", head.join(" | "), "---|".repeat(head.len()))?;
            rows.iter().try_for_each(|row| {
                let cells: Vec<String> = row.iter().map(|cell| text(cell)).collect();
                writeln!(out, "| {} |", cells.join(" | "))
            })
        }
        Block::Tree(branches) => tree(branches, 0, out),
        Block::Bar { name, share, of } => writeln!(out, "- {name}: {share} % {}", text(of)),
        Block::Findings(items) => items.iter().try_for_each(|item| {
            let help: Vec<String> = item.help.lines().map(text).collect();
            let help = if help.is_empty() { String::new() } else { format!("<br>{}", help.join("<br>")) };
            let (name, at, message) = (item.severity.name(), code(&item.at), text(&item.message));
            writeln!(out, "- **{name}** {at}: {message}{help} ({})", code(&item.rule))
        }),
        Block::Commands(commands) => commands.iter().try_for_each(|command| writeln!(out, "- {}", code(command))),
    }
}

fn tree(branches: &[Branch], depth: usize, out: &mut dyn Write) -> io::Result<()> {
    for branch in branches {
        let note = if branch.note.is_empty() { String::new() } else { format!(": {}", text(&branch.note)) };
        writeln!(out, "{}- {}{note}", "  ".repeat(depth), code(&branch.text))?;
        tree(&branch.inner, depth + 1, out)?;
    }
    Ok(())
}
