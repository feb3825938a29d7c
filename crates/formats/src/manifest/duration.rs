//! Times as people write them: `30m`, `4h`, `7d`.

/// Seconds of a time of minutes, hours or days; `None` for anything else and for no time at all.
#[must_use]
pub fn duration(text: &str) -> Option<u64> {
    let unit = match text.as_bytes().last()? {
        b'm' => 60,
        b'h' => 3_600,
        b'd' => 86_400,
        _ => return None,
    };
    let digits = text.get(..text.len().checked_sub(1)?)?;
    let plain = !digits.is_empty() && digits.bytes().all(|b| b.is_ascii_digit());
    let number: u64 = digits.parse().ok().filter(|_| plain)?;
    number.checked_mul(unit).filter(|seconds| *seconds > 0)
}

#[cfg(test)]
mod tests {
    use super::duration;

    #[test]
    fn a_number_and_a_unit() {
        assert_eq!(duration("30m"), Some(1_800));
        assert_eq!(duration("4h"), Some(14_400));
        assert_eq!(duration("7d"), Some(604_800));
        for wrong in
            ["", "h", "4", "0h", "+4h", "-4h", "4 h", "4w", "for ever", "99999999999999999999d"]
        {
            assert_eq!(duration(wrong), None, "{wrong}");
        }
    }
}
