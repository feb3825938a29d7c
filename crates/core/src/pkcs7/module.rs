//! A module's signature from its trailer to a verdict (`mod_verify_sig`).

use alloc::vec::Vec;
use core::ops::Range;

use loadworthy_formats::cms::signed_data;
use loadworthy_formats::modsig::{Appended, PKCS7};

use super::dialect::Dialect;
use super::failure::{Failure, Reason};
use super::kernel::{Kernel, Ring};
use super::message;
use super::remark::Remark;
use super::signature::{Step, Stop, settle};
use super::trust;
use super::verify;
use crate::crypt::digest::{DigestAlgorithm, DigestSet};
use crate::errno::Errno;

/// What the end of a module file comes to, before the signature itself is read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Trailer {
    /// There is no signature.
    Unsigned,
    /// There is one, and it lies here.
    Signed(Range<usize>),
    /// There is one that is not read.
    Refused(Failure, Option<Remark>),
}

/// Judges the trailer (`mod_check_sig` and the length checks before it).
#[must_use]
pub fn trailer(appended: &Appended) -> Trailer {
    let bad = |reason| Failure::new(Errno::EBADMSG, reason);
    let signature = match appended {
        Appended::Nothing => return Trailer::Unsigned,
        Appended::MarkerOnly { before: _ } => {
            return Trailer::Refused(bad(Reason::TrailerLength), None);
        }
        Appended::Signature(signature) => signature,
    };
    let Some(pkcs7) = signature.pkcs7.clone() else {
        return Trailer::Refused(bad(Reason::TrailerLength), None);
    };
    if signature.trailer.id_type != PKCS7 {
        let failure = Failure::new(Errno::ENOPKG, Reason::TrailerKind);
        return Trailer::Refused(failure, Some(Remark::TrailerKind));
    }
    if !signature.trailer.unused_are_zero() {
        return Trailer::Refused(bad(Reason::TrailerFields), Some(Remark::TrailerFields));
    }
    Trailer::Signed(pkcs7)
}

/// What became of a verification.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Attempt {
    /// What the kernel's function returns.
    pub result: Result<(), Failure>,
    /// What it prints, in order.
    pub remarks: Vec<Remark>,
}

/// One verification of a module's signature against one ring (`verify_pkcs7_signature`).
///
/// # Errors
/// With the kernel's doubt.
pub fn attempt<K: Kernel>(
    pkcs7: &[u8],
    ring: Ring,
    dialect: &Dialect,
    kernel: &mut K,
) -> Result<Attempt, K::Doubt> {
    let mut remarks = Vec::new();
    let result = settle(verify_against(pkcs7, ring, dialect, kernel, &mut remarks))?;
    Ok(Attempt { result, remarks })
}

/// Verifications against these rings in turn, while the key is unknown (`ENOKEY`).
///
/// # Errors
/// With the kernel's doubt.
pub fn verify<K: Kernel>(
    pkcs7: &[u8],
    rings: &[Ring],
    dialect: &Dialect,
    kernel: &mut K,
) -> Result<Attempt, K::Doubt> {
    let unknown = Failure::new(Errno::ENOKEY, Reason::KeyUnknown);
    let mut whole = Attempt { result: Err(unknown), remarks: Vec::new() };
    for ring in rings {
        let next = attempt(pkcs7, *ring, dialect, kernel)?;
        whole.remarks.extend(next.remarks);
        whole.result = next.result;
        if whole.result.is_ok() || whole.result.is_err_and(|f| f.errno != Errno::ENOKEY) {
            break;
        }
    }
    Ok(whole)
}

fn verify_against<K: Kernel>(
    pkcs7: &[u8],
    ring: Ring,
    dialect: &Dialect,
    kernel: &mut K,
    remarks: &mut Vec<Remark>,
) -> Step<(), K> {
    let message = message::read(pkcs7, dialect, kernel, remarks)?;
    if message.has_content {
        remarks.extend([Remark::DataAlreadySupplied, Remark::NotDetached]);
        return Err(Failure::new(Errno::EBADMSG, Reason::ContentInside).into());
    }
    let mut marks = verify::verify(&message, dialect, kernel, remarks)?;
    if kernel.revocations_matter(ring).map_err(Stop::Doubt)? {
        match trust::validate(&message, &mut marks, Ring::Revoked, dialect, kernel) {
            Ok(()) => return Err(Failure::new(Errno::EKEYREJECTED, Reason::Revoked).into()),
            Err(Stop::Failed(_)) => {}
            Err(doubt) => return Err(doubt),
        }
    }
    trust::validate(&message, &mut marks, ring, dialect, kernel)
}

/// Digests of the content that a verification of this message may ask for, whatever the kernel.
#[must_use]
pub fn digests_named(pkcs7: &[u8]) -> DigestSet {
    let mut named = DigestSet::default();
    for event in signed_data::read(pkcs7).events {
        if event.action == signed_data::Part::Oid
            && let Some(algorithm) = DigestAlgorithm::from_oid(event.value)
        {
            named.insert(algorithm);
        }
    }
    named
}
