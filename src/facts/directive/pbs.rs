//! PBS's directives: `#PBS` after blanks, joined over a backslash at the line's end, then `getopt` over letters.

use super::option::{Nearest, Parsed, Piece, Verdict, stray};
use super::words::{Splitting, Word, split};
use crate::facts::placeholder::is_placeholder;
use crate::tables::{BatchOption, OptionTable, Takes};

const HOW: Splitting = Splitting { comment_in_word: false, brackets: true, slurm_escapes: false, substitutions: false };

/// The options of a line after its `#PBS`, which ends at `from`.
pub(super) fn options(table: &OptionTable, line: &str, from: usize) -> Vec<Parsed> {
    let (words, _) = split(line, from, HOW);
    let mut found = Vec::new();
    let mut at = 0;
    while let Some(word) = words.get(at) {
        if is_option(&word.text) {
            at = letter(table, &words, at, &mut found);
        } else {
            let (parsed, next) = stray(&words, at, is_option);
            found.push(parsed);
            at = next;
        }
    }
    found
}

fn is_option(word: &str) -> bool {
    word.len() > 1 && word.starts_with('-')
}

fn letter(table: &OptionTable, words: &[Word], at: usize, found: &mut Vec<Parsed>) -> usize {
    let word = &words[at];
    let Some(letter) = word.text[1..].chars().next() else {
        return at + 1;
    };
    let after = 1 + letter.len_utf8();
    let rest = &word.text[after..];
    let boundary = word.boundary(after);
    let option = Piece { text: word.text[..after].to_owned(), start: word.start, end: boundary };
    let mut value = (!rest.is_empty()).then(|| Piece { text: rest.to_owned(), start: boundary, end: word.end });
    let mut next = at + 1;
    let known = table.short(letter);
    if value.is_none()
        && known.is_none_or(|option| option.takes == Takes::Yes)
        && let Some(following) = words.get(next).filter(|word| !is_option(&word.text) || number(&word.text))
    {
        value = Some(Piece::from(following));
        next += 1;
    }
    let (option, verdict) = match known {
        Some(known) => (option, Verdict::Known { name: known.name.clone() }),
        None if is_placeholder(&word.text) => (Piece::from(word), Verdict::Placeholder),
        None => {
            let swapped = if letter.is_uppercase() { letter.to_ascii_lowercase() } else { letter.to_ascii_uppercase() };
            let fits = |option: &&BatchOption| (option.takes == Takes::Yes) == value.is_some();
            let near = table.short(swapped).filter(fits);
            let near = near.map(|_| Nearest { option: format!("-{swapped}"), distance: 1, sole: true });
            (option, Verdict::Unknown(near))
        }
    };
    let parsed = Parsed::new(option, value, verdict);
    found.push(match known {
        Some(known) => parsed.checked(known.takes),
        None => parsed,
    });
    next
}

/// `-100` after `-p` is a number.
fn number(word: &str) -> bool {
    word[1..].chars().all(|c| c.is_ascii_digit())
}
