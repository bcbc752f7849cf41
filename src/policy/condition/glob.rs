//! Globs in conditions, in which fields may be filled in.

use super::super::document::Word;
use super::super::glob::{Pattern, Token, push_literal};
use super::super::template::{Context, Part, Template};

/// A glob, perhaps with fields to fill in.
#[derive(Clone, Debug)]
pub enum Glob {
    /// Known when the rule is read.
    Fixed(Pattern),
    /// Completed from the fact: each piece is a part of a glob or text that is meant literally.
    Filled(Box<[GlobPiece]>),
}

/// A part of a glob with fields.
#[derive(Clone, Debug)]
pub enum GlobPiece {
    /// A part of the glob.
    Tokens(Pattern),
    /// Text from the fact or the site, taken literally.
    Part(Part),
}

impl Glob {
    /// Reads a glob, in which `{field}` stands for the text of a field.
    pub(super) fn parse(context: Context<'_, '_>, word: &Word<'_>) -> Self {
        if !context.trusted {
            context.doc.check_glob(word);
        }
        if !word.text.contains(['{', '}']) {
            return Self::Fixed(Pattern::new(word.text));
        }
        let template = Template::parse(context, word);
        let pieces: Box<[GlobPiece]> = template
            .parts
            .iter()
            .map(|part| match part {
                Part::Text(text) => GlobPiece::Tokens(Pattern::new(text)),
                part => GlobPiece::Part(part.clone()),
            })
            .collect();
        match &*pieces {
            [] => Self::Fixed(Pattern::exactly("")),
            [GlobPiece::Tokens(pattern)] => Self::Fixed(pattern.clone()),
            _ => Self::Filled(pieces),
        }
    }

    /// The text of the glob up to its first wildcard or field.
    pub fn prefix(&self) -> String {
        match self {
            Self::Fixed(pattern) => pattern.prefix().into_owned(),
            Self::Filled(pieces) => match pieces.first() {
                Some(GlobPiece::Tokens(pattern)) => pattern.prefix().into_owned(),
                _ => String::new(),
            },
        }
    }
}

/// A glob completed from its parts; `fill` gives the literal text of a part, `None` when it is absent.
pub fn complete(pieces: &[GlobPiece], mut fill: impl FnMut(&Part) -> Option<String>) -> Option<Pattern> {
    let mut all: Vec<Token> = Vec::new();
    for piece in pieces {
        match piece {
            GlobPiece::Tokens(pattern) => all.extend(pattern.tokens().iter().cloned()),
            GlobPiece::Part(part) => fill(part)?.chars().for_each(|character| push_literal(&mut all, character)),
        }
    }
    Some(Pattern::from_tokens(all))
}
