//! Sizes for people: bytes in the units that quotas are given in, and counts of files.

use crate::facts::Record;

use super::survey::Tally;

/// `3.2 GB`: units of 1024, as `du -h` and most quota tools count.
pub fn bytes(bytes: u64) -> String {
    const UNITS: [&str; 6] = ["bytes", "kB", "MB", "GB", "TB", "PB"];
    #[expect(clippy::cast_precision_loss, reason = "three digits are shown")]
    let mut value = bytes as f64;
    let mut unit = 0;
    while value >= 999.5 && unit + 1 < UNITS.len() {
        value /= 1024.0;
        unit += 1;
    }
    let digits = usize::from(unit > 0 && value < 9.95);
    format!("{value:.digits$} {}", UNITS[unit])
}

/// `41,000`.
pub fn grouped(number: u64) -> String {
    let digits = number.to_string();
    let mut text = String::new();
    for (index, digit) in digits.chars().enumerate() {
        if index > 0 && (digits.len() - index).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

/// `3.2 GB in 41,000 files`.
pub fn tally(tally: Tally) -> String {
    let files = if tally.files == 1 { "file" } else { "files" };
    format!("{} in {} {files}", bytes(tally.bytes), grouped(tally.files))
}

/// Reads a size as site files give it: `30 GB`, `15 GiB`, `100 TB`; units of 1024.
pub fn parse(text: &str) -> Option<u64> {
    let text = text.trim();
    let split = text.find(|c: char| !c.is_ascii_digit() && c != '.')?;
    let (number, unit) = text.split_at(split);
    let factor = match unit.trim().trim_end_matches('B').trim_end_matches('i') {
        "" => 1_u64,
        "k" | "K" => 1 << 10,
        "M" => 1 << 20,
        "G" => 1 << 30,
        "T" => 1 << 40,
        "P" => 1 << 50,
        _ => return None,
    };
    let number: f64 = number.parse().ok()?;
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, clippy::cast_precision_loss, reason = "quotas")]
    let bytes = (number * factor as f64) as u64;
    Some(bytes)
}

/// Sets `files`, `bytes` and `size`.
pub fn set(record: &mut Record, of: Tally) {
    let number = |number: u64| i64::try_from(number).unwrap_or(i64::MAX);
    record.set("files", number(of.files)).set("bytes", number(of.bytes)).set("size", tally(of));
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sizes_read_as_people_write_them() {
        for (number, text) in
            [(0, "0 bytes"), (999, "999 bytes"), (1024, "1.0 kB"), (3 << 30, "3.0 GB"), (15 << 30, "15 GB")]
        {
            assert_eq!(bytes(number), text);
        }
        assert_eq!(grouped(41_000), "41,000");
        assert_eq!(grouped(999), "999");
        for (text, number) in
            [("30 GB", Some(30 << 30)), ("15GiB", Some(15 << 30)), ("1.5 TB", Some(3 << 39)), ("many", None)]
        {
            assert_eq!(parse(text), number, "{text}");
        }
    }
}
