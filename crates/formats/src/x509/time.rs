//! `UTCTime` and `GeneralizedTime` as certificates hold them (RFC 5280 4.1.2.5).

use crate::calendar::Civil;
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
    Civil { year, month, day, time: (hour, minute, second) }.seconds()
}

/// `UTCTime` of a time, in seconds since 1970; `None` outside 1950 to 2049.
#[must_use]
pub fn utc_time(seconds: i64) -> Option<Vec<u8>> {
    let Civil { year, month, day, time: (hour, minute, second) } = Civil::of(seconds)?;
    if !(1950..2050).contains(&year) {
        return None;
    }
    let year = year.rem_euclid(100);
    Some(format!("{year:02}{month:02}{day:02}{hour:02}{minute:02}{second:02}Z").into_bytes())
}

fn pair(digits: &[u8]) -> Option<(i64, &[u8])> {
    let (&[tens, ones], rest) = digits.split_first_chunk::<2>()?;
    let digit = |b: u8| b.is_ascii_digit().then(|| i64::from(b & 0x0f));
    Some((digit(tens)?.checked_mul(10)?.checked_add(digit(ones)?)?, rest))
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
