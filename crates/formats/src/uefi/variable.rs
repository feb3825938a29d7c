//! A variable as efivarfs shows it: four bytes of attributes, then the data.

use crate::error::{Error, Kind, Parsed};
use crate::reader::{Reader, wide};
use crate::uefi::guid::Guid;

/// The attributes of a variable (UEFI 2.10, section 8.2.1).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub struct Attributes(u32);

impl Attributes {
    /// Kept over a power cycle.
    pub const NON_VOLATILE: Self = Self(0x01);
    /// Visible until the operating system takes over.
    pub const BOOTSERVICE_ACCESS: Self = Self(0x02);
    /// Visible to the operating system.
    pub const RUNTIME_ACCESS: Self = Self(0x04);
    /// A record of a hardware error.
    pub const HARDWARE_ERROR_RECORD: Self = Self(0x08);
    /// Written with a counter and a signature (withdrawn).
    pub const AUTHENTICATED_WRITE_ACCESS: Self = Self(0x10);
    /// Written with a time and a signature.
    pub const TIME_BASED_AUTHENTICATED_WRITE_ACCESS: Self = Self(0x20);
    /// A write adds to what is there.
    pub const APPEND_WRITE: Self = Self(0x40);
    /// Written with an enhanced authentication descriptor.
    pub const ENHANCED_AUTHENTICATED_ACCESS: Self = Self(0x80);

    const NAMES: [(Self, &'static str); 8] = [
        (Self::NON_VOLATILE, "non-volatile"),
        (Self::BOOTSERVICE_ACCESS, "boot-services"),
        (Self::RUNTIME_ACCESS, "runtime"),
        (Self::HARDWARE_ERROR_RECORD, "hardware-error-record"),
        (Self::AUTHENTICATED_WRITE_ACCESS, "authenticated"),
        (Self::TIME_BASED_AUTHENTICATED_WRITE_ACCESS, "time-based-authenticated"),
        (Self::APPEND_WRITE, "append"),
        (Self::ENHANCED_AUTHENTICATED_ACCESS, "enhanced-authenticated"),
    ];

    /// Attributes from their number.
    #[must_use]
    pub const fn from_bits(bits: u32) -> Self {
        Self(bits)
    }

    /// The number.
    #[must_use]
    pub const fn bits(self) -> u32 {
        self.0
    }

    /// Whether every attribute of `other` is set.
    #[must_use]
    pub const fn contains(self, other: Self) -> bool {
        self.0 & other.0 == other.0
    }

    /// The names of the attributes that are set, in order of their bits.
    pub fn names(self) -> impl Iterator<Item = &'static str> {
        Self::NAMES.into_iter().filter(move |(bit, _)| self.contains(*bit)).map(|(_, name)| name)
    }

    /// Bits that no attribute is defined for.
    #[must_use]
    pub const fn undefined(self) -> u32 {
        self.0 & !0xff
    }
}

/// A variable of efivarfs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Variable<'a> {
    /// How it is kept and who may write it.
    pub attributes: Attributes,
    /// Its value.
    pub data: &'a [u8],
}

/// Bytes of the attributes before the data.
pub const HEADER: usize = 4;

/// Reads a file of efivarfs (`Documentation/filesystems/efivarfs.rst`). Undefined attribute bits
/// are a deviation.
///
/// # Errors
/// `Truncated` when there are not even four bytes.
pub fn read(bytes: &[u8]) -> Result<Parsed<Variable<'_>>, Error> {
    let mut reader = Reader::new("efivarfs attributes", bytes);
    let attributes = Attributes(reader.u32_le()?);
    let mut parsed = Parsed::clean(Variable { attributes, data: reader.rest() });
    if attributes.undefined() != 0 {
        let kind = Kind::Illegal { value: attributes.0.into() };
        parsed.deviations.push(Error::new("efivarfs attributes", 0, kind));
    }
    Ok(parsed)
}

/// Reads a variable that holds one number of one byte: `SecureBoot`, `SetupMode`, `MokSBStateRT`.
///
/// Further bytes are a deviation: firmware asked for one byte would answer `EFI_BUFFER_TOO_SMALL`,
/// and the kernel then holds the state to be unknown (`drivers/firmware/efi/libstub/secureboot.c`).
///
/// # Errors
/// `Truncated` when there is no byte.
pub fn byte(what: &'static str, data: &[u8]) -> Result<Parsed<u8>, Error> {
    let mut reader = Reader::new(what, data);
    let mut parsed = Parsed::clean(reader.u8()?);
    if !reader.is_done() {
        parsed.deviations.push(reader.error(Kind::Trailing { left: wide(reader.left()) }));
    }
    Ok(parsed)
}

/// The name of a file of efivarfs: the variable's name, a hyphen, its vendor.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct FileName<'a> {
    /// The variable's name.
    pub name: &'a str,
    /// Whose name it is.
    pub vendor: Guid,
}

impl<'a> FileName<'a> {
    /// Splits `SecureBoot-8be4df61-93ca-11d2-aa0d-00e098032b8c`. The name may hold hyphens itself.
    #[must_use]
    pub fn parse(file: &'a str) -> Option<Self> {
        let (name, vendor) = file.split_at_checked(file.len().checked_sub(36)?)?;
        let name = name.strip_suffix('-').filter(|name| !name.is_empty())?;
        Guid::parse(vendor).map(|vendor| Self { name, vendor })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_variable_is_attributes_and_data() {
        let parsed = read(&[0x27, 0, 0, 0, 1]).unwrap();
        assert_eq!(parsed.deviations, []);
        assert_eq!(parsed.value.data, [1]);
        let names: Vec<_> = parsed.value.attributes.names().collect();
        assert_eq!(names, ["non-volatile", "boot-services", "runtime", "time-based-authenticated"]);
        assert!(!parsed.value.attributes.contains(Attributes::APPEND_WRITE));
        assert_eq!(read(&[0, 1, 0, 0]).unwrap().deviations.len(), 1);
        assert!(read(&[7, 0, 0]).is_err());
    }

    #[test]
    fn one_byte_is_one_byte() {
        assert_eq!(byte("SecureBoot", &[1]), Ok(Parsed::clean(1)));
        assert_eq!(byte("SecureBoot", &[1, 0]).unwrap().deviations.len(), 1);
        assert!(byte("SecureBoot", &[]).is_err());
    }

    #[test]
    fn a_file_name_ends_in_its_vendor() {
        let file = "Loader-Entry-4a67b082-0a4c-41cf-b6c7-440b29bb8c4f";
        let expected = FileName { name: "Loader-Entry", vendor: Guid::BOOT_LOADER };
        assert_eq!(FileName::parse(file), Some(expected));
        for file in [
            "",
            "db",
            "-4a67b082-0a4c-41cf-b6c7-440b29bb8c4f",
            "ä4a67b082-0a4c-41cf-b6c7-440b29bb8c4",
        ] {
            assert_eq!(FileName::parse(file), None, "{file}");
        }
    }
}
