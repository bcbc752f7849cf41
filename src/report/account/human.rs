//! The report on an account for people: from top to bottom, what is fine in a line each, then what is not.

use std::io::{self, Write};

use crate::check::Severity;
use crate::doctor::startup::{Node, State};
use crate::facts::{FactKind, Value};
use crate::report::HumanOptions;
use crate::report::closing::count;
use crate::report::model::Finding;
use crate::report::style::Palette;
use crate::report::text::{for_terminal, wrapped};

use super::AccountReport;

/// Cells of a bar.
const BAR: usize = 24;

/// So many of the parts that fill a home are shown.
const PARTS: usize = 5;

/// Notes are wrapped at this many characters.
const WIDTH: usize = 96;

pub(super) fn write(account: &AccountReport, options: &HumanOptions, out: &mut dyn Write) -> io::Result<()> {
    let page = Page { account, palette: options.palette, ascii: options.ascii };
    page.head(out)?;
    page.startup(out)?;
    page.installations(out)?;
    page.usage(out)?;
    page.findings(out)?;
    page.not_looked_at(out)?;
    if !options.quiet {
        writeln!(out, "{}", closing(account))?;
    }
    Ok(())
}

/// The closing line.
fn closing(account: &AccountReport) -> String {
    let summary = &account.report.summary;
    let counts = [(summary.errors, "error"), (summary.warnings, "warning"), (summary.hints, "hint")];
    let found: Vec<String> =
        counts.iter().filter(|(number, _)| *number > 0).map(|(number, name)| count(*number, name)).collect();
    match found.is_empty() {
        true => "Nothing is wrong with this account.".to_owned(),
        false => format!("{} in this account.", found.join(", ")),
    }
}

struct Page<'a> {
    account: &'a AccountReport,
    palette: Palette,
    ascii: bool,
}

impl Page<'_> {
    fn head(&self, out: &mut dyn Write) -> io::Result<()> {
        let account = self.account;
        let strong = self.palette.strong;
        writeln!(out, "{strong}Account {}{strong:#}", safe(&account.home.to_string_lossy()))?;
        writeln!(out, "  site {}: {}", safe(&account.site.id), safe(&account.site.why))?;
        if !account.live {
            writeln!(out, "  files only: the environment of its shells cannot be seen from here")?;
        }
        writeln!(out)
    }

    fn title(&self, title: &str, out: &mut dyn Write) -> io::Result<()> {
        let strong = self.palette.strong;
        writeln!(out, "{strong}{title}{strong:#}")
    }

    fn startup(&self, out: &mut dyn Write) -> io::Result<()> {
        self.title("Start-up files", out)?;
        if self.account.chains.is_empty() {
            writeln!(out, "  none: shells read the system's files only")?;
        }
        for chain in &self.account.chains {
            let name = format!("{} {}", chain.shell.name(), chain.mode.name());
            if chain.files.is_empty() {
                writeln!(out, "  {name:<18} reads nothing of the home")?;
                continue;
            }
            writeln!(out, "  {name}")?;
            for (index, node) in chain.files.iter().enumerate() {
                self.node(node, "    ", index + 1 == chain.files.len(), out)?;
            }
        }
        writeln!(out)
    }

    fn node(&self, node: &Node, indent: &str, last: bool, out: &mut dyn Write) -> io::Result<()> {
        let (branch, below) = match (self.ascii, last) {
            (true, true) => ("`- ", "   "),
            (true, false) => ("|- ", "|  "),
            (false, true) => ("└─ ", "   "),
            (false, false) => ("├─ ", "│  "),
        };
        let state = match node.state {
            State::Read => "",
            State::Outside => "  outside the home, not looked at",
            State::Missing => "  is not there",
            State::Loop => "  is being read already: a loop",
            State::Unreadable => "  cannot be read",
            State::Unknown => "  its name is only known when it runs",
        };
        let perhaps = if node.certain { "" } else { "  perhaps" };
        let line = node.line.map(|line| format!("  line {line}")).unwrap_or_default();
        let own = self.account.home.join(node.path.strip_prefix("~/").unwrap_or(&node.path));
        let found = self.account.report.visible().filter(|finding| *finding.place.path == *own).count();
        let found = match (found, node.state == State::Read) {
            (0, _) | (_, false) => String::new(),
            (found, true) => format!("  {}", count(found, "finding")),
        };
        let faint = self.palette.faint;
        writeln!(out, "{indent}{faint}{branch}{faint:#}{}{line}{perhaps}{state}{found}", safe(&node.path))?;
        let indent = format!("{indent}{below}");
        for (index, inner) in node.files.iter().enumerate() {
            self.node(inner, &indent, index + 1 == node.files.len(), out)?;
        }
        Ok(())
    }

    fn installations(&self, out: &mut dyn Write) -> io::Result<()> {
        let mut rows = vec![["", "kind", "Python", "last change", "size"].map(str::to_owned)];
        for record in self.account.of(FactKind::Installation) {
            let problem = match record.text("problem") {
                "none" => "",
                "interpreter-gone" => "  broken: its interpreter is gone",
                "moved" => "  broken: made for another path",
                "dangling" => "  leads to nothing",
                _ => "  without interpreter",
            };
            let size = match record.text("kind") {
                "link" => format!("leads to {}", record.text("target")),
                _ => record.text("size").to_owned(),
            };
            rows.push([
                home_as_tilde(record.text("path")),
                record.text("kind").to_owned(),
                or_dash(record.text("python")),
                or_dash(record.text("changed")),
                format!("{size}{problem}"),
            ]);
        }
        self.title("Installations and environments", out)?;
        if rows.len() == 1 {
            writeln!(out, "  none below the home")?;
        } else {
            self.table(&rows, out)?;
        }
        writeln!(out)
    }

    fn usage(&self, out: &mut dyn Write) -> io::Result<()> {
        let mut records = self.account.of(FactKind::Usage);
        let Some(home) = records.next() else { return Ok(()) };
        self.title("Space", out)?;
        let limit = home.text("limit");
        let allowed =
            if limit.is_empty() { "the site's limits are not known".to_owned() } else { format!("of {limit}") };
        let stopped = if self.account.stopped { "  counting was stopped: at least" } else { "" };
        writeln!(out, " {stopped} {} {allowed}", home.text("size"))?;
        for (name, share) in [("bytes", "bytes-share"), ("files", "files-share")] {
            if let Some(Value::Number(share)) = home.get(share) {
                writeln!(out, "  {name} {} {share} %", self.bar(*share))?;
            }
        }
        let parts: Vec<[String; 3]> = records
            .take(PARTS)
            .map(|record| {
                let command = record.text("clean");
                let next = if command.is_empty() { String::new() } else { format!("`{command}`") };
                [record.text("title").to_owned(), record.text("size").to_owned(), next]
            })
            .collect();
        if !parts.is_empty() {
            self.table(&parts, out)?;
        }
        writeln!(out)
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

    fn table<const N: usize>(&self, rows: &[[String; N]], out: &mut dyn Write) -> io::Result<()> {
        let rows: Vec<[String; N]> = rows.iter().map(|row| row.each_ref().map(|cell| safe(cell))).collect();
        let widths: [usize; N] =
            std::array::from_fn(|column| rows.iter().map(|row| row[column].chars().count()).max().unwrap_or(0));
        for row in &rows {
            let mut line = String::from(" ");
            for (cell, width) in row.iter().zip(widths) {
                line.push_str(&format!(" {cell:<width$} "));
            }
            writeln!(out, "{}", line.trim_end())?;
        }
        Ok(())
    }

    fn findings(&self, out: &mut dyn Write) -> io::Result<()> {
        let mut findings: Vec<&Finding> = self.account.report.visible().collect();
        if findings.is_empty() {
            return Ok(());
        }
        findings.sort_by_key(|finding| std::cmp::Reverse(finding.severity));
        self.title("What to do, the most harmful first", out)?;
        for finding in findings {
            let (style, name) = match finding.severity {
                Severity::Error => (self.palette.error, "error"),
                Severity::Warning => (self.palette.warning, "warning"),
                Severity::Hint => (self.palette.hint, "hint"),
            };
            let path = finding
                .place
                .path
                .strip_prefix(&self.account.home)
                .map_or_else(|_| finding.place.path.to_path_buf(), |below| std::path::Path::new("~").join(below));
            let at =
                if finding.place.span.is_empty() { String::new() } else { format!(":{}", finding.place.start.line) };
            writeln!(
                out,
                "  {style}{name}{style:#} {}{at}: {}",
                safe(&path.to_string_lossy()),
                safe(&finding.message)
            )?;
            if !finding.help.is_empty() {
                for line in wrapped(&for_terminal(finding.help.trim_end()), WIDTH).lines() {
                    writeln!(out, "      {line}")?;
                }
            }
            let faint = self.palette.faint;
            writeln!(out, "      {faint}pydoctor explain {}{faint:#}", finding.rule)?;
        }
        writeln!(out)
    }

    fn not_looked_at(&self, out: &mut dyn Write) -> io::Result<()> {
        if self.account.not_looked_at.is_empty() {
            return Ok(());
        }
        self.title("Not looked at", out)?;
        for what in &self.account.not_looked_at {
            writeln!(out, "  {}", safe(what))?;
        }
        writeln!(out)
    }
}

fn safe(text: &str) -> String {
    for_terminal(text).into_owned()
}

fn home_as_tilde(path: &str) -> String {
    path.replacen("$HOME", "~", 1)
}

fn or_dash(text: &str) -> String {
    if text.is_empty() { "-".to_owned() } else { text.to_owned() }
}
