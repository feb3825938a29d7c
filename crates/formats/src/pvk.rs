//! PVK: a private key as Microsoft's tools of old keep it. Its head is read, and the numbers of a key that
//! somebody opened; nothing is opened here.
//!
//! Source: Stephen Henson, *PVK file information*; `wincrypt.h` (`PUBLICKEYSTRUC`).

use crate::error::{Error, Kind, Parsed};
use crate::reader::{Reader, index, wide};

/// The first four bytes.
pub const MAGIC: u32 = 0xb0b5_f11e;
/// `RSA2`: what a private key begins with that is not encrypted.
const RSA2: u32 = 0x3241_5352;

/// What the head of a key tells.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Pvk<'a> {
    /// 1: for key exchange, 2: for signatures.
    pub key_type: u32,
    /// Whether the key is encrypted.
    pub is_encrypted: bool,
    /// What is mixed into the password.
    pub salt: &'a [u8],
    /// Bytes of the key with the head that is never encrypted.
    pub key_size: u32,
    /// `aiKeyAlg`: 0x2400 (`CALG_RSA_SIGN`) or 0xa400 (`CALG_RSA_KEYX`).
    pub algorithm: u32,
    /// Bits of the modulus, where the key is not encrypted.
    pub bits: Option<u32>,
    /// The key behind the head that is never encrypted, as far as it is there.
    pub key: &'a [u8],
}

/// The numbers of an RSA key, each least significant byte first (`RSAPUBKEY` and what follows it).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Numbers<'a> {
    /// The public exponent.
    pub exponent: &'a [u8],
    /// The modulus.
    pub modulus: &'a [u8],
    /// Both primes.
    pub primes: [&'a [u8]; 2],
    /// The private exponent modulo each prime less one.
    pub exponents: [&'a [u8]; 2],
    /// The inverse of the second prime modulo the first.
    pub coefficient: &'a [u8],
    /// The private exponent.
    pub private: &'a [u8],
}

/// Bytes of the head of a key that are never encrypted: `PUBLICKEYSTRUC`.
pub const HEAD: [u8; 8] = [7, 2, 0, 0, 0, 0x24, 0, 0];

/// The numbers in [`Pvk::key`], opened.
///
/// # Errors
/// `Missing` where it does not begin as an open key does: it is locked, or was opened wrongly.
pub fn numbers(key: &[u8]) -> Result<Numbers<'_>, Error> {
    let mut reader = Reader::new("PVK key", key);
    if reader.u32_le()? != RSA2 {
        return Err(Error::new("PVK key", 0, Kind::Missing));
    }
    let bits = reader.u32_le()?;
    if bits == 0 || bits % 16 != 0 {
        return Err(Error::new("PVK bits", 4, Kind::Illegal { value: bits.into() }));
    }
    let (whole, half) = (index((bits / 8).into()), index((bits / 16).into()));
    let exponent = reader.take(4)?;
    let modulus = reader.take(whole)?;
    let primes = [reader.take(half)?, reader.take(half)?];
    let exponents = [reader.take(half)?, reader.take(half)?];
    let (coefficient, private) = (reader.take(half)?, reader.take(whole)?);
    Ok(Numbers { exponent, modulus, primes, exponents, coefficient, private })
}

/// What stands before [`Pvk::key`] in a file; locked, where there is a `salt`.
#[must_use]
pub fn head(salt: &[u8], key_size: usize) -> Vec<u8> {
    let number = |n: usize| u32::try_from(n).unwrap_or(u32::MAX).to_le_bytes();
    let mut head = MAGIC.to_le_bytes().to_vec();
    let is_locked = usize::from(!salt.is_empty());
    for n in [0, 2, is_locked, salt.len(), key_size.saturating_add(HEAD.len())] {
        head.extend(number(n));
    }
    head.extend_from_slice(salt);
    head.extend(HEAD);
    head
}

/// Whether `bytes` begin as such a file does.
#[must_use]
pub fn begins(bytes: &[u8]) -> bool {
    bytes.starts_with(&MAGIC.to_le_bytes())
}

/// Reads the head.
///
/// # Errors
/// When it is no such file, or its head is not all there.
pub fn read(bytes: &[u8]) -> Result<Parsed<Pvk<'_>>, Error> {
    let mut reader = Reader::new("PVK", bytes);
    if reader.u32_le()? != MAGIC {
        return Err(Error::new("PVK", 0, Kind::Missing));
    }
    reader.skip(4)?;
    let key_type = reader.u32_le()?;
    let is_encrypted = reader.u32_le()? != 0;
    let salt_size = reader.u32_le()?;
    let key_size = reader.u32_le()?;
    let salt = reader.take(index(salt_size.into()))?;
    let key_at = reader.at();
    reader.now("PVK key");
    reader.skip(4)?;
    let algorithm = reader.u32_le()?;
    let last = key_at.saturating_add(index(key_size.into())).min(bytes.len());
    let key = bytes.get(reader.at()..last).unwrap_or_default();
    let bits =
        if !is_encrypted && reader.u32_le()? == RSA2 { Some(reader.u32_le()?) } else { None };
    let mut deviations = Vec::new();
    let have = bytes.len().saturating_sub(key_at);
    if have < index(key_size.into()) {
        let kind = Kind::Truncated { need: key_size.into(), have: wide(have) };
        deviations.push(Error::new("PVK key", key_at, kind));
    } else if have > index(key_size.into()) {
        let left = wide(have.saturating_sub(index(key_size.into())));
        deviations.push(Error::new("PVK", bytes.len(), Kind::Trailing { left }));
    }
    let value = Pvk { key_type, is_encrypted, salt, key_size, algorithm, bits, key };
    Ok(Parsed { value, deviations })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_head_of_a_key_is_read() {
        // The beginning of what `openssl rsa -outform PVK` writes, with and without -pvk-none.
        let open = b"\x1e\xf1\xb5\xb0\0\0\0\0\x02\0\0\0\0\0\0\0\0\0\0\0\x10\0\0\0\
            \x07\x02\0\0\0\x24\0\0RSA2\0\x08\0\0";
        let read_open = read(open).unwrap();
        assert_eq!(read_open.deviations, []);
        assert_eq!((read_open.value.bits, read_open.value.is_encrypted), (Some(2048), false));
        let shut = b"\x1e\xf1\xb5\xb0\0\0\0\0\x02\0\0\0\x01\0\0\0\x02\0\0\0\x20\0\0\0ab\
            \x07\x02\0\0\0\x24\0\0........";
        let shut = read(shut).unwrap();
        assert_eq!((shut.value.salt, shut.value.bits), (&b"ab"[..], None));
        assert_eq!(shut.deviations[0].kind, Kind::Truncated { need: 32, have: 16 });
        for end in 0..open.len() {
            let _ = read(&open[..end]);
        }
    }
}
