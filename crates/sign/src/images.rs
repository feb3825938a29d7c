//! EFI images: kernels, unified kernel images, boot loaders. An Authenticode signature more.
//!
//! Signatures that are there stay, as `sbsign` leaves them: an image may be signed by its vendor and
//! by its owner. Sources: *Windows Authenticode Portable Executable Signature Format* (2008); UEFI
//! 2.10 §32.2; shim `pe.c`, which digests with SHA-256 and verifies RSA alone.

use loadworthy_core::crypt::digest::{Digest, DigestAlgorithm, DigestSet, Hasher, digest};
use loadworthy_formats::authenticode::coverage;
use loadworthy_formats::authenticode::indirect::PE_IMAGE;
use loadworthy_formats::authenticode::signature::INDIRECT_DATA;
use loadworthy_formats::calendar::Civil;
use loadworthy_formats::cms::write::{attribute, in_order};
use loadworthy_formats::der::grammar::tag;
use loadworthy_formats::der::write::{algorithm, element, holding, sequence};
use loadworthy_formats::limits::Limits;
use loadworthy_formats::pe::attribute_certificates;
use loadworthy_formats::pe::header::{self, Image};
use loadworthy_formats::pe::write as pe;

use crate::certificate::Certificate;
use crate::error::SignError;
use crate::message::Around;
use crate::pair::time;
use crate::signer::{Signer, signed};

/// `contentType`, `messageDigest` and `signingTime` (1.2.840.113549.1.9.3 to .5).
pub(crate) const CONTENT_TYPE: &[u8] = &[0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 1, 9, 3];
pub(crate) const MESSAGE_DIGEST: &[u8] = &[0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 1, 9, 4];
pub(crate) const SIGNING_TIME: &[u8] = &[0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 1, 9, 5];

/// `Subsystem` of images that firmware starts.
pub(crate) const EFI: std::ops::RangeInclusive<u16> = 10..=13;

/// An EFI image, ready to be signed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct EfiImage {
    /// Signatures it has.
    pub signatures: usize,
    bytes: Vec<u8>,
}

impl EfiImage {
    /// Takes an image; `None` where `bytes` are no image that firmware starts.
    ///
    /// # Errors
    /// For an image whose parts do not hold together, so that its digest is a matter of opinion.
    pub fn read(bytes: Vec<u8>, limits: &Limits) -> Result<Option<Self>, SignError> {
        if !header::begins(&bytes) {
            return Ok(None);
        }
        let told = |e: loadworthy_formats::error::Error| SignError::Input(e.to_string());
        let signatures = {
            let image = header::read(&bytes, limits).map_err(told)?.value;
            if !EFI.contains(&image.subsystem) {
                return Ok(None);
            }
            if let Some(odd) = coverage::of(&image).deviations.first() {
                return Err(told(*odd));
            }
            let read = attribute_certificates::read(&image, limits);
            if let Some(odd) = read.deviations.first() {
                return Err(told(*odd));
            }
            read.value.len()
        };
        Ok(Some(Self { signatures, bytes }))
    }

    /// The digest of the image that its signatures hold.
    ///
    /// # Errors
    /// Never for one that was read.
    pub fn digest(&self, by: DigestAlgorithm) -> Result<Digest, SignError> {
        let image = self.image()?;
        let mut hasher = Hasher::new(DigestSet::of(by));
        for piece in coverage::of(&image).value.pieces(&self.bytes) {
            hasher.update(piece);
        }
        let made = hasher.finish().pop().map(|(_, digest)| digest);
        made.ok_or_else(|| SignError::Input("no digest".to_owned()))
    }

    /// The image with a signature of `signer` behind those it has. `at` is the time that stands in it.
    ///
    /// # Errors
    /// When the signer cannot, and where the headers have no room to tell of a signature.
    pub fn signed(
        &self,
        signer: &dyn Signer,
        by: DigestAlgorithm,
        at: Option<&str>,
    ) -> Result<Vec<u8>, SignError> {
        let content = self.content(by)?;
        let attributes = attributes(&content, by, at);
        let made = signed(signer, by, &digest(by, &element(tag::SET, &attributes)))?;
        self.with(&message(signer.certificate(), by, &content, &attributes, &made)?)
    }

    /// What a signature without a time is over: the digest of its attributes.
    ///
    /// # Errors
    /// As [`EfiImage::signed`].
    pub fn to_sign(&self, by: DigestAlgorithm) -> Result<Digest, SignError> {
        let attributes = attributes(&self.content(by)?, by, None);
        Ok(digest(by, &element(tag::SET, &attributes)))
    }

    /// The image with a signature that was made elsewhere over [`EfiImage::to_sign`].
    ///
    /// # Errors
    /// As [`EfiImage::signed`].
    pub fn with_made(
        &self,
        certificate: &Certificate,
        by: DigestAlgorithm,
        made: &[u8],
    ) -> Result<Vec<u8>, SignError> {
        let content = self.content(by)?;
        let attributes = attributes(&content, by, None);
        self.with(&message(certificate, by, &content, &attributes, made)?)
    }

    fn with(&self, message: &[u8]) -> Result<Vec<u8>, SignError> {
        pe::with_signature(&self.image()?, message).map_err(|e| SignError::Input(e.to_string()))
    }

    fn image(&self) -> Result<Image<'_>, SignError> {
        let read = header::read(&self.bytes, &Limits::DEFAULT);
        read.map(|read| read.value).map_err(|e| SignError::Input(e.to_string()))
    }

    /// `SpcIndirectDataContent`: the contents of its sequence.
    fn content(&self, by: DigestAlgorithm) -> Result<Vec<u8>, SignError> {
        // SpcPeImageData: no flags, and a link to a file that everybody calls obsolete.
        let obsolete: Vec<u8> =
            "<<<Obsolete>>>".encode_utf16().flat_map(u16::to_be_bytes).collect();
        let name = element(tag::context(0), &obsolete);
        let link = holding(tag::context_constructed(2), &[name]);
        let data = sequence(&[
            element(tag::OID, PE_IMAGE),
            sequence(&[
                element(tag::BIT_STRING, &[0]),
                holding(tag::context_constructed(0), &[link]),
            ]),
        ]);
        let digest = element(tag::OCTET_STRING, self.digest(by)?.as_bytes());
        Ok([data, sequence(&[algorithm(by.oid()), digest])].concat())
    }
}

/// The signed attributes: contents of their set.
fn attributes(content: &[u8], by: DigestAlgorithm, at: Option<&str>) -> Vec<u8> {
    let made = digest(by, content);
    let mut all = vec![
        attribute(CONTENT_TYPE, &element(tag::OID, INDIRECT_DATA)),
        attribute(MESSAGE_DIGEST, &element(tag::OCTET_STRING, made.as_bytes())),
    ];
    let at = at.and_then(Civil::read).and_then(Civil::seconds);
    all.extend(at.map(|at| attribute(SIGNING_TIME, &time(at))));
    in_order(all)
}

fn message(
    certificate: &Certificate,
    by: DigestAlgorithm,
    content: &[u8],
    attributes: &[u8],
    signature: &[u8],
) -> Result<Vec<u8>, SignError> {
    Around {
        certificate,
        by,
        attributes,
        signature,
        unsigned: None,
        version: 1,
        content_type: INDIRECT_DATA,
        content: Some(&element(tag::SEQUENCE, content)),
        certificates: &[certificate.der()],
    }
    .message()
}
