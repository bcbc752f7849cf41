//! Making other people's text safe to show: nothing in it may steer the terminal or lie about its order.

use std::borrow::Cow;

pub(super) use crate::source::is_unsafe;

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
    for_terminal(&text.replace("\r\n", "^M\n")).into_owned()
}

/// `text` in lines of at most `width` characters where words allow it. Its own line ends stay; what stands between
/// backquotes is never broken, so that it can be copied, nor is a line that begins with a blank.
pub fn wrapped(text: &str, width: usize) -> String {
    let mut lines: Vec<String> = Vec::new();
    for line in text.lines() {
        if line.starts_with(' ') || line.chars().count() <= width {
            lines.push(line.to_owned());
            continue;
        }
        let (mut current, mut length) = (String::new(), 0);
        for word in words(line) {
            let more = word.chars().count();
            if length > 0 && length + 1 + more > width {
                lines.push(std::mem::take(&mut current));
                length = 0;
            }
            if length > 0 {
                current.push(' ');
                length += 1;
            }
            current.push_str(word);
            length += more;
        }
        lines.push(current);
    }
    lines.join("\n")
}

/// The words of a line; a blank between backquotes ends none.
fn words(line: &str) -> Vec<&str> {
    let mut words = Vec::new();
    let (mut start, mut quoted) = (0, false);
    for (at, byte) in line.bytes().enumerate() {
        quoted ^= byte == b'`';
        if byte == b' ' && !quoted {
            words.push(&line[start..at]);
            start = at + 1;
        }
    }
    words.push(&line[start..]);
    words
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn long_text_is_wrapped_but_commands_are_not() {
        let text = "run `module load python` first, then\n  indented as it stands, however long";
        assert_eq!(wrapped(text, 16), "run\n`module load python`\nfirst, then\n  indented as it stands, however long");
        assert_eq!(wrapped("a `b c", 3), "a\n`b c");
        assert_eq!(wrapped("", 3), "");
    }

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
