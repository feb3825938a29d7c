//! One signature under one key (`public_key_verify_signature`).

use alloc::vec::Vec;

use super::dialect::{Dialect, Rule, SignatureKind};
use super::failure::{Failure, SignatureFault};
use super::kernel::Kernel;
use crate::crypt::digest::{Digest, DigestAlgorithm};
use crate::crypt::key::{PublicKey, Verified};
use crate::crypt::refusal::Refusal;
use crate::errno::Errno;

/// How a step of the rules ends early: refused, or not known.
pub(super) enum Stop<D> {
    Failed(Failure),
    Doubt(D),
}

impl<D> From<Failure> for Stop<D> {
    fn from(failure: Failure) -> Self {
        Self::Failed(failure)
    }
}

/// A step of the rules.
pub(super) type Step<T, K> = Result<T, Stop<<K as Kernel>::Doubt>>;

/// Turns a step into what callers see.
pub(super) fn settle<T, D>(step: Result<T, Stop<D>>) -> Result<Result<T, Failure>, D> {
    match step {
        Ok(value) => Ok(Ok(value)),
        Err(Stop::Failed(failure)) => Ok(Err(failure)),
        Err(Stop::Doubt(doubt)) => Err(doubt),
    }
}

/// What was signed, how, and the result.
#[derive(Clone, Debug)]
pub(super) struct Signature<'a> {
    pub(super) kind: SignatureKind,
    /// `None` where the algorithm makes its own (ML-DSA).
    pub(super) by: Option<DigestAlgorithm>,
    pub(super) digest: Option<Digest>,
    pub(super) bytes: &'a [u8],
}

/// Names by which a certificate's issuer, or a signer's key, is looked for.
#[derive(Clone, Debug, Default)]
pub(super) struct KeyIds {
    /// Serial number and issuer's name.
    pub(super) serial_issuer: Option<Vec<u8>>,
    pub(super) key_id: Option<Vec<u8>>,
}

/// Checks `signature` under `key`; `None` is yes.
pub(super) fn refuses<K: Kernel>(
    key: &PublicKey,
    signature: &Signature<'_>,
    dialect: &Dialect,
    kernel: &mut K,
) -> Step<Option<SignatureFault>, K> {
    let algorithm = key.algorithm();
    if !signature.kind.suits(algorithm) {
        return Ok(Some(SignatureFault::Kind));
    }
    if !digest_goes_with(signature, dialect) {
        return Ok(Some(SignatureFault::Digest));
    }
    if !kernel.key_algorithm_available(algorithm).map_err(Stop::Doubt)? {
        return Ok(Some(SignatureFault::Unavailable(algorithm)));
    }
    let Some(by) = signature.by else { return Err(Stop::Doubt(kernel.beyond_us(algorithm))) };
    if kernel.in_fips_mode() && !key.fits_fips() {
        return Ok(Some(SignatureFault::Refused(Refusal::KeyUnfit)));
    }
    match kernel.verify(key, by, signature.digest.as_ref(), signature.bytes) {
        Verified::Yes => Ok(None),
        Verified::No(refusal) => Ok(Some(SignatureFault::Refused(refusal))),
        Verified::Unsupported => Err(Stop::Doubt(kernel.beyond_us(algorithm))),
    }
}

/// `software_key_determine_akcipher`.
fn digest_goes_with(signature: &Signature<'_>, dialect: &Dialect) -> bool {
    match (signature.kind, signature.by) {
        (SignatureKind::Ecdsa, Some(by)) if dialect.has(Rule::EcdsaDigestsListed) => match by {
            DigestAlgorithm::Sha1
            | DigestAlgorithm::Sha224
            | DigestAlgorithm::Sha256
            | DigestAlgorithm::Sha384
            | DigestAlgorithm::Sha512
            // Versions that do not list these do not accept them from a signer either.
            | DigestAlgorithm::Sha3_256
            | DigestAlgorithm::Sha3_384
            | DigestAlgorithm::Sha3_512 => true,
            DigestAlgorithm::Md4
            | DigestAlgorithm::Md5
            | DigestAlgorithm::Sm3
            | DigestAlgorithm::Streebog256
            | DigestAlgorithm::Streebog512 => false,
        },
        (SignatureKind::Sm2, by) => by == Some(DigestAlgorithm::Sm3),
        (SignatureKind::Ecrdsa, by) => {
            matches!(by, Some(DigestAlgorithm::Streebog256 | DigestAlgorithm::Streebog512))
        }
        (SignatureKind::MlDsa(_), by) => matches!(by, None | Some(DigestAlgorithm::Sha512)),
        (SignatureKind::Rsa | SignatureKind::Ecdsa, _) => true,
    }
}

impl SignatureFault {
    /// What `public_key_verify_signature` returns.
    pub(super) fn errno(self, dialect: &Dialect) -> Errno {
        match self {
            Self::Kind => Errno::EKEYREJECTED,
            Self::Digest => Errno::EINVAL,
            Self::Unavailable(_) => Errno::ENOENT,
            Self::Refused(refusal) => match refusal {
                Refusal::KeyMalformed
                | Refusal::Padding
                | Refusal::SignatureMalformed
                | Refusal::ScalarRange => Errno::EBADMSG,
                Refusal::SignatureTrivial if !dialect.has(Rule::RsaTrivialRefused) => {
                    Errno::EBADMSG
                }
                Refusal::KeyUnfit
                | Refusal::NoDigest
                | Refusal::SignatureLength
                | Refusal::SignatureRange
                | Refusal::SignatureTrivial
                | Refusal::LeadingByte
                | Refusal::ScalarLength => Errno::EINVAL,
                Refusal::KeyTooLarge => Errno::ENOMEM,
                Refusal::NoScheme => Errno::ENOENT,
                Refusal::Mismatch => Errno::EKEYREJECTED,
            },
        }
    }
}
