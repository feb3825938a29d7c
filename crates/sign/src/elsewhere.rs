//! Signatures made elsewhere: the digest goes out, the signature comes in.
//!
//! For keys that no program here reaches. Nothing has to be kept between the two: the digest follows
//! from the file, the certificate and the digest's algorithm alone; an image's signature therefore
//! carries no time.

use std::path::Path;

use loadworthy_core::crypt::digest::{Digest, DigestAlgorithm};
use loadworthy_core::crypt::key::Verified;
use loadworthy_formats::authenticode::signature;
use loadworthy_formats::limits::Limits;

use crate::authenticode::{Code, Finished, Manner};
use crate::certificate::Certificate;
use crate::error::SignError;
use crate::images::EfiImage;
use crate::modules::{self, Module, Naming};

/// A signature, and the certificate it should hold under.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Made {
    /// The certificate.
    pub certificate: Certificate,
    /// The bare signature, or for modules a whole CMS message.
    pub signature: Vec<u8>,
}

impl Made {
    /// The signature, where it holds.
    fn over(&self, by: DigestAlgorithm, digest: &Digest) -> Result<&[u8], SignError> {
        self.holds(by, digest, &self.signature).map(|()| &self.signature[..])
    }

    fn holds(&self, by: DigestAlgorithm, digest: &Digest, made: &[u8]) -> Result<(), SignError> {
        match self.certificate.public_key().verify(by, Some(digest), made) {
            Verified::Yes => Ok(()),
            Verified::No(_) | Verified::Unsupported => Err(SignError::Input(format!(
                "the signature is not one of \"{}\" over the {} digest of this file",
                self.certificate.subject(),
                by.name()
            ))),
        }
    }

    /// The module with it.
    ///
    /// # Errors
    /// When it does not hold, or has a form that no kernel takes.
    pub fn into_module(
        &self,
        module: &Module,
        by: DigestAlgorithm,
        naming: Naming,
    ) -> Result<Vec<u8>, SignError> {
        let digest = module.digest(by);
        let Ok(whole) = signature::read(&self.signature, &Limits::DEFAULT) else {
            let message = modules::message(&self.certificate, by, naming, self.over(by, &digest)?)?;
            return module.with(&message);
        };
        let refused = |why: &str| Err(SignError::Input(format!("the message {why}")));
        if whole.content_whole.is_some() {
            return refused("has its content inside; no kernel takes that");
        }
        for signer in &whole.signers {
            if signer.attributes.is_some() {
                return refused("has signed attributes; no kernel takes that");
            }
            let by = DigestAlgorithm::from_oid(signer.digest_algorithm);
            let Some(by) = by else { return refused("has a digest that nobody knows") };
            self.holds(by, &module.digest(by), signer.signature)?;
        }
        module.with(&self.signature)
    }

    /// The code with it.
    ///
    /// # Errors
    /// When it does not hold, and as [`Code::signed`].
    pub fn into_code(
        &self,
        code: &Code,
        by: DigestAlgorithm,
        manner: &Manner,
        now: i64,
    ) -> Result<Finished, SignError> {
        let made = self.over(by, &code.to_sign(by, manner)?)?;
        code.with_made(&self.certificate, by, manner, made, now)
    }

    /// The image with it.
    ///
    /// # Errors
    /// When it does not hold.
    pub fn into_image(&self, image: &EfiImage, by: DigestAlgorithm) -> Result<Vec<u8>, SignError> {
        image.with_made(&self.certificate, by, self.over(by, &image.to_sign(by)?)?)
    }
}

/// The digest that a signature for the file at `path` is made over.
///
/// # Errors
/// When the file cannot be read, or is nothing that is signed.
pub fn to_sign(path: &Path, by: DigestAlgorithm, manner: &Manner) -> Result<Digest, SignError> {
    let limits = &Limits::DEFAULT;
    let bytes = std::fs::read(path).map_err(|e| SignError::file(path, &e))?;
    if let Some(code) = Code::read(&bytes, limits)? {
        return code.to_sign(by, manner);
    }
    if let Some(image) = EfiImage::read(bytes.clone(), limits)? {
        return image.to_sign(by);
    }
    match Module::read(bytes, limits)? {
        Some(module) => Ok(module.digest(by)),
        None => Err(SignError::Input(format!("{}: {NOTHING}", path.display()))),
    }
}

/// What is said of a file that is nothing that is signed here.
pub(crate) const NOTHING: &str = "neither a Linux module, nor an EFI image, nor code of Windows";
