//! Globs: `*`, `?`, `[a-z]`, `[!a-z]`; `/` is a character like others.

/// True when the whole of `text` fits `pattern`. Linear in practice: one point of return, no recursion.
pub fn matches(pattern: &str, text: &str) -> bool {
    // Most pairs differ at the first letter.
    let first = pattern.as_bytes().first().filter(|first| !matches!(first, b'*' | b'?' | b'['));
    if first.is_some_and(|first| text.as_bytes().first() != Some(first)) {
        return false;
    }
    if pattern.is_ascii() && text.is_ascii() {
        return fits(pattern.as_bytes(), text.as_bytes());
    }
    let pattern: Vec<char> = pattern.chars().collect();
    let text: Vec<char> = text.chars().collect();
    fits(&pattern, &text)
}

/// The longest run of a glob without wildcards.
pub fn plain_part(glob: &str) -> &str {
    let outside = glob.split('[').enumerate().map(|(index, part)| match part.split_once(']') {
        Some((_, after)) if index > 0 => after,
        _ => part,
    });
    outside.flat_map(|part| part.split(['*', '?'])).max_by_key(|part| part.len()).unwrap_or("")
}

/// The same for letters: bytes of ASCII text, which is nearly all, or characters.
fn fits<T: Copy + Ord + From<u8>>(pattern: &[T], text: &[T]) -> bool {
    let sign = |byte: u8| T::from(byte);
    let (mut p, mut t) = (0, 0);
    let mut star: Option<(usize, usize)> = None;
    while t < text.len() {
        let step = match pattern.get(p).copied() {
            Some(letter) if letter == sign(b'*') => {
                star = Some((p, t));
                p += 1;
                continue;
            }
            Some(letter) if letter == sign(b'?') => Some(1),
            Some(letter) if letter == sign(b'[') => class(&pattern[p..], text[t]),
            Some(letter) if letter == text[t] => Some(1),
            _ => None,
        };
        match (step, star) {
            (Some(length), _) => {
                p += length;
                t += 1;
            }
            (None, Some((star_p, star_t))) => {
                p = star_p + 1;
                t = star_t + 1;
                star = Some((star_p, t));
            }
            (None, None) => return false,
        }
    }
    pattern[p..].iter().all(|letter| *letter == sign(b'*'))
}

/// The length of the class at the front of `pattern` when it holds `letter`.
fn class<T: Copy + Ord + From<u8>>(pattern: &[T], letter: T) -> Option<usize> {
    let sign = |byte: u8| T::from(byte);
    let Some(close) = pattern.iter().skip(2).position(|c| *c == sign(b']')).map(|at| at + 2) else {
        return (letter == sign(b'[')).then_some(1);
    };
    let negated = pattern.get(1).is_some_and(|second| *second == sign(b'!') || *second == sign(b'^'));
    let inside = &pattern[1 + usize::from(negated)..close];
    let mut hit = false;
    let mut at = 0;
    while at < inside.len() {
        if at + 2 < inside.len() && inside[at + 1] == sign(b'-') {
            hit |= (inside[at]..=inside[at + 2]).contains(&letter);
            at += 3;
        } else {
            hit |= inside[at] == letter;
            at += 1;
        }
    }
    (hit != negated).then_some(close + 1)
}

#[cfg(test)]
mod tests {
    use super::matches;

    #[test]
    fn globs() {
        for (pattern, text, expected) in [
            ("python[0-9]*", "python3.11", true),
            ("python[0-9]*", "python", false),
            ("*conda*", "miniconda3", true),
            ("a?c", "abc", true),
            ("a*b*c", "aXbYc", true),
            ("a*b*c", "aXbY", false),
            ("", "", true),
            ("*", "", true),
            ("[!a]b", "cb", true),
            ("[!a]b", "ab", false),
            ("é?c*", "éüc", true),
            ("[é]", "e", false),
        ] {
            assert_eq!(matches(pattern, text), expected, "{pattern} {text}");
        }
    }
}
