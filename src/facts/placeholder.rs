//! Words that a template or a document left to fill in, and variables in plain text.

/// How far a mark may reach, in bytes: it bounds the search for its end.
const REACH: usize = 200;

/// True for a value that a template or document left to fill in.
pub fn is_placeholder(text: &str) -> bool {
    // Most values are plain: numbers, times, words.
    if !text.bytes().any(|byte| !byte.is_ascii() || b"{<(%@[._?xX".contains(&byte)) {
        return false;
    }
    let inner = text.trim();
    let marked = ["{{", "{%", "<%", "%(", "(%", "@@"].iter().any(|mark| inner.contains(mark));
    let angled = inner.find('<').is_some_and(|at| ahead(&inner[at..]).find('>').is_some_and(|close| close > 1));
    let bracketed = inner.starts_with('[') && inner.ends_with(']') && inner.chars().any(char::is_alphabetic);
    let dots = !inner.is_empty() && inner.chars().all(|c| matches!(c, '.' | '…')) && inner != "." && inner != "..";
    let blanks = inner.len() >= 3 && inner.chars().all(|c| matches!(c, 'x' | 'X' | '?' | '_'));
    let wrapped = wrapped_name(inner, "__") || wrapped_name(inner, "@") || wrapped_name(inner, "%");
    marked || angled || bracketed || dots || blanks || wrapped || braced_name(inner) || inner.ends_with("...")
}

/// The word in a text of a policy that stands for one of the user's own: a folder in capitals (`/project/PI_NAME/…`)
/// that is no variable, or `<name>`.
pub fn to_fill(text: &str) -> Option<&str> {
    let folder = |(at, _): (usize, &str)| {
        let rest = &text[at + 1..];
        let capitals = rest.len() - rest.trim_start_matches(|c: char| c.is_ascii_uppercase() || c == '_').len();
        let word = rest.split(|c: char| !c.is_ascii_alphanumeric() && c != '_').next()?;
        (capitals >= 3).then_some(word)
    };
    let angled = |(at, _): (usize, &str)| {
        let end = mark_end(text, at, false)?;
        (!text[at..end].contains([' ', '/'])).then(|| &text[at..end])
    };
    text.match_indices('/').find_map(folder).or_else(|| text.match_indices('<').find_map(angled))
}

/// The first variable in a value (`$USER`, `${HOME}`, a leading `~`), with its bytes in `text`.
pub fn variable(text: &str) -> Option<(usize, usize)> {
    if text.starts_with('~') {
        return Some((0, 1));
    }
    let bytes = text.as_bytes();
    memchr::memchr_iter(b'$', bytes).find_map(|at| match bytes.get(at + 1)? {
        b'{' => ahead(&text[at..]).find('}').map(|close| (at, at + close + 1)),
        b'(' => ahead(&text[at..]).find(')').map(|close| (at, at + close + 1)).or(Some((at, text.len()))),
        c if c.is_ascii_alphabetic() || *c == b'_' => {
            let name = text[at + 1..].find(|c: char| !c.is_ascii_alphanumeric() && c != '_');
            Some((at, name.map_or(text.len(), |length| at + 1 + length)))
        }
        _ => None,
    })
}

/// The end of a template mark that begins at `at`: `{{ … }}`, `{% … %}`, `<…>`, `[…]`.
pub fn mark_end(line: &str, at: usize, brackets: bool) -> Option<usize> {
    let rest = ahead(&line[at..]);
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
        let rest = ahead(&text[at + 1..]);
        let inner = rest.split('}').next().unwrap_or("");
        let closed = rest.len() > inner.len();
        let name = inner.chars().next().is_some_and(|c| c.is_ascii_alphabetic() || c == '_')
            && inner.chars().all(|c| c.is_ascii_alphanumeric() || matches!(c, '_' | '.' | ':' | '-'));
        closed && name && before != Some('$')
    })
}

/// What stands in `{{ … }}` (or between other marks) in `text`: where it begins, and the text between the marks.
pub fn enclosed<'t>(text: &'t str, open: &'static str, close: &'static str) -> impl Iterator<Item = (usize, &'t str)> {
    text.match_indices(open).filter_map(move |(at, _)| {
        let rest = ahead(&text[at + open.len()..]);
        rest.find(close).map(|end| (at, &rest[..end]))
    })
}

/// The next [`REACH`] bytes at most.
fn ahead(text: &str) -> &str {
    let mut end = text.len().min(REACH);
    while !text.is_char_boundary(end) {
        end -= 1;
    }
    &text[..end]
}

#[cfg(test)]
mod tests {
    use super::*;

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

    #[test]
    fn words_to_fill_in() {
        let cases = [
            ("/project/PI_NAME/$USER/envs", Some("PI_NAME")),
            ("--prefix /fred/PROJECT", Some("PROJECT")),
            ("/ifs/groups/GROUPGrp/envs", Some("GROUPGrp")),
            ("cd <your-folder>", Some("<your-folder>")),
            ("$VSC_DATA/envs", None),
            ("/scratch/$USER", None),
            ("${HOME}/R/x", None),
            ("module load GCC/12.3", None),
            ("sort < in > out", None),
            ("a << EOF", None),
        ];
        for (text, word) in cases {
            assert_eq!(to_fill(text), word, "{text}");
        }
    }
}
