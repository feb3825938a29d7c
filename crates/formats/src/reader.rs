//! A cursor without a method that can panic.

use crate::error::{Error, Kind};

/// Reads forward over borrowed bytes; every step either succeeds or says what was missing.
#[derive(Clone, Copy, Debug)]
pub struct Reader<'a> {
    what: &'static str,
    base: usize,
    bytes: &'a [u8],
    at: usize,
}

impl<'a> Reader<'a> {
    /// A reader over the whole of `bytes`, for the structure `what`.
    #[must_use]
    pub const fn new(what: &'static str, bytes: &'a [u8]) -> Self {
        Self { what, base: 0, bytes, at: 0 }
    }

    /// A reader whose offsets count from `base`, for bytes cut out of a larger input.
    #[must_use]
    pub const fn within(what: &'static str, bytes: &'a [u8], base: usize) -> Self {
        Self { what, base, bytes, at: 0 }
    }

    /// Names the structure that is read from here on.
    pub const fn now(&mut self, what: &'static str) {
        self.what = what;
    }

    /// The offset of the next byte in the whole input.
    #[must_use]
    pub const fn at(&self) -> usize {
        self.base.saturating_add(self.at)
    }

    /// How many bytes are left.
    #[must_use]
    pub const fn left(&self) -> usize {
        self.bytes.len().saturating_sub(self.at)
    }

    /// Whether every byte was read.
    #[must_use]
    pub const fn is_done(&self) -> bool {
        self.left() == 0
    }

    /// The bytes not read yet.
    #[must_use]
    pub fn rest(&self) -> &'a [u8] {
        self.bytes.get(self.at..).unwrap_or_default()
    }

    /// An error about the structure in hand, at the next byte.
    #[must_use]
    pub const fn error(&self, kind: Kind) -> Error {
        Error::new(self.what, self.at(), kind)
    }

    /// The next `count` bytes.
    ///
    /// # Errors
    /// `Truncated` when fewer are left.
    pub fn take(&mut self, count: usize) -> Result<&'a [u8], Error> {
        let Some((taken, _)) = self.rest().split_at_checked(count) else {
            return Err(self.error(Kind::Truncated { need: wide(count), have: wide(self.left()) }));
        };
        self.at = self.at.saturating_add(count);
        Ok(taken)
    }

    /// The next `N` bytes as an array.
    ///
    /// # Errors
    /// `Truncated` when fewer are left.
    pub fn array<const N: usize>(&mut self) -> Result<[u8; N], Error> {
        let Some(found) = self.rest().first_chunk::<N>() else {
            return Err(self.error(Kind::Truncated { need: wide(N), have: wide(self.left()) }));
        };
        self.at = self.at.saturating_add(N);
        Ok(*found)
    }

    /// Passes over `count` bytes.
    ///
    /// # Errors
    /// `Truncated` when fewer are left.
    pub fn skip(&mut self, count: usize) -> Result<(), Error> {
        self.take(count).map(|_| ())
    }

    /// One byte.
    ///
    /// # Errors
    /// `Truncated` at the end.
    pub fn u8(&mut self) -> Result<u8, Error> {
        self.array::<1>().map(u8::from_le_bytes)
    }

    /// Sixteen bits, least significant byte first.
    ///
    /// # Errors
    /// `Truncated` when fewer than two bytes are left.
    pub fn u16_le(&mut self) -> Result<u16, Error> {
        self.array().map(u16::from_le_bytes)
    }

    /// Thirty-two bits, least significant byte first.
    ///
    /// # Errors
    /// `Truncated` when fewer than four bytes are left.
    pub fn u32_le(&mut self) -> Result<u32, Error> {
        self.array().map(u32::from_le_bytes)
    }

    /// Sixty-four bits, least significant byte first.
    ///
    /// # Errors
    /// `Truncated` when fewer than eight bytes are left.
    pub fn u64_le(&mut self) -> Result<u64, Error> {
        self.array().map(u64::from_le_bytes)
    }

    /// Thirty-two bits, most significant byte first.
    ///
    /// # Errors
    /// `Truncated` when fewer than four bytes are left.
    pub fn u32_be(&mut self) -> Result<u32, Error> {
        self.array().map(u32::from_be_bytes)
    }
}

/// A length as a 64-bit number; `usize` is never wider.
#[must_use]
pub fn wide(n: usize) -> u64 {
    u64::try_from(n).unwrap_or(u64::MAX)
}

/// A 64-bit length as an index; what does not fit is past any input.
#[must_use]
pub fn index(n: u64) -> usize {
    usize::try_from(n).unwrap_or(usize::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_reader_ends_where_its_bytes_end() {
        let mut r = Reader::within("trailer", &[1, 0, 0, 0, 9], 0x10);
        assert_eq!(r.u32_le(), Ok(1));
        assert_eq!(r.at(), 0x14);
        let e = r.u16_le().unwrap_err();
        assert_eq!(e.to_string(), "trailer at 0x14: needs 2 bytes, 1 left");
        assert_eq!(r.u8(), Ok(9));
        assert!(r.is_done());
    }
}
