//! Filling templates from a fact and its site.

use std::borrow::Cow;

use crate::facts::Value;
use crate::facts::placeholder::to_fill;
use crate::policy::path::FieldPath;
use crate::policy::rule::Matcher;
use crate::policy::site::ValueData;
use crate::policy::template::{Part, Template, Templates};
use crate::source::Span;

use super::eval::{Scene, Truth};
use super::lookup::{map_items, walk};

/// A part of a template as text.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Filled {
    /// All of it is known.
    Known(String),
    /// It holds variables that are not known.
    Partly(String),
    /// The field is absent, or the site has no such value.
    Missing,
}

impl Filled {
    fn is_to_fill(&self) -> bool {
        matches!(self, Self::Known(text) | Self::Partly(text) if to_fill(text).is_some())
    }
}

/// Fills templates for a finding: lists show only the items that the clause asks for.
#[derive(Clone, Copy, Debug)]
pub(super) struct Voice<'a> {
    pub scene: Scene<'a>,
    pub matcher: &'a Matcher,
}

impl Scene<'_> {
    /// The text of one part, from the fact that the rule is about.
    pub fn part(&self, part: &Part) -> Filled {
        match part {
            Part::Text(text) => Filled::Known(text.to_string()),
            Part::Field(path) => match self.judge.lookup(path, self.about).value {
                Some(value) => self.shown(&value),
                None => Filled::Missing,
            },
            part => self.site_part(part, None),
        }
    }

    /// A whole template; missing when a part is.
    pub fn template(&self, template: &Template) -> Filled {
        let mut text = String::new();
        let mut partly = false;
        for part in &template.parts {
            match self.part(part) {
                Filled::Known(part) => text.push_str(&part),
                Filled::Partly(part) => {
                    text.push_str(&part);
                    partly = true;
                }
                Filled::Missing => return Filled::Missing,
            }
        }
        if partly { Filled::Partly(text) } else { Filled::Known(text) }
    }

    fn shown(&self, value: &Value) -> Filled {
        let partly = match value {
            Value::Text(text) => self.judge.places.holes(text).iter().any(|hole| !hole.opaque),
            _ => false,
        };
        if partly { Filled::Partly(value.to_string()) } else { Filled::Known(value.to_string()) }
    }

    /// A part that comes from the site; `key` is the value at the field of a table entry, when it is known.
    fn site_part(&self, part: &Part, key: Option<Cow<'_, Value>>) -> Filled {
        let site = &self.judge.policy.site;
        let data = |name: &str| site.values.get(name).map(|value| &value.data);
        let text = match part {
            Part::Value(name) => site.value_text(name),
            Part::Entry(table, path) => {
                let key = key.or_else(|| self.judge.lookup(path, self.about).value);
                match data(table) {
                    Some(ValueData::Table(rows)) => key.and_then(|key| entry(rows, &key)),
                    _ => None,
                }
            }
            Part::Recipe(name) => site.recipes.get(&**name).map(|recipe| recipe.value.clone()),
            Part::Link(name) => site.links.get(&**name).cloned(),
            Part::Text(_) | Part::Field(_) => None,
        };
        text.filter(|text| !text.is_empty()).map_or(Filled::Missing, Filled::Known)
    }
}

/// The first row whose key matches the text, or a text of the list.
fn entry(rows: &[(String, crate::policy::glob::Pattern, String)], key: &Value) -> Option<String> {
    match key {
        Value::List(items) => items.iter().find_map(|item| entry(rows, item)),
        key => {
            let text = key.to_string();
            rows.iter().find(|(_, pattern, _)| pattern.is_match(&text)).map(|(_, _, value)| value.clone())
        }
    }
}

impl<'a> Voice<'a> {
    /// The value at `path`; of a list that the clause asks for items of, those items.
    pub fn value(&self, path: &FieldPath) -> Option<Cow<'a, Value>> {
        let found = self.scene.judge.lookup(path, self.scene.about).value?;
        if path.derived.is_some() {
            return Some(found);
        }
        let record = match path.root {
            crate::policy::path::Root::State => self.scene.about.fact.state.as_deref(),
            crate::policy::path::Root::Own => Some(&self.scene.about.fact.fields),
            _ => None,
        };
        for (list, condition) in self.matcher.item_conditions(path) {
            let Some(Value::List(items)) = record.and_then(|record| match walk(record, &list.steps).value {
                Some(Cow::Borrowed(value)) => Some(value),
                _ => None,
            }) else {
                continue;
            };
            let meant = items.iter().filter(|item| self.scene.item(condition, item) >= Truth::Maybe);
            let rest = &path.steps[list.steps.len()..];
            let values: Vec<Value> = if rest.is_empty() { meant.cloned().collect() } else { map_items(meant, rest) };
            if !values.is_empty() {
                return Some(Cow::Owned(Value::List(values.into())));
            }
        }
        Some(found)
    }

    /// A template as text, and whether a field or site value was missing (it then shows as nothing).
    pub fn say(&self, template: &Template) -> (String, bool) {
        self.joined(template, Value::to_string)
    }

    /// The same as text of a file, where the items of a list are words with a blank between them.
    pub fn write(&self, template: &Template) -> (String, bool) {
        self.joined(template, |value| match value {
            Value::List(items) => items.iter().map(Value::to_string).collect::<Vec<_>>().join(" "),
            value => value.to_string(),
        })
    }

    fn joined(&self, template: &Template, text_of: impl Fn(&Value) -> String) -> (String, bool) {
        let mut text = String::new();
        let mut missing = false;
        for part in &template.parts {
            let filled = self.filled(part, &text_of);
            missing |= filled.is_none();
            text.push_str(&filled.unwrap_or_default());
        }
        (text, missing)
    }

    /// The first part of a template that is missing, if one is.
    pub fn missing<'t>(&self, template: &'t Template) -> Option<&'t Part> {
        template.parts.iter().find(|part| self.filled(part, Value::to_string).is_none())
    }

    /// A part as text; `None` when the field or site value is missing.
    fn filled<'t>(&self, part: &'t Part, text_of: impl Fn(&Value) -> String) -> Option<Cow<'t, str>> {
        let filled = match part {
            Part::Text(text) => return Some(Cow::Borrowed(text)),
            Part::Field(path) => return self.value(path).map(|value| Cow::Owned(text_of(&value))),
            Part::Entry(_, path) => self.scene.site_part(part, self.value(path)),
            part => self.scene.part(part),
        };
        match filled {
            Filled::Known(text) | Filled::Partly(text) => Some(Cow::Owned(text)),
            Filled::Missing => None,
        }
    }

    /// True when a text of the rule or of the site leaves a word to fill in; what the file says is the file's own.
    pub fn leaves_to_fill(&self, template: &Template) -> bool {
        template.parts.iter().any(|part| match part {
            Part::Text(text) => to_fill(text).is_some(),
            Part::Field(_) => false,
            Part::Entry(_, path) => self.scene.site_part(part, self.value(path)).is_to_fill(),
            part => self.scene.site_part(part, None).is_to_fill(),
        })
    }

    /// The first of several templates in which nothing is missing, else the last.
    pub fn say_one_of(&self, templates: &Templates) -> String {
        let mut last = String::new();
        for template in &templates.0 {
            let (text, missing) = self.say(template);
            last = text;
            if !missing {
                break;
            }
        }
        last.trim().to_owned()
    }

    /// The places of the value at `path`: one for each item of a list.
    pub fn spans(&self, path: &FieldPath) -> Vec<Span> {
        let mut spans = match self.value(path).as_deref() {
            Some(Value::List(items)) => items.iter().filter_map(Value::span).collect(),
            Some(value) => value.span().into_iter().collect(),
            None => Vec::new(),
        };
        spans.sort_unstable();
        spans.dedup();
        spans
    }
}
