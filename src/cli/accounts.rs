//! The accounts of this machine, as `passwd` lists them.

use std::fs;

const PASSWD: &str = "/etc/passwd";
const FIRST_OF_PEOPLE: u32 = 1000;
const NOBODY: u32 = 65_534;

/// One of them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Entry {
    /// Its name.
    pub(super) name: String,
    /// Its number.
    pub(super) number: u32,
    /// The path of its home; empty where none is told.
    pub(super) home: String,
}

impl Entry {
    /// True for that of a person: those of the system have small numbers, and nobody's has a great one.
    pub(super) fn is_of_person(&self) -> bool {
        self.number >= FIRST_OF_PEOPLE && self.number != NOBODY
    }
}

/// All accounts; none where the list cannot be read.
pub(super) fn all() -> Vec<Entry> {
    read(&String::from_utf8_lossy(&fs::read(PASSWD).unwrap_or_default()))
}

fn read(text: &str) -> Vec<Entry> {
    let account = |line: &str| {
        let mut fields = line.split(':');
        let (name, number) = (fields.next()?.to_owned(), fields.nth(1)?.parse().ok()?);
        Some(Entry { name, number, home: fields.nth(2).unwrap_or_default().to_owned() })
    };
    text.lines().filter_map(account).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn accounts_are_read() {
        let found = read("root:x:0:0:root:/root:/bin/bash\nada:x:1000:1000::/home/ada:/bin/sh\nbroken\nno:x:65534\n");
        let told: Vec<(&str, &str, bool)> =
            found.iter().map(|found| (&*found.name, &*found.home, found.is_of_person())).collect();
        assert_eq!(told, [("root", "/root", false), ("ada", "/home/ada", true), ("no", "", false)]);
    }
}
