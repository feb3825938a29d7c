//! Elements one by one: the plain DER reader.

use crate::error::{Error, Kind};
use crate::reader::Reader;

/// One element: tag, value, and where it was.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Tlv<'a> {
    /// The identifier octet.
    pub tag: u8,
    /// The contents octets.
    pub value: &'a [u8],
    /// Tag, length and contents together.
    pub whole: &'a [u8],
    /// Offset of `whole` in the input, in bytes.
    pub at: usize,
}

impl<'a> Tlv<'a> {
    /// The elements inside a constructed one.
    #[must_use]
    pub const fn inside(&self) -> Elements<'a> {
        let header = self.whole.len().saturating_sub(self.value.len());
        Elements { reader: Reader::within("DER", self.value, self.at.saturating_add(header)) }
    }
}

/// Reads elements of definite length, one after the other.
#[derive(Clone, Copy, Debug)]
pub struct Elements<'a> {
    reader: Reader<'a>,
}

impl<'a> Elements<'a> {
    /// The elements of `bytes`.
    #[must_use]
    pub const fn new(bytes: &'a [u8]) -> Self {
        Self { reader: Reader::new("DER", bytes) }
    }

    /// Whether all were read.
    #[must_use]
    pub const fn is_done(&self) -> bool {
        self.reader.is_done()
    }

    /// The next element.
    ///
    /// # Errors
    /// `Truncated`; `Unsupported` for tag numbers above 30, indefinite lengths and lengths of more
    /// than four octets.
    pub fn next_element(&mut self) -> Result<Tlv<'a>, Error> {
        let at = self.reader.at();
        let from = self.reader.rest();
        let tag = self.reader.u8()?;
        if tag & 0x1f == 0x1f {
            return Err(self.reader.error(Kind::Unsupported));
        }
        let first = self.reader.u8()?;
        let length = match first {
            0x00..=0x7f => usize::from(first),
            0x81..=0x84 => {
                let mut length = 0_usize;
                for byte in self.reader.take(usize::from(first & 0x7f))? {
                    length = length.checked_shl(8).unwrap_or(0) | usize::from(*byte);
                }
                length
            }
            _ => return Err(self.reader.error(Kind::Unsupported)),
        };
        let value = self.reader.take(length)?;
        let size = from.len().saturating_sub(self.reader.left());
        let whole = from.get(..size).unwrap_or_default();
        Ok(Tlv { tag, value, whole, at })
    }

    /// The next element if it has this tag; nothing is read otherwise.
    pub fn optional(&mut self, tag: u8) -> Option<Tlv<'a>> {
        let mut ahead = *self;
        let found = ahead.next_element().ok().filter(|e| e.tag == tag)?;
        *self = ahead;
        Some(found)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn elements_follow_each_other() {
        let mut all = Elements::new(&[0x30, 5, 2, 1, 5, 5, 0, 0x04, 0x81, 1, 9, 4]);
        let sequence = all.next_element().unwrap();
        let mut inside = sequence.inside();
        assert_eq!(inside.next_element().map(|e| (e.tag, e.value, e.at)), Ok((2, &[5][..], 2)));
        assert_eq!(inside.optional(4), None);
        assert_eq!(inside.optional(5).map(|e| e.at), Some(5));
        assert!(inside.is_done());
        assert_eq!(all.next_element().map(|e| (e.value, e.whole.len())), Ok((&[9][..], 4)));
        assert_eq!(
            all.next_element().unwrap_err().to_string(),
            "DER at 0xc: needs 1 bytes, 0 left"
        );
    }
}
