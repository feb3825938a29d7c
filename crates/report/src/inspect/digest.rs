//! Digests of what was read, as hexadecimal digits.

use loadworthy_core::crypt::digest::{DigestAlgorithm, digest};
use loadworthy_formats::text::hex;

/// From how many bytes on it pays to make several digests side by side.
pub(super) const LARGE: usize = 4 << 20;

/// SHA-256 of `bytes`.
pub(super) fn sha256(bytes: &[u8]) -> String {
    hex(digest(DigestAlgorithm::Sha256, bytes).as_bytes())
}

/// SHA-1 of `bytes`: a name for a certificate, never a proof.
pub(super) fn sha1(bytes: &[u8]) -> String {
    hex(digest(DigestAlgorithm::Sha1, bytes).as_bytes())
}
