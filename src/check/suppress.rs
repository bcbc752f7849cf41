//! Comments that silence findings: `# pydoctor: ignore[rule, …] -- reason` at the end of a line or on a line above,
//! `# pydoctor: ignore-file[rule, …] -- reason` in the first ten lines. `until=2027-03-01` behind the bracket is the
//! last day on which it counts.

use std::cell::OnceCell;

use memchr::memmem;

use crate::facts::{Fact, FactKind, Record, Text};
use crate::policy::{Day, Effective, nearest};
use crate::source::{Kind, Source, Span};

use super::comments::{is_directive, rewritten_blocks};
use super::finding::{Finding, Silenced, SilencedBy};

const MARK: &str = "pydoctor:";

/// What such a comment can begin with, the longer first.
const WORDS: [&str; 2] = ["ignore-file", "ignore"];

/// What stands before the last day of a comment.
const UNTIL: &str = "until=";

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
    /// The last day on which it counts.
    until: Option<Day>,
    /// Why it can silence nothing, as it is written.
    fault: Option<String>,
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
        if memmem::find(source.text.as_bytes(), MARK.as_bytes()).is_none() || matches!(source.kind, Kind::Other) {
            return Self::default();
        }
        let mut all = Vec::new();
        let blocks = Blocks { source, found: OnceCell::new() };
        for number in 1..=source.lines.count() {
            let line = source.lines.span(number);
            let text = source.slice(line);
            if text.contains(MARK)
                && let Some(suppression) = read_line(&blocks, number, line.start, text)
            {
                all.push(suppression);
            }
        }
        Self { all }
    }

    /// Marks the findings that are silenced. Comments that do not count silence nothing: those with a fault, without
    /// a reason where one is asked for, or whose last day was before `today`, and any about a rule that is locked.
    pub fn apply(&mut self, source: &Source, findings: &mut [Finding], policy: &Effective, today: Day) {
        if self.all.is_empty() {
            return;
        }
        for finding in findings {
            if policy.keeps_loud(&finding.rule).is_some() || self.is_against_lock(finding, policy) {
                continue;
            }
            let first = source.lines.line(finding.span.start);
            let last = source.lines.line(finding.span.end.saturating_sub(1).max(finding.span.start));
            for suppression in &mut self.all {
                // A comment does not silence what is wrong with itself. What is about the file stands at its first byte,
                // which may be the comment's.
                let of_file = finding.span.start == 0 && !finding.is_about_comments();
                if (suppression.comment.contains(finding.span) && !of_file) || !suppression.counts(policy, today) {
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
                    finding.suppressed = Some(Silenced { by: SilencedBy::Comment, reason: suppression.reason.clone() });
                    break;
                }
            }
        }
    }

    /// How many of the rules named have silenced something.
    pub fn used(&self) -> usize {
        self.all.iter().flat_map(|suppression| &suppression.rules).filter(|named| named.used).count()
    }

    /// True for what is found about a comment on a rule that is locked: that is told, whatever other comments say.
    fn is_against_lock(&self, finding: &Finding, policy: &Effective) -> bool {
        let mut named = self.all.iter().flat_map(|suppression| &suppression.rules);
        finding.is_about_comments()
            && named.any(|named| named.span == finding.span && policy.keeps_loud(&named.id).is_some())
    }

    /// The comments as facts, one for each rule named. `used` is absent for a rule that was not tried.
    pub fn facts(&self, source: &Source, policy: &Effective, today: Day) -> Vec<Fact> {
        let mut facts = Vec::new();
        for suppression in &self.all {
            if let Some(fault) = &suppression.fault {
                facts.push(suppression.faulty(source, fault));
                continue;
            }
            let counts = suppression.counts(policy, today);
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
                let lock = policy.keeps_loud(&named.id);
                if let Some(lock) = lock {
                    fields.set("locked", true);
                    fields.set("lock", format!("{}:{}", lock.place.0.display(), lock.place.1));
                    fields
                        .set_some("lock-reason", Some(&lock.spec.reason).filter(|reason| !reason.is_empty()).cloned());
                }
                // What was not obeyed has not been tried.
                if policy.active(&named.id).is_some() && counts && lock.is_none() {
                    fields.set("used", named.used);
                }
                if let Some(until) = suppression.until {
                    fields.set("until", until.to_string());
                    fields.set("ended", until < today);
                }
                fields.set("needs-reason", policy.require_reason && suppression.reason.is_empty());
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

/// True for a comment to pydoctor.
pub(super) fn is_one(comment: &str) -> bool {
    comment.trim_start_matches('#').trim_start().starts_with(MARK)
}

impl Suppression {
    /// True when it may silence what it names.
    fn counts(&self, policy: &Effective, today: Day) -> bool {
        let explained = !policy.require_reason || !self.reason.is_empty();
        self.fault.is_none() && explained && self.until.is_none_or(|until| today <= until)
    }

    /// The fact of a comment that can silence nothing.
    fn faulty(&self, source: &Source, fault: &str) -> Fact {
        let whole = removal(source, self.comment);
        let fields = Record::new()
            .with("text", Text::at(source.slice(self.comment), self.comment))
            .with("fault", fault)
            .with("whole", Text::at(source.slice(whole), whole));
        Fact::new(FactKind::Suppression, self.comment, fields)
    }
}

/// Reads the comment on a line. Text in quotes before the mark makes it no comment, except in notebooks, where every
/// line is a string.
fn read_line(blocks: &Blocks<'_>, number: usize, start: usize, text: &str) -> Option<Suppression> {
    let source = blocks.source;
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
    let comment = Span::new(start + hash, start + body_at + body.len());
    let mut found =
        Suppression { comment, reason: String::new(), line: None, rules: Vec::new(), until: None, fault: None };
    let words = body.trim_start();
    let word = &words[..words.find(|c: char| !c.is_ascii_alphanumeric() && c != '-').unwrap_or(words.len())];
    let rest = &words[word.len()..];
    if !WORDS.contains(&word) {
        // Another word with a bracket behind it was meant for this; anything else is for somebody else to read.
        let near = nearest(word, WORDS).filter(|_| rest.starts_with('['))?;
        found.fault = Some(format!("`{word}` is no word of pydoctor; did you mean `{near}`?"));
        return Some(found);
    }
    if let Err(fault) = found.read_rest(start + body_at + (body.len() - rest.len()), rest, word) {
        found.fault = Some(fault);
        return Some(found);
    }
    if word == "ignore-file" {
        if !in_head(source, number) {
            let place = if notebook { "of a cell" } else { "of a file" };
            found.fault = Some(format!("`ignore-file` counts only in the first {HEAD_LINES} lines {place}"));
        }
        return Some(found);
    }
    found.line = if code.trim().is_empty() { next_code_line(blocks, number) } else { Some((number, 0)) };
    if found.line.is_none() {
        found.fault = Some("no line follows that it could be about".to_owned());
    }
    Some(found)
}

impl Suppression {
    /// Reads what stands behind the word, at `at`: the rules in brackets, the last day, the reason.
    fn read_rest(&mut self, at: usize, rest: &str, word: &str) -> Result<(), String> {
        let list = rest.strip_prefix('[').ok_or_else(|| format!("it names no rule; write `{word}[RULE]`"))?;
        let (ids, rest) = list.split_once(']').ok_or_else(|| "its `]` is missing".to_owned())?;
        let mut at = at + 1;
        for id in ids.split(',') {
            let trimmed = id.trim();
            let from = at + (id.len() - id.trim_start().len());
            if !trimmed.is_empty() {
                let span = Span::new(from, from + trimmed.len());
                self.rules.push(Named { id: trimmed.to_owned(), span, used: false });
            }
            at += id.len() + 1;
        }
        if self.rules.is_empty() {
            return Err(format!("it names no rule; write `{word}[RULE]`"));
        }
        let mut rest = rest.trim();
        if let Some(after) = rest.strip_prefix(UNTIL) {
            let (date, behind) = after.split_once(char::is_whitespace).unwrap_or((after, ""));
            let day = Day::parse(date).filter(|_| date.len() == "2027-03-01".len());
            self.until = Some(day.ok_or_else(|| format!("`{UNTIL}{date}` needs a day like 2027-03-01"))?);
            rest = behind.trim_start();
        }
        self.reason = rest.strip_prefix("--").map(|reason| reason.trim().to_owned()).unwrap_or_default();
        Ok(())
    }
}

/// True for the first lines of a file, or of a notebook's cell.
fn in_head(source: &Source, number: usize) -> bool {
    if !matches!(source.kind, Kind::Notebook) {
        return number <= HEAD_LINES;
    }
    let first = number.saturating_sub(HEAD_LINES).max(1);
    (first..number).any(|line| source.slice(source.lines.span(line)).contains("\"source\":"))
}

/// A file and the blocks in it that tools rewrite, which are looked for when a comment may stand above one.
struct Blocks<'s> {
    source: &'s Source,
    found: OnceCell<Vec<Span>>,
}

impl Blocks<'_> {
    /// How many lines follow line `number` in the block that begins there.
    fn below(&self, number: usize) -> Option<usize> {
        let lines = &self.source.lines;
        let blocks = self.found.get_or_init(|| rewritten_blocks(self.source));
        let block = blocks.iter().find(|block| lines.line(block.start) == number)?;
        Some(lines.line(block.end.saturating_sub(1)) - number)
    }
}

/// The next line with code, and how many lines continue it; or the first line of a block that a tool rewrites, and how
/// many lines follow in it: a comment has no other place that lasts.
fn next_code_line(blocks: &Blocks<'_>, number: usize) -> Option<(usize, usize)> {
    let source = blocks.source;
    let line = |number: usize| source.slice(source.lines.span(number)).trim_end();
    let notebook = matches!(source.kind, Kind::Notebook);
    let first = (number + 1..=source.lines.count()).find(|number| {
        let text = line(*number).trim_start();
        let text = if notebook { text.trim_start_matches('"').trim_start() } else { text };
        // A directive looks like a comment, and has rules of its own.
        let is_code = !text.starts_with('#') || is_directive(text) || blocks.below(*number).is_some();
        !text.is_empty() && !text.starts_with("\\n") && is_code
    })?;
    if let Some(more) = blocks.below(first) {
        return Some((first, more));
    }
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
                let mut rules: Vec<&str> = one.rules.iter().map(|named| source.slice(named.span)).collect();
                rules.extend(one.fault.as_deref());
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
            ("# pydoctor: ignore[x]\n", Some(("x+no line follows that it could be about", 0, ""))),
            ("a # pydoctor: ignore x\n", Some(("it names no rule; write `ignore[RULE]`", 0, ""))),
            ("a # pydoctor: ignore-file[ ,]\n", Some(("it names no rule; write `ignore-file[RULE]`", 0, ""))),
            ("a # pydoctor: ignore[x\n", Some(("its `]` is missing", 0, ""))),
            ("a # pydoctor: ignored[x]\n", Some(("`ignored` is no word of pydoctor; did you mean `ignore`?", 0, ""))),
            ("a # pydoctor: ignore[x] until=2027-03-01 -- y\n", Some(("x", 1, "y"))),
            ("a # pydoctor: ignore[x] until=soon\n", Some(("x+`until=soon` needs a day like 2027-03-01", 0, ""))),
            ("# pydoctor: site=x\n", None),
            ("# pydoctor: makes API documentation\n", None),
            ("echo '# pydoctor: ignore[x]'\n", None),
            ("a#pydoctor: ignore[x]\n", None),
            ("echo \"it's\" # pydoctor: ignore[x]\n", Some(("x", 1, ""))),
            (
                "\n\n\n\n\n\n\n\n\n\n# pydoctor: ignore-file[x]\na\n",
                Some(("x+`ignore-file` counts only in the first 10 lines of a file", 0, "")),
            ),
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
