//! `module_blacklist=` on the kernel command line refuses a module by name.

use super::{LinuxCase, LinuxCheck, unread, words};
use crate::check::{Answer, Check, Passage};
use crate::codes::NAME_ON_KERNEL_BLOCK_LIST;
use crate::errno::Errno;
use crate::fact::step::Step;
use crate::proof::{Claim, Rule};

pub(super) static CHECK: LinuxCheck = Check {
    rule: Rule { name: "linux/name-blocked", source: "linux, kernel/module/main.c blacklisted" },
    run: check,
};

fn check(case: &LinuxCase<'_>, step: &mut Step) -> Answer {
    let Some(bytes) = case.bytes(step)? else { return unread() };
    let name = words::info_name(&bytes);
    // Compared letter by letter: `-` and `_` are different here.
    if !step.consult(&case.policy.blocked_names)?.iter().any(|n| **n == *name) {
        return Ok(Passage::pass(Claim::NameBlocked(false)));
    }
    let mut passage =
        Passage::refuse(Claim::NameBlocked(true), &NAME_ON_KERNEL_BLOCK_LIST, Errno::EPERM);
    passage.says.extend(case.line("name-blocked", &[&name], step)?);
    Ok(passage)
}
