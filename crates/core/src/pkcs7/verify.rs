//! Whether a message holds together (`pkcs7_verify`), before anybody's trust is asked.

use alloc::vec::Vec;

use super::dialect::{Dialect, Role};
use super::failure::{Failure, Reason};
use super::kernel::Kernel;
use super::message::Message;
use super::remark::Remark;
use super::signature::{Signature, Step, Stop, refuses};
use crate::errno::Errno;

/// What is marked on the certificates and signers of a message while it is judged.
pub(super) struct Marks<'a> {
    pub(super) certificates: Vec<CertificateMarks>,
    pub(super) signers: Vec<SignerMarks<'a>>,
}

#[derive(Clone, Copy, Default)]
pub(super) struct CertificateMarks {
    pub(super) seen: bool,
    pub(super) verified: bool,
    blacklisted: bool,
    /// The certificate whose key verified this one; itself at the root.
    pub(super) signer: Option<usize>,
}

pub(super) struct SignerMarks<'a> {
    /// The signer's certificate in the message.
    pub(super) certificate: Option<usize>,
    /// Something this signature needs is not available.
    pub(super) unsupported: bool,
    /// The signature with the digest of the content.
    pub(super) signature: Signature<'a>,
    blacklisted: bool,
}

impl Marks<'_> {
    pub(super) fn certificate(&mut self, index: usize) -> Option<&mut CertificateMarks> {
        self.certificates.get_mut(index)
    }

    /// The certificates from that of a signer upwards, as far as they verified each other; ends
    /// before one that is its own signer would come again.
    pub(super) fn chain(&self, signer: usize) -> Vec<usize> {
        let mut chain = Vec::new();
        let mut next = self.signers.get(signer).and_then(|s| s.certificate);
        while let Some(index) = next.filter(|index| !chain.contains(index)) {
            chain.push(index);
            next = self.certificates.get(index).and_then(|c| c.signer);
        }
        chain
    }
}

const fn failed(errno: Errno, reason: Reason) -> Failure {
    Failure::new(errno, reason)
}

/// `pkcs7_verify` for modules.
pub(super) fn verify<'a, K: Kernel>(
    message: &Message<'a>,
    dialect: &Dialect,
    kernel: &mut K,
    remarks: &mut Vec<Remark>,
) -> Step<Marks<'a>, K> {
    if message.content_type.role != Some(Role::Data) {
        remarks.push(Remark::ModuleNotData);
        return Err(failed(Errno::EKEYREJECTED, Reason::NotData).into());
    }
    if message.has_attributes {
        remarks.push(Remark::ModuleHasAttributes);
        return Err(failed(Errno::EKEYREJECTED, Reason::HasAttributes).into());
    }
    let certificates = message.certificates.iter().map(|certificate| CertificateMarks {
        blacklisted: certificate.blacklisted,
        ..CertificateMarks::default()
    });
    let signers = message.signers.iter().map(|signer| SignerMarks {
        certificate: None,
        unsupported: false,
        signature: signer.signature.clone(),
        blacklisted: false,
    });
    let mut marks = Marks { certificates: certificates.collect(), signers: signers.collect() };
    let mut outcome = Err(failed(Errno::ENOPKG, Reason::NothingVerifiable));
    for index in 0..message.signers.len() {
        let mut signers = Signers { message, dialect, marks: &mut marks, remarks };
        let one = signers.verify(index, kernel);
        let Some(signer) = marks.signers.get_mut(index) else { break };
        if signer.blacklisted {
            if outcome.is_err_and(|f: Failure| f.errno == Errno::ENOPKG) {
                outcome = Err(failed(Errno::EKEYREJECTED, Reason::CertificateBlacklisted));
            }
            continue;
        }
        match one {
            Ok(()) => outcome = Ok(()),
            Err(Stop::Failed(failure)) if failure.errno == Errno::ENOPKG => {
                signer.unsupported = true;
                if let (Reason::DigestUnavailable(_), Err(nothing)) = (failure.reason, &mut outcome)
                    && nothing.reason == Reason::NothingVerifiable
                {
                    nothing.reason = failure.reason;
                }
            }
            Err(stop) => return Err(stop),
        }
    }
    outcome.map(|()| marks).map_err(Stop::Failed)
}

struct Signers<'m, 'a> {
    message: &'m Message<'a>,
    dialect: &'m Dialect,
    marks: &'m mut Marks<'a>,
    remarks: &'m mut Vec<Remark>,
}

impl Signers<'_, '_> {
    /// `pkcs7_verify_one`.
    fn verify<K: Kernel>(&mut self, index: usize, kernel: &mut K) -> Step<(), K> {
        let (Some(signer), Some(mark)) =
            (self.message.signers.get(index), self.marks.signers.get_mut(index))
        else {
            return Ok(());
        };
        if let Some(by) = signer.signature.by {
            if !kernel.digest_available(by).map_err(Stop::Doubt)? {
                return Err(failed(Errno::ENOPKG, Reason::DigestUnavailable(by)).into());
            }
            mark.signature.digest = Some(kernel.content_digest(by).map_err(Stop::Doubt)?);
        }
        let found = self.message.certificates.iter().enumerate().find(|(_, c)| c.id == signer.id);
        let Some((at, certificate)) = found else { return Ok(()) };
        mark.certificate = Some(at);
        if let Some(time) = signer.signing_time
            && !(certificate.not_before..=certificate.not_after).contains(&time)
        {
            self.remarks.push(Remark::SigningTime);
            return Err(failed(Errno::EKEYREJECTED, Reason::SigningTime).into());
        }
        let signature = mark.signature.clone();
        if let Some(fault) = refuses(&certificate.key, &signature, self.dialect, kernel)? {
            let reason = Reason::EmbeddedSignature(fault);
            return Err(failed(fault.errno(self.dialect), reason).into());
        }
        self.climb(index, at, kernel)
    }

    /// `pkcs7_verify_sig_chain`: from a signer's certificate upwards, inside the message.
    fn climb<K: Kernel>(&mut self, signer: usize, from: usize, kernel: &mut K) -> Step<(), K> {
        let number = |index: usize| u32::try_from(index.saturating_add(1)).unwrap_or(u32::MAX);
        let certificates = &self.message.certificates;
        for mark in &mut self.marks.certificates {
            mark.seen = false;
        }
        let mut at = from;
        loop {
            let (Some(certificate), Some(mark)) =
                (certificates.get(at), self.marks.certificate(at))
            else {
                return Ok(());
            };
            mark.seen = true;
            if mark.blacklisted {
                let below = self.marks.chain(signer);
                for index in below.into_iter().take_while(|index| *index != at) {
                    if let Some(mark) = self.marks.certificate(index) {
                        mark.blacklisted = true;
                    }
                }
                if let Some(mark) = self.marks.signers.get_mut(signer) {
                    mark.blacklisted = true;
                }
                return Ok(());
            }
            if certificate.self_signed {
                mark.signer = Some(at);
                return Ok(());
            }
            let authority = &certificate.authority;
            let issuer = match (&authority.serial_issuer, &authority.key_id) {
                (Some(id), _) => certificates.iter().position(|c| c.id == *id),
                (None, Some(id)) => {
                    certificates.iter().position(|c| c.key_id == Some(id.as_slice()))
                }
                (None, None) => None,
            };
            let Some((next, issuer)) = issuer.and_then(|i| Some((i, certificates.get(i)?))) else {
                return Ok(());
            };
            if authority.serial_issuer.is_some()
                && authority.key_id.is_some()
                && issuer.key_id != authority.key_id.as_deref()
            {
                self.remarks.push(Remark::ChainIdentifiers {
                    signer: number(signer),
                    certificate: number(at),
                    issuer: number(next),
                });
                return Err(failed(Errno::EKEYREJECTED, Reason::ChainIdentifiers).into());
            }
            if self.marks.certificates.get(next).is_some_and(|mark| mark.seen) {
                self.remarks.push(Remark::ChainLoop { signer: number(signer) });
                return Ok(());
            }
            if let Some(fault) = refuses(&issuer.key, &certificate.signature, self.dialect, kernel)?
            {
                let reason = Reason::ChainSignature(fault);
                return Err(failed(fault.errno(self.dialect), reason).into());
            }
            if let Some(mark) = self.marks.certificate(at) {
                mark.signer = Some(next);
            }
            at = next;
        }
    }
}
