//! Built-in code with parameters or a version has its place below `/sys/module`, and since 6.15
//! built-in drivers too (`drivers/base/module.c`, also in later 6.12); a module of the same name
//! finds it taken.

use super::{LinuxCase, LinuxCheck, unread, words};
use crate::check::{Answer, Check, Passage};
use crate::codes::NAME_TAKEN_BY_BUILT_IN;
use crate::errno::Errno;
use crate::fact::step::Step;
use crate::facts::linux::BuiltinNames;
use crate::facts::module::ModuleBytes;
use crate::proof::{Claim, Question, Ring, Rule, Why, gap, text};
use crate::signature::{Stage, Voucher};

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
    let BuiltinNames { taken, possible } = &case.policy.builtin_names;
    let taken = step.consult(taken).map(|names| names.contains(name.as_str()));
    if taken != Ok(true) {
        let possible = step.consult(possible).map(|names| names.contains(name.as_str()));
        if possible == Ok(false) || same_build(case, step, &bytes) {
            return Ok(Passage::pass(Claim::NameFree(true)));
        }
        // Perhaps taken: only the running kernel shows it.
        let shown = gap(Question::BuiltinNames, Why::OutOfReach(text("sys/module")));
        return Err(possible.and(taken).err().unwrap_or(shown));
    }
    let mut passage =
        Passage::refuse(Claim::NameFree(false), &NAME_TAKEN_BY_BUILT_IN, Errno::EINVAL);
    passage.says.extend(case.line("name-taken", &[&name], step)?);
    Ok(passage)
}

/// Whether the module was built together with the kernel: signed by a key inside the image, from
/// the kernel's tree, for this very release. The build gives every name only once
/// (`scripts/modules-check.sh`).
fn same_build(case: &LinuxCase<'_>, step: &mut Step, bytes: &ModuleBytes) -> bool {
    let signed = matches!(
        step.consult(&case.signature.verified),
        Ok(Stage::Passed(Voucher { ring: Ring::Builtin, .. }))
    );
    let magic = bytes.survey.modinfo().and_then(|modinfo| modinfo.get("vermagic"));
    signed
        && words::has_tag(bytes, "intree")
        && step.consult(&case.policy.vermagic).is_ok_and(|theirs| magic == Some(&**theirs))
}
