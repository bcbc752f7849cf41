//! The format for people: each finding with its source lines, what to do, and a closing line.

use std::io::{self, Write};
use std::path::Path;

use anstyle::Style;
use codespan_reporting::diagnostic::{Diagnostic, Label, LabelStyle, Severity as Level};
use codespan_reporting::files::Error;
use codespan_reporting::term::{self, Chars, Config};

use crate::check::{Certainty, Severity};
use crate::fix::diff::{Line, NO_NEWLINE, lines};
use crate::source::Span;

use super::excerpt::{Excerpts, START_LINES};
use super::links::Links;
use super::model::{Finding, Place, Report};
use super::style::{Palette, Styled};
use super::text::{bytes_for_terminal, for_terminal, wrapped};
use super::{closing, concise, plain};

/// A flagged region of more lines is shown by its first line: drawing a frame costs by the line.
const MAX_LINES: usize = 200;

/// Notes are wrapped at this many characters.
const WIDTH: usize = 100;

/// What to show, and how.
#[derive(Clone, Debug, Default)]
pub struct HumanOptions {
    /// Colours.
    pub palette: Palette,
    /// Frames of ASCII characters, for a terminal that has no others.
    pub ascii: bool,
    /// Findings only, no closing line.
    pub quiet: bool,
    /// Also what was not understood, not checked or suppressed, and why which site judged.
    pub verbose: bool,
    /// Counts for each rule in place of the findings.
    pub statistics: bool,
    /// Hyperlinks, and the host that the files are on.
    pub links: Option<String>,
}

/// Writes the report for people. Errors are those of `out`.
pub(super) fn write(report: &Report, options: &HumanOptions, out: &mut dyn Write) -> io::Result<()> {
    let chars = if options.ascii { Chars::ascii() } else { Chars::default() };
    let config = Config { chars, start_context_lines: START_LINES, ..Config::default() };
    for finding in report.visible().filter(|_| !options.statistics) {
        let mut excerpts = Excerpts::default();
        let diagnostic = diagnostic(report, finding, options.verbose, &mut excerpts);
        let mut styled = Styled::new(out, &options.palette);
        if let Some(links) = Links::new(report, options) {
            styled.link(&finding.rule, finding.url.clone());
            for place in std::iter::once(&finding.place).chain(finding.labels.iter().map(|label| &label.place)) {
                styled.link(&for_terminal(&place.path.to_string_lossy()), links.file(&place.path));
            }
        }
        match term::emit_to_write_style(&mut styled, &config, &excerpts, &diagnostic) {
            Ok(()) => {}
            Err(Error::Io(error)) => return Err(error),
            // Only a wrong span can lead here: the finding is worth more than its excerpt.
            Err(_) => concise::line(report, finding, options, out)?,
        }
    }
    closing::write(report, options, out)
}

/// Writes the difference of two texts for a terminal: in colour, with nothing that could steer it. Errors
/// are those of `out`.
pub fn diff(path: &Path, old: &[u8], new: &[u8], palette: &Palette, out: &mut dyn Write) -> io::Result<()> {
    let mut result = Ok(());
    lines(path, old, new, &mut |line| {
        let (style, mark, content) = match line {
            Line::Header(header) => (palette.strong, "", for_terminal(header).into_owned()),
            Line::Same(line) => (Style::new(), " ", bytes_for_terminal(line)),
            Line::Removed(line) => (palette.removed, "-", bytes_for_terminal(line)),
            Line::Added(line) => (palette.added, "+", bytes_for_terminal(line)),
            Line::NoNewline => (palette.faint, "", NO_NEWLINE.to_owned()),
        };
        if result.is_ok() {
            result = writeln!(out, "{style}{mark}{}{style:#}", content.trim_end_matches('\n'));
        }
    });
    result
}

fn diagnostic(report: &Report, finding: &Finding, verbose: bool, excerpts: &mut Excerpts) -> Diagnostic<usize> {
    let level = match finding.severity {
        Severity::Error => Level::Error,
        Severity::Warning => Level::Warning,
        Severity::Hint => Level::Note,
    };
    let mut notes = notes(report, finding);
    notes.extend(plain::no_fix(finding).filter(|_| verbose).map(|why| wrapped(&for_terminal(&why), WIDTH)));
    let labels = labels(report, finding, excerpts, &mut notes);
    Diagnostic::new(level)
        .with_code(&finding.rule)
        .with_message(for_terminal(&finding.message))
        .with_labels(labels)
        .with_notes(notes)
}

/// The finding's place and its labels, file by file. A label whose file was not read becomes a note.
fn labels(report: &Report, finding: &Finding, excerpts: &mut Excerpts, notes: &mut Vec<String>) -> Vec<Label<usize>> {
    type Part<'a> = (LabelStyle, &'a Place, &'a str);
    let mut groups: Vec<(usize, Vec<Part<'_>>)> = Vec::new();
    let primary = (LabelStyle::Primary, &finding.place, "");
    let others = finding.labels.iter().map(|label| (LabelStyle::Secondary, &label.place, label.message.as_str()));
    for (style, place, message) in std::iter::once(primary).chain(others) {
        let Some(text) = place.text else {
            notes.push(format!("{}: {}", for_terminal(&place.path.to_string_lossy()), for_terminal(message)));
            continue;
        };
        match groups.iter_mut().find(|(other, _)| *other == text) {
            Some((_, group)) => group.push((style, place, message)),
            None => groups.push((text, vec![(style, place, message)])),
        }
    }
    let mut labels = Vec::new();
    for (index, group) in groups {
        let Some(file) = report.texts.get(index) else { continue };
        let Some((_, first, _)) = group.first() else { continue };
        let spans: Vec<Span> = group.iter().map(|(_, place, _)| flagged(&file.text, place)).collect();
        let name = first.path.to_string_lossy();
        let (id, ranges) = excerpts.add(&name, first.start, &file.text, &file.lines, &spans);
        let parts = group.iter().zip(ranges);
        labels.extend(
            parts.map(|((style, _, message), range)| Label::new(*style, id, range).with_message(for_terminal(message))),
        );
    }
    labels
}

/// What is underlined: without the line end that a span of whole lines has, and of a very long region the
/// first line.
fn flagged(text: &str, place: &Place) -> Span {
    let Span { start, end } = place.span;
    let Some(content) = text.get(start..end) else { return Span::at(start.min(text.len())) };
    if place.end.line - place.start.line > MAX_LINES {
        return Span::new(start, start + content.find('\n').unwrap_or(content.len()));
    }
    Span::new(start, start + content.trim_end_matches(['\n', '\r']).len())
}

fn notes(report: &Report, finding: &Finding) -> Vec<String> {
    let mut notes = Vec::new();
    if let Some(cell) = finding.cell {
        notes.push(format!("in cell {cell}"));
    }
    if finding.certainty == Certainty::Possible {
        notes.push("possible: it depends on what cannot be known from the files".to_owned());
    }
    if !finding.help.is_empty() {
        notes.push(wrapped(&format!("help: {}", for_terminal(finding.help.trim_end())), WIDTH));
    }
    if !finding.url.is_empty() {
        notes.push(format!("see {}", for_terminal(&finding.url)));
    }
    if report.sites.len() > 1 {
        notes.push(format!("judged for {}", finding.site));
    }
    notes.extend(plain::fix(finding).map(|fix| wrapped(&for_terminal(&fix), WIDTH)));
    notes
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::check::{self, Applicability, Edit, Fix};
    use crate::report::{FileResult, SiteChoice};
    use crate::source::{Kind, Source};
    use std::sync::Arc;

    fn shown(text: &str, findings: Vec<check::Finding>, options: &HumanOptions) -> String {
        let source = Arc::new(Source::new("home/.bashrc".into(), Kind::Other, text.as_bytes().to_vec()));
        let site = SiteChoice { id: "midway3".into(), why: "pydoctor.toml".into() };
        let report =
            Report::new(vec![FileResult { source, site, findings, gaps: Vec::new(), fail_on: Severity::Warning }]);
        let mut out = Vec::new();
        write(&report, options, &mut out).unwrap();
        String::from_utf8(out).unwrap()
    }

    fn finding(start: usize, end: usize) -> check::Finding {
        check::Finding {
            rule: "conda-init-block".into(),
            severity: Severity::Warning,
            certainty: Certainty::Certain,
            message: "conda starts with every shell".into(),
            help: "delete the block".into(),
            url: "https://example.org".into(),
            tags: Vec::new(),
            site: "midway3".into(),
            path: "home/.bashrc".into(),
            span: Span::new(start, end),
            labels: Vec::new(),
            fingerprint: String::new(),
            fix: Some(Fix {
                title: "delete the block".into(),
                applicability: Applicability::Safe,
                edits: vec![Edit { path: None, span: Span::new(start, end), text: String::new() }],
                chmod: None,
            }),
            no_fix: String::new(),
            by: check::By::default(),
            cell: None,
            suppressed: None,
        }
    }

    #[test]
    fn a_finding_shows_its_lines_its_help_and_its_fix() {
        let expected = "\
warning[conda-init-block]: conda starts with every shell
  ┌─ home/.bashrc:2:1
  │
2 │ ╭ # >>>
3 │ │ eval
4 │ │ # <<<
  │ ╰─────^
  │
  = help: delete the block
  = see https://example.org
  = fix available (safe): delete the block

1 file checked for midway3: 1 warning; --fix mends 1
";
        assert_eq!(shown("a\n# >>>\neval\n# <<<\n", vec![finding(2, 19)], &HumanOptions::default()), expected);
    }

    #[test]
    fn hints_labels_and_other_files_have_their_place() {
        let mut hint = finding(4, 7);
        hint.severity = Severity::Hint;
        hint.certainty = Certainty::Possible;
        hint.fix = None;
        hint.labels = vec![
            check::Label { path: "home/.bashrc".into(), span: Span::new(0, 3), message: "loaded here".into() },
            check::Label { path: "gone.sh".into(), span: Span::new(0, 3), message: "sourced there".into() },
        ];
        let text = shown("one\ntwo\n", vec![hint], &HumanOptions { quiet: true, ascii: true, ..Default::default() });
        assert!(text.starts_with("hint[conda-init-block]: "), "{text}");
        assert!(text.contains("--- loaded here") && text.contains("gone.sh: sourced there"), "{text}");
        assert!(text.is_ascii() && text.contains("possible: "), "{text}");
    }

    #[test]
    fn what_is_shown_cannot_steer_the_terminal() {
        let mut finding = finding(0, 12);
        finding.message = "\u{1b}]0;title\u{7}".into();
        let text = shown("echo \u{1b}[2J\u{202e}\n", vec![finding], &HumanOptions::default());
        assert!(!text.contains('\u{1b}') && !text.contains('\u{202e}') && !text.contains('\u{7}'), "{text}");
    }

    #[test]
    fn the_rule_and_the_file_are_links_when_asked_for() {
        let options = HumanOptions { links: Some("login1".into()), quiet: true, ..Default::default() };
        let text = shown("abc\n", vec![finding(0, 3)], &options);
        assert!(
            text.starts_with("warning[\u{1b}]8;;https://example.org\u{1b}\\conda-init-block\u{1b}]8;;\u{1b}\\]: "),
            "{text}"
        );
        assert!(text.contains("┌─ \u{1b}]8;;file://login1"), "{text}");
        assert!(text.contains("home/.bashrc\u{1b}]8;;\u{1b}\\:1:1\n"), "{text}");
        assert_eq!(text.matches("\u{1b}]8;;").count(), 4, "{text}");
    }

    #[test]
    fn no_span_makes_it_fail() {
        for text in ["", "\n", "a", "a\n", "é\r\nb"] {
            for start in 0..=text.len() + 1 {
                for end in start..=text.len() + 1 {
                    let text = shown(text, vec![finding(start, end)], &HumanOptions::default());
                    assert!(text.contains("conda starts"), "{start}..{end}: {text}");
                }
            }
        }
    }

    #[test]
    fn colour_is_only_there_when_asked_for() {
        let options = HumanOptions { palette: Palette::COLOUR, ..Default::default() };
        assert!(shown("abc\n", vec![finding(0, 3)], &options).contains("\u{1b}[1m\u{1b}[33mwarning"));
    }
}
