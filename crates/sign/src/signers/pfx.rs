//! PKCS#12 files, written: a key and its certificate, as Windows imports them.
//!
//! With AES-256 under PBKDF2 and a code of HMAC-SHA-256, which Windows 10 1709, Server 2019 and OpenSSL
//! open; or with triple DES and SHA-1, which everything does. Source: RFC 7292.

use aws_lc_rs::{hmac, rand};
use loadworthy_core::crypt::digest::{DigestAlgorithm, digest};
use loadworthy_formats::der::grammar::tag;
use loadworthy_formats::der::write::{algorithm, element, holding, integer, sequence};
use pkcs8::der::Encode;
use pkcs8::pkcs5::EncryptionScheme;
use pkcs8::pkcs5::pbes2::Parameters;
use zeroize::Zeroizing;

use crate::secret::Secret;
use crate::signers::lock::{bmp, derived, locked};

/// `data`, `encryptedData` (1.2.840.113549.1.7.1 and .6), `localKeyID`, `x509Certificate` (…9.21, …9.22.1).
const PKCS: [u8; 7] = [0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 1];
/// As OpenSSL counts.
const ROUNDS: u32 = 2048;
/// Rounds of PBKDF2: Windows takes its time with more.
const PBKDF2: u32 = 10_000;

/// A file with both; `None`: there are no random numbers.
pub(crate) fn write(
    key: &Secret,
    certificate: &[u8],
    passphrase: &Secret,
    legacy: bool,
) -> Option<Vec<u8>> {
    let oid = |rest: &[u8]| element(tag::OID, &[&PKCS[..], rest].concat());
    let explicit = |inside: Vec<u8>| holding(tag::context_constructed(0), &[inside]);
    let data =
        |bytes: &[u8]| sequence(&[oid(&[7, 1]), explicit(element(tag::OCTET_STRING, bytes))]);
    let id = digest(DigestAlgorithm::Sha1, certificate);
    let id = holding(tag::SET, &[element(tag::OCTET_STRING, id.as_bytes())]);
    let attributes = holding(tag::SET, &[sequence(&[oid(&[9, 21]), id])]);
    let bag = |kind: u8, value: Vec<u8>| {
        sequence(&[oid(&[12, 10, 1, kind]), explicit(value), attributes.clone()])
    };
    let inside = explicit(element(tag::OCTET_STRING, certificate));
    let certificate = bag(3, sequence(&[oid(&[9, 22, 1]), inside]));
    let (scheme, text) = sealed(&sequence(&[certificate]), passphrase, legacy)?;
    let certificates = sequence(&[oid(&[7, 1]), scheme, element(tag::context(0), &text)]);
    let certificates = explicit(sequence(&[integer(&[0]), certificates]));
    let certificates = sequence(&[oid(&[7, 6]), certificates]);
    let (scheme, text) = sealed(key.bytes(), passphrase, legacy)?;
    let key = bag(2, sequence(&[scheme, element(tag::OCTET_STRING, &text)]));
    let safe = sequence(&[certificates, data(&sequence(&[key]))]);

    let (by, code) = match legacy {
        true => (DigestAlgorithm::Sha1, hmac::HMAC_SHA1_FOR_LEGACY_USE_ONLY),
        false => (DigestAlgorithm::Sha256, hmac::HMAC_SHA256),
    };
    let salt = random::<8>()?;
    let with = derived(by, &bmp(passphrase), &salt, ROUNDS, 3, by.output_len());
    let code = hmac::sign(&hmac::Key::new(code, &with), &safe);
    let code = sequence(&[
        sequence(&[algorithm(by.oid()), element(tag::OCTET_STRING, code.as_ref())]),
        element(tag::OCTET_STRING, &salt),
        integer(&ROUNDS.to_be_bytes()),
    ]);
    Some(sequence(&[integer(&[3]), data(&safe), code]))
}

/// The scheme, and what is locked with it.
fn sealed(text: &[u8], passphrase: &Secret, legacy: bool) -> Option<(Vec<u8>, Vec<u8>)> {
    if legacy {
        return locked(text, passphrase, &random::<8>()?);
    }
    let parameters =
        Parameters::generate_pbkdf2_sha256_aes256cbc(PBKDF2, &random::<16>()?, random()?).ok()?;
    let scheme = EncryptionScheme::Pbes2(parameters);
    let locked = scheme.encrypt(passphrase.bytes(), text).ok()?;
    Some((scheme.to_der().ok()?, locked))
}

pub(crate) fn random<const N: usize>() -> Option<[u8; N]> {
    let mut bytes = Zeroizing::new([0; N]);
    rand::fill(&mut *bytes).ok()?;
    Some(*bytes)
}
