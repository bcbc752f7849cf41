//! The tree as an array: nodes in source order, each with its parent, first child and next sibling.

use tree_sitter::TreeCursor;

use super::{Field, Kind, Region};
use crate::source::Span;

/// The number of a node. Nodes count in source order, parents before their children.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Id(u32);

impl Id {
    /// Its number.
    pub const fn index(self) -> usize {
        self.0 as usize
    }
}

/// A parsed text, or several one after another.
#[derive(Debug)]
pub struct Tree {
    nodes: Vec<Node>,
}

#[derive(Clone, Copy, Debug)]
struct Node {
    kind: Kind,
    field: Field,
    /// Inside something that was not understood, and not inside a whole statement there.
    broken: bool,
    start: u32,
    end: u32,
    parent: u32,
    first: u32,
    next: u32,
    last: u32,
}

/// No node: the root is nobody's child.
const NONE: u32 = 0;

/// At most so many regions are told of one text; the last then reaches to its end.
const MAX_REGIONS: usize = 500;

impl Default for Tree {
    fn default() -> Self {
        let root = Node {
            kind: Kind::Module,
            field: Field::Other,
            broken: false,
            start: 0,
            end: 0,
            parent: NONE,
            first: NONE,
            next: NONE,
            last: NONE,
        };
        Self { nodes: vec![root] }
    }
}

impl Tree {
    /// The node of the whole.
    pub const ROOT: Id = Id(0);

    /// All nodes in source order.
    pub fn ids(&self) -> impl Iterator<Item = Id> + use<> {
        (0..u32::try_from(self.nodes.len()).unwrap_or(u32::MAX)).map(Id)
    }

    /// How many nodes there are.
    pub fn len(&self) -> usize {
        self.nodes.len()
    }

    /// True when nothing was parsed.
    pub fn is_empty(&self) -> bool {
        self.nodes.len() == 1
    }

    /// What a node is.
    pub fn kind(&self, id: Id) -> Kind {
        self.node(id).kind
    }

    /// What it is to its parent.
    pub fn field(&self, id: Id) -> Field {
        self.node(id).field
    }

    /// Where it stands.
    pub fn span(&self, id: Id) -> Span {
        let node = self.node(id);
        Span::new(node.start as usize, node.end as usize)
    }

    /// True inside a region that was not understood.
    pub fn is_broken(&self, id: Id) -> bool {
        self.node(id).broken
    }

    /// The node around it; none for the root.
    pub fn parent(&self, id: Id) -> Option<Id> {
        (id.0 != 0).then(|| Id(self.node(id).parent))
    }

    /// The nodes around it, inmost first, without itself.
    pub fn ancestors(&self, id: Id) -> impl Iterator<Item = Id> {
        std::iter::successors(self.parent(id), |id| self.parent(*id))
    }

    /// Its children in order, without comments and punctuation.
    pub fn children(&self, id: Id) -> impl Iterator<Item = Id> {
        let some = |raw: u32| (raw != NONE).then_some(Id(raw));
        std::iter::successors(some(self.node(id).first), move |id| some(self.node(*id).next))
    }

    /// Its first child in that field.
    pub fn child(&self, id: Id, field: Field) -> Option<Id> {
        self.children(id).find(|child| self.field(*child) == field)
    }

    /// Its first child.
    pub fn first(&self, id: Id) -> Option<Id> {
        self.children(id).next()
    }

    /// Its last child.
    pub fn last(&self, id: Id) -> Option<Id> {
        let last = self.node(id).last;
        (last != NONE).then_some(Id(last))
    }

    /// Its first child of that kind.
    pub fn child_of(&self, id: Id, kind: Kind) -> Option<Id> {
        self.children(id).find(|child| self.kind(*child) == kind)
    }

    fn node(&self, id: Id) -> &Node {
        &self.nodes[id.0 as usize]
    }

    /// Copies a tree of `text`, whose first byte is byte `offset` of the whole.
    pub(super) fn append(&mut self, tree: &tree_sitter::Tree, text: &str, offset: usize) -> Vec<Region> {
        let mut regions = Regions { found: Vec::new(), text, offset };
        let mut cursor = tree.walk();
        // The children of the module become children of our root; a root that is an error stays a node.
        let mut parent = 0;
        if Kind::of(cursor.node().kind_id()) == Kind::Module && !cursor.goto_first_child() {
            return regions.finish();
        }
        let mut open: Vec<u32> = Vec::new();
        let base = open.len();
        loop {
            let kept = self.push(&cursor, parent, offset, &mut regions);
            if let Some(id) = kept
                && cursor.goto_first_child()
            {
                open.push(parent);
                parent = id;
                continue;
            }
            loop {
                if cursor.goto_next_sibling() {
                    break;
                }
                if open.len() == base || !cursor.goto_parent() {
                    let end = u32::try_from(offset + text.len()).unwrap_or(u32::MAX);
                    self.nodes[0].end = self.nodes[0].end.max(end);
                    return regions.finish();
                }
                parent = open.pop().unwrap_or(0);
            }
        }
    }

    /// Copies the cursor's node when it is one that matters.
    fn push(&mut self, cursor: &TreeCursor, parent: u32, offset: usize, regions: &mut Regions) -> Option<u32> {
        let node = cursor.node();
        let kind = Kind::of(node.kind_id());
        let field = Field::of(cursor.field_id());
        if node.is_missing() {
            regions.missing(node);
        }
        if matches!(kind, Kind::Comment | Kind::LineContinuation)
            || !(node.is_named() || matches!(field, Field::Operator | Field::Operators))
        {
            return None;
        }
        let above = self.nodes[parent as usize];
        let whole = kind.is_statement() && !node.has_error();
        if kind == Kind::Error {
            regions.error(node);
        } else if whole && above.broken {
            regions.spare(node);
        }
        let id = u32::try_from(self.nodes.len()).ok()?;
        let place = |at: usize| u32::try_from(offset + at).unwrap_or(u32::MAX);
        self.nodes.push(Node {
            kind,
            field,
            broken: kind == Kind::Error || (above.broken && !whole),
            start: place(node.start_byte()),
            end: place(node.end_byte()),
            parent,
            first: NONE,
            next: NONE,
            last: NONE,
        });
        match above.last {
            NONE => self.nodes[parent as usize].first = id,
            last => self.nodes[last as usize].next = id,
        }
        self.nodes[parent as usize].last = id;
        Some(id)
    }
}

/// Gathers what was not understood: error nodes without the whole statements inside them.
struct Regions<'t> {
    found: Vec<Span>,
    text: &'t str,
    offset: usize,
}

impl Regions<'_> {
    fn error(&mut self, node: tree_sitter::Node) {
        let span = Span::new(node.start_byte(), node.end_byte());
        self.add(span);
    }

    fn add(&mut self, span: Span) {
        let full = self.found.len() >= MAX_REGIONS;
        match self.found.last_mut() {
            // An error inside an error is told already.
            Some(last) if last.contains(span) => {}
            Some(last) if full => last.end = last.end.max(span.end),
            _ => self.found.push(span),
        }
    }

    /// Something that the grammar put in: the rest of the line before it reads wrong.
    fn missing(&mut self, node: tree_sitter::Node) {
        if self.found.len() >= MAX_REGIONS {
            return;
        }
        let at = node.start_byte();
        let start = self.text[..at].trim_end().rfind('\n').map_or(0, |before| before + 1);
        self.add(Span::new(start, at.max(start)));
    }

    /// Cuts a statement that is whole out of the region found last.
    fn spare(&mut self, node: tree_sitter::Node) {
        let Some(last) = self.found.last_mut().filter(|last| last.end >= node.end_byte()) else { return };
        let end = last.end;
        last.end = node.start_byte();
        if self.found.len() < MAX_REGIONS {
            self.found.push(Span::new(node.end_byte(), end));
        }
    }

    fn finish(self) -> Vec<Region> {
        let mut spans: Vec<Span> = Vec::new();
        for span in self.found {
            let Some(text) = self.text.get(span.start..span.end) else { continue };
            if text.trim().is_empty() {
                continue;
            }
            // All of the line it begins on and of the line it ends on, without blanks around.
            let start = span.start + (text.len() - text.trim_start().len());
            let end = start + text.trim().len();
            let start = self.text[..start].rfind('\n').map_or(0, |newline| newline + 1);
            let end = self.text[end..].find('\n').map_or(self.text.len(), |newline| end + newline);
            let text = &self.text[start..end];
            let start = start + (text.len() - text.trim_start().len());
            let span = Span::new(start, start + text.trim().len());
            let full = spans.len() >= MAX_REGIONS;
            match spans.last_mut() {
                Some(last) if span.start <= last.end || self.text[last.end..span.start].trim().is_empty() => {
                    last.end = last.end.max(span.end);
                }
                Some(last) if full => {
                    last.end = self.text.len();
                    break;
                }
                _ => spans.push(span),
            }
        }
        let reason = "not valid Python";
        spans.into_iter().map(|span| Region { span: span.shifted(self.offset), reason }).collect()
    }
}
