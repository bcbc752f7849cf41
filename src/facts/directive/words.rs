//! Splitting a directive line into words, with the place of each, and telling the marks of templates.

/// A word of a line: its text without quotes, and its bytes in the line with them.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Word {
    pub(super) text: String,
    pub(super) start: usize,
    pub(super) end: usize,
}

/// How a scheduler cuts a line into words.
#[derive(Clone, Copy, Debug)]
pub(super) struct Splitting {
    /// A `#` ends the line even inside a word (else only at the start of one).
    pub(super) comment_in_word: bool,
    /// `[` with words inside is a template's mark (in LSF it is syntax).
    pub(super) brackets: bool,
}

/// Cuts `line[from..]` into words. Quotes and backslashes are taken away; template marks with blanks inside
/// (`<account name>`, `{{ nodes }}`) stay one word.
pub(super) fn split(line: &str, from: usize, how: Splitting) -> Vec<Word> {
    let mut words = Vec::new();
    let mut word: Option<Word> = None;
    let mut quote: Option<char> = None;
    let mut at = from;
    while let Some(c) = line.get(at..).and_then(|rest| rest.chars().next()) {
        let next = at + c.len_utf8();
        if quote.is_none() && c.is_whitespace() {
            words.extend(word.take());
            at = next;
            continue;
        }
        if quote.is_none() && c == '#' && (how.comment_in_word || word.is_none()) {
            break;
        }
        if quote.is_none()
            && let Some(end) = template_mark(line, at, how.brackets)
        {
            push(&mut word, &line[at..end], at, end);
            at = end;
            continue;
        }
        at = next;
        match (quote, c) {
            (Some(open), c) if c == open => {
                quote = None;
                push(&mut word, "", next - 1, next);
            }
            (None, '"' | '\'') => {
                quote = Some(c);
                push(&mut word, "", next - 1, next);
            }
            (None | Some('"'), '\\') => at = escaped(line, next, &mut word),
            _ => push(&mut word, &line[next - c.len_utf8()..next], next - c.len_utf8(), next),
        }
    }
    words.extend(word);
    words
}

/// True for a value that a template or document left to fill in.
pub(super) fn is_placeholder(text: &str) -> bool {
    let inner = text.trim();
    let marked = ["{{", "{%", "<%", "%(", "(%", "@@"].iter().any(|mark| inner.contains(mark));
    let angled = inner.find('<').is_some_and(|at| inner[at..].find('>').is_some_and(|close| close > 1));
    let bracketed = inner.starts_with('[') && inner.ends_with(']') && inner.chars().any(char::is_alphabetic);
    let dots = !inner.is_empty() && inner.chars().all(|c| matches!(c, '.' | '…')) && inner != "." && inner != "..";
    let blanks = inner.len() >= 3 && inner.chars().all(|c| matches!(c, 'x' | 'X' | '?' | '_'));
    let wrapped = wrapped_name(inner, "__") || wrapped_name(inner, "@") || wrapped_name(inner, "%");
    marked || angled || bracketed || dots || blanks || wrapped || braced_name(inner) || inner.ends_with("...")
}

/// The first variable in a value (`$USER`, `${HOME}`, a leading `~`), with its bytes in `text`.
pub(super) fn variable(text: &str) -> Option<(usize, usize)> {
    if text.starts_with('~') {
        return Some((0, 1));
    }
    let bytes = text.as_bytes();
    memchr::memchr_iter(b'$', bytes).find_map(|at| match bytes.get(at + 1)? {
        b'{' => text[at..].find('}').map(|close| (at, at + close + 1)),
        b'(' => text[at..].find(')').map(|close| (at, at + close + 1)).or(Some((at, text.len()))),
        c if c.is_ascii_alphabetic() || *c == b'_' => {
            let name = text[at + 1..].find(|c: char| !c.is_ascii_alphanumeric() && c != '_');
            Some((at, name.map_or(text.len(), |length| at + 1 + length)))
        }
        _ => None,
    })
}

/// The end of a template mark that begins at `at`: `{{ … }}`, `{% … %}`, `<…>`, `[…]`.
fn template_mark(line: &str, at: usize, brackets: bool) -> Option<usize> {
    let rest = &line[at..];
    for (open, close) in [("{{", "}}"), ("{%", "%}"), ("<%", "%>")] {
        if rest.starts_with(open) {
            return rest.find(close).map(|end| at + end + close.len());
        }
    }
    let (open, close) = match rest.as_bytes().first()? {
        b'<' => ('<', '>'),
        b'[' if brackets && matches!(line[..at].chars().next_back(), Some(' ' | '\t' | '=')) => ('[', ']'),
        _ => return None,
    };
    let inner = &rest[1..1 + rest[1..].find(close)?];
    let words = inner.chars().next().is_some_and(|c| c.is_alphabetic() || c == '_') && !inner.contains(open);
    words.then_some(at + inner.len() + 2)
}

/// `__NAME__`, `@NAME@`.
fn wrapped_name(text: &str, mark: &str) -> bool {
    let inner = text.strip_prefix(mark).and_then(|rest| rest.strip_suffix(mark));
    inner.is_some_and(|name| !name.is_empty() && name.chars().all(|c| c.is_ascii_alphanumeric() || c == '_'))
}

/// `{name}` as Python's `format` takes it, not `${name}`, not `{1,2}`.
fn braced_name(text: &str) -> bool {
    text.match_indices('{').any(|(at, _)| {
        let before = text[..at].chars().next_back();
        let inner = text[at + 1..].split('}').next().unwrap_or("");
        let closed = text[at + 1..].len() > inner.len();
        let name = inner.chars().next().is_some_and(|c| c.is_ascii_alphabetic() || c == '_')
            && inner.chars().all(|c| c.is_ascii_alphanumeric() || matches!(c, '_' | '.' | ':' | '-'));
        closed && name && before != Some('$')
    })
}

/// Takes the character after a backslash; a line end after it joins the lines.
fn escaped(line: &str, at: usize, word: &mut Option<Word>) -> usize {
    let rest = &line[at..];
    if let Some(length) = ["\r\n", "\n"].iter().find(|end| rest.starts_with(**end)).map(|end| end.len()) {
        return at + length;
    }
    let Some(c) = rest.chars().next() else {
        return at;
    };
    let end = at + c.len_utf8();
    push(word, &line[at..end], at - 1, end);
    end
}

fn push(word: &mut Option<Word>, text: &str, start: usize, end: usize) {
    let word = word.get_or_insert_with(|| Word { start, ..Word::default() });
    word.text.push_str(text);
    word.end = end;
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_keep_templates_whole_and_lose_quotes() {
        let how = Splitting { comment_in_word: true, brackets: true };
        let texts = |line| split(line, 0, how).into_iter().map(|word| word.text).collect::<Vec<_>>();
        assert_eq!(texts("-J 'a b' --mem=4G# x"), ["-J", "a b", "--mem=4G"]);
        assert_eq!(texts("--time={{ time }} -A <budget code>"), ["--time={{ time }}", "-A", "<budget code>"]);
        assert_eq!(texts("-A [budget code] --array=[1-3]"), ["-A", "[budget code]", "--array=[1-3]"]);
        assert_eq!(texts("-l a:\\\nb c"), ["-l", "a:b", "c"]);
        assert_eq!(texts("-J \"open"), ["-J", "open"]);
    }

    #[test]
    fn placeholders_and_variables() {
        for text in ["<account>", "{{ x }}", "[budget code]", "...", "__N__", "@N@", "{account}", "XXXX", "x<id>"] {
            assert!(is_placeholder(text), "{text}");
        }
        for text in ["node[01-04]", "1-10%2", "${USER}", ".", "..", "a_b", "out.%j", "{1,2}", "5", "x"] {
            assert!(!is_placeholder(text), "{text}");
        }
        assert_eq!(variable("logs/$USER.out"), Some((5, 10)));
        assert_eq!(variable("${HOME}/x"), Some((0, 7)));
        assert_eq!(variable("~/x"), Some((0, 1)));
        assert_eq!(variable("cost 5$"), None);
    }
}
