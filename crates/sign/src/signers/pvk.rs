//! PVK files: opened, and taken apart into the form that the arithmetic takes.
//!
//! Locked ones are encrypted with RC4 under SHA-1 of salt and password: with sixteen bytes of it, or, as
//! exported once, with five. Source: Stephen Henson, *PVK file information*.

use loadworthy_core::crypt::digest::{DigestAlgorithm, digest};
use loadworthy_formats::der::grammar::tag;
use loadworthy_formats::der::write::element;
use loadworthy_formats::pvk;
use rc4::{KeyInit, Rc4, StreamCipher};
use zeroize::Zeroizing;

use crate::error::SignError;
use crate::secret::Secret;

/// The key in `bytes`: PKCS#1.
pub(super) fn opened(
    bytes: &[u8],
    named: &str,
    ask: &dyn Fn() -> Result<Secret, SignError>,
) -> Result<Secret, SignError> {
    let wrong = |problem: String| SignError::Key { key: named.to_owned(), problem };
    let read = pvk::read(bytes).map_err(|e| wrong(e.to_string()))?;
    if let Some(odd) = read.deviations.first() {
        return Err(wrong(odd.to_string()));
    }
    let file = read.value;
    if !file.is_encrypted {
        return key(file.key).map_err(|e| wrong(e.to_string()));
    }
    let password = ask()?;
    for weak in [false, true] {
        let open = turned(file.key, file.salt, &password, weak);
        if let Ok(key) = key(&open) {
            return Ok(key);
        }
    }
    Err(SignError::WrongPassphrase { key: named.to_owned() })
}

/// Locks or opens a key: both are the same.
pub(crate) fn turned(key: &[u8], salt: &[u8], password: &Secret, weak: bool) -> Zeroizing<Vec<u8>> {
    let salted = Zeroizing::new([salt, password.bytes()].concat());
    let made = digest(DigestAlgorithm::Sha1, &salted);
    let mut with = Zeroizing::new([0; 16]);
    let counts = if weak { 5 } else { 16 };
    with[..counts].copy_from_slice(&made.as_bytes()[..counts]);
    let mut text = Zeroizing::new(key.to_vec());
    // Sixteen bytes are a length that RC4 takes.
    if let Ok(mut cipher) = Rc4::new_from_slice(&*with) {
        cipher.apply_keystream(&mut text);
    }
    text
}

/// The key in PKCS#1.
fn key(open: &[u8]) -> Result<Secret, loadworthy_formats::error::Error> {
    let numbers = pvk::numbers(open)?;
    let [p, q] = numbers.primes;
    let [dp, dq] = numbers.exponents;
    let mut body = Zeroizing::new(Vec::with_capacity(open.len() * 2));
    body.extend_from_slice(&element(tag::INTEGER, &[0]));
    for number in
        [numbers.modulus, numbers.exponent, numbers.private, p, q, dp, dq, numbers.coefficient]
    {
        let significant = number.iter().rposition(|b| *b != 0).map_or(0, |last| last + 1);
        let mut big = Zeroizing::new(Vec::with_capacity(number.len() + 1));
        if significant == 0 || number[significant - 1] & 0x80 != 0 {
            big.push(0);
        }
        big.extend(number[..significant].iter().rev());
        body.extend_from_slice(&Zeroizing::new(element(tag::INTEGER, &big)));
    }
    Ok(Secret::new(element(tag::SEQUENCE, &body)))
}
