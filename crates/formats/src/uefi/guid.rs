//! The 128-bit names of UEFI, in memory order and in their usual text.

use core::fmt;

use crate::error::Error;
use crate::reader::Reader;
use crate::text::hex;

/// A name that is unique in the world, as UEFI keeps it: the first three fields have their least
/// significant byte first, the last eight bytes are in order (UEFI 2.10, appendix A).
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Guid([u8; 16]);

impl Guid {
    /// Vendor of `SecureBoot`, `SetupMode`, `PK` and `KEK`.
    pub const GLOBAL_VARIABLE: Self =
        Self::new(0x8be4_df61, 0x93ca, 0x11d2, [0xaa, 0x0d, 0x00, 0xe0, 0x98, 0x03, 0x2b, 0x8c]);
    /// Vendor of `db`, `dbx`, `dbt` and `dbr`.
    pub const IMAGE_SECURITY: Self =
        Self::new(0xd719_b2cb, 0x3d3a, 0x4596, [0xa3, 0xbc, 0xda, 0xd0, 0x0e, 0x67, 0x65, 0x6f]);
    /// Vendor of every variable of shim; owner of the entries shim and mokutil make.
    pub const SHIM_LOCK: Self =
        Self::new(0x605d_ab50, 0xe046, 0x4300, [0xab, 0xb6, 0x3d, 0xd8, 0x10, 0xdd, 0x8b, 0x23]);
    /// Vendor of the boot loader interface of systemd-boot.
    pub const BOOT_LOADER: Self =
        Self::new(0x4a67_b082, 0x0a4c, 0x41cf, [0xb6, 0xc7, 0x44, 0x0b, 0x29, 0xbb, 0x8c, 0x4f]);
    /// Owner of the entries Microsoft publishes.
    pub const MICROSOFT: Self =
        Self::new(0x77fa_9abd, 0x0359, 0x4d32, [0xbd, 0x60, 0x28, 0xf4, 0xe7, 0x8f, 0x78, 0x4b]);

    /// A name from its four written fields.
    #[must_use]
    pub const fn new(first: u32, second: u16, third: u16, last: [u8; 8]) -> Self {
        let [a, b, c, d] = first.to_le_bytes();
        let [e, f] = second.to_le_bytes();
        let [g, h] = third.to_le_bytes();
        let [i, j, k, l, m, n, o, p] = last;
        Self([a, b, c, d, e, f, g, h, i, j, k, l, m, n, o, p])
    }

    /// A name from its sixteen bytes in memory order.
    #[must_use]
    pub const fn from_bytes(bytes: [u8; 16]) -> Self {
        Self(bytes)
    }

    /// The sixteen bytes in memory order.
    #[must_use]
    pub const fn as_bytes(&self) -> &[u8; 16] {
        &self.0
    }

    /// The next sixteen bytes of `reader`.
    ///
    /// # Errors
    /// `Truncated` when fewer are left.
    pub fn read(reader: &mut Reader<'_>) -> Result<Self, Error> {
        reader.array().map(Self)
    }

    /// A name from its usual text, `8be4df61-93ca-11d2-aa0d-00e098032b8c`, in either case and with
    /// or without braces.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let text = text.strip_prefix('{').and_then(|t| t.strip_suffix('}')).unwrap_or(text);
        if text.bytes().any(|b| !b.is_ascii_hexdigit() && b != b'-') {
            return None;
        }
        let mut fields = text.split('-');
        let mut field = |digits: usize| {
            fields
                .next()
                .filter(|f| f.len() == digits)
                .and_then(|f| u64::from_str_radix(f, 16).ok())
        };
        let first = u32::try_from(field(8)?).ok()?;
        let second = u16::try_from(field(4)?).ok()?;
        let third = u16::try_from(field(4)?).ok()?;
        let last = (field(4)? << 48) | field(12)?;
        fields.next().is_none().then(|| Self::new(first, second, third, last.to_be_bytes()))
    }
}

impl fmt::Display for Guid {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let [a, b, c, d, e, g, h, i, last @ ..] = self.0;
        let (clock, node) = last.split_at_checked(2).unwrap_or_default();
        write!(
            f,
            "{:08x}-{:04x}-{:04x}-{}-{}",
            u32::from_le_bytes([a, b, c, d]),
            u16::from_le_bytes([e, g]),
            u16::from_le_bytes([h, i]),
            hex(clock),
            hex(node),
        )
    }
}

impl fmt::Debug for Guid {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Guid({self})")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_text_of_a_guid_is_the_specifications() {
        let text = "8be4df61-93ca-11d2-aa0d-00e098032b8c";
        assert_eq!(Guid::GLOBAL_VARIABLE.to_string(), text);
        assert_eq!(Guid::parse(text), Some(Guid::GLOBAL_VARIABLE));
        assert_eq!(
            Guid::parse(&format!("{{{}}}", text.to_uppercase())),
            Some(Guid::GLOBAL_VARIABLE)
        );
        assert_eq!(Guid::GLOBAL_VARIABLE.as_bytes()[..6], [0x61, 0xdf, 0xe4, 0x8b, 0xca, 0x93]);
    }

    #[test]
    fn other_text_is_no_guid() {
        for text in [
            "",
            "-",
            "8be4df61",
            "8be4df61-93ca-11d2-aa0d-00e098032b8",
            "8be4df61-93ca-11d2-aa0d-00e098032b8c-",
            "8be4df6193ca-11d2-aa0d-00e0-98032b8c",
            "+be4df61-93ca-11d2-aa0d-00e098032b8c",
            "8be4df6ä-93ca-11d2-aa0d-00e098032b8c",
        ] {
            assert_eq!(Guid::parse(text), None, "{text}");
        }
    }
}
