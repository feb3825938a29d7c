//! Built-in code with parameters or a version has its place below `/sys/module`; a module of the
//! same name finds it taken.

use super::{LinuxCase, LinuxCheck, unread, words};
use crate::check::{Answer, Check, Passage};
use crate::codes::NAME_TAKEN_BY_BUILT_IN;
use crate::errno::Errno;
use crate::fact::step::Step;
use crate::proof::{Claim, Rule};

pub(super) static CHECK: LinuxCheck = Check {
    rule: Rule { name: "linux/name-free", source: "linux, kernel/module/sysfs.c mod_sysfs_init" },
    run: check,
};

fn check(case: &LinuxCase<'_>, step: &mut Step) -> Answer {
    let Some(bytes) = case.bytes(step)? else { return unread() };
    let name = words::struct_name(&bytes);
    if name.is_empty() {
        return Ok(Passage::refuse(Claim::NameFree(false), &NAME_TAKEN_BY_BUILT_IN, Errno::EINVAL));
    }
    if !step.consult(&case.policy.builtin_names)?.contains(name.as_str()) {
        return Ok(Passage::pass(Claim::NameFree(true)));
    }
    let mut passage =
        Passage::refuse(Claim::NameFree(false), &NAME_TAKEN_BY_BUILT_IN, Errno::EINVAL);
    passage.says.extend(case.line("name-taken", &[&name], step)?);
    Ok(passage)
}
