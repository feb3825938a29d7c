//! Signature lists, and the password of a request to MokManager, as bytes.
//!
//! Sources: UEFI 2.10, section 32.4.1; shim `include/passwordcrypt.h`, `PasswordCrypt.c`; what
//! `mokutil --import` writes.

use crate::uefi::guid::Guid;
use crate::uefi::signature_type::Type;

/// Bytes of a list before its entries, and of an entry before its data.
const LIST: u32 = 28;
const OWNER: u32 = 16;

/// A list with one certificate; `None` where it is longer than a list can say.
#[must_use]
pub fn certificate_list(owner: Guid, der: &[u8]) -> Option<Vec<u8>> {
    let entry = u32::try_from(der.len()).ok()?.checked_add(OWNER)?;
    let mut out = Type::X509.guid().as_bytes().to_vec();
    for size in [entry.checked_add(LIST)?, 0, entry] {
        out.extend(size.to_le_bytes());
    }
    out.extend(owner.as_bytes());
    out.extend(der);
    Some(out)
}

/// What MokManager checks a typed password with: `PASSWORD_CRYPT` of method `SHA512_BASED`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PasswordCrypt<'a> {
    /// How often the digest is made anew.
    pub rounds: u64,
    /// The salt; 16 bytes at most count.
    pub salt: &'a [u8],
    /// The digest, raw: not in the letters of `crypt(3)`.
    pub hash: [u8; 64],
}

impl PasswordCrypt<'_> {
    /// `SHA512_BASED` of `enum HashMethod`.
    const METHOD: u16 = 4;
    /// Bytes of the structure: method, rounds, size of the salt, salt, digest; packed.
    pub const SIZE: usize = 172;

    /// The value of `MokAuth`; `None` where the salt does not fit.
    #[must_use]
    pub fn bytes(&self) -> Option<Vec<u8>> {
        let mut salt = [0; 32];
        salt.get_mut(..self.salt.len())?.copy_from_slice(self.salt);
        let size = u16::try_from(self.salt.len()).ok()?;
        let mut out = Self::METHOD.to_le_bytes().to_vec();
        out.extend(self.rounds.to_le_bytes());
        out.extend(size.to_le_bytes());
        out.extend(salt);
        out.extend(self.hash);
        out.resize(Self::SIZE, 0);
        Some(out)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::limits::Limits;
    use crate::uefi::signature_list;

    #[test]
    fn a_list_reads_as_what_was_put_in() {
        let bytes = certificate_list(Guid::SHIM_LOCK, b"certificate").unwrap();
        let read = signature_list::read(&bytes, &Limits::DEFAULT);
        assert_eq!(read.deviations, []);
        let entries: Vec<_> = read.value.entries().map(|(t, e)| (t, e.owner, e.data)).collect();
        assert_eq!(entries, [(Type::X509, Guid::SHIM_LOCK, &b"certificate"[..])]);
    }

    #[test]
    fn a_password_has_the_size_that_shim_asks_for() {
        let crypt = PasswordCrypt { rounds: 5000, salt: b"abcdefgh", hash: [7; 64] };
        let bytes = crypt.bytes().unwrap();
        assert_eq!(bytes.len(), PasswordCrypt::SIZE);
        assert_eq!(bytes[..14], [4, 0, 0x88, 0x13, 0, 0, 0, 0, 0, 0, 8, 0, b'a', b'b']);
        assert_eq!(bytes[44..46], [7, 7]);
        assert!(PasswordCrypt { salt: &[0; 33], ..crypt }.bytes().is_none());
    }
}
