//! From the grammar's tree and the lexer's tokens to the shape of the script.

use std::cell::RefCell;
use std::ops::Range;

use tree_sitter::{Node as TreeNode, Parser, Tree};

use super::ast::{Command, Node, Redirect, Script, Simple, Word};
use super::lexer::{Lexed, Token, TokenKind};
use super::{direct, loose};
use crate::source::Span;
use crate::syntax::budget;

/// Depth of the grammar's tree beyond which its parts are read loosely.
const MAX_DEPTH: usize = 400;

/// The shape of a text: from its tokens where that is enough, else by the grammar.
pub fn build(text: &str, region: Span, lexed: &Lexed) -> Script {
    match direct::read(text, lexed) {
        Some(body) => Script { body, ..bare(lexed) },
        None => by_grammar(text, region, lexed),
    }
}

/// What the lexer alone knows of a text.
fn bare(lexed: &Lexed) -> Script {
    let heredocs = lexed.heredocs.iter().map(|heredoc| heredoc.body).collect();
    Script { gaps: lexed.faults.clone(), comments: lexed.comments.clone(), heredocs, ..Script::default() }
}

/// Parses the lexer's copy and joins tree and tokens.
fn by_grammar(text: &str, region: Span, lexed: &Lexed) -> Script {
    let mut script = bare(lexed);
    let builder = Builder { text, base: region.start, lexed };
    match parse(&lexed.mask) {
        Some(tree) if !tree.root_node().has_error() => script.body = builder.statements(tree.root_node(), 0),
        Some(tree) => script.body = builder.by_statement(&tree),
        None => script.gaps.push((region, "parsing took too long")),
    }
    script
}

thread_local! {
    static PARSER: RefCell<Option<Parser>> = const { RefCell::new(None) };
}

fn parse(mask: &[u8]) -> Option<Tree> {
    PARSER.with_borrow_mut(|slot| {
        if slot.is_none() {
            let mut parser = Parser::new();
            parser.set_language(&tree_sitter_bash::LANGUAGE.into()).ok()?;
            *slot = Some(parser);
        }
        budget::parse(slot.as_mut()?, mask, &budget::Budget::default())
    })
}

struct Builder<'a> {
    text: &'a str,
    base: usize,
    lexed: &'a Lexed,
}

impl Builder<'_> {
    /// A text with an error somewhere is parsed statement by statement, so that the error stays where it is.
    fn by_statement(&self, whole: &Tree) -> Vec<Command> {
        let chunks = self.chunks();
        if let [chunk] = &chunks[..] {
            return self.chunk(chunk, whole);
        }
        let mut body = Vec::new();
        for chunk in chunks {
            let Some(first) = self.lexed.tokens[chunk.clone()].first() else { continue };
            let last = &self.lexed.tokens[chunk.end - 1];
            let span = Span::new(first.span.start, last.span.end);
            let mask = &self.lexed.mask[span.start - self.base..span.end - self.base];
            let builder = Builder { text: self.text, base: span.start, lexed: self.lexed };
            match parse(mask) {
                Some(tree) => body.extend(builder.chunk(&chunk, &tree)),
                None => body.extend(self.loosely(span)),
            }
        }
        body
    }

    /// One of those statements. Of a function with an error inside, the grammar may lose that it is one.
    fn chunk(&self, tokens: &Range<usize>, tree: &Tree) -> Vec<Command> {
        let root = tree.root_node();
        let is_told = || root.named_child(0).is_some_and(|first| first.kind() == "function_definition");
        match root.has_error() && self.is_function(tokens) && !is_told() {
            true => loose::read(self.text, self.lexed, tokens.clone()),
            false => self.statements(root, 0),
        }
    }

    /// `name ()` or `function name`.
    fn is_function(&self, tokens: &Range<usize>) -> bool {
        let mut words = self.lexed.tokens[tokens.clone()].iter().map(|token| self.slice(token.span));
        words.next() == Some("function") || words.next().is_some_and(|next| next.starts_with('('))
    }

    /// Ranges of tokens that are whole statements at the top level.
    fn chunks(&self) -> Vec<Range<usize>> {
        let mut chunks = Vec::new();
        let mut start = 0;
        for (index, token) in self.lexed.tokens.iter().enumerate() {
            if token.kind == TokenKind::Newline && token.depth == 0 && !self.joins(&self.lexed.tokens[start..index]) {
                if index > start {
                    chunks.push(start..index);
                }
                start = index + 1;
            }
        }
        if start < self.lexed.tokens.len() {
            chunks.push(start..self.lexed.tokens.len());
        }
        chunks
    }

    /// Behind `&&`, `||`, `|` and what names a function the next line goes on with the statement.
    fn joins(&self, tokens: &[Token]) -> bool {
        let mut before = tokens.iter().rev().skip_while(|token| token.kind == TokenKind::Newline);
        let Some(last) = before.next() else { return false };
        match last.kind {
            TokenKind::Operator => matches!(self.slice(last.span), "&&" | "||" | "|" | "|&"),
            TokenKind::Keyword => self.slice(last.span).starts_with('('),
            _ => {
                before.next().is_some_and(|word| word.kind == TokenKind::Keyword && self.slice(word.span) == "function")
            }
        }
    }

    fn slice(&self, span: Span) -> &str {
        self.text.get(span.start..span.end).unwrap_or("")
    }

    fn span(&self, node: TreeNode<'_>) -> Span {
        Span::new(node.start_byte() + self.base, node.end_byte() + self.base)
    }

    fn loosely(&self, span: Span) -> Vec<Command> {
        let from = self.lexed.tokens.partition_point(|token| token.span.start < span.start);
        let to = self.lexed.tokens.partition_point(|token| token.span.start < span.end);
        loose::read(self.text, self.lexed, from..to)
    }

    /// The statements among the children of `node`.
    fn statements(&self, node: TreeNode<'_>, depth: usize) -> Vec<Command> {
        let mut body = Vec::new();
        if depth > MAX_DEPTH {
            return self.loosely(self.span(node));
        }
        if node.is_error() {
            return self.loosely(self.span(node));
        }
        let mut cursor = node.walk();
        for child in node.children(&mut cursor) {
            self.statement(child, depth, &mut body);
        }
        body
    }

    fn statement(&self, node: TreeNode<'_>, depth: usize, body: &mut Vec<Command>) {
        if node.kind() == "&" {
            if let Some(last) = body.last_mut() {
                last.background = true;
            }
        } else if node.is_error() {
            body.extend(self.loosely(self.span(node)));
        } else if node.is_named() && !node.is_missing() {
            body.extend(self.command(node, depth + 1));
        }
    }

    fn command(&self, node: TreeNode<'_>, depth: usize) -> Option<Command> {
        let span = self.span(node);
        let shape = match node.kind() {
            "command" | "word" | "command_name" => return self.simple(span),
            "list" => self.and_or(node, depth),
            "pipeline" => self.pipeline(self.statements(node, depth)),
            "subshell" => Node::Subshell(self.statements(node, depth)),
            "compound_statement" | "do_group" => Node::Group(self.statements(node, depth)),
            "if_statement" => self.conditional(node, depth),
            "while_statement" | "for_statement" => self.repetition(node, depth),
            "case_statement" => self.case(node, depth),
            "function_definition" => self.function(node, depth),
            _ => Node::Unclear(self.loosely(span)),
        };
        let redirects = redirects_from(self.lexed, span.end);
        let end = redirects.last().map_or(span.end, |redirect| redirect.span.end);
        Some(Command { span: Span::new(span.start, end), node: shape, redirects, background: false })
    }

    /// A simple command: the run of word and redirection tokens around the place.
    fn simple(&self, span: Span) -> Option<Command> {
        let tokens = &self.lexed.tokens;
        let is_part = |token: &Token| matches!(token.kind, TokenKind::Word { .. } | TokenKind::Redirect { .. });
        let mut from = tokens.partition_point(|token| token.span.start < span.start);
        while from > 0 && matches!(tokens[from - 1].kind, TokenKind::Redirect { .. }) && !self.ends_compound(from - 1) {
            from -= 1;
        }
        let to = from + tokens[from..].iter().take_while(|token| is_part(token)).count();
        (to > from).then(|| simple_command(&tokens[from..to], self.lexed))
    }

    /// True when the redirection token belongs to a compound command before it.
    fn ends_compound(&self, redirect: usize) -> bool {
        let before =
            self.lexed.tokens[..redirect].iter().rev().find(|token| !matches!(token.kind, TokenKind::Redirect { .. }));
        before.is_some_and(|token| match token.kind {
            TokenKind::Keyword => matches!(self.slice(token.span), "fi" | "done" | "esac" | "}"),
            TokenKind::Operator => self.slice(token.span) == ")",
            _ => false,
        })
    }

    fn and_or(&self, node: TreeNode<'_>, depth: usize) -> Node {
        // Left-nested: `a && b && c` is a list of a list. The spine is followed in a loop, for it may be long.
        let mut rest = Vec::new();
        let mut left = node;
        while left.kind() == "list" {
            let Some(inner) = left.child(0) else { break };
            let mut cursor = left.walk();
            let mut and = true;
            let mut found = None;
            for child in left.children(&mut cursor).skip(1) {
                match child.kind() {
                    "&&" => and = true,
                    "||" => and = false,
                    _ if child.is_error() => found = self.unclear(self.span(child)),
                    _ if child.is_named() => found = self.command(child, depth + 1),
                    _ => {}
                }
            }
            rest.extend(found.map(|command| (and, command)));
            left = inner;
        }
        rest.reverse();
        match self.command(left, depth + 1) {
            Some(first) => Node::AndOr { first: Box::new(first), rest },
            None => Node::Unclear(rest.into_iter().map(|(_, command)| command).collect()),
        }
    }

    /// The grammar takes `a | b && c` for `a | { b && c; }`; a bar binds tighter.
    fn pipeline(&self, mut stages: Vec<Command>) -> Node {
        match stages.pop() {
            Some(Command { node: Node::AndOr { first, rest }, .. }) => {
                let core = stages.first().map_or(core(&first), core).to(core(&first));
                stages.push(*first);
                let redirects = redirects_from(self.lexed, core.end);
                let end = redirects.last().map_or(core.end, |redirect| redirect.span.end);
                let (span, node) = (Span::new(core.start, end), Node::Pipeline(stages));
                Node::AndOr { first: Box::new(Command { span, node, redirects, background: false }), rest }
            }
            last => {
                stages.extend(last);
                Node::Pipeline(stages)
            }
        }
    }

    fn unclear(&self, span: Span) -> Option<Command> {
        let body = self.loosely(span);
        (!body.is_empty()).then_some(Command {
            span,
            node: Node::Unclear(body),
            redirects: Vec::new(),
            background: false,
        })
    }

    fn conditional(&self, node: TreeNode<'_>, depth: usize) -> Node {
        let mut arms = Vec::new();
        let mut otherwise = None;
        let mut condition = Vec::new();
        let mut body = Vec::new();
        let mut in_body = false;
        let mut cursor = node.walk();
        for child in node.children(&mut cursor) {
            match child.kind() {
                "then" => in_body = true,
                "elif_clause" => {
                    if let Node::If { arms: mut more, .. } = self.conditional(child, depth + 1) {
                        if in_body {
                            arms.push((std::mem::take(&mut condition), std::mem::take(&mut body)));
                            in_body = false;
                        }
                        arms.append(&mut more);
                    }
                }
                "else_clause" => otherwise = Some(self.statements(child, depth + 1)),
                _ if in_body => self.statement(child, depth, &mut body),
                _ => self.statement(child, depth, &mut condition),
            }
        }
        if in_body || !condition.is_empty() {
            arms.push((condition, body));
        }
        Node::If { arms, otherwise }
    }

    fn repetition(&self, node: TreeNode<'_>, depth: usize) -> Node {
        let mut condition = Vec::new();
        let mut body = Vec::new();
        let is_for = node.kind() == "for_statement";
        let mut cursor = node.walk();
        for child in node.children(&mut cursor) {
            match child.kind() {
                "do_group" | "compound_statement" => body = self.statements(child, depth + 1),
                _ if child.is_error() => body.extend(self.loosely(self.span(child))),
                _ if !is_for => self.statement(child, depth, &mut condition),
                _ => {}
            }
        }
        let (variable, words) =
            if is_for { loop_words(self.text, self.lexed, self.span(node).start) } else { (None, Vec::new()) };
        Node::Loop { variable, words, condition, body }
    }

    fn case(&self, node: TreeNode<'_>, depth: usize) -> Node {
        let mut subject = None;
        let mut arms = Vec::new();
        let mut cursor = node.walk();
        for child in node.children(&mut cursor) {
            match child.kind() {
                "case_item" => arms.push(self.case_arm(child, depth + 1)),
                _ if child.is_error() => arms.push((Vec::new(), self.loosely(self.span(child)))),
                _ if child.is_named() && subject.is_none() => subject = Some(self.span(child)),
                _ => {}
            }
        }
        Node::Case { subject, arms }
    }

    fn case_arm(&self, node: TreeNode<'_>, depth: usize) -> (Vec<Span>, Vec<Command>) {
        let mut patterns = Vec::new();
        let mut body = Vec::new();
        let mut in_body = false;
        let mut cursor = node.walk();
        for child in node.children(&mut cursor) {
            match child.kind() {
                ")" if !in_body => in_body = true,
                _ if in_body => self.statement(child, depth, &mut body),
                _ if child.is_named() => patterns.push(self.span(child)),
                _ => {}
            }
        }
        (patterns, body)
    }

    fn function(&self, node: TreeNode<'_>, depth: usize) -> Node {
        let name = node.child_by_field_name("name").map_or(self.span(node), |name| self.span(name));
        let body = match node.child_by_field_name("body") {
            Some(body) if matches!(body.kind(), "compound_statement") => self.statements(body, depth + 1),
            Some(body) => self.command(body, depth + 1).into_iter().collect(),
            None => Vec::new(),
        };
        Node::Function { name, body }
    }
}

/// The bytes of a command without the redirections around it.
fn core(command: &Command) -> Span {
    match &command.node {
        Node::Simple(simple) => simple.words.iter().map(|word| word.span).reduce(Span::to).unwrap_or(command.span),
        _ => {
            Span::new(command.span.start, command.redirects.first().map_or(command.span.end, |first| first.span.start))
        }
    }
}

/// The variable of a `for` and the words it takes, from the tokens after the one at `start`.
pub fn loop_words(text: &str, lexed: &Lexed, start: usize) -> (Option<Span>, Vec<Span>) {
    let from = lexed.tokens.partition_point(|token| token.span.start < start);
    let mut words = lexed.tokens[from..]
        .iter()
        .skip(1)
        .take_while(|token| match token.kind {
            TokenKind::Word { .. } => true,
            TokenKind::Keyword => text.get(token.span.start..token.span.end) == Some("in"),
            _ => false,
        })
        .filter(|token| token.kind != TokenKind::Keyword)
        .map(|token| token.span);
    (words.next(), words.collect())
}

/// The redirections that follow a command which ends at `end`.
pub fn redirects_from(lexed: &Lexed, end: usize) -> Vec<Redirect> {
    let from = lexed.tokens.partition_point(|token| token.span.start < end);
    lexed.tokens[from..].iter().map_while(|token| redirect(token, lexed)).collect()
}

/// A simple command from its tokens.
pub fn simple_command(tokens: &[Token], lexed: &Lexed) -> Command {
    let mut simple = Simple::default();
    simple.words.reserve_exact(tokens.len());
    for token in tokens {
        match token.kind {
            TokenKind::Word { assignment, kind } => {
                if assignment && simple.assignments == simple.words.len() {
                    simple.assignments += 1;
                }
                simple.words.push(Word { span: token.span, kind });
            }
            _ => simple.redirects.extend(redirect(token, lexed)),
        }
    }
    let span = tokens.iter().map(|token| token.span).reduce(Span::to).unwrap_or_default();
    Command { span, node: Node::Simple(simple), redirects: Vec::new(), background: false }
}

fn redirect(token: &Token, lexed: &Lexed) -> Option<Redirect> {
    let TokenKind::Redirect { op, fd, target, heredoc } = token.kind else { return None };
    let heredoc = heredoc.map(|index| lexed.heredocs[index]);
    Some(Redirect { span: token.span, op, fd, target, heredoc })
}

#[cfg(test)]
mod tests {
    use std::path::{Path, PathBuf};

    use super::*;
    use crate::syntax::shell::lexer::lex;

    /// Shell files of the fixtures, or those below the folder that `PYDOCTOR_SHELL_FILES` names.
    fn files() -> Vec<PathBuf> {
        #[expect(clippy::disallowed_methods, reason = "a test may be given other files")]
        let given = std::env::var_os("PYDOCTOR_SHELL_FILES").map(PathBuf::from);
        let root = given.unwrap_or_else(|| Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures"));
        let (mut folders, mut files) = (vec![root], Vec::new());
        while let Some(folder) = folders.pop() {
            for entry in std::fs::read_dir(folder).unwrap() {
                let path = entry.unwrap().path();
                if path.is_dir() { folders.push(path) } else { files.push(path) }
            }
        }
        files
    }

    #[test]
    fn tokens_alone_give_what_the_grammar_gives() {
        let (mut direct, mut left, mut differing) = (0, 0, Vec::new());
        for path in files() {
            #[expect(clippy::disallowed_methods, reason = "fixtures are small")]
            let Ok(text) = std::fs::read_to_string(&path) else { continue };
            let region = Span::new(0, text.len());
            for zsh in [false, true] {
                let lexed = lex(&text, region, &[], zsh);
                let Some(body) = direct::read(&text, &lexed) else {
                    left += 1;
                    continue;
                };
                direct += 1;
                if parse(&lexed.mask).is_none_or(|tree| tree.root_node().has_error()) {
                    // zsh's `{ a }`: the tokens tell more than the grammar.
                    continue;
                }
                let tree = by_grammar(&text, region, &lexed);
                let (own, grammars) = (format!("{body:#?}"), format!("{:#?}", tree.body));
                if let Some((own, other)) = own.lines().zip(grammars.lines()).find(|(own, other)| own != other) {
                    differing.push(format!("{}: {own} {other}", path.display()));
                }
            }
        }
        assert!(differing.is_empty(), "{}", differing.join("\n"));
        assert!(direct > left, "{direct} without the grammar, {left} with it");
    }
}
