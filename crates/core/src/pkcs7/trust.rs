//! Whether a message that holds together was made by somebody a ring trusts
//! (`pkcs7_validate_trust`).

use alloc::sync::Arc;

use super::dialect::Dialect;
use super::failure::{Failure, Reason};
use super::kernel::{Anchor, Kernel, Ring};
use super::message::Message;
use super::signature::{Signature, Step, Stop, refuses};
use super::verify::Marks;
use crate::errno::Errno;

const fn failed(errno: Errno, reason: Reason) -> Failure {
    Failure::new(errno, reason)
}

/// `pkcs7_validate_trust`.
pub(super) fn validate<K: Kernel>(
    message: &Message<'_>,
    marks: &mut Marks<'_>,
    ring: Ring,
    dialect: &Dialect,
    kernel: &mut K,
) -> Step<(), K> {
    for mark in &mut marks.certificates {
        mark.seen = false;
    }
    let mut outcome = Err(failed(Errno::ENOKEY, Reason::KeyUnknown));
    for signer in 0..message.signers.len() {
        match validate_one(message, marks, signer, ring, dialect, kernel) {
            Ok(()) => outcome = Ok(()),
            Err(Stop::Failed(failure)) => match failure.errno {
                Errno::ENOKEY => {}
                Errno::ENOPKG => {
                    if outcome.is_err_and(|f| f.errno == Errno::ENOKEY) {
                        outcome = Err(failure);
                    }
                }
                _ => return Err(failure.into()),
            },
            Err(doubt) => return Err(doubt),
        }
    }
    outcome.map_err(Stop::Failed)
}

/// `pkcs7_validate_trust_one`: the signer's certificates from the message, then the issuer of the
/// last of them, then the signer itself.
fn validate_one<K: Kernel>(
    message: &Message<'_>,
    marks: &mut Marks<'_>,
    signer: usize,
    ring: Ring,
    dialect: &Dialect,
    kernel: &mut K,
) -> Step<(), K> {
    let unknown = Failure::new(Errno::ENOKEY, Reason::KeyUnknown);
    let (Some(mark), Some(info)) = (marks.signers.get(signer), message.signers.get(signer)) else {
        return Err(unknown.into());
    };
    if mark.unsupported {
        return Err(failed(Errno::ENOPKG, Reason::NothingVerifiable).into());
    }
    let own = mark.signature.clone();
    let chain = marks.chain(signer);
    let mut below = &own;
    let mut last = None;
    for (height, &at) in chain.iter().enumerate() {
        let (Some(certificate), Some(mark)) = (message.certificates.get(at), marks.certificate(at))
        else {
            break;
        };
        if mark.seen {
            if !mark.verified {
                return Err(unknown.into());
            }
            trust_up_to(marks, &chain, height);
            return Ok(());
        }
        mark.seen = true;
        let is_root = mark.signer == Some(at);
        match find(kernel, ring, Some(&certificate.id), certificate.key_id)? {
            Ok(anchor) => {
                check(&anchor, below, dialect, kernel)?;
                trust_up_to(marks, &chain, height);
                return Ok(());
            }
            Err(failure) if failure.errno == Errno::ENOMEM => return Err(failure.into()),
            Err(_) if is_root => return Err(unknown.into()),
            Err(_) => {}
        }
        below = &certificate.signature;
        last = Some(certificate);
    }
    if let Some(certificate) = last {
        let ids = &certificate.authority;
        if ids.serial_issuer.is_some() || ids.key_id.is_some() {
            let found = find(kernel, ring, ids.serial_issuer.as_deref(), ids.key_id.as_deref())?;
            match found {
                Ok(anchor) => {
                    check(&anchor, below, dialect, kernel)?;
                    trust_up_to(marks, &chain, chain.len().saturating_sub(1));
                    return Ok(());
                }
                Err(failure) if failure.errno == Errno::ENOKEY => {}
                Err(failure) => return Err(failure.into()),
            }
        }
    }
    let anchor = find(kernel, ring, Some(&info.id), None)??;
    check(&anchor, &own, dialect, kernel)
}

fn trust_up_to(marks: &mut Marks<'_>, chain: &[usize], height: usize) {
    for index in chain.iter().take(height.saturating_add(1)) {
        if let Some(mark) = marks.certificate(*index) {
            mark.verified = true;
        }
    }
}

/// Whatever the arithmetic's error, a key that was found and does not verify rejects.
fn check<K: Kernel>(
    anchor: &Anchor,
    signature: &Signature<'_>,
    dialect: &Dialect,
    kernel: &mut K,
) -> Step<(), K> {
    match refuses(&anchor.key, signature, dialect, kernel)? {
        None => Ok(()),
        Some(fault) => {
            let errno = match fault.errno(dialect) {
                Errno::ENOMEM => Errno::ENOMEM,
                _ => Errno::EKEYREJECTED,
            };
            Err(failed(errno, Reason::TrustedKeyRefuses(fault)).into())
        }
    }
}

/// `find_asymmetric_key`: by the first name that is given; where both are, the second must agree.
fn find<K: Kernel>(
    kernel: &mut K,
    ring: Ring,
    serial_issuer: Option<&[u8]>,
    key_id: Option<&[u8]>,
) -> Step<Result<Arc<Anchor>, Failure>, K> {
    let Some(id) = serial_issuer.or(key_id).filter(|id| !id.is_empty()) else {
        return Ok(Err(failed(Errno::EINVAL, Reason::KeyIdEmpty)));
    };
    let Some(anchor) = kernel.find_key(ring, id).map_err(Stop::Doubt)? else {
        return Ok(Err(failed(Errno::ENOKEY, Reason::KeyUnknown)));
    };
    if serial_issuer.is_some() && key_id.is_some() && anchor.key_id.as_deref() != key_id {
        return Ok(Err(failed(Errno::EKEYREJECTED, Reason::KeyIdsDisagree)));
    }
    Ok(Ok(anchor))
}
