//! Linux modules: the message at their end, byte for byte as the kernel's `sign-file` makes it.
//!
//! Detached, without attributes and certificates: a module signature with signed attributes is
//! refused by every kernel (`crypto/asymmetric_keys/pkcs7_verify.c`). Source: `scripts/sign-file.c`.

use loadworthy_core::crypt::digest::{Digest, DigestAlgorithm, DigestSet, Hasher, digest};
use loadworthy_core::crypt::key::KeyAlgorithm;
use loadworthy_formats::cms::write::{self, Message, SignerId};
use loadworthy_formats::compress::{self, Compression, pack};
use loadworthy_formats::der::grammar::tag;
use loadworthy_formats::der::write::{algorithm, element, sequence};
use loadworthy_formats::elf::header::{Header, Section};
use loadworthy_formats::elf::layout::Layout;
use loadworthy_formats::elf::quick::quick;
use loadworthy_formats::limits::Limits;
use loadworthy_formats::modsig::write as modsig;

use crate::certificate::Certificate;
use crate::error::SignError;
use crate::signer::{Signer, signed};

/// `data` (1.2.840.113549.1.7.1).
const DATA: &[u8] = &[0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 1, 7, 1];

/// How a module's signature names the certificate.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Naming {
    /// By issuer and serial number, as `sign-file` does unless told otherwise.
    #[default]
    IssuerSerial,
    /// By subject key identifier, as `sign-file -k` does.
    KeyId,
}

/// A module, ready to be signed.
#[derive(Clone, Debug)]
pub struct Module {
    /// What the file is compressed with.
    pub compression: Option<Compression>,
    /// Signatures that were taken off.
    pub replaced: usize,
    /// SHA-256 of the file as it was.
    pub before: Digest,
    /// The module, bare.
    content: Vec<u8>,
    /// What has seen the content, to make its SHA-256 and those of what has more behind it.
    seen: Hasher,
}

impl Module {
    /// Takes a module file apart; `None` where `bytes` are no module at all.
    ///
    /// # Errors
    /// For a module that is damaged: no kernel would load it, signed or not.
    pub fn read(bytes: Vec<u8>, limits: &Limits) -> Result<Option<Self>, SignError> {
        let compression = compress::sniff(&bytes);
        let mut packed = None;
        let plain = match compression {
            None => bytes,
            Some(how) => {
                packed = Some(digest(DigestAlgorithm::Sha256, &bytes));
                let mut out = Vec::new();
                let read = compress::unpack(&bytes, how, limits.module_bytes, limits, &mut out);
                let read = read.map_err(|e| SignError::Input(e.to_string()))?;
                if read.consumed != bytes.len() {
                    let left = bytes.len() - read.consumed;
                    let said = format!("{left} bytes behind the {} stream", how.name());
                    return Err(SignError::Input(said));
                }
                out
            }
        };
        if !plain.starts_with(b"\x7fELF") {
            return Ok(None);
        }
        let (bare, replaced) = modsig::bare(&plain).map_err(|e| SignError::Input(e.to_string()))?;
        let size = bare.len();
        whole(bare)?;
        let mut seen = Hasher::new(DigestSet::of(DigestAlgorithm::Sha256));
        seen.update(bare);
        let before = packed.unwrap_or_else(|| with_more(&seen, &plain[size..]));
        let mut content = plain;
        content.truncate(size);
        Ok(Some(Self { compression, replaced, before, content, seen }))
    }

    /// SHA-256 of the signed file.
    #[must_use]
    pub fn after(&self, signed: &[u8]) -> Digest {
        match (self.compression, signed.strip_prefix(&self.content[..])) {
            (None, Some(more)) => with_more(&self.seen, more),
            _ => digest(DigestAlgorithm::Sha256, signed),
        }
    }

    /// The kernel it was built for, as its version magic says.
    #[must_use]
    pub fn release(&self) -> Option<String> {
        let mut read_at = |at: u64, into: &mut [u8]| {
            let rest = usize::try_from(at).ok().and_then(|at| self.content.get(at..));
            let there = rest.and_then(|rest| rest.get(..into.len()));
            there.map(|there| into.copy_from_slice(there)).is_some()
        };
        let length = self.content.len() as u64;
        let read = quick(length, &mut read_at, &mut Vec::new(), &Limits::DEFAULT).ok()?;
        let magic = read.modinfo?.text("vermagic")?;
        magic.split(' ').next().map(str::to_owned)
    }

    /// The digest a signature is over.
    #[must_use]
    pub fn digest(&self, by: DigestAlgorithm) -> Digest {
        match by {
            DigestAlgorithm::Sha256 => with_more(&self.seen, &[]),
            by => digest(by, &self.content),
        }
    }

    /// The module with a message of `signer` behind it, compressed as it was.
    ///
    /// # Errors
    /// When the signer cannot.
    pub fn signed(
        &self,
        signer: &dyn Signer,
        by: DigestAlgorithm,
        naming: Naming,
    ) -> Result<Vec<u8>, SignError> {
        let made = signed(signer, by, &self.digest(by))?;
        self.with(&message(signer.certificate(), by, naming, &made)?)
    }

    /// The module with `message` behind it, compressed as it was.
    ///
    /// # Errors
    /// When it cannot be compressed again.
    pub fn with(&self, message: &[u8]) -> Result<Vec<u8>, SignError> {
        let told = |e: loadworthy_formats::error::Error| SignError::Input(e.to_string());
        let plain = modsig::append(&self.content, message).map_err(told)?;
        match self.compression {
            None => Ok(plain),
            Some(how) => pack::module(&plain, how).map_err(told),
        }
    }
}

/// SHA-256 of what was seen and `more` behind it.
fn with_more(seen: &Hasher, more: &[u8]) -> Digest {
    let mut seen = seen.clone();
    seen.update(more);
    let made = seen.finish().pop().map(|(_, digest)| digest);
    made.unwrap_or_else(|| digest(DigestAlgorithm::Sha256, &[]))
}

/// Refuses what is cut off: the section table and every section must lie inside, as
/// `elf_validity_check` of the kernel wants them.
fn whole(content: &[u8]) -> Result<(), SignError> {
    let layout = Layout::of(content);
    let header = Header::read(content, layout);
    let end = content.len() as u64;
    let inside = |at: u64, size: u64| at.checked_add(size).is_some_and(|there| there <= end);
    let (count, size) = (u64::from(header.section_count), u64::from(header.section_size));
    let table = header.section_offset;
    let cut = content.len() < SMALLEST
        || (count > 0 && !inside(table, count * size))
        || (1..count).any(|n| {
            let at = usize::try_from(table + n * size).unwrap_or(usize::MAX);
            let section = Section::read(content.get(at..).unwrap_or_default(), layout);
            !NO_BYTES.contains(&section.kind) && !inside(section.offset, section.size)
        });
    if cut {
        return Err(SignError::Input("the module is cut off: it is no whole ELF file".to_owned()));
    }
    Ok(())
}

/// Bytes of the smaller of the two ELF headers.
const SMALLEST: usize = 52;

/// `SHT_NULL` and `SHT_NOBITS`: sections without bytes in the file.
const NO_BYTES: [u32; 2] = [0, 8];

/// The message that carries `signature`.
///
/// # Errors
/// When the certificate has no subject key identifier and `naming` wants one, and for kinds of keys
/// that have no name here.
pub fn message(
    certificate: &Certificate,
    by: DigestAlgorithm,
    naming: Naming,
    signature: &[u8],
) -> Result<Vec<u8>, SignError> {
    let parts = certificate.parts()?;
    let (version, id) = match naming {
        Naming::IssuerSerial => {
            (1, SignerId::IssuerSerial { issuer: parts.issuer.raw, serial: parts.serial })
        }
        Naming::KeyId => {
            let id = parts.subject_key_id.ok_or_else(|| SignError::Certificate {
                named: certificate.subject(),
                problem: "it has no subject key identifier to name it by".to_owned(),
            })?;
            (3, SignerId::KeyId(id))
        }
    };
    // RFC 5754, 2: SHA-2 without parameters.
    let digest_algorithm = sequence(&[element(tag::OID, by.oid())]);
    let signer = write::Signer {
        id,
        digest_algorithm: &digest_algorithm,
        signed_attributes: None,
        signature_algorithm: &signature_algorithm(certificate.algorithm(), by)?,
        signature,
        unsigned_attributes: None,
    };
    Ok(write::write(&Message {
        version,
        digest_algorithms: std::slice::from_ref(&digest_algorithm),
        content_type: DATA,
        content: None,
        certificates: &[],
        signers: &[signer],
    }))
}

/// The identifier of the signature algorithm: RFC 3370, 3.2; RFC 5758, 3.2.
///
/// # Errors
/// For what nobody verifies.
pub(crate) fn signature_algorithm(
    key: KeyAlgorithm,
    by: DigestAlgorithm,
) -> Result<Vec<u8>, SignError> {
    const RSA: &[u8] = &[0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 1, 1, 1];
    const ECDSA_WITH: &[u8] = &[0x2a, 0x86, 0x48, 0xce, 0x3d, 4, 3];
    let unable = SignError::Digest { digest: by.name(), key: key.name() };
    match (key, by) {
        (KeyAlgorithm::Rsa, _) => Ok(algorithm(RSA)),
        (KeyAlgorithm::EcdsaP256 | KeyAlgorithm::EcdsaP384 | KeyAlgorithm::EcdsaP521, by) => {
            let last = match by {
                DigestAlgorithm::Sha256 => 2,
                DigestAlgorithm::Sha384 => 3,
                DigestAlgorithm::Sha512 => 4,
                _ => return Err(unable),
            };
            Ok(sequence(&[element(tag::OID, &[ECDSA_WITH, &[last]].concat())]))
        }
        _ => Err(unable),
    }
}
