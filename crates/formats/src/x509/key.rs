//! `SubjectPublicKeyInfo`, on its own.

use crate::der::element::Elements;
use crate::der::grammar::tag;

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
