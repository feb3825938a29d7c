//! Firmware refuses an image if one of its signers is denied. shim passes over such a signature and
//! looks at the next; that is part of whether it trusts the image.

use super::{BootCase, BootCheck, listed, unasked, words};
use crate::check::{Answer, Check, Passage};
use crate::codes::BOOT_IMAGE_SIGNER_DENIED;
use crate::fact::step::Step;
use crate::proof::{Claim, List, Rule, Stage};

pub(super) static CHECK: BootCheck = Check {
    rule: Rule {
        name: "boot/signer-denied",
        source: "EDK II, SecurityPkg/Library/DxeImageVerificationLib IsForbiddenByDbx",
    },
    run: check,
};

fn check(case: &BootCase<'_>, step: &mut Step) -> Answer {
    if case.asked(step)? != Some(Stage::Firmware) {
        return Ok(unasked(Stage::Firmware));
    }
    let signatures = step.consult(&case.signatures)?;
    let lists = [(List::Dbx, &case.policy.dbx)];
    let is = |_, entry: &_| signatures.iter().any(|s| listed::firmware_finds(entry, s));
    match listed::find(step, &lists, is)? {
        None => Ok(Passage::pass(Claim::ImageSignerDenied(None))),
        Some((list, _)) => {
            let claim = Claim::ImageSignerDenied(Some(list));
            words::refused(case, step, Stage::Firmware, claim, &BOOT_IMAGE_SIGNER_DENIED)
        }
    }
}
