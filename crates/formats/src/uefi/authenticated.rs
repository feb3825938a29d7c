//! `EFI_VARIABLE_AUTHENTICATION_2`: a signed, time-stamped write of a variable, as `.auth` files and
//! dbx updates carry it.
//!
//! Source: UEFI 2.10, sections 8.2.2 and 32.2.4 (`WIN_CERTIFICATE_UEFI_GUID`).

use crate::error::{Error, Kind, Parsed};
use crate::reader::{Reader, index, wide};
use crate::uefi::guid::Guid;
use crate::uefi::signature_type::Type;
use crate::uefi::time::Time;

/// Bytes of a `WIN_CERTIFICATE_UEFI_GUID` before its data.
const CERTIFICATE: usize = 24;
const REVISION: u16 = 0x0200;
const TYPE_EFI_GUID: u16 = 0x0ef1;

/// What the signature begins with.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Wrapper {
    /// A `SignedData` on its own, as the specification first asked.
    BareSignedData,
    /// A `ContentInfo` around the `SignedData`, as most tools for PKCS#7 write it.
    ContentInfo,
    /// Neither.
    Other,
}

impl Wrapper {
    /// Tells by the first element of the outer sequence: a version number or a content type.
    fn of(pkcs7: &[u8]) -> Self {
        let mut reader = Reader::new("PKCS#7", pkcs7);
        let first = reader.u8().ok().filter(|tag| *tag == 0x30).and_then(|_| {
            let length = reader.u8().ok()?;
            if length > 0x80 {
                reader.skip(usize::from(length & 0x7f)).ok()?;
            }
            reader.u8().ok()
        });
        match first {
            Some(0x02) => Self::BareSignedData,
            Some(0x06) => Self::ContentInfo,
            _ => Self::Other,
        }
    }

    /// The word for it.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::BareSignedData => "bare-signed-data",
            Self::ContentInfo => "content-info",
            Self::Other => "other",
        }
    }
}

/// A signed write of a variable.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Authenticated<'a> {
    /// When the update was made; firmware takes only later ones, except when appending.
    pub time: Time,
    /// How the signature is wrapped.
    pub wrapper: Wrapper,
    /// Offset of the signature in the input, in bytes.
    pub pkcs7_at: usize,
    /// The signature over name, vendor, attributes, time and payload.
    pub pkcs7: &'a [u8],
    /// Offset of the payload in the input, in bytes.
    pub payload_at: usize,
    /// The new value, or what is added to the old one. Empty: the variable is deleted.
    pub payload: &'a [u8],
}

/// Whether `bytes` look like an authenticated write: the constants of its certificate header are
/// where they belong.
#[must_use]
pub fn begins(bytes: &[u8]) -> bool {
    header(&mut Reader::new(
        "WIN_CERTIFICATE_UEFI_GUID",
        bytes.get(Time::SIZE..).unwrap_or_default(),
    ))
    .is_ok_and(|(_, revision, of, guid)| {
        revision == REVISION && of == TYPE_EFI_GUID && guid == Type::Pkcs7.guid()
    })
}

fn header(reader: &mut Reader<'_>) -> Result<(u32, u16, u16, Guid), Error> {
    Ok((reader.u32_le()?, reader.u16_le()?, reader.u16_le()?, Guid::read(reader)?))
}

/// Reads a time-based authenticated write.
///
/// Deviations: time fields that are out of range or must be zero, an unexpected revision, and a
/// signature that is neither form of PKCS#7.
///
/// # Errors
/// `Truncated` when the certificate is longer than what is left, `Illegal` when it is shorter than
/// its header, `Unsupported` when it is no PKCS#7 certificate.
pub fn read(bytes: &[u8]) -> Result<Parsed<Authenticated<'_>>, Error> {
    let mut deviations = Vec::new();
    let mut reader = Reader::new("EFI_TIME", bytes);
    let time = Time::read(&mut reader, &mut deviations)?;
    reader.now("WIN_CERTIFICATE_UEFI_GUID");
    let at = reader.at();
    let have = wide(reader.left());
    let (length, revision, of, guid) = header(&mut reader)?;
    if of != TYPE_EFI_GUID || guid != Type::Pkcs7.guid() {
        return Err(Error::new("WIN_CERTIFICATE_UEFI_GUID CertType", at, Kind::Unsupported));
    }
    if revision != REVISION {
        let kind = Kind::Illegal { value: revision.into() };
        deviations.push(Error::new("WIN_CERTIFICATE wRevision", at, kind));
    }
    if u64::from(length) > have {
        return Err(Error::new(
            "WIN_CERTIFICATE dwLength",
            at,
            Kind::Truncated { need: length.into(), have },
        ));
    }
    let Some(size) = index(length.into()).checked_sub(CERTIFICATE) else {
        return Err(Error::new(
            "WIN_CERTIFICATE dwLength",
            at,
            Kind::Illegal { value: length.into() },
        ));
    };
    let pkcs7_at = reader.at();
    let pkcs7 = reader.take(size)?;
    let wrapper = Wrapper::of(pkcs7);
    if wrapper == Wrapper::Other {
        deviations.push(Error::new(
            "WIN_CERTIFICATE_UEFI_GUID CertData",
            pkcs7_at,
            Kind::Unsupported,
        ));
    }
    let value = Authenticated {
        time,
        wrapper,
        pkcs7_at,
        pkcs7,
        payload_at: reader.at(),
        payload: reader.rest(),
    };
    Ok(Parsed { value, deviations })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn forge(pkcs7: &[u8], payload: &[u8]) -> Vec<u8> {
        let mut out = vec![0xda, 0x07, 3, 6, 19, 17, 21, 0, 0, 0, 0, 0, 0, 0, 0, 0];
        out.extend(
            u32::try_from([CERTIFICATE, pkcs7.len()].iter().sum::<usize>()).unwrap().to_le_bytes(),
        );
        out.extend([0x00, 0x02, 0xf1, 0x0e]);
        out.extend(Type::Pkcs7.guid().as_bytes());
        out.extend(pkcs7);
        out.extend(payload);
        out
    }

    #[test]
    fn an_update_is_time_signature_and_payload() {
        let bytes = forge(&[0x30, 0x82, 0x0c, 0xb9, 0x02, 1, 1], b"payload");
        assert!(begins(&bytes));
        let Parsed { value, deviations } = read(&bytes).unwrap();
        assert_eq!(deviations, []);
        assert_eq!(value.time.to_string(), "2010-03-06T19:17:21Z");
        assert_eq!(value.wrapper, Wrapper::BareSignedData);
        assert_eq!((value.pkcs7_at, value.payload_at), (40, 47));
        assert_eq!(value.payload, b"payload");
        let bytes = forge(&[0x30, 0x0b, 0x06, 9], b"");
        assert_eq!(read(&bytes).unwrap().value.wrapper, Wrapper::ContentInfo);
        let bytes = forge(b"", b"");
        assert_eq!(read(&bytes).unwrap().deviations.len(), 1);
    }

    #[test]
    fn a_length_past_the_end_is_told() {
        let bytes = forge(&[0x30, 3, 2, 1, 1], b"");
        let e = read(&bytes[..bytes.len() - 1]).unwrap_err();
        assert_eq!(e.to_string(), "WIN_CERTIFICATE dwLength at 0x10: needs 29 bytes, 28 left");
        let mut short = bytes.clone();
        short[16] = 23;
        assert_eq!(read(&short).unwrap_err().kind, Kind::Illegal { value: 23 });
        let mut other = bytes;
        other[24] ^= 1;
        assert!(!begins(&other));
        assert_eq!(read(&other).unwrap_err().kind, Kind::Unsupported);
    }

    #[test]
    fn reading_ends_on_any_bytes() {
        let bytes = forge(&[0x30, 0x82, 0x0c, 0xb9, 0x02, 1, 1], b"payload");
        for at in 0..bytes.len() {
            let _ = read(&bytes[..at]);
            for value in [0, 1, 0x7f, 0x80, 0xff] {
                let mut bytes = bytes.clone();
                bytes[at] = value;
                let _ = (read(&bytes), begins(&bytes));
            }
        }
    }
}
