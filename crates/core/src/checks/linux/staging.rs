//! A module from the staging directory is marked `C`.

use super::{LinuxCase, LinuxCheck, unread, words};
use crate::check::{Answer, Check, Letter, Passage};
use crate::codes::STAGING_DRIVER;
use crate::fact::step::Step;
use crate::proof::{Claim, Rule};

pub(super) static CHECK: LinuxCheck = Check {
    rule: Rule {
        name: "linux/staging",
        source: "linux, kernel/module/main.c check_modinfo (module_augment_kernel_taints since 6.4)",
    },
    run: check,
};

fn check(case: &LinuxCase<'_>, step: &mut Step) -> Answer {
    let Some(bytes) = case.bytes(step)? else { return unread() };
    if !words::has_tag(&bytes, "staging") {
        return Ok(Passage::pass(Claim::Staging(false)));
    }
    let mut passage = Passage::taint(Claim::Staging(true), Letter::C, &STAGING_DRIVER);
    passage.says.extend(case.line("staging", &[&words::struct_name(&bytes)], step)?);
    Ok(passage)
}
