//! PKCS #12: how a file of keys and certificates is locked. Nothing is unlocked.
//!
//! Source: RFC 7292; RFC 8018 for the encryption schemes.

use crate::authenticode::signature::must;
use crate::der::element::{Elements, Tlv};
use crate::der::grammar::tag;
use crate::error::{Error, Kind};
use crate::limits::Limits;
use crate::reader::wide;

const DATA: &[u8] = &[0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 1, 7, 1];
const SIGNED: &[u8] = &[0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 1, 7, 2];
const ENCRYPTED: &[u8] = &[0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 1, 7, 6];
/// Bag types (1.2.840.113549.1.12.10.1) without their last arc.
const BAG: &[u8] = &[0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 1, 12, 10, 1];
/// `PBES2` (1.2.840.113549.1.5.13).
const PBES2: &[u8] = &[0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 1, 5, 13];

/// How a file is put together.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Pkcs12<'a> {
    /// `version`; 3 is the one in use.
    pub version: u64,
    /// Whether its integrity rests on a signature instead of a password.
    pub is_signed: bool,
    /// The code over the content; `None`: it has none.
    pub mac: Option<Mac<'a>>,
    /// Its parts, in order.
    pub parts: Vec<Part<'a>>,
    /// Certificates that can be read without a password, whole.
    pub certificates: Vec<&'a [u8]>,
}

/// The code over the content.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Mac<'a> {
    /// Its digest algorithm: contents of an object identifier.
    pub algorithm: &'a [u8],
    /// How often the password is mixed.
    pub iterations: u64,
}

/// A part: bags of keys and certificates.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Part<'a> {
    /// How the whole part is encrypted; `None`: it is not.
    pub encryption: Option<Encryption<'a>>,
    /// Keys in it that are not encrypted.
    pub open_keys: usize,
    /// How the keys in it that are encrypted each are so.
    pub shut_keys: Vec<Encryption<'a>>,
    /// Certificates in it.
    pub certificates: usize,
}

/// An encryption scheme: contents of object identifiers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Encryption<'a> {
    /// The scheme.
    pub scheme: &'a [u8],
    /// The cipher, where the scheme is PBES2.
    pub cipher: Option<&'a [u8]>,
    /// How often the password is mixed, where it is told.
    pub iterations: Option<u64>,
}

/// Whether `bytes` begin as such a file does: a sequence of version 3 and a content.
#[must_use]
pub fn begins(bytes: &[u8]) -> bool {
    let Ok(outer) = Elements::new(bytes).next_element() else { return false };
    let mut parts = outer.inside();
    outer.tag == tag::SEQUENCE
        && parts.optional(tag::INTEGER).is_some_and(|v| v.value == [3])
        && parts.optional(tag::SEQUENCE).is_some_and(|content| {
            let kind = content.inside().optional(tag::OID).map(|oid| oid.value);
            matches!(kind, Some(DATA | SIGNED))
        })
}

/// Reads how a file is put together.
///
/// # Errors
/// When it is none, or not DER.
pub fn read<'a>(bytes: &'a [u8], limits: &Limits) -> Result<Pkcs12<'a>, Error> {
    let mut outer = must(&mut Elements::new(bytes), tag::SEQUENCE)?.inside();
    let version = number(must(&mut outer, tag::INTEGER)?);
    let mut content = must(&mut outer, tag::SEQUENCE)?.inside();
    let kind = must(&mut content, tag::OID)?;
    let mut file = Pkcs12 { version, is_signed: kind.value == SIGNED, ..Pkcs12::default() };
    if kind.value == DATA {
        let explicit = must(&mut content, tag::context_constructed(0))?;
        let octets = must(&mut explicit.inside(), tag::OCTET_STRING)?;
        let mut safe = must(&mut Elements::new(octets.value), tag::SEQUENCE)?.inside();
        while !safe.is_done() {
            if file.parts.len() >= limits.items {
                let kind = Kind::TooMany { limit: wide(limits.items) };
                return Err(Error::new("PKCS#12 parts", octets.at, kind));
            }
            let one = must(&mut safe, tag::SEQUENCE)?;
            file.parts.push(part(one, &mut file.certificates)?);
        }
    }
    if let Some(data) = outer.optional(tag::SEQUENCE) {
        let mut parts = data.inside();
        let mut digest = must(&mut parts, tag::SEQUENCE)?.inside();
        let algorithm = must(&mut must(&mut digest, tag::SEQUENCE)?.inside(), tag::OID)?.value;
        must(&mut parts, tag::OCTET_STRING)?;
        let iterations = parts.optional(tag::INTEGER).map_or(1, number);
        file.mac = Some(Mac { algorithm, iterations });
    }
    Ok(file)
}

fn part<'a>(content: Tlv<'a>, certificates: &mut Vec<&'a [u8]>) -> Result<Part<'a>, Error> {
    let mut parts = content.inside();
    let kind = must(&mut parts, tag::OID)?.value;
    let mut part = Part { encryption: None, open_keys: 0, shut_keys: Vec::new(), certificates: 0 };
    let Some(explicit) = parts.optional(tag::context_constructed(0)) else { return Ok(part) };
    if kind == ENCRYPTED {
        let mut data = must(&mut explicit.inside(), tag::SEQUENCE)?.inside();
        must(&mut data, tag::INTEGER)?;
        let mut info = must(&mut data, tag::SEQUENCE)?.inside();
        must(&mut info, tag::OID)?;
        part.encryption = Some(encryption(must(&mut info, tag::SEQUENCE)?)?);
    } else if kind == DATA {
        let octets = must(&mut explicit.inside(), tag::OCTET_STRING)?.value;
        let mut bags = must(&mut Elements::new(octets), tag::SEQUENCE)?.inside();
        while !bags.is_done() {
            bag(must(&mut bags, tag::SEQUENCE)?, &mut part, certificates)?;
        }
    }
    Ok(part)
}

fn bag<'a>(
    bag: Tlv<'a>,
    part: &mut Part<'a>,
    certificates: &mut Vec<&'a [u8]>,
) -> Result<(), Error> {
    let mut parts = bag.inside();
    let kind = must(&mut parts, tag::OID)?.value;
    let value = must(&mut parts, tag::context_constructed(0))?;
    match kind.strip_prefix(BAG) {
        Some([1]) => part.open_keys = part.open_keys.saturating_add(1),
        Some([2]) => {
            let mut key = must(&mut value.inside(), tag::SEQUENCE)?.inside();
            part.shut_keys.push(encryption(must(&mut key, tag::SEQUENCE)?)?);
        }
        Some([3]) => {
            part.certificates = part.certificates.saturating_add(1);
            let mut bag = must(&mut value.inside(), tag::SEQUENCE)?.inside();
            must(&mut bag, tag::OID)?;
            let explicit = must(&mut bag, tag::context_constructed(0))?;
            if let Some(octets) = explicit.inside().optional(tag::OCTET_STRING) {
                certificates.push(octets.value);
            }
        }
        _ => {}
    }
    Ok(())
}

fn encryption(algorithm: Tlv<'_>) -> Result<Encryption<'_>, Error> {
    let mut parts = algorithm.inside();
    let scheme = must(&mut parts, tag::OID)?.value;
    let mut found = Encryption { scheme, cipher: None, iterations: None };
    let Some(parameters) = parts.optional(tag::SEQUENCE) else { return Ok(found) };
    let mut inside = parameters.inside();
    if scheme == PBES2 {
        let mut derivation = must(&mut inside, tag::SEQUENCE)?.inside();
        must(&mut derivation, tag::OID)?;
        if let Some(parameters) = derivation.optional(tag::SEQUENCE) {
            let mut parameters = parameters.inside();
            let _salt = parameters.next_element()?;
            found.iterations = parameters.optional(tag::INTEGER).map(number);
        }
        found.cipher = Some(must(&mut must(&mut inside, tag::SEQUENCE)?.inside(), tag::OID)?.value);
    } else if inside.optional(tag::OCTET_STRING).is_some() {
        found.iterations = inside.optional(tag::INTEGER).map(number);
    }
    Ok(found)
}

/// A number that is not negative, as far as it fits.
fn number(element: Tlv<'_>) -> u64 {
    element.value.iter().fold(0_u64, |n, byte| n.wrapping_shl(8) | u64::from(*byte))
}
