//! Conditions and places as a rule writes them, for people who ask which one does not hold.

use std::fmt;

use super::condition::{Comparison, Condition, Glob, GlobPiece, Operand, Test, Where};
use super::rule::{Matcher, Other, Place, SELF, When, Within};
use super::template::Part;

/// More of a list tells little more.
const MOST_ITEMS: usize = 6;

/// So many characters of what is asked of another fact are shown.
const MOST_OF_OTHER: usize = 160;

impl fmt::Display for Test {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} = {}", key(&self.path.text), self.condition)
    }
}

impl fmt::Display for Where {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        list(f, &self.tests, usize::MAX)
    }
}

impl fmt::Display for Condition {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Glob(glob) => glob.fmt(f),
            Self::Value(name) => write!(f, "\"${name}\""),
            Self::Flag(flag) => flag.fmt(f),
            Self::Number(number) => number.fmt(f),
            Self::OneOf(all) => {
                f.write_str("[")?;
                list(f, all, MOST_ITEMS)?;
                f.write_str("]")
            }
            Self::Fields(table) => write!(f, "{{ {table} }}"),
            operators => {
                f.write_str("{ ")?;
                operators.fmt_operators(f)?;
                f.write_str(" }")
            }
        }
    }
}

impl Condition {
    /// What stands between the braces of a table of operators.
    fn fmt_operators(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::AllOf(all) => all.iter().enumerate().try_for_each(|(index, operator)| {
                f.write_str(if index == 0 { "" } else { ", " })?;
                operator.fmt_operators(f)
            }),
            Self::Not(inner) => write!(f, "not = {inner}"),
            Self::Any(inner) => write!(f, "any = {inner}"),
            Self::Every(inner) => write!(f, "all = {inner}"),
            Self::None(inner) => write!(f, "none = {inner}"),
            Self::Count(inner) => write!(f, "count = {inner}"),
            Self::Present => f.write_str("present = true"),
            Self::Absent => f.write_str("absent = true"),
            Self::Matches(regex) => write!(f, "matches = {}", quoted(regex.source())),
            Self::Compare(comparison, operand) => write!(f, "{} = {operand}", comparison.name()),
            other => write!(f, "{other}"),
        }
    }
}

impl Comparison {
    /// Its word in the format.
    fn name(self) -> &'static str {
        match self {
            Self::Lt => "lt",
            Self::Le => "le",
            Self::Gt => "gt",
            Self::Ge => "ge",
        }
    }
}

impl fmt::Display for Operand {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Number(number) => number.fmt(f),
            Self::Text(template) => match &*template.parts {
                [Part::Value(name)] => write!(f, "\"${name}\""),
                _ => f.write_str(&quoted(&template.source())),
            },
        }
    }
}

impl fmt::Display for Glob {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let plain = |text: String| text.replace('{', "{{").replace('}', "}}");
        let text = match self {
            Self::Fixed(pattern) => plain(pattern.to_string()),
            Self::Filled(pieces) => {
                let piece = |piece: &GlobPiece| match piece {
                    GlobPiece::Tokens(pattern) => plain(pattern.to_string()),
                    GlobPiece::Part(part) => part.to_string(),
                };
                pieces.iter().map(piece).collect()
            }
        };
        f.write_str(&quoted(&text))
    }
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Fact => f.write_str(SELF),
            Self::Field(path) => path.fmt(f),
        }
    }
}

impl fmt::Display for Other {
    /// `` `module` before it where `name = "x"` ``.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "`{}`", self.fact.name())?;
        f.write_str(match self.at {
            When::Before => " before it",
            When::After => " after it",
            When::Anywhere => "",
        })?;
        f.write_str(match self.within {
            Within::File => "",
            Within::Linked => " in files that it runs or reads",
            Within::Callers => " in files that run, source or read this one",
            Within::Session => " in files of the same shell",
            Within::Reach => " in all that is checked together",
        })?;
        let asked = self.matches.asked();
        if asked.is_empty() {
            return Ok(());
        }
        match asked.char_indices().nth(MOST_OF_OTHER) {
            Some((end, _)) => write!(f, " where `{}…`", &asked[..end]),
            None => write!(f, " where `{asked}`"),
        }
    }
}

impl Matcher {
    /// All that is asked of a fact, as a rule writes it.
    fn asked(&self) -> String {
        let mut parts = Vec::new();
        if !self.all.tests.is_empty() {
            parts.push(self.all.to_string());
        }
        let tables = |word: &str, tables: &[Where]| {
            let tables: Vec<String> = tables.iter().map(|table| format!("{{ {table} }}")).collect();
            (!tables.is_empty()).then(|| format!("{word} = [{}]", tables.join(", ")))
        };
        parts.extend(tables("either", &self.either));
        parts.extend(tables("unless", &self.unless));
        parts.join(", ")
    }
}

/// Up to `most` of these with commas between.
fn list(f: &mut fmt::Formatter<'_>, items: &[impl fmt::Display], most: usize) -> fmt::Result {
    for (index, item) in items.iter().enumerate() {
        f.write_str(if index == 0 { "" } else { ", " })?;
        if index == most {
            return f.write_str("…");
        }
        item.fmt(f)?;
    }
    Ok(())
}

/// A key as TOML takes it: with a dot it needs quotes, to be one key.
fn key(text: &str) -> String {
    if text.contains(|c: char| !c.is_ascii_alphanumeric() && c != '-') { quoted(text) } else { text.to_owned() }
}

/// A text in quotes, in which a backslash needs no other.
pub fn quoted(text: &str) -> String {
    if text.contains(['\\', '"']) && !text.contains('\'') {
        format!("'{text}'")
    } else {
        format!("\"{}\"", text.replace('\\', "\\\\").replace('"', "\\\""))
    }
}
