//! `UTCTime` and `GeneralizedTime` as certificates hold them (RFC 5280 4.1.2.5).

use crate::der::grammar::tag;

/// Seconds since 1970-01-01 00:00 UTC, from a time that ends in `Z`.
///
/// ISO 8601's 24:00:00 and leap seconds count on, as Linux's `mktime64` does. `None` when it is not
/// a time.
#[must_use]
pub fn seconds(kind: u8, value: &[u8]) -> Option<i64> {
    let digits = value.strip_suffix(b"Z")?;
    let (year, rest) = match (kind, digits.len()) {
        (tag::UTC_TIME, 12) => {
            let (year, rest) = pair(digits)?;
            (if year >= 50 { year.checked_add(1900)? } else { year.checked_add(2000)? }, rest)
        }
        (tag::GENERALIZED_TIME, 14) => {
            let (century, rest) = pair(digits)?;
            let (year, rest) = pair(rest)?;
            (century.checked_mul(100)?.checked_add(year)?, rest)
        }
        _ => return None,
    };
    let (month, rest) = pair(rest)?;
    let (day, rest) = pair(rest)?;
    let (hour, rest) = pair(rest)?;
    let (minute, rest) = pair(rest)?;
    let (second, _) = pair(rest)?;
    let leap = year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
    let days = match month {
        2 if leap => 29,
        2 => 28,
        4 | 6 | 9 | 11 => 30,
        1..=12 => 31,
        _ => return None,
    };
    if !(1..=days).contains(&day) || hour > 24 || minute > 59 || second > 60 {
        return None;
    }
    let days = days_since_1970(year, month, day)?;
    let hours = days.checked_mul(24)?.checked_add(hour)?;
    let minutes = hours.checked_mul(60)?.checked_add(minute)?;
    minutes.checked_mul(60)?.checked_add(second)
}

/// `UTCTime` of a time, in seconds since 1970; `None` outside 1950 to 2049.
#[must_use]
pub fn utc_time(seconds: i64) -> Option<Vec<u8>> {
    let (days, second) = (seconds.div_euclid(86_400), seconds.rem_euclid(86_400));
    let begins = |year| days_since_1970(year, 1, 1).is_some_and(|first| first <= days);
    let year = (1950..2050).rev().find(|year| begins(*year))?;
    if begins(2050) {
        return None;
    }
    let first = |month| days_since_1970(year, month, 1).filter(|first| *first <= days);
    let (month, first) = (1..=12).rev().find_map(|month| Some((month, first(month)?)))?;
    let day = days.checked_sub(first)?.checked_add(1)?;
    let (hour, minute) = (second.div_euclid(3600), second.div_euclid(60).rem_euclid(60));
    let (year, second) = (year.rem_euclid(100), second.rem_euclid(60));
    Some(format!("{year:02}{month:02}{day:02}{hour:02}{minute:02}{second:02}Z").into_bytes())
}

fn pair(digits: &[u8]) -> Option<(i64, &[u8])> {
    let (&[tens, ones], rest) = digits.split_first_chunk::<2>()?;
    let digit = |b: u8| b.is_ascii_digit().then(|| i64::from(b & 0x0f));
    Some((digit(tens)?.checked_mul(10)?.checked_add(digit(ones)?)?, rest))
}

/// Days of the proleptic Gregorian calendar; March is taken as the first month of a year.
fn days_since_1970(year: i64, month: i64, day: i64) -> Option<i64> {
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
        // 1970-01-01 counted from 0000-03-01.
        .checked_sub(719_469)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn seconds_agree_with_date() {
        // `date -u -d ... +%s`
        assert_eq!(seconds(tag::UTC_TIME, b"700101000000Z"), Some(0));
        assert_eq!(seconds(tag::UTC_TIME, b"240229120000Z"), Some(1_709_208_000));
        assert_eq!(seconds(tag::GENERALIZED_TIME, b"20990801172018Z"), Some(4_089_288_018));
        assert_eq!(seconds(tag::UTC_TIME, b"491231240000Z"), Some(2_524_608_000));
        for known in [&b"700101000000Z"[..], b"240229120000Z", b"991231235959Z", b"491231235959Z"] {
            let written = seconds(tag::UTC_TIME, known).and_then(utc_time);
            assert_eq!(written.as_deref(), Some(known));
        }
        assert_eq!(utc_time(i64::MAX), None);
        assert_eq!(utc_time(2_524_608_000), None);
        assert_eq!(seconds(tag::UTC_TIME, b"230229120000Z"), None);
        assert_eq!(seconds(tag::UTC_TIME, b"2402291200Z"), None);
        assert_eq!(seconds(tag::UTC_TIME, b"24022912000+Z"), None);
    }
}
