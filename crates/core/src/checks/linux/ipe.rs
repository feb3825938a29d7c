//! A policy of IPE that is compiled into the kernel may say which modules are loaded.

use super::{LinuxCase, LinuxCheck};
use crate::check::{Answer, Check, Passage};
use crate::fact::step::Step;
use crate::proof::{Claim, Question, Rule, Why, gap, text};

pub(super) static CHECK: LinuxCheck = Check {
    rule: Rule {
        name: "linux/ipe",
        source: "linux, security/ipe/hooks.c ipe_kernel_read_file, ipe_kernel_load_data",
    },
    run: check,
};

fn check(case: &LinuxCase<'_>, step: &mut Step) -> Answer {
    if *step.consult(&case.policy.ipe_decides)? {
        let why = Why::Missing(text("the rules of CONFIG_IPE_BOOT_POLICY"));
        return Err(gap(Question::IpePolicy, why));
    }
    Ok(Passage::pass(Claim::IpeDecides(false)))
}
