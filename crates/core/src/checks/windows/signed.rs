//! There must be a signature: inside, or in a catalog; inside where the boot loader loads it.

use super::{DriverCase, DriverCheck, UNSIGNED_DRIVER, deny, ladder, pass, told};
use crate::check::{Answer, Check};
use crate::codes::{BOOT_DRIVER_NEEDS_EMBEDDED_SIGNATURE, DRIVER_NOT_SIGNED};
use crate::fact::step::Step;
use crate::policy::windows::disputed;
use crate::proof::Rule;
use crate::proof::windows::{Unasked, WindowsClaim, WindowsQuestion};
use crate::windows_words::Status;

pub(super) static CHECK: DriverCheck = Check {
    rule: Rule {
        name: "windows/signed",
        source: "Kernel-Mode Code Signing Requirements; Embedded Signatures in a Driver File",
    },
    run: check,
};

fn check(case: &DriverCase<'_>, step: &mut Step) -> Answer {
    if let Some(why) = *step.consult(&case.unasked)? {
        let claim = WindowsClaim::SignaturesWanted(Some(why));
        // What loads although nobody vouches for it is logged.
        let unvouched = ladder::accepted(case, step).is_ok_and(|a| a.is_empty());
        return Ok(match why {
            Unasked::Debugger if unvouched => told(claim, &[3005]),
            Unasked::SwitchedOff | Unasked::ThirtyTwoBit if unvouched => told(claim, &[3001]),
            _ => pass(claim),
        });
    }
    let inside = case.inside(step)?;
    if let Some(first) = inside.first() {
        let (signer, by) = (first.signer.clone(), first.place.clone());
        return Ok(pass(WindowsClaim::SignedBy { signer, by }));
    }
    step.consult(case.driver.embedded.whole())?;
    let catalogs = case.catalogs(step)?;
    if case.at_boot(step)? {
        let at_boot = WindowsClaim::NothingEmbedded;
        // Whether a catalog that would do later does at the boot is told in two ways.
        if !ladder::through(case, &catalogs, step)?.is_empty() {
            return Err(disputed(WindowsQuestion::CatalogAtBoot));
        }
        return Ok(unsigned(at_boot, &BOOT_DRIVER_NEEDS_EMBEDDED_SIGNATURE));
    }
    if let Some(first) = catalogs.first() {
        let (signer, by) = (first.signer.clone(), first.place.clone());
        return Ok(pass(WindowsClaim::SignedBy { signer, by }));
    }
    step.consult(case.driver.catalogs.whole())?;
    Ok(unsigned(WindowsClaim::Unsigned, &DRIVER_NOT_SIGNED))
}

fn unsigned(claim: WindowsClaim, code: &'static crate::code::Code) -> crate::check::Passage {
    deny(claim, code, Some(Status::INVALID_IMAGE_HASH), Some(UNSIGNED_DRIVER), &[3004])
}
