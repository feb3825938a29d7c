//! The fields of a certificate, collected in the order in which the kernel comes by them.

use alloc::vec::Vec;

use loadworthy_formats::der::decode::{Ended, Event};
use loadworthy_formats::der::grammar::tag;
use loadworthy_formats::x509::parts::{self, Part};
use loadworthy_formats::x509::time;

use super::dialect::{Dialect, KeyRule, Known, Role, Rule, SignatureKind};
use super::failure::{Failure, Reason};
use super::remark::Remark;
use super::signature::KeyIds;
use crate::crypt::digest::DigestAlgorithm;
use crate::crypt::key::KeyAlgorithm;
use crate::errno::Errno;

const fn failed(errno: Errno, reason: Reason) -> Failure {
    Failure::new(errno, reason)
}

/// How a decoder's end counts.
pub(super) fn well(ended: Ended) -> Result<(), Failure> {
    match ended {
        Ended::Well => Ok(()),
        Ended::TooLong => Err(failed(Errno::EMSGSIZE, Reason::TooLong)),
        Ended::Malformed(fault) => Err(failed(Errno::EBADMSG, Reason::Malformed(fault))),
    }
}

/// What a certificate says its key is for, where the kernel reads that.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Usage {
    pub(super) is_ca: bool,
    pub(super) signs_certificates: bool,
    pub(super) signs_data: bool,
}

/// What is collected while a certificate is decoded (`struct x509_parse_context`).
#[derive(Default)]
pub(super) struct Fields<'a> {
    bytes: &'a [u8],
    last: Known,
    pub(super) serial: &'a [u8],
    pub(super) signed_with: Option<(SignatureKind, Option<DigestAlgorithm>)>,
    signed_with_number: u16,
    pub(super) issuer: Option<&'a [u8]>,
    pub(super) subject: Option<&'a [u8]>,
    pub(super) subject_name: Vec<u8>,
    pub(super) not_before: i64,
    pub(super) not_after: i64,
    parameters: &'a [u8],
    pub(super) key_algorithm: Option<KeyAlgorithm>,
    pub(super) key: Option<&'a [u8]>,
    pub(super) key_id: Option<&'a [u8]>,
    pub(super) authority: Option<&'a [u8]>,
    pub(super) authority_ids: KeyIds,
    pub(super) signed: &'a [u8],
    pub(super) signature: &'a [u8],
    pub(super) usage: Usage,
    common_name: &'a [u8],
    organization: &'a [u8],
    email: &'a [u8],
}

impl<'a> Fields<'a> {
    pub(super) fn of(bytes: &'a [u8]) -> Self {
        Self { bytes, ..Self::default() }
    }

    pub(super) fn note(
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
    pub(super) fn note_authority(
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
