//! Paths by their letters alone.

use std::path::{Component, Path, PathBuf};

/// `path` seen from `folder`, without `.` and `..`; nothing is asked of the file system.
pub fn absolute(folder: &Path, path: &Path) -> PathBuf {
    let whole = folder.join(path);
    let mut result = PathBuf::with_capacity(whole.as_os_str().len());
    for part in whole.components() {
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
