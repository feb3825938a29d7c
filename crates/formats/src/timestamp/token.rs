//! `TSTInfo`: the content of an RFC 3161 token.

use crate::authenticode::signature::must;
use crate::der::element::Elements;
use crate::der::grammar::tag;
use crate::error::{Error, Kind};
use crate::x509::time;

/// `id-ct-TSTInfo` (1.2.840.113549.1.9.16.1.4).
pub const TST_INFO: &[u8] = &[0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 1, 9, 16, 1, 4];
/// Unsigned attribute that holds a token: `szOID_RFC3161_counterSign` (1.3.6.1.4.1.311.3.3.1).
pub const RFC_3161: &[u8] = &[0x2b, 6, 1, 4, 1, 0x82, 0x37, 3, 3, 1];
/// Unsigned attribute that holds a token where CMS puts it: `id-aa-timeStampToken`
/// (1.2.840.113549.1.9.16.2.14).
pub const TIME_STAMP_TOKEN: &[u8] = &[0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 1, 9, 16, 2, 14];
/// Unsigned attribute that holds a counter-signature: `countersignature` (1.2.840.113549.1.9.6).
pub const COUNTERSIGNATURE: &[u8] = &[0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 1, 9, 6];
/// Signed attribute of a counter-signature: `signingTime` (1.2.840.113549.1.9.5).
pub const SIGNING_TIME: &[u8] = &[0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 1, 9, 5];

/// What was stamped, and when.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Token<'a> {
    /// The authority's policy: contents of an object identifier.
    pub policy: &'a [u8],
    /// Digest algorithm of the imprint: contents of an object identifier.
    pub digest_algorithm: &'a [u8],
    /// Digest of what was stamped.
    pub imprint: &'a [u8],
    /// The token's number: contents octets.
    pub serial: &'a [u8],
    /// When, in whole seconds since 1970.
    pub time: Option<i64>,
    /// The number that the request brought: contents octets.
    pub nonce: Option<&'a [u8]>,
}

/// Reads the contents of the token's `OCTET STRING`.
///
/// # Errors
/// When it is no `TSTInfo`.
pub fn read(content: &[u8]) -> Result<Token<'_>, Error> {
    let mut parts = must(&mut Elements::new(content), tag::SEQUENCE)?.inside();
    must(&mut parts, tag::INTEGER)?;
    let policy = must(&mut parts, tag::OID)?.value;
    let mut imprint = must(&mut parts, tag::SEQUENCE)?.inside();
    let digest_algorithm = must(&mut must(&mut imprint, tag::SEQUENCE)?.inside(), tag::OID)?.value;
    let digest = must(&mut imprint, tag::OCTET_STRING)?.value;
    let serial = must(&mut parts, tag::INTEGER)?.value;
    let time = parts.next_element()?;
    if time.tag != tag::GENERALIZED_TIME {
        return Err(Error::new("TSTInfo genTime", time.at, Kind::Missing));
    }
    let time = whole_seconds(time.value);
    let _accuracy = parts.optional(tag::SEQUENCE);
    let _ordering = parts.optional(tag::BOOLEAN);
    let nonce = parts.optional(tag::INTEGER).map(|nonce| nonce.value);
    Ok(Token { policy, digest_algorithm, imprint: digest, serial, time, nonce })
}

/// `GeneralizedTime` that ends in `Z`; a fraction of a second is cut off.
fn whole_seconds(value: &[u8]) -> Option<i64> {
    let (digits, rest) = value.split_first_chunk::<14>()?;
    let fraction = rest.strip_suffix(b"Z")?;
    let is_fraction = match fraction.split_first() {
        None => true,
        Some((b'.' | b',', digits)) => digits.iter().all(u8::is_ascii_digit),
        Some(_) => false,
    };
    let mut text = digits.to_vec();
    text.push(b'Z');
    is_fraction.then(|| time::seconds(tag::GENERALIZED_TIME, &text)).flatten()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fractions_of_seconds_are_cut_off() {
        // `date -u -d '2024-02-29 12:00:00' +%s`
        for text in [&b"20240229120000Z"[..], b"20240229120000.999Z", b"20240229120000.5Z"] {
            assert_eq!(whole_seconds(text), Some(1_709_208_000));
        }
        assert_eq!(whole_seconds(b"20240229120000+0100"), None);
        assert_eq!(whole_seconds(b"2024022912Z"), None);
    }

    #[test]
    fn a_token_is_read() {
        let mut content = vec![0x30, 0x3a, 2, 1, 1, 6, 2, 0x2a, 3];
        content.extend([0x30, 0x1b, 0x30, 9, 6, 5, 0x2b, 14, 3, 2, 26, 5, 0, 4, 14]);
        content.extend([9; 14]);
        content.extend([2, 1, 7, 0x18, 15]);
        content.extend(b"19700101000001Z");
        let size = u8::try_from(content.len() - 2).unwrap();
        content[1] = size;
        let token = read(&content).unwrap();
        assert_eq!((token.imprint, token.serial, token.time), (&[9; 14][..], &[7][..], Some(1)));
        for end in 0..content.len() {
            assert!(read(&content[..end]).is_err());
        }
    }
}
