//! The Gregorian calendar: seconds since 1970 and the days and times of UTC they stand for, without leap
//! seconds.
//!
//! Years are counted from the first of March, so that a leap day is the last day of its year: 719,468
//! days lie between the first of March of the year 0 and 1970, and 146,097 in four hundred years.

use std::fmt;

/// A day and a time of it, in UTC; the order of the fields is the order of time.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Civil {
    /// The year.
    pub year: i64,
    /// The month, from 1.
    pub month: i64,
    /// The day, from 1.
    pub day: i64,
    /// Hour, minute and second.
    pub time: (i64, i64, i64),
}

/// Days from 1970-01-01 to this one; `None` beyond what can be counted.
#[must_use]
pub fn days(year: i64, month: i64, day: i64) -> Option<i64> {
    let (year, month) = if month > 2 {
        (year, month.checked_sub(3)?)
    } else {
        (year.checked_sub(1)?, month.checked_add(9)?)
    };
    let leaps =
        year.div_euclid(4).checked_sub(year.div_euclid(100))?.checked_add(year.div_euclid(400))?;
    let in_year = month.checked_mul(153)?.checked_add(2)?.div_euclid(5);
    year.checked_mul(365)?
        .checked_add(leaps)?
        .checked_add(in_year)?
        .checked_add(day)?
        .checked_sub(719_469)
}

impl Civil {
    /// The moment so many seconds after 1970 began, or before it; `None` beyond what can be counted.
    #[must_use]
    pub fn of(seconds: i64) -> Option<Self> {
        let (days, rest) = (seconds.div_euclid(86_400), seconds.rem_euclid(86_400));
        let days = days.checked_add(719_468)?;
        let (era, of_era) = (days.div_euclid(146_097), days.rem_euclid(146_097));
        let leaps = of_era
            .div_euclid(1_460)
            .checked_sub(of_era.div_euclid(36_524))?
            .checked_add(of_era.div_euclid(146_096))?;
        let year = of_era.checked_sub(leaps)?.div_euclid(365);
        let before = year
            .checked_mul(365)?
            .checked_add(year.div_euclid(4))?
            .checked_sub(year.div_euclid(100))?;
        let of_year = of_era.checked_sub(before)?;
        let month = of_year.checked_mul(5)?.checked_add(2)?.div_euclid(153);
        let passed = month.checked_mul(153)?.checked_add(2)?.div_euclid(5);
        let day = of_year.checked_sub(passed)?.checked_add(1)?;
        let year = era.checked_mul(400)?.checked_add(year)?;
        let (year, month) = match month {
            0..=9 => (year, month.checked_add(3)?),
            _ => (year.checked_add(1)?, month.checked_sub(9)?),
        };
        let time =
            (rest.div_euclid(3_600), rest.rem_euclid(3_600).div_euclid(60), rest.rem_euclid(60));
        Some(Self { year, month, day, time })
    }

    /// Seconds since 1970.
    #[must_use]
    pub fn seconds(self) -> Option<i64> {
        let (hour, minute, second) = self.time;
        let hours = days(self.year, self.month, self.day)?.checked_mul(24)?.checked_add(hour)?;
        let minutes = hours.checked_mul(60)?.checked_add(minute)?;
        minutes.checked_mul(60)?.checked_add(second)
    }

    /// The moment that `2026-11-21T00:00:00Z` names: six numbers at their places.
    #[must_use]
    pub fn read(text: &str) -> Option<Self> {
        let number = |from: usize, to: usize| text.get(from..to)?.parse::<u32>().ok();
        let number = |from, to| number(from, to).map(i64::from);
        Some(Self {
            year: number(0, 4)?,
            month: number(5, 7)?,
            day: number(8, 10)?,
            time: (number(11, 13)?, number(14, 16)?, number(17, 19)?),
        })
    }
}

impl fmt::Display for Civil {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { year, month, day, time: (hour, minute, second) } = self;
        write!(f, "{year:04}-{month:02}-{day:02}T{hour:02}:{minute:02}:{second:02}Z")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn moments_are_those_of_date() {
        // `date -u -d @N +%FT%TZ`
        for (seconds, expected) in [
            (0, "1970-01-01T00:00:00Z"),
            (-1, "1969-12-31T23:59:59Z"),
            (951_782_400, "2000-02-29T00:00:00Z"),
            (1_709_251_199, "2024-02-29T23:59:59Z"),
            (4_107_542_400, "2100-03-01T00:00:00Z"),
            (253_402_300_799, "9999-12-31T23:59:59Z"),
            (-631_152_000, "1950-01-01T00:00:00Z"),
        ] {
            let civil = Civil::of(seconds).unwrap();
            assert_eq!(civil.to_string(), expected);
            assert_eq!(civil.seconds(), Some(seconds));
            assert_eq!(Civil::read(expected), Some(civil));
        }
        assert!(Civil::of(i64::MAX).is_some() && Civil::of(i64::MIN).is_some());
        assert_eq!(days(i64::MAX, 1, 1), None);
    }
}
