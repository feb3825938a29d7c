//! Nothing is loaded after `kernel.modules_disabled` was set.

use super::{LinuxCase, LinuxCheck};
use crate::check::{Answer, Check, Passage};
use crate::codes::MODULE_LOADING_DISABLED;
use crate::errno::Errno;
use crate::fact::step::Step;
use crate::proof::{Claim, Rule};

pub(super) static CHECK: LinuxCheck = Check {
    rule: Rule {
        name: "linux/loading-open",
        source: "linux, kernel/module/main.c may_init_module",
    },
    run: check,
};

fn check(case: &LinuxCase<'_>, step: &mut Step) -> Answer {
    let off = *step.consult(&case.policy.loading_disabled)?;
    let claim = Claim::LoadingDisabled(off);
    Ok(if off {
        Passage::refuse(claim, &MODULE_LOADING_DISABLED, Errno::EPERM)
    } else {
        Passage::pass(claim)
    })
}
