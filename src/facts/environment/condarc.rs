//! `.condarc`: every key, the channels, and each folder of the lists of folders.

use super::conda_file::{File, remapped};
use super::known;
use crate::facts::{Fact, FactKind, Record};
use crate::source::Source;
use crate::syntax::yaml::{Document, Entry, Node};

/// Lists whose items are channels. `default_channels` says what `defaults` means, and names channels itself.
const CHANNEL_LISTS: &[&str] = &["channels", "channel", "default_channels"];

/// Lists whose items are folders; each is a `key` fact `LIST.item` of its own.
const FOLDER_LISTS: &[&str] = &["envs_dirs", "envs_path", "pkgs_dirs"];

pub(super) fn collect(source: &Source, document: &Document, out: &mut Vec<Fact>) {
    let Some(root) = &document.root else {
        return;
    };
    let file = File { source, document };
    let remapped = remapped(root.entries());
    for entry in root.entries() {
        file.keys(&entry.key, entry, 0, out);
        if CHANNEL_LISTS.contains(&entry.key.as_str()) {
            file.channels(entry, remapped, out);
        }
        if FOLDER_LISTS.contains(&entry.key.as_str()) {
            folders(&file, entry, out);
        }
    }
}

fn folders(file: &File<'_>, entry: &Entry, out: &mut Vec<Fact>) {
    let items = entry.value.as_ref().map(Node::items).unwrap_or_default();
    for (index, item) in items.iter().enumerate() {
        let Some((node, folder)) = item.value.as_ref().and_then(|node| Some((node, node.scalar()?))) else { continue };
        let line = i64::try_from(file.source.lines.line(node.inner_span().start)).unwrap_or(i64::MAX);
        let mut fields = Record::new();
        fields.set("name", format!("{}.item", entry.key));
        fields.set("value", known::expanded(folder, node.inner_span()));
        fields.set("item", file.item(items, index));
        fields.set("only", items.len() == 1);
        fields.set("line", line);
        out.push(Fact::new(FactKind::Key, node.inner_span(), fields));
    }
}
