//! Paths by their letters alone.

use std::path::{Component, Path, PathBuf};

/// `path` seen from `folder`, without `.` and `..`; nothing is asked of the file system.
pub fn absolute(folder: &Path, path: &Path) -> PathBuf {
    let mut result = PathBuf::new();
    for part in folder.join(path).components() {
        match part {
            Component::CurDir => {}
            Component::ParentDir => {
                result.pop();
            }
            part => result.push(part),
        }
    }
    result
}
