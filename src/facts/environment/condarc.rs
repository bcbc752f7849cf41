//! `.condarc`: every key, and the channels.

use super::conda_file::File;
use crate::facts::Fact;
use crate::source::Source;
use crate::syntax::yaml::Document;

/// Lists whose items are channels. `default_channels` says what `defaults` means, and names channels itself.
const CHANNEL_LISTS: &[&str] = &["channels", "channel", "default_channels"];

pub(super) fn collect(source: &Source, document: &Document, out: &mut Vec<Fact>) {
    let Some(root) = &document.root else {
        return;
    };
    let file = File { source, document };
    let remapped = root.entries().iter().any(|entry| entry.key == "default_channels");
    for entry in root.entries() {
        file.keys(&entry.key, entry, 0, out);
        if CHANNEL_LISTS.contains(&entry.key.as_str()) {
            file.channels(entry, remapped, out);
        }
    }
}
