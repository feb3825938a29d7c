//! Whatever makes signatures: a file, a token, another program.
//!
//! It is given a digest and gives a signature. No key leaves it.

use loadworthy_core::crypt::digest::{Digest, DigestAlgorithm};
use loadworthy_core::crypt::key::Verified;

use crate::certificate::Certificate;
use crate::error::SignError;

/// A private key somewhere, and the certificate that goes with it.
pub trait Signer: Send + Sync {
    /// The certificate of the key.
    fn certificate(&self) -> &Certificate;

    /// Certificates that came with the key, between its own and a root.
    fn chain(&self) -> &[Certificate] {
        &[]
    }

    /// A signature over `digest`: RSA with PKCS#1 v1.5, or a sequence of two integers for elliptic
    /// curves.
    ///
    /// # Errors
    /// When the key cannot be reached, or does not sign such digests.
    fn sign(&self, by: DigestAlgorithm, digest: &Digest) -> Result<Vec<u8>, SignError>;

    /// How the key is called in messages and logs: never a secret.
    fn named(&self) -> &str;
}

/// A signature that was held against the certificate: a token that answers with rubbish, or with
/// another key's signature, is found here and not at the next boot.
///
/// # Errors
/// As [`Signer::sign`], and [`SignError::Mismatch`] where the signature is not the certificate's.
pub fn signed(
    signer: &dyn Signer,
    by: DigestAlgorithm,
    digest: &Digest,
) -> Result<Vec<u8>, SignError> {
    let signature = signer.sign(by, digest)?;
    let certificate = signer.certificate();
    match certificate.public_key().verify(by, Some(digest), &signature) {
        Verified::Yes => Ok(signature),
        Verified::No(_) | Verified::Unsupported => Err(SignError::Mismatch {
            key: signer.named().to_owned(),
            certificate: certificate.subject(),
        }),
    }
}
