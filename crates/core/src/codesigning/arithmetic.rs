//! Whether a signer's key made a signature over some content.

use crate::crypt::digest::{Digest, DigestAlgorithm, digest};
use crate::crypt::key::{PublicKey, Verified};
use alloc::vec::Vec;
use loadworthy_formats::authenticode::pss;
use loadworthy_formats::authenticode::signature::Signer;
use loadworthy_formats::der::grammar::tag;

/// How the arithmetic ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Outcome {
    /// It holds.
    Holds,
    /// It holds over the bare digest, without the name of its algorithm.
    HoldsBare,
    /// The signed attributes are over other content.
    OtherContent,
    /// The key did not make it.
    OtherKey,
    /// It cannot be worked out here.
    Unsupported,
}

impl Outcome {
    /// Whether it holds; `None`: that cannot be worked out.
    pub(crate) const fn holds(self) -> Option<bool> {
        match self {
            Self::Holds | Self::HoldsBare => Some(true),
            Self::OtherContent | Self::OtherKey => Some(false),
            Self::Unsupported => None,
        }
    }
}

/// Works it out for `content`, which the attribute `messageDigest` must name where there are signed
/// attributes.
pub(crate) fn check(
    signer: &Signer<'_>,
    key: Option<&PublicKey>,
    content: &[u8],
    bare_counts: bool,
) -> Outcome {
    let Some(by) = DigestAlgorithm::from_oid(signer.digest_algorithm) else {
        return Outcome::Unsupported;
    };
    let of_content = digest(by, content);
    let signed = match signer.attributes_whole {
        None => of_content,
        Some(attributes) => {
            if signer.message_digest != Some(of_content.as_bytes()) {
                return Outcome::OtherContent;
            }
            digest(by, &as_set(attributes))
        }
    };
    let Some(key) = key else { return Outcome::Unsupported };
    if signer.signature_algorithm == pss::RSASSA_PSS {
        return by_pss(signer, key, (by, &signed));
    }
    match key.verify(by, Some(&signed), signer.signature) {
        Verified::Yes => Outcome::Holds,
        Verified::Unsupported => Outcome::Unsupported,
        Verified::No(_) if bare_counts && key.verifies_bare(&signed, signer.signature) => {
            Outcome::HoldsBare
        }
        Verified::No(_) => Outcome::OtherKey,
    }
}

/// The padding PSS, whose digest must be the signer's (RFC 4056 3).
fn by_pss(signer: &Signer<'_>, key: &PublicKey, signed: (DigestAlgorithm, &Digest)) -> Outcome {
    let Some(with) = pss::read(signer.signature_parameters) else { return Outcome::Unsupported };
    let Some(mask) = DigestAlgorithm::from_oid(with.mask) else { return Outcome::Unsupported };
    if with.digest != signer.digest_algorithm {
        return Outcome::OtherKey;
    }
    match key.verifies_pss(signed, mask, with.salt, signer.signature) {
        Some(true) => Outcome::Holds,
        Some(false) => Outcome::OtherKey,
        None => Outcome::Unsupported,
    }
}

/// Signed attributes are signed under the tag of a SET, whatever they stand under (RFC 2315 9.3).
fn as_set(attributes: &[u8]) -> Vec<u8> {
    let mut set = attributes.to_vec();
    if let Some(first) = set.first_mut() {
        *first = tag::SET;
    }
    set
}
