//! The report on an account for a terminal.

use std::io::{self, Write};

use crate::report::HumanOptions;
use crate::report::style::Palette;
use crate::report::text::{for_terminal, wrapped};

use super::AccountReport;
use super::page::{Block, Branch, Item, Page};

/// Cells of a bar.
const BAR: usize = 24;

/// Notes are wrapped at this many characters.
const WIDTH: usize = 96;

pub(super) fn write(account: &AccountReport, options: &HumanOptions, out: &mut dyn Write) -> io::Result<()> {
    let page = Page::of(account);
    let mut paper = Paper { palette: options.palette, ascii: options.ascii, out };
    paper.title(&page.title)?;
    for line in &page.head {
        writeln!(paper.out, "  {}", safe(line))?;
    }
    for section in &page.sections {
        writeln!(paper.out)?;
        paper.title(section.title)?;
        section.blocks.iter().try_for_each(|block| paper.block(block))?;
    }
    if !options.quiet {
        writeln!(out, "\n{}", safe(&page.closing))?;
    }
    Ok(())
}

struct Paper<'a> {
    palette: Palette,
    ascii: bool,
    out: &'a mut dyn Write,
}

impl Paper<'_> {
    fn title(&mut self, title: &str) -> io::Result<()> {
        let strong = self.palette.strong;
        writeln!(self.out, "{strong}{}{strong:#}", safe(title))
    }

    fn block(&mut self, block: &Block) -> io::Result<()> {
        match block {
            Block::Lines(lines) => lines.iter().try_for_each(|line| writeln!(self.out, "  {}", safe(line))),
            Block::Fine(lines) => {
                let (good, mark) = (self.palette.added, if self.ascii { "ok" } else { "✓" });
                lines.iter().try_for_each(|line| writeln!(self.out, "  {good}{mark}{good:#} {}", safe(line)))
            }
            Block::Table { head, rows } => self.table(head, rows),
            Block::Tree(branches) => {
                for branch in branches {
                    let note = if branch.note.is_empty() { String::new() } else { format!(": {}", safe(&branch.note)) };
                    writeln!(self.out, "  {}{note}", safe(&branch.text))?;
                    self.branches(&branch.inner, "    ")?;
                }
                Ok(())
            }
            Block::Bar { name, share, of } => {
                let bar = self.bar(*share);
                writeln!(self.out, "  {name} {bar} {share} % {of}")
            }
            Block::Findings(items) => items.iter().try_for_each(|item| self.item(item)),
            Block::Commands(commands) => commands.iter().try_for_each(|line| writeln!(self.out, "  {}", safe(line))),
        }
    }

    fn branches(&mut self, branches: &[Branch], indent: &str) -> io::Result<()> {
        let faint = self.palette.faint;
        for (index, branch) in branches.iter().enumerate() {
            let (mark, below) = match (self.ascii, index + 1 == branches.len()) {
                (true, true) => ("`- ", "   "),
                (true, false) => ("|- ", "|  "),
                (false, true) => ("└─ ", "   "),
                (false, false) => ("├─ ", "│  "),
            };
            let note = if branch.note.is_empty() { String::new() } else { format!("  ({})", safe(&branch.note)) };
            writeln!(self.out, "{indent}{faint}{mark}{faint:#}{}{note}", safe(&branch.text))?;
            self.branches(&branch.inner, &format!("{indent}{below}"))?;
        }
        Ok(())
    }

    fn bar(&self, share: i64) -> String {
        let filled = usize::try_from(share.clamp(0, 100)).unwrap_or(0) * BAR / 100;
        let (full, empty) = if self.ascii { ('#', '.') } else { ('█', '░') };
        let style = match share {
            90.. => self.palette.error,
            75.. => self.palette.warning,
            _ => self.palette.added,
        };
        let cells: String = (0..BAR).map(|cell| if cell < filled { full } else { empty }).collect();
        format!("{style}{cells}{style:#}")
    }

    fn table(&mut self, head: &[&str], rows: &[Vec<String>]) -> io::Result<()> {
        let rows: Vec<Vec<String>> = rows.iter().map(|row| row.iter().map(|cell| safe(cell)).collect()).collect();
        let width = |column: usize| {
            let cells = rows.iter().filter_map(|row| row.get(column)).map(|cell| cell.chars().count());
            cells.chain([head[column].chars().count()]).max().unwrap_or(0)
        };
        let widths: Vec<usize> = (0..head.len()).map(width).collect();
        let faint = self.palette.faint;
        let line = |cells: &mut dyn Iterator<Item = &str>| {
            let cells: Vec<String> = cells.zip(&widths).map(|(cell, width)| format!("{cell:<width$}")).collect();
            cells.join("  ").trim_end().to_owned()
        };
        writeln!(self.out, "  {faint}{}{faint:#}", line(&mut head.iter().copied()))?;
        rows.iter().try_for_each(|row| writeln!(self.out, "  {}", line(&mut row.iter().map(String::as_str))))
    }

    fn item(&mut self, item: &Item) -> io::Result<()> {
        let style = self.palette.of(item.severity);
        let name = item.severity.name();
        writeln!(self.out, "  {style}{name}{style:#} {}: {}", safe(&item.at), safe(&item.message))?;
        for line in wrapped(&for_terminal(&item.help), WIDTH).lines() {
            writeln!(self.out, "      {line}")?;
        }
        let faint = self.palette.faint;
        writeln!(self.out, "      {faint}pydoctor explain {}{faint:#}", item.rule)
    }
}

fn safe(text: &str) -> String {
    for_terminal(text).replace(['\n', '\t'], " ")
}
