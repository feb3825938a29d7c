//! A shim that firmware has started looks at its own generation first, and stops if it was revoked.

use super::{BootCase, BootCheck, unasked, words};
use crate::check::{Answer, Check, Passage};
use crate::codes::SBAT_GENERATION_REVOKED;
use crate::fact::step::Step;
use crate::facts::boot_image::Part;
use crate::proof::{Claim, Rule, Stage, text};
use crate::sbat;

pub(super) static CHECK: BootCheck = Check {
    rule: Rule { name: "boot/self-check", source: "shim 16.1, shim.c efi_main" },
    run: check,
};

fn check(case: &BootCase<'_>, step: &mut Step) -> Answer {
    let image = step.consult(&case.image)?;
    if image.part != Part::Shim || !*step.consult(&case.policy.shim_checks)? {
        return Ok(unasked(Stage::Shim));
    }
    let Some(rows) = &image.sbat else { return Ok(Passage::pass(Claim::SbatFits)) };
    let (level, own) = step.consult(&case.policy.sbat_level)?;
    let Some(old) = sbat::too_old(rows, level) else {
        return Ok(Passage::pass(Claim::SbatFits));
    };
    let claim =
        Claim::SbatTooOld { component: text(old.component), has: old.has, wants: old.wants };
    // A level that it brings along itself it does not apply, and stops at that.
    let words = if *own {
        "SBAT self-check failed: Security Policy Violation"
    } else {
        "SbatLevel UEFI variable setting failed: Security Policy Violation"
    };
    let status = Some("EFI_SECURITY_VIOLATION");
    Ok(words::stop(claim, &SBAT_GENERATION_REVOKED, Stage::Shim, status, &[words]))
}
