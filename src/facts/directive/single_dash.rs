//! Directives of Grid Engine and LSF: whole words behind one dash (`-pe shm 16`, `-hold_jid 7`, `-R "span[hosts=1]"`).

use super::option::{Parsed, Piece, Verdict, nearest, stray};
use super::words::{Splitting, Word, split};
use crate::facts::placeholder::is_placeholder;
use crate::tables::{BatchOption, OptionTable, Takes};

/// The options of a Grid Engine line after its `#$`, which ends at `from`.
pub(super) fn sge(table: &OptionTable, line: &str, from: usize) -> Vec<Parsed> {
    let (words, _) = split(
        line,
        from,
        Splitting { comment_in_word: true, brackets: true, slurm_escapes: false, substitutions: false },
    );
    options(table, &words, false)
}

/// The options of an LSF line after its `#BSUB`, which ends at `from`.
pub(super) fn lsf(table: &OptionTable, line: &str, from: usize) -> Vec<Parsed> {
    // LSF keeps the quotes of `select[x!='Y']`; only the text of values differs, not where words end.
    let (words, _) = split(
        line,
        from,
        Splitting { comment_in_word: false, brackets: false, slurm_escapes: false, substitutions: false },
    );
    options(table, &words, true)
}

fn options(table: &OptionTable, words: &[Word], lsf: bool) -> Vec<Parsed> {
    let mut found = Vec::new();
    let mut at = 0;
    while let Some(word) = words.get(at) {
        if is_option(&word.text) {
            at = option(table, words, at, lsf, &mut found);
        } else {
            let (parsed, next) = stray(words, at, is_option);
            found.push(parsed);
            at = next;
        }
    }
    found
}

fn is_option(word: &str) -> bool {
    word.strip_prefix('-').and_then(|rest| rest.chars().next()).is_some_and(|c| !c.is_ascii_digit())
}

fn option(table: &OptionTable, words: &[Word], at: usize, lsf: bool, found: &mut Vec<Parsed>) -> usize {
    let word = &words[at];
    let name = &word.text[1..];
    let known = table.get(name);
    if known.is_none()
        && lsf
        && let Some(parsed) = glued(table, word)
    {
        found.push(parsed);
        return at + 1;
    }
    let takes = known.map_or(Takes::Yes, |option| option.takes);
    let mut next = at + 1;
    let mut value = None;
    if takes != Takes::No
        && let Some(following) = words.get(next).filter(|word| !is_option(&word.text))
    {
        value = Some(Piece::from(following));
        next += 1;
    }
    if let Some(value) = &mut value {
        let more = |word: &&Word| match takes {
            // The range of `-pe shm 4-16`; of `-binding linear:1` there is none.
            Takes::Two => !is_option(&word.text),
            // `-R select[…] rusage[…]` without quotes.
            _ => lsf && name == "R" && !is_option(&word.text) && word.text.contains('['),
        };
        let limit = if takes == Takes::Two { 1 } else { usize::MAX };
        for word in words[next..].iter().take(limit).take_while(more) {
            value.text.push(' ');
            value.text.push_str(&word.text);
            value.end = word.end;
            next += 1;
        }
    }
    let verdict = match known {
        Some(option) => Verdict::Known { name: option.canonical().to_owned() },
        None if is_placeholder(&word.text) => Verdict::Placeholder,
        None => Verdict::Unknown(nearest(table, name.trim_start_matches('-'), value.is_some(), "-")),
    };
    let parsed = Parsed::new(Piece::from(word), value, verdict);
    found.push(match known {
        Some(known) => parsed.checked(known.takes),
        None => parsed,
    });
    next
}

/// `-n4`, `-q"short"`: LSF takes a letter with its value glued on.
fn glued(table: &OptionTable, word: &Word) -> Option<Parsed> {
    let letter = word.text[1..].chars().next()?;
    let takes_value = |option: &&BatchOption| option.takes == Takes::Yes;
    let option = table.short(letter).filter(takes_value)?;
    let after = 1 + letter.len_utf8();
    let rest = &word.text[after..];
    let value_like = rest.chars().any(|c| c.is_ascii_digit() || matches!(c, '[' | '%' | '/' | '.' | '='));
    let boundary = word.boundary(after);
    let written = Piece { text: word.text[..after].to_owned(), start: word.start, end: boundary };
    let value = Piece { text: rest.to_owned(), start: boundary, end: word.end };
    let verdict = Verdict::Known { name: option.canonical().to_owned() };
    (value_like && !rest.is_empty()).then(|| Parsed::new(written, Some(value), verdict))
}
