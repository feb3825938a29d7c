//! The image's parts must fit together: signatures over what cannot be laid out mean nothing.

use super::{BootCase, BootCheck, unasked, words};
use crate::check::{Answer, Check, Passage};
use crate::codes::BOOT_IMAGE_DAMAGED;
use crate::fact::step::Step;
use crate::facts::boot_image::Part;
use crate::proof::{Claim, Rule, Stage};

pub(super) static CHECK: BootCheck = Check {
    rule: Rule {
        name: "boot/sound",
        source: "shim 16.1, pe-relocate.c read_header; pe.c generate_hash",
    },
    run: check,
};

fn check(case: &BootCase<'_>, step: &mut Step) -> Answer {
    let Some(stage) = case.asked(step)? else { return Ok(unasked(Stage::Firmware)) };
    if step.consult(&case.image)?.sound {
        return Ok(Passage::pass(Claim::ImageSound(true)));
    }
    let (claim, code) = (Claim::ImageSound(false), &BOOT_IMAGE_DAMAGED);
    if stage != Stage::Firmware && step.consult(&case.image)?.part == Part::SecondStage {
        let status = Some("EFI_INVALID_PARAMETER");
        let words = ["Verification failed: (0x2) Invalid Parameter"];
        return Ok(words::stop(claim, code, stage, status, &words));
    }
    words::refused(case, step, stage, claim, code)
}
