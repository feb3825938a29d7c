//! `SubjectPublicKeyInfo`, on its own, and what a key is called.

use crate::der::element::Elements;
use crate::der::grammar::tag;
use crate::der::oid;

/// A public key and what it is for, borrowed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct KeyInfo<'a> {
    /// Its algorithm: contents of an object identifier.
    pub algorithm: &'a [u8],
    /// Parameters of the algorithm, as a whole element.
    pub parameters: Option<&'a [u8]>,
    /// The key, without the count of unused bits.
    pub key: &'a [u8],
}

/// Reads one; `None` where it is none.
#[must_use]
pub fn read(bytes: &[u8]) -> Option<KeyInfo<'_>> {
    let mut parts = Elements::new(bytes).optional(tag::SEQUENCE)?.inside();
    let mut algorithm = parts.optional(tag::SEQUENCE)?.inside();
    let bits = parts.optional(tag::BIT_STRING)?.value;
    Some(KeyInfo {
        algorithm: algorithm.optional(tag::OID)?.value,
        parameters: algorithm.next_element().ok().map(|e| e.whole),
        key: bits.strip_prefix(&[0])?,
    })
}

/// What kind of key, and how long: `rsa-2048`, `ecdsa-p384`; the dotted algorithm where it is another.
///
/// `parameters` is a whole element, as [`KeyInfo::parameters`] and certificates hold it.
#[must_use]
pub fn described(algorithm: &[u8], parameters: Option<&[u8]>, key: &[u8]) -> String {
    let algorithm = oid::to_dotted(algorithm);
    let curve = || {
        let named = Elements::new(parameters?).optional(tag::OID)?;
        Some(oid::to_dotted(named.value))
    };
    match algorithm.as_str() {
        "1.2.840.113549.1.1.1" => match modulus_bits(key) {
            Some(bits) => format!("rsa-{bits}"),
            None => "rsa".to_owned(),
        },
        // A key for signatures with the padding PSS alone (RFC 4055).
        "1.2.840.113549.1.1.10" => match modulus_bits(key) {
            Some(bits) => format!("rsa-pss-{bits}"),
            None => "rsa-pss".to_owned(),
        },
        "1.2.840.10045.2.1" => match curve().as_deref() {
            Some("1.2.840.10045.3.1.7") => "ecdsa-p256".to_owned(),
            Some("1.3.132.0.34") => "ecdsa-p384".to_owned(),
            Some("1.3.132.0.35") => "ecdsa-p521".to_owned(),
            Some(other) => format!("ecdsa-{other}"),
            None => "ecdsa".to_owned(),
        },
        "1.3.101.112" => "ed25519".to_owned(),
        "2.16.840.1.101.3.4.3.17" => "ml-dsa-44".to_owned(),
        "2.16.840.1.101.3.4.3.18" => "ml-dsa-65".to_owned(),
        "2.16.840.1.101.3.4.3.19" => "ml-dsa-87".to_owned(),
        _ => algorithm,
    }
}

/// The length of an RSA key in bits: that of its modulus (RFC 8017, A.1.1).
#[must_use]
pub fn modulus_bits(key: &[u8]) -> Option<usize> {
    let mut parts = Elements::new(key).optional(tag::SEQUENCE)?.inside();
    let modulus = parts.optional(tag::INTEGER)?.value;
    let first = modulus.iter().position(|byte| *byte != 0)?;
    let digits = modulus.get(first..)?;
    let unused = usize::try_from(digits.first()?.leading_zeros()).ok()?;
    digits.len().checked_mul(8)?.checked_sub(unused)
}
