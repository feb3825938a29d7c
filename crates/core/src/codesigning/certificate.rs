//! What a certificate says, kept without its bytes' owner.

use crate::authenticode::signature_digest;
use crate::crypt::digest::{Digest, DigestAlgorithm, digest};
use crate::crypt::key::KeyAlgorithm;
use alloc::sync::Arc;
use alloc::vec::Vec;
use loadworthy_formats::der::element::Elements;
use loadworthy_formats::der::oid;
use loadworthy_formats::x509::certificate as x509;

/// A certificate.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Certificate {
    /// The whole certificate (DER).
    pub der: Arc<[u8]>,
    /// Whom it names: common name; without one the first unit; without one the organization.
    pub name: Arc<str>,
    /// Who issued it, in the same words.
    pub issuer: Arc<str>,
    /// The serial number without a leading zero byte.
    pub serial: Arc<[u8]>,
    /// Begin of its validity, in seconds since 1970.
    pub not_before: Option<i64>,
    /// End of its validity, in seconds since 1970.
    pub not_after: Option<i64>,
    /// SHA-1 of the whole certificate: the thumbprint.
    pub sha1: Digest,
    /// SHA-256 of the whole certificate.
    pub sha256: Digest,
    /// Digest of its signed part by the algorithm of its own signature: what App Control policies and
    /// block lists name it by. `None`: the algorithm is not known.
    pub signed_part: Option<(DigestAlgorithm, Digest)>,
    /// SHA-1 of its signed part.
    pub signed_part_sha1: Digest,
    /// SHA-256 of its signed part.
    pub signed_part_sha256: Digest,
    /// What kind of key it holds; `None`: one that is not worked with.
    pub key_algorithm: Option<KeyAlgorithm>,
    /// Size of the modulus or the curve, in bits.
    pub key_bits: Option<u64>,
    /// Extended key usages, dotted, in order; empty: it names none.
    pub usages: Vec<Arc<str>>,
    /// Whether it is an authority's; `None`: it does not say.
    pub is_authority: Option<bool>,
    /// Whether it names itself as its issuer.
    pub is_self_issued: bool,
}

impl Certificate {
    /// What `certificate` says.
    #[must_use]
    pub fn of(certificate: &x509::Certificate<'_>) -> Self {
        let by = signature_digest(certificate);
        let (key_algorithm, key_bits) = key(certificate);
        let serial = certificate.serial;
        Self {
            der: Arc::from(certificate.raw),
            name: Arc::from(certificate.subject.short()),
            issuer: Arc::from(certificate.issuer.short()),
            serial: Arc::from(
                serial.strip_prefix(&[0]).filter(|rest| !rest.is_empty()).unwrap_or(serial),
            ),
            not_before: certificate.not_before,
            not_after: certificate.not_after,
            sha1: digest(DigestAlgorithm::Sha1, certificate.raw),
            sha256: digest(DigestAlgorithm::Sha256, certificate.raw),
            signed_part: by.map(|by| (by, digest(by, certificate.signed))),
            signed_part_sha1: digest(DigestAlgorithm::Sha1, certificate.signed),
            signed_part_sha256: digest(DigestAlgorithm::Sha256, certificate.signed),
            key_algorithm,
            key_bits,
            usages: certificate
                .extended_key_usage
                .iter()
                .map(|usage| Arc::from(oid::to_dotted(usage)))
                .collect(),
            is_authority: certificate.is_ca,
            is_self_issued: certificate.issuer == certificate.subject,
        }
    }

    /// Whether it names this extended key usage, dotted.
    #[must_use]
    pub fn is_for(&self, usage: &str) -> bool {
        self.usages.iter().any(|u| &**u == usage)
    }
}

fn key(of: &x509::Certificate<'_>) -> (Option<KeyAlgorithm>, Option<u64>) {
    match oid::to_dotted(of.key_algorithm).as_str() {
        "1.2.840.113549.1.1.1" => (Some(KeyAlgorithm::Rsa), modulus_bits(of.key)),
        "1.2.840.10045.2.1" => {
            let curve = of.key_parameters.and_then(|p| Elements::new(p).optional(6));
            match curve.map(|c| oid::to_dotted(c.value)).as_deref() {
                Some("1.2.840.10045.3.1.7") => (Some(KeyAlgorithm::EcdsaP256), Some(256)),
                Some("1.3.132.0.34") => (Some(KeyAlgorithm::EcdsaP384), Some(384)),
                Some("1.3.132.0.35") => (Some(KeyAlgorithm::EcdsaP521), Some(521)),
                _ => (None, None),
            }
        }
        _ => (None, None),
    }
}

fn modulus_bits(key: &[u8]) -> Option<u64> {
    let modulus = Elements::new(key).optional(0x30)?.inside().optional(2)?.value;
    let first = modulus.iter().position(|byte| *byte != 0)?;
    let digits = modulus.get(first..)?;
    let unused = u64::from(digits.first()?.leading_zeros());
    u64::try_from(digits.len()).ok()?.checked_mul(8)?.checked_sub(unused)
}
