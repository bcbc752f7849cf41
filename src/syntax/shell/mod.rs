//! Shell scripts: a lexer that knows words as bash does, the grammar for the compound commands, and a
//! reader of lines for csh.

pub mod ast;
pub mod csh;
mod direct;
mod lexer;
mod loose;
pub mod quote;
mod scan;
mod tree;
pub mod word;

pub use lexer::is_assignment;

use ast::Script;
use lexer::{Lexed, lex};

use crate::source::{Shell, Span};

/// Suspects tried when a quote does not end.
const MAX_SUSPECTS: usize = 8;

/// Parses the bytes `region` of `text`. Never fails: what cannot be parsed is a gap of the result.
pub fn parse(text: &str, region: Span, shell: Shell) -> Script {
    if memchr::memchr(0, &text.as_bytes()[region.start..region.end]).is_some() {
        return Script { gaps: vec![(region, "a NUL byte: this is not text")], ..Script::default() };
    }
    if shell == Shell::Csh {
        return csh::parse(text, region);
    }
    let lexed = lex_with_mended_quotes(text, region, shell == Shell::Zsh);
    let long_words = long_words(text, &lexed);
    Script { long_words, ..tree::build(text, region, &lexed) }
}

fn long_words(text: &str, lexed: &Lexed) -> Vec<Span> {
    let words = lexed.tokens.iter().filter(|token| matches!(token.kind, lexer::TokenKind::Word { .. }));
    // Most are so short that a search would take longer to begin.
    let long = words.filter(|word| text.as_bytes()[word.span.start..word.span.end].contains(&b'\n'));
    long.map(|word| Span::new(word.span.start + 1, word.span.end)).collect()
}

/// The words of a list: the inside of an array.
pub fn words(text: &str, region: Span) -> Vec<Span> {
    let lexed = lex(text, region, &[], false);
    let word = |token: &lexer::Token| matches!(token.kind, lexer::TokenKind::Word { .. } | lexer::TokenKind::Keyword);
    lexed.tokens.iter().filter(|token| word(token)).map(|token| token.span).collect()
}

/// A quote that does not end makes all text up to the end of the file one word. Often an earlier one is to
/// blame, whose partner is missing; the first whose removal makes the text whole is taken for it.
fn lex_with_mended_quotes(text: &str, region: Span, zsh: bool) -> Lexed {
    let first = lex(text, region, &[], zsh);
    let unended = |lexed: &Lexed| lexed.faults.iter().any(|(_, reason)| reason.contains("quote without"));
    if !unended(&first) {
        return first;
    }
    for suspect in first.long_quotes.iter().copied().take(MAX_SUSPECTS) {
        let mut mended = lex(text, region, &[suspect], zsh);
        if !unended(&mended) {
            let line = memchr::memchr(b'\n', &text.as_bytes()[suspect..region.end]);
            let end = line.map_or(region.end, |length| suspect + length);
            mended.faults.push((Span::new(suspect, end), "quote without its end"));
            return mended;
        }
    }
    first
}
