//! A module that does not say it was built in the kernel tree is marked `O`.

use super::{LinuxCase, LinuxCheck, unread, words};
use crate::check::{Answer, Check, Letter, Passage};
use crate::codes::OUT_OF_TREE;
use crate::fact::step::Step;
use crate::proof::{Claim, Rule};

pub(super) static CHECK: LinuxCheck = Check {
    rule: Rule {
        name: "linux/in-tree",
        source: "linux, kernel/module/main.c check_modinfo (module_augment_kernel_taints since 6.4)",
    },
    run: check,
};

fn check(case: &LinuxCase<'_>, step: &mut Step) -> Answer {
    let Some(bytes) = case.bytes(step)? else { return unread() };
    if words::has_tag(&bytes, "intree") {
        return Ok(Passage::pass(Claim::InTree(true)));
    }
    let mut passage = Passage::taint(Claim::InTree(false), Letter::O, &OUT_OF_TREE);
    passage.says.extend(case.line("out-of-tree", &[&words::struct_name(&bytes)], step)?);
    Ok(passage)
}
