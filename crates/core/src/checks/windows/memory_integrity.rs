//! Memory integrity (HVCI) maps only images whose pages are either writable or executable.
//!
//! What a driver does once it runs cannot be told from its file.

use super::{DriverCase, DriverCheck, FAILED_LOAD, deny, pass};
use crate::check::{Answer, Check};
use crate::codes::NOT_FOR_MEMORY_INTEGRITY;
use crate::fact::step::Step;
use crate::proof::Rule;
use crate::proof::windows::WindowsClaim;

pub(super) static CHECK: DriverCheck = Check {
    rule: Rule {
        name: "windows/memory-integrity",
        source: "Implement HVCI-compatible code; device problem code 39; event 3111",
    },
    run: check,
};

fn check(case: &DriverCase<'_>, step: &mut Step) -> Answer {
    if case.not_asked(step)? {
        return Ok(pass(WindowsClaim::NotAsked));
    }
    if !*step.consult(&case.policy.facts.hvci)? {
        return Ok(pass(WindowsClaim::MemoryIntegrityOff));
    }
    Ok(match &step.consult(&case.driver.image)?.hvci {
        None => pass(WindowsClaim::MemoryIntegrityFits),
        Some(fault) => deny(
            WindowsClaim::MemoryIntegrityFault(fault.clone()),
            &NOT_FOR_MEMORY_INTEGRITY,
            None,
            Some(FAILED_LOAD),
            &[3111],
        ),
    })
}
