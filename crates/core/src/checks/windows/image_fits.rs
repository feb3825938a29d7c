//! The file must be an image for this processor.

use super::{DriverCase, DriverCheck, FAILED_LOAD, deny, ladder, pass};
use crate::check::{Answer, Check};
use crate::codes::{DRIVER_FOR_ANOTHER_PROCESSOR, NOT_A_DRIVER_IMAGE};
use crate::fact::step::Step;
use crate::policy::windows::disputed;
use crate::proof::Rule;
use crate::proof::windows::{WindowsClaim, WindowsQuestion};
use crate::windows_words::Status;

pub(super) static CHECK: DriverCheck = Check {
    rule: Rule {
        name: "windows/image",
        source: "PE format; ntstatus.h STATUS_INVALID_IMAGE_FORMAT; device problem code 39",
    },
    run: check,
};

fn check(case: &DriverCase<'_>, step: &mut Step) -> Answer {
    let image = step.consult(&case.driver.image)?;
    let refused =
        |claim, code| deny(claim, code, Some(Status::INVALID_IMAGE_FORMAT), Some(FAILED_LOAD), &[]);
    if !image.sound {
        return Ok(refused(WindowsClaim::NotAnImage, &NOT_A_DRIVER_IMAGE));
    }
    let system = *step.consult(&case.policy.facts.machine)?;
    if image.machine != system {
        let claim = WindowsClaim::ImageOther { image: image.machine, system };
        return Ok(refused(claim, &DRIVER_FOR_ANOTHER_PROCESSOR));
    }
    // One reading takes the first entry alone, another all of them: it matters where only the
    // latter finds a signature that gets through.
    if image.odd_entries && !case.not_asked(step)? {
        let accepted = ladder::accepted(case, step)?;
        if !accepted.is_empty() && accepted.iter().all(|s| s.entry > 0) {
            return Err(disputed(WindowsQuestion::SeveralEntries));
        }
    }
    Ok(pass(WindowsClaim::ImageFits(system)))
}
