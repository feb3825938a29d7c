//! What stands on the screen when an image is refused, and what the refuser answers.
//!
//! Sources: shim 16.1 `pe.c` (`verify_image`), `console.c` (`console_error`); GRUB 2.06
//! `shim_lock.c`; EDK II `BdsDxe`, whose own shell, the next thing it tries, is refused too.

use super::{BootCase, Gaps, Line, Part, Passage, Stage, Step};
use crate::check::Effect;
use crate::code::Code;
use crate::proof::Claim;
use alloc::vec::Vec;

/// A refusal of `stage`, in its words.
pub(super) fn refused(
    case: &BootCase<'_>,
    step: &mut Step,
    stage: Stage,
    claim: Claim,
    code: &'static Code,
) -> Result<Passage, Gaps> {
    let (status, words): (_, &[&str]) = match (stage, step.consult(&case.image)?.part) {
        (Stage::Firmware, _) => {
            (Some("EFI_ACCESS_DENIED"), &["Access Denied", "Security Violation"])
        }
        (_, Part::Kernel) => (None, &["bad shim signature."]),
        (_, Part::Shim | Part::SecondStage) => {
            (Some("EFI_SECURITY_VIOLATION"), &["Verification failed: (0x1A) Security Violation"])
        }
    };
    Ok(stop(claim, code, stage, status, words))
}

/// A refusal in these words.
pub(super) fn stop(
    claim: Claim,
    code: &'static Code,
    by: Stage,
    status: Option<&'static str>,
    words: &[&str],
) -> Passage {
    let says: Vec<Line> =
        words.iter().map(|w| Line { row: "", text: (*w).into(), once: false }).collect();
    Passage { claim, effect: Effect::Stop { code, by, status }, says }
}
