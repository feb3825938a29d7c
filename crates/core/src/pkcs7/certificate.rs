//! Certificates as the kernel takes them in: from a message, or into a ring.

use alloc::format;
use alloc::string::String;
use alloc::vec::Vec;

use loadworthy_formats::x509::parts;

use super::dialect::Dialect;
use super::failure::{Failure, Reason};
use super::fields::{Fields, Usage, well};
use super::kernel::{Anchor, Kernel};
use super::remark::Remark;
use super::signature::{KeyIds, Signature, Step, Stop, refuses, settle};
use crate::crypt::digest::digest;
use crate::crypt::key::PublicKey;
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
    let mut fields = Fields::of(bytes);
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
