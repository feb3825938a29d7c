//! Type information (BTF) of a module must fit the kernel's, where a misfit is not allowed.

use super::{LinuxCase, LinuxCheck, unread};
use crate::check::{Answer, Check, Passage};
use crate::fact::step::Step;
use crate::proof::{Claim, Question, Ring, Rule, Why, gap, text};
use crate::signature::Stage;

pub(super) static CHECK: LinuxCheck = Check {
    rule: Rule { name: "linux/types-fit", source: "linux, kernel/bpf/btf.c btf_module_notify" },
    run: check,
};

fn check(case: &LinuxCase<'_>, step: &mut Step) -> Answer {
    let Some(bytes) = case.bytes(step)? else { return unread() };
    if bytes.survey.section(b".BTF").is_none()
        || !*step.consult(&case.policy.options.types_must_fit)?
    {
        return Ok(Passage::pass(Claim::TypesFit(true)));
    }
    // A module signed by the kernel's own build was made together with the kernel's types.
    match step.consult(&case.signature.verified)? {
        Stage::Passed(by) if by.ring == Ring::Builtin => Ok(Passage::pass(Claim::TypesFit(true))),
        Stage::Passed(_) | Stage::Failed(_) | Stage::NotReached => Err(gap(
            Question::TypeInformation,
            Why::Missing(text("comparison of the module's .BTF with the kernel's")),
        )),
    }
}
