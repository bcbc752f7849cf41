//! Comments that people wrote: what no safe fix may delete.

use crate::facts;
use crate::source::{Kind, Source, Span};
use crate::syntax::{python, shell, yaml};

use super::finding::Edit;
use super::suppress;

/// How comments begin that are orders to a scheduler or the system.
const DIRECTIVES: [&str; 5] = ["#SBATCH", "#PBS", "#$", "#BSUB", "#!"];

/// What stands in the first line of a block that a tool manages.
const BLOCK_BEGINS: &str = ">>>";

/// True for a line that looks like a comment, and is an order to a scheduler or the system.
pub(super) fn is_directive(text: &str) -> bool {
    DIRECTIVES.iter().any(|mark| text.starts_with(mark))
}

/// True for a comment that tells `shellcheck` or pydoctor about the line below it.
pub(super) fn is_about_next(line: &str) -> bool {
    let comment = line.trim_start().strip_prefix('#').unwrap_or("").trim_start();
    comment.starts_with("shellcheck ") || comment.starts_with("pydoctor: ignore[")
}

/// True for the line with which a block ends that a tool manages: `# <<< conda initialize <<<`, `#endregion`.
pub(super) fn is_block_end(line: &str) -> bool {
    let words = line.trim().trim_start_matches('#').trim();
    words == "endregion" || words.strip_prefix("<<<").is_some_and(|name| name.ends_with("<<<"))
}

/// True for the comment that an older installer of conda wrote above its line: `# added by Anaconda3 4.4.0 installer`.
pub(super) fn is_installer_mark(line: &str) -> bool {
    let words = line.trim().trim_start_matches('#').trim_start();
    let named = ["Anaconda", "Miniconda", "Miniforge"]
        .iter()
        .find_map(|name| words.strip_prefix("added by ")?.strip_prefix(name));
    named.is_some_and(|rest| rest.ends_with(" installer") && rest.split_whitespace().count() <= 3)
}

/// A comment that the edits of one fix delete, the first in the file. Directives, managed blocks and comments to
/// pydoctor itself do not count, nor does what the fix writes again elsewhere.
pub fn deleted(source: &Source, edits: &[Edit]) -> Option<Span> {
    let removes_one = |edit: &&Edit| source.slice(edit.span).contains('#');
    if !edits.iter().any(|edit| removes_one(&edit)) {
        return None;
    }
    let goes = |comment: &Span| edits.iter().any(|edit| edit.span.contains(*comment));
    let is_kept = |comment: &Span| {
        let words = source.slice(*comment).trim_start_matches(['#', '!', ' ', '\t']).trim_end();
        edits.iter().any(|edit| edit.text.contains(words))
    };
    of_people(source).into_iter().find(|comment| goes(comment) && !is_kept(comment))
}

/// The blocks of a file that a tool writes between two marks, and writes anew: nothing of the user's stays in them.
pub fn rewritten_blocks(source: &Source) -> Vec<Span> {
    let Kind::Shell { shell, .. } = source.kind else { return Vec::new() };
    let text = &source.text;
    if !text.contains(BLOCK_BEGINS) {
        return Vec::new();
    }
    let script = shell::parse(text, Span::new(0, text.len()), shell);
    let has_marks = |block: &Span| {
        let lines = source.slice(*block);
        lines.lines().next().is_some_and(|first| first.trim_start().starts_with('#') && first.contains(BLOCK_BEGINS))
    };
    facts::shell::block_spans(source, shell, &script).into_iter().filter(has_marks).collect()
}

/// The comments of a file that are for people, in order.
fn of_people(source: &Source) -> Vec<Span> {
    let text = &source.text;
    let whole = Span::new(0, text.len());
    let (all, managed) = match source.kind {
        Kind::Shell { shell, .. } => {
            let script = shell::parse(text, whole, shell);
            let managed = facts::shell::block_spans(source, shell, &script);
            (script.comments, managed)
        }
        Kind::Python => (python::comments(text), Vec::new()),
        Kind::Environment | Kind::Condarc => {
            (yaml::parse(text).map(|document| document.comments).unwrap_or_else(|_| hashes(source)), Vec::new())
        }
        // In a notebook every line stands in quotes: what may be a comment counts as one.
        Kind::Requirements | Kind::Notebook | Kind::Other => (hashes(source), Vec::new()),
    };
    let is_for_people = |comment: &Span| {
        let words = source.slice(*comment);
        !is_installer_mark(words)
            && !is_directive(words)
            && !suppress::is_one(words)
            && !managed.iter().any(|block| block.contains(*comment))
    };
    all.into_iter().filter(is_for_people).collect()
}

/// What may be a comment: from a `#` behind a blank or a quote on, up to the end of the line or of its string.
fn hashes(source: &Source) -> Vec<Span> {
    let mut found = Vec::new();
    for number in 1..=source.lines.count() {
        let line = source.lines.span(number);
        let text = source.slice(line).trim_end();
        let opens =
            |at: &usize| text[..*at].chars().next_back().is_none_or(|c| c.is_whitespace() || c == '"' || c == 'n');
        let Some(start) = text.match_indices('#').map(|(at, _)| at).find(opens) else { continue };
        let rest = &text[start..];
        let end = if source.kind == Kind::Notebook { rest.find("\\n").or(rest.find('"')) } else { None };
        found.push(Span::new(line.start + start, line.start + start + end.unwrap_or(rest.len())));
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::source::{Role, Shell};

    /// What goes when `cut` is replaced by `text`.
    fn gone(kind: Kind, file: &str, cut: &str, text: &str) -> Option<String> {
        let source = Source::new("f".into(), kind, file.as_bytes().to_vec());
        let start = file.find(cut).unwrap();
        let edit = Edit { path: None, span: Span::new(start, start + cut.len()), text: text.to_owned() };
        deleted(&source, &[edit]).map(|span| source.slice(span).to_owned())
    }

    #[test]
    fn comments_of_people_are_found_in_every_language() {
        let bash = Kind::Shell { shell: Shell::Bash, role: Role::Startup };
        let gone_in = |kind, file: &str| gone(kind, file, file, "");
        assert_eq!(gone_in(bash, "a # mine\n").as_deref(), Some("# mine"));
        assert_eq!(gone_in(bash, "echo '# text' a#b\n"), None);
        assert_eq!(gone_in(Kind::Python, "x = '# text'  # mine\n").as_deref(), Some("# mine"));
        assert_eq!(gone_in(Kind::Environment, "a: '# text'\nb: 1  # mine\n").as_deref(), Some("# mine"));
        assert_eq!(gone_in(Kind::Requirements, "numpy  # mine\n").as_deref(), Some("# mine"));
        let notebook = "{\"source\": [\"a = 1  # mine\\n\"]}\n";
        assert_eq!(gone_in(Kind::Notebook, notebook).as_deref(), Some("# mine"));
    }

    #[test]
    fn what_tools_read_or_the_fix_keeps_is_not_lost() {
        let bash = Kind::Shell { shell: Shell::Bash, role: Role::Startup };
        let gone_in = |file: &str| gone(bash, file, file, "");
        assert_eq!(gone_in("#!/bin/sh\n#SBATCH -n 1\n"), None);
        assert_eq!(gone_in("a  # pydoctor: ignore[x] -- why\n"), None);
        let block = "# >>> conda initialize >>>\n# !! managed\nunset __conda_setup\n# <<< conda initialize <<<\n";
        assert_eq!(gone_in(block), None);
        assert_eq!(gone_in(&format!("# mine\n{block}")).as_deref(), Some("# mine"));
        assert_eq!(gone(bash, "a  # mine\nb\n", "a  # mine\n", "# mine\n"), None);
        assert_eq!(gone(bash, "a # mine\n", "a ", ""), None);
        assert_eq!(gone(bash, "# !/bin/sh\n", "# !/bin/sh", "#!/bin/sh"), None);
    }
}
