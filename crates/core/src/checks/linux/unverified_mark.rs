//! A module that got in although nobody vouches for it is marked `E`.

use super::{LinuxCase, LinuxCheck, unread, words};
use crate::check::{Answer, Check, Letter, Passage};
use crate::codes::UNVERIFIED_MODULE_MARKED;
use crate::fact::step::Step;
use crate::proof::{Claim, Gate, Rule};

pub(super) static CHECK: LinuxCheck = Check {
    rule: Rule {
        name: "linux/unverified-mark",
        source: "linux, kernel/module/main.c load_module (module_augment_kernel_taints since 6.4)",
    },
    run: check,
};

fn check(case: &LinuxCase<'_>, step: &mut Step) -> Answer {
    if !*step.consult(&case.policy.signatures_checked)? {
        return Ok(Passage::pass(Claim::SignaturesChecked(false)));
    }
    let Some(bytes) = case.bytes(step)? else { return unread() };
    if case.vouched(step)? {
        return Ok(Passage::pass(Claim::Verified));
    }
    let mut passage =
        Passage::taint(Claim::Unverified(Gate::Tolerated), Letter::E, &UNVERIFIED_MODULE_MARKED);
    passage.says.extend(case.line("verification-failed", &[&words::struct_name(&bytes)], step)?);
    Ok(passage)
}
