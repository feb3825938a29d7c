//! The message of a signature over attributes: CMS with one signer, named by issuer and serial number.
//!
//! Sources: RFC 2315; RFC 5652, 5.

use loadworthy_core::crypt::digest::DigestAlgorithm;
use loadworthy_formats::cms::write::{Message, Signer, SignerId, write};
use loadworthy_formats::der::write::algorithm;

use crate::certificate::Certificate;
use crate::error::SignError;
use crate::modules::signature_algorithm;

/// A signature, and what stands around it.
pub(crate) struct Around<'a> {
    /// Of the key that signed.
    pub(crate) certificate: &'a Certificate,
    /// The digest that was signed.
    pub(crate) by: DigestAlgorithm,
    /// The signed attributes: contents of their set.
    pub(crate) attributes: &'a [u8],
    /// The signature.
    pub(crate) signature: &'a [u8],
    /// The attributes that are not signed: contents of their set.
    pub(crate) unsigned: Option<&'a [u8]>,
    /// The version of the message.
    pub(crate) version: u8,
    /// The type of what is signed.
    pub(crate) content_type: &'a [u8],
    /// What is signed, with tag and length; `None`: it lies elsewhere.
    pub(crate) content: Option<&'a [u8]>,
    /// The certificates inside.
    pub(crate) certificates: &'a [&'a [u8]],
}

impl Around<'_> {
    /// Writes the message.
    ///
    /// # Errors
    /// For a certificate that cannot be read, or a key that signs nothing with this digest.
    pub(crate) fn message(&self) -> Result<Vec<u8>, SignError> {
        let parts = self.certificate.parts()?;
        let digest_algorithm = algorithm(self.by.oid());
        let signer = Signer {
            id: SignerId::IssuerSerial { issuer: parts.issuer.raw, serial: parts.serial },
            digest_algorithm: &digest_algorithm,
            signed_attributes: Some(self.attributes),
            signature_algorithm: &signature_algorithm(self.certificate.algorithm(), self.by)?,
            signature: self.signature,
            unsigned_attributes: self.unsigned,
        };
        Ok(write(&Message {
            version: self.version,
            digest_algorithms: std::slice::from_ref(&digest_algorithm),
            content_type: self.content_type,
            content: self.content,
            certificates: self.certificates,
            signers: &[signer],
        }))
    }
}
