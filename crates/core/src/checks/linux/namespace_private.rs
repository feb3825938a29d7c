//! Since 6.16 a module must not import a namespace that is meant for named modules only.

use super::{LinuxCase, LinuxCheck, unread, words};
use crate::check::{Answer, Check, Passage};
use crate::codes::NAMESPACE_NOT_IMPORTED;
use crate::errno::Errno;
use crate::fact::step::Step;
use crate::proof::{Claim, Rule};
use loadworthy_formats::text::printable;

pub(super) static CHECK: LinuxCheck = Check {
    rule: Rule {
        name: "linux/namespace-private",
        source: "linux 7.2, kernel/module/main.c setup_modinfo",
    },
    run: check,
};

fn check(case: &LinuxCase<'_>, step: &mut Step) -> Answer {
    let Some(bytes) = case.bytes(step)? else { return unread() };
    let private = bytes
        .survey
        .modinfo()
        .and_then(|m| m.all("import_ns").find(|ns| ns.starts_with(b"module:")));
    let Some(private) = private else { return Ok(Passage::pass(Claim::ExportsSound(true))) };
    if !*step.consult(&case.policy.behaviours.module_namespaces)? {
        return Ok(Passage::pass(Claim::ExportsSound(true)));
    }
    let mut passage =
        Passage::refuse(Claim::ExportsSound(false), &NAMESPACE_NOT_IMPORTED, Errno::EPERM);
    passage.says.extend(case.line(
        "namespace-private",
        &[&words::struct_name(&bytes), &printable(private)],
        step,
    )?);
    Ok(passage)
}
