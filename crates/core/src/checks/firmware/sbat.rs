//! An image must be of a generation that was not revoked (SBAT). What shim loads itself must carry
//! generations; what GRUB asks about may go without.

use super::{BootCase, BootCheck, unasked, words};
use crate::check::{Answer, Check, Passage};
use crate::codes::{SBAT_GENERATION_REVOKED, SBAT_MISSING};
use crate::fact::step::Step;
use crate::facts::boot_image::Part;
use crate::proof::{Claim, Rule, Stage, text};
use crate::sbat;

pub(super) static CHECK: BootCheck = Check {
    rule: Rule { name: "boot/sbat", source: "shim 16.1, verify.c verify_buffer_sbat; SBAT.md" },
    run: check,
};

fn check(case: &BootCase<'_>, step: &mut Step) -> Answer {
    let stage = match case.asked(step)? {
        Some(Stage::Firmware) | None => return Ok(unasked(Stage::Shim)),
        Some(stage) => stage,
    };
    let image = step.consult(&case.image)?;
    let Some(rows) = &image.sbat else {
        return match image.part {
            Part::Kernel => Ok(Passage::pass(Claim::SbatFits)),
            Part::Shim | Part::SecondStage => {
                words::refused(case, step, stage, Claim::SbatMissing, &SBAT_MISSING)
            }
        };
    };
    let (level, _) = step.consult(&case.policy.sbat_level)?;
    match sbat::too_old(rows, level) {
        None => Ok(Passage::pass(Claim::SbatFits)),
        Some(old) => {
            let claim = Claim::SbatTooOld {
                component: text(old.component),
                has: old.has,
                wants: old.wants,
            };
            words::refused(case, step, stage, claim, &SBAT_GENERATION_REVOKED)
        }
    }
}
