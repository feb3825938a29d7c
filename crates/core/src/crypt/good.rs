//! Signatures that were found good before, so that the arithmetic need not be done again.

use alloc::vec::Vec;

use super::digest::{Digest, DigestAlgorithm, digest};
use super::key::{PublicKey, Verified};

/// SHA-256 of everything that the arithmetic goes by: the key, the digest with its algorithm, and the
/// signature. Whether a key counts is no part of it; that is asked each time.
pub type Fingerprint = [u8; 32];

/// Where good signatures are kept. Several threads ask at once.
pub trait Good: Sync {
    /// Whether this one was found good.
    fn holds(&self, signature: &Fingerprint) -> bool;

    /// Keeps one that was found good.
    fn keep(&self, signature: Fingerprint);
}

/// Whether `signature` is this key's over `made`, as [`PublicKey::verify`] has it; only what is not
/// held in `good` is worked out.
pub fn verify(
    good: &dyn Good,
    key: &PublicKey,
    by: DigestAlgorithm,
    made: &Digest,
    signature: &[u8],
) -> Verified {
    let Some(fingerprint) = fingerprint(key, by, made, signature) else {
        return key.verify(by, Some(made), signature);
    };
    if good.holds(&fingerprint) {
        return Verified::Yes;
    }
    let verified = key.verify(by, Some(made), signature);
    if verified == Verified::Yes {
        good.keep(fingerprint);
    }
    verified
}

/// Every part but the last has its length before it or always the same one, so no two cases run
/// together into the same bytes.
fn fingerprint(
    key: &PublicKey,
    by: DigestAlgorithm,
    made: &Digest,
    signature: &[u8],
) -> Option<Fingerprint> {
    let mut all: Vec<u8> = Vec::with_capacity(signature.len().saturating_add(128));
    all.extend_from_slice(key.identity());
    for part in [by.name().as_bytes(), made.as_bytes()] {
        all.push(u8::try_from(part.len()).ok()?);
        all.extend_from_slice(part);
    }
    all.extend_from_slice(signature);
    digest(DigestAlgorithm::Sha256, &all).as_bytes().try_into().ok()
}
