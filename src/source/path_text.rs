//! Paths as texts from which the very bytes can be had again: names need not be UTF-8.
//!
//! A byte that is none stands in the text as a character of its own, at the end of the last private plane, where no real
//! name has one. Nothing of it is shown to people.

use std::borrow::Cow;
use std::ffi::{OsStr, OsString};
use std::os::unix::ffi::{OsStrExt as _, OsStringExt as _};
use std::path::PathBuf;

/// The character of byte 0; those of the bytes from 0x80 on are used.
const FIRST: u32 = 0x10_FD00;

/// The text of a path or name.
pub fn text(path: impl AsRef<OsStr>) -> String {
    let mut text = String::new();
    for chunk in path.as_ref().as_bytes().utf8_chunks() {
        text.push_str(chunk.valid());
        text.extend(chunk.invalid().iter().filter_map(|byte| char::from_u32(FIRST + u32::from(*byte))));
    }
    text
}

/// The path that a text is of.
pub fn path(text: &str) -> PathBuf {
    let mut bytes = Vec::with_capacity(text.len());
    for character in text.chars() {
        match byte(character) {
            Some(byte) => bytes.push(byte),
            None => bytes.extend(character.encode_utf8(&mut [0; 4]).bytes()),
        }
    }
    OsString::from_vec(bytes).into()
}

/// The byte that a character stands for.
pub fn byte(character: char) -> Option<u8> {
    u32::from(character).checked_sub(FIRST).and_then(|byte| u8::try_from(byte).ok()).filter(|byte| *byte >= 0x80)
}

/// The text for people: a mark stands for what is not UTF-8.
pub fn shown(text: &str) -> Cow<'_, str> {
    match text.contains(|c| byte(c).is_some()) {
        true => Cow::Owned(text.replace(|c| byte(c).is_some(), "\u{FFFD}")),
        false => Cow::Borrowed(text),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_byte_comes_back() {
        let all: Vec<u8> = (1..=255).collect();
        for bytes in [b"caf\xc3\xa9 \xff\xfe/\x1b".as_slice(), b"", &all] {
            let name = OsStr::from_bytes(bytes);
            assert_eq!(path(&text(name)).as_os_str(), name);
        }
        assert_eq!(shown(&text(OsStr::from_bytes(b"a\xffb"))), "a\u{FFFD}b");
        assert_eq!(shown("plain"), "plain");
    }
}
