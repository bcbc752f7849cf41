//! Package requirements of conda and pip.

use super::model::Record;

/// A conda requirement.
pub fn conda(text: &str) -> Record {
    let end = text.find(['=', '<', '>', '!', '~', ' ', '[']).unwrap_or(text.len());
    Record::new().with("name", text[..end].to_ascii_lowercase()).with("version", &text[end..])
}

/// A pip requirement.
pub fn pip(text: &str) -> Record {
    conda(text)
}
