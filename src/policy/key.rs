//! The words by which facts find clauses: one field of a kind of fact, and the first word that it must have.
//! Also a part of the build script, which reads the built-in rules; so it uses nothing of ours.

/// The field by whose first word facts of a kind are sorted.
pub fn indexed_field(kind: &str) -> Option<&'static str> {
    match kind {
        "command" => Some("run"),
        "call" => Some("callee"),
        "assignment" | "key" | "variable" => Some("name"),
        _ => None,
    }
}

/// What stands before the first blank or dot.
pub fn first_word(text: &str) -> &str {
    text.split([' ', '.']).next().unwrap_or(text)
}

/// The name in a text that is just `$name`: a value of the site.
pub fn site_value(text: &str) -> Option<&str> {
    let name = text.strip_prefix('$')?;
    let starts = name.starts_with(|first: char| first.is_ascii_lowercase());
    let rest = name.chars().all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-');
    (starts && rest).then_some(name)
}
