//! Type information (BTF) of a module must fit the kernel's, where a misfit is not allowed.

use super::{LinuxCase, LinuxCheck, unread, words};
use crate::check::{Answer, Check, Passage};
use crate::codes::TYPE_INFORMATION_DIFFERS;
use crate::errno::Errno;
use crate::fact::step::Step;
use crate::facts::module::ModuleBytes;
use crate::policy::linux::LinuxPolicy;
use crate::proof::{Claim, Gaps, Ring, Rule};
use crate::signature::{Examined, Stage};

pub(super) static CHECK: LinuxCheck = Check {
    rule: Rule { name: "linux/types-fit", source: "linux, kernel/bpf/btf.c btf_module_notify" },
    run: check,
};

/// Whether this kernel looks at the type information of the module, which its own build did not sign.
#[must_use]
pub fn types_matter(policy: &LinuxPolicy, signature: &Examined) -> bool {
    let mut step = Step::of(&CHECK.rule);
    // Few kernels insist; asked first, since this is asked of every module.
    if step.consult(&policy.options.types_must_fit) != Ok(&true) {
        return false;
    }
    let Ok(Some(bytes)) = step.consult(&signature.bytes).cloned() else { return false };
    asked(&bytes, policy, &mut step) == Ok(true) && ours(signature, &mut step) != Ok(true)
}

fn asked(bytes: &ModuleBytes, policy: &LinuxPolicy, step: &mut Step) -> Result<bool, Gaps> {
    let there = bytes.survey.section(b".BTF").is_some_and(|(_, section)| section.size != 0);
    Ok(there && *step.consult(&policy.options.types_must_fit)?)
}

/// Whether it was made together with the kernel's types: the kernel's own build signed it.
fn ours(signature: &Examined, step: &mut Step) -> Result<bool, Gaps> {
    Ok(matches!(step.consult(&signature.verified)?, Stage::Passed(by) if by.ring == Ring::Builtin))
}

fn check(case: &LinuxCase<'_>, step: &mut Step) -> Answer {
    let Some(bytes) = case.bytes(step)? else { return unread() };
    if !asked(&bytes, case.policy, step)? || ours(case.signature, step)? {
        return Ok(Passage::pass(Claim::TypesFit(true)));
    }
    if *step.consult(&case.types_fit)? {
        return Ok(Passage::pass(Claim::TypesFit(true)));
    }
    let claim = Claim::TypesFit(false);
    let mut passage = Passage::refuse(claim, &TYPE_INFORMATION_DIFFERS, Errno::EINVAL);
    passage.says.extend(case.line("btf-refused", &[&words::struct_name(&bytes)], step)?);
    Ok(passage)
}
