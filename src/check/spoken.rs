//! Comments beside a change that speak of what it takes away, and would be false afterwards.

use std::collections::BTreeSet;

use crate::source::{Kind, Source, Span};

use super::comments::{is_block_end, is_directive, is_installer_mark};
use super::finding::Edit;
use super::suppress;

/// Most lines above a change that comments are looked for in.
const MAX_LINES: usize = 6;

/// A shorter word says too little.
const MIN_WORD: usize = 4;

/// What comments go on to say truly when one spelling takes the place of another.
const TOPICS: [&str; 24] = [
    "conda",
    "python",
    "module",
    "modules",
    "load",
    "activate",
    "environment",
    "source",
    "install",
    "bash",
    "slurm",
    "sbatch",
    "file",
    "path",
    "user",
    "export",
    "project",
    "scratch",
    "data",
    "name",
    "count",
    "multiprocessing",
    "http",
    "https",
];

/// How a block begins that a tool manages: what stands in it is the tool's.
const MANAGED: &str = ">>>";

/// The line of a comment at the changes that names what they take away; `None` where each stays true.
pub(super) fn false_after(source: &Source, edits: &[Edit]) -> Option<usize> {
    let own = edits.iter().filter(|edit| edit.path.is_none() && !edit.span.is_empty());
    let with_comments = own.map(|edit| (edit, beside(source, edit.span)));
    let spoken_to: Vec<_> = with_comments.filter(|(_, comments)| !comments.is_empty()).collect();
    if spoken_to.is_empty() {
        return None;
    }
    let mut put_in: BTreeSet<String> = BTreeSet::new();
    edits.iter().for_each(|edit| put_in.extend(words(&edit.text)));
    let stays = |word: &str| put_in.iter().any(|new| new.contains(word));
    spoken_to.into_iter().find_map(|(edit, comments)| {
        let old = source.slice(edit.span);
        if old.lines().next().is_some_and(|line| line.contains(MANAGED)) {
            return None;
        }
        // What is only taken out is spoken of by its topic as well.
        let is_topic = |word: &str| !edit.text.trim().is_empty() && TOPICS.contains(&word);
        // A line that is switched off is code as well, where it is all that goes.
        let is_comment = |line: &&str| line.trim_start().starts_with('#');
        let code: Vec<&str> = old.lines().filter(|line| !is_comment(line)).collect();
        let code = if code.is_empty() && !suppress::is_one(old.trim_start()) { old.lines().collect() } else { code };
        let gone: BTreeSet<String> = code.iter().flat_map(|line| words(line)).collect();
        let gone: Vec<String> = gone.into_iter().filter(|word| !stays(word) && !is_topic(word)).collect();
        let phrases = [old, &edit.text].into_iter().filter_map(phrase);
        let names = code.iter().flat_map(|line| names(line)).filter(|name| !edit.text.to_lowercase().contains(name));
        let phrases: Vec<String> = phrases.chain(names).collect();
        let speaks = |comment: &str| {
            let lower = comment.to_lowercase();
            // `conda` speaks of `miniconda3`.
            let is_part = |word: &String| {
                word.chars().count() > MIN_WORD && !is_topic(word) && gone.iter().any(|own| own.contains(word))
            };
            words(comment).iter().any(|word| gone.contains(word) || is_part(word))
                || phrases.iter().any(|phrase| lower.contains(phrase))
        };
        comments.into_iter().find(|(_, comment)| speaks(comment)).map(|(line, _)| line)
    })
}

/// The comments for people at a place: behind it, and on the lines above in its paragraph. Code that is switched off is none.
fn beside(source: &Source, place: Span) -> Vec<(usize, &str)> {
    let lines = &source.lines;
    // Blank lines that go along are nobody's subject.
    let begins_at = place.start + source.slice(place).find(|c: char| !c.is_whitespace()).unwrap_or(0);
    let (first, last) = (lines.line(begins_at), lines.line(place.end.saturating_sub(1).max(place.start)));
    let mut found = Vec::new();
    let end = lines.span(last);
    let rest = source.slice(Span::new(place.end.clamp(end.start, end.end), end.end));
    let mark = rest.match_indices('#').map(|(at, _)| at).find(|at| *at == 0 || rest[..*at].ends_with([' ', '\t']));
    if let Some(words) = mark.map(|at| &rest[at..]).filter(|words| !suppress::is_one(words)) {
        found.push((last, words));
    }
    let code = source.slice(lines.span(first)).trim_start();
    let begins = code.split([' ', '=']).next().unwrap_or("");
    for number in (1..first).rev().take(MAX_LINES) {
        let text = source.slice(lines.span(number)).trim();
        let text = if source.kind == Kind::Notebook { text.trim_start_matches('"') } else { text };
        // What stands above a block's end is that block's.
        if text.is_empty() || is_block_end(text) {
            break;
        }
        let words = text.trim_start_matches('#').trim_start();
        let is_code = || !begins.is_empty() && words.split([' ', '=']).next() == Some(begins) && words != begins;
        if text.starts_with('#')
            && !is_directive(text)
            && !is_installer_mark(text)
            && !suppress::is_one(text)
            && !is_code()
        {
            found.push((number, text));
        }
    }
    found
}

/// The words of a text that say something, without case, numbers and marks.
fn words(text: &str) -> Vec<String> {
    let words = text.split(|c: char| !c.is_alphabetic()).filter(|word| word.chars().count() >= MIN_WORD);
    words.map(str::to_lowercase).collect()
}

/// The names with numbers in a text: `Qt4Agg`, `py39`.
fn names(text: &str) -> Vec<String> {
    let names = text.split(|c: char| !c.is_alphanumeric()).filter(|name| name.chars().count() >= MIN_WORD);
    let is_mixed = |name: &&str| name.contains(char::is_alphabetic) && name.contains(char::is_numeric);
    names.filter(is_mixed).map(str::to_lowercase).collect()
}

/// A text of several words as a comment would write it.
fn phrase(text: &str) -> Option<String> {
    let text = text.trim();
    let is_phrase =
        text.contains(' ') && !text.contains('\n') && text.chars().all(|c| c.is_alphabetic() || " -./_".contains(c));
    is_phrase.then(|| text.to_lowercase())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::source::{Role, Shell};

    /// The comment that would be false when `cut` is replaced by `text`.
    fn line(file: &str, cut: &str, text: &str) -> Option<usize> {
        let source = Source::new("f".into(), Kind::Shell { shell: Shell::Bash, role: Role::Script }, file.into());
        let start = file.find(cut).unwrap_or_default();
        let edit = Edit { path: None, span: Span::new(start, start + cut.len()), text: text.to_owned() };
        false_after(&source, &[edit])
    }

    #[test]
    fn comments_that_name_what_goes_are_found() {
        let load = "module load python/anaconda-2022.05";
        let swap = |above: &str, behind: &str| {
            line(&format!("x\n\n{above}{load}{behind}\n"), "python/anaconda-2022.05", "python/miniforge-25.3.0")
        };
        assert_eq!(swap("# Anaconda3 of the site\n", ""), Some(3));
        assert_eq!(swap("# Python, with conda\n", ""), None);
        assert_eq!(swap("", "  # anaconda"), Some(3));
        assert_eq!(swap("# the anaconda of old\n\n", ""), None);
        // A line that is switched off, and a comment to pydoctor.
        assert_eq!(swap("#module load python/anaconda-2021\n", ""), None);
        assert_eq!(swap("", " # pydoctor: ignore[anaconda-module]"), None);
        let weighs = "# or source activate fit?\nconda activate fit\n";
        assert_eq!(line(weighs, "conda activate", "source activate"), Some(1));
        assert_eq!(
            line("# activate the conda environment\nconda activate fit\n", "conda activate", "source activate"),
            None
        );
        assert_eq!(
            line("# no virtualenv needed\nPIP_REQUIRE_VIRTUALENV=0\n", "PIP_REQUIRE_VIRTUALENV=0\n", ""),
            Some(1)
        );
        assert_eq!(line("use(\'Qt4Agg\')  # Qt4Agg is what I have\n", "Qt4Agg", "QtAgg"), Some(1));
        let path = "export PATH=$SOFT/miniconda3/bin:$PATH\n";
        assert_eq!(line(&format!("# Source my conda installation\n{path}"), path, ""), Some(1));
        let below = "# >>> conda initialize >>>\n# <<< conda initialize <<<\n";
        assert_eq!(line(&format!("{below}{path}"), path, ""), None);
        assert_eq!(line(&format!("# conda of old\n\n{path}"), &format!("\n{path}"), ""), None);
        assert_eq!(line("# tasks\n#SBATCH --tasks=4\n", "--tasks", "--ntasks"), None);
    }
}
