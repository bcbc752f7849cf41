//! Globs on names: `*`, `?`, `[a-z]`; `/` is a character like others.

/// True when the whole of `text` matches `pattern`. Linear in practice, never worse than their product.
pub(super) fn matches(pattern: &str, text: &str) -> bool {
    let (pattern, text): (Vec<char>, Vec<char>) = (pattern.chars().collect(), text.chars().collect());
    let (mut p, mut t) = (0, 0);
    // Where to go back to: the place after the last `*`, and the text it was tried on.
    let mut retry: Option<(usize, usize)> = None;
    while t < text.len() {
        if pattern.get(p) == Some(&'*') {
            retry = Some((p + 1, t));
            p += 1;
        } else if let Some(next) = one(&pattern, p, text[t]) {
            p = next;
            t += 1;
        } else if let Some((after, from)) = retry {
            retry = Some((after, from + 1));
            p = after;
            t = from + 1;
        } else {
            return false;
        }
    }
    pattern[p..].iter().all(|c| *c == '*')
}

/// The place after the element at `p` when that matches `c`.
fn one(pattern: &[char], p: usize, c: char) -> Option<usize> {
    match pattern.get(p)? {
        '?' => Some(p + 1),
        '[' => {
            let close = p + 1 + pattern[p + 1..].iter().position(|c| *c == ']')?;
            let set = &pattern[p + 1..close];
            let mut index = 0;
            while index < set.len() {
                let range = set.get(index + 1) == Some(&'-') && index + 2 < set.len();
                let (low, high) = if range { (set[index], set[index + 2]) } else { (set[index], set[index]) };
                if (low..=high).contains(&c) {
                    return Some(close + 1);
                }
                index += if range { 3 } else { 1 };
            }
            None
        }
        other => (*other == c).then_some(p + 1),
    }
}

#[cfg(test)]
mod tests {
    use super::matches;

    #[test]
    fn stars_sets_and_ranges() {
        for (pattern, text, expected) in [
            ("python/*", "python/3.11", true),
            ("python/*", "python", false),
            ("*anaconda*", "python/2.7-anaconda", true),
            ("python[0-9]*", "python3", true),
            ("python[0-9]*", "python/3", false),
            ("intel/20[0-9][0-9][ab]", "intel/2023a", true),
            ("a*b*c", "axxbxxbc", true),
            ("a*b*c", "axxbxxb", false),
            ("[", "[", false),
        ] {
            assert_eq!(matches(pattern, text), expected, "{pattern} {text}");
        }
    }
}
