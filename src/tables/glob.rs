//! Globs: `*`, `?`, `[a-z]`, `[!a-z]`; `/` is a character like others.

/// True when the whole of `text` fits `pattern`. Linear in practice: one point of return, no recursion.
pub fn matches(pattern: &str, text: &str) -> bool {
    let pattern: Vec<char> = pattern.chars().collect();
    let text: Vec<char> = text.chars().collect();
    let (mut p, mut t) = (0, 0);
    let mut star: Option<(usize, usize)> = None;
    while t < text.len() {
        let step = match pattern.get(p) {
            Some('*') => {
                star = Some((p, t));
                p += 1;
                continue;
            }
            Some('?') => Some(1),
            Some('[') => class(&pattern[p..], text[t]),
            Some(letter) if *letter == text[t] => Some(1),
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
    pattern[p..].iter().all(|letter| *letter == '*')
}

/// The length of the class at the front of `pattern` when it holds `letter`.
fn class(pattern: &[char], letter: char) -> Option<usize> {
    let Some(close) = pattern.iter().skip(2).position(|c| *c == ']').map(|at| at + 2) else {
        return (letter == '[').then_some(1);
    };
    let negated = matches!(pattern.get(1), Some('!' | '^'));
    let inside = &pattern[1 + usize::from(negated)..close];
    let mut hit = false;
    let mut at = 0;
    while at < inside.len() {
        if at + 2 < inside.len() && inside[at + 1] == '-' {
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
        ] {
            assert_eq!(matches(pattern, text), expected, "{pattern} {text}");
        }
    }
}
