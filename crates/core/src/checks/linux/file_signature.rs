//! IMA may want a signature of the file itself, in an extended attribute, before anything else.

use super::{LinuxCase, LinuxCheck};
use crate::check::{Answer, Check, Passage};
use crate::codes::FILE_SIGNATURE_WANTED;
use crate::errno::Errno;
use crate::fact::step::Step;
use crate::proof::{Claim, Rule};

pub(super) static CHECK: LinuxCheck = Check {
    rule: Rule {
        name: "linux/file-signature",
        source: "linux, security/integrity/ima/ima_main.c ima_post_read_file; ima_appraise.c ima_appraise_measurement",
    },
    run: check,
};

fn check(case: &LinuxCase<'_>, step: &mut Step) -> Answer {
    let wanted = *step.consult(&case.policy.file_signature_wanted)?;
    let claim = Claim::FileSignatureWanted(wanted);
    if !wanted {
        return Ok(Passage::pass(claim));
    }
    // Without the attribute the answer is certain; with it, the keys of `.ima` would decide.
    step.consult(&case.module.without_file_signature)?;
    Ok(Passage::refuse(claim, &FILE_SIGNATURE_WANTED, Errno::EACCES))
}
