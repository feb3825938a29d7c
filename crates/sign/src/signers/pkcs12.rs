//! Keys in PKCS#12 files (`.p12`, `.pfx`): unlocked, and taken out with their certificates.
//!
//! Source: RFC 7292.

use loadworthy_formats::der::element::{Elements, Tlv};
use loadworthy_formats::der::grammar::tag;

use crate::secret::Secret;
use crate::signers::lock::{Shut, opened};

/// `data` and `encryptedData` (1.2.840.113549.1.7.1 and .6).
const DATA: &[u8] = &[0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 1, 7, 1];
const ENCRYPTED: &[u8] = &[0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 1, 7, 6];
/// Bag types (1.2.840.113549.1.12.10.1) without their last arc.
const BAG: &[u8] = &[0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 1, 12, 10, 1];

/// What was in a file.
#[derive(Default)]
pub(crate) struct Unlocked {
    /// Keys, in PKCS#8.
    pub(crate) keys: Vec<Secret>,
    /// Certificates, whole.
    pub(crate) certificates: Vec<Vec<u8>>,
    /// Whether something in it is locked in a way that is not read.
    pub(crate) has_other_locks: bool,
}

/// Why nothing came out.
pub(crate) enum Failure {
    /// It is not put together as such a file is.
    Form,
    /// The passphrase does not open it.
    Passphrase,
}

/// Opens a file.
pub(crate) fn unlock(bytes: &[u8], passphrase: &Secret) -> Result<Unlocked, Failure> {
    let mut out = Unlocked::default();
    let safes = safes(bytes).ok_or(Failure::Form)?;
    let mut all = first(safes, tag::SEQUENCE).ok_or(Failure::Form)?.inside();
    while let Some(info) = all.optional(tag::SEQUENCE) {
        let mut parts = info.inside();
        let kind = parts.optional(tag::OID).ok_or(Failure::Form)?.value;
        let content = parts.optional(tag::context_constructed(0)).ok_or(Failure::Form)?;
        match kind {
            DATA => {
                let bags = first(content.value, tag::OCTET_STRING).ok_or(Failure::Form)?;
                bags_of(bags.value, passphrase, &mut out)?;
            }
            ENCRYPTED => {
                let (scheme, text) = encrypted(content).ok_or(Failure::Form)?;
                match opened(scheme, text, passphrase) {
                    Ok(bags) => bags_of(bags.bytes(), passphrase, &mut out)?,
                    Err(Shut::Scheme) => out.has_other_locks = true,
                    Err(Shut::Passphrase) => return Err(Failure::Passphrase),
                }
            }
            // Signed or enveloped parts are not in use.
            _ => {}
        }
    }
    Ok(out)
}

/// The authenticated safe inside.
fn safes(bytes: &[u8]) -> Option<&[u8]> {
    let mut parts = first(bytes, tag::SEQUENCE)?.inside();
    parts.optional(tag::INTEGER)?;
    let mut info = parts.optional(tag::SEQUENCE)?.inside();
    info.optional(tag::OID).filter(|oid| oid.value == DATA)?;
    let content = info.optional(tag::context_constructed(0))?;
    Some(first(content.value, tag::OCTET_STRING)?.value)
}

/// Scheme and ciphertext of an `EncryptedData`.
fn encrypted(content: Tlv<'_>) -> Option<(&[u8], &[u8])> {
    let mut data = first(content.value, tag::SEQUENCE)?.inside();
    data.optional(tag::INTEGER)?;
    let mut info = data.optional(tag::SEQUENCE)?.inside();
    info.optional(tag::OID)?;
    let scheme = info.optional(tag::SEQUENCE)?.whole;
    Some((scheme, info.optional(tag::context(0))?.value))
}

fn bags_of(bytes: &[u8], passphrase: &Secret, out: &mut Unlocked) -> Result<(), Failure> {
    // What was opened with the wrong passphrase, and by chance ends as if filled up rightly, is no list.
    let mut bags = first(bytes, tag::SEQUENCE).ok_or(Failure::Passphrase)?.inside();
    while let Some(bag) = bags.optional(tag::SEQUENCE) {
        let mut parts = bag.inside();
        let kind = parts.optional(tag::OID).ok_or(Failure::Form)?.value;
        let value = parts.optional(tag::context_constructed(0)).ok_or(Failure::Form)?.value;
        match kind.strip_prefix(BAG) {
            Some([1]) => out.keys.push(Secret::new(value.to_vec())),
            Some([2]) => {
                let mut locked = first(value, tag::SEQUENCE).ok_or(Failure::Form)?.inside();
                let scheme = locked.optional(tag::SEQUENCE).ok_or(Failure::Form)?.whole;
                let text = locked.optional(tag::OCTET_STRING).ok_or(Failure::Form)?.value;
                match opened(scheme, text, passphrase) {
                    Ok(key) => out.keys.push(key),
                    Err(Shut::Scheme) => out.has_other_locks = true,
                    Err(Shut::Passphrase) => return Err(Failure::Passphrase),
                }
            }
            Some([3]) => {
                let mut certificate = first(value, tag::SEQUENCE).ok_or(Failure::Form)?.inside();
                certificate.optional(tag::OID);
                let inner = certificate.optional(tag::context_constructed(0));
                let der = inner.and_then(|inner| first(inner.value, tag::OCTET_STRING));
                out.certificates.extend(der.map(|der| der.value.to_vec()));
            }
            _ => {}
        }
    }
    Ok(())
}

fn first(bytes: &[u8], tag: u8) -> Option<Tlv<'_>> {
    Elements::new(bytes).optional(tag)
}
