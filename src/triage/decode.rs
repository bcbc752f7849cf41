//! Bytes as text: the encodings in which logs and saved mails come.

use encoding_rs::{Encoding, UTF_16BE, UTF_16LE, WINDOWS_1252};

/// The text, or `None` for what is none. UTF-8 and UTF-16 with a mark are known for sure; what is not UTF-8 reads as
/// Windows-1252, which is never wrong about ASCII.
pub(super) fn text(bytes: &[u8]) -> Option<String> {
    if let Some((encoding, mark)) = Encoding::for_bom(bytes) {
        return Some(encoding.decode_without_bom_handling(&bytes[mark..]).0.into_owned());
    }
    if let Some(encoding) = utf16(bytes) {
        return Some(encoding.decode_without_bom_handling(bytes).0.into_owned());
    }
    if memchr::memchr(0, bytes).is_some() {
        return None;
    }
    match std::str::from_utf8(bytes) {
        Ok(text) => Some(text.to_owned()),
        Err(_) => Some(WINDOWS_1252.decode_without_bom_handling(bytes).0.into_owned()),
    }
}

/// UTF-16 without a mark: every other byte of Latin text is NUL.
fn utf16(bytes: &[u8]) -> Option<&'static Encoding> {
    let head = &bytes[..bytes.len().min(512)];
    let zeros = |from: usize| head.iter().skip(from).step_by(2).filter(|byte| **byte == 0).count();
    let half = head.len() / 2;
    if half < 4 {
        return None;
    }
    match (zeros(0) * 10 > half * 9, zeros(1) * 10 > half * 9) {
        (true, false) => Some(UTF_16BE),
        (false, true) => Some(UTF_16LE),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn encodings() {
        assert_eq!(text(b"\xef\xbb\xbfa\xc3\xa9").as_deref(), Some("aé"));
        assert_eq!(text(b"a\xe9 \x93q\x94").as_deref(), Some("aé “q”"));
        assert_eq!(text(b"\xff\xfea\0b\0").as_deref(), Some("ab"));
        let wide: Vec<u8> = "plain text".encode_utf16().flat_map(u16::to_le_bytes).collect();
        assert_eq!(text(&wide).as_deref(), Some("plain text"));
        assert_eq!(text(b"\x7fELF\0\0\x01\x02\xff"), None);
    }
}
