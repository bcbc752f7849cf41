//! Access control lists: whom the bits of the group stand for where one is set.
//!
//! The kernel gives the list as an extended attribute: a version and, for each entry, its kind, its rights and whom it
//! names, all little-endian. With a list the bits of the group are the mask, the most that entries of groups and of named
//! users give.

use super::home::{Inside, OpenTo};

const NAME: &str = "system.posix_acl_access";
const VERSION: u32 = 2;
const WRITE: u16 = 0o2;

/// Kinds of entries.
const NAMED_USER: u16 = 0x02;
const GROUP: u16 = 0x04;
const NAMED_GROUP: u16 = 0x08;
const MASK: u16 = 0x10;

/// Who besides the owner may write, its access control list considered.
pub(super) fn writable_by(inside: &Inside) -> OpenTo {
    let told = inside.writable_by();
    let entries = match told {
        // Everybody's bits are everybody's, whatever the list says of some.
        OpenTo::Others => return told,
        _ => inside.attribute(NAME).and_then(|list| entries(&list)),
    };
    let Some(entries) = entries else { return told };
    let mask = entries.iter().find(|entry| entry.kind == MASK).map_or(WRITE, |entry| entry.rights);
    let writes = |entry: &&Entry| entry.rights & mask & WRITE != 0;
    let others = entries.iter().filter(|entry| entry.whom != inside.stat.st_uid || entry.kind != NAMED_USER);
    let writers: Vec<u16> = others.filter(writes).map(|entry| entry.kind).collect();
    if told == OpenTo::Group && writers.contains(&GROUP) {
        OpenTo::Group
    } else if inside.is_passed_to() && writers.iter().any(|kind| [NAMED_USER, NAMED_GROUP].contains(kind)) {
        OpenTo::Named
    } else {
        OpenTo::Nobody
    }
}

#[derive(Debug, PartialEq, Eq)]
struct Entry {
    kind: u16,
    rights: u16,
    /// The number of the user or group that it names.
    whom: u32,
}

fn entries(list: &[u8]) -> Option<Vec<Entry>> {
    let (version, rest) = list.split_first_chunk::<4>()?;
    let entry = |bytes: &[u8]| {
        let [kind, kind_high, rights, rights_high, a, b, c, d] = *bytes.first_chunk::<8>()?;
        let kind = u16::from_le_bytes([kind, kind_high]);
        let rights = u16::from_le_bytes([rights, rights_high]);
        Some(Entry { kind, rights, whom: u32::from_le_bytes([a, b, c, d]) })
    };
    if u32::from_le_bytes(*version) != VERSION {
        return None;
    }
    rest.chunks(8).map(entry).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lists_are_read_as_the_kernel_writes_them() {
        let list = [&[2, 0, 0, 0][..], &[2, 0, 6, 0, 210, 4, 0, 0], &[16, 0, 4, 0, 255, 255, 255, 255]].concat();
        let expected =
            [Entry { kind: NAMED_USER, rights: 6, whom: 1234 }, Entry { kind: MASK, rights: 4, whom: u32::MAX }];
        assert_eq!(entries(&list).as_deref(), Some(&expected[..]));
        assert_eq!(entries(&list[..15]), None);
        assert_eq!(entries(&[3, 0, 0, 0]), None);
        assert_eq!(entries(&[]), None);
    }
}
