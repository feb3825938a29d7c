//! How parts of a PKCS#12 file are locked, and how they open.
//!
//! PBES2 (RFC 8018), which OpenSSL 3 and current tools write; and of PKCS#12's own schemes the two that
//! Windows and older OpenSSL wrote: triple DES and RC2 with 40 bits, both under SHA-1 (RFC 7292,
//! appendices B and C).

use cbc::cipher::block_padding::Pkcs7;
use cbc::cipher::{BlockCipherDecrypt, BlockModeDecrypt, BlockModeEncrypt, KeyInit, KeyIvInit};
use cbc::{Decryptor, Encryptor};
use loadworthy_core::crypt::digest::{DigestAlgorithm, digest};
use loadworthy_formats::der::element::Elements;
use loadworthy_formats::der::grammar::tag;
use loadworthy_formats::der::write::{element, integer, sequence};
use pkcs8::pkcs5::EncryptionScheme;
use zeroize::Zeroizing;

use crate::secret::{Secret, wiped};

/// Why a part does not open.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Shut {
    /// It is locked in a way that is not read.
    Scheme,
    /// The passphrase does not open it.
    Passphrase,
}

/// `pbeWithSHAAnd3-KeyTripleDES-CBC` and `pbewithSHAAnd40BitRC2-CBC` (1.2.840.113549.1.12.1.3 and .6).
const TRIPLE_DES: &[u8] = &[0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 1, 12, 1, 3];
const RC2: &[u8] = &[0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 1, 12, 1, 6];

/// The most rounds that are taken; tools make two thousand to some hundred thousand.
const ROUNDS: u32 = 10_000_000;

/// Opens `text`, which is locked as `scheme` says, a whole algorithm identifier.
pub(super) fn opened(scheme: &[u8], text: &[u8], passphrase: &Secret) -> Result<Secret, Shut> {
    if let Ok(scheme @ EncryptionScheme::Pbes2(_)) = EncryptionScheme::try_from(scheme) {
        let opened = wiped(|| scheme.decrypt(passphrase.bytes(), text));
        return opened.map(Secret::new).map_err(|_| Shut::Passphrase);
    }
    let (kind, salt, rounds) = old(scheme).ok_or(Shut::Scheme)?;
    let password = bmp(passphrase);
    let make =
        |purpose, size| derived(DigestAlgorithm::Sha1, &password, salt, rounds, purpose, size);
    let iv = make(2, 8);
    let opened = match kind {
        TRIPLE_DES => decrypted::<des::TdesEde3>(&make(1, 24), &iv, text),
        RC2 => decrypted::<rc2::Rc2>(&make(1, 5), &iv, text),
        _ => return Err(Shut::Scheme),
    };
    opened.ok_or(Shut::Passphrase)
}

/// Locks `text` as Windows 7 still opens it: triple DES under SHA-1. The scheme, and what is locked.
pub(super) fn locked(text: &[u8], passphrase: &Secret, salt: &[u8]) -> Option<(Vec<u8>, Vec<u8>)> {
    const COUNT: u32 = 2000;
    let password = bmp(passphrase);
    let make =
        |purpose, size| derived(DigestAlgorithm::Sha1, &password, salt, COUNT, purpose, size);
    let cipher = Encryptor::<des::TdesEde3>::new_from_slices(&make(1, 24), &make(2, 8)).ok()?;
    let parameters = sequence(&[element(tag::OCTET_STRING, salt), integer(&COUNT.to_be_bytes())]);
    let scheme = sequence(&[element(tag::OID, TRIPLE_DES), parameters]);
    Some((scheme, cipher.encrypt_padded_vec::<Pkcs7>(text)))
}

fn decrypted<C: KeyInit + BlockCipherDecrypt>(
    key: &[u8],
    iv: &[u8],
    text: &[u8],
) -> Option<Secret> {
    let cipher = Decryptor::<C>::new_from_slices(key, iv).ok()?;
    wiped(|| cipher.decrypt_padded_vec::<Pkcs7>(text)).ok().map(Secret::new)
}

/// Kind, salt and rounds of a scheme of PKCS#12's own.
fn old(scheme: &[u8]) -> Option<(&[u8], &[u8], u32)> {
    let mut parts = Elements::new(scheme).optional(tag::SEQUENCE)?.inside();
    let kind = parts.optional(tag::OID)?.value;
    let mut parameters = parts.optional(tag::SEQUENCE)?.inside();
    let salt = parameters.optional(tag::OCTET_STRING)?.value;
    let rounds = parameters.optional(tag::INTEGER)?.value;
    let rounds =
        rounds.iter().try_fold(0_u32, |n, b| n.checked_mul(256)?.checked_add((*b).into()))?;
    (1..=ROUNDS).contains(&rounds).then_some((kind, salt, rounds))
}

/// The passphrase as PKCS#12 digests it: UTF-16, most significant byte first, with its end.
pub(super) fn bmp(passphrase: &Secret) -> Zeroizing<Vec<u8>> {
    let text = Zeroizing::new(String::from_utf8_lossy(passphrase.bytes()).into_owned());
    let units = text.encode_utf16().chain([0]);
    Zeroizing::new(units.flat_map(u16::to_be_bytes).collect())
}

/// Bytes of a block of SHA-1, and of SHA-256.
const BLOCK: usize = 64;

/// RFC 7292, B.2, with SHA-1 or SHA-256.
pub(super) fn derived(
    by: DigestAlgorithm,
    password: &[u8],
    salt: &[u8],
    rounds: u32,
    purpose: u8,
    size: usize,
) -> Zeroizing<Vec<u8>> {
    let hash = |bytes: &[u8]| digest(by, bytes);
    let filled = |bytes: &[u8]| {
        let length = bytes.len().next_multiple_of(BLOCK);
        bytes.iter().copied().cycle().take(length).collect::<Vec<u8>>()
    };
    let mut input = Zeroizing::new([filled(salt), filled(password)].concat());
    let mut out = Zeroizing::new(Vec::new());
    while out.len() < size {
        let mut made = hash(&Zeroizing::new([&[purpose; BLOCK][..], &input].concat()));
        for _ in 1..rounds {
            made = hash(made.as_bytes());
        }
        out.extend_from_slice(made.as_bytes());
        // Each block of the input, as a number, grows by what was made and one.
        for block in input.chunks_mut(BLOCK) {
            let mut carry = 1_u16;
            let added: Vec<u8> = made.as_bytes().iter().copied().cycle().take(BLOCK).collect();
            for (byte, more) in block.iter_mut().zip(added).rev() {
                carry += u16::from(*byte) + u16::from(more);
                *byte = carry.to_be_bytes()[1];
                carry >>= 8;
            }
        }
    }
    out.truncate(size);
    out
}
