//! The moment a log or a history names, so that lines of one machine can be put in order.
//!
//! Zones are left out: a machine writes its logs and histories in one zone, and what is compared
//! here is of one machine. A stamp without a year has none until a neighbour lends one.
//! Sources: RFC 3164, 4.1; RFC 3339; systemd, journalctl(1); dpkg(1), apt's history.log.

use crate::calendar::Civil;
use regex::Regex;
use std::sync::OnceLock;

/// A moment; the order of the fields is the order of time.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Moment {
    /// The year; `None` where the stamp names none.
    pub year: Option<i64>,
    /// Month, from 1.
    pub month: i64,
    /// Day, from 1.
    pub day: i64,
    /// Hour, minute and second.
    pub time: (i64, i64, i64),
}

const FORMS: &str = r"(?x)
    (?P<year>\d{4})-(?P<month>\d\d)-(?P<day>\d\d)(?:[T\ ]+(?P<hour>\d\d):(?P<minute>\d\d)(?::(?P<second>\d\d))?)?
  | (?P<name>Jan|Feb|Mar|Apr|May|Jun|Jul|Aug|Sep|Oct|Nov|Dec)\ +(?P<day2>\d{1,2})
        \ (?P<hour2>\d\d):(?P<minute2>\d\d):(?P<second2>\d\d)(?:\.\d+)?(?:\ (?P<year2>\d{4}))?
  | ^(?P<epoch>\d{9,10})(?:\.\d+)?$
  | ^(?P<micro>\d{16})$";

const MONTHS: &str = "JanFebMarAprMayJunJulAugSepOctNovDec";

/// Reads a time stamp as written; `None` for seconds since the start of the machine and other things.
#[must_use]
pub fn read(stamp: &str) -> Option<Moment> {
    static READER: OnceLock<Option<Regex>> = OnceLock::new();
    let found = READER.get_or_init(|| Regex::new(FORMS).ok()).as_ref()?.captures(stamp.trim())?;
    let number = |name: &str| found.name(name)?.as_str().parse::<i64>().ok();
    if let Some(epoch) = number("epoch") {
        return since_1970(epoch);
    }
    if let Some(micro) = number("micro") {
        return since_1970(micro.checked_div(1_000_000)?);
    }
    if let Some(name) = found.name("name") {
        let place = i64::try_from(MONTHS.find(name.as_str())?).ok()?;
        return Some(Moment {
            year: number("year2"),
            month: place.checked_div(3)?.checked_add(1)?,
            day: number("day2")?,
            time: (number("hour2")?, number("minute2")?, number("second2")?),
        });
    }
    let part = |name: &str| number(name).unwrap_or(0);
    Some(Moment {
        year: number("year"),
        month: number("month")?,
        day: number("day")?,
        time: (part("hour"), part("minute"), part("second")),
    })
}

fn since_1970(seconds: i64) -> Option<Moment> {
    let Civil { year, month, day, time } = Civil::of(seconds)?;
    Some(Moment { year: Some(year), month, day, time })
}

impl Moment {
    /// The same, in the year of `latest` where it names none: the latest year in which it is not
    /// more than half a year after that.
    #[must_use]
    pub fn near(self, latest: Option<Self>) -> Self {
        let Some(Self { year: Some(year), month, .. }) = latest.filter(|_| self.year.is_none())
        else {
            return self;
        };
        let ahead = self.month.saturating_sub(month) > 6;
        Self { year: Some(if ahead { year.saturating_sub(1) } else { year }), ..self }
    }

    /// As it is written: `2026-01-21 03:14:02`, without the year where there is none.
    #[must_use]
    pub fn written(self) -> String {
        let Self { year, month, day, time: (hour, minute, second) } = self;
        let year = year.map(|y| format!("{y:04}-")).unwrap_or_default();
        format!("{year}{month:02}-{day:02} {hour:02}:{minute:02}:{second:02}")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_stamp_is_the_same_moment() {
        for stamp in [
            "2026-01-21T03:14:02.5+01:00",
            "2026-01-21 03:14:02",
            "2026-01-21  03:14:02",
            "[2026-01-21T03:14:02+0100]",
            "Wed Jan 21 03:14:02 2026",
            "1768965242",
            "1768965242.123456",
            "1768965242123456",
        ] {
            let got = read(stamp).map(Moment::written);
            assert_eq!(got.as_deref(), Some("2026-01-21 03:14:02"), "{stamp}");
        }
        assert_eq!(read("3.402118"), None);
        let bare = read("Dec 30 03:14:02").unwrap();
        assert_eq!(bare.written(), "12-30 03:14:02");
        assert_eq!(bare.near(read("2026-01-21")).written(), "2025-12-30 03:14:02");
        assert_eq!(bare.near(read("2025-11-21")).written(), "2025-12-30 03:14:02");
        // The last second of a leap year, as GNU date tells it.
        assert_eq!(read("1735689599").unwrap().written(), "2024-12-31 23:59:59");
        assert_eq!(read("1709210096").unwrap().written(), "2024-02-29 12:34:56");
    }
}
