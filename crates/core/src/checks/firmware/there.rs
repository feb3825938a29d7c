//! The image must be where it is looked for.

use super::{BootCase, BootCheck, words};
use crate::boot_claim::BootClaim;
use crate::check::{Answer, Check, Passage};
use crate::codes::BOOT_IMAGE_MISSING;
use crate::fact::step::Step;
use crate::proof::{Claim, Rule, Stage};

pub(super) static CHECK: BootCheck = Check {
    rule: Rule {
        name: "boot/there",
        source: "UEFI 2.10 §3.1.1; shim 16.1, shim.c load_image; GRUB 2.06, kern/file.c",
    },
    run: check,
};

fn check(case: &BootCase<'_>, step: &mut Step) -> Answer {
    let there = *step.consult(&case.facts.there)?;
    let claim = Claim::Boot(BootClaim::ImageThere(there));
    if there {
        return Ok(Passage::pass(claim));
    }
    let by = case.facts.sought_by;
    let file = alloc::format!("error: file `{}' not found.", case.facts.path);
    let (status, said) = match by {
        Stage::Firmware => (Some("EFI_NOT_FOUND"), "Not Found"),
        Stage::Shim => (Some("EFI_NOT_FOUND"), "Failed to open image: Not Found"),
        Stage::Grub | Stage::Kernel => (None, &*file),
    };
    Ok(words::stop(claim, &BOOT_IMAGE_MISSING, by, status, &[said]))
}
