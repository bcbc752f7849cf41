//! Whether conditions hold of a fact: yes, no, on some paths, or not to be known.

use std::borrow::Cow;
use std::ops::Not;

use crate::facts::{Text, Value};
use crate::policy::alternatives::Alternatives;
use crate::policy::condition::{Comparison, Condition, Glob, GlobPiece, Operand, Test, Where, complete};
use crate::policy::glob::{Hole, Match, Pattern};
use crate::policy::rule::Matcher;
use crate::policy::site::{SiteValue, ValueData};

use super::lookup::{Found, Judge, Subject};
use super::render::Filled;

/// Whether something holds. The order is that of strength: «and» is the least, «or» the greatest.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Truth {
    /// It does not.
    No,
    /// Parts that are not known decide it.
    Unknown,
    /// On some paths it does.
    Maybe,
    /// It does.
    Yes,
}

impl Not for Truth {
    type Output = Self;

    fn not(self) -> Self {
        match self {
            Self::No => Self::Yes,
            Self::Yes => Self::No,
            other => other,
        }
    }
}

impl From<bool> for Truth {
    fn from(holds: bool) -> Self {
        if holds { Self::Yes } else { Self::No }
    }
}

impl From<Match> for Truth {
    fn from(found: Match) -> Self {
        match found {
            Match::No => Self::No,
            Match::Unknown => Self::Unknown,
            Match::Yes => Self::Yes,
        }
    }
}

impl Truth {
    /// The same where the thing asked about is there on some paths only; elsewhere it does not hold.
    #[must_use]
    pub fn on_some_paths(self, possible: bool) -> Self {
        if possible { self.min(Self::Maybe) } else { self }
    }

    /// All of these, no further than needed.
    pub fn all(truths: impl IntoIterator<Item = Self>) -> Self {
        Self::all_down_to(Self::No, truths)
    }

    /// The same where it does not matter how far it is below `least`.
    fn all_down_to(least: Self, truths: impl IntoIterator<Item = Self>) -> Self {
        let mut result = Self::Yes;
        for truth in truths {
            result = result.min(truth);
            if result <= least {
                break;
            }
        }
        result
    }

    /// One of these, no further than needed.
    pub fn any(truths: impl IntoIterator<Item = Self>) -> Self {
        Self::any_up_to(Self::Yes, truths)
    }

    /// The same where none of these is more than `most`.
    pub fn any_up_to(most: Self, truths: impl IntoIterator<Item = Self>) -> Self {
        let mut result = Self::No;
        for truth in truths {
            result = result.max(truth);
            if result >= most {
                break;
            }
        }
        result
    }
}

/// The fact that conditions are asked of, and the one whose fields stand in braces.
#[derive(Clone, Copy, Debug)]
pub(super) struct Scene<'a> {
    pub judge: Judge<'a>,
    /// The fact that is asked.
    pub subject: Subject<'a>,
    /// The fact that the rule is about; the same unless another fact is looked for.
    pub about: Subject<'a>,
    /// What is not known is worth no more than what does not hold, and need not be told from it.
    only_known: bool,
}

impl<'a> Scene<'a> {
    /// Asks about `subject` alone.
    pub fn of(judge: Judge<'a>, subject: Subject<'a>) -> Self {
        Self { judge, subject, about: subject, only_known: false }
    }

    /// The same about another fact.
    pub fn with_subject(self, subject: Subject<'a>) -> Self {
        Self { subject, ..self }
    }

    /// Whether a fact matches.
    pub fn matches(&self, matcher: &Matcher) -> Truth {
        self.matches_besides(self.holds(&matcher.all), matcher)
    }

    /// The same when the truth of what must all hold is known.
    pub fn matches_besides(&self, all: Truth, matcher: &Matcher) -> Truth {
        if all == Truth::No {
            return all;
        }
        let either = match matcher.either.as_slice() {
            [] => Truth::Yes,
            tables => Truth::any(tables.iter().map(|table| self.holds(table))),
        };
        if either == Truth::No {
            return either;
        }
        let unless = Truth::any(matcher.unless.iter().map(|table| self.holds(table)));
        all.min(either).min(!unless)
    }

    /// False where a field is not there that conditions need.
    #[inline]
    pub fn may_hold(&self, table: &Where) -> bool {
        let may = self.subject.may_fulfil(table.needs);
        debug_assert!(may || self.all_hold(&table.tests) == Truth::No, "{table:?} holds without {:?}", table.needs);
        may
    }

    /// Whether all conditions hold.
    pub fn holds(&self, table: &Where) -> Truth {
        if self.may_hold(table) { self.all_hold(&table.tests) } else { Truth::No }
    }

    /// Whether all of these hold.
    pub fn all_hold<'t>(&self, tests: impl IntoIterator<Item = &'t Test>) -> Truth {
        Truth::all(tests.into_iter().map(|test| self.fulfils(test)))
    }

    /// Whether one condition holds.
    pub fn fulfils(&self, Test { path, condition }: &Test) -> Truth {
        self.test(condition, &self.judge.lookup(path, self.subject))
    }

    /// Whether all of these hold, where what is not known is worth no more than what does not hold.
    pub fn all_known_to_hold<'t>(&self, tests: impl IntoIterator<Item = &'t Test>) -> Truth {
        let scene = Self { only_known: true, ..*self };
        Truth::all_down_to(Truth::Unknown, tests.into_iter().map(|test| scene.fulfils(test)))
    }

    /// Whether a condition holds of a value.
    pub fn test(&self, condition: &Condition, found: &Found<'_>) -> Truth {
        match condition {
            Condition::OneOf(all) => self.one_of(all, found),
            Condition::AllOf(all) => Truth::all(all.iter().map(|condition| self.test(condition, found))),
            // Of what is turned round, what is not known is.
            Condition::Not(inner) => !Self { only_known: false, ..*self }.test(inner, found),
            Condition::None(inner) => !Self { only_known: false, ..*self }.any_item(inner, found),
            Condition::Any(inner) => self.any_item(inner, found),
            Condition::Every(inner) => self.every_item(inner, found),
            Condition::Count(inner) => {
                let count = match found.value.as_deref() {
                    Some(Value::List(items)) => i64::try_from(items.len()).unwrap_or(i64::MAX),
                    _ => 0,
                };
                self.test(inner, &Found { value: Some(Cow::Owned(Value::Number(count))), possible: false })
            }
            Condition::Absent => !Truth::from(found.value.is_some()).on_some_paths(found.possible),
            leaf => match found.value.as_deref() {
                None => Truth::No,
                Some(value) => self.leaf(leaf, value).on_some_paths(found.possible),
            },
        }
    }

    fn one_of(&self, all: &Alternatives, found: &Found<'_>) -> Truth {
        let Some(Value::Text(text)) = found.value.as_deref() else {
            return Truth::any(all.iter().map(|condition| self.test(condition, found)));
        };
        if text.is_known() && !all.may_hold_of(&text.text) {
            return Truth::No;
        }
        // The parts of the text that are not known are the same for all globs.
        let holes = self.judge.places.holes(text);
        Truth::any(all.iter().map(|condition| match condition {
            Condition::Glob(Glob::Fixed(pattern)) => self.pattern(pattern, text, &holes).on_some_paths(found.possible),
            condition => self.test(condition, found),
        }))
    }

    fn leaf(&self, condition: &Condition, value: &Value) -> Truth {
        match (condition, value) {
            (Condition::Present, _) => Truth::Yes,
            (Condition::Flag(wanted), Value::Flag(flag)) => Truth::from(wanted == flag),
            (Condition::Number(wanted), Value::Number(number)) => Truth::from(wanted == number),
            (Condition::Number(wanted), Value::Text(text)) => self.glob(&Pattern::exactly(&wanted.to_string()), text),
            (Condition::Glob(glob), Value::Text(text)) => self.filled_glob(glob, text),
            (Condition::Glob(glob), Value::Number(number)) => self.filled_glob(glob, &Text::plain(number.to_string())),
            (Condition::Value(name), Value::Text(text)) => self.site_value(name, text),
            (Condition::Value(name), Value::Number(number)) => self.site_value(name, &Text::plain(number.to_string())),
            (Condition::Fields(table), Value::Record(record)) => Truth::all(table.tests.iter().map(|test| {
                let found = self.judge.lookup_in(&test.path, record, self.subject);
                self.test(&test.condition, &found)
            })),
            (Condition::Fields(table), Value::Text(_)) => Truth::all(table.tests.iter().map(|test| {
                let text = Found { value: Some(Cow::Borrowed(value)), possible: false };
                let found = self.judge.derive(&test.path, text, self.subject);
                self.test(&test.condition, &found)
            })),
            (Condition::Compare(comparison, operand), value) => self.compare(*comparison, operand, value),
            (Condition::Matches(regex), Value::Text(text)) => {
                let unknown = self.judge.places.holes(text).iter().any(|hole| !hole.opaque);
                match regex.get() {
                    Some(_) if unknown => Truth::Unknown,
                    Some(regex) => Truth::from(regex.is_match(text.text.as_str())),
                    None => Truth::No,
                }
            }
            _ => Truth::No,
        }
    }

    fn any_item(&self, condition: &Condition, found: &Found<'_>) -> Truth {
        let Some(Value::List(items)) = found.value.as_deref() else { return Truth::No };
        let told = match condition {
            // The same value for all.
            Condition::Value(name) => match self.judge.policy.site.values.get(&**name) {
                Some(told) => Truth::any(items.iter().map(|item| match item {
                    Value::Text(text) => self.is_told(told, text),
                    item => self.item(condition, item),
                })),
                None => Truth::No,
            },
            condition => Truth::any(items.iter().map(|item| self.item(condition, item))),
        };
        told.on_some_paths(found.possible)
    }

    /// Every item, of which there is at least one. An item that may not be there does no harm where it is not.
    fn every_item(&self, condition: &Condition, found: &Found<'_>) -> Truth {
        let Some(Value::List(items)) = found.value.as_deref() else { return Truth::No };
        if items.is_empty() {
            return Truth::No;
        }
        let each = items.iter().map(|item| match item {
            Value::Record(record) if record.possible => self.bare_item(condition, item).max(Truth::Maybe),
            item => self.bare_item(condition, item),
        });
        Truth::all(each).on_some_paths(found.possible)
    }

    /// Whether an item of a list is there and fulfils a condition.
    pub fn item(&self, condition: &Condition, item: &Value) -> Truth {
        let possible = matches!(item, Value::Record(record) if record.possible);
        self.bare_item(condition, item).on_some_paths(possible)
    }

    fn bare_item(&self, condition: &Condition, item: &Value) -> Truth {
        self.test(condition, &Found { value: Some(Cow::Borrowed(item)), possible: false })
    }

    fn glob(&self, pattern: &Pattern, text: &Text) -> Truth {
        self.pattern(pattern, text, &self.judge.places.holes(text))
    }

    fn pattern(&self, pattern: &Pattern, text: &Text, holes: &[Hole]) -> Truth {
        match self.only_known {
            true => pattern.is_sure(&text.text, holes).into(),
            false => pattern.test(&text.text, holes).into(),
        }
    }

    fn filled_glob(&self, glob: &Glob, text: &Text) -> Truth {
        let pieces = match glob {
            Glob::Fixed(pattern) => return self.glob(pattern, text),
            Glob::Filled(pieces) => pieces,
        };
        // Most are one part alone.
        if let ([GlobPiece::Part(part)], true) = (&pieces[..], text.is_known()) {
            return match self.part(part) {
                Filled::Known(whole) => Truth::from(*whole == *text.text),
                Filled::Partly(whole) if *whole == *text.text => Truth::Yes,
                Filled::Partly(_) => Truth::Unknown,
                Filled::Missing => Truth::No,
            };
        }
        let mut guessed = false;
        let pattern = complete(pieces, |part| match self.part(part) {
            Filled::Known(text) => Some(text),
            Filled::Partly(text) => {
                guessed = true;
                Some(text)
            }
            Filled::Missing => None,
        });
        match pattern.map(|pattern| self.glob(&pattern, text)) {
            // A part of the pattern is not known: it may still be the same.
            Some(Truth::No) if guessed => Truth::Unknown,
            Some(truth) => truth,
            None => Truth::No,
        }
    }

    fn site_value(&self, name: &str, text: &Text) -> Truth {
        self.judge.policy.site.values.get(name).map_or(Truth::No, |value| self.is_told(value, text))
    }

    /// Whether a text is, or is one of, what the site says.
    fn is_told(&self, value: &SiteValue, text: &Text) -> Truth {
        let holes = self.judge.places.holes(text);
        let most = match (value.may_match(&text.text), holes.iter().any(|hole| !hole.opaque)) {
            (false, false) => return Truth::No,
            (false, true) if self.only_known => return Truth::No,
            // What is not written may still stand in a hole.
            (false, true) => Truth::Unknown,
            (true, _) => Truth::Yes,
        };
        let test = |pattern: &Pattern| self.pattern(pattern, text, &holes);
        match &value.data {
            ValueData::Text(empty, _) if empty.is_empty() => Truth::No,
            ValueData::Text(_, pattern) => test(pattern),
            ValueData::Number(number) => Truth::from(text.text == number.to_string()),
            ValueData::List(items) => Truth::any_up_to(most, items.iter().map(|(_, pattern)| test(pattern))),
            ValueData::Table(rows) => Truth::any_up_to(most, rows.iter().map(|(_, pattern, _)| test(pattern))),
        }
    }

    fn compare(&self, comparison: Comparison, operand: &Operand, value: &Value) -> Truth {
        let (operand, guessed) = match operand {
            Operand::Number(number) => (number.to_string(), false),
            Operand::Text(template) => match self.template(template) {
                Filled::Known(text) => (text, false),
                Filled::Partly(text) => (text, true),
                Filled::Missing => return Truth::No,
            },
        };
        let (text, known) = match value {
            Value::Number(number) => (Cow::Owned(number.to_string()), true),
            Value::Text(text) => {
                (Cow::Borrowed(text.text.as_str()), self.judge.places.holes(text).iter().all(|hole| hole.opaque))
            }
            _ => return Truth::No,
        };
        match (version(&text), version(&operand)) {
            (Some(own), Some(other)) if known && !guessed => compare(comparison, &own, &other),
            _ => Truth::Unknown,
        }
    }
}

/// The numbers of a version: `>=3.11.4` gives 3, 11, 4. `None` without any.
fn version(text: &str) -> Option<Vec<i64>> {
    let text = text.trim_start_matches(['=', '<', '>', '~', '!', '^', ' ', 'v']);
    let negative = text.starts_with('-');
    let text = text.strip_prefix('-').unwrap_or(text);
    let mut numbers = Vec::new();
    for part in text.split('.') {
        let digits = part.len() - part.trim_start_matches(|c: char| c.is_ascii_digit()).len();
        let Ok(number) = part[..digits].parse::<i64>() else { break };
        numbers.push(if negative { -number } else { number });
        if digits < part.len() {
            break;
        }
    }
    (!numbers.is_empty()).then_some(numbers)
}

/// Compares component by component. A version given less exactly than what it is compared with (`3` with `3.13`)
/// may be either side of it.
fn compare(comparison: Comparison, own: &[i64], other: &[i64]) -> Truth {
    let shared = own.len().min(other.len());
    let mut order = own[..shared].cmp(&other[..shared]);
    if order.is_eq() && own.len() < other.len() && other[shared..].iter().any(|number| *number != 0) {
        return Truth::Unknown;
    }
    if order.is_eq() && own[shared..].iter().any(|number| *number > 0) {
        order = std::cmp::Ordering::Greater;
    }
    Truth::from(match comparison {
        Comparison::Lt => order.is_lt(),
        Comparison::Le => order.is_le(),
        Comparison::Gt => order.is_gt(),
        Comparison::Ge => order.is_ge(),
    })
}
