//! Text in XML 1.0, which forbids most control characters even as references.

use std::fmt::{self, Display, Formatter, Write};

use super::text::is_unsafe;

/// A text inside an element or between double quotes. Line ends and tabs stay what they are when it is read back,
/// also in attributes; what XML cannot carry, or would turn or hide text, is U+FFFD.
pub struct Escaped<'a>(pub &'a str);

impl Display for Escaped<'_> {
    fn fmt(&self, out: &mut Formatter<'_>) -> fmt::Result {
        for character in self.0.chars() {
            match character {
                '&' => out.write_str("&amp;")?,
                '<' => out.write_str("&lt;")?,
                '>' => out.write_str("&gt;")?,
                '"' => out.write_str("&quot;")?,
                '\t' => out.write_str("&#9;")?,
                '\n' => out.write_str("&#10;")?,
                '\u{FFFE}' | '\u{FFFF}' => out.write_char('\u{FFFD}')?,
                other if is_unsafe(other) => out.write_char('\u{FFFD}')?,
                other => out.write_char(other)?,
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_breaks_out_and_nothing_is_left_that_xml_forbids() {
        let text = Escaped("a\"b'<c>&\u{0}\u{1b}\r\n\u{FFFE}é").to_string();
        assert_eq!(text, "a&quot;b'&lt;c&gt;&amp;\u{FFFD}\u{FFFD}\u{FFFD}&#10;\u{FFFD}é");
    }
}
