//! ECDSA on the NIST curves (SEC 1 section 4.1).
//!
//! The kernel takes the leftmost bytes of a digest that is longer than the curve and any digest
//! that is shorter, so one aws-lc algorithm a curve is enough: the digest is brought to its length
//! as a number.

use alloc::vec::Vec;

use aws_lc_rs::digest as fast;
use aws_lc_rs::signature::{self, EcdsaVerificationAlgorithm, ParsedPublicKey};

use loadworthy_formats::der::decode::{Ended, decode};
use loadworthy_formats::der::grammar::{Step, tag};

use super::refusal::Refusal;

pub(super) struct Curve {
    bits: u64,
    /// Bytes of a coordinate.
    field: usize,
    /// Bytes of the kernel's number for a coordinate: whole 64-bit words.
    words: usize,
    order: &'static [u8],
    scheme: &'static EcdsaVerificationAlgorithm,
    digest: &'static fast::Algorithm,
    /// Bytes of `digest`.
    digest_len: usize,
}

pub(super) const P256: &Curve = &Curve {
    bits: 256,
    field: 32,
    words: 32,
    order: &[
        0xff, 0xff, 0xff, 0xff, 0, 0, 0, 0, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xbc,
        0xe6, 0xfa, 0xad, 0xa7, 0x17, 0x9e, 0x84, 0xf3, 0xb9, 0xca, 0xc2, 0xfc, 0x63, 0x25, 0x51,
    ],
    scheme: &signature::ECDSA_P256_SHA256_FIXED,
    digest: &fast::SHA256,
    digest_len: 32,
};

pub(super) const P384: &Curve = &Curve {
    bits: 384,
    field: 48,
    words: 48,
    order: &[
        0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff,
        0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xc7, 0x63, 0x4d, 0x81, 0xf4, 0x37,
        0x2d, 0xdf, 0x58, 0x1a, 0x0d, 0xb2, 0x48, 0xb0, 0xa7, 0x7a, 0xec, 0xec, 0x19, 0x6a, 0xcc,
        0xc5, 0x29, 0x73,
    ],
    scheme: &signature::ECDSA_P384_SHA384_FIXED,
    digest: &fast::SHA384,
    digest_len: 48,
};

pub(super) const P521: &Curve = &Curve {
    bits: 521,
    field: 66,
    words: 72,
    order: &[
        0x01, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff,
        0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff,
        0xff, 0xff, 0xff, 0xfa, 0x51, 0x86, 0x87, 0x83, 0xbf, 0x2f, 0x96, 0x6b, 0x7f, 0xcc, 0x01,
        0x48, 0xf7, 0x09, 0xa5, 0xd0, 0x3b, 0xb5, 0xc9, 0xb8, 0x89, 0x9c, 0x47, 0xae, 0xbb, 0x6f,
        0xb7, 0x1e, 0x91, 0x38, 0x64, 0x09,
    ],
    scheme: &signature::ECDSA_P521_SHA512_FIXED,
    digest: &fast::SHA512,
    digest_len: 64,
};

const SIGNATURE: &[Step<()>] = &[Step::must(tag::SEQUENCE)
    .holding(&[Step::must(tag::INTEGER).noted(()), Step::must(tag::INTEGER).noted(())])];

pub(super) struct Key {
    curve: &'static Curve,
    parsed: ParsedPublicKey,
}

impl Key {
    pub(super) fn new(curve: &'static Curve, bytes: &[u8]) -> Result<Self, Refusal> {
        let unfit = Refusal::KeyUnfit;
        let Some((4, point)) = bytes.split_first() else { return Err(unfit) };
        let (x, y) = point.split_at_checked(point.len().wrapping_div(2)).ok_or(unfit)?;
        if x.len() != y.len() || x.len().next_multiple_of(8) != curve.words {
            return Err(unfit);
        }
        let mut encoded = Vec::from([4]);
        for coordinate in [x, y] {
            encoded.extend(widen(coordinate, curve.field).ok_or(unfit)?);
        }
        let parsed = ParsedPublicKey::new(curve.scheme, &encoded).map_err(|_| unfit)?;
        Ok(Self { curve, parsed })
    }

    pub(super) const fn bits(&self) -> u64 {
        self.curve.bits
    }

    pub(super) fn refuses(&self, digest: &[u8], signature: &[u8]) -> Option<Refusal> {
        let curve = self.curve;
        let decoded = decode(SIGNATURE, signature);
        let mut numbers = Vec::new();
        for event in &decoded.events {
            let Some(number) = scalar(event.value, curve.words) else {
                return Some(Refusal::ScalarLength);
            };
            numbers.push(number);
        }
        if decoded.ended != Ended::Well {
            return Some(Refusal::SignatureMalformed);
        }
        let mut fixed = Vec::new();
        for number in numbers {
            match widen(number, curve.field) {
                Some(number) if is_below(&number, curve.order) => fixed.extend(number),
                _ => return Some(Refusal::ScalarRange),
            }
        }
        let shortened = digest.get(..curve.words.min(digest.len())).unwrap_or_default();
        let verified = widen(shortened, curve.digest_len)
            .and_then(|d| fast::Digest::import_less_safe(&d, curve.digest).ok())
            .is_some_and(|d| self.parsed.verify_digest_sig(&d, &fixed).is_ok());
        (!verified).then_some(Refusal::Mismatch)
    }
}

/// An integer that fits the curve's words, one zero in front not counted.
fn scalar(value: &[u8], words: usize) -> Option<&[u8]> {
    if value.is_empty() {
        return None;
    }
    if value.len() <= words {
        return Some(value);
    }
    value.strip_prefix(&[0]).filter(|v| v.len() == words)
}

/// The same number in `len` bytes.
fn widen(number: &[u8], len: usize) -> Option<Vec<u8>> {
    let zeros = number.iter().take_while(|b| **b == 0).count();
    let digits = number.get(zeros..).unwrap_or_default();
    let mut wide = alloc::vec![0; len.checked_sub(digits.len())?];
    wide.extend(digits);
    Some(wide)
}

fn is_below(number: &[u8], order: &[u8]) -> bool {
    number < order && number.iter().any(|b| *b != 0)
}
