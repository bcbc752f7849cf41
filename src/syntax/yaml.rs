//! YAML as a small tree with the place of everything, for environment files and settings.
//!
//! The parser behind it is tree-sitter's, which aborts the process on deep nesting and loses files of many lines:
//! a guard turns those away before. Nothing outside this file knows which parser it is.

use std::fmt;

use tree_sitter::{Node as TsNode, Parser};

use super::budget;
use crate::source::Span;

/// The largest file, in bytes. Environment files are a few kB; the longest seen has 40.
const MAX_BYTES: usize = 256 * 1024;
/// The most lines. The scanner counts rows in 16 bits with a sign.
const MAX_LINES: usize = 10_000;
/// The longest line, in bytes.
const MAX_LINE: usize = 2_000;
/// The deepest nesting. The scanner aborts at 254 levels; [`guard`] counts too many rather than too few.
const MAX_DEPTH: usize = 64;

/// Why a text was not parsed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Refusal {
    /// It holds a NUL byte.
    Nul,
    /// It has too many bytes.
    TooLong,
    /// It has too many lines.
    TooManyLines,
    /// One line has too many bytes.
    LongLine,
    /// It nests too deep.
    TooDeep,
    /// The time was over.
    TooSlow,
}

impl fmt::Display for Refusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Nul => f.write_str("it holds a NUL byte"),
            Self::TooLong => write!(f, "YAML larger than {} kB", MAX_BYTES / 1024),
            Self::TooManyLines => write!(f, "YAML of more than {MAX_LINES} lines"),
            Self::LongLine => write!(f, "a line longer than {MAX_LINE} bytes"),
            Self::TooDeep => f.write_str("YAML nested too deep"),
            Self::TooSlow => f.write_str("parsing took too long"),
        }
    }
}

/// The first document of a text.
#[derive(Clone, Debug, Default)]
pub struct Document {
    /// Its value.
    pub root: Option<Node>,
    /// The comments of the whole text, in order, with their `#`.
    pub comments: Vec<Span>,
    /// What the parser could not understand.
    pub broken: Vec<Span>,
}

/// A value with its place.
#[derive(Clone, Debug)]
pub struct Node {
    /// Its bytes, with quotes.
    pub span: Span,
    /// What it is.
    pub content: Content,
}

/// What a value is.
#[derive(Clone, Debug)]
pub enum Content {
    /// `key: value` pairs.
    Mapping(Vec<Entry>),
    /// A list.
    Sequence(Vec<Item>),
    /// Text, without its quotes.
    Scalar(String),
    /// An alias or something else without text.
    Other,
}

/// A pair of a mapping.
#[derive(Clone, Debug)]
pub struct Entry {
    /// The bytes of key and value.
    pub span: Span,
    /// The key.
    pub key: String,
    /// Where the key stands.
    pub key_span: Span,
    /// The value, when there is one.
    pub value: Option<Node>,
    /// It stands between braces.
    pub flow: bool,
}

/// An item of a list.
#[derive(Clone, Debug)]
pub struct Item {
    /// Its bytes, with the `-` before it.
    pub span: Span,
    /// The value, when there is one.
    pub value: Option<Node>,
    /// It stands between brackets.
    pub flow: bool,
}

/// Parses the first document of `text`. Jinja (`{{ … }}`, `{% … %}`) reads as plain text and as comments.
///
/// # Errors
/// A text that the guard turns away, or that takes too long.
pub fn parse(text: &str) -> Result<Document, Refusal> {
    if text.len() > MAX_BYTES {
        return Err(Refusal::TooLong);
    }
    let masked = mask(text);
    guard(masked.as_bytes())?;
    let mut parser = Parser::new();
    if parser.set_language(&tree_sitter_yaml::LANGUAGE.into()).is_err() {
        return Err(Refusal::TooSlow);
    }
    let tree = budget::parse(&mut parser, &masked, &budget::Budget::default()).ok_or(Refusal::TooSlow)?;
    let mut reader = Reader { text, document: Document::default() };
    reader.stream(tree.root_node());
    reader.document.comments.sort_unstable();
    Ok(reader.document)
}

impl Node {
    /// The text of a scalar.
    pub fn scalar(&self) -> Option<&str> {
        match &self.content {
            Content::Scalar(text) => Some(text),
            _ => None,
        }
    }

    /// The pairs of a mapping, none of anything else.
    pub fn entries(&self) -> &[Entry] {
        match &self.content {
            Content::Mapping(entries) => entries,
            _ => &[],
        }
    }

    /// The items of a list, none of anything else.
    pub fn items(&self) -> &[Item] {
        match &self.content {
            Content::Sequence(items) => items,
            _ => &[],
        }
    }

    /// Where the text of a scalar stands, without its quotes.
    pub fn inner_span(&self) -> Span {
        match &self.content {
            Content::Scalar(text) if self.span.len() == text.len() + 2 => {
                Span::new(self.span.start + 1, self.span.end - 1)
            }
            _ => self.span,
        }
    }
}

/// Turns away what the parser cannot be trusted with. What a line opens counts as open until a line comes that is
/// indented no deeper, so the depth is an upper bound of what the parser will see. The mark of a new document closes
/// nothing: after an error the scanner keeps the levels of those before (254 times `--- > 1.2` aborts).
fn guard(bytes: &[u8]) -> Result<(), Refusal> {
    if memchr::memchr(0, bytes).is_some() {
        return Err(Refusal::Nul);
    }
    // Lines that may still be open: their indentation, and the levels up to and with them.
    let mut open: Vec<(usize, usize)> = Vec::new();
    let (mut flow, mut deepest, mut earlier) = (0usize, 0, 0);
    // A `\r` ends a line for the scanner, so CR LF counts twice.
    for (number, line) in bytes.split(|byte| matches!(byte, b'\n' | b'\r')).enumerate() {
        if number >= 2 * MAX_LINES {
            return Err(Refusal::TooManyLines);
        }
        if line.len() > MAX_LINE {
            return Err(Refusal::LongLine);
        }
        let Some(indent) = line.iter().position(|byte| !matches!(byte, b' ' | b'\t')) else {
            continue;
        };
        if line[indent] == b'#' {
            continue;
        }
        if line.starts_with(b"---") || line.starts_with(b"...") {
            earlier = deepest;
            open.clear();
        }
        while open.last().is_some_and(|(other, _)| *other >= indent) {
            open.pop();
        }
        let mut levels = open.last().map_or(earlier, |(_, levels)| *levels) + 1;
        for (at, byte) in line.iter().enumerate().skip(indent) {
            let blank_next = line.get(at + 1).is_none_or(|next| matches!(next, b' ' | b'\t'));
            match byte {
                b'-' | b'?' | b':' if blank_next => levels += 1,
                // Lost in an error, the scanner stacks these too.
                b'|' | b'>' => levels += 1,
                b'[' | b'{' => {
                    levels += 1;
                    flow += 1;
                }
                b']' | b'}' => flow = flow.saturating_sub(1),
                _ => {}
            }
        }
        open.push((indent, levels));
        deepest = deepest.max(levels + flow);
        if deepest > MAX_DEPTH {
            return Err(Refusal::TooDeep);
        }
    }
    Ok(())
}

/// The text with Jinja made harmless, of equal length: lines of statements become comments, expressions words.
fn mask(text: &str) -> String {
    let mut masked = text.as_bytes().to_vec();
    if text.starts_with('\u{feff}') {
        // A blank line in its place keeps the next one at column 0.
        masked[..3].copy_from_slice(b"  \n");
    }
    let mut start = 0;
    for line in text.split_inclusive('\n') {
        let begin = line.len() - line.trim_start().len();
        if ["{%", "{#"].iter().any(|open| line[begin..].starts_with(open)) {
            masked[start + begin] = b'#';
        } else {
            for (open, close, fill) in [("{{", "}}", b'x'), ("{%", "%}", b' ')] {
                let mut from = 0;
                while let Some(at) = line[from..].find(open).map(|at| from + at) {
                    let Some(end) = line[at..].find(close).map(|length| at + length + 2) else {
                        break;
                    };
                    masked[start + at..start + end].fill(fill);
                    from = end;
                }
            }
        }
        start += line.len();
    }
    String::from_utf8_lossy(&masked).into_owned()
}

struct Reader<'t> {
    text: &'t str,
    document: Document,
}

impl Reader<'_> {
    fn stream(&mut self, root: TsNode<'_>) {
        self.comments_and_errors(root);
        let mut cursor = root.walk();
        let documents: Vec<TsNode<'_>> = root.named_children(&mut cursor).collect();
        // A broken text has the rest of its pairs beside the document, or no document at all.
        let mut entries: Vec<Entry> = Vec::new();
        let mut root_value = None;
        for node in &documents {
            let value = match node.kind() {
                "comment" => continue,
                "document" if root_value.is_some() => break,
                _ => self.value(*node),
            };
            match value {
                Some(Node { content: Content::Mapping(more), .. }) if root_value.is_none() => entries.extend(more),
                Some(value) if entries.is_empty() && root_value.is_none() => root_value = Some(value),
                _ => {}
            }
            if node.kind() == "document" && !entries.is_empty() && !root.has_error() {
                break;
            }
        }
        self.document.root = match (root_value, entries.is_empty()) {
            (Some(value), _) => Some(value),
            (None, true) => None,
            (None, false) => {
                let span = entries.iter().map(|entry| entry.span).reduce(Span::to).unwrap_or_default();
                Some(Node { span, content: Content::Mapping(entries) })
            }
        };
    }

    /// Notes all comments, and the outermost regions in error. No recursion: a cursor walks the tree.
    fn comments_and_errors(&mut self, root: TsNode<'_>) {
        let mut cursor = root.walk();
        loop {
            let node = cursor.node();
            let broken = node.is_error() || node.is_missing();
            if broken {
                self.document.broken.push(span(node));
            }
            if node.kind() == "comment" {
                self.document.comments.push(span(node));
            }
            if cursor.goto_first_child() {
                continue;
            }
            while !cursor.goto_next_sibling() {
                if !cursor.goto_parent() {
                    return;
                }
            }
        }
    }

    /// The value that a node holds, through the nodes that only wrap one. Depth is bounded by [`guard`].
    fn value(&self, node: TsNode<'_>) -> Option<Node> {
        let here = span(node);
        let content = match node.kind() {
            "document" | "block_node" | "flow_node" => {
                let mut cursor = node.walk();
                let children: Vec<TsNode<'_>> = node.named_children(&mut cursor).collect();
                return children
                    .into_iter()
                    .filter(|child| !decoration(child.kind()))
                    .find_map(|child| self.value(child));
            }
            "block_mapping" | "flow_mapping" => Content::Mapping(self.entries(node)),
            "block_mapping_pair" | "flow_pair" => Content::Mapping(self.entry(node).into_iter().collect()),
            "block_sequence" | "flow_sequence" => Content::Sequence(self.items(node)),
            "ERROR" => self.salvage(node)?,
            "plain_scalar" => Content::Scalar(self.slice(here).to_owned()),
            "single_quote_scalar" => Content::Scalar(unquote(self.slice(here)).replace("''", "'")),
            "double_quote_scalar" => Content::Scalar(unescape(unquote(self.slice(here)))),
            "block_scalar" => Content::Scalar(self.slice(here).to_owned()),
            kind if decoration(kind) => return None,
            _ => Content::Other,
        };
        Some(Node { span: here, content })
    }

    /// What an error region still holds: pairs, or items.
    fn salvage(&self, node: TsNode<'_>) -> Option<Content> {
        let entries = self.entries(node);
        if !entries.is_empty() {
            return Some(Content::Mapping(entries));
        }
        let items = self.items(node);
        (!items.is_empty()).then_some(Content::Sequence(items))
    }

    fn entries(&self, node: TsNode<'_>) -> Vec<Entry> {
        let mut cursor = node.walk();
        let children: Vec<TsNode<'_>> = node.named_children(&mut cursor).collect();
        let mut entries = Vec::new();
        for child in children {
            match child.kind() {
                "block_mapping_pair" | "flow_pair" => entries.extend(self.entry(child)),
                "block_mapping" if node.is_error() => entries.extend(self.entries(child)),
                "block_node" if node.is_error() => {
                    if let Some(Node { content: Content::Mapping(more), .. }) = self.value(child) {
                        entries.extend(more);
                    }
                }
                _ => {}
            }
        }
        entries
    }

    fn entry(&self, pair: TsNode<'_>) -> Option<Entry> {
        let key = self.value(pair.child_by_field_name("key")?)?;
        let value = pair.child_by_field_name("value").and_then(|value| self.value(value));
        let end = value.as_ref().map_or(span(pair).end, |value| value.span.end);
        Some(Entry {
            span: Span::new(span(pair).start, end.max(key.span.end)),
            key: key.scalar()?.to_owned(),
            key_span: key.span,
            value,
            flow: pair.kind() == "flow_pair",
        })
    }

    fn items(&self, node: TsNode<'_>) -> Vec<Item> {
        let mut cursor = node.walk();
        let children: Vec<TsNode<'_>> = node.named_children(&mut cursor).collect();
        let mut items = Vec::new();
        for child in children {
            match child.kind() {
                "block_sequence_item" => {
                    let mut cursor = child.walk();
                    let inner: Vec<TsNode<'_>> = child.named_children(&mut cursor).collect();
                    let value = inner.into_iter().find_map(|part| self.value(part));
                    let end = value.as_ref().map_or(span(child).end, |value| value.span.end);
                    items.push(Item { span: Span::new(span(child).start, end), value, flow: false });
                }
                "flow_node" | "flow_pair" if node.kind() == "flow_sequence" => {
                    items.push(Item { span: span(child), value: self.value(child), flow: true });
                }
                "block_sequence" if node.is_error() => items.extend(self.items(child)),
                _ => {}
            }
        }
        items
    }

    fn slice(&self, span: Span) -> &str {
        self.text.get(span.start..span.end).unwrap_or("")
    }
}

/// Nodes that say something about a value and are none.
fn decoration(kind: &str) -> bool {
    matches!(kind, "comment" | "anchor" | "tag" | "yaml_directive" | "tag_directive" | "reserved_directive")
}

fn span(node: TsNode<'_>) -> Span {
    Span::new(node.start_byte(), node.end_byte())
}

fn unquote(text: &str) -> &str {
    text.get(1..text.len().saturating_sub(1)).unwrap_or("")
}

/// The escapes that paths and names use; others stay as they are.
fn unescape(text: &str) -> String {
    let mut plain = String::with_capacity(text.len());
    let mut chars = text.chars();
    while let Some(c) = chars.next() {
        if c != '\\' {
            plain.push(c);
            continue;
        }
        match chars.next() {
            Some('n') => plain.push('\n'),
            Some('t') => plain.push('\t'),
            Some(other @ ('"' | '\\' | '/' | ' ')) => plain.push(other),
            Some(other) => plain.extend(['\\', other]),
            None => plain.push('\\'),
        }
    }
    plain
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn deep_and_long_texts_are_turned_away_before_the_parser_aborts() {
        let nested: String = (0..254).map(|level| format!("{}a:\n", " ".repeat(level))).collect();
        for (text, refusal) in [
            ("- ".repeat(254), Refusal::TooDeep),
            ("[".repeat(400), Refusal::TooDeep),
            ("? ".repeat(300), Refusal::TooDeep),
            (nested, Refusal::TooDeep),
            ("--- > 1.2\n".repeat(254), Refusal::TooDeep),
            ("a\0b".to_owned(), Refusal::Nul),
            ("- a\n".repeat(40_000), Refusal::TooManyLines),
            ("x".repeat(3_000), Refusal::LongLine),
            ("- aaaaaaaa\n".repeat(30_000), Refusal::TooLong),
        ] {
            assert_eq!(parse(&text).unwrap_err(), refusal, "{}", &text[..20.min(text.len())]);
        }
    }

    #[test]
    fn jinja_is_masked_at_equal_length_and_values_keep_it() {
        let text = "{% set v = 1 %}\nname: {{ name }}\ndependencies:\n  - python={{ py }}\n{% if gpu %}\n  - cuda\n{% endif %}\n";
        let document = parse(text).unwrap();
        assert!(document.broken.is_empty(), "{:?}", document.broken);
        let root = document.root.unwrap();
        let names: Vec<&str> = root.entries().iter().map(|entry| entry.key.as_str()).collect();
        assert_eq!(names, ["name", "dependencies"]);
        assert_eq!(root.entries()[0].value.as_ref().unwrap().scalar(), Some("{{ name }}"));
        let items = root.entries()[1].value.as_ref().unwrap().items();
        assert_eq!(items.len(), 2);
        assert_eq!(items[0].value.as_ref().unwrap().scalar(), Some("python={{ py }}"));
    }

    #[test]
    fn scalars_lose_their_quotes() {
        let document = parse("---\na: 'it''s'\nb: \"x\\\"y\"  # note\nc: [p, 'q']\nd: {e: f}\n").unwrap();
        let root = document.root.unwrap();
        let value = |index: usize| root.entries()[index].value.as_ref().unwrap();
        assert_eq!(value(0).scalar(), Some("it's"));
        assert_eq!(value(1).scalar(), Some("x\"y"));
        assert_eq!(value(2).items().len(), 2);
        assert_eq!(value(3).entries()[0].key, "e");
        assert_eq!(document.comments.len(), 1);
    }
}
