//! Code of Windows: drivers, programs, libraries and catalogs. An Authenticode signature.
//!
//! As `SignTool` writes it: no time but what a time-stamp says, certificates in the order of their bytes
//! (without which it finds no signature in a catalog), a second signature nested in the first. Sources:
//! *Windows Authenticode Portable Executable Signature Format* (2008); RFC 2315; catalogs and drivers of
//! several makers for what these leave open.

use loadworthy_core::answer::Kind;
use loadworthy_core::codesigning::signature::{NESTED, Signature};
use loadworthy_core::codesigning::{catalog, image, pages};
use loadworthy_core::crypt::digest::{Digest, DigestAlgorithm, DigestSet, digest};
use loadworthy_core::signed::Stamp;
use loadworthy_formats::authenticode::amend::{
    with_certificates, with_changed, with_unsigned, without_signers,
};
use loadworthy_formats::authenticode::indirect::OPUS_INFO;
use loadworthy_formats::authenticode::signature::{INDIRECT_DATA, Indirect};
use loadworthy_formats::authenticode::write::{
    Link, image_data, image_data_with_pages, indirect, opus,
};
use loadworthy_formats::authenticode::{extent, signature};
use loadworthy_formats::catalog::list;
use loadworthy_formats::cms::write::{attribute, in_order};
use loadworthy_formats::der::grammar::tag;
use loadworthy_formats::der::write::{element, sequence};
use loadworthy_formats::error::Error;
use loadworthy_formats::limits::Limits;
use loadworthy_formats::pe::attribute_certificates::{self, PKCS_SIGNED_DATA};
use loadworthy_formats::pe::header::{self, Image};
use loadworthy_formats::pe::write as pe;
use loadworthy_formats::timestamp::token::{COUNTERSIGNATURE, RFC_3161, TIME_STAMP_TOKEN};

use crate::certificate::Certificate;
use crate::error::SignError;
use crate::images::{CONTENT_TYPE, EFI, MESSAGE_DIGEST};
use crate::known::authorities;
use crate::message::Around;
use crate::signer::{Signer, signed};
use crate::stamps::Stamps;

/// `SPC_STATEMENT_TYPE_OBJID` and `SPC_INDIVIDUAL_SP_KEY_PURPOSE_OBJID` (1.3.6.1.4.1.311.2.1.11 and .21).
const STATEMENT: &[u8] = &[0x2b, 6, 1, 4, 1, 0x82, 0x37, 2, 1, 11];
const INDIVIDUAL: &[u8] = &[0x2b, 6, 1, 4, 1, 0x82, 0x37, 2, 1, 21];

/// `Subsystem` of images that a kernel loads: `IMAGE_SUBSYSTEM_NATIVE`.
const NATIVE: u16 = 1;

/// How code is signed.
#[derive(Clone, Debug, Default)]
pub struct Manner {
    /// Beside the signatures that are there, nested in the first; else they are replaced.
    pub append: bool,
    /// With digests of the pages of images.
    pub pages: bool,
    /// What the program is called.
    pub description: Option<String>,
    /// Where more is told of it.
    pub url: Option<String>,
    /// Certificates between the key's and one that systems know.
    pub chain: Vec<Certificate>,
    /// Certificates that Microsoft issued for the authorities of others; one must be on the path.
    pub cross: Vec<Certificate>,
    /// Who says when it was signed.
    pub stamps: Option<Stamps>,
}

/// What is signed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Sort {
    Driver,
    Program,
    Catalog,
}

/// Code, ready to be signed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Code {
    /// Signatures it has, nested ones included.
    pub signatures: usize,
    sort: Sort,
    bytes: Vec<u8>,
}

/// What came of it.
#[derive(Debug)]
pub struct Finished {
    /// The signed file.
    pub bytes: Vec<u8>,
    /// Who says when it was signed.
    pub stamp: Option<Stamp>,
}

/// What a message is about: its type, the content as a whole element, and what of it is digested.
struct Content {
    kind: &'static [u8],
    whole: Option<Vec<u8>>,
    digested: Vec<u8>,
}

impl Code {
    /// Takes code; `None`: `bytes` are none, or an image that firmware starts.
    ///
    /// # Errors
    /// For what does not hold together, so that its digest is a matter of opinion.
    pub fn read(bytes: &[u8], limits: &Limits) -> Result<Option<Self>, SignError> {
        if header::begins(bytes) {
            let image = header::read(bytes, limits).map_err(told)?.value;
            if EFI.contains(&image.subsystem) {
                return Ok(None);
            }
            let table = attribute_certificates::read(&image, limits);
            let odd = table.deviations.into_iter().chain(extent::of(&image).deviations).next();
            if let Some(odd) = odd {
                return Err(told(odd));
            }
            let read = image::read(&image, DigestSet::default(), authorities()?, limits);
            let sort = if image.subsystem == NATIVE { Sort::Driver } else { Sort::Program };
            let signatures = read.signatures.len();
            return Ok(Some(Self { signatures, sort, bytes: bytes.to_vec() }));
        }
        let Ok(message) = signature::read(bytes, limits) else { return Ok(None) };
        if message.content_type != list::TRUST_LIST {
            return Ok(None);
        }
        let read = catalog::read(bytes, authorities()?, limits).map_err(told)?;
        let signatures = read.signatures.len();
        Ok(Some(Self { signatures, sort: Sort::Catalog, bytes: bytes.to_vec() }))
    }

    /// What it is, for receipts.
    #[must_use]
    pub const fn kind(&self) -> Kind {
        match self.sort {
            Sort::Driver => Kind::WindowsDriver,
            Sort::Program => Kind::WindowsProgram,
            Sort::Catalog => Kind::Catalog,
        }
    }

    /// The code with a signature of `signer`. `now` is the time that a time-stamp is held against, in
    /// seconds since 1970.
    ///
    /// # Errors
    /// When the signer cannot, no time-stamp can be had, and where the file has no room for signatures.
    pub fn signed(
        &self,
        signer: &dyn Signer,
        by: DigestAlgorithm,
        manner: &Manner,
        now: i64,
    ) -> Result<Finished, SignError> {
        let content = self.content(by, manner)?;
        let attributes = attributes(&content, by, manner);
        let made = signed(signer, by, &digest(by, &element(tag::SET, &attributes)))?;
        self.finished(signer.certificate(), signer.chain(), by, manner, &content, &made, now)
    }

    /// What a signature is over: the digest of its attributes.
    ///
    /// # Errors
    /// As [`Code::signed`].
    pub fn to_sign(&self, by: DigestAlgorithm, manner: &Manner) -> Result<Digest, SignError> {
        let attributes = attributes(&self.content(by, manner)?, by, manner);
        Ok(digest(by, &element(tag::SET, &attributes)))
    }

    /// The code with a signature that was made elsewhere over [`Code::to_sign`].
    ///
    /// # Errors
    /// As [`Code::signed`].
    pub fn with_made(
        &self,
        certificate: &Certificate,
        by: DigestAlgorithm,
        manner: &Manner,
        made: &[u8],
        now: i64,
    ) -> Result<Finished, SignError> {
        let content = self.content(by, manner)?;
        self.finished(certificate, &[], by, manner, &content, made, now)
    }

    /// The code with a time-stamp in every signature that has none, nested ones too; the last of them is told.
    ///
    /// # Errors
    /// When nobody signed it, and when no time-stamp can be had.
    pub fn stamped(&self, stamps: &Stamps, now: i64) -> Result<Finished, SignError> {
        if self.signatures == 0 {
            let said = "nobody signed it, so there is nothing to stamp";
            return Err(SignError::Input(said.to_owned()));
        }
        let mut stamp = None;
        let bytes = match self.sort {
            Sort::Catalog => restamped(&self.bytes, stamps, now, 0, &mut stamp)?,
            Sort::Driver | Sort::Program => {
                self.entries(|_, entry| restamped(entry, stamps, now, 0, &mut stamp))?
            }
        };
        if stamp.is_none() {
            return Ok(Finished { bytes: self.bytes.clone(), stamp });
        }
        let now = signatures(self.sort, &bytes)?;
        if now.len() != self.signatures
            || !now
                .iter()
                .all(|one| one.timestamps.iter().any(|stamp| stamp.verifies == Some(true)))
        {
            return Err(SignError::Input("the time-stamp does not read back".to_owned()));
        }
        Ok(Finished { bytes, stamp })
    }

    /// The code without signatures.
    ///
    /// # Errors
    /// Where they cannot be taken off.
    pub fn stripped(&self) -> Result<Vec<u8>, SignError> {
        match self.sort {
            Sort::Catalog => without_signers(&self.bytes, &Limits::DEFAULT).map_err(told),
            Sort::Driver | Sort::Program => pe::without_signatures(&self.image()?).map_err(told),
        }
    }

    #[expect(clippy::too_many_arguments, reason = "what a message is made of, once")]
    fn finished(
        &self,
        certificate: &Certificate,
        beside: &[Certificate],
        by: DigestAlgorithm,
        manner: &Manner,
        content: &Content,
        made: &[u8],
        now: i64,
    ) -> Result<Finished, SignError> {
        let given = [beside, &manner.chain, &manner.cross].concat();
        let mut inside: Vec<&[u8]> = vec![certificate.der()];
        // A root is known to who trusts it, and proves nothing to others.
        inside.extend(given.iter().filter(|one| !one.is_self_issued()).map(Certificate::der));
        let stamped = manner.stamps.as_ref().map(|stamps| stamps.over(made, now)).transpose()?;
        let unsigned = stamped.as_ref().map(|s| attribute(s.kind, &s.value));
        inside.extend(stamped.iter().flat_map(|s| s.certificates.iter().map(Vec::as_slice)));
        inside.sort_unstable();
        inside.dedup();
        let message = Around {
            certificate,
            by,
            attributes: &attributes(content, by, manner),
            signature: made,
            unsigned: unsigned.as_deref(),
            version: 1,
            content_type: content.kind,
            content: content.whole.as_deref(),
            certificates: &inside,
        }
        .message()?;
        let bytes = match self.sort {
            _ if manner.append && self.signatures > 0 => self.beside(&message)?,
            Sort::Catalog => message,
            Sort::Driver | Sort::Program => {
                let bare = self.stripped()?;
                pe::with_signature(
                    &header::read(&bare, &Limits::DEFAULT).map_err(told)?.value,
                    &message,
                )
                .map_err(told)?
            }
        };
        self.verified(&bytes, certificate, manner)?;
        Ok(Finished { bytes, stamp: stamped.map(|s| s.told) })
    }

    /// The code with a message nested in its first signature.
    fn beside(&self, message: &[u8]) -> Result<Vec<u8>, SignError> {
        let limits = &Limits::DEFAULT;
        let nested = |outer: &[u8]| with_unsigned(outer, NESTED, message, limits).map_err(told);
        if self.sort == Sort::Catalog {
            return nested(&self.bytes);
        }
        self.entries(|number, entry| match number {
            0 => nested(entry),
            _ => Ok(entry.to_vec()),
        })
    }

    /// The image with the entries of its certificate table as `change` makes them, by their numbers.
    fn entries(
        &self,
        mut change: impl FnMut(usize, &[u8]) -> Result<Vec<u8>, SignError>,
    ) -> Result<Vec<u8>, SignError> {
        let limits = &Limits::DEFAULT;
        let image = self.image()?;
        let mut bytes = self.stripped()?;
        for (number, entry) in attribute_certificates::read(&image, limits).value.iter().enumerate()
        {
            if entry.kind != PKCS_SIGNED_DATA {
                let said = "a certificate in its table is of a kind that is not known";
                return Err(SignError::Input(said.to_owned()));
            }
            let whole = change(number, entry.content)?;
            let so_far = header::read(&bytes, limits).map_err(told)?.value;
            bytes = pe::with_signature(&so_far, &whole).map_err(told)?;
        }
        Ok(bytes)
    }

    /// What was made, read back and held against what was meant.
    fn verified(
        &self,
        bytes: &[u8],
        certificate: &Certificate,
        manner: &Manner,
    ) -> Result<(), SignError> {
        let signatures = signatures(self.sort, bytes)?;
        let own = signatures.iter().rev().find(|signature| {
            let signer = signature.signer.as_ref();
            signer.is_some_and(|signer| *signer.der == *certificate.der())
        });
        let wrong = |problem: &str| SignError::Input(problem.to_owned());
        let own = own.ok_or_else(|| wrong("the signature does not read back"))?;
        if own.verifies != Some(true) {
            return Err(wrong("the signature reads back and does not hold"));
        }
        let on_path = |one: &Certificate| own.path.iter().any(|c| *c.der == *one.der());
        if !manner.cross.is_empty() && !manner.cross.iter().any(on_path) {
            return Err(SignError::Certificate {
                named: "--cross-cert".to_owned(),
                problem: format!(
                    "no path leads to it from \"{}\": give what is between with --chain",
                    certificate.subject()
                ),
            });
        }
        Ok(())
    }

    fn image(&self) -> Result<Image<'_>, SignError> {
        header::read(&self.bytes, &Limits::DEFAULT).map(|read| read.value).map_err(told)
    }

    fn content(&self, by: DigestAlgorithm, manner: &Manner) -> Result<Content, SignError> {
        let limits = &Limits::DEFAULT;
        if self.sort == Sort::Catalog {
            let message = signature::read(&self.bytes, limits).map_err(told)?;
            let whole = message.content_whole.unwrap_or_default().to_vec();
            // The second signature of a catalog holds no list, and is over the first one's with tag and
            // length.
            return Ok(if manner.append && self.signatures > 0 {
                Content { kind: list::TRUST_LIST, whole: None, digested: whole }
            } else {
                let digested = message.content.to_vec();
                Content { kind: list::TRUST_LIST, whole: Some(whole), digested }
            });
        }
        // As it will be: filled up, and without what is replaced.
        let bare = self.stripped()?;
        let image = header::read(&bare, limits).map_err(told)?.value;
        let made = image::digests(&extent::of(&image).value, &bare, DigestSet::of(by));
        let none = || SignError::Input("no digest".to_owned());
        let made = made.get(&by).ok_or_else(none)?;
        let version = if by == DigestAlgorithm::Sha1 { 1 } else { 2 };
        let sort = match manner.pages {
            true => image_data_with_pages(version, &pages::table(&image, version, limits)),
            false => image_data(Link::Obsolete),
        };
        let whole = indirect(&Indirect {
            data: &sort,
            digest_algorithm: by.oid(),
            digest: made.as_bytes(),
        });
        let read = loadworthy_formats::der::element::Elements::new(&whole).next_element();
        let digested = read.map_err(told)?.value.to_vec();
        Ok(Content { kind: INDIRECT_DATA, whole: Some(whole), digested })
    }
}

/// What is read back of the signatures of code.
fn signatures(sort: Sort, bytes: &[u8]) -> Result<Vec<Signature>, SignError> {
    let (authorities, limits) = (authorities()?, &Limits::DEFAULT);
    Ok(match sort {
        Sort::Catalog => catalog::read(bytes, authorities, limits).map_err(told)?.signatures,
        Sort::Driver | Sort::Program => {
            let image = header::read(bytes, limits).map_err(told)?.value;
            image::read(&image, DigestSet::default(), authorities, limits).signatures
        }
    })
}

/// A message whose signer, and the signers of those nested in it, have time-stamps.
fn restamped(
    message: &[u8],
    stamps: &Stamps,
    now: i64,
    depth: usize,
    stamp: &mut Option<Stamp>,
) -> Result<Vec<u8>, SignError> {
    let limits = &Limits::DEFAULT;
    let read = signature::read(message, limits).map_err(told)?;
    let nobody = || SignError::Input("a message in it has no signer".to_owned());
    let signer = read.signers.first().ok_or_else(nobody)?;
    let kinds = [RFC_3161, TIME_STAMP_TOKEN, COUNTERSIGNATURE];
    let mut made = message.to_vec();
    if !kinds.iter().any(|kind| signer.unsigned(kind).next().is_some()) {
        let got = stamps.over(signer.signature, now)?;
        made = with_unsigned(&made, got.kind, &got.value, limits).map_err(told)?;
        if !got.certificates.is_empty() {
            made = with_certificates(&made, &got.certificates, limits).map_err(told)?;
        }
        *stamp = Some(got.told);
    }
    if depth >= limits.depth {
        return Ok(made);
    }
    let mut problem = None;
    let made = with_changed(
        &made,
        NESTED,
        &mut |nested| {
            restamped(nested, stamps, now, depth + 1, stamp).unwrap_or_else(|e| {
                problem.get_or_insert(e);
                nested.to_vec()
            })
        },
        limits,
    );
    match problem {
        Some(problem) => Err(problem),
        None => made.map_err(told),
    }
}

/// The signed attributes: contents of their set.
fn attributes(content: &Content, by: DigestAlgorithm, manner: &Manner) -> Vec<u8> {
    let made = digest(by, &content.digested);
    in_order(vec![
        attribute(CONTENT_TYPE, &element(tag::OID, content.kind)),
        attribute(MESSAGE_DIGEST, &element(tag::OCTET_STRING, made.as_bytes())),
        attribute(STATEMENT, &sequence(&[element(tag::OID, INDIVIDUAL)])),
        attribute(OPUS_INFO, &opus(manner.description.as_deref(), manner.url.as_deref())),
    ])
}

fn told(error: Error) -> SignError {
    SignError::Input(error.to_string())
}
