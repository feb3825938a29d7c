//! An image whose digest stands on a deny list is refused, whoever signed it.

use super::{BootCase, BootCheck, listed, unasked, words};
use crate::check::{Answer, Check, Passage};
use crate::codes::BOOT_IMAGE_DENIED;
use crate::fact::step::Step;
use crate::facts::boot_image::Entry;
use crate::policy::firmware::shim_denies;
use crate::proof::{Claim, List, Rule, Stage};

pub(super) static CHECK: BootCheck = Check {
    rule: Rule {
        name: "boot/digest-denied",
        source: "shim 16.1, verify.c check_denylist; EDK II, DxeImageVerificationLib.c IsCertHashFoundInDbx",
    },
    run: check,
};

fn check(case: &BootCase<'_>, step: &mut Step) -> Answer {
    let Some(stage) = case.asked(step)? else { return Ok(unasked(Stage::Firmware)) };
    let image = step.consult(&case.image)?;
    let all = shim_denies(case.policy);
    let of_firmware = [(List::Dbx, &case.policy.dbx)];
    let lists = if stage == Stage::Firmware { &of_firmware[..] } else { &all[..] };
    let names = |list, entry: &Entry| entry.names(&*image.digests, BootCase::digests(stage, list));
    match listed::find(step, lists, names)? {
        None => Ok(Passage::pass(Claim::ImageDigestDenied(None))),
        Some((list, _)) => {
            let claim = Claim::ImageDigestDenied(Some(list));
            words::refused(case, step, stage, claim, &BOOT_IMAGE_DENIED)
        }
    }
}
