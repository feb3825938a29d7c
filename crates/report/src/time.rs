//! Times as documents and pages write them.

use loadworthy_formats::calendar::Civil;

/// Seconds since 1970 as `2026-11-21T00:00:00Z`, by the Gregorian calendar without leap seconds.
#[must_use]
pub fn timestamp(seconds: i64) -> String {
    Civil::of(seconds).map(|moment| moment.to_string()).unwrap_or_default()
}

/// The day of such a time.
#[must_use]
pub fn day(seconds: i64) -> String {
    timestamp(seconds).split('T').next().unwrap_or_default().to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn timestamps_are_those_of_date() {
        // `date -u -d @N +%FT%TZ`
        for (seconds, expected) in [
            (0, "1970-01-01T00:00:00Z"),
            (-1, "1969-12-31T23:59:59Z"),
            (951_827_696, "2000-02-29T12:34:56Z"),
            (1_709_251_199, "2024-02-29T23:59:59Z"),
            (4_102_444_800, "2100-01-01T00:00:00Z"),
            (253_402_300_799, "9999-12-31T23:59:59Z"),
            (-631_152_000, "1950-01-01T00:00:00Z"),
        ] {
            assert_eq!(timestamp(seconds), expected);
        }
    }
}
