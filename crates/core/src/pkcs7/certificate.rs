//! Certificates as the kernel takes them in: from a message, or into a ring.

use alloc::format;
use alloc::string::String;
use alloc::vec::Vec;

use loadworthy_formats::der::decode::{Ended, Event};
use loadworthy_formats::der::grammar::tag;
use loadworthy_formats::x509::parts::{self, Part};
use loadworthy_formats::x509::time;

use super::dialect::{Dialect, KeyRule, Known, Role, Rule, SignatureKind};
use super::failure::{Failure, Reason};
use super::kernel::{Anchor, Kernel};
use super::remark::Remark;
use super::signature::{KeyIds, Signature, Step, Stop, refuses, settle};
use crate::crypt::digest::{DigestAlgorithm, digest};
use crate::crypt::key::{KeyAlgorithm, PublicKey};
use crate::errno::Errno;

/// What became of a certificate that was offered to a ring.
#[derive(Debug)]
pub struct Admission {
    /// The key as the ring would hold it, or why it is not let in.
    pub result: Result<Anchor, Failure>,
    /// What the kernel prints, in order.
    pub remarks: Vec<Remark>,
}

/// Whether this kernel makes a key of a certificate (`x509_key_preparse`).
///
/// The answer depends on the moment: `kernel` must speak of the time when the ring is filled, at
/// boot, when modules of the crypto API cannot be loaded yet. Restrictions that a ring has of its
/// own (certificate authorities alone, vouched for by other keys) are not asked here.
///
/// # Errors
/// With the kernel's doubt.
pub fn admit<K: Kernel>(
    certificate: &[u8],
    dialect: &Dialect,
    kernel: &mut K,
) -> Result<Admission, K::Doubt> {
    let mut remarks = Vec::new();
    let read = settle(read(certificate, dialect, kernel, &mut remarks))?;
    let result = read.and_then(|certificate| {
        if certificate.blacklisted {
            let reason = Reason::CertificateBlacklisted;
            return Err(Failure::new(Errno::EKEYREJECTED, reason));
        }
        Ok(Anchor {
            description: certificate.description(),
            serial_issuer: certificate.id,
            key_id: certificate.key_id.map(Vec::from),
            subject: Vec::from(certificate.subject),
            key: certificate.key,
            is_ca: certificate.usage.is_ca,
            signs_certificates: certificate.usage.signs_certificates,
            signs_data: certificate.usage.signs_data,
        })
    });
    Ok(Admission { result, remarks })
}

/// A certificate the kernel has read (`struct x509_certificate`).
#[derive(Debug)]
pub(super) struct Certificate<'a> {
    /// Serial number followed by the contents of the issuer's name.
    pub(super) id: Vec<u8>,
    pub(super) key_id: Option<&'a [u8]>,
    pub(super) key: PublicKey,
    pub(super) signature: Signature<'a>,
    /// Names of the issuer's key.
    pub(super) authority: KeyIds,
    pub(super) not_before: i64,
    pub(super) not_after: i64,
    pub(super) self_signed: bool,
    /// The signature could not be looked at for want of an algorithm.
    pub(super) unsupported: bool,
    pub(super) blacklisted: bool,
    serial: &'a [u8],
    subject: &'a [u8],
    subject_name: Vec<u8>,
    usage: Usage,
}

#[derive(Clone, Copy, Debug, Default)]
struct Usage {
    is_ca: bool,
    signs_certificates: bool,
    signs_data: bool,
}

impl Certificate<'_> {
    /// A name and a key identifier, as `/proc/keys` shows them.
    fn description(&self) -> String {
        let name = self.subject_name.split(|b| *b == 0).next().unwrap_or_default();
        let mut text = format!("{}: ", String::from_utf8_lossy(name));
        for byte in self.key_id.unwrap_or(self.serial) {
            text.push_str(&format!("{byte:02x}"));
        }
        text
    }
}

const fn failed(errno: Errno, reason: Reason) -> Failure {
    Failure::new(errno, reason)
}

/// Reads a certificate (`x509_cert_parse`).
pub(super) fn read<'a, K: Kernel>(
    bytes: &'a [u8],
    dialect: &Dialect,
    kernel: &mut K,
    remarks: &mut Vec<Remark>,
) -> Step<Certificate<'a>, K> {
    let decoded = parts::read(bytes);
    let mut fields = Fields { bytes, ..Fields::default() };
    for event in &decoded.events {
        fields.note(event, dialect, remarks)?;
    }
    well(decoded.ended)?;
    if let Some(value) = fields.authority {
        fields.note_authority(value, remarks)?;
    }
    let (Some((kind, by)), Some(algorithm)) = (fields.signed_with, fields.key_algorithm) else {
        // The grammar has both, so a certificate that was decoded has them.
        return Err(failed(Errno::EBADMSG, Reason::CertificateBits).into());
    };
    let mut certificate = Certificate {
        id: [fields.serial, fields.issuer.unwrap_or_default()].concat(),
        key_id: fields.key_id,
        key: PublicKey::new(algorithm, fields.key.unwrap_or_default()),
        signature: Signature { kind, by, digest: None, bytes: fields.signature },
        authority: fields.authority_ids,
        not_before: fields.not_before,
        not_after: fields.not_after,
        self_signed: false,
        unsupported: false,
        blacklisted: false,
        serial: fields.serial,
        subject: fields.subject.unwrap_or_default(),
        subject_name: fields.subject_name,
        usage: fields.usage,
    };
    // x509_get_sig_params
    if let Some(by) = by {
        if kernel.digest_available(by).map_err(Stop::Doubt)? {
            let made = digest(by, fields.signed);
            certificate.signature.digest = Some(made);
            if kernel.certificate_blacklisted(&made).map_err(Stop::Doubt)? {
                remarks.push(Remark::Blacklisted(made));
                certificate.blacklisted = true;
            }
        } else {
            certificate.unsupported = true;
        }
    }
    check_self_signed(&mut certificate, fields.issuer.unwrap_or_default(), dialect, kernel)?;
    Ok(certificate)
}

pub(super) fn well(ended: Ended) -> Result<(), Failure> {
    match ended {
        Ended::Well => Ok(()),
        Ended::TooLong => Err(failed(Errno::EMSGSIZE, Reason::TooLong)),
        Ended::Malformed(fault) => Err(failed(Errno::EBADMSG, Reason::Malformed(fault))),
    }
}

/// `x509_check_for_self_signed`.
fn check_self_signed<K: Kernel>(
    certificate: &mut Certificate<'_>,
    issuer: &[u8],
    dialect: &Dialect,
    kernel: &mut K,
) -> Step<(), K> {
    if certificate.subject != issuer {
        return Ok(());
    }
    let KeyIds { serial_issuer, key_id } = &certificate.authority;
    if serial_issuer.is_some() || key_id.is_some() {
        let by_key = key_id.is_some() && certificate.key_id == key_id.as_deref();
        let by_serial = serial_issuer.as_ref() == Some(&certificate.id);
        if !by_key && !by_serial {
            return Ok(());
        }
        if by_key != by_serial && serial_issuer.is_some() && key_id.is_some() {
            return Err(failed(Errno::EKEYREJECTED, Reason::CertificateAuthority).into());
        }
    }
    if certificate.unsupported {
        return Ok(());
    }
    match refuses(&certificate.key, &certificate.signature, dialect, kernel)? {
        None => certificate.self_signed = true,
        Some(fault) => {
            let reason = Reason::CertificateSelfSignature(fault);
            return Err(failed(fault.errno(dialect), reason).into());
        }
    }
    Ok(())
}

/// What is collected while a certificate is decoded (`struct x509_parse_context`).
#[derive(Default)]
struct Fields<'a> {
    bytes: &'a [u8],
    last: Known,
    serial: &'a [u8],
    signed_with: Option<(SignatureKind, Option<DigestAlgorithm>)>,
    signed_with_number: u16,
    issuer: Option<&'a [u8]>,
    subject: Option<&'a [u8]>,
    subject_name: Vec<u8>,
    not_before: i64,
    not_after: i64,
    parameters: &'a [u8],
    key_algorithm: Option<KeyAlgorithm>,
    key: Option<&'a [u8]>,
    key_id: Option<&'a [u8]>,
    authority: Option<&'a [u8]>,
    authority_ids: KeyIds,
    signed: &'a [u8],
    signature: &'a [u8],
    usage: Usage,
    common_name: &'a [u8],
    organization: &'a [u8],
    email: &'a [u8],
}

impl<'a> Fields<'a> {
    fn note(
        &mut self,
        event: &Event<'a, Part>,
        dialect: &Dialect,
        remarks: &mut Vec<Remark>,
    ) -> Result<(), Failure> {
        match event.action {
            Part::Oid => self.last = dialect.look_up(event.value),
            Part::Serial => self.serial = event.value,
            Part::SignedAlgorithm => {
                self.signed_with = self.last.certificate_signature;
                self.signed_with_number = self.last.number;
                if self.signed_with.is_none() {
                    return Err(failed(Errno::ENOPKG, Reason::CertificateSignatureUnknown));
                }
            }
            Part::NameValue => self.name_value(event.value),
            Part::Issuer => {
                self.issuer = Some(event.value);
                let _ = self.take_name();
            }
            Part::Subject => {
                self.subject = Some(event.value);
                self.subject_name = self.take_name();
            }
            Part::NotBefore => self.not_before = certificate_time(event.tag, event.value)?,
            Part::NotAfter => self.not_after = certificate_time(event.tag, event.value)?,
            Part::Parameters => {
                // The algorithm occurs three times; only the key's comes after the subject and
                // before the key.
                if self.subject.is_some() && self.key.is_none() {
                    self.parameters = self.bytes.get(event.whole()).unwrap_or_default();
                }
            }
            Part::Key => self.key(event.value, dialect)?,
            Part::Extension => self.extension(event.value, dialect)?,
            Part::Signed => self.signed = self.bytes.get(event.whole()).unwrap_or_default(),
            Part::Signature => {
                if self.last.number != self.signed_with_number {
                    remarks.push(Remark::CertificateAlgorithms {
                        outer: self.last.number,
                        signed: self.signed_with_number,
                        recent: dialect.has(Rule::SignatureAlgorithmDiffers),
                    });
                    return Err(failed(Errno::EINVAL, Reason::CertificateAlgorithmsDiffer));
                }
                self.signature = whole_bytes(event.value)?;
            }
            // These are of the other grammar.
            Part::AuthorityKey | Part::AuthorityName | Part::AuthoritySerial => {}
        }
        Ok(())
    }

    /// The kernel keeps the length of a name in one byte.
    fn name_value(&mut self, value: &'a [u8]) {
        let kept = value.get(..value.len() & 0xff).unwrap_or_default();
        match self.last.role {
            Some(Role::CommonName) => self.common_name = kept,
            Some(Role::OrganizationName) => self.organization = kept,
            Some(Role::Email) => self.email = kept,
            _ => {}
        }
    }

    /// `x509_fabricate_name`.
    fn take_name(&mut self) -> Vec<u8> {
        let (cn, o) = (self.common_name, self.organization);
        let begins_alike = match (cn.get(..7), o.get(..7)) {
            (Some(cn), Some(o)) => cn == o,
            _ => false,
        };
        let name = match (cn.is_empty(), o.is_empty()) {
            (false, false) if cn.starts_with(o) || begins_alike => Vec::from(cn),
            (false, false) => [o, b": ", cn].concat(),
            (false, true) => Vec::from(cn),
            (true, false) => Vec::from(o),
            (true, true) => Vec::from(self.email),
        };
        (self.common_name, self.organization, self.email) = (&[], &[], &[]);
        name
    }

    fn key(&mut self, value: &'a [u8], dialect: &Dialect) -> Result<(), Failure> {
        let unknown = failed(Errno::ENOPKG, Reason::CertificateKeyUnknown);
        let algorithm = match self.last.certificate_key {
            None => return Err(unknown),
            Some(KeyRule::Is(algorithm)) => algorithm,
            Some(KeyRule::ByCurve) => {
                // parse_OID: a short identifier, and nothing else.
                let named = match self.parameters.split_first_chunk::<2>() {
                    Some((&[tag::OID, length], oid))
                        if !oid.is_empty() && usize::from(length) == oid.len() =>
                    {
                        dialect.look_up(oid)
                    }
                    _ => return Err(failed(Errno::EBADMSG, Reason::CertificateKeyUnknown)),
                };
                named.curve.ok_or(unknown)?
            }
        };
        self.key_algorithm = Some(algorithm);
        self.key = Some(whole_bytes(value)?);
        Ok(())
    }

    /// `x509_process_extension`.
    fn extension(&mut self, value: &'a [u8], dialect: &Dialect) -> Result<(), Failure> {
        let malformed = failed(Errno::EBADMSG, Reason::CertificateExtension);
        match self.last.role {
            Some(Role::SubjectKeyId) => match value.split_first_chunk::<2>() {
                Some((&[tag::OCTET_STRING, length], id))
                    if self.key_id.is_none()
                        && !id.is_empty()
                        && usize::from(length) == id.len() =>
                {
                    self.key_id = Some(id);
                }
                _ => return Err(malformed),
            },
            Some(Role::AuthorityKeyId) => self.authority = Some(value),
            Some(Role::KeyUsage) if dialect.has(Rule::KeyUsageRead) => {
                let Some(&[tag::BIT_STRING, length, unused, bits]) = value.first_chunk::<4>()
                else {
                    return Err(malformed);
                };
                if unused >= 8 {
                    return Err(malformed);
                }
                self.usage.signs_data |= bits & 0x80 != 0;
                let in_place = match length {
                    2 => unused <= 2,
                    3 => value.len() > 4,
                    _ => false,
                };
                self.usage.signs_certificates |= in_place && bits & 0x04 != 0;
            }
            Some(Role::BasicConstraints) if dialect.has(Rule::KeyUsageRead) => {
                let Some((&[tag::SEQUENCE, length], inside)) = value.split_first_chunk::<2>()
                else {
                    return Err(malformed);
                };
                if usize::from(length) != inside.len() {
                    return Err(malformed);
                }
                let strict = dialect.has(Rule::BasicConstraintsStrict);
                match inside {
                    [] => {}
                    [tag::BOOLEAN, 1, 0xff, ..] => self.usage.is_ca = true,
                    _ if strict => return Err(malformed),
                    [tag::BOOLEAN, 1, ..] => self.usage.is_ca = true,
                    _ => {}
                }
            }
            _ => {}
        }
        Ok(())
    }

    /// The authority key identifier, read after the certificate.
    fn note_authority(
        &mut self,
        value: &'a [u8],
        remarks: &mut Vec<Remark>,
    ) -> Result<(), Failure> {
        let decoded = parts::read_authority_key_identifier(value);
        let mut name: Option<&[u8]> = None;
        for event in &decoded.events {
            let ids = &mut self.authority_ids;
            match event.action {
                Part::AuthorityKey => {
                    ids.key_id.get_or_insert_with(|| Vec::from(event.value));
                }
                Part::AuthorityName => name = Some(event.value),
                Part::AuthoritySerial => {
                    if let Some(name) = name {
                        ids.serial_issuer.get_or_insert_with(|| [event.value, name].concat());
                    }
                }
                _ => {}
            }
        }
        well(decoded.ended).inspect_err(|_| remarks.push(Remark::AuthorityKeyIdentifier))
    }
}

/// The bytes of a bit string that has no unused bits.
fn whole_bytes(value: &[u8]) -> Result<&[u8], Failure> {
    value.strip_prefix(&[0]).ok_or(failed(Errno::EBADMSG, Reason::CertificateBits))
}

/// `x509_decode_time`: generalized times from 2050 on, nothing before 1970.
pub(super) fn certificate_time(kind: u8, value: &[u8]) -> Result<i64, Failure> {
    let too_early = kind == tag::GENERALIZED_TIME
        && value.get(..4).is_none_or(|year| year <= b"2049".as_slice());
    match time::seconds(kind, value) {
        Some(seconds) if seconds >= 0 && !too_early => Ok(seconds),
        _ => Err(failed(Errno::EBADMSG, Reason::CertificateTime)),
    }
}
