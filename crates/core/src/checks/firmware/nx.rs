//! Where shim was told to insist on it, an image must say that it runs without writable code.

use super::{BootCase, BootCheck, unasked, words};
use crate::check::{Answer, Check, Passage};
use crate::codes::BOOT_IMAGE_NEEDS_WRITABLE_CODE;
use crate::fact::step::Step;
use crate::facts::boot_image::Part;
use crate::proof::{Claim, Rule, Stage};

pub(super) static CHECK: BootCheck = Check {
    rule: Rule {
        name: "boot/nx",
        source: "shim 16.1, pe-relocate.c read_header, MOK_POLICY_REQUIRE_NX",
    },
    run: check,
};

fn check(case: &BootCase<'_>, step: &mut Step) -> Answer {
    let stage = match case.asked(step)? {
        Some(Stage::Firmware) | None => return Ok(unasked(Stage::Shim)),
        Some(stage) => stage,
    };
    if !*step.consult(&case.policy.nx_wanted)? {
        return Ok(Passage::pass(Claim::NxWanted(false)));
    }
    let image = step.consult(&case.image)?;
    if image.nx_compatible {
        return Ok(Passage::pass(Claim::NxCompatible(true)));
    }
    let (claim, code) = (Claim::NxCompatible(false), &BOOT_IMAGE_NEEDS_WRITABLE_CODE);
    Ok(match image.part {
        Part::Kernel => words::stop(claim, code, stage, None, &["bad shim signature."]),
        Part::Shim | Part::SecondStage => words::stop(
            claim,
            code,
            stage,
            Some("EFI_UNSUPPORTED"),
            &["Policy requires NX, but image does not support NX"],
        ),
    })
}
