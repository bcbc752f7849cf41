//! Writing JSON that is safe to show: what could steer a terminal or hide text is escaped.

use std::io::{self, BufWriter, Write};

use rayon::prelude::*;
use serde::Serialize;
use serde::ser::{Error, SerializeSeq};
use serde_json::Serializer;
use serde_json::ser::{CompactFormatter, Formatter, PrettyFormatter};
use serde_json::value::to_raw_value;

use super::text::is_unsafe;

/// So many bytes are held back: enough to spare most calls, and a report is still written as it is made.
const BUFFER: usize = 512;

/// Writes `value` on one line, without line feed. Errors are those of `out`.
pub fn compact(value: &impl Serialize, out: &mut dyn Write) -> io::Result<()> {
    with(value, CompactFormatter, out)
}

/// Writes `value` for people, without line feed. Errors are those of `out`.
pub fn pretty(value: &impl Serialize, out: &mut dyn Write) -> io::Result<()> {
    with(value, PrettyFormatter::new(), out)
}

fn with(value: &impl Serialize, formatter: impl Formatter, out: &mut dyn Write) -> io::Result<()> {
    // Text is written in very small pieces.
    let mut out = BufWriter::with_capacity(BUFFER, out);
    let mut serializer = Serializer::with_formatter(&mut out, Safe(formatter));
    value.serialize(&mut serializer).map_err(io::Error::from)?;
    out.flush()
}

/// A list of a compact document that is made while it is written, part by part: reports may be long. On a thread of a
/// pool all its threads help.
pub struct Each<'a, T, U>(pub &'a [T], pub fn(&'a T) -> U);

/// So many of them at most are made by one thread before others may take what is left.
const AT_ONCE: usize = 64;

/// So many items are made before they are written.
const PART: usize = 512;

impl<'a, T: Sync, U: Serialize> Serialize for Each<'a, T, U> {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let Self(items, make) = *self;
        if rayon::current_thread_index().is_none() {
            return serializer.collect_seq(items.iter().map(make));
        }
        let made = |part: &'a [T]| -> Vec<_> {
            part.par_iter().with_max_len(AT_ONCE).map(|item| to_raw_value(&make(item))).collect()
        };
        let mut list = serializer.serialize_seq(Some(items.len()))?;
        let mut parts = items.chunks(PART);
        let mut texts = parts.next().map(made);
        // While one part is written, the next is made.
        while let Some(ready) = texts.take() {
            rayon::in_place_scope(|scope| {
                if let Some(part) = parts.next() {
                    scope.spawn(|_| texts = Some(made(part)));
                }
                ready.into_iter().try_for_each(|text| list.serialize_element(&text.map_err(S::Error::custom)?))
            })?;
        }
        list.end()
    }
}

/// A formatter with safe strings.
struct Safe<F>(F);

/// Hands the layout on to the formatter inside.
macro_rules! same {
    ($($name:ident($($argument:ident: $kind:ty),*)),* $(,)?) => {
        $(fn $name<W: ?Sized + Write>(&mut self, writer: &mut W $(, $argument: $kind)*) -> io::Result<()> {
            self.0.$name(writer $(, $argument)*)
        })*
    };
}

impl<F: Formatter> Formatter for Safe<F> {
    same! {
        begin_array(), end_array(), begin_array_value(first: bool), end_array_value(),
        begin_object(), end_object(), begin_object_key(first: bool), end_object_key(),
        begin_object_value(), end_object_value(),
    }

    /// What was made apart is made safe only now: what is unsafe in it stands in strings.
    fn write_raw_fragment<W: ?Sized + Write>(&mut self, writer: &mut W, fragment: &str) -> io::Result<()> {
        self.write_string_fragment(writer, fragment)
    }

    fn write_string_fragment<W: ?Sized + Write>(&mut self, writer: &mut W, fragment: &str) -> io::Result<()> {
        // Most text is plain. All of a part is looked at without a branch.
        let is_plain = |part: &[u8]| part.iter().fold(true, |plain, byte| plain & matches!(byte, b' '..=b'~'));
        if fragment.as_bytes().chunks(32).all(is_plain) {
            return writer.write_all(fragment.as_bytes());
        }
        let mut rest = fragment;
        while let Some(at) = rest.find(is_unsafe) {
            writer.write_all(&rest.as_bytes()[..at])?;
            let length = rest[at..].chars().next().map_or(1, char::len_utf8);
            for unit in rest[at..at + length].encode_utf16() {
                write!(writer, "\\u{unit:04x}")?;
            }
            rest = &rest[at + length..];
        }
        writer.write_all(rest.as_bytes())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn unsafe_characters_are_escaped_and_read_back_the_same() {
        let text = "é\u{1b}[2J\u{9b}\u{202e}\u{E0041}\u{7f}\n";
        let mut out = Vec::new();
        compact(&[text], &mut out).unwrap();
        assert_eq!(String::from_utf8_lossy(&out), r#"["é\u001b[2J\u009b\u202e\udb40\udc41\u007f\n"]"#);
        assert_eq!(serde_json::from_slice::<Vec<String>>(&out).unwrap(), [text]);
        let many = vec![text.to_owned(); 10_000];
        let each = Each(&many, |text| [text]);
        let (mut alone, mut together) = (Vec::new(), Vec::new());
        compact(&each, &mut alone).unwrap();
        let pool = rayon::ThreadPoolBuilder::new().num_threads(2).build().unwrap();
        pool.install(|| compact(&each, &mut together)).unwrap();
        assert_eq!(String::from_utf8_lossy(&alone), String::from_utf8_lossy(&together));
        let mut out = Vec::new();
        pretty(&serde_json::json!({ "a": ["\u{202e}"] }), &mut out).unwrap();
        assert_eq!(String::from_utf8_lossy(&out), "{\n  \"a\": [\n    \"\\u202e\"\n  ]\n}");
    }
}
