//! `RSASSA-PSS-params` (RFC 4055 3.1): what a signature with the padding PSS was made with.

use crate::der::element::{Elements, Tlv};
use crate::der::grammar::tag;

/// `id-RSASSA-PSS` (1.2.840.113549.1.1.10).
pub const RSASSA_PSS: &[u8] = &[0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 1, 1, 10];
/// `id-mgf1` (1.2.840.113549.1.1.8).
const MGF1: &[u8] = &[0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 1, 1, 8];
/// `id-sha1`, which both digests are where nothing is said.
const SHA1: &[u8] = &[0x2b, 0x0e, 3, 2, 0x1a];

/// The parameters, borrowed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Pss<'a> {
    /// The digest of what is signed: contents of an object identifier.
    pub digest: &'a [u8],
    /// The digest that makes the mask: contents of an object identifier.
    pub mask: &'a [u8],
    /// Bytes of salt.
    pub salt: usize,
}

/// Reads the parameters that follow the identifier of the algorithm; `None`: they are none that are
/// known, or end in a trailer that no standard has.
#[must_use]
pub fn read(parameters: Option<Tlv<'_>>) -> Option<Pss<'_>> {
    let mut parts = match parameters {
        Some(given) if given.tag == tag::SEQUENCE => given.inside(),
        Some(_) => return None,
        None => Elements::new(&[]),
    };
    let digest = match parts.optional(tag::context_constructed(0)) {
        Some(given) => algorithm(given.inside().optional(tag::SEQUENCE)?)?.0,
        None => SHA1,
    };
    let mask = match parts.optional(tag::context_constructed(1)) {
        Some(given) => {
            let (MGF1, Some(by)) = algorithm(given.inside().optional(tag::SEQUENCE)?)? else {
                return None;
            };
            algorithm(by)?.0
        }
        None => SHA1,
    };
    let salt = number(&mut parts, 2, 20)?;
    (number(&mut parts, 3, 1)? == 1 && parts.is_done()).then_some(Pss { digest, mask, salt })
}

fn algorithm(sequence: Tlv<'_>) -> Option<(&[u8], Option<Tlv<'_>>)> {
    let mut parts = sequence.inside();
    let oid = parts.optional(tag::OID)?.value;
    Some((oid, parts.optional(tag::SEQUENCE)))
}

/// A small number under its tag, or what holds without it.
fn number(parts: &mut Elements<'_>, under: u8, otherwise: usize) -> Option<usize> {
    let Some(given) = parts.optional(tag::context_constructed(under)) else {
        return Some(otherwise);
    };
    match given.inside().optional(tag::INTEGER)?.value {
        [one] if *one < 0x80 => Some(usize::from(*one)),
        [0, one] => Some(usize::from(*one)),
        [one, two] if *one < 0x80 => Some(usize::from(u16::from_be_bytes([*one, *two]))),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// `openssl cms -sign -keyopt rsa_padding_mode:pss -md sha256`.
    const SHA256_SALT_32: [u8; 54] = [
        0x30, 0x34, 0xa0, 0x0f, 0x30, 0x0d, 6, 9, 0x60, 0x86, 0x48, 1, 0x65, 3, 4, 2, 1, 5, 0,
        0xa1, 0x1c, 0x30, 0x1a, 6, 9, 0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 1, 1, 8, 0x30, 0x0d, 6,
        9, 0x60, 0x86, 0x48, 1, 0x65, 3, 4, 2, 1, 5, 0, 0xa2, 3, 2, 1, 0x20,
    ];

    #[test]
    fn what_is_given_counts_and_the_rest_is_as_the_standard_says() {
        let sha256: &[u8] = &[0x60, 0x86, 0x48, 1, 0x65, 3, 4, 2, 1];
        let given = Elements::new(&SHA256_SALT_32).next_element().ok();
        assert_eq!(read(given), Some(Pss { digest: sha256, mask: sha256, salt: 32 }));
        let plain = Some(Pss { digest: SHA1, mask: SHA1, salt: 20 });
        assert_eq!(read(Elements::new(&[0x30, 0]).next_element().ok()), plain);
        assert_eq!(read(None), plain);
        let trailer = [0x30, 5, 0xa3, 3, 2, 1, 2];
        assert_eq!(read(Elements::new(&trailer).next_element().ok()), None);
    }
}
