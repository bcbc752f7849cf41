//! Making other people's text safe to show: nothing in it may steer the terminal or lie about its order.

use std::borrow::Cow;

/// `text` with control characters as `?`, and characters that turn or hide text as U+FFFD, each of equal
/// length in bytes so that offsets stay. Tabs and line feeds are kept.
pub fn for_terminal(text: &str) -> Cow<'_, str> {
    if !text.chars().any(is_unsafe) {
        return Cow::Borrowed(text);
    }
    let mut safe = String::with_capacity(text.len());
    for character in text.chars() {
        match (is_unsafe(character), character.len_utf8()) {
            (false, _) => safe.push(character),
            (true, length @ (3 | 4)) => {
                safe.push('\u{FFFD}');
                safe.extend((3..length).map(|_| '?'));
            }
            (true, length) => safe.extend((0..length).map(|_| '?')),
        }
    }
    Cow::Owned(safe)
}

/// The same for bytes that need not be UTF-8; those that are not show as `?`. A carriage return before a
/// line feed shows as `^M`.
pub fn bytes_for_terminal(bytes: &[u8]) -> String {
    let mut text = String::with_capacity(bytes.len());
    for chunk in bytes.utf8_chunks() {
        text.push_str(chunk.valid());
        text.extend(chunk.invalid().iter().map(|_| '?'));
    }
    if let Some(line) = text.strip_suffix("\r\n") {
        return format!("{}^M\n", for_terminal(line));
    }
    for_terminal(&text).into_owned()
}

/// Control characters, and what is invisible or changes the direction of what follows.
pub(super) fn is_unsafe(character: char) -> bool {
    match character {
        '\t' | '\n' => false,
        '\u{AD}' | '\u{61C}' | '\u{180E}' | '\u{FEFF}' => true,
        '\u{200B}'..='\u{200F}' | '\u{2028}'..='\u{202E}' | '\u{2060}'..='\u{206F}' => true,
        '\u{FFF9}'..='\u{FFFB}' | '\u{E0000}'..='\u{E0FFF}' => true,
        _ => character.is_control(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_that_steers_a_terminal_is_left_and_lengths_stay() {
        for (text, expected) in [
            ("plain é\t\n", "plain é\t\n"),
            ("a\x1b[31mb\x07\r", "a?[31mb??"),
            ("\u{9b}31m", "??31m"),
            ("x\u{202e}y\u{200b}", "x\u{FFFD}y\u{FFFD}"),
            ("\u{E0041}", "\u{FFFD}?"),
            ("\u{7f}", "?"),
        ] {
            assert_eq!(for_terminal(text), expected);
            assert_eq!(for_terminal(text).len(), text.len());
        }
        assert_eq!(bytes_for_terminal(b"a\xff\x1b\r\n"), "a??^M\n");
    }
}
