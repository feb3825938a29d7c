//! A file that ends in the signature marker must carry a sound trailer before it.

use super::{LinuxCase, LinuxCheck};
use crate::check::{Answer, Check, Passage};
use crate::fact::step::Step;
use crate::proof::{Claim, Rule};
use crate::signature::Stage;

pub(super) static CHECK: LinuxCheck = Check {
    rule: Rule {
        name: "linux/signature-trailer",
        source: "linux, kernel/module/signing.c mod_verify_sig; kernel/module_signature.c mod_check_sig",
    },
    run: check,
};

fn check(case: &LinuxCase<'_>, step: &mut Step) -> Answer {
    if !*step.consult(&case.policy.signatures_checked)? {
        return Ok(Passage::pass(Claim::SignaturesChecked(false)));
    }
    let mut passage = match step.consult(&case.signature.trailer)? {
        Stage::NotReached => Passage::pass(Claim::SignaturePresent(false)),
        Stage::Passed(()) => Passage::pass(Claim::TrailerSound),
        // Soft errors go to the door: it depends on enforcement what becomes of them.
        Stage::Failed(failure) if case.left_to_gate(failure, step)? => {
            Passage::pass(Claim::TrailerRefused(failure.errno))
        }
        Stage::Failed(failure) => {
            Passage::refuse(Claim::TrailerRefused(failure.errno), failure.code, failure.errno)
        }
    };
    passage.says.extend(case.signature.trailer_lines.iter().cloned());
    Ok(passage)
}
