//! Slurm's directives: `#SBATCH` at column 0, words cut as a shell would without expanding anything, then
//! `getopt_long` over them (unique prefixes, glued letters).

use super::option::{Nearest, Parsed, Piece, Verdict, nearest, stray};
use super::words::{Splitting, Word, split};
use crate::facts::placeholder::is_placeholder;
use crate::tables::{BatchOption, Lookup, OptionTable, Takes};

const HOW: Splitting = Splitting { comment_in_word: true, brackets: true, slurm_escapes: true, substitutions: false };

/// The options of a line after its `#SBATCH`, which ends at `from`. Of an `expanded` text a shell runs the substitutions
/// first.
pub(super) fn options(table: &OptionTable, line: &str, from: usize, expanded: bool) -> Vec<Parsed> {
    let (words, open_quote) = split(line, from, Splitting { substitutions: expanded, ..HOW });
    let mut found = Vec::new();
    let mut at = 0;
    while let Some(word) = words.get(at) {
        if ["hetjob", "packjob"].iter().any(|mark| word.text.eq_ignore_ascii_case(mark)) {
            let verdict = Verdict::Known { name: "hetjob".to_owned() };
            found.push(Parsed::new(Piece::from(word), None, verdict));
            at += 1;
        } else if word.text == "--" {
            at += 1;
        } else if word.text.starts_with("--") {
            at = long(table, &words, at, line, &mut found);
        } else if let Some(name) = one_dash(table, word) {
            at = unknown(table, &words, at, (line, name.len() + 1), &mut found);
            if let Some(last) = found.last_mut() {
                last.taken_for = taken_for(table, word);
            }
        } else if is_option(&word.text) && word.text.starts_with('-') {
            at = letters(table, &words, at, line, &mut found);
        } else if is_option(&word.text) {
            at = unknown(table, &words, at, (line, name_end(&word.text)), &mut found);
        } else {
            let (parsed, next) = stray(&words, at, is_option);
            found.push(with_dashes(table, parsed));
            at = next;
        }
    }
    if open_quote && let Some(last) = found.last_mut() {
        last.fault = Some("open-quote");
    }
    found
}

/// `-x`, `--x`, or the same with a dash that a word processor made.
fn is_option(word: &str) -> bool {
    let dashes = word.chars().take_while(|c| is_dash(*c)).count();
    dashes > 0 && word.chars().nth(dashes).is_some()
}

const fn is_dash(c: char) -> bool {
    matches!(c, '-' | '–' | '—' | '−' | '‐' | '‑')
}

/// `-mem=4G`: the long name behind one dash, which `getopt` takes for the letter `m` with the value `em=4G`.
fn one_dash<'w>(table: &OptionTable, word: &'w Word) -> Option<&'w str> {
    let rest = word.text.strip_prefix('-')?;
    let name = rest.split('=').next()?;
    (name.len() >= 3 && table.get(name).is_some()).then_some(name)
}

/// What `getopt` makes of such a word, where its first letter is an option with a value: `-e xclusive`. Where it is none,
/// or the value makes no sense, the scheduler refuses the script.
fn taken_for(table: &OptionTable, word: &Word) -> Option<String> {
    let rest = word.text.strip_prefix('-')?;
    let letter = rest.chars().next()?;
    let takes_text = matches!(letter, 'd' | 'e' | 'i' | 'o' | 'p' | 'q' | 'w' | 'x');
    let takes = table.short(letter).is_some_and(|option| option.takes == Takes::Yes);
    (takes_text && takes).then(|| format!("-{letter} {}", &rest[letter.len_utf8()..]))
}

/// `mem=4G` as a stray word: what it lacks is the dashes.
fn with_dashes(table: &OptionTable, mut parsed: Parsed) -> Parsed {
    if let (Verdict::Stray(slot), Some((name, _))) = (&mut parsed.verdict, parsed.option.text.split_once('='))
        && table.get(name).is_some_and(|option| option.takes != Takes::No)
    {
        *slot = Some(Nearest { option: format!("--{name}"), distance: 2, sole: true });
    }
    parsed
}

/// A word that begins with `--`; returns the index after it and its value.
fn long(table: &OptionTable, words: &[Word], at: usize, line: &str, found: &mut Vec<Parsed>) -> usize {
    let word = &words[at];
    let end = name_end(&word.text);
    let name = &word.text[2..end];
    let (option, verdict) = match table.lookup(name) {
        Lookup::Exact(option) => (option, Verdict::Known { name: option.canonical().to_owned() }),
        Lookup::Prefix(option) => {
            let verdict = Verdict::Prefix {
                name: option.canonical().to_owned(),
                completed: option.name.clone(),
                misleading: misleading(table, name, option),
            };
            (option, verdict)
        }
        Lookup::Ambiguous | Lookup::Unknown => return unknown(table, words, at, (line, end), found),
    };
    let (piece, mut value) = cut(word, end, line);
    let mut next = at + 1;
    // `getopt` would take any next word; an option there means that the value was forgotten.
    if option.takes == Takes::Yes
        && value.is_none()
        && let Some(following) = words.get(next).filter(|word| !known_option(table, &word.text))
    {
        value = Some(Piece::from(following));
        next += 1;
    }
    found.push(Parsed::new(piece, value, verdict).checked(option.takes));
    next
}

/// A cluster of letters: `-n4`, `-HQ`, `-J name`.
fn letters(table: &OptionTable, words: &[Word], at: usize, line: &str, found: &mut Vec<Parsed>) -> usize {
    let word = &words[at];
    let mut offset = 1;
    while let Some(letter) = word.text[offset..].chars().next() {
        let after = offset + letter.len_utf8();
        let Some(option) = table.short(letter) else {
            return unknown_letter(table, words, at, line, (offset, letter), found);
        };
        let (option_piece, rest) = cut_letter(word, offset, after, line);
        let verdict = Verdict::Known { name: option.canonical().to_owned() };
        if option.takes == Takes::No {
            found.push(Parsed::new(option_piece, None, verdict));
            offset = after;
            continue;
        }
        let mut next = at + 1;
        let mut value = rest;
        if value.is_none()
            && option.takes == Takes::Yes
            && let Some(following) = words.get(next).filter(|word| !known_option(table, &word.text))
        {
            value = Some(Piece::from(following));
            next += 1;
        }
        found.push(Parsed::new(option_piece, value, verdict).checked(option.takes));
        return next;
    }
    at + 1
}

fn unknown_letter(
    table: &OptionTable,
    words: &[Word],
    at: usize,
    line: &str,
    (offset, letter): (usize, char),
    found: &mut Vec<Parsed>,
) -> usize {
    let (option, mut value) = cut_letter(&words[at], offset, offset + letter.len_utf8(), line);
    let swapped = if letter.is_uppercase() { letter.to_ascii_lowercase() } else { letter.to_ascii_uppercase() };
    let near = table.short(swapped).filter(|option| option.takes == Takes::Yes);
    let mut next = at + 1;
    if value.is_none()
        && let Some(following) = words.get(next).filter(|word| !is_option(&word.text))
    {
        value = Some(Piece::from(following));
        next += 1;
    }
    let nearest = near.map(|_| Nearest { option: format!("-{swapped}"), distance: 1, sole: value.is_some() });
    let verdict = if is_placeholder(&option.text) { Verdict::Placeholder } else { Verdict::Unknown(nearest) };
    found.push(Parsed::new(option, value, verdict));
    next
}

/// An option that Slurm does not have; its name ends at byte `end` of the word.
fn unknown(
    table: &OptionTable,
    words: &[Word],
    at: usize,
    (line, end): (&str, usize),
    found: &mut Vec<Parsed>,
) -> usize {
    let word = &words[at];
    let (option, mut value) = cut(word, end, line);
    let written = word.text[..end].to_owned();
    let name = written.trim_start_matches(is_dash);
    let dashes = written.chars().take_while(|c| is_dash(*c)).count();
    let mut next = at + 1;
    if value.is_none()
        && let Some(following) = words.get(next).filter(|word| !is_option(&word.text))
        && table.get(name).is_none_or(|option| option.takes == Takes::Yes)
    {
        value = Some(Piece::from(following));
        next += 1;
    }
    let verdict = if is_placeholder(&written) {
        Verdict::Placeholder
    } else if let Some(option) = table.get(name) {
        // The right name behind wrong dashes.
        let sole = option.takes != Takes::Yes || value.is_some();
        let wrong = written.chars().take(dashes).filter(|c| *c != '-').count();
        let distance = wrong.max(dashes.abs_diff(2)).max(1);
        Verdict::Unknown(Some(Nearest { option: format!("--{name}"), distance, sole }))
    } else {
        Verdict::Unknown(nearest(table, name, value.is_some(), "--"))
    };
    found.push(Parsed::new(option, value, verdict));
    next
}

/// The option that the prefix `name` of `option` looks like: `--tasks` is one letter from `--ntasks`, but Slurm
/// completes it to `--tasks-per-node`.
fn misleading(table: &OptionTable, name: &str, option: &BatchOption) -> Option<String> {
    if name.len() < 4 {
        return None;
    }
    let other = table.iter().find(|other| {
        other.canonical() != option.canonical()
            && !other.name.starts_with(name)
            && other.name.ends_with(name)
            && other.name.len() - name.len() <= 1
    });
    let other = other.or_else(|| {
        // What lacks a letter or two at its end is what it is completed to.
        let rest = option.name.len().saturating_sub(name.len());
        let near = |other: &&BatchOption| {
            let distance = strsim::damerau_levenshtein(&other.name, name);
            distance <= 2 && distance < rest
        };
        table.iter().filter(|other| other.canonical() != option.canonical() && other.name.len() > 5).find(near)
    });
    other.map(|other| format!("--{}", other.canonical()))
}

fn known_option(table: &OptionTable, word: &str) -> bool {
    match word.strip_prefix("--") {
        Some(rest) => matches!(table.lookup(rest.split('=').next().unwrap_or(rest)), Lookup::Exact(_)),
        None => {
            let letter = word.strip_prefix('-').and_then(|rest| rest.chars().next());
            letter.is_some_and(|letter| table.short(letter).is_some())
        }
    }
}

/// Where the name ends in `--name=value`.
fn name_end(word: &str) -> usize {
    word.find('=').unwrap_or(word.len())
}

/// Cuts a word at byte `end` of its text into option and value, leaving out the `=`. Places are exact when the
/// name stands there without quotes, which is how options are written.
fn cut(word: &Word, end: usize, line: &str) -> (Piece, Option<Piece>) {
    let plain = line.get(word.start..word.start + end) == word.text.get(..end);
    let boundary = if plain { word.start + end } else { word.end };
    let option = Piece { text: word.text[..end].to_owned(), start: word.start, end: boundary };
    let value = word.text[end..].strip_prefix('=').map(|text| Piece {
        text: text.to_owned(),
        start: (boundary + 1).min(word.end),
        end: word.end,
    });
    (option, value)
}

fn cut_letter(word: &Word, offset: usize, after: usize, line: &str) -> (Piece, Option<Piece>) {
    let plain = line.get(word.start..word.start + after) == word.text.get(..after);
    let boundary = if plain { word.start + after } else { word.end };
    let start = if offset == 1 { word.start } else { (word.start + offset).min(boundary) };
    let text = format!("-{}", &word.text[offset..after]);
    let rest = &word.text[after..];
    let value = (!rest.is_empty()).then(|| Piece { text: rest.to_owned(), start: boundary, end: word.end });
    (Piece { text, start, end: boundary }, value)
}
