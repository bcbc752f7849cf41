//! Text as one word of a shell, for commands that people paste.

/// `text` as a word that every shell reads as just this text; a leading `$HOME` is the home, written `~`.
pub fn quoted(text: &str) -> String {
    let plain = |c: char| c.is_alphanumeric() || "/._-+,@%:".contains(c);
    let below = text.strip_prefix("$HOME").filter(|below| below.is_empty() || below.starts_with('/'));
    let (home, rest) = below.map_or(("", text), |below| ("~", below));
    if home.is_empty() && rest.is_empty() {
        return "''".to_owned();
    }
    let escaped: String = rest.chars().flat_map(|c| (!plain(c)).then_some('\\').into_iter().chain([c])).collect();
    // A line end cannot be escaped: the shell would drop it.
    format!("{home}{}", escaped.replace("\\\n", "$'\\n'"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_text_is_one_word_whatever_is_in_it() {
        assert_eq!(quoted("$HOME/a b/$(rm)"), "~/a\\ b/\\$\\(rm\\)");
        assert_eq!(quoted("a\nb;c"), "a$'\\n'b\\;c");
        assert_eq!((quoted("$HOME").as_str(), quoted("$HOMES").as_str(), quoted("").as_str()), ("~", "\\$HOMES", "''"));
    }
}
