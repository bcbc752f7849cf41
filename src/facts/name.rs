//! Names of fields, and what tells fast that two are not the same.

use std::ops::Deref;

use ecow::EcoString;

/// The name of a field: one that kinds of facts have, or what the file calls an option, a variable, a key.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Name(EcoString);

impl Deref for Name {
    type Target = str;

    fn deref(&self) -> &str {
        &self.0
    }
}

impl<T: Into<EcoString>> From<T> for Name {
    #[inline]
    fn from(name: T) -> Self {
        Self(name.into())
    }
}

/// One bit of 64 for a name, by its length and its first and last letters.
#[inline]
pub fn mark(name: &str) -> u64 {
    let letter = |byte: Option<&u8>| byte.map_or(0, |byte| usize::from(*byte));
    let bytes = name.as_bytes();
    1 << ((name.len() + 27 * letter(bytes.first()) + 9 * letter(bytes.last())) & 63)
}

/// Whether two names are the same; most differ at once.
#[inline]
pub(super) fn is(one: &str, other: &str) -> bool {
    one.len() == other.len() && one.as_bytes().first() == other.as_bytes().first() && one == other
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::facts::Record;

    #[test]
    fn marks_rule_out_no_name_that_is_there() {
        let names: Vec<String> =
            (0..300).map(|number| format!("{}{number}", ["a", "option-", "", "é"][number % 4])).collect();
        let mut record = Record::new();
        for (number, name) in (0..).zip(&names) {
            assert!(record.get(name).is_none(), "{name}");
            record.set(name.clone(), number);
            record.set(name.clone(), number);
        }
        record.remove("a0");
        let left: Vec<&str> = names.iter().map(String::as_str).filter(|name| record.get(name).is_some()).collect();
        assert_eq!(left, names.iter().filter(|name| *name != "a0").collect::<Vec<_>>());
        assert_eq!(record.iter().count(), 299);
        assert!(Name::from("a") == Name::from("a".to_owned()) && !is("ab", "ac") && mark("") != 0);
    }
}
