//! The message as the kernel reads it (`pkcs7_parse_message`).

use alloc::vec::Vec;

use loadworthy_formats::cms::signed_data::{self, Part};
use loadworthy_formats::der::decode::Event;
use loadworthy_formats::der::grammar::tag;

use super::certificate::{self, Certificate};
use super::dialect::{Dialect, Known, Role, SignatureKind};
use super::failure::{Failure, Reason};
use super::fields::{certificate_time, well};
use super::kernel::Kernel;
use super::remark::{Remark, oid_text};
use super::signature::{Signature, Step};
use crate::crypt::digest::DigestAlgorithm;
use crate::errno::Errno;

/// A message that was read.
pub(super) struct Message<'a> {
    pub(super) content_type: Known,
    pub(super) has_content: bool,
    pub(super) has_attributes: bool,
    pub(super) certificates: Vec<Certificate<'a>>,
    pub(super) signers: Vec<Signer<'a>>,
}

/// One who signed it.
pub(super) struct Signer<'a> {
    /// Serial number and issuer, or key identifier.
    pub(super) id: Vec<u8>,
    pub(super) signature: Signature<'a>,
    pub(super) signing_time: Option<i64>,
    has_attributes: bool,
}

/// Reads a message. What is printed on the way goes to `remarks`.
pub(super) fn read<'a, K: Kernel>(
    bytes: &'a [u8],
    dialect: &Dialect,
    kernel: &mut K,
    remarks: &mut Vec<Remark>,
) -> Step<Message<'a>, K> {
    let decoded = signed_data::read(bytes);
    let mut reading = Reading::default();
    for event in &decoded.events {
        if event.action == Part::Certificate {
            let bytes = certificate_bytes(bytes, event)?;
            let certificate = certificate::read(bytes, dialect, kernel, remarks)?;
            reading.certificates.push(certificate);
        } else {
            reading.note(event, dialect, remarks)?;
        }
    }
    well(decoded.ended)?;
    let has_attributes = reading.signers.first().is_some_and(|s| s.has_attributes);
    let consistent = reading.signers.iter().all(|s| s.has_attributes == has_attributes);
    if reading.signers.is_empty() || !consistent {
        remarks.push(Remark::AttributesInconsistent);
        return Err(failed(Errno::EINVAL, Reason::AttributesInconsistent).into());
    }
    Ok(Message {
        content_type: reading.content_type,
        has_content: reading.has_content,
        has_attributes,
        certificates: reading.kept,
        signers: reading.signers,
    })
}

const fn failed(errno: Errno, reason: Reason) -> Failure {
    Failure::new(errno, reason)
}

/// The whole certificate; one of indefinite length was noted with its end.
fn certificate_bytes<'a>(bytes: &'a [u8], event: &Event<'a, Part>) -> Result<&'a [u8], Failure> {
    if event.tag != tag::SEQUENCE {
        return Err(failed(Errno::EBADMSG, Reason::CertificateTag));
    }
    Ok(bytes.get(event.whole()).unwrap_or_default())
}

/// What is collected while a message is decoded (`struct pkcs7_parse_context`).
///
/// The names of a signer's key are kept from one signer to the next, as the kernel does.
#[derive(Default)]
struct Reading<'a> {
    last: Known,
    version: u8,
    content_type: Known,
    has_content: bool,
    /// Read, and not yet known whether they are the message's own.
    certificates: Vec<Certificate<'a>>,
    kept: Vec<Certificate<'a>>,
    signers: Vec<Signer<'a>>,
    by_key_id: bool,
    serial: &'a [u8],
    issuer: &'a [u8],
    key_id: &'a [u8],
    signer: Unfinished<'a>,
}

/// The signer that is being read.
#[derive(Default)]
struct Unfinished<'a> {
    by: Option<DigestAlgorithm>,
    kind: Option<SignatureKind>,
    signature: &'a [u8],
    signing_time: Option<i64>,
    has_attributes: bool,
    /// Attributes seen, each of which may occur once.
    seen: Vec<Role>,
}

impl<'a> Reading<'a> {
    fn note(
        &mut self,
        event: &Event<'a, Part>,
        dialect: &Dialect,
        remarks: &mut Vec<Remark>,
    ) -> Result<(), Failure> {
        let value = event.value;
        let mut refuse = |errno, reason, remark: Remark| {
            remarks.push(remark);
            Err(failed(errno, reason))
        };
        match event.action {
            Part::Oid => {
                self.last = dialect.look_up(value);
                if !self.last.is_known {
                    remarks.push(Remark::UnknownOid { at: event.at, oid: oid_text(value) });
                }
            }
            Part::OuterType if self.last.role != Some(Role::SignedData) => {
                return refuse(Errno::EINVAL, Reason::NotSignedData, Remark::NotSignedData);
            }
            Part::Version => match value {
                [version @ (1 | 3)] => self.version = *version,
                _ => {
                    let remark = Remark::SignedDataVersion;
                    return refuse(Errno::EINVAL, Reason::SignedDataVersion, remark);
                }
            },
            Part::ContentType => match self.last.role {
                Some(Role::Data | Role::IndirectData) => self.content_type = self.last,
                _ => {
                    let remark = Remark::UnsupportedContent(self.last.number);
                    return refuse(Errno::EINVAL, Reason::ContentType, remark);
                }
            },
            Part::Content => self.has_content = true,
            // Those read later stand in revocation lists and are let go.
            Part::Certificates => self.kept = core::mem::take(&mut self.certificates),
            Part::SignerVersion => match value {
                [1] if self.version == 1 => self.by_key_id = false,
                [3] if self.version != 1 => self.by_key_id = true,
                [1 | 3] => {
                    let remark = Remark::VersionsDisagree;
                    return refuse(Errno::EBADMSG, Reason::VersionsDisagree, remark);
                }
                _ => return refuse(Errno::EINVAL, Reason::SignerVersion, Remark::SignerVersion),
            },
            Part::Issuer => self.issuer = value,
            Part::Serial => self.serial = value,
            Part::KeyIdentifier => self.key_id = value,
            Part::DigestAlgorithm => {
                self.signer.by = self.last.digest;
                if self.last.digest.is_none() {
                    let remark = Remark::UnsupportedDigest(self.last.number);
                    return refuse(Errno::ENOPKG, Reason::DigestUnknown, remark);
                }
            }
            Part::SignedAttribute => self.attribute(event, dialect, remarks)?,
            Part::SignedAttributes => self.attributes(remarks)?,
            Part::SignatureAlgorithm => {
                self.signer.kind = self.last.signature;
                if self.last.signature.is_none() {
                    let remark = Remark::UnsupportedSignature(self.last.number);
                    return refuse(Errno::ENOPKG, Reason::SignatureAlgorithmUnknown, remark);
                }
            }
            Part::Signature => self.signer.signature = value,
            Part::Signer => self.finish_signer(remarks)?,
            Part::OuterType | Part::Certificate => {}
        }
        Ok(())
    }

    /// `pkcs7_sig_note_authenticated_attr`.
    fn attribute(
        &mut self,
        event: &Event<'a, Part>,
        dialect: &Dialect,
        remarks: &mut Vec<Remark>,
    ) -> Result<(), Failure> {
        let Some(role) = self.last.role else { return Ok(()) };
        if !matches!(
            role,
            Role::ContentType
                | Role::SigningTime
                | Role::MessageDigest
                | Role::SmimeCapabilities
                | Role::OpusInfo
                | Role::StatementType
        ) {
            return Ok(());
        }
        let rejected = failed(Errno::EKEYREJECTED, Reason::Attribute);
        if self.signer.seen.contains(&role) {
            remarks.push(Remark::RepeatedAttribute);
            return Err(rejected);
        }
        self.signer.seen.push(role);
        let is_authenticode = self.content_type.role == Some(Role::IndirectData);
        match role {
            Role::ContentType => {
                let attribute = dialect.look_up(event.value).number;
                if attribute != self.content_type.number {
                    remarks.push(Remark::ContentTypesDisagree {
                        message: self.content_type.number,
                        // Signers are counted when they are complete.
                        signer: 0,
                        attribute,
                    });
                    return Err(failed(Errno::EBADMSG, Reason::Attribute));
                }
            }
            Role::SigningTime => {
                // The bit is set before the time is read.
                self.signer.signing_time = Some(certificate_time(event.tag, event.value)?);
            }
            Role::MessageDigest if event.tag != tag::OCTET_STRING => {
                return Err(failed(Errno::EBADMSG, Reason::Attribute));
            }
            Role::SmimeCapabilities if !is_authenticode => {
                remarks.push(Remark::SmimeCapabilities);
                return Err(rejected);
            }
            Role::OpusInfo | Role::StatementType if !is_authenticode => {
                remarks.push(Remark::AuthenticodeAttributes);
                return Err(rejected);
            }
            _ => {}
        }
        Ok(())
    }

    /// `pkcs7_sig_note_set_of_authattrs`.
    fn attributes(&mut self, remarks: &mut Vec<Remark>) -> Result<(), Failure> {
        let seen = |role| self.signer.seen.contains(&role);
        let missing = failed(Errno::EBADMSG, Reason::AttributeMissing);
        if !seen(Role::ContentType) || !seen(Role::MessageDigest) {
            remarks.push(Remark::MissingAttribute);
            return Err(missing);
        }
        if self.content_type.role != Some(Role::IndirectData) && seen(Role::OpusInfo) {
            remarks.push(Remark::UnexpectedAuthenticode);
            return Err(missing);
        }
        self.signer.has_attributes = true;
        Ok(())
    }

    /// `pkcs7_note_signed_info`.
    fn finish_signer(&mut self, remarks: &mut Vec<Remark>) -> Result<(), Failure> {
        let signer = core::mem::take(&mut self.signer);
        if self.content_type.role == Some(Role::IndirectData) && !signer.has_attributes {
            remarks.push(Remark::AuthenticodeUnsigned);
            return Err(failed(Errno::EBADMSG, Reason::AttributeMissing));
        }
        let id = if self.by_key_id {
            Vec::from(self.key_id)
        } else {
            [self.serial, self.issuer].concat()
        };
        // The grammar has a signature algorithm in every signer.
        let kind = signer.kind.unwrap_or(SignatureKind::Rsa);
        // ML-DSA digests what it signs itself unless there are attributes.
        let makes_its_own = matches!(kind, SignatureKind::MlDsa(_)) && !signer.has_attributes;
        let by = signer.by.filter(|_| !makes_its_own);
        self.signers.push(Signer {
            id,
            signature: Signature { kind, by, digest: None, bytes: signer.signature },
            signing_time: signer.signing_time,
            has_attributes: signer.has_attributes,
        });
        Ok(())
    }
}
