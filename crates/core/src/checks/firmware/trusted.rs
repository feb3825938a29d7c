//! Somebody whom firmware or shim trusts must vouch for the image: a list names its digest, or one
//! of its signatures holds and leads to a listed certificate.

use super::{BootCase, BootCheck, BootPolicy, Signed, listed, unasked, words};
use crate::authenticode::Broken;
use crate::check::{Answer, Check, Passage};
use crate::code::Code;
use crate::codes::{
    BOOT_IMAGE_ALTERED, BOOT_IMAGE_NOT_SIGNED, BOOT_IMAGE_SIGNER_DENIED,
    BOOT_IMAGE_SIGNER_FOR_MODULES, BOOT_IMAGE_SIGNER_NOT_TRUSTED,
};
use crate::fact::Listing;
use crate::fact::step::Step;
use crate::facts::boot_image::Entry;
use crate::policy::firmware::shim_denies;
use crate::proof::{Claim, Gaps, List, Rule, Stage, text};
use alloc::vec::Vec;

pub(super) static CHECK: BootCheck = Check {
    rule: Rule {
        name: "boot/trusted",
        source: "shim 16.1, verify.c verify_buffer_authenticode; EDK II, DxeImageVerificationLib.c",
    },
    run: check,
};

type Lists<'a> = Vec<(List, &'a Listing<Entry>)>;

fn check(case: &BootCase<'_>, step: &mut Step) -> Answer {
    let Some(stage) = case.asked(step)? else { return Ok(unasked(Stage::Firmware)) };
    let allows = allows(case.policy, stage, step)?;
    let image = step.consult(&case.image)?;
    let signatures = step.consult(&case.signatures)?;
    let mut open = Gaps::new();
    let names = |list, entry: &Entry| entry.names(&*image.digests, BootCase::digests(stage, list));
    match listed::find(step, &allows, names) {
        Ok(Some((list, _))) => {
            return Ok(Passage::pass(Claim::ImageTrusted { list, by: text("") }));
        }
        Ok(None) => {}
        Err(gaps) => open.extend(gaps),
    }
    let mut denied = None;
    for signed in signatures.iter() {
        match one(case, stage, &allows, signed, step) {
            Ok(Found::Trusted(list, by)) => {
                return Ok(Passage::pass(Claim::ImageTrusted { list, by }));
            }
            Ok(Found::Denied(list)) => denied = denied.or(Some(list)),
            Ok(Found::Nothing) => {}
            Err(gaps) => open.extend(gaps),
        }
    }
    if !open.is_empty() {
        return Err(open);
    }
    let (claim, code) = match denied {
        Some(list) => (Claim::ImageSignerDenied(Some(list)), &BOOT_IMAGE_SIGNER_DENIED),
        None => why(&allows, signatures, step)?,
    };
    words::refused(case, step, stage, claim, code)
}

/// What is trusted, in the order in which it is asked.
fn allows<'a>(policy: &'a BootPolicy, stage: Stage, step: &mut Step) -> Result<Lists<'a>, Gaps> {
    let mut lists: Lists<'_> = Vec::new();
    if stage == Stage::Firmware || !*step.consult(&policy.ignore_db)? {
        lists.push((List::Db, &policy.db));
    }
    if stage != Stage::Firmware {
        lists.extend([(List::MokList, &policy.mok_list), (List::Vendor, &policy.vendor)]);
    }
    Ok(lists)
}

enum Found {
    Trusted(List, alloc::sync::Arc<str>),
    Denied(List),
    Nothing,
}

fn one(
    case: &BootCase<'_>,
    stage: Stage,
    allows: &Lists<'_>,
    signed: &Signed,
    step: &mut Step,
) -> Result<Found, Gaps> {
    if signed.examined.is_err() {
        return Ok(Found::Nothing);
    }
    let finds = if stage == Stage::Firmware { listed::firmware_finds } else { listed::shim_finds };
    if stage != Stage::Firmware {
        let denies = shim_denies(case.policy);
        if let Some((list, _)) = listed::find(step, &denies, |_, e| finds(e, signed))? {
            return Ok(Found::Denied(list));
        }
    }
    // A list that denies by the digest of a certificate trusts by none.
    let is = |_, e: &Entry| matches!(e, Entry::Certificate { .. }) && finds(e, signed);
    Ok(match listed::find(step, allows, is)? {
        Some((list, Entry::Certificate { certificate, .. })) => {
            Found::Trusted(list, certificate.name.clone())
        }
        Some(_) | None => Found::Nothing,
    })
}

/// Why nobody vouches for it, for people: platforms give one answer to all of these.
fn why(
    allows: &Lists<'_>,
    signatures: &[Signed],
    step: &mut Step,
) -> Result<(Claim, &'static Code), Gaps> {
    let Some(first) = signatures.first() else {
        return Ok((Claim::ImageUnsigned, &BOOT_IMAGE_NOT_SIGNED));
    };
    let mine = |_, e: &Entry| signatures.iter().any(|s| listed::finds_for_modules(e, s));
    let signer = first.signer.clone();
    if listed::find(step, allows, mine)?.is_some() {
        return Ok((Claim::ImageSignerForModules { signer }, &BOOT_IMAGE_SIGNER_FOR_MODULES));
    }
    let altered = |s: &Signed| {
        matches!(s.examined, Err(Broken::DigestDiffers | Broken::Mismatch | Broken::Malformed))
    };
    if signatures.iter().all(altered) {
        return Ok((Claim::ImageAltered { signer }, &BOOT_IMAGE_ALTERED));
    }
    Ok((Claim::ImageSignerUnknown { signer }, &BOOT_IMAGE_SIGNER_NOT_TRUSTED))
}
