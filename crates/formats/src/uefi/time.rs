//! `EFI_TIME`: the point in time of an authenticated update or of a revocation.

use core::fmt;

use crate::error::{Deviation, Error, Kind};
use crate::reader::Reader;

/// A time as UEFI writes it (UEFI 2.10, section 8.3). Prints as `2010-03-06T19:17:21Z`; a time zone,
/// which neither updates nor revocations may carry, is not applied.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Time {
    /// Year, 1900 to 9999.
    pub year: u16,
    /// Month, 1 to 12.
    pub month: u8,
    /// Day, 1 to 31.
    pub day: u8,
    /// Hour, 0 to 23.
    pub hour: u8,
    /// Minute, 0 to 59.
    pub minute: u8,
    /// Second, 0 to 59.
    pub second: u8,
}

impl Time {
    /// Bytes of an `EFI_TIME`.
    pub const SIZE: usize = 16;

    /// Reads an `EFI_TIME` and notes fields out of range, and fields that must be zero in an
    /// authenticated update (`Pad1`, `Nanosecond`, `TimeZone`, `Daylight`, `Pad2`) and are not.
    ///
    /// # Errors
    /// `Truncated` when fewer than sixteen bytes are left.
    pub fn read(reader: &mut Reader<'_>, deviations: &mut Vec<Deviation>) -> Result<Self, Error> {
        let at = reader.at();
        let year = reader.u16_le()?;
        let [month, day, hour, minute, second, pad1] = reader.array()?;
        let rest: [u8; 8] = reader.array()?;
        let time = Self { year, month, day, hour, minute, second };
        let mut odd =
            |what, value: u64| deviations.push(Error::new(what, at, Kind::Illegal { value }));
        if !time.is_zero() {
            for (what, value, allowed) in [
                ("EFI_TIME Year", year, 1900..=9999),
                ("EFI_TIME Month", month.into(), 1..=12),
                ("EFI_TIME Day", day.into(), 1..=31),
                ("EFI_TIME Hour", hour.into(), 0..=23),
                ("EFI_TIME Minute", minute.into(), 0..=59),
                ("EFI_TIME Second", second.into(), 0..=59),
            ] {
                if !allowed.contains(&value) {
                    odd(what, value.into());
                }
            }
        }
        if pad1 != 0 || rest != [0; 8] {
            odd("EFI_TIME fields that must be zero", u64::from_le_bytes(rest) | u64::from(pad1));
        }
        Ok(time)
    }

    /// Whether every field is zero, which in a revocation means *always revoked*.
    #[must_use]
    pub fn is_zero(&self) -> bool {
        *self == Self::default()
    }
}

impl fmt::Display for Time {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { year, month, day, hour, minute, second } = self;
        write!(f, "{year:04}-{month:02}-{day:02}T{hour:02}:{minute:02}:{second:02}Z")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_time_prints_as_a_timestamp_and_its_oddities_are_told() {
        let mut bytes = vec![0xda, 0x07, 3, 6, 19, 17, 21, 0, 0, 0, 0, 0, 0, 0, 0, 0];
        let mut deviations = vec![];
        let time = Time::read(&mut Reader::new("t", &bytes), &mut deviations).unwrap();
        assert_eq!(time.to_string(), "2010-03-06T19:17:21Z");
        assert_eq!(deviations, []);
        bytes[2] = 13;
        bytes[12] = 0xff;
        Time::read(&mut Reader::new("t", &bytes), &mut deviations).unwrap();
        assert_eq!(deviations.len(), 2);
        assert!(Time::read(&mut Reader::new("t", &bytes[1..]), &mut deviations).is_err());
    }
}
