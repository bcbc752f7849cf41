//! Who besides its owner decides what runs at login: by writing a start-up file, or a folder on the way to it.

use std::path::Path;

use crate::doctor::acl;
use crate::doctor::home::{Home, OpenTo, Reached};
use crate::facts::{Record, Value};

/// `record` with who else may write what lies at `path` below the home.
pub(super) fn tell(home: &Home, path: &Path, mut record: Record) -> Record {
    if let (Ok(Reached::Inside(inside)), Ok(own)) = (home.reach(path), home.stat()) {
        // In a sticky folder only its owner can replace what others may not write.
        let sticky = inside.is_folder() && inside.stat.st_mode & 0o1000 != 0;
        record.set("open-to", if sticky { OpenTo::Nobody } else { acl::writable_by(&inside) }.name());
        if inside.stat.st_uid != own.st_uid {
            record.set("foreign-owner", inside.stat.st_uid.to_string());
        }
    }
    record
}

/// A folder below the home in which `file`, or a link to it, lies; `None` where nobody else may write.
pub(super) fn folder(home: &Home, path: &Path, file: &Path) -> Option<Record> {
    let name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
    let record = Record::new().with("path", home.shown(path)).with("name", name).with("what", "folder");
    let record = tell(home, path, record.with("problem", "none").with("holds", home.shown(file)));
    let is_open = matches!(record.get("open-to"), Some(Value::Text(open)) if open.text != OpenTo::Nobody.name());
    (is_open || record.get("foreign-owner").is_some()).then_some(record)
}
