//! Comments that silence findings: `# pydoctor: ignore[rule, …] -- reason` at the end of a line or on a line above,
//! `# pydoctor: ignore-file[rule, …] -- reason` in the first ten lines.

use crate::facts::{Fact, FactKind, Record, Text};
use crate::policy::{Effective, nearest};
use crate::source::{Kind, Source, Span};

use super::finding::Finding;

const MARK: &str = "pydoctor:";

/// How far down a comment for the whole file may stand.
const HEAD_LINES: usize = 10;

/// How many lines a finding may cover and still be silenced from any of them.
const LONGEST: usize = 20;

/// The comments of one file.
#[derive(Debug, Default)]
pub(super) struct Suppressions {
    all: Vec<Suppression>,
}

#[derive(Debug)]
struct Suppression {
    /// The comment, from its `#` on.
    comment: Span,
    reason: String,
    /// The line that it speaks of, and how many lines follow it by continuation; `None` for the whole file.
    line: Option<(usize, usize)>,
    rules: Vec<Named>,
}

#[derive(Debug)]
struct Named {
    id: String,
    span: Span,
    used: bool,
}

impl Suppressions {
    /// Reads the comments of a file.
    pub fn read(source: &Source) -> Self {
        if !source.text.contains(MARK) || matches!(source.kind, Kind::Other) {
            return Self::default();
        }
        let mut all = Vec::new();
        for number in 1..=source.lines.count() {
            let line = source.lines.span(number);
            let text = source.slice(line);
            if text.contains(MARK)
                && let Some(suppression) = read_line(source, number, line.start, text)
            {
                all.push(suppression);
            }
        }
        Self { all }
    }

    /// Marks the findings that are silenced.
    pub fn apply(&mut self, source: &Source, findings: &mut [Finding]) {
        if self.all.is_empty() {
            return;
        }
        for finding in findings {
            let first = source.lines.line(finding.span.start);
            let last = source.lines.line(finding.span.end.saturating_sub(1).max(finding.span.start));
            for suppression in &mut self.all {
                if suppression.comment.contains(finding.span) {
                    // A comment does not silence what is wrong with itself.
                    continue;
                }
                let meant = match suppression.line {
                    None => true,
                    Some((line, more)) => {
                        (line..=line + more).contains(&first)
                            || ((first..=last).contains(&line) && last - first < LONGEST)
                    }
                };
                if let Some(named) = suppression.rules.iter_mut().find(|named| meant && named.id == finding.rule) {
                    named.used = true;
                    finding.suppressed = Some(suppression.reason.clone());
                    break;
                }
            }
        }
    }

    /// The comments as facts, one for each rule named. `used` is absent for a rule that was not tried.
    pub fn facts(&self, source: &Source, policy: &Effective) -> Vec<Fact> {
        let mut facts = Vec::new();
        for suppression in &self.all {
            let single = suppression.rules.len() == 1;
            for named in &suppression.rules {
                let known = policy.all_rules.binary_search(&named.id).is_ok();
                let near = nearest(&named.id, policy.all_rules.iter().map(String::as_str));
                let scope = if suppression.line.is_none() { "file" } else { "line" };
                let whole = if single { removal(source, suppression.comment) } else { item(source, named.span) };
                let mut fields = Record::new()
                    .with("text", Text::at(source.slice(suppression.comment), suppression.comment))
                    .with("rule", Text::at(named.id.clone(), named.span))
                    .with("known", known)
                    .with("scope", scope)
                    .with("whole", Text::at(source.slice(whole), whole));
                if policy.active(&named.id).is_some() {
                    fields.set("used", named.used);
                }
                if !suppression.reason.is_empty() {
                    fields.set("reason", suppression.reason.clone());
                }
                if !known {
                    fields.set_some("nearest", near);
                }
                facts.push(Fact::new(FactKind::Suppression, named.span, fields));
            }
        }
        facts
    }
}

/// Reads the comment on a line. Text in quotes before the mark makes it no comment, except in notebooks, where every
/// line is a string.
fn read_line(source: &Source, number: usize, start: usize, text: &str) -> Option<Suppression> {
    let notebook = matches!(source.kind, Kind::Notebook);
    let mark = text.match_indices(MARK).map(|(at, _)| at).find(|at| {
        let before = text[..*at].trim_end();
        before.ends_with('#')
    })?;
    let hash = text[..mark].rfind('#')?;
    let before = &text[..hash];
    let code = if notebook { before.trim_start().strip_prefix('"').unwrap_or(before) } else { before };
    let separated = code.is_empty() || code.ends_with(char::is_whitespace);
    if !separated || (!notebook && (odd(code, '"') || odd(code, '\''))) {
        return None;
    }
    let body_at = mark + MARK.len();
    let body = &text[body_at..];
    let body = if notebook { &body[..body.find("\\n").or_else(|| body.find('"')).unwrap_or(body.len())] } else { body };
    let body = body.trim_end();
    let words = body.trim_start();
    let (file, list) = match (words.strip_prefix("ignore-file["), words.strip_prefix("ignore[")) {
        (Some(list), _) => (true, list),
        (_, Some(list)) => (false, list),
        _ => return None,
    };
    let (ids, rest) = list.split_once(']')?;
    let list_at = start + body_at + (body.len() - list.len());
    let mut rules = Vec::new();
    let mut at = list_at;
    for id in ids.split(',') {
        let trimmed = id.trim();
        let from = at + (id.len() - id.trim_start().len());
        if !trimmed.is_empty() {
            rules.push(Named { id: trimmed.to_owned(), span: Span::new(from, from + trimmed.len()), used: false });
        }
        at += id.len() + 1;
    }
    let reason = rest.trim().strip_prefix("--").map(|reason| reason.trim().to_owned()).unwrap_or_default();
    let line = match file {
        true if !in_head(source, number) => return None,
        true => None,
        false if code.trim().is_empty() => Some(next_code_line(source, number)?),
        false => Some((number, 0)),
    };
    Some(Suppression { comment: Span::new(start + hash, start + body_at + body.len()), reason, line, rules })
}

/// True for the first lines of a file, or of a notebook's cell.
fn in_head(source: &Source, number: usize) -> bool {
    if !matches!(source.kind, Kind::Notebook) {
        return number <= HEAD_LINES;
    }
    let first = number.saturating_sub(HEAD_LINES).max(1);
    (first..number).any(|line| source.slice(source.lines.span(line)).contains("\"source\":"))
}

/// The next line with code, and how many lines continue it.
fn next_code_line(source: &Source, number: usize) -> Option<(usize, usize)> {
    let line = |number: usize| source.slice(source.lines.span(number)).trim_end();
    let notebook = matches!(source.kind, Kind::Notebook);
    let first = (number + 1..=source.lines.count()).find(|number| {
        let text = line(*number).trim_start();
        let text = if notebook { text.trim_start_matches('"').trim_start() } else { text };
        // A directive looks like a comment, and has rules of its own.
        let is_directive = ["#SBATCH", "#PBS", "#$", "#BSUB", "#!"].iter().any(|mark| text.starts_with(mark));
        !text.is_empty() && !text.starts_with("\\n") && (!text.starts_with('#') || is_directive)
    })?;
    let more = (first..source.lines.count()).take_while(|number| line(*number).ends_with('\\')).count();
    Some((first, more))
}

/// True when `quote` stands in `text` an odd number of times: what follows is inside quotes.
fn odd(text: &str, quote: char) -> bool {
    let other = if quote == '"' { '\'' } else { '"' };
    !text.contains(other) && text.matches(quote).count() % 2 == 1
}

/// What goes when the whole comment goes: its line when it stands alone, else the blanks before it too.
fn removal(source: &Source, comment: Span) -> Span {
    let line = source.lines.span(source.lines.line(comment.start));
    let before = source.slice(Span::new(line.start, comment.start));
    if matches!(source.kind, Kind::Notebook) {
        return comment;
    }
    if before.trim().is_empty() { line } else { Span::new(line.start + before.trim_end().len(), comment.end) }
}

/// What goes when one of several ids goes: itself with a comma.
fn item(source: &Source, id: Span) -> Span {
    let rest = source.text.get(id.end..).unwrap_or("");
    if let Some(after) = rest.trim_start().strip_prefix(',') {
        let after = after.trim_start_matches(' ');
        return Span::new(id.start, source.text.len() - after.len());
    }
    let before = source.text.get(..id.start).unwrap_or("").trim_end();
    Span::new(before.strip_suffix(',').map_or(id.start, str::len), id.end)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::source::{Role, Shell};

    /// For each comment: the rules it names, its line (0 for the file), and its reason.
    fn read(kind: Kind, text: &str) -> Vec<(String, usize, String)> {
        let source = Source::new("a".into(), kind, text.as_bytes().to_vec());
        let all = Suppressions::read(&source).all;
        all.iter()
            .map(|one| {
                let rules: Vec<&str> = one.rules.iter().map(|named| source.slice(named.span)).collect();
                (rules.join("+"), one.line.map_or(0, |(line, _)| line), one.reason.clone())
            })
            .collect()
    }

    #[test]
    fn comments_are_read_where_they_are_comments() {
        let shell = Kind::Shell { shell: Shell::Bash, role: Role::Script };
        for (text, expected) in [
            ("a # pydoctor: ignore[x, y] -- why\n", Some(("x+y", 1, "why"))),
            ("#pydoctor: ignore[x]\n\n# more\nb\n", Some(("x", 4, ""))),
            ("# pydoctor: ignore[x]\n#SBATCH -n 1\nb\n", Some(("x", 2, ""))),
            ("# pydoctor: ignore-file[x] -- why -- so\n", Some(("x", 0, "why -- so"))),
            ("a\r\nb # pydoctor: ignore[x] -- why\r\n", Some(("x", 2, "why"))),
            ("# pydoctor: ignore[x]\n", None),
            ("# pydoctor: ignore x\n", None),
            ("# pydoctor: site=x\n", None),
            ("echo '# pydoctor: ignore[x]'\n", None),
            ("a#pydoctor: ignore[x]\n", None),
            ("echo \"it's\" # pydoctor: ignore[x]\n", Some(("x", 1, ""))),
            ("\n\n\n\n\n\n\n\n\n\n# pydoctor: ignore-file[x]\na\n", None),
        ] {
            let expected: Vec<_> =
                expected.into_iter().map(|(a, b, c): (&str, usize, &str)| (a.to_owned(), b, c.to_owned())).collect();
            assert_eq!(read(shell, text), expected, "{text:?}");
        }
    }

    #[test]
    fn comments_in_notebooks_end_with_their_string() {
        let text = "{\"cells\": [{\"source\": [\n \"# pydoctor: ignore-file[a] -- b\\n\",\n \"# pydoctor: ignore[x] -- y\\n\",\n \
                    \"\\n\",\n \"Pool()  # pydoctor: ignore[z] -- \\\"q\\\"\"\n]}]}\n";
        let found = read(Kind::Notebook, text);
        let shown: Vec<_> = found.iter().map(|(rules, line, _)| (rules.as_str(), *line)).collect();
        assert_eq!(shown, [("a", 0), ("x", 5), ("z", 5)]);
        assert_eq!((found[0].2.as_str(), found[1].2.as_str()), ("b", "y"));
    }
}
