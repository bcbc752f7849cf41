//! What lets somebody in elsewhere (users, passwords and tokens in addresses) stands in no report, in whatever format, nor
//! does what texts of paths hold in place of bytes that are no UTF-8.

use std::borrow::Cow;

use crate::redact::without_secrets;
use crate::source::path_text;

use super::page::{Block, Branch, Item, Page};

/// Masks one text.
pub(super) fn mask(text: &mut String) {
    if let Cow::Owned(masked) = without_secrets(text) {
        *text = masked;
    }
    if let Cow::Owned(shown) = path_text::shown(text) {
        *text = shown;
    }
}

/// Masks every text of a page.
pub(super) fn mask_page(page: &mut Page) {
    mask(&mut page.title);
    page.head.iter_mut().for_each(mask);
    mask(&mut page.closing);
    page.sections.iter_mut().flat_map(|section| &mut section.blocks).for_each(block);
}

fn block(block: &mut Block) {
    match block {
        Block::Lines(lines) | Block::Fine(lines) | Block::Commands(lines) => lines.iter_mut().for_each(mask),
        Block::Table { head: _, rows } => rows.iter_mut().flatten().for_each(mask),
        Block::Tree(branches) => branches.iter_mut().for_each(branch),
        Block::Bar { .. } => {}
        Block::Findings(items) => items.iter_mut().for_each(|item| {
            let Item { severity: _, at, message, help, rule: _ } = item;
            [at, message, help].into_iter().for_each(mask);
        }),
    }
}

fn branch(branch: &mut Branch) {
    let Branch { text, note, inner } = branch;
    [text, note].into_iter().for_each(mask);
    inner.iter_mut().for_each(self::branch);
}
