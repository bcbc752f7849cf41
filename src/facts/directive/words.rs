//! Splitting a directive line into words, with the place of each.

use crate::facts::placeholder::mark_end;

/// A word of a line: its text without quotes, and its bytes in the line with them.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Word {
    pub(super) text: String,
    pub(super) start: usize,
    pub(super) end: usize,
    /// How many bytes at the front of the text stand in the line as they are.
    exact: usize,
}

impl Word {
    /// Where the first `length` bytes of the text end in the line; the end of the word where a quote or a backslash
    /// among them was taken away.
    pub(super) fn boundary(&self, length: usize) -> usize {
        if length <= self.exact { self.start + length } else { self.end }
    }
}

/// How a scheduler cuts a line into words.
#[derive(Clone, Copy, Debug)]
pub(super) struct Splitting {
    /// A `#` ends the line even inside a word (else only at the start of one).
    pub(super) comment_in_word: bool,
    /// `[` with words inside is a template's mark (in LSF it is syntax).
    pub(super) brackets: bool,
    /// A backslash counts in single quotes too, and does not keep a blank in the word: Slurm's way.
    pub(super) slurm_escapes: bool,
    /// `$(…)` is filled in before: one word, whatever stands in it.
    pub(super) substitutions: bool,
}

/// Cuts `line[from..]` into words. Quotes and backslashes are taken away; template marks with blanks inside
/// (`<account name>`, `{{ nodes }}`) stay one word. The flag says that a quote is left open.
pub(super) fn split(line: &str, from: usize, how: Splitting) -> (Vec<Word>, bool) {
    let mut words = Vec::new();
    let mut word: Option<Word> = None;
    let mut quote: Option<char> = None;
    let mut at = from;
    while let Some(c) = line.get(at..).and_then(|rest| rest.chars().next()) {
        let plain = plain_length(&line[at..]);
        if plain > 0 {
            push(&mut word, &line[at..at + plain], at, at + plain);
            at += plain;
            continue;
        }
        let next = at + c.len_utf8();
        if quote.is_none() && c.is_whitespace() {
            words.extend(word.take());
            at = next;
            continue;
        }
        if quote.is_none() && c == '#' && (how.comment_in_word || (word.is_none() && !is_address(&line[at..]))) {
            break;
        }
        if quote.is_none()
            && let Some(end) = mark_end(line, at, how.brackets)
                .or_else(|| how.substitutions.then(|| substitution_end(line, at)).flatten())
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
            (_, '\\') if how.slurm_escapes => {
                let blank = line[next..].starts_with([' ', '\t']);
                at = if quote.is_none() && blank { next } else { escaped(line, next, &mut word) };
            }
            (None | Some('"'), '\\') => at = escaped(line, next, &mut word),
            _ => push(&mut word, &line[next - c.len_utf8()..next], next - c.len_utf8(), next),
        }
    }
    words.extend(word);
    (words, quote.is_some())
}

/// How many bytes at the front mean nothing but themselves, in quotes or not.
fn plain_length(text: &str) -> usize {
    let is_plain = |byte: &u8| byte.is_ascii_alphanumeric() || b"-_=.,:/%+@".contains(byte);
    text.bytes().position(|byte| !is_plain(&byte)).unwrap_or(text.len())
}

/// The end of a `$(…)` that begins at `at`.
fn substitution_end(line: &str, at: usize) -> Option<usize> {
    let rest = line[at..].strip_prefix("$(")?;
    let mut depth = 1usize;
    for (index, c) in rest.char_indices() {
        match c {
            '(' => depth += 1,
            ')' if depth == 1 => return Some(at + 2 + index + 1),
            ')' => depth -= 1,
            _ => {}
        }
    }
    None
}

/// `####@####.org`: an address blotted out, no comment.
fn is_address(rest: &str) -> bool {
    rest.split_whitespace().next().is_some_and(|word| word.contains('@'))
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
    if word.exact == word.text.len() && start == word.start + word.exact && end == start + text.len() {
        word.exact += text.len();
    }
    word.text.push_str(text);
    word.end = end;
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_keep_templates_whole_and_lose_quotes() {
        let how = Splitting { comment_in_word: true, brackets: true, slurm_escapes: false, substitutions: false };
        let texts = |line| split(line, 0, how).0.into_iter().map(|word| word.text).collect::<Vec<_>>();
        assert_eq!(texts("-J 'a b' --mem=4G# x"), ["-J", "a b", "--mem=4G"]);
        assert_eq!(texts("--time={{ time }} -A <budget code>"), ["--time={{ time }}", "-A", "<budget code>"]);
        assert_eq!(texts("-A [budget code] --array=[1-3]"), ["-A", "[budget code]", "--array=[1-3]"]);
        assert_eq!(texts("-l a:\\\nb c"), ["-l", "a:b", "c"]);
        assert_eq!(texts("-J \"open"), ["-J", "open"]);
        assert!(split("-J \"open", 0, how).1);
        let boundary = |line, length| split(line, 0, how).0[0].boundary(length);
        assert_eq!((boundary("-q\"short\"", 2), boundary("-\\é4", 3), boundary("'-q'4", 2)), (2, 5, 5));
    }

    #[test]
    fn words_as_slurm_cuts_them() {
        // Each pair was tried on sbatch 22.05.
        let how = Splitting { comment_in_word: true, brackets: true, slurm_escapes: true, substitutions: false };
        for (line, expected) in [
            (r"J=a\ b", &["J=a", "b"][..]),
            (r#"J=a\"b"#, &["J=a\"b"]),
            (r"J=a\\b", &[r"J=a\b"]),
            (r#"J="a\"b""#, &["J=a\"b"]),
            (r"J='a\b'", &["J=ab"]),
            (r"J=a\#b", &["J=a#b"]),
            (r"J=a\", &["J=a"]),
            (r##"J="a#b""##, &["J=a#b"]),
            (r#"J=a"b c"d'e f'"#, &["J=ab cde f"]),
            ("J=a;b", &["J=a;b"]),
            ("J=a#b", &["J=a"]),
        ] {
            let words: Vec<String> = split(line, 0, how).0.into_iter().map(|word| word.text).collect();
            assert_eq!(words, expected, "{line}");
        }
    }
}
