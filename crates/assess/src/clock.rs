//! Times as they are written, `2026-11-21T00:00:00Z`, and seconds since 1970.

use loadworthy_formats::calendar::Civil;

/// The seconds since 1970 of a time as it is written.
#[must_use]
pub fn seconds(at: &str) -> Option<u64> {
    u64::try_from(Civil::read(at)?.seconds()?).ok()
}

/// Seconds since 1970 as a time of day in UTC.
#[must_use]
pub fn stamp(seconds: u64) -> String {
    let moment = i64::try_from(seconds).ok().and_then(Civil::of);
    moment.map(|moment| moment.to_string()).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::stamp;

    #[test]
    fn stamps_are_those_of_date() {
        // `date -u -d @N +%FT%TZ`
        for (seconds, is) in [
            (0, "1970-01-01T00:00:00Z"),
            (951_782_399, "2000-02-28T23:59:59Z"),
            (951_782_400, "2000-02-29T00:00:00Z"),
            (1_795_219_200, "2026-11-21T00:00:00Z"),
            (4_107_542_400, "2100-03-01T00:00:00Z"),
        ] {
            assert_eq!(stamp(seconds), is);
            assert_eq!(super::seconds(is), Some(seconds));
        }
    }
}
