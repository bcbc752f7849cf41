//! Addresses of files: percent-encoded, relative to the folder of the run where they lie in it.

use std::fmt::Write as _;
use std::os::unix::ffi::OsStrExt as _;
use std::path::Path;

use crate::source::absolute;

/// An address, and whether it is relative to the folder.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Address {
    pub uri: String,
    pub relative: bool,
}

/// The address of `path`, which is meant from `folder`.
pub(super) fn address(path: &Path, folder: &Path) -> Address {
    let whole = absolute(folder, path);
    match whole.strip_prefix(folder) {
        Ok(inside) if folder.is_absolute() => Address { uri: encoded(inside), relative: true },
        _ if whole.is_absolute() => Address { uri: file("", &whole), relative: false },
        _ => Address { uri: encoded(&whole), relative: true },
    }
}

/// `file://HOST/PATH`; `path` is absolute.
pub(super) fn file(host: &str, path: &Path) -> String {
    format!("file://{host}{}", encoded(path))
}

/// The bytes of a path in which every one has a meaning of its own in an address.
fn encoded(path: &Path) -> String {
    let mut uri = String::new();
    for byte in path.as_os_str().as_bytes() {
        if byte.is_ascii_alphanumeric() || b"/-._~".contains(byte) {
            uri.push(char::from(*byte));
        } else {
            // Writing to a string cannot fail.
            let _ = write!(uri, "%{byte:02X}");
        }
    }
    uri
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn files_inside_are_relative_and_others_are_not() {
        let of = |path: &str| address(Path::new(path), Path::new("/work/a b"));
        assert_eq!(of("./x/ü #1.sh"), Address { uri: "x/%C3%BC%20%231.sh".into(), relative: true });
        assert_eq!(of("/work/a b/y"), Address { uri: "y".into(), relative: true });
        assert_eq!(of("../z"), Address { uri: "file:///work/z".into(), relative: false });
        assert_eq!(of("/home/ada/.bashrc"), Address { uri: "file:///home/ada/.bashrc".into(), relative: false });
        assert_eq!(address(Path::new("x"), Path::new("")), Address { uri: "x".into(), relative: true });
    }
}
