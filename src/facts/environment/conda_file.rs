//! environment.yml: channels, dependencies of conda and of pip, and the other keys.

use thin_vec::ThinVec;

use super::{known, requirements};
use crate::facts::matchspec::{self, Manager};
use crate::facts::{Fact, FactKind, Record, Text, Value};
use crate::source::{Source, Span};
use crate::syntax::yaml::{Content, Document, Entry, Item, Node};

pub(super) fn collect(source: &Source, document: &Document, out: &mut Vec<Fact>) {
    let Some(root) = &document.root else {
        return;
    };
    let file = File { source, document };
    let remapped = remapped(root.entries());
    for entry in root.entries() {
        match entry.key.as_str() {
            "dependencies" => file.dependencies(entry, out),
            "channels" => {
                out.push(file.key(&entry.key, entry, None));
                file.channels(entry, remapped, out);
            }
            _ => file.keys(&entry.key, entry, 0, out),
        }
    }
}

/// True when `default_channels:` names other channels than Anaconda's own.
pub(super) fn remapped(entries: &[Entry]) -> bool {
    let given = entries.iter().find(|entry| entry.key == "default_channels");
    let items = given.and_then(|entry| entry.value.as_ref()).map(Node::items);
    let own = |item: &Item| {
        let name = item.value.as_ref().and_then(Node::scalar).unwrap_or("");
        name.contains("repo.anaconda.com") || name.contains("repo.continuum.io")
    };
    items.is_some_and(|items| !items.iter().any(own))
}

/// A parsed file: what the facts of environment files and settings have in common.
pub(super) struct File<'s> {
    pub(super) source: &'s Source,
    pub(super) document: &'s Document,
}

/// The most other channels that a channel names; real files have up to eight.
const MAX_OTHERS: usize = 32;

/// The most comments that make the remark on a list.
const MAX_REMARKS: usize = 50;

/// How deep keys of settings are followed; `variables:` and `plugins:` need two.
const MAX_KEYS: usize = 4;

impl File<'_> {
    /// The `key` fact of an entry, and those of the entries below it.
    pub(super) fn keys(&self, name: &str, entry: &Entry, depth: usize, out: &mut Vec<Fact>) {
        out.push(self.key(name, entry, None));
        if depth < MAX_KEYS {
            for inner in entry.value.iter().flat_map(Node::entries) {
                self.keys(&format!("{name}.{}", inner.key), inner, depth + 1, out);
            }
        }
    }

    /// The `channel` facts of a list of channels.
    pub(super) fn channels(&self, entry: &Entry, remapped: bool, out: &mut Vec<Fact>) {
        let Some(value) = &entry.value else {
            return;
        };
        let single = [(value.span, value, self.whole(entry.span, entry.flow))];
        let items = value.items();
        let listed = items
            .iter()
            .enumerate()
            .filter_map(|(index, item)| Some((item.span, item.value.as_ref()?, self.item(items, index))));
        let all: Vec<(Span, &Node, Text)> = match value.content {
            Content::Scalar(_) => single.into_iter().collect(),
            _ => listed.collect(),
        };
        let names: Vec<&str> = all.iter().filter_map(|(_, node, _)| node.scalar()).collect();
        let remark = self.remark(entry);
        for (index, (_, node, item)) in all.iter().enumerate() {
            let Some(name) = node.scalar() else {
                continue;
            };
            let others = names.iter().enumerate().filter(|(other, _)| *other != index);
            let others: Vec<Value> = others.map(|(_, name)| Value::from(*name)).take(MAX_OTHERS).collect();
            let mut fields = Record::new();
            fields.set("name", known::expanded(name, node.inner_span()));
            fields.set("source", "file");
            fields.set("only", others.is_empty());
            fields.set("others", Value::List(others.into()));
            fields.set("item", item.clone());
            fields.set("remapped", remapped);
            fields.set_some("remark", remark.clone());
            fields.set("context", Value::List(ThinVec::new()));
            out.push(Fact::new(FactKind::Channel, node.inner_span(), fields));
        }
    }

    /// The `key` fact of one entry. `has` are the names of the packages below it.
    pub(super) fn key(&self, name: &str, entry: &Entry, has: Option<Vec<String>>) -> Fact {
        let mut fields = Record::new();
        fields.set("name", Text { text: name.into(), span: entry.key_span.into(), ..Text::default() });
        let mut span = entry.key_span;
        if let Some(value) = &entry.value {
            match &value.content {
                Content::Scalar(text) => {
                    fields.set("value", known::expanded(text, value.inner_span()));
                    span = span.to(value.span);
                }
                Content::Sequence(items) => {
                    let texts = items.iter().filter_map(|item| {
                        let node = item.value.as_ref()?;
                        Some(known::expanded(node.scalar()?, node.inner_span()))
                    });
                    fields.set("items", Value::List(texts.map(Value::from).collect()));
                    self.list_place(items, &mut fields);
                }
                _ => {}
            }
        }
        fields.set("item", self.whole(entry.span, entry.flow));
        let line = i64::try_from(self.source.lines.line(entry.key_span.start)).unwrap_or(i64::MAX);
        fields.set("line", line);
        fields.set_some("has", has);
        Fact::new(FactKind::Key, span, fields)
    }

    /// Where an item could be put before the others, and the blanks before them.
    fn list_place(&self, items: &[Item], fields: &mut Record) {
        let Some(first) = items.first().filter(|item| !item.flow) else {
            return;
        };
        let start = self.source.lines.start(self.source.lines.line(first.span.start));
        let indent = self.source.slice(Span::new(start, first.span.start));
        if indent.chars().all(|c| c == ' ') {
            fields.set("indent", Text::plain(indent));
            fields.set("first", Text::at("", Span::at(first.span.start)));
        }
    }

    /// The text that goes when item `index` of a list goes: its lines, or itself and a comma.
    pub(super) fn item(&self, items: &[Item], index: usize) -> Text {
        let item = &items[index];
        if !item.flow {
            return self.whole(item.span, false);
        }
        let span = match (items.get(index + 1), index.checked_sub(1).and_then(|before| items.get(before))) {
            (Some(next), _) => Span::new(item.span.start, next.span.start),
            (None, Some(before)) => Span::new(before.span.end, item.span.end),
            (None, None) => item.span,
        };
        Text::at(self.source.slice(span), span)
    }

    fn whole(&self, span: Span, flow: bool) -> Text {
        let span = if flow { span } else { self.source.lines.whole_lines(span) };
        Text::at(self.source.slice(span), span)
    }

    fn dependencies(&self, entry: &Entry, out: &mut Vec<Fact>) {
        let items = entry.value.as_ref().map(Node::items).unwrap_or_default();
        let specs = items.iter().filter_map(|item| matchspec::conda(item.value.as_ref()?.scalar()?));
        let names: Vec<String> = specs.map(|spec| spec.name).collect();
        let remark = self.remark(entry);
        let from = out.len();
        out.push(self.key("dependencies", entry, Some(names)));
        for (index, item) in items.iter().enumerate() {
            let Some(node) = &item.value else {
                continue;
            };
            if let Some(text) = node.scalar() {
                if let Some(spec) = matchspec::conda(text) {
                    let whole = self.item(items, index);
                    out.push(self.dependency(&spec, Manager::Conda, text, node, whole, items.len() == 1));
                }
                continue;
            }
            for inner in node.entries().iter().filter(|inner| inner.key == "pip") {
                self.pip_list(item, inner, items.len() == 1, out);
            }
        }
        for fact in out[from..].iter_mut().filter(|fact| fact.kind == FactKind::Dependency) {
            fact.fields.set_some("remark", remark.clone());
        }
    }

    /// What people remark on a list: the comments at the head of the file, right above the list and in it.
    fn remark(&self, entry: &Entry) -> Option<Text> {
        let lines = &self.source.lines;
        let is_comment = |number: usize| self.source.slice(lines.span(number)).trim_start().starts_with('#');
        let mut first = lines.line(entry.span.start);
        while first > 1 && is_comment(first - 1) {
            first -= 1;
        }
        let end = lines.whole_lines(entry.span).end;
        let head =
            self.document.root.as_ref().and_then(|root| root.entries().first()).map_or(0, |first| first.span.start);
        let is_near = |comment: &&Span| comment.start < head || (lines.start(first)..end).contains(&comment.start);
        let near = self.document.comments.iter().filter(is_near).take(MAX_REMARKS);
        let said = near.map(|comment| self.source.slice(*comment)).filter(|words| !words.contains("pydoctor:"));
        let said: Vec<&str> = said.collect();
        (!said.is_empty()).then(|| Text::plain(said.join("\n")))
    }

    /// The packages and options below `pip:`. `only`: `parent`, which holds them, is all of the dependencies.
    fn pip_list(&self, parent: &Item, entry: &Entry, only: bool, out: &mut Vec<Fact>) {
        let items = entry.value.as_ref().map(Node::items).unwrap_or_default();
        let texts = items.iter().filter_map(|item| item.value.as_ref()?.scalar());
        let names = texts.filter_map(matchspec::pip).map(|spec| spec.name).filter(|name| !name.is_empty());
        let mut key = self.key("dependencies.pip", entry, Some(names.collect()));
        key.fields.set("item", self.whole(parent.span, parent.flow));
        out.push(key);
        for (index, item) in items.iter().enumerate() {
            let Some((node, text)) = item.value.as_ref().and_then(|node| Some((node, node.scalar()?))) else {
                continue;
            };
            // A list that loses its only item goes with its key.
            let last = items.len() == 1 && !items[index].flow && !parent.flow;
            let whole = if last { self.whole(parent.span, false) } else { self.item(items, index) };
            if let Some(option) = requirements::option(text) {
                option.write(node.inner_span(), self.source, whole, out);
            } else if let Some(spec) = matchspec::pip(text) {
                out.push(self.dependency(&spec, Manager::Pip, text, node, whole, only && items.len() == 1));
            }
        }
    }

    fn dependency(
        &self,
        spec: &matchspec::Requirement,
        manager: Manager,
        text: &str,
        node: &Node,
        whole: Text,
        only: bool,
    ) -> Fact {
        let mut fields = Record::new();
        spec.write(&mut fields, known::literal(text, node.inner_span()), manager, "file");
        fields.set("item", whole);
        fields.set("only", only);
        fields.set_some("selector", self.selector(node.span));
        fields.set("context", Value::List(ThinVec::new()));
        fields.set("guard", "none");
        Fact::new(FactKind::Dependency, node.inner_span(), fields)
    }

    /// The platform selector in the comment behind a value: `# [linux]`.
    fn selector(&self, span: Span) -> Option<Text> {
        let line = self.source.lines.line(span.start);
        let after = self.document.comments.partition_point(|comment| comment.start < span.end);
        let comment = self.document.comments.get(after)?;
        if self.source.lines.line(comment.start) != line {
            return None;
        }
        let text = self.source.slice(*comment);
        let open = text.find('[')?;
        if !text[1..open].trim().is_empty() {
            return None;
        }
        let close = open + text[open..].find(']')?;
        let span = Span::new(comment.start + open + 1, comment.start + close);
        Some(Text::at(&text[open + 1..close], span))
    }
}
