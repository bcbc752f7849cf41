//! Text as one word of a shell, for commands that people paste.

use crate::source::{is_unsafe, path_text};

/// `text` as a word that every shell reads as just this text; a leading `$HOME` is the home, written `~`. What cannot be
/// shown, and bytes of a path that are no UTF-8 (`path_text`), stand as `$'\033'`, which bash and zsh know.
pub fn quoted(text: &str) -> String {
    let plain = |c: char| c.is_alphanumeric() || "/._-+,@%:".contains(c);
    let below = text.strip_prefix("$HOME").filter(|below| below.is_empty() || below.starts_with('/'));
    let (home, rest) = below.map_or(("", text), |below| ("~", below));
    if home.is_empty() && rest.is_empty() {
        return "''".to_owned();
    }
    let mut word = home.to_owned();
    let mut coded = false;
    for character in rest.chars() {
        let code = code(character);
        if coded != code.is_some() {
            word.push_str(if coded { "'" } else { "$'" });
        }
        coded = code.is_some();
        match code {
            Some(code) => word.push_str(&code),
            None if plain(character) => word.push(character),
            None => word.extend(['\\', character]),
        }
    }
    if coded {
        word.push('\'');
    }
    word
}

/// How bash writes a character that cannot be shown; `None` for all others.
fn code(character: char) -> Option<String> {
    match (character, path_text::byte(character)) {
        ('\n', _) => Some("\\n".to_owned()),
        ('\t', _) => Some("\\t".to_owned()),
        (_, Some(byte)) => Some(format!("\\{byte:03o}")),
        _ if is_unsafe(character) => {
            Some(character.encode_utf8(&mut [0; 4]).bytes().map(|byte| format!("\\{byte:03o}")).collect())
        }
        _ => None,
    }
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

    #[test]
    fn what_cannot_be_shown_is_written_in_numbers() {
        assert_eq!(quoted("$HOME/a\x1b[31m\t\u{202e}é"), "~/a$'\\033'\\[31m$'\\t\\342\\200\\256'é");
        let bytes: &std::ffi::OsStr = std::os::unix::ffi::OsStrExt::from_bytes(b"a\xffb\xfe");
        assert_eq!(quoted(&path_text::text(bytes)), "a$'\\377'b$'\\376'");
    }
}
