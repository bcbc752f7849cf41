//! Days of the calendar: how long ago something was looked at.

use std::fmt;

/// More days than these, and what was looked at then wants another look.
const STALE: i64 = 365;

const SECONDS: u64 = 24 * 60 * 60;

/// A day, counted from 1970-01-01.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Day(i64);

impl Day {
    /// The day of a time in seconds since 1970.
    pub fn of_epoch(seconds: u64) -> Self {
        Self(i64::try_from(seconds / SECONDS).unwrap_or_default())
    }

    /// Reads a date like 2026-02-12; what follows the day does not count.
    pub fn parse(date: &str) -> Option<Self> {
        let mut parts = date.get(..10)?.split('-').map(|part| part.parse::<i64>().ok());
        let (year, month, day) = (parts.next()??, parts.next()??, parts.next()??);
        ((1..=12).contains(&month) && (1..=31).contains(&day)).then(|| Self(days(year, month, day)))
    }

    /// How many days lie between `earlier` and this day.
    pub const fn since(self, earlier: Self) -> i64 {
        self.0 - earlier.0
    }

    /// True when `earlier` is more than a year ago on this day.
    pub const fn is_stale(self, earlier: Self) -> bool {
        self.since(earlier) > STALE
    }
}

impl fmt::Display for Day {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // The year can only be one of two, and so can the month.
        let year = 1970 + self.0.div_euclid(366);
        let year = (year..).take_while(|year| days(*year, 1, 1) <= self.0).last().unwrap_or(year);
        let month = (1..=12).rfind(|month| days(year, *month, 1) <= self.0).unwrap_or(1);
        write!(f, "{year:04}-{month:02}-{:02}", self.0 - days(year, month, 1) + 1)
    }
}

/// Days from 1970-01-01 to a date of the Gregorian calendar: the year begins in March, so that the leap day is its
/// last one and months have a regular length.
fn days(year: i64, month: i64, day: i64) -> i64 {
    let year = if month <= 2 { year - 1 } else { year };
    let of_year = (153 * ((month + 9) % 12) + 2) / 5 + day - 1;
    let before = year * 365 + year.div_euclid(4) - year.div_euclid(100) + year.div_euclid(400);
    before + of_year - 719_468
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn days_are_counted_and_shown() {
        for (date, number) in [
            ("1970-01-01", 0),
            ("2000-02-29", 11_016),
            ("2000-03-01", 11_017),
            ("2026-11-21", 20_778),
            ("2100-12-31", 47_846),
        ] {
            assert_eq!(Day::parse(date), Some(Day(number)), "{date}");
            assert_eq!(Day(number).to_string(), date);
        }
        assert_eq!(Day::of_epoch(86_400 * 11_016 + 7), Day(11_016));
        assert!(Day::parse("2026-13-01").is_none() && Day::parse("soon").is_none() && Day::parse("").is_none());
    }

    #[test]
    fn a_year_is_not_yet_stale() {
        let today = Day(1000);
        assert!(!today.is_stale(Day(635)) && today.is_stale(Day(634)));
    }
}
