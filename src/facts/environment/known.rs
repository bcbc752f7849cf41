//! Text of a file with its variables: `~` and `${HOME}` become `$HOME`, templates stay unresolved.

use crate::facts::Text;
use crate::facts::placeholder::enclosed;
use crate::source::Span;

/// The text of a value that conda expands variables in, with its place.
pub(super) fn expanded(text: &str, span: Span) -> Text {
    let mut known = Text { span: span.into(), ..Text::default() };
    let mut rest = text;
    if let Some(after) = text.strip_prefix('~').filter(|after| after.is_empty() || after.starts_with('/')) {
        known.text.push_str("$HOME");
        known.unresolved.push("HOME".into());
        rest = after;
    }
    while let Some(at) = rest.find('$') {
        let (before, after) = (&rest[..at], &rest[at + 1..]);
        known.text.push_str(before);
        let (name, length) = variable(after);
        if name.is_empty() {
            known.text.push('$');
            rest = after;
            continue;
        }
        known.text.push('$');
        known.text.push_str(name);
        known.unresolved.push(name.into());
        rest = &after[length..];
    }
    known.text.push_str(rest);
    templates(text, &mut known);
    known
}

/// The text of a value that nobody expands: only templates leave it open.
pub(super) fn literal(text: &str, span: Span) -> Text {
    let mut known = Text::at(text, span);
    templates(text, &mut known);
    known
}

/// The name after a `$`, and the bytes that it takes with its braces.
fn variable(after: &str) -> (&str, usize) {
    let length = |text: &str| text.bytes().take_while(|byte| byte.is_ascii_alphanumeric() || *byte == b'_').count();
    match after.strip_prefix('{') {
        Some(inner) => {
            let name = &inner[..length(inner)];
            if inner[name.len()..].starts_with('}') { (name, name.len() + 2) } else { ("", 0) }
        }
        None if after.starts_with(|c: char| c.is_ascii_digit()) => ("", 0),
        None => (&after[..length(after)], length(after)),
    }
}

fn templates(text: &str, known: &mut Text) {
    known.unresolved.extend(enclosed(text, "{{", "}}").map(|(_, inner)| inner.trim().into()));
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn home_and_variables() {
        let text = |text: &str| {
            let known = expanded(text, Span::default());
            (known.text.to_string(), known.unresolved.join(" "))
        };
        assert_eq!(text("~/envs"), ("$HOME/envs".to_owned(), "HOME".to_owned()));
        assert_eq!(text("${VSC_DATA}/x/$USER"), ("$VSC_DATA/x/$USER".to_owned(), "VSC_DATA USER".to_owned()));
        assert_eq!(text("a~/b$/$1${x"), ("a~/b$/$1${x".to_owned(), String::new()));
        assert_eq!(text("{{ x }}/y"), ("{{ x }}/y".to_owned(), "x".to_owned()));
    }
}
