//! A test module is marked `N`, by kernels that know the mark.

use super::{LinuxCase, LinuxCheck, unread, words};
use crate::check::{Answer, Check, Letter, Passage};
use crate::codes::TEST_MODULE;
use crate::fact::step::Step;
use crate::proof::{Claim, Rule};

pub(super) static CHECK: LinuxCheck = Check {
    rule: Rule {
        name: "linux/test-module",
        source: "linux, kernel/module/main.c check_modinfo (module_augment_kernel_taints since 6.4)",
    },
    run: check,
};

fn check(case: &LinuxCase<'_>, step: &mut Step) -> Answer {
    let Some(bytes) = case.bytes(step)? else { return unread() };
    if !words::has_tag(&bytes, "test") {
        return Ok(Passage::pass(Claim::TestModule(false)));
    }
    let Some(line) = case.line("test-module", &[&words::struct_name(&bytes)], step)? else {
        return Ok(Passage::pass(Claim::TestModule(true)));
    };
    Ok(Passage::taint(Claim::TestModule(true), Letter::N, &TEST_MODULE).saying(line))
}
