//! Whether an Authenticode signature holds, and to whom it leads.
//!
//! The steps are those of firmware and shim, which ask OpenSSL: the digest in the signature must be
//! the image's; the signed attributes must name the content's digest; the signature over them must
//! verify with the signer's certificate, which is inside; and from there a path must lead to the
//! certificate in question, over certificates that are inside too and may sign others. Time does
//! not count, and the path may end anywhere. Whom a platform trusts is not known here.
//!
//! Sources: EDK II `CryptoPkg/Library/BaseCryptLib/Pk/CryptAuthenticode.c`,
//! `CryptPkcs7VerifyCommon.c`; OpenSSL `crypto/pkcs7/pk7_smime.c`, `crypto/x509/x509_vfy.c`.

use crate::crypt::digest::{Digest, DigestAlgorithm, digest};
use crate::crypt::key::{KeyAlgorithm, PublicKey, Verified};
use crate::proof::text;
use alloc::collections::BTreeMap;
use alloc::format;
use alloc::string::String;
use alloc::sync::Arc;
use alloc::vec::Vec;
use core::fmt;
use loadworthy_formats::authenticode::signature::{self, Signature, Signer};
use loadworthy_formats::der::element::Elements;
use loadworthy_formats::der::grammar::tag;
use loadworthy_formats::limits::Limits;
use loadworthy_formats::text::hex;
use loadworthy_formats::x509::certificate::{self, Certificate};
use loadworthy_formats::x509::key::KeyInfo;

/// Digests of an image, by algorithm.
pub type Digests = BTreeMap<DigestAlgorithm, Digest>;

/// Digests of an image that need not be made before somebody asks for them: lists and signatures name one
/// algorithm each, and most of them the same.
pub trait Digested: fmt::Debug + Send + Sync {
    /// The digest by `algorithm`; nothing by one that images are not digested by.
    fn digest(&self, algorithm: DigestAlgorithm) -> Option<Digest>;
}

impl Digested for Digests {
    fn digest(&self, algorithm: DigestAlgorithm) -> Option<Digest> {
        self.get(&algorithm).copied()
    }
}

/// A signature that holds.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Examined {
    /// The signer's certificate, by name, for people.
    pub signer: Arc<str>,
    /// The algorithm of the image's digest.
    pub digest: DigestAlgorithm,
    signers: Vec<Arc<[u8]>>,
    inside: Vec<Arc<[u8]>>,
}

/// Why a signature does not hold.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Broken {
    /// It cannot be read.
    Malformed,
    /// It is not a signature over an image.
    NotForImages,
    /// It is for other bytes than these.
    DigestDiffers,
    /// The signer's certificate is not inside.
    SignerMissing,
    /// The signer did not make it.
    Mismatch,
    /// It uses arithmetic that is not known here.
    Unsupported,
}

/// Paths are not followed further than this (OpenSSL's own bound is 100).
const LONGEST: usize = 16;

/// Whether the signature in `message` holds for the image with these digests.
///
/// # Errors
/// Why it does not.
pub fn examine(message: &[u8], digests: &dyn Digested) -> Result<Examined, Broken> {
    let signature = signature::read(message, &Limits::DEFAULT).map_err(|_| Broken::Malformed)?;
    let indirect = signature.indirect.ok_or(Broken::NotForImages)?;
    let by = DigestAlgorithm::from_oid(indirect.digest_algorithm).ok_or(Broken::Unsupported)?;
    let image = digests.digest(by).ok_or(Broken::Unsupported)?;
    if image.as_bytes() != indirect.digest {
        return Err(Broken::DigestDiffers);
    }
    let mut signers = Vec::new();
    for signer in &signature.signers {
        let certificate = named_by(signer, &signature).ok_or(Broken::SignerMissing)?;
        made_by(signer, &certificate, signature.content)?;
        signers.push(certificate);
    }
    let first = signers.first().ok_or(Broken::SignerMissing)?;
    Ok(Examined {
        signer: name(first),
        digest: by,
        signers: signers.iter().map(|c| Arc::from(c.raw)).collect(),
        inside: signature.certificates.iter().map(|c| Arc::from(*c)).collect(),
    })
}

/// How the signer in `message` is called, whether the signature holds or not.
#[must_use]
pub fn signer(message: &[u8]) -> Option<Arc<str>> {
    let signature = signature::read(message, &Limits::DEFAULT).ok()?;
    let signer = signature.signers.first()?;
    Some(named_by(signer, &signature).map_or_else(
        || text(format!("serial number {}", hex(signer.serial))),
        |certificate| name(&certificate),
    ))
}

impl Examined {
    /// The signers' own certificates.
    pub fn certificates(&self) -> impl Iterator<Item = Arc<[u8]>> {
        self.signers.iter().cloned()
    }

    /// Whether every signer leads to `anchor`: is that certificate, or stands below it.
    #[must_use]
    pub fn leads_to(&self, anchor: &[u8]) -> bool {
        let Ok(anchor) = certificate::read(anchor) else { return false };
        self.signers.iter().all(|signer| {
            let mut seen = Vec::from([&**signer]);
            self.path(signer, &anchor.value, &mut seen)
        })
    }

    /// Digests of the signed part of each certificate inside, which deny lists may name.
    pub fn signed_parts(&self, by: DigestAlgorithm) -> impl Iterator<Item = Digest> {
        self.inside
            .iter()
            .filter_map(|der| certificate::read(der).ok())
            .map(move |read| digest(by, read.value.signed))
    }

    fn path<'a>(&'a self, from: &[u8], anchor: &Certificate<'_>, seen: &mut Vec<&'a [u8]>) -> bool {
        if from == anchor.raw {
            return true;
        }
        let Ok(from) = certificate::read(from) else { return false };
        if issued(&from.value, anchor) {
            return true;
        }
        for next in &self.inside {
            if seen.len() < LONGEST
                && !seen.contains(&&**next)
                && certificate::read(next).is_ok_and(|c| issued(&from.value, &c.value))
            {
                seen.push(next);
                if self.path(next, anchor, seen) {
                    return true;
                }
            }
        }
        false
    }
}

fn name(certificate: &Certificate<'_>) -> Arc<str> {
    text(certificate.subject.common_name().unwrap_or_else(|| {
        let attribute = certificate.subject.attributes().last();
        attribute.map_or_else(String::new, |a| a.text())
    }))
}

fn named_by<'a>(signer: &Signer<'_>, signature: &Signature<'a>) -> Option<Certificate<'a>> {
    signature
        .certificates
        .iter()
        .filter_map(|der| certificate::read(der).ok())
        .map(|read| read.value)
        .find(|c| c.issuer.raw == signer.issuer && c.serial == signer.serial)
}

/// Whether the signer's key made the signature over this content.
fn made_by(signer: &Signer<'_>, of: &Certificate<'_>, content: &[u8]) -> Result<(), Broken> {
    let by = DigestAlgorithm::from_oid(signer.digest_algorithm).ok_or(Broken::Unsupported)?;
    let signed = match signer.attributes_as_set() {
        None => digest(by, content),
        Some(attributes) => {
            if signer.message_digest != Some(digest(by, content).as_bytes()) {
                return Err(Broken::Mismatch);
            }
            digest(by, &attributes)
        }
    };
    let key = key(of).ok_or(Broken::Unsupported)?;
    match key.verify(by, Some(&signed), signer.signature) {
        Verified::Yes => Ok(()),
        Verified::No(_) => Err(Broken::Mismatch),
        Verified::Unsupported => Err(Broken::Unsupported),
    }
}

/// Whether `issuer` issued `certificate` and may issue any.
#[must_use]
pub fn issued(certificate: &Certificate<'_>, issuer: &Certificate<'_>) -> bool {
    let names = certificate.issuer.raw == issuer.subject.raw;
    let keys = match (certificate.authority_key_id, issuer.subject_key_id) {
        (Some(wanted), Some(is)) => wanted == is,
        (None, _) | (_, None) => true,
    };
    names && keys && may_issue(issuer) && signed_by(certificate, issuer)
}

/// Bit 5 of the key usage: `keyCertSign`.
const SIGNS_CERTIFICATES: u16 = 0x0400;

/// A certificate authority, as `X509_check_ca` tells one.
pub(crate) fn may_issue(issuer: &Certificate<'_>) -> bool {
    if issuer.key_usage.is_some_and(|usage| usage & SIGNS_CERTIFICATES == 0) {
        return false;
    }
    issuer.is_ca.unwrap_or_else(|| {
        let self_issued = issuer.issuer == issuer.subject;
        issuer.key_usage.is_some() || (is_version_1(issuer) && self_issued)
    })
}

/// Certificates of the first version do not tell theirs.
fn is_version_1(certificate: &Certificate<'_>) -> bool {
    Elements::new(certificate.signed)
        .next_element()
        .is_ok_and(|body| body.inside().optional(tag::context_constructed(0)).is_none())
}

/// `sha1WithRSAEncryption`, `ecdsa-with-SHA256` and their kin: the digest they name.
const CERTIFICATE_SIGNATURES: [(&[u8], DigestAlgorithm); 10] = [
    // sha1WithRSASignature of OIW, as certificate makers of old wrote it.
    (&[0x2b, 0x0e, 3, 2, 0x1d], DigestAlgorithm::Sha1),
    (&[0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 1, 1, 4], DigestAlgorithm::Md5),
    (&[0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 1, 1, 5], DigestAlgorithm::Sha1),
    (&[0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 1, 1, 11], DigestAlgorithm::Sha256),
    (&[0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 1, 1, 12], DigestAlgorithm::Sha384),
    (&[0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 1, 1, 13], DigestAlgorithm::Sha512),
    (&[0x2a, 0x86, 0x48, 0xce, 0x3d, 4, 1], DigestAlgorithm::Sha1),
    (&[0x2a, 0x86, 0x48, 0xce, 0x3d, 4, 3, 2], DigestAlgorithm::Sha256),
    (&[0x2a, 0x86, 0x48, 0xce, 0x3d, 4, 3, 3], DigestAlgorithm::Sha384),
    (&[0x2a, 0x86, 0x48, 0xce, 0x3d, 4, 3, 4], DigestAlgorithm::Sha512),
];

fn signed_by(certificate: &Certificate<'_>, issuer: &Certificate<'_>) -> bool {
    key(issuer).is_some_and(|key| signed_with(certificate, &key) == Verified::Yes)
}

/// The digest that the signature of a certificate is over; `None`: it names none that is known.
pub(crate) fn signature_digest(certificate: &Certificate<'_>) -> Option<DigestAlgorithm> {
    CERTIFICATE_SIGNATURES
        .iter()
        .find(|(oid, _)| *oid == certificate.signature_algorithm)
        .map(|(_, by)| *by)
}

/// Whether this key made the signature of a certificate.
pub(crate) fn signed_with(certificate: &Certificate<'_>, key: &PublicKey) -> Verified {
    match signature_digest(certificate) {
        Some(by) => key.verify(by, Some(&digest(by, certificate.signed)), certificate.signature),
        None => Verified::Unsupported,
    }
}

const RSA: &[u8] = &[0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 1, 1, 1];
const ELLIPTIC: &[u8] = &[0x2a, 0x86, 0x48, 0xce, 0x3d, 2, 1];
const CURVES: [(&[u8], KeyAlgorithm); 3] = [
    (&[0x2a, 0x86, 0x48, 0xce, 0x3d, 3, 1, 7], KeyAlgorithm::EcdsaP256),
    (&[0x2b, 0x81, 4, 0, 0x22], KeyAlgorithm::EcdsaP384),
    (&[0x2b, 0x81, 4, 0, 0x23], KeyAlgorithm::EcdsaP521),
];

/// The key of a certificate; `None`: one that is not worked with.
pub(crate) fn key(of: &Certificate<'_>) -> Option<PublicKey> {
    public_key(KeyInfo { algorithm: of.key_algorithm, parameters: of.key_parameters, key: of.key })
}

/// A key by its algorithm; `None`: one that is not worked with.
pub(crate) fn public_key(info: KeyInfo<'_>) -> Option<PublicKey> {
    let algorithm = match info.algorithm {
        RSA => KeyAlgorithm::Rsa,
        ELLIPTIC => {
            let curve = Elements::new(info.parameters?).next_element().ok()?.value;
            CURVES.iter().find(|(oid, _)| *oid == curve).map(|(_, curve)| *curve)?
        }
        _ => return None,
    };
    Some(PublicKey::new(algorithm, info.key))
}
