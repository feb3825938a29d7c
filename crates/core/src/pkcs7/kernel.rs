//! What the rules ask of the machine, and what a trusted key is.

use alloc::string::String;
use alloc::sync::Arc;
use alloc::vec::Vec;

use crate::crypt::digest::{Digest, DigestAlgorithm};
use crate::crypt::key::{KeyAlgorithm, PublicKey, Verified};

/// A set of keys that a signature can be checked against.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Ring {
    /// `.secondary_trusted_keys` with what is linked to it (`.builtin_trusted_keys`, `.machine`), or
    /// `.builtin_trusted_keys` alone where there is no secondary ring.
    Trusted,
    /// `.platform`.
    Platform,
    /// The certificates in `.blacklist`.
    Revoked,
}

/// A certificate in a ring: what it is found by, and its key.
#[derive(Debug)]
pub struct Anchor {
    /// Serial number followed by the contents of the issuer's name.
    pub serial_issuer: Vec<u8>,
    /// Subject key identifier.
    pub key_id: Option<Vec<u8>>,
    /// Contents of the subject's name.
    pub subject: Vec<u8>,
    /// The description in `/proc/keys`: a name, a colon, the key identifier in hexadecimal.
    pub description: String,
    /// The key.
    pub key: PublicKey,
    /// Basic constraints say that it may sign certificates (kernels that read them).
    pub is_ca: bool,
    /// Key usage has `keyCertSign`.
    pub signs_certificates: bool,
    /// Key usage has `digitalSignature`.
    pub signs_data: bool,
}

impl Anchor {
    /// Whether a search for `id` finds this one (`asymmetric_match_key_ids`).
    #[must_use]
    pub fn answers_to(&self, id: &[u8]) -> bool {
        self.serial_issuer == id || self.key_id.as_deref() == Some(id)
    }
}

/// What the rules ask. Each answer may be a doubt, which ends the question.
pub trait Kernel {
    /// What is not known.
    type Doubt;

    /// Whether a digest algorithm can be had at this moment, built in or loaded on demand.
    ///
    /// # Errors
    /// When it is not known.
    fn digest_available(&mut self, algorithm: DigestAlgorithm) -> Result<bool, Self::Doubt>;

    /// Whether the arithmetic of a kind of key can be had at this moment.
    ///
    /// # Errors
    /// When it is not known.
    fn key_algorithm_available(&mut self, algorithm: KeyAlgorithm) -> Result<bool, Self::Doubt>;

    /// The digest of what is signed.
    ///
    /// # Errors
    /// When it was not made.
    fn content_digest(&mut self, algorithm: DigestAlgorithm) -> Result<Digest, Self::Doubt>;

    /// The key in `ring` that answers to `id` ([`Anchor::answers_to`]); `id` is never empty. When
    /// several do, the kernel takes one of them, and which one depends on the ring's inner order.
    ///
    /// # Errors
    /// When the ring's content is not known.
    fn find_key(&mut self, ring: Ring, id: &[u8]) -> Result<Option<Arc<Anchor>>, Self::Doubt>;

    /// Whether the digest of a certificate's signed part is on the blacklist (`tbs:`).
    ///
    /// # Errors
    /// When the blacklist is not known.
    fn certificate_blacklisted(&mut self, digest: &Digest) -> Result<bool, Self::Doubt>;

    /// Whether a verification against `ring` asks [`Ring::Revoked`] first. It does where revocation
    /// lists are configured (`SYSTEM_REVOCATION_LIST`), before 6.6 for [`Ring::Platform`] alone.
    ///
    /// # Errors
    /// When it is not known.
    fn revocations_matter(&mut self, ring: Ring) -> Result<bool, Self::Doubt>;

    /// The doubt to give when arithmetic for a kind of key is needed that this program lacks.
    fn beyond_us(&mut self, algorithm: KeyAlgorithm) -> Self::Doubt;

    /// Whether FIPS mode is on.
    fn in_fips_mode(&self) -> bool {
        false
    }

    /// Checks one signature. To be replaced where answers are kept.
    fn verify(
        &mut self,
        key: &PublicKey,
        by: DigestAlgorithm,
        digest: Option<&Digest>,
        signature: &[u8],
    ) -> Verified {
        key.verify(by, digest, signature)
    }
}
