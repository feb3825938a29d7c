//! Digests of what was read, as hexadecimal digits.

use aws_lc_rs::digest;
use loadworthy_formats::text::hex;

/// SHA-256 of `bytes`.
pub(super) fn sha256(bytes: &[u8]) -> String {
    hex(digest::digest(&digest::SHA256, bytes).as_ref())
}

/// SHA-1 of `bytes`: a name for a certificate, never a proof.
pub(super) fn sha1(bytes: &[u8]) -> String {
    hex(digest::digest(&digest::SHA1_FOR_LEGACY_USE_ONLY, bytes).as_ref())
}
