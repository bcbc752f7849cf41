//! Commands on somebody else's account: `~`, `$HOME` and `$USER` mean the one who pastes them, so that the real ones are
//! written in their place.

use std::path::Path;

use crate::source::path_text;
use crate::syntax::shell::quote::quoted;

/// Variables that are the reader's own.
const HOME: [&str; 2] = ["$HOME", "${HOME}"];
const USER: [&str; 4] = ["$USER", "${USER}", "$LOGNAME", "${LOGNAME}"];

/// `text` with the home and the name of `user` in place of the reader's.
pub fn named(text: &str, home: &Path, user: &str) -> String {
    let home = quoted(&path_text::text(home));
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(first) = rest.chars().next() {
        let escaped = out.ends_with('\\');
        let variable = |names: &[&str]| {
            let after = names.iter().find_map(|name| rest.strip_prefix(name).filter(|after| ends(name, after)));
            after.filter(|_| !escaped)
        };
        if let Some(after) = variable(&HOME).or_else(|| tilde(&out, rest)) {
            out.push_str(&home);
            rest = after;
        } else if let Some(after) = variable(&USER) {
            out.push_str(user);
            rest = after;
        } else {
            out.push(first);
            rest = &rest[first.len_utf8()..];
        }
    }
    out
}

/// True when the name of a variable ends where `after` begins.
fn ends(name: &str, after: &str) -> bool {
    name.ends_with('}') || !after.starts_with(|c: char| c.is_alphanumeric() || c == '_')
}

/// What follows a `~` that stands for the home, when `rest` begins with one.
fn tilde<'a>(before: &str, rest: &'a str) -> Option<&'a str> {
    let after = rest.strip_prefix('~')?;
    let begins = before.chars().next_back().is_none_or(|c| c.is_whitespace() || "`'\"=:(«".contains(c));
    let whole = after.chars().next().is_none_or(|c| c.is_whitespace() || "/`'\",;:)»".contains(c));
    (begins && whole).then_some(after)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_the_readers_own_is_named() {
        for (text, expected) in [
            ("`chmod 600 ~/.netrc`, and", "`chmod 600 /h/ada/.netrc`, and"),
            ("under `/scratch/$USER/envs` or `${HOME}`", "under `/scratch/ada/envs` or `/h/ada`"),
            ("a~b $HOMES \\$HOME ~bob/x default~", "a~b $HOMES \\$HOME ~bob/x default~"),
            ("rm -rf ~/.keras/datasets ~/.keras/models", "rm -rf /h/ada/.keras/datasets /h/ada/.keras/models"),
        ] {
            assert_eq!(named(text, Path::new("/h/ada"), "ada"), expected);
        }
        assert_eq!(named("ls ~", Path::new("/h/a b"), "ada"), "ls /h/a\\ b");
    }
}
